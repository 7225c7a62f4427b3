"""What a report of a replay says."""

from __future__ import annotations

from typing import Any

from symppa.reports.report import Column, Line, Report, Table, listed
from symppa.studies.result import Result

SHOWN = 12  # characters of a hash
MOST = 20  # differences


def report(result: Result, every: bool = False) -> Report:
    """Whether the numbers agree, where they differ most, and what else is another by now."""
    facts = result.facts
    verdict = "the numbers agree" if facts["agrees"] else "the numbers do not agree"
    title = result.name if result.name == result.system else f"{result.name} ({result.system})"
    outputs = [str(name) for name in result.coordinates["output"].values]
    good = [name for name in outputs if name not in facts["differs"]]
    lines = [Line("agree", f"{len(good)} of {len(outputs)} outputs: {listed(good)}")] if good else []
    lines.append(Line("largest difference", _largest(facts["largest"])))
    lines += [Line("changed", _change(name, *both)) for name, both in facts["changed"].items()]
    lines += [Line("note", note) for note in result.notes]
    return Report(
        title, f"{facts['replayed']}, replayed: {verdict}", _differences(facts["differs"], every), tuple(lines)
    )


def _largest(found: dict[str, Any] | None) -> str:
    if found is None:
        return "none: all that can be compared is the same to the last digit"
    place = " at " + ", ".join(f"{name} = {value}" for name, value in found["at"].items()) if found["at"] else ""
    both = f"{found['then']!r} then, {found['now']!r} now"
    unit = "" if found["unit"] == "1" else f" [{found['unit']}]"
    return f"{found['difference']:.3g}, relatively: {found['output']}{unit}{place} {both}"


def _change(name: str, before: str, after: str) -> str:
    if name.rpartition(".")[2] == "program":
        return f"{name}: formulas, or how they are compiled, are others: {before[:SHOWN]} then, {after[:SHOWN]} now"
    return f"{name} {before} then, {after} now"


def _differences(differs: dict[str, str], every: bool) -> tuple[Table, ...]:
    rows = list(differs.items()) if every else list(differs.items())[:MOST]
    left = len(differs) - len(rows)
    more = f"{left} more differences: --json has them" if left else ""
    return (Table("what differs", (Column("what"), Column("how")), tuple(rows), more),) if rows else ()
