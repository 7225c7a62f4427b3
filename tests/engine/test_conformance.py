"""Every reading of a random program agrees with the slow exact evaluator of the trees it was made from."""

from __future__ import annotations

import os
from collections import Counter
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symppa.engine import grid as grids
from symppa.engine.compile import compile
from symppa.engine.derivative import slopes
from symppa.engine.grid import Grid
from symppa.engine.interval import bounds
from symppa.engine.program import Program
from symppa.engine.reducers import Best, Count, Limit, Range
from symppa.engine.relaxed import relaxed
from symppa.engine.walk import reduce, run
from symppa.errors import UnsupportedError
from tests.engine.models import SINGLE, WHOLE, cases, oracle, shown, values
from tests.engine.oracle import UnclearError, UndefinedError, Value

MORE = int(os.environ.get("SYMPPA_EXAMPLES", "1"))  # times as many examples, for a long search
SWEPT = ("a", "b", "t", "c", "m", "q", "n", "slot.y")
ENTRIES = 1e-12


def program_of(case, axes=()):
    return compile(case.model, list(case.outputs), axes, choose=case.choose)


def known(program, told):
    return {name: value for name, value in told.items() if name in program.known}


def agrees(got, want):
    """1e-12 and what rounding does to ill-conditioned sums; exactly for whole numbers."""
    if want.exact:
        return Fraction(float(got)) == want.number
    exact = float(want.number)
    return abs(got - exact) <= max(ENTRIES * abs(exact), 8 * want.error)


def check(got, tree, unit, sets, told, where=""):
    """Compare an output with the oracle at one point, member by member; says how often it could."""
    found = Counter()
    exact = oracle(told)
    wanted, got = exact.array(tree, sets), spread(got, exact, sets)
    for place, want in wanted.items():
        if isinstance(want, Value):
            value = float(got[place])
            assert agrees(value, shown(want, unit)), f"{where}{place}: {value!r}, exactly {float(want.number)!r}"
        found[type(want).__name__] += 1
    return found


def spread(got, exact, sets):
    """An output over the sets of its tree: what turned out not to vary has lost them."""
    return np.broadcast_to(got, [exact.members(s) for s in sets])


def points(program, told, axes):
    """Each point of the grid, as values of single givens."""
    lengths = [len(np.atleast_1d(told[a.swept[0]])) for a in program.axes[: program.swept]]
    for place in product(*map(range, lengths)):
        at = dict(told)
        for axis, k in zip(program.axes, place, strict=False):
            at |= {name: float(np.atleast_1d(told[name])[k]) for name in axis.swept}
        yield place, at


@settings(max_examples=200 * MORE)
@given(case=cases(), told=values())
def test_points(case, told):
    program = program_of(case)
    got = run(program, known(program, told))
    for name, (tree, unit) in case.outputs.items():
        check(got[name], tree, unit, case.sets[name], told, name)


@settings(max_examples=100 * MORE)
@given(case=cases(), data=st.data())
def test_grids(case, data):
    full = program_of(case)
    used = [name for name in SWEPT if name in full.givens]
    assume(used)
    axes = data.draw(st.lists(st.sampled_from(used), min_size=1, max_size=3, unique=True))
    told = data.draw(values(axes, 2))
    program = program_of(case, axes)
    whole = run(program, known(program, told))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "SMALL", 2)
        for block in (1, 3):
            for name, values_ in run(program, known(program, told), block=block).items():
                np.testing.assert_allclose(values_, whole[name], 1e-12, 0, err_msg=f"{name} in blocks of {block}")
    for place, at in points(program, told, axes):
        for name, (tree, unit) in case.outputs.items():
            check(whole[name][place], tree, unit, case.sets[name], at, f"{name} at {place} ")


@settings(max_examples=60 * MORE)
@given(case=cases(), data=st.data())
def test_reducers_keep_what_the_whole_array_has(case, data):
    name = next((n for n in case.outputs if not case.sets[n]), None)
    assume(name)
    used = [n for n in SWEPT if n in compile(case.model, name, choose=case.choose).givens]
    assume(used)
    axes = data.draw(st.lists(st.sampled_from(used), min_size=1, max_size=2, unique=True))
    told = data.draw(values(axes, 4))
    program = compile(case.model, name, axes, choose=case.choose)
    whole = run(program, known(program, told))[name].ravel()
    valid = np.isfinite(whole)
    bound = float(np.median(whole[valid])) if valid.any() else 0.0
    worth = 0.01 if case.outputs[name][1] == "percent" else 1.0
    reducers = [Best(3, name), Count([name], [Limit(name, "<=", bound * worth)]), Range([name])]
    reduce(Grid(program, known(program, told), block=2), reducers)
    (_, best), count, spread = (r.result() for r in reducers)
    np.testing.assert_allclose(best[name], np.sort(whole[valid])[::-1][:3], 1e-12, 0)
    assert count["invalid"] == np.count_nonzero(~valid)
    slack = 1e-9 * abs(bound)
    assert np.count_nonzero(valid & (whole <= bound + 0.9 * slack)) <= count["feasible"]
    assert count["feasible"] <= np.count_nonzero(valid & (whole <= bound + 1.1 * slack))
    if valid.any():
        assert spread[name]["max"] == pytest.approx(whole[valid].max(), rel=1e-12)
        assert spread[name]["min"] == pytest.approx(whole[valid].min(), rel=1e-12)


LOOSE = {"total", "power", "exp", "log", "lambert_w", "geometric_sum", "smooth_largest"}


def margin(program):
    """Functions differ in the last digit by how arrays lie in memory, sums by the members that are merged."""
    return 0.0 if LOOSE.isdisjoint(step.operation for step in program.steps) else 1e-12


def box_of(data, name):
    """Two ends of a given, and points between."""
    ends = sorted(data.draw(st.lists(SINGLE[name], min_size=2, max_size=2)))
    shares = data.draw(st.lists(st.integers(0, 8), min_size=3, max_size=3))
    inside = [min(ends[0] + (ends[1] - ends[0]) * k / 8, ends[1]) for k in shares]
    if name in WHOLE:
        inside = [round(x) for x in inside]
    if name == "q":
        inside = [x if x in (1, 2, 4, 8) else ends[0] for x in inside]
    return ends, inside


@settings(max_examples=200 * MORE)
@given(case=cases(), data=st.data())
def test_intervals_contain_every_point(case, data):
    full = program_of(case)
    used = [n for n in SWEPT if n in full.givens]
    assume(used)
    free = data.draw(st.lists(st.sampled_from(used), min_size=1, max_size=4, unique=True))
    told, drawn = data.draw(values()), {name: box_of(data, name) for name in free}
    box = {name: tuple(ends) for name, (ends, _) in drawn.items()}
    natural = bounds(full, known(full, told), box)
    second = bounds(relaxed(full, known(full, told), box), known(full, told), box)
    for k in range(3):
        at = told | {name: float(inside[k]) for name, (_, inside) in drawn.items()}
        got = run(full, known(full, at))
        exact = oracle(at)
        for name, (tree, unit) in case.outputs.items():
            wanted = {p: shown(w, unit) for p, w in exact.array(tree, case.sets[name]).items() if isinstance(w, Value)}
            for found in (natural[name], second[name]):
                holds(found, got[name], name, margin(full))
                low, high = (spread(v, exact, case.sets[name]) for v in found)
                for place, want in wanted.items():
                    number, slack = float(want.number), 8 * want.error
                    assert low[place] - slack <= number <= high[place] + slack
    for name, found in second.items():
        low, high = natural[name]
        nowhere = np.isnan(low) | np.isnan(found.low)  # the tighter one may prove that there is no value
        assert np.all((found.low >= low) & (found.high <= high) | nowhere)


def holds(found, value, name, margin):
    """A bound contains a value; an undefined one was said to be possible."""
    defined = ~np.isnan(value)
    slack = margin * np.abs(np.where(np.isfinite(value), value, 0.0))
    low, high = found.low - slack, found.high + slack
    assert np.all((low <= value) & (value <= high) | ~defined), f"{name}: {value} outside {found}"
    assert np.all(defined | found.undefined), f"{name} may be undefined"


@settings(max_examples=60 * MORE)
@given(case=cases(), told=values())
def test_intervals_of_points_are_values(case, told):
    program = program_of(case)
    got, found = run(program, known(program, told)), bounds(program, known(program, told))
    for name, value in got.items():
        low, high = found[name]
        np.testing.assert_allclose(low, value, 1e-9, 1e-9)
        np.testing.assert_allclose(high, value, 1e-9, 1e-9)
        if not margin(program):
            np.testing.assert_array_equal(low, value)
            np.testing.assert_array_equal(high, value)


@settings(max_examples=60 * MORE)
@given(case=cases(), data=st.data())
def test_many_boxes_are_as_one_by_one(case, data):
    full = program_of(case)
    used = [n for n in SWEPT if n in full.givens]
    assume(used)
    told, name = data.draw(values()), data.draw(st.sampled_from(used))
    boxes = [box_of(data, name)[0] for _ in range(4)]
    many = program_of(case, {"box": [name]})
    found = bounds(many, known(many, told), {name: tuple(np.array(b, float) for b in zip(*boxes, strict=True))})
    for k, ends in enumerate(boxes):
        for output, one in bounds(full, known(full, told), {name: tuple(ends)}).items():
            low, high = (v[k] for v in found[output])  # facts of a larger root box say less
            gone, slack = np.isnan(one.low), 1e-9 * np.abs(one.low) + 1e-9 * np.abs(one.high) + 1e-12
            with np.errstate(invalid="ignore"):
                assert np.all((low <= one.low + slack) | gone | (low == one.low))
                assert np.all((high >= one.high - slack) | gone | (high == one.high))


@settings(max_examples=100 * MORE)
@given(case=cases(), told=values())
def test_a_program_survives_json(case, told):
    program = program_of(case, {"point": ["a", "m"]} if {"a", "m"} <= set(program_of(case).givens) else ())
    again = Program.from_json(program.to_json())
    assert again == program
    assert again.to_json() == program.to_json()
    mine = known(program, told)
    for name, value in run(program, mine).items():
        np.testing.assert_array_equal(run(again, mine)[name], value)


STEP = Fraction(1, 2**200)


@settings(max_examples=150 * MORE)
@given(case=cases(), data=st.data())
def test_slopes_are_those_of_differences(case, data):
    full = program_of(case)
    name = next((n for n in case.outputs if not case.sets[n]), None)
    assume(name)
    used = [n for n in ("a", "b", "t", "c", "slot.y", "twin.y", "v", "g") if n in full.givens]
    assume(used)
    told, by = data.draw(values()), data.draw(st.sampled_from(used))
    rounding = data.draw(st.sampled_from(["smooth", "exact"]))
    tree = case.outputs[name][0]
    program = compile(case.model, name, choose=case.choose)
    try:
        found = slopes(program, known(program, told), name, [by] if by in program.givens else None, rounding=rounding)
    except UnsupportedError:
        return
    if by not in found.values:
        return
    for place, slope in np.ndenumerate(found[by]):
        want, size = difference(tree, told, by, place, rounding)
        if want is not None:
            assert slope == pytest.approx(float(want), rel=1e-9, abs=1e-11 * size), f"{name} by {by}{place}"


def difference(tree, told, by, place, rounding):
    """The central difference in hundreds of digits, and what sets its scale; None next to a kink."""
    try:
        base = oracle(told)
        base.slack = None
        middle = base.value(tree, {})
        ends = []
        for side in (1, -1):
            moved = oracle(told)
            moved.slack, moved.smooth = base.seen, rounding == "smooth"
            shift(moved, by, place, side * STEP)
            ends.append(moved.value(tree, {}).number)
    except (UndefinedError, UnclearError):
        return None, 0.0
    x = base.givens[by][place] if place else base.givens[by]
    size = abs(float(middle.number)) / max(abs(float(x.number)), 1e-3) + middle.error * 1e9
    return (ends[0] - ends[1]) / (2 * STEP), max(size, 1e-6)


def shift(moved, by, place, step):
    def onward(value):
        return Value(value.number + step, 1e-18)

    if place:
        moved.givens[by] = moved.givens[by] | {place: onward(moved.givens[by][place])}
    else:
        moved.givens[by] = onward(moved.givens[by])
