"""Whether a recorded front holds: its designs on the model, and searches for others in what it leaves open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from symppa import units
from symppa.engine.border import Array
from symppa.engine.reducers import Limit
from symppa.engine.reducers.front import front
from symppa.studies.design.explain.loose import Loose
from symppa.studies.design.fronts.front import MANY, count, listed
from symppa.studies.design.fronts.places import ALIKE, TIE, Front, Place, goals
from symppa.studies.design.fronts.regions import Bounds, gaps
from symppa.studies.design.fronts.told import front_result, values_along
from symppa.studies.design.problem import Question
from symppa.studies.design.verification.compared import differences
from symppa.studies.design.verification.recorded import NEAR, Data, along, chosen, differs, in_base, outside, point_of

GAPS = 500  # regions that are searched; a front that leaves more is made again where its designs can all be tried
ENDS = 5e-6  # of a value, or of how far a front of reals extends, by which another design would have to be better


class Checked(NamedTuple):
    """Why a record does not hold, whether all is proved, and how that was found; `gap` as reports tell it."""

    reasons: list[str]
    proved: bool
    method: str
    searches: int = 0
    interrupted: bool = False
    gap: float | None = None
    nodes: int = 0
    open: tuple[str, ...] = ()


def front_checked(data: Data, every: Sequence[Question], time_limit: float) -> Checked:
    """What of a recorded front is so."""
    said = data["facts"]["certificate"]
    whole, proved = bool(said.get("whole")), bool(said.get("proved"))
    if (data["facts"].get("status") == "optimal") != whole or (whole and not proved):
        return Checked(
            [f"it says {data['facts'].get('status')}, of a front that is {'' if whole else 'not '}whole"], False, ""
        )
    reasons = list(_as_asked(data, every))
    places, outside_of = _places(data, every) if not reasons else ([], [])
    reasons = reasons or outside_of or list(_otherwise(data, every, places))
    values = np.array([goals(every[one.choice], one) for one in places]) if not reasons else np.empty((0, 1))
    if not reasons and len(front(values)) < len(values):
        beaten = sorted(set(range(len(values))) - set(front(values).tolist()))
        reasons = [f"design {k} is beaten by another of the front" for k in beaten]
    if reasons or not proved:
        return Checked(reasons, not reasons, "evaluation of the designs")
    regions = list(gaps([tuple(row) for row in values.tolist()])) if whole and len(values) <= GAPS else []
    if whole and not 0 < len(regions) <= GAPS and (count(every) or np.inf) <= MANY:
        return _again(every, values, time_limit)
    asked = (
        _gaps(every[0], regions or gaps([tuple(row) for row in values.tolist()]))
        if whole
        else _beyond(every[0], values)
    )
    return _searched(every, asked, time_limit, ALIKE if whole else 2 * TIE)


def _as_asked(data: Data, every: Sequence[Question]) -> Iterator[str]:
    """Objectives, outputs and their units, and how near the designs are to the best."""
    facts, first = data["facts"], every[0]
    yield from differences(facts["objectives"], dict(first.objectives), "facts.objectives")
    gap = TIE if count(every) is None else 0.0
    yield from differences(facts["certificate"]["gap"], gap, "facts.certificate.gap")
    wanted = dict.fromkeys(first.slots, "1")
    wanted |= {name: one.program.givens[name].unit for one in reversed(every) for name in one.free}
    wanted |= {name: first.program.output(name).unit for name in first.program.outputs}
    yield from differences({name: one["unit"] for name, one in data["outputs"].items()}, wanted, "units of the outputs")


def _places(data: Data, every: Sequence[Question]) -> tuple[list[Place], list[str]]:
    """The recorded designs, and what of them is not among what is free."""
    places, reasons = [], []
    for k, outputs in enumerate(along(data)):
        slots = {path: outputs[path]["values"] for path in every[0].slots if path in outputs}
        choice = chosen(every, slots)
        point = point_of(every[choice], outputs)
        reasons += [f"design {k}: {reason}" for reason in outside(every[choice], point, outputs)]
        places.append(Place(choice, point))
    return places, reasons


def _otherwise(data: Data, every: Sequence[Question], places: Sequence[Place]) -> Iterator[str]:
    """What of recorded designs is not so on the model."""
    anew = json.loads(front_result(every[0].asking, every, Front(tuple(places), True, True, "", 0, 0.0)).to_json())
    yield from differences(data["outputs"], anew["outputs"], "outputs")
    free = {name for one in every for name in one.free}  # inputs that a front tells of its first design alone
    told = data.get("inputs")
    kept = {n: v for n, v in told.items() if n not in free} if isinstance(told, dict) else told
    yield from differences(kept, {n: v for n, v in anew["inputs"].items() if n not in free}, "inputs")
    found = values_along(every, places)
    rows = list(along(data))
    for name, column in found.items():
        worth = units.measure(every[0].program.output(name).unit).worth
        for k, value in enumerate(column):
            recorded = rows[k].get(name)
            if recorded is None or differs(in_base(recorded), float(value) * worth, NEAR):
                yield f"design {k}: {name} is not what is recorded"
        for limit in every[0].limits:
            if limit.output == name:
                broken = np.flatnonzero(~(limit.holds(column * worth) & np.isfinite(column)))
                yield from (f"design {k} breaks a limit on {name}" for k in broken)


def _again(every: Sequence[Question], values: Array, time_limit: float) -> Checked:
    """The front made again by trying every design."""
    made = listed(every, time_limit)
    other = np.array([goals(every[one.choice], one) for one in made.places])
    same = len(other) == len(values) and bool(np.allclose(_sorted(other), _sorted(values), rtol=NEAR, atol=0))
    reasons = [] if same or not made.whole else ["trying every design makes another front"]
    return Checked(reasons, made.whole and same, made.method, interrupted=made.stopped)


def _sorted(values: Array) -> Array:
    return np.asarray(values[np.lexsort(values.T[::-1])])


def _limit(question: Question, k: int, bound: float, *, strict: bool) -> Limit:
    name, sense = list(question.objectives.items())[k]
    relation = ("<" if strict else "<=") if sense == "min" else (">" if strict else ">=")
    return Limit(name, relation, bound if sense == "min" else -bound)


def _gaps(question: Question, regions: Iterator[Bounds] | Sequence[Bounds]) -> Iterator[list[Limit]]:
    """Regions in which no recorded design is as good in anything: any design there belongs to the front."""
    for region in regions:
        ends = [(k, bound - ALIKE * abs(bound)) for k, bound in enumerate(region) if np.isfinite(bound)]
        yield [_limit(question, k, bound, strict=True) for k, bound in ends]


def _beyond(question: Question, values: Array) -> Iterator[list[Limit]]:
    """Beyond each end of the front, and better than each of its designs in one objective, no worse in the others."""
    wide = np.maximum(np.abs(values), values.max(0) - values.min(0))
    better = values - 2 * TIE * wide
    for k in range(values.shape[1]):
        yield [_limit(question, k, float((values[:, k] - ENDS * wide[:, k]).min()), strict=True)]
    for row, best in zip(values.tolist(), better.tolist(), strict=True):
        for k in range(len(row)):
            others = [_limit(question, n, bound, strict=False) for n, bound in enumerate(row) if n != k]
            yield [_limit(question, k, best[k], strict=True), *others]


def _searched(every: Sequence[Question], asked: Iterator[list[Limit]], time_limit: float, gap: float) -> Checked:
    """Whether no design meets any of these limits beside those of the target."""
    loose = Loose([one.problem() for one in every], time_limit, share=1.0)
    proved = True
    for also in asked:
        problems = [loose.with_limits(one, [*also, *every[0].defined]) for one in loose.problems]
        found = loose.of(problems, "min")
        if found.verdict == "found":
            reason = "there is a design that none of the front is as good as"
            return Checked([reason], False, "a search for each gap of the front", loose.searches, loose.stopped)
        proved &= found.verdict == "none"
        if loose.stopped or loose.over:
            proved = False
            break
    return Checked([], proved, "a search for each gap of the front", loose.searches, loose.stopped, gap)
