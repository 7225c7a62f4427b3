"""From a model of ONNX to operators of the KPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symppa.errors import CompilationError, UnsupportedOpError
from symppa.kpu.lower.building import Building, Const, Name, Value, format_of
from symppa.kpu.lower.onnx import plain, weighted
from symppa.kpu.lower.onnx.nodes import RANDOM, Call, attribute, computed
from symppa.kpu.shapes import PRIMITIVES, SHAPES, Shape

RULES: Mapping[str, weighted.Rule] = {**plain.RULES, **weighted.RULES}
DOMAINS = frozenset({"", "ai.onnx"})
# Element types of inputs as ONNX numbers them, by the names of numpy.
NAMES = {1: "float32", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64", 16: "bfloat16"}


def open_shapes(model: Any) -> dict[str, tuple[int | None, ...]]:
    """The shape of each input that is no weight; None where a size is open."""
    weights = {tensor.name for tensor in model.graph.initializer}
    found = {}
    for value in model.graph.input:
        if value.name in weights:
            continue  # a weight that a run may replace
        kind = value.type.tensor_type
        if not kind.HasField("shape") or kind.elem_type not in NAMES:
            raise CompilationError(
                f"the input {value.name} has no shape, or elements of type {kind.elem_type}; "
                f"{', '.join(NAMES.values())} are supported"
            )
        sizes = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in kind.shape.dim]
        found[value.name] = tuple(sizes)
    return found


class Model:
    """One model on its way to a program."""

    def __init__(self, onnx: Any, model: Any, opset: int, to: Building, shapes: Mapping[str, Shape]) -> None:
        self.onnx, self.graph, self.opset, self.to = onnx, model.graph, opset, to
        self.values: dict[str, Value | None] = {"": None}
        for tensor in self.graph.initializer:
            self.values[tensor.name] = Const(onnx.numpy_helper.to_array(tensor), tensor.name)
        kinds = {value.name: NAMES.get(value.type.tensor_type.elem_type, "") for value in self.graph.input}
        for name, shape in shapes.items():
            self.values[name] = to.input(name, shape, format_of(kinds[name], name))
        self.ends = [value.name for value in self.graph.output]

    def outputs(self) -> list[Value]:
        """What the model gives, all its nodes added to what is being built."""
        self._refuse_unknown()
        for node in self.graph.node:
            self._node(node)
        found = [self._value(name, "the model") for name in self.ends]
        return [one for one in found if one is not None]

    def _refuse_unknown(self) -> None:
        """All operators without a row, at once; those of numbers alone need none."""
        known = {name for name, value in self.values.items() if not isinstance(value, Name)}
        left: dict[str, None] = {}
        for node in self.graph.node:
            fixed = node.op_type in ("Shape", "Size") or known.issuperset(node.input)
            if fixed and node.op_type not in RANDOM and node.domain in DOMAINS and not _has_graphs(node):
                known.update(node.output)
            elif what := self._strange(node):
                left[what] = None
        if left:
            raise UnsupportedOpError(list(left))

    def _strange(self, node: Any) -> str:
        """The name of an operator that the KPU lacks, or lacks in this variant; nothing for all others."""
        if node.domain not in DOMAINS:
            return f"{node.domain}.{node.op_type}"
        if node.op_type not in RULES or (node.op_type in SHAPES and self._lacking(node.op_type)):
            return str(node.op_type)
        told = {one.name: attribute(self.onnx, one) for one in node.attribute}
        mode = told.get("mode", "")
        if node.op_type in ("Resize", "Upsample") and mode not in ("", "nearest"):
            return f"{node.op_type} ({mode})"
        if node.op_type == "Pad" and mode not in ("", "constant"):
            return f"Pad ({mode})"
        if node.op_type == "MaxPool" and len([one for one in node.output if one]) > 1:
            return "MaxPool (Indices)"
        return ""

    def _lacking(self, what: str) -> bool:
        return what not in self.to.config.operators and what not in PRIMITIVES

    def _node(self, node: Any) -> None:
        wish = node.output[0] if node.output[0] in self.ends else str(node.name or f"{node.op_type}_{node.output[0]}")
        told = {one.name: attribute(self.onnx, one) for one in node.attribute}
        inputs = [self._value(name, wish) for name in node.input]
        if all(isinstance(one, Const | None) for one in inputs) and node.op_type not in RANDOM:
            arrays = {n: one.array for n, one in zip(node.input, inputs, strict=True) if isinstance(one, Const)}
            found = computed(self.onnx, node, arrays, told, self.opset)
            made: list[Any] = [Const(one, name) for one, name in zip(found, node.output, strict=False)]
        else:
            call = Call(wish, node.op_type, inputs, told, len(node.output), self.opset)
            made = self._called(call)
        self.values.update({name: one for name, one in zip(node.output, made, strict=False) if name})

    def _called(self, call: Call) -> list[Any]:
        made = RULES[call.operator](self.to, call)
        return made if isinstance(made, list) else [made]

    def _value(self, name: str, reader: str) -> Value | None:
        """What stands behind a name; what nothing has written yet is refused."""
        if name not in self.values:
            raise CompilationError(
                f"{self.to.name}: {reader} needs {name!r}, which no node before it writes: the nodes read one another "
                "in a circle or stand in a wrong order, or it is a result that is not supported"
            )
        return self.values[name]


def _has_graphs(node: Any) -> bool:
    return any(one.HasField("g") or len(one.graphs) for one in node.attribute)


def weights_of(onnx: Any, model: Any) -> list[Any]:
    """The tensors of a model that lie in other files."""
    inside = [one.t for node in model.graph.node for one in node.attribute if one.HasField("t")]
    return [
        tensor for tensor in (*model.graph.initializer, *inside)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    ]  # fmt: skip
