"""Whether a recorded answer holds its limits for what is uncertain: the worst of it by search, or its draws again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from symppa import units
from symppa.engine.reducers import Limit
from symppa.engine.search.problem import exact, margin
from symppa.studies.design.explain.conflict import met
from symppa.studies.design.explain.loose import Found
from symppa.studies.design.explain.shadow import better
from symppa.studies.design.problem import Question
from symppa.studies.design.robust.robust import Always, Often, share_of
from symppa.studies.design.robust.told import EQUAL
from symppa.studies.design.verification.claims import otherwise, told_anew
from symppa.studies.design.verification.compared import differences
from symppa.studies.design.verification.fronts import Checked
from symppa.studies.design.verification.recorded import Data, chosen, differs, in_base, outside, point_of

NEAR = 1e-5  # relative, between worst values that two searches found
LATTICE, REALS = 2e-9, 5e-6  # relative, by which another design would have to be better


def held_checked(data: Data, every: Sequence[Question], time_limit: float) -> Checked:
    """What of such an answer is so."""
    facts, share, until = data["facts"], share_of(every[0].asking), perf_counter() + time_limit
    said = facts.get("robust") or {}
    uncertain = {name: str(one) for name, one in every[0].asking.uncertain.items()}
    if said.get("uncertain") != uncertain:
        return Checked(["what it says is uncertain is not what the target says"], False, "")
    loop = (Always if share == 1 else Often)(every, until, share)
    if not facts.get("design"):
        return _none(loop, facts["status"])
    choice = chosen(every, facts.get("slots", {}))
    question = every[choice]
    point = point_of(question, data["outputs"])
    reasons = outside(question, point, data["outputs"]) or list(_otherwise(loop, choice, point, data))
    if reasons:
        return Checked(reasons, False, "evaluation of the design")
    found = Found("found", True, choice, point)
    value = exact(loop.problems[choice], point)[0]
    odd = list(otherwise(data, told_anew(replace(question, limits=()), point, value)))
    made = _held(loop, found, data, until)
    return made._replace(reasons=[*made.reasons, *odd])


def _held(loop: Always | Often, found: Found, data: Data, until: float) -> Checked:
    """Whether the limits of a design hold, and none is better."""
    facts = data["facts"]
    if isinstance(loop, Often) and facts["status"] == "optimal":
        return Checked(["draws prove of no design that none is better"], False, "")
    if isinstance(loop, Often):
        return Checked(list(_drawn(loop, found, data)), True, "the same draws again")
    return _always(loop, found, data, until)


def _none(loop: Always | Often, status: str) -> Checked:
    """That nothing holds for all that is uncertain; of draws that is never proved."""
    if status != "infeasible":
        return Checked([], False, "nothing is recorded")
    if isinstance(loop, Often):
        return Checked(["draws prove of no target that nothing fits"], False, "")
    made = loop.run()
    reasons = ["there is a design within all limits"] if made.holds else []
    return Checked(reasons, made.found.verdict == "none", "interval branch and bound", 0, made.stopped)


def _otherwise(loop: Always | Often, choice: int, point: Mapping[str, float], data: Data) -> Iterator[str]:
    """What of the recorded design is not so on the model, where nothing varies; limits that something moves aside."""
    problem = loop.problems[choice]
    value, margins = exact(problem, point)
    moved = loop.moving(problem)
    for k, limit in enumerate(problem.limits):
        if k not in moved and not met(limit, margins[k]):
            yield f"the design breaks a limit on {limit.output}"
    if problem.objective is not None and value is not None:
        recorded = data["outputs"].get(problem.objective[0], {"values": None, "unit": "1"})
        if isinstance(recorded["values"], str) or differs(in_base(recorded), value):
            yield f"{problem.objective[0]} is not {recorded['values']} {recorded['unit']} for this design"


def _always(loop: Always, found: Found, data: Data, until: float) -> Checked:
    """The worst of what is uncertain by search, and a search for a better design whose limits always hold."""
    problem, said = loop.problems[found.choice], data["facts"]["robust"]
    if said.get("hold") != 1.0 or said.get("method") != "interval search":
        return Checked(["facts.robust says otherwise of how limits hold, which is always"], False, "")
    verdicts = [loop.judged(found, k) for k in loop.moving(problem)]
    reasons = [
        f"{_text(loop, k)} does not hold for all that is uncertain" for k, _, holds in verdicts if holds is False
    ]
    reasons = reasons or list(_rows(loop, found, data, list(loop.worst(found))))
    sure = not reasons and all(holds is True for _, _, holds in verdicts)
    method = "interval search over what is uncertain"
    if not sure or data["facts"]["status"] != "optimal":
        return Checked(reasons, sure, method, interrupted=loop.stopped)
    beyond, gap = _better(loop.every[found.choice], data)
    again = Always(loop.every, until, 1.0, beyond)
    made = again.run()
    reasons = ["there is a better design"] if made.holds else []
    method = f"{method}, and over the designs"
    return Checked(reasons, made.found.verdict == "none", method, 0, made.stopped or loop.stopped, gap)


def _better(question: Question, data: Data) -> tuple[tuple[Limit, ...], float]:
    """What a design would have to be to be better than the recorded bound, and how far that is from the design."""
    slack = LATTICE if question.is_finite else REALS
    said, objective = data["facts"]["certificate"], next(iter(question.objectives.items()), None)
    if objective is None or said["bound"] is None:
        return (), slack
    worth = units.measure(question.program.output(objective[0]).unit).worth
    return (better(*objective, said["bound"] * worth, slack),), max(slack, float(said["gap"] or 0.0))


def _drawn(loop: Often, found: Found, data: Data) -> Iterator[str]:
    """What the draws of the recorded seed say otherwise."""
    said = data["facts"]["robust"]
    seed = said.get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 1:
        yield f"it names no seed of draws that judged it, but {seed!r}"
        return
    how = loop.judged(found, seed)
    yield from (
        f"{name} is {how[name]}, not {said.get(name)}"
        for name in ("hold", "method", "draws", "fresh", "share", "at_least", "confidence")
        if not _same(how[name], said.get(name))
    )
    if how["share"] < loop.share:
        yield f"limits hold in {how['share']:.4g} of the draws, which is less than {loop.share:g}"
    yield from _rows(loop, found, data, loop.quantiles(found, seed))


def _same(found: Any, recorded: Any) -> bool:
    if isinstance(found, float):
        return isinstance(recorded, int | float) and not differs(float(recorded), found)
    return bool(found == recorded)


def _rows(loop: Always | Often, found: Found, data: Data, worst: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Limits whose recorded worst value, margin or text is another."""
    limits = loop.problems[found.choice].limits
    rows = data["facts"].get("limits") or []
    if len(rows) != len(limits):
        yield f"it tells of {len(rows)} limits, and the target has {len(limits)}"
        return
    for k, (row, limit, one) in enumerate(zip(rows, limits, worst, strict=True)):
        worth = units.measure(loop.every[found.choice].program.output(limit.output).unit).worth
        told = {name: row[name] for name in ("output", "relation", "bound", "unit")}
        unit = loop.every[found.choice].program.output(limit.output).unit
        same = {"output": limit.output, "relation": limit.relation, "bound": limit.bound / worth, "unit": unit}
        yield from differences(told, same, f"facts.limits[{k}]")
        shown = data["outputs"].get(limit.output, {}).get("values")
        if shown is not None and row.get("nominal") != shown:
            yield f"{_text(loop, k)}: where nothing varies it is {shown!r}, and not {row.get('nominal')!r}"
        if one["value"] is None:
            continue
        far = margin(limit, one["value"])
        size = max(abs(one["value"]), abs(limit.bound))
        if row["binds"] != (abs(far) <= EQUAL * abs(limit.bound)):
            yield f"{_text(loop, k)}: facts.limits[{k}].binds is {row['binds']!r}, with {far / worth:.6g} {unit} left"
        wrong = row.get("limit") != _text(loop, k) or differs(float(row["value"] or 0.0) * worth, one["value"], NEAR)
        if wrong or abs(float(row["margin"] or 0.0) * worth - far) > NEAR * size:
            yield f"{_text(loop, k)}: it is at worst {one['value'] / worth:.6g}, which is not what is recorded"


def _text(loop: Always | Often, k: int) -> str:
    return loop.every[0].asking.limits[k]
