"""Running a suite: each case timed and written at once, so that a run that is stopped goes on where it was."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isfinite
from pathlib import Path
from time import perf_counter
from typing import Any

from symppa.calibration.measurement import TIDY, Campaign, Measurement, as_csv, measurement
from symppa.calibration.measuring import machine, sampling
from symppa.calibration.measuring.alone import alone
from symppa.calibration.measuring.cases import Case, device_name, key_of
from symppa.calibration.measuring.cases import case as checked_case
from symppa.calibration.measuring.collectors import for_runner
from symppa.calibration.measuring.collectors.collector import ENERGY, MEMORY, Collector
from symppa.calibration.measuring.runners import runner
from symppa.calibration.measuring.runners.runner import Graphs, Runner
from symppa.calibration.readers import read
from symppa.errors import MeasurementError

LIMIT, LEAST = 2.0, 0.05  # s for a case: by itself, and however little a budget leaves
METERED = 0.2  # s of runs that a meter watches, beyond its own shortest time
Told = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Done:
    """How a run ended: rows written now, cases that had been measured before, cases left, and cases refused.

    `failed` counts those of the refused that were begun and failed.
    """

    file: Path
    measured: int
    before: int
    left: tuple[Case, ...]
    refused: tuple[tuple[Case, str], ...]
    wide: int
    failed: int = 0


class Log:
    """A tidy file that grows by whole rows: each is one write of one line, and is on the disk when it returns."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self.torn = _whole(file)

    def answered(self, mode: str = "") -> set[tuple[Any, ...]]:
        """Device and key of the cases that rows of the file answer, those of one power mode where it is told."""
        if self.file.stat().st_size <= len(as_csv([])):
            return set()
        rows = read(self.file, "tidy")
        return {(row.device, key_of(row)) for row in rows if not mode or row.campaign.power_mode == mode}

    def add(self, row: Measurement) -> None:
        """One row more."""
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(handle, as_csv([row], header=False).encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def _whole(file: Path) -> bool:
    """Whether a last line was torn; it is cut off, and a file without a header gets one."""
    content = file.read_bytes() if file.exists() else b""
    kept = content[: content.rfind(b"\n") + 1]
    header = as_csv([]).encode()
    if kept and not kept.startswith(header):
        raise MeasurementError(
            f"{file} is no tidy file of measurements: its columns are not {', '.join(TIDY[:4])}, ..."
        )
    if not kept:
        file.write_bytes(header)  # in place: whoever holds the file holds this one
    elif len(kept) < len(content):
        os.truncate(file, len(kept))
    return len(kept) < len(content)


def run(
    cases: Sequence[Case],
    file: Path,
    graphs: Graphs,
    *,
    device: str = "",
    budget: float | None = None,
    limit: float = LIMIT,
    power_mode: str = "",
    told: Told = lambda done, count, what: None,
) -> Done:
    """Every case timed and written to a file, but those that it has already; what a budget leaves no time for is left.

    `graphs` gives a network by name. `power_mode` is recorded of every row, that of the clock's governor without it.
    `told` hears how many of how many cases are done, and which comes next. The file is held while the run lasts.
    """
    campaigns = _Campaigns(device and device_name(device), power_mode)
    with alone(file):
        return _run(cases, Log(file), graphs, campaigns, budget, limit, told)


def _run(
    cases: Sequence[Case], log: Log, graphs: Graphs, campaigns: _Campaigns, budget: float | None, limit: float,
    told: Told,
) -> Done:  # fmt: skip
    begun = perf_counter()
    answered, reasons = log.answered(campaigns.power_mode), {case.key: _why_not(case) for case in cases}
    refused = [(case, reasons[case.key]) for case in cases if reasons[case.key]]
    able = [case for case in cases if not reasons[case.key]]
    due = [case for case in able if (campaigns.of(case).device, case.key) not in answered]
    due = due if budget is None else mixed(due)
    before, wide, left, failed = len(able) - len(due), 0, len(due), 0
    for n, case in enumerate(due):
        remaining = inf if budget is None else budget - (perf_counter() - begun)
        if remaining <= 0:
            break
        told(n, len(due), str(case))
        share = max(min(limit, remaining / left), LEAST)
        left -= 1
        try:
            row = measure(case, campaigns.of(case), graphs, share)
        except MeasurementError as error:
            refused.append((case, error.message))
            failed += 1
        else:
            log.add(row)
            wide += row.notes.startswith("interval")
    told(len(due) - left, len(due), "")
    measured = len(cases) - before - left - len(refused)
    return Done(log.file, measured, before, tuple(due[len(due) - left :]), tuple(refused), wide, failed)


def mixed(cases: Sequence[Case]) -> list[Case]:
    """The first case of every operation, then the second of each: a run cut short has seen something of all."""
    seen: Counter[tuple[str, str]] = Counter()
    turns = []
    for case in cases:
        turns.append(seen[case.op, case.runner])
        seen[case.op, case.runner] += 1
    return [cases[n] for n in sorted(range(len(cases)), key=lambda n: turns[n])]


class _Campaigns:
    """The campaign of each runner, its clock read once."""

    def __init__(self, device: str, power_mode: str = "") -> None:
        self.device, self.power_mode = device, power_mode
        self.known: dict[str, Campaign] = {}

    def of(self, case: Case) -> Campaign:
        """The campaign that rows of a case belong to."""
        if case.runner not in self.known:
            made = runner(case.runner)
            on_cpu = made.place == "cpu"
            self.known[case.runner] = Campaign(
                self.device or made.device(), made.name, made.version(), machine.clock() if on_cpu else None,
                self.power_mode or (machine.governor() if on_cpu else ""), machine.today(),
            )  # fmt: skip
        return self.known[case.runner]


def _why_not(case: Case) -> str:
    """Why a case is not run here; empty where it is."""
    made = runner(case.runner)
    return made.missing() or made.refused(case)


def measure(case: Case, campaign: Campaign, graphs: Graphs, limit: float = LIMIT) -> Measurement:
    """One case timed, with what the meters of its place read."""
    made = runner(case.runner)
    meters = for_runner(made.place)
    _warm(case.runner, graphs)
    started = [(meter, meter.begin()) for meter in meters if meter.quantity == MEMORY]
    try:
        call = made.prepared(case, graphs)
        found = sampling.sampled(call, limit, made.wait)
    except (RuntimeError, MemoryError) as error:
        raise MeasurementError(f"{case} failed: {str(error).splitlines()[0] or type(error).__name__}") from None
    memory = next((read for meter, state in started if (read := meter.end(state)) is not None), None)
    energy = next(_energies(meters, made, call, found.median), None)
    known = f"interval {found.interval:.1%}" if isfinite(found.interval) else "interval unknown"
    notes = "" if found.narrow else f"{known} from {found.samples} samples in {limit:.3g} s"
    notes += "" if found.stable else f"{', ' if notes else ''}warm-up never came to rest"
    return measurement(
        campaign, case.op, case.shape, case.dtype, found.median, energy=energy, memory=memory,
        spread=found.deviation / found.median, samples=found.samples, network=case.network, notes=notes,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _warm(name: str, graphs: Graphs) -> None:
    """One small run of a runner, once: what it loads and starts for itself is no case's memory."""
    try:
        made = runner(name)
        made.prepared(checked_case("relu", {"elements": 4096.0}, "fp32", name), graphs)()
        made.wait()
    except (RuntimeError, MemoryError, MeasurementError):  # the case at hand says what is wrong
        return


def _energies(meters: Sequence[Collector], made: Runner, call: Callable[[], object], time: float) -> Iterator[float]:
    """Joules of one run by each meter that could tell, over enough runs for it."""
    for meter in (meter for meter in meters if meter.quantity == ENERGY):
        runs = max(1, round((METERED + 10 * meter.shortest) / time))
        made.wait()
        state = meter.begin()
        for _ in range(runs):
            call()
        made.wait()
        used = meter.end(state)
        if used is not None and used > 0:
            yield used / runs
