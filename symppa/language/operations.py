"""One row per operation: the name of its sympy head, its dimension, how it is written in every text, its cvxpy atom.

In a template {0} {1} ... are arguments, {k} the set of a reduction or the column of a lookup, {n} its size.
A numeric reading has one rule per row; a refusal names the reading and the reason.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from symppa.language import sheet_cells as cells


class Operation(NamedTuple):
    """What one kind of step is, everywhere."""

    name: str
    arity: int
    head: str
    dimension: str
    latex: str
    mathml: str
    python: str
    c: str
    javascript: str
    sheet: str
    cvxpy: str = ""
    refusal: str = "its value is not convex in its arguments"


APPLIED = "<mo>&#x2061;</mo>"  # a function is applied: read aloud, not seen


def _function(name: str) -> str:
    return f"<mrow><mi>{name}</mi>{APPLIED}<mrow><mo>(</mo>{{0}}<mo>)</mo></mrow></mrow>"


def _infix(sign: str, markup: str = "") -> tuple[str, str, str, str]:
    return (
        f"<mrow>{{0}}<mo>{markup or sign}</mo>{{1}}</mrow>",
        f"({{0}} {sign} {{1}})",
        f"({{0}} {sign} {{1}})",
        f"({{0}} {sign} {{1}})",
    )


def _call(name: str, markup: str = "") -> str:
    return f"<mrow><mi>{markup or name}</mi>{APPLIED}<mrow><mo>(</mo>{{0}}<mo>,</mo>{{1}}<mo>)</mo></mrow></mrow>"


def _row(
    name: str, head: str, dimension: str, latex: str, texts: tuple[str, ...], sheet: str, **more: Any
) -> Operation:
    mathml, python, c, javascript = texts
    arity = more.pop("arity", 2)
    return Operation(name, arity, head, dimension, latex, mathml, python, c, javascript, sheet, **more)


def _unary(name: str, head: str, dimension: str, latex: str, markup: str, atom: str) -> Operation:
    texts = (markup, f"np.{name}({{0}})", f"{name}({{0}})", f"Math.{name}({{0}})")
    sheet = {"log": "LN({0})"}.get(name, f"{name.upper()}({{0}})")
    return _row(name, head, dimension, latex, texts, sheet, arity=1, cvxpy=atom)


def _over(name: str, head: str, sign: str, python: str, step: str, sheet: str, atom: str) -> Operation:
    """A reduction: in Python over the dimension {k} of an array, in C and JavaScript a step of the running value {r}."""
    texts = (
        f"<mrow><munder><mo movablelimits='false'>{sign}</mo>{{k}}</munder>{{0}}</mrow>",
        python,
        step,
        step.replace("symppa_", "Math."),
    )
    latex = {"total": r"\sum", "largest_over": r"\max", "smallest_over": r"\min"}[name] + "{k} {0}"
    return _row(name, head, "term", latex, texts, sheet, arity=1, cvxpy=atom)


ROWS = (
    _row("add", "Add", "alike", "{0} + {1}", _infix("+"), "({0}+{1})", cvxpy="add"),
    _row("subtract", "Add", "alike", "{0} - {1}", _infix("-", "&#x2212;"), cells.SUBTRACT, cvxpy="sub"),
    _row("multiply", "Mul", "product", r"{0}\,{1}", _infix("*", "&#x2062;"), "({0}*{1})", cvxpy="multiply"),
    _row("divide", "Mul", "product", r"\frac{{{0}}}{{{1}}}", ("<mfrac>{0}{1}</mfrac>", *_infix("/")[1:]), "({0}/{1})", cvxpy="divide"),
    _row("power", "Pow", "power", "{0}^{{{1}}}", ("<msup>{0}{1}</msup>", "np.power({0}, {1})", "pow({0}, {1})", "Math.pow({0}, {1})"), cells.POWER, cvxpy="power"),
    _unary("sqrt", "Pow", "power", r"\sqrt{{{0}}}", "<msqrt>{0}</msqrt>", "sqrt"),
    _unary("exp", "exp", "pure", r"\exp\left({0}\right)", _function("exp"), "exp"),
    _unary("log", "log", "pure", r"\ln\left({0}\right)", _function("ln"), "log"),
    _row("maximum", "Largest", "alike", r"\max\left({0}, {1}\right)",
         (_call("max"), "np.maximum({0}, {1})", "symppa_max({0}, {1})", "Math.max({0}, {1})"), "MAX({0},{1})", cvxpy="maximum"),
    _row("minimum", "Smallest", "alike", r"\min\left({0}, {1}\right)",
         (_call("min"), "np.minimum({0}, {1})", "symppa_min({0}, {1})", "Math.min({0}, {1})"), "MIN({0},{1})", cvxpy="minimum"),
    _row("ceil_div", "CeilDiv", "alike count", r"\left\lceil\frac{{{0}}}{{{1}}}\right\rceil",
         ("<mrow><mo>&#x2308;</mo><mfrac>{0}{1}</mfrac><mo>&#x2309;</mo></mrow>", "np.ceil({0} / {1})", "ceil({0} / {1})", "Math.ceil({0} / {1})"),
         cells.CEIL_DIV, refusal="rounding up is not convex; relaxed it is a / b"),
    _row("floor_div", "FloorDiv", "alike count", r"\left\lfloor\frac{{{0}}}{{{1}}}\right\rfloor",
         ("<mrow><mo>&#x230A;</mo><mfrac>{0}{1}</mfrac><mo>&#x230B;</mo></mrow>", "np.floor({0} / {1})", "floor({0} / {1})", "Math.floor({0} / {1})"),
         cells.FLOOR_DIV, refusal="rounding down is not convex; relaxed it is a / b - 1"),
    _row("less", "Less", "alike count", "{0} < {1}", ("<mrow>{0}<mo>&lt;</mo>{1}</mrow>", "_less({0}, {1})", "symppa_less({0}, {1})", "less({0}, {1})"),
         cells.LESS, refusal="a comparison is not convex"),
    _row("at_most", "AtMost", "alike count", r"{0} \le {1}",
         ("<mrow>{0}<mo>&#x2264;</mo>{1}</mrow>", "_at_most({0}, {1})", "symppa_at_most({0}, {1})", "atMost({0}, {1})"),
         cells.AT_MOST, refusal="a comparison is not convex"),
    _row("equal", "Equal", "alike count", "{0} = {1}", ("<mrow>{0}<mo>=</mo>{1}</mrow>", "_equal({0}, {1})", "symppa_equal({0}, {1})", "equal({0}, {1})"),
         cells.EQUAL, refusal="a comparison is not convex"),
    _row("where", "Where", "alike", r"\begin{{cases}}{1} & \text{{if }} {0}\\{2} & \text{{otherwise}}\end{{cases}}",
         ("<mrow><mo fence='true' form='prefix'>{{</mo><mtable><mtr><mtd>{1}</mtd><mtd><mtext>if&#xA0;</mtext>{0}</mtd></mtr><mtr><mtd>{2}</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>",
          "_where({0}, {1}, {2})", "symppa_where({0}, {1}, {2})", "where({0}, {1}, {2})"),
         "IF({0}<>0,{1},{2})", arity=3, refusal="a case distinction is not convex"),
    _row("lookup", "Lookup", "column", "{k}[{0}]",
         ("<mrow>{k}<mo>[</mo>{0}<mo>]</mo></mrow>", "_lookup({k}, {0})", "symppa_lookup({k}, {n}, {0})", "lookup({k}, {0})"),
         cells.LOOKUP, arity=1, refusal="a table is not convex; enumerate its keys"),
    _row("lambert_w", "LambertW", "pure", "W_{{{k}}}\\left({0}\\right)",
         (f"<mrow><msub><mi>W</mi>{{k}}</msub>{APPLIED}<mrow><mo>(</mo>{{0}}<mo>)</mo></mrow></mrow>", "_lambert_w({0}, {k})", "symppa_lambert_w({0}, {k})", "lambertW({0}, {k})"),
         cells.LAMBERT_W, arity=1, refusal="the Lambert function is no cvxpy atom"),
    _row("geometric_sum", "GeometricSum", "pure", r"\frac{{1 - {0}^{{{1}}}}}{{1 - {0}}}",
         ("<mfrac><mrow><mn>1</mn><mo>&#x2212;</mo><msup>{0}{1}</msup></mrow><mrow><mn>1</mn><mo>&#x2212;</mo>{0}</mrow></mfrac>",
          "_geometric_sum({0}, {1})", "symppa_geometric_sum({0}, {1})", "geometricSum({0}, {1})"),
         cells.GEOMETRIC_SUM, refusal="a geometric sum is convex only for a fixed length"),
    _row("smooth_largest", "SmoothLargest", "alike", r"\left({0}\right)^{{1/{k}}}",
         ("<msup><mrow><mo>(</mo>{0}<mo>)</mo></mrow><mrow><mn>1</mn><mo>/</mo>{k}</mrow></msup>",
          "_smooth_largest({0})", "symppa_smooth_largest({n}, {0})", "smoothLargest({0})"),
         cells.SMOOTH_LARGEST, arity=-1, cvxpy="pnorm"),
    _over("total", "Total", "&#x2211;", "_total({0}, {k})", "{r} += {0}", "SUM({0})", "sum"),
    _over("largest_over", "LargestOver", "max", "np.max({0}, axis={k}, keepdims=True)", "{r} = symppa_max({r}, {0})", "MAX({0})", "max"),
    _over("smallest_over", "SmallestOver", "min", "np.min({0}, axis={k}, keepdims=True)", "{r} = symppa_min({r}, {0})", "MIN({0})", "min"),
)  # fmt: skip

BY_NAME = {row.name: row for row in ROWS}
REDUCING = {"total": "Total", "largest_over": "LargestOver", "smallest_over": "SmallestOver"}
SYMMETRIC = frozenset({"add", "multiply", "maximum", "minimum", "equal"})
LEAVES = frozenset({"constant", "given", "coordinate", "count"})  # steps that compute nothing
MARK = "mark"  # keeps a named value apart from its equals
EVERY = frozenset(BY_NAME) | LEAVES | {MARK}
