"""Runs one benchmark: each module of this package with `run() -> list[Figure]` is one."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks._report import Figure, document, machine
from symppa.errors import SymppaError

NAMES = [found.name for found in pkgutil.iter_modules(benchmarks.__path__) if not found.name.startswith("_")]


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--gemm", metavar="MxNxK", help="The product that `tiling` is for.")
@click.option(
    "--cases",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.csv",
    help="The simulator's runs that `systolic` is held to.",
)
@click.option("--plot", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Draw what there is to draw.")
def main(name: str, as_json: bool, gemm: str | None, cases: Path | None, folder: Path | None) -> None:
    """Measure NAME on this machine."""
    module = importlib.import_module(f"benchmarks.{name}")
    if gemm is not None and name != "tiling":
        raise click.UsageError("--gemm is for `tiling`")
    if cases is not None and name != "systolic":
        raise click.UsageError("--cases is for `systolic`")
    told = [one for one in (gemm, cases) if one is not None]
    try:
        figures: list[Figure] = module.run(*told)
    except SymppaError as error:
        raise click.UsageError(str(error)) from error
    if folder is not None:
        if not hasattr(module, "plot"):
            raise click.UsageError(f"{name} draws nothing")
        click.echo(f"wrote {module.plot(figures, folder)}", err=True)
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
