"""symppa sweep: a system over many designs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symppa.cli import complete, options, output
from symppa.cli.progress import stoppable, walk
from symppa.errors import QuestionError
from symppa.studies.sweep import sweep


@click.command("sweep")
@options.designs("An output, a pattern or an expression; by default those with one number for a design.")
@click.option(
    "--uncertain", multiple=True, metavar="GIVEN=DISTRIBUTION", shell_complete=complete.givens,
    help="Draw a given, as clock='normal(2 GHz, 0.1 GHz)', and tell quantiles; GIVEN alone or '*': as described.",
)  # fmt: skip
@click.option(
    "--keep", metavar="WHAT", shell_complete=complete.kept,
    help="all, count, best:N:OUTPUT[:min], pareto:OUTPUT=min,OUTPUT=max, range:OUTPUT,..., argmax:OUTPUT:AXIS,... "
    "(argmin:), histogram:OUTPUT[:BINS[:LOW:HIGH]] or quantiles:OUTPUT,...[:P,...].",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path),
    help="Write to .parquet, .csv, .nc or .json; to .parts or .zarr in partitions, as large as the disk, resumable.",
)  # fmt: skip
@options.means
@options.plot
@options.forms("json", "csv", "markdown")
@click.pass_context
def command(
    ctx: click.Context, /, system: str, out: Path | None, folder: str | None, form: str | None, **asked: Any
) -> None:
    """Evaluate a system over many designs.

    SYSTEM is the name or the file of a description. Designs are a grid (--axis), a list (--points), drawn from
    ranges (--sample with --axis), or draws of uncertain givens (--uncertain). Ctrl-C leaves what was finished.
    """
    place = _place(out, folder)
    with walk() as progress:
        result = sweep(system, **options.told(asked), out=place, progress=progress)
    if out is not None and place is None:
        from symppa.studies import tables

        with stoppable(f"{out} was not written"):
            tables.write(result, out)
        output.wrote([out])
    output.figure(result, folder)
    output.answer(result, form)
    if progress.stopped:
        ctx.exit(130)
    ctx.exit(1 if asked["where"] and not result.counts.get("feasible", 1) else 0)


def _place(out: Path | None, folder: str | None) -> Path | None:
    """Where designs go while they are computed: nowhere, if they are written at the end."""
    from symppa.studies import partitions, tables

    if out is None:
        return None
    if not partitions.is_stored(out):
        tables.check_suffix(out, partitions.KINDS)
        return None
    if folder is not None:
        raise QuestionError(f"a figure shows designs in memory, and {out} has them on the disk: ask for one of them")
    return out
