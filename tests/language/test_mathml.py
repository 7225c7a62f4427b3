from xml.etree import ElementTree

import pytest

from symppa.descriptions.systems import SHIPPED, find
from symppa.errors import DeclarationError
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
    power,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    where,
)
from symppa.language.functions import count
from symppa.language.mathml import MathDocument, Mathml, symbol_markup
from symppa.language.operations import ROWS

# What presentation MathML may hold, and how many children an element takes where that is fixed.
CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2}
LEAVES = {"mi", "mn", "mo", "mtext"}
ROWS_OF = {"mrow", "msqrt", "mtable", "mtr", "mtd"}


class Written(Model):
    """One of everything."""

    layer = index("layers")
    a = given("1", "first", symbol="a")
    b = given("1", "second", symbol=r"b_\mathrm{x}")
    work = given("1", "work of a layer", over=layer, symbol="w")
    adc = table("converters", energy="1")
    rises = formula("1", ceil_div(a, b), "up", derived=True)
    falls = formula("1", floor_div(a, b), "down", derived=True)
    roots = formula("1", sqrt(a) - power(b, 3), "root", derived=True)
    bends = formula(
        "1", where(a < b, exp(a), log(b)) + where(a <= b, a, b) + where(equal(a, b), 1, 2), "c", derived=True
    )
    ends = formula("1", largest(a, b, 2) * smallest(a, b), "ends", derived=True)
    sums = formula("1", total(work * a, over=layer) / count(layer), "mean", derived=True)
    peaks = formula("1", largest(work, over=layer) - smallest(work, over=layer), "span", derived=True)
    looks = formula("1", lookup(adc.energy, a), "looked up", derived=True)
    waves = formula("1", lambert_w(a, -1) + geometric_sum(a, b) + smooth_largest(4, a, b), "waves", derived=True)
    minus = formula("1", -(a + b) / 3 * 1.5e-9, "negative", derived=True)
    squares = formula("1", log(a) ** 2, "square of a logarithm", derived=True)
    cased = formula("1", where(a < b, a, b) + a, "cases and a sum", derived=True)
    soft = formula("1", smooth_largest(a + b, a, b), "a composed exponent", derived=True)


def right(name):
    return next("".join(e.right) for e in MathDocument(Written()).equations() if e.name == name)


def sound(markup):
    """Whether every element is one of presentation MathML, with as many children as it takes."""
    for element in ElementTree.fromstring(f"<all>{markup}</all>").iter():
        if element.tag in CHILDREN:
            assert len(element) == CHILDREN[element.tag], markup
        elif element.tag in LEAVES:
            assert len(element) == 0, markup
            assert element.text, markup
        else:
            assert element.tag in {"all", *ROWS_OF}, markup
        if element.tag not in LEAVES:
            assert not (element.text or "").strip(), markup
        assert not (element.tail or "").strip(), markup
    return True


@pytest.mark.parametrize(
    ("symbol", "markup"),
    [
        ("T", "<mi>T</mi>"),
        ("T_0", "<msub><mi>T</mi><mn>0</mn></msub>"),
        ("K^*", "<msup><mi>K</mi><mo>∗</mo></msup>"),
        (r"\epsilon_\mathrm{a}", '<msub><mi>ϵ</mi><mi mathvariant="normal">a</mi></msub>'),
        (r"V_{0,\mathrm{node}}", "<msub><mi>V</mi><mrow><mn>0</mn><mo>,</mo><mi>node</mi></mrow></msub>"),
        (r"x_i^2", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        (r"\mathrm{peak\,rate}", "<mtext>peak\u00a0rate</mtext>"),
        (r"\mathcal{N}", "<mi>𝒩</mi>"),
        (r"\hat{y}'", '<msup><mover accent="true"><mi>y</mi><mo>^</mo></mover><mo>′</mo></msup>'),
        (r"\qty{1}{TFLOPS.mm^{-2}}", "<mrow><mn>1</mn><mtext>\u00a0TFLOPS·mm⁻²</mtext></mrow>"),
        (r"\text{a < b \& c}", "<mtext>a\u00a0&lt;\u00a0b\u00a0&amp;\u00a0c</mtext>"),
    ],
)
def test_a_symbol_is_read_as_latex_sets_it(symbol, markup):
    assert symbol_markup(symbol) == markup
    assert sound(markup)


@pytest.mark.parametrize(
    ("symbol", "odd"),
    [
        (r"\foo", r"\\foo"),
        (r"\frac{a}{b}", r"\\frac"),
        ("x_{a", "brace that is not closed"),
        ("x_", "end where something is due"),
        ("x_a_b", "two marks _"),
        (r"\mathrm t", "without its"),
        ("", "nothing in it"),
        ("a}", "'}'"),
        ("<script>", "'<'"),
    ],
)
def test_what_a_symbol_is_not_known_to_hold_is_refused(symbol, odd):
    with pytest.raises(DeclarationError, match=odd):
        symbol_markup(symbol)


@pytest.mark.parametrize("operation", ROWS, ids=lambda row: row.name)
def test_every_operation_has_a_template_that_is_one_sound_element(operation):
    places = {str(k): f"<mi>{letter}</mi>" for k, letter in enumerate("xyz")}
    text = operation.mathml
    for place, markup in (*places.items(), ("k", "<mi>k</mi>")):
        text = text.replace("{" + place + "}", markup)
    text = text.replace("{{", "{").replace("}}", "}")
    assert sound(text)
    assert len(ElementTree.fromstring(f"<all>{text}</all>")) == 1
    for k in range(abs(operation.arity)):
        assert places[str(k)] in text


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("rises", ["⌈", "<mfrac><mi>a</mi>", "⌉"]),
        ("falls", ["⌊", "<mfrac>", "⌋"]),
        ("roots", ["<msqrt><mi>a</mi></msqrt>", "−", "<msup>"]),
        ("bends", ["<mtable>", "if&#xA0;", "otherwise", "≤", "exp"]),
        ("ends", ["<mi>max</mi>", "<mo>,</mo><mn>2</mn>", "<mi>min</mi>"]),
        ("sums", ["∑", "<mo>|</mo><mi>ℐ</mi><mo>|</mo>"]),
        ("peaks", ["<munder>", "max", "min"]),
        ("waves", ["<msub><mi>W</mi>", "<mfrac><mrow><mn>1</mn>", "<mn>1</mn><mo>/</mo><mn>4</mn>"]),
        ("minus", ["<mn>10</mn>", "−"]),
    ],
)
def test_an_operation_looks_like_itself(name, pieces):
    from html import unescape

    text = right(name)
    assert sound(text)
    for piece in pieces:
        assert unescape(piece) in unescape(text)


def test_a_sum_comes_in_pieces_that_a_narrow_page_may_break():
    a, b = Written._declared["a"], Written._declared["b"]
    hand = Mathml(lambda s: (f"<mi>{s.attr}</mi>", 5), lambda s: "i")
    assert hand.pieces(a - b) == ["<mi>a</mi>", '<mrow><mo form="infix">−</mo><mi>b</mi></mrow>']
    assert len(hand.pieces(a * b)) == 1


def test_operands_are_bracketed_where_their_place_asks():
    a, b = Written._declared["a"], Written._declared["b"]
    hand = Mathml(lambda s: (f"<mi>{s.attr}</mi>", 5), lambda s: "i")
    assert hand.write((a + b) * a).count("<mo>(</mo>") == 1
    assert hand.write((a + b) / a).count("<mo>(</mo>") == 0
    assert hand.write((a + b) ** 2).count("<mo>(</mo>") == 1
    assert hand.write(a - (b - 1)).count("<mo>(</mo>") == hand.write(a - b + 1).count("<mo>(</mo>")


@pytest.mark.parametrize("system", sorted(SHIPPED))
def test_every_formula_and_symbol_of_a_shipped_system_is_sound(system):
    document = MathDocument(find(system)())
    equations = list(document.equations())
    assert [e.name for e in equations] == [line.name for line in document.lines()]
    assert sound("".join("".join((e.left, *e.right)) for e in equations))
    assert sound("".join(document.marks().values()))


SUMMED = "<mrow><mi>a</mi><mo>+</mo><msub><mi>b</mi><mi>x</mi></msub></mrow>"


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("squares", "<msup><mrow><mo>(</mo><mrow><mi>ln</mi>", "<mo>)</mo></mrow><mn>2</mn></msup>"),
        ("soft", "<msup>", f"<mn>1</mn><mo>/</mo><mrow><mo>(</mo>{SUMMED}<mo>)</mo></mrow></mrow></msup>"),
    ],
)  # fmt: skip
def test_a_power_says_of_what_it_is(name, start, end):
    (equation,) = (e for e in MathDocument(Written()).equations() if e.name == name)
    whole = "".join(equation.right)
    assert whole.startswith(start)
    assert whole.replace('<mi mathvariant="normal">x</mi>', "<mi>x</mi>").endswith(end)


def test_cases_before_a_sum_stand_in_brackets():
    (equation,) = (e for e in MathDocument(Written()).equations() if e.name == "cased")
    assert any("<mrow><mo>(</mo><mrow><mo fence" in part for part in equation.right)
