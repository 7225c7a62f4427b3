"""Formats of tensors, and numbers of weights in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import QuantizationError
from symppa.kpu import KPUConfig, KPUPrecision
from symppa.kpu.interface.program import KPUTensor
from symppa.kpu.lower.building import Const
from symppa.kpu.numbers import values
from symppa.kpu.passes.fold import fold
from symppa.kpu.passes.fuse import fuse
from symppa.kpu.passes.quantize import LARGEST, WIDTHS, affine_scale, array_operands, quantize, symmetric
from symppa.kpu.posit import decoded
from tests.kpu.made import Made, by_chance, numbers_for, residual, transformer

P = KPUPrecision


def ready(program, precision=P.INT8):
    return fuse(fold(replace(program, precision=precision)))


def dtype(program, name):
    return program.tensors[name].dtype


def ranges_of(program, seed=0):
    return {name: (float(one.min()), float(one.max())) for name, one in values(program, numbers_for(program, seed))}


@pytest.mark.parametrize("precision", list(P))
@pytest.mark.parametrize("make", [residual, transformer])
def test_arrays_read_one_format_and_weights_have_theirs(precision, make):
    found = quantize(ready(make(), precision))
    widths = WIDTHS[precision]
    for op in found.ops:
        for name in array_operands(op):
            weight = found.tensors[name].is_weight
            assert dtype(found, name) == (widths.weights if weight else widths.narrow)
    assert all(dtype(found, name) == widths.wide for name in found.output_ids)


def test_softmax_and_norms_read_16_bits_and_so_does_the_sum_that_they_read():
    found = quantize(ready(transformer()))
    by_kind = {op.op_type: op for op in found.ops}
    assert dtype(found, by_kind["Softmax"].input_ids[0]) == "fp16"
    assert dtype(found, by_kind["Softmax"].output_ids[0]) == "int8"  # an array reads it
    norms = [op for op in found.ops if op.op_type == "LayerNormalization"]
    assert {dtype(found, op.input_ids[0]) for op in norms} == {"fp16"}
    # What is added to the residual stream is fused behind products: their sums are as wide as the stream.
    adding = [op for op in found.ops if op.epilogue and not found.tensors[op.input_ids[-1]].is_weight]
    assert {dtype(found, op.output_ids[0]) for op in adding} == {"fp16"}
    gelu = next(op for op in found.ops if any(one["op_type"] == "Gelu" for one in op.epilogue))
    assert dtype(found, gelu.output_ids[0]) == "int8"


def test_what_is_moved_keeps_one_format_and_one_scale():
    net = Made()
    x = net.input(1, 4, 6, 6)
    parts = [net.conv(x, 4), net.op("MaxPool", net.conv(x, 4), kernel_shape=[1, 1])]
    y = net.op("Concat", *parts, Const(np.full((1, 1, 6, 6), 9.0, np.float32), "more"), axis=1)
    program = ready(net.done(net.conv(y, 2)))
    found = quantize(program, ranges_of(program))
    joined = next(op for op in found.ops if op.op_type == "Concat")
    tensors = [found.tensors[name] for name in (*joined.input_ids, *joined.output_ids)]
    assert {one.dtype for one in tensors} == {"int8"}
    assert len({(one.scale, one.zero_point) for one in tensors}) == 1
    assert 255 * tensors[0].scale >= 9.0
    held = found.constants[joined.input_ids[2]].astype(float)
    np.testing.assert_allclose((held - tensors[0].zero_point) * tensors[0].scale, 9.0, atol=tensors[0].scale)


def test_without_ranges_scales_of_activations_are_open_and_the_facts_say_so():
    found = quantize(ready(residual()))
    assert {one.scale for one in found.tensors.values() if not one.is_weight} == {None}
    assert found.facts["quantization"]["activations"] == "not calibrated"
    assert found.facts["quantization"]["per_channel"] == found.facts["quantization"]["weights"] == 7
    biases = [own.dtype for own in found.tensors.values() if own.id.endswith("folded_bias")]
    assert set(biases) == {"fp32"}


def test_with_ranges_every_whole_number_has_a_scale_and_biases_are_whole():
    program = ready(residual())
    found = quantize(program, ranges_of(program))
    told = found.facts["quantization"]
    assert told["activations"] == "calibrated"
    for tensor in found.tensors.values():
        assert (tensor.scale is not None) == (tensor.dtype in ("int8", "int32"))
    first = found.ops[0]
    x, weight, bias = (found.tensors[name] for name in first.input_ids)
    assert bias.dtype == "int32"
    np.testing.assert_allclose(bias.scale, x.scale * np.array(weight.scale))
    due = program.constants[first.input_ids[2]]
    np.testing.assert_allclose(found.constants[bias.id] * np.array(bias.scale), due, atol=max(bias.scale) / 2)


def test_an_activation_without_a_range_is_refused():
    with pytest.raises(QuantizationError, match=r"there is no range of 'relu'"):
        quantize(ready(residual()), {"x": (-1.0, 1.0)})


def test_a_range_that_is_not_finite_is_refused():
    program = ready(residual())
    with pytest.raises(QuantizationError, match="values that are not finite"):
        quantize(program, ranges_of(program) | {"x": (0.0, float("nan"))})


@given(st.integers(0, 10**6), st.sampled_from([7, 127]), st.sampled_from([None, 0, 1]))
@settings(max_examples=40, deadline=None)
def test_whole_numbers_are_within_half_a_step_of_what_they_stand_for(seed, levels, axis):
    rng = np.random.default_rng(seed)
    numbers = (rng.normal(size=(5, 3, 2)) * 10.0 ** rng.integers(-20, 20)).astype(np.float32)
    numbers[:, 1] = 0
    tensor, found = symmetric(KPUTensor("w", "w", numbers.shape, "int8"), numbers, levels, axis)
    scale = np.array(tensor.scale).reshape([-1 if at == axis else 1 for at in range(3)])
    assert np.abs(found).max() == levels
    assert np.all(np.abs(found * scale - numbers) <= scale * (0.5 + 1e-3))
    assert isinstance(tensor.scale, float if axis is None else list)


@pytest.mark.parametrize(
    ("op", "axis"),
    [
        (lambda net: net.conv(net.input(1, 4, 6, 6), 8), 0), (lambda net: net.linear(net.input(2, 4), 8), 0),
        (lambda net: net.op("Gemm", net.input(2, 4), net.const(4, 8)), 1),
        (lambda net: net.op("MatMul", net.input(3, 2, 4), net.const(4, 8)), 1),
        (lambda net: net.op("MatMul", net.const(8, 4), net.input(3, 4, 2)), 0),
        (lambda net: net.op("MatMul", net.input(3, 2, 4), net.const(3, 4, 8)), None),
    ],
)  # fmt: skip
def test_scales_of_weights_lie_along_output_channels(op, axis):
    net = Made()
    found = quantize(ready(net.done(op(net))))
    weight = next(one for one in found.tensors.values() if one.is_weight and one.dtype == "int8")
    assert weight.channel_axis == axis
    assert isinstance(weight.scale, list) == (axis is not None)
    assert axis is None or len(weight.scale) == weight.shape[axis]


def test_weights_that_lanes_read_too_are_not_whole_numbers():
    net = Made()
    weight = net.const(4, 4)
    y = net.op("MatMul", net.input(4, 4), weight)
    found = quantize(ready(net.done(net.op("Add", y, weight))))
    assert {one.dtype for one in found.tensors.values() if one.is_weight} == {"fp16"}


def test_numbers_beyond_fp16_stay_wide_for_lanes_and_are_refused_for_arrays():
    net = Made()
    large = Const(np.full((4, 4), 2 * LARGEST, np.float32), "large")
    program = net.done(net.op("Add", net.op("Tanh", net.input(4, 4)), large))
    assert {one.dtype for one in quantize(ready(program)).tensors.values() if one.is_weight} == {"fp32"}
    net = Made()
    with pytest.raises(QuantizationError, match=r"large has values up to 1.31e\+05; fp16 ends at 65504"):
        quantize(ready(net.done(net.op("MatMul", net.input(4, 4), large)), P.FP16))


def test_weights_that_are_not_finite_are_refused():
    net = Made()
    broken = Const(np.array([[1.0, np.nan], [np.inf, 0.0]], np.float32), "broken")
    with pytest.raises(QuantizationError, match="broken has 2 values that are not finite"):
        quantize(ready(net.done(net.op("MatMul", net.input(2, 2), broken))))


def test_posits_are_kept_as_their_patterns():
    net = Made()
    program = ready(net.done(net.op("MatMul", net.input(2, 4), net.const(4, 3))), P.POSIT16)
    (name,) = program.constants
    found = quantize(program)
    assert found.constants[name].dtype == np.uint16
    np.testing.assert_allclose(decoded(found.constants[name], 16), program.constants[name], rtol=1e-3)


def test_indices_are_left_alone():
    net = Made()
    places = net.to.input("places", (5,), "int64")
    found = quantize(ready(net.done(net.op("Gather", net.const(9, 4), places, axis=0))))
    assert dtype(found, "places") == "int64"


def test_zero_is_among_the_numbers_of_every_range():
    assert affine_scale(2.0, 5.1) == (pytest.approx(0.02), -128)
    assert affine_scale(-5.1, -2.0) == (pytest.approx(0.02), 127)
    assert affine_scale(0.0, 0.0) == (1.0, -128)


def test_nothing_is_changed_in_place():
    program = ready(by_chance(4, config=KPUConfig()))
    before = {name: (program.tensors[name].dtype, numbers.copy()) for name, numbers in program.constants.items()}
    quantize(program, ranges_of(program))
    for name, (kind, numbers) in before.items():
        assert program.tensors[name].dtype == kind
        np.testing.assert_array_equal(program.constants[name], numbers)
