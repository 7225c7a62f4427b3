"""Log-linear rows on batches of boxes: tangents, propagation, a Lagrangian bound, the score of every column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from symppa.engine.border import Array
from symppa.engine.interval_facts import Interval
from symppa.engine.search.ground import Ground
from symppa.engine.search.points import Points
from symppa.engine.search.pool import Boxes
from symppa.engine.search.rows import Row, System

ROOM = 1e-9  # of a logarithm: far more than the steps of a formula round
AT_ONCE = 2048
SWEEPS, DUAL = 2, 6
FLAT = 1e-12  # a slope that moves nothing
FEW = 12  # candidates of a list whose middle is one of them
DEAREST = 100.0  # price of a row: beyond, rounding would eat the room
WIDEST = 5.0  # width that scores, of values known by their bounds only
SHARE = 0.5  # of the score, for these
OFTEN = 8  # rounds after which rows that do not pay are tried again


class Tightened(NamedTuple):
    """Boxes made smaller, which of them are open, the score of every column."""

    boxes: Boxes
    open: Array
    score: Array


class Line(NamedTuple):
    """slope y <= level, in the logarithms y of some atoms of every box."""

    atoms: Array
    slope: Array
    level: Array
    curve: Array | None


class Rows:
    """The rows of one problem, and whether looking at them has paid."""

    def __init__(self, ground: Ground, system: System) -> None:
        self.ground, self.system = ground, system
        self.sign = ground.goal.sign
        self.objective = system.row(system.objective) if system.objective else None
        self.rows = [system.row(terms) for terms in system.sums]
        self.points = Points(ground.natural, ground.names, system.atoms)
        given = {ground.program.number_of[name]: i for i, name in enumerate(ground.names)}
        self.givens = [(k, given[x]) for k, x in enumerate(system.atoms) if x in given]
        self.others = [
            (k, sorted(given[g] for g in ground.relaxation.support[x] if g in given))
            for k, x in enumerate(system.atoms)
            if ground.program.steps[x].operation not in ("given", "maximum", "add")
        ]
        self.tables = [None if t is None or t[0] <= 0.0 else np.log(t) for t in ground.tables]
        work = sum(len(r.atoms) * (len(r.logs) + 25) for r in self.rows)
        self.dear = work / (work + 15.0 * len(ground.relaxed.live))
        self.worth = 1.0

    @classmethod
    def of(cls, ground: Ground) -> Rows | None:
        """The rows of a problem, if it has any."""
        system = System(ground)
        return cls(ground, system) if system.atoms else None

    def pays(self, turn: int) -> bool:
        """Whether to look at rows this time: they race against more boxes, judged by the work both take."""
        return turn < 6 or turn % OFTEN == 0 or self.worth > 0.3 * self.dear

    def note(self, closed: float) -> None:
        """The part of the boxes that rows have closed."""
        self.worth = 0.8 * self.worth + 0.2 * closed

    def tighten(self, boxes: Boxes, values: Mapping[int, Interval], kept: Array, target: float) -> Tightened:
        """Boxes, the values of whose atoms are those of `kept` in a reading, against everything that the rows say."""
        count, width = len(boxes.bound), len(kept)
        ends = [np.empty((len(self.system.atoms), count)) for _ in (0, 1)]
        with np.errstate(all="ignore"):
            for k, step in enumerate(self.system.atoms):
                for end, value, room in zip(ends, values[step][:2], (-FLAT, FLAT), strict=True):
                    end[k] = np.log(np.broadcast_to(np.reshape(value, -1), width)[kept]) + room
            parts = []
            for first in range(0, count, AT_ONCE):
                some = slice(first, first + AT_ONCE)
                rows = Boxes(*(part[some].copy() for part in boxes))
                parts.append(self._tighten(rows, ends[0][:, some].copy(), ends[1][:, some].copy(), target))
        if len(parts) == 1:
            return parts[0]
        together = Boxes(*(np.concatenate(p) for p in zip(*(t.boxes for t in parts), strict=True)))
        opened, score = np.concatenate([t.open for t in parts]), np.concatenate([t.score for t in parts])
        return Tightened(together, opened, score)

    def _tighten(self, boxes: Boxes, low: Array, high: Array, target: float) -> Tightened:
        middle = self._middle(boxes, low, high)
        lines = [self._line(row, middle) for row in self.rows]
        cost, goal = None, self._log_target(target)
        if self.objective is not None:
            line = self._line(self.objective, middle)
            cost = line._replace(level=-line.level)  # log cost >= slope y + level
        opened = np.ones(len(boxes.bound), bool)
        for _ in range(SWEEPS):
            for line in lines:
                _propagate(line, low, high, opened)
        if cost is not None and np.isfinite(goal):
            _propagate(cost._replace(level=goal - cost.level + 2 * ROOM), low, high, opened)
            for line in lines:
                _propagate(line, low, high, opened)
        opened &= (low <= high + ROOM).all(axis=0)
        wide = np.maximum(high - low, 0.0)
        rate, curve = self._priced(boxes, lines, cost, low, high, opened, goal)
        low_places, high_places = self._shortened(boxes, low, high, opened)
        score = self._score(wide, rate, curve)
        return Tightened(boxes._replace(low=low_places, high=high_places), opened, score)

    def _log_target(self, target: float) -> float:
        """The logarithm of what the cost has to be below, or of its inverse for an objective that is to be large."""
        if self.sign > 0:
            return float(np.log(target)) if target > 0.0 else np.inf
        return float(-np.log(-target)) if target < 0.0 else np.inf

    def _middle(self, boxes: Boxes, low: Array, high: Array) -> Array:
        """Logarithms of the atoms at the middle of boxes. A tangent may touch anywhere: they need not fit together."""
        ground, columns = self.ground, []
        ends = zip(ground.columns(boxes.low), ground.columns(boxes.high), strict=True)
        for i, (a, b) in enumerate(ends):
            table = ground.tables[i]
            if table is not None and (ground.nominal[i] or len(table) < FEW):
                columns.append(table[((boxes.low[:, i] + boxes.high[:, i]) // 2).astype(np.int64)])
            else:
                columns.append(np.where(a > 0.0, np.sqrt(a) * np.sqrt(b), a + (b - a) / 2.0))
        at = self.points.at(columns, len(boxes.bound))
        found = np.log(np.stack([at[x] for x in self.system.atoms]))
        found = np.clip(found, low, high)
        return np.where(np.isfinite(found), found, (low + high) / 2.0)

    def _line(self, row: Row, middle: Array) -> Line:
        """The tangent of a row."""
        if len(row.logs) == 1:
            level = np.full(middle.shape[1], ROOM - row.logs[0])
            return Line(row.atoms, row.powers[0][:, None], level, None)
        y = middle[row.atoms]
        weight = np.empty((len(row.logs), y.shape[1]))
        weight[:] = row.logs[:, None]
        for k, j, power in row.entries:  # few: a matrix product would wait for its threads
            weight[k] += y[j] if power == 1.0 else power * y[j]
        top = weight.max(axis=0)
        weight -= top
        np.exp(weight, out=weight)
        whole = weight.sum(axis=0)
        weight /= whole
        slope, curve = np.zeros(y.shape), np.zeros(y.shape)
        for k, j, power in row.entries:
            slope[j] += weight[k] if power == 1.0 else power * weight[k]
            curve[j] += weight[k] if power in (1.0, -1.0) else power * power * weight[k]
        curve -= slope * slope
        return Line(row.atoms, slope, (slope * y).sum(axis=0) - top - np.log(whole) + ROOM, curve)

    def _priced(
        self, boxes: Boxes, lines: list[Line], cost: Line | None, low: Array, high: Array, opened: Array, goal: float
    ) -> tuple[Array, Array]:
        """A Lagrangian bound of the cost, and with its prices the slope and the curvature along every atom."""
        rate, curve = np.zeros(low.shape), np.zeros(low.shape)
        if cost is None:
            return rate, curve
        rate[cost.atoms] += cost.slope
        if cost.curve is not None:
            curve[cost.atoms] += cost.curve
        own = rate.copy()
        prices = np.zeros((len(lines), low.shape[1]))
        best = (np.minimum(own * low, own * high)).sum(axis=0) + cost.level
        rounds = DUAL if lines and np.isfinite(goal) else 0
        for _ in range(rounds):
            rate = own.copy()
            for line, price in zip(lines, prices, strict=True):
                rate[line.atoms] += price * line.slope
            at = np.where(rate > 0.0, low, high)
            value = (rate * at).sum(axis=0) + cost.level - sum(p * n.level for p, n in zip(prices, lines, strict=True))
            best = np.fmax(best, value)
            slack = np.stack([(n.slope * at[n.atoms]).sum(axis=0) - n.level for n in lines])
            slack[(prices <= 0.0) & (slack < 0.0)] = 0.0
            step = np.maximum(goal - value, 1e-3) / np.maximum((slack * slack).sum(axis=0), FLAT)
            prices = np.nan_to_num(np.clip(prices + step * slack, 0.0, DEAREST))
        for line, price in zip(lines, prices, strict=True):
            if line.curve is not None:
                curve[line.atoms] += price * line.curve
        bound = np.exp(best - 2 * ROOM) if self.sign > 0 else -np.exp(-(best - 2 * ROOM))
        boxes.bound[:] = np.where(opened & ~np.isnan(bound), np.fmax(boxes.bound, bound), boxes.bound)
        return rate, curve

    def _shortened(self, boxes: Boxes, low: Array, high: Array, opened: Array) -> tuple[Array, Array]:
        """Ends of boxes that the rows have moved."""
        first, last = boxes.low, boxes.high
        for k, i in self.givens:
            table = self.tables[i]
            if table is not None:
                below = np.searchsorted(table, low[k] - ROOM, "left")
                above = np.searchsorted(table, high[k] + ROOM, "right") - 1
            elif self.ground.tables[i] is None:
                below, above = np.exp(low[k] - ROOM), np.exp(high[k] + ROOM)
            else:
                continue
            first[:, i] = np.where(opened, np.maximum(first[:, i], below), first[:, i])
            last[:, i] = np.where(opened, np.minimum(last[:, i], above), last[:, i])
            opened &= first[:, i] <= last[:, i]
        return first, last

    def _score(self, wide: Array, rate: Array, curve: Array) -> Array:
        """How much of the gap each column hides: by curvature, and in values known by their bounds only."""
        columns, own = len(self.ground.names), np.zeros((len(self.ground.names), wide.shape[1]))
        found = np.zeros((columns, wide.shape[1]))
        bend = curve * wide**2 / 8.0
        for k, i in self.givens:
            found[i] += bend[k]
            own[i] = wide[k]
        for k, support in self.others:
            hidden = SHARE * np.minimum(wide[k], WIDEST) * np.abs(rate[k])
            whole = np.maximum(own[support].sum(axis=0), ROOM)
            found[support] += hidden * own[support] / whole
            found[support] += bend[k] * own[support] / whole
        return np.nan_to_num((found + 1e-6 * own).T)


def _propagate(line: Line, low: Array, high: Array, opened: Array) -> None:
    """Narrow the atoms of a line; boxes that cannot satisfy it are closed."""
    a, b = low[line.atoms], high[line.atoms]
    least = np.minimum(line.slope * a, line.slope * b)
    slack = line.level - least.sum(axis=0)
    opened &= ~(slack < 0.0)
    room = slack / line.slope
    high[line.atoms] = np.where(line.slope > FLAT, np.fmin(b, a + room), b)
    low[line.atoms] = np.where(line.slope < -FLAT, np.fmax(a, b + room), a)
