"""Fusion: what runs as one, and that nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from symppa.errors import WorkloadError
from symppa.workloads.fuse import GATES, PAIRS, fused
from symppa.workloads.kinds import KINDS
from symppa.workloads.partition import partition, pattern, roots, unfused
from symppa.workloads.table import table
from tests.workloads.graphs import graphs, small

CONV = {"out": 4, "kernel": 3, "padding": 1}
SIZES = [{"batch": 1}, {"batch": 3}]


def patterns(graph):
    return [subgraph.pattern for subgraph in fused(graph)]


def test_a_chain_of_pairs_is_one():
    graph = small(("c", "Conv2d", ("image",), CONV), ("b", "BatchNorm2d"), ("r", "ReLU"))
    assert patterns(graph) == ["Conv2d_BatchNorm2d_ReLU"]


def test_a_chain_ends_at_a_fork():
    graph = small(("c", "Conv2d", ("image",), CONV), ("r", "ReLU"), ("s", "SiLU", ("c",), {}))
    assert patterns(graph) == ["Unfused"] * 3


def test_a_chain_ends_at_a_join_and_starts_behind_it():
    graph = small(
        ("c", "Conv2d", ("image",), CONV), ("b", "BatchNorm2d"), ("a", "add", ("b", "image"), {}), ("r", "ReLU")
    )
    assert patterns(graph) == ["Conv2d_BatchNorm2d", "add_ReLU"]


def test_a_gate_is_taken_in_and_runs_once_its_other_factor_is_there():
    graph = small(
        ("c", "Conv2d", ("image",), CONV), ("s", "Sigmoid"), ("d", "Conv2d", ("image",), CONV),
        ("m", "mul", ("s", "d"), {}),
    )  # fmt: skip
    assert [s.kinds for s in fused(graph)] == [("Conv2d",), ("Conv2d", "Sigmoid", "mul")]


def test_what_is_an_output_is_not_swallowed():
    graph = small(("c", "Conv2d", ("image",), CONV), ("r", "ReLU"), outputs=("c", "r"))
    assert patterns(graph) == ["Unfused", "Unfused"]


def test_a_value_times_itself_is_no_join():
    graph = small(("c", "Conv2d", ("image",), CONV), ("s", "Sigmoid"), ("m", "mul", ("s", "s"), {}))
    assert patterns(graph) == ["Conv2d_Sigmoid_mul"]


def test_a_long_chain_is_named_by_its_first_three():
    assert pattern(["LayerNorm", "Linear", "GELU", "Linear", "Dropout"]) == "LayerNorm_Linear_GELU_+2more"
    assert pattern(["Linear", "Dropout"]) == "Linear_Dropout"
    assert pattern(["Softmax"]) == "Unfused"


def test_every_pair_is_of_known_kinds():
    named = {*PAIRS, *(k for after in PAIRS.values() for k in after), *(k for pair in GATES for k in pair)}
    assert named <= set(KINDS)
    assert all(second in PAIRS[first] for first, second in GATES)


@given(graphs())
def test_every_operator_is_in_one_subgraph_and_runs_after_what_it_reads(graph):
    subgraphs = fused(graph)
    assert sorted(o.name for s in subgraphs for o in s.operators) == sorted(o.name for o in graph.operators)
    written = {*graph.inputs}
    for subgraph in subgraphs:
        assert set(subgraph.inputs) <= written
        written |= set(subgraph.outputs)
    assert set(graph.outputs) <= written


@given(graphs())
def test_fusing_keeps_the_work_and_moves_no_more(graph):
    one, many = table(graph, SIZES), table(graph, SIZES, unfused(graph))
    for name in ("macs", "ops", "weights"):
        assert np.array_equal(getattr(one, name).sum(axis=0), getattr(many, name).sum(axis=0))
    assert np.all(one.activations.sum(axis=0) <= many.activations.sum(axis=0))
    assert np.all(one.vector_ops >= 0)
    assert np.all(one.read >= 0)


@given(graphs())
def test_bytes_are_those_of_the_ends(graph):
    found, root = table(graph, SIZES), roots(graph)
    for n, subgraph in enumerate(found.subgraphs):
        if subgraph.free:
            assert found.activations[n].tolist() == [0, 0]
            continue
        inside = {name for o in subgraph.operators for name in o.outputs}
        reading = {
            name for o in subgraph.operators if o.kind not in ("Dropout", "Identity", "Transpose") for name in o.inputs
        }
        ends = {root[name] for name in reading if name not in inside}
        left = {root[name] for name in subgraph.outputs}
        assert found.activations[n].tolist() == [256 * b * (len(ends) + len(left)) for b in (1, 3)]


def test_the_largest_product_of_a_subgraph_tells_its_size():
    graph = small(("a", "Linear", ("image",), {"out": 16}), ("g", "GELU"), ("b", "Linear", (), {"out": 64}))
    found = table(graph, SIZES)
    assert found.patterns == ("Linear_GELU_Linear",)
    assert [v[0].tolist() for v in (found.rows, found.columns, found.depth, found.repeats)] == [
        [32, 96], [64, 64], [16, 16], [1, 1],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "match"),
    [
        (["c"], "r of small is in 0 subgraphs"),
        (["c", "r", "r"], "r of small is in 2 subgraphs"),
        (["r", "c"], "reads 'c' before anybody has written it"),
    ],
)
def test_what_is_no_partition_is_refused(order, match):
    graph = small(("c", "Conv2d", ("image",), CONV), ("r", "ReLU"))
    by_name = {o.name: o for o in graph.operators}
    with pytest.raises(WorkloadError, match=match):
        partition(graph, [[by_name[name]] for name in order])


def test_an_operator_of_another_graph_is_refused():
    graph, other = small(("c", "ReLU")), small(("d", "ReLU"))
    with pytest.raises(WorkloadError, match="no operator 'd'"):
        partition(graph, [list(graph.operators), list(other.operators)])
