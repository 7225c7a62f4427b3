"""Room over time: what is alive while a subgraph runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import integers

from symppa.studies.network import analyze
from symppa.workloads.batched import values_of
from symppa.workloads.features import features
from symppa.workloads.fuse import fused
from symppa.workloads.ir import Tensor
from symppa.workloads.memory import timeline
from symppa.workloads.partition import partition, roots, unfused
from symppa.workloads.schedule import Life, leanest, schedule
from symppa.workloads.shapes import Row, built
from symppa.workloads.table import table
from tests.workloads.graphs import graphs, small

IMAGE = 4 * 8 * 8


def lives(graph, subgraphs):
    return {life.name: (life.first, life.last) for life in schedule(graph, subgraphs).lives}


def test_a_tensor_lives_from_its_writer_to_its_last_reader():
    graph = small(("a", "GELU"), ("b", "GELU"), ("c", "GELU"), ("d", "add", ("a", "c"), {}))
    assert lives(graph, unfused(graph)) == {"image": (0, 0), "a": (0, 3), "b": (1, 2), "c": (2, 3), "d": (3, 3)}
    assert table(graph).memory.elements[:, 0].tolist() == [2 * IMAGE, 2 * IMAGE, 3 * IMAGE, 3 * IMAGE]


def test_a_view_takes_no_room_and_keeps_what_it_shows():
    graph = small(("a", "GELU"), ("v", "Flatten"), ("b", "GELU", ("a",), {}), ("c", "GELU", ("v",), {}))
    assert lives(graph, unfused(graph)) == {"image": (0, 0), "a": (0, 3), "b": (2, 3), "c": (3, 3)}


def test_an_output_lives_to_the_end_and_an_input_that_nobody_reads_through_the_first_step():
    inputs = {"x": Tensor("x", (8,)), "y": Tensor("y", (100,))}
    graph = built("net", inputs, [Row("a", "GELU", ("x",)), Row("b", "GELU")], outputs=("a", "b"))
    assert schedule(graph, unfused(graph)).lives == (Life("x", 0, 0), Life("y", 0, 0), Life("a", 0, 1), Life("b", 1, 1))


def test_what_stays_inside_a_subgraph_takes_no_room():
    graph = small(("c", "Conv2d", ("image",), {"out": 4, "kernel": 1}), ("b", "BatchNorm2d"), ("r", "ReLU"))
    assert lives(graph, fused(graph)) == {"image": (0, 0), "r": (0, 0)}


def test_weights_and_what_operators_make_on_the_way_are_counted():
    graph = small(("s", "SqueezeExcite", ("image",), {"hidden": 2}))
    room = table(graph, [{"batch": 3}]).memory
    assert room.workspace.tolist() == [[3 * (2 * 4 + 2)]]
    assert room.live.tolist() == [2 * 3 * IMAGE + 3 * 10]
    assert room.resident == 2 * 4 * 2 + 4 + 2


def test_indices_are_counted_in_bytes():
    rows = [Row("e", "Embedding", ("tokens",), {"rows": 10, "width": 4})]
    graph = built("net", {"tokens": Tensor("tokens", ("batch", 5), "int64")}, rows, symbols={"batch": 1})
    room = table(graph, [{"batch": 2}]).memory
    assert room.unscaled.tolist() == [[2 * 5 * 8]]
    assert room.elements.tolist() == [[2 * 5 * 4]]


@given(graphs())
def test_the_room_is_that_of_what_is_still_needed(graph):
    table_of_all = features(graph, [{"batch": 2}])
    for subgraphs in (unfused(graph), fused(graph)):
        room = timeline(schedule(graph, subgraphs), table_of_all)
        root = roots(graph)
        for now, step in enumerate(subgraphs):
            there = {"image"} | {root[n] for s in subgraphs[: now + 1] for n in s.outputs}
            needed = {root[n] for s in subgraphs[now:] for n in s.inputs} | {root[n] for n in graph.outputs}
            alive = there & (needed | {root[n] for n in step.outputs} | ({"image"} if now == 0 else set()))
            assert room.elements[now].tolist() == [2 * IMAGE * len(alive)]
        assert np.all(room.elements <= room.live)
        assert room.elements[room.fullest[0], 0] == room.live[0]


def test_bytes_of_fixed_format_count_at_the_fullest_moment():
    rows = [Row("e", "Embedding", ("tokens",), {"rows": 10, "width": 1})]
    graph = built("net", {"tokens": Tensor("tokens", ("batch", 5), "int64")}, rows, symbols={"batch": 1})
    room = table(graph, [{"batch": 1}, {"batch": 3}]).memory
    assert room.live.tolist() == [5, 15]
    assert room.live_unscaled.tolist() == [40, 120]
    assert values_of(table(graph))["live_unscaled"] == "40 byte"


def test_indices_are_in_the_peak_of_a_device():
    rows = [Row("e", "Embedding", ("tokens",), {"rows": 10, "width": 4})]
    graph = built("net", {"tokens": Tensor("tokens", ("batch", 5), "int64")}, rows, symbols={"batch": 1})
    for batch in (1, 3):
        found = analyze(graph, "a100_sxm_80gb", precision="FP16", sizes={"batch": batch})
        assert float(found["activation_memory"]) == pytest.approx(batch * (20 * 2 + 40) / 1e6)


@given(graphs(), integers(1, 3))
def test_no_precision_needs_more_than_the_peak_says(graph, batch):
    rows = [Row(o.name, o.kind, o.inputs, o.attributes) for o in graph]
    inputs = {**{n: graph.tensors[n] for n in graph.inputs}, "places": Tensor("places", ("batch", 64), "int64")}
    rows.append(Row("table", "Embedding", ("places",), {"rows": 10, "width": 2}))
    room = table(built("net", inputs, rows, symbols=graph.symbols), [{"batch": batch}]).memory
    for element in (0.5, 1, 2, 4):
        peak = (room.elements * element + room.unscaled).max()
        assert room.live[0] * element + room.live_unscaled[0] >= peak


@given(graphs())
def test_another_order_takes_no_more_room_than_the_one_told(graph):
    for subgraphs in (unfused(graph), fused(graph)):
        found = leanest(graph, subgraphs)
        assert [one.number for one in found] == list(range(len(subgraphs)))
        assert sorted(one.operators[0].name for one in found) == sorted(one.operators[0].name for one in subgraphs)
        partition(graph, [one.operators for one in found])  # refuses one that comes too early
        peaks = [timeline(schedule(graph, one), features(graph)).live[0] for one in (found, subgraphs)]
        assert peaks[0] <= peaks[1]


def test_the_leanest_order_finishes_one_branch_before_it_begins_another():
    graph = small(
        ("wide", "Conv2d", ("image",), {"out": 64, "kernel": 1}),
        ("other", "Conv2d", ("image",), {"out": 64, "kernel": 1}),
        ("less", "Conv2d", ("wide",), {"out": 4, "kernel": 1}), ("last", "Conv2d", ("other",), {"out": 4, "kernel": 1}),
        ("sum", "add", ("less", "last"), {}),
    )  # fmt: skip
    order = [one.operators[0].name for one in leanest(graph, unfused(graph))]
    assert order in (["wide", "less", "other", "last", "sum"], ["other", "last", "wide", "less", "sum"])
