"""What a report says where nothing fits: what excludes each other, how far each would have to move, what is nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symppa import units
from symppa.engine.reducers import Limit
from symppa.engine.search import exact
from symppa.studies.design.binding import ends
from symppa.studies.design.conflict import Conflict, Repair, conflict, met
from symppa.studies.design.loose import Found, Member
from symppa.studies.design.problem import Question, subject_at, values_at
from symppa.studies.design.widen import beyond
from symppa.studies.evaluate import evaluate


def explained(every: Sequence[Question], time_limit: float) -> dict[str, Any]:
    """Facts of a question without an answer: `conflict`, `repairs` of every limit, and the `nearest` design."""
    found = conflict([one.problem() for one in every], time_limit)
    facts: dict[str, Any] = {
        "conflict": {
            "members": [_member(every, found, member) for member in found.members],
            "minimal": found.minimal,
            "standing": _standing(every),
            "searches": found.searches,
            "seconds": found.seconds,
            "interrupted": found.stopped,
        },
        "repairs": [_repair(every, member, repair) for member, repair in found.limits.items()],
    }
    if found.nearest is not None:
        facts["nearest"] = nearest(every, found.nearest)
    return facts


def _member(every: Sequence[Question], found: Conflict, member: Member) -> dict[str, Any]:
    """A limit or an end in the conflict, what it is and what it alone would have to be."""
    repair = found.limits[member] if member.kind == "limit" else found.ends.get(member)
    texts = every[0].asking.limits
    shared = _of_limit(every, member) if member.kind == "limit" else _of_end(every, member)
    unit = units.measure(shared["unit"]).worth
    reached = repair.reached if repair else None
    return {
        "kind": member.kind,
        **shared,
        "reached": None if reached is None else reached / unit,
        "breaks": [texts[k] for k in repair.breaks] if repair else [],
        "proved": bool(repair and repair.proved),
    }


def _of_limit(every: Sequence[Question], member: Member) -> dict[str, Any]:
    limit, unit = every[0].limits[member.place], every[0].program.output(member.name).unit
    text = every[0].asking.limits[member.place]
    return {"text": text, "asked": limit.bound / units.measure(unit).worth, "unit": unit, "tried": None}


def _of_end(every: Sequence[Question], member: Member) -> dict[str, Any]:
    """The end that is asked for, and the farthest that was tried."""
    question = next(one for one in every if member.name in one.free)
    given, domain = question.program.givens[member.name], question.free[member.name].domain
    worth = units.measure(given.unit).worth
    upper = member.kind == "upper"
    more = beyond(domain, given, "upper" if upper else "lower")
    return {
        "text": f"{member.name}, {member.kind} end",
        "asked": (domain.high if upper else domain.low) / worth,
        "unit": given.unit,
        "tried": None if more is None else (more.high if upper else more.low) / worth,
    }


def _standing(every: Sequence[Question]) -> list[str]:
    """Free givens whose candidates cannot be more than they are."""
    chosen = {name: one for one in reversed(every) for name in one.free}
    return [n for n, one in chosen.items() if not any(_longer(one, n, upper) for upper in (True, False))]


def _longer(question: Question, name: str, upper: bool) -> bool:
    given = question.program.givens[name]
    return beyond(question.free[name].domain, given, "upper" if upper else "lower") is not None


def _repair(every: Sequence[Question], member: Member, repair: Repair) -> dict[str, Any]:
    """The bound that would let a design through, all else held; None where no bound would."""
    shared = _of_limit(every, member)
    alone = repair.reached is not None and not repair.breaks
    return {
        "limit": shared["text"],
        "bound": shared["asked"],
        "reached": (repair.reached or 0.0) / units.measure(shared["unit"]).worth if alone else None,
        "unit": shared["unit"],
        "proved": repair.proved,
    }


def nearest(every: Sequence[Question], found: Found) -> dict[str, Any]:
    """The design that misses limits the least, with every limit as it is there."""
    question, point = every[found.choice], dict(found.point or {})
    problem = question.problem()
    point = {name: point[name] for name in problem.free}
    shown = evaluate(subject_at(question, point), outputs=list(problem.outputs))
    margins = exact(problem, point)[1]
    at = {name: end for name, end in ends(problem, point).items() if question.free[name].labels is None}
    values = values_at(question, point)
    return {
        "design": {n: {"value": v, "unit": question.program.givens[n].unit} for n, v in values.items()},
        "at_end": at,
        "slots": dict(question.slots),
        "limits": [
            _limit(text, limit, margin, float(shown[limit.output]), shown.unit(limit.output))
            for text, limit, margin in zip(question.asking.limits, problem.limits, margins, strict=True)
        ],
        "proved": found.proved,
    }


def _limit(text: str, limit: Limit, margin: float, value: float, unit: str) -> Mapping[str, Any]:
    worth = units.measure(unit).worth
    return {
        "limit": text,
        "output": limit.output,
        "relation": limit.relation,
        "bound": limit.bound / worth,
        "value": value,
        "margin": margin / worth,
        "unit": unit,
        "met": met(limit, margin),
    }
