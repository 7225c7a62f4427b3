"""Branch and bound on geometric relaxations: whole numbers and roundings are settled by splitting the box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from math import prod
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from symppa.engine.border import Array
from symppa.engine.convex import at_member
from symppa.engine.geometric import RELAXING, Geometric, geometric
from symppa.engine.search.domains import Choices
from symppa.engine.search.problem import Outcome, Problem
from symppa.studies.design.convex.cones import INSIDE, Cones

MOST, NEAR = 1_500, 32  # designs listed at once, and rounded to from one point
GAP, REAL_GAP = 1e-9, 1e-6  # relative: what rounding leaves open, and where some givens are real
LARGEST = 1e300  # of a rounding
AT_ONCE = 8  # boxes split together: intervals and designs are read in one go
TINY, SMALLEST = 1e-9, 1e-11
METHOD = "branch and bound on geometric relaxations"
Progress = Callable[[float, float, int], None]


class Box(NamedTuple):
    """Part of the lattice: least and greatest value of every free given, and where its relaxation is best."""

    bound: float
    number: int
    low: Array
    high: Array
    point: Array
    reach: Array


class Branching:
    """One search; logarithms of the objective throughout, the least is the best."""

    def __init__(self, problem: Problem, gap: float | None = None) -> None:
        self.problem = problem
        self.relaxed: Geometric = geometric(problem, RELAXING)
        self.designs = self.relaxed.asked.designs
        self.names = self.designs.free
        self.tables = [d.table if isinstance(d, Choices) else None for d in self.relaxed.asked.free.values()]
        self.finite = np.array([t is not None for t in self.tables])
        self.cones = Cones(self.relaxed, 0.0 if self.finite.all() else INSIDE)
        default = GAP if self.finite.all() else REAL_GAP
        self.gap = default if gap is None else max(gap, GAP)
        self.rounded = [c for c in self.relaxed.columns if c.kind == "rounded"]
        boxed = [c.kind == "rounded" for c in self.relaxed.columns if c.kind != "auxiliary"]
        self.order = np.argsort(boxed, kind="stable")
        self.back = np.argsort(self.order)
        self.best, self.value, self.point = np.inf, np.nan, None  # type: float, float, Array | None
        self.heap: list[Box] = []
        self.nodes, self.closed, self.stuck = 0, np.inf, np.inf
        self.pending = self.relaxed.least()  # the least bound of boxes that are neither on the heap nor closed

    # one box

    def reach(self, lows: Array, highs: Array) -> tuple[Array, Array, Array]:
        """Logarithms of the roundings of some boxes, by intervals, and the boxes that may hold a design."""
        names, steps = self.names, self.designs.steps
        ends = {name: (lows[:, k], highs[:, k]) for k, name in enumerate(names)}
        found = self.designs.intervals.read(ends, keep={*(c.step for c in self.rounded), *steps.values()}).values
        alive = np.ones(len(lows), bool)
        for limit in self.problem.limits:
            value = found[steps[limit.output]]
            low, high = (np.broadcast_to(np.ravel(end), len(lows)) for end in value[:2])
            alive &= [limit.settled(a, b) is not False for a, b in zip(low, high, strict=True)]
        low, high = np.empty((2, len(lows), len(self.rounded)))
        for k, column in enumerate(self.rounded):
            low[:, k], high[:, k] = (at_member(end, column.place) for end in found[column.step][:2])
        alive &= ~np.isnan(low).any(axis=1)  # a rounding that is nowhere defined: no design
        return np.log(low), np.log(np.minimum(high, LARGEST)), alive

    def enter(self, lows: Array, highs: Array, before: Sequence[float]) -> None:
        """Bound boxes, look for designs in them, and keep those that may hold a better one."""
        low, high, alive = self.reach(lows, highs)
        points = []
        for k in np.flatnonzero(alive).tolist():
            self.nodes += 1
            box = self._relaxed(lows[k], highs[k], low[k], high[k], before[k])
            if box is None:
                continue
            if self._count(box) <= MOST:
                points.append(self._every(box))
            else:
                points.append(self._near(box))
                heappush(self.heap, box)
        if points:
            self.try_out(np.concatenate(points))

    def _relaxed(self, low: Array, high: Array, least: Array, most: Array, before: float) -> Box | None:
        below = np.concatenate([np.log(low), least])[self.back]
        above = np.concatenate([np.log(high), most])[self.back]
        solved = self.cones.solve(below, above)
        bound = self.cones.bound(solved, below, above)
        if solved.infeasible and bound.value > 0.0:
            return None
        count = len(self.names)
        point, slopes = solved.point[self.order], bound.slopes[self.order]
        value = before if solved.infeasible or not bound.value > before else bound.value
        if value >= self.limit():
            self.closed = min(self.closed, value)
            return None
        if not solved.infeasible and np.isfinite(self.best):
            low, high = self._narrowed(low, high, slopes[:count], self.best - bound.value)
        excess = point[count:] - np.log(np.maximum(np.ceil(np.exp(point[count:]) * (1.0 - TINY)), 1.0))
        place = np.clip(np.exp(point[:count]), low, high)
        return Box(value, self.nodes, low, high, place, excess)

    def _narrowed(self, low: Array, high: Array, slopes: Array, room: float) -> tuple[Array, Array]:
        """Ends beyond which the bound is worse than the best design."""
        room = max(room, 0.0) * (1.0 + TINY) + 1e-12
        with np.errstate(all="ignore"):
            up = np.where(slopes > TINY, low * np.exp(room / slopes), np.inf)
            down = np.where(slopes < -TINY, high * np.exp(room / slopes), 0.0)
        high, low = np.minimum(high, up * (1.0 + 1e-12)), np.maximum(low, down * (1.0 - 1e-12))
        for k, table in enumerate(self.tables):
            if table is not None:
                high[k] = table[max(np.searchsorted(table, high[k], "right") - 1, 0)]
                low[k] = table[min(np.searchsorted(table, low[k], "left"), len(table) - 1)]
        return np.minimum(low, high), high

    def _span(self, k: int, box: Box) -> Array:
        """The candidates of a given that are left in a box."""
        table = self.tables[k]
        if table is None:
            return np.array([box.point[k]])
        return table[np.searchsorted(table, box.low[k], "left") : np.searchsorted(table, box.high[k], "right")]

    def _count(self, box: Box) -> float:
        if not self.finite.all():
            return np.inf
        return prod(len(self._span(k, box)) for k in range(len(self.names)))  # beyond 2**63 at times

    def _every(self, box: Box) -> Array:
        return _product([self._span(k, box) for k in range(len(self.names))])

    def _near(self, box: Box) -> Array:
        """Designs around the best point of a relaxation."""
        if not self.finite.all():
            box = self._dived(box)
        return around([self._span(k, box) for k in range(len(self.names))], box.point)

    def _dived(self, box: Box) -> Box:
        """With its finite givens rounded, the best of the others."""
        fixed = [self._span(k, box) for k in range(len(self.names))]
        rounded = np.array([s[np.argmin(np.abs(s - box.point[k]))] for k, s in enumerate(fixed)])
        low, high = np.where(self.finite, rounded, box.low), np.where(self.finite, rounded, box.high)
        least, most, alive = self.reach(low[None], high[None])
        if not alive[0]:
            return box
        below = np.concatenate([np.log(low), least[0]])[self.back]
        above = np.concatenate([np.log(high), most[0]])[self.back]
        point = np.exp(self.cones.solve(below, above).point[self.order][: len(self.names)])
        return box._replace(point=np.clip(point, low, high))

    def try_out(self, points: Array) -> None:
        """Evaluate designs exactly and keep the best within all limits."""
        value, feasible = self.designs.at(points)
        if not feasible.any():
            return
        found = np.where(feasible, np.log(np.maximum(value, 1e-300)) * self.relaxed.sense, np.inf)
        first = int(np.argmin(found))
        if found[first] < self.best:
            self.best, self.value, self.point = float(found[first]), float(value[first]), points[first]

    # the whole search

    def limit(self) -> float:
        """From which bound on a box holds nothing better than the gap asked for."""
        return self.best - self.gap * (1.0 - 1e-3)

    def split(self, box: Box) -> tuple[Array, Array]:
        """Two boxes: cut where the relaxation is farthest from a candidate, or at the widest given."""
        width = np.log(box.high / box.low)
        score = 1e-3 * width
        for k in np.flatnonzero(self.finite & (box.high > box.low)).tolist():
            span = self._span(k, box)
            place = int(np.clip(np.searchsorted(span, box.point[k]), 1, len(span) - 1))
            a, b = span[place - 1], span[place]
            away = max(min(box.point[k] - a, b - box.point[k]), 0.0) / (b - a)
            if away > 1e-4:
                score[k] += np.log(b / a) * away
        inner = self.finite & (box.high > box.low)
        score[~self.finite] *= 0.0 if inner.any() else 1.0
        widest = int(np.argmax(score))
        low, high = np.stack([box.low, box.low]), np.stack([box.high, box.high])
        high[0, widest], low[1, widest] = self._cut(widest, box, score[widest] > 2e-3 * width[widest])
        return low, high

    def _cut(self, k: int, box: Box, at_point: bool) -> tuple[float, float]:
        middle = float(np.sqrt(box.low[k] * box.high[k]))
        if self.tables[k] is None:
            return middle, middle
        span = self._span(k, box)
        place = np.searchsorted(span, box.point[k] if at_point else middle)
        place = int(np.clip(place, 1, len(span) - 1))
        return float(span[place - 1]), float(span[place])

    def advance(self) -> None:
        """Split the most promising boxes."""
        boxes: list[Box] = []
        self.pending = self.heap[0].bound
        while self.heap and len(boxes) < AT_ONCE and self.heap[0].bound < self.limit():
            box = heappop(self.heap)
            if np.all(box.high <= box.low * (1.0 + SMALLEST)):
                self.stuck = min(self.stuck, box.bound)
            else:
                boxes.append(box)
        if boxes:
            pairs = [self.split(box) for box in boxes]
            lows, highs = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
            self.enter(lows, highs, np.repeat([box.bound for box in boxes], 2).tolist())
        self.pending = np.inf

    def run(self, seconds: float, progress: Progress | None) -> Outcome:
        """Search until proved, out of time, or interrupted."""
        start, stopped, interrupted = perf_counter(), False, False
        ends = [(d.low, d.high) for d in self.relaxed.asked.free.values()]
        low, high = (np.array([[e[k] for e in ends]]) for k in (0, 1))
        try:
            self.enter(low, high, [self.relaxed.least()])
            self.pending = np.inf
            while self.heap and self.heap[0].bound < self.limit():
                if perf_counter() - start > seconds or (self.problem.objective is None and self.point is not None):
                    stopped = True
                    break
                bound = self.heap[0].bound
                self.advance()
                if progress is not None:
                    progress(self.shown(bound), self.shown(self.best), self.nodes)
        except KeyboardInterrupt:
            stopped = interrupted = True
        return self.outcome(perf_counter() - start, stopped, interrupted)

    def shown(self, logarithm: float) -> float:
        """An objective from its logarithm, in base units."""
        with np.errstate(over="ignore"):
            return float(np.exp(logarithm * self.relaxed.sense))

    def outcome(self, seconds: float, stopped: bool, interrupted: bool) -> Outcome:
        """What was found and proved."""
        open_bound = min([self.stuck, self.pending, *(box.bound for box in self.heap)])
        least = min(open_bound, self.closed, self.best)
        found = dict(zip(self.names, map(float, self.point), strict=True)) if self.point is not None else None
        free = {n: d.low for n, d in self.problem.free.items()}
        gap = float(max(self.best - least, 0.0)) if found else np.inf
        done = not stopped and open_bound >= self.limit()
        if found is None:
            status: Any = "infeasible" if done else "unknown"
        else:
            status = "optimal" if done and self.problem.objective is not None else "feasible"
        asked = self.problem.objective is not None
        return Outcome(
            status=status,
            point=None if found is None else free | found,
            value=self.value if found and asked else None,
            bound=(self.value if least == self.best else self.shown(least)) if np.isfinite(least) and asked else None,
            gap=gap if asked else 0.0,
            nodes=self.nodes,
            seconds=seconds,
            method=METHOD,
            boxes_left=sum(box.bound < self.limit() for box in self.heap),
            interrupted=interrupted,
        )


def around(spans: Sequence[Array], point: Array) -> Array:
    """Designs next to a point, one a row: of every given the nearest candidate, of some the second as well."""
    choices, rows = [], 1
    for span, at in zip(spans, point, strict=True):
        place = int(np.searchsorted(span, at))
        near = span[max(place - 1, 0) : place + 1]
        near = near[np.argsort(np.abs(near - at))]
        settled = len(near) < 2 or abs(near[0] - at) <= 1e-4 * abs(near[0]) or rows * 2 > NEAR
        choices.append(near[:1] if settled else near)
        rows *= len(choices[-1])
    return _product(choices)


def branch_geometric(
    problem: Problem, *, time_limit: float = 60.0, gap: float | None = None, progress: Progress | None = None
) -> Outcome:
    """The best design of a geometric problem with whole numbers, proved to a relative gap.

    Without `gap`: 1e-9 where all domains are finite, else 1e-6. Refuses by name what is not geometric.
    """
    return Branching(problem, gap).run(time_limit, progress)


def _product(values: Sequence[Array]) -> Array:
    """Every combination, one a row."""
    return np.stack([g.ravel() for g in np.meshgrid(*values, indexing="ij")], axis=1)
