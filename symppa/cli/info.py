"""symppa info: what is installed, and where."""

from __future__ import annotations

import click

from symppa.cli import options, output
from symppa.reports.json import as_json


@click.command("info")
@options.forms("json")
def command(form: str | None) -> None:
    """Print versions, folders, the cache and what is installed."""
    from symppa.reports.listing import information, information_report

    facts = information()
    if form == "json":
        output.write(as_json(facts))
    else:
        output.tell(information_report(facts), form)
