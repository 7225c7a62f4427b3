"""Reports as HTML: a fragment with nothing outside itself, for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from symppa.reports.contents import report
from symppa.reports.report import HUES, Report, Table
from symppa.studies.result import Result

CELL = "padding:2px 10px;border:0"
PAGE = (
    "body{font:15px/1.4 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#111}"
    "figure{margin:2em 0}figure svg{max-width:100%;height:auto}figcaption{color:#595959}table{font-size:13px}"
)
HUED = {"good": "#006b3c", "fair": "#8a5a00", "bad": "#b00020", "idle": "#595959"}  # on white at 4.5 to 1 or more
RULED = "border-collapse:collapse;margin:6px 0;font-variant-numeric:tabular-nums"


def as_html(result: Result) -> str:
    """A result as a fragment."""
    return fragment(report(result))


def fragment(made: Report, drawn: str = "") -> str:
    """A report as a fragment; what is drawn stands after its first table."""
    parts = [f"<p><b>{escape(made.title)}</b><br>{escape(made.meaning)}</p>"]
    parts += [table_html(table) for table in made.tables[:1]]
    parts += [drawn, *(table_html(table) for table in made.tables[1:])]
    lines = "<br>".join(f"{escape(line.label)}: {escape(line.text)}" for line in made.lines)
    return f"<div>{''.join(parts)}<p><small>{lines}</small></p></div>"


def table_html(table: Table) -> str:
    """A table with its title as caption."""
    sides = ["right" if column.numeric else "left" for column in table.columns]
    head = "".join(
        f'<th style="{CELL};border-bottom:1px solid;text-align:{side}">{escape(column.title)}</th>'
        for column, side in zip(table.columns, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{CELL};text-align:{side}{_hue(cell)}">{_kept(cell)}</td>'
            for cell, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    caption = f'<caption style="text-align:left">{escape(table.title)}</caption>' if table.title else ""
    more = f"<p><small>{escape(table.more)}</small></p>" if table.more else ""
    return f'<table style="{RULED}">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}'


def _hue(cell: str) -> str:
    """The colour of a verdict."""
    return f";color:{HUED[HUES[cell]]};font-weight:600" if cell in HUES else ""


def _kept(cell: str) -> str:
    """A cell's text, what it is indented by included."""
    text = cell.lstrip(" ")
    return "&nbsp;" * (len(cell) - len(text)) + escape(text)


def page(made: Report, figures: Mapping[str, str] | None = None) -> str:
    """A report as a whole page, with figures (SVG by what they show) inside it."""
    drawn = "".join(
        f"<figure>{svg}<figcaption>{escape(what)}</figcaption></figure>" for what, svg in (figures or {}).items()
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(made.title)}</title>'
        f"<style>{PAGE}</style></head><body>{fragment(made, drawn)}</body></html>\n"
    )
