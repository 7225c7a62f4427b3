"""Every kind of operator: an example of each, and values that no attribute may have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import WorkloadError
from symppa.workloads.features import features
from symppa.workloads.ir import Tensor
from symppa.workloads.kinds import KINDS
from symppa.workloads.kinds.attributes import RULES
from symppa.workloads.shapes import Row, built
from symppa.workloads.table import table

ROW, TOKENS = ("batch", 8), ("batch", "seq", 8)
LINES = {1: ("batch", 4, 6), 2: ("batch", 4, 6, 6), 3: ("batch", 4, 6, 6, 6)}
EXAMPLES = {
    **{f"Conv{n}d": ([LINES[n]], {"out": 8, "kernel": 3}) for n in LINES},
    **{f"ConvTranspose{n}d": ([LINES[n]], {"out": 8, "kernel": 3}) for n in LINES},
    **{f"{what}Pool{n}d": ([LINES[n]], {"kernel": 2}) for n in LINES for what in ("Max", "Avg")},
    **{f"Adaptive{what}Pool{n}d": ([LINES[n]], {"size": 2}) for n in LINES for what in ("Max", "Avg")},
    **{f"BatchNorm{n}d": ([LINES[n]], {}) for n in LINES},
    "InstanceNorm2d": ([LINES[2]], {}),
    "GroupNorm": ([LINES[2]], {"groups": 2}),
    "LayerNorm": ([TOKENS], {"shape": [8]}),
    "RMSNorm": ([TOKENS], {"shape": [8]}),
    "Linear": ([TOKENS], {"out": 3}),
    "MatMul": ([TOKENS, ("batch", 8, 3)], {}),
    "Embedding": ([("batch", "seq")], {"rows": 10, "width": 8}),
    "Attention": ([TOKENS], {"heads": 2, "width": 4}),
    "MultiheadAttention": ([TOKENS], {"heads": 2}),
    "SqueezeExcite": ([LINES[2]], {"hidden": 2}),
    "Router": ([TOKENS], {"experts": 4, "active": 2}),
    "Experts": ([TOKENS], {"experts": 4, "active": 2, "hidden": 16}),
    **dict.fromkeys(("AllReduce", "AllGather", "ReduceScatter", "AllToAll"), ([TOKENS], {"ranks": 4})),
    "Parameter": ([], {"shape": [3]}),
    "Reshape": ([TOKENS], {"shape": ["batch", -1]}),
    "Transpose": ([TOKENS], {"order": [0, 2, 1]}),
    "Squeeze": ([("batch", 1)], {"axes": 1}),
    "Unsqueeze": ([ROW], {"axes": 1}),
    "Split": ([ROW], {"axis": 1, "sizes": [4, 4]}),
    "Slice": ([ROW], {"axis": 1, "end": 2}),
    "Expand": ([(1, 8)], {"shape": ["batch", 8]}),
    "Concat": ([ROW, ROW], {"axis": 1}),
    "Pad": ([ROW], {"padding": [1, 1]}),
    "Gather": ([(9, 8), ("seq",)], {}),
    "Upsample": ([LINES[2]], {"scale": 2}),
    "where": ([ROW, ROW, ROW], {}),
}
SIZES = [{"batch": 1, "seq": 5}, {"batch": 3, "seq": 2}]
VALUES = st.sampled_from(
    [
        0,
        -1,
        1,
        2,
        3,
        4,
        8,
        "x",
        "batch",
        None,
        [1],
        [1, 1],
        [0, 2, 1],
        [],
        3.5,
        True,
        [2, 2],
        [-1],
        ["batch", -1],
        "int64",
    ]
)
SHAPES = st.sampled_from(
    [("batch", 4, 8, 8), ("batch", 4, 8), ROW, (8,), (), TOKENS, (0, 4), ("batch", 4, 0, 8), ("batch", "seq", 4, 4)]
)


def one(kind, shapes, attributes, dtype="float32"):
    """A graph of one operator, or of a parameter and an input that nobody reads."""
    inputs = {f"x{k}": Tensor(f"x{k}", tuple(shape), dtype) for k, shape in enumerate(shapes)}
    row = Row("y", kind, tuple(inputs), attributes)
    return built("one", inputs or {"x": Tensor("x", (1,))}, [row], symbols={"batch": 1, "seq": 4})


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_of_every_kind(kind):
    shapes, attributes = EXAMPLES.get(kind, ([ROW] * max(1, KINDS[kind].inputs[0]), {}))
    graph = one(kind, shapes, attributes)
    found = table(graph, SIZES)
    for name, numbers in found.values().items():
        assert np.all(np.isfinite(numbers)), name
        assert np.all(numbers >= 0), name
    moved = found.activations + found.weights + found.unscaled
    assert np.all(moved == 0) if KINDS[kind].free else np.all(moved > 0)


@pytest.mark.parametrize("kind", [name for name, row in KINDS.items() if row.law])
def test_work_is_that_of_the_shapes_in_numbers(kind):
    shapes, attributes = EXAMPLES.get(kind, ([ROW] * max(1, KINDS[kind].inputs[0]), {}))
    graph = one(kind, shapes, attributes)
    together = features(graph, SIZES)
    for k, sizes in enumerate(SIZES):
        alone = features(graph.at(**sizes))
        for name in ("macs", "ops", "read", "written", "weights", "workspace"):
            assert getattr(alone, name)[0, 0] == getattr(together, name)[0, k], name


@pytest.mark.parametrize(
    ("kind", "sent", "steps", "written"),
    [("AllReduce", 48, 6, 32), ("AllGather", 96, 3, 128), ("ReduceScatter", 24, 3, 8), ("AllToAll", 24, 3, 32)],
)
def test_what_devices_send_one_another_stands_in_the_table(kind, sent, steps, written):
    graph = one(kind, [(1, 4, 8)], {"ranks": 4})
    found = table(graph)
    assert (found.values()["sent"].item(), found.values()["messages"].item()) == (sent, steps)
    assert found.written.item() == written
    after = graph.tensors[graph.operators[0].outputs[0]].shape
    assert np.prod(after) == written


@pytest.mark.parametrize("shapes", [[(2, 99, 16), (2, 1, 16)], [(2, 1, 16)]])
def test_a_cache_reads_and_writes_only_what_is_new(shapes):
    found = table(one("KVCache", shapes, {}))
    assert (found.read.item(), found.written.item(), found.vector_ops.item()) == (32, 32, 0)


@settings(max_examples=600)
@given(st.data())
def test_a_graph_is_refused_or_finite_whatever_its_attributes_say(data):
    kind = KINDS[data.draw(st.sampled_from([*KINDS]))]
    count = data.draw(st.integers(kind.inputs[0], min(kind.inputs[1], 3)))
    shapes = [data.draw(SHAPES) for _ in range(count)]
    told = [*kind.asked, *data.draw(st.lists(st.sampled_from([*kind.optional] or [""]), unique=True))]
    attributes = {name: data.draw(VALUES) for name in told if name}
    dtype = data.draw(st.sampled_from(["float32", "float32", "int64", "bool"]))
    try:
        found = table(one(kind.name, shapes, attributes, dtype), [{"batch": 1}, {"batch": 2}])
    except WorkloadError:
        return
    for numbers in found.values().values():
        assert np.all(np.isfinite(numbers))
        assert np.all(numbers >= 0)


@pytest.mark.parametrize(
    ("kind", "attributes", "match"),
    [
        ("Linear", {"out": 0}, "y: out of Linear is 0; expected is a whole number of at least 1"),
        ("Linear", {"out": True}, "out of Linear is True"),
        ("Linear", {"out": 4, "bias": "no"}, "bias of Linear is 'no'; expected is true or false"),
        ("Split", {"axis": 1, "sizes": []}, r"sizes of Split is \(\); expected is a list of sizes"),
        ("Cast", {"dtype": "float31"}, "dtype of Cast is 'float31'; expected is one of bfloat16, bool"),
        ("Unsqueeze", {"axes": [1, 1]}, "names an axis twice"),
        ("Upsample", {"scale": -1}, "scale of Upsample is -1; expected is a number above 0"),
    ],
)
def test_a_value_that_no_attribute_may_have_is_refused(kind, attributes, match):
    with pytest.raises(WorkloadError, match=match):
        one(kind, [ROW], attributes)


def test_an_operator_whose_law_cannot_hold_is_named():
    with pytest.raises(WorkloadError, match="y: pixels = 0 is outside its domain"):
        features(one("SqueezeExcite", [("batch", 4, 0)], {"hidden": 2}))
    with pytest.raises(WorkloadError, match=r"y: MultiheadAttention does not fit what it reads"):
        features(one("MultiheadAttention", [ROW], {"heads": 2}))


def test_numbers_of_numpy_are_numbers():
    graph = one("Linear", [ROW], {"out": np.int64(3)})
    assert type(graph.operators[0].attributes["out"]) is int


def test_every_rule_is_of_an_attribute_that_some_kind_has():
    assert set(RULES) <= {name for row in KINDS.values() for name in (*row.asked, *row.optional)} | {"tokens"}
