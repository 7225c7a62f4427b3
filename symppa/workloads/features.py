"""What every operator of a graph computes and moves: its law, evaluated for all operators and sizes at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from symppa.engine import cache
from symppa.engine.program import Program
from symppa.errors import DomainError, WorkloadError
from symppa.workloads.ir import MOST, Graph, Operator, Shape, sized, sized_attributes
from symppa.workloads.kinds import Call, kind

Array = np.ndarray[Any, Any]
ASKED = ("macs", "ops", "read", "weights", "written", "workspace", "rows", "columns", "depth", "repeats", "sent",
         "steps")  # fmt: skip
NORMS = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"})
FOLDED_INTO = ("Conv", "Linear")  # kinds, by how they begin, whose weights take in a norm that follows them


@dataclass(frozen=True)
class Features:
    """A table: for each operator of a graph a row, a column for each of several sizes of its symbols.

    Arrays are [operators, sizes]: `macs` in mac, `ops` in op, the rest are counts: `sent` elements to other devices,
    in `steps` messages one after the other. `types` are the OperationTypes.
    """

    graph: Graph
    sizes: tuple[Mapping[str, int], ...]
    types: tuple[str, ...]
    macs: Array
    ops: Array
    read: Array
    weights: Array
    written: Array
    workspace: Array
    rows: Array
    columns: Array
    depth: Array
    repeats: Array
    sent: Array
    steps: Array


class Sized:
    """Shapes and attributes of a graph at several sizes at once: a size with a symbol is an array."""

    def __init__(self, graph: Graph, sizes: Sequence[Mapping[str, int]]) -> None:
        self.graph = graph
        self.sizes = tuple(graph.sizes(**told) for told in sizes)
        self.values = {name: np.array([told[name] for told in self.sizes]) for name in graph.symbols}
        self._shapes: dict[Shape, tuple[Any, ...]] = {}

    def shape(self, name: str) -> tuple[Any, ...]:
        """The shape of a tensor."""
        shape = self.graph.tensors[name].shape
        if shape not in self._shapes:
            self._shapes[shape] = tuple(sized(size, self.values) for size in shape)
            self._counted(name, shape)
        return self._shapes[shape]

    def _counted(self, name: str, shape: Shape) -> None:
        """Refuses a tensor with more elements than whole numbers can count; the parts of a size stay exact."""
        most = {symbol: max(told[symbol] for told in self.sizes) for symbol in self.values} if self.sizes else {}
        if prod(int(sized(size, most)) for size in shape) <= MOST:
            return
        for told in self.sizes:
            count = prod(int(sized(size, told)) for size in shape)
            if count > MOST:
                sizes = ", ".join(f"{symbol} = {size}" for symbol, size in told.items())
                raise WorkloadError(
                    f"{self.graph.name}: {name} has {count} elements at {sizes}; at most {MOST} can be counted"
                )

    def call(self, operator: Operator) -> Call:
        """An operator with the shapes of what it reads and writes."""
        tensors = self.graph.tensors
        return Call(
            [self.shape(name) for name in operator.inputs],
            [self.shape(name) for name in operator.outputs],
            sized_attributes(operator.attributes, self.values),
            [tensors[name].scaled for name in operator.inputs],
        )


def features(graph: Graph, sizes: Sequence[Mapping[str, int]] = ({},)) -> Features:
    """What the operators of a graph compute and move at each of several sizes, as `[{"batch": 1}, {"batch": 8}]`."""
    at = Sized(graph, sizes)
    calls = [at.call(operator) for operator in graph.operators]
    found = {name: np.zeros((len(calls), len(at.sizes))) for name in ASKED}
    by_law: dict[str, list[int]] = {}
    kinds = [kind(operator.kind) for operator in graph.operators]
    for n, what in enumerate(kinds):
        if what.law:
            by_law.setdefault(what.law, []).append(n)
    for law, members in by_law.items():
        fed = [_fed(graph.operators[n], calls[n]) for n in members]
        for name, values in _evaluated(law, [graph.operators[n].name for n in members], fed, len(at.sizes)).items():
            found[name][members] = values
    found["ops"][[n for n, operator in enumerate(graph.operators) if folded(graph, operator)]] = 0
    types = tuple(what.special(call) if what.special else what.type for what, call in zip(kinds, calls, strict=True))
    return Features(graph, at.sizes, types, **found)


def folded(graph: Graph, operator: Operator) -> bool:
    """Whether an operator is a norm whose scale and shift the weights before it take in at inference."""
    if operator.kind not in NORMS:
        return False
    before = graph.producer.get(operator.inputs[0])
    alone = len(graph.consumers[operator.inputs[0]]) == 1 and operator.inputs[0] not in graph.outputs
    return alone and before is not None and before.kind.startswith(FOLDED_INTO)


def _fed(operator: Operator, call: Call) -> dict[str, Any]:
    feed = kind(operator.kind).feed
    if feed is None:
        raise WorkloadError(f"{operator.name}: {operator.kind} has a law and nothing that feeds it")
    try:
        return feed(call)
    except WorkloadError as error:
        raise WorkloadError(f"{operator.name}: {error.message}") from None
    except (TypeError, ValueError) as error:
        read = ", ".join(str(list(shape)) for shape in call.inputs)
        raise WorkloadError(f"{operator.name}: {operator.kind} does not fit what it reads, {read}: {error}") from None


def _evaluated(law: str, names: Sequence[str], fed: Sequence[Mapping[str, Any]], columns: int) -> dict[str, Array]:
    """The values of one law for all its operators at all sizes, [operators, sizes]."""
    program = law_of(law)
    values = {}
    for name in program.givens.keys() & {name for told in fed for name in told}:  # no feature may need a given
        table = np.empty((len(fed), columns))
        for row, told in enumerate(fed):
            table[row] = told.get(name, program.givens[name].default)
        values[name] = table.ravel()
    try:
        made = program(values)
    except DomainError:
        for name, told in zip(names, fed, strict=True):
            _refused(program, name, told)
        raise
    shape = (len(fed), columns)
    return {name: np.broadcast_to(made[name], len(fed) * columns).reshape(shape) for name in program.outputs}


def _refused(program: Program, name: str, fed: Mapping[str, Any]) -> None:
    """Raises the error of an operator whose values lie outside of its law's domains."""
    told = [given for given in fed if given in program.givens]
    values = dict(zip(told, np.broadcast_arrays(*(np.atleast_1d(fed[given]) for given in told)), strict=True))
    try:
        program({given: np.asarray(numbers, float) for given, numbers in values.items()})
    except DomainError as error:
        raise WorkloadError(f"{name}: {error.message}") from None


@lru_cache(maxsize=64)
def law_of(law: str) -> Program:
    """The program of a law's features."""
    name = cache.key(f"operators.{law}", ASKED, (), (), ())
    program = cache.fetch(name)
    if program is None:
        program = _compiled(law)
        cache.store(name, program)
    return program


def _compiled(law: str) -> Program:
    from symppa.engine.compile import compile

    module, _, name = law.rpartition(".")
    cls = getattr(importlib.import_module(f"symppa.library.operators.{module}"), name)
    return compile(cls(), [asked for asked in ASKED if asked in cls._declared])
