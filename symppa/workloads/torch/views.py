"""ATen operators that move nothing, and those that only copy."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from symppa.workloads.torch.calls import Call, Reading
from symppa.workloads.translation import Weight, piece, seen

Rule = Callable[[Reading, Call], Any]
REAL = frozenset({"float64", "float32", "float16", "bfloat16", "float8"})


def same(to: Reading, call: Call) -> Any:
    """Nothing happens, at inference or ever."""
    return call["self"] if "self" in call.given else call["input"]


def cast(to: Reading, call: Call) -> Any:
    """Another element type; between those that take the precision in use nothing happens."""
    x = call["self"]
    before = x.dtype if isinstance(x, Weight) else to.to.dtype(x)
    if before == call.dtype or {before, call.dtype} <= REAL:
        return x
    if isinstance(x, Weight):
        return to.constant(call)
    return to.to.add(call.wish, "Cast", (x,), dtype=call.dtype)


def _turned(what: str, told: Callable[[Call, int], dict[str, Any]]) -> Rule:
    """A view; of a weight too."""

    def rule(to: Reading, call: Call) -> Any:
        x = call["self"]
        if isinstance(x, Weight):
            return seen(x, call.dims)
        if to.shape(x) == call.shape and what != "Transpose":
            return x
        return to.to.add(call.wish, what, (x,), **told(call, len(to.shape(x))))

    return rule


def _order(call: Call, rank: int) -> dict[str, Any]:
    return {"order": [axis % rank for axis in call.numbers("dims")]}


def _swapped(call: Call, rank: int) -> dict[str, Any]:
    order = list(range(rank))
    first, second = (call["dim0"], call["dim1"]) if "dim0" in call.given else (-2, -1)
    order[first], order[second] = order[second], order[first]
    return {"order": order}


def _moved(call: Call, rank: int) -> dict[str, Any]:
    sources = [axis % rank for axis in call.numbers("source")]
    goals = [axis % rank for axis in call.numbers("destination")]
    rest = iter(axis for axis in range(rank) if axis not in sources)
    return {"order": [sources[goals.index(k)] if k in goals else next(rest) for k in range(rank)]}


def _shape(call: Call, rank: int) -> dict[str, Any]:
    return {"shape": list(call.shape)}


def _expanded(to: Reading, call: Call) -> Any:
    x = call["self"]
    if to.shape(x) == call.shape:
        return x
    if isinstance(x, Weight) and all(isinstance(s, int) for s in call.shape) and prod(call.dims) == prod(x.view):
        return seen(x, call.dims)
    return to.to.add(call.wish, "Expand", (x,), shape=list(call.shape))


def _sliced(to: Reading, call: Call) -> Any:
    x, axis = call["self"], call["dim"]
    if to.shape(x) == call.shape:
        return x
    start, end, step = call["start"], call["end"], call["step"]
    whole = to.shape(x)[axis]
    told = {"start": start, "end": None if end is None or (isinstance(whole, int) and end >= whole) else end}
    return to.to.add(call.wish, "Slice", (x,), axis=axis, **told, **({"step": step} if step not in (None, 1) else {}))


def _narrowed(to: Reading, call: Call) -> Any:
    start, length = call["start"], call["length"]
    return to.to.add(call.wish, "Slice", (call["self"],), axis=call["dim"], start=start, end=start + length)


def _selected(to: Reading, call: Call) -> Any:
    return to.to.add(call.wish, "Slice", (call["self"],), axis=call["dim"], take=call["index"])


def _split(to: Reading, call: Call) -> Any:
    x, axis = call["self"], call["dim"]
    if len(call.shapes) == 1:
        return [x]
    if isinstance(x, Weight):
        return [piece(x, str(k), tuple(int(s) for s in shape)) for k, shape in enumerate(call.shapes)]
    sizes = [shape[axis] for shape in call.shapes]
    return to.to.add(call.wish, "Split", (x,), outputs=len(sizes), axis=axis, sizes=sizes)


def _unbound(to: Reading, call: Call) -> Any:
    x, axis, count = call["self"], call["dim"], len(call.shapes)
    return [to.to.add(f"{call.wish}.{k}.taken", "Slice", (x,), axis=axis, take=k) for k in range(count)]


def _joined(to: Reading, call: Call) -> Any:
    tensors = [x for x in call["tensors"] if prod(s if isinstance(s, int) else 1 for s in to.shape(x)) > 0]
    if len(tensors) == 1:
        return tensors[0]
    return to.to.add(call.wish, "Concat", tensors, axis=call["dim"])


def _stacked(to: Reading, call: Call) -> Any:
    axis = call["dim"]
    each = [to.to.add(f"{call.wish}.one", "Unsqueeze", (x,), axes=[axis]) for x in call["tensors"]]
    return to.to.add(call.wish, "Concat", each, axis=axis)


def _padded(to: Reading, call: Call) -> Any:
    mode = {"constant_pad_nd": "constant"}.get(call.operator, call["mode"] or call.operator.partition("_")[0])
    padding = call.numbers("pad") or call.numbers("padding")
    return to.to.add(call.wish, "Pad", (call["self"],), padding=padding, mode=mode)


def _grown(to: Reading, call: Call) -> Any:
    mode = "nearest" if "nearest" in call.operator else "linear"
    x = call["self"] if "self" in call.given else call["input"]
    return to.to.add(call.wish, "Upsample", (x,), size=[int(s) for s in call.shape[2:]], mode=mode)


def _dropped(to: Reading, call: Call) -> Any:
    x = same(to, call)
    return x if isinstance(x, Weight) else to.to.add(call.wish, "Dropout", (x,), share=call["p"])


def _copied(to: Reading, call: Call) -> Any:
    return to.to.add(call.wish, "Copy", (call["self"],))


def _gathered(to: Reading, call: Call) -> Any:
    return to.to.add(call.wish, "Gather", (call["self"], call["index"]), axis=call["dim"])


def _indexed(to: Reading, call: Call) -> Any:
    told = [(axis, index) for axis, index in enumerate(call["indices"]) if index is not None]
    (axis, index), *others = told
    kind = index.dtype if isinstance(index, Weight) else to.to.dtype(index)
    if others or kind == "bool":
        to.to.refuse("aten.index of several axes" if others else "aten.index by a mask")
        return call["self"]
    return to.to.add(call.wish, "Gather", (call["self"], index), axis=axis)


def _repeated(to: Reading, call: Call) -> Any:
    """Copies beside one another: the shape is that of what is written, and every element is written."""
    x, rank = call["self"], len(call.shape)
    own = (1,) * (rank - len(to.shape(x))) + tuple(to.shape(x))
    if all(a == b or a == 1 for a, b in zip(own, call.shape, strict=True)):
        grown = to.to.add(f"{call.wish}.each", "Expand", (x,), shape=list(call.shape))
        return to.to.add(call.wish, "Copy", (grown,))
    for axis, (a, b) in enumerate(zip(own, call.shape, strict=True)):
        if a != b:
            count = int(b) // int(a)
            x = to.to.add(call.wish, "Concat", (x,) * count, axis=axis - rank)
    return x


reshaped = _turned("Reshape", _shape)
transposed = _turned("Transpose", _swapped)
permuted = _turned("Transpose", _order)
# `view` and its like are rows of one kind: a reshape to the shape that torch has found.
RULES = {
    **dict.fromkeys(
        ("view", "reshape", "_unsafe_view", "view_as", "reshape_as", "flatten", "unflatten", "squeeze", "unsqueeze",
         "pixel_shuffle", "pixel_unshuffle", "atleast_1d", "atleast_2d", "ravel", "unfold_copy"), reshaped,
    ),
    **dict.fromkeys(("transpose", "t", "mT", "swapaxes", "adjoint", "numpy_T"), transposed),
    "permute": permuted, "movedim": _turned("Transpose", _moved),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expanded),
    **dict.fromkeys(("contiguous", "clone", "detach", "alias", "lift_fresh", "lift_fresh_copy", "positive",
    "requires_grad", "resolve_conj"), same),
    **dict.fromkeys(("dropout", "alpha_dropout", "feature_dropout", "native_dropout"), _dropped),
    **dict.fromkeys(("to", "_to_copy", "type_as", "float", "half", "_to_dtype"), cast),
    "slice": _sliced, "narrow": _narrowed, "select": _selected,
    **dict.fromkeys(("split", "chunk", "split_with_sizes", "tensor_split"), _split),
    "unbind": _unbound, "cat": _joined, "concat": _joined, "concatenate": _joined, "stack": _stacked,
    **dict.fromkeys(("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "replication_pad1d",
                     "replication_pad2d", "_pad_circular"), _padded),
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d",
    "_upsample_nearest_exact2d",
                     "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d"), _grown),
    **dict.fromkeys(("roll", "flip", "copy", "fill", "channel_shuffle", "slice_scatter", "select_scatter"), _copied),
    "index_select": _gathered, "index": _indexed, "repeat": _repeated, "tile": _repeated,
}  # fmt: skip
