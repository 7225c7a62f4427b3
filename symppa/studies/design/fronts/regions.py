"""What of a front is still unsearched: regions below bounds on every objective but the first, each to be least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Bounds = tuple[float, ...]


class Regions:
    """Regions of which each has a design that was not seen, or none; a design found in one splits it.

    The design found must have the least first objective of its region: what else is in it is less in another one.
    """

    def __init__(self, dimensions: int) -> None:
        self.open: list[Bounds] = [(float("inf"),) * dimensions]
        self.empty: list[Bounds] = []
        self.known: list[tuple[Bounds, Bounds]] = []

    def take(self) -> Bounds | None:
        """The next region in which a design has to be searched; None where all is known."""
        while self.open:
            region = self.open.pop(0)
            if any(_inside(region, one) for one in (*self.empty, *self.open)):
                continue
            seen = next((at for one, at in self.known if _inside(region, one) and _below(at, region)), None)
            if seen is None:
                return region
            self._split(region, seen)
        return None

    def found(self, region: Bounds, at: Bounds) -> None:
        """The design with the least first objective in a region stands at some values of the others."""
        self.known.append((region, at))
        self._split(region, at)

    def none(self, region: Bounds) -> None:
        """Nothing is in a region, nor in those inside it."""
        self.empty.append(region)

    def _split(self, region: Bounds, at: Bounds) -> None:
        self.open += [(*region[:k], value, *region[k + 1 :]) for k, value in enumerate(at)]


def gaps(points: Sequence[Bounds]) -> Iterator[Bounds]:
    """Regions below bounds on all objectives that hold whatever none of the points is as good as, the largest ones."""
    if not points:
        return
    found: list[Bounds] = [(float("inf"),) * len(points[0])]
    for at in points:
        cut = [one for one in found if _below(at, one)]
        rest = [one for one in found if not _below(at, one)]
        made = [(*one[:k], value, *one[k + 1 :]) for one in cut for k, value in enumerate(at)]
        made = list(dict.fromkeys(made))
        found = rest + [one for one in made if not any(o != one and _inside(one, o) for o in (*rest, *made))]
    yield from found


def _inside(region: Bounds, other: Bounds) -> bool:
    return all(a <= b for a, b in zip(region, other, strict=True))


def _below(at: Bounds, region: Bounds) -> bool:
    return all(a < b for a, b in zip(at, region, strict=True))
