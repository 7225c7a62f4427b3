"""Symbols: those of the authors, sound defaults, and no two alike."""

from __future__ import annotations

import pytest
import sympy as sp

from symppa.errors import DeclarationError
from symppa.language import (
    Model,
    choices,
    equal,
    floor_div,
    formula,
    given,
    index,
    integers,
    lambert_w,
    largest,
    log,
    smooth_largest,
    total,
    where,
)
from symppa.language.document import Document
from symppa.language.glyphs import canonical, subscripted
from symppa.language.latex import words
from symppa.language.mathml import MathDocument
from symppa.language.symbols import spelled, symbols_of


def symbols(model):
    return Document(model()).symbols


class Port(Model):
    """Quantities of many kinds."""

    busy_time = given("s", "time")
    energy = given("J", "energy")
    access_energy = given("pJ/byte", "energy of a byte")
    lanes = given("1", "lanes", domain=integers(1))
    mode = given("1", "mode", domain=choices("slow", "fast"))
    V_dd = given("V", "supply")
    alpha = given("1", "activity")
    clock = given("GHz", "clock")
    price = given("USD/mm2", "price of an area")
    hit_share = given("1", "share of hits")
    odd = given("kg*m/s", "an impulse, which the field has no letter for")


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("busy_time", r"t_{\mathrm{busy}}"),
        ("energy", "E"),
        ("access_energy", r"E_{\mathrm{access}}"),
        ("lanes", r"N_{\mathrm{lanes}}"),
        ("mode", r"\kappa_{\mathrm{mode}}"),
        ("V_dd", r"V_{\mathrm{dd}}"),
        ("alpha", r"\alpha"),
        ("clock", "f"),
        ("price", "c"),
        ("hit_share", r"r_{\mathrm{hit}}"),
        ("odd", r"x_{\mathrm{odd}}"),
    ],
)
def test_a_default_has_the_letter_of_its_dimension(name, symbol):
    assert symbols_of(Port)[name] == symbol


def test_the_quantity_word_stays_where_it_tells_two_apart():
    class Two(Model):
        """A time and a latency of one thing."""

        busy_time = given("s", "time")
        busy_latency = given("s", "latency")

    assert symbols_of(Two) == {
        "busy_time": r"t_{\mathrm{busy\,time}}",
        "busy_latency": r"t_{\mathrm{busy\,latency}}",
    }


def test_a_default_makes_way_for_a_declared_symbol():
    class Mixed(Model):
        """An energy whose letter is taken."""

        energy = given("J", "energy")
        effort = given("1", "effort", symbol="E")

    assert symbols_of(Mixed) == {"energy": r"E_{\mathrm{energy}}", "effort": "E"}


def test_names_that_differ_in_nothing_a_symbol_shows_are_numbered():
    class Alike(Model):
        """Two names that print the same."""

        a_rate = given("1/s", "one")
        a__rate = given("1/s", "other")

    assert len({canonical(s) for s in symbols_of(Alike).values()}) == 2


@pytest.mark.parametrize("first", ["V_t", "V_{t}", "V_{ t }"])
def test_a_clash_within_a_class_is_refused_at_import(first):
    with pytest.raises(DeclarationError, match="Clash: supply and threshold both have the symbol V_t: give one of"):
        type(
            "Clash",
            (Model,),
            {"supply": given("V", "a", symbol=first), "threshold": given("V", "b", symbol="V_t"), "__doc__": "x"},
        )


def test_a_clash_with_an_inherited_symbol_is_refused_too():
    class Base(Model):
        """A base."""

        supply = given("V", "supply", symbol="V")

    with pytest.raises(DeclarationError, match="Heir: supply and volume both have the symbol V"):
        type("Heir", (Base,), {"volume": given("m**3", "volume", symbol="V")})
    assert type("Fine", (Base,), {"supply": given("V", "other supply", symbol="V")})  # replaces it


class Cell(Model):
    """A part that occurs twice."""

    energy = given("J", "energy")
    area = given("mm2", "area", symbol="A")


class Pair(Model):
    """Two parts, and one energy of its own."""

    left = Cell()
    right = Cell()
    alone = Port()
    energy = formula("J", left.energy + right.energy, "energy", derived=True)


def test_as_much_of_the_path_as_tells_two_apart():
    found = symbols(Pair)
    assert found["energy"] == "E"
    assert found["left.energy"] == r"E_{\mathrm{left}}"
    assert found["right.area"] == r"A_{\mathrm{right}}"
    assert found["alone.clock"] == "f"
    assert len({canonical(s) for s in found.values()}) == len(found)


def test_sets_keep_their_letters_unless_a_quantity_has_them():
    class Sets(Model):
        """Sets with letters and without."""

        tokens = index("tokens", symbol="k")
        layers = index("layers")
        heads = index("heads", symbol="h")
        h = given("1", "head width")
        i = given("1", "a number called i")
        load = given("1", "load", over=(tokens, layers, heads))

    assert Document(Sets()).letters == {"tokens": "k", "layers": "j", "heads": "h"}
    assert symbols(Sets)["h"] == r"x_{\mathrm{h}}"


def test_there_are_letters_for_any_number_of_sets():
    many = type("Many", (Model,), {f"set{k}": index("a set") for k in range(15)} | {"__doc__": "x"})
    letters = Document(many()).letters
    assert len(set(letters.values())) == 15


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("x%", "goes on after x with %"),
        ("{", "has a brace that is not closed"),
        ("#", "has '#' where a letter is due"),
        (r"\undefinedmacro", r"has \\undefinedmacro, which is no part of one"),
        (r"\input{x}", r"has \\input, which is no part of one"),
        (r"\write18", r"has \\write, which is no part of one"),
        (r"\left(", r"has \\left, which is no part of one"),
        ("x_a_b", r"has two subscripts: write both in one, as in x_\{a,b\}"),
        ("x^a^b", "has two superscripts"),
        ("x'^2", "has two superscripts"),
        ("a+b", r"goes on after a with \+"),
        ("ab", r"goes on after a with b: a word is written \\mathrm\{ab\}"),
        ("α", r"has the letter α: write it \\alpha"),
        ("漢", r"has '漢': write it in Latin letters, as \\mathrm\{word\}"),
        (r"\mathrm{a%}", r"has 'a%' in \\mathrm"),
        (r"\mathrm{a", "has braces that do not match"),
        ("x_", "ends where something is due"),
        ("x_{}", "has an empty script"),
        (" ", "is empty"),
    ],
)
def test_what_is_no_symbol_is_refused_at_import(symbol, reason):
    with pytest.raises(DeclarationError, match=f"Odd: supply: the symbol .* {reason}"):
        type("Odd", (Model,), {"supply": given("V", "a", symbol=symbol), "__doc__": "x"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\mathrm{B}", r"\mathrm B"),
        ("{x}", "x"),
        ("T_{a}^{2}", "T^{2}_{a}"),
        (r"\text{t}", r"\mathrm t"),
        ("x'", r"x^\prime"),
        (r"\hat x", r"\hat{x}"),
        (r"V_\mathrm{t}", r"V_{ \textrm t }"),
        (r"\mathit{x}", "x"),
    ],
)
def test_symbols_that_look_alike_are_one(one, other):
    assert canonical(one) == canonical(other)
    with pytest.raises(DeclarationError, match="both have the symbol"):
        type("Clash", (Model,), {"a": given("V", "a", symbol=one), "b": given("V", "b", symbol=other), "__doc__": "x"})


@pytest.mark.parametrize(
    ("one", "other"), [("x", r"\mathrm{x}"), ("x_{ab}", "x_{a}"), ("x'", "x''"), (r"\Delta T", "T")]
)
def test_symbols_that_look_different_are_two(one, other):
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("symbol", "whole"),
    [
        ("T_{a}^{2}", "T_{a,i}^{2}"),
        ("K^*", "K_{i}^{*}"),
        ("{x_a}_b", "{x_{a}}_{b,i}"),
        (r"\hat{x_a}", r"\hat{x_{a}}_{i}"),
        ("x", "x_{i}"),
    ],
)
def test_a_subscript_respects_braces(symbol, whole):
    assert subscripted(symbol, ["i"]) == whole


class Signs(Model):
    """Names that are signs of formulas elsewhere."""

    pi = given("1", "a given called pi")
    e = given("1", "a given called e")
    W = given("1", "a given called W")
    K = given("1", "a best length", symbol="K^*")
    circle = formula("1", sp.pi * pi + sp.E * e + lambert_w(W), "all", derived=True)
    square = formula("1", K**2, "square", derived=True)


def test_a_default_is_no_sign_of_a_formula_beside_it():
    found = symbols(Signs)
    assert {canonical(found[name]) for name in ("pi", "e", "W")}.isdisjoint({r"\pi", "e", "W", "W_{0}"})

    class Alone(Model):
        """Nothing uses the signs."""

        pi = given("1", "a given called pi")
        W = given("1", "a given called W")

    assert symbols(Alone) == {"pi": r"\pi", "W": "W"}


def test_a_declared_symbol_that_is_a_sign_of_a_formula_is_refused():
    with pytest.raises(DeclarationError, match="the number pi and a both have the symbol"):

        class Clash(Model):
            """A given and the number."""

            a = given("1", "a", symbol=r"\pi")
            b = formula("1", sp.pi * a, "b", derived=True)


def test_a_mark_above_stands_in_brackets_below_a_power():
    (line,) = (x for x in Document(Signs()).lines() if x.name == "square")
    assert line.latex == r"\left(K^*\right)^{2}"
    (equation,) = (x for x in MathDocument(Signs()).equations() if x.name == "square")
    assert equation.right == (
        "<msup><mrow><mo>(</mo><msup><mi>K</mi><mo>∗</mo></msup><mo>)</mo></mrow><mn>2</mn></msup>",
    )


@pytest.mark.parametrize(
    ("name", "symbol"), [("x", "x"), ("Pi_0", r"\Pi_{0}"), ("sm", ""), ("l2", ""), ("busy_time", "")]
)
def test_what_looks_like_a_symbol(name, symbol):
    assert spelled(name) == symbol


def test_letters_beyond_ascii_have_a_base():
    assert words("größe") == r"\mathrm{groe}"


class Written(Model):
    """Signs that need care."""

    a = given("1", "a")
    b = given("1", "b")
    size = given("1", "size", symbol="K")
    step = index("steps", size=size)
    x = given("1", "x", over=step)

    counted = formula("1", 1 + equal(a, b) * a, "x", derived=True)
    nested = formula("1", where(a < b, 1, where(a <= b, 2, 3)), "x", derived=True)
    whole = formula("1", floor_div(a, 1), "x", derived=True)
    summed = formula("1", total(x, over=step), "x", derived=True)
    size_of = formula("1", abs(a - b), "x", derived=True)
    squared = formula("1", log(a) ** 2, "x", derived=True)
    topped = formula("1", largest(a, b) ** 2, "x", derived=True)
    joined = formula("1", where(a < b, a, b) + a, "x", derived=True)
    softened = formula("1", smooth_largest(a + b, a, b), "x", derived=True)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("counted", r"a\,\left[a = b\right] + 1"),
        ("nested", r"\begin{cases}1 & \text{if } a < b\\2 & \text{if } a \le b\\3 & \text{otherwise}\end{cases}"),
        ("whole", r"\left\lfloor{a}\right\rfloor"),
        ("size_of", r"\left\lvert a - b\right\rvert"),
        ("summed", r"\sum_{i=0}^{K - 1} x_{i}"),
        ("squared", r"\left(\ln\left(a\right)\right)^{2}"),
        ("topped", r"\left(\max\left(a, b\right)\right)^{2}"),
        (
            "joined",
            r"a + \left(\begin{cases}a & \text{if } a < b\\b & \text{otherwise}\end{cases}\right)",
        ),
        ("softened", r"\left(a^{a + b} + b^{a + b}\right)^{1/\left(a + b\right)}"),
    ],
)
def test_signs_say_what_is_meant(name, latex):
    (line,) = (x for x in Document(Written()).lines() if x.name == name)
    assert line.latex == latex
