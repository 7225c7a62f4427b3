"""compare: several descriptions side by side, their targets met or not, and which one to take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from symppa import units
from symppa.descriptions import shipped
from symppa.descriptions.load import load
from symppa.errors import QuestionError, suggest
from symppa.studies.evaluate import asked, evaluate
from symppa.studies.result import Coordinate, Output, Result
from symppa.studies.subject import Subject, System
from symppa.studies.targets import bound, met
from symppa.workloads.on_device import is_placed, matching

RULE = "the best by the first target's output among those that meet every other target"


def compare(
    systems: Sequence[System] | str,
    values: Mapping[str, Any] | None = None,
    *,
    outputs: Sequence[str] = ("*",),
    targets: Mapping[str, str] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Result:
    """Outputs of several systems side by side; `values` are set in each of them.

    Names may be patterns (`"nexgen_*"`). Targets are those of the first description that states some, unless
    given: {"power": "<= 500 W"}. The first one is foremost: recommended is the best by its output among those
    that meet all the others, or None.

    >>> compare("nexgen_*").facts["recommended"]
    'nexgen_aggressive_optimized'
    >>> compare("nexgen_*", targets={"peak_compute": ">= 300 TFLOPS", "power": "<= 400 W"}).facts["recommended"]
    'nexgen_realistic_optimized'
    """
    subjects = [Subject.of(one, values, parts) for one in expanded(systems)]
    if len(subjects) < 2:
        raise QuestionError("a comparison needs at least two descriptions")
    results = [evaluate(subject, outputs=outputs) for subject in subjects]
    names = _names(results)
    common = _common(results)
    stating = (s.description for s in subjects if s.description is not None and s.description.targets)
    asker = None if targets is not None else next(stating, None)
    goals = dict(targets or {}) if asker is None else asker.targets
    made = {n: _joined(n, results) for n in common}
    verdicts: dict[str, list[bool]] = {n: met(n, goal, made, asker).tolist() for n, goal in goals.items()}
    return Result(
        study="compare",
        system=" and ".join(dict.fromkeys(r.system for r in results)),
        name=", ".join(names),
        outputs=made,
        coordinates={"description": Coordinate(np.array(names, dtype=str), "1", "description")},
        notes=tuple(dict.fromkeys(n for r in results for n in r.notes)),
        facts={
            "targets": goals,
            "met": {n: dict(zip(names, row, strict=True)) for n, row in verdicts.items()},
            "recommended": _recommended(names, made, verdicts, goals),
            "rule": RULE,
            "differences": _differences(names, results),
            "meanings": {n: r.facts.get("meaning", "") for n, r in zip(names, results, strict=True)},
        },
        hashes={f"{n}.{k}": v for n, r in zip(names, results, strict=True) for k, v in r.hashes.items()},
        question={"systems": [_record(r) for r in results], "outputs": asked(outputs), "targets": goals},
    )


def _record(result: Result) -> dict[str, Any]:
    """One of those compared: what was asked of it, and what went in."""
    asked_of_it = {n: v for n, v in result.question.items() if n != "outputs"}
    inputs = {n: i.to_dict() for n, i in result.inputs.items()}
    return {"description": result.name, **asked_of_it, "meaning": result.facts.get("meaning", ""), "inputs": inputs}


def expanded(systems: Sequence[System] | str) -> list[System]:
    """Every system named, and every description a pattern matches."""
    return [s for one in ([systems] if isinstance(systems, str) else systems) for s in _expanded(one)]


def _expanded(system: System) -> list[System]:
    """A system, or every shipped or own description a pattern matches."""
    if not isinstance(system, str):
        return [system]
    if is_placed(system):
        return list(matching(system))
    if not any(c in system for c in "*?[") or shipped.is_file(system):
        return [load(system)]
    found = [name for name in sorted(shipped.names()) if fnmatchcase(name, system)]
    if not found:
        raise QuestionError(f"no description matches {system!r}{suggest(system, shipped.names())}")
    return [load(name) for name in found]


def _names(results: Sequence[Result]) -> list[str]:
    names = [r.name for r in results]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise QuestionError(f"{', '.join(twice)} is named twice: a comparison is of different descriptions")
    return names


def _common(results: Sequence[Result]) -> list[str]:
    """Single-valued outputs that every system has, in the first one's order."""
    found = [n for n, o in results[0].outputs.items() if o.values.ndim == 0]
    common = [n for n in found if all(n in r and r.output(n).values.ndim == 0 for r in results)]
    if not common:
        kinds = ", ".join(dict.fromkeys(r.system for r in results))
        raise QuestionError(f"{kinds} have no output in common")
    return common


def _joined(name: str, results: Sequence[Result]) -> Output:
    first = results[0].output(name)
    worth = units.measure(first.unit)
    values = []
    for r in results:
        other = units.measure(r.unit(name))
        if other.dimension != worth.dimension:
            raise QuestionError(f"{name} is in {first.unit} and in {r.unit(name)}: these are not the same output")
        values.append(r[name] * other.worth / worth.worth if r.unit(name) != first.unit else r[name])
    levels = [r.output(name).confidence for r in results]
    from symppa.descriptions.bind import weakest

    sources = tuple(dict.fromkeys(s for r in results for s in r.output(name).sources))
    return Output(np.array(values), ("description",), first.unit, first.meaning, sources, weakest(levels))


def _differences(names: Sequence[str], results: Sequence[Result]) -> dict[str, dict[str, str]]:
    """Inputs that are not the same in every description, as written."""
    every = dict.fromkeys(n for r in results for n in r.inputs)
    texts = {n: [r.inputs[n].text if n in r.inputs else "" for r in results] for n in every}
    return {n: dict(zip(names, row, strict=True)) for n, row in texts.items() if len(set(row)) > 1}


def _recommended(
    names: Sequence[str], made: Mapping[str, Output], met: Mapping[str, list[bool]], goals: Mapping[str, str]
) -> str | None:
    """The best by the first target's output among those that meet every other target."""
    if not goals:
        return None
    foremost, *others = goals
    fit = [k for k in range(len(names)) if all(met[n][k] for n in others)]
    values = made[foremost].values
    limit = bound(foremost, goals[foremost], made[foremost].unit)
    worth = units.measure(made[foremost].unit).worth
    distance = {"<=": values, "<": values, "==": np.abs(values * worth - limit.bound)}.get(limit.relation, -values)
    return names[min(fit, key=lambda k: distance[k])] if fit else None
