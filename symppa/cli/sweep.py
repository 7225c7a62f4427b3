"""symppa sweep: a system over a grid of designs."""

from __future__ import annotations

from pathlib import Path

import click

from symppa.cli import complete, options, output
from symppa.cli.progress import stoppable, walk
from symppa.studies.sweep import sweep


@click.command("sweep")
@options.designs("An output, a pattern or an expression; by default those with one number for a design.")
@click.option(
    "--keep", default="all", metavar="WHAT", shell_complete=complete.kept,
    help="all, best:N:OUTPUT[:min], pareto:OUTPUT=min,OUTPUT=max, range:OUTPUT,... or count.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Write to .parquet, .csv, .nc or .json.")
@options.plot
@options.forms("json", "csv", "markdown")
@click.pass_context
def command(
    ctx: click.Context,
    system: str,
    axes: dict[str, str],
    where: tuple[str, ...],
    values: dict[str, str],
    parts: dict[str, str],
    keep: str,
    outputs: tuple[str, ...],
    out: Path | None,
    folder: str | None,
    form: str | None,
) -> None:
    """Evaluate a system over a grid of designs.

    SYSTEM is the name or the file of a description. Ctrl-C leaves what was finished.
    """
    from symppa.studies import tables

    if out is not None:
        tables.check_suffix(out)
    with walk() as progress:
        result = sweep(
            system, values, axes=axes, outputs=outputs or None, keep=keep, where=where, parts=parts, progress=progress,
        )  # fmt: skip
    if out is not None:
        with stoppable(f"{out} was not written"):
            tables.write(result, out)
        output.wrote([out])
    if folder is not None:
        from symppa.reports.figures import write_figure

        output.wrote([write_figure(result, Path(folder))])
    output.answer(result, form)
    if progress.stopped:
        ctx.exit(130)
    ctx.exit(1 if where and not result.counts.get("feasible", 1) else 0)
