"""Samples: designs drawn from ranges of givens by a seeded sampler, so that the same question draws them again."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions.bind import Value
from symppa.descriptions.ranges import values_of
from symppa.engine.program import Given, Program
from symppa.engine.reducers.memory import refuse_beyond
from symppa.errors import QuestionError, suggest
from symppa.studies.axes import labels_of
from symppa.studies.lists import Listed, owner
from symppa.studies.result import Array, as_data

SAMPLER = re.compile(r"\s*(\w+)\s*:\s*(\d{1,12})\s*")
GRAMMAR = "sobol:N, lhs:N, halton:N or random:N"
ENGINES = {"sobol": "Sobol", "lhs": "LatinHypercube", "halton": "Halton"}
MOST = 1 << 30  # where a Sobol sequence ends
Draw = Callable[[Array], Array]  # from places in [0, 1) to base values


@dataclass(frozen=True)
class Sampler:
    """How many points of the unit cube are drawn, how, and from which seed."""

    kind: str
    count: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in (*ENGINES, "random"):
            raise QuestionError(f"there is no sampler {self.kind!r}{suggest(self.kind, [*ENGINES, 'random'])}")
        if not 1 <= self.count <= MOST:
            raise QuestionError(f"{self.kind}:{self.count} draws {self.count} designs; it may be 1 to {MOST}")
        if self.kind == "sobol" and self.count & (self.count - 1):
            below = 1 << (self.count.bit_length() - 1)
            raise QuestionError(
                f"sobol:{self.count}: a Sobol sequence is balanced at powers of two only; "
                f"draw sobol:{below} or sobol:{2 * below}"
            )
        if not isinstance(self.seed, int) or self.seed < 0:
            raise QuestionError(f"seed = {self.seed!r}; a seed is a whole number from 0")

    def cube(self, width: int) -> Array:
        """Points in [0, 1), one row for each, by a generator of its own."""
        refuse_beyond(16.0 * self.count * width, f"drawing {self.kind}:{self.count}", "draw fewer")
        rng = np.random.default_rng(self.seed)
        if self.kind == "random":
            return rng.random((self.count, width))
        from scipy.stats import qmc

        engine = getattr(qmc, ENGINES[self.kind])
        name = "rng" if "rng" in inspect.signature(engine).parameters else "seed"  # scipy 1.15 renamed it
        return np.asarray(engine(width, **{name: rng}).random(self.count))

    @property
    def question(self) -> dict[str, Any]:
        """How it is asked for."""
        return {"sample": f"{self.kind}:{self.count}", "seed": self.seed}

    @property
    def facts(self) -> dict[str, Any]:
        """What draws the same points again."""
        import scipy

        return {"sampler": self.kind, "count": self.count, "seed": self.seed, "scipy": scipy.__version__}


def sampler_of(text: str, seed: int | None = None) -> Sampler:
    """The sampler that a text asks for.

    >>> sampler_of("sobol:4096", 1)
    Sampler(kind='sobol', count=4096, seed=1)
    """
    found = SAMPLER.fullmatch(text)
    if found is None:
        raise QuestionError(f"sample {text!r} is not understood; it is {GRAMMAR}")
    return Sampler(found[1], int(found[2]), 0 if seed is None else seed)


class Sampled(Listed):
    """Designs drawn from ranges, each given for itself."""

    def __init__(self, ranges: Mapping[str, Any], sampler: Sampler) -> None:
        self.ranges, self.sampler, self.names = ranges, sampler, tuple(ranges)

    @property
    def question(self) -> dict[str, Any]:
        return self.sampler.question

    @property
    def facts(self) -> dict[str, Any]:
        return {"sample": {**self.sampler.facts, "ranges": {n: as_data(r) for n, r in self.ranges.items()}}}

    def columns(self, program: Program, told: Mapping[str, Value]) -> dict[str, Array]:
        draws: dict[str, Draw] = {}
        for name, written in self.ranges.items():
            given = program.givens[owner(program.known, name, program.model)]
            labels = labels_of(program, told, given)
            draws[name] = _label(name, written, labels) if labels is not None else _range(name, written, given)
        cube = self.sampler.cube(len(draws))
        return {name: draw(cube[:, k]) for k, (name, draw) in enumerate(draws.items())}


def _label(name: str, written: Any, labels: tuple[str, ...]) -> Draw:
    """One of some labels, each as likely."""
    chosen = [part.strip() for part in written.split(",")] if isinstance(written, str) else [*map(str, written)]
    odd = [text for text in chosen if text not in labels]
    if odd or not chosen:
        raise QuestionError(f"{name} = {odd[0] if odd else ''!r} is no choice{suggest(odd[0] if odd else '', labels)}")
    return _one_of(np.array([labels.index(text) for text in chosen], float))


def _range(name: str, written: Any, given: Given) -> Draw:
    """From one end to the other as the domain allows; one of the values where a step or a list says which."""
    parts = [part.strip() for part in written.split(":")] if isinstance(written, str) else []
    if len(parts) != 2:
        return _one_of(_values(name, written, given))
    low, high = (units.parse(part, given.unit, name, given.meaning) for part in parts)
    if not low < high:
        raise QuestionError(f"{name}={written}: a range leads from its lower to its higher end")
    kind, ends = given.domain or ("reals", (None, None, None))
    if kind == "choices":
        return _one_of(_within(name, written, np.array([v for v in ends if low <= v <= high])))
    if kind == "integers":
        return _stepped(name, written, low, high, 0.0, 1.0)
    if ends[2] is not None:
        return _stepped(name, written, low, high, ends[0], ends[2])
    return lambda u: low + u * (high - low)


def _values(name: str, written: Any, given: Given) -> Array:
    if isinstance(written, str):
        found = np.asarray(values_of(written, given), float)
    elif isinstance(written, list):
        found = np.array([units.worth(v, given.unit, name, given.meaning) for v in written], float)
    else:
        found = np.asarray(units.worth(written, given.unit, name, given.meaning), float)
    return _within(name, written, np.atleast_1d(found))


def _within(name: str, written: Any, found: Array) -> Array:
    if not found.size:
        raise QuestionError(f"{name}={written}: there is no value to draw")
    return found


def _one_of(values: Array) -> Draw:
    return lambda u: values[(u * len(values)).astype(np.intp)]


def _stepped(name: str, written: Any, low: float, high: float, origin: float, step: float) -> Draw:
    """Every step between two ends, each as likely, without a list of them."""
    first, last = np.ceil((low - origin) / step - 1e-9), np.floor((high - origin) / step + 1e-9)
    if last < first:
        raise QuestionError(f"{name}={written}: there is no value to draw")
    return lambda u: origin + step * (first + np.floor(u * (last - first + 1)))
