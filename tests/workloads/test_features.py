"""What operators of a graph compute and move, for several sizes at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import WorkloadError
from symppa.workloads.features import ASKED, features
from symppa.workloads.ir import Graph, Tensor
from symppa.workloads.kinds import KINDS
from symppa.workloads.partition import unfused
from symppa.workloads.shapes import Row, built
from symppa.workloads.table import table
from symppa.workloads.yaml import load
from tests.workloads.graphs import graphs, small

CONV = {"out": 4, "kernel": 3, "padding": 1}


def one(kind: str, *shapes: tuple[object, ...], dtypes: tuple[str, ...] = (), **attributes: object) -> Graph:
    """A graph of one operator."""
    names = [f"x{k}" for k in range(len(shapes))]
    types = (*dtypes, *["float32"] * (len(shapes) - len(dtypes)))
    inputs = {n: Tensor(n, s, t) for n, s, t in zip(names, shapes, types, strict=True)}
    return built("one", inputs, [Row("y", kind, tuple(names), attributes)], symbols={"batch": 1, "seq": 4})


@given(graphs(), st.lists(st.integers(1, 64), min_size=1, max_size=4))
def test_several_sizes_at_once_are_each_on_its_own(graph, batches):
    together = features(graph, [{"batch": b} for b in batches])
    for k, batch in enumerate(batches):
        alone = features(graph.at(batch=batch))
        assert alone.types == together.types
        for name in ASKED:
            assert np.array_equal(getattr(alone, name)[:, 0], getattr(together, name)[:, k]), name


@given(graphs(), st.integers(1, 64))
def test_work_grows_with_the_batch_and_weights_do_not(graph, batch):
    found = features(graph, [{"batch": 1}, {"batch": batch}])
    for name in ("macs", "ops", "written"):
        assert np.array_equal(getattr(found, name)[:, 0] * batch, getattr(found, name)[:, 1])
    assert np.array_equal(found.weights[:, 0], found.weights[:, 1])


def test_a_norm_behind_a_convolution_costs_nothing_and_elsewhere_two_operations_for_an_element():
    folded = small(("c", "Conv2d", ("image",), CONV), ("b", "BatchNorm2d"))
    alone = small(("b", "BatchNorm2d"))
    forked = small(("c", "Conv2d", ("image",), CONV), ("b", "BatchNorm2d"), ("r", "ReLU", ("c",), {}))
    assert features(folded).ops[1, 0] == 0
    assert features(alone).ops[0, 0] == 2 * 256
    assert features(forked).ops[1, 0] == 2 * 256


@pytest.mark.parametrize(
    ("kind", "ops"),
    [
        ("ReLU", 0), ("ReLU6", 0), ("LeakyReLU", 1), ("SiLU", 4), ("GELU", 5), ("Hardswish", 3), ("Hardsigmoid", 2),
        ("Sigmoid", 3), ("Tanh", 1), ("Softmax", 3), ("Exp", 1), ("Neg", 0), ("Mean", 1), ("Max", 0), ("Dropout", 0),
        ("StochasticDepth", 0), ("Identity", 0), ("Flatten", 0),
    ],
)  # fmt: skip
def test_operations_for_an_element(kind, ops):
    found = features(one(kind, (2, 50)))
    assert found.ops[0, 0] == 100 * ops


@pytest.mark.parametrize(
    ("kind", "attributes", "ops"),
    [("LayerNorm", {"shape": [8]}, 7), ("RMSNorm", {"shape": [8]}, 4), ("GroupNorm", {"groups": 2}, 7)],
)
def test_norms_have_so_many_operations_for_an_element(kind, attributes, ops):
    assert features(one(kind, (2, 8), **attributes)).ops[0, 0] == 16 * ops


def test_kinds_that_do_nothing_at_inference_are_free():
    free = {name for name, kind in KINDS.items() if kind.free}
    assert free == {
        "Dropout", "StochasticDepth", "Identity", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Split",
        "Slice", "Expand", "Parameter",
    }  # fmt: skip


def test_every_type_of_operation_is_met():
    types = {kind.type for kind in KINDS.values()} | {"CONV2D_DEPTHWISE", "CONV2D_POINTWISE"}
    assert types == {
        "CONV2D", "CONV2D_DEPTHWISE", "CONV2D_POINTWISE", "LINEAR", "MATMUL", "BATCHNORM", "LAYERNORM", "RELU", "RELU6",
        "SILU", "GELU", "HARDSWISH", "SIGMOID", "MAXPOOL", "AVGPOOL", "ADAPTIVEAVGPOOL", "ELEMENTWISE",
        "SQUEEZE_EXCITE", "MULTIHEAD_ATTENTION", "DROPOUT", "STOCHASTIC_DEPTH",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"out": 8, "kernel": 3}, "CONV2D"),
        ({"out": 8, "kernel": 1}, "CONV2D_POINTWISE"),
        ({"out": 8, "kernel": 1, "groups": 2}, "CONV2D"),
        ({"out": 8, "kernel": 3, "groups": 4}, "CONV2D_DEPTHWISE"),
    ],
)
def test_a_convolution_is_of_the_type_that_its_groups_and_kernel_make_it(attributes, expected):
    assert features(one("Conv2d", ("batch", 4, 8, 8), **attributes)).types == (expected,)


def test_indices_and_masks_are_counted_in_bytes():
    found = table(one("Embedding", ("batch", "seq"), dtypes=("int64",), rows=100, width=16), [{"batch": 2}])
    assert (found.read[0, 0], found.unscaled[0, 0], found.weights[0, 0], found.written[0, 0]) == (0, 64, 128, 128)
    chosen = table(one("where", (2, 8), (2, 8), (2, 8), dtypes=("bool",)))
    assert (chosen.read[0, 0], chosen.unscaled[0, 0], chosen.written[0, 0]) == (32, 16, 16)
    compared = table(one("compare", (2, 8), (2, 8)))
    assert (compared.read[0, 0], compared.unscaled[0, 0], compared.written[0, 0]) == (32, 16, 0)


def test_a_tensor_read_twice_by_one_operator_is_moved_once():
    assert table(small(("m", "mul", ("image", "image"), {}))).read[0, 0] == 256


def test_a_copy_reads_no_more_than_it_writes():
    gathered = features(one("Gather", (100, 8), (3,), dtypes=("float32", "int64")))
    assert (gathered.read[0, 0], gathered.written[0, 0]) == (24, 24)


def test_attention_is_fed_by_either_layout():
    by_token = one("Attention", ("batch", "seq", 48), ("batch", 9, 16), ("batch", 9, 16), heads=6, kv_heads=2, width=8)
    by_head = one("Attention", ("batch", 6, "seq", 8), ("batch", 2, 9, 8), ("batch", 2, 9, 8))
    for name in ASKED:
        assert getattr(features(by_token), name).tolist() == getattr(features(by_head), name).tolist()
    assert features(by_head).macs[0, 0] == 6 * 4 * 9 * 16


def test_a_context_may_be_told_apart_from_what_is_passed():
    shape = ("batch", 1, 48)
    graph = one("Attention", shape, shape, shape, heads=6, width=8, causal=True, context="seq")
    assert features(graph, [{"seq": 100}, {"seq": 7}]).macs[0].tolist() == [6 * 100 * 16, 6 * 7 * 16]


def test_masked_attention_to_fewer_keys_than_queries_is_refused():
    graph = one("Attention", ("batch", 6, "seq", 8), ("batch", 6, 2, 8), ("batch", 6, 2, 8), causal=True)
    with pytest.raises(WorkloadError, match=r"y: causal attention of .* keys include the queries' own"):
        features(graph)


def test_a_window_bounds_the_keys_that_are_seen():
    shape = ("batch", 2, "seq", 8)
    seen = features(one("Attention", shape, shape, shape, causal=True, window=2), [{"seq": 4}])
    assert seen.macs[0, 0] == 2 * (1 + 2 + 2 + 2) * 16


@pytest.mark.parametrize(
    ("sizes", "match"),
    [
        ({"bach": 2}, "small has no size 'bach' to set; did you mean batch"),
        ({"batch": 0}, "batch = 0 of small is no size"),
    ],
)
def test_sizes_that_are_none_are_refused(sizes, match):
    graph = small(("r", "ReLU"))
    with pytest.raises(WorkloadError, match=match):
        features(graph, [sizes])
    with pytest.raises(WorkloadError, match=match):
        graph.at(**sizes)


def test_what_a_device_asks_is_there_for_every_size():
    graph = small(("c", "Conv2d", ("image",), CONV), ("b", "BatchNorm2d"), ("s", "SiLU"))
    told = table(graph, [{"batch": 1}, {"batch": 2}]).values()
    assert told["batch"].tolist() == [1, 2]
    assert told["macs"].tolist() == [[9216, 18432]]
    assert told["vector_ops"].tolist() == [[4 * 256, 8 * 256]]
    assert told["activations"].tolist() == [[512, 1024]]
    assert told["weights"].tolist() == [[144 + 8, 144 + 8]]
    assert (told["live"].tolist(), told["resident"].tolist()) == ([512, 1024], [152, 152])


def test_single_operators_have_a_table_too():
    graph = small(("c", "Conv2d", ("image",), CONV), ("r", "ReLU"))
    assert table(graph, subgraphs=unfused(graph)).patterns == ("Unfused", "Unfused")


@given(graphs())
def test_equal_subgraphs_merge_and_nothing_is_lost(graph):
    found = table(graph, [{"batch": 1}, {"batch": 3}])
    merged, place = found.merged()
    assert merged["count"].sum() == len(found.subgraphs) == len(place)
    assert merged["count"].tolist() == np.bincount(place).tolist()
    names = ("macs", "vector_ops", "activations", "weights", "unscaled", "rows", "columns", "depth", "repeats")
    for name in names:
        assert np.array_equal(merged[name][place], found.values()[name])
    rows = {tuple(np.concatenate([merged[name][n] for name in names])) for n in range(len(merged["count"]))}
    assert len(rows) == len(merged["count"])
    assert place[0] == 0  # in the order in which they first run


def test_equal_layers_of_a_transformer_are_one():
    merged, _ = table(load("gpt2")).merged()
    assert len(merged["count"]) == 8
    assert merged["count"].sum() == 89
