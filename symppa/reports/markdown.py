"""Reports as Markdown, for a page or a merge request."""

from __future__ import annotations

from symppa.reports.report import Report, Table


def as_markdown(report: Report) -> str:
    """Headings, tables and a list of lines."""
    blocks = [f"## {_safe(report.title)}"] if report.title else []
    blocks += [_safe(report.meaning)] if report.meaning else []
    for table in report.tables:
        blocks += [f"### {_safe(table.title)}"] if table.title else []
        blocks.append(table_text(table))
        blocks += [_safe(table.more)] if table.more else []
    if report.lines:
        blocks.append("\n".join(f"- {_safe(line.label)}: {_safe(line.text)}" for line in report.lines))
    return "\n\n".join(blocks) + "\n"


def table_text(table: Table) -> str:
    """A pipe table, numbers to the right.

    >>> from symppa.reports.report import Column
    >>> print(table_text(Table("", (Column("power", "W", True),), (("267.2",),))))
    | power [W] |
    |---:|
    | 267.2 |
    """
    head = "| " + " | ".join(_safe(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join("---:" if column.numeric else "---" for column in table.columns) + "|"
    rows = ["| " + " | ".join(map(_safe, row)) + " |" for row in table.rows]
    return "\n".join([head, rule, *rows])


def _safe(text: str) -> str:
    """No character of a text is taken for markup."""
    for mark in "\\|*_<>`":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return text
