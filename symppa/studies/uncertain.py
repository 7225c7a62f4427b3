"""Uncertain givens: draws from their distributions, each given independent of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from symppa.descriptions.bind import Value
from symppa.descriptions.uncertain import Distribution, distribution
from symppa.engine.border import domain_text, outside
from symppa.engine.program import Given, Program
from symppa.errors import DomainError, QuestionError
from symppa.studies.axes import is_labelled
from symppa.studies.lists import Listed, owner
from symppa.studies.result import Array
from symppa.studies.sampling import Sampler

DRAWS = "sobol:4096"
FINEST = 2.0**-53  # the last number below 1 is as far from it
# Each as scipy.stats writes it: the number of a kind, in the order of its text.
FROZEN: Mapping[str, Callable[..., Any]] = {
    "normal": lambda stats, mean, sigma: stats.norm(mean, sigma),
    "truncated": lambda stats, mean, sigma, low, high: stats.truncnorm(
        (low - mean) / sigma, (high - mean) / sigma, mean, sigma
    ),
    "uniform": lambda stats, low, high: stats.uniform(low, high - low),
    "lognormal": lambda stats, median, factor: stats.lognorm(np.log(factor), scale=median),
    "triangular": lambda stats, low, mode, high: stats.triang((mode - low) / (high - low), low, high - low),
}


class Uncertain(Listed):
    """Draws of some givens; one draw moves all of them."""

    axis = "draw"

    def __init__(self, texts: Mapping[str, str], sampler: Sampler) -> None:
        self.texts, self.sampler = dict(sorted(texts.items())), sampler
        self.names = tuple(self.texts)

    @property
    def question(self) -> dict[str, Any]:
        return {"uncertain": self.texts, **self.sampler.question}

    @property
    def facts(self) -> dict[str, Any]:
        return {"uncertain": self.texts, "sample": self.sampler.facts}

    @property
    def notes(self) -> tuple[str, ...]:
        return ("uncertain givens are drawn independently of each other",) if len(self.names) > 1 else ()

    def columns(self, program: Program, told: Mapping[str, Value]) -> dict[str, Array]:
        cube = self.sampler.cube(len(self.texts))
        found = {}
        for k, (name, text) in enumerate(self.texts.items()):
            given = program.givens[owner(program.known, name, program.model)]
            _refuse_steps(given, name)
            stated = distribution(text, given.unit, name, given.meaning)
            found[name] = _inside(given, name, stated, drawn(stated, cube[:, k]))
        return found


def drawn(stated: Distribution, places: Array) -> Array:
    """Values of a distribution at places of its cumulative probability."""
    from scipy import stats

    kind = "truncated" if stated.kind == "normal" and len(stated.numbers) == 4 else stated.kind
    frozen = FROZEN[kind](stats, *stated.numbers)
    # A sampler may draw 0 itself, where an unbounded distribution has no value; rounding may step over an end.
    values = frozen.ppf(np.clip(places, FINEST, 1 - FINEST))
    low = stated.numbers[2 if kind == "truncated" else 0]
    return np.asarray(values if kind in ("normal", "lognormal") else np.clip(values, low, stated.numbers[-1]))


def _refuse_steps(given: Given, name: str) -> None:
    kind, ends = given.domain or ("reals", (None, None, None))
    if is_labelled(given) or kind != "reals" or ends[2] is not None:
        raise QuestionError(
            f"{name} takes {domain_text(given)}: a distribution here is continuous; move it along an axis instead"
        )


def _inside(given: Given, name: str, stated: Distribution, values: Array) -> Array:
    """The draws, none of them outside the domain: cutting them off would be another distribution."""
    bad = int(np.count_nonzero(outside(given, values)))
    if bad:
        raise DomainError(
            f"{name}={stated.text}: {bad} of {len(values)} draws lie outside its domain, {domain_text(given)}; choose "
            "one that ends there, as normal(mean, sigma, low, high) does"
        )
    return values


def texts_of(
    uncertain: Mapping[str, str] | Iterable[str] | str, told: Mapping[str, Value], taken: Iterable[str]
) -> dict[str, str]:
    """Distributions by given: those asked for, and those that the description states for the names asked for.

    `clock=normal(2 GHz, 0.1 GHz)` says it, `clock` or `dram.*` asks the description, less what is taken elsewhere.
    """
    stated = {".".join(filter(None, (n, m))): text for n, v in told.items() for m, text in v.uncertain.items()}
    if isinstance(uncertain, Mapping):
        return {str(name): str(text) for name, text in uncertain.items()}
    said: dict[str, str] = {}
    found: dict[str, str] = {}
    for text in [uncertain] if isinstance(uncertain, str) else uncertain:
        name, sign, written = (part.strip() for part in text.partition("="))
        if name in said and sign:
            raise QuestionError(f"{name} has two distributions: {said[name]} and {written}")
        free = {n: t for n, t in stated.items() if fnmatchcase(n, name) and n not in set(taken)}
        asked = {name: stated[name]} if name in stated else free
        if sign:
            said[name] = written
        elif not asked:
            known = f"; some are for {', '.join(stated)}" if stated else ""
            raise QuestionError(f"no distribution is stated for {name}{known}; write '{name}=normal(MEAN, SIGMA)'")
        else:
            found |= asked
    return found | said
