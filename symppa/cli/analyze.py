"""symppa analyze: outputs of a system at its values."""

from __future__ import annotations

import click

from symppa.cli import options, output
from symppa.studies.evaluate import evaluate


@click.command("analyze")
@options.system
@options.choices
@options.output("An output, a pattern (by_format.*) or an expression; all of the system's by default.")
@options.forms("json", "csv", "markdown")
def command(
    system: str, values: dict[str, str], parts: dict[str, str], outputs: tuple[str, ...], form: str | None
) -> None:
    """Evaluate a system at its values.

    SYSTEM is the name or the file of a description.
    """
    result = evaluate(system, values, outputs=outputs or None, parts=parts)
    output.answer(result, form, every=bool(outputs))
