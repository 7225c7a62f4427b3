"""Networks of TFLite, quantised or not: files made here, row by row."""

from __future__ import annotations

import numpy as np
import pytest

tflite = pytest.importorskip("tflite")
flatbuffers = pytest.importorskip("flatbuffers")

from symppa.errors import WorkloadError  # noqa: E402
from symppa.workloads.features import features  # noqa: E402
from symppa.workloads.tflite import load_tflite  # noqa: E402

FLOAT, INT32, INT8 = 0, 2, 9
SAME, VALID = 0, 1
RELU, RELU6 = 1, 3


class File:
    """A TFLite file under construction: tensors, and operators with their options."""

    def __init__(self):
        self.builder = flatbuffers.Builder(1024)
        self.tensors, self.operators, self.buffers, self.codes = [], [], [b""], []

    def tensor(self, name, shape, kind=FLOAT, values=None):
        buffer = 0
        if values is not None:
            self.buffers.append(np.asarray(values, np.int32).tobytes())
            buffer = len(self.buffers) - 1
        self.tensors.append((name, shape, kind, buffer))
        return len(self.tensors) - 1

    def add(self, code, inputs, output, options="", **told):
        if code not in self.codes:
            self.codes.append(code)
        self.operators.append((self.codes.index(code), inputs, output, options, told))

    def vector(self, start, values, *, offsets=False):
        start(self.builder, len(values))
        for value in reversed(values):
            (self.builder.PrependUOffsetTRelative if offsets else self.builder.PrependInt32)(value)
        return self.builder.EndVector()

    def table(self, name, **fields):
        getattr(tflite, f"{name}Start")(self.builder)
        for field, value in fields.items():
            getattr(tflite, f"{name}Add{field}")(self.builder, value)
        return getattr(tflite, f"{name}End")(self.builder)

    def written(self, path, inputs, outputs):
        b = self.builder
        buffers = [
            self.table("Buffer", **({"Data": b.CreateByteVector(data)} if data else {})) for data in self.buffers
        ]
        codes = [self.table("OperatorCode", BuiltinCode=getattr(tflite.BuiltinOperator, c),
                            DeprecatedBuiltinCode=min(127, getattr(tflite.BuiltinOperator,
                            c))) for c in self.codes]  # fmt: skip
        tensors = []
        for name, shape, kind, buffer in self.tensors:
            told = {"Name": b.CreateString(name), "Shape": self.vector(tflite.TensorStartShapeVector, shape)}
            tensors.append(self.table("Tensor", Type=kind, Buffer=buffer, **told))
        operators = [self.operator(*told) for told in self.operators]
        ends = {
            "Inputs": self.vector(tflite.SubGraphStartInputsVector, inputs),
            "Outputs": self.vector(tflite.SubGraphStartOutputsVector, outputs),
            "Tensors": self.vector(tflite.SubGraphStartTensorsVector, tensors, offsets=True),
            "Operators": self.vector(tflite.SubGraphStartOperatorsVector, operators, offsets=True),
        }
        graph = self.table("SubGraph", **ends)
        whole = {
            "Subgraphs": self.vector(tflite.ModelStartSubgraphsVector, [graph], offsets=True),
            "OperatorCodes": self.vector(tflite.ModelStartOperatorCodesVector, codes, offsets=True),
            "Buffers": self.vector(tflite.ModelStartBuffersVector, buffers, offsets=True),
        }
        b.Finish(self.table("Model", Version=3, **whole), b"TFL3")
        path.write_bytes(bytes(b.Output()))
        return path

    def operator(self, code, inputs, output, options, told):
        made = {"OpcodeIndex": code}
        if options:
            made["BuiltinOptions"] = self.table(options, **told)
            made["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, options)
        made["Inputs"] = self.vector(tflite.OperatorStartInputsVector, inputs)
        made["Outputs"] = self.vector(tflite.OperatorStartOutputsVector, [output])
        return self.table("Operator", **made)


def classifier(path, kind=FLOAT, bias=FLOAT):
    """A convolution, one of each channel, a mean, and a matrix."""
    f = File()
    x = f.tensor("image", [1, 32, 32, 3], kind)
    w1, b1, y = f.tensor("w1", [8, 3, 3, 3], kind), f.tensor("b1", [8], bias), f.tensor("stem", [1, 16, 16, 8], kind)
    w2, b2, z = f.tensor("w2", [1, 3, 3, 8], kind), f.tensor("b2", [8], bias), f.tensor("deep", [1, 14, 14, 8], kind)
    axes, m = f.tensor("axes", [2], INT32, [1, 2]), f.tensor("mean", [1, 8], kind)
    w3, b3, out = f.tensor("w3", [10, 8], kind), f.tensor("b3", [10], bias), f.tensor("scores", [1, 10], kind)
    once = {"DilationHFactor": 1, "DilationWFactor": 1}
    f.add(
        "CONV_2D",
        [x, w1, b1],
        y,
        "Conv2DOptions",
        Padding=SAME,
        StrideH=2,
        StrideW=2,
        FusedActivationFunction=RELU6,
        **once,
    )
    f.add("DEPTHWISE_CONV_2D", [y, w2, b2], z, "DepthwiseConv2DOptions", Padding=VALID, StrideH=1, StrideW=1,
    DepthMultiplier=1,
          FusedActivationFunction=RELU, **once)  # fmt: skip
    f.add("MEAN", [z, axes], m, "ReducerOptions", KeepDims=False)
    f.add("FULLY_CONNECTED", [m, w3, b3], out, "FullyConnectedOptions", FusedActivationFunction=0)
    return f.written(path, [x], [out])


@pytest.mark.parametrize(
    ("kind", "bias", "name"), [(FLOAT, FLOAT, "float32"), (INT8, INT32, "int8")], ids=["float", "int8"]
)
def test_a_classifier_has_the_work_of_its_shapes(tmp_path, kind, bias, name):
    graph = load_tflite(classifier(tmp_path / "net.tflite", kind, bias))
    working = [o.kind for o in graph if o.kind != "Transpose"]
    assert working == ["Conv2d", "ReLU6", "Conv2d", "ReLU", "Mean", "Linear"]
    assert features(graph).macs.sum() == 16 * 16 * 8 * 27 + 14 * 14 * 8 * 9 + 80
    assert graph.parameters == 8 * 27 + 8 + 72 + 8 + 80 + 10
    assert graph.tensors[graph.inputs[0]].dtype == name
    assert graph.tensors[graph.outputs[0]].shape == (1, 10)


def test_images_are_turned_once_on_their_way_in_and_out(tmp_path):
    graph = load_tflite(classifier(tmp_path / "net.tflite"))
    assert sum(o.kind == "Transpose" for o in graph) == 2


def test_a_sum_of_images_and_pooling(tmp_path):
    f = File()
    x, y, z = f.tensor("x", [1, 8, 8, 4]), f.tensor("y", [1, 8, 8, 4]), f.tensor("z", [1, 4, 4, 4])
    f.add("ADD", [x, x], y, "AddOptions", FusedActivationFunction=RELU)
    f.add("MAX_POOL_2D", [y], z, "Pool2DOptions", Padding=VALID, StrideH=2, StrideW=2, FilterHeight=2, FilterWidth=2)
    graph = load_tflite(f.written(tmp_path / "net.tflite", [x], [z]))
    assert [o.kind for o in graph if o.kind != "Transpose"] == ["add", "ReLU", "MaxPool2d"]


def test_every_operator_that_is_not_supported_is_named_at_once(tmp_path):
    f = File()
    x, y, z = (f.tensor(name, [1, 4]) for name in "xyz")
    f.add("CUMSUM", [x], y)
    f.add("HASHTABLE_LOOKUP", [y], z)
    with pytest.raises(WorkloadError, match=r"2 kinds .*: CUMSUM \(1\), HASHTABLE_LOOKUP \(1\)"):
        load_tflite(f.written(tmp_path / "net.tflite", [x], [z]))


@pytest.mark.parametrize("length", [0, 8, 40, 200])
def test_a_damaged_file_is_refused(tmp_path, length):
    path = tmp_path / "bad.tflite"
    path.write_bytes(classifier(tmp_path / "net.tflite").read_bytes()[:length])
    with pytest.raises(WorkloadError, match=r"bad\.tflite"):
        load_tflite(path)
