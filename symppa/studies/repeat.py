"""A recorded question asked again: of the values that its result recorded, whatever descriptions say today."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symppa import units
from symppa.descriptions import systems
from symppa.descriptions.bind import Value
from symppa.descriptions.load import Description, load
from symppa.descriptions.nodes import Node
from symppa.engine.program import Program
from symppa.engine.walk import Progress
from symppa.errors import DescriptionError, QuestionError, SymppaError
from symppa.studies import speculate
from symppa.studies.break_even import break_even
from symppa.studies.compare import compare
from symppa.studies.evaluate import evaluate
from symppa.studies.networks.comparing import compare_networks
from symppa.studies.pareto import pareto
from symppa.studies.recorded import KINDS, QUESTIONS, Data
from symppa.studies.result import Result, as_data, as_text
from symppa.studies.sensitivity import sensitivity
from symppa.studies.subject import Subject
from symppa.studies.sweep import sweep

if TYPE_CHECKING:
    from symppa.language.model import Model

OWN_HASHES = ("program", "inputs")  # the others are those of files
NUMBERLESS = re.compile(r"(nan|-?inf)(?: (.+))?")


@dataclass(frozen=True)
class Remembered(Description):
    """A description of which only what a result told of it is known."""

    place: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        return self.place

    @property
    def meaning(self) -> str:
        return str(self.said.get("meaning", ""))

    @property
    def targets(self) -> dict[str, str]:
        return dict(self.said.get("targets", {}))

    @property
    def files(self) -> dict[str, str]:
        return dict(self.said.get("files", {}))

    def node(self, *path: str) -> Node:
        return Node("", self.place, 0)


class Recorded(Subject):
    """A system with the values that a result recorded."""

    def __init__(self, name: str, question: Data, inputs: Data, said: Data, model: Any = None) -> None:
        self.named, self.inputs_told, self._given_model = question["class"], inputs, model
        self.values, self.parts = told(question["set"]), dict(question["parts"])
        place = question["system"]
        self.description = None if place is None else Remembered(name, self.named, (), place, said)
        assembled = bool(question.get("assembled"))
        if assembled and model is None:
            raise QuestionError("its model was put together in Python: give it, as in replay(result, system=MODEL)")
        if model is not None and self.named in systems.SHIPPED and not assembled:
            raise QuestionError(f"{self.named} is a system of symppa's own: leave `system` out")
        if model is not None:
            self._check_model(model)

    @cached_property
    def model(self) -> Model:
        made = _found(self.named) if self._given_model is None else self._given_model
        return made() if isinstance(made, type) else made  # type: ignore[no-any-return]

    def bound(self, program: Program) -> dict[str, Value]:
        found = {}
        for name, one in self.inputs_told.items():
            if name not in program.known or one["value"] is None:
                continue
            if not KINDS[program.known[name].kind](one["value"]):
                raise QuestionError(f"{name} = {one['value']!r:.60} was no value of a {program.known[name].kind}")
            found[name] = Value(told(one["value"]), tuple(one["sources"]), one["confidence"], one["origin"])
        return found


def _found(name: str) -> type[Model]:
    """The class of a system that is here; a file's text never imports one."""
    try:
        return systems.find(name)
    except DescriptionError as error:
        package = name.rpartition(".")[0]
        if not error.message.startswith("there is no system"):
            raise
        if not all(word.isidentifier() for word in package.split(".")) or package == "__main__":
            hint = "it was written in a script: give it, as in replay(result, system=MODEL)"
        else:
            hint = f"import its package with --plugin {package}"
        raise QuestionError(f"the system {name} is not here; {hint}") from None


def told(data: Any) -> Any:
    """What `as_data` wrote, as a question takes it.

    >>> told({"gap": "inf", "rates": [["1.0 GHz"], ["2.5 GHz"]]})
    {'gap': inf, 'rates': ([[1.0], [2.5]], 'GHz')}
    """
    if isinstance(data, Mapping):
        return {name: told(value) for name, value in data.items()}
    if isinstance(data, list):
        whole = any(isinstance(value, list) or _numberless(value) is not None for value in data)
        return _array(data) if whole else [told(value) for value in data]
    found = _numberless(data)
    return data if found is None else float(found[1]) if found[2] is None else (float(found[1]), found[2])


def _numberless(data: Any) -> re.Match[str] | None:
    """A text that stands for what is not finite."""
    return NUMBERLESS.fullmatch(data) if isinstance(data, str) else None


def _array(rows: list[Any]) -> Any:
    """Numbers in rows, with the unit that each was written with."""
    units: dict[str, None] = {}

    def numbers(data: Any) -> Any:
        if isinstance(data, list):
            return [numbers(value) for value in data]
        number, _, unit = str(data).partition(" ")
        units[unit] = None
        return float(number)

    try:
        made, (unit,) = numbers(rows), units
    except ValueError:
        raise QuestionError(
            "one of its values is an array of what are no numbers in one unit: was it edited?"
        ) from None
    return (made, unit) if unit else made


Again = Callable[[Subject, Data, Progress | None], Result]


def _analyze(subject: Subject, question: Data, progress: Progress | None) -> Result:
    return evaluate(subject, outputs=question["outputs"])


def _sweep(subject: Subject, question: Data, progress: Progress | None) -> Result:
    keep, uncertain = question["keep"], question["uncertain"]
    return sweep(subject, keep=keep, uncertain=uncertain, progress=progress, **_designs(question))


def _pareto(subject: Subject, question: Data, progress: Progress | None) -> Result:
    return pareto(subject, objectives=question["objectives"], progress=progress, **_designs(question))


def _designs(question: Data) -> dict[str, Any]:
    """What a question about many designs says of them."""
    asked = {name: question[name] for name in ("sample", "seed", "outputs", "where")}
    points = question["points"] and _points(question["points"])
    return {**asked, "axes": told(question["axes"]), "points": points}


def _points(asked: Data) -> Any:
    """The points as they were: the file that still holds them, or their columns."""
    if "columns" in asked:
        columns = asked["columns"].items()
        return {name: one["values"] if one["unit"] is None else (one["values"], one["unit"]) for name, one in columns}
    path = Path(asked["file"])
    if not path.is_file():
        raise QuestionError(f"its points were read from {path}, which is not here: run it where it is")
    if hashlib.sha256(path.read_bytes()).hexdigest() != asked["sha256"]:
        raise QuestionError(f"its points were read from {path}, which was changed since: bring back what it held")
    return path


def _sensitivity(subject: Subject, question: Data, progress: Progress | None) -> Result:
    return sensitivity(subject, question["output"], ranges=question["ranges"])


def _break_even(subject: Subject, question: Data, progress: Progress | None) -> Result:
    first, second = question["outputs"]
    return break_even(subject, first, second, question["given"], within=question["within"])


def _speculate(subject: Subject, question: Data, progress: Progress | None) -> Result:
    program = subject.program(speculate.OUTPUTS, speculate.AXES)
    return speculate.decoded(subject, program, subject.bound(program), question)


STUDIES: Mapping[str, Again] = {
    "analyze": _analyze,
    "sweep": _sweep,
    "pareto": _pareto,
    "sensitivity": _sensitivity,
    "break_even": _break_even,
    "speculate": _speculate,
}


def repeated(data: Data, model: Any = None, progress: Progress | None = None) -> Result:
    """The study once more."""
    question = data["question"]
    if data["study"] == "networks":
        return compare_networks(**{name: question[name] for name in QUESTIONS["networks"]})
    if data["study"] != "compare":
        return STUDIES[data["study"]](_whole(data, model), question, progress)
    subjects = [_recorded(one, data["hashes"], model) for one in question["systems"]]
    return compare(subjects, outputs=question["outputs"], targets=question["targets"])


def _whole(data: Data, model: Any) -> Recorded:
    facts = data["facts"]
    said = {"meaning": facts.get("meaning", ""), "targets": facts.get("targets", {}), "files": _files(data["hashes"])}
    return Recorded(data["description"], data["question"], data["inputs"], said, model)


def _recorded(one: Data, hashes: Data, model: Any) -> Recorded:
    """One of those compared."""
    said = {"meaning": one["meaning"], "files": _files(hashes, f"{one['description']}.")}
    return Recorded(one["description"], one, one["inputs"], said, model)


def _files(hashes: Data, prefix: str = "") -> dict[str, str]:
    """The hashes of files among others."""
    found = {name.removeprefix(prefix): value for name, value in hashes.items() if name.startswith(prefix)}
    return {name: value for name, value in found.items() if name not in OWN_HASHES}


def otherwise(data: Data) -> list[str]:
    """How descriptions differ today from what was recorded, a line each."""
    question = data["question"]
    if data["study"] == "networks":  # asked again as a whole, of the files of today
        return []
    asked = question["systems"] if data["study"] == "compare" else [{**question, "inputs": data["inputs"]}]
    return [line for one in asked if one["system"] is not None for line in _otherwise(one)]


def _otherwise(one: Data) -> Iterator[str]:
    try:
        now = _today(one)
    except SymppaError as error:
        yield f"{one['system']} cannot be asked today, so only what was recorded counts: {error}"
        return
    found = []
    for name, value in one["inputs"].items():
        if name in now or value["origin"] != "default":
            found += list(_moved(name, value["value"], as_data(now[name].raw) if name in now else "nothing"))
    if found:
        yield f"{one['system']} says otherwise today; as recorded counts: {'; '.join(found)}"


def _today(one: Data) -> Mapping[str, Value]:
    """What the descriptions and settings of a question tell by now."""
    subject = Subject(one["system"], told(one["set"]), one["parts"])
    if "network" not in one:
        return subject.bound(subject.program())
    program = subject.program(speculate.OUTPUTS, speculate.AXES)
    return speculate.told_of(subject, program, load(one["network"]), speculate.acceptance_of(one["acceptance"])[1])


def _moved(name: str, then: Any, now: Any) -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for label in dict.fromkeys([*then, *now]):
            yield from _moved(f"{name}.{label}", then.get(label, "nothing"), now.get(label, "nothing"))
    elif then != now and not (isinstance(then, str) and isinstance(now, str) and _worth(then) == _worth(now)):
        yield f"{name} {as_text(then)} then, {as_text(now)} now"


def _worth(text: str) -> Any:
    """What a text with a unit measures, or the text itself."""
    found = units.split(text)
    if found is None:
        return text
    measured = units.measure(found[1])
    return measured.dimension, found[0] * measured.worth
