"""ppa-calculator: energy, time and area of a network on an analog chip, with and without speculation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from symppa.compat.selfspec import commands
from symppa.compat.selfspec.configuration import HardwareConfig, ModelConfig, SpeculationStats
from symppa.compat.selfspec.evaluation import Case
from symppa.compat.selfspec.report import texts


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="ppa-calculator", description=__doc__)
    commands.sweep_options(made)
    made.add_argument(
        "--stats", required=True, type=commands.existing, help="JSON or YAML: burst length and acceptance counts"
    )
    commands.version_option(made, "S")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer a command line; what comes back is the exit code."""
    told = parser().parse_args(arguments)
    return commands.answered(lambda: _answer(told))


def _answer(told: argparse.Namespace) -> None:
    model, stats = ModelConfig.from_yaml(told.model), SpeculationStats.from_path(told.stats)
    hardware = HardwareConfig.from_yaml(told.hardware, told.version)
    commands.remark((*model.remarks, *hardware.remarks, *stats.remarks))
    pieces = texts(Case(model, hardware, stats), told.prompt_lengths)
    first = next(pieces)  # whatever is wrong shows before a file is opened
    with commands.opened(told.output) as file:
        file.write(first)
        file.writelines(pieces)
        file.write("\n")


if __name__ == "__main__":
    raise SystemExit(main())
