"""compare: networks on devices, in number formats and at batches, side by side; which to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from symppa import units
from symppa.engine.reducers.front import front
from symppa.errors import QuestionError, suggest
from symppa.studies.networks import grid
from symppa.studies.networks.chips import FORMATS, Chip, chip, program_of
from symppa.studies.result import Array, Coordinate, Output, Result
from symppa.studies.targets import bound, met
from symppa.workloads import on_device, reading
from symppa.workloads.table import table

DIMS = ("workload", "device", "precision", "batch")
OWN = "own"  # each device in the number format that its description takes
FRONT = ("latency", "energy")
MEANINGS = ("network", "device it runs on", "number format", "inputs in a run")


def compare_networks(
    workloads: Sequence[str] | str,
    hardware: Sequence[str] | str,
    *,
    precisions: Sequence[str] | str | None = None,
    batches: Sequence[int] | int | None = None,
    sizes: Mapping[str, int] | None = None,
    targets: Mapping[str, str] | None = None,
) -> Result:
    """Outputs of every network on every device, in every number format and at every batch; names may be patterns.

    Without `precisions` each device takes its own. What a device has no rate for is undefined, and counted as not
    supported. Targets are limits, {"latency": "<= 5 ms"}; the first is foremost: of those that meet all the others
    the best by it is recommended, for each network.

    >>> found = compare_networks("resnet50", ["a100_sxm_80gb", "h100_sxm_80gb"], batches=[1, 8], precisions="FP8")
    >>> found.counts["not supported"]
    2
    """
    names = _expanded(workloads, reading.networks(), "workload")
    chips = [
        chip(on_device.hardware(one), grid.OUTPUTS) for one in _expanded(hardware, on_device.devices(), "hardware")
    ]
    at = [batches] if isinstance(batches, int) else list(batches or [1])
    tables = [_table(name, tuple({**(sizes or {}), "batch": batch}.items() for batch in at)) for name in names]
    asked = _precisions(precisions, chips)
    arrays = grid.outputs(
        grid.columns([counted for _, counted in tables]), chips, asked or [[one.precision] for one in chips]
    )
    lacks = np.isnan(arrays.pop(grid.RATE))
    goals = dict(targets or {})
    made = _outputs(arrays, chips)
    shown = asked[0] if asked else [OWN]
    where = _coordinates([name for name, _ in tables], chips, shown, at)
    fit = ~lacks & _met(goals, made) & _fits(arrays)
    return Result(
        study="networks",
        system="networks on devices",
        name=f"{_few(names)} on {_few([one.name for one in chips])}",
        outputs=made,
        coordinates=where,
        counts={"estimates": int(lacks.size), "not supported": int(lacks.sum()),
                "larger than the memory": int((~_fits(arrays) & ~lacks).sum())},
        facts={
            "targets": goals,
            "recommended": _recommended(where, made, _met(dict(list(goals.items())[1:]), made) & _fits(arrays) & ~lacks,
                                        goals),
            "meet": int(fit.sum()),
            "front": _front(where, arrays, ~lacks & _fits(arrays)),
            "formats": {one.name: one.precision for one in chips} if asked is None else {},
        },
        hashes={f"{one.name}.{file}": digest for one in chips for file, digest in one.hashes.items()},
        question={
            "workloads": names, "hardware": [one.name for one in chips], "precisions": asked[0] if asked else None,
            "batches": at, "sizes": dict(sizes or {}), "targets": goals,
        },
    )  # fmt: skip


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} of them"


def _expanded(names: Sequence[str] | str, known: Sequence[str], what: str) -> list[str]:
    """Names, and what patterns match, each once."""
    asked = [names] if isinstance(names, str) else list(names)
    found = list(dict.fromkeys(one for text in asked for one in on_device.matched(str(text), known, what)))
    if not found:
        raise QuestionError(f"a comparison of networks on devices needs at least one {what}")
    return found


Counted = tuple[str, Mapping[str, Array]]


def _table(name: str, sizes: tuple[Any, ...]) -> Counted:
    path = reading.found(name)
    stat = path.stat()
    return _kept_table(path.as_posix(), (stat.st_mtime_ns, stat.st_size), tuple(tuple(one) for one in sizes))


@lru_cache(maxsize=256)
def _kept_table(path: str, stamp: Any, sizes: tuple[tuple[tuple[str, int], ...], ...]) -> Counted:
    """A network's name and its subgraphs, counted once for as long as its file is the same."""
    graph = reading.network(Path(path))
    return graph.name, grid.once(table(graph, [dict(one) for one in sizes]))


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


def _fits(arrays: Mapping[str, Array]) -> Array:
    """Where a network fits into the memory, or the memory is not stated."""
    return np.asarray(~(arrays["memory_fill"] > 100))


def _met(goals: Mapping[str, str], made: Mapping[str, Output]) -> Array:
    found = np.ones(next(iter(made.values())).values.shape, bool)
    for name, goal in goals.items():
        found &= met(name, goal, made)
    return found


def _recommended(
    where: Mapping[str, Coordinate], made: Mapping[str, Output], fit: Array, goals: Mapping[str, str]
) -> dict[str, Any] | None:
    """For each network the best by the first target's output among those that meet the others; None where none does."""
    if not goals:
        return None
    name, goal = next(iter(goals.items()))
    output = made[name]
    limit = bound(name, goal, output.unit)
    worth = output.values * units.measure(output.unit).worth
    distance = {"<=": worth, "<": worth, "==": np.abs(worth - limit.bound)}.get(limit.relation, -worth)
    found: dict[str, Any] = {}
    for k, workload in enumerate(where["workload"].values):
        here = np.where(fit[k], distance[k], np.inf)
        place = np.unravel_index(int(np.argmin(here)), here.shape)
        found[str(workload)] = _point(where, (k, *place)) if np.isfinite(here[place]) else None
    return found


def _point(where: Mapping[str, Coordinate], place: Sequence[Any]) -> dict[str, Any]:
    return {dim: where[dim].values[k].item() for dim, k in zip(DIMS, place, strict=True)}


def _front(where: Mapping[str, Coordinate], arrays: Mapping[str, Array], fit: Array) -> list[dict[str, Any]]:
    """For each network and batch what no other beats in both latency and energy, fastest first."""
    rows = []
    for k in range(fit.shape[0]):
        for b in range(fit.shape[3]):
            places = np.argwhere(fit[k, :, :, b])
            costs = np.stack([arrays[name][k, places[:, 0], places[:, 1], b] for name in FRONT], axis=1)
            rows += [_point(where, (k, *places[n], b)) for n in sorted(front(costs), key=lambda n: costs[n, 0])]
    return rows
