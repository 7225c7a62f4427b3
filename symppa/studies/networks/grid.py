"""Networks x devices x number formats x sizes: the outputs of all of them, one program for each class of devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symppa.engine.points import over_points
from symppa.engine.program import Program
from symppa.engine.walk import run
from symppa.studies.calibrated import slots_of
from symppa.studies.networks.chips import AXIS, BATCH, FORMATS, NET, SUBGRAPHS, Chip, program_of, side_by_side
from symppa.studies.result import Array
from symppa.workloads.batched import SINGLE, running
from symppa.workloads.table import Table

RATE, LIMIT = "chip.matrix_rate", "chip.power_limit"
PROXIES = (RATE, LIMIT)  # of the device alone: what one may rank by where no price is known
OUTPUTS = (
    "latency", "throughput", "energy", "power", "utilisation", "memory_utilisation", "peak_memory", "memory_fill",
    *PROXIES,
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Networks at their sizes, [subgraphs, networks and sizes]: equal subgraphs stand once, with how often they run."""

    values: Mapping[str, Array]
    networks: int
    sizes: int


def columns(single: Sequence[Mapping[str, Array]]) -> Columns:
    """The subgraphs of several networks side by side; rows that a network does not need run no time."""
    rows, sizes = max(len(one["count"]) for one in single), len(single[0]["batch"])
    values = {}
    for name in single[0]:
        stacked = np.zeros((rows, len(single), sizes)) if name not in SINGLE else np.zeros((len(single), sizes))
        for k, one in enumerate(single):
            array = one[name]
            if name in SINGLE:
                stacked[k] = array
            else:
                stacked[: len(array), k] = array if array.ndim == 2 else array[:, None]
        whole = name if name == BATCH else f"{NET}{name}"
        values[whole] = stacked.reshape(-1, len(single) * sizes) if name not in SINGLE else stacked.ravel()
    return Columns(values, len(single), sizes)


def once(made: Table) -> tuple[dict[str, Array], tuple[int, ...]]:
    """The features of subgraphs that differ, and how many are equal to each; and which of those that run they are."""
    features = made.values()
    run_here = np.array(running(made), bool)
    vectors = {name: array[run_here] for name, array in features.items() if name not in SINGLE}
    kinds = [subgraph.kinds for subgraph in made.subgraphs if not subgraph.free]
    number = {kind: n for n, kind in enumerate(dict.fromkeys(kinds))}
    alike = np.array([number[kind] for kind in kinds], float).reshape(-1, 1)
    rows = np.concatenate([*vectors.values(), alike], axis=1)
    _, first, count = np.unique(rows, axis=0, return_index=True, return_counts=True)
    kept = {name: array[first] for name, array in vectors.items()}
    found = kept | {"count": count.astype(float)} | {name: features[name] for name in SINGLE}
    return found, tuple(int(n) for n in first)


def outputs(nets: Columns, chips: Sequence[Chip], precisions: Sequence[Sequence[str]]) -> dict[str, Array]:
    """Every output, [network, device, format, size]; not a number where a device lacks the format.

    `precisions` are the formats of each device.
    """
    shape = (nets.networks, len(chips), len(precisions[0]), nets.sizes)
    found = {name: np.full(shape, np.nan) for name in OUTPUTS}
    for members in _groups(chips):
        group = [chips[k] for k in members]
        asked = list(dict.fromkeys(p for k in members for p in precisions[k] if p in group[0].labels[FORMATS]))
        if asked:
            made = _of_group(nets, group, asked)
            for name, array in made.items():
                _put(found[name], array, members, [[_place(asked, p) for p in precisions[k]] for k in members])
    lacks = ~(found[RATE] > 0) | ~np.isfinite(found["latency"])  # no rate, or messages and no link
    for array in found.values():
        array[lacks] = np.nan
    return found


def calibrated(
    found: Mapping[str, Array],
    nets: Columns,
    chip: Chip,
    precision: str,
    place: tuple[int, int],
    vectors: Mapping[str, Array],
) -> None:
    """Puts in what a device gives in a format with calibrated numbers, [subgraphs, networks and sizes] by given."""
    parts = tuple(sorted({**dict(chip.parts), **slots_of(vectors)}.items()))
    told = replace(nets, values={**nets.values, **vectors})
    made = _of_group(told, [replace(chip, parts=parts)], [precision])
    lacks = np.isnan(found["latency"][:, place[0], place[1]])
    for name, array in made.items():
        found[name][:, place[0], place[1]] = np.where(lacks, np.nan, array[:, 0, 0])


def _place(asked: Sequence[str], precision: str) -> int:
    return asked.index(precision) if precision in asked else -1


def _put(into: Array, array: Array, members: Sequence[int], places: Sequence[Sequence[int]]) -> None:
    """The columns of a group's devices and formats, where they belong."""
    for d, (device, wanted) in enumerate(zip(members, places, strict=True)):
        for p, place in enumerate(wanted):
            if place >= 0:
                into[:, device, p] = array[:, d, place]


def _groups(chips: Sequence[Chip]) -> list[list[int]]:
    found: dict[Any, list[int]] = {}
    for k, one in enumerate(chips):
        found.setdefault(one.group, []).append(k)
    return list(found.values())


def _of_group(nets: Columns, chips: Sequence[Chip], precisions: Sequence[str]) -> dict[str, Array]:
    """The outputs of devices of one class, [network, device, format, size]."""
    first = chips[0]
    beside = side_by_side(chips)
    moved = {name: array for name, array in beside.items() if not _alike(array)}
    fixed = {name: _plain(array[..., 0]) for name, array in beside.items() if name not in moved}
    program = _program(first, tuple(moved), tuple(name for name in nets.values))
    sets: dict[str, Any] = {
        axis.name: list(first.labels[axis.name]) for axis in program.axes if axis.name in first.labels
    }
    sets |= {SUBGRAPHS: len(nets.values[f"{NET}macs"]), "chip.profiles": 2}
    places = np.array([first.labels[FORMATS].index(p) for p in precisions], float)
    values = {**fixed, **moved, **nets.values, **sets, AXIS[0]: places}
    made = run(program, {name: value for name, value in values.items() if name in program.known})
    whole = (nets.networks * nets.sizes, len(chips), len(precisions))
    order = (nets.networks, nets.sizes, len(chips), len(precisions))
    return {n: np.broadcast_to(a, whole).reshape(order).transpose(0, 2, 3, 1) for n, a in made.items()}


def _plain(array: Array) -> Any:
    """An array, or the number where it is one."""
    return array if array.ndim else array.item()


def _alike(array: Array) -> bool:
    return bool((array == array[..., :1]).all())


def _program(first: Chip, moved: tuple[str, ...], nets: tuple[str, ...]) -> Program:
    """The program with two axes more: the networks at their sizes, and the devices."""
    made = program_of(first.system, first.parts, OUTPUTS)
    made = over_points(made, [name for name in moved if name in made.givens], "device")
    return over_points(made, [name for name in nets if name in made.givens], "network")
