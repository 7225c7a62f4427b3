"""symppa show: what a system computes, the values of a description, or what a target asks."""

from __future__ import annotations

from typing import Any

import click

from symppa.cli import complete, options, output
from symppa.reports.json import as_json


def _only(name: str, text: str) -> options.Decorator[Any]:
    return click.option(f"--{name}", "say", flag_value=name, default=None, help=text)


@click.command("show")
@click.argument("name", shell_complete=complete.described)
@options.choices
@_only("formulas", "Formulas alone.")
@_only("latex", "Formulas and nomenclature as LaTeX.")
@_only("origin", "Every value and where it comes from: file and line.")
@_only("yaml", "A complete description, to edit and load again.")
@options.forms("json", "csv", "markdown")
def command(name: str, values: dict[str, str], parts: dict[str, str], say: str | None, form: str | None) -> None:
    """Show what a system computes, the values of a description, or what a target asks.

    NAME is a description, a target, the file of one, or a system: chiplet_soc or ChipletSoC.
    """
    from symppa.descriptions.target import is_target

    if say is None and is_target(name):
        _target(name, values, parts, form)
        return
    from symppa.reports import system
    from symppa.reports.yaml import as_yaml
    from symppa.studies.named import subject

    asked = subject(name, values, parts)
    if say == "yaml":
        output.write(as_json({"yaml": as_yaml(asked)}) if form == "json" else as_yaml(asked))
    elif say == "origin":
        if form == "json":
            output.write(as_json(system.origins_dict(asked)))
        else:
            output.tell(system.origins(asked), form)
    else:
        shown = system.Shown(asked)
        if form == "json":
            output.write(as_json(shown.to_dict()))
        elif say == "latex":
            output.write(shown.latex())
        else:
            output.tell(shown.formula_report() if say == "formulas" else shown.report(), form)


def _target(name: str, values: dict[str, str], parts: dict[str, str], form: str | None) -> None:
    from symppa.descriptions.target import load_target
    from symppa.reports import target
    from symppa.studies.design.check import checked_target

    made = load_target(name)
    questions = checked_target(made, values, parts)
    if form == "json":
        output.write(as_json(target.asked(made, questions)))
    else:
        output.tell(target.report(made, questions), form)
