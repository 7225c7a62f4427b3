"""What one writes without symppa: the flattened formulas, lambdified, in a loop or on a mesh."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from benchmarks._analog_model import Array
from symppa import units
from symppa.engine.program import Program
from symppa.language import Model

PLAIN = [{"CeilDiv": lambda a, b: math.ceil(a / b), "Largest": max}, "math"]
ARRAYS = [{"CeilDiv": lambda a, b: np.ceil(a / b), "Largest": lambda *a: reduce(np.maximum, a)}, "numpy"]


def axes(program: Program, grid: Mapping[str, Array]) -> list[Array]:
    """The values along every axis, in base units."""
    return [units.worth(values, program.givens[name].unit) for name, values in grid.items()]


def functions(model: Model, program: Program) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """All outputs as a function of numbers and as one of arrays; what is not swept is written in."""
    swept = {axis.name: sp.Symbol(f"x{k}") for k, axis in enumerate(program.axes)}
    flat = [model.expression(name, flat=True) for name in program.outputs]
    symbols = {s for expression in flat for s in expression.free_symbols}
    meant = {s: swept[str(s)] if str(s) in swept else _number(program, s) for s in symbols}
    written = [expression.xreplace(meant) for expression in flat]
    by_point, by_array = (sp.lambdify(list(swept.values()), written, modules, cse=True) for modules in (PLAIN, ARRAYS))
    return by_point, by_array


def _number(program: Program, symbol: Any) -> Any:
    """The worth of a unit or of a given left at its default, whole numbers exact."""
    value = 1 if symbol.role == "constant" else program.givens[str(symbol)].default
    worth = float(units.worth(value, symbol.unit_text))
    return sp.Integer(int(worth)) if worth.is_integer() else sp.Float(worth, 17)


def loop(by_point: Callable[..., Any], points: Sequence[Sequence[float]], limit: float) -> tuple[int, list[Any]]:
    """The place of the densest point within the power limit, and every point's outputs."""
    best, place, rows = -math.inf, -1, []
    for number, point in enumerate(points):
        row = by_point(*point)
        rows.append(row)
        *_, power, _, density = row
        if power <= limit and density > best:
            best, place = density, number
    return place, rows


def mesh(
    by_array: Callable[..., Any], values: Sequence[Array], limit: float, *, sparse: bool = False
) -> tuple[int, list[Array]]:
    """The number of the densest point within the power limit, and every output on the grid."""
    arrays = by_array(*np.meshgrid(*values, indexing="ij", sparse=sparse))
    *_, power, _, density = arrays
    return int(np.argmax(np.where(power <= limit, density, -np.inf))), arrays
