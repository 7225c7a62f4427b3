"""The order of operators."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.kpu.liveness import VIEWS, is_view, live_bytes, lives
from symppa.kpu.passes.fold import fold
from symppa.kpu.passes.schedule import schedule
from tests.kpu.made import Made, by_chance, residual


@given(st.integers(0, 10**6), st.integers(5, 25))
@settings(max_examples=40, deadline=None)
def test_operators_come_after_what_they_read_and_take_what_the_search_says(seed, length):
    program = fold(by_chance(seed, length))
    found = schedule(program)
    written = {*found.input_ids, *found.constants}
    for order, op in enumerate(found.ops):
        assert op.schedule_order == order
        assert written.issuperset(op.input_ids)
        written.update(op.output_ids)
    told = found.facts["schedule"]
    assert sorted(op.id for op in found.ops) == sorted(op.id for op in program.ops)
    assert live_bytes(lives(found), len(found.ops)).max() == told["peak"]
    assert told["peak"] <= live_bytes(lives(program), len(program.ops)).max()
    assert told["bound"] <= told["peak"]


def test_a_branch_that_shrinks_is_run_before_one_that_waits():
    net = Made()
    x = net.input(1, 4, 16, 16)
    wide = net.conv(x, 64, 1)
    small = net.op("GlobalAveragePool", net.conv(x, 64, 1))
    program = net.done(net.op("Mul", net.op("GlobalAveragePool", wide), small))
    found = schedule(program)
    assert [op.op_type for op in found.ops] == ["Conv", "GlobalAveragePool", "Conv", "GlobalAveragePool", "Mul"]
    assert found.facts["schedule"]["proved"]


def test_a_view_takes_no_room_and_comes_after_what_it_is_a_view_of():
    net = Made()
    x = net.op("Relu", net.input(1, 4, 16, 16))
    flat = net.op("Flatten", x, axis=1)
    program = net.done(net.op("MatMul", flat, net.const(1024, 2)), net.op("Tanh", x))
    found = schedule(program)
    room = {life.name: life for life in lives(found)}
    assert flat not in room
    # x itself is read by Tanh, its view by MatMul: it lives until both are done.
    assert room[x].last == max(n for n, op in enumerate(found.ops) if {x, flat} & set(op.input_ids))


def test_numbers_that_are_reshaped_are_no_view():
    net = Made()
    program = net.done(net.op("Reshape", net.const(4, 2), shape=[8]), net.op("Flatten", net.input(2, 3, 4), axis=1))
    assert [is_view(program, op) for op in program.ops] == [False, True]
    assert all(op.op_type in VIEWS for op in program.ops)
    assert len(lives(program)) == 2


def test_outputs_and_inputs_that_nobody_reads_live_all_the_time():
    net = Made()
    x, unread = net.input(1, 8), net.input(1, 4, name="unread")
    early = net.op("Relu", x)
    late = net.op("Tanh", net.op("Tanh", early))
    program = net.done(early, late)
    room = {life.name: (life.first, life.last) for life in lives(program)}
    assert room == {x: (0, 0), unread: (0, 2), early: (0, 2), program.ops[1].output_ids[0]: (1, 2), late: (2, 2)}


def test_a_residual_network_is_ordered_with_a_proof():
    assert schedule(fold(residual())).facts["schedule"]["proved"]
