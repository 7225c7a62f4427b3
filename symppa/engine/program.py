"""A program: a model's chosen outputs in straight-line form. Pure data; every reading computes from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from symppa.errors import QuestionError, suggest
from symppa.language.operations import LEAVES, MARK


class Step(NamedTuple):
    """One operation on earlier values; `detail` is a constant, a name, an axis or a branch."""

    operation: str
    arguments: tuple[int, ...] = ()
    detail: Any = None


@dataclass(frozen=True)
class Axis:
    """A swept axis, with the givens that move along it, or a set, with the values that size it.

    Along a list of designs several givens, or members of vectors, move together: its columns.
    """

    name: str
    meaning: str = ""
    swept: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """An input: what it is and which sets it stands over. `domain` is (kind, values) in base units."""

    name: str
    unit: str
    meaning: str
    source: str = ""
    symbol: str = ""
    default: Any = None
    over: tuple[int, ...] = ()
    domain: tuple[str, tuple[Any, ...]] | None = None

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Choices by label; a label's place is its number."""
        if self.domain is None or self.domain[0] != "choices" or not isinstance(self.domain[1][0], str):
            return None
        return self.domain[1]


@dataclass(frozen=True)
class Known:
    """Something a model can be told: a given, a set, or a table with the unit of each column."""

    kind: str
    unit: str
    meaning: str
    sets: tuple[str, ...] = ()
    labelled: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """A named value of the program."""

    name: str
    unit: str
    meaning: str
    source: str
    derived: bool
    symbol: str
    step: int


@dataclass(frozen=True)
class Program:
    """`steps[i]` computes value i from earlier ones; `masks[i]` has bit k set where it varies along `axes[k]`.

    The first `swept` axes are swept; the others are sets, which reductions clear.
    """

    model: str
    steps: tuple[Step, ...]
    masks: tuple[int, ...]
    axes: tuple[Axis, ...]
    swept: int
    outputs: Mapping[str, Definition]
    definitions: tuple[Definition, ...]
    givens: Mapping[str, Given]
    columns: Mapping[str, tuple[str, str]]
    known: Mapping[str, Known]
    kept: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def live(self) -> tuple[int, ...]:
        """Steps the outputs need, sizes of sets included, in order."""
        wanted = {d.step for d in self.outputs.values()} | {s for a in self.axes for s in a.sizes}
        wanted |= {self.number_of[name] for axis in self.axes for name in axis.swept}
        return self.needed(wanted)

    def needed(self, wanted: Iterable[int]) -> tuple[int, ...]:
        """Every step that the wanted ones depend on, themselves included, in order."""
        seen = set(wanted)
        for n in range(max(seen, default=-1), -1, -1):
            if n in seen:
                seen.update(self.steps[n].arguments)
        return tuple(sorted(seen))

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The step of each given."""
        return {s.detail: n for n, s in enumerate(self.steps) if s.operation == "given"}

    @cached_property
    def operations(self) -> int:
        """Live steps that compute something."""
        return sum(self.steps[n].operation not in LEAVES and self.steps[n].operation != MARK for n in self.live)

    def sets(self, step: int) -> tuple[int, ...]:
        """The sets a value still stands over."""
        return tuple(k for k in range(self.swept, len(self.axes)) if self.masks[step] >> k & 1)

    def member_of(self, given: Given) -> str:
        """The set that a given is a member of, by name, if it is one."""
        kind, values = given.domain or ("", ())
        return self.axes[values[0]].name if kind == "member" else ""

    def support(self, step: int) -> tuple[str, ...]:
        """Givens and table columns a value depends on."""
        found = (self.steps[n] for n in self.needed([step]))
        return tuple(dict.fromkeys(s.detail for s in found if s.operation in ("given", "lookup")))

    def used(self, step: int) -> Iterator[Definition]:
        """The definitions a value depends on."""
        inside = set(self.needed([step]))
        return (d for d in self.definitions if d.step in inside)

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every output in its declared unit; arrays told to single givens are points, one after the other."""
        from symppa.engine.points import moving, over_points
        from symppa.engine.walk import run

        names = moving(self, values)
        return run(over_points(self, names) if names else self, values)

    def output(self, name: str) -> Definition:
        """An output by name; unknown ones are refused with the nearest."""
        if name not in self.outputs:
            raise QuestionError(f"{self.model} gives no output {name!r} here{suggest(name, self.outputs)}")
        return self.outputs[name]

    def to_json(self) -> str:
        """The program as text, for the cache."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Program:
        """The program that `to_json` wrote."""
        raw = json.loads(text)
        steps = tuple(Step(op, tuple(arguments), detail) for op, arguments, detail in raw["steps"])
        return cls(
            model=raw["model"],
            steps=steps,
            masks=tuple(raw["masks"]),
            axes=tuple(Axis(**_axis(a)) for a in raw["axes"]),
            swept=raw["swept"],
            outputs={n: Definition(**d) for n, d in raw["outputs"].items()},
            definitions=tuple(Definition(**d) for d in raw["definitions"]),
            givens={n: Given(**_given(g)) for n, g in raw["givens"].items()},
            columns={n: (c[0], c[1]) for n, c in raw["columns"].items()},
            known={n: Known(**(k | {"sets": tuple(k["sets"])})) for n, k in raw["known"].items()},
            kept=raw["kept"],
        )


def _axis(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}


def _given(raw: dict[str, Any]) -> dict[str, Any]:
    domain = raw["domain"]
    return raw | {"over": tuple(raw["over"]), "domain": domain and (domain[0], tuple(domain[1]))}
