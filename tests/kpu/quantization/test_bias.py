"""Biases without the mean error of few bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from symppa.kpu import KPUConfig, KPUPrecision
from symppa.kpu.lower.building import Const
from symppa.kpu.passes.fold import fold
from symppa.kpu.passes.fuse import fuse
from symppa.kpu.passes.quantize import quantize
from symppa.kpu.quantization.bias import corrected, means
from symppa.kpu.rules.table import verify
from tests.kpu.made import Made, numbers_for, residual
from tests.kpu.quantization.test_equalise import quantized


def ready(program, precision=KPUPrecision.INT8):
    every = KPUConfig(supported_precisions=list(KPUPrecision))
    return fuse(fold(replace(program, precision=precision, target_config=every)))


def test_what_a_range_cuts_off_comes_back_in_the_mean():
    # y = x + 0 over x = 0, 4, 8, ..., 400 and a range that ends at 200: the mean lost is that of what lies beyond it.
    net = Made()
    one = net.op("Gemm", net.input(1, 1), Const(np.ones((1, 1), np.float32), "w"), Const(np.zeros(1, np.float32), "b"))
    program = ready(net.done(one))
    runs = [{"x": np.float32([[4.0 * step]])} for step in range(101)]
    found = quantize(program, {"x": (0.0, 200.0)})
    fixed = corrected(program, found, runs)
    lost = np.mean([max(0.0, 4.0 * step - 200) for step in range(101)])
    bias = program.ops[0].input_ids[2]
    scale = np.asarray(found.tensors[bias].scale)
    gained = (fixed.constants[bias] - found.constants[bias]) * scale
    np.testing.assert_allclose(gained, lost, atol=0.05)  # 200/255 steps: rounding of x, evened out
    assert fixed.constants[bias].dtype == np.int32


@pytest.mark.parametrize("precision", [KPUPrecision.INT8, KPUPrecision.INT4, KPUPrecision.POSIT8])
def test_sums_are_right_in_the_mean_over_the_samples(precision):
    program = ready(residual(), precision)
    runs = [numbers_for(program, seed) for seed in range(24)]
    found = quantized(program, runs)
    fixed = corrected(program, found, runs)
    verify(fixed, "quantize")
    (before,), (after,) = (list(means(program, one, runs).values()) for one in (found, fixed))
    assert abs(after) < max(abs(before) / 4, 1e-4)
    changed = [name for name in found.constants if not np.array_equal(found.constants[name], fixed.constants[name])]
    assert changed
    assert all(found.tensors[name].dtype in ("int32", "fp32") for name in changed)


def test_what_has_no_bias_of_its_own_is_left_alone():
    net = Made()
    x = net.input(2, 4)
    bias = net.const(4)
    y = net.op("Gemm", net.op("Gemm", x, net.const(4, 4), bias), net.const(4, 4), bias)
    program = ready(net.done(net.op("MatMul", y, net.const(4, 2))))
    runs = [numbers_for(program)]
    found = quantized(program, runs)
    fixed = corrected(program, found, runs)
    for name, numbers in found.constants.items():
        np.testing.assert_array_equal(fixed.constants[name], numbers)
