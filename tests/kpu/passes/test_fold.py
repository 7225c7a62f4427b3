"""What is known before a run is computed once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.kpu.lower.building import Const, number
from symppa.kpu.numbers import executed
from symppa.kpu.passes.fold import fold
from tests.kpu.made import Made, by_chance, numbers_for


def same(one, other):
    inputs = numbers_for(one)
    due, found = executed(one, inputs), executed(other, inputs)
    assert set(due) == set(found)
    for name, value in due.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-4 * max(1.0, np.abs(value).max()))


def kinds(program):
    return [op.op_type for op in program.ops]


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_folding_changes_no_number(seed):
    program = by_chance(seed)
    before = [list(op.input_ids) for op in program.ops]
    found = fold(program)
    assert found.validate() == []
    assert before == [op.input_ids for op in program.ops], "a pass changes nothing in place"
    same(program, found)


def test_operators_on_numbers_become_numbers_and_shapes_too():
    net = Made()
    x = net.input(1, 4, 6)
    weight = net.op("Transpose", net.const(8, 6), perm=[1, 0])
    rows = net.op("Cast", net.op("Shape", x, start=1, end=2), to="fp32")
    program = net.done(net.op("Mul", net.op("MatMul", x, weight), rows))
    found = fold(program)
    assert kinds(found) == ["MatMul", "Mul"]
    assert found.facts["folded"] == 3
    assert all(found.tensors[op.input_ids[1]].is_weight for op in found.ops)
    assert set(found.constants) == {op.input_ids[1] for op in found.ops}
    same(program, found)


def test_numbers_that_would_take_far_more_room_are_left_to_the_run():
    net = Made()
    x = net.input(1, 64, 64, 64)
    large = net.op("Resize", net.const(1, 64, 2, 2), scales=[1, 1, 32, 32])
    assert kinds(fold(net.done(net.op("Add", x, large)))) == ["Resize", "Add"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("Identity", {}), ("Reshape", {"shape": [2, 3, 4, 5]}), ("Cast", {"to": "fp32"}), ("Concat", {"axis": 1}),
        ("Transpose", {"perm": [0, 1, 2, 3]}), ("Pad", {"pads": [0] * 8}), ("Resize", {"scales": [1, 1, 1, 1]}),
        ("Slice", {"starts": [0], "ends": [99], "axes": [2]}), ("Split", {"split": [3], "axis": 1}),
        ("MaxPool", {"kernel_shape": [1, 1]}), ("Squeeze", {"axes": []}),
    ],
)  # fmt: skip
def test_what_gives_back_what_it_reads_goes(what, told):
    net = Made()
    x = net.input(2, 3, 4, 5)
    program = net.done(net.op("Relu", net.op(what, x, **told)))
    assert kinds(fold(program)) == ["Relu"]


@pytest.mark.parametrize(("what", "told"), [("Add", 0.0), ("Sub", 0.0), ("Mul", 1.0), ("Div", 1.0)])
def test_a_neutral_number_goes_on_the_side_where_it_is_neutral(what, told):
    for swapped in (False, True):
        net = Made()
        x = net.input(2, 3)
        pair = (number(told, "one"), x) if swapped else (x, number(told, "one"))
        program = net.done(net.op("Relu", net.op(what, *pair)))
        gone = what in ("Add", "Mul") or not swapped
        assert kinds(fold(program)) == (["Relu"] if gone else [what, "Relu"])


def test_a_neutral_number_that_widens_the_result_stays():
    net = Made()
    zeros = Const(np.zeros((4, 3), np.float32), "zeros")
    assert kinds(fold(net.done(net.op("Relu", net.op("Add", net.input(1, 3), zeros))))) == ["Add", "Relu"]


def test_slices_backwards_stay():
    net = Made()
    back = net.op("Slice", net.input(4, 3), starts=[-1], ends=[-99], axes=[0], steps=[-1])
    assert kinds(fold(net.done(net.op("Relu", back)))) == ["Slice", "Relu"]


def test_moves_of_one_kind_in_a_row_become_one():
    net = Made()
    x = net.op("Reshape", net.op("Flatten", net.input(2, 3, 4), axis=1), shape=[6, 4])
    x = net.op("Transpose", net.op("Transpose", net.op("Relu", x), perm=[1, 0]), perm=[1, 0])
    program = net.done(net.op("Tanh", x))
    assert kinds(fold(program)) == ["Reshape", "Relu", "Tanh"]
    same(program, fold(program))


def test_what_is_asked_for_twice_is_done_once():
    net = Made()
    x = net.input(2, 3)
    program = net.done(net.op("Add", net.op("Tanh", x), net.op("Tanh", x)))
    assert kinds(fold(program)) == ["Tanh", "Add"]


def test_an_output_keeps_its_operator_and_its_name():
    net = Made()
    x = net.input(2, 3)
    program = net.done(net.op("Identity", x), net.op("Relu", net.const(2)))
    found = fold(program)
    assert found.output_ids == program.output_ids
    assert kinds(found) == ["Identity", "Relu"]
