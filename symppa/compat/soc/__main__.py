"""python -m symppa.compat.soc: the original's scripts as commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from symppa.compat.soc.scripts import arch_exploration, performance_model, sensitivity_analysis
from symppa.errors import SymppaError

WRONG = 2


@click.group()
def main() -> None:
    """The scripts of the original chiplet SoC calculator, on symppa's models."""


def options(command: Callable[..., None]) -> Any:
    """What every script takes."""
    folder = click.Path(file_okay=False, path_type=Path)
    command = click.option("--as-coded", is_flag=True, help="The original's slips, not corrected.")(command)
    return click.option("--out", default="outputs", type=folder, help="Folder for figures.")(command)


@main.command("performance_model")
@options
def performance(out: Path, as_coded: bool) -> None:
    """Print rates, workloads, power and growth of the baseline, against the targets."""
    _print(performance_model.page(out, as_coded))


@main.command("arch_exploration")
@options
def exploration(out: Path, as_coded: bool) -> None:
    """Print the five variants side by side, and which one to take."""
    _print(arch_exploration.page(out, as_coded))


@main.command("sensitivity_analysis")
@options
def sensitivity(out: Path, as_coded: bool) -> None:
    """Print what moves density and power of the baseline."""
    _print(sensitivity_analysis.page(out, as_coded))


def _print(lines: Iterator[str]) -> None:
    try:
        for line in lines:
            click.echo(line)
    except BrokenPipeError:
        raise  # whoever reads has read enough; click ends quietly
    except (SymppaError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(WRONG) from None


if __name__ == "__main__":
    main(prog_name="python -m symppa.compat.soc")
