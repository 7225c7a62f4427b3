"""What a question is about: a system with its values, from a description or from a model in Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symppa.descriptions import systems
from symppa.descriptions.bind import LEVELS, NO_SOURCE, Value, bind, overridden, with_sets
from symppa.descriptions.load import Description, load
from symppa.descriptions.ranges import split_limit
from symppa.engine import cache
from symppa.engine.program import Program
from symppa.engine.reducers import Limit
from symppa.errors import QuestionError, SymppaError
from symppa.studies.result import Input, as_data

if TYPE_CHECKING:
    from symppa.language.model import Model
    from symppa.language.scope import Scope

System = Any  # a Description, the name or file of one, a Model or its class
Axes = Mapping[str, Any]
PLAIN = "._"
ALTERNATIVES = "by_*.*"  # outputs of parts that list alternatives, where a system has some
DEFAULT = ("*", ALTERNATIVES)


class Subject:
    """A system, its values and their origins; gives programs, from the cache where it can."""

    def __init__(
        self, system: System, values: Mapping[str, Any] | None = None, parts: Mapping[str, str] | None = None
    ) -> None:
        from_text = isinstance(system, str | Path)
        self.description: Description | None = (
            load(system) if from_text else system if isinstance(system, Description) else None
        )
        self._given_model = None if self.description is not None else system
        self.values = dict(values or {})
        self.refuse_settled(self.values)
        self.parts = {**(self.description.parts if self.description else {}), **(parts or {})}
        if self.description is None:
            self._check_model(system)

    @classmethod
    def of(
        cls, system: System, values: Mapping[str, Any] | None = None, parts: Mapping[str, str] | None = None
    ) -> Subject:
        """The subject of a question; what is one already stands for itself."""
        return system if isinstance(system, Subject) else cls(system, values, parts)

    def refuse_settled(self, names: Iterable[str]) -> None:
        """Refuse what a description settles as a whole, as the counts of a network."""
        described = self.description
        for name in names:
            if described is not None and (why := described.settled(name)):
                raise QuestionError(why)

    @staticmethod
    def _check_model(system: Any) -> None:
        from symppa.language.model import Model

        if not (isinstance(system, Model) or (isinstance(system, type) and issubclass(system, Model))):
            raise QuestionError(f"{system!r} is no system: give a description, its name or file, or a Model")

    @property
    def system(self) -> str:
        """Name of the system's class."""
        if self.description is not None:
            return self.description.system
        return type(self.model).__name__

    @property
    def name(self) -> str:
        """What a report calls this subject."""
        return self.description.name if self.description else self.system

    def question(self, **asked: Any) -> dict[str, Any]:
        """What was asked, so that it can be asked again: of what, what was set, and the rest as it was said."""
        assembled = {"assembled": True} if self.description is None and self.model._wires else {}
        return {
            "system": self.description.asked if self.description else None,
            "class": self._class_name,
            **assembled,
            "parts": as_data(self.parts),
            "set": as_data(self.values),
            **as_data(asked),
        }

    @property
    def _class_name(self) -> str:
        """The class by a name that finds it; one of symppa's own by its short one."""
        if self.description is not None and self.description.system in systems.SHIPPED:
            return self.description.system
        cls = type(self.model)
        shipped = systems.SHIPPED.get(cls.__name__) == cls.__module__
        return cls.__name__ if shipped else f"{cls.__module__}.{cls.__qualname__}"

    @cached_property
    def model(self) -> Model:
        """The model itself; needs sympy."""
        made = systems.find(self.description.system) if self.description else self._given_model
        return made() if isinstance(made, type) else made  # type: ignore[return-value]

    @cached_property
    def root(self) -> Scope:
        """The model with its chosen parts; needs sympy."""
        from symppa.language.scope import Scope

        try:
            return Scope.root(self.model, self.parts)
        except SymppaError as error:
            chosen = [path for path in (self.description.parts if self.description else {}) if path in error.message]
            node = self.description.node("parts", *chosen[:1]) if self.description and chosen else None
            raise error.at(node.file, node.line) if node else error from None

    def program(self, outputs: Sequence[str] = ("*",), axes: Iterable[str] = (), keep: Sequence[str] = ()) -> Program:
        """The program of some outputs, which may be expressions."""
        axes = tuple(axes)
        self.refuse_settled(axes)
        shipped = self.description is not None and self.description.system in systems.SHIPPED
        question = (self.system, tuple(outputs), axes, tuple(keep), tuple(sorted(self.parts.items())))
        name = cache.key(*question) if shipped else ""
        program = cache.fetch(name) if shipped else None
        if program is None:
            program = self._compiled(outputs, axes, keep)
            if shipped:
                cache.store(name, program)
        return program

    def _compiled(self, outputs: Sequence[str], axes: tuple[str, ...], keep: Sequence[str]) -> Program:
        from symppa.engine.compile import compile, expand

        root = self.root
        outputs = [text for text in outputs if text != ALTERNATIVES or expand(root, text)]
        matched = {text: expand(root, text) for text in outputs if self.is_pattern(text)}
        asked: Any = outputs
        if any(text not in matched and not _is_name(text) for text in outputs):
            from symppa.descriptions.expression import parse

            for text in (text for text, names in matched.items() if not names):
                raise QuestionError(f"{self.system} has no output that matches {text!r}")
            asked = {n: parse(n, self.model) for text in outputs for n in matched.get(text, [text])}
        return compile(self.model, asked, axes, keep=keep, choose=self.parts)

    def is_pattern(self, text: str) -> bool:
        """Whether a text stands for the outputs it matches; a product of two names is an expression: `energy*latency`.

        >>> subject = Subject("gemm_tiler")
        >>> subject.is_pattern("energy*"), subject.is_pattern("energy*latency"), subject.is_pattern("energy*cy")
        (True, False, True)
        """
        if not _may_be_pattern(text):
            return False
        from symppa.descriptions.expression import parse

        try:
            parse(text, self.model)
        except SymppaError:  # no expression, or one over names that the model does not have
            return True
        return False

    def bound(self, program: Program) -> dict[str, Value]:
        """Every value told, with its origin: file, then what the caller sets."""
        told = bind(self.description, program.known) if self.description else {}
        for name, raw in self.values.items():
            told = overridden(told, program.known, name, raw, "set", self.system)
        return with_sets(program, told)

    def limits(self, texts: Iterable[str], program: Program) -> list[Limit]:
        """Limits with their bounds in base units."""
        from symppa import units

        found = []
        for text in texts:
            name, relation, bound = split_limit(text)
            definition = program.output(name)
            found.append(Limit(name, relation, units.parse(bound, definition.unit, name, definition.meaning)))
        return found

    def inputs(self, program: Program, told: Mapping[str, Value]) -> dict[str, Input]:
        """What went in: values told and defaults used, with unit, source, confidence and origin."""
        found = {}
        for name, given in program.givens.items():
            value = told.get(name)
            if value is None:
                value = Value(given.default, (given.source or NO_SOURCE,), LEVELS[-1], "default")
            found[name] = _input(value, given.unit, given.meaning)
        for name in {column.rpartition(".")[0] for column in program.columns}:
            if name in told:
                found[name] = _input(told[name], "1", "table")
        for axis in program.axes[program.swept :]:
            if axis.name in told:
                found[axis.name] = _input(told[axis.name], "1", axis.meaning)
        return dict(sorted(found.items()))

    def hashes(self, program: Program, inputs: Mapping[str, Input]) -> dict[str, str]:
        """What identifies this run: its program, its inputs, its files."""
        told = {n: (i.value, i.unit) for n, i in inputs.items()}
        found = {"program": _digest(program.to_json()), "inputs": hash_of(told)}
        return found | (self.description.files if self.description else {})


def _input(value: Value, unit: str, meaning: str) -> Input:
    return Input(as_data(value.raw), unit, meaning, value.sources, value.confidence, value.origin)


def hash_of(inputs: Mapping[str, tuple[Any, str]]) -> str:
    """The hash of values and units by name."""
    return _digest(json.dumps({name: list(told) for name, told in inputs.items()}, sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _may_be_pattern(text: str) -> bool:
    return all(c.isalnum() or c in "._*?[]" for c in text) and any(c in text for c in "*?[")


def _is_name(text: str) -> bool:
    return all(c.isalnum() or c in PLAIN for c in text)


def located(error: SymppaError, name: str, told: Mapping[str, Value]) -> SymppaError:
    """An error about a value, at the place where the value stands."""
    value = told.get(name)
    return error.at(value.file, value.line) if value is not None and value.file else error
