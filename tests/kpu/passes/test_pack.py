"""Weights as bytes and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from symppa.errors import KPUFileError
from symppa.kpu import KPUConfig, KPUPrecision
from symppa.kpu.interface.program import KPUTensor, MemoryLayout
from symppa.kpu.numbers import bf16
from symppa.kpu.passes import PASSES, applied
from symppa.kpu.passes.layout import layout
from symppa.kpu.passes.pack import STORED, pack, restored, stored, unpacked
from tests.kpu.made import residual

BEFORE = PASSES[: PASSES.index("tile")]


def drawn(dtype, shape, rng):
    if dtype == "int4":
        return rng.integers(-8, 8, shape).astype(np.int8)
    if dtype == "bf16":
        return bf16(rng.normal(size=shape).astype(np.float32))
    kind = np.dtype(STORED[dtype][1])
    if kind.kind == "f":
        return rng.normal(size=shape).astype(kind)
    return rng.integers(0, 2 if kind.kind == "b" else np.iinfo(kind).max, shape).astype(kind)


@given(
    st.sampled_from(sorted(STORED)), array_shapes(min_dims=0, max_dims=4, max_side=5), st.booleans(), st.integers(0, 9)
)
@settings(max_examples=150, deadline=None)
def test_numbers_come_back_as_they_were_in_every_format(dtype, shape, pixels, seed):
    form = "NHWC" if pixels and len(shape) == 4 else "NCHW"
    tensor = KPUTensor("w", "w", shape, dtype, MemoryLayout(format=form), is_weight=True)
    numbers = drawn(dtype, shape, np.random.default_rng(seed))
    held = stored(tensor, numbers)
    assert held.nbytes == tensor.size_bytes
    np.testing.assert_array_equal(restored(tensor, held), numbers)


def test_pixel_by_pixel_weights_are_stored_so():
    tensor = KPUTensor("w", "w", (1, 2, 1, 3), "int8", MemoryLayout(format="NHWC"), is_weight=True)
    assert stored(tensor, np.arange(6, dtype=np.int8).reshape(1, 2, 1, 3)).reshape(-1).tolist() == [0, 3, 1, 4, 2, 5]


def test_two_numbers_of_4_bits_lie_in_a_byte_the_first_one_low():
    tensor = KPUTensor("w", "w", (3,), "int4", is_weight=True)
    assert stored(tensor, np.array([1, -1, 7], np.int8)).tolist() == [0xF1, 0x07]


@pytest.mark.parametrize("precision", list(KPUPrecision))
@pytest.mark.parametrize("form", ["NCHW", "NHWC"])
def test_a_packed_program_has_the_weights_it_was_made_of(precision, form):
    config = KPUConfig(supported_precisions=[precision])
    program = applied(residual(config, precision), BEFORE, {"layout": lambda one: layout(one, form)})
    found = pack(program)
    assert found.constants == {}
    held = unpacked(found)
    assert set(held) == set(program.constants)
    for name, numbers in program.constants.items():
        np.testing.assert_array_equal(held[name], numbers)
    if precision is KPUPrecision.FP16:
        assert not held["weight_31"].flags.owndata, "read where it lies"


def test_the_bytes_are_those_of_a_safetensors_file():
    safetensors = pytest.importorskip("safetensors.numpy")
    program = applied(residual(), BEFORE)
    found = safetensors.load(pack(program).weights_blob)
    assert set(found) == set(program.constants)
    np.testing.assert_array_equal(found["weight_31"], program.constants["weight_31"])


def test_weights_that_are_missing_or_of_another_size_are_refused():
    program = pack(applied(residual(), BEFORE))
    (first, *_) = (name for op in program.ops for name in op.input_ids if program.tensors[name].is_weight)
    larger = replace(program.tensors[first], shape=(99,))
    with pytest.raises(KPUFileError, match=r"has 99 elements; its weights have"):
        unpacked(replace(program, tensors={**program.tensors, first: larger}))
    with pytest.raises(KPUFileError, match="the weights of made lack"):
        unpacked(replace(program, weights_blob=(2).to_bytes(8, "little") + b"{}"))
