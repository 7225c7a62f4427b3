"""The derivative reading: worked slopes, the rules at ceilings and ties, and what is refused."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.derivative import elasticities, shares, slopes
from symppa.engine.derivative_rules import REFUSED, RULES
from symppa.engine.walk import run
from symppa.errors import QuestionError, UnknownValueError, UnsupportedError
from symppa.language import (
    Model,
    ceil_div,
    choices,
    equal,
    exp,
    formula,
    geometric_sum,
    given,
    index,
    lambert_w,
    largest,
    log,
    lookup,
    member,
    one,
    part,
    parts,
    power,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    total_of,
    where,
)
from symppa.language.operations import MARK, ROWS


def test_every_operation_has_a_rule_or_is_refused():
    assert {row.name for row in ROWS} | {MARK} == RULES.keys() | REFUSED.keys()
    assert not RULES.keys() & REFUSED.keys()


class Memory(Model):
    """A store seen from its port."""

    traffic = given("byte", "bytes moved")
    bandwidth = given("byte/s", "sustained bandwidth")
    cost = given("pJ/byte", "energy to move one byte")
    busy_time = formula("us", traffic / bandwidth, derived=True)
    energy = formula("J", traffic * cost, derived=True)


POINT = {"traffic": "4 MB", "bandwidth": "100 GB/s", "cost": "7 pJ/byte"}


def test_slopes_are_in_base_units():
    found = slopes(compile(Memory(), "busy_time"), POINT, "busy_time")
    assert found["traffic"] == pytest.approx(1 / 100e9, rel=1e-15)
    assert found["bandwidth"] == pytest.approx(-4e6 / 100e9**2, rel=1e-15)
    assert set(found) == {"traffic", "bandwidth"}


def test_elasticities_have_no_unit():
    found = elasticities(compile(Memory(), "busy_time"), POINT, "busy_time")
    assert dict(found.values) == pytest.approx({"traffic": 1.0, "bandwidth": -1.0}, rel=1e-15)


class Waves(Model):
    """Blocks run in waves."""

    blocks = given("1", "blocks")
    slots = given("1", "blocks of a wave")
    waves = formula("1", ceil_div(blocks, slots), derived=True)


@pytest.mark.parametrize(
    ("rounding", "by_blocks", "by_slots"),
    [("smooth", 1 / 108, -250 / 108**2), ("exact", 0.0, 0.0)],
)
def test_the_slope_of_a_ceiling_is_a_stated_choice(rounding, by_blocks, by_slots):
    found = slopes(compile(Waves(), "waves"), {"blocks": 250, "slots": 108}, "waves", rounding=rounding)
    assert found["blocks"] == pytest.approx(by_blocks, rel=1e-15)
    assert found["slots"] == pytest.approx(by_slots, rel=1e-15)


def test_other_roundings_are_refused():
    with pytest.raises(QuestionError, match="'smooth' or 'exact', not 'round'"):
        slopes(compile(Waves(), "waves"), {"blocks": 250, "slots": 108}, "waves", rounding="round")


# one function after another, against differences in sixty digits


class Functions(Model):
    """Smooth functions of two numbers."""

    x = given("1", "number")
    y = given("1", "other")
    polynomial = formula("1", x**3 - 2 * x * y + y / x, derived=True)
    powers = formula("1", power(x, y) + sqrt(x) + x**1.7, derived=True)
    exponential = formula("1", exp(x / y) + log(x * y), derived=True)
    lambert = formula("1", lambert_w(x), derived=True)
    lambert_below = formula("1", lambert_w(-exp(-x - 1), -1), derived=True)
    geometric = formula("1", geometric_sum(x, y), derived=True)
    norm = formula("1", smooth_largest(y, x, 2 * x, y), derived=True)


EXACT = {
    "polynomial": lambda x, y: x**3 - 2 * x * y + y / x,
    "powers": lambda x, y: x**y + mp.sqrt(x) + x ** mp.mpf(1.7),
    "exponential": lambda x, y: mp.exp(x / y) + mp.log(x * y),
    "lambert": lambda x, y: mp.lambertw(x),
    "lambert_below": lambda x, y: mp.lambertw(-mp.exp(-x - 1), -1).real,
    "geometric": lambda x, y: (x**y - 1) / (x - 1) if x != 1 else y,
    "norm": lambda x, y: (x**y + (2 * x) ** y + y**y) ** (1 / y),
}


@pytest.mark.parametrize("output", list(EXACT))
@pytest.mark.parametrize(
    ("x", "y"), [(0.7, 3.0), (1.3, 2.0), (2.5, 5.0), (1 + 1e-5, 4.0), (0.02, 7.0), (1 - 1e-13, 3.0)]
)
def test_slopes_of_functions(output, x, y):
    found = slopes(compile(Functions(), output), {"x": x, "y": y}, output)
    with mp.workprec(400):
        step, at = mp.mpf(2) ** -120, (mp.mpf(x), mp.mpf(y))
        for name, (dx, dy) in (("x", (step, 0)), ("y", (0, step))):
            ends = [EXACT[output](at[0] + s * dx, at[1] + s * dy) for s in (1, -1)]
            want = float(mp.re(ends[0] - ends[1]) / (2 * step))
            got = float(found.values.get(name, 0.0))
            assert got == pytest.approx(want, rel=2e-11, abs=1e-11), name


def test_the_slope_of_a_geometric_sum_at_one():
    program = compile(Functions(), "geometric")
    for length, want in ((1, 0), (2, 1), (3, 3), (10, 45)):  # 0 + 1 + ... + (n - 1)
        assert slopes(program, {"x": 1, "y": length}, "geometric", ["x"])["x"] == pytest.approx(want, abs=1e-15)


# ties and conditions


class Roofline(Model):
    """The slower of two, and the quicker."""

    work = given("op", "work")
    peak = given("op/s", "peak rate")
    traffic = given("byte", "traffic")
    bandwidth = given("byte/s", "bandwidth")
    compute_time = formula("s", work / peak, derived=True)
    memory_time = formula("s", traffic / bandwidth, derived=True)
    time = formula("s", largest(compute_time, memory_time), derived=True)
    least = formula("s", smallest(compute_time, memory_time), derived=True)
    energy = formula("s", 2 * time, derived=True)


def test_a_maximum_moves_with_its_larger_term():
    values = {"work": 8, "peak": 2, "traffic": 3, "bandwidth": 1}
    found = elasticities(compile(Roofline(), "time"), values, "time")
    assert dict(found.values) == {"work": 1, "peak": -1, "traffic": 0, "bandwidth": 0}
    assert found.ties == ()
    found = elasticities(compile(Roofline(), "least"), values, "least")
    assert dict(found.values) == {"work": 0, "peak": 0, "traffic": 1, "bandwidth": -1}


def test_a_tie_goes_to_the_first_and_is_named():
    values = {"work": 8, "peak": 2, "traffic": 4, "bandwidth": 1}
    found = elasticities(compile(Roofline(), "energy"), values, "energy")
    assert sorted(found.values.values()) == [-1, 0, 0, 1]
    assert found.ties == ("time",)


def test_a_tie_that_matters_nowhere_is_not_named():
    values = {"work": 8, "peak": 2, "traffic": 4, "bandwidth": 1}
    assert elasticities(compile(Roofline(), "energy"), values, "energy", []).ties == ()

    class Beside(Model):
        roof = Roofline()
        time = formula("s", largest(roof.time, 100 * one("s")), derived=True)

    found = elasticities(compile(Beside(), "time"), {f"roof.{k}": v for k, v in values.items()}, "time")
    assert found.ties == ()


class Guarded(Model):
    """A case distinction."""

    bandwidth = given("byte/s", "bandwidth")
    traffic = given("byte", "traffic")
    time = formula("s", where(bandwidth > 0, traffic / bandwidth, 0), derived=True)


def test_a_condition_is_flat_and_the_other_case_silent():
    program = compile(Guarded(), "time")
    found = slopes(program, {"bandwidth": 0, "traffic": 3}, "time")
    assert dict(found.values) == {"bandwidth": 0, "traffic": 0}
    assert slopes(program, {"bandwidth": 2, "traffic": 3}, "time")["bandwidth"] == -3 / 4


# sets and sweeps


class Network(Model):
    """Layers on one machine."""

    layer = index("layers")
    work = given("op", "work of a layer", over=layer)
    traffic = given("byte", "traffic of a layer", over=layer)
    peak = given("op/s", "peak rate")
    bandwidth = given("byte/s", "bandwidth")
    time = formula("s", largest(work / peak, traffic / bandwidth), derived=True)
    whole = formula("s", total(time, over=layer), derived=True)
    slowest = formula("s", largest(time, over=layer), derived=True)


LAYERS = {"work": [4, 4, 1], "traffic": [1, 1, 6], "peak": 2, "bandwidth": 3}  # times 2, 2, 2


def test_every_member_has_its_slope_though_equal_ones_are_merged_elsewhere():
    values = LAYERS | {"traffic": [1, 1, 9]}  # times 2, 2, 3
    found = slopes(compile(Network(), "whole"), values, "whole")
    np.testing.assert_allclose(found["work"], [1 / 2, 1 / 2, 0])
    np.testing.assert_allclose(found["traffic"], [0, 0, 1 / 3])
    assert found["peak"] == pytest.approx(-8 / 4)
    assert found["bandwidth"] == pytest.approx(-9 / 9)


def test_the_largest_of_a_set_moves_with_the_first_that_attains_it():
    found = slopes(compile(Network(), "slowest"), LAYERS | {"traffic": [1, 1, 5]}, "slowest")
    np.testing.assert_allclose(found["work"], [1 / 2, 0, 0])
    assert found.ties == ("slowest",)


def test_an_output_over_a_set_has_a_slope_for_each_member():
    found = elasticities(compile(Network(), "time"), LAYERS | {"traffic": [1, 1, 9]}, "time")
    np.testing.assert_allclose(found["work"], np.diag([1, 1, 0]))
    np.testing.assert_allclose(found["peak"], [-1, -1, 0])


def test_slopes_along_a_sweep():
    program = compile(Network(), "whole", ["peak", "bandwidth"])
    values = LAYERS | {"peak": np.array([1.0, 2.0, 4.0]), "bandwidth": np.array([3.0, 30.0])}
    found = slopes(program, values, "whole")
    assert found["work"].shape == (3, 2, 3)
    assert found["peak"].shape == (3, 2)
    for i, peak in enumerate(values["peak"]):
        for j, bandwidth in enumerate(values["bandwidth"]):
            one_point = slopes(compile(Network(), "whole"), values | {"peak": peak, "bandwidth": bandwidth}, "whole")
            for name, slope in found.values.items():
                np.testing.assert_allclose(slope[i, j], one_point[name])


class Burst(Model):
    """A set with a size that is a value."""

    burst = given("1", "steps")
    step = index("steps", size=burst)
    chance = given("1", "weight", over=step)
    cost = given("1", "cost")
    sum = formula("1", total(chance * cost * (step + 1), over=step), derived=True)


def test_members_beyond_a_size_have_no_slope():
    found = slopes(compile(Burst(), "sum"), {"burst": 2, "chance": [0.5, 0.25, 9], "cost": 3}, "sum")
    np.testing.assert_allclose(found["chance"], [3, 6, 0])
    assert found["cost"] == pytest.approx(1.0)


# refusals


class Converter(Model):
    """A table by resolution."""

    adc = table("bits", energy="pJ")
    bits = given("1", "resolution")
    count = given("1", "conversions")
    mode = given("1", "mode", domain=choices("slow", "fast"))
    kinds = index("kinds")
    used = given("1", "kind in use", domain=member(kinds))
    weight = given("1", "weight", over=kinds)
    conversion = formula("pJ", lookup(adc.energy, bits + 1), derived=True)
    energy = formula("pJ", count * conversion * bits * where(equal(mode, 1), 2, 1), derived=True)
    chosen = formula("1", total(where(equal(kinds, used), weight, 0), over=kinds), derived=True)


CONVERTER = {"adc": {9: {"energy": 3}}, "bits": 8, "count": 5, "mode": "fast"}


def test_a_slope_through_a_key_is_refused_by_name():
    program = compile(Converter(), "energy")
    with pytest.raises(
        UnsupportedError, match=r"formula 'conversion' looks adc.energy up by bits: a table has no slope"
    ):
        slopes(program, CONVERTER, "energy", ["bits"])
    found = slopes(program, CONVERTER, "energy")
    assert found["count"] == pytest.approx(3e-12 * 8 * 2)
    assert set(found.refused) == {"bits", "mode"}
    with pytest.raises(UnsupportedError, match="looks adc"):
        found["bits"]


def test_labels_have_no_slope():
    with pytest.raises(UnsupportedError, match="mode is chosen by label"):
        slopes(compile(Converter(), "energy"), CONVERTER, "energy", ["mode"])
    values = {"kinds": ["a", "b"], "used": "b", "weight": [1, 2]}
    found = elasticities(compile(Converter(), "chosen"), values, "chosen")
    np.testing.assert_array_equal(found["weight"], [0, 1])
    assert set(found.refused) == {"used"}


def test_unknown_givens_are_refused():
    with pytest.raises(UnknownValueError, match="did you mean bandwidth"):
        slopes(compile(Memory(), "busy_time"), POINT, "busy_time", ["bandwith"])


class Warm(Model):
    """Leakage by temperature."""

    ambient = given("K", "temperature", default="25 degC")
    rise = given("K", "heating")
    leak = formula("1", exp((ambient + rise) / (100 * one("K"))), derived=True)


@pytest.mark.parametrize("written", [None, "30 degC", "30 °C", (30, "degC")])
def test_an_elasticity_of_degrees_celsius_is_refused(written):
    program = compile(Warm(), "leak")
    values = {"rise": "10 K"} | ({} if written is None else {"ambient": written})
    with pytest.raises(UnsupportedError, match="ambient is written in degC, whose zero is arbitrary: write it in K"):
        elasticities(program, values, "leak", ["ambient"])
    found = elasticities(program, values, "leak")
    assert set(found.refused) == {"ambient"}
    assert found["rise"] == pytest.approx(0.1)
    assert slopes(program, values, "leak")["ambient"] == pytest.approx(run(program, values)["leak"] / 100)
    assert elasticities(program, values | {"ambient": "300 K"}, "leak")["ambient"] == pytest.approx(3.0)


# shares


class Stage(Model):
    """One stage of a pipeline."""

    work = given("1", "work")
    cost = given("pJ", "energy of a unit of work")
    delay = given("ns", "time of a unit of work")
    energy = formula("pJ", work * cost, derived=True)
    time = formula("ns", work * delay, derived=True)


class Pipeline(Model):
    """Stages, static power over the time of the slowest."""

    work = given("1", "work")
    static = given("mW", "static power")
    stages = parts(read=Stage(work=work), write=Stage(work=2 * work), idle=Stage(work=0 * work))
    time = formula("ns", largest(stages.read.time, stages.write.time), derived=True)
    rest = formula("pJ", static * time, derived=True)
    energy = formula("pJ", total_of(stages, "energy") + rest, derived=True)
    power = formula("mW", energy / time, derived=True)


PIPE = {"work": 3, "static": "2 mW"} | {
    f"stages.{s}.{k}": v for s in ("read", "write", "idle") for k, v in (("cost", "5 pJ"), ("delay", "1 ns"))
}


def test_shares_of_a_sum_add_up():
    program = compile(Pipeline(), "energy", keep=["stages.*.energy", "rest"])
    found = shares(program, PIPE, "energy")
    want = {"stages.read.energy": 15, "stages.write.energy": 30, "stages.idle.energy": 0, "rest": 12, "(rest)": 0}
    assert {k: float(v) for k, v in found.items()} == pytest.approx(want, abs=1e-12)


def test_identical_stages_keep_their_marks():
    """Both have one value number; a mark keeps them apart."""

    class Twins(Model):
        stage = Stage()
        other = stage.with_()
        energy = formula("pJ", stage.energy + other.energy, derived=True)

    program = compile(Twins(), "energy", keep=["*.energy"])
    found = shares(program, {"stage.work": 2, "stage.cost": 3}, "energy")
    assert {k: float(v) for k, v in found.items()} == {"stage.energy": 6, "other.energy": 6, "(rest)": 0}


def test_shares_of_a_quotient_hold_what_is_not_kept():
    program = compile(Pipeline(), ["power", "energy"], keep=["stages.*.energy", "rest"])
    found = shares(program, PIPE, "power")
    assert float(found["rest"]) == pytest.approx(2.0)
    assert float(sum(found.values())) == pytest.approx(float(run(program, PIPE)["power"]))
    assert float(found["(rest)"]) == pytest.approx(0.0, abs=1e-12)


def test_shares_of_a_maximum_go_to_the_larger():
    program = compile(Pipeline(), "time", keep=["stages.*.time"])
    found = shares(program, PIPE, "time")
    assert {k: float(v) for k, v in found.items()} == pytest.approx(
        {"stages.read.time": 0, "stages.write.time": 6, "(rest)": 0}, abs=1e-12
    )


def test_shares_over_sets_and_sweeps():
    program = compile(Network(), "whole", ["peak"], keep=["time"])
    values = LAYERS | {"peak": np.array([1.0, 2.0])}
    found = shares(program, values, "whole")
    np.testing.assert_allclose(found["time"], run(program, values)["whole"])
    np.testing.assert_allclose(found["(rest)"], 0, atol=1e-12)


def test_shares_need_marks():
    with pytest.raises(QuestionError, match="need kept names"):
        shares(compile(Pipeline(), "energy"), PIPE, "energy")


class Law(Model):
    """Left open."""

    x = given("1", "number")
    y = formula("1", ..., "result")


class Double(Law):
    """Twice."""

    y = formula("1", 2 * Law.x)


class Slot(Model):
    """A choice of law."""

    law = part(Law, default=Double)
    out = formula("1", law.y**2, derived=True)


def test_slopes_pass_slots():
    assert slopes(compile(Slot(), "out"), {"law.x": 3}, "out")["law.x"] == 24
