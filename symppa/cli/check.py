"""symppa check: whether a description or a target loads, binds and evaluates."""

from __future__ import annotations

from typing import Any

import click

from symppa.cli import complete, options, output
from symppa.descriptions.target import is_target, is_workload
from symppa.reports.json import as_json
from symppa.studies.check import checked


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete.described)
@options.choices
@options.forms("json")
def command(files: tuple[str, ...], values: dict[str, str], parts: dict[str, str], form: str | None) -> None:
    """Check descriptions and targets: load, bind, evaluate.

    Values, parts, targets and ranges, and all that a target asks; the first that is wrong is told with its line.
    """
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        if is_target(file):
            found[file] = _target(file, values, parts, form)
            continue
        if is_workload(file):
            found[file] = _workload(file, form)
            continue
        result = checked(file, values, parts)
        found[file] = {
            "system": result.system,
            "outputs": len(result.outputs),
            "confidence": result.confidence,
            "notes": list(result.notes),
        }
        if form != "json":
            output.write(f"{file}: good, {len(result.outputs)} outputs of {result.system}, {result.confidence}")
            for note in result.notes:
                output.remark(f"{file}: {note}")
    if form == "json":
        output.write(as_json({"good": found}))


def _workload(file: str, form: str | None) -> dict[str, Any]:
    from symppa.workloads.table import table
    from symppa.workloads.yaml import load

    graph = load(file)
    count = len(table(graph).subgraphs)
    if form != "json":
        output.write(f"{file}: good, {len(graph.operators)} operators in {count} subgraphs of {graph.name}")
    return {"workload": graph.name, "operators": len(graph.operators), "subgraphs": count}


def _target(file: str, values: dict[str, str], parts: dict[str, str], form: str | None) -> dict[str, Any]:
    from symppa.studies.design.check import checked_target, designs

    questions = checked_target(file, values, parts)
    count, notes = designs(questions), list(dict.fromkeys(note for one in questions for note in one.notes))
    if form != "json":
        many = "ranges of reals" if count is None else f"{count} designs"
        output.write(f"{file}: good, {many} of {questions[0].subject.system}")
        for note in notes:
            output.remark(f"{file}: {note}")
    return {"system": questions[0].subject.system, "designs": count, "notes": notes}
