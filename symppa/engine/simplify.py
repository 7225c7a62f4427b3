"""Exact simplifications of one step: constants folded, neutral and absorbing arguments dropped."""

from __future__ import annotations

import numpy as np

from symppa.engine.numpy_rules import RULES
from symppa.language.operations import BY_NAME

Constants = list[float | None]


def simplified(operation: str, arguments: tuple[int, ...], constants: Constants) -> int | float | None:
    """An int (an existing value), a float (a constant), or None where the step stays."""
    neutral = _neutral(operation, arguments, constants)
    if neutral is not None:
        return neutral
    foldable = operation in BY_NAME and operation not in (
        "lookup",
        "lambert_w",
        "total",
        "largest_over",
        "smallest_over",
    )
    if foldable and constants and None not in constants:
        with np.errstate(all="ignore"):
            return float(RULES[operation](None, *constants))
    return None


def _neutral(operation: str, arguments: tuple[int, ...], constants: Constants) -> int | float | None:
    match operation:
        case "add" if 0.0 in constants:
            return arguments[1 - constants.index(0.0)]
        case "subtract" if constants[1] == 0.0:
            return arguments[0]
        case "multiply" if 1.0 in constants:
            return arguments[1 - constants.index(1.0)]
        case "multiply" if 0.0 in constants:
            return 0.0
        case "divide" if constants[1] == 1.0:
            return arguments[0]
        case "divide" if constants[0] == 0.0 and constants[1] is None:
            return 0.0
        case "where" if constants[0] is not None and constants[0] == constants[0]:
            return arguments[1] if constants[0] != 0.0 else arguments[2]
        case "maximum" | "minimum" if arguments[0] == arguments[1]:
            return arguments[0]
    return None
