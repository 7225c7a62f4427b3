"""Formulas as Markdown: math that GitHub knows, tables whose cells hold, references in words."""

from __future__ import annotations

import re

import pytest

from symppa.errors import MissingValueError
from symppa.exports import export
from symppa.exports.markdown import Options, inline, plain, unaccented, write
from symppa.language import Model, formula, given, one, power
from symppa.library.systems.chiplet_soc import ChipletSoC
from tests.exports.systems import contents

# What is in GitHub's renderer and in the text: everything else would show in red.
KNOWN = {
    "begin", "end", "frac", "sqrt", "left", "right", "max", "min", "exp", "ln", "sum", "cdot", "times", "text", "quad",
    "mathrm", "mathcal", "lceil", "rceil", "lfloor", "rfloor", "lvert", "rvert", "le", "infty", "circ", "pi", "vert",
    "alpha", "beta", "epsilon", "eta", "ell", "kappa", "lambda", "mu", "nu", "phi", "rho", "sigma", "tau", "theta",
    "varphi", "Pi", "Delta", "gamma", "in",
}  # fmt: skip


def blocks(text):
    return re.findall(r"```math\n(.*?)\n```", text, re.DOTALL)


@pytest.mark.parametrize("name", sorted(contents()))
class TestEverySystem:
    def test_its_math_has_no_macro_that_github_lacks(self, name):
        text = write(contents()[name], Options())
        math = blocks(text) + re.findall(r"\$`([^`]*)`\$", text)
        assert math
        assert {m for part in math for m in re.findall(r"\\([A-Za-z]+)", part.replace("\\\\", " "))} <= KNOWN

    def test_every_block_is_balanced(self, name):
        for block in blocks(write(contents()[name], Options())):
            assert block.count("{") == block.count("}")
            assert block.count(r"\left") == block.count(r"\right")
            assert block.count(r"\begin") == block.count(r"\end")

    def test_every_row_of_the_table_has_its_cells(self, name):
        rows = [line for line in write(contents()[name], Options()).splitlines() if line.startswith("|")]
        assert len(rows) > 3
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}


def test_numbers_are_put_in():
    text = export("gemm_tiler", "markdown", ["cycles"], numbers=True)
    assert (
        r"N_{\mathrm{trips}} &= N_{\mathrm{row\,trips}}\,N_{\mathrm{column\,trips}}\,N_{\mathrm{depth\,trips}}" in text
    )
    assert r"= 16 \cdot 16 \cdot 4 = 1024" in text


class Charge(Model):
    """Voltages of either sign."""

    V = given("V", "supply", default=0.75)
    U = given("V", "bias", default=-0.5)
    energy = formula("V**2", power(V, 2) + power(U, 2), "squares", derived=True)
    far = formula("V", V + U, "sum", derived=True)
    conductivity = given("W/(m*K)", "conductivity", default=150)
    flow = formula("W/m", conductivity * one("K"), "flow", derived=True)


def test_quantities_under_powers_and_after_signs_stand_in_brackets():
    (block,) = blocks(export(Charge, "markdown", substitute=True))
    assert r"\left(0.75\,\mathrm{V}\right)^{2} + \left(-0.5\,\mathrm{V}\right)^{2}" in block
    assert r"0.75\,\mathrm{V} + \left(-0.5\,\mathrm{V}\right)" in block
    assert r"150\,\mathrm{W/(m\,K)}" in block


def test_a_long_page_has_a_heading_for_each_part():
    text = export("analog_soc", "markdown")
    assert re.findall("^### (.*)$", text, re.MULTILINE)[:6] == [
        "The whole", "Part `acceptance`", "The whole", "Part `speculative`", "Part `net`", "Part `chip`"
    ]  # fmt: skip
    assert "### Part `speculative`, continued" in text
    assert "###" not in export("gemm_tiler", "markdown", ["trips"])


def test_missing_values_are_refused():
    with pytest.raises(MissingValueError, match="chiplets"):
        export(ChipletSoC, "markdown", ["area"], numbers=True)


def test_marks_of_markdown_are_escaped():
    assert plain("a_b | <i>*c*</i> `d` $e") == r"a\_b \| \<i\>\*c\*\</i\> \`d\` \$e"


def test_bars_do_not_end_a_cell():
    assert inline("|a|") == r"$`\vert a\vert `$"


def test_references_are_in_words():
    assert unaccented(r"Lebr{\'o}n and M{\"u}ller, {GQA} \& more, 1--9") == "Lebrón and Müller, GQA & more, 1–9"
    text = export("nexgen_baseline", "markdown", ["attained"])
    assert "- **williams2009**: Samuel Williams, Andrew Waterman and David Patterson. Roofline:" in text
