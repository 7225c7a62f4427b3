"""symppa pareto: the designs that no other beats."""

from __future__ import annotations

from typing import Any

import click

from symppa.cli import complete, options, output
from symppa.cli.progress import walk
from symppa.errors import QuestionError
from symppa.studies.pareto import pareto


@click.command("pareto")
@options.designs("An output to show beside the objectives.")
@click.option("--minimize", multiple=True, metavar="OUTPUT", shell_complete=complete.outputs, help="Less is better.")
@click.option("--maximize", multiple=True, metavar="OUTPUT", shell_complete=complete.outputs, help="More is better.")
@options.means
@options.plot
@options.forms("json", "csv", "markdown")
@click.pass_context
def command(
    ctx: click.Context, /, system: str, minimize: tuple[str, ...], maximize: tuple[str, ...],
    folder: str | None, form: str | None, **asked: Any,
) -> None:  # fmt: skip
    """Find the designs that no other beats in every objective.

    SYSTEM is the name or the file of a description.
    """
    if not minimize and not maximize:
        raise QuestionError("a front needs objectives: --minimize OUTPUT and --maximize OUTPUT, 2 to 4 in all")
    both = set(minimize) & set(maximize)
    if both:
        raise QuestionError(f"{', '.join(sorted(both))} cannot be minimized and maximized at once")
    objectives = dict.fromkeys(minimize, "min") | dict.fromkeys(maximize, "max")
    with walk() as progress:
        result = pareto(system, objectives=objectives, **options.told(asked), progress=progress)
    output.figure(result, folder)
    output.answer(result, form)
    if progress.stopped:
        ctx.exit(130)
    ctx.exit(0 if result.counts.get("feasible") else 1)
