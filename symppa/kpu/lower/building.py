"""A KPU program while it is being written: names, constants, shapes, and everything that has no operator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.errors import CompilationError
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor
from symppa.kpu.shapes import Shape, dtype_of, inferred

Array = np.ndarray[Any, Any]
VERSION = "1.0.0"
UNPLAIN = re.compile(r"[^A-Za-z0-9_.]+")
# Formats of numbers outside, and what stands for them in a program before anything is quantized.
FORMATS = {"float32": "fp32", "float64": "fp32", "float16": "fp32", "bfloat16": "fp32", "int64": "int64",
           "int32": "int32", "bool": "bool"}  # fmt: skip
KEPT = {"fp32": np.float32, "int64": np.int64, "int32": np.int32, "bool": np.bool_}


class Name(str):
    """A tensor that the run computes, or an input, by its id."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Const:
    """Numbers that are there before a run. `turned` is the matrix that these are the transposed of."""

    array: Array
    name: str
    turned: Const | None = None

    @property
    def shape(self) -> Shape:
        """The shape of the numbers."""
        return tuple(self.array.shape)


Value = Name | Const


def format_of(dtype: Any, where: str) -> str:
    """The format that stands for an element type; one that no tensor has is refused."""
    name = str(dtype).rpartition(".")[2]
    if name not in FORMATS:
        raise CompilationError(f"{where} has elements of {name}; {', '.join(FORMATS)} are supported")
    return FORMATS[name]


def number(value: Any, name: str, dtype: type = np.float32) -> Const:
    """One number as a constant."""
    return Const(np.asarray(value, dtype), name)


class Building:
    """A program to which operators are added; names are made unique, and constants are met once."""

    def __init__(self, name: str, config: KPUConfig, precision: KPUPrecision | None = None) -> None:
        self.name, self.config = name, config
        self.precision = precision or next(iter(config.supported_precisions), KPUPrecision.INT8)
        self.ops: list[KPUOp] = []
        self.tensors: dict[str, KPUTensor] = {}
        self.constants: dict[str, Array] = {}
        self.input_ids: list[str] = []
        self.facts: dict[str, Any] = {}
        self._taken: set[str] = set()
        self._met: dict[int, tuple[Const, Name]] = {}

    def input(self, wish: str, shape: Sequence[int], dtype: str) -> Name:
        """One more input."""
        name = self._tensor(self._named(wish), tuple(int(size) for size in shape), dtype)
        self.tensors[name].name, self.tensors[name].is_input = wish, True
        self.input_ids.append(name)
        return name

    def shape(self, value: Value) -> Shape:
        """The shape of a tensor or of numbers."""
        return value.shape if isinstance(value, Const) else self.tensors[value].shape

    def dtype(self, value: Value) -> str:
        """The format of a tensor or of numbers."""
        return format_of(value.array.dtype, value.name) if isinstance(value, Const) else self.tensors[value].dtype

    def tensor(self, value: Value) -> Name:
        """The id of a tensor; numbers become one when they are first read."""
        if isinstance(value, Name):
            return value
        if not isinstance(value, Const):
            raise CompilationError(f"{self.name}: {value!r} is no tensor")
        if id(value) not in self._met:
            dtype = self.dtype(value)
            name = self._tensor(self._named(value.name), value.shape, dtype)
            self.tensors[name].is_weight = True
            self.constants[name] = np.array(value.array, KEPT[dtype], order="C")  # a module may go on training
            self._met[id(value)] = (value, name)
        return self._met[id(value)][1]

    def add(self, what: str, inputs: Sequence[Value], wish: str, **attributes: Any) -> Name:
        """One operator; what comes back is the only tensor that it writes."""
        return self.several(what, inputs, wish, **attributes)[0]

    def several(self, what: str, inputs: Sequence[Value], wish: str, **attributes: Any) -> list[Name]:
        """One operator; what comes back are the tensors that it writes."""
        read = [self.tensor(value) for value in inputs]
        told = {name: value for name, value in attributes.items() if value is not None}
        try:
            shapes = inferred(what, [self.tensors[name].shape for name in read], told)
        except CompilationError as error:
            raise CompilationError(f"{self.name}: {wish}: {error.message}") from None
        dtype = dtype_of(what, [self.tensors[name].dtype for name in read], told)
        return self._added(what, read, wish, [(shape, dtype) for shape in shapes], told)

    def stand_in(
        self, what: str, inputs: Sequence[Value], wish: str, written: Sequence[tuple[Shape, str]]
    ) -> list[Name]:
        """An operator that the KPU lacks, so that everything that is not supported is named at the end."""
        return self._added(what, [self.tensor(value) for value in inputs], wish, written, {})

    def program(self, outputs: Sequence[Value], source_model: str, source_hash: str) -> KPUProgram:
        """The program of what the outputs need; limits of the configuration are kept."""
        ends: list[str] = []
        for value in outputs:
            name: str = self.tensor(value)
            fresh = isinstance(value, Name) and name not in self.input_ids and name not in ends
            ends.append(name if fresh else self.add("Identity", (Name(name),), "output"))
        if not ends:
            raise CompilationError(f"{self.name} has no output that is a tensor")
        self._keep(ends)
        for name in ends:
            self.tensors[name].is_output = True
        made = KPUProgram(
            self.name, VERSION, source_model, source_hash, self.config, self.precision, self.ops, self.tensors,
            self.input_ids, ends, constants=self.constants, facts=self.facts,
        )  # fmt: skip
        _within(made)
        return made

    def _added(
        self, what: str, read: Sequence[str], wish: str, written: Sequence[tuple[Shape, str]], told: Mapping[str, Any]
    ) -> list[Name]:
        name = self._named(wish, len(written))
        ids = [name] if len(written) == 1 else [f"{name}.{k}" for k in range(len(written))]
        made = [self._tensor(one, shape, dtype) for one, (shape, dtype) in zip(ids, written, strict=True)]
        op = KPUOp(name, what, [str(one) for one in read], [str(one) for one in made], dict(told))
        op.schedule_order = len(self.ops)
        self.ops.append(op)
        return made

    def _tensor(self, name: str, shape: Shape, dtype: str) -> Name:
        self.tensors[name] = KPUTensor(name, name, shape, dtype)
        return Name(name)

    def _named(self, wish: str, outputs: int = 1) -> str:
        """A name that nobody has, as near to the wish as may be."""
        base = UNPLAIN.sub("_", wish).strip("._") or "operator"
        count, name = 1, base
        while not self._taken.isdisjoint(names := _names(name, outputs)):
            count += 1
            name = f"{base}_{count}"
        self._taken |= names
        return name

    def _keep(self, ends: Sequence[str]) -> None:
        """Drop what no output needs."""
        needed, kept = set(ends), []
        for op in reversed(self.ops):
            if not needed.isdisjoint(op.output_ids):
                kept.append(op)
                needed.update(op.input_ids)
                needed.update(op.output_ids)
        self.ops = kept[::-1]
        for order, op in enumerate(self.ops):
            op.schedule_order = order
        self.tensors = {k: t for k, t in self.tensors.items() if k in needed or t.is_input}
        self.constants = {k: array for k, array in self.constants.items() if k in needed}


def _names(name: str, outputs: int) -> set[str]:
    return {name} | ({f"{name}.{k}" for k in range(outputs)} if outputs > 1 else set())


def unsupported(program: KPUProgram) -> list[str]:
    """The operators of a program that its configuration lacks, those fused behind others too, each once."""
    known = program.target_config.operators
    types = (one for op in program.ops for one in (op.op_type, *(part["op_type"] for part in op.epilogue)))
    return list(dict.fromkeys(one for one in types if one not in known))


def _within(program: KPUProgram) -> None:
    """Refuse tensors of more axes, and batches larger than the configuration takes."""
    config = program.target_config
    for tensor in program.tensors.values():
        if len(tensor.shape) > config.max_tensor_dims:
            raise CompilationError(
                f"{tensor.name} has {len(tensor.shape)} axes; {config.name} takes {config.max_tensor_dims} "
                "(max_tensor_dims)"
            )
    for name in program.input_ids:
        shape = program.tensors[name].shape
        if len(shape) > 1 and shape[0] > config.max_batch_size:
            raise CompilationError(
                f"the input {name} has a batch of {shape[0]}; {config.name} takes {config.max_batch_size} "
                "(max_batch_size)"
            )
