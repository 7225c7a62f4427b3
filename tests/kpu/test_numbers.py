"""What operators give, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as f

from symppa.errors import InvalidInputError, UnsupportedOpError
from symppa.kpu.interface.config import EXTRA_OPS, NATIVE_OPS
from symppa.kpu.interface.program import KPUOp
from symppa.kpu.numbers import NUMBERS, bf16, evaluated, executed, kernel
from symppa.kpu.shapes import SHAPES, inferred
from tests.kpu.made import numbers_for, residual

RNG = np.random.default_rng(7)
X, W = (RNG.normal(size=shape).astype(np.float32) for shape in ((2, 4, 9, 7), (6, 2, 3, 3)))
B = RNG.normal(size=6).astype(np.float32)
M, K = RNG.normal(size=(5, 8)).astype(np.float32), RNG.normal(size=(8, 3)).astype(np.float32)
FOUR = [np.float32(one) for one in ([1, 2, 3, 4], [0, 1, -1, 2], [0.5, 0, 1, 2], [1, 2, 0.1, 4])]
POOL = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}


def t(array):
    return torch.from_numpy(np.asarray(array))


CASES = [
    ("Conv", [X, W, B], {"group": 2, "strides": [2, 1], "pads": [1, 0, 1, 0], "dilations": [1, 2]},
     lambda: f.conv2d(t(X), t(W), t(B), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)),
    ("Conv", [X, W[:4, :1]], {"group": 4, "pads": [1, 1, 1, 1]},
     lambda: f.conv2d(t(X), t(W[:4, :1]), padding=1, groups=4)),
    ("Conv", [X[..., 0], W[:, :2, :, 0]], {"group": 2, "pads": [1, 1]},
     lambda: f.conv1d(t(X[..., 0].copy()), t(W[..., 0].copy()), padding=1, groups=2)),
    ("MatMul", [M, K], {}, lambda: t(M) @ t(K)),
    ("Gemm", [M.T, K.T, B[:3]], {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0},
     lambda: 0.5 * t(M) @ t(K) + 2 * t(B[:3])),
    ("Gemm", [M, K], {}, lambda: t(M) @ t(K)),
    ("MaxPool", [X], POOL, lambda: f.max_pool2d(t(X), 3, 2, 1)),
    ("MaxPool", [X], POOL | {"ceil_mode": 1, "dilations": [2, 1]},
     lambda: f.max_pool2d(t(X), 3, 2, 1, dilation=(2, 1), ceil_mode=True)),
    ("AveragePool", [X], POOL | {"ceil_mode": 1}, lambda: f.avg_pool2d(t(X), 3, 2, 1, True, False)),
    ("AveragePool", [X], POOL | {"ceil_mode": 1, "count_include_pad": 1}, lambda: f.avg_pool2d(t(X), 3, 2, 1, True)),
    ("GlobalAveragePool", [X], {}, lambda: f.adaptive_avg_pool2d(t(X), 1)),
    ("BatchNormalization", [X, *FOUR], {"epsilon": 1e-3},
     lambda: f.batch_norm(t(X), t(FOUR[2]), t(FOUR[3]), t(FOUR[0]), t(FOUR[1]), eps=1e-3)),
    ("LayerNormalization", [X, FOUR[0][:1], FOUR[1][:1]], {"axis": -2, "epsilon": 1e-6},
     lambda: f.layer_norm(t(X), (9, 7), eps=1e-6) * 1.0),
    ("LayerNormalization", [X], {}, lambda: f.layer_norm(t(X), (7,))),
    ("Softmax", [50 * X], {"axis": 1}, lambda: f.softmax(50 * t(X), 1)),
    ("Relu", [X], {}, lambda: f.relu(t(X))), ("Relu6", [4 * X], {}, lambda: f.relu6(4 * t(X))),
    ("Clip", [X], {"min": -0.5, "max": 1.0}, lambda: t(X).clamp(-0.5, 1.0)),
    ("Clip", [X], {"min": 0.25}, lambda: t(X).clamp(min=0.25)), ("Clip", [X], {}, lambda: t(X)),
    ("HardTanh", [X], {}, lambda: f.hardtanh(t(X))),
    ("HardTanh", [X], {"min": -0.1, "max": 2.0}, lambda: f.hardtanh(t(X), -0.1, 2.0)),
    ("HardSigmoid", [4 * X], {"alpha": 1 / 6, "beta": 0.5}, lambda: f.hardsigmoid(4 * t(X))),
    ("HardSwish", [4 * X], {}, lambda: f.hardswish(4 * t(X))),
    ("Sigmoid", [90 * X], {}, lambda: torch.sigmoid(90 * t(X))), ("SiLU", [X], {}, lambda: f.silu(t(X))),
    ("Tanh", [X], {}, lambda: torch.tanh(t(X))), ("Erf", [X], {}, lambda: torch.erf(t(X))),
    ("Gelu", [X], {}, lambda: f.gelu(t(X))),
    ("Gelu", [X], {"approximate": "tanh"}, lambda: f.gelu(t(X), approximate="tanh")),
    ("Add", [X, X[:, :, :1]], {}, lambda: t(X) + t(X[:, :, :1])), ("Sub", [X, B[:1]], {}, lambda: t(X) - t(B[:1])),
    ("Mul", [X, X], {}, lambda: t(X) * t(X)), ("Div", [X, 2 + X * X], {}, lambda: t(X) / (2 + t(X) * t(X))),
    ("Concat", [X, X], {"axis": -1}, lambda: torch.cat([t(X), t(X)], -1)),
    ("Reshape", [X], {"shape": [4, 126]}, lambda: t(X).reshape(4, 126)),
    ("Flatten", [X], {}, lambda: t(X).flatten(1)), ("Flatten", [X], {"axis": -1}, lambda: t(X).reshape(72, 7)),
    ("Flatten", [X], {"axis": 0}, lambda: t(X).reshape(1, 504)),
    ("Squeeze", [X[:, :1]], {"axes": [1]}, lambda: t(X[:, 0].copy())),
    ("Unsqueeze", [X], {"axes": [0, -1]}, lambda: t(X)[None, ..., None]),
    ("Transpose", [X], {"perm": [0, 2, 3, 1]}, lambda: t(X).permute(0, 2, 3, 1)),
    ("Slice", [X], {"starts": [1, -1], "ends": [9, -(2**40)], "axes": [2, 3], "steps": [3, -2]},
     lambda: t(X[:, :, 1:9:3, ::-2].copy())),
    ("Gather", [X, np.array([[3, 0], [1, 1]])], {"axis": 1}, lambda: t(X[:, [[3, 0], [1, 1]]])),
    ("Pad", [X], {"pads": [0, 0, 1, 2, 0, 1, 0, 3], "value": 2.5}, lambda: f.pad(t(X), (2, 3, 1, 0, 0, 1), value=2.5)),
    ("Resize", [X], {"scales": [1, 1, 2, 3]}, lambda: f.interpolate(t(X), scale_factor=(2, 3))),
    ("Resize", [X], {"sizes": [2, 4, 5, 11]}, lambda: f.interpolate(t(X), size=(5, 11))),
    ("Resize", [X], {"sizes": [2, 4, 18, 14], "coordinate_transformation_mode": "half_pixel",
                     "nearest_mode": "round_prefer_floor"}, lambda: f.interpolate(t(X), size=(18, 14))),
    ("ReduceMean", [X], {"axes": [2, -1]}, lambda: t(X).mean((2, 3), keepdim=True)),
    ("ReduceSum", [X], {"axes": [1], "keepdims": 0}, lambda: t(X).sum(1)),
    ("ReduceMax", [X], {"axes": [1]}, lambda: t(X).amax(1, keepdim=True)),
    ("Identity", [X], {}, lambda: t(X)), ("Cast", [X], {"to": "int64"}, lambda: t(X).long()),
    ("Cast", [X], {"to": "bf16"}, lambda: t(X).bfloat16().float()), ("Cast", [X], {"to": "fp16"}, lambda: t(X).half()),
    ("Shape", [X], {"start": 1, "end": 3}, lambda: torch.tensor([4, 9])),
    ("Constant", [], {"value": [1.0, 2.0], "dtype": "fp32"}, lambda: torch.tensor([1.0, 2.0])),
    ("Sqrt", [X * X], {}, lambda: (t(X) * t(X)).sqrt()), ("Exp", [X], {}, lambda: t(X).exp()),
]  # fmt: skip


@pytest.mark.parametrize(("what", "inputs", "told", "expected"), CASES, ids=[one[0] for one in CASES])
def test_an_operator_gives_what_torch_gives(what, inputs, told, expected):
    (found,), due = kernel(what)(inputs, told), expected().numpy()
    if what == "LayerNormalization" and len(inputs) > 1:
        due = due * FOUR[0][:1] + FOUR[1][:1]
    np.testing.assert_allclose(found, due, rtol=1e-5, atol=1e-5)
    assert [found.shape] == inferred(what, [one.shape for one in inputs], told)


def test_a_split_gives_all_its_parts():
    found = kernel("Split")([X], {"split": [1, 3], "axis": 1})
    assert [one.shape for one in found] == inferred("Split", [X.shape], {"split": [1, 3], "axis": 1})
    np.testing.assert_array_equal(np.concatenate(found, axis=1), X)


def test_every_operator_has_its_numbers_and_every_number_a_case():
    assert set(NUMBERS) == set(SHAPES)
    assert {*NATIVE_OPS, *EXTRA_OPS} <= set(NUMBERS)
    assert set(NUMBERS) == {one[0] for one in CASES} | {"Split"}


@pytest.mark.parametrize("what", sorted({one[0] for one in CASES} - {"Constant", "Shape", "Cast", "Gather"}))
def test_numbers_of_32_bits_stay_so(what):
    inputs, told = next((case[1], case[2]) for case in CASES if case[0] == what)
    assert kernel(what)(inputs, told)[0].dtype == np.float32


def test_an_epilogue_follows_in_order_with_the_tensors_that_it_reads():
    behind = [
        {"op_type": "Add", "inputs": ["a"], "attributes": {}},
        {"op_type": "Relu", "inputs": [], "attributes": {}},
    ]
    op = KPUOp("op", "MatMul", ["x", "y", "a"], ["out"], {"epilogue": behind})
    np.testing.assert_allclose(evaluated(op, [M, K, B[:3]])[0], np.maximum(M @ K + B[:3], 0), rtol=1e-6)


def test_a_program_forgets_what_nobody_reads_any_more_and_gives_its_outputs():
    program = residual()
    found = executed(program, numbers_for(program))
    assert list(found) == program.output_ids
    assert found[program.output_ids[0]].shape == (1, 10)


def test_a_missing_input_and_an_operator_without_numbers_are_refused():
    with pytest.raises(InvalidInputError, match="input 'x' is missing: expected x"):
        executed(residual(), {})
    with pytest.raises(UnsupportedOpError, match="Unsupported operators: GroupNorm"):
        kernel("GroupNorm")


def test_bf16_rounds_half_to_even_and_keeps_what_is_no_number():
    told = np.float32([1 + 2**-8, 1 + 3 * 2**-8, -(1 + 2**-8), np.nan, np.inf])
    np.testing.assert_array_equal(bf16(told), np.float32([1.0, 1.015625, -1.0, np.nan, np.inf]))
