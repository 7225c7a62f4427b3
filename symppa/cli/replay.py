"""symppa replay: whether a result gives its numbers once more."""

from __future__ import annotations

from pathlib import Path

import click

from symppa.cli import options, output
from symppa.cli.progress import walk


@click.command("replay")
@click.argument("result", type=click.Path(path_type=Path), metavar="RESULT.json")
@options.forms("json", "csv", "markdown")
@click.pass_context
def command(ctx: click.Context, result: Path, form: str | None) -> None:
    """Repeat a run from its result, and tell whether the numbers agree.

    RESULT.json is what --json printed, or --out wrote. What was recorded in it goes in, whatever descriptions say
    today. Exit code 1: the numbers do not agree; 2: the file is no result, or cannot be repeated here.
    """
    from symppa.studies.replay import replay

    with walk() as progress:
        found = replay(result, progress=progress)
    output.answer(found, form)
    ctx.exit(0 if found.facts["agrees"] else 1)
