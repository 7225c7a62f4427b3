"""Runs one benchmark: each module of this package with `run() -> list[Figure]` is one."""

from __future__ import annotations

import importlib
import json
import pkgutil

import click
from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks._report import Figure, document, machine

NAMES = [found.name for found in pkgutil.iter_modules(benchmarks.__path__) if not found.name.startswith("_")]


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(name: str, as_json: bool) -> None:
    """Measure NAME on this machine."""
    figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").run()
    if as_json:
        click.echo(json.dumps(document(name, figures), indent=2))
    else:
        _print(name, figures)


def _print(name: str, figures: list[Figure]) -> None:
    facts = machine()
    table = Table(title=name, caption=f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("wanted")
    table.add_column("met")
    words = {True: "yes", False: "[bold red]no[/]", None: ""}
    for figure in figures:
        table.add_row(figure.name, f"{figure.value:.4g}", figure.unit, figure.wanted, words[figure.met])
    Console().print(table)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
