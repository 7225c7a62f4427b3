"""Shapes that follow, against hand calculations and against torch; refusals that say where."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symppa.errors import WorkloadError
from symppa.workloads.ir import Tensor
from symppa.workloads.shapes import Row, built


def shape(kind, told=("batch", 4, 8, 8), *others, **attributes):
    """The shape of the first output of one operator."""
    inputs = {f"x{k}": Tensor(f"x{k}", tuple(s)) for k, s in enumerate((told, *others))}
    graph = built("one", inputs, [Row("y", kind, tuple(inputs), attributes)], symbols={"batch": 1, "seq": 2})
    return graph.tensors[graph.operators[0].outputs[0]].shape


@pytest.mark.parametrize(
    ("kind", "told", "attributes", "expected"),
    [
        ("Conv2d", ("batch", 4, 8, 8), {"out": 6, "kernel": 3, "stride": 2, "padding": 1}, ("batch", 6, 4, 4)),
        ("Conv2d", ("batch", 4, 9, 8), {"out": 6, "kernel": [1, 2], "padding": [0, 0, 0, 1]}, ("batch", 6, 9, 8)),
        ("Conv1d", ("batch", 4, 8), {"out": 6, "kernel": 3, "dilation": 2}, ("batch", 6, 4)),
        ("ConvTranspose2d", ("batch", 4, 8, 8), {"out": 2, "kernel": 2, "stride": 2}, ("batch", 2, 16, 16)),
        ("MaxPool2d", ("batch", 4, 7, 7), {"kernel": 2, "ceil": True}, ("batch", 4, 4, 4)),
        ("AdaptiveAvgPool2d", ("batch", 4, 7, 7), {"size": 1}, ("batch", 4, 1, 1)),
        ("Linear", ("batch", "seq", 4), {"out": 9}, ("batch", "seq", 9)),
        ("Reshape", ("batch", 12, 4), {"shape": ["batch", -1, 8]}, ("batch", 6, 8)),
        ("Reshape", ("batch", "seq", 4), {"shape": [-1, 4]}, ("batch*seq", 4)),
        ("Flatten", ("batch", 4, 8, 8), {}, ("batch", 256)),
        ("Transpose", ("batch", 4, 8), {"order": [0, -1, 1]}, ("batch", 8, 4)),
        ("Squeeze", ("batch", 1, 8, 1), {"axes": -1}, ("batch", 1, 8)),
        ("Unsqueeze", ("batch", 8), {"axes": [1, -1]}, ("batch", 1, 8, 1)),
        ("Split", ("batch", 8), {"axis": 1, "sizes": [2, 6]}, ("batch", 2)),
        ("Slice", ("batch", 8), {"axis": 1, "start": 1, "end": -1, "step": 2}, ("batch", 3)),
        ("Slice", ("batch", 8, 3), {"axis": 1, "take": 0}, ("batch", 3)),
        ("Expand", (1, 8), {"shape": ["batch", 3, -1]}, ("batch", 3, 8)),
        ("Pad", ("batch", 4, 8, 8), {"padding": [1, 2, 3, 4]}, ("batch", 4, 15, 11)),
        ("Upsample", ("batch", 4, 8, 8), {"scale": 1.5}, ("batch", 4, 12, 12)),
        ("Upsample", ("batch", 4, 8, 8), {"size": [5, 6], "mode": "bilinear"}, ("batch", 4, 5, 6)),
        ("Mean", ("batch", 4, 8, 8), {"axes": [2, 3]}, ("batch", 4)),
        ("Max", ("batch", 4), {"axes": -1, "keep": True}, ("batch", 1)),
        ("Sum", ("batch", 4), {}, ()),
        ("Attention", ("batch", "seq", 64), {"heads": 4, "width": 16, "value_width": 8}, ("batch", "seq", 32)),
        ("MultiheadAttention", ("batch", "seq", 64), {"heads": 4}, ("batch", "seq", 64)),
        ("Router", ("batch", "seq", 64), {"experts": 8, "active": 2}, ("batch", "seq", 2)),
        ("Experts", ("batch", "seq", 64), {"experts": 8, "active": 2, "hidden": 9}, ("batch", "seq", 64)),
        ("Embedding", ("batch", "seq"), {"rows": 10, "width": 4}, ("batch", "seq", 4)),
        ("AllReduce", ("batch", 4), {"ranks": 2}, ("batch", 4)),
        ("AllToAll", ("batch", 4), {"ranks": 2}, ("batch", 4)),
        ("AllGather", ("batch", 4), {"ranks": 2}, ("batch", 8)),
        ("AllGather", ("batch", 4), {"ranks": 2, "axis": 0}, ("2*batch", 4)),
        ("ReduceScatter", ("batch", 4), {"ranks": 2}, ("batch", 2)),
        ("ReduceScatter", ("4*batch", 5), {"ranks": 2, "axis": 0}, ("2*batch", 5)),
        ("KVCache", ("batch", 1, 16), {}, ("batch", 1, 16)),
    ],
)
def test_a_shape_follows(kind, told, attributes, expected):
    assert shape(kind, told, **attributes) == expected


def test_shapes_of_several_operands_follow():
    assert shape("add", ("batch", 4, 1), (4, 7)) == ("batch", 4, 7)
    assert shape("where", ("batch", 1), (1, 5), (1,)) == ("batch", 5)
    assert shape("MatMul", ("batch", 2, 3, 4), (2, 4, 5)) == ("batch", 2, 3, 5)
    assert shape("MatMul", ("batch", 3, 4), ("batch", 5, 4), transposed=True) == ("batch", 3, 5)
    assert shape("Concat", ("batch", 2, 8), ("batch", 3, 8), axis=-2) == ("batch", 5, 8)
    assert shape("Gather", (100, 8), ("batch", "seq")) == ("batch", "seq", 8)
    assert shape("KVCache", ("batch", 99, 16), ("batch", 1, 16)) == ("batch", 100, 16)
    assert shape("KVCache", ("batch", 4, 1, 16), ("batch", 4, 1, 16), axis=2) == ("batch", 4, 2, 16)


@pytest.mark.parametrize(
    ("kind", "shapes", "attributes", "match"),
    [
        ("Conv2d", [("batch", 4, 8)], {"out": 4, "kernel": 3}, r"y: Conv2d reads \[batch, channels, 2 sizes\]"),
        ("Conv2d", [("batch", 4, 8, 8)], {"out": 4, "kernel": 9}, "a window of 9 .* does not fit into 8"),
        ("Conv2d", [("batch", 4, 8, 8)], {"out": 4, "kernel": 3, "groups": 3}, "are not 3 groups"),
        ("Conv2d", [("batch", 4, 8, 8)], {"out": 4, "kernel": 3, "padding": [1, 2, 3]}, "neither 2 nor 4"),
        ("Conv2d", [("batch", 4, 8, 8)], {"kernel": 3}, "y: Conv2d needs out"),
        ("Conv2d", [("batch", 4, 8, 8)], {"out": 4, "kernel": 3, "strid": 2}, "'strid'.*did you mean stride"),
        ("Conv2d", [("batch", 4, 8, "seq")], {"out": 4, "kernel": 3}, "here a number is needed"),
        ("Convolution", [("batch", 4)], {}, "no kind of operator 'Convolution'"),
        ("add", [(4, 3), (4, 5)], {}, r"\[4, 3\], \[4, 5\] do not broadcast"),
        ("add", [(4,), (4,), (4,)], {}, "add reads 1 to 2 tensors, not 3"),
        ("MatMul", [(2, 3), (4, 5)], {}, "differ in what is summed, 3 and 4"),
        ("MatMul", [(3,), (3, 5)], {}, "MatMul multiplies matrices"),
        ("Reshape", [("batch", 4)], {"shape": ["batch", 5]}, r"has 4\*batch elements"),
        ("Reshape", [("batch", 4)], {"shape": [-1, "seq"]}, "cannot be divided by seq"),
        ("Reshape", [(4, 4)], {"shape": [-1, 3]}, "without rest"),
        ("Transpose", [(4, 4)], {"order": [0, 0]}, "is no order of 2 axes"),
        ("Split", [(4, 8)], {"axis": 1, "sizes": [3, 3]}, "do not add up to 8"),
        ("Upsample", [(1, 4, 8, 8)], {}, "either size or scale"),
        ("Conv2d", [(1, 4, 8, 8)], {"out": 4, "kernel": "big"}, "kernel of Conv2d is 'big'; expected is a"),
        ("Conv2d", [(1, 4, 8, 8)], {"out": 4, "kernel": 3, "groups": 0}, "groups of Conv2d is 0"),
        ("MaxPool2d", [(1, 4, 8, 8)], {"kernel": [3, 3, 3]}, "cannot have"),
        ("Split", [(4, 8)], {"axis": "last", "sizes": [8]}, "axis of Split is 'last'"),
        ("Concat", [(4, 8), (5, 9)], {"axis": 0}, "do not fit"),
        ("LayerNorm", [(4, 8)], {"shape": [9]}, r"LayerNorm over \[9\] does not fit"),
        ("Attention", [(2, 3, 64)], {}, "needs heads and width"),
        ("Attention", [(2, 3, 60)], {"heads": 4, "width": 16}, "60 features are not 4 heads of 16"),
        ("Attention", [(2, 60)], {"heads": 4, "width": 16}, "or four sizes"),
        ("AllGather", [(2, 60)], {"ranks": 4, "axis": 2}, "axis 2 of .* from -2 to 1 is expected"),
        ("ReduceScatter", [(2, 6)], {"ranks": 4}, "6 cannot be divided by 4 without rest"),
        ("KVCache", [(2, 9, 16), (2, 1, 8)], {}, "differ in 2 sizes, not in one; tell the axis"),
        ("KVCache", [(2, 1, 16), (2, 1, 16)], {}, "differ in 0 sizes, not in one; tell the axis"),
        ("KVCache", [(2, 9, 16), (2, 1, 8)], {"axis": 1}, "differ in more than the size of axis 1"),
        ("KVCache", [(2, 9, 16), (2, 16)], {}, "a different number of sizes"),
    ],
)
def test_what_does_not_fit_is_refused(kind, shapes, attributes, match):
    first, *others = shapes
    with pytest.raises(WorkloadError, match=match):
        shape(kind, first, *others, **attributes)


def test_rows_that_do_not_connect_are_refused():
    x = {"x": Tensor("x", ("batch", 8))}
    row = Row("fc", "Linear", ("x",), {"out": 4})
    with pytest.raises(WorkloadError, match="act reads 'fd', which no operator before it writes; there are fc, x"):
        built("net", x, [row, Row("act", "ReLU", ("fd",))], symbols={"batch": 1})
    with pytest.raises(WorkloadError, match="fc is written twice"):
        built("net", x, [row, row], symbols={"batch": 1})
    with pytest.raises(WorkloadError, match="the output 'fx' is no tensor"):
        built("net", x, [row], outputs=("fx",), symbols={"batch": 1})
    with pytest.raises(WorkloadError, match="unknown symbol 'batch'"):
        built("net", x, [row])
    with pytest.raises(WorkloadError, match="which other does not have"):
        built("net", x, [row, Row("again", "Linear", ("x",), {"out": 4}, "other")], symbols={"batch": 1})


def test_weights_used_twice_are_there_once():
    x = {"x": Tensor("x", ("batch", 8))}
    rows = [Row("one", "Linear", ("x",), {"out": 8}), Row("two", "Linear", (), {"out": 8}, "one")]
    graph = built("net", x, rows, symbols={"batch": 1})
    assert graph.parameters == 72
    assert graph.operators[0].weights == graph.operators[1].weights == ("one.weight", "one.bias")


def test_a_parameter_is_a_weight_that_is_read_like_an_input():
    x = {"x": Tensor("x", ("batch", 8))}
    rows = [Row("p", "Parameter", (), {"shape": (1, 8)}), Row("y", "add", ("x", "p"))]
    graph = built("net", x, rows, symbols={"batch": 1})
    assert (graph.parameters, graph.tensors["y"].shape, graph.inputs) == (8, ("batch", 8), ("x",))
    fixed = built("net", x, [Row("p", "Parameter", (), {"shape": (8,), "trained": False})], symbols={"batch": 1})
    assert fixed.parameters == 0


# --------------------------------------------------------------------------------------------------- against torch
WINDOW = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2), st.integers(4, 17))


def torch_shape(module, *size):
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        return tuple(module(torch.zeros(1, *size)).shape[1:])


@settings(max_examples=50, deadline=None)
@given(WINDOW, WINDOW, st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_a_convolution_has_the_shape_and_weights_of_torch(down, across, groups, width, bias):
    torch = pytest.importorskip("torch")
    kernel, stride, padding, dilation, size = zip(down, across, strict=True)
    assume(all(s + 2 * p > d * (k - 1) for k, p, d, s in zip(kernel, padding, dilation, size, strict=True)))
    told = {
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": bias,
    }
    module = torch.nn.Conv2d(2 * groups, width * groups, kernel, stride, padding, dilation, groups, bias)
    x = {"x": Tensor("x", (1, 2 * groups, *size))}
    graph = built("net", x, [Row("y", "Conv2d", ("x",), told | {"out": width * groups})])
    assert graph.tensors["y"].shape[1:] == torch_shape(module, 2 * groups, *size)
    assert graph.parameters == sum(p.numel() for p in module.parameters())


@settings(max_examples=50, deadline=None)
@given(WINDOW, WINDOW, st.integers(0, 1), st.integers(1, 3))
def test_a_transposed_convolution_has_the_shape_and_weights_of_torch(down, across, more, groups):
    torch = pytest.importorskip("torch")
    kernel, stride, padding, dilation, size = zip(down, across, strict=True)
    assume(all(more < max(s, d) for s, d in zip(stride, dilation, strict=True)))
    module = torch.nn.ConvTranspose2d(2 * groups, 3 * groups, kernel, stride, padding, more, groups, True, dilation)
    told = {
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": True,
    }
    sizes = [
        (x - 1) * s - 2 * p + d * (k - 1) + more + 1
        for x, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    ]
    assume(min(sizes) > 0)
    x = {"x": Tensor("x", (1, 2 * groups, *size))}
    row = Row("y", "ConvTranspose2d", ("x",), told | {"out": 3 * groups, "output_padding": more})
    graph = built("net", x, [row])
    assert graph.tensors["y"].shape[1:] == torch_shape(module, 2 * groups, *size)
    assert graph.parameters == sum(p.numel() for p in module.parameters())


@settings(max_examples=60, deadline=None)
@given(WINDOW, WINDOW, st.booleans(), st.sampled_from(["MaxPool2d", "AvgPool2d"]))
def test_pooling_has_the_shape_of_torch(down, across, ceil, kind):
    torch = pytest.importorskip("torch")
    kernel, stride, padding, dilation, size = zip(down, across, strict=True)
    dilation = dilation if kind == "MaxPool2d" else (1, 1)
    assume(all(2 * p <= k for k, p in zip(kernel, padding, strict=True)))
    assume(all(s + 2 * p > d * (k - 1) for k, p, d, s in zip(kernel, padding, dilation, size, strict=True)))
    more = {"dilation": dilation} if kind == "MaxPool2d" else {}
    module = getattr(torch.nn, kind)(kernel, stride, padding, ceil_mode=ceil, **more)
    told = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil, **more}
    assert shape(kind, (1, 3, *size), **told)[1:] == torch_shape(module, 3, *size)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_a_matrix_has_the_shape_and_weights_of_torch(lead, inputs, outputs, bias):
    torch = pytest.importorskip("torch")
    module = torch.nn.Linear(inputs, outputs, bias)
    x = {"x": Tensor("x", (1, *lead, inputs))}
    graph = built("net", x, [Row("y", "Linear", ("x",), {"out": outputs, "bias": bias})])
    assert graph.tensors["y"].shape[1:] == torch_shape(module, *lead, inputs)
    assert graph.parameters == sum(p.numel() for p in module.parameters())
