"""What a report of speculative against plain decoding says."""

from __future__ import annotations

from symppa.language.written_units import plain as unit_shown
from symppa.reports.csv import written
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table
from symppa.studies.result import Result

MATRICES = ("speed_up", "energy_gain")
BREAK_EVENS = ("latency_break_even", "energy_break_even")


def report(result: Result) -> Report:
    """Gains by prompt and burst, break-even prompts by burst, and the fastest burst of every prompt."""
    tables = (*(_matrix(result, name) for name in MATRICES), _break_evens(result), _best(result))
    lines = [Line("confidence", result.confidence), *(Line("note", note) for note in result.notes)]
    return Report(f"{result.facts['network']} on {result.name}", "", tables, tuple(lines))


def _matrix(result: Result, name: str) -> Table:
    output = result.output(name)
    heads = [Column(f"K = {burst:g}", "", True) for burst in result.coordinates["burst"].values]
    rows = tuple(
        (f"{prompt:g}", *(shown(value, output.unit) for value in row))
        for prompt, row in zip(result.coordinates["prompt"].values, output.values, strict=True)
    )
    return Table(f"{name}: {output.meaning}", (Column("prompt", "", True), *heads), rows, turns=True)


def _break_evens(result: Result) -> Table:
    heads = [Column(name, unit_shown(result.unit(name)), True) for name in BREAK_EVENS]
    rows = tuple(
        (f"{burst:g}", *(shown(value, "1") for value in values))
        for burst, *values in zip(
            result.coordinates["burst"].values, *(result[name][0] for name in BREAK_EVENS), strict=True
        )
    )
    return Table(
        "prompt below which speculation pays, none where it is negative", (Column("burst", "", True), *heads), rows
    )


def _best(result: Result) -> Table:
    heads = (Column("prompt", "", True), Column("fastest burst", "", True), Column("speed_up", "", True))
    rows = tuple((f"{b['prompt']:g}", f"{b['burst']:g}", shown(b["speed_up"], "1")) for b in result.facts["best"])
    return Table("fastest burst", heads, rows)


def as_csv(result: Result) -> str:
    """A row for every prompt and burst, all digits; break-even prompts repeat along the prompt."""
    axes = [result.coordinates[n].values for n in ("prompt", "burst")]
    heads = [n if o.unit == "1" else f"{n} [{o.unit}]" for n, o in result.outputs.items()]
    columns = [o.values.ravel().tolist() for o in result.outputs.values()]
    places = ((prompt, burst) for prompt in axes[0].tolist() for burst in axes[1].tolist())
    rows = ((*place, *row) for place, row in zip(places, zip(*columns, strict=True), strict=True))
    return written(["prompt", "burst", *heads], rows)
