"""The designs that no other beats in every objective: all of a lattice, or points of a front of reals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

from symppa.engine.search.problem import judged
from symppa.errors import QuestionError, UnsupportedError
from symppa.studies.design.fronts.places import Front, Place, unbeaten
from symppa.studies.design.fronts.steps import Lattice, Reals
from symppa.studies.design.problem import Question, axis_of, place_of
from symppa.studies.pareto import pareto

FEW = 1_000_000  # designs that are all tried where two objectives could be searched
MANY = 100_000_000  # designs that are all tried where there are more objectives
MOST = 4  # objectives


def fronts(
    every: Sequence[Question],
    time_limit: float,
    few: int | None = None,
    steps: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Front:
    """The front of a question with several objectives. At most `few` designs are all tried; the rest is searched.

    `steps` along each objective but the first is for ranges of reals alone: 17 for two objectives, 6 for three, 4
    for four where none is told. `progress` is told the boxes of all searches so far.
    """
    number, total = len(every[0].objectives), count(every)
    refuse(every, steps)
    if total is None:
        return Reals(every, time_limit, progress).run(steps)
    most = few if few is not None else FEW if number == 2 else MANY
    return listed(every, time_limit) if total <= most else Lattice(every, time_limit, progress).run()


def refuse(every: Sequence[Question], steps: int | None) -> None:
    """Fronts of more objectives than can be asked, and steps where there are none."""
    number = len(every[0].objectives)
    if number > MOST:
        raise UnsupportedError(f"a front has 2 to {MOST} objectives, not {number}: limit some instead")
    if steps is None:
        return
    if number < 2:
        raise QuestionError(f"{steps} steps are along the objectives of a front, and there is {number} objective")
    if count(every) is not None:
        raise QuestionError(f"{steps} steps are along a front of reals; among finitely many designs it is whole")
    if steps < 3:
        raise QuestionError(
            f"a front of reals has 3 steps or more along an objective, its ends among them, not {steps}"
        )


def count(every: Sequence[Question]) -> int | None:
    """How many designs there are; None where a range of reals is free."""
    counts = [one.designs for one in every]
    return None if None in counts else sum(n for n in counts if n is not None)


class Until:
    """Called as designs are tried: stops where time is over."""

    def __init__(self, until: float) -> None:
        self.until, self.over = until, False

    def __call__(self, done: int, blocks: int) -> None:
        if done < blocks and perf_counter() > self.until:
            self.over = True
            raise KeyboardInterrupt


def listed(every: Sequence[Question], time_limit: float) -> Front:
    """The front by trying everything."""
    start = perf_counter()
    until = Until(start + time_limit)
    tried = [_tried(one, until) for one in every]
    places = [Place(k, point) for k, (points, _) in enumerate(tried) for point in points]
    whole = all(complete for _, complete in tried)
    seconds = perf_counter() - start
    stopped = not whole and not until.over
    return Front(unbeaten(every, places, 0.0), whole, whole, "every design", 0, seconds, stopped, until.over)


def _tried(question: Question, until: Until) -> tuple[list[dict[str, float]], bool]:
    """The front of one choice of classes, of designs with equal objectives the first; whether all were tried."""
    asked, domains = question.asking, {n: one.domain for n, one in question.free.items()}
    if not domains:
        return ([{}] if judged(question.problem(), {}).feasible else []), True
    found = pareto(
        asked.system,
        asked.values,
        objectives=question.objectives,
        axes={name: axis_of(question, name) for name in domains},
        where=list(asked.limits),
        parts={**asked.parts, **question.slots},
        progress=until,
    )
    complete = bool(found.facts.get("complete", True))
    if not found.outputs:
        return [], complete
    columns = {name: found[name] for name in domains}
    values = np.stack([found[name] for name in question.objectives], 1)
    first = np.unique(values, axis=0, return_index=True)[1]
    return [{name: place_of(question, name, column[k]) for name, column in columns.items()} for k in first], complete
