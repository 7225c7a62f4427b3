"""A geometric program on boxes: solved by Clarabel, bounded by its own dual, which holds whatever the solver did."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from symppa.engine.border import Array
from symppa.engine.geometric import Geometric
from symppa.engine.posynomial import Term

NARROW = 4e-9  # logarithms: a narrower box is widened to this for the solver, so that it has an inside
SAFETY = 1e-13  # of everything that is added up to a bound
INSIDE = 3e-8  # logarithms: how far inside the limits a continuous design is looked for


class Solved(NamedTuple):
    """Where the solver ended, in logarithms, and the weights of monomials and of groups that bound the objective."""

    point: Array
    weights: Array
    groups: Array
    infeasible: bool


class Bound(NamedTuple):
    """A lower bound of the logarithm of the objective on a box, and how it rises with each column."""

    value: float
    slopes: Array


class Cones:
    """The conic form of a geometric program, made once; a node changes only the ends of its box."""

    def __init__(self, found: Geometric, inside: float) -> None:
        self.groups, self.width = found.groups, len(found.columns)
        terms = [t for g in found.groups for t in g.terms]
        self.of = np.array([k for k, g in enumerate(found.groups) for _ in g.terms], int)
        self.rows, self.constants = self._dense(terms)
        self.most, self.most_constants = self._dense([g.most for g in found.groups])
        self.sums = np.array([g.kind == "sum" for g in found.groups], bool)
        self.most_constants[self.sums] = 1.0
        self.single = self.sums & (np.bincount(self.of, minlength=len(self.groups)) == 1)
        self.boxed = np.array([c.kind != "auxiliary" for c in found.columns])
        own = [g.defines for g in found.groups]
        self.auxiliary = [
            (c, [k for k, d in enumerate(own) if d == c]) for c in np.flatnonzero(~self.boxed)[::-1].tolist()
        ]
        (self.objective,), (self.start,) = self._dense([found.objective])
        self.tighter = np.array([inside if g.limit >= 0 else 0.0 for g in found.groups])
        self._build()

    def _dense(self, terms: list[Term]) -> tuple[Array, Array]:
        rows = np.zeros((len(terms), self.width))
        for k, term in enumerate(terms):
            for column, exponent in term.factors:
                rows[k, column] = exponent
        return rows, np.array([t.constant for t in terms], float)

    def _build(self) -> None:
        """Rows of the cones: single monomials, sums, both ends of the box, then three an exponential."""
        import clarabel
        from scipy import sparse

        lone = self.single[self.of]
        self.lone, self.curved = np.flatnonzero(lone), np.flatnonzero(~lone)
        self.bent = np.flatnonzero(~self.single)
        n, m, boxed = self.width, len(self.curved), np.flatnonzero(self.boxed)
        ends = np.eye(n)[boxed]
        adds = (self.of[self.curved] == self.bent[:, None]).astype(float)
        blank = np.zeros((len(self.lone), m)), np.zeros((len(boxed), m))
        exponentials = np.zeros((3 * m, n + m))
        exponentials[0::3, :n] = -self.rows[self.curved]
        exponentials[2::3, n:] = -np.eye(m)
        matrix = np.vstack(
            [
                np.hstack([self.rows[self.lone], blank[0]]),
                np.hstack([-self.most[self.bent], adds]),
                np.hstack([ends, blank[1]]),
                np.hstack([-ends, blank[1]]),
                exponentials,
            ]
        )
        tail = np.tile([0.0, 1.0, 0.0], m)
        tail[0::3] = (self.constants + self.tighter[self.of])[self.curved]
        head = -(self.constants + self.tighter[self.of])[self.lone]
        self.right = np.concatenate([head, self.most_constants[self.bent], np.zeros(2 * len(boxed)), tail])
        self.at = len(self.lone) + len(self.bent)
        cones: list[Any] = [clarabel.NonnegativeConeT(self.at + 2 * len(boxed))]
        cones += [clarabel.ExponentialConeT() for _ in range(m)]
        settings = clarabel.DefaultSettings()
        settings.verbose, settings.presolve_enable, settings.max_threads = False, False, 1
        costs = np.concatenate([self.objective, np.zeros(m)])
        none = sparse.csc_matrix((n + m, n + m))
        self.solver = clarabel.DefaultSolver(none, costs, sparse.csc_matrix(matrix), self.right, cones, settings)
        self.impossible = str(clarabel.SolverStatus.PrimalInfeasible)

    def solve(self, low: Array, high: Array) -> Solved:
        """The relaxation on one box, given by logarithms of the boxed columns."""
        count, n = len(low), self.width
        wider = np.maximum(NARROW - (high - low), 0.0) / 2.0
        self.right[self.at : self.at + count] = high + wider
        self.right[self.at + count : self.at + 2 * count] = wider - low
        self.solver.update(b=self.right)
        found = self.solver.solve()
        dual = np.nan_to_num(np.array(found.z), nan=0.0, posinf=0.0, neginf=0.0)
        weights, groups = np.zeros(len(self.of)), np.zeros(len(self.groups))
        weights[self.lone] = dual[: len(self.lone)]
        weights[self.curved] = -dual[self.at + 2 * count :: 3]
        groups[self.bent] = dual[len(self.lone) : self.at]
        point = np.nan_to_num(np.array(found.x)[:n][self.boxed])
        impossible = str(found.status) == self.impossible
        return Solved(np.clip(point, low, high), np.maximum(weights, 0.0), np.maximum(groups, 0.0), impossible)

    def bound(self, solved: Solved, low: Array, high: Array) -> Bound:
        """What the weights prove on a box; of an infeasible one, any number above 0 proves it.

        Every group holds as a tangent: sum exp(r) >= sum (w r - w log w + w) for any weights w.
        """
        goal = 0.0 if solved.infeasible else 1.0
        weights, groups = solved.weights.copy(), solved.groups.copy()
        totals = np.bincount(self.of, weights, len(groups))
        groups[self.sums | (groups <= 0.0)] = totals[self.sums | (groups <= 0.0)]
        slopes = goal * self.objective + weights @ self.rows - groups @ self.most
        for column, own in self.auxiliary:
            self._cancel(column, own, weights, groups, slopes)
        slopes[~self.boxed] = 0.0
        with np.errstate(all="ignore"):
            shares = weights * np.log(np.where(weights > 0.0, weights / groups[self.of], 1.0))
        parts = weights * self.constants - shares + weights
        ends = np.where(slopes[self.boxed] > 0.0, low, high) * slopes[self.boxed]
        value = goal * self.start + parts.sum() - groups @ self.most_constants + ends.sum()
        size = np.abs(parts).sum() + np.abs(ends).sum() + groups @ (1.0 + np.abs(self.most_constants)) + abs(self.start)
        size += weights @ np.abs(self.rows).sum(axis=1) * (1.0 + np.abs(self.constants).max(initial=0.0))
        return Bound(float(value - SAFETY * size), slopes[self.boxed])

    def _cancel(self, column: int, own: list[int], weights: Array, groups: Array, slopes: Array) -> None:
        """Scale the groups that define an auxiliary value so that it leaves the bound."""
        mine = np.isin(self.of, own)
        part = weights[mine] @ self.rows[mine, column] - groups[own] @ self.most[own, column]
        rest = slopes[column] - part
        before = weights[mine] @ self.rows[mine] - groups[own] @ self.most[own]
        with np.errstate(all="ignore"):
            factor = 0.0 if rest == 0.0 else -rest / part
        if not 0.0 <= factor < 1e9:  # the solver says nothing of it: any weights will do
            weights[mine], groups[own] = 1.0, np.bincount(self.of[mine], minlength=len(groups))[own]
            part = weights[mine] @ self.rows[mine, column] - groups[own] @ self.most[own, column]
            factor = -rest / part
        weights[mine] *= factor
        groups[own] *= factor
        slopes += weights[mine] @ self.rows[mine] - groups[own] @ self.most[own] - before
