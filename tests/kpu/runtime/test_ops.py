"""Every operator as a network of its own, run tile by tile in a format, against torch."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.kpu import KPUPrecision
from symppa.kpu.interface.config import EXTRA_OPS, NATIVE_OPS
from symppa.kpu.shapes import SHAPES
from tests.kpu.runtime.single import CASES, single, step_of

FORMATS = list(KPUPrecision)


@pytest.mark.parametrize("precision", FORMATS, ids=lambda one: one.value)
@pytest.mark.parametrize("case", CASES, ids=lambda one: one.label)
def test_an_operator_gives_what_torch_gives_of_the_same_numbers(case, precision):
    made = single(case, precision)
    found, due = made.found(), made.expected()
    assert len(found) == len(due)
    for name, here, there in zip(made.program.output_ids, found, due, strict=True):
        assert here.shape == there.shape
        slack = 3e-6 * np.abs(there).max(initial=1)
        far = np.abs(here - there) - step_of(made.program, name, there)
        if made.program.tensors[name].dtype.startswith("posit"):
            far -= np.abs(there) / (8 if precision is KPUPrecision.POSIT8 else 512) + 2.0**-24
        assert far.max(initial=0) <= slack


def test_every_operator_that_compiles_has_a_case():
    assert {*NATIVE_OPS, *EXTRA_OPS} - {one.op_type for one in CASES} == {"Constant"}
    assert {one.op_type for one in CASES} <= set(SHAPES)
