"""Which sizes of tiles are worth looking at: where the number of tiles along a side changes, and whole arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt, prod

import numpy as np

from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.loops import PRODUCT, Loops, Side

DESIGNS = 60_000  # tilings that are looked at together
EVEN = frozenset({"groups", "images"})  # sides that are cut into equal tiles only


def cuts(whole: int) -> list[int]:
    """The least size for every number of tiles along a side.

    >>> cuts(10)
    [1, 2, 3, 4, 5, 10]
    """
    root = isqrt(whole) + 1
    trips = np.arange(1, root + 1)
    some = np.unique(np.concatenate([-(-whole // trips), np.arange(1, min(root, whole) + 1)]))
    return [int(one) for one in some if -(-whole // -(-whole // one)) == one]


def divisors(whole: int) -> list[int]:
    """The sizes that divide a side.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [one for one in range(1, isqrt(whole) + 1) if whole % one == 0]
    return sorted({*small, *(whole // one for one in small)})


def sizes(loop: Loops, side: Side, config: KPUConfig) -> list[int]:
    """Sizes of an inner tile: every cut, and those rounded up to whole arrays; none that leaves most cells idle."""
    if side.part in EVEN:
        return divisors(side.whole)
    grain, least = grains(loop, side, config)
    found = cuts(side.whole)
    rounded = {min(side.whole, -(-one // grain) * grain) for one in found}
    return sorted(one for one in {*found, *rounded} if one >= min(least, side.whole))


def grains(loop: Loops, side: Side, config: KPUConfig) -> tuple[int, int]:
    """Of what a tile had better be a multiple, and below what it leaves most of an array or the lanes idle."""
    compute = config.compute
    lanes = compute.num_arrays * compute.vector_lanes
    if loop.kind == PRODUCT:
        taps = int(dict(loop.told)["taps"])
        flat = side.letter == "M"
        found = {
            "outputs": (compute.systolic_cols, compute.systolic_cols),
            "channels": (compute.systolic_rows if taps == 1 else 1, -(-compute.systolic_rows // taps)),
            "lines": (compute.systolic_rows, compute.systolic_rows) if flat else (1, 1),
        }
        return found.get(side.part, (1, 1))
    return (lanes, lanes) if len(loop.sides) == 1 else (1, 1)


def thinned(menu: Mapping[str, Sequence[int]], most: int = DESIGNS) -> dict[str, list[int]]:
    """A menu with so few tilings: of the longest lists every other size goes, the ends stay."""
    found = {name: list(values) for name, values in menu.items()}
    while prod(map(len, found.values())) > most:
        name = max(found, key=lambda one: len(found[one]))
        values = found[name]
        found[name] = [*values[:-1:2], values[-1]]
    return found
