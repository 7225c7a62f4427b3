"""Networks of ONNX: the same work as where they came from, open sizes, and what is refused."""

from __future__ import annotations

import logging

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from symppa.errors import WorkloadError  # noqa: E402
from symppa.workloads.encoding import dumps  # noqa: E402
from symppa.workloads.features import features  # noqa: E402
from symppa.workloads.onnx import load_onnx  # noqa: E402
from symppa.workloads.yaml import loads  # noqa: E402


def weights(**shapes):
    return [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in shapes.items()]


def numbers(**values):
    return [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in values.items()]


def saved(tmp_path, nodes, inputs, initializers=(), outputs=("out",), opset=17, kind=TensorProto.FLOAT):
    """A model in a file; what comes out has no told shape."""
    ins = [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()]
    outs = [helper.make_tensor_value_info(name, kind, None) for name in outputs]
    graph = helper.make_graph(nodes, "net", ins, outs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    onnx.save(model, tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def node(what, inputs, output="out", **attributes):
    return helper.make_node(what, inputs, [output], name=output, **attributes)


def kinds(graph):
    return [operator.kind for operator in graph]


def test_a_convolution_with_its_window(tmp_path):
    told = {"strides": [2, 1], "pads": [1, 2, 3, 4], "dilations": [1, 2], "group": 2}
    path = saved(
        tmp_path, [node("Conv", ["x", "w", "b"], **told)], {"x": [1, 4, 20, 20]}, weights(w=(6, 2, 3, 3), b=(6,))
    )
    graph = load_onnx(path)
    # (20 + 1 + 3 - 2 - 1) // 2 + 1 rows and 20 + 2 + 4 - 4 columns
    assert graph.tensors["out"].shape == (1, 6, 11, 22)
    assert features(graph).macs.sum() == 6 * 11 * 22 * 2 * 9
    assert graph.parameters == 6 * 2 * 9 + 6


@pytest.mark.parametrize(("size", "stride", "places"), [(20, 2, 10), (21, 2, 11), (20, 3, 7)])
def test_same_padding_gives_a_place_for_each_stride(tmp_path, size, stride, places):
    told = {"auto_pad": "SAME_UPPER", "strides": [stride, stride]}
    path = saved(tmp_path, [node("Conv", ["x", "w"], **told)], {"x": [1, 4, size, size]}, weights(w=(6, 4, 3, 3)))
    assert load_onnx(path).tensors["out"].shape == (1, 6, places, places)


def test_a_product_and_the_bias_after_it_are_one_matrix(tmp_path):
    nodes = [node("MatMul", ["x", "w"], "y"), node("Add", ["b", "y"], "z"), node("Relu", ["z"])]
    graph = load_onnx(saved(tmp_path, nodes, {"x": ["N", 7, 8]}, weights(w=(8, 4), b=(4,))))
    assert kinds(graph) == ["Linear", "ReLU"]
    assert graph.parameters == 36
    assert graph.inputs == ("x",)
    assert graph.tensors["x"].shape == ("batch", 7, 8)


def test_a_bias_read_twice_stays_an_addition(tmp_path):
    nodes = [node("MatMul", ["x", "w"], "y"), node("Add", ["y", "b"], "z"), node("Mul", ["y", "z"])]
    graph = load_onnx(saved(tmp_path, nodes, {"x": [7, 8]}, weights(w=(8, 4), b=(4,))))
    assert kinds(graph) == ["Linear", "Parameter", "add", "mul"]


@pytest.mark.parametrize("turned", [0, 1])
def test_gemm_is_a_matrix_either_way(tmp_path, turned):
    shape = (4, 8) if turned else (8, 4)
    path = saved(tmp_path, [node("Gemm", ["x", "w", "b"], transB=turned)], {"x": [3, 8]}, weights(w=shape, b=(4,)))
    graph = load_onnx(path)
    assert kinds(graph) == ["Linear"]
    assert features(graph).macs.sum() == 3 * 8 * 4


def test_a_tensor_times_its_sigmoid_is_silu(tmp_path):
    nodes = [node("Sigmoid", ["x"], "s"), node("Mul", ["s", "x"])]
    assert kinds(load_onnx(saved(tmp_path, nodes, {"x": [2, 8]}))) == ["SiLU"]


def test_a_shape_that_is_computed_from_a_shape_is_known(tmp_path):
    nodes = [
        node("Shape", ["x"], "shape"), node("Gather", ["shape", "zero"], "first", axis=0),
        node("Unsqueeze", ["first", "axes"], "row"), node("Concat", ["row", "rest"], "new", axis=0),
        node("Reshape", ["x", "new"]),
    ]  # fmt: skip
    graph = load_onnx(saved(tmp_path, nodes, {"x": ["N", 4, 6]}, numbers(zero=0, axes=[0], rest=[-1])))
    assert kinds(graph) == ["Reshape"]
    assert graph.tensors["out"].shape == ("batch", 24)


def test_a_reshape_that_fixes_the_batch_is_said(tmp_path, caplog):
    path = saved(tmp_path, [node("Reshape", ["x", "new"])], {"x": ["N", 4, 6]}, numbers(new=[1, 24]))
    with caplog.at_level(logging.WARNING, "symppa"):
        graph = load_onnx(path)
    assert graph.symbols == {}
    assert "all its sizes are fixed" in caplog.text


def test_an_open_sequence_is_a_symbol(tmp_path):
    path = saved(tmp_path, [node("MatMul", ["x", "w"])], {"x": ["batch_size", "sequence_length", 8]}, weights(w=(8, 4)))
    graph = load_onnx(path, sizes={"seq": 100})
    assert graph.symbols == {"batch": 1, "seq": 100}
    assert features(graph).macs.sum() == 100 * 32


def test_an_open_size_without_a_value_is_asked_for(tmp_path):
    path = saved(tmp_path, [node("Relu", ["x"])], {"x": ["N", 3, "height", 8]})
    with pytest.raises(WorkloadError, match=r"size 'height' of the input x is open; .* --size height="):
        load_onnx(path)


def test_a_window_over_an_open_size_fixes_it(tmp_path, caplog):
    path = saved(tmp_path, [node("MaxPool", ["x"], kernel_shape=[2, 2], strides=[2, 2])], {"x": ["N", 3, "h", 8]})
    with caplog.at_level(logging.WARNING, "symppa"):
        graph = load_onnx(path, sizes={"h": 16})
    assert graph.tensors["out"].shape == ("batch", 3, 8, 4)
    assert "only the batch stays open" in caplog.text


def test_rows_of_a_table_are_looked_up(tmp_path):
    path = saved(tmp_path, [node("Gather", ["w", "x"])], {"x": [2, 5]}, weights(w=(100, 8)), kind=TensorProto.INT64)
    graph = load_onnx(path)
    assert kinds(graph) == ["Embedding"]
    assert graph.parameters == 800


@pytest.mark.parametrize(
    ("what", "told", "extra", "shape"),
    [
        ("Slice", {}, numbers(a=[1], b=[5], c=[1]), (2, 4, 6)),
        ("Transpose", {"perm": [2, 0, 1]}, [], (6, 2, 8)),
        ("Flatten", {"axis": 2}, [], (16, 6)),
        ("Tile", {}, numbers(a=[1, 2, 1]), (2, 16, 6)),
        ("Expand", {}, numbers(a=[3, 1, 1, 1]), (3, 2, 8, 6)),
        ("Pad", {}, numbers(a=[0, 1, 0, 0, 2, 0]), (2, 11, 6)),
        ("ReduceMean", {"axes": [1], "keepdims": 0}, [], (2, 6)),
        ("ReduceL2", {"axes": [2]}, [], (2, 8, 1)),
        ("Unsqueeze", {}, numbers(a=[0, 4]), (1, 2, 8, 6, 1)),
        ("Softmax", {}, [], (2, 8, 6)),
        ("Gelu", {}, [], (2, 8, 6)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_operator_gives_the_shape_that_onnx_says(tmp_path, what, told, extra, shape):
    opset = 20 if what == "Gelu" else 17
    path = saved(tmp_path, [node(what, ["x", *(t.name for t in extra)], **told)], {"x": [2, 8, 6]}, extra, opset=opset)
    graph = load_onnx(path)
    assert graph.tensors[graph.outputs[0]].shape == shape
    inferred = onnx.shape_inference.infer_shapes(onnx.load(path), data_prop=True).graph.output[0].type.tensor_type
    assert tuple(d.dim_value for d in inferred.shape.dim) == shape


def test_parts_of_an_axis(tmp_path):
    nodes = [helper.make_node("Split", ["x", "sizes"], ["a", "b"], axis=1), node("Mul", ["a", "b"])]
    graph = load_onnx(saved(tmp_path, nodes, {"x": [2, 8]}, numbers(sizes=[4, 4])))
    assert kinds(graph) == ["Split", "mul"]


def test_a_quantised_convolution_is_a_convolution(tmp_path):
    eight = [numpy_helper.from_array(np.ones((6, 4, 3, 3), np.int8), "w")]
    ones = weights(xs=(1,), ws=(1,), ys=(1,))
    zeros = [numpy_helper.from_array(np.array([0], np.int8), name) for name in ("xz", "wz", "yz")]
    inputs = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"]
    path = saved(
        tmp_path, [node("QLinearConv", inputs)], {"x": [1, 4, 8, 8]}, [*eight, *ones, *zeros], kind=TensorProto.INT8
    )
    graph = load_onnx(path)
    assert kinds(graph) == ["Conv2d"]
    assert graph.tensors["x"].dtype == "int8"


def test_every_operator_that_is_not_supported_is_named_at_once(tmp_path):
    nodes = [
        node("NonZero", ["x"], "y"), node("NonZero", ["x"], "z"),
        helper.make_node("Strange", ["x"], ["out"], domain="my.own"),
    ]  # fmt: skip
    with pytest.raises(WorkloadError, match=r"2 kinds .*: NonZero \(2\), my.own.Strange \(1\)"):
        load_onnx(saved(tmp_path, nodes, {"x": [2, 2]}))


def test_an_old_opset_is_refused(tmp_path):
    with pytest.raises(WorkloadError, match="opset 6 is too old"):
        load_onnx(saved(tmp_path, [node("Relu", ["x"])], {"x": [2, 2]}, opset=6))


@pytest.mark.parametrize("content", [b"\x08\x07\xff\xff\xff", b"hello", b"\x08\x07"])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(WorkloadError, match=r"bad.onnx: this is no ONNX model, or a damaged one"):
        load_onnx(path)


def test_weights_in_another_file_are_not_read(tmp_path):
    path = saved(tmp_path, [node("MatMul", ["x", "w"])], {"x": [2, 64]}, weights(w=(64, 64)))
    model = onnx.load(path)
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    (tmp_path / "net.data").unlink()
    assert load_onnx(tmp_path / "net.onnx").parameters == 4096


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "yolov8n"])
def test_a_published_network_has_the_work_that_it_has_in_torch(tmp_path, name):
    torch = pytest.importorskip("torch")
    from symppa.workloads.torch import load_workload
    from tests.workloads.networks import NETWORKS

    make, side, _ = NETWORKS[name]
    torch.manual_seed(1)
    module, x = make().eval(), torch.zeros(1, 3, side, side)
    told = {"dynamo": False, "input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}, "opset_version": 17}
    torch.onnx.export(module, (x,), str(tmp_path / "net.onnx"), **told)
    graph = load_onnx(tmp_path / "net.onnx", name=name)
    assert graph.symbols == {"batch": 1}
    sizes = [{"batch": 1}, {"batch": 4}]
    here, there = features(graph, sizes), features(load_workload(module, x), sizes)
    assert here.macs.sum(axis=0) == pytest.approx(there.macs.sum(axis=0))
    assert here.ops.sum(axis=0) == pytest.approx(there.ops.sum(axis=0), rel=1e-3)
    assert loads(dumps(graph)) == graph


def test_attention_on_three_sizes_is_divided_into_heads(tmp_path):
    nodes = [node("Attention", ["q", "k", "v"], is_causal=1, q_num_heads=8, kv_num_heads=2)]
    inputs = {"q": ["batch", 16, 64], "k": ["batch", 16, 16], "v": ["batch", 16, 32]}
    graph = load_onnx(saved(tmp_path, nodes, inputs, opset=23))
    (attention,) = graph
    assert {n: attention.attributes[n] for n in ("heads", "kv_heads", "width", "value_width", "causal")} == {
        "heads": 8, "kv_heads": 2, "width": 8, "value_width": 16, "causal": True
    }  # fmt: skip
    assert graph.tensors[graph.outputs[0]].shape == ("batch", 16, 8 * 16)
    pairs = 16 * 17 // 2  # a query sees what came before it, and itself
    assert features(graph).macs.sum() == 8 * pairs * (8 + 16)


@pytest.mark.parametrize(("q", "kv"), [(8, 3), (None, 2), (5, 5)])
def test_heads_that_do_not_divide_attention_are_refused(tmp_path, q, kv):
    told = {name: n for name, n in (("q_num_heads", q), ("kv_num_heads", kv)) if n}
    inputs = {"q": [2, 16, 64], "k": [2, 16, 16], "v": [2, 16, 16]}
    with pytest.raises(WorkloadError, match=r"q_num_heads, and kv_num_heads that divide|do not divide the features"):
        load_onnx(saved(tmp_path, [node("Attention", ["q", "k", "v"], **told)], inputs, opset=23))


@pytest.mark.parametrize("size", [-2, 0])
def test_a_size_below_one_is_refused(tmp_path, size):
    with pytest.raises(WorkloadError, match=f"the input x has the size {size}; a size is at least 1"):
        load_onnx(saved(tmp_path, [node("Relu", ["x"])], {"x": [size, 3]}))


def test_nodes_in_a_circle_are_refused(tmp_path):
    nodes = [node("Relu", ["out"], "y"), node("Relu", ["y"])]
    with pytest.raises(WorkloadError, match=r"needs 'out', which no node before it writes: .*in a circle"):
        load_onnx(saved(tmp_path, nodes, {"x": [2]}))


def test_an_output_that_nothing_writes_is_refused(tmp_path):
    with pytest.raises(WorkloadError, match="the model needs 'lost', which no node"):
        load_onnx(saved(tmp_path, [node("Relu", ["x"])], {"x": [2]}, outputs=("out", "lost")))
