"""That there is no design of some kind: by trying all, by the dual of a convex reading, or by another search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

from symppa import units
from symppa.engine.reducers import Limit
from symppa.engine.search import Real
from symppa.studies.design.answer import Progress
from symppa.studies.design.crosscheck import ask, readable
from symppa.studies.design.explain.loose import searched
from symppa.studies.design.fronts.front import Until
from symppa.studies.design.problem import Question, axis_of
from symppa.studies.sweep import sweep

TRIED = 10_000_000  # designs of one choice of classes that are all tried
SWEPT, SEARCHED = "trying every design", "interval branch and bound"
DUAL = 10.0  # s for the dual of a convex reading, at most


class Proof(NamedTuple):
    """Whether there is a design after all, whether it is proved that there is none, and how that was found."""

    found: bool
    proved: bool
    routes: tuple[str, ...]
    nodes: int = 0
    interrupted: bool = False


class Nothing:
    """Proofs for all choices of classes, in what is left of the time."""

    def __init__(self, every: Sequence[Question], until: float, progress: Progress | None = None) -> None:
        self.every, self.until, self.progress = every, until, progress

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(self.until - perf_counter(), 0.0)

    def better(self, bound: Limit | None, only: Question | None = None) -> Proof:
        """That no design is within the limits and keeps one more."""
        asked = [one for one in self.every if only is None or one is only]
        proofs = []
        for k, one in enumerate(asked):
            proofs.append(self._one(one, bound, self.left / (len(asked) - k)))
            if proofs[-1].found or proofs[-1].interrupted:
                break
        return Proof(
            any(one.found for one in proofs),
            len(proofs) == len(asked) and all(one.proved for one in proofs),
            tuple(dict.fromkeys(route for one in proofs for route in one.routes)),
            sum(one.nodes for one in proofs),
            any(one.interrupted for one in proofs),
        )

    def _one(self, question: Question, bound: Limit | None, left: float) -> Proof:
        count = question.designs
        if count is not None and question.free and count <= TRIED:
            tried = _swept(question, bound, left)
            if tried is not None:
                return tried
        if bound is not None:
            dual = _by_dual(question, bound, left)
            if dual is not None:
                return dual
        problem = question.problem()
        limits = (*problem.limits, *([bound] if bound is not None else []))
        found = searched(replace(problem, objective=None, limits=limits), left, 0.0, self.progress)
        proved = found.status == "infeasible"
        return Proof(found.point is not None, proved, (SEARCHED,), found.nodes, found.interrupted)


def _swept(question: Question, bound: Limit | None, left: float) -> Proof | None:
    """By the ordinary reading of every design, where time is enough for that."""
    asked = question.asking
    where, until = list(asked.limits), Until(perf_counter() + left / 2)
    if bound is not None:
        unit = question.program.output(bound.output).unit
        size = float(bound.bound / units.measure(unit).worth)
        where.append(f"{bound.output} {bound.relation} {size!r}{'' if unit == '1' else f' {unit}'}")
    found = sweep(
        asked.system, asked.values, axes={name: axis_of(question, name) for name in question.free},
        outputs=list(question.program.outputs), keep="count", where=where, parts={**asked.parts, **question.slots},
        progress=until,
    )  # fmt: skip
    fits = found.counts["feasible"] > 0
    if not fits and not found.facts.get("complete", True):
        return None if until.over else Proof(False, False, (SWEPT,), interrupted=True)
    return Proof(fits, not fits, (SWEPT,))


def _by_dual(question: Question, bound: Limit, left: float) -> Proof | None:
    """By the dual of a continuous convex reading, which holds whatever its solver did; None where it says less."""
    problem = question.problem()
    if problem.objective is None or not all(isinstance(one, Real) for one in problem.free.values()):
        return None
    reading = readable(problem)
    if reading is None:
        return None
    told = ask(problem, reading, min(left, DUAL)).outcome
    sign = 1.0 if problem.objective[1] == "min" else -1.0
    if told.bound is None or not sign * told.bound >= sign * bound.bound:
        return None
    return Proof(False, True, (f"the dual of the {reading} reading ({told.method})",))
