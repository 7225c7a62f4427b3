"""symppa break-even: where two outputs are equal along a given."""

from __future__ import annotations

import click

from symppa.cli import complete, options, output


@click.command("break-even")
@options.system
@click.argument("first", metavar="OUT_A", shell_complete=complete.outputs)
@click.argument("second", metavar="OUT_B", shell_complete=complete.outputs)
@click.option(
    "--in", "given", required=True, metavar="GIVEN", shell_complete=complete.givens,
    help="The given to move.",
)  # fmt: skip
@click.option(
    "--range", "within", metavar="LOW:HIGH", help="Where to look; else the range of the description or domain."
)
@options.choices
@options.forms("json", "csv", "markdown")
@click.pass_context
def command(
    ctx: click.Context,
    system: str,
    first: str,
    second: str,
    given: str,
    within: str | None,
    values: dict[str, str],
    parts: dict[str, str],
    form: str | None,
) -> None:
    """Find where two outputs are equal along a given.

    SYSTEM is the name or the file of a description. Exit code 1: nowhere in the range.
    """
    from symppa.reports import crossings
    from symppa.studies.break_even import break_even

    result = break_even(system, first, second, given, values, within=within, parts=parts)
    if form == "json":
        output.write(result.to_json())
    else:
        output.tell(crossings.report(result), form)
    ctx.exit(0 if len(result["break_even"]) else 1)
