"""Points that no other point beats: as small in every number, and smaller in one.

Among different rows in lexicographic order, what beats a row stands before it. The order is halved again and again;
in each halving only first halves can beat second ones, and one number less is left to compare (Kung, Luccio and
Preparata 1975). All halves of a size are treated at once, so the work is some sorts of integers.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from symppa.engine.border import Array

FEW = 100_000  # pairs that are compared as fast one by one
CELLS = {2: 4096, 3: 128, 4: 32}  # along each objective but the last, by their number


def front(points: Array) -> Array:
    """Rows (to be minimised) that no other row beats, in order; equal rows all stay.

    >>> front(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]))
    array([0, 1])
    """
    ranks, back = _ranked(points)
    everywhere = np.ones(len(ranks), bool)
    return np.flatnonzero(~_beaten(ranks, everywhere, everywhere)[back])


def beaten(points: Array, rivals: Array) -> Array:
    """Which rows some rival beats."""
    if len(points) * len(rivals) < FEW:
        pairs = [(points[:, k, None], rivals[:, k]) for k in range(points.shape[1])]  # long arrays, number by number
        nowhere_above = reduce(np.logical_and, [theirs <= mine for mine, theirs in pairs])
        somewhere_below = reduce(np.logical_or, [theirs < mine for mine, theirs in pairs])
        return np.asarray(np.any(nowhere_above & somewhere_below, axis=1))
    ranks, back = _ranked(np.concatenate([points, rivals]))
    asking, beating = np.zeros(len(ranks), bool), np.zeros(len(ranks), bool)
    asking[back[: len(points)]] = True
    beating[back[len(points) :]] = True
    return _beaten(ranks, beating, asking)[back[: len(points)]]


def _ranked(points: Array) -> tuple[Array, Array]:
    """Different rows in lexicographic order, each number by its rank among its like; and the row of every point."""
    if not len(points):
        return np.empty((0, points.shape[1]), np.int64), np.empty(0, int)
    ranks = np.stack([np.unique(column, return_inverse=True)[1] for column in points.T], 1)
    order = np.lexsort(ranks.T[::-1])
    new = np.ones(len(points), bool)
    new[1:] = (ranks[order[1:]] != ranks[order[:-1]]).any(1)
    back = np.empty(len(points), int)
    back[order] = np.cumsum(new) - 1
    return ranks[order[new]], back


def _beaten(ranks: Array, beating: Array, asking: Array) -> Array:
    """Which asking rows a beating one beats; rows are different and in lexicographic order."""
    if ranks.shape[1] == 2:
        return _of_two(np.zeros(len(ranks), np.int64), ranks[:, 0], ranks[:, 1], beating, asking, same=False)
    return _halved(np.zeros(len(ranks), np.int64), ranks[:, 1:], beating, asking)


def _halved(group: Array, ranks: Array, beating: Array, asking: Array) -> Array:
    """Which asking rows a beating one of their group, standing before them, is nowhere above."""
    found = np.zeros(len(group), bool)
    place = np.arange(len(group))
    for level in range(max(len(group) - 1, 0).bit_length()):
        second = (place >> level & 1).astype(bool)
        taking = np.where(second, asking & ~found, beating)  # what can matter in this halving
        rows = np.flatnonzero(taking)
        pair = group[rows] * (len(group) + 1) + (place[rows] >> (level + 1))
        later = second[rows]
        if ranks.shape[1] == 2:
            hit = _of_two(pair, ranks[rows, 0], ranks[rows, 1], ~later, later, same=True)
        else:
            _, pair = np.unique(pair, return_inverse=True)
            order = np.lexsort((later, ranks[rows, 0], pair))
            hit = np.zeros(len(rows), bool)
            hit[order] = _halved(pair[order], ranks[rows[order], 1:], ~later[order], later[order])
        found[rows[hit]] = True
    return found


def _of_two(group: Array, first: Array, second: Array, beating: Array, asking: Array, *, same: bool) -> Array:
    """Which asking rows a beating one of their group is nowhere above; where `same`, equal ones count."""
    order = np.lexsort((second, ~beating, first, group) if same else (second, first, group))
    ends, most = group[order], int(second.max(initial=0)) + 2
    value = np.where(beating[order], second[order], most - 1)
    new = np.ones(len(order), bool)
    new[1:] = ends[1:] != ends[:-1]
    least = np.minimum.accumulate(value - np.cumsum(new) * most) + np.cumsum(new) * most  # begun anew in each group
    before = np.where(new, most - 1, np.concatenate([[most - 1], least[:-1]]))
    found = np.zeros(len(order), bool)
    found[order] = asking[order] & (before <= second[order])
    return found


class Floor:
    """The least last number among points of a front that are nowhere above a cell: beats most others at a glance."""

    def __init__(self, points: Array) -> None:
        count = CELLS[points.shape[1]]
        ends = np.linspace(0, len(points) - 1, min(count, len(points))).astype(int)
        self.edges = [np.sort(column)[ends] for column in points.T[:-1]]
        self.least = np.full([len(edge) + 1 for edge in self.edges], np.inf)
        cells = tuple(np.searchsorted(e, c) + 1 for e, c in zip(self.edges, points.T[:-1], strict=True))
        np.minimum.at(self.least, cells, points[:, -1])
        for axis in range(self.least.ndim):
            np.minimum.accumulate(self.least, axis=axis, out=self.least)

    def beats(self, points: Array) -> Array:
        """Which rows are beaten for sure; others may be."""
        cells = tuple(np.searchsorted(e, c, side="right") for e, c in zip(self.edges, points.T[:-1], strict=True))
        return np.asarray(self.least[cells] < points[:, -1])
