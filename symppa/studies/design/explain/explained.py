"""What a report says where nothing fits: what excludes each other, how far each would have to move, what is nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from symppa import units
from symppa.engine.reducers import Limit
from symppa.engine.search import exact
from symppa.engine.search.problem import margin as margin_of
from symppa.studies.design.explain.binding import ends
from symppa.studies.design.explain.conflict import Conflict, Repair, filtered, met
from symppa.studies.design.explain.loose import Found, Loose, Member
from symppa.studies.design.explain.widen import beyond
from symppa.studies.design.problem import Question, subject_at, values_at
from symppa.studies.design.robust.held import Held
from symppa.studies.evaluate import evaluate


def explained(every: Sequence[Question], time_limit: float) -> dict[str, Any]:
    """Facts of a question without an answer: `conflict`, `repairs` of every limit, and the `nearest` design."""
    return _facts(every, filtered(Loose([one.problem() for one in every], time_limit)), None)


def explained_held(every: Sequence[Question], time_limit: float) -> dict[str, Any]:
    """The same where limits have to hold for all that is uncertain, which may be what stands in the way."""
    held = Held(every, time_limit)
    found = filtered(held)
    facts = _facts(every, replace(found, nearest=None), held)
    worst = [] if found.nearest is None else held.worst(found.nearest)
    if found.nearest is not None and all(value is not None for value in worst):
        facts["nearest"] = nearest(every, found.nearest, [value for value in worst if value is not None])
    return facts


def _facts(every: Sequence[Question], found: Conflict, held: Held | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "conflict": {
            "members": [_member(every, found, member, held) for member in found.members],
            "minimal": found.minimal,
            "standing": standing(every),
            "held": held is not None,
            "searches": found.searches,
            "seconds": found.seconds,
            "interrupted": found.stopped,
            "over": found.over,
        },
        "repairs": [_repair(every, member, repair) for member, repair in found.limits.items()],
    }
    if found.nearest is not None:
        facts["nearest"] = nearest(every, found.nearest)
    return facts


def _member(every: Sequence[Question], found: Conflict, member: Member, held: Held | None) -> dict[str, Any]:
    """A limit or an end in the conflict, or that a given varies; what it is and what it alone would have to be."""
    if held is not None and member.kind == "uncertain":
        return of_uncertain(every, found.ends.get(member), member, held)
    repair = found.limits[member] if member.kind == "limit" else found.ends.get(member)
    texts = every[0].asking.limits
    shared = of_limit(every, member) if member.kind == "limit" else of_end(every, member)
    unit = units.measure(shared["unit"]).worth
    reached = repair.reached if repair else None
    return {
        "kind": member.kind,
        **shared,
        "reached": None if reached is None else reached / unit,
        "breaks": [texts[k] for k in repair.breaks] if repair else [],
        "proved": bool(repair and repair.proved),
    }


def of_limit(every: Sequence[Question], member: Member) -> dict[str, Any]:
    """The limit as it is asked for."""
    limit, unit = every[0].limits[member.place], every[0].program.output(member.name).unit
    text = every[0].asking.limits[member.place]
    return {"text": text, "asked": limit.bound / units.measure(unit).worth, "unit": unit, "tried": None}


def of_end(every: Sequence[Question], member: Member) -> dict[str, Any]:
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


def of_uncertain(every: Sequence[Question], repair: Repair | None, member: Member, held: Held) -> dict[str, Any]:
    """Between what ends a given varies, between what ends it might, and its value, which was tried alone."""
    unit = next(one.program.givens[member.name].unit for one in every if member.name in one.program.givens)
    worth, span = units.measure(unit).worth, held.spans[member.name]
    reached = None if repair is None or repair.reached is None else span.drawn_in(repair.reached).domain
    return {
        "kind": member.kind,
        "text": f"{member.name} varies",
        "asked": [span.domain.low / worth, span.domain.high / worth],
        "unit": unit,
        "tried": span.value / worth,
        "reached": None if reached is None else [reached.low / worth, reached.high / worth],
        "breaks": [every[0].asking.limits[k] for k in repair.breaks] if repair else [],
        "proved": bool(repair and repair.proved),
    }


def standing(every: Sequence[Question]) -> list[str]:
    """Free givens whose candidates cannot be more than they are."""
    chosen = {name: one for one in reversed(every) for name in one.free}
    return [n for n, one in chosen.items() if not any(_longer(one, n, upper) for upper in (True, False))]


def _longer(question: Question, name: str, upper: bool) -> bool:
    given = question.program.givens[name]
    return beyond(question.free[name].domain, given, "upper" if upper else "lower") is not None


def _repair(every: Sequence[Question], member: Member, repair: Repair) -> dict[str, Any]:
    """The bound that would let a design through, all else held; None where no bound would."""
    shared = of_limit(every, member)
    alone = repair.reached is not None and not repair.breaks
    return {
        "limit": shared["text"],
        "bound": shared["asked"],
        "reached": (repair.reached or 0.0) / units.measure(shared["unit"]).worth if alone else None,
        "unit": shared["unit"],
        "proved": repair.proved,
    }


def nearest(every: Sequence[Question], found: Found, worst: Sequence[float] | None = None) -> dict[str, Any]:
    """The design that breaks one limit the least, or has the least largest miss, with every limit as it is there.

    Limited outputs are told as they are at `worst` where something is uncertain.
    """
    question, point = every[found.choice], dict(found.point or {})
    problem = question.problem()
    point = {name: point[name] for name in problem.free}
    shown = evaluate(subject_at(question, point), outputs=list(problem.outputs))
    margins, limits = exact(problem, point)[1], problem.limits
    values = [float(shown[one.output]) for one in limits]
    if worst is not None:
        margins = tuple(margin_of(one, value) for one, value in zip(limits, worst, strict=True))
        values = [v / units.measure(shown.unit(one.output)).worth for one, v in zip(limits, worst, strict=True)]
    at = {name: end for name, end in ends(problem, point).items() if question.free[name].labels is None}
    chosen = values_at(question, point)
    return {
        "design": {n: {"value": v, "unit": question.program.givens[n].unit} for n, v in chosen.items()},
        "at_end": at,
        "slots": dict(question.slots),
        "limits": [
            _limit(text, limit, margin, value, shown.unit(limit.output))
            for text, limit, margin, value in zip(question.asking.limits, limits, margins, values, strict=True)
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
