"""Operators on every element, tables, and channels weighed."""

from __future__ import annotations

import pytest

from symppa.library.operators.elementwise import Elementwise, Normalisation, Pooling, Reduction, Softmax
from symppa.library.operators.embedding import Embedding
from symppa.library.operators.excitation import SqueezeExcite
from tests.library.analog import answer

ASKED = ["macs", "ops", "read", "weights", "written"]


def test_a_sum_of_two_tensors_reads_both():
    found = answer(Elementwise, {"elements": 30, "operands": 40, "parameters": 5, "work": "1 op"}, ASKED)
    assert found == {"macs": 0, "ops": 30, "read": 40, "weights": 5, "written": 30}


def test_a_mean_adds_what_it_reads():
    found = answer(Reduction, {"elements": 64, "results": 4, "work": "1 op"}, ASKED)
    assert found == {"macs": 0, "ops": 64, "read": 64, "weights": 0, "written": 4}


def test_a_mean_over_windows_of_four():
    told = {"batch": 2, "positions": 16, "pixels": 64, "taps": 4, "channels": 3, "work": "1 op"}
    found = answer(Pooling, told, ASKED)
    assert found == {"macs": 0, "ops": 2 * 16 * 3 * 4, "read": 2 * 64 * 3, "weights": 0, "written": 2 * 16 * 3}


def test_a_maximum_compares_and_counts_nothing():
    told = {"batch": 2, "positions": 16, "pixels": 64, "taps": 4, "channels": 3, "work": "0 op"}
    assert answer(Pooling, told, ["ops"])["ops"] == 0


def test_a_softmax_has_three_operations_for_an_element():
    assert answer(Softmax, {"elements": 10}, ASKED) == {"macs": 0, "ops": 30, "read": 10, "weights": 0, "written": 10}


def test_a_norm_reads_its_scales_and_shifts():
    found = answer(Normalisation, {"elements": 100, "parameters": 20, "work": "7 op"}, ASKED)
    assert found == {"macs": 0, "ops": 700, "read": 100, "weights": 20, "written": 100}


def test_a_table_is_read_where_it_is_looked_up():
    found = answer(Embedding, {"rows": 8, "width": 16}, ASKED)
    assert found == {"macs": 0, "ops": 0, "read": 0, "weights": 128, "written": 128}


def test_squeeze_and_excite_by_hand():
    told = {"batch": 2, "channels": 8, "pixels": 9, "hidden": 3}
    found = answer(SqueezeExcite, told, [*ASKED, "scaling", "workspace", "rows", "columns", "depth", "repeats"])
    scaling = 2 * (2 * 8 * 9)  # an addition and a product for each element
    assert found == {
        "macs": 2 * 2 * 8 * 3,
        "ops": 2 * 2 * 2 * 8 * 3 + scaling,
        "scaling": scaling,
        "read": 2 * 2 * 8 * 9,
        "weights": 2 * 8 * 3 + 8 + 3,
        "written": 2 * 8 * 9,
        "workspace": 2 * (8 + 8 + 3),
        "rows": 2,
        "columns": 8,
        "depth": 6,
        "repeats": 1,
    }


@pytest.mark.parametrize(("law", "told"), [(Elementwise, {"operands": 0, "work": "3 op"}), (Softmax, {})])
def test_nothing_is_no_work(law, told):
    found = answer(law, {"elements": 0} | told, ["ops", "traffic"])
    assert found == {"ops": 0, "traffic": 0}
