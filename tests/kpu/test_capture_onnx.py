"""Networks of ONNX as programs: each operator in its versions gives what onnxruntime gives and compiles."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from symppa.errors import CompilationError, InvalidInputError, UnsupportedOpError  # noqa: E402
from symppa.kpu.capture import captured  # noqa: E402
from symppa.kpu.compiler import compiled  # noqa: E402
from symppa.kpu.interface.config import KPUConfig  # noqa: E402
from symppa.kpu.numbers import executed  # noqa: E402
from symppa.kpu.rules.table import verify  # noqa: E402

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def written(path, nodes, inputs, outputs, weights=None, opset=17, kinds=None):
    """A file with a model; outputs are told by name."""
    kinds = kinds or {}
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info(n, kinds.get(n, FLOAT), shape) for n, shape in inputs.items()],
        [helper.make_tensor_value_info(n, kinds.get(n, FLOAT), None) for n in outputs],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in (weights or {}).items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, str(path))
    return path


def drawn(shape, seed=3):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def compare(path, inputs, expected=None, **more):
    """The program of a file gives what onnxruntime gives."""
    program = captured(path, KPUConfig(), **more)
    assert verify(program, "lower") is program
    assert compiled(program, "int8").weights_blob is not None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    due = session.run(None, inputs)
    found = executed(program, inputs)
    for name, one in zip(program.output_ids, due, strict=True):
        assert found[name].shape == one.shape == program.tensors[name].shape
        np.testing.assert_allclose(found[name], one, rtol=1e-4, atol=1e-5)
    if expected is not None:
        assert [op.op_type for op in program.ops] == expected
    return program


def one(tmp_path, what, shape, weights=None, opset=17, outputs=1, order=None, **attributes):
    """A network of one operator, whose first input is `x`, compared."""
    names = [f"y{k}" for k in range(outputs)]
    read = order or ["x", *(weights or {})]
    node = helper.make_node(what, read, names, **attributes)
    path = written(tmp_path / "one.onnx", [node], {"x": shape}, names, weights, opset)
    return compare(path, {"x": drawn(shape)})


SHAPES = [(2, 3, 5, 6), (1, 3, 8, 8)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("what", "opset", "attributes"),
    [
        ("Relu", 7, {}), ("Relu", 14, {}), ("Sigmoid", 13, {}), ("Tanh", 13, {}), ("Erf", 13, {}),
        ("HardSwish", 14, {}),
        ("HardSigmoid", 13, {}), ("HardSigmoid", 13, {"alpha": 1 / 6}), ("Gelu", 20, {}),
        ("Gelu", 20, {"approximate": "tanh"}), ("Clip", 7, {"min": -0.5, "max": 0.7}),
        ("Clip", 7, {"min": 0.0, "max": 6.0}),
        ("Softmax", 13, {}), ("Softmax", 13, {"axis": 1}), ("Softmax", 11, {}), ("Softmax", 11, {"axis": 3}),
        ("Softmax", 7, {"axis": 2}), ("Flatten", 9, {"axis": 2}), ("Flatten", 13, {}), ("Flatten", 13, {"axis": 0}),
        ("Flatten", 13, {"axis": -1}), ("Transpose", 13, {}), ("Transpose", 13, {"perm": [0, 2, 3, 1]}),
        ("GlobalAveragePool", 9, {}), ("GlobalMaxPool", 9, {}), ("Identity", 13, {}), ("Dropout", 10, {}),
        ("ReduceMean", 11, {"axes": [2, 3]}), ("ReduceMean", 13, {"axes": [-1], "keepdims": 0}), ("ReduceMean", 13, {}),
        ("ReduceSum", 11, {"axes": [1]}), ("Neg", 13, {}), ("Unsqueeze", 11, {"axes": [0, 4]}),
        ("Pad", 7, {"pads": [0, 0, 1, 2, 0, 0, 0, 1], "value": 0.5}),
        ("Slice", 7, {"starts": [1, 0], "ends": [100, -1], "axes": [1, 3]}),
        ("MaxPool", 8, {"kernel_shape": [2, 2]}), ("MaxPool", 12, {"kernel_shape": [3, 3], "strides": [2, 2],
                                                                   "pads": [1, 1, 1, 1]}),
        ("MaxPool", 12, {"kernel_shape": [3, 2], "strides": [2, 1], "ceil_mode": 1}),
        ("MaxPool", 12, {"kernel_shape": [2, 2], "dilations": [2, 2]}),
        ("MaxPool", 12, {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ("AveragePool", 11, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ("AveragePool", 11, {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
        ("AveragePool", 11, {"kernel_shape": [2, 3], "auto_pad": "SAME_LOWER"}),
        ("Upsample", 7, {"scales": [1.0, 1.0, 2.0, 3.0]}), ("LayerNormalization", 17, {}),
    ],
)  # fmt: skip
def test_an_operator_of_one_tensor(tmp_path, what, opset, attributes, shape):
    weights = {"scale": drawn(shape[-1:], 5), "bias": drawn(shape[-1:], 6)} if what == "LayerNormalization" else None
    one(tmp_path, what, shape, weights, opset, **attributes)


def whole(*numbers):
    return np.array(numbers, np.int64)


@pytest.mark.parametrize(
    ("what", "opset", "weights", "attributes"),
    [
        ("Reshape", 13, {"shape": whole(0, -1, 3)}, {}), ("Reshape", 14, {"shape": whole(4, 15)}, {"allowzero": 1}),
        ("Unsqueeze", 13, {"axes": whole(0, -1)}, {}), ("ReduceSum", 13, {"axes": whole(2, 3)}, {}),
        ("ReduceMean", 18, {"axes": whole(1)}, {"keepdims": 0}), ("Expand", 13, {"shape": whole(3, 2, 2, 5, 3)}, {}),
        ("Tile", 13, {"repeats": whole(1, 2, 1, 3)}, {}),
        ("Slice", 13, {"starts": whole(0), "ends": whole(9), "axes": whole(2), "steps": whole(2)}, {}),
        ("Slice", 13, {"starts": whole(-1), "ends": whole(-9), "axes": whole(2), "steps": whole(-1)}, {}),
        ("Slice", 10, {"starts": whole(0, 1), "ends": whole(1, 2)}, {}),
        ("Gather", 13, {"places": whole(1, 0, -1)}, {"axis": 2}),
        ("Gather", 13, {"places": np.int64(-1)}, {"axis": 3}),
        ("Gather", 11, {"places": np.array([[0, 1], [1, -1]])}, {"axis": 1}),
        ("Pad", 13, {"pads": whole(0, 0, 1, 0, 0, 0, 0, 2), "value": np.float32(2)}, {}),
        ("Pad", 18, {"pads": whole(1, 2), "value": np.float32(0), "axes": whole(-1)}, {}),
        ("Pad", 11, {"pads": whole(0, 0, -1, 0, 0, 0, 0, 1)}, {}),
        ("Clip", 13, {"min": np.float32(-0.3), "max": np.float32(0.4)}, {}), ("Clip", 11, {"min": np.float32(0.1)}, {}),
        ("Pow", 13, {"exponent": np.float32(2)}, {}), ("Max", 13, {"least": np.float32(0.1)}, {}),
        ("Min", 13, {"most": np.float32(0.1)}, {}), ("Sum", 13, {"a": drawn((3,)), "b": drawn((2, 2, 5, 3))}, {}),
        ("Add", 7, {"a": drawn((3,))}, {}), ("Sub", 13, {"a": drawn((5, 1))}, {}),
        ("Mul", 14, {"a": drawn((2, 1, 1))}, {}),
        ("Div", 13, {"a": np.float32(3)}, {}), ("MatMul", 13, {"a": drawn((3, 4))}, {}),
        ("MatMul", 9, {"a": drawn((3,))}, {}),
        ("Concat", 13, {"a": drawn((2, 2, 5, 1))}, {"axis": -1}),
        ("Concat", 7, {"a": drawn((2, 1, 5, 3))}, {"axis": 1}),
        ("BatchNormalization", 9, {n: np.abs(drawn((2,), k)) for k, n in enumerate("abcd")}, {}),
        ("BatchNormalization", 15, {n: np.abs(drawn((2,), k)) for k, n in enumerate("abcd")}, {"epsilon": 0.1}),
    ],
)  # fmt: skip
def test_an_operator_with_numbers(tmp_path, what, opset, weights, attributes):
    one(tmp_path, what, (2, 2, 5, 3), weights, opset, **attributes)


@pytest.mark.parametrize("shape", [(1, 4, 9, 7), (3, 4, 6, 6)])
@pytest.mark.parametrize(
    ("weight", "attributes"),
    [
        ((5, 4, 3, 3), {}), ((5, 4, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
        ((5, 4, 3, 3), {"pads": [0, 1, 2, 1], "kernel_shape": [3, 3]}), ((4, 1, 3, 3), {"group": 4}),
        ((6, 2, 1, 1), {"group": 2}), ((5, 4, 2, 2), {"dilations": [2, 3]}),
        ((5, 4, 3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}), ((5, 4, 2, 2), {"auto_pad": "SAME_LOWER"}),
        ((5, 4, 3, 3), {"auto_pad": "VALID"}),
    ],
)  # fmt: skip
def test_convolutions(tmp_path, shape, weight, attributes):
    one(tmp_path, "Conv", shape, {"w": drawn(weight, 1), "b": drawn(weight[:1], 2)}, 11, **attributes)


@pytest.mark.parametrize("shape", [(2, 3, 8), (2, 3, 4, 4, 4)])
def test_convolutions_of_other_ranks(tmp_path, shape):
    one(tmp_path, "Conv", shape, {"w": drawn((5, 3, *[3] * (len(shape) - 2)), 1)}, 11)


@pytest.mark.parametrize(
    ("weights", "opset", "attributes"),
    [
        ({"b": drawn((4, 5))}, 13, {}), ({"b": drawn((5, 4)), "c": drawn((5,))}, 13, {"transB": 1}),
        ({"b": drawn((4, 5)), "c": drawn((1, 5))}, 11, {"alpha": 0.5, "beta": 2.0}),
        ({"b": drawn((4, 5)), "c": drawn((3, 1))}, 7, {}),
    ],
)  # fmt: skip
def test_products_of_matrices(tmp_path, weights, opset, attributes):
    one(tmp_path, "Gemm", (3, 4), weights, opset, **attributes)


def test_a_transposed_first_matrix(tmp_path):
    one(tmp_path, "Gemm", (4, 3), {"b": drawn((4, 5))}, 13, transA=1)


@pytest.mark.parametrize(
    ("opset", "weights", "attributes", "outputs"),
    [
        (11, None, {"axis": 1, "split": [1, 3]}, 2), (11, None, {"axis": 1}, 2),
        (13, {"s": whole(3, 1)}, {"axis": 1}, 2),
        (13, None, {"axis": -3}, 4), (18, None, {"axis": 1, "num_outputs": 2}, 2),
    ],
)  # fmt: skip
def test_a_split(tmp_path, opset, weights, attributes, outputs):
    one(tmp_path, "Split", (2, 4, 3, 2), weights, opset, outputs, **attributes)


def test_the_last_piece_of_a_split_may_be_smaller(tmp_path):
    one(tmp_path, "Split", (2, 5), None, 18, 3, axis=1, num_outputs=3)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_channels_become_positions(tmp_path, mode):
    one(tmp_path, "DepthToSpace", (2, 8, 2, 3), None, 13, blocksize=2, mode=mode)


def test_positions_become_channels(tmp_path):
    one(tmp_path, "SpaceToDepth", (2, 2, 4, 6), None, 13, blocksize=2)


@pytest.mark.parametrize(
    ("opset", "weights", "attributes"), [(11, None, {"axes": [0]}), (13, {"axes": whole(0)}, {}), (13, None, {})]
)
def test_a_squeeze(tmp_path, opset, weights, attributes):
    one(tmp_path, "Squeeze", (1, 3, 2), weights, opset, **attributes)


RESIZES = [
    ({"scales": [1, 1, 2, 2]}, {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}),
    ({"scales": [1, 1, 2, 3]}, {}),
    ({"scales": [1, 1, 0.6, 1.4]}, {}),
    ({"scales": [1, 1, 1.5, 2.5]}, {"nearest_mode": "ceil"}),
    ({"sizes": [1, 2, 7, 3]}, {"coordinate_transformation_mode": "align_corners", "nearest_mode": "round_prefer_ceil"}),
    ({"sizes": [1, 2, 9, 8]}, {"coordinate_transformation_mode": "pytorch_half_pixel"}),
    ({"sizes": [1, 2, 10, 12]}, {"coordinate_transformation_mode": "half_pixel"}),
]


@pytest.mark.parametrize(("told", "attributes"), RESIZES)
def test_a_resize_reads_the_places_that_onnxruntime_reads(tmp_path, told, attributes):
    weights = {n: np.array(v, np.float32 if n == "scales" else np.int64) for n, v in told.items()}
    order = ["x", "", "scales"] if "scales" in told else ["x", "", "", "sizes"]
    one(tmp_path, "Resize", (1, 2, 5, 6), weights, 13, order=order, **attributes)


def test_a_whole_scale_is_one_operator(tmp_path):
    program = one(tmp_path, "Resize", (1, 2, 5, 6), {"scales": np.array([1, 1, 2, 2], np.float32)}, 10)
    assert [op.op_type for op in program.ops] == ["Resize"]


def test_shapes_that_are_computed_are_known_before_a_run(tmp_path):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Constant", [], ["zero"], value=numpy_helper.from_array(whole(0))),
        helper.make_node("Gather", ["s", "zero"], ["batch"]),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["batch", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["flat"]),
        helper.make_node("Range", ["zero0", "count", "one"], ["line"]),
        helper.make_node("Cast", ["line"], ["real"], to=FLOAT),
        helper.make_node("Mul", ["flat", "real"], ["y"]),
    ]
    weights = {"zero0": np.int64(0), "count": np.int64(12), "one": np.int64(1)}
    path = written(tmp_path / "net.onnx", nodes, {"x": (2, 3, 4)}, ["y"], weights)
    compare(path, {"x": drawn((2, 3, 4))}, ["Reshape", "Mul"])


def test_a_shape_that_is_an_output_is_numbers(tmp_path):
    path = written(
        tmp_path / "net.onnx", [helper.make_node("Shape", ["x"], ["y"])], {"x": (2, 3)}, ["y"], kinds={"y": INT64}
    )
    compare(path, {"x": drawn((2, 3))}, ["Identity"])


def test_a_cast(tmp_path):
    node = helper.make_node("Cast", ["x"], ["y"], to=INT64)
    path = written(tmp_path / "net.onnx", [node], {"x": (2, 3)}, ["y"], kinds={"y": INT64})
    compare(path, {"x": 5 * drawn((2, 3))}, ["Cast"])


def test_numbers_that_are_an_output_are_written_by_an_operator(tmp_path):
    nodes = [
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(drawn((2, 2)))),
        helper.make_node("Relu", ["x"], ["y"]),
    ]
    compare(
        written(tmp_path / "net.onnx", nodes, {"x": (2, 3)}, ["y", "c"]), {"x": drawn((2, 3))}, ["Relu", "Identity"]
    )


def test_a_softmax_and_a_norm_of_primitive_operators_are_accepted(tmp_path):
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["m"], axes=[-1]), helper.make_node("Sub", ["x", "m"], ["d"]),
        helper.make_node("Exp", ["d"], ["e"]), helper.make_node("ReduceSum", ["e", "axes"], ["t"]),
        helper.make_node("Div", ["e", "t"], ["y"]),
    ]  # fmt: skip
    path = written(tmp_path / "net.onnx", nodes, {"x": (2, 3)}, ["y"], {"axes": whole(-1)}, 13)
    compare(path, {"x": drawn((2, 3))}, ["ReduceMax", "Sub", "Exp", "ReduceSum", "Div"])


def test_the_hash_is_that_of_the_file_and_of_what_lies_beside_it(tmp_path):
    path = written(
        tmp_path / "net.onnx",
        [helper.make_node("Add", ["x", "w"], ["y"])],
        {"x": (2, 300)},
        ["y"],
        {"w": drawn((300,))},
    )
    assert captured(path, KPUConfig()).source_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    beside = tmp_path / "beside.onnx"
    onnx.save(onnx.load(str(path)), str(beside), save_as_external_data=True, location="w.bin", size_threshold=0)
    program = compare(beside, {"x": drawn((2, 300))})
    both = beside.read_bytes() + (tmp_path / "w.bin").read_bytes()
    assert program.source_hash == hashlib.sha256(both).hexdigest()
    (tmp_path / "w.bin").unlink()
    with pytest.raises(CompilationError, match="numbers of w cannot be read"):
        captured(beside, KPUConfig())


@pytest.mark.parametrize("place", ["/etc/passwd", "../w.bin", "inner/../../w.bin"])
def test_weights_outside_of_the_folder_are_refused(tmp_path, place):
    path = written(
        tmp_path / "net.onnx", [helper.make_node("Add", ["x", "w"], ["y"])], {"x": (2, 3)}, ["y"], {"w": drawn((3,))}
    )
    model = onnx.load(str(path))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    path.write_bytes(model.SerializeToString())
    with pytest.raises(CompilationError, match="outside of the model's folder"):
        captured(path, KPUConfig())


def test_weights_behind_a_link_are_refused(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "w.bin").write_bytes(drawn((3,)).tobytes())
    folder = tmp_path / "here"
    folder.mkdir()
    path = written(
        folder / "net.onnx", [helper.make_node("Add", ["x", "w"], ["y"])], {"x": (2, 3)}, ["y"], {"w": drawn((3,))}
    )
    onnx.save(onnx.load(str(path)), str(path), save_as_external_data=True, location="w.bin", size_threshold=0)
    (folder / "w.bin").unlink()
    (folder / "w.bin").symlink_to(tmp_path / "other" / "w.bin")
    with pytest.raises(CompilationError, match="outside of the model's folder"):
        captured(path, KPUConfig())


def test_open_sizes_are_refused_or_specialised(tmp_path):
    path = written(tmp_path / "net.onnx", [helper.make_node("Relu", ["x"], ["y"])], {"x": ("n", 3)}, ["y"])
    with pytest.raises(CompilationError, match=r"axis 0 of x is open.*input_shape"):
        captured(path, KPUConfig())
    program = compare(path, {"x": drawn((4, 3))}, input_shape=(4, 3))
    assert program.facts["specialised"] == ["axis 0 of x is 4"]
    with pytest.raises(InvalidInputError, match=r"Input shape mismatch: expected \(\?,3\), got \(4,5\)"):
        captured(path, KPUConfig(), input_shape=(4, 5))


def test_every_unsupported_operator_is_named_at_once(tmp_path):
    nodes = [
        helper.make_node("InstanceNormalization", ["x", "w", "w"], ["a"]), helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Resize", ["b", "", "scales"], ["c"], mode="linear"),
        helper.make_node("Pad", ["c", "pads"], ["d"], mode="reflect"), helper.make_node("Mish", ["d"], ["y"]),
    ]  # fmt: skip
    weights = {"w": drawn((3,)), "scales": np.ones(4, np.float32) * 2, "pads": whole(0, 0, 1, 1, 0, 0, 1, 1)}
    path = written(tmp_path / "net.onnx", nodes, {"x": (1, 3, 4, 4)}, ["y"], weights, 18)
    error = r"^Unsupported operators: InstanceNormalization, Resize \(linear\), Pad \(reflect\), Mish$"
    with pytest.raises(UnsupportedOpError, match=error):
        captured(path, KPUConfig())


@pytest.mark.parametrize(
    ("node", "weights", "error"),
    [
        (helper.make_node("Pow", ["x", "w"], ["y"]), {"w": np.float32(1.7)}, "exponents 0.5, 1, 2, 3 and 4"),
        (helper.make_node("Dropout", ["x", "r", "t"], ["y"]), {"r": np.float32(0.5), "t": np.bool_(True)},
         "as in training"),
        (helper.make_node("Add", ["x", "w"], ["y"]), {"w": drawn((4,))}, "do not broadcast"),
        (helper.make_node("Add", ["x", "nothing"], ["y"]), {}, "which no node before it writes"),
        (helper.make_node("Cast", ["x"], ["y"], to=TensorProto.INT8), {}, "elements of type 3 are not supported"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_is_refused(tmp_path, node, weights, error):
    path = written(tmp_path / "net.onnx", [node], {"x": (2, 3)}, ["y"], weights, 13)
    with pytest.raises(CompilationError, match=error):
        captured(path, KPUConfig())


def test_a_shape_from_the_run_is_refused(tmp_path):
    node = helper.make_node("Reshape", ["x", "s"], ["y"])
    path = written(tmp_path / "net.onnx", [node], {"x": (2, 3), "s": (1,)}, ["y"], kinds={"s": INT64})
    with pytest.raises(CompilationError, match="takes shape from the run"):
        captured(path, KPUConfig())


def test_numbers_without_end_are_refused(tmp_path):
    nodes = [helper.make_node("ConstantOfShape", ["s"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])]
    path = written(tmp_path / "net.onnx", nodes, {"x": (1,)}, ["y"], {"s": whole(1 << 20, 1 << 20)})
    with pytest.raises(CompilationError, match=r"gives \d+ numbers"):
        captured(path, KPUConfig())


def test_names_are_those_of_the_model(tmp_path):
    nodes = [
        helper.make_node("Relu", ["x:0"], ["inner"], "first"),
        helper.make_node("Tanh", ["inner"], ["scores"], "second"),
    ]
    program = captured(written(tmp_path / "net.onnx", nodes, {"x:0": (2, 3)}, ["scores"]), KPUConfig())
    assert [op.id for op in program.ops] == ["first", "scores"]
    assert program.tensors[program.input_ids[0]].name == "x:0"
    assert program.output_ids == ["scores"]


def test_a_file_that_is_nothing_is_refused(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"nothing of this kind")
    with pytest.raises(CompilationError, match="no ONNX model"):
        captured(path, KPUConfig())
