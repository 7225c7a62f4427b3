"""symppa check: whether a description loads, binds and evaluates."""

from __future__ import annotations

import click

from symppa.cli import complete, options, output
from symppa.reports.json import as_json
from symppa.studies.check import checked


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete.descriptions)
@options.choices
@options.forms("json")
def command(files: tuple[str, ...], values: dict[str, str], parts: dict[str, str], form: str | None) -> None:
    """Check description files: load, bind, evaluate.

    Values, parts, targets and ranges; the first that is wrong is told with its file and line.
    """
    found = {}
    for file in files:
        result = checked(file, values, parts)
        found[file] = {
            "system": result.system,
            "outputs": len(result.outputs),
            "confidence": result.confidence,
            "notes": list(result.notes),
        }
        if form != "json":
            output.write(f"{file}: good, {len(result.outputs)} outputs of {result.system}, {result.confidence}")
            for note in result.notes:
                output.remark(f"{file}: {note}")
    if form == "json":
        output.write(as_json({"good": found}))
