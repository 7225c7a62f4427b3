"""What a report of each study says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symppa import units
from symppa.language.written_units import plain as unit_shown
from symppa.reports import crossings, design, network, replay, serving, speculation, spread
from symppa.reports.number import celsius, measured, shown, signed
from symppa.reports.report import Column, Line, Report, Table, listed
from symppa.studies.result import Array, Output, Result

SCREEN = 20  # rows of a stored grid
SIDEWAYS = 8  # designs that may stand side by side
YES, NO = "met", "not met"
# Counts that are told where there are any.
COUNTED = {"below": "below the bins", "above": "above the bins", "empty": "of the groups empty"}


def report(result: Result, *, every: bool = False) -> Report:
    """The report of a result; `every` shows all rows and all tables."""
    makers: dict[str, Callable[[Result, bool], Report]] = {
        "analyze": _analysis,
        "sweep": _designs,
        "pareto": _designs,
        "sensitivity": _sensitivity,
        "compare": _comparison,
        "break_even": lambda result, _: crossings.report(result),
        "speculate": lambda result, _: speculation.report(result),
        "replay": replay.report,
        "design": lambda result, _: design.report(result),
        "verify": lambda result, _: design.verification(result),
        "front": design.front,
        "networks": lambda result, every: network.comparison(result, every, _stands_on(result)),
    }
    return makers[result.study](result, every)


def _title(result: Result) -> str:
    return result.name if result.name == result.system else f"{result.name} ({result.system})"


def keys_of(sources: Sequence[str]) -> list[str]:
    """The cited keys: `horowitz2014, table 1; rogers2009` cites two.

    >>> keys_of(["horowitz2014, table 1; rogers2009", "rogers2009"])
    ['horowitz2014', 'rogers2009']
    """
    parts = [part.split(",")[0].strip() for text in sources for part in text.split(";")]
    return list(dict.fromkeys(key for key in parts if key and " " not in key))


def _stands_on(result: Result) -> tuple[Line, ...]:
    """Confidence, sources and notes."""
    lines = [Line("confidence", result.confidence)] if result.outputs else []
    cited = keys_of(result.sources)
    lines += [Line("sources", ", ".join(cited))] if cited else []
    return (*lines, *(Line("note", note) for note in result.notes))


def _analysis(result: Result, every: bool) -> Report:
    if "serving" in result.facts:
        return serving.report(result, _stands_on(result))
    if "network" in result.facts:
        return network.report(result, every, _stands_on(result))
    single = {n: o for n, o in result.outputs.items() if o.values.ndim == 0}
    groups: dict[tuple[str, tuple[str, ...]], dict[str, Output]] = {}
    for name, o in result.outputs.items():
        if o.values.ndim:
            groups.setdefault((name.rpartition(".")[0], o.dims), {})[name] = o
    tables = [_single(single)] if single else []
    wide = [n for (_, over), members in groups.items() if len(over) > 1 for n in members]
    for (path, over), members in groups.items():
        if len(over) == 1:
            tables.append(_by_member(result, path, over[0], members))
        elif every:
            tables += [_matrix(result, n, o) for n, o in members.items() if len(over) == 2]
    left = [] if every or not wide else [Line("more", f"{', '.join(wide)}: with --output NAME, --csv or --json")]
    return Report(
        _title(result),
        str(result.facts.get("meaning", "")),
        (*tables, *_targets(result)),
        (*left, *_stands_on(result)),
    )


def _single(outputs: Mapping[str, Output]) -> Table:
    columns = (Column("output"), Column("value", numeric=True), Column("unit"), Column("meaning"))
    rows = []
    for name, o in outputs.items():
        also = celsius(name, o.values, o.unit)
        meaning = f"{o.meaning} ({also})" if also else o.meaning
        rows.append((name, shown(o.values, o.unit), unit_shown(o.unit), meaning))
    return Table("", columns, tuple(rows))


def _by_member(result: Result, path: str, over: str, outputs: Mapping[str, Output]) -> Table:
    """Members of one set below each other, outputs side by side."""
    along = result.coordinates[over]
    heads = [Column(n.removeprefix(f"{path}."), unit_shown(o.unit), True) for n, o in outputs.items()]
    rows = [
        (str(member), *(shown(o.values[k], o.unit) for o in outputs.values())) for k, member in enumerate(along.values)
    ]
    title = f"{path}: {along.meaning}" if path else along.meaning
    return Table(title, (Column(over), *heads), tuple(rows))


def _matrix(result: Result, name: str, output: Output) -> Table:
    """An output over two sets."""
    rows_over, columns_over = output.dims
    heads = [Column(str(v), numeric=True) for v in result.coordinates[columns_over].values]
    rows = [
        (str(member), *(shown(v, output.unit) for v in output.values[k]))
        for k, member in enumerate(result.coordinates[rows_over].values)
    ]
    unit = unit_shown(output.unit)
    title = f"{name} [{unit}], {output.meaning}" if unit else f"{name}, {output.meaning}"
    return Table(title, (Column(rows_over), *heads), tuple(rows))


def _targets(result: Result) -> list[Table]:
    verdicts: Mapping[str, bool] = result.facts.get("met", {})
    if not verdicts:
        return []
    goals = result.facts["targets"]
    rows = [
        (
            name,
            goals[name],
            measured(result[name], result.unit(name)),
            YES if good else NO,
        )
        for name, good in verdicts.items()
    ]
    heads = (Column("target"), Column("asked"), Column("found", numeric=True), Column("verdict"))
    return [Table("targets", heads, tuple(rows))]


def _designs(result: Result, every: bool) -> Report:
    table = _design_table(result, every)
    lines = [Line(n, str(v)) for n, v in _asked(result).items()] + spread.lines(result)
    reach: Mapping[str, Mapping[str, Any]] = result.facts.get("reach", {})
    for name, ends in reach.items():
        unit = _unit(result, name, ends)
        text = f"{name} is {shown(ends['min'], unit)} to {measured(ends['max'], unit)} on this grid"
        lines.append(Line("none fits", text))
    lines.append(Line("designs", ", ".join(f"{v} {n}" for n, v in _counted(result).items())))
    return Report(_title(result), "", table, (*lines, *_stands_on(result)))


def _counted(result: Result) -> dict[str, int]:
    counts = dict(result.counts)
    asked = "in all" if {"points", "sample"} & {*result.facts} else "in the grid"
    seen = asked if result.facts.get("complete", True) else "finished"
    told = {COUNTED.get(name, name): number for name, number in counts.items() if number or name not in COUNTED}
    told.pop("designs", None)
    return {seen: counts.get("designs", 0), **told}


def _asked(result: Result) -> dict[str, Any]:
    facts = result.facts
    found: dict[str, Any] = {}
    if result.study == "pareto":
        words = {"min": "least", "max": "most"}
        found["front"] = ", ".join(f"{words[s]} {n}" for n, s in facts["objectives"].items())
    elif facts.get("keep", "all") not in ("all", "quantiles"):
        found["kept"] = facts["keep"]
    if facts.get("where"):
        found["where"] = " and ".join(facts["where"])
    if "stored" in facts:
        count = facts["stored"]["finished"]
        found["stored"] = f"{facts['stored']['path']}, {count} partition{'' if count == 1 else 's'}"
    return found


def _design_table(result: Result, every: bool) -> tuple[Table, ...]:
    if all(o.values.ndim == 0 for o in result.outputs.values()):
        return _ranges(result)
    if spread.is_spread(result):
        return spread.tables(result, None if every else SCREEN)
    columns, arrays, total = _flat_columns(result, None if every else SCREEN)
    count = total if every else min(total, SCREEN)
    cells = [[shown(v, u) for v in a] for a, u in arrays]
    if "design" in result.outputs:  # the best of each group: where there is none, only the group is told
        heads, groups = [column.head for column in columns], len(result.coordinates)
        none = arrays[heads.index("design")][0] < 0
        cells[groups:] = [["" if gone else v for v, gone in zip(c, none, strict=True)] for c in cells[groups:]]
    what = "rows" if "bin" in result.coordinates or "design" in result.outputs else "designs"
    more = f"{total - count} more {what}: --csv, --json or --out FILE has them" if count < total else ""
    rows = tuple(zip(*cells, strict=True)) if cells else ()
    if not rows:
        return ()
    turns = 0 < len(rows) <= SIDEWAYS
    return (Table("", columns, rows, more, turns=turns, drops=True),)


def _flat_columns(result: Result, most: int | None) -> tuple[tuple[Column, ...], list[tuple[Array, str]], int]:
    """One column per axis and output, the first rows only, and how many rows there are."""
    dims = list(dict.fromkeys(d for o in result.outputs.values() for d in o.dims))
    shape = tuple(len(result.coordinates[d].values) for d in dims)
    total = int(np.prod(shape, dtype=object))
    first = np.unravel_index(np.arange(total if most is None else min(total, most)), shape)
    names: list[str] = []
    arrays: list[tuple[Array, str]] = []
    for place, dim in enumerate(dims):
        if dim != "design":
            names.append(dim)
            arrays.append((result.coordinates[dim].values[first[place]], result.coordinates[dim].unit))
    for name in _ordered(result):
        o = result.output(name)
        index = tuple(first[dims.index(d)] for d in o.dims)
        names.append(name)
        arrays.append((np.asarray(o.values)[index], o.unit))
    columns = tuple(Column(n, unit_shown(u), a.dtype.kind in "fiu") for n, (a, u) in zip(names, arrays, strict=True))
    return columns, arrays, total


def _ordered(result: Result) -> list[str]:
    """Outputs the question names first, the swept givens before all."""
    named = " ".join([str(result.facts.get("keep", "")), *result.facts.get("where", [])])
    swept = [n for n, o in result.outputs.items() if not o.sources]
    judged = [n for n in result.outputs if n in named and n not in swept]
    return list(dict.fromkeys([*swept, *judged, *result.outputs]))


def _ranges(result: Result) -> tuple[Table, ...]:
    """Least, mean and most of each output, a row each."""
    names = [name.removesuffix(".min") for name in result.outputs if name.endswith(".min")]
    rows = []
    for name in names:
        unit = result.unit(f"{name}.min")
        numbers = (result[f"{name}.{end}"] for end in ("min", "mean", "max"))
        rows.append((name, unit_shown(unit), *(shown(v, unit or "1") for v in numbers)))
    heads = (Column("output"), Column("unit"), *(Column(n, numeric=True) for n in ("least", "mean", "most")))
    return (Table("", heads, tuple(rows)),) if rows else ()


def _unit(result: Result, name: str, found: Mapping[str, Any]) -> str:
    """The unit of a range of an output, which may not be among those kept."""
    return str(found.get("unit") or (result.unit(name) if name in result else ""))


def _sensitivity(result: Result, every: bool) -> Report:
    facts, names = result.facts, result.coordinates["given"].values
    curves = facts["curves"]
    columns = (
        Column("given"),
        Column("elasticity", numeric=True),
        Column("secant", numeric=True),
        Column("over the range"),
    )
    rows = [
        (str(n), signed(e), signed(s), _range_text(curves.get(str(n))))
        for n, e, s in zip(names, result["elasticity"], result["secant"], strict=True)
    ]
    value = measured(facts["value"], facts["unit"])
    lines = (
        Line("elasticity", f"% by which {facts['output']} moves when a given moves by 1 %, at this design"),
        Line("secant", "the same from the first to the last value of a range: it tells of the range, not the design"),
        Line("rule", facts["rule"]),
    )
    table = Table("", columns, tuple(rows))
    return Report(_title(result), f"{facts['output']} = {value}", (table,), (*lines, *_stands_on(result)))


def _range_text(curve: Mapping[str, Any] | None) -> str:
    if curve is None:
        return ""
    ends = " to ".join(shown(curve["at"][k], curve["unit"]) for k in (0, -1))
    return f"{ends} {unit_shown(curve['unit'])}".strip()


def _comparison(result: Result, every: bool) -> Report:
    names = [str(n) for n in result.coordinates["description"].values]
    short = [Column(n, numeric=True) for n in shortened(names)]
    facts = result.facts
    heads = (Column("output"), Column("unit"), *short)
    rows = tuple((n, unit_shown(o.unit), *(shown(v, o.unit) for v in o.values)) for n, o in result.outputs.items())
    tables = [Table("outputs", heads, rows)]
    if facts["differences"]:
        inputs = tuple((n, *_split([row[k] for k in names])) for n, row in _by_label(facts["differences"]).items())
        tables.insert(0, Table("what differs", (Column("given"), Column("unit"), *short), inputs))
    if facts["targets"]:
        verdicts = tuple(
            (f"{n} {goal}", *(YES if facts["met"][n][k] else NO for k in names)) for n, goal in facts["targets"].items()
        )
        tables.append(Table("targets", (Column("target"), *short), verdicts))
    return Report(_shared(names), "", tuple(tables), (*_recommended(result), *_stands_on(result)))


def _recommended(result: Result) -> list[Line]:
    """Which one to take, by which rule; where none may be taken, what the other targets ask and what there is."""
    facts = result.facts
    if not facts["targets"]:
        return []
    if facts["recommended"]:
        return [Line("recommended", f"{facts['recommended']}: {facts['rule']}")]
    asked = []
    for name, goal in list(facts["targets"].items())[1:]:
        o = result.output(name)
        asked.append(f"{name} {goal} ({shown(o.values.min(), o.unit)} to {measured(o.values.max(), o.unit)} here)")
    return [Line("recommended", f"none: no description meets {' and '.join(asked)}")]


def _by_label(differences: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Vectors split by label, the labels that differ only."""
    found: dict[str, dict[str, str]] = {}
    for name, row in differences.items():
        split = {k: dict(p.split(": ", 1) for p in t.split(", ") if ": " in p) for k, t in row.items()}
        labels = dict.fromkeys(label for parts in split.values() for label in parts)
        if not labels:
            found[name] = dict(row)
        for label in labels:
            texts = {k: parts.get(label, "") for k, parts in split.items()}
            if len(set(texts.values())) > 1:
                found[f"{name}.{label}"] = texts
    return found


def _split(texts: Sequence[str]) -> list[str]:
    """The unit that all of them share, then the numbers; the texts as they are where they share none."""
    parts = [units.split(text) for text in texts if text]
    shared = {p[1] for p in parts if p}
    if None in parts or len(shared) != 1:
        return ["", *texts]
    numbers = iter([shown(p[0], "") for p in parts if p])
    return [unit_shown(shared.pop()), *(next(numbers) if text else "" for text in texts)]


def shortened(names: Sequence[str]) -> list[str]:
    """Names without what all of them begin with.

    >>> shortened(["nexgen_baseline", "nexgen_dense"])
    ['baseline', 'dense']
    """
    words = [n.split("_") for n in names]
    shared = 0
    while all(len(w) > shared + 1 for w in words) and len({w[shared] for w in words}) == 1:
        shared += 1
    return ["_".join(w[shared:]) for w in words]


def _shared(names: Sequence[str]) -> str:
    return f"{len(names)} descriptions: {listed(names)}"
