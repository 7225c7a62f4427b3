"""symppa schema: what a description may say."""

from __future__ import annotations

import click

from symppa.cli import options, output


@click.command("schema")
@options.forms("json")
def command(form: str | None) -> None:
    """Print the JSON Schema of descriptions, for editors."""
    from symppa.descriptions.structure import json_schema

    output.write(json_schema())
