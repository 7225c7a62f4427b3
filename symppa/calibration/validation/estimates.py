"""An estimate for every row that was measured, by a profile or by the data sheet, or the reason why there is none.

Which rows took part in the fit that estimates them is told too: their error says little about other rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

import numpy as np

from symppa.calibration.device import bounds, facts
from symppa.calibration.fitting.calibrate import Fitted
from symppa.calibration.matching.lookup import Calibration, Match, Quality, Status, status
from symppa.calibration.matching.primitive import Primitive
from symppa.calibration.measurement import Measurement, Measurements
from symppa.calibration.operations import Array, operation
from symppa.calibration.validation.row_primitives import of_row
from symppa.engine import cache
from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.walk import run
from symppa.errors import MeasurementError, SymppaError

IN_SAMPLE, KNOWN_SIZE, HELD_OUT = "in sample", "size in sample", "held out"
COMPOSED, VENDOR = "composed", "vendor formula"  # beside the qualities of look-ups
BEYOND = "outside of it"  # ends what a look-up says of a size outside the hull
NUMBERS, TEXTS = ("seconds", "half", "outside", "cell", "behind"), ("quality", "sample", "why", "notes")
MATRIX = ("gemm", "conv2d", "attention_prefill", "attention_decode", "network", "subgraph")  # families


@dataclass(frozen=True)
class Whole:
    """The estimate of a whole network: seconds, half width of the interval as a logarithm, how far outside the hull."""

    seconds: float
    half: float = math.nan
    outside: float = math.nan
    quality: str = COMPOSED
    why: str = ""
    behind: int = 0
    seen: bool = False


Compose = Callable[[Measurement, str], Whole]  # of a row of a whole network in a power profile; refuses unknown ones


@dataclass(frozen=True)
class Estimates:
    """A column for each thing told of every row; `why` tells what stands in, or why there is no estimate.

    `notes` stand with the first of the rows that they are about.
    """

    seconds: Array
    half: Array
    outside: Array
    cell: Array
    behind: Array
    quality: tuple[str, ...]
    sample: tuple[str, ...]
    why: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def there(self) -> Array:
        """Which rows have an estimate."""
        return np.isfinite(self.seconds)


@dataclass
class _Sheet:
    """The columns while they are filled in."""

    count: int
    cells: dict[tuple[int, int], int] = field(default_factory=dict)
    numbers: dict[str, Array] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = {name: np.full(self.count, np.nan) for name in NUMBERS[:3]}
        self.numbers |= {name: np.zeros(self.count, dtype=int) for name in NUMBERS[3:]}
        self.texts = {name: [""] * self.count for name in TEXTS}

    def cell(self, fit: Fitted, seconds: float) -> tuple[int, int]:
        """The number of the residuals that an interval comes from, and how many they are."""
        buckets = fit.intervals.buckets
        place = next((k for k, one in enumerate(buckets) if seconds < one.below), 0)
        return self.cells.setdefault((id(fit), place), len(self.cells)), buckets[place].rows if buckets else 0

    def refuse(self, places: Array, why: str) -> None:
        """Rows without an estimate."""
        for place in places:
            self.texts["why"][place] = why

    def done(self) -> Estimates:
        """The columns, every row with an estimate or a reason."""
        for place in np.flatnonzero(~np.isfinite(self.numbers["seconds"])):
            self.texts["why"][place] = self.texts["why"][place] or "the estimate is no number"
        seconds, half, outside, cell, behind = (self.numbers[name] for name in NUMBERS)
        quality, sample, why, notes = (tuple(self.texts[name]) for name in TEXTS)
        return Estimates(seconds, half, outside, cell, behind, quality, sample, why, notes)


def by_calibration(known: Calibration, rows: Measurements, mode: str = "", compose: Compose | None = None) -> Estimates:
    """Estimates by what is calibrated, as they are looked up for a network; `mode` is that of rows that tell none."""
    sheet, work, by_stack = _Sheet(len(rows)), rows.work, _by_stack(known)
    for (dtype, told, stack), places in _groups(rows):
        networks = np.array([rows.rows[n].op == "network" for n in places], dtype=bool)
        own, note = _mode(known.device, told or mode, {one.fit.power_mode for one in known.known})
        _networks(sheet, rows, places[networks], compose, own)
        places = places[~networks]
        asked = [of_row(rows.rows[n], float(work.ops[n]), float(work.bytes[n])) for n in places]
        flat = [one for some in asked for one in some]
        try:
            found = _looked_up(known, by_stack.get(stack), flat, dtype, own)
        except MeasurementError as error:
            sheet.refuse(places, error.message)
            continue
        if note and len(places):
            sheet.texts["notes"][places[0]] = note
        _matched(sheet, rows, places, [list(islice(each, len(some))) for each in [iter(found)] for some in asked])
    return sheet.done()


def _by_stack(known: Calibration) -> dict[str, Calibration]:
    """What is known by measurements with each stack: numpy and torch take their own time for one operation."""
    stacks = {told.stack for one in known.known for told in one.fit.campaigns} - {""}
    return {
        stack: Calibration(
            known.device, [one for one in known.known if stack in {told.stack for told in one.fit.campaigns}]
        )
        for stack in stacks
    }


def _looked_up(
    known: Calibration, own: Calibration | None, asked: Sequence[Primitive], dtype: str, mode: str
) -> list[Match]:
    """Matches by fits to the same stack, by any where these have none of the operation itself."""
    if own is None:
        return known.matches(asked, dtype, mode)
    found = own.matches(asked, dtype, mode)
    left = [n for n, one in enumerate(found) if status(one.quality) is Status.MISSING or one.proxy]
    for n, other in zip(left, known.matches([asked[n] for n in left], dtype, mode), strict=True):
        if not other.proxy or status(found[n].quality) is Status.MISSING:
            found[n] = other
    return found


def _groups(rows: Measurements) -> Iterator[tuple[tuple[str, str, str], Array]]:
    found: dict[tuple[str, str, str], list[int]] = {}
    for n, row in enumerate(rows):
        found.setdefault((row.dtype, row.campaign.power_mode, row.campaign.stack), []).append(n)
    yield from ((key, np.array(places)) for key, places in found.items())


def plain(mode: str) -> str:
    """A power mode as the registry writes it: MODE_30W is 30W."""
    return mode.upper().removeprefix("MODE_")


def _mode(device: str, told: str, fitted: Collection[str] = ()) -> tuple[str, str]:
    """The power profile that a source's mode names, and what is to be said where the registry has none of that name."""
    if not told or told in fitted:
        return told, ""
    known = bounds(device)
    for name in known.profiles if known else ():
        if plain(name) == plain(told):
            return name, ""
    return "", f"{device} states no power profile {told}: its usual one is taken"


def _matched(sheet: _Sheet, rows: Measurements, places: Array, found: Sequence[Sequence[Match]]) -> None:
    """Rows by what was looked up for them: one match, or those of their parts."""
    for place, parts in zip(places, found, strict=True):
        lost = [one.why for one in parts if one.quality is Quality.MISSING]
        if lost:
            sheet.texts["why"][place] = lost[0]
            continue
        numbers, texts = sheet.numbers, sheet.texts
        numbers["seconds"][place] = sum(one.seconds for one in parts)
        numbers["outside"][place] = max(one.outside for one in parts)
        (first, *others), row = parts, rows.rows[place]
        texts["quality"][place] = COMPOSED if others else str(first.quality)
        texts["why"][place] = "; ".join(dict.fromkeys(text for one in parts for text in _told(one)))
        texts["sample"][place] = HELD_OUT if others else _sample(first, row)
        if not others and first.fit is not None:
            numbers["half"][place] = first.half
            numbers["cell"][place], numbers["behind"][place] = sheet.cell(first.fit, first.seconds)


def _told(found: Match) -> Iterator[str]:
    """What stands in for what; how far outside the hull a size lies is a number of every row."""
    if found.quality is Quality.OP_APPROXIMATED:
        yield from (text for text in found.why.split("; ") if not text.endswith(BEYOND))


def _sample(found: Match, row: Measurement) -> str:
    """Whether a row took part in the fit that estimates it; a fit that does not tell its sizes had all of a file."""
    if found.fit is None or found.quality is Quality.OP_APPROXIMATED:
        return HELD_OUT
    same = found.quality is Quality.EXACT
    if _took_part(found.fit, row) and (same or not found.fit.sizes):
        return IN_SAMPLE
    return KNOWN_SIZE if same else HELD_OUT


def _took_part(one: Fitted, row: Measurement) -> bool:
    """Whether a row is of the measurements that were fitted: the same file, or the same campaign where none is told."""
    digest = row.campaign.digest
    return any(told.digest == digest if digest else told == row.campaign for told in one.campaigns)


def _networks(sheet: _Sheet, rows: Measurements, places: Array, compose: Compose | None, mode: str) -> None:
    """Whole networks, each size of each once."""
    known: dict[object, Whole | str] = {}
    for place in places:
        row = rows.rows[place]
        key = (row.network, tuple(sorted(row.shape.items())), row.dtype, row.campaign.power_mode)
        if key not in known:
            known[key] = _whole(row, compose, mode)
        found = known[key]
        if isinstance(found, str):
            sheet.refuse(np.array([place]), found)
            continue
        for name in ("seconds", "half", "outside", "behind"):
            sheet.numbers[name][place] = getattr(found, name)
        sheet.numbers["cell"][place] = sheet.cells.setdefault((0, 0), len(sheet.cells))
        sheet.texts["quality"][place], sheet.texts["why"][place] = found.quality, found.why
        sheet.texts["sample"][place] = IN_SAMPLE if found.seen else HELD_OUT


def _whole(row: Measurement, compose: Compose | None, mode: str) -> Whole | str:
    if compose is None:
        return "a row of a whole network does not tell what it computes, and nothing here reads networks"
    try:
        return compose(row, mode)
    except SymppaError as error:
        return f"{row.network}: {error.message}"


def by_data_sheet(device: str, rows: Measurements, mode: str = "", compose: Compose | None = None) -> Estimates:
    """Estimates by the vendor's peak rates and bandwidth alone, without intervals; nothing was fitted to."""
    sheet = _Sheet(len(rows))
    for (dtype, told, _), members in _groups(rows):
        profile, note = _mode(device, told or mode)
        sheet.texts["notes"][members[0]] = note
        for op in dict.fromkeys(rows.rows[n].op for n in members):
            places = np.array([n for n in members if rows.rows[n].op == op])
            if op == "network":
                _networks(sheet, rows, places, compose, profile)
                continue
            try:
                sheet.numbers["seconds"][places] = _roofline(device, op, dtype, profile, rows.take(places))
            except SymppaError as error:
                sheet.refuse(places, error.message)
                continue
            for place in places:
                sheet.texts["quality"][place], sheet.texts["sample"][place] = VENDOR, HELD_OUT
    return sheet.done()


def _roofline(device: str, op: str, dtype: str, profile: str, rows: Measurements) -> Array:
    """Seconds at the rate of the library's roofline; what computes nothing moves its bytes."""
    chip = facts(device, dtype, profile)
    peak = chip.peak if operation(op).family in MATRIX else chip.vector_peak
    if not (peak > 0 and chip.bandwidth > 0):
        raise MeasurementError(f"{device} states no rate for {op} in {dtype}")
    work = rows.work
    ops = np.maximum(work.ops, 1.0)
    if not np.all(np.isfinite(ops) & np.isfinite(work.bytes)):
        raise MeasurementError(f"a row of {op} does not tell what it computes and moves")
    told = {"peak": peak / 1e12, "bandwidth": chip.bandwidth / 1e12, "intensity": ops / work.bytes}
    rate = np.asarray(run(over_points(_program(), ["intensity"]), told)["attained"], dtype=float) * 1e12
    return ops / rate


@lru_cache(maxsize=1)
def _program() -> Program:
    key = cache.key("estimates", "roofline")
    found = cache.fetch(key)
    if found is None:
        from symppa.engine.compile import compile as compiled
        from symppa.library.laws.roofline import Roofline

        found = compiled(Roofline(), ("attained",))
        cache.store(key, found)
    return found
