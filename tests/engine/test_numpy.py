"""Programs and the numpy reading: the traps that were met, each as a test."""

from __future__ import annotations

from itertools import permutations

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from symppa.engine import grid as grids
from symppa.engine.border import Border
from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.numpy_rules import RULES, lambert_w
from symppa.engine.program import Program
from symppa.engine.reducers import Count
from symppa.engine.walk import blocks, reduce, run
from symppa.errors import ShapeError
from symppa.language import (
    Model,
    ceil_div,
    equal,
    exp,
    floor_div,
    formula,
    geometric_sum,
    given,
    index,
    integers,
    largest,
    lookup,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    where,
)
from symppa.language.operations import ROWS


def test_every_operation_has_a_rule():
    assert {row.name for row in ROWS} == set(RULES)


class Tiling(Model):
    """Ceilings of integers and of decimals."""

    x = given("1", "rows", domain=integers(0))
    share = given("1", "share", domain=integers(1))
    a = given("1", "first factor")
    b = given("1", "second factor")
    c = given("1", "third factor")
    d = given("1", "divisor")
    tiles = formula("1", ceil_div(344 * x, share), derived=True)
    floors = formula("1", floor_div(344 * x, share), derived=True)
    thirds = formula("1", ceil_div(x, sp.Rational(1, 3)), derived=True)
    third = formula("1", ceil_div(x / 3, 1), derived=True)
    decimal = formula("1", ceil_div(a * b * c, d), derived=True)
    counted = formula("1", ceil_div(a * b * c, d) * 2 + floor_div(a * b * c, d), derived=True)


def test_a_ceiling_is_one_exact_division():
    """ceil(344 x (1 / share)), which a common subexpression makes of it, is wrong now and then."""
    x, share = np.arange(1.0, 1001.0), np.arange(1.0, 301.0)
    got = run(compile(Tiling(), ["tiles", "floors"], ["x", "share"]), {"x": x, "share": share})
    whole = 344 * x.astype(int)[:, None]
    np.testing.assert_array_equal(got["tiles"], -(-whole // share.astype(int)))
    np.testing.assert_array_equal(got["floors"], whole // share.astype(int))
    assert np.any(np.ceil(344 * x[:, None] * (1 / share)) != got["tiles"])


def test_a_ceiling_of_large_integers_is_exact():
    x = np.array([2**52 / 344, 10**10]).round()
    share = np.array([1.0, 3.0, 7.0])
    got = run(compile(Tiling(), "tiles", ["x", "share"]), {"x": x, "share": share})["tiles"]
    for i, j in np.ndindex(2, 3):
        assert got[i, j] == -(-344 * int(x[i]) // int(share[j]))


def test_a_rational_stays_one():
    got = run(compile(Tiling(), ["thirds", "third"], ["x"]), {"x": np.arange(0.0, 400.0)})
    np.testing.assert_array_equal(got["thirds"], 3 * np.arange(400))
    np.testing.assert_array_equal(got["third"], -(-np.arange(400) // 3))


def test_a_ceiling_of_decimals_depends_on_no_axis():
    """(a b) c / d against a (b c) / d differ inside a ceiling in one decimal case of eleven."""
    tenths = {name: np.arange(1, 12) / 10 for name in "abcd"}
    results = []
    for axes in permutations("abcd"):
        program = compile(Tiling(), ["decimal", "counted"], axes)
        got = run(program, tenths)
        results.append([got[n].transpose([axes.index(c) for c in "abcd"]) for n in ("decimal", "counted")])
    for other in results[1:]:
        np.testing.assert_array_equal(other[0], results[0][0])
        np.testing.assert_array_equal(other[1], results[0][1])


class Shared(Model):
    """A name used often is computed once."""

    x = given("1", "number")
    y = given("1", "other")
    base = formula("1", 0.35 * (x + y), derived=True)
    out = formula("1", base**2 + exp(base) + largest(base, 3), derived=True)
    again = formula("1", 0.35 * (y + x), derived=True)


def test_definitions_are_shared_and_equal_ones_are_one():
    program = compile(Shared(), ["base", "again", "out"])
    assert program.outputs["base"].step == program.outputs["again"].step
    assert program.operations == compile(Shared(), "out").operations
    assert sum(s.operation == "exp" for s in program.steps) == 1


class Memory(Model):
    """Zero bandwidths are legal."""

    bandwidth = given("byte/s", "bandwidth")
    traffic = given("byte", "traffic")
    time = formula("s", where(bandwidth > 0, traffic / bandwidth, 0), derived=True)
    clipped = formula("byte/s", largest(0, bandwidth), derived=True)


def test_zero_and_negative_values_are_not_assumed_away():
    got = run(
        compile(Memory(), ["time", "clipped"], ["bandwidth"]), {"bandwidth": np.array([-2.0, 0, 2]), "traffic": 6}
    )
    np.testing.assert_array_equal(got["time"], [0, 0, 3])
    np.testing.assert_array_equal(got["clipped"], [0, 0, 2])


# shapes


class Sweep(Model):
    """Outputs along none, one and two axes."""

    x = given("1", "number")
    y = given("1", "other")
    layer = index("layers")
    v = given("1", "vector", over=layer)
    none = formula("1", 0 * x + 3, derived=True)
    one = formula("1", 2 * x, derived=True)
    two = formula("1", x + y, derived=True)
    same = formula("1", where(equal(1, 2), x, 3), derived=True)
    vector = formula("1", v * x, derived=True)
    sum = formula("1", total(v * x + y, over=layer), derived=True)


@pytest.mark.parametrize("block", [1, 3, 10_000])
def test_every_output_has_the_shape_of_the_sweep(block):
    program = compile(Sweep(), ["none", "one", "two", "vector", "sum"], ["x", "y"])
    values = {"x": np.arange(3.0), "y": np.arange(4.0), "v": [1.0, 2.0]}
    got = run(program, values, block=block)
    assert {n: v.shape for n, v in got.items()} == {
        "none": (3, 4), "one": (3, 4), "two": (3, 4), "vector": (3, 4, 2), "sum": (3, 4)
    }  # fmt: skip
    np.testing.assert_array_equal(got["none"], 3)
    np.testing.assert_array_equal(got["one"], 2 * values["x"][:, None] * np.ones(4))
    np.testing.assert_array_equal(got["sum"], 3 * values["x"][:, None] + 2 * values["y"])


def test_an_axis_that_turns_out_to_change_nothing_keeps_its_length():
    got = run(compile(Sweep(), "same", ["x"]), {"x": np.arange(5.0)})["same"]
    np.testing.assert_array_equal(got, [3, 3, 3, 3, 3])


def test_what_varies_along_few_axes_is_stored_once():
    values = {"x": np.arange(300.0), "y": np.arange(400.0)}
    got = run(compile(Sweep(), ["one", "two"], ["x", "y"]), values)["one"]
    assert got.shape == (300, 400)
    assert got.strides[1] == 0


def test_givens_that_move_together_are_one_axis():
    program = compile(Sweep(), "two", {"point": ["x", "y"]})
    np.testing.assert_array_equal(run(program, {"x": np.arange(3.0), "y": np.arange(3.0)})["two"], [0, 2, 4])
    with pytest.raises(ShapeError, match="y has 2 values along point, which has 3"):
        run(program, {"x": np.arange(3.0), "y": np.arange(2.0)})
    with pytest.raises(ShapeError, match="point needs at least one"):
        run(program, {"x": np.array([]), "y": np.array([])})


def test_progress_is_told():
    seen = []
    program = compile(Sweep(), "two", ["x", "y"])
    run(program, {"x": np.arange(30.0), "y": np.arange(40.0)}, block=100, progress=lambda *a: seen.append(a))
    assert len(seen) == seen[-1][1] == seen[-1][0] > 1


# sets


class Layers(Model):
    """A network of layers."""

    layer = index("layers")
    work = given("1", "work", over=layer)
    tile = given("1", "tile")
    each = formula("1", ceil_div(work, tile), derived=True)
    cycles = formula("1", total(each, over=layer), derived=True)
    worst = formula("1", largest(each, over=layer), derived=True)
    place = formula("1", total(each * layer, over=layer), derived=True)


def test_equal_members_are_walked_once_and_counted():
    values = {"work": [7.0, 9, 7, 7, 9], "tile": 2}
    program = compile(Layers(), ["each", "cycles", "worst"])
    assert Border(program, values).times[0].ravel().tolist() == [3.0, 2.0]
    got = run(program, values)
    assert got["each"].tolist() == [4, 5, 4, 4, 5]
    assert got["cycles"] == 22
    assert got["worst"] == 5
    unmerged = Grid(program, values, merge=False)
    assert next(blocks(unmerged)).values["cycles"].item() == 22


def test_members_whose_place_is_used_are_not_merged():
    values = {"work": [7.0, 9, 7], "tile": 2}
    program = compile(Layers(), "place")
    assert not Border(program, values).times
    assert run(program, values)["place"] == 0 * 4 + 1 * 5 + 2 * 4


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_sets_inside_sweeps(block, monkeypatch):
    monkeypatch.setattr(grids, "SMALL", 2)
    values = {"work": np.array([7.0, 9, 7, 30]), "tile": np.arange(1.0, 9)}
    program = compile(Layers(), ["each", "cycles", "place"], ["tile"])
    got = run(program, values, block=block)
    each = np.ceil(values["work"] / values["tile"][:, None])
    np.testing.assert_array_equal(got["each"], each)
    np.testing.assert_array_equal(got["cycles"], each.sum(1))
    np.testing.assert_array_equal(got["place"], (each * np.arange(4)).sum(1))


class Batches(Model):
    """A ceiling of a sum of decimals."""

    layer = index("layers")
    v = given("1", "weight", over=layer)
    x = given("1", "number")
    y = given("1", "divisor")
    batches = formula("1", ceil_div(total(v * x, over=layer), y), derived=True)


def test_the_order_of_a_sum_depends_on_no_layout(monkeypatch):
    """Numpy adds along a contiguous axis by halves and elsewhere one by one; a ceiling shows the difference."""
    monkeypatch.setattr(grids, "SMALL", 10)
    rng = np.random.default_rng(0)
    program, turned = (compile(Batches(), "batches", axes) for axes in (["x", "y"], ["y", "x"]))
    for _ in range(20):
        values = {"v": rng.permutation(np.arange(1, 30)) / 10, "x": np.arange(1, 40) / 10, "y": np.arange(1, 20) / 10}
        got = run(program, values)["batches"]
        np.testing.assert_array_equal(run(program, values, block=3)["batches"], got)
        np.testing.assert_array_equal(run(turned, values)["batches"].T, got)
        one = {"v": values["v"], "x": 0.7, "y": 0.3}
        assert run(compile(Batches(), "batches"), one)["batches"] == got[6, 2]


# undefined values


class Undefined(Model):
    """NaN in a condition, a key and a quotient."""

    x = given("1", "number")
    lut = table("key", cost="1")
    condition = formula("1", where(sqrt(x) < 2, 1, 2), derived=True)
    key = formula("1", lookup(lut.cost, x), derived=True)
    hidden = formula("1", where(x > 0, 1 / x, 5), derived=True)
    infinite = formula("1", smallest(1 / x, 3), derived=True)


def test_an_undefined_condition_is_invalid():
    program = compile(Undefined(), ["condition", "hidden", "infinite"], ["x"])
    values = {"x": np.array([-1.0, 0.0, 1.0, 9.0])}
    got = run(program, values)
    np.testing.assert_array_equal(got["condition"], [np.nan, 1, 1, 2])
    np.testing.assert_array_equal(got["hidden"], [5, 5, 1, 1 / 9])
    np.testing.assert_array_equal(got["infinite"], [-1, 3, 1, 1 / 9])
    count = Count(["condition"])
    reduce(Grid(program, values), [count])
    assert count.result() == {"designs": 4, "feasible": 3, "invalid": 1}


def test_keys_are_whole_numbers_and_others_invalid():
    program = compile(Undefined(), "key", ["x"])
    rows = {8: {"cost": 80}, 2: {"cost": 20}, -1: {"cost": -10}}
    got = run(program, {"x": np.array([2.0, 8, -1, 5, 2.5, 100, -7, np.nan]), "lut": rows})["key"]
    np.testing.assert_array_equal(got, [20, 80, -10, *[np.nan] * 5])


# functions


def test_a_norm_neither_overflows_nor_underflows():
    rule = RULES["smooth_largest"]
    assert rule(None, 3.0, 1e300, 1e300) == pytest.approx(1e300 * 2 ** (1 / 3), rel=1e-14)
    assert rule(None, 3.0, 1e-300, 1e-300) == pytest.approx(1e-300 * 2 ** (1 / 3), rel=1e-14)
    assert rule(None, 3.0, 0.0, 0.0) == 0.0
    assert rule(None, 3.0, np.inf, 1.0) == np.inf
    assert rule(None, 400.0, 3.0, 2.0, 1.0) == pytest.approx(3.0, rel=1e-14)


@pytest.mark.parametrize("a", [0.0, 0.3, 1 - 1e-9, 1.0, 1 + 1e-9, 1.2, 3.0])
@pytest.mark.parametrize("n", [0, 1, 2, 17])
def test_a_geometric_sum_is_right_everywhere(a, n):
    exact = mp.fsum(mp.mpf(a) ** k for k in range(n))
    assert float(RULES["geometric_sum"](None, a, float(n))) == pytest.approx(float(exact), rel=1e-13)


NEXT = -float(np.exp(-1.0)) + 10.0 ** np.arange(-16, -0.44, 0.3)
BELOW = -(10.0 ** np.arange(-300.0, -0.5, 2.7))
ABOVE = np.concatenate([10.0 ** np.arange(-300.0, 308, 3.3), np.linspace(0.1, 5, 60)])


@pytest.mark.parametrize(("branch", "points"), [(0, [*NEXT, *BELOW, *ABOVE]), (-1, [*NEXT, *BELOW])])
def test_lambert_w_keeps_its_digits(branch, points):
    """Next to the branch point scipy is off by 2e-5."""
    got = lambert_w(None, np.array(points), branch)
    with mp.workdps(50):
        exact = [float(mp.lambertw(mp.mpf(float(x)), branch).real) for x in points]
    np.testing.assert_allclose(got, exact, 1e-14)


def test_lambert_w_ends_at_the_branch_point():
    """Below -1/e a chip that leaks has no stable temperature."""
    edge = -float(np.exp(-1.0))
    assert float(lambert_w(None, edge, 0)) == float(lambert_w(None, edge, -1)) == -1.0
    assert np.isnan(lambert_w(None, np.nextafter(edge, -1), 0))
    assert np.isnan(lambert_w(None, 0.0, -1))
    assert float(lambert_w(None, np.inf, 0)) == np.inf
    assert float(lambert_w(None, 0.0, 0)) == 0.0


class Special(Model):
    """Functions through the language."""

    a = given("1", "ratio")
    n = given("1", "terms", domain=integers(0))
    sum = formula("1", geometric_sum(a, n), derived=True)
    norm = formula("1", smooth_largest(2, 3 * a, 4 * a), derived=True)


def test_functions_reach_the_program():
    got = run(compile(Special(), ["sum", "norm"], ["a"]), {"a": np.array([0.5, 1.0, 2.0]), "n": 3})
    np.testing.assert_allclose(got["sum"], [1.75, 3, 7], rtol=1e-15)
    np.testing.assert_allclose(got["norm"], [2.5, 5, 10], rtol=1e-15)


# programs are data


def test_a_program_with_infinite_constants_survives_json():
    class Bounded(Model):
        x = given("1", "number")
        size = given("1", "size", domain=integers(0))
        step = index("steps", size=size)
        y = formula("1", smallest(x, sp.oo) + largest(x * step, over=step), derived=True)

    program = compile(Bounded(), "y")
    again = Program.from_json(program.to_json())
    assert again == program
    assert run(again, {"x": 2, "size": 3})["y"] == 2 + 4
    assert run(again, {"x": 2, "size": 0})["y"] == -np.inf
