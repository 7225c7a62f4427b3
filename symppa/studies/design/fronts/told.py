"""What is told of a front: its designs by the ordinary reading, side by side, and how it was proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symppa import units
from symppa.engine.search.problem import in_base
from symppa.studies.design.asking import Asking
from symppa.studies.design.fronts.places import Front, Place
from symppa.studies.design.problem import Question, subject_at
from symppa.studies.design.told import asked_again, files_of
from symppa.studies.evaluate import evaluate
from symppa.studies.result import Coordinate, Output, Result

DIM = "design"


def front_result(asked: Asking, every: Sequence[Question], found: Front) -> Result:
    """A front as a result whose outputs stand over its designs."""
    names = list(dict.fromkeys(name for one in every for name in one.free))
    first = found.places[0]
    known = evaluate(subject_at(every[first.choice], first.point), outputs=list(every[first.choice].program.outputs))
    outputs = {f: _slot(every, found.places, f) for f in asked.slots}
    outputs |= {name: _given(every, found.places, name) for name in names}
    for name, values in values_along(every, found.places).items():
        like = known.output(name)
        outputs[name] = Output(values, (DIM,), like.unit, like.meaning, like.sources, like.confidence)
    notes = tuple(dict.fromkeys(note for one in every for note in one.notes))
    return Result(
        study="front",
        system=every[0].subject.system,
        name=asked.name,
        outputs=outputs,
        coordinates={DIM: Coordinate(np.arange(len(found.places)), "1", "place in the front")},
        inputs=known.inputs,
        notes=notes,
        facts=_facts(asked, every, found),
        hashes={**known.hashes, **files_of(asked)},
        question=asked_again(asked),
    )


def _facts(asked: Asking, every: Sequence[Question], found: Front) -> dict[str, Any]:
    counts = [one.designs for one in every]
    return {
        "meaning": asked.target.meaning if asked.target else "",
        "status": "optimal" if found.whole else "feasible",
        "objectives": dict(asked.objectives),
        "asked": {"objectives": dict(asked.objectives), "limits": list(asked.limits)},
        "free": {name: str(one) for name, one in asked.free.items()},
        "certificate": {
            "whole": found.whole,
            "proved": found.proved,
            "method": found.method,
            "searches": found.searches,
            "seconds": found.seconds,
            "designs": None if None in counts else sum(c for c in counts if c is not None),
            "asked": found.asked,
            "empty": found.empty,
            "gap": found.gap,
            "over": found.over,
            "interrupted": found.stopped,
        },
    }


def _slot(every: Sequence[Question], places: Sequence[Place], path: str) -> Output:
    classes = [every[one.choice].slots[path] for one in places]
    return Output(np.array(classes), (DIM,), "1", f"class of {path}")


def _given(every: Sequence[Question], places: Sequence[Place], name: str) -> Output:
    """A free given along the front; what a class does not have is NaN, or no label."""
    question = next(one for one in every if name in one.free)
    given, labels = question.program.givens[name], question.free[name].labels
    if labels is not None:
        texts = [labels[int(one.point[name])] if name in one.point else "" for one in places]
        return Output(np.array(texts), (DIM,), given.unit, given.meaning)
    worth = units.measure(given.unit).worth
    return Output(np.array([one.point.get(name, np.nan) / worth for one in places]), (DIM,), given.unit, given.meaning)


def values_along(every: Sequence[Question], places: Sequence[Place]) -> Mapping[str, Any]:
    """Every output that is asked about, design by design, in its unit."""
    found: dict[str, Any] = {name: np.empty(len(places)) for name in every[0].program.outputs}
    for k, question in enumerate(every):
        mine = [n for n, one in enumerate(places) if one.choice == k]
        if not mine:
            continue
        program = question.program
        columns = {name: np.array([places[n].point[name] for n in mine]) for name in question.free}
        told = {name: value.raw for name, value in question.told.items()}
        told |= {name: in_base(program, name, column) for name, column in columns.items()}
        for name, values in program({n: v for n, v in told.items() if n in program.known}).items():
            found[name][mine] = values
    return found
