"""symppa schema: what a description or a target may say."""

from __future__ import annotations

import click

from symppa.cli import options, output


@click.command("schema")
@click.argument("of", type=click.Choice(["descriptions", "targets"]), default="descriptions")
@options.forms("json")
def command(of: str, form: str | None) -> None:
    """Print the JSON Schema of descriptions or of targets, for editors."""
    from symppa.descriptions.structure import DescriptionFile, TargetFile, json_schema

    output.write(json_schema(TargetFile if of == "targets" else DescriptionFile))
