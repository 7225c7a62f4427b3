"""Answers on stdout; what accompanies them on stderr."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from symppa.reports.report import Report
    from symppa.studies.result import Result


def answer(result: Result, form: str | None, *, every: bool = False) -> None:
    """A result in the form asked for."""
    if form == "json":
        write(result.to_json())
    elif form == "csv":
        from symppa.reports.csv import as_csv

        write(as_csv(result, every=every))
    elif form == "html":
        from symppa.reports.contents import report
        from symppa.reports.figures import svgs
        from symppa.reports.html import page

        write(page(report(result, every=every), svgs(result)))
    else:
        from symppa.reports.contents import report

        tell(report(result, every=every), form)


def tell(made: Report, form: str | None) -> None:
    """A report as text, Markdown, or its first table as CSV."""
    if form == "csv":
        from symppa.reports.csv import table_csv

        write(table_csv(made.tables[0]))
    elif form == "markdown":
        from symppa.reports.markdown import as_markdown

        write(as_markdown(made))
    else:
        from symppa.reports.text import as_text

        write(as_text(made))


def write(text: str) -> None:
    """An answer, with one line end; its colours were decided when it was made."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def figure(result: Result, folder: str | None) -> None:
    """The figure of a study, where a folder for it is named."""
    if folder is not None:
        from symppa.reports.figures import write_figure

        wrote([write_figure(result, Path(folder))])


def remark(text: str) -> None:
    """A remark on stderr, unless quiet."""
    if logging.getLogger("symppa").isEnabledFor(logging.WARNING):
        click.echo(text, err=True)


def wrote(paths: list[Path]) -> None:
    """Which files were written."""
    for path in paths:
        remark(f"wrote {path}")
