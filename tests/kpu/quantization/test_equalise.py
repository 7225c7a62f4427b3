"""Channels of like range, and the same answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.kpu import KPUPrecision
from symppa.kpu.lower.building import Const
from symppa.kpu.numbers import executed, values
from symppa.kpu.passes.fold import fold
from symppa.kpu.passes.fuse import fuse
from symppa.kpu.passes.quantize import quantize
from symppa.kpu.quantization.equalise import equalised, largest, pairs
from symppa.kpu.quantization.simulate import Simulation, difference
from symppa.kpu.rules.table import verify
from tests.kpu.made import Made, by_chance, numbers_for, residual


def ready(program):
    return fuse(fold(replace(program, precision=KPUPrecision.INT8)))


def uneven(act, depthwise, channels=8):
    """Two convolutions between which channels differ by a thousand and more."""
    net = Made(3)
    x = net.input(1, channels, 6, 6)
    size = np.geomspace(1, 2e-3, channels).astype(np.float32).reshape(-1, 1, 1, 1)
    y = net.op("Conv", x, Const(net.const(channels, channels, 1, 1).array * size, "w"), Const(
        net.const(channels).array * size.reshape(-1), "b"), kernel_shape=[1, 1])  # fmt: skip
    y = net.op(act, y) if act else y
    shape = (channels, 1, 3, 3) if depthwise else (5, channels, 3, 3)
    back = size if depthwise else size.reshape(1, -1, 1, 1)
    second = Const(net.const(*shape).array / back, "w2")
    told = {"kernel_shape": [3, 3], "pads": [1] * 4, "group": channels if depthwise else 1}
    return ready(net.done(net.op("Conv", y, second, net.const(shape[0]), **told)))


def runs_of(program, count=12):
    return [numbers_for(program, seed) for seed in range(count)]


def quantized(program, runs):
    met = {}
    for one in runs:
        for name, value in values(program, one):
            low, high = met.get(name, (0.0, 0.0))
            met[name] = (min(low, float(value.min())), max(high, float(value.max())))
    return quantize(program, met)


@pytest.mark.parametrize("act", ["", "Relu", "Relu6", "SiLU", "HardSwish"])
@pytest.mark.parametrize("depthwise", [True, False])
def test_answers_are_the_same_to_the_bit_and_better_by_far_in_8_bits(act, depthwise):
    program = uneven(act, depthwise)
    runs = runs_of(program)
    found = verify(equalised(program, runs), "fuse")
    assert len(found.facts["equalised"]) == 1
    due = [executed(program, one) for one in runs]
    for one, right in zip(runs, due, strict=True):
        for name, value in executed(found, one).items():
            np.testing.assert_array_equal(value, right[name])
    before, after = (
        difference([Simulation(quantized(one, runs)).outputs(run) for run in runs], due) for one in (program, found)
    )
    assert after < before / 5
    assert after < 0.03


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_networks_drawn_by_chance_answer_what_they_did(seed):
    program = ready(by_chance(seed, 14))
    runs = runs_of(program, 2)
    found = verify(equalised(program, runs), "fuse")
    due = executed(program, runs[0])
    for name, value in executed(found, runs[0]).items():
        np.testing.assert_array_equal(value, due[name])


def test_channels_are_divided_by_powers_of_two_and_stay_below_the_widest():
    program = uneven("SiLU", depthwise=True)
    runs = runs_of(program)
    found = equalised(program, runs)
    (name,) = found.facts["equalised"]
    before, after = (largest(one, runs, [name])[name] for one in (program, found))
    factor = after / before
    np.testing.assert_array_equal(np.log2(factor), np.rint(np.log2(factor)))
    assert after.max() == before.max()
    assert after.min() > 0.15 * after.max()  # half of it at most, and not less than by the rounding of powers


def test_a_factor_behind_nothing_or_a_relu_costs_no_further_work():
    for act, more in (("", 0), ("Relu", 0), ("SiLU", 1)):
        program = uneven(act, depthwise=False)
        found = equalised(program, runs_of(program))
        assert len(found.ops[0].epilogue) - len(program.ops[0].epilogue) == more


def test_what_others_read_too_is_left_alone():
    program = ready(residual())
    found = list(pairs(program))
    for one in found:
        assert [op for op in program.ops if one.name in op.input_ids] == list(one.readers)
        assert all(op.input_ids[0] == one.name and op.input_ids.count(one.name) == 1 for op in one.readers)
    assert not {one.name for one in found} & set(program.output_ids)
    # Within each of the two blocks, and between them; what the pool writes is added too.
    assert [len(one.readers) for one in found] == [1, 2, 1]


def test_channels_without_values_are_left_alone():
    net = Made()
    x = net.input(1, 4, 6, 6)
    weight = net.const(4, 4, 1, 1)
    weight.array[1:3] = 0
    y = net.op("Relu", net.op("Conv", x, weight, kernel_shape=[1, 1]))
    program = ready(net.done(net.op("Conv", y, net.const(4, 1, 3, 3), kernel_shape=[3, 3], group=4)))
    found = equalised(program, runs_of(program))
    for name, value in executed(found, numbers_for(found)).items():
        np.testing.assert_array_equal(value, executed(program, numbers_for(found))[name])
