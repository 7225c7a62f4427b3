"""What a report of a design says: the answer, the design, its limits, and how it was proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from symppa.language.written_units import plain as unit_shown
from symppa.reports.number import measured, shown, signed
from symppa.reports.report import Column, Line, Report, Table
from symppa.studies.result import Result

SCREEN = 20  # designs of a front
WORDS = {"min": "least", "max": "most"}
LESS = {"min": "less", "max": "more"}
LIMITS = (Column("limit"), Column("found", numeric=True), Column("margin", numeric=True), Column("verdict"))
CONFLICT = (Column("limit or end"), Column("asked", numeric=True), Column("must become", numeric=True), Column("alone"))
PRICED = (*LIMITS, Column("1 % looser", numeric=True), Column("1 % tighter", numeric=True))
WORST = ", where what is uncertain is worst"
STEEP = Column("elasticity", numeric=True)
GIVENS = (Column("given"), Column("value", numeric=True), Column("unit"), Column("chosen from"), Column("at"))


def report(result: Result) -> Report:
    """One screen: the best design or that there is none, what binds, and the certificate."""
    tables = tuple(_tables(result))
    head = f"{result.name} ({result.system})"
    meaning = str(result.facts["meaning"])
    return Report(f"{head}: {meaning}" if meaning else head, _answer(result), tables, tuple(_lines(result)))


def _answer(result: Result) -> str:
    """The answer in one sentence."""
    facts = result.facts
    objective, certificate = facts.get("objective"), facts["certificate"]
    asked = " and ".join(facts["asked"]["limits"]) or "nothing"
    asked += " for all that is uncertain" if facts.get("robust") and _is_held(facts) else ""
    if facts["status"] == "infeasible":
        return f"infeasible: no design has {asked}, proved"
    if objective is None:
        found = {"feasible": f"feasible: a design has {asked}"}
        return found.get(facts["status"], "unknown: stopped before a design was found")
    value = f"{WORDS[objective['sense']]} {objective['output']} = {measured(objective['value'], objective['unit'])}"
    if facts.get("robust", {}).get("method") == "draws":
        return f"feasible: {value}; draws decide, so that none is better is not proved"
    if facts["status"] == "optimal":
        return f"optimal: {value}, proved{_within(certificate)}"
    if certificate["bound"] is None:
        return f"feasible: {value} so far, with no bound"
    bound = measured(certificate["bound"], certificate["unit"])
    return f"feasible: {value} so far; nothing beats {bound}, a gap of {measured(100 * (certificate['gap'] or 0), '%')}"


def _is_held(facts: Mapping[str, Any]) -> bool:
    """Whether it is for what is uncertain that nothing fits; else nothing does even where nothing varies."""
    return bool(facts.get("conflict", {}).get("held", True))


def _within(certificate: Mapping[str, Any]) -> str:
    gap, off = certificate["gap"] or 0.0, certificate.get("within") or 0.0
    if gap <= 1e-8:
        return ""
    next_to_nothing = off <= (certificate.get("absolute_gap") or 0.0)  # a part of the value would say nothing
    return f" to {measured(off, certificate['unit']) if next_to_nothing else measured(100 * gap, '%')}"


def _tables(result: Result) -> Iterator[Table]:
    facts = result.facts
    if facts.get("design"):
        rows = tuple(_given(result, name) for name in facts["design"])
        yield Table("design", (*GIVENS, STEEP) if facts.get("steepness") else GIVENS, rows)
    if facts.get("limits"):
        title = f"limits{WORST if facts.get('robust') else ''}"
        priced = any(row.get("price") for row in facts["limits"])
        yield Table(title, PRICED if priced else LIMITS, tuple(_limit(row, priced) for row in facts["limits"]))
    if facts.get("trade_off"):
        yield _trade_off(facts)
    if facts.get("conflict", {}).get("members"):
        yield Table("these exclude each other", CONFLICT, tuple(map(_member, facts["conflict"]["members"])))
    if facts.get("nearest"):
        yield from _nearest(facts)


def _given(result: Result, name: str) -> tuple[str, ...]:
    end = result.facts["at_end"].get(name)
    unit = result.unit(name)
    value = shown(result[name], "") if isinstance(result[name], float) else str(result[name])
    row = name, value, unit_shown(unit), str(result.facts["free"][name]), f"{end} end" if end else ""
    steep = result.facts.get("steepness")
    return (*row, signed(steep[name]) if name in steep else "") if steep else row


def _limit(row: Mapping[str, Any], priced: bool) -> tuple[str, ...]:
    told = (
        row["limit"],
        measured(row["value"], row["unit"]),
        measured(row["margin"], row["unit"]),
        "binds" if row["binds"] else "met",
    )
    return (*told, _price(row, "looser"), _price(row, "tighter")) if priced else told


def _price(row: Mapping[str, Any], side: str) -> str:
    """By how many percent the objective moves."""
    price = row.get("price")
    if price is None:
        return ""
    found = price[side]
    if found["proved"]:
        return "no design" if found["verdict"] == "none" else _moves(found["change"])
    ends = [end for end in found["between"] if end is not None]
    if len(ends) < 2 or ends[0] == ends[1]:
        return "not settled in time"
    return f"{_moves(min(ends))} to {_moves(max(ends))}"


def _moves(change: float | None) -> str:
    return "from zero" if change is None else f"{signed(100 * change)} %"


def _member(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A limit or an end of a range, and what it alone would have to be for a design to exist."""
    asked, far = _extent(row["asked"], row["unit"]), ""
    if row["reached"] is not None:
        far = _extent(row["reached"], row["unit"])
        said = f"not enough: breaks {' and '.join(row['breaks'])}" if row["breaks"] else "enough"
        return row["text"], asked, far, said if row["proved"] else f"{said}, or nearer"
    if not row["proved"]:
        return row["text"], asked, far, "not found"
    if row["tried"] is None:
        return row["text"], asked, far, "not enough"
    if row["kind"] == "uncertain":
        return row["text"], asked, far, f"not enough, even if always {measured(row['tried'], row['unit'])}"
    way = "down" if row["kind"] == "lower" else "up"
    return row["text"], asked, far, f"not enough {way} to {measured(row['tried'], row['unit'])}"


def _extent(value: Any, unit: str) -> str:
    """A number, or the two ends between which one varies."""
    if not isinstance(value, list):
        return measured(value, unit)
    low, high = (shown(end, unit) for end in value)
    return f"{low} to {measured(value[1], unit)}" if low != high else measured(value[1], unit)


def _nearest(facts: Mapping[str, Any]) -> Iterator[Table]:
    """The nearest reachable design and how it stands to the limits."""
    found = facts["nearest"]
    rows = []
    for name, one in found["design"].items():
        value = shown(one["value"], "") if isinstance(one["value"], float) else str(one["value"])
        end = found["at_end"].get(name)
        rows.append((name, value, unit_shown(one["unit"]), str(facts["free"][name]), f"{end} end" if end else ""))
    yield Table("nearest reachable design", GIVENS, tuple(rows))
    limits = []
    for row in found["limits"]:
        value, margin = measured(row["value"], row["unit"]), measured(row["margin"], row["unit"])
        limits.append((row["limit"], value, margin, "met" if row["met"] else _missed(row)))
    yield Table(f"its limits{WORST if _varies(facts) else ''}", LIMITS, tuple(limits))


def _varies(facts: Mapping[str, Any]) -> bool:
    return bool(facts.get("conflict", {}).get("held", facts.get("robust")))


def _trade_off(facts: Mapping[str, Any]) -> Table:
    """The best design for every bound of a limit; the bound that is asked for is marked."""
    found = facts["trade_off"]
    unit, of = unit_shown(found["unit"]), unit_shown(found["objective_unit"])
    free = list(dict.fromkeys(name for row in found["rows"] for name in row["design"]))
    slots = list(dict.fromkeys(path for row in found["rows"] for path in row["slots"]))
    heads = [Column(f"{found['output']} {found['relation']}", unit, True), Column(found["objective"], of, True)]
    heads += [Column(""), Column("uses", unit, True), *(Column(name, numeric=True) for name in free)]
    rows = []
    for row in found["rows"]:
        best = "none found" if row["value"] is None else shown(row["value"], found["objective_unit"])
        said = "asked" if row["asked"] else ""
        said = said if row["proved"] else f"{said} not proved".strip()
        uses = "" if row["uses"] is None else shown(row["uses"], found["unit"])
        values = [row["design"].get(name, "") for name in free]
        texts = [shown(v, "") if isinstance(v, float) else str(v) for v in values]
        classes = [row["slots"].get(path, "") for path in slots]
        rows.append((shown(row["bound"], found["unit"]), best, said, uses, *texts, *classes))
    heads += [Column(path) for path in slots]
    more = "" if rows else "no bound of it lets a design through"
    return Table(f"trade-off along {found['limit']}", tuple(heads), tuple(rows), more, drops=True)


def _missed(row: Mapping[str, Any]) -> str:
    return f"missed by {measured(100 * abs(row['margin'] / row['bound']), '%')}" if row["bound"] else "missed"


def _lines(result: Result) -> Iterator[Line]:
    facts = result.facts
    for path, chosen in facts.get("slots", {}).items():
        yield Line(path, chosen)
    binds = [row["limit"] for row in facts.get("limits", ()) if row["binds"]]
    if binds:
        what = "it" if len(binds) == 1 else "one of them"
        yield Line("binds", f"{', '.join(binds)}: a step to a better design breaks {what}")
    if facts.get("robust"):
        yield from _robust(facts["robust"])
    yield from _buys(facts)
    if facts.get("steepness"):
        yield Line(
            "elasticity", f"% by which {facts['objective']['output']} moves for 1 % of a given, without rounding"
        )
    if facts.get("conflict"):
        yield from _filtered(facts["conflict"])
    yield from _unexplained(facts)
    for row in facts["certificate"]["choices"]:
        slots = ", ".join(f"{path} = {name}" for path, name in row["slots"].items())
        value = "" if row["value"] is None else f", {measured(row['value'], facts['certificate']['unit'])}"
        yield Line(row["status"], f"{slots}{value}")
    yield Line("certificate", _certificate(facts["certificate"]))
    for one in facts["certificate"].get("methods", ()):
        yield Line("beside it", _method(one, facts["certificate"]["unit"]))
    if result.outputs:
        yield Line("confidence", result.confidence)
    yield from (Line("note", note) for note in result.notes)


def _robust(robust: Mapping[str, Any]) -> Iterator[Line]:
    """What is uncertain, and how it is known that limits hold."""
    for name, text in robust["uncertain"].items():
        yield Line("uncertain", f"{name}: {text}")
    if robust.get("method") == "interval search":
        yield Line("holds", "for all these values, proved by an interval search over them at this design")
    elif robust.get("method"):
        share, sure = measured(100 * robust["share"], "%"), measured(100 * robust["at_least"], "%")
        fresh = f"{robust['fresh']} draws other than the {robust['draws']} it was made for"
        yield Line("holds", f"in {share} of {fresh}, seed {robust['seed']}: {sure} or more, 95 % sure")


def _buys(facts: Mapping[str, Any]) -> Iterator[Line]:
    """What one percent of each limit that moves the objective is worth."""
    for row in facts.get("limits", ()):
        price = row.get("price") or {}
        found = price.get("looser", {})
        objective = facts["objective"]["output"] if found else ""
        if found.get("change"):
            worth = f"{measured(100 * abs(found['change']), '%')} {LESS[facts['objective']['sense']]} {objective}"
            new = f"{row['output']} {row['relation']} {measured(found['bound'], row['unit'])}"
            yield Line("price", f"{new} buys {worth}, proved")
        if price.get("dual"):
            moves = f"{signed(price['dual'])} % for 1 % of its bound"
            yield Line("dual", f"{row['limit']}: {objective} moves by {moves}, as a convex solver says")
    if facts.get("priced"):
        best = measured(facts["priced"]["value"], facts["objective"]["unit"])
        told = f"of the best design, of {best}, which the gap left unfound" if facts["priced"]["proved"] else (
            "none: the gap leaves the best design open, and it was not found in time"
        )  # fmt: skip
        yield Line("prices", told)


def _filtered(conflict: Mapping[str, Any]) -> Iterator[Line]:
    """Whether the conflict is minimal, and what it takes as it stands."""
    if not conflict["members"]:
        yield Line("conflict", "none of what is asked: no design is valid, however far limits and ends move")
        return
    known = "without any one of them there is one" if conflict["minimal"] else "perhaps not minimal"
    free = "the other limits and ends move (up to 16 times)"
    free += ", but for what is kept" if conflict["standing"] else ""
    free += ", and with all else that is uncertain at its value" if conflict.get("held") else ""
    what = f"no design has these, however far {free}; {known}"
    stopped = ", interrupted" if conflict["interrupted"] else ""
    minimal = "minimal: " if conflict["minimal"] else ""
    yield Line("conflict", f"{minimal}{what}")
    yield Line("explained", f"{conflict['searches']} searches, {shown(conflict['seconds'], 's')} s{stopped}")
    if conflict["standing"]:
        yield Line("kept", f"{', '.join(conflict['standing'])}: what these may be has no ends to move")


def _unexplained(facts: Mapping[str, Any]) -> Iterator[Line]:
    """That time was over before all was explained."""
    found = facts.get("explanation")
    if not found or found["whole"]:
        return
    what = "why nothing fits" if facts["status"] == "infeasible" else "what each limit costs"
    if found["interrupted"]:
        yield Line("in part", f"{what} is told as far as it was known when it was interrupted")
        return
    given, limit = measured(found["seconds"], "s"), measured(found["time_limit"], "s")
    yield Line("in part", f"{what} is not all known: it had {given} of the time limit of {limit}; more may tell it")


def _certificate(certificate: Mapping[str, Any]) -> str:
    designs = certificate["designs"]
    among = "among ranges of reals" if designs is None else f"among {shown(float(designs))} designs"
    nodes = f", {certificate['nodes']} boxes" if certificate["nodes"] else ""
    left = f", {certificate['boxes_left']} left open" if certificate["boxes_left"] else ""
    stopped = ", interrupted" if certificate["interrupted"] else ""
    return f"{certificate['method']} {among}{nodes}{left}, {shown(certificate['seconds'], 's')} s{stopped}"


def _method(one: Mapping[str, Any], unit: str) -> str:
    """What another method said of the same question."""
    told = {"optimal": "best", "feasible": "best so far"}.get(one["status"], one["status"])
    value = f" {measured(one['value'], unit)}" if one["value"] is not None else ""
    bound = f", nothing beats {measured(one['bound'], unit)}" if one["bound"] is not None else ""
    odd = "; IT DISAGREES" if one["disagrees"] else ""
    return f"{one['method']}, {one['reading']} reading: {told}{value}{bound}, {shown(one['seconds'], 's')} s{odd}"


def verification(result: Result) -> Report:
    """Whether a recorded answer holds, and why not."""
    facts, certificate = result.facts, result.facts["certificate"]
    lines = [Line("because", reason) for reason in facts["reasons"]]
    lines += [Line("open", f"{text}: not settled in time") for text in facts["open"]]
    lines.append(Line("recorded", facts["recorded"]))
    if certificate["gap"] is not None and facts["status"] == "confirmed":
        what = "none is beaten, or left out at an end," if facts["study"] == "front" else "no design is better"
        lines.append(Line("proved", f"{what} by more than {measured(100 * certificate['gap'], '%')}"))
    boxes = f", {certificate['nodes']} boxes" if certificate["nodes"] else ""
    boxes += f", {certificate['searches']} searches" if certificate["searches"] else ""
    lines.append(Line("certificate", f"{certificate['method']}{boxes}, {shown(certificate['seconds'], 's')} s"))
    run, made = facts["recorded_run"], facts["recorded_run"]["versions"].get("symppa", "not told")
    told = f"{run['method']}, {shown(run['seconds'], 's')} s, symppa {made}: what it says of its own run"
    lines.append(Line("not verified", told))
    lines += [Line("note", note) for note in result.notes]
    changed = facts["status"] == "confirmed" and facts["changed"]
    answer = f"confirmed, for {', '.join(facts['changed'])} as it is now" if changed else facts["status"]
    return Report(f"{result.name} ({result.system})", answer, (), tuple(lines))


def front(result: Result, every: bool) -> Report:
    """The designs that no other beats, the first of them where there are many."""
    facts, certificate = result.facts, result.facts["certificate"]
    goals = list(facts["objectives"])
    names = [*goals, *(name for name in result.outputs if name not in goals)]
    count = len(result.output(goals[0]).values)
    some = count if every else min(count, SCREEN)
    heads = tuple(Column(name, unit_shown(result.unit(name)), _is_number(result, name)) for name in names)
    cells = [[_cell(value, result.unit(name)) for value in result[name][:some]] for name in names]
    more = f"{count - some} more designs: --csv or --json has them" if some < count else ""
    table = Table("", heads, tuple(zip(*cells, strict=True)), more, drops=True)
    aims = " and ".join(f"{WORDS[sense]} {name}" for name, sense in facts["objectives"].items())
    limits = " and ".join(facts["asked"]["limits"])
    kind = "the whole front" if certificate["whole"] else "points of the front" if certificate["proved"] else "so far"
    proved = ", proved" if certificate["proved"] else ""
    lines = [Line("front", f"{aims}{f' within {limits}' if limits else ''}")]
    lines.append(Line("designs", f"{count}: {kind}{proved}"))
    if certificate["asked"] is not None:
        empty = f"; {certificate['empty']} of them allow no design" if certificate["empty"] else ""
        sure = f"each of the designs is best to {measured(100 * certificate['gap'], '%')}"
        lines.append(
            Line("asked", f"{certificate['asked']} bounds along the front, its ends among them{empty}; {sure}")
        )
    if certificate["over"]:
        lines.append(
            Line("in part", "time was over before the whole front was known: a longer time limit may tell more")
        )
    among = "ranges of reals" if certificate["designs"] is None else f"{shown(float(certificate['designs']))} designs"
    searches = f", {certificate['searches']} searches" if certificate["searches"] else ""
    seconds = f"{shown(certificate['seconds'], 's')} s{', interrupted' if certificate['interrupted'] else ''}"
    lines.append(Line("certificate", f"{certificate['method']} among {among}{searches}, {seconds}"))
    lines += [Line("confidence", result.confidence), *(Line("note", note) for note in result.notes)]
    return Report(f"{result.name} ({result.system})", str(facts["meaning"]), (table,), tuple(lines))


def _is_number(result: Result, name: str) -> bool:
    return bool(result.output(name).values.dtype.kind == "f")


def _cell(value: Any, unit: str) -> str:
    return shown(value, unit) if isinstance(value, float) else str(value)
