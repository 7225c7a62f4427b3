"""One thing to time: an operation, its sizes, its number format, and for a network the network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symppa.calibration.measurement import Measurement
from symppa.calibration.operations import dtype, operation
from symppa.errors import MeasurementError

# The order of sizes in a shape written as 12x197x197, where it is not the order of the operation's own.
ORDERS = {"gemm": ("m", "k", "n"), "linear": ("m", "k", "n"), "bmm": ("batch", "m", "k", "n")}
NAME = re.compile(r"\w[\w-]*")
FOLDED = ("softmax", "layernorm", "rmsnorm")  # all sizes but the last are rows


@dataclass(frozen=True)
class Case:
    """What is timed, by which runner."""

    op: str
    shape: Mapping[str, float]
    dtype: str
    runner: str
    network: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from other cases; a row of the same key answers it."""
        return (self.op, tuple(sorted(self.shape.items())), self.dtype, self.runner, self.network)

    def __str__(self) -> str:
        optional = operation(self.op).optional
        told = " ".join(f"{name}={value:g}" for name, value in self.shape.items() if optional.get(name) != value)
        return " ".join(part for part in (self.op, self.network, told, self.dtype, self.runner) if part)


def case(op: str, shape: Mapping[str, float], number_format: str, runner: str, network: str = "") -> Case:
    """A case that is checked."""
    if (op == "network") != bool(network):
        raise MeasurementError("a network is timed as op network with its name, and nothing else has one")
    return Case(op, operation(op).complete(shape), dtype(number_format), runner, network)


def device_name(text: str) -> str:
    """The name of a device, which is that of a folder too; one that leads elsewhere is refused."""
    if not NAME.fullmatch(text):
        raise MeasurementError(f"{text!r} is no name of a device: write letters, digits, _ and -, as in my_box")
    return text


def key_of(row: Measurement) -> tuple[Any, ...]:
    """The key of the case that a row answers."""
    return (row.op, tuple(sorted(row.shape.items())), row.dtype, row.campaign.stack, row.network)


def shape_of(op: str, text: str) -> dict[str, float]:
    """Sizes as people write them: 197x768x768, or m=197 k=768 n=768 with commas or blanks between.

    >>> shape_of("softmax", "12x197x197")
    {'rows': 2364.0, 'width': 197.0}
    """
    from symppa.calibration.measurement import sizes

    if "=" in text:
        return sizes(text.replace(",", " "))
    try:
        told = [float(part) for part in text.lower().split("x")]
    except ValueError:
        raise MeasurementError(f"{text!r} is no shape: write 128x256x64 or m=128,n=64,k=256") from None
    dims = ORDERS.get(op, operation(op).dims)
    if op in FOLDED or dims == ("elements",):
        told = _folded(told, len(dims))
    if len(told) != len(dims):
        raise MeasurementError(f"{text!r} has {len(told)} sizes, {op} is {'x'.join(dims)}")
    return dict(zip(dims, told, strict=True))


def _folded(told: list[float], dims: int) -> list[float]:
    """All sizes but the last multiplied; all of them where one is due."""
    cut = len(told) - dims + 1
    if cut < 1:
        return told
    rows = 1.0
    for size in told[:cut]:
        rows *= size
    return [rows, *told[cut:]]
