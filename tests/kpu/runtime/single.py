"""Networks of one operator, with what torch makes of the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional as f

from symppa.kpu import ComputeConfig, KPUConfig, KPUPrecision, KPUProgram, MemoryConfig
from symppa.kpu.compiler import compiled
from symppa.kpu.lower.building import Building, Const
from symppa.kpu.runtime.execute import Executor
from symppa.kpu.runtime.formats import format_of
from symppa.kpu.runtime.inputs import held, told

RNG = np.random.default_rng(11)
SMALL = KPUConfig(
    name="small",
    memory=MemoryConfig(sram_l1_bytes=1024, sram_l2_bytes=4096),
    compute=ComputeConfig(
        systolic_rows=4, systolic_cols=4, num_arrays=2, vector_lanes=4, tops_int8=0.032, tops_fp16=0.016,
        tops_posit8=0.024,
    ),
    supported_precisions=list(KPUPrecision),
)  # fmt: skip


def drawn(*shape: int, low: float | None = None) -> np.ndarray:
    return np.asarray(RNG.normal(size=shape) if low is None else RNG.uniform(low, low + 2, shape), np.float32)


@dataclass(frozen=True)
class Case:
    """An operator, the numbers that come in, those that are there before, and the same in torch."""

    op_type: str
    inputs: Sequence[np.ndarray]
    torch: Callable[..., Any]
    constants: Sequence[np.ndarray] = ()
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.op_type}-{'x'.join(map(str, self.inputs[0].shape))}"


@dataclass(frozen=True)
class Single:
    """A compiled case: its program and the names of its constants."""

    case: Case
    program: KPUProgram
    constants: Sequence[str]

    @property
    def given(self) -> dict[str, np.ndarray]:
        return dict(zip(self.program.input_ids, self.case.inputs, strict=True))

    def found(self) -> list[np.ndarray]:
        executor = Executor(self.program)
        return list(told(self.program, executor.run(held(self.program, self.given))).values())

    def expected(self) -> list[np.ndarray]:
        """What torch makes of the numbers as they are in the format."""
        executor, program = Executor(self.program), self.program
        there = told(program, held(program, self.given)).values()
        known = []
        for name, original in zip(self.constants, self.case.constants, strict=True):
            array, form = executor.constants.get(name, (original, None))
            known.append(array if form is None else form.real(array))
        tensors = [torch.from_numpy(np.array(one, np.float64 if one.dtype.kind == "f" else one.dtype))
                   for one in (*there, *known)]  # fmt: skip
        found = self.case.torch(*tensors)
        return [one.numpy() for one in (found if isinstance(found, list | tuple) else [found])]


def single(case: Case, precision: KPUPrecision, config: KPUConfig = SMALL, layout: str | None = None) -> Single:
    to = Building("single", config, precision)
    names = [to.input(f"x{k}", one.shape, "fp32" if one.dtype.kind == "f" else str(one.dtype))
             for k, one in enumerate(case.inputs)]  # fmt: skip
    consts = [Const(one, f"w{k}") for k, one in enumerate(case.constants)]
    outs = to.several(case.op_type, [*names, *consts], "y", **case.attributes)
    ids = [to.tensor(one) for one in consts]
    program = to.program(outs, "single", "0" * 64)
    data = [dict(zip(program.input_ids, case.inputs, strict=True))] * 100
    return Single(case, compiled(program, precision, data, layout=layout), ids)


def step_of(program: KPUProgram, name: str, due: np.ndarray) -> np.ndarray:
    """Half a step of the format of a tensor around some numbers."""
    tensor = program.tensors[name]
    form, bits = format_of(tensor), {"fp16": 11, "bf16": 8, "fp32": 24}.get(tensor.dtype)
    if tensor.scale is not None:
        return np.full(due.shape, float(form.scales(0)) / 2)
    if bits is None:
        return np.zeros(due.shape)
    least = 2.0**-14 if tensor.dtype == "fp16" else 2.0**-126
    return 2.0 ** (np.floor(np.log2(np.maximum(np.abs(due), least))) - bits)


def windows(kernel: Sequence[int], **more: Any) -> dict[str, Any]:
    return {"kernel_shape": list(kernel), **more}


X, M = drawn(2, 6, 9, 7), drawn(5, 24)
POOL = windows((3, 3), strides=[2, 2], pads=[1, 1, 1, 1])


def _norm(x, a, b, mean, variance):
    return f.batch_norm(x, mean, variance, a, b, eps=1e-3)


CASES = [
    Case("Conv", [X], lambda x, w, b: f.conv2d(x, w, b, padding=1), [drawn(10, 6, 3, 3), drawn(10)],
         windows((3, 3), pads=[1, 1, 1, 1])),
    Case("Conv", [X], lambda x, w, b: f.conv2d(x, w, b, (2, 1), (1, 0), (1, 2), 2), [drawn(4, 3, 3, 3), drawn(4)],
         windows((3, 3), strides=[2, 1], pads=[1, 0, 1, 0], dilations=[1, 2], group=2)),
    Case("Conv", [X], lambda x, w: f.conv2d(x, w, stride=3), [drawn(5, 6, 1, 1)], windows((1, 1), strides=[3, 3])),
    Case("Conv", [X], lambda x, w, b: f.conv2d(x, w, b, padding=1, groups=6), [drawn(6, 1, 3, 3), drawn(6)],
         windows((3, 3), pads=[1, 1, 1, 1], group=6)),
    Case("Conv", [X], lambda x, w: f.conv2d(x, w, padding=2, stride=2, groups=6), [drawn(12, 1, 5, 5)],
         windows((5, 5), pads=[2, 2, 2, 2], strides=[2, 2], group=6)),
    Case("Conv", [drawn(2, 4, 30)], lambda x, w, b: f.conv1d(x, w, b, padding=1, groups=2),
         [drawn(6, 2, 3), drawn(6)], windows((3,), pads=[1, 1], group=2)),
    Case("Conv", [drawn(2, 3, 5, 6, 7)], lambda x, w, b: f.conv3d(x, w, b, stride=(2, 1, 1), padding=1),
         [drawn(4, 3, 3, 3, 3), drawn(4)], windows((3, 3, 3), strides=[2, 1, 1], pads=[1] * 6)),
    Case("Conv", [drawn(2, 3, 5, 6, 7)], lambda x, w, b: f.conv3d(x, w, b, padding=1, groups=3),
         [drawn(3, 1, 3, 3, 3), drawn(3)], windows((3, 3, 3), pads=[1] * 6, group=3)),
    Case("MatMul", [M], lambda a, b: a @ b, [drawn(24, 7)]),
    Case("MatMul", [drawn(2, 3, 5, 8), drawn(2, 3, 8, 4)], lambda a, b: a @ b),
    Case("MatMul", [drawn(2, 1, 5, 8), drawn(2, 3, 8, 4)], lambda a, b: a @ b),
    Case("MatMul", [drawn(2, 3, 5, 8)], lambda a, b: a @ b, [drawn(8, 9)]),
    Case("Gemm", [M], lambda a, b, c: a @ b.T + c, [drawn(7, 24), drawn(7)], {"transB": 1}),
    Case("Gemm", [drawn(5, 5), drawn(5, 7), drawn(5, 7)], lambda a, b, c: 0.5 * a.T @ b + 2 * c, [],
         {"transA": 1, "alpha": 0.5, "beta": 2.0}),
    Case("Gemm", [drawn(5, 5), drawn(5, 30)], lambda a, b: a @ b),
    Case("Gemm", [drawn(5, 5), drawn(5, 30), drawn(5, 1)], lambda a, b, c: a @ b + c),
    Case("MaxPool", [X], lambda x: f.max_pool2d(x, 3, 2, 1), [], POOL),
    Case("MaxPool", [X], lambda x: f.max_pool2d(x, 3, 2, 1, (2, 1), True), [],
         POOL | {"ceil_mode": 1, "dilations": [2, 1]}),
    Case("MaxPool", [drawn(1, 2, 4, 6, 6)], lambda x: f.max_pool3d(x, 2, 2), [], windows((2,) * 3, strides=[2] * 3)),
    Case("AveragePool", [X], lambda x: f.avg_pool2d(x, 3, 2, 1, True, False), [], POOL | {"ceil_mode": 1}),
    Case("AveragePool", [X], lambda x: f.avg_pool2d(x, 3, 2, 1, True), [],
         POOL | {"ceil_mode": 1, "count_include_pad": 1}),
    Case("AveragePool", [drawn(1, 2, 4, 6, 6)], lambda x: f.avg_pool3d(x, 3, 1, 1, False, False), [],
         windows((3,) * 3, pads=[1] * 6)),
    Case("GlobalAveragePool", [X], lambda x: x.mean((2, 3), keepdim=True)),
    Case("BatchNormalization", [X], _norm, [drawn(6), drawn(6), drawn(6), drawn(6, low=0.5)], {"epsilon": 1e-3}),
    Case("LayerNormalization", [X], lambda x, a, b: f.layer_norm(x, (7,), a, b, 1e-6), [drawn(7), drawn(7)],
         {"axis": -1, "epsilon": 1e-6}),
    Case("LayerNormalization", [X], lambda x: f.layer_norm(x, (9, 7)), [], {"axis": 2}),
    Case("Softmax", [3 * X], lambda x: f.softmax(x, 1), [], {"axis": 1}),
    Case("Softmax", [3 * M], lambda x: f.softmax(x, -1), [], {"axis": -1}),
    Case("Relu", [X], f.relu), Case("Relu6", [4 * X], f.relu6),
    Case("Clip", [X], lambda x: x.clamp(-0.5, 1.0), [], {"min": -0.5, "max": 1.0}),
    Case("HardTanh", [X], f.hardtanh), Case("HardSigmoid", [4 * X], f.hardsigmoid, [], {"alpha": 1 / 6, "beta": 0.5}),
    Case("HardSwish", [4 * X], f.hardswish), Case("Sigmoid", [9 * X], torch.sigmoid), Case("SiLU", [X], f.silu),
    Case("Tanh", [X], torch.tanh), Case("Erf", [X], torch.erf), Case("Gelu", [X], f.gelu),
    Case("Gelu", [X], lambda x: f.gelu(x, approximate="tanh"), [], {"approximate": "tanh"}),
    Case("Add", [X, X[:, :, :1] + 1], torch.add), Case("Sub", [X, drawn(2, 1, 1, 1)], torch.sub),
    Case("Sub", [drawn(2, 1, 9, 1), X], torch.sub), Case("Mul", [X, drawn(2, 6, 1, 1)], torch.mul),
    Case("Mul", [X], torch.mul, [drawn(6, 1, 1)]), Case("Div", [X, drawn(2, 6, 9, 7, low=1)], torch.div),
    Case("Concat", [X, drawn(2, 3, 9, 7)], lambda a, b: torch.cat([a, b], 1), [], {"axis": 1}),
    Case("Split", [X], lambda x: torch.split(x, [1, 5], 1), [], {"split": [1, 5], "axis": 1}),
    Case("Reshape", [X], lambda x: x.reshape(4, 189), [], {"shape": [4, 189]}),
    Case("Flatten", [X], lambda x: x.flatten(1)), Case("Squeeze", [X[:, :1]], lambda x: x[:, 0], [], {"axes": [1]}),
    Case("Unsqueeze", [M], lambda x: x[None, ..., None], [], {"axes": [0, -1]}),
    Case("Transpose", [X], lambda x: x.permute(0, 2, 3, 1), [], {"perm": [0, 2, 3, 1]}),
    Case("Slice", [X], lambda x: x[:, :, 1:9:3].flip(3)[..., ::2], [],
         {"starts": [1, -1], "ends": [9, -(2**40)], "axes": [2, 3], "steps": [3, -2]}),
    Case("Gather", [X], lambda x, at: x[:, at], [np.array([[3, 0], [1, 1]])], {"axis": 1}),
    Case("Pad", [X], lambda x: f.pad(x, (2, 3, 1, 0, 0, 1), value=0.5), [],
         {"pads": [0, 0, 1, 2, 0, 1, 0, 3], "value": 0.5}),
    Case("Resize", [X], lambda x: f.interpolate(x, scale_factor=(2, 3)), [], {"scales": [1, 1, 2, 3]}),
    Case("Resize", [X], lambda x: f.interpolate(x, size=(5, 11)), [], {"sizes": [2, 6, 5, 11]}),
    Case("ReduceMean", [X], lambda x: x.mean((2, 3), keepdim=True), [], {"axes": [2, -1]}),
    Case("ReduceSum", [X], lambda x: x.sum(1), [], {"axes": [1], "keepdims": 0}),
    Case("Identity", [X], lambda x: x), Case("Cast", [4 * X], lambda x: x.long(), [], {"to": "int64"}),
    Case("Cast", [X], lambda x: x, [], {"to": "fp16"}), Case("Shape", [X], lambda x: torch.tensor([6, 9]), [],
                                                             {"start": 1, "end": 3}),
]  # fmt: skip
