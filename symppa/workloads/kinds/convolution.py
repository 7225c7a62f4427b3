"""Convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from symppa.errors import WorkloadError
from symppa.workloads.ir import Attributes, Shape
from symppa.workloads.kinds.kind import Call, Kind, number, pair

WINDOW = {"stride": 1, "padding": 0, "dilation": 1}


def _paddings(padding: Any, directions: int) -> list[tuple[int, int]]:
    """Padding before and after along each direction."""
    told = pair(padding, directions)
    if len(told) == directions:
        return [(p, p) for p in told]
    if len(told) == 2 * directions:
        return list(zip(told[:directions], told[directions:], strict=True))
    raise WorkloadError(f"padding {list(told)} has neither {directions} nor {2 * directions} numbers")


def _slid(size: int, window: tuple[int, int, int, tuple[int, int], bool], what: str) -> int:
    """Positions of a window along one direction."""
    kernel, stride, dilation, (before, after), ceiling = window
    room = size + before + after - dilation * (kernel - 1) - 1
    if room < 0:
        raise WorkloadError(
            f"{what}: a window of {kernel} (dilation {dilation}) does not fit into {size} + {before + after}"
        )
    places = -(-room // stride) + 1 if ceiling else room // stride + 1
    if ceiling and (places - 1) * stride >= size + before:
        places -= 1  # a window that starts behind the input is left out
    return places


def slid(shape: Shape, attributes: Attributes, directions: int, what: str) -> tuple[int, ...]:
    """The positions of a window over the last directions of a shape."""
    kernel, stride, dilation = (pair(attributes[a], directions) for a in ("kernel", "stride", "dilation"))
    paddings, ceiling = _paddings(attributes["padding"], directions), bool(attributes.get("ceil", False))
    sizes = [number(s, what) for s in shape[-directions:]]
    windows = zip(kernel, stride, dilation, paddings, [ceiling] * directions, strict=True)
    return tuple(_slid(size, window, what) for size, window in zip(sizes, windows, strict=True))


def _image(shape: Shape, directions: int, what: str) -> None:
    if len(shape) != directions + 2:
        raise WorkloadError(f"{what} reads [batch, channels, {directions} sizes], not {list(shape)}")


def _convolution(directions: int) -> Kind:
    name = f"Conv{directions}d"

    def shapes(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
        _image(inputs[0], directions, name)
        _divided(inputs[0], attributes, name)
        return ((inputs[0][0], attributes["out"], *slid(inputs[0], attributes, directions, name)),)

    def weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
        channels = number(inputs[0][1], name) // attributes["groups"]
        found: dict[str, Shape] = {"weight": (attributes["out"], channels, *pair(attributes["kernel"], directions))}
        return found | ({"bias": (attributes["out"],)} if attributes["bias"] else {})

    return Kind(
        name, "CONV2D", "convolution.Convolution", shapes, _fed(directions), weights, ("out", "kernel"),
        {**WINDOW, "groups": 1, "bias": False}, meaning="convolution", special=_type,
    )  # fmt: skip


def _type(call: Call) -> str:
    """A convolution of a channel with itself, of a position with itself, or any other."""
    groups, kernel = call.attributes["groups"], call.attributes["kernel"]
    if groups > 1 and groups == call.inputs[0][1]:
        return "CONV2D_DEPTHWISE"
    return "CONV2D_POINTWISE" if set(pair(kernel, 1)) == {1} and groups == 1 else "CONV2D"


def _divided(shape: Shape, attributes: Attributes, name: str) -> None:
    channels, groups = number(shape[1], name), attributes["groups"]
    if channels % groups or attributes["out"] % groups:
        raise WorkloadError(f"{name}: {channels} channels in and {attributes['out']} out are not {groups} groups")


def _transposed(directions: int) -> Kind:
    name = f"ConvTranspose{directions}d"

    def shapes(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
        _image(inputs[0], directions, name)
        _divided(inputs[0], attributes, name)
        windows = (pair(attributes[a], directions) for a in ("kernel", "stride", "dilation", "output_padding"))
        told = zip(inputs[0][2:], *windows, _paddings(attributes["padding"], directions), strict=True)
        sizes = ((number(x, name) - 1) * s - sum(p) + d * (k - 1) + o + 1 for x, k, s, d, o, p in told)
        return ((inputs[0][0], attributes["out"], *sizes),)

    def weights(inputs: Sequence[Shape], attributes: Attributes) -> dict[str, Shape]:
        filters = attributes["out"] // attributes["groups"]
        found: dict[str, Shape] = {"weight": (inputs[0][1], filters, *pair(attributes["kernel"], directions))}
        return found | ({"bias": (attributes["out"],)} if attributes["bias"] else {})

    return Kind(
        name, "CONV2D", "convolution.TransposedConvolution", shapes, _fed(directions), weights, ("out", "kernel"),
        {**WINDOW, "groups": 1, "bias": False, "output_padding": 0}, meaning="transposed convolution",
    )  # fmt: skip


def _fed(directions: int) -> Any:
    def feed(call: Call) -> dict[str, Any]:
        (batch, channels, *pixels), (_, filters, *positions) = call.inputs[0], call.outputs[0]
        return {
            "batch": batch,
            "positions": prod(positions),
            "pixels": prod(pixels),
            "taps": prod(pair(call.attributes["kernel"], directions)),
            "channels": channels,
            "filters": filters,
            "groups": call.attributes["groups"],
            "bias": int(call.attributes["bias"]),
        }

    return feed


def _pooling(name: str, kind: str, directions: int, work: int) -> Kind:
    def shapes(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
        _image(inputs[0], directions, name)
        complete = {**attributes, "stride": attributes["stride"] or attributes["kernel"]}
        return ((*inputs[0][:2], *slid(inputs[0], complete, directions, name)),)

    def feed(call: Call) -> dict[str, Any]:
        return _pooled(call, prod(pair(call.attributes["kernel"], directions)), work)

    return Kind(
        name, kind, "elementwise.Pooling", shapes, feed, None, ("kernel",), {**WINDOW, "stride": None, "ceil": False},
        meaning="pooling",
    )  # fmt: skip


def _adaptive(name: str, kind: str, directions: int, work: int) -> Kind:
    def shapes(inputs: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
        _image(inputs[0], directions, name)
        return ((*inputs[0][:2], *pair(attributes["size"], directions)),)

    def feed(call: Call) -> dict[str, Any]:
        return _pooled(call, np.maximum(1.0, prod(call.inputs[0][2:]) / prod(call.outputs[0][2:])), work)

    return Kind(name, kind, "elementwise.Pooling", shapes, feed, None, ("size",), meaning="pooling to a size")


def _pooled(call: Call, taps: Any, work: int) -> dict[str, Any]:
    batch, channels, *pixels = call.inputs[0]
    return {
        "batch": batch,
        "positions": prod(call.outputs[0][2:]),
        "pixels": prod(pixels),
        "taps": taps,
        "channels": channels,
        "work": work,
    }


ROWS = (
    *(_convolution(n) for n in (1, 2, 3)),
    *(_transposed(n) for n in (1, 2, 3)),
    *(_pooling(f"MaxPool{n}d", "MAXPOOL", n, 0) for n in (1, 2, 3)),
    *(_pooling(f"AvgPool{n}d", "AVGPOOL", n, 1) for n in (1, 2, 3)),
    *(_adaptive(f"AdaptiveAvgPool{n}d", "ADAPTIVEAVGPOOL", n, 1) for n in (1, 2, 3)),
    *(_adaptive(f"AdaptiveMaxPool{n}d", "MAXPOOL", n, 0) for n in (1, 2, 3)),
)
