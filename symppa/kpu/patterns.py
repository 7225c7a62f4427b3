"""Composite operators that networks spell out: found by what they compute, whatever the order of their factors.

A tensor is taken apart into a product (a number and powers of other tensors), and products are compared: x sigmoid(x)
is SiLU, x/2 (1 + erf(x/sqrt 2)) is Gelu, exp(x) over its own sum is Softmax, and what lies beside its mean over the
root of its variance is LayerNormalization.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose, pi, sqrt
from typing import NamedTuple

import numpy as np

from symppa.kpu.interface.program import Array, KPUOp, KPUProgram, KPUTensor
from symppa.kpu.wiring import Wiring, fresh, rewired

CLOSE = 1e-3  # numbers of a formula may have been rounded to 16 bits
DEEP = 8  # factors that a product is taken apart into


class Product(NamedTuple):
    """A number times powers of tensors."""

    number: float
    powers: Mapping[str, int]

    def rest(self, name: str, power: int = 1) -> Product | None:
        """What is left without a power of one tensor; None where it has less."""
        if self.powers.get(name, 0) < power:
            return None
        left = Counter(self.powers)
        left[name] -= power
        return Product(self.number, {key: count for key, count in left.items() if count})

    @property
    def single(self) -> str | None:
        """The one tensor that it is a multiple of."""
        (name, power) = next(iter(self.powers.items()), ("", 0))
        return name if len(self.powers) == 1 and power == 1 else None


class Found(NamedTuple):
    """What stands for an operator: its type, what it reads, its attributes as pairs, numbers to add."""

    op_type: str
    inputs: tuple[str, ...]
    attributes: tuple[tuple[str, object], ...] = ()
    constants: tuple[tuple[str, Array], ...] = ()


def recognised(program: KPUProgram) -> KPUProgram:
    """The program with composite operators in place of those that they are spelled out with."""
    counts: Counter[str] = Counter()
    while True:
        step = _round(program, counts)
        if step is program:
            return replace(program, facts={**program.facts, "recognised": dict(counts)}) if counts else program
        program = step


def _round(program: KPUProgram, counts: Counter[str]) -> KPUProgram:
    """All operators looked at once; the same program where nothing was found."""
    seen = Spelling(Wiring(program))
    ops, constants, found_any = [], dict[str, Array](), False
    for op in program.ops:
        found = next((hit for pattern in PATTERNS if op.op_type in STARTS and (hit := pattern(seen, op))), None)
        if found is not None and seen.shape(found.inputs[0]) == seen.shape(op.output_ids[0]):
            found_any = True
            counts[found.op_type] += 1
            constants.update(found.constants)
            changed = replace(op, op_type=found.op_type, input_ids=list(found.inputs))
            op = replace(changed, attributes=dict(found.attributes))
            seen.met(op)
        ops.append(op)
    if not found_any:
        return program
    added = {name: KPUTensor(name, name, a.shape, "fp32", is_weight=True) for name, a in constants.items()}
    return rewired(program, ops, tensors=added, constants=constants)


@dataclass(frozen=True)
class Spelling:
    """What tensors are made of."""

    wiring: Wiring

    def met(self, op: KPUOp) -> None:
        """What an operator is from now on."""
        self.wiring.writer.update(dict.fromkeys(op.output_ids, op))

    def op(self, name: str, *types: str) -> KPUOp | None:
        """The operator of one of these types that writes a tensor."""
        op = self.wiring.writer.get(name)
        return op if op is not None and op.op_type in types and not op.epilogue else None

    def number(self, name: str) -> float | None:
        """The number that a constant is, all over."""
        told = self.wiring.constant(name)
        if told is None or told.dtype.kind != "f" or not told.size or (told.size > 1 and np.ptp(told) != 0):
            return None
        return float(told.flat[0])

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self.wiring.program.tensors[name].shape

    def product(self, name: str, depth: int = DEEP) -> Product:
        """A tensor as a product."""
        op = self.op(name, "Mul", "Div")
        if op is None or depth == 0:
            return Product(1.0, {name: 1})
        left, right = (self._factor(one, depth) for one in op.input_ids)
        return _over(left, right) if op.op_type == "Div" else _times(left, right)

    def _factor(self, name: str, depth: int) -> Product:
        told = self.number(name)
        return self.product(name, depth - 1) if told is None or told == 0 else Product(told, {})

    def plus(self, name: str, number: float) -> str | None:
        """The other side of an addition of a number."""
        op = self.op(name, "Add")
        for one, other in (op.input_ids, op.input_ids[::-1]) if op else ():
            told = self.number(other)
            if told is not None and near(told, number):
                return one
        return None

    def alone(self, name: str, *types: str) -> str | None:
        """What an operator of one of these types reads, where it reads one tensor."""
        op = self.op(name, *types)
        return op.input_ids[0] if op is not None and len(op.input_ids) == 1 else None

    def reduced(self, name: str, what: str) -> tuple[str, tuple[int, ...]] | None:
        """What a reduction that keeps its axes reads, and the axes."""
        op = self.op(name, what)
        if op is None or not op.attributes.get("keepdims", 1):
            return None
        rank = len(self.shape(op.input_ids[0]))
        return op.input_ids[0], tuple(sorted(axis % rank for axis in op.attributes["axes"]))


def near(one: float, other: float) -> bool:
    """Whether two numbers of a formula are the same one."""
    return isclose(one, other, rel_tol=CLOSE)


def _times(one: Product, other: Product) -> Product:
    powers = Counter(one.powers)
    powers.update(other.powers)
    return Product(one.number * other.number, {key: count for key, count in powers.items() if count})


def _over(one: Product, other: Product) -> Product:
    return _times(one, Product(1 / other.number, {key: -count for key, count in other.powers.items()}))


def _gates(seen: Spelling, op: KPUOp) -> Found | None:
    """SiLU, x sigmoid(x), and HardSwish, x hardsigmoid(x)."""
    whole = seen.product(op.output_ids[0])
    for name in whole.powers:
        rest = whole.rest(name)
        gate = rest.single if rest else None
        if gate is None or not near(whole.number, 1.0):
            continue
        if seen.alone(gate, "Sigmoid") == name:
            return Found("SiLU", (name,))
        hard = seen.op(gate, "HardSigmoid")
        if hard and hard.input_ids == [name] and _sixth(hard):
            return Found("HardSwish", (name,))
    return None


def _sixth(op: KPUOp) -> bool:
    return near(op.attributes.get("alpha", 0.2), 1 / 6) and near(op.attributes.get("beta", 0.5), 0.5)


def _hard(seen: Spelling, op: KPUOp) -> Found | None:
    """HardSigmoid, relu6(x + 3) / 6, and HardSwish, x times it."""
    whole = seen.product(op.output_ids[0])
    for name in whole.powers:
        inner = seen.op(name, "Relu6", "Clip")
        rest = whole.rest(name)
        if inner is None or rest is None or not near(whole.number, 1 / 6) or not _to_six(inner):
            continue
        x = seen.plus(inner.input_ids[0], 3.0)
        if x is not None and not rest.powers:
            return Found("HardSigmoid", (x,), (("alpha", 1 / 6), ("beta", 0.5)))
        if x is not None and rest.single == x:
            return Found("HardSwish", (x,))
    return None


def _to_six(op: KPUOp) -> bool:
    return op.op_type == "Relu6" or (op.attributes.get("min"), op.attributes.get("max")) == (0, 6)


def _gelu(seen: Spelling, op: KPUOp) -> Found | None:
    """Gelu, x/2 (1 + erf(x / sqrt 2)), or with tanh(sqrt(2/pi) (x + 0.044715 x^3))."""
    whole = seen.product(op.output_ids[0])
    for name in whole.powers:
        rest = whole.rest(name)
        x = rest.single if rest else None
        curve = seen.plus(name, 1.0)
        if x is None or curve is None or not near(whole.number, 0.5):
            continue
        inner = seen.alone(curve, "Erf", "Tanh")
        if inner is None:
            continue
        within = seen.product(inner)
        if seen.op(curve, "Erf") and within.single == x and near(within.number, sqrt(0.5)):
            return Found("Gelu", (x,), (("approximate", "none"),))
        if seen.op(curve, "Tanh") and near(within.number, sqrt(2 / pi)) and _cubic(seen, within.single, x):
            return Found("Gelu", (x,), (("approximate", "tanh"),))
    return None


def _cubic(seen: Spelling, name: str | None, x: str) -> bool:
    op = seen.op(name, "Add") if name else None
    for one, other in (op.input_ids, op.input_ids[::-1]) if op else ():
        told = seen.product(other)
        if one == x and dict(told.powers) == {x: 3} and near(told.number, 0.044715):
            return True
    return False


def _softmax(seen: Spelling, op: KPUOp) -> Found | None:
    """Softmax, exp(x) over its sum along an axis; what is subtracted before, the most along it, changes nothing."""
    whole = seen.product(op.output_ids[0])
    if sorted(whole.powers.values()) != [-1, 1] or not near(whole.number, 1.0):
        return None
    top, bottom = sorted(whole.powers, key=lambda name: -whole.powers[name])
    total, z = seen.reduced(bottom, "ReduceSum"), seen.alone(top, "Exp")
    if total is None or z is None or total[0] != top or len(total[1]) != 1:
        return None
    shifted = seen.op(z, "Sub")
    if shifted and seen.reduced(shifted.input_ids[1], "ReduceMax") == (shifted.input_ids[0], total[1]):
        z = shifted.input_ids[0]
    return Found("Softmax", (z,), (("axis", total[1][0]),))


def _layer_norm(seen: Spelling, op: KPUOp) -> Found | None:
    """LayerNormalization: x less its mean, over the root of its variance and a little, along the last axes."""
    whole = seen.product(op.output_ids[0])
    for name, power in whole.powers.items():
        inner = seen.alone(name, "Sqrt") if power == -1 else None
        around = _deviation(seen, inner) if inner else None
        if around is None or whole.powers.get(around.far) != 1 or not near(whole.number, 1.0):
            continue
        rest = [key for key in whole.powers if key not in (name, around.far)]
        attributes = (("axis", around.axis), ("epsilon", around.epsilon))
        if not rest:
            return Found("LayerNormalization", (around.x,), attributes)
        if len(rest) == 1 and _fits(seen, rest[0], around.x, around.axis):
            return Found("LayerNormalization", (around.x, rest[0]), attributes)
    return None


class Around(NamedTuple):
    """A tensor, itself less its mean, the first of the axes of that mean, what is added to the variance."""

    x: str
    far: str
    axis: int
    epsilon: float


def _deviation(seen: Spelling, name: str) -> Around | None:
    """What a variance with a little added to it is of."""
    added = seen.op(name, "Add")
    for inner, other in (added.input_ids, added.input_ids[::-1]) if added else ():
        epsilon, mean = seen.number(other), seen.reduced(inner, "ReduceMean")
        square = dict(seen.product(mean[0]).powers) if mean else {}
        far = next(iter(square), "")
        less = seen.op(far, "Sub") if square == {far: 2} else None
        if epsilon is None or mean is None or less is None:
            continue
        x, axes, rank = less.input_ids[0], mean[1], len(seen.shape(less.input_ids[0]))
        if seen.reduced(less.input_ids[1], "ReduceMean") == (x, axes) and axes == tuple(range(axes[0], rank)):
            return Around(x, far, axes[0], epsilon)
    return None


def _fits(seen: Spelling, name: str, x: str, axis: int) -> bool:
    """Whether a tensor is a constant that broadcasts to the normed axes."""
    inner, told = seen.shape(x)[axis:], seen.shape(name)
    if seen.wiring.constant(name) is None or len(told) > len(inner):
        return False
    return all(size in (1, wide) for size, wide in zip(told[::-1], inner[::-1], strict=False))


def _norm_with(seen: Spelling, op: KPUOp) -> Found | None:
    """A LayerNormalization whose scale or bias follows it."""
    if op.op_type not in ("Mul", "Add"):
        return None
    for name, other in (op.input_ids, op.input_ids[::-1]):
        norm = seen.op(name, "LayerNormalization")
        if norm is None or seen.wiring.only_reader(name) is None or name == other:
            continue
        x, axis = norm.input_ids[0], norm.attributes.get("axis", -1) % len(seen.shape(name))
        if len(norm.input_ids) > 1 + (op.op_type == "Add") or not _fits(seen, other, x, axis):
            continue
        told, constants = (*norm.input_ids, other), ()
        if op.op_type == "Add" and len(norm.input_ids) == 1:
            ones = fresh(seen.wiring.program, f"{op.id}.scale")
            told, constants = (x, ones, other), ((ones, np.ones(seen.shape(other), np.float32)),)  # type: ignore[assignment]
        return Found("LayerNormalization", told, tuple(norm.attributes.items()), constants)
    return None


Pattern = Callable[[Spelling, KPUOp], Found | None]
PATTERNS: Sequence[Pattern] = (_gates, _hard, _gelu, _softmax, _layer_norm, _norm_with)
STARTS = frozenset({"Mul", "Div", "Add"})  # the operators that a pattern ends with
