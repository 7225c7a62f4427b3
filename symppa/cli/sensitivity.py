"""symppa sensitivity: how much an output moves with each given."""

from __future__ import annotations

import click

from symppa.cli import complete, options, output
from symppa.studies.sensitivity import sensitivity


@click.command("sensitivity")
@options.system
@click.argument("of", metavar="OUTPUT", shell_complete=complete.outputs)
@options.choices
@click.option(
    "--range", "ranges", multiple=True, metavar="NAME=VALUES", callback=options.pairs, shell_complete=complete.givens,
    help="The secant over a range, beside those of the description.",
)  # fmt: skip
@options.plot
@options.forms("json", "csv", "markdown")
def command(
    system: str,
    of: str,
    values: dict[str, str],
    parts: dict[str, str],
    ranges: dict[str, str],
    folder: str | None,
    form: str | None,
) -> None:
    """Tell how much OUTPUT moves with each given.

    SYSTEM is the name or the file of a description. Elasticities are exact: the derivative of the program.
    """
    result = sensitivity(system, of, values, ranges=ranges, parts=parts)
    output.figure(result, folder)
    output.answer(result, form)
