"""Dimensions are checked when a class body runs, and every violation is told at once."""

from __future__ import annotations

import pint
import pytest
import sympy as sp

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import DeclarationError, DimensionError, QuestionError, UnitError, WiringError, WrongUnitError
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
    lambert_w,
    largest,
    log,
    lookup,
    one,
    power,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    where,
)


def declared(**space):
    """A model class of these declarations."""
    return type("Made", (Model,), space)


def time_and_length():
    return {
        "t": given("s", "time"),
        "u": given("ms", "other time"),
        "l": given("m", "length"),
        "n": given("1", "count"),
    }


def test_every_violation_of_a_class_is_listed():
    space = time_and_length()
    t, length = space["t"], space["l"]
    with pytest.raises(DimensionError) as caught:
        declared(
            **space,
            mixed=formula("s", t + length),
            largest=formula("s", largest(t, length)),
            other=formula("m/s", t / length),
            grown=formula("1", exp(t)),
        )
    text = str(caught.value)
    for part in (
        "formula 'mixed' [s]: cannot combine unlike terms in a sum",
        "formula 'largest' [s]: cannot combine unlike terms in largest",
        "formula 'other' [m/s]: should be [length] / [time] but t/l is [time] / [length]",
        "formula 'grown' [1]: exp in exp(t) needs a pure number, but t is [time]",
    ):
        assert part in text
    assert "t: [time]" in text
    assert "l: [length]" in text


def test_two_violations_in_one_formula_are_both_told():
    space = time_and_length()
    with pytest.raises(DimensionError) as caught:
        declared(**space, x=formula("1", exp(space["t"]) * log(space["l"])))
    assert "exp(t) needs a pure number" in str(caught.value)
    assert "log(l) needs a pure number" in str(caught.value)


@pytest.mark.parametrize(
    "made",
    [
        lambda t, u, length, n: ("s", smooth_largest(2, t, length)),
        lambda t, u, length, n: ("s", smooth_largest(t, t, u)),
        lambda t, u, length, n: ("1", ceil_div(t, length)),
        lambda t, u, length, n: ("1", floor_div(t, n)),
        lambda t, u, length, n: ("s", ceil_div(t, u)),  # two of one dimension give a pure number
        lambda t, u, length, n: ("1", where(t < length, n, n)),
        lambda t, u, length, n: ("1", where(equal(t, length), n, n)),
        lambda t, u, length, n: ("s", where(n < 1, t, n)),
        lambda t, u, length, n: ("s", smallest(t, n)),
        lambda t, u, length, n: ("m", length**n),
        lambda t, u, length, n: ("1", n**t),
        lambda t, u, length, n: ("m", sqrt(length)),
        lambda t, u, length, n: ("1", log(t)),
        lambda t, u, length, n: ("1", lambert_w(t)),
        lambda t, u, length, n: ("1", geometric_sum(t, n)),
        lambda t, u, length, n: ("1", geometric_sum(n, t)),
        lambda t, u, length, n: ("s", t + 1),
        lambda t, u, length, n: ("s", -t + length),
        lambda t, u, length, n: ("s", t * one("cycle")),
        lambda t, u, length, n: ("s", largest(t, 1)),
    ],
)
def test_unlike_terms_are_refused(made):
    space = time_and_length()
    unit, expr = made(*space.values())
    with pytest.raises(DimensionError, match="formula 'x'"):
        declared(**space, x=formula(unit, expr))


@pytest.mark.parametrize(
    "made",
    [
        lambda t, u, length, n: ("s", t + u),
        lambda t, u, length, n: ("1", ceil_div(t, u) + floor_div(length, length)),
        lambda t, u, length, n: ("s", smooth_largest(3, t, u)),
        lambda t, u, length, n: ("s**2", power(t, 2)),
        lambda t, u, length, n: ("m", power(length**3, sp.Rational(1, 3))),
        lambda t, u, length, n: ("m", sqrt(length**2)),
        lambda t, u, length, n: ("1", exp(t / u) * lambert_w(n) * geometric_sum(n, n)),
        lambda t, u, length, n: ("1/s", 1 / t),
        lambda t, u, length, n: ("byte/token", n * one("byte") / one("token")),
        lambda t, u, length, n: ("Hz", one("cycle") / t),
        lambda t, u, length, n: ("bit", n * one("bit")),
    ],
)
def test_like_terms_pass(made):
    space = time_and_length()
    unit, expr = made(*space.values())
    assert declared(**space, x=formula(unit, expr)).x.unit_text == unit


def test_zero_and_infinity_measure_anything():
    space = time_and_length()
    t = space["t"]
    made = declared(
        **space,
        clipped=formula("s", largest(0, t)),
        float_zero=formula("s", where(t > 0.0, sp.Float(0.0), t)),
        nothing=formula("m", 0),
        bounded=formula("s", smallest(t, sp.oo)),
        compared=formula("s", where(t >= 0, t, 0)),
    )
    assert run(compile(made(), "clipped"), {"t": -3})["clipped"] == 0


def test_a_double_replacement_must_keep_its_dimension():
    class Base(Model):
        x = given("s", "time")
        y = formula("s", 2 * x)

    with pytest.raises(DimensionError, match=r"'y' replaces one of \[time\] by m"):
        type("Other", (Base,), {"y": formula("m", one("m"))})


def test_wires_are_checked_as_formulas_are():
    class Memory(Model):
        traffic = given("byte", "bytes moved")
        bandwidth = given("byte/s", "sustained bandwidth")
        busy_time = formula("s", traffic / bandwidth)

    t = given("s", "time")
    with pytest.raises(DimensionError) as caught:
        declared(t=t, dram=Memory(traffic=t), other=Memory(bandwidth="3 s"), third=Memory(busy_time=t))
    text = str(caught.value)
    assert "wire dram.traffic: should be [information] but t is [time]" in text
    assert "wire other.bandwidth: bandwidth = 3 s does not measure byte/s (sustained bandwidth)" in text
    assert "wire third.busy_time: busy_time is a formula; formulas are replaced in a subclass" in text


def test_sizes_of_sets_are_pure_numbers():
    t = given("s", "time")
    with pytest.raises(DimensionError, match=r"size of set 'steps': should be dimensionless but t is \[time\]"):
        declared(t=t, steps=index("steps", size=t))


def test_a_lookup_has_the_dimension_of_its_column_and_a_pure_key():
    adc, bits, t = table("bits", energy="pJ"), given("1", "bits"), given("s", "time")
    declared(adc=adc, bits=bits, energy=formula("J", lookup(adc.energy, bits)))
    adc = table("bits", energy="pJ")
    with pytest.raises(DimensionError) as caught:
        declared(adc=adc, t=t, time=formula("s", lookup(adc.energy, t)))
    assert "needs a pure number, but t is [time]" in str(caught.value)
    assert "should be [time] but" in str(caught.value)


def test_sums_over_sets_have_the_dimension_of_their_term():
    layer = index("layers")
    t = given("s", "time", over=layer)
    made = declared(
        layer=layer, t=t, whole=formula("s", total(t, over=layer)), worst=formula("ms", largest(t, over=layer))
    )
    assert made.whole.dimension == made.worst.dimension
    layer = index("layers")
    t = given("s", "time", over=layer)
    with pytest.raises(DimensionError, match=r"should be dimensionless but Total\(t, layer\) is \[time\]"):
        declared(layer=layer, t=t, whole=formula("1", total(t, over=layer)))


@pytest.mark.parametrize(
    ("made", "hint"),
    [
        (lambda n: sp.Max(n, 0), "largest"),
        (lambda n: sp.Min(n, 1), "smallest"),
        (lambda n: sp.ceiling(n), "ceil_div"),
        (lambda n: n // 3, "floor_div"),
        (lambda n: n % 3, "not an operation"),
        (lambda n: sp.sin(n), "not an operation"),
        (lambda n: sp.Piecewise((n, n > 0), (0, True)), "where"),
    ],
)
def test_other_functions_of_sympy_are_refused_at_the_class(made, hint):
    n = given("1", "count")
    with pytest.raises(DimensionError, match=hint):
        declared(n=n, x=formula("1", made(n)))


def test_a_symbol_that_is_not_declared_here_is_named():
    with pytest.raises(WiringError, match=r"q in Made is a plain sympy symbol: declare it with given"):
        declared(x=formula("1", sp.Symbol("q") + 1))
    stray = given("1", "elsewhere")
    declared(stray=stray)
    with pytest.raises(DimensionError, match="stray is not declared here or in a part of Made"):
        declared(x=formula("1", stray + 1))


def test_a_quantity_inside_an_expression_is_refused():
    """Sympy would take its magnitude and drop the unit."""
    t = given("s", "time")
    registry = pint.UnitRegistry()
    with pytest.raises((DeclarationError, pint.DimensionalityError)):
        declared(t=t, x=formula("s", t * registry.Quantity(3, "m")))
    with pytest.raises(DeclarationError, match=r"one\('GHz'\)"):
        formula("s", registry.Quantity(3, "m"))
    with pytest.raises(DeclarationError, match=r"one\('GHz'\)"):
        largest(t, registry.Quantity(3, "s"))


def test_questions_are_checked_too():
    class Memory(Model):
        traffic = given("byte", "bytes moved")
        bandwidth = given("byte/s", "sustained bandwidth")

    ratio = Memory.traffic / Memory.bandwidth
    assert compile(Memory(), {"time": ratio}).outputs["time"].unit == "s"
    with pytest.raises(QuestionError, match="bad: cannot combine unlike terms"):
        compile(Memory(), {"bad": Memory.traffic + Memory.bandwidth})


def test_values_are_checked_against_the_unit_of_their_given():
    class Memory(Model):
        traffic = given("byte", "bytes moved")
        bandwidth = given("byte/s", "sustained bandwidth")
        busy_time = formula("s", traffic / bandwidth)

    program = compile(Memory(), "busy_time")
    with pytest.raises(WrongUnitError, match=r"bandwidth = 614 GHz does not measure byte/s \(sustained bandwidth\)"):
        run(program, {"traffic": "1 GB", "bandwidth": "614 GHz"})
    with pytest.raises(UnitError, match=r"traffic = 5 has no unit; expected \[information\] in byte"):
        run(program, {"traffic": "5", "bandwidth": "1 GB/s"})
