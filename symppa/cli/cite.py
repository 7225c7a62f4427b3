"""symppa cite: BibTeX of what a description or a system stands on."""

from __future__ import annotations

import click

from symppa.cli import complete, options, output
from symppa.errors import AnswerIsNo
from symppa.reports.json import as_json


@click.command("cite")
@click.argument("name", shell_complete=complete.described)
@options.choices
@options.forms("json")
def command(name: str, values: dict[str, str], parts: dict[str, str], form: str | None) -> None:
    """Print BibTeX of what a description or a system stands on.

    NAME is a description, its file, or a system: chiplet_soc or ChipletSoC.
    """
    from symppa.studies.named import subject
    from symppa.studies.references import cited

    entries, others = cited(subject(name, values, parts))
    if not entries and not others:
        raise AnswerIsNo(f"{name} cites nothing")
    if form == "json":
        output.write(as_json({"entries": entries, "others": others}))
    else:
        output.write("\n\n".join([*entries.values(), *(f"% not in references.bib: {text}" for text in others)]))
