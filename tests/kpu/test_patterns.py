"""Composite operators are found in what networks spell out."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest

from symppa.kpu.lower.building import number
from symppa.kpu.numbers import executed
from symppa.kpu.passes.fold import fold
from symppa.kpu.patterns import recognised
from tests.kpu.made import Made, numbers_for


def n(value):
    return number(value, "number")


def gelu_of_erf(net, x):
    curve = net.op("Add", net.op("Erf", net.op("Div", x, n(sqrt(2)))), n(1.0))
    return net.op("Mul", net.op("Mul", x, curve), n(0.5))


def gelu_halved_first(net, x):
    curve = net.op("Add", n(1.0), net.op("Erf", net.op("Mul", x, n(sqrt(0.5)))))
    return net.op("Mul", net.op("Mul", n(0.5), x), curve)


def gelu_of_tanh(net, x):
    cube = net.op("Mul", net.op("Mul", net.op("Mul", x, x), x), n(0.044715))
    curve = net.op("Tanh", net.op("Mul", net.op("Add", x, cube), n(sqrt(2 / pi))))
    return net.op("Mul", net.op("Mul", x, n(0.5)), net.op("Add", curve, n(1.0)))


def softmax(net, x, shifted=True):
    top = net.op("Sub", x, net.op("ReduceMax", x, axes=[2])) if shifted else x
    powers = net.op("Exp", top)
    return net.op("Div", powers, net.op("ReduceSum", powers, axes=[-1]))


def softmax_by_reciprocal(net, x):
    powers = net.op("Exp", x)
    return net.op("Mul", net.op("Div", n(1.0), net.op("ReduceSum", powers, axes=[2])), powers)


def layer_norm(net, x, scaled=True):
    far = net.op("Sub", x, net.op("ReduceMean", x, axes=[-1]))
    variance = net.op("ReduceMean", net.op("Mul", far, far), axes=[-1])
    found = net.op("Div", far, net.op("Sqrt", net.op("Add", variance, n(1e-5))))
    if scaled:
        width = net.shape(x)[-1]
        found = net.op("Add", net.op("Mul", net.const(width), found), net.const(width))
    return found


def layer_norm_done_twice(net, x):
    """The variance has a mean and a difference of its own."""
    far, again = (net.op("Sub", x, net.op("ReduceMean", x, axes=[2])) for _ in range(2))
    variance = net.op("ReduceMean", net.op("Mul", again, again), axes=[2])
    root = net.op("Sqrt", net.op("Add", n(1e-6), variance))
    return net.op("Mul", far, net.op("Mul", net.op("Div", n(1.0), root), net.const(8)))


def layer_norm_with_a_bias_only(net, x):
    return net.op("Add", layer_norm(net, x, scaled=False), net.const(8))


def hard_swish(net, x):
    return net.op("Div", net.op("Mul", x, net.op("Relu6", net.op("Add", x, n(3.0)))), n(6.0))


def hard_swish_of_sigmoid(net, x):
    return net.op("Mul", net.op("HardSigmoid", x, alpha=1 / 6, beta=0.5), x)


def hard_sigmoid(net, x):
    return net.op("Mul", net.op("Clip", net.op("Add", n(3.0), x), min=0, max=6), n(1 / 6))


def silu(net, x):
    return net.op("Mul", net.op("Sigmoid", x), x)


SPELLED = [
    (silu, "SiLU"), (hard_swish, "HardSwish"), (hard_swish_of_sigmoid, "HardSwish"), (hard_sigmoid, "HardSigmoid"),
    (gelu_of_erf, "Gelu"), (gelu_halved_first, "Gelu"), (gelu_of_tanh, "Gelu"), (softmax, "Softmax"),
    (lambda net, x: softmax(net, x, shifted=False), "Softmax"), (softmax_by_reciprocal, "Softmax"),
    (layer_norm, "LayerNormalization"), (lambda net, x: layer_norm(net, x, scaled=False), "LayerNormalization"),
    (layer_norm_done_twice, "LayerNormalization"), (layer_norm_with_a_bias_only, "LayerNormalization"),
]  # fmt: skip


def made(spelled):
    net = Made(3)
    return net.done(spelled(net, net.input(2, 5, 8)))


@pytest.mark.parametrize(("spelled", "what"), SPELLED)
def test_what_is_spelled_out_becomes_one_operator_that_gives_the_same(spelled, what):
    program = made(spelled)
    found = recognised(fold(program))
    assert [op.op_type for op in found.ops] == [what]
    assert found.facts["recognised"][what] >= 1
    inputs = numbers_for(program)
    (name,) = program.output_ids
    np.testing.assert_allclose(executed(found, inputs)[name], executed(program, inputs)[name], rtol=1e-5, atol=1e-5)


NEARLY = [
    lambda net, x: net.op("Mul", net.op("Sigmoid", net.op("Tanh", x)), x),
    lambda net, x: net.op("Div", net.op("Mul", x, net.op("Relu6", net.op("Add", x, n(2.0)))), n(6.0)),
    lambda net, x: net.op("Mul", net.op("Mul", x, net.op("Add", net.op("Erf", x), n(1.0))), n(0.5)),
    lambda net, x: net.op("Div", net.op("Exp", x), net.op("ReduceSum", x, axes=[2])),
    lambda net, x: net.op("Mul", net.op("HardSigmoid", x), x),
    lambda net, x: net.op("Div", x, net.op("Sqrt", net.op("ReduceMean", net.op("Mul", x, x), axes=[2]))),
]


@pytest.mark.parametrize("spelled", NEARLY)
def test_what_is_only_nearly_one_stays_as_it_is(spelled):
    program = made(spelled)
    assert recognised(program) is program


def test_a_factor_that_widens_the_result_is_no_gate():
    net = Made(3)
    x = net.input(1, 1, 8)
    program = net.done(net.op("Mul", net.op("Mul", net.op("Sigmoid", x), x), net.const(4, 1, low=1.0)))
    assert {op.op_type for op in recognised(program).ops} == {"SiLU", "Mul"}


def test_parts_that_others_read_stay_for_them():
    net = Made(3)
    x = net.input(1, 4, 8)
    gate = net.op("Sigmoid", x)
    program = net.done(net.op("Mul", gate, x), net.op("Tanh", gate))
    assert sorted(op.op_type for op in recognised(program).ops) == ["SiLU", "Sigmoid", "Tanh"]
