"""Room that a network takes: all weights, and activations from when they are written to their last use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.workloads.features import Features, Sized
from symppa.workloads.kinds.kind import elements
from symppa.workloads.schedule import Schedule

Array = np.ndarray[Any, Any]
LEAST = 0.5  # byte of the narrowest number, of 4 bits


@dataclass(frozen=True)
class Timeline:
    """Room in use during each step, [steps, sizes]: elements that take the precision in use, and bytes that do not.

    `workspace` is the part of `elements` that operators take for what they make on the way.
    """

    elements: Array
    unscaled: Array
    workspace: Array
    resident: int  # elements of all weights

    @property
    def live(self) -> Array:
        """Elements of activations alive at the fullest moment, [sizes]."""
        return np.asarray(self.elements.max(axis=0, initial=0.0))

    @property
    def live_unscaled(self) -> Array:
        """Bytes of fixed format to count beside `live`, [sizes]: as many as no precision from LEAST on finds too few.

        They are those of the fullest step, or those of another one less what its activations fall short of it.
        """
        short = self.live - self.elements
        return np.asarray((self.unscaled - LEAST * short).max(axis=0, initial=0.0))

    @property
    def fullest(self) -> Array:
        """The step that is the fullest in the narrowest format, [sizes]."""
        return np.asarray((LEAST * self.elements + self.unscaled).argmax(axis=0))


def timeline(plan: Schedule, table: Features) -> Timeline:
    """The room of a schedule over its steps, at the sizes of a table."""
    at = Sized(plan.graph, table.sizes)
    shape = (len(plan.steps) + 1, len(table.sizes))
    scaled, unscaled = np.zeros(shape), np.zeros(shape)
    for life in plan.lives:
        tensor, room = plan.graph.tensors[life.name], elements(at.shape(life.name))
        changes, size = (scaled, room) if tensor.scaled else (unscaled, room * tensor.stored)
        changes[life.first] += size
        changes[life.last + 1] -= size
    workspace = _workspace(plan, table)
    live = np.cumsum(scaled, axis=0)[:-1] + workspace
    return Timeline(live, np.cumsum(unscaled, axis=0)[:-1], workspace, plan.graph.parameters)


def _workspace(plan: Schedule, table: Features) -> Array:
    """What the operators of each step take besides, [steps, sizes]: those of a subgraph follow one another."""
    place = {operator.name: n for n, operator in enumerate(plan.graph.operators)}
    found = np.zeros((len(plan.steps), len(table.sizes)))
    for number, step in enumerate(plan.steps):
        found[number] = table.workspace[[place[operator.name] for operator in step.operators]].max(axis=0)
    return found
