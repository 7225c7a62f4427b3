"""The spread of outputs over draws: quantiles, mean and standard deviation at every value of the other axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.engine.grid import Grid
from symppa.engine.program import Program
from symppa.engine.reducers import Count, Limit, Reducer, Store
from symppa.engine.walk import Progress, reduce
from symppa.studies.axes import coordinates
from symppa.studies.evaluate import output_of
from symppa.studies.keep import Found
from symppa.studies.kinds import Shares
from symppa.studies.result import Array, Coordinate, Output

QUANTILES = "quantiles"
DRAW = "draw"
AT_ONCE = 1 << 25  # values that are stored before they are reduced
Box = tuple[tuple[int, int], ...]  # first and last place along each swept axis
Walk = Callable[[Grid, Sequence[Reducer], Progress | None], None]


@dataclass
class Spread:
    """What draws say of each output, in its declared unit; their axis is gone."""

    quantiles: dict[str, Array] = field(default_factory=dict)
    means: dict[str, Array] = field(default_factory=dict)
    deviations: dict[str, Array] = field(default_factory=dict)
    within: Array = field(default_factory=lambda: np.zeros(()))
    feasible: int = 0
    invalid: int = 0


def spread(
    grid: Grid,
    told: Mapping[str, Value],
    limits: Sequence[Limit] = (),
    keep: str = QUANTILES,
    progress: Progress | None = None,
    walk: Walk = reduce,
) -> Found:
    """Quantiles, mean and deviation of outputs over the draws, at every value of the other axes.

    Only draws count that are valid, and within the limits.
    """
    names, probabilities = asked(keep, grid.program)
    Count(list(dict.fromkeys(limit.output for limit in limits)), limits).start(grid)  # refuses limits on vectors
    place = next(k for k, a in enumerate(grid.program.axes) if a.name == DRAW)
    found, boxes = Spread(), list(_boxes(grid, place))
    for done, box in enumerate(boxes, 1):
        part = grid if len(boxes) == 1 else Grid(grid.program, grid.border.values, window=box)
        store = Store(list(grid.program.outputs))
        walk(part, [store], progress if len(boxes) == 1 else None)
        _join(found, _reduced(grid.program, store.result(), limits, (names, probabilities), place), box, grid, place)
        if progress is not None and len(boxes) > 1:
            progress(done, len(boxes))
    counts = {"designs": grid.size, **({"feasible": found.feasible} if limits else {}), "invalid": found.invalid}
    along = {name: c for name, c in coordinates(grid).items() if name != DRAW}
    along["probability"] = Coordinate(np.array(probabilities), "1", "probability that a draw lies at or below")
    return _outputs(found, grid.program, told, bool(limits)), along, counts, {}


def asked(keep: str, program: Program) -> tuple[list[str], Sequence[float]]:
    """Outputs and probabilities of a keep; plain `quantiles` are of whatever is asked for."""
    shares = Shares.of(keep)
    return [program.output(n).name for n in shares.judged] or list(program.outputs), shares.probabilities


def _boxes(grid: Grid, place: int) -> Iterator[Box]:
    """Boxes that are stored one after the other, each with all of its draws."""
    shape, outputs = grid.shape, len(grid.program.outputs)
    open_: list[Box] = [tuple((0, n) for n in shape)]
    while open_:
        box = open_.pop()
        lengths = [1 if k == place else b - a for k, (a, b) in enumerate(box)]
        longest = max(range(len(box)), key=lengths.__getitem__)
        if prod(lengths) * shape[place] * outputs <= AT_ONCE or lengths[longest] == 1:
            yield box
            continue
        a, b = box[longest]
        for ends in (((a + b) // 2, b), (a, (a + b) // 2)):
            open_.append((*box[:longest], ends, *box[longest + 1 :]))


Part = tuple[dict[str, Array], dict[str, Array], dict[str, Array], Array, int]


def _reduced(
    program: Program,
    arrays: Mapping[str, Array],
    limits: Sequence[Limit],
    wanted: tuple[Sequence[str], Sequence[float]],
    place: int,
) -> Part:
    """Quantiles, means, deviations, feasible draws and invalid designs of one box; draws lie last."""
    lying = {name: np.moveaxis(array, place, -1) for name, array in arrays.items()}
    swept = program.swept - 1
    valid: Any = True
    for array in lying.values():
        finite = np.isfinite(array)
        sets = tuple(range(swept, array.ndim - 1))
        valid = valid & (finite.all(axis=sets) if sets else finite)
    good = valid
    for limit in limits:
        good = good & limit.holds(lying[limit.output] * units.measure(program.output(limit.output).unit).worth)
    quantiles, means, deviations = {}, {}, {}
    names, probabilities = wanted
    for name in names:
        array = lying[name]
        here = good.reshape(*good.shape[:-1], *[1] * (array.ndim - good.ndim), good.shape[-1])
        # What is undefined goes last.
        ranked = np.sort(np.where(here, array, np.nan), axis=-1)
        count = np.broadcast_to(here, array.shape).sum(-1)
        quantiles[name] = _quantiles(ranked, count, probabilities)
        means[name], deviations[name] = _moments(ranked, count)
    return quantiles, means, deviations, good.sum(-1), int(np.count_nonzero(~valid))


def _quantiles(ranked: Array, count: Array, probabilities: Sequence[float]) -> Array:
    """Linear between the order statistics, as numpy has it; undefined where no draw counts."""
    last = np.maximum(count - 1, 0)
    found = np.empty((*count.shape, len(probabilities)))
    for k, probability in enumerate(probabilities):
        at = probability * last
        below = np.floor(at).astype(np.intp)
        above, share = np.minimum(below + 1, last), at - below
        low, high = (np.take_along_axis(ranked, place[..., None], -1)[..., 0] for place in (below, above))
        found[..., k] = np.where(share < 0.5, low + (high - low) * share, high - (high - low) * (1 - share))
    return found


def _moments(ranked: Array, count: Array) -> tuple[Array, Array]:
    """Mean and standard deviation; what does not vary has none, to the last digit."""
    away = np.nan_to_num(ranked - ranked[..., :1], nan=0.0)
    with np.errstate(invalid="ignore"):
        mean = away.sum(-1) / count
        spread = np.where(np.arange(ranked.shape[-1]) < count[..., None], away - mean[..., None], 0.0)
        return ranked[..., 0] + mean, np.sqrt((spread * spread).sum(-1) / count)


def _join(found: Spread, part: Part, box: Box, grid: Grid, place: int) -> None:
    """Put a box where it belongs."""
    rest = [k for k in range(len(grid.shape)) if k != place]
    index = tuple(slice(*box[k]) for k in rest)
    outer = tuple(grid.shape[k] for k in rest)
    *parts, feasible, invalid = part
    for whole, arrays in zip((found.quantiles, found.means, found.deviations), parts, strict=True):
        for name, array in arrays.items():
            whole.setdefault(name, np.empty((*outer, *array.shape[len(rest) :])))[index] = array
    if found.within.shape != outer:
        found.within = np.zeros(outer)
    found.within[index] = feasible / grid.shape[place]
    found.feasible += int(feasible.sum())
    found.invalid += invalid


def _outputs(found: Spread, program: Program, told: Mapping[str, Value], limited: bool) -> dict[str, Output]:
    """Quantiles over `probability`, mean and deviation beside them, and the share of draws within the limits."""
    made: dict[str, Output] = {}
    for name, values in found.quantiles.items():
        one = output_of(program, name, values, told)
        over = tuple(d for d in one.dims if d != DRAW)
        made[name] = replace(one, dims=(*over, "probability"), meaning=f"quantiles of: {one.meaning}")
        for text, array, what in (
            ("mean", found.means[name], "mean"),
            ("std", found.deviations[name], "standard deviation"),
        ):
            made[f"{name}.{text}"] = replace(one, values=array, dims=over, meaning=f"{what} of: {one.meaning}")
    axes = tuple(a.name for a in program.axes[: program.swept] if a.name != DRAW)
    if limited:
        sources = tuple(dict.fromkeys(s for o in made.values() for s in o.sources))
        made["within"] = Output(found.within, axes, "1", "share of the draws within the limits", sources)
    return made
