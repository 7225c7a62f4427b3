"""symppa compare: descriptions side by side."""

from __future__ import annotations

from pathlib import Path

import click

from symppa.cli import complete, options, output
from symppa.studies.compare import compare


@click.command("compare")
@click.argument("systems", nargs=-1, required=True, shell_complete=complete.descriptions)
@options.choices
@options.output("An output, a pattern or an expression.")
@click.option(
    "--target", "targets", multiple=True, metavar="LIMIT",
    help='Ask this instead of what the descriptions ask, as "power <= 300 W"; the first is foremost.',
)  # fmt: skip
@options.plot
@options.forms("json", "csv", "markdown")
@click.pass_context
def command(
    ctx: click.Context,
    systems: tuple[str, ...],
    values: dict[str, str],
    parts: dict[str, str],
    outputs: tuple[str, ...],
    targets: tuple[str, ...],
    folder: str | None,
    form: str | None,
) -> None:
    """Set descriptions side by side, with targets and a recommendation.

    SYSTEMS are names or files of descriptions; names may be patterns: 'nexgen_*'. Recommended is the best by the
    first target's output among those that meet every other target.
    """
    from symppa.studies.targets import goals

    result = compare(
        systems, values, outputs=outputs or ("*",), targets=goals(targets) if targets else None, parts=parts
    )
    if folder is not None:
        from symppa.reports.figures import write_comparison

        output.wrote(write_comparison(result, systems, Path(folder), values, parts))
    output.answer(result, form)
    ctx.exit(1 if result.facts["targets"] and result.facts["recommended"] is None else 0)
