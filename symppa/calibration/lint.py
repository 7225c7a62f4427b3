"""What measurements cannot be, or hardly are: every rule a function, told with the rows that break it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from symppa.calibration.device import Bounds, bounds
from symppa.calibration.measurement import FLAGGED, REFUSED, Finding, Measurement, Measurements
from symppa.calibration.operations import BYTES, Array
from symppa.calibration.readers.reader import MEASURED, SIMULATED

CLOSE = 1.05  # measurements of one thing differ by so much without a reason
WIDE = 0.02  # the spread that a benchmark of this project keeps
HOLDS = 8  # operands of so many times a cache may still profit from it: what is written last is read first
EXACT = 1 + 1e-9
WINOGRAD = 4.0  # F(4x4, 3x3) multiplies 4 times less
IDLE = 0.5  # of the clock a power profile runs at
MANY = 8  # rows before something about all of them says anything
PEAK_NEAR = 0.1  # rows at such a share of the peak are bound by arithmetic
STRAY = (100.0, 10000.0)  # a time in another unit stands out by about a thousand
SLOW = 300.0  # times what peak and bandwidth allow: the slowest that was measured, on one core of a CPU, took 70
USUAL = (0.5, 50.0)  # of what peak and bandwidth allow: nothing is odd about a time between
GAP = 100.0  # between times of neighbours in size there is no such gap but by a unit
SHORTEST = 1e-7  # s; nothing that a program starts and waits for takes less
MIXED = 0.5  # of the rows in another unit: nobody can tell any more which unit is right
LARGE = START = 5e-6  # s by peak and bandwidth: about what it takes to start something, and not hundreds of times more


@dataclass(frozen=True)
class Table:
    """Measurements with what rules ask of every row, computed once."""

    rows: Measurements
    time: Array
    ops: Array
    bytes: Array
    peak: Array
    stated: Array
    bandwidth: Array

    def groups(self, key: Callable[[Measurement], object]) -> Iterator[Array]:
        """Positions of rows that share a key."""
        found: dict[object, list[int]] = {}
        for n, row in enumerate(self.rows):
            found.setdefault(key(row), []).append(n)
        yield from (np.array(places) for places in found.values())

    def of(self, place: int) -> Measurement:
        """The row at a position."""
        return self.rows.rows[place]


def table(rows: Measurements) -> Table:
    """The table of rows, with peaks and bandwidths of the registry and those the source states."""
    work = rows.work
    known = [bounds(row.device) for row in rows]
    return Table(
        rows, rows.latency, work.ops, work.bytes,
        np.array([_peak(row, found) for row, found in zip(rows, known, strict=True)]),
        rows.column("peak"),
        np.array([_bandwidth(found) for found in known]),
    )  # fmt: skip


def _peak(row: Measurement, found: Bounds | None) -> float:
    """The peak of the registry; what the source states where the registry has none."""
    told = found.peak(row.dtype) if found else None
    return told or row.peak or np.nan


def _bandwidth(found: Bounds | None) -> float:
    bandwidth = found.bandwidth if found else None
    return np.nan if bandwidth is None else bandwidth


def above_peak(made: Table) -> Iterator[tuple[str, Array, str]]:
    """A rate above the peak of its format, be it the registry's or the one the source states."""
    rate = made.ops / made.time
    for places in made.groups(lambda row: (row.device, row.op, row.dtype)):
        row = made.of(int(places[0]))
        ran = f"{row.op} in {row.dtype} on {row.device} ran at up to"
        over = places[rate[places] > made.peak[places] * EXACT]
        if len(over):
            state, why = _excuse(row, float((rate[over] / made.peak[over]).max()))
            yield state, over, f"{ran} {(rate[over] / made.peak[over]).max():.2f} x its peak{why}"
        said = places[(rate[places] > made.stated[places] * EXACT) & ~np.isin(places, over)]
        if len(said):
            times = (rate[said] / made.stated[said]).max()
            yield FLAGGED, said, f"{ran} {times:.2f} x the peak that the source states: its rate or its peak is wrong"


def _excuse(row: Measurement, ratio: float) -> tuple[str, str]:
    """Whether a better algorithm or another format explains a rate above the peak."""
    found = bounds(row.device)
    other = found.peak("tf32") if found and row.dtype == "fp32" else None
    own = found.peak("fp32") if found else None
    if other and own and ratio <= other / own:
        return FLAGGED, ": it may have run in tf32"
    if row.op == "conv2d" and ratio <= WINOGRAD:
        return FLAGGED, ": Winograd's algorithm multiplies less"
    return REFUSED, ""


def below_floor(made: Table) -> Iterator[tuple[str, Array, str]]:
    """A time in which the main memory cannot move the operands: they were in a cache."""
    ratio = made.bytes / made.time / made.bandwidth
    for places in made.groups(lambda row: (row.device, row.op)):
        under = places[ratio[places] > EXACT]
        if not len(under):
            continue
        found = bounds(made.of(under[0]).device)
        cache = found.cache if found else 0.0
        for state, some in _by_cache(under, made.bytes, cache):
            why = "they fit into a cache, which was warm"
            if state == REFUSED:
                why = f"they are more than {HOLDS:g} times its cache of {cache / 1e6:g} MB"
            times = f"{ratio[some].max():.2f} x the bandwidth of the main memory"
            yield state, some, f"{made.of(some[0]).op} moved its operands at up to {times}: {why}"


def _by_cache(places: Array, moved: Array, cache: float) -> Iterator[tuple[str, Array]]:
    """Rows whose operands a cache may hold, and rows for which no cache explains the time."""
    beyond = moved[places] > HOLDS * cache if cache else np.zeros(len(places), bool)
    for state, chosen in ((FLAGGED, places[~beyond]), (REFUSED, places[beyond])):
        if len(chosen):
            yield state, chosen


def zero_work(made: Table) -> Iterator[tuple[str, Array, str]]:
    """A row without work: it moves nothing and computes nothing."""
    none = np.flatnonzero((made.ops == 0) & (made.bytes == 0))
    if len(none):
        yield REFUSED, none, "neither operations nor bytes: nothing ran"


def wide_spread(made: Table) -> Iterator[tuple[str, Array, str]]:
    """Samples that differ by more than a benchmark should let them."""
    spread = made.rows.column("spread")
    wide = np.flatnonzero(spread > WIDE)
    if len(wide):
        yield FLAGGED, wide, f"samples differ by more than {WIDE:.0%}, up to {spread[wide].max():.0%}"


def idle_clock(made: Table) -> Iterator[tuple[str, Array, str]]:
    """A campaign whose recorded clock is that of a device at rest."""
    for places in made.groups(lambda row: row.campaign):
        where = made.of(places[0]).campaign
        found = bounds(where.device)
        due = found.running(where.power_mode) if found else None
        if due and where.clock is not None and where.clock < IDLE * due:
            usual = f"{due / 1e6:.0f} MHz is what {where.power_mode or 'it'} runs at"
            told = f"{where.clock / 1e6:.0f} MHz was recorded, {usual}: the clock of a device at rest"
            yield FLAGGED, places, f"{where.device}: {told}"


def _watts(row: Measurement) -> float:
    """The power of a mode: its number of watts, or all there is for MAXN."""
    mode = row.campaign.power_mode.upper()
    found = re.search(r"(\d+)W", mode)
    return float(found[1]) if found else np.inf if "MAXN" in mode else np.nan


def power_modes(made: Table) -> Iterator[tuple[str, Array, str]]:
    """More power and more time for the same operation."""
    watts = np.array([_watts(row) for row in made.rows])
    slower: dict[tuple[str, str, str], list[int]] = {}
    for places in made.groups(lambda row: (row.device, row.campaign.stack, row.op, _size(row), row.dtype)):
        told = sorted({value for value in watts[places] if not np.isnan(value)})
        times = {value: float(np.min(made.time[places[watts[places] == value]])) for value in told}
        for less, more in pairwise(told):
            if times[more] > times[less] * CLOSE:
                some = places[watts[places] == more]
                more_name, less_name = (_mode(made, places, watts, value) for value in (more, less))
                slower.setdefault((made.of(some[0]).device, more_name, less_name), []).extend(some.tolist())
    for (name, more_name, less_name), rows in slower.items():
        told_text = f"{name} took longer in {more_name} than in {less_name} for the same operations"
        yield FLAGGED, np.array(rows), told_text


def _mode(made: Table, places: Array, watts: Array, value: float) -> str:
    return made.of(int(places[watts[places] == value][0])).campaign.power_mode


def _size(row: Measurement) -> object:
    return tuple(sorted(row.shape.items()))


def lower_precision(made: Table) -> Iterator[tuple[str, Array, str]]:
    """Products bound by arithmetic that a format with a higher peak did not speed up."""
    rates: dict[tuple[str, str, str], list[int]] = {}
    for places in made.groups(lambda row: (row.campaign, row.op, _size(row), row.network, row.part)):
        bound = places[made.ops[places] / made.time[places] > PEAK_NEAR * made.peak[places]]
        for high in bound:
            for low in places:
                row, other = made.of(int(low)), made.of(int(high))
                gained = made.peak[low] > 1.5 * made.peak[high] and BYTES[row.dtype] < BYTES[other.dtype]
                if gained and made.time[low] * CLOSE > made.time[high]:
                    rates.setdefault((row.device, row.dtype, other.dtype), []).append(int(low))
    for (name, low_format, high_format), rows in rates.items():
        told = f"{name}: {low_format} was no faster than {high_format}, though its peak is higher"
        yield FLAGGED, np.unique(rows), told


def strayed_units(made: Table) -> Iterator[tuple[str, Array, str]]:
    """Times about a thousand times away from their neighbours', or from the roofline all of them."""
    strayed: list[int] = []
    mixed: list[int] = []
    slow: list[int] = []
    roof = np.fmax(made.ops / made.peak, made.bytes / made.bandwidth)
    for places in made.groups(lambda row: (row.campaign, row.op, row.dtype)):
        if len(places) < MANY or not np.all(np.isfinite(made.bytes[places])):
            continue
        far = _strayed(made, places, roof)
        if far.mean() > MIXED:
            mixed += places.tolist()
            continue
        strayed += places[far].tolist()
        large = places[~far & (roof[places] > LARGE)]
        if len(large) >= MANY // 2 and np.median(made.time[large] / roof[large]) > SLOW:
            slow += places[~far].tolist()
    if strayed:
        yield REFUSED, np.array(strayed), "about 1000 times away from rows of its size: written in another unit"
    if mixed:
        told = f"more than {MIXED:.0%} of these rows are about 1000 times away from the others: units are mixed"
        yield REFUSED, np.array(mixed), told
    if slow:
        told = f"large sizes take more than {SLOW:g} times what peak and bandwidth allow: is the unit right?"
        yield FLAGGED, np.array(slow), told


def _strayed(made: Table, places: Array, roof: Array) -> Array:
    """Which rows lie about a thousand times away from those of about their size that peak and bandwidth allow."""
    ops, moved = made.ops[places], made.bytes[places]
    known = bool(np.all(np.isfinite(roof[places])))
    bound = roof[places] if known else np.maximum(ops / max(ops.max(), 1.0), moved / moved.max())
    order = np.argsort(bound, kind="stable")
    time, least = made.time[places][order], roof[places][order]
    usual = (time > USUAL[0] * least) & (time < USUAL[1] * least) & (time > SHORTEST)
    even = time / (least + START) if known else time  # of all sizes about the same
    far = np.zeros(len(places), dtype=bool)
    for n in range(len(places)):
        near = slice(max(0, n - 4), n + 5)
        sound = _sound(even[near], time[near], least[near])
        if sound[n - near.start] or usual[n]:
            continue
        off = even[n] / np.median(even[near][sound])
        far[order[n]] = STRAY[0] < max(off, 1 / off) < STRAY[1]
    return far


def _sound(even: Array, time: Array, least: Array) -> Array:
    """Rows of about one size on the right side of the widest gap between their times; all where there is none.

    The lower side is right where peak and bandwidth allow it; where they are not known the side of more rows is.
    """
    ranked = np.sort(even)
    steps = ranked[1:] / ranked[:-1]
    if steps.max() < GAP:
        return np.ones(len(time), dtype=bool)
    low = even < ranked[int(np.argmax(steps)) + 1]
    if np.median(time[low]) < SHORTEST:
        return np.asarray(~low)
    if np.all(np.isfinite(least)):
        return np.asarray(low if np.median(time[low] / least[low]) > USUAL[0] else ~low)
    return np.asarray(low if 2 * low.sum() >= len(low) else ~low)


def too_regular(made: Table) -> Iterator[tuple[str, Array, str]]:
    """Times that a formula gives to the last digit, or samples that never differ: computed, not measured."""
    for places in made.groups(lambda row: (row.campaign, row.op, row.dtype)):
        if len(places) < MANY:
            continue
        spread = made.rows.column("spread")[places]
        if np.all(spread == 0):
            yield FLAGGED, places, "every sample of every row took exactly the same time: computed, not measured"
        elif any(_is_line(made.time[places], work[places]) for work in (made.ops, made.bytes)):
            yield REFUSED, places, "times are one constant and one rate, to six digits: computed, not measured"


def _is_line(time: Array, work: Array) -> bool:
    if not np.all(np.isfinite(work)) or len(np.unique(work)) < MANY // 2:
        return False
    terms = np.stack([np.ones(len(work)), work / work.max()], axis=1) / time[:, None]
    found = np.linalg.lstsq(terms, np.ones(len(work)), rcond=None)[0]
    return bool(np.all(np.abs(terms @ found - 1) < 1e-6))


def said_computed(made: Table) -> Iterator[tuple[str, Array, str]]:
    """Rows whose own texts say that they were computed."""
    texts = [" ".join((row.notes, row.campaign.stack, row.campaign.version)) for row in made.rows]
    said = [n for n, text in enumerate(texts) if SIMULATED.search(text) and not MEASURED.search(text)]
    if said:
        yield REFUSED, np.array(said), f"{texts[said[0]].strip()!r}: computed, not measured"


def repeated(made: Table) -> Iterator[tuple[str, Array, str]]:
    """The same operation of the same size twice in one campaign."""
    again = [places for places in made.groups(lambda row: row.key) if len(places) > 1]
    same = [n for places in again for n in places[1:] if made.time[n] == made.time[places[0]]]
    other = [n for places in again for n in places if np.ptp(made.time[places]) > 0]
    if same:
        yield REFUSED, np.array(same), "the same row, result and all, stands above"
    if other:
        yield FLAGGED, np.array(other), "the same operation of the same size with different results"


Rule = Callable[[Table], Iterable[tuple[str, Array, str]]]
RULES: Mapping[str, Rule] = MappingProxyType({
    "above peak": above_peak,
    "below memory floor": below_floor,
    "zero ops": zero_work,
    "spread": wide_spread,
    "idle clock": idle_clock,
    "power mode": power_modes,
    "precision": lower_precision,
    "units": strayed_units,
    "simulated": too_regular,
    "labelled simulated": said_computed,
    "duplicates": repeated,
})  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What reading and every rule found, and the rows that nothing refuses."""

    findings: tuple[Finding, ...]
    kept: Measurements

    @property
    def refused(self) -> int:
        """How many rows were refused, be it by reading or by a rule."""
        return self._count(REFUSED)

    @property
    def flagged(self) -> int:
        """How many rows are kept though they are odd."""
        return self._count(FLAGGED)

    def _count(self, state: str) -> int:
        return len({(one.source, row) for one in self.findings if one.state == state for row in one.rows})


def judged(rows: Measurements) -> Verdict:
    """What every rule finds, after what reading found, and what is left."""
    made, found = table(rows), list(rows.findings)
    sound = np.ones(len(rows), dtype=bool)
    for name, rule in RULES.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            told = list(rule(made))
        for state, places, message in told:
            if state == REFUSED:
                sound[places] = False
            if name == "duplicates" and any(known.rule == name for known in rows.findings):
                continue
            by_source = _by_source(made, places)
            found += [Finding(state, name, lines, message, source) for source, lines in by_source.items()]
    return Verdict(tuple(found), rows.take(sound))


def lint(rows: Measurements) -> tuple[Finding, ...]:
    """What reading and every rule found."""
    return judged(rows).findings


def _by_source(made: Table, places: Array) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for n in places:
        row = made.of(int(n))
        found.setdefault(row.campaign.source, []).append(row.row)
    return {source: tuple(sorted(set(lines))) for source, lines in found.items()}
