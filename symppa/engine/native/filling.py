"""Storing in C: outputs are written into whole arrays, in declared units, while they are computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symppa.engine.border import Array
from symppa.engine.grid import Grid
from symppa.engine.reducers import Sink


class Filling:
    """Which outputs are written as they are computed; the others are small, and there beforehand."""

    def __init__(self, grid: Grid, sinks: Mapping[str, Sink]) -> None:
        self.sinks = {name: sink for name, sink in sinks.items() if sink.array.size}
        self.step_of = {name: grid.program.output(name).step for name in self.sinks}
        self.walked = [name for name, step in self.step_of.items() if step not in grid.small]
        self.steps = list(dict.fromkeys(self.step_of[name] for name in self.walked))
        self.bounds = [self.sinks[name].worth for name in self.walked]

    @property
    def arrays(self) -> list[Array]:
        """What the walk fills."""
        return [self.sinks[name].array for name in self.walked]

    def places(self, step: int) -> list[int]:
        """Which arrays a step fills."""
        return [k for k, name in enumerate(self.walked) if self.step_of[name] == step]

    def before(self, known: Mapping[int, Array]) -> None:
        """Write what is known before the walk."""
        for name, step in self.step_of.items():
            if name not in self.walked:
                np.divide(known[step], self.sinks[name].worth, out=self.sinks[name].array)
