"""compare: networks on devices, in number formats and at batches, side by side; which to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from symppa.calibration.matching.lookup import NONE
from symppa.errors import QuestionError, suggest
from symppa.studies import calibrated
from symppa.studies.calibrated import Asked
from symppa.studies.networks import calibrating, grid
from symppa.studies.networks.calibrating import Network, Sure
from symppa.studies.networks.chips import FORMATS, Chip, chips_of, disclosed, program_of
from symppa.studies.networks.choosing import met_all, rank_of, recommended, unbeaten
from symppa.studies.result import Array, Coordinate, Output, Result
from symppa.workloads import on_device, reading
from symppa.workloads.table import table

DIMS = ("workload", "device", "precision", "batch")
OWN = "own"  # each device in the number format that its description takes
MEANINGS = ("network", "device it runs on", "number format", "inputs in a run")


def compare_networks(
    workloads: Sequence[str] | str,
    hardware: Sequence[str] | str,
    *,
    precisions: Sequence[str] | str | None = None,
    batches: Sequence[int] | int | None = None,
    sizes: Mapping[str, int] | None = None,
    targets: Mapping[str, str] | None = None,
    rank: str | None = None,
    profile: str | None = None,
    calibration: Asked = None,
    borrow: str = "",
) -> Result:
    """Outputs of every network on every device, in every number format and at every batch; names may be patterns.

    Without `precisions` each device takes its own; a power `profile` counts where a device has it. What a device has
    no rate for is undefined, and counted as not supported. Targets are limits, {"latency": "<= 5 ms"}: recommended
    for each network is what meets all of them and fits, the best by `rank`, an output, `power_limit` or
    `matrix_rate`; else by the first target's output. Times are calibrated as in `analyze`, by `calibration` or by
    what `borrow` lends.

    >>> found = compare_networks("resnet50", ["a100_sxm_80gb", "h100_sxm_80gb"], batches=[1, 8], precisions="FP8")
    >>> found.counts["not supported"]
    2
    """
    names = _expanded(workloads, reading.networks(), "workload")
    devices = [on_device.hardware(one) for one in _expanded(hardware, on_device.devices(), "hardware")]
    chips, notes = chips_of(devices, grid.OUTPUTS, profile)
    at = [batches] if isinstance(batches, int) else list(batches or [1])
    tables = [_table(name, tuple({**(sizes or {}), "batch": batch}.items() for batch in at)) for name in names]
    asked = _precisions(precisions, chips)
    used = asked or [[one.precision] for one in chips]
    nets = grid.columns([net.values for net in tables])
    arrays = grid.outputs(nets, chips, used)
    calibrating.refuse_strange(calibration, [one.name for one in chips])
    sure = Sure.of(arrays)
    for d, (device, one) in enumerate(zip(devices, chips, strict=True)):
        for p, precision in enumerate(used[d]):
            times = calibrating.times_of(tables, device, precision, profile, calibration, borrow)
            if times is not None:
                grid.calibrated(arrays, nets, one, precision, (d, p), times.vectors)
                sure.put((d, p), times)
    where = _coordinates([net.name for net in tables], chips, asked[0] if asked else [OWN], at)
    question = {
        "workloads": names, "hardware": [one.name for one in chips], "precisions": asked[0] if asked else None,
        "batches": at, "sizes": dict(sizes or {}), "targets": dict(targets or {}), "rank": rank, "profile": profile,
        **({} if calibration is None else {"calibration": list(calibrated.asked_profiles(calibration) or [NONE])}),
        **({"borrow": borrow} if borrow else {}),
    }  # fmt: skip
    made, counts, facts = _judged(where, sure.said(_outputs(arrays, chips)), dict(targets or {}), rank)
    return Result(
        study="networks",
        system="networks on devices",
        name=f"{_few(names)} on {_few([one.name for one in chips])}",
        outputs=made,
        coordinates=where,
        counts=counts,
        notes=(*notes, *disclosed(chips, used)),
        facts={**facts, **sure.facts, "formats": {one.name: one.precision for one in chips} if asked is None else {}},
        hashes={f"{one.name}.{file}": digest for one in chips for file, digest in one.hashes.items()},
        question=question,
    )


def _judged(
    where: Mapping[str, Coordinate], made: Mapping[str, Output], goals: Mapping[str, str], asked: str | None
) -> tuple[dict[str, Output], dict[str, int], dict[str, Any]]:
    """What is told of every estimate, how many there are, and which of them to take."""
    lacks = np.isnan(made[grid.RATE].values)
    arrays = {name: output.values for name, output in made.items()}
    within = ~(arrays["memory_fill"] > 100) & ~lacks  # where no memory is stated, everything fits
    told = {name: output for name, output in made.items() if name not in grid.PROXIES}
    meet = met_all(goals, told, lacks.shape) & within
    rank = rank_of(asked, goals, made)
    counts = {
        "estimates": int((~lacks).sum()), "asked": int(lacks.size), "not supported": int(lacks.sum()),
        "larger than the memory": int((~within & ~lacks).sum()),
    }  # fmt: skip
    facts = {
        "targets": dict(goals), "ranked": None if rank is None else {"by": rank.name, "most": rank.most},
        "rule": "" if rank is None else f"the one with the {rank.text} of those that meet every target and fit",
        "recommended": recommended(where, made, meet, rank), "meet": int(meet.sum()),
        "front": unbeaten(where, arrays, within),
    }  # fmt: skip
    return told, counts, facts


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} of them"


def _expanded(names: Sequence[str] | str, known: Sequence[str], what: str) -> list[str]:
    """Names, and what patterns match, each once."""
    asked = [names] if isinstance(names, str) else list(names)
    found = list(dict.fromkeys(one for text in asked for one in on_device.matched(str(text), known, what)))
    if not found:
        raise QuestionError(f"a comparison of networks on devices needs at least one {what}")
    return found


def _table(name: str, sizes: tuple[Any, ...]) -> Network:
    path = reading.found(name)
    stat = path.stat()
    return _kept_table(path.as_posix(), (stat.st_mtime_ns, stat.st_size), tuple(tuple(one) for one in sizes))


@lru_cache(maxsize=256)
def _kept_table(path: str, stamp: Any, sizes: tuple[tuple[tuple[str, int], ...], ...]) -> Network:
    """A network's name and its subgraphs, counted once for as long as its file is the same."""
    graph = reading.network(Path(path))
    made = table(graph, [dict(one) for one in sizes])
    values, first = grid.once(made)
    return Network(graph.name, values, made, first)


def _precisions(asked: Sequence[str] | str | None, chips: Sequence[Chip]) -> list[list[str]] | None:
    """The number formats asked of each device, by their labels; None where each takes its own."""
    if asked is None or not asked:
        return None
    known = list(dict.fromkeys(label for one in chips for label in one.labels[FORMATS]))
    by_name = {label.lower(): label for label in known}
    found = []
    for text in [asked] if isinstance(asked, str) else asked:
        if text.lower() not in by_name:
            raise QuestionError(f"no device has a number format {text!r}{suggest(text.upper(), known)}")
        found.append(by_name[text.lower()])
    return [list(dict.fromkeys(found))] * len(chips)


def _outputs(arrays: Mapping[str, Array], chips: Sequence[Chip]) -> dict[str, Output]:
    from symppa.descriptions.bind import weakest

    definitions = program_of(chips[0].system, chips[0].parts, grid.OUTPUTS).outputs
    level = weakest([one.confidence for one in chips])
    sources = tuple(dict.fromkeys(source for one in chips for source in one.sources))
    return {
        name: Output(array, DIMS, definitions[name].unit, definitions[name].meaning, sources, level)
        for name, array in arrays.items()
    }


def _coordinates(
    names: Sequence[str], chips: Sequence[Chip], precisions: Sequence[str], batches: Sequence[int]
) -> dict[str, Coordinate]:
    found = (np.array(names, str), np.array([one.name for one in chips], str), np.array(precisions, str),
             np.array(batches, float))  # fmt: skip
    return {dim: Coordinate(v, "1", meaning) for dim, v, meaning in zip(DIMS, found, MEANINGS, strict=True)}
