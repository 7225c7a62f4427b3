"""What is worked on a result before it is written: the epilogue of an operator, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.kpu.interface.program import Array
from symppa.kpu.numbers import affine, kernel

Spread = Callable[[Array], Array]  # an operand as the results of an operator lie in its tiles
At = Any  # where a tile lies among them


@dataclass(frozen=True)
class Stage:
    """One operator on a running value, with what it reads beside it."""

    op_type: str
    operands: Sequence[Array]
    attributes: Mapping[str, Any]

    def applied(self, running: Array, at: At) -> Array:
        """The value behind it, for a tile."""
        return kernel(self.op_type)([running, *(one[at] for one in self.operands)], self.attributes)[0]


@dataclass(frozen=True)
class Tail:
    """Stages in their order."""

    stages: tuple[Stage, ...] = ()

    def applied(self, running: Array, at: At) -> Array:
        """The value behind all of them."""
        for stage in self.stages:
            running = stage.applied(running, at)
        return running


def stages(op_type: str, operands: Sequence[Array], attributes: Mapping[str, Any], spread: Spread,
           rank: int) -> tuple[Stage, ...]:  # fmt: skip
    """An operator of one running value as stages; a norm over batches multiplies and adds per channel."""
    if op_type != "BatchNormalization":
        return (Stage(op_type, [spread(one) for one in operands], attributes),)
    shape = (-1, *[1] * (rank - 2))
    factor, shift = (one.astype(np.float32).reshape(shape) for one in affine(operands, attributes))
    return (Stage("Mul", [spread(factor)], {}), Stage("Add", [spread(shift)], {}))
