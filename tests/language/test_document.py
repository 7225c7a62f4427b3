"""Models as documents: symbols, formulas in LaTeX and in words, nomenclature."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from symppa.language import (
    Model,
    ceil_div,
    count,
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
    member,
    one,
    power,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    where,
)  # fmt: skip
from symppa.language.document import Document, align, nomenclature, nomenclature_html, table_of
from symppa.language.glyphs import subscripted
from symppa.language.latex import words
from symppa.language.operations import ROWS
from symppa.language.written_units import siunitx
from symppa.library.systems.chiplet_soc import ChipletSoC
from symppa.library.systems.chiplet_soc_physical import ChipletSoCPhysical


class Every(Model):
    """Each function once."""

    layers = index("layers")
    rows = table("bits", energy="pJ")
    a = given("1", "a", symbol="a")
    b = given("1", "b", symbol=r"b_0")
    big_name = given("1", "c")
    per_layer = given("1", "d", over=layers)
    chosen = given("1", "e", domain=member(layers))

    rounded = formula("1", ceil_div(a, b) + floor_div(a, b), "x", derived=True)
    extremes = formula("1", largest(a, b, big_name) - smallest(a, b), "x", derived=True)
    summed = formula("1", total(per_layer * a, over=layers), "x", derived=True)
    members = formula("1", count(layers), "x", derived=True)
    highest = formula("1", largest(per_layer, over=layers) + smallest(per_layer, over=layers), "x", derived=True)
    picked = formula("1", total(where(equal(layers, chosen), per_layer, 0), over=layers), "x", derived=True)
    cases = formula("1", where(a < b, a, where(a <= b, b, 2)) * a, "x", derived=True)
    transcendent = formula("1", exp(a) * log(b) * sqrt(a + b) * lambert_w(a), "x", derived=True)
    powers = formula("1", power(a + b, 2) / (power(a, b) * 3), "x", derived=True)
    series = formula("1", geometric_sum(a, b) + smooth_largest(8, a, b), "x", derived=True)
    looked_up = formula("pJ", lookup(rows.energy, a), "x", derived=True)
    labelled = formula("cycle", a * one("cycle"), "x", derived=True)
    halves = formula("1", (a - (b - 1)) / 2 - a * (b + 1), "x", derived=True)
    vector = formula("1", per_layer * a, "x", derived=True)


def line(name, model=Every):
    return next(x for x in Document(model()).lines() if x.name == name)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("rounded", r"\left\lceil\frac{a}{b_0}\right\rceil + \left\lfloor\frac{a}{b_0}\right\rfloor"),
        ("extremes", r"\max\left(a, b_0, x_{\mathrm{big\,name}}\right) - \min\left(a, b_0\right)"),
        ("summed", r"\sum_{i} a\,x_{\mathrm{per\,layer},i}"),
        ("members", r"\left\lvert\mathcal{I}\right\rvert"),
        ("highest", r"\max_{i} x_{\mathrm{per\,layer},i} + \min_{i} x_{\mathrm{per\,layer},i}"),
        (
            "picked",
            (
                r"\sum_{i} \begin{cases}x_{\mathrm{per\,layer},i} & \text{if } i = \kappa_{\mathrm{chosen}}"
                r"\\0 & \text{otherwise}\end{cases}"
            ),
        ),
        ("powers", r"\frac{\left(a + b_0\right)^{2}}{3\,a^{b_0}}"),
        ("labelled", r"a \cdot \qty{1}{cycle}"),
        ("halves", r"\frac{a}{2} + \frac{1}{2} - a\,\left(b_0 + 1\right) - \frac{b_0}{2}"),
    ],
)
def test_a_formula_in_latex(name, latex):
    assert line(name).latex == latex


def test_a_symbol_carries_the_sets_it_stands_over():
    assert line("vector").symbol == r"x_{\mathrm{vector},i}"
    assert line("summed").symbol == r"x_{\mathrm{summed}}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rounded", "ceil_div(a, b) + floor_div(a, b)"),
        ("extremes", "largest(a, b, big_name) - smallest(a, b)"),
        ("members", "count(layers)"),
        ("picked", "total(where(layers == chosen, per_layer, 0), over=layers)"),
        ("looked_up", "lookup(rows.energy, a)"),
        ("labelled", "a*one('cycle')"),
        ("vector", "a*per_layer"),
    ],
)
def test_a_formula_in_words(name, text):
    assert line(name).text == text


@pytest.mark.parametrize("model", [Every, ChipletSoC, ChipletSoCPhysical])
class TestEveryModel:
    def test_its_latex_is_balanced(self, model):
        text = align(model())
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") == text.count(r"\right")
        assert text.count(r"\begin") == text.count(r"\end")
        assert r"\boldsymbol" not in text
        assert text.count("&=") == len(list(Document(model()).lines()))

    def test_no_two_quantities_share_a_symbol(self, model):
        symbols = [row.symbol for row in nomenclature(model())]
        assert len(symbols) == len(set(symbols))

    def test_its_formulas_compute_what_they_say(self, model):
        for x in Document(model()).lines():
            assert x.text.count("(") == x.text.count(")")
            assert not re.search(r"[A-Z][a-z]+\(", x.text), f"{x.name} shows a sympy head: {x.text}"

    def test_it_represents_itself_in_a_notebook(self, model):
        assert model()._repr_latex_().startswith(r"\begin{align*}")
        assert model()._repr_html_().count("<tr>") == len(nomenclature(model())) + 1


def test_a_repeated_part_is_told_in_a_sentence():
    (again,) = Document(ChipletSoC()).repeated
    assert again == ("by_format", "at_precision", (("ops_per_cycle", "chiplet.sm.ops_per_cycle"),))
    assert not [x.name for x in Document(ChipletSoC()).lines() if x.name.startswith("by_format")]


def test_wires_are_followed():
    # Roofline's own names are peak, bandwidth, intensity.
    assert line("at_precision.roof.attained", ChipletSoC).text == (
        "smallest(at_precision.peak_compute, memory_bandwidth*intensity)"
    )


def test_the_nomenclature_has_unit_meaning_and_source():
    row = next(r for r in nomenclature(ChipletSoC()) if r.name == "sm_power")
    assert (row.unit, row.meaning, row.default, row.source) == ("W", "busy multiprocessor", "1.5 W", "ngaisoc")
    assert "busy multiprocessor" in nomenclature_html(ChipletSoC())


def test_symbols_are_made_of_words():
    assert words("BW_HBM") == r"\mathrm{BW\,HBM}"
    assert subscripted("V_{0}", [r"\mathrm{a}"]) == r"V_{0,\mathrm{a}}"


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("GB/s", "GB.s^{-1}"),
        ("1/cm2", "cm^{-2}"),
        ("pJ/mac", "pJ.mac^{-1}"),
        ("um2/bit", r"um^{2}.bit^{-1}"),
        ("1", ""),
    ],
)
def test_units_for_siunitx(unit, text):
    assert siunitx(unit) == text.replace("um", r"\micro\metre") if "um" in unit else siunitx(unit) == text


def test_every_operation_has_been_written():
    used = {row.name for row in ROWS} - {"subtract"}
    text = align(Every())
    signs = {
        "ceil_div": "lceil", "floor_div": "lfloor", "maximum": r"\max\left", "minimum": r"\min\left", "total": r"\sum",
        "largest_over": r"\max_", "smallest_over": r"\min_", "where": "cases", "less": "<",
        "at_most": r"\le", "equal": "=",
        "exp": r"\exp", "log": r"\ln", "sqrt": r"\sqrt", "lambert_w": "W_{0}", "geometric_sum": "1 - ", "power": "^{2}",
        "smooth_largest": "^{1/8}", "lookup": "[a]", "add": "+", "multiply": r"\,", "divide": r"\frac",
    }  # fmt: skip
    assert used == set(signs)
    assert all(sign in text for sign in signs.values())


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path):
    bodies = [align(m()) + "\n\n" + table_of(nomenclature(m())) for m in (Every, ChipletSoC, ChipletSoCPhysical)]
    head = (
        r"\documentclass{article}\usepackage{amsmath,booktabs}\usepackage{siunitx}\begin{document}\allowdisplaybreaks"
    )
    if (
        not shutil.which("kpsewhich")
        or not subprocess.run(["kpsewhich", "siunitx.sty"], capture_output=True, check=False).stdout
    ):
        pytest.skip("siunitx is not installed")
    (tmp_path / "model.tex").write_text("\n".join([head, *bodies, r"\end{document}"]))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "model.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
