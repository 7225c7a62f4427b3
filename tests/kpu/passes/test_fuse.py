"""Operators that run as one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.kpu.lower.building import Const, number
from symppa.kpu.passes.fold import fold
from symppa.kpu.passes.fuse import HEADS, JOINS, POINTWISE, fuse
from symppa.kpu.wiring import own_inputs
from tests.kpu.made import Made, by_chance, residual, transformer
from tests.kpu.passes.test_fold import same


def chains(program):
    return ["+".join((op.op_type, *(one["op_type"] for one in op.epilogue))) for op in program.ops]


@given(st.integers(0, 10**6), st.integers(4, 20))
@settings(max_examples=40, deadline=None)
def test_fusing_changes_no_number_and_keeps_the_order(seed, length):
    program = fold(by_chance(seed, length))
    found = fuse(program)
    assert found.validate() == []
    written = {*found.input_ids, *found.constants}
    for op in found.ops:
        assert written.issuperset(op.input_ids)
        written.update(op.output_ids)
        assert op.op_type in HEADS or not op.epilogue
        assert all(one["op_type"] in POINTWISE | JOINS for one in op.epilogue)
    same(program, found)


@pytest.mark.parametrize("activation", ["Relu", "Relu6", "SiLU", "HardSwish", "Sigmoid", "Tanh", "Gelu", "Clip"])
def test_a_convolution_takes_in_its_norm_and_its_activation(activation):
    net = Made()
    told = {"min": -1.0, "max": 2.0} if activation == "Clip" else {}
    program = net.done(net.op(activation, net.norm(net.conv(net.input(1, 4, 8, 8), 8, bias=False)), **told))
    found = fuse(program)
    assert chains(found) == [f"Conv+{activation}"]
    assert found.facts["into_weights"] == {"BatchNormalization": 1}
    assert found.ops[0].fused_with == ["batchnormalization", activation.lower()]
    assert found.ops[0].output_ids == program.output_ids
    same(program, found)


def test_sigmoid_times_what_it_reads_becomes_silu_behind_the_convolution():
    net = Made()
    y = net.conv(net.input(1, 4, 8, 8), 8)
    assert chains(fuse(net.done(net.op("Mul", y, net.op("Sigmoid", y))))) == ["Conv+SiLU"]


def test_a_residual_network_becomes_convolutions_that_add_and_bound():
    found = fuse(fold(residual()))
    assert chains(found) == [
        "Conv+Relu", "MaxPool", "Conv+Relu", "Conv+Add+Relu", "Conv+Relu", "Conv", "Conv+Add+Relu",
        "GlobalAveragePool", "Flatten", "Gemm",
    ]  # fmt: skip
    assert found.facts["fused"] == {"Conv+Relu": 3, "Conv+Add+Relu": 2}
    # The later of two convolutions that are added takes the sum, and reads the other one.
    assert found.ops[6].input_ids[-1] == found.ops[5].output_ids[0]


def test_a_product_takes_in_its_sum_and_its_activation():
    found = chains(fuse(fold(transformer())))
    assert found.count("MatMul+Add") == 5
    assert found.count("MatMul+Mul") == found.count("MatMul+Add+Gelu") == 1
    assert found.count("Softmax") == 1


@pytest.mark.parametrize("what", ["Add", "Sub", "Mul", "Div"])
@pytest.mark.parametrize("head", ["Conv", "Gemm"])
def test_numbers_per_channel_go_into_the_weights(what, head):
    net = Made()
    y = net.conv(net.input(1, 4, 6, 6), 8) if head == "Conv" else net.linear(net.input(5, 4), 8)
    shape = (8, 1, 1) if head == "Conv" else (8,)
    program = net.done(net.op(what, y, net.const(*shape, low=0.5)))
    found = fuse(program)
    assert chains(found) == [head]
    same(program, found)


def test_numbers_that_differ_along_other_axes_stay_behind():
    net = Made()
    program = net.done(net.op("Mul", net.conv(net.input(1, 4, 6, 6), 8), net.const(8, 1, 6)))
    assert chains(fuse(program)) == ["Conv+Mul"]
    same(program, fuse(program))


def test_factors_of_a_gemm_go_into_its_numbers():
    net = Made()
    y = net.op("Gemm", net.input(2, 4), net.const(4, 8), net.const(8), alpha=0.5, beta=3.0)
    program = net.done(y)
    (op,) = fuse(program).ops
    assert (op.attributes["alpha"], op.attributes["beta"]) == (1.0, 1.0)
    same(program, fuse(program))


def test_shared_weights_are_folded_apart():
    net = Made()
    x, weight = net.input(1, 4, 6, 6), net.const(4, 4, 1, 1)
    one, other = (net.norm(net.op("Conv", x, weight, kernel_shape=[1, 1])) for _ in range(2))
    program = net.done(one, other)
    found = fuse(program)
    assert len({own_inputs(op)[1] for op in found.ops}) == 2
    same(program, found)


def test_zeros_around_an_image_go_into_the_pads():
    net = Made()
    padded = net.op("Pad", net.input(1, 4, 6, 6), pads=[0, 0, 0, 1, 0, 0, 1, 2], value=0)
    program = net.done(net.conv(padded, 8))
    found = fuse(program)
    assert chains(found) == ["Conv"]
    assert found.ops[0].attributes["pads"] == [1, 2, 2, 3]
    same(program, found)


@pytest.mark.parametrize("pads", [{"pads": [0, 1, 0, 0, 0, 0, 0, 0]}, {"pads": [0, 0, 1, 1, 0, 0, 1, 1], "value": 1.0}])
def test_other_pads_stay(pads):
    net = Made()
    program = net.done(net.conv(net.op("Pad", net.input(1, 4, 6, 6), **pads), 8))
    assert chains(fuse(program)) == ["Pad", "Conv"]


def test_a_value_that_others_see_is_not_hidden_in_a_chain():
    net = Made()
    y = net.conv(net.input(1, 4, 6, 6), 4)
    program = net.done(net.op("Relu", y), y)
    assert chains(fuse(program)) == ["Conv", "Relu"]


def test_a_running_value_is_the_first_side_of_a_difference():
    net = Made()
    x = net.input(1, 4, 6, 6)
    first = net.done(net.op("Sub", net.conv(x, 4), x))
    assert chains(fuse(first)) == ["Conv+Sub"]
    net = Made()
    x = net.input(1, 4, 6, 6)
    second = net.done(net.op("Sub", x, net.conv(x, 4)))
    assert chains(fuse(second)) == ["Conv", "Sub"]
    same(second, fuse(second))


def test_a_sum_with_itself_and_one_that_grows_are_not_fused():
    net = Made()
    y = net.conv(net.input(1, 4, 6, 6), 4)
    assert chains(fuse(net.done(net.op("Add", y, y)))) == ["Conv", "Add"]
    net = Made()
    y = net.op("GlobalAveragePool", net.input(1, 4, 6, 6))
    grown = net.op("Add", y, Const(np.zeros((6, 6), np.float32) + 1, "places"))
    assert chains(fuse(net.done(grown))) == ["GlobalAveragePool", "Add"]


def test_a_division_by_zero_is_not_hidden_in_weights():
    net = Made()
    program = net.done(net.op("Div", net.conv(net.input(1, 4, 6, 6), 4), number(0.0, "zero")))
    assert chains(fuse(program)) == ["Conv+Div"]
