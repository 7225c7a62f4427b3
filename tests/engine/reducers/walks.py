"""Walks in every disorder: blocks of any size in any order, shared out to twins, merged in any tree, from anywhere."""

from __future__ import annotations

import pickle
from itertools import product
from math import prod

import numpy as np
import pytest

from symppa.engine import grid as grids
from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.reducers import Summary
from symppa.engine.walk import NumpyReading, run
from symppa.language import Model, ceil_div, formula, given


class Plant(Model):
    """Outputs with ties, undefined ones, zeros, both signs, and one in a unit that is not a base unit."""

    a = given("1", "a")
    b = given("1", "b")
    c = given("1", "c")
    ratio = formula("1", a / b - c, derived=True)
    coarse = formula("1", ceil_div(a * b, 2) - c * 0, derived=True)
    share = formula("percent", (a + 3 * b + 7 * c) / 100, derived=True)
    flat = formula("1", b * 2, derived=True)  # the same along two axes


OUTPUTS = ["ratio", "coarse", "share", "flat"]
AXES = ["a", "b", "c"]
PROGRAM = compile(Plant(), OUTPUTS, AXES)


def stored(values):
    """Every output as a row of declared values."""
    return {name: array.ravel() for name, array in run(PROGRAM, values).items()}


def finite(every, *names):
    return np.logical_and.reduce([np.isfinite(every[n]) for n in names])


def walked(make, values, *, block=1000, rng=None, small=2, skimming=False):
    """The result of a reducer: in order where there is no `rng`, else in some disorder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "SMALL", small)
        patch.setattr("symppa.engine.reducers.argbest.WORTH", 0)
        patch.setattr("symppa.engine.reducers.best.FEW", 5)
        grid, main = Grid(PROGRAM, values, block=block), make()
        main.start(grid)
        while True:
            if rng is None:
                feed(main, grid, range(grid.blocks), skimming)
            else:
                scatter(main, values, grid, rng, skimming)
            if not main.again():
                return main


def scatter(main, values, grid, rng, skimming):
    twins = []
    if rng.random() < 0.5:  # threads
        numbers = rng.permutation(grid.blocks)
        for part in np.array_split(numbers, rng.integers(1, 5)):
            twin = main.twin()
            feed(twin, grid, part, skimming)
            twins.append(twin)
    else:  # processes, each with a window of its own and blocks of its own size
        for window in windows(grid.shape, rng):
            twin = pickle.loads(pickle.dumps(main.twin()))
            part = Grid(PROGRAM, values, block=int(rng.integers(1, 20)), window=window)
            twin.attach(part)
            feed(twin, part, rng.permutation(part.blocks), skimming)
            twins.append(pickle.loads(pickle.dumps(twin)))
            twins[-1].attach(grid)
    while len(twins) > 1:
        into, other = (twins.pop(rng.integers(len(twins))) for _ in range(2))
        into.merge(other)
        twins.append(into)
    main.merge(twins[0])


def windows(shape, rng):
    """A grid cut at random places."""
    cuts = [np.unique([0, *rng.integers(0, n + 1, 2), n]) for n in shape]
    found = list(product(*[list(zip(c[:-1].tolist(), c[1:].tolist(), strict=True)) for c in cuts]))
    return [found[k] for k in rng.permutation(len(found))]


def feed(reducer, grid, numbers, skimming):
    worker, screen = NumpyReading(grid).worker(), reducer.screen()
    if not skimming or screen is None:
        for number in numbers:
            reducer.take(worker.block(int(number)))
        return
    for some in np.array_split(numbers, max(1, len(numbers) // 3)):
        if len(some):
            unseen = reducer.skim(summary(grid, worker, some, screen))
            assert unseen.shape == (len(some),)
            for number in np.asarray(some)[unseen]:
                block = worker.block(int(number))
                reducer.see(block, reducer.judge(block))


def summary(grid, worker, numbers, screen):
    """Blocks as native code sums them up: one design after the other."""
    rows = []
    sums = {kind: {n: [] for k, n in screen.sums if k == kind} for kind in ("low", "high", "total")}
    for number in numbers:
        block = worker.block(int(number))
        whole = {n: np.broadcast_to(v, block.shape).ravel() for n, v in block.values.items()}
        valid = np.ones(prod(block.shape), bool)
        for name in screen.needs:
            valid = valid & np.isfinite(whole[name])
        good = valid.copy()
        for limit in screen.limits:
            good &= limit.holds(whole[limit.output])
        rows.append((grid.number(block.start), len(valid), float(valid.sum()), float(good.sum())))
        for kind, by_name in sums.items():
            for name, found in by_name.items():
                values = whole[name][good]
                start = {"low": np.inf, "high": -np.inf, "total": 0.0}[kind]
                join = {"low": np.min, "high": np.max, "total": np.sum}[kind]
                with np.errstate(over="ignore"):  # as in C
                    found.append(join(values, initial=start))
    first, designs, valid, feasible = (np.array(column) for column in zip(*rows, strict=True))
    low, high, total = ({n: np.array(v) for n, v in sums[kind].items()} for kind in ("low", "high", "total"))
    return Summary(first, designs, valid, feasible, low, high, total)
