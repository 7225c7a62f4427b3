"""The parts of the search: domains, the pool, splitting, candidate lists, rows."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.interval import Intervals
from symppa.engine.reducers.limits import Limit
from symppa.engine.search import Choices, Problem, Real
from symppa.engine.search.branch import Branching
from symppa.engine.search.goal import window
from symppa.engine.search.ground import Ground
from symppa.engine.search.incumbent import Incumbent
from symppa.engine.search.pool import Boxes, Pool
from symppa.engine.search.race import Race
from symppa.engine.search.tangents import Rows
from symppa.errors import QuestionError
from symppa.language import Model, ceil_div, floor_div, formula, given, index, largest, lookup, table, total


def test_choices_are_sorted_and_each_is_one():
    assert Choices([4, 2, 2, -0.0, 8]).values == (0.0, 2.0, 4.0, 8.0)
    assert (Choices([3, 1]).low, Choices([3, 1]).high) == (1.0, 3.0)
    assert Choices([3, 1]) == Choices((1.0, 3.0))


@pytest.mark.parametrize("odd", [[], [1, float("nan")], [1, float("inf")]])
def test_choices_are_finite_and_not_none(odd):
    with pytest.raises(QuestionError, match="one or more finite numbers"):
        Choices(odd)


# the pool


def some(bounds):
    count = len(bounds)
    rows = np.arange(count, dtype=float)[:, None]
    return Boxes(rows, rows + 0.5, np.array(bounds, float), np.arange(count))


def test_the_best_boxes_come_first():
    pool = Pool(1)
    pool.add(some([5, 1, 4, 2, 3]))
    assert sorted(pool.take(2).bound) == [1, 2]
    assert (len(pool), pool.least) == (3, 3)


def test_past_its_room_the_worst_come_first():
    pool = Pool(1, room=32 * 3)
    pool.add(some([5, 1, 4, 2, 3]))
    assert sorted(pool.take(2).bound) == [4, 5]
    assert sorted(pool.take(1).bound) == [1]  # three fit again


def test_the_hull_holds_what_is_open_and_no_more():
    pool = Pool(1)
    pool.add(some([5, 1, 4, 2, 3]))  # at 0, 1, 2, 3, 4, each half as wide
    pool.prune(4.5)
    assert [end.tolist() for end in pool.hull] == [[1.0], [4.5]]
    pool.take(1)  # the one at 1
    assert [end.tolist() for end in pool.hull] == [[2.0], [4.5]]


def test_no_box_is_lost_or_doubled():
    rng, pool, inside, number = np.random.default_rng(1), Pool(1), {}, 0
    for _ in range(300):
        new = rng.integers(0, 1000, rng.integers(0, 40)) / 10
        rows = np.arange(number, number + len(new), dtype=float)[:, None]
        pool.add(Boxes(rows, rows, new, np.zeros(len(new), int)))
        inside |= {float(r[0]): b for r, b in zip(rows, new, strict=True)}
        number += len(new)
        taken = pool.take(int(rng.integers(1, 30)))
        assert {float(r[0]): b for r, b in zip(taken.low, taken.bound, strict=True)}.items() <= inside.items()
        for r in taken.low:
            del inside[float(r[0])]
        assert len(pool) == len(inside)
    least = pool.prune(50.0)
    assert least == min(b for b in inside.values() if b >= 50)
    assert sorted(pool.bounds) == sorted(b for b in inside.values() if b < 50)
    assert pool.prune(1e9) == np.inf


# splitting


def branching():
    return Branching([np.array([1.0, 2, 4, 8]), None, np.arange(3.0)], [False, False, True], np.array([8.0, 3.0, 2.0]))


def test_halves_share_no_design_and_lose_none():
    made = branching()
    low, high = np.array([[0.0, 1.0, 0.0]] * 3), np.array([[3.0, 3.0, 2.0]] * 3)
    a, b, bound = made.halves(Boxes(low, high, np.array([7.0, 8.0, 9.0]), np.array([0, 1, 2])))
    assert list(bound) == [7, 8, 9, 7, 8, 9]
    assert (b[0][0], a[3][0]) == (1.0, 2.0)  # 1 and 2 | 4 and 8: the geometric mean is 2.8
    assert b[1][1] == a[4][1] == 2.0  # the middle of 1 to 3
    assert (b[2][2], a[5][2]) == (1.0, 2.0)


def test_reals_far_apart_are_split_at_their_geometric_mean():
    made = branching()
    _, high, _ = made.halves(Boxes(np.array([[0.0, 1, 0]]), np.array([[3.0, 100, 2]]), np.zeros(1), np.array([1])))
    assert high[0][1] == 10.0


def test_names_are_told_apart_first_and_a_point_is_not_split():
    made = branching()
    low = np.array([[0.0, 1, 0], [0.0, 1, 1], [2.0, 1, 1]])
    high = np.array([[3.0, 3, 2], [3.0, 2, 1], [2.0, 1, 1]])
    assert list(made.choose(low, high)) == [2, 0, -1]
    assert list(made.choose(low, high, np.array([[1.0, 9, 1]] * 3))) == [2, 1, -1]


def test_every_design_of_a_small_box_is_listed():
    made = branching()
    low, high = np.array([[1.0, 5.0, 0.0], [0.0, 7.0, 2.0]]), np.array([[3.0, 5.0, 1.0], [0.0, 7.0, 2.0]])
    assert list(made.designs(low, high)) == [6, 1]
    assert made.designs(low, high + np.array([0, 1, 0])).tolist() == [np.inf, np.inf]
    listed = {tuple(row) for row in made.listing(low, high)}
    assert listed == {(x, 5.0, z) for x in (1.0, 2.0, 3.0) for z in (0.0, 1.0)} | {(0.0, 7.0, 2.0)}


# candidate lists


class Tiles(Model):
    """Work in tiles."""

    layer = index("layers")
    work = given("1", "work", over=layer)
    tile = given("1", "tile")
    lanes = given("1", "lanes")
    extra = table("lanes", cost="1")
    passes = formula("1", ceil_div(100, tile), "passes", derived=True)
    cycles = formula("1", passes * (tile + 7), "cycles", derived=True)
    layers = formula("1", total(ceil_div(work, tile), over=layer) * (3 + tile), "cycles", derived=True)
    wasted = formula("1", 100 / (tile * ceil_div(tile, lanes)), "speed", derived=True)
    padded = formula("1", ceil_div(tile, 16) * 16 / tile, "padding", derived=True)
    bumpy = formula("1", passes * tile + lookup(extra.cost, tile), "cycles", derived=True)
    packed = formula("1", floor_div(100, tile) * 1 / largest(tile, 5), "density", derived=True)


def shortened(output, sense="min", limits=(), **free):
    names = dict.fromkeys([output, *(limit.output for limit in limits)])
    program = compile(Tiles(), list(names))
    values = {"work": [30, 50], "lanes": 8, "extra": {k: {"cost": k % 3} for k in range(1, 101)}}
    known = {n: v for n, v in values.items() if n in program.known and n not in free}
    asked = {"tile": Choices(range(1, 101)), **free}
    ground = Ground(Problem(program, known, (output, sense), limits, asked))
    ground.shorten(np.inf)
    return [None if t is None else t.tolist() for t in ground.tables]


def test_only_the_least_tile_of_every_number_of_passes_matters():
    assert shortened("cycles") == [sorted({-(-100 // q) for q in range(1, 101)})]


def test_layers_bring_their_own_break_points():
    assert shortened("layers") == [sorted({-(-w // q) for w in (30, 50) for q in range(1, 51)})]


def test_where_more_is_better_the_largest_of_each_run_matters():
    assert shortened("wasted")[0] == [8.0 * k for k in range(1, 13)] + [100.0]
    assert shortened("padded")[0] == [16.0 * k for k in range(1, 7)] + [100.0]


def test_a_limit_that_pulls_the_other_way_keeps_the_list():
    assert len(shortened("cycles", limits=[Limit("wasted", "<=", 3.0)])[0]) == 100
    assert len(shortened("cycles", limits=[Limit("wasted", ">=", 3.0)])[0]) < 30


def test_what_has_no_order_keeps_its_list():
    assert len(shortened("bumpy")[0]) == 100
    assert len(shortened("cycles", "max")[0]) == 100
    assert shortened("cycles", tile=Real(1, 100)) == [None]


# windows, incumbents, rows


def test_a_window_holds_what_a_limit_lets_pass():
    assert window(Limit("x", "<=", 100.0)) == (-np.inf, 100.0000001)
    assert window(Limit("x", ">=", -100.0)) == (-100.0000001, np.inf)
    low, high = window(Limit("x", "==", 5.0))
    for value in (5.0 * (1 - 1e-9), 5.0, 5.0 * (1 + 1e-9)):
        assert not Limit("x", "==", 5.0).holds(np.float64(value)) or low <= value <= high


class Valley(Model):
    """A cost with a limit that few designs keep."""

    x = given("1", "one side")
    y = given("1", "other side")
    cost = formula("1", 3 * x + 5 * y + 900 / (x * y), "cost", derived=True)
    ratio = formula("1", x / y, "ratio", derived=True)


def valley(limits=(), **free):
    asked = {"x": Choices(range(1, 1001)), "y": Choices(range(1, 1001)), **free}
    program = compile(Valley(), list(dict.fromkeys(["cost", *(limit.output for limit in limits)])))
    return Ground(Problem(program, {}, ("cost", "min"), limits, asked))


def test_a_descent_reaches_a_design_though_no_sample_is_one():
    ground = valley([Limit("ratio", "<=", 0.0011)])
    found = Incumbent(ground)
    found.look(20)
    assert not found.found
    found.follow(2, 40)
    assert found.found
    assert found.places.tolist() == [0.0, 909.0]  # x = 1, and y at least 1 / 0.0011


def atoms(ground, rows, low, high):
    """What the relaxed reading says about the atoms of the rows."""
    values = ground.intervals.read(ground.ends(low, high, ground.intervals)).values
    return {x: values[ground.relaxation.new[x]] for x in rows.system.atoms}


def test_tangents_bound_a_sum_of_products_closer_than_intervals():
    """3 x + 5 y + 900 / (x y) is least where 3 x = 5 y = 900 / (x y): all are the cube root of 13 500."""
    ground = valley(x=Real(1, 100), y=Real(1, 100))
    ground.relax()
    rows = Rows.of(ground)
    low, high = np.array([[7.8, 4.7]]), np.array([[8.0, 4.8]])
    found = rows.tighten(
        Boxes(low, high, np.zeros(1), np.zeros(1, int)), atoms(ground, rows, low, high), np.ones(1, bool), np.inf
    )
    least = 3 * 13500 ** (1 / 3)
    assert found.open.all()
    assert least * 0.998 < found.boxes.bound[0] <= least
    natural = ground.intervals.read(ground.ends(low, high, ground.intervals))
    assert found.boxes.bound[0] > natural.values[ground.bound_goal.objective].low.ravel()[0]


def test_rows_shorten_a_box_to_what_a_limit_leaves():
    ground = valley([Limit("ratio", "<=", 2.0)], x=Real(1, 100), y=Real(1, 100))
    ground.relax()
    rows = Rows.of(ground)
    low, high = np.array([[10.0, 1.0]]), np.array([[100.0, 20.0]])
    found = rows.tighten(
        Boxes(low, high, np.zeros(1), np.zeros(1, int)), atoms(ground, rows, low, high), np.ones(1, bool), np.inf
    )
    assert found.boxes.low[0] == pytest.approx([10, 5], rel=1e-6)  # y is at least 10 / 2
    assert found.boxes.high[0] == pytest.approx([40, 20], rel=1e-6)  # x at most 2 * 20


def test_the_swift_reading_is_never_tighter_than_the_plain_one_by_more_than_rounding():
    ground = valley([Limit("ratio", "<=", 2.0)])
    ground.relax()
    plain = Intervals(ground.relaxed, ground.values, ground.box)
    rng = np.random.default_rng(0)
    low, high = np.sort(rng.integers(0, 1000, (2, 500, 2)).astype(float), axis=0)
    swift, slow = (
        r.read(ground.ends(low, high, r), keep=ground.relaxed.live).values for r in (ground.intervals, plain)
    )
    for n in ground.relaxed.live:
        for k in (0, 1):
            assert np.allclose(swift[n][k], slow[n][k], rtol=1e-11, atol=0.0)


def test_the_race_prefers_what_closes_more_for_its_work():
    ground = valley([Limit("ratio", "<=", 2.0)])
    ground.relax()
    race = Race(*ground.readers())
    assert race.natural.work < race.relaxed.work
    assert race.leader is race.relaxed
    for _ in range(5):
        race.note(0.5, 0.52)
    assert race.leader is race.natural
    for _ in range(5):
        race.note(0.1, 0.6)
    assert race.leader is race.relaxed
