"""symppa list: descriptions, targets and systems."""

from __future__ import annotations

import click

from symppa.cli import complete, options, output
from symppa.errors import AnswerIsNo
from symppa.reports.json import as_json


@click.command("list")
@click.argument("pattern", default="", metavar="[KIND/PATTERN]", shell_complete=complete.described)
@options.forms("json", "csv", "markdown")
def command(pattern: str, form: str | None) -> None:
    """List descriptions, targets and systems.

    A pattern chooses some: hardware, 'nexgen_*', 'hardware/*_physical', targets, systems.
    """
    from symppa.reports.listing import found, listing

    kinds = found(pattern, options.plugins())
    if not kinds:
        raise AnswerIsNo(f"nothing matches {pattern!r}")
    if form == "json":
        output.write(as_json(kinds))
    elif form == "csv":
        from symppa.reports.csv import written

        rows = [(kind, row["name"], row["of"], row["meaning"]) for kind, every in kinds.items() for row in every]
        output.write(written(["kind", "name", "system", "meaning"], rows))
    else:
        output.tell(listing(kinds), form)
