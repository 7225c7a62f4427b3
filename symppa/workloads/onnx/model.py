"""From a model of ONNX to a graph. Weights are known by shape; none is read but the small ones that tell shapes."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symppa.errors import MissingPackageError, WorkloadError
from symppa.workloads.ir import Graph, Size, Tensor
from symppa.workloads.onnx import plain, weighted
from symppa.workloads.onnx.nodes import Call, Known, Reading, folded, known
from symppa.workloads.translation import Translation, Weight, unsupported

RULES: Mapping[str, weighted.Rule] = {**plain.RULES, **weighted.RULES}
DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})
LEAST_OPSET = 7
SMALL = 1024  # elements of a constant that may tell a shape
MOST_BYTES = 2 << 30
UNPLAIN = re.compile(r"\W+")
logger = logging.getLogger("symppa")


def load_onnx(path: Path, *, name: str = "", sizes: Mapping[str, int] | None = None) -> Graph:
    """The workload of an ONNX file. Sizes that the file leaves open become symbols; `sizes` gives their values."""
    onnx = needed()
    model = read(onnx, path)
    told, title = dict(sizes or {}), name or path.stem
    try:
        return _graph(onnx, model, title, told, path)
    except WorkloadError as error:
        for left in (frozenset({"batch"}), frozenset()):
            try:
                found = _graph(onnx, model, title, told, path, left)
            except WorkloadError:
                continue
            logger.warning("%s: its operators need sizes in numbers (%s); %s", title, error.message, _kept(found))
            return found
        raise error.at(str(path), None) from None


def _kept(graph: Graph) -> str:
    """Which sizes are still open."""
    return "only the batch stays open" if graph.symbols else "all its sizes are fixed"


def needed() -> Any:
    """The package onnx."""
    try:
        import onnx
        import onnx.inliner
        import onnx.numpy_helper
    except ImportError:
        raise MissingPackageError("onnx", "onnx", "an ONNX file") from None
    return onnx


def read(onnx: Any, path: Path) -> Any:
    """A model with its functions inlined, its weights beside it not read."""
    from google.protobuf.message import DecodeError

    file = str(path)
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise WorkloadError(
                f"{size} bytes; a model of ONNX with weights beside it is smaller than {MOST_BYTES}", file=file
            )
        model = onnx.load(file, load_external_data=False)
    except OSError as error:
        raise WorkloadError(f"cannot be read: {error.strerror}", file=file) from None
    except DecodeError:
        raise WorkloadError(
            "this is no ONNX model, or a damaged one: its protocol buffer cannot be read", file=file
        ) from None
    if not model.opset_import or not model.graph.node:
        raise WorkloadError("this is no ONNX model, or a damaged one: it has no operators or no opset", file=file)
    opset = opset_of(model)
    if opset < LEAST_OPSET:
        raise WorkloadError(f"opset {opset} is too old; from {LEAST_OPSET} on is supported", file=file)
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def opset_of(model: Any) -> int:
    """The version of the operators of ONNX that a model is written in; 0 where it says none."""
    return next((int(o.version) for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)


def _graph(
    onnx: Any, model: Any, name: str, sizes: Mapping[str, int], path: Path, left: frozenset[str] | None = None
) -> Graph:
    return Model(onnx, model, name, sizes, left).graph(f"ONNX, opset {opset_of(model)}, {path.name}")


class Model:
    """One model on its way to a graph."""

    def __init__(self, onnx: Any, model: Any, name: str, sizes: Mapping[str, int], left: frozenset[str] | None) -> None:
        self.onnx, self.model, self.name = onnx, model, name
        self.opset = opset_of(model)
        self.told, self.left = sizes, left
        self.symbols: dict[str, int] = {}
        self.values: dict[str, Any] = {"": None}
        self._refuse_unknown()
        for tensor in model.graph.initializer:
            self.values[tensor.name] = self._constant(tensor, tensor.name)
        inputs = self._inputs()
        self.to = Reading(Translation(inputs, self.symbols, vectors_shared=False))
        self.readers = Counter(name for node in model.graph.node for name in node.input)
        self.readers.update(output.name for output in model.graph.output)
        self.biases = self._biases()
        self.gates = self._gates()

    def graph(self, source: str) -> Graph:
        """The graph of all nodes."""
        for node in self.model.graph.node:
            self._node(node)
        outputs = [self._value(output.name, "the model") for output in self.model.graph.output]
        return self.to.to.graph(self.name, outputs, "", source, self.name)

    def _refuse_unknown(self) -> None:
        """All operators that no rule knows, at once."""
        computed = {"Constant", "Range"}
        unknown: Counter[str] = Counter()
        for node in self.model.graph.node:
            own = node.domain == "com.microsoft" and node.op_type == "Attention"  # another operator of that name
            if own or node.domain not in DOMAINS or node.op_type not in RULES.keys() | computed:
                unknown[f"{node.domain}.{node.op_type}" if node.domain else node.op_type] += 1
        if unknown:
            raise unsupported(self.name, unknown)

    def _constant(self, tensor: Any, name: str) -> Any:
        """A constant: numbers where there are few of them, else a weight by its shape."""
        kind = plain.TYPES.get(tensor.data_type)
        if kind is None:
            raise WorkloadError(
                f"{self.name}: {name} has elements of a type ({tensor.data_type}) that is not supported"
            )
        shape = tuple(tensor.dims)
        if any(size < 0 for size in shape):
            raise WorkloadError(f"{self.name}: {name} has the shape {list(shape)}; no size is below 0")
        weight = Weight(name, shape, trained=kind in plain.REAL or kind in ("int8", "int4"), dtype=kind)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        external = tensor.data_location == self.onnx.TensorProto.EXTERNAL
        if external or count > SMALL or (kind not in ("int32", "int64", "bool") and count > 8):
            return weight
        try:
            numbers = self.onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise WorkloadError(f"{self.name}: {name} is damaged: {error}") from None
        return Known(known(numbers.tolist()).values.reshape(shape), weight if kind in plain.REAL and shape else None)

    def _inputs(self) -> dict[str, Tensor]:
        found = {}
        for value in self.model.graph.input:
            if value.name in self.values:
                continue  # a weight that a run may replace
            kind = plain.TYPES.get(value.type.tensor_type.elem_type)
            if kind is None or not value.type.tensor_type.HasField("shape"):
                raise WorkloadError(
                    f"{self.name}: the input {value.name} has no shape, or a type that is not supported"
                )
            dims = value.type.tensor_type.shape.dim
            found[value.name] = Tensor(
                value.name, tuple(self._size(d, k, value.name) for k, d in enumerate(dims)), kind
            )
            self.values[value.name] = value.name
        return found

    def _size(self, dim: Any, axis: int, where: str) -> Size:
        """A size of an input: a number, or a symbol with its value."""
        if dim.HasField("dim_value"):
            if dim.dim_value < 1:
                raise WorkloadError(
                    f"the input {where} has the size {dim.dim_value}; a size is at least 1, and an open one has a name"
                )
            return int(dim.dim_value)
        symbol = _symbol(dim.dim_param, axis, where)
        size = self.told.get(symbol, 1 if symbol == "batch" else 0)
        if not size:
            raise WorkloadError(
                f"the size {symbol!r} of the input {where} is open; say how large it is: --size {symbol}=..."
            )
        if self.left is not None and symbol not in self.left:
            return size
        self.symbols[symbol] = size
        return symbol

    def _biases(self) -> dict[str, tuple[str, Weight]]:
        """Products whose only reader adds weights: what they write, with what the sum writes, and those weights."""
        found = {}
        for node in self.model.graph.node:
            if node.op_type == "Add":
                for here, other in ((0, 1), (1, 0)):
                    weight = weighted.weight_of(self.values.get(node.input[other]))
                    if weight is not None and len(weight.view) == 1 and self.readers[node.input[here]] == 1:
                        found[node.input[here]] = (node.output[0], weight)
        return found

    def _gates(self) -> dict[str, tuple[str, str]]:
        """Products of a tensor with its own sigmoid: what they write, with what they read and the kind they are."""
        curves = {"Sigmoid": "SiLU", "HardSigmoid": "Hardswish"}
        nodes = [node for node in self.model.graph.node if node.op_type in (*curves, "Mul")]
        made = {node.output[0]: node for node in nodes if node.op_type in curves}
        found = {}
        for node in nodes:
            for x, y in (tuple(node.input), tuple(node.input)[::-1]) if node.op_type == "Mul" else ():
                if y in made and made[y].input[0] == x and self.readers[y] == 1:
                    found[node.output[0]] = found[y] = (x, curves[made[y].op_type])
        return found

    def _node(self, node: Any) -> None:
        if node.output[0] in self.gates:
            x, what = self.gates[node.output[0]]
            if node.op_type == "Mul":
                self.values[node.output[0]] = self.to.to.add(_name(node), what, (self.values[x],))
            return
        name = _name(node)
        attributes = {a.name: self._attribute(a) for a in node.attribute}
        if node.op_type == "Constant":
            self.values[node.output[0]] = self._told(attributes, name)
            return
        if node.output[0] in self.values and node.op_type == "Add":
            return  # the bias of the product before it
        sum_, bias = self.biases.get(node.output[0], ("", None))
        inputs = [self._value(i, name) for i in node.input]
        call = Call(name, node.op_type, inputs, attributes, len(node.output), self.opset, bias)
        made = folded(call)
        if made is None:
            if node.op_type not in RULES:
                raise WorkloadError(f"{self.name}: {node.op_type} of numbers that only a run knows is not supported")
            made = RULES[node.op_type](self.to, call)
        several = made if isinstance(made, list) else [made]
        self.values.update(zip([o for o in node.output if o], several, strict=False))
        if bias is not None and node.op_type == "MatMul" and self._took(made):
            self.values[sum_] = made

    def _value(self, name: str, reader: str) -> Any:
        """What stands behind a name; what nothing has written yet is refused."""
        if name not in self.values:
            raise WorkloadError(
                f"{self.name}: {reader} needs {name!r}, which no node before it writes: the nodes read one another in "
                "a circle or stand in a wrong order, or it is a result that is not supported"
            )
        return self.values[name]

    def _took(self, made: Any) -> bool:
        """Whether a product has taken in the bias that is added after it."""
        last = self.to.to.building.operators[-1]
        return last.outputs == (made,) and last.kind == "Linear" and bool(last.attributes["bias"])

    def _attribute(self, attribute: Any) -> Any:
        value = self.onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            return value.decode(errors="replace")
        if isinstance(value, self.onnx.TensorProto):
            numbers = self._constant(value, attribute.name)
            return (
                numbers.list[0]
                if attribute.name == "value"
                and isinstance(numbers, Known)
                and len(numbers.list) == 1
                and numbers.shape == (1,)
                else numbers
            )
        return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value

    def _told(self, attributes: Mapping[str, Any], name: str) -> Any:
        """The value of a Constant."""
        value = next(iter(attributes.values()), None)
        if isinstance(value, Weight):
            return Weight(name, value.shape, value.trained, value.dtype)
        if isinstance(value, Known):
            return Known(
                value.values,
                None if value.weight is None else Weight(name, value.weight.shape, True, value.weight.dtype),
            )
        return known([value] if "value" in attributes else value)


def _name(node: Any) -> str:
    """The name of a node as that of a row."""
    return str(node.name or f"{node.op_type}.{node.output[0]}").strip("/").replace("/", ".")


def _symbol(told: str, axis: int, where: str) -> str:
    """The symbol of an open size: first axes are the batch, and whatever is called a sequence is `seq`."""
    if axis == 0:
        return "batch"
    if "seq" in told.lower():
        return "seq"
    return UNPLAIN.sub("_", told).strip("_") or UNPLAIN.sub("_", f"{where}_{axis}")
