"""The relaxed reading: never wrong, never wider, and tight where tilings need it."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.interval import Intervals, bounds
from symppa.engine.program import Program
from symppa.engine.relaxed import collected, multiplied, raised, relaxed
from symppa.engine.walk import run
from symppa.errors import UnsupportedError
from symppa.language import (
    Model,
    ceil_div,
    floor_div,
    formula,
    given,
    index,
    integers,
    largest,
    smallest,
    sqrt,
    total,
)

SIDES = ("m", "n", "k")


class Gemm(Model):
    """A tiled product of matrices."""

    rows = given("1", "rows", domain=integers(1))
    cols = given("1", "columns", domain=integers(1))
    depth = given("1", "depth", domain=integers(1))
    m = given("1", "rows of a tile", domain=integers(1, 4096))
    n = given("1", "columns of a tile", domain=integers(1, 4096))
    k = given("1", "depth of a tile", domain=integers(1, 4096))

    tiles = formula("1", ceil_div(rows, m) * ceil_div(cols, n) * ceil_div(depth, k), derived=True)
    traffic = formula("1", tiles * (m * k + k * n) + ceil_div(rows, m) * ceil_div(cols, n) * m * n, derived=True)
    compute = formula("1", tiles * ceil_div(m, 16) * ceil_div(n, 16) * k, derived=True)
    cycles = formula("1", largest(compute, traffic / 4), derived=True)


SIZE = {"rows": 4096, "cols": 4096, "depth": 4096}


def both(model, output, values, box):
    program = compile(model, output)
    return bounds(program, values, box)[output], bounds(relaxed(program, values, box), values, box)[output]


def test_the_work_of_a_tiling_is_at_least_its_product():
    natural, tight = both(Gemm(), "compute", SIZE, dict.fromkeys(SIDES, (16, 512)))
    assert natural.low == 8**3 * 16
    assert tight.low == 4096**3 / 256  # every ceiling at its quotient
    assert tight.high < natural.high / 10


def test_traffic_falls_with_the_tile():
    """2 M N K / 512 words of both inputs, and the output once."""
    _, tight = both(Gemm(), "traffic", SIZE, dict.fromkeys(SIDES, (16, 512)))
    assert tight.low == pytest.approx(2 * 4096**3 / 512 + 4096**2, rel=1e-9)


def test_a_bound_of_whole_numbers_is_rounded_up():
    class Padded(Model):
        rows = given("1", "rows", domain=integers(1))
        tile = given("1", "tile", domain=integers(1, 64))
        padded = formula("1", ceil_div(rows, tile) * tile, derived=True)
        halves = formula("1", ceil_div(rows, 2 * tile) * tile, derived=True)

    for output, low in (("padded", 101), ("halves", 51)):
        natural, tight = both(Padded(), output, {"rows": 101}, {"tile": (3, 64)})
        assert tight.low == low  # 101, and 50.5 rounded up
        assert natural.low < 10


def test_products_cancel_across_formulas():
    class Ratio(Model):
        x = given("1", "number")
        y = given("1", "other")
        area = formula("1", x * y, derived=True)
        side = formula("1", area / x, derived=True)
        root = formula("1", sqrt(area * y) / sqrt(x), derived=True)

    box = {"x": (1, 100), "y": (3, 4)}
    natural, tight = both(Ratio(), "side", {}, box)
    assert tuple(tight) == pytest.approx((3, 4), rel=1e-9)
    assert natural.high == pytest.approx(400, rel=1e-9)
    assert tuple(both(Ratio(), "root", {}, box)[1]) == pytest.approx((3, 4), rel=1e-9)


def test_floors_give_upper_bounds():
    class Packed(Model):
        space = given("1", "space")
        item = given("1", "item")
        used = formula("1", floor_div(space, item) * item, derived=True)

    natural, tight = both(Packed(), "used", {"space": 100}, {"item": (3, 60)})
    assert tight.high == pytest.approx(100, rel=1e-9)
    assert natural.high == pytest.approx(33 * 60, rel=1e-9)


def test_a_maximum_inside_a_product_is_split():
    class Bounded(Model):
        x = given("1", "number")
        worst = formula("1", largest(6 / x, 2) * x, derived=True)
        best = formula("1", smallest(6 / x, 2) * x, derived=True)

    natural, tight = both(Bounded(), "worst", {}, {"x": (1, 4)})
    assert tuple(tight) == pytest.approx((6, 8), rel=1e-9)  # max(6, 2 x)
    assert tuple(natural) == pytest.approx((2, 24), rel=1e-9)
    assert tuple(both(Bounded(), "best", {}, {"x": (1, 4)})[1]) == pytest.approx((2, 6), rel=1e-9)  # min(6, 2 x)


def test_vectors_over_sets_cancel_member_by_member():
    class Layers(Model):
        layer = index("layers")
        work = given("1", "work", over=layer)
        tile = given("1", "tile", domain=integers(1, 64))
        cycles = formula("1", total(ceil_div(work, tile) * tile, over=layer), derived=True)
        slowest = formula("1", largest(ceil_div(work, tile), over=layer) * tile, derived=True)

    natural, tight = both(Layers(), "cycles", {"work": [100, 200, 300]}, {"tile": (5, 64)})
    assert tight.low == pytest.approx(600, rel=1e-9)  # the tile, which left the sum, meets its ceilings again
    assert natural.low == pytest.approx((2 + 4 + 5) * 5)
    natural, tight = both(Layers(), "cycles", {"work": [100, 100]}, {"tile": (5, 64)})
    assert tight.low == pytest.approx(200, rel=1e-9)
    natural, tight = both(Layers(), "slowest", {"work": [100, 200, 300]}, {"tile": (5, 64)})
    assert tight.low == pytest.approx(300, rel=1e-9)


def test_members_beyond_a_size_stay_optional():
    class Steps(Model):
        steps = given("1", "steps", domain=integers(0, 3))
        step = index("steps", size=steps)
        work = given("1", "work", over=step)
        tile = given("1", "tile", domain=integers(1, 64))
        cycles = formula("1", total(ceil_div(work, tile) * tile, over=step), derived=True)

    natural, tight = both(Steps(), "cycles", {"work": [100, 200, 300]}, {"tile": (5, 64), "steps": (1, 2)})
    assert tight.low == pytest.approx(100, rel=1e-9)
    assert natural.low == 2 * 5
    assert tight.high <= 164 + 264


def test_what_may_be_negative_is_left_alone():
    class Signed(Model):
        x = given("1", "number")
        y = given("1", "other")
        out = formula("1", ceil_div(x, y) * y, derived=True)

    natural, tight = both(Signed(), "out", {"y": 2}, {"x": (-3, 3)})
    assert tuple(tight) == tuple(natural)


def test_only_the_interval_reading_reads_it():
    box = dict.fromkeys(SIDES, (16, 512))
    program = relaxed(compile(Gemm(), "cycles"), SIZE, box)
    assert Program.from_json(program.to_json()) == program
    with pytest.raises(UnsupportedError, match="only the interval reading"):
        run(program, SIZE | dict.fromkeys(SIDES, 16))


def test_it_is_as_cheap_as_three_times_the_program():
    program = compile(Gemm(), "cycles", {"box": SIDES})
    box = dict.fromkeys(SIDES, (16, 512))
    assert len(relaxed(program, SIZE, box).live) <= 4 * len(program.live)


# random sums of products


def random_model(rng):
    """Sums, products, quotients, ceilings and maxima of positive numbers, nested."""
    names = {f"x{i}": given("1", "number", domain=integers(1, 40) if rng.random() < 0.6 else None) for i in range(3)}
    pool = list(names.values())

    def tree(depth):
        if depth == 0 or rng.random() < 0.15:
            return pool[rng.integers(len(pool))] if rng.random() < 0.75 else int(rng.integers(1, 30))
        a, b = tree(depth - 1), tree(depth - 1)
        kind = rng.integers(0, 11)
        if kind <= 1:
            return a + b
        if kind <= 4:
            return a * b
        if kind == 5:
            return a / b
        if kind <= 8:
            quotient = ceil_div(a, b) if kind < 8 else floor_div(a, b)
            return quotient * b if rng.random() < 0.6 else quotient
        if kind == 9:
            return largest(a, b) if rng.random() < 0.7 else smallest(a, b)
        return sqrt(a) * b if rng.random() < 0.5 else a**2

    for i in range(2):
        names[f"d{i}"] = formula("1", tree(3), derived=True)
        pool.append(names[f"d{i}"])
    names["out"] = formula("1", tree(3), derived=True)
    return type("Random", (Model,), names)()


@pytest.mark.parametrize("seed", range(60))
def test_random_sums_of_products_are_enclosed(seed):
    rng = np.random.default_rng(seed)
    model = random_model(rng)
    used = [f"x{i}" for i in range(3) if f"x{i}" in compile(model, "out").givens]
    if not used:
        pytest.skip("a constant")
    program = compile(model, "out", {"box": used})
    ends = {name: np.sort(rng.integers(1, 41, (2, 60)), axis=0).astype(float) for name in used}
    root = dict.fromkeys(used, (1, 40))
    natural, tight = (
        Intervals(p, {}, root).read({n: tuple(e) for n, e in ends.items()}).values[p.outputs["out"].step]
        for p in (program, relaxed(program, {}, root))
    )
    assert np.all((tight.low >= natural.low) & (tight.high <= natural.high) | np.isnan(natural.low))
    for _ in range(20):
        at = {n: rng.integers(low, high + 1) * 1.0 for n, (low, high) in ends.items()}
        value = run(program, at)["out"]
        assert np.all((tight.low <= value) & (value <= tight.high) | np.isnan(value))


def test_monomials():
    x, y = (1.0, ((1, 1.0),)), (2.0, ((2, 1.0),))
    assert collected([x, x]) == [(2.0, ((1, 1.0),))]
    assert multiplied([x, y], [raised(x, -1.0)]) == [(1.0, ()), (2.0, ((1, -1.0), (2, 1.0)))]
    assert raised(y, 2.0) == (4.0, ((2, 2.0),))
