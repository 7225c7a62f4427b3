"""From the operators of another format to rows: names, weights, constants, and everything that is not known at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph, Shape, Tensor
from symppa.workloads.kinds import kind
from symppa.workloads.shapes import Building, Row, built

UNPLAIN = re.compile(r"[^A-Za-z0-9_.]+")


@dataclass(frozen=True)
class Weight:
    """Numbers of the network: by name, with the shape in which they are seen here.

    `trained` where an optimizer would change them; `dtype` only says whether they take the precision in use.
    """

    name: str
    shape: tuple[int, ...]
    trained: bool = True
    dtype: str = "float32"
    seen: tuple[int, ...] | None = None

    @property
    def view(self) -> tuple[int, ...]:
        """The shape after whatever has turned it."""
        return self.shape if self.seen is None else self.seen


@dataclass
class Translation:
    """A graph that grows while another one is read; names are made unique and weights are met once.

    `vectors_shared` where equal names mean the same weights for vectors too: some formats keep equal vectors once.
    """

    inputs: Mapping[str, Tensor]
    symbols: Mapping[str, int]
    rows: list[Row] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    parameters: dict[str, str] = field(default_factory=dict)
    vectors_shared: bool = True

    def __post_init__(self) -> None:
        if not self.inputs:
            raise WorkloadError("a network without an input of numbers has no work to count")
        self.building = Building(self.inputs)
        self.taken.update(self.inputs)

    def shape(self, name: str) -> Shape:
        """The shape of a tensor that is there already."""
        return self.building.tensors[name].shape

    def dtype(self, name: str) -> str:
        """The element type of a tensor that is there already."""
        return self.building.tensors[name].dtype

    def named(self, wish: str, outputs: int = 1) -> str:
        """A name that nobody has, as near to the wish as may be."""
        base = UNPLAIN.sub("_", wish).strip(".") or "operator"
        number, name = 1, base
        while not self.taken.isdisjoint(_names(name, outputs)):
            number += 1
            name = f"{base}_{number}"
        self.taken.update(_names(name, outputs))
        return name

    def add(self, wish: str, what: str, inputs: Sequence[Any], outputs: int = 1, **attributes: Any) -> Any:
        """One row; weights among what it reads become operators of their own. What comes back is the tensor's name."""
        read = tuple(self.tensor(value) for value in inputs)
        row = Row(self.named(wish, outputs), what, read, attributes)
        return self._added(row, outputs)

    def weighted(self, wish: str, what: str, x: Any, weights: Mapping[str, Weight | None], **attributes: Any) -> str:
        """One row with weights of its own, by their endings; those met before belong to whom they belonged."""
        told = {ending: self._own(weight, wish) for ending, weight in weights.items() if weight is not None}
        shared = self._shared(wish, what, told)
        name = self.named(wish)
        made: str = self._added(Row(name, what, (self.tensor(x),), attributes, shared), 1)
        for ending, weight in told.items():
            self.owners.setdefault(weight.name, (name, ending))
        return made

    def _own(self, weight: Weight, wish: str) -> Weight:
        """A weight that is met here for the first time, or perhaps again."""
        again = self.vectors_shared or len(weight.shape) > 1
        return weight if again else replace(weight, name=f"{weight.name} of {wish}")

    def known(self, weight: Weight | None) -> bool:
        """Whether a weight already belongs to an operator."""
        return weight is not None and weight.name in self.owners

    def tensor(self, value: Any) -> str:
        """The tensor of a value: its name, or the operator that gives a weight."""
        if isinstance(value, str):
            return value
        if not isinstance(value, Weight):
            raise WorkloadError(f"{value!r} is no tensor")
        if value.name not in self.parameters:
            self.parameters[value.name] = self._parameter(value)
        name = self.parameters[value.name]
        return (
            name if value.view == value.shape else str(self.add(f"{name}.seen", "Reshape", (name,), shape=value.view))
        )

    def refuse(self, what: str) -> None:
        """Notes an operator that is not known; all of them are told at the end."""
        self.unknown[what] += 1

    def graph(self, name: str, outputs: Iterable[Any], meaning: str, source: str, whose: str) -> Graph:
        """The graph of what the outputs need."""
        if self.unknown:
            raise unsupported(whose, self.unknown)
        ends = tuple(dict.fromkeys(self.tensor(end) for end in outputs if isinstance(end, str | Weight)))
        ends = tuple(end for end in ends if end not in self.inputs)
        if not ends:
            raise WorkloadError(f"{whose} computes nothing: no output depends on an operator")
        rows = _needed(self.rows, ends)
        used = {size for t in self.inputs.values() for size in _symbols(t.shape)}
        symbols = {symbol: size for symbol, size in self.symbols.items() if symbol in used}
        read = {name for row in rows for name in row.inputs}
        return built(
            name, self.inputs, rows, outputs=() if not read.intersection(ends) else ends, symbols=symbols,
            meaning=meaning, source=source,
        )  # fmt: skip

    def _added(self, row: Row, outputs: int) -> Any:
        self.building.add(row)
        self.rows.append(row)
        made = self.building.operators[-1].outputs
        if len(made) != outputs:
            raise WorkloadError(f"{row.name}: {row.kind} writes {len(made)} tensors, not {outputs}")
        return made[0] if outputs == 1 else list(made)

    def _shared(self, wish: str, what: str, told: Mapping[str, Weight]) -> str:
        owners = {ending: self.owners.get(weight.name) for ending, weight in told.items()}
        if not any(owners.values()):
            return ""
        rows = {owner[0] for owner in owners.values() if owner}
        if len(rows) == 1 and all(owner and owner[1] == ending for ending, owner in owners.items()):
            return rows.pop()
        raise WorkloadError(
            f"{wish}: {what} shares {', '.join(w.name for e, w in told.items() if owners[e])} with "
            f"{', '.join(sorted(rows))} in part; operators share all their weights or none"
        )

    def _parameter(self, value: Weight) -> str:
        row = Row(self.named(value.name), "Parameter", (), _parameter(value))
        owner = self.owners.get(value.name)
        if owner is not None:
            if owner[1] != "weight" or not value.trained:
                raise WorkloadError(f"{value.name} is a {owner[1]} of {owner[0]} and read by others; it cannot be both")
            row = row._replace(shared=owner[0])
        else:
            self.owners[value.name] = (row.name, "weight" if value.trained else "constant")
        return str(self._added(row, 1))


def _parameter(value: Weight) -> dict[str, Any]:
    found: dict[str, Any] = {"shape": value.shape}
    if not value.trained:
        found["trained"] = False
    return found if value.dtype == "float32" else {**found, "dtype": value.dtype}


def seen(weight: Weight, shape: Sequence[int]) -> Weight:
    """A weight whose numbers are looked at in another order or shape."""
    return replace(weight, seen=tuple(shape))


def piece(weight: Weight, mark: str, shape: Sequence[int]) -> Weight:
    """A part of a weight, which counts as a weight of its own."""
    return Weight(f"{weight.name}.{mark}", tuple(shape), weight.trained, weight.dtype)


def unsupported(whose: str, unknown: Mapping[str, int]) -> WorkloadError:
    """Every operator that is not known, with how often it occurs."""
    told = ", ".join(f"{name} ({count})" for name, count in sorted(unknown.items()))
    number = len(unknown)
    return WorkloadError(
        f"{whose} has {number} {'kind' if number == 1 else 'kinds'} of operators that are not supported: {told}"
    )


def _names(name: str, outputs: int) -> set[str]:
    return {name} | ({f"{name}.{k}" for k in range(outputs)} if outputs > 1 else set())


def _symbols(shape: Shape) -> set[str]:
    return {part for size in shape for part in str(size).split("*") if not part.isdigit()}


def _needed(rows: Sequence[Row], ends: Iterable[str]) -> list[Row]:
    """The rows that the outputs depend on, and those whose weights they share."""
    wanted, kept = set(ends), []
    heirs = {row.shared: row for row in reversed(rows) if row.shared}
    for row in reversed(rows):
        writes = row.name in wanted or any(
            name.startswith(f"{row.name}.") and name[len(row.name) + 1 :].isdigit() for name in wanted
        )
        if writes or (row.name in heirs and heirs[row.name].name in wanted):
            kept.append(row)
            wanted.update(row.inputs)
            wanted.add(row.name)
    return kept[::-1]


def elements(shape: Sequence[int]) -> int:
    """Elements of a shape in numbers."""
    return prod(shape)


def free(what: str) -> bool:
    """Whether a kind of operator does nothing at inference."""
    return kind(what).free
