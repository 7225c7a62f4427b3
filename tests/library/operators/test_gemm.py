"""Matrix products, and what every operator tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import DomainError
from symppa.library.operators.gemm import Linear, MatMul
from symppa.library.operators.operator import MatrixOperator, Operator, VectorOperator
from tests.library.analog import answer

PRODUCT = ["macs", "ops", "rows", "columns", "depth", "repeats", "read", "weights", "written"]
LINEAR = {"tokens": 6, "inputs": 10, "outputs": 4}
MATMUL = {"batch": 12, "left": 7, "inner": 5, "right": 3, "left_batch": 12, "right_batch": 2}


def test_a_matrix_of_ten_by_four_on_six_rows_by_hand():
    found = answer(Linear, LINEAR | {"bias": 1}, PRODUCT)
    sizes = {"rows": 6, "columns": 4, "depth": 10, "repeats": 1}
    assert found == sizes | {"macs": 240, "ops": 480, "read": 60, "weights": 44, "written": 24}


def test_a_batch_of_products_reads_shared_operands_once():
    found = answer(MatMul, MATMUL, PRODUCT)
    sizes = {"rows": 7, "columns": 3, "depth": 5, "repeats": 12}
    moved = {"read": 12 * 7 * 5 + 2 * 5 * 3, "weights": 0, "written": 12 * 7 * 3}
    assert found == sizes | moved | {"macs": 12 * 7 * 5 * 3, "ops": 2 * 12 * 7 * 5 * 3}


def test_bytes_room_and_intensity_follow_from_elements_and_their_storage():
    told = LINEAR | {"element": "2 byte", "weight_element": "1 byte"}
    found = answer(Linear, told, ["traffic", "footprint", "intensity", "workspace"])
    assert found == {"traffic": 2 * 84 + 40, "footprint": 208, "intensity": 480 / 208, "workspace": 0}


def test_what_moves_nothing_has_no_intensity():
    assert answer(Linear, LINEAR | {"element": "0 byte", "weight_element": "0 byte"}, ["intensity"])["intensity"] == 0


@pytest.mark.parametrize("law", [Operator, MatrixOperator, VectorOperator])
def test_an_operator_leaves_to_its_kinds_what_it_moves(law):
    for name in ("read", "weights", "written"):
        assert law._declared[name].expr is ...


def test_an_operator_without_products_has_no_macs():
    assert VectorOperator._declared["macs"].expr is not ...


@given(st.integers(1, 4096), st.integers(1, 4096), st.integers(1, 4096), st.integers(1, 64))
def test_a_product_and_its_transpose_are_as_much_work(rows, columns, depth, batch):
    shared = {"batch": batch, "left_batch": batch, "right_batch": batch, "inner": depth}
    one = answer(MatMul, shared | {"left": rows, "right": columns}, ["macs", "read", "written"])
    other = answer(MatMul, shared | {"left": columns, "right": rows}, ["macs", "read", "written"])
    assert one == other


def test_a_matrix_without_columns_is_refused():
    with pytest.raises(DomainError, match="outputs"):
        answer(Linear, LINEAR | {"outputs": 0}, ["macs"])
