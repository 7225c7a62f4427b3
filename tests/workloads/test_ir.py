"""Graphs and their sizes."""

from __future__ import annotations

import pytest

from symppa.errors import WorkloadError
from symppa.workloads.ir import Tensor, checked, sized, whole
from symppa.workloads.kinds import KINDS, kind
from symppa.workloads.kinds.kind import over, times
from symppa.workloads.shapes import Row, built

ROWS = [Row("fc", "Linear", ("x",), {"out": 4}), Row("act", "ReLU")]


def graph():
    return built("net", {"x": Tensor("x", ("batch", "seq", 8))}, ROWS, symbols={"batch": 1, "seq": 16})


def test_symbols_become_numbers_and_those_not_told_keep_their_defaults():
    found = graph().at(batch=3)
    assert found.tensors["act"].shape == (3, 16, 4)
    assert found.tensors["act"].elements == 192
    assert found.symbols == {}


def test_a_size_may_be_a_product_of_symbols():
    assert sized("2*batch * seq", {"batch": 3, "seq": 5}) == 30
    assert times(2, "seq", "3*batch") == "6*batch*seq"
    assert times(0, "batch") == 0
    assert over("6*batch", 6, "x") == "batch"
    with pytest.raises(WorkloadError, match="x: 7 cannot be divided by 2"):
        over(7, 2, "x")


def test_a_shape_with_symbols_has_no_number_of_elements_yet():
    with pytest.raises(
        WorkloadError, match=r"x has the size 'batch': replace its symbols first, graph\.at\(batch=\.\.\.\)"
    ):
        _ = graph().tensors["x"].elements
    assert whole("x", 3) == 3


def test_a_graph_knows_who_writes_and_who_reads():
    found = graph()
    assert found.producer["fc"].kind == "Linear"
    assert [o.name for o in found.consumers["fc"]] == ["act"]
    assert found.consumers["act"] == ()
    assert [o.name for o in found] == ["fc", "act"]
    assert (found.inputs, found.outputs, found.parameters) == (("x",), ("act",), 36)


def test_running_means_are_no_parameters():
    norm = built("net", {"x": Tensor("x", (1, 8, 4, 4))}, [Row("bn", "BatchNorm2d", ("x",))])
    assert norm.parameters == 16
    assert {t.name for t in norm.tensors.values() if t.weight} == {
        "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var",
    }  # fmt: skip


def test_element_types_are_known():
    assert Tensor("x", (2,)).scaled
    assert not Tensor("x", (2,), "int64").scaled
    assert Tensor("x", (2,), "bool").stored == 1
    with pytest.raises(WorkloadError, match=r"x has elements of 'float31'.*did you mean float32"):
        checked("float31", "x")


def test_every_kind_says_what_it_is_under_its_own_name():
    for name, row in KINDS.items():
        assert row.name == name
        assert row.meaning
        assert row.free == (row.feed is None)
        assert not set(row.asked) & set(row.optional)
    with pytest.raises(WorkloadError, match="no kind of operator 'relu'; did you mean ReLU"):
        kind("relu")
