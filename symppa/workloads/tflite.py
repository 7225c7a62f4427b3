"""Networks of TFLite, quantised or not: operators by shape. No weights are read but small ones that tell shapes."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symppa.errors import MissingPackageError, WorkloadError
from symppa.workloads.ir import Graph, Tensor
from symppa.workloads.translation import Translation, Weight, unsupported

MOST_BYTES = 2 << 30
SMALL = 64
TYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8",
10: "float64",
         12: "uint64", 15: "uint32", 16: "uint16", 17: "int4", 18: "bfloat16"}  # fmt: skip
FIRST = (0, 3, 1, 2)  # an image with its channels last, as one with its channels first
LAST = (0, 2, 3, 1)
DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError, KeyError)
FUSED = {0: "", 1: "ReLU", 2: "Hardtanh", 3: "ReLU6", 4: "Tanh"}


def load_tflite(path: Path, *, name: str = "") -> Graph:
    """The workload of a TFLite file; its sizes are fixed, as the file says them."""
    tflite = _needed()
    file = str(path)
    if (size := path.stat().st_size) > MOST_BYTES:
        raise WorkloadError(f"{size} bytes; at most {MOST_BYTES} are read", file=file)
    content = path.read_bytes()
    try:
        model = tflite.Model.GetRootAsModel(content, 0)
        return _Model(tflite, model, name or path.stem).graph(f"TFLite, {path.name}")
    except WorkloadError as error:
        raise error.at(file, None) from None
    except DAMAGE as error:
        raise WorkloadError(f"this is no TFLite model, or a damaged one: {error}", file=file) from None


def _needed() -> Any:
    try:
        import tflite
    except ImportError:
        raise MissingPackageError("tflite", "tflite", "a TFLite file") from None
    return tflite


class _Model:
    """One model on its way to a graph. Images are kept with their channels first, as the kinds of operators ask."""

    def __init__(self, tflite: Any, model: Any, name: str) -> None:
        self.tflite, self.model, self.name = tflite, model, name
        if model.SubgraphsLength() != 1:
            raise WorkloadError(f"{name} has {model.SubgraphsLength()} subgraphs; one is supported")
        self.part = model.Subgraphs(0)
        names = {v: k for k, v in vars(tflite.BuiltinOperator).items() if not k.startswith("_") and isinstance(v, int)}
        codes = [model.OperatorCodes(k) for k in range(model.OperatorCodesLength())]
        self.codes = [names.get(max(c.BuiltinCode(), c.DeprecatedBuiltinCode()), "unknown") for c in codes]
        self._refuse_unknown()
        told = {f"input{k}": self._tensor(self.part.Inputs(k)) for k in range(self.part.InputsLength())}
        inputs = {n: Tensor(n, self._shape(t), self._type(t)) for n, t in told.items()}
        self.to = Translation(inputs, {})
        self.values: dict[int, Any] = {self.part.Inputs(k): f"input{k}" for k in range(self.part.InputsLength())}
        self.first: dict[str, str] = {}  # images with channels last, as those with channels first
        self.last: dict[str, str] = {}

    def graph(self, source: str) -> Graph:
        """The graph of all operators."""
        for k in range(self.part.OperatorsLength()):
            operator = self.part.Operators(k)
            call = _Call(self, operator, self.codes[operator.OpcodeIndex()])
            made = RULES[call.what](call)
            several = made if isinstance(made, list) else [made]
            for place, value in zip(call.outputs, several, strict=False):
                self.values[place] = value
                self._check(call, place, value)
        ends = [self.values.get(self.part.Outputs(k)) for k in range(self.part.OutputsLength())]
        return self.to.graph(self.name, ends, "", source, self.name)

    def _refuse_unknown(self) -> None:
        every = [self.codes[self.part.Operators(k).OpcodeIndex()] for k in range(self.part.OperatorsLength())]
        unknown = Counter(code for code in every if code not in RULES)
        if unknown:
            raise unsupported(self.name, unknown)

    def _tensor(self, place: int) -> Any:
        return self.part.Tensors(place)

    def _shape(self, tensor: Any) -> tuple[int, ...]:
        return tuple(int(tensor.Shape(k)) for k in range(tensor.ShapeLength()))

    def _type(self, tensor: Any) -> str:
        if tensor.Type() not in TYPES:
            raise WorkloadError(f"{self.name}: elements of type {tensor.Type()} are not supported")
        return TYPES[tensor.Type()]

    def value(self, place: int) -> Any:
        """A tensor by its number: what an operator has written, or a weight."""
        if place < 0:
            return None
        if place not in self.values:
            tensor = self._tensor(place)
            told = tensor.Name()
            name = told.decode(errors="replace") if told else f"tensor{place}"
            self.values[place] = Weight(f"{name}.{place}", self._shape(tensor), dtype=self._type(tensor))
        return self.values[place]

    def numbers(self, place: int) -> list[int]:
        """Whole numbers that are kept in the file."""
        tensor = self._tensor(place)
        buffer = self.model.Buffers(tensor.Buffer())
        if buffer is None or not buffer.DataLength() or buffer.DataLength() > 8 * SMALL:
            raise WorkloadError(f"{self.name}: a shape is told by the run; only what the file says is supported")
        return [int(v) for v in np.frombuffer(buffer.DataAsNumpy().tobytes(), self._type(tensor))]

    def image(self, value: Any) -> Any:
        """A tensor of four sizes with its channels first."""
        if not isinstance(value, str) or value in self.last or len(self.to.shape(value)) != 4:
            return value
        if value not in self.first:
            made = self.to.add(f"{value}.first", "Transpose", (value,), order=list(FIRST))
            self.first[value], self.last[made] = made, value
        return self.first[value]

    def plain(self, value: Any) -> Any:
        """A tensor as the file has it."""
        if isinstance(value, str) and value in self.last:
            if not self.last[value]:
                self.last[value] = self.to.add(f"{value}.last", "Transpose", (value,), order=list(LAST))
            return self.last[value]
        return value

    def shape(self, value: Any) -> tuple[int, ...]:
        """The shape as the file has it."""
        if isinstance(value, Weight):
            return value.shape
        shape = tuple(int(s) for s in self.to.shape(value))
        return tuple(shape[k] for k in LAST) if value in self.last else shape

    def _check(self, call: _Call, place: int, value: Any) -> None:
        told = self._shape(self._tensor(place))
        if self.shape(value) != told:
            raise WorkloadError(
                f"{self.name}: {call.wish} ({call.what}) gives {list(told)}, not {list(self.shape(value))}"
            )


class _Call:
    """An operator with what it reads and its options."""

    def __init__(self, model: _Model, operator: Any, what: str) -> None:
        self.of, self.what = model, what
        self.places = [operator.Inputs(k) for k in range(operator.InputsLength())]
        self.outputs = [operator.Outputs(k) for k in range(operator.OutputsLength())]
        self.operator = operator
        told = model._tensor(self.outputs[0]).Name()
        self.wish = told.decode(errors="replace").split(";")[-1].strip("/").replace("/", ".") if told else what.lower()

    def at(self, place: int) -> Any:
        """What stands at a place."""
        return self.of.value(self.places[place]) if place < len(self.places) else None

    def options(self, name: str) -> Any:
        """The options of the operator's own kind."""
        made = getattr(self.of.tflite, name)()
        table = self.operator.BuiltinOptions()
        if table is None:
            raise WorkloadError(f"{self.of.name}: {self.wish} ({self.what}) has no options")
        made.Init(table.Bytes, table.Pos)
        return made

    def image(self, what: str, inputs: Sequence[Any], **attributes: Any) -> str:
        """A row whose result is an image with its channels first."""
        made: str = self.of.to.add(self.wish, what, [self.of.image(x) for x in inputs], **attributes)
        return self.kept(made)

    def kept(self, made: str) -> str:
        """A result that is an image."""
        if len(self.of.to.shape(made)) == 4:
            self.of.last.setdefault(made, "")
        return made

    def bent(self, made: str, code: int) -> str:
        """A result after the activation that is fused to it."""
        if code not in FUSED:
            raise WorkloadError(f"{self.of.name}: {self.wish} has the fused activation {code}, which is not supported")
        if not FUSED[code]:
            return made
        image = made in self.of.last
        bent: str = self.of.to.add(f"{self.wish}.act", FUSED[code], (made,))
        return self.kept(bent) if image else bent


Rule = Callable[[_Call], Any]


def _same_padding(sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Any:
    room = [
        max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
        for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
    ]
    before, after = [r // 2 for r in room], [r - r // 2 for r in room]
    return before if before == after else [*before, *after]


def _window(call: _Call, options: Any, kernel: Sequence[int], dilation: Sequence[int] = (1, 1)) -> dict[str, Any]:
    stride = [options.StrideH(), options.StrideW()]
    sizes = call.of.shape(call.at(0))[1:3]
    same = options.Padding() == 0
    return {
        "kernel": list(kernel),
        "stride": stride,
        "padding": _same_padding(sizes, kernel, stride, dilation) if same else 0,
    }


def _convolution(call: _Call) -> Any:
    depthwise = call.what == "DEPTHWISE_CONV_2D"
    options = call.options("DepthwiseConv2DOptions" if depthwise else "Conv2DOptions")
    weight, bias = call.at(1), call.at(2)
    first, height, width, last = weight.shape
    dilation = [options.DilationHFactor(), options.DilationWFactor()]
    channels = call.of.shape(call.at(0))[3]
    told = _window(call, options, (height, width), dilation) | {"dilation": dilation}
    told |= {
        "out": last if depthwise else first,
        "groups": channels if depthwise else channels // last,
        "bias": bias is not None,
    }
    weights = {"weight": weight, "bias": bias}
    made = call.of.to.weighted(call.wish, "Conv2d", call.of.image(call.at(0)), weights, **told)
    return call.bent(call.kept(made), options.FusedActivationFunction())


def _matrix(call: _Call) -> Any:
    options, weight, bias, x = call.options("FullyConnectedOptions"), call.at(1), call.at(2), call.of.plain(call.at(0))
    if not isinstance(weight, Weight):
        return call.of.to.add(call.wish, "MatMul", (x, weight), transposed=True)
    out, inputs = weight.shape
    if call.of.shape(x)[-1] != inputs or (not options.KeepNumDims() and len(call.of.shape(x)) != 2):
        rows = int(np.prod(call.of.shape(x))) // inputs
        x = call.of.to.add(f"{call.wish}.rows", "Reshape", (x,), shape=[rows, inputs])
    told = {} if bias is not None else {"bias": False}
    made = call.of.to.weighted(call.wish, "Linear", x, {"weight": weight, "bias": bias}, out=out, **told)
    return call.bent(made, options.FusedActivationFunction())


def _pooled(what: str) -> Rule:
    def rule(call: _Call) -> Any:
        options = call.options("Pool2DOptions")
        told = _window(call, options, (options.FilterHeight(), options.FilterWidth()))
        return call.bent(call.image(what, (call.at(0),), **told), options.FusedActivationFunction())

    return rule


def _arithmetic(what: str, options: str = "") -> Rule:
    """Arithmetic: on images where one is read, else as the file has it."""

    def rule(call: _Call) -> Any:
        values = [call.at(k) for k in range(len(call.places))]
        images = all(isinstance(v, str) and v in call.of.last for v in values)
        made = (
            call.image(what, values) if images else call.of.to.add(call.wish, what, [call.of.plain(v) for v in values])
        )
        return call.bent(made, call.options(options).FusedActivationFunction() if options else 0)

    return rule


def _reduced(call: _Call) -> Any:
    axes, keep = call.of.numbers(call.places[1]), call.options("ReducerOptions").KeepDims()
    x = call.at(0)
    rank = len(call.of.shape(x))
    if isinstance(x, str) and x in call.of.last and keep:
        return call.image("Mean", (x,), axes=[FIRST.index(axis % rank) for axis in axes], keep=True)
    return call.of.to.add(call.wish, "Mean", (call.of.plain(x),), axes=axes, **({"keep": True} if keep else {}))


def _reshaped(call: _Call) -> Any:
    shape = list(call.of._shape(call.of._tensor(call.outputs[0])))
    x = call.of.plain(call.at(0))
    return x if list(call.of.shape(x)) == shape else call.of.to.add(call.wish, "Reshape", (x,), shape=shape)


def _joined(call: _Call) -> Any:
    options, values = call.options("ConcatenationOptions"), [call.at(k) for k in range(len(call.places))]
    axis = options.Axis() % len(call.of.shape(values[0]))
    if all(isinstance(v, str) and v in call.of.last for v in values):
        made = call.image("Concat", values, axis=FIRST.index(axis))
    else:
        made = call.of.to.add(call.wish, "Concat", [call.of.plain(v) for v in values], axis=axis)
    return call.bent(made, options.FusedActivationFunction())


def _padded(call: _Call) -> Any:
    told = np.reshape(call.of.numbers(call.places[1]), (-1, 2)).tolist()
    padding = [size for pair in told[::-1] for size in pair]
    return call.of.to.add(call.wish, "Pad", (call.of.plain(call.at(0)),), padding=padding)


def _grown(call: _Call) -> Any:
    mode = "nearest" if "NEAREST" in call.what else "linear"
    return call.image("Upsample", (call.at(0),), size=call.of.numbers(call.places[1]), mode=mode)


def _turned(call: _Call) -> Any:
    return call.of.to.add(call.wish, "Transpose", (call.of.plain(call.at(0)),), order=call.of.numbers(call.places[1]))


def _product(call: _Call) -> Any:
    options, left, right = call.options("BatchMatMulOptions"), call.of.plain(call.at(0)), call.of.plain(call.at(1))
    if options.AdjX():
        rank = len(call.of.shape(left))
        left = call.of.to.add(f"{call.wish}.turned", "Transpose", (left,), order=[*range(rank - 2), rank - 1, rank - 2])
    return call.of.to.add(call.wish, "MatMul", (left, right), **({"transposed": True} if options.AdjY() else {}))


def _same(call: _Call) -> Any:
    """Between formats: nothing is computed that another operator does not count."""
    return call.at(0)


UNARY = {"RELU": "ReLU", "RELU6": "ReLU6", "RELU_N1_TO_1": "Hardtanh", "LOGISTIC": "Sigmoid", "TANH": "Tanh",
"HARD_SWISH": "Hardswish",
         "ELU": "ELU", "LEAKY_RELU": "LeakyReLU", "GELU": "GELU", "EXP": "Exp", "SQRT": "Sqrt", "RSQRT": "Rsqrt",
         "ABS": "Abs",
         "NEG": "Neg", "SOFTMAX": "Softmax"}  # fmt: skip
RULES: Mapping[str, Rule] = {
    **{code: _arithmetic(what) for code, what in UNARY.items()},
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), _convolution), "FULLY_CONNECTED": _matrix,
    "AVERAGE_POOL_2D": _pooled("AvgPool2d"), "MAX_POOL_2D": _pooled("MaxPool2d"),
    "ADD": _arithmetic("add", "AddOptions"), "SUB": _arithmetic("sub", "SubOptions"), "MUL": _arithmetic("mul",
    "MulOptions"),
    "DIV": _arithmetic("div", "DivOptions"), "MAXIMUM": _arithmetic("maximum"), "MINIMUM": _arithmetic("minimum"),
    "POW": _arithmetic("pow"), "MEAN": _reduced,
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), _reshaped), "CONCATENATION": _joined, "PAD": _padded,
    "PADV2": _padded,
    "RESIZE_BILINEAR": _grown, "RESIZE_NEAREST_NEIGHBOR": _grown, "TRANSPOSE": _turned, "BATCH_MATMUL": _product,
    "QUANTIZE": _same, "DEQUANTIZE": _same,
}  # fmt: skip
