"""A whole network under a calibration: the time of every subgraph, and how far off the sum may be.

Half widths are logarithms. Residuals of one fit lean to one side together (a coefficient that is off is off for all its
sizes), so those of one fit add up linearly; different fits err independently, so they add up as squares. Adding parts
up is off by itself, by what one part does to the caches and clocks of the next: that is one more independent error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from symppa.calibration.fitting.energy import EnergyFit
from symppa.calibration.fitting.interval import TWICE
from symppa.calibration.fitting.network_fit import seconds_of, size_of
from symppa.calibration.fitting.networks import Size
from symppa.calibration.fitting.patterns import named
from symppa.calibration.matching.lookup import (
    ROUNDED,
    Calibration,
    Known,
    Match,
    Quality,
    Status,
    is_apart_better,
    status,
)
from symppa.calibration.matching.primitive import Primitive, counted, uncounted, whole
from symppa.calibration.matching.stand_in import COMPOSITION, uncalibrated
from symppa.calibration.operations import BYTES, Array, dtype
from symppa.engine import cache
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.walk import run
from symppa.workloads.features import Sized
from symppa.workloads.table import Table

LABELS = ("CALIBRATED", "INTERPOLATED", "THEORETICAL")
MOST_MISSING = 0.5  # share of a subgraph's time in missing parts up to which the data sheet fills them in
COUNTED = (Status.CALIBRATED, Status.APPROXIMATED, Status.MISSING)
NAN = float("nan")


@dataclass(frozen=True)
class Part:
    """A subgraph: its time in s, not a number where the data sheet has to tell, and what its energy follows from."""

    quality: Quality
    matches: tuple[Match, ...]
    seconds: float = NAN
    why: str = ""
    energy: EnergyFit | None = None

    @property
    def status(self) -> Status:
        """What is known of it."""
        return status(self.quality)

    @property
    def alone(self) -> float:
        """Its time in s, by the data sheet where nothing is calibrated; 0 where neither tells."""
        told = sum(one.seconds for one in self.matches)
        return (0.0 if math.isnan(told) else told) if math.isnan(self.seconds) else self.seconds

    @cached_property
    def label(self) -> str:
        """CALIBRATED, INTERPOLATED or THEORETICAL."""
        return label_of(self)

    @cached_property
    def half(self) -> float:
        """Half width of its own interval; not a number where there is none."""
        return NAN if self.quality is Quality.MISSING else half_of([self])


FREE = None  # a view
Parts = tuple[Part | None, ...]


@dataclass(frozen=True)
class Composed:
    """A network: a part for each subgraph in the order they run, None for a view; sources name what it rests on.

    Where whole networks were measured, `network` is how that fit found it: its parts share the time of the whole.
    """

    parts: Parts
    sources: tuple[str, ...]
    network: Quality | None = None
    network_half: float = NAN

    @property
    def is_calibrated(self) -> bool:
        """Whether anything was found."""
        return any(one is not None and one.quality is not Quality.MISSING for one in self.parts)

    @property
    def label(self) -> str:
        """The weakest of all parts, or that of the whole where such were measured."""
        if self.network is not None:
            if math.isnan(self.network_half):
                return LABELS[-1]
            return LABELS[0] if status(self.network) is Status.CALIBRATED else LABELS[1]
        return self.weakest

    @property
    def weakest(self) -> str:
        """The label of the weakest part."""
        return max((one.label for one in self.parts if one), key=LABELS.index, default=LABELS[-1])

    @property
    def has_energy(self) -> bool:
        """Whether every part that runs has energy coefficients."""
        return all(one.energy is not None for one in self.parts if one)

    @property
    def microseconds(self) -> list[float]:
        """The time of every part that runs, 0 where the data sheet has to tell."""
        return [0.0 if math.isnan(one.seconds) else one.seconds * 1e6 for one in self.parts if one]

    @cached_property
    def half(self) -> float:
        """Half width of the whole; not a number where there is none, as where a part has nothing behind it."""
        if self.network is not None:
            return self.network_half
        return NAN if self.label == LABELS[-1] else half_of([one for one in self.parts if one])

    def shares(self, seconds: Array) -> dict[str, float]:
        """The share that is calibrated, approximated and missing of the times that the parts that run took."""
        if self.network is not None:
            return {name.value: float(status(self.network) is name) for name in COUNTED}
        running = [one for one in self.parts if one]
        total = float(np.sum(seconds)) or 1.0
        return {
            name.value: sum(float(s) for one, s in zip(running, seconds, strict=True) if one.status is name) / total
            for name in COUNTED
        }


def label_of(part: Part) -> str:
    """How sure a part is, in the words that every value has."""
    if part.quality is Quality.MISSING:
        return LABELS[2]
    borrowed = any(one.donor for one in part.matches)
    return LABELS[0] if part.status is Status.CALIBRATED and not borrowed else LABELS[1]


def half_of(parts: Sequence[Part]) -> float:
    """Half width of a sum of parts; what has no interval of its own may be as far off as what nobody calibrated."""
    matches = [one for part in parts for one in part.matches]
    total = sum(one.seconds for one in matches)
    if not total > 0:
        return NAN
    by_fit: dict[int, float] = {}
    unknown = 0.0
    for one in matches:
        if math.isnan(one.half):
            unknown += one.seconds / total * uncalibrated(one.primitive.op)
        else:
            by_fit[id(one.fit)] = by_fit.get(id(one.fit), 0.0) + one.seconds / total * one.half
    added = COMPOSITION if len(matches) > 1 else 0.0
    return math.sqrt(sum(half**2 for half in by_fit.values()) + unknown**2 + added**2)


def compose(made: Table, calibration: Calibration, number_format: str, power_mode: str = "") -> Composed:
    """A network at its first sizes."""
    return composed([(made, 0)], calibration, number_format, power_mode)[0]


def composed(
    points: Sequence[tuple[Table, int]], calibration: Calibration, number_format: str, power_mode: str = ""
) -> list[Composed]:
    """Several networks, each at the sizes of a column of its table, with one look-up for all of them."""
    drafts = _drafts(points, calibration.ops, number_format)
    every = {id(draft): draft for some in drafts for draft in some if draft}
    asked = [one for draft in every.values() for one in draft.asked]
    matches = iter(
        _filled(calibration.matches(asked, number_format, power_mode), calibration, number_format, power_mode)
    )
    sources = tuple(dict.fromkeys(one.campaign for one in calibration.known))
    parts_of = {}
    for key, draft in every.items():
        part = _part(draft, [next(matches) for _ in draft.asked])
        main = max(draft.pieces, key=lambda one: (one.ops, one.bytes), default=None)
        energy = main and calibration.energy(main, number_format, power_mode)
        parts_of[key] = replace(part, energy=energy) if energy else part
    whole_fit, found = calibration.network(number_format, power_mode), []
    for (made, column), some in zip(points, drafts, strict=True):
        parts = tuple(None if one is None else parts_of[id(one)] for one in some)
        used = {m.source for part in parts if part for m in part.matches}
        one = Composed(parts, tuple(one for one in sources if one in used))
        found.append(_shared(one, whole_fit, calibration, size_of(made, column, number_format)) if whole_fit else one)
    return found


def _shared(plain: Composed, known: Known, calibration: Calibration, size: Size) -> Composed:
    """The time of the whole, by a fit to whole networks, shared out as the parts take theirs when run alone."""
    seconds, outside = seconds_of(known.fit, calibration.file, size)
    if outside > TWICE:  # networks of another kind than those that were measured tell nothing of it
        return plain
    alone = sum(part.alone for part in plain.parts if part)
    if not alone > 0:
        return plain
    half = float(known.fit.intervals.half(np.array([seconds]), np.array([outside]))[0])
    quality = Quality.SIZE_INTERPOLATED if outside <= ROUNDED else Quality.SIZE_EXTRAPOLATED
    parts = tuple(part and _of_whole(part, seconds / alone) for part in plain.parts)
    sources = tuple(dict.fromkeys((known.campaign, *plain.sources)))
    return Composed(parts, sources, quality, half)


def _of_whole(part: Part, factor: float) -> Part:
    told = "its share of the time of the whole, which was measured"
    matches = tuple(replace(one, seconds=one.seconds * factor, half=NAN) for one in part.matches)
    why = f"{told}; {part.why}" if part.why else told
    return replace(part, quality=Quality.OP_APPROXIMATED, matches=matches, seconds=part.alone * factor, why=why)


@dataclass(frozen=True)
class _Draft:
    """What is looked up for a subgraph: perhaps all of it at once, and the primitives of its operators."""

    fused: Primitive | None
    pieces: tuple[Primitive, ...]

    @property
    def asked(self) -> tuple[Primitive, ...]:
        return (*((self.fused,) if self.fused else ()), *self.pieces)


def _drafts(
    points: Sequence[tuple[Table, int]], known: frozenset[str], number_format: str
) -> list[list[_Draft | None]]:
    """What is looked up for every subgraph of every network; equal ones of a network are one, counted all at once."""
    groups = {id(made): _groups(made) for made, _ in points}
    plain = []
    for made, column in points:
        at, (_, first) = Sized(made.graph, [made.sizes[column]]), groups[id(made)]
        plain += [[one for o in made.subgraphs[k].operators for one in uncounted(at, o, known)] for k in first.values()]
    pieces, found = iter(counted(plain, number_format)), []
    for made, column in points:
        alike, first = groups[id(made)]
        drafts = {key: _Draft(_fused(made, k, column, number_format, known), next(pieces)) for key, k in first.items()}
        found.append([None if key is None else drafts[key] for key in alike])
    return found


Group = tuple[object, ...]


def _groups(made: Table) -> tuple[list[Group | None], dict[Group, int]]:
    """What equal subgraphs have in common, kinds, attributes and shapes, None for a view; and the first of each."""
    tensors = made.graph.tensors
    alike = [
        None if subgraph.free else tuple(
            (o.kind, repr(o.attributes), tuple(tensors[n].shape for n in (*o.inputs, *o.outputs)))
            for o in subgraph.operators
        )
        for subgraph in made.subgraphs
    ]  # fmt: skip
    return [*alike], {key: k for k, key in reversed(list(enumerate(alike))) if key is not None}


def _fused(made: Table, k: int, column: int, number_format: str, known: frozenset[str]) -> Primitive | None:
    """A subgraph as a primitive of its own, where such are calibrated."""
    if "subgraph" not in known:
        return None
    size = BYTES[dtype(number_format)]
    elements = made.read[k, column] + made.written[k, column] + made.weights[k, column]
    moved = float(elements * size + made.unscaled[k, column])
    batch = float(made.sizes[column].get("batch", 1))
    subgraph = made.subgraphs[k]
    return whole(named(subgraph), batch, float(made.ops[k, column]), moved, len(subgraph.operators))


def _filled(found: Sequence[Match], calibration: Calibration, number_format: str, power_mode: str) -> list[Match]:
    """What was found; what was not, with the time of the data sheet, which fills in beside calibrated parts."""
    made = list(found)
    places = [n for n, one in enumerate(made) if one.quality is Quality.MISSING and one.primitive.bytes > 0]
    if places:
        chip = calibration.facts(number_format, power_mode)
        ops = np.maximum([made[n].primitive.ops for n in places], 1.0)
        intensity = ops / np.array([made[n].primitive.bytes for n in places])
        told = {"peak": chip.peak / 1e12, "bandwidth": chip.bandwidth / 1e12, "intensity": intensity}
        rate = np.broadcast_to(run(over_points(_roofline(), ["intensity"]), told)["attained"], len(places)) * 1e12
        for n, seconds in zip(places, ops / rate, strict=True):
            made[n] = replace(made[n], seconds=float(seconds))
    return made


@lru_cache(maxsize=1)
def _roofline() -> Program:
    key = cache.key("composed", "roofline")
    found = cache.fetch(key)
    if found is None:
        from symppa.engine.compile import compile as compiled
        from symppa.library.laws.roofline import Roofline

        found = compiled(Roofline(), ("attained",))
        cache.store(key, found)
    return found


def _part(draft: _Draft, found: Sequence[Match]) -> Part:
    """The best of what was found: all at once where that is calibrated, else its operators added up."""
    fused = found[0] if draft.fused else None
    pieces = tuple(found[1:] if draft.fused else found)
    if fused is not None and fused.status is Status.CALIBRATED:
        return Part(fused.quality, (fused,), fused.seconds, fused.why)
    added = _added(pieces)
    if fused is None or added.status is Status.CALIBRATED or is_apart_better(fused, [(m, m.seconds) for m in pieces]):
        return added
    return Part(fused.quality, (fused,), fused.seconds, fused.why)


def _added(pieces: tuple[Match, ...]) -> Part:
    """Operators added up; where much of it is missing the data sheet tells the time of the whole."""
    seconds = sum(one.seconds for one in pieces)
    lost = [one for one in pieces if one.quality is Quality.MISSING]
    names = ", ".join(dict.fromkeys(one.primitive.op or one.primitive.name for one in lost))
    gap = f"nothing is calibrated for {names}" if lost else ""
    if not pieces or (lost and not sum(one.seconds for one in lost) <= MOST_MISSING * seconds):
        return Part(Quality.MISSING, pieces, why=gap or "none of its operators runs by itself")
    if len(pieces) == 1:
        return Part(pieces[0].quality, pieces, seconds, pieces[0].why)
    whys = dict.fromkeys(one.why for one in pieces if one.why and one not in lost)
    told = ("operators added up, not measured as they are fused", f"{gap}, so by the data sheet" if gap else "", *whys)
    return Part(Quality.OP_APPROXIMATED, pieces, seconds, "; ".join(filter(None, told)))
