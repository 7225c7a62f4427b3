"""Whether compiling pays: the time numpy would take, against the time the compiler takes.

Measured on one core of an AMD EPYC: numpy 0.35 ns a value, native a sixth of that; gcc 0.15 s and 1.2 ms a step.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from symppa.engine.caches import second_level
from symppa.engine.grid import Grid
from symppa.engine.native.compiler import kept
from symppa.engine.native.reading import NativeReading, purpose_of
from symppa.engine.native.source import Source
from symppa.engine.reducers import Reducer
from symppa.errors import NoCompilerError

logger = logging.getLogger("symppa")
NATIVE_BLOCK = second_level() // 64  # designs of a block: the tables it reads stay in the second-level cache
NUMPY_VALUE = 0.35e-9  # seconds a value
LOADING = 5e-3  # seconds that numpy takes where loading a kept library begins to pay
COMPILER = (0.15, 1.2e-3)  # seconds to start, and a step


def numpy_seconds(grid: Grid) -> float:
    """About how long numpy takes."""
    return NUMPY_VALUE * sum(grid.extents[n] for n in grid.large)


def may_pay(grid: Grid) -> bool:
    """Whether native code could be faster, were it compiled already."""
    return bool(grid.walked) and numpy_seconds(grid) > LOADING


def compiled(grid: Grid, reducers: Sequence[Reducer], *, at_any_cost: bool) -> NativeReading | None:
    """The native reading, or None where numpy is faster or nothing can be compiled; the latter is said."""
    try:
        source = Source(grid, purpose_of(grid, reducers))
        start, step = COMPILER
        if at_any_cost or numpy_seconds(grid) > start + step * len(grid.large) or kept(source.text):
            return NativeReading(source)
    except NoCompilerError as error:
        logger.warning("%s: numpy computes instead, with the same numbers", error)
    return None
