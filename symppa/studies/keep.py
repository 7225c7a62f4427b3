"""What a sweep has kept: from a reducer to the outputs of a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symppa.descriptions.bind import Value
from symppa.engine.grid import Grid
from symppa.engine.program import Program
from symppa.engine.reducers import ArgBest, Histogram, Judged, Kept, Quantiles, Range, Reducer, Store
from symppa.studies.axes import coordinates, listed
from symppa.studies.evaluate import output_of, outputs_of
from symppa.studies.result import Array, Coordinate, Output

NUMBER = "number of the design, in the order of the axes"
Found = tuple[dict[str, Output], dict[str, Coordinate], dict[str, int], dict[str, Any]]
Told = Mapping[str, Value]


def kept(program: Program, told: Told, grid: Grid, reducer: Reducer, stopped: bool) -> Found:
    """Outputs, coordinates, counts and facts of what a reducer kept."""
    if isinstance(reducer, Store):
        return _stored(program, told, grid, reducer, stopped)
    counts = reducer.counts() if isinstance(reducer, Judged) else {}
    if isinstance(reducer, Kept):
        flat, rows = reducer.result()
        return *_rows(program, told, grid, flat, rows), counts, {}
    makers: dict[type[Reducer], Callable[[Any, Program, Told], tuple[dict[str, Output], dict[str, Coordinate]]]] = {
        ArgBest: _champions,
        Histogram: _bins,
        Quantiles: _quantiles,
        Range: _ends,
    }
    outputs, along = makers[type(reducer)](reducer, program, told) if type(reducer) in makers else ({}, {})
    if isinstance(reducer, Histogram):
        bins = reducer.result()
        counts |= {"below": bins.below, "above": bins.above}
    return outputs, along, counts, {}


def _stored(program: Program, told: Told, grid: Grid, reducer: Store, stopped: bool) -> Found:
    arrays = reducer.result()
    if stopped:
        flat = reducer.reached()
        where = np.unravel_index(flat, grid.shape)
        rows = {n: a[where] for n, a in arrays.items()}
        return *_rows(program, told, grid, flat, rows), _seen(rows, len(flat)), {}
    outputs = outputs_of(program, arrays, told)
    return outputs, coordinates(grid), _seen(arrays, grid.size, len(grid.shape)), {}


def _rows(
    program: Program, told: Told, grid: Grid, flat: Array, rows: Mapping[str, Array]
) -> tuple[dict[str, Output], dict[str, Coordinate]]:
    """A table of designs: what was swept, then the outputs."""
    outputs = {n: Output(c.values, ("design",), c.unit, c.meaning) for n, c in coordinates(grid, flat).items()}
    outputs |= {n: _over(program, n, values, told, "design") for n, values in rows.items()}
    return outputs, {"design": Coordinate(flat, "1", NUMBER)}


def _seen(arrays: Mapping[str, Array], designs: int, swept_axes: int = 1) -> dict[str, int]:
    """Designs stored, and those with an output that is not finite."""
    bad: Any = False
    for array in arrays.values():
        undefined = ~np.isfinite(array)
        if undefined.any():
            bad = bad | undefined.any(axis=tuple(range(swept_axes, array.ndim)))
    return {"designs": designs, "invalid": int(np.count_nonzero(bad))}


def _over(program: Program, name: str, values: Array, told: Told, *dims: str) -> Output:
    """An output over other dimensions than the axes, and its sets."""
    made = output_of(program, name, values, told)
    sets = tuple(program.axes[k].name for k in program.sets(program.output(name).step))
    return replace(made, dims=(*dims, *sets))


def _champions(reducer: ArgBest, program: Program, told: Told) -> tuple[dict[str, Output], dict[str, Coordinate]]:
    """The best design of each group: the other axes there, the outputs, and its number; nothing where there is none."""
    grid, (flat, columns) = reducer.grid, reducer.result()
    own = {*reducer.axes, *(name for name, (axis, _) in listed(grid).items() if axis in reducer.axes)}
    outputs = {}
    for name, c in coordinates(grid, np.maximum(flat, 0).ravel()).items():
        if name not in own:
            there = c.values.reshape(flat.shape)
            none: Any = "" if there.dtype.kind in "US" else np.nan
            outputs[name] = Output(np.where(flat < 0, none, there), reducer.axes, c.unit, c.meaning)
    outputs |= {name: _over(program, name, column, told, *reducer.axes) for name, column in columns.items()}
    judged = outputs[reducer.output]
    meaning = f"{NUMBER}; -1 where none is valid and feasible"
    outputs["design"] = replace(judged, values=flat, dims=reducer.axes, unit="1", meaning=meaning)
    return outputs, {name: c for name, c in coordinates(grid).items() if name in reducer.axes}


def _bins(reducer: Histogram, program: Program, told: Told) -> tuple[dict[str, Output], dict[str, Coordinate]]:
    """Edges of the bins, and how many designs lie in each."""
    edges, found, _, _ = reducer.result()
    one = output_of(program, reducer.output, edges, told)
    outputs = {
        "low": replace(one, values=edges[:-1], dims=("bin",), meaning=f"lower end of a bin of {reducer.output}"),
        "high": replace(one, values=edges[1:], dims=("bin",), meaning="upper end, which only the last bin holds"),
        "count": replace(one, values=found, dims=("bin",), unit="1", meaning="designs in a bin"),
    }
    return outputs, {"bin": Coordinate(np.arange(len(found)), "1", "number of the bin, from 0")}


def _quantiles(reducer: Quantiles, program: Program, told: Told) -> tuple[dict[str, Output], dict[str, Coordinate]]:
    """Quantiles over `probability`, mean and deviation beside them."""
    outputs: dict[str, Output] = {}
    for name, (quantiles, mean, std) in reducer.result().items():
        one = output_of(program, name, quantiles, told)
        outputs[name] = replace(one, dims=("probability",), meaning=f"quantiles of: {one.meaning}")
        outputs |= _numbers(one, name, {"mean": mean, "std": std})
    meaning = "probability that a design lies at or below"
    return outputs, {"probability": Coordinate(reducer.probabilities, "1", meaning)}


def _ends(reducer: Range, program: Program, told: Told) -> tuple[dict[str, Output], dict[str, Coordinate]]:
    """Least, mean and most of each output."""
    outputs: dict[str, Output] = {}
    for name, facts in reducer.result().items():
        one = output_of(program, name, np.empty(0), told)
        outputs |= _numbers(one, name, {text: facts[text] for text in ("min", "mean", "max")})
    return outputs, {}


WORDS = {"min": "least", "mean": "mean", "max": "most", "std": "standard deviation"}


def _numbers(one: Output, name: str, numbers: Mapping[str, float]) -> dict[str, Output]:
    """Single numbers that tell of an output."""
    return {
        f"{name}.{text}": replace(one, values=np.array(number), dims=(), meaning=f"{WORDS[text]} of: {one.meaning}")
        for text, number in numbers.items()
    }
