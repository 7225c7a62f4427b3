"""The words of --keep: what each kind asks for, and the reducer that it stands for."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from symppa import units
from symppa.engine import reducers
from symppa.engine.program import Program
from symppa.engine.reducers import Limit, Reducer
from symppa.errors import QuestionError

PROBABILITIES = (0.05, 0.5, 0.95)
BINS = 20


class Keep(ABC):
    """What stays of a sweep; `judged` are the outputs that it names."""

    form: ClassVar[str]
    judged: tuple[str, ...]

    @classmethod
    @abstractmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        """What is written behind the kind and its colon; None where that is malformed."""

    @abstractmethod
    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        """What walks the designs."""


class Everything(Keep):
    """Every design, or every feasible one."""

    form = "all"
    judged = ()

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        return None if rest else cls()

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        return reducers.Feasible([], limits) if limits else reducers.Store(list(program.outputs))


class Number(Keep):
    """How many designs there are."""

    form = "count"
    judged = ()

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        return None if rest else cls()

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        return reducers.Count([] if limits else list(program.outputs), limits)


@dataclass(frozen=True)
class Leading(Keep):
    """The best designs by one output."""

    form = "best:N:OUTPUT[:min]"
    judged: tuple[str, ...]
    count: int
    largest: bool

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        found = re.fullmatch(r"(\d+):([^:]+)(?::(min|max))?", rest)
        return cls((found[2].strip(),), int(found[1]), found[3] != "min") if found else None

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        return reducers.Best(self.count, self.judged[0], limits, largest=self.largest)


@dataclass(frozen=True)
class Front(Keep):
    """The designs that no other beats."""

    form = "pareto:OUTPUT=min,OUTPUT=max[,...]"
    judged: tuple[str, ...]
    senses: tuple[str, ...]

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        pairs = [[side.strip() for side in part.rpartition("=")[::2]] for part in _listed(rest)]
        names, senses = [name for name, _ in pairs], [sense for _, sense in pairs]
        if not pairs or not all(names) or len(set(names)) < len(names):
            return None
        return cls(tuple(names), tuple(senses))

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        return reducers.Pareto(dict(zip(self.judged, self.senses, strict=True)), limits)


@dataclass(frozen=True)
class Ends(Keep):
    """Least, mean and most of outputs."""

    form = "range:OUTPUT[,OUTPUT]"
    judged: tuple[str, ...]

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        return cls(_listed(rest)) if _listed(rest) else None

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        return reducers.Range(self.judged, limits)


@dataclass(frozen=True)
class Peaks(Keep):
    """The best design for every value of some axes."""

    form = "argmax:OUTPUT:AXIS[,AXIS]"
    judged: tuple[str, ...]
    axes: tuple[str, ...]
    largest: bool

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        output, _, axes = (part.strip() for part in rest.partition(":"))
        made = cls((output,), _listed(axes), kind == "argmax")
        return made if output and made.axes and ":" not in axes else None

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        return reducers.ArgBest(self.judged[0], self.axes, limits, largest=self.largest)


class Valleys(Peaks):
    """The least instead of the most."""

    form = "argmin:OUTPUT:AXIS[,AXIS]"


@dataclass(frozen=True)
class Bars(Keep):
    """How often an output lies where."""

    form = "histogram:OUTPUT[:BINS[:LOW:HIGH]]"
    judged: tuple[str, ...]
    bins: int = BINS
    ends: tuple[str, ...] = ()

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        output, *numbers = (part.strip() for part in rest.split(":"))
        if not output or len(numbers) not in (0, 1, 3) or not all(numbers):
            return None
        if numbers and not re.fullmatch(r"\d{1,9}", numbers[0]):
            return None
        return cls((output,), int(numbers[0]) if numbers else BINS, tuple(numbers[1:]))

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        (name,) = self.judged
        definition = program.output(name)
        low, high = (_declared(t, definition.unit, name, definition.meaning) for t in self.ends or ("", ""))
        return reducers.Histogram(name, self.bins, low, high, limits)


@dataclass(frozen=True)
class Shares(Keep):
    """Values that shares of the designs lie at or below; of all outputs where none is named."""

    form = "quantiles[:OUTPUT[,OUTPUT][:P[,P]]]"
    judged: tuple[str, ...]
    probabilities: tuple[float, ...] = PROBABILITIES

    @classmethod
    def read(cls, kind: str, rest: str) -> Keep | None:
        outputs, _, texts = rest.partition(":")
        try:
            probabilities = tuple(float(text) for text in texts.split(",")) if texts else PROBABILITIES
        except ValueError:
            raise QuestionError(f"keep {kind}:{rest}: {texts} are no probabilities; it is {cls.form}") from None
        odd = [p for p in probabilities if not 0 <= p <= 1]
        if odd:
            raise QuestionError(f"keep {kind}:{rest}: a probability lies between 0 and 1, not at {odd[0]:g}")
        return cls(_listed(outputs), probabilities)

    @classmethod
    def of(cls, keep: str) -> Shares:
        """What a --keep of quantiles asks for."""
        found = read(keep)
        if not isinstance(found, cls):
            raise QuestionError(f"keep {keep!r} asks for no quantiles; they are {cls.form}")
        return found

    def reducer(self, limits: Sequence[Limit], program: Program) -> Reducer:
        return reducers.Quantiles(self.judged or list(program.outputs), self.probabilities, limits)


KINDS: dict[str, type[Keep]] = {
    "all": Everything, "count": Number, "best": Leading, "pareto": Front, "range": Ends,
    "argmax": Peaks, "argmin": Valleys, "histogram": Bars, "quantiles": Shares,
}  # fmt: skip
GRAMMAR = ", ".join(kind.form for kind in KINDS.values())


def read(keep: str) -> Keep:
    """What a --keep asks for.

    >>> read("best:5:power:min")
    Leading(judged=('power',), count=5, largest=False)
    """
    kind, _, rest = keep.partition(":")
    known = KINDS.get(kind)
    found = known.read(kind, rest) if known else None
    if found is None:
        raise QuestionError(f"keep {keep!r} is not understood; it is {known.form if known else f'one of {GRAMMAR}'}")
    return found


def judged(keep: str) -> list[str]:
    """Outputs that a --keep names."""
    return list(read(keep).judged)


def reducer_of(keep: str, limits: Sequence[Limit], program: Program) -> Reducer:
    """What walks the designs for a --keep."""
    return read(keep).reducer(limits, program)


def _listed(text: str) -> tuple[str, ...]:
    """Parts between commas, but for those in brackets: an output may be an expression."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    parts = [part.strip() for part in parts]
    return tuple(parts) if all(parts) else ()


def _declared(text: str, unit: str, name: str, meaning: str) -> float | None:
    """An end of bins in the declared unit: as written, where it is written so."""
    if not text:
        return None
    split = units.split(text)
    if split is not None and split[1] == unit:
        return split[0]
    return units.parse(text, unit, name, meaning) / units.measure(unit).worth
