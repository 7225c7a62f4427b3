"""The command that closes a gap: which sizes of an operation to time, so that a fit covers those a network asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from symppa.calibration.fitting.interval import LEVEL
from symppa.calibration.measuring.cases import FOLDED, ORDERS
from symppa.calibration.measuring.runners import runner, runs
from symppa.calibration.operations import OPERATIONS, operation
from symppa.errors import MeasurementError

Shape = Mapping[str, float]
MOST = 12  # sizes of one command, neighbours included
# So few sizes promise an interval at its level: the largest of n errors holds the next one n times in n + 1.
LEAST = round(LEVEL / (1 - LEVEL))
FACTORS = (0.5, 2.0, 0.25, 4.0, 0.75, 1.5, 0.125, 8.0)
# Sizes that may be varied for a neighbour, those of one entry together; where nothing stands, every size alone.
VARIED: Mapping[str, Sequence[tuple[str, ...]]] = MappingProxyType({
    "conv2d": (("height", "width"), ("filters",), ("channels",)),
    "maxpool2d": (("height", "width"), ("channels",)),
    "attention_prefill": (("queries", "context"), ("heads", "kv_heads")),
    "attention_decode": (("context",), ("batch",), ("heads", "kv_heads")),
})  # fmt: skip
RUNNERS = MappingProxyType(
    {"Cpu": "torch-cpu", "Gpu": "torch-cuda"}
)  # by what a device is; the rest is timed elsewhere


def written(op: str, shape: Shape) -> str:
    """A shape as `symppa benchmark --shape` reads it: sizes in order where that is all, else by name.

    >>> written("softmax", {"rows": 2364.0, "width": 197.0}), written("gemm", {"m": 1, "n": 2, "k": 3, "bias": 1})
    ('2364x197', 'm=1,n=2,k=3,bias=1')
    """
    known = operation(op)
    odd = [name for name, usual in known.optional.items() if shape.get(name, usual) != usual]
    dims = ORDERS.get(op, known.dims)
    if not odd and (len(dims) > 1 or op in FOLDED):
        return "x".join(f"{shape[name]:.17g}" for name in dims)
    return ",".join(f"{name}={shape[name]:.17g}" for name in (*known.dims, *odd))


def sizes(op: str, shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """Sizes to time: the ends of each direction, then the first of those asked for, then neighbours if they are few."""
    known = operation(op)
    asked = _distinct([known.complete(shape) for shape in shapes])
    ends = [asked[n] for name in known.known for n in _ends([shape[name] for shape in asked])]
    found = _distinct([*asked[:1], *(ends if len(asked) > MOST else ()), *asked])[:MOST]
    for shape in _neighbours(op, asked):
        if len(found) >= LEAST:
            break
        if shape not in found:
            found.append(shape)
    return tuple(found)


def _ends(values: Sequence[float]) -> tuple[int, int]:
    """Where the smallest and the largest are."""
    return values.index(min(values)), values.index(max(values))


def _distinct(shapes: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    return list({tuple(sorted(shape.items())): shape for shape in shapes}.values())


def _neighbours(op: str, shapes: Sequence[dict[str, float]]) -> Iterator[dict[str, float]]:
    """Sizes beside those asked for, which lie between them."""
    known = operation(op)
    together = VARIED.get(op) or tuple((name,) for name in known.dims)
    for factor in FACTORS:
        for shape in shapes:
            for names in together:
                near = shape | {name: float(max(1, round(shape[name] * factor))) for name in names}
                if _possible(op, near) and near != shape:
                    yield known.complete(near)


def _possible(op: str, shape: Shape) -> bool:
    """Whether sizes go together: groups divide channels, heads are shared evenly, a window fits."""
    if shape.get("groups", 1) > 1 and (shape["channels"] % shape["groups"] or shape["filters"] % shape["groups"]):
        return False
    if shape.get("kv_heads", 1) > 1 and shape["heads"] % shape["kv_heads"]:
        return False
    if "kernel" in shape:
        return min(shape["height"], shape["width"]) + 2 * shape["padding"] >= shape["kernel"]
    return op not in ("subgraph", "network", "mlp")


def command(op: str, shapes: Sequence[Shape], dtype: str, device: str, system: str, mode: str = "") -> str:
    """What times an operation at the sizes that a fit needs, in a power mode if told; empty where no runner can."""
    name = RUNNERS.get(system, "")
    if not name or op not in OPERATIONS or not runs(runner(name), op):
        return ""
    try:
        told = " ".join(f"--shape {written(op, shape)}" for shape in sizes(op, shapes))
    except MeasurementError:
        return ""
    power = f" --power-profile {mode}" if mode else ""
    return f"symppa benchmark {op} {told} --dtype {dtype} --runner {name} --device {device}{power}"
