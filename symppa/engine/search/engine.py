"""Branch and bound over batches of boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isinf
from time import perf_counter
from typing import NamedTuple

import numpy as np

from symppa.engine.border import Array
from symppa.engine.interval_facts import Interval
from symppa.engine.reducers.limits import TOLERANCE
from symppa.engine.search import words
from symppa.engine.search.branch import Branching
from symppa.engine.search.ground import Ground, count
from symppa.engine.search.incumbent import Incumbent
from symppa.engine.search.pool import ROOM, Boxes, Pool
from symppa.engine.search.problem import Outcome, Problem, Status, judged
from symppa.engine.search.race import Race, Reader
from symppa.engine.search.tangents import Rows

Progress = Callable[[float | None, float | None, int], None]
REAL_GAP = 1e-6  # relative, where there are ranges of reals and no other gap is asked for
ABSOLUTE = 1e-12  # among reals, of the spread of the objective over the whole box: a difference that counts as none
TINY = 1e-3  # of that spread: an objective for which a relative gap alone may ask too much
DEAR = 1e-300
NARROW = 0.5  # of a width: facts of a box that much smaller are worth learning


class Effort(NamedTuple):
    """How much is done at a time; the answer does not depend on it."""

    batch: int = 8192
    few: int = 12  # designs of a box that is listed instead of split
    small: int = 40_000  # designs of a problem that is listed as a whole
    sample: int = 1024
    starts: int = 4
    descent: int = 24
    elements: int = 160_000  # of a value over the boxes of a batch and its sets
    room: int = ROOM
    learns: int = 16_384  # boxes after which facts of the open ones are looked for, and again at twice as many


class Judged(NamedTuple):
    """Bounds of boxes, which stay open, which are closed by their bound; `clamped`: the target may have closed some."""

    bound: Array
    open: Array
    closed: Array
    clamped: bool


class Search:
    """One search; its state is what has been proved and found so far."""

    def __init__(self, problem: Problem, gap: float, effort: Effort) -> None:
        self.problem, self.effort = problem, effort
        self.ground = Ground(problem)
        self.nodes, self.floor, self.turn, self.learns = 0, np.inf, 0, effort.learns
        self.flight = -np.inf, 1  # the least bound of what is being worked on, and how many boxes that are
        self.complete, self.aside = False, 0
        self.method = "interval branch and bound"
        real = REAL_GAP if not self.ground.finite else 0.0
        self.asked = max(gap, TOLERANCE) if gap else max(real, TOLERANCE)
        self.absolute = self.spread = 0.0
        self.endless = ""  # where the objective has no bound however small the box
        self.best = Incumbent(self.ground)
        self.pool = Pool(len(self.ground.names), effort.room)

    @property
    def target(self) -> float:
        """Boxes whose bound is no lower are of no interest."""
        best = self.best.cost
        return best if isinf(best) else best - self._room(best)

    def _room(self, cost: float) -> float:
        """By how much a design may be better than one of some cost and still count as no better."""
        return max(self.asked * abs(cost), self.absolute)

    @property
    def bound(self) -> float:
        """No design costs less."""
        return min(self.floor, self.pool.least, self.flight[0], self.best.cost)

    def run(self, until: float, progress: Progress | None) -> None:
        """Search until all is proved or time is over."""
        if count(self.ground.tables) <= self.effort.small:
            self._list_all("every design", until)
            return
        if self._prepare(until):
            return
        while len(self.pool) and perf_counter() < until and not self._enough:
            if self.nodes >= self.learns:
                self._learn()
            self._step()
            if progress is not None:
                progress(self.shown(self.bound), self.shown(self.best.cost), self.nodes)
        self.complete = not len(self.pool)

    def shown(self, cost: float) -> float | None:
        """A cost as the objective, None where there is none."""
        return self.ground.goal.value(cost) if np.isfinite(cost) else None

    @property
    def _enough(self) -> bool:
        return self.best.found and (self.ground.goal.objective is None or bool(self.endless))

    def _list_all(self, method: str, until: float) -> None:
        """Look at every design, or at as many as there is time for."""
        designs = self._branching().listing(*self.ground.root)
        self.method, some = method, self.ground.points.most
        for first in range(0, len(designs), some):
            if first and perf_counter() > until:
                self.flight = -np.inf, len(designs) - first
                return
            self.best.offer(designs[first : first + some])
        self.complete, self.flight = True, (np.inf, 0)

    def _branching(self) -> Branching:
        ground = self.ground
        scale = np.array([max(abs(a), abs(b), DEAR) for a, b in ground.spans])
        return Branching(ground.tables, ground.nominal, scale)

    def _prepare(self, until: float) -> bool:
        """Shorter lists, a first design, the first box; whether the lists are so short that all has been looked at."""
        ground, effort = self.ground, self.effort
        ground.shorten(until)
        self.branching = self._branching()
        self.best = Incumbent(ground, until=until)
        if count(ground.tables) <= effort.small:
            self._list_all("every design that can be best", until)
            return True
        self.best.look(effort.sample)
        if not ground.finite:
            self.spread = self.best.spread()
            self.absolute = ABSOLUTE * self.spread
        self.late = not self.best.found
        if not self.late:
            self.best.follow(effort.starts, effort.descent)
            self._polish()
        ground.relax()
        self._read_by()
        low, high = ground.root
        self.known = low[0], high[0]
        self._bound(low, high, np.array([-np.inf]))
        self.flight = np.inf, 0
        return False

    def _polish(self) -> None:
        """The last digits of a design whose objective is next to nothing."""
        if abs(self.best.cost) < TINY * self.spread:
            self.best.polish()

    def _read_by(self) -> None:
        """The readings, rows and the size of a batch, from what is known of the ground."""
        ground, effort = self.ground, self.effort
        self.race = Race(*ground.readers())
        self.rows = Rows.of(ground)
        widest = max(_widths(ground), default=1)
        self.batch = int(max(64, min(effort.batch, effort.elements // widest)))

    def _learn(self) -> None:
        """Where all open boxes lie in a much smaller one, what holds in that: there may be no doubt of a sign there."""
        self.learns = 2 * self.nodes
        if self.ground.sought is not None:  # a few of its candidates at a time, each with what holds there
            self.branching.first |= self.branching.listed & (np.arange(len(self.ground.names)) == self.ground.sought)
        if self.ground.plain:
            return
        low, high = self.pool.hull
        before = self.known[1] - self.known[0]
        if (high - low <= NARROW * before)[before > 0.0].any():
            self.known = low, high
            self.ground.learn(low, high)
            self._read_by()

    def _step(self) -> None:
        """Split the most promising boxes, and bound the halves."""
        self.flight = self.pool.least, min(self.batch, len(self.pool))
        taken = self.pool.take(self.batch)
        self.turn += 1
        low, high, bound = self.branching.halves(taken)
        while len(bound) <= self.batch // 8:  # too few to be worth a look each
            more = self._again(low, high, bound)
            if more is None:
                break
            low, high, bound = more
        self._bound(low, high, bound)
        self.flight = np.inf, 0
        if self.late and len(self.pool):  # a first look has not closed all: there may be a design after all
            self.late = False
            self.best.follow(self.effort.starts, self.effort.descent)
            self._close()

    def _again(self, low: Array, high: Array, bound: Array) -> tuple[Array, Array, Array] | None:
        split = self.branching.choose(low, high)
        open_ = split >= 0
        if not open_.any():
            return None
        a, b, c = self.branching.halves(Boxes(low, high, bound, split).only(open_))
        return np.concatenate([low[~open_], a]), np.concatenate([high[~open_], b]), np.concatenate([bound[~open_], c])

    def _bound(self, low: Array, high: Array, bound: Array) -> None:
        """Close boxes, and keep the others open."""
        low, high, bound = self._better(low, high, bound)
        if not len(bound):
            self._close()
            return
        boxes, score = self._enclosed(low, high, bound)
        boxes = self._listed(boxes, score)
        if not len(boxes.bound):
            self._close()
            return
        middle = np.where(
            self.branching.listed, np.floor((boxes.low + boxes.high) / 2.0), (boxes.low + boxes.high) / 2.0
        )
        better = self.best.offer(middle)
        if self.turn < 6 or self.turn % 4 == 0:
            better |= self.best.offer(boxes.low) | self.best.offer(boxes.high)
        if better:
            self.best.descend(8)
            self._polish()
        self.pool.add(boxes)
        self._close()

    def _better(self, low: Array, high: Array, bound: Array) -> tuple[Array, Array, Array]:
        """Without designs that are seen to be no better than the target."""
        k = self.ground.sought
        if k is None or not self.best.found:
            return low, high, bound
        less, more = self.ground.better(low, high, self.target)
        if np.array_equal(less, low) and np.array_equal(more, high):
            return low, high, bound
        self._lower_floor(np.array([self.target]))
        left = less[:, k] <= more[:, k]
        return less[left], more[left], bound[left]

    def _close(self) -> None:
        self.floor = min(self.floor, self.pool.prune(self.target))

    def _enclosed(self, low: Array, high: Array, bound: Array) -> tuple[Boxes, Array | None]:
        """The boxes that may hold something better, with better bounds."""
        rows = self.rows if self.rows is not None and self.rows.pays(self.turn) else None
        race, number = self.race, len(low)
        if race.probes(self.turn):
            other, _ = self._read(race.natural, low, high, bound, None)
            found, values = self._read(race.relaxed, low, high, bound, rows)
            race.note(1.0 - float(other.open.mean()), 1.0 - float(found.open.mean()))
            reader = race.relaxed
        else:
            reader = race.leader
            found, values = self._read(reader, low, high, bound, rows)
        self.nodes += number
        self._lower_floor(found.bound[found.closed])
        if found.clamped:
            self._lower_floor(np.array([self.target]))
        boxes = Boxes(low, high, found.bound, np.zeros(number, np.int64)).only(found.open)
        if rows is None or not len(boxes.bound):
            return boxes, None
        atoms = {x: values[reader.steps[x]] for x in rows.system.atoms}
        return self._tightened(rows, boxes, atoms, found.open)

    def _read(
        self, reader: Reader, low: Array, high: Array, bound: Array, rows: Rows | None
    ) -> tuple[Judged, dict[int, Interval]]:
        """What one reading says about boxes, and the values that rows need."""
        goal, number, target = reader.goal, len(low), self.target
        keep = set(goal.steps.values())
        if rows is not None:
            keep |= {reader.steps[x] for x in rows.system.atoms}
        box = self.ground.ends(low, high, reader.intervals)
        reading = reader.intervals.read(box, clamps=goal.clamps(target), keep=keep)
        least, kept = goal.bounds(reading, number)
        least = np.maximum(least, bound)
        closed = kept & (least >= target)
        clamped = goal.coupled and self.best.found and not kept.all()
        return Judged(least, kept & ~closed, closed, clamped), reading.values

    def _tightened(self, rows: Rows, boxes: Boxes, values: Mapping[int, Interval], kept: Array) -> tuple[Boxes, Array]:
        found = rows.tighten(boxes, values, kept, self.target)
        closed = found.open & (found.boxes.bound >= self.target)
        rows.note(1.0 - float((found.open & ~closed).mean()))
        self._lower_floor(found.boxes.bound[closed])
        if np.isfinite(self.target):  # it narrowed what the rows were told: they may have closed what is no better
            self._lower_floor(np.array([self.target]))
        kept = found.open & ~closed
        return found.boxes.only(kept), found.score[kept]

    def _lower_floor(self, bounds: Array) -> None:
        """Boxes closed though a design in them may be better by less than the gap."""
        if len(bounds):
            self.floor = min(self.floor, float(bounds.min()))

    def _listed(self, boxes: Boxes, score: Array | None) -> Boxes:
        """List the designs of small boxes; the others with the column to split, thin ones laid aside."""
        small = self.branching.designs(boxes.low, boxes.high) <= self.effort.few
        if small.any():
            self.best.offer(self.branching.listing(boxes.low[small], boxes.high[small]))
            boxes, score = boxes.only(~small), None if score is None else score[~small]
        split = self.branching.choose(boxes.low, boxes.high, score)
        thin = split < 0
        if thin.any():
            self._lay_aside(boxes.only(thin))
        return boxes._replace(split=split).only(~thin)

    def _lay_aside(self, thin: Boxes) -> None:
        """Boxes that cannot be split: their ends are looked at, their bounds stay."""
        self.aside += len(thin.bound)
        self._lower_floor(thin.bound)
        self.best.offer(thin.low)
        self.best.offer(thin.high)
        if self.best.found:
            best = self.best.places
            holds = ((thin.low <= best) & (best <= thin.high)).all(axis=1)
            if np.isneginf(thin.bound[holds]).any():  # no smaller box tells more, and none is better than the best
                self.endless = words.place(self.ground.point(best))

    def outcome(self, seconds: float, interrupted: bool) -> Outcome:
        """What is known by now; the design is evaluated once more, by the ordinary reading."""
        best, goal = self.best, self.ground.goal
        left = self.aside if self.complete else len(self.pool) + self.flight[1] + self.aside
        known = Outcome("unknown", None, None, None, np.inf, self.nodes, seconds, self.method, left, interrupted)
        bound = min(self.floor if self.complete else self.bound, best.cost)
        if not best.found:
            if self.complete and not self.aside:
                return known._replace(status="infeasible")
            return known._replace(bound=self.shown(bound))
        point = self.ground.point(best.places)
        seen = judged(self.problem, point)
        if not seen.feasible:  # both readings compute the same; what one of them refuses is no answer
            return known._replace(bound=self.shown(bound))
        if goal.objective is None:
            return known._replace(status="feasible", point=point, gap=0.0)
        gap = max(best.cost - bound, 0.0) / max(self._room(best.cost) / self.asked, DEAR)
        sure = self.complete and gap <= self.asked * (1.0 + 1e-6)
        status: Status = "optimal" if sure else "feasible"
        found = known._replace(status=status, point=point, value=seen.value, bound=self.shown(bound), gap=gap)
        remark = words.remark(self.problem, found, seen, self.endless, self.asked)
        return found._replace(absolute=self.absolute, remark=remark)


def _widths(ground: Ground) -> list[int]:
    """Elements of every value of one box."""
    lengths, program = ground.intervals.lengths, ground.relaxed
    return [
        int(np.prod([length for k, length in enumerate(lengths) if k and program.masks[n] >> k & 1]))
        for n in program.live
    ]


def search(
    problem: Problem,
    *,
    time_limit: float = 60.0,
    gap: float = 0.0,
    progress: Progress | None = None,
    effort: Effort | None = None,
) -> Outcome:
    """The best design of a problem with a proof, or what is known when time is over.

    Proved means that no design is better by more than `gap`, relative; without a gap by more than 1e-9, the
    tolerance of limits, and 1e-6 where a range of reals is searched. There a difference counts as none, too, that is
    below 1e-12 of the spread of the objective: between the quartiles of its values at designs from everywhere, limits
    aside (`Outcome.absolute`). Interrupting keeps what was found.
    """
    start = perf_counter()
    interrupted = False
    made = Search(problem, gap, effort or Effort())
    try:
        made.run(start + time_limit, progress)
    except KeyboardInterrupt:
        interrupted = True
    return made.outcome(perf_counter() - start, interrupted)
