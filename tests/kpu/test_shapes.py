"""Shapes follow from what is read, as torch has them; what does not fit together is refused."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symppa.errors import CompilationError
from symppa.kpu.interface.config import EXTRA_OPS, NATIVE_OPS, KPUConfig
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor
from symppa.kpu.shapes import PRIMITIVES, SHAPES, dtype_of, inferred, mistakes, outputs

small = st.integers(1, 4)


def test_every_operator_of_the_kpu_has_a_row_and_none_has_it_without_need():
    assert set(SHAPES) == {*NATIVE_OPS, *EXTRA_OPS, *PRIMITIVES}


@given(st.integers(1, 14), st.integers(1, 5), small, st.integers(0, 3), st.integers(1, 3), small)
def test_a_window_slides_as_it_does_in_torch(size, kernel, stride, pad, dilation, channels):
    torch = pytest.importorskip("torch")
    assume(size + 2 * pad >= dilation * (kernel - 1) + 1)
    told = {"strides": [stride, stride], "pads": [pad] * 4, "dilations": [dilation, dilation]}
    with torch.device("meta"):
        x, weight = torch.empty(2, channels, size, size), torch.empty(3, channels, kernel, kernel)
        due = torch.nn.functional.conv2d(x, weight, None, stride, pad, dilation)
    assert inferred("Conv", [tuple(x.shape), tuple(weight.shape)], told) == [tuple(due.shape)]


@settings(max_examples=300)
@given(st.integers(1, 14), st.integers(1, 5), small, st.integers(0, 2), st.booleans())
def test_a_pool_rounds_as_it_does_in_torch(size, kernel, stride, pad, up):
    torch = pytest.importorskip("torch")
    assume(pad <= kernel // 2)
    assume(size + 2 * pad >= kernel)
    told = {"kernel_shape": [kernel], "strides": [stride], "pads": [pad, pad], "ceil_mode": int(up)}
    due = torch.nn.functional.max_pool1d(torch.zeros(1, 1, size), kernel, stride, pad, ceil_mode=up)
    assert inferred("MaxPool", [(1, 1, size)], told) == [tuple(due.shape)]


@pytest.mark.parametrize(
    ("what", "shapes", "told", "due"),
    [
        ("Gemm", [(3, 4), (5, 4), (5,)], {"transB": 1}, [(3, 5)]),
        ("MatMul", [(2, 1, 3, 4), (6, 4, 5)], {}, [(2, 6, 3, 5)]),
        ("Split", [(2, 5)], {"axis": 1, "split": [2, 3]}, [(2, 2), (2, 3)]),
        ("Slice", [(9, 4)], {"starts": [1, -2], "ends": [100, 4], "axes": [0, 1], "steps": [3, 1]}, [(3, 2)]),
        ("Gather", [(5, 6), (2, 3)], {"axis": 1}, [(5, 2, 3)]),
        ("Unsqueeze", [(3,)], {"axes": [0, -1]}, [(1, 3, 1)]),
        ("Resize", [(1, 2, 4, 5)], {"scales": [1, 1, 2, 1.5]}, [(1, 2, 8, 7)]),
        ("Pad", [(2, 3)], {"pads": [0, 1, 2, 0]}, [(4, 4)]),
        ("Constant", [], {"value": [[1, 2]], "dtype": "int64"}, [(1, 2)]),
        ("Shape", [(4, 5, 6)], {"start": 1}, [(2,)]),
        ("Flatten", [(2, 3, 4)], {"axis": -1}, [(6, 4)]),
        ("ReduceSum", [(2, 3, 4)], {"axes": [0, -1], "keepdims": 0}, [(3,)]),
        ("Add", [(2, 1, 4), (3, 1)], {}, [(2, 3, 4)]),
    ],
)
def test_worked_cases(what, shapes, told, due):
    assert inferred(what, shapes, told) == due


@pytest.mark.parametrize(
    ("what", "shapes", "told", "error"),
    [
        ("Conv", [(1, 3, 8, 8), (4, 2, 3, 3)], {}, "3 channels meet weights for 2"),
        ("Conv", [(1, 3, 2, 2), (4, 3, 3, 3)], {}, "a window of 3 does not fit in 2"),
        ("Conv", [(1, 4, 8, 8), (5, 2, 3, 3)], {"group": 2}, "5 outputs are not divided by 2 groups"),
        ("Conv", [(1, 3, 8, 8), (4, 3, 3, 3), (5,)], {}, r"a bias of \(4,\) is due"),
        ("Conv", [(1, 3, 8, 8), (4, 3, 3, 3)], {"pads": [1, 1]}, "are not of 2 axes"),
        ("Gemm", [(3, 4), (5, 4)], {}, "4 columns meet 5 rows"),
        ("MatMul", [(4,), (4, 5)], {}, "matrices are due"),
        ("Add", [(2, 3), (4,)], {}, "do not broadcast"),
        ("Reshape", [(2, 3)], {"shape": [4]}, "6 elements do not fill"),
        ("Reshape", [(2, 3)], {}, "has no attribute 'shape'"),
        ("Concat", [(2, 3), (3, 3)], {"axis": 1}, "they differ beside axis 1"),
        ("Split", [(2, 3)], {"axis": 1, "split": [1, 1]}, "do not divide axis 1"),
        ("Softmax", [(2, 3)], {"axis": 2}, "there is no axis 2 among 2"),
        ("Squeeze", [(2, 3)], {"axes": [0]}, "are not all of size 1"),
        ("Transpose", [(2, 3)], {"perm": [0, 0]}, "does not name each axis once"),
        ("Slice", [(2, 3)], {"starts": [2], "ends": [2], "axes": [1], "steps": [1]}, "nothing is left of axis 1"),
        ("Pad", [(2, 3)], {"pads": [0] * 4, "mode": "reflect"}, "mode 'reflect' is not supported"),
        ("Relu", [(2,), (2,)], {}, "reads 1 tensors, not 2"),
        ("Mish", [(2,)], {}, "there is no operator 'Mish'"),
    ],
)
def test_what_does_not_fit_together_is_refused(what, shapes, told, error):
    with pytest.raises(CompilationError, match=error):
        inferred(what, shapes, told)


def test_what_is_fused_behind_an_operator_counts():
    tensors = {
        name: KPUTensor(name, name, shape, "fp32")
        for name, shape in {"x": (1, 3, 8, 8), "w": (4, 3, 3, 3), "r": (2, 4, 6, 6), "y": (2, 4, 6, 6)}.items()
    }
    behind = [
        {"op_type": "Add", "inputs": ["r"], "attributes": {}},
        {"op_type": "Relu", "inputs": [], "attributes": {}},
    ]
    op = KPUOp("c", "Conv", ["x", "w", "r"], ["y"], {"epilogue": behind})
    assert outputs(op, tensors) == [(2, 4, 6, 6)]
    program = KPUProgram("p", "1", "", "", KPUConfig(), KPUPrecision.INT8, [op], tensors, ["x", "r"], ["y"])
    assert mistakes(program) == []
    tensors["y"].shape = (1, 4, 6, 6)
    assert mistakes(program) == ["Op c (Conv) writes [(1, 4, 6, 6)]; [(2, 4, 6, 6)] follow from what it reads"]


def test_formats_before_anything_is_quantized():
    assert dtype_of("Shape", ["fp32"], {}) == "int64"
    assert dtype_of("Cast", ["fp32"], {"to": "int32"}) == "int32"
    assert dtype_of("Gather", ["fp32", "int64"], {}) == "fp32"
