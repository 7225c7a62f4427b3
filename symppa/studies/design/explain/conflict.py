"""Why nothing fits: limits and ends of ranges that exclude each other, and what each alone would have to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from symppa.engine.reducers import Limit
from symppa.engine.reducers.limits import TOLERANCE
from symppa.engine.search import Choices, Problem
from symppa.studies.design.explain.loose import SENSES, Found, Loose, Member

CLOSE = 1e-3  # of a range of reals, within which a design stands at its end


class Repair(NamedTuple):
    """What one member would have to be: with all else held, or so that only limits outside the conflict are broken.

    `reached` is None where nothing would do; `breaks` are places of limits; `proved` where nothing nearer would do.
    """

    reached: float | None
    proved: bool
    found: Found
    breaks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Members that no design keeps together; `minimal` where each of them is proved to be needed for that.

    `limits` has a repair for every limit, `ends` for ends in the conflict and for givens that vary; `nearest` is the
    design that breaks one limit the least, or where that is not enough the one whose largest miss is least.
    """

    members: tuple[Member, ...]
    minimal: bool
    limits: Mapping[Member, Repair]
    ends: Mapping[Member, Repair]
    nearest: Found | None
    searches: int
    seconds: float
    stopped: bool
    over: bool = False


def conflict(problems: Sequence[Problem], time_limit: float = 60.0) -> Conflict:
    """The conflict of problems that have no design, one for each choice of classes."""
    return filtered(Loose(problems, time_limit))


def filtered(loose: Loose) -> Conflict:
    """What of all its members excludes each other, whatever they are."""
    start = perf_counter()
    made = _Filter(loose)
    made.run()
    return Conflict(
        tuple(made.kept), made.kept_is_needed, made.limits, made.ends, made.nearest,
        loose.searches, perf_counter() - start, loose.stopped, loose.over,
    )  # fmt: skip


class _Filter:
    """The deletion filter: a member stays where leaving it out alone lets a design through."""

    def __init__(self, loose: Loose) -> None:
        self.loose = loose
        self.every = loose.members
        self.kept: list[Member] = list(self.every)
        self.needed: set[Member] = set()
        self.limits: dict[Member, Repair] = {}
        self.ends: dict[Member, Repair] = {}
        self.nearest: Found | None = None

    @property
    def kept_is_needed(self) -> bool:
        return all(m in self.needed for m in self.kept)

    def run(self) -> None:
        """Repairs of limits first: they tell which are needed, and where the nearest design is."""
        for member in self.loose.limits:
            self.limits[member] = limit_repair(self.loose, member, self.every)
            self._settle(member, self.limits[member])
        self.nearest = self._nearest()
        self._drop_many([m for m in self.kept if m not in self.needed and m not in self._held(self.nearest)])
        for member in [m for m in self.kept if m.kind != "limit"]:
            self.ends[member] = repair_of(self.loose.nearest_end(self.every, member))
            self._settle(member, self.ends[member])
        if not self.loose.nested:
            self.needed.clear()
        for member in [m for m in self.kept if m not in self.needed]:
            self._drop(member)  # what stayed open may be settled by now
        self.ends = {m: self._or_breaking(m, repair) for m, repair in self.ends.items() if m in self.kept}
        self.limits |= {m: self._or_breaking(m, repair) for m, repair in self.limits.items() if m in self.kept}

    def _settle(self, member: Member, repair: Repair) -> None:
        if repair.reached is not None:
            self.needed.add(member)
        elif repair.proved and len(self.kept) == len(self.every):
            self.kept.remove(member)  # nothing fits without it, all else held
        else:
            self._drop(member)

    def _drop(self, member: Member) -> None:
        verdict = self.loose.any_design(self._but([member])).verdict
        if verdict == "none":
            self.kept.remove(member)
        elif verdict == "found":
            self.needed.add(member)

    def _but(self, gone: Collection[Member]) -> list[Member]:
        return [m for m in self.kept if m not in gone]

    def _drop_many(self, members: Iterable[Member]) -> None:
        """Leave out as many as nothing fits without, halves of what cannot go at once."""
        left = list(members)
        size = len(left)
        while size > 1:
            at = 0
            while at < len(left):
                gone = left[at : at + size]
                if self.loose.any_design(self._but(gone)).verdict == "none":
                    self.kept, left = self._but(gone), [m for m in left if m not in gone]
                else:
                    at += size
            size //= 2

    def _or_breaking(self, member: Member, repair: Repair) -> Repair:
        """Where nothing would do, the nearest that leaves only limits outside the conflict broken."""
        outside = [m for m in self.loose.limits if m not in self.kept]
        if repair.reached is not None or not outside:
            return repair
        kept = [m for m in self.every if m not in outside]
        if member.kind == "limit":
            other = limit_repair(self.loose, member, kept)
        else:
            other = repair_of(self.loose.nearest_end(kept, member))
        if other.reached is None:
            return repair
        return other._replace(breaks=tuple(k for k in self._broken(other.found, member) if k != member.place))

    def _broken(self, found: Found, member: Member) -> list[int]:
        margins = self.loose.margins(found, member)
        limits = self.loose.problems[found.choice].limits
        return [k for k, limit in enumerate(limits) if not met(limit, margins[k])]

    def _nearest(self) -> Found | None:
        """The design that breaks one limit the least; where breaking one is not enough, the least largest miss."""
        single = [
            (abs(repair.reached - limit.bound) / (abs(limit.bound) or 1.0), k)
            for k, (member, repair) in enumerate(self.limits.items())
            for limit in [self.loose.limit(member)]
            if repair.reached is not None
        ]
        if single:
            proved = all(repair.proved for repair in self.limits.values())
            return list(self.limits.values())[min(single)[1]].found._replace(proved=proved)
        if not any(limit.bound for limit in self.loose.problems[0].limits):
            return None
        found = self.loose.least_miss()
        return found if found.verdict == "found" else None

    def _held(self, found: Found | None) -> set[Member]:
        """Ends that a design stands at: it may be these that keep it from being nearer."""
        if found is None or found.point is None:
            return set()
        free = self.loose.problems[found.choice].free
        held: set[Member] = set()
        for name, value in found.point.items():
            low, high = free[name].low, free[name].high
            near = 0.0 if isinstance(free[name], Choices) else CLOSE * (high - low)
            held |= {Member("lower", name)} if value <= low + near else set()
            held |= {Member("upper", name)} if value >= high - near else set()
        return held


def limit_repair(loose: Loose, member: Member, kept: Sequence[Member]) -> Repair:
    """What the bound of a limit would have to be with the others of some members kept."""
    limit, others = loose.limit(member), [m for m in kept if m != member]
    sense = SENSES.get(limit.relation)
    if sense is not None:
        return repair_of(loose.best(others, limit.output, sense))
    above = loose.best(others, limit.output, "min", [limit._replace(relation=">=")])
    below = loose.best(others, limit.output, "max", [limit._replace(relation="<=")])
    sides = [repair_of(one) for one in (above, below)]
    reached = [one for one in sides if one.reached is not None]
    proved = all(one.proved for one in sides)
    if not reached:
        return sides[0]._replace(proved=proved)
    return min(reached, key=lambda one: abs((one.reached or 0.0) - limit.bound))._replace(proved=proved)


def repair_of(found: Found) -> Repair:
    """A search for the nearest design as a repair."""
    return Repair(found.value, found.proved, found)


def met(limit: Limit, margin: float) -> bool:
    """Whether a limit holds, from how far a value is on its good side."""
    return margin > 0 if limit.relation in ("<", ">") else margin >= -TOLERANCE * abs(limit.bound)
