"""Results as LaTeX: booktabs tables, numbers and units by siunitx."""

from __future__ import annotations

import re

from symppa.language.latex import escaped
from symppa.language.written_units import siunitx
from symppa.reports.contents import report
from symppa.reports.report import Column, Table
from symppa.studies.result import Result

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?")


def as_latex(result: Result) -> str:
    """The tables of a report, one below the other; needs booktabs and siunitx."""
    return "\n\n".join(table_latex(table) for table in report(result).tables)


def table_latex(table: Table) -> str:
    r"""A table.

    >>> print(table_latex(Table("", (Column("power", "W", True),), (("267.2",),))))
    \begin{tabular}{r}
    \toprule
    {power (\unit{W})} \\
    \midrule
    \num{267.2} \\
    \bottomrule
    \end{tabular}
    """
    sides = "".join("r" if column.numeric else "l" for column in table.columns)
    head = " & ".join(map(_head, table.columns)) + r" \\"
    units = [k for k, column in enumerate(table.columns) if column.head == "unit"]
    rows = [" & ".join(_unit(c) if k in units else _cell(c) for k, c in enumerate(row)) + r" \\" for row in table.rows]
    body = "\n".join([r"\toprule", head, r"\midrule", *rows, r"\bottomrule"])
    return f"\\begin{{tabular}}{{{sides}}}\n{body}\n\\end{{tabular}}"


def _head(column: Column) -> str:
    unit = f" ({_unit(column.unit)})" if column.unit else ""
    return f"{{{escaped(column.head)}{unit}}}"


def _unit(unit: str) -> str:
    return rf"\unit{{{siunitx(unit)}}}" if unit else ""


def _cell(text: str) -> str:
    if not NUMBER.fullmatch(text):
        return escaped(text)
    return rf"\num{'[retain-explicit-plus]' if text.startswith('+') else ''}{{{text}}}"
