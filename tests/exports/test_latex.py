"""Formulas as LaTeX: what is printed, in which order, that it compiles, and that its numbers are right."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from functools import cache

import numpy as np
import pytest

import symppa
from symppa.errors import MissingValueError, QuestionError
from symppa.exports import export
from symppa.exports.bibliography import cited, listed, used
from symppa.exports.content import Content
from symppa.exports.latex import PACKAGES, SETUP, Options, broken, printable, write
from symppa.exports.layout import lines, width
from symppa.exports.markdown import measured
from symppa.exports.paper import Paper, Setting
from symppa.language import Model, ceil_div, formula, given, index, one, total
from symppa.language.functions import count
from symppa.library.laws.speculation import OptimalBurst
from symppa.library.systems.chiplet_soc import ChipletSoC
from tests.exports.systems import contents
from tests.house.tree import ROOT

LATEX = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


class Memory(Model):
    """A port."""

    traffic = given("byte", "bytes moved", default="3 MB", source="williams2009, table 1")
    bandwidth = given("GB/s", "sustained bandwidth", default="2 GB/s", symbol=r"\beta")
    access_energy = given("pJ/byte", "energy of a byte", default="0.25 pJ/byte")

    busy_time = formula("ms", traffic / bandwidth, "time the port is occupied", derived=True)
    energy = formula("uJ", traffic * access_energy, "dynamic energy", source="horowitz2014")
    power = formula("mW", energy / busy_time, "average power", derived=True)


class Bursts(Model):
    """A sum over a set with a size, and one port beside its like."""

    burst = given("1", "steps", default=3, symbol="K")
    step = index("steps of a burst", size=burst + 1)
    reads = given("byte", "reads of a step", over=step, default=[1.0, 2.0, 3.0, 4.0])
    port = Memory(traffic=total(reads, over=step))
    other = port.with_(traffic=2 * total(reads, over=step))

    together = formula("uJ", port.energy + other.energy, "energy of both", derived=True)
    lines = formula("1", ceil_div(total(reads * step, over=step), 8 * one("byte")), "lines", derived=True)


def paper(system, outputs=("*",), values=None, **setting):
    return Paper(Content(system, outputs, values), Setting(measured, **setting))


def equations(system, outputs=("*",), values=None, **setting):
    return {e.name: e for e in paper(system, outputs, values, **setting).equations()}


def told(found):
    return {name: f"{e.left} = {e.right}" for name, e in found.items()}


@cache
def papers():
    return {name: Paper(content, Setting(measured)) for name, content in contents().items()}


class TestWhatIsPrinted:
    def test_default_symbols_have_the_letter_of_the_field(self):
        assert told(equations(Memory)) == {
            "busy_time": r"t_{\mathrm{busy}} = \frac{S_{\mathrm{traffic}}}{\beta}",
            "energy": r"E = S_{\mathrm{traffic}}\,E_{\mathrm{access}}",
            "power": r"P = \frac{E}{t_{\mathrm{busy}}}",
        }

    def test_only_what_the_outputs_need_is_printed(self):
        assert list(equations(Memory, ["busy_time"])) == ["busy_time"]
        assert [t.name for t in paper(Memory, ["busy_time"]).terms()] == ["traffic", "bandwidth", "busy_time"]

    def test_an_expression_is_an_output_too(self):
        assert told(equations(Memory, ["energy/traffic"]))["energy/traffic"] == (
            r"y_{1} = \frac{E}{S_{\mathrm{traffic}}}"
        )

    def test_a_copy_is_told_in_a_sentence_and_its_wire_by_an_equation(self):
        found = paper(Bursts, ["together"])
        assert told({e.name: e for e in found.equations()}) == {
            "port.traffic": r"S_{\mathrm{traffic}} = \sum_{i=0}^{K} S_{\mathrm{reads},i}",
            "port.energy": r"E_{\mathrm{port}} = S_{\mathrm{traffic}}\,E_{\mathrm{access}}",
            "together": r"E_{\mathrm{together}} = E_{\mathrm{port}} + E_{\mathrm{other}}",
        }
        (copy,) = found.told_copies()
        assert (copy.path, copy.like) == ("other", "port")
        assert copy.wires == ((r"S_{\mathrm{traffic}}", r"2\,\left(\sum_{i=0}^{K} S_{\mathrm{reads},i}\right)"),)
        assert {t.name for t in found.terms()} >= {"other.energy", "port.energy", "reads", "burst", "step"}

    def test_a_copy_on_another_part_brings_that_part(self):
        found = papers()["digital_speculation"]
        assert ("drafting", "plain") in {(c.path, c.like) for c in found.told_copies()}
        names = {e.name for e in found.equations()}
        assert {"target.layer_weights", "draft.layer_weights"} <= names
        assert {"target.width", "draft.width"} <= {t.name for t in found.terms()}

    def test_small_definitions_are_written_into_their_users(self):
        found = told(equations(Memory, ["power"], inline=True))
        assert found == {
            "power": r"P = \frac{S_{\mathrm{traffic}}\,E_{\mathrm{access}}}{\frac{S_{\mathrm{traffic}}}{\beta}}"
        }

    def test_values_take_the_place_of_what_is_told(self):
        found = told(equations(Memory, ["energy"], substitute=True))
        assert found["energy"] == r"E = 3\times10^{6}\,\mathrm{byte} \cdot 0.25\,\mathrm{pJ/byte}".replace(
            r"3\times10^{6}", "3000000"
        )

    def test_definitions_left_out_stand_by_their_values(self):
        found = paper(Memory, ["power"], told=("busy_*",), numbers=True)
        assert [e.name for e in found.equations()] == ["energy", "power"]
        term = next(t for t in found.terms() if t.name == "busy_time")
        assert (term.role, term.values, term.unit) == ("given", ("1.5",), "ms")

    @pytest.mark.parametrize("name", sorted(contents()))
    def test_everything_stands_after_what_it_needs_and_in_the_table(self, name):
        found = papers()[name]
        done, printed = set(), {t.name for t in found.terms()}
        names = {found._label(*f) for f in found.order}
        for where, declared in found.order:
            home, expr = found._body(where, declared)
            for leaf in found.leaves(home, expr):
                label = found._label(*leaf)
                assert label in printed
                assert label not in names or label in done, f"{label} is used before it is defined"
            done.add(found._label(where, declared))
        assert {o.name for o in contents()[name].outputs} <= done

    @pytest.mark.parametrize("name", sorted(contents()))
    def test_no_two_quantities_share_a_symbol(self, name):
        symbols = [t.symbol for t in papers()[name].terms()]
        assert len(symbols) == len(set(symbols)) > 0


class TestNumbers:
    def test_numbers_are_put_in_with_their_units(self):
        found = equations(Memory, numbers=True)
        assert found["busy_time"].put_in == r"\frac{3\,\mathrm{MB}}{2\,\mathrm{GB/s}}".replace(
            "3\\,\\mathrm{MB}", r"3000000\,\mathrm{byte}"
        )
        assert [e.result for e in found.values()] == [
            r"1.5\,\mathrm{ms}",
            r"0.75\,\mathrm{\mu J}",
            r"0.5\,\mathrm{mW}",
        ]

    @pytest.mark.parametrize("name", ["nexgen_baseline", "gemm_tiler", "analog_soc", "cmos_scaling"])
    def test_results_are_those_of_the_engine(self, name):
        found = paper(name, numbers=True)
        want = symppa.evaluate(name, outputs=["*"])
        for output, value in want.outputs.items():
            np.testing.assert_allclose(found.values[output], value.values, rtol=1e-12)

    def test_results_have_the_digits_asked_for(self):
        values = {"traffic": "1 byte", "bandwidth": "3 GB/s"}
        shown = {
            d: equations(Memory, ["busy_time"], values, numbers=True, digits=d)["busy_time"].result for d in (2, 6)
        }
        assert shown == {2: r"3.3 \times 10^{-7}\,\mathrm{ms}", 6: r"3.33333 \times 10^{-7}\,\mathrm{ms}"}

    def test_counts_are_told_in_full(self):
        found = equations("gemm_tiler", ["cycles"], numbers=True)
        assert found["cycles"].result == r"299892736\,\mathrm{cycle}"

    def test_values_that_nobody_tells_are_refused_by_name(self):
        with pytest.raises(MissingValueError, match=r"chiplets \[1\] \(compute chiplets\)"):
            export(ChipletSoC, "latex", ["area"], numbers=True)

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"digits": 0}, "0 significant digits"),
            ({"points": 9}, "type of 10, 11 or 12"),
            ({"points": 0}, "an article has type of 10, 11 or 12 points, not 0"),
            ({"points": 0, "fragment": True}, "a fragment has type of 6 to 17 points, not 0"),
            ({"width": "0 mm"}, "a text is not 0 mm wide"),
            ({"width": "-1 cm"}, "a text is not -1 cm wide"),
            ({"told": "zzz*"}, r"Memory has no definition 'zzz\*'; there are"),
            ({"told": ("busy_tim",)}, "did you mean busy_time"),
            ({"quantities": "some"}, "quantities 'some': there are all, told, none"),
        ],
    )
    def test_options_without_sense_are_refused(self, options, reason):
        with pytest.raises(QuestionError, match=reason):
            export(Memory, "latex", **options)

    @pytest.mark.parametrize(("written", "wide"), [("17 cm", "170mm"), ("0.1234567 m", "123.457mm"), ("90mm", "90mm")])
    def test_a_width_is_written_in_millimetres(self, written, wide):
        assert f"[textwidth={wide}," in export(Memory, "latex", width=written)

    def test_patterns_are_read_part_by_part_as_those_of_outputs(self):
        names = [e.name for e in paper(Bursts, ["together"], told=("*.energy",)).equations()]
        assert names == ["together"]
        with pytest.raises(QuestionError, match="Bursts has no definition 'ene"):
            paper(Bursts, ["together"], told=("ene*",))


class Digits(Model):
    """Numbers of many lengths."""

    third = given("1", "one third", default=1 / 3)
    many = given("1", "a number that no float holds", default=2**53)
    voltage = given("V", "supply", default="0.75 V")
    rate = given("op/cycle", "work", default=128)
    times = given("1", "times", default=256)
    unused = given("GB/s", "a bandwidth", default="614.4 GB/s")

    thirds = formula("1", third * 2, "two thirds", derived=True)
    much = formula("1", many * 1.0, "much", derived=True)
    square = formula("V**2", voltage**2, "square", derived=True)
    work = formula("op/cycle", rate * times, "work", derived=True)
    fast = formula("GB/s", unused / 3, "a third", derived=True)


class TestDigits:
    def test_what_has_no_end_has_the_digits_of_results(self):
        found = equations(Digits, numbers=True)
        assert (found["thirds"].put_in, found["thirds"].result) == (r"2 \cdot 0.3333", "0.6667")
        assert found["fast"].put_in == r"\frac{614.4\,\mathrm{GB/s}}{3}"

    def test_whole_numbers_are_told_in_full(self):
        values = {"many": 9007199254740993}
        terms = {t.name: t.values for t in paper(Digits, values=values, numbers=True).terms()}
        assert terms["many"] == ("9007199254740993",)
        assert {t.name: t.values for t in paper(Digits).terms()}["many"] == ("9007199254740992",)

    def test_counts_per_cycle_are_whole(self):
        assert equations(Digits, numbers=True)["work"].result == r"32768\,\mathrm{op/cycle}"

    def test_quantities_are_bracketed_below_a_power_and_numbers_are_not(self):
        text = write(Content(Digits), Options(substitute=True, fragment=True))
        assert r"\left(\qty{0.75}{\volt}\right)^{2}" in text
        assert r"\left(0.3333\right)" not in text


class Sides(Model):
    """A set and its work."""

    layer = index("layers")
    work = given("op", "work of a layer", over=layer, default=[1.0, 2.0, 3.0])

    every = formula("1", count(layer), "layers", derived=True)
    whole = formula("op", total(work, over=layer), "work", derived=True)


class TestNotes:
    def test_the_set_of_a_letter_is_in_the_table(self):
        found = paper(Sides, ["every"])
        (index_,) = (t for t in found.terms() if t.role == "index")
        assert index_.symbol == r"i \in \mathcal{I}"
        assert any("number of its members" in note for note in found.notes([*found.equations()]))

    def test_symbols_that_stay_are_explained(self):
        found = paper(Sides, ["whole"], numbers=True)
        notes = [*found.notes([*found.equations()])]
        assert any("symbols stay of what has several values" in note for note in notes)

    def test_what_is_not_told_is_said_to_be(self):
        found = Paper(contents()["puma_like_v1"], Setting(measured, numbers=True))
        assert {t.name: t.values for t in found.terms()}["memory.sram.read.latency"] == ("not told",)
        assert any("What is not told stays a symbol" in note for note in found.notes([*found.equations()]))

    def test_a_long_paper_has_sections(self):
        text = export("analog_soc", "latex", fragment=True)
        heads = re.findall(r"\\textbf\{(The whole|Part \\texttt\{\w+\})\}(: continued)?", text)
        assert (r"Part \texttt{chip}", "") in heads
        assert (r"Part \texttt{speculative}", ": continued") in heads
        assert r"\medskip" not in export("gemm_tiler", "latex", ["trips"], fragment=True)


class TestNames:
    def test_reserved_marks_are_escaped(self):
        assert printable("50 % of a_b & c # ~ \\x ^ $") == (
            r"50 \% of a\_b \& c \# \textasciitilde{} \textbackslash{}x \textasciicircum{} \$"
        )

    def test_rare_characters_do_not_stop_a_compiler(self):
        assert printable("é → 漢") == r"é $\to$ [U+6F22]"

    def test_names_break_after_dots_and_underscores(self):
        assert broken("a.b_c") == r"a.\allowbreak{}b\_\allowbreak{}c"

    def test_sources_are_citations_where_the_bibliography_has_them(self):
        assert cited("horowitz2014, 5 %; by hand", ["horowitz2014"], printable) == (
            r"\cite[5 \%]{horowitz2014}; by hand"
        )

    def test_what_is_cited_is_listed(self):
        text = write(Content("nexgen_baseline"), Options())
        keys = set(re.findall(r"\\cite(?:\[[^\]]*\])?\{(\w+)\}", text))
        assert keys == set(re.findall(r"\\bibitem\{(\w+)\}", text)) == {"jesd51", "ngaisoc", "williams2009"}
        assert all(f"{{{key}," in text.split(r"\end{filecontents*}")[0] for key in keys)


class TestLines:
    @pytest.mark.parametrize("name", ["physical_nexgen", "analog_soc", "everything"])
    @pytest.mark.parametrize("room", [120.0, 300.0])
    def test_breaking_a_line_loses_nothing(self, name, room):
        for e in papers()[name].equations():
            assert _bare("".join(lines(e.right, room))) == _bare(e.right)

    def test_a_sum_is_broken_before_its_signs(self):
        assert lines("a + b + c", 40.0) == ["a + b", "+ c"]

    def test_a_product_shows_its_sign_on_a_new_line(self):
        assert lines(r"a\,b\,c", 13.0) == [r"a \, b", r"\cdot c"]

    def test_what_cannot_be_broken_is_opened(self):
        (row,) = lines(r"\frac{a + b + c}{d}", 40.0)
        assert row == r"\frac{\begin{aligned}&a + b\\&{}+ c\end{aligned}}{d}"

    def test_a_quantity_is_as_wide_as_it_is_printed(self):
        assert width(r"\qty{65.54}{\tera\FLOPS}") == pytest.approx(64.6, rel=0.08)  # measured by pdflatex


def _bare(text):
    """A formula without what only sets it."""
    text = text.replace("\\\\", "")
    return re.sub(r"\\begin\{aligned\}|\\end\{aligned\}|\\cdot|\\,|[&{}\s]", "", text)


def compiled(text, folder, engine="pdflatex", runs=2):
    """The log of a compiled document; an error fails."""
    (folder / "paper.tex").write_text(text, "utf-8")
    for _ in range(runs):
        done = subprocess.run(
            [engine, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
            cwd=folder, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:]
    return (folder / "paper.log").read_text("utf-8", errors="replace")


def assert_clean(log):
    wide = [float(x) for x in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(wide, default=0.0) <= 5.0
    assert not re.findall(r".*undefined.*|.*multiply defined.*|Package \w+ Warning.*", log)


PREAMBLE = rf"""\documentclass[10pt,a4paper]{{article}}
\usepackage[textwidth=170mm,vmargin=20mm]{{geometry}}\usepackage[T1]{{fontenc}}\usepackage{{lmodern}}
\usepackage{{{",".join(PACKAGES)}}}{SETUP}\begin{{document}}
"""


@LATEX
class TestCompiled:
    def test_fragments_of_every_system_go_into_one_paper(self, tmp_path):
        texts = []
        for content in contents().values():
            options = Options(fragment=True, numbers=not content.missing and len(content.definitions) < 200)
            texts.append(write(content, options))
        body = "\n\\section{x}\n".join(texts)
        assert_clean(compiled(PREAMBLE + body + listed(used(texts)) + "\\end{document}", tmp_path))

    @pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
    def test_an_article_compiles_as_it_comes(self, engine, tmp_path):
        if shutil.which(engine) is None:
            pytest.skip(f"{engine} is not installed")
        text = write(contents()["everything"], Options(numbers=True, inline=True))
        assert_clean(compiled(text, tmp_path, engine))
        assert "@article{williams2009," in (tmp_path / "Everything.bib").read_text("utf-8")

    def test_a_narrow_column_is_filled_too(self, tmp_path):
        assert_clean(compiled(write(contents()["gemm_tiler"], Options(width="120 mm", points=11)), tmp_path))

    def test_the_example_fits_on_one_page(self):
        made = runpy.run_path(str(ROOT / "examples" / "08_formulas_for_a_paper.py"))
        log = (made["folder"] / "speculation.log").read_text("utf-8", errors="replace")
        assert "(1 page" in log
        assert_clean(log)


def test_a_fragment_says_what_it_needs():
    text = export(OptimalBurst, "latex", ["burst"], fragment=True)
    assert "% needs in the preamble: \\usepackage{amsmath,array,booktabs" in text
    assert r"\documentclass" not in text
    assert "% @article{corless1996," in text


def test_units_that_siunitx_lacks_are_declared():
    text = export("nexgen_baseline", "latex", ["efficiency"])
    assert r"\DeclareSIUnit{\FLOPS}{FLOPS}" in text
    assert r"\unit{\tera\FLOPS\per\watt}" in text
