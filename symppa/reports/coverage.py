"""What a coverage says: patterns with their primitives, counts, what is at risk, and what would close each gap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from symppa.calibration.coverage.against import Against, Compared
from symppa.calibration.coverage.covered import Coverage, Part, Step, together
from symppa.calibration.coverage.gaps import HIGH, MEDIUM, gaps, risks
from symppa.calibration.matching.lookup import Status
from symppa.language.digits import rounded
from symppa.reports.coverage_facts import at_risk, by_share
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table

WORDS: Mapping[Status, str] = {
    Status.CALIBRATED: "CALIBRATED", Status.APPROXIMATED: "APPROX", Status.MISSING: "MISSING", Status.FREE: "FREE",
}  # fmt: skip
MEANS: Mapping[Status, str] = {
    Status.CALIBRATED: "direct calibration match", Status.APPROXIMATED: "using similar calibration",
    Status.MISSING: "no applicable calibration",
}  # fmt: skip
PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K"))
NOTHING = "-"
MOST = 20  # rows of a table of errors on a screen
HEADS = (Column("Pattern"), Column("Ops", "", True), Column("FLOPs", "", True), Column("Status"),
         Column("Calibration"), Column("Est.Eff", "", True))  # fmt: skip


def short(value: float) -> str:
    """A count in three digits.

    >>> short(3.52e10), short(151296.0), short(0.0)
    ('35.2G', '151K', '0')
    """
    for worth, prefix in PREFIXES:
        if abs(value) >= worth:
            return f"{rounded(value / worth, '1', 3)}{prefix}"
    return f"{value:.0f}"


def report(found: Coverage, held: Against | None = None, every: bool = False) -> Report:
    """The report of a coverage; `every` shows all rows of what was measured."""
    tables = [Table("Subgraph Coverage", *_subgraphs(found)), _summary(found), _risk_table(found), _gap_table(found)]
    if held is not None:
        tables += _accuracy(held, every)
    return Report(_title(found), "", tuple(table for table in tables if table.rows), (*_lines(found), *_errors(held)))


def _title(found: Coverage) -> str:
    sizes = ", ".join(f"{name}={size}" for name, size in found.sizes.items())
    where = ", ".join(part for part in (found.power_mode, found.precision, sizes) if part)
    return f"Calibration Coverage Analysis: {found.model} on {found.hardware} ({where})"


def commands(found: Coverage) -> list[str]:
    """What closes the gaps, the most time at risk first; each on a line of its own."""
    return [gap.command for gap in gaps(found) if gap.command]


def loop(found: Coverage) -> list[str]:
    """All that closes the gaps, a command on each line: what measures, what fits, and what then tells the coverage."""
    told = [gap.command for gap in gaps(found) if gap.closes]
    if not told:
        return []
    file, fitted = f"measurements/{found.hardware}/gaps.csv", "gaps.yaml"
    mode = f" --power-profile {found.power_mode}" if found.power_mode else ""
    sizes = "".join(f" --{name} {size}" for name, size in found.sizes.items() if name in ("batch", "seq"))
    formats = "" if len(found.facts) > 1 else f" --precision {found.precision.lower()}"
    known = "".join(f" --profile {name}" for name in (*found.profiles, fitted))
    return [
        *(f"{one} --out {file}" for one in told),
        f"symppa calibrate {found.hardware} --from {file}{mode} --out {fitted}",
        f"symppa coverage {found.model} {found.hardware}{formats}{sizes}{mode}{known}",
    ]


def page(found: Coverage, held: Against | None = None) -> str:
    """The report as a page, with pictures and the commands that close the gaps."""
    from symppa.reports import html
    from symppa.reports.plot.coverage import time_at_risk, time_by_pattern
    from symppa.reports.plot.style import svg

    pictures = {
        "Predicted time of each pattern, by the status of its primitives": svg(time_by_pattern(found)),
        "Operations by the predicted time at risk with them": svg(time_at_risk(found)),
    }
    told = "\n".join(escape(one) for one in commands(found))
    closing = f'<p>What closes the gaps:</p><pre style="overflow-x:auto">{told}</pre>' if told else ""
    return html.page(report(found, held, every=True), pictures).replace("</body>", f"{closing}</body>")


def _subgraphs(found: Coverage) -> tuple[tuple[Column, ...], tuple[tuple[str, ...], ...]]:
    """Patterns in each format with how many there are, their primitives below them."""
    mixed = len(found.facts) > 1
    groups: dict[tuple[str, str], list[Step]] = {}
    free: list[Step] = []
    for step in found.steps:
        if step.status is Status.FREE:
            free.append(step)
        else:
            groups.setdefault((step.pattern, _formats(step)), []).append(step)
    rows = [row for (pattern, formats), steps in groups.items() for row in _group(pattern, formats, steps)]
    if free:
        kinds = list(dict.fromkeys(one.kind for step in free for one in step.operations))
        more = ", ..." if len(kinds) > 3 else ""
        rows.append((f"Unfused ({', '.join(kinds[:3])}{more})", f"x{len(free)}", "", "0", WORDS[Status.FREE], *"--"))
    place = {head.head: k for k, head in enumerate(HEADS)}["FLOPs"]
    heads = (*HEADS[:place], Column("Format"), *HEADS[place:])
    if mixed:
        return heads, tuple(rows)
    return HEADS, tuple((*row[:place], *row[place + 1 :]) for row in rows)


def _formats(step: Step) -> str:
    return " ".join(dict.fromkeys(one.dtype.upper() for one in step.operations if not one.free))


def _group(pattern: str, formats: str, steps: Sequence[Step]) -> Iterable[tuple[str, ...]]:
    parts = [part for step in steps for part in step.parts]
    told = _of_several([step.status for step in steps])
    yield (pattern, f"x{len(steps)}", formats, short(math.fsum(p.flops for p in parts)), WORDS[told], *_by(parts))
    rows: dict[tuple[str, str], list[Part]] = {}
    for step in steps:
        alone = len({part.operation for part in step.parts}) == len(step.parts)
        for part in step.parts:
            name = part.kind if alone else part.primitive.name
            rows.setdefault((name, part.primitive.op or part.type), []).append(part)
    if len(rows) > 1:
        for (name, op), own in rows.items():
            state = WORDS[_of_several([part.status for part in own])]
            yield (f"  - {name} ({op})", f"x{len(own)}", own[0].dtype.upper(), short(math.fsum(p.flops for p in own)),
                   state, *_by(own))  # fmt: skip


def _of_several(states: Sequence[Status]) -> Status:
    """The status of several alike: theirs where they agree, else between."""
    return states[0] if len(set(states)) == 1 else Status.APPROXIMATED


def _by(parts: Sequence[Part]) -> tuple[str, str]:
    """The calibration that most of the time stands on, and what of the data sheet's rates is reached."""
    known = [part for part in parts if part.match.entry]
    if not known:
        return NOTHING, NOTHING
    first = max(known, key=lambda part: part.seconds).match.entry
    others = len({part.match.entry for part in known}) - 1
    seconds = math.fsum(part.seconds for part in known)
    reached = 100.0 * math.fsum(part.sheet for part in known) / seconds
    return f"{first} +{others} more" if others else first, f"{reached:.0f}%" if reached >= 1 else f"{reached:.1g}%"


def _summary(found: Coverage) -> Table:
    counts, total = found.counts, sum(found.counts.values())
    costly = total - counts[Status.FREE]
    flops, seconds = found.total("flops"), found.seconds
    rows = [("Operations", str(total), "", "", f"{counts[Status.FREE]} FREE ones left out of the percentages")]
    for state, meaning in MEANS.items():
        share = f"{100.0 * counts[state] / costly:.1f} %" if costly else NOTHING
        rows.append((state.value.capitalize(), str(counts[state]), share, "", meaning))
    rows.append(("FLOPs", short(flops), "", "", "those of primitives"))
    for state in MEANS:
        part = found.total("flops", state)
        rows.append((
            f"  {state.value.capitalize()}", short(part), f"{found.percent('flops', state):.1f} %", "",
            _mostly(found, state, "flops"),
        ))  # fmt: skip
    rows.append(
        ("Predicted time", _time(seconds), "", f"{at_risk(found):.1f} %", "at risk: what the intervals leave open")
    )
    for state in MEANS:
        own = [part for part in found.parts if part.status is state]
        risk = 100.0 * math.fsum(part.risk for part in own) / seconds if seconds else 0.0
        rows.append((
            f"  {state.value.capitalize()}", _time(found.total("seconds", state)),
            f"{found.percent('seconds', state):.1f} %", f"{risk:.1f} %", _mostly(found, state, "seconds"),
        ))  # fmt: skip
    heads = (Column("Summary"), Column("Amount", "", True), Column("Share", "", True), Column("At risk", "", True),
             Column("What"))  # fmt: skip
    return Table("Summary", heads, tuple(rows))


def _mostly(found: Coverage, state: Status, what: str) -> str:
    """The operations that most of it is."""
    sums: dict[str, float] = {}
    for part in found.parts:
        if part.status is state:
            sums[part.type] = sums.get(part.type, 0.0) + getattr(part, what)
    names = [name for name, value in sorted(sums.items(), key=lambda one: -one[1]) if value][:3]
    return f"mostly {', '.join(names)}" if names else ""


def _time(seconds: float) -> str:
    return f"{shown(1e3 * seconds, 'ms')} ms"


def _risk_table(found: Coverage) -> Table:
    heads = (Column("Risk"), Column("Operation"), Column("Format"), Column("Instances", "", True),
             Column("At risk", "% of time", True), Column("Why"))  # fmt: skip
    rows = tuple(
        (one.level, one.type, one.dtype.upper(), str(len(one.parts)), f"{one.share:.2f}", one.reason)
        for one in risks(found)
    )
    more = f"HIGH from {HIGH:g} %, MEDIUM from {MEDIUM:g} % of the predicted time at risk, else LOW"
    return Table("Accuracy Risk Assessment", heads, rows, more)


def _gap_table(found: Coverage) -> Table:
    heads = (Column("Gap", "", True), Column("Operation"), Column("Format"), Column("Count", "", True),
             Column("Bytes", "", True), Column("At risk", "% of time", True), Column("Suggested"))  # fmt: skip
    rows = tuple(
        (str(k), gap.type, gap.dtype.upper(), str(gap.count), short(gap.bytes), f"{gap.share:.2f}",
         gap.suggestion.partition(": symppa ")[0])
        for k, gap in enumerate(gaps(found), 1)
    )  # fmt: skip
    return Table("Gaps, the most predicted time at risk first", heads, rows)


def _lines(found: Coverage) -> list[Line]:
    lines = [Line("calibration", ", ".join(found.profiles) or "none: every time is the data sheet's")]
    if any(len(step.parts) > 1 and together(step.parts) is Status.APPROXIMATED for step in found.steps):
        lines.append(Line("APPROX", "also the sum of several primitives, each calibrated: fused they may take less"))
    lines.append(Line("Est.Eff", "time by the data sheet over estimated time; above 100 % a cache is at work"))
    return lines


def _errors(held: Against | None) -> list[Line]:
    if held is None:
        return []
    lines = [Line("error", f"{held.total.error:+.1f} % over {len(held.operations)} measured operations or subgraphs, "
                  f"{held.mape:.1f} % each on average")]  # fmt: skip
    if held.network is not None:
        one = held.network
        lines.append(Line("network", f"measured {_time(one.measured)}, estimated {_time(one.estimated)}: "
                          f"{one.error:+.1f} %"))  # fmt: skip
    if held.left:
        lines.append(Line("not measured", f"{len(held.left)} operations"))
    return [*lines, *(Line("note", note) for note in held.notes)]


def _accuracy(held: Against, every: bool) -> list[Table]:
    heads = (Column("Count", "", True), Column("Measured", "ms", True), Column("Estimated", "ms", True),
             Column("Error", "%", True), Column("Share of error", "%", True))  # fmt: skip
    patterns = tuple(_compared(held, one, str(one.count)) for one in by_share(held, held.patterns))
    ranked = by_share(held, held.operations)
    kept = ranked if every else ranked[:MOST]
    more = f"{len(ranked) - len(kept)} more rows: --json has them" if len(kept) < len(ranked) else ""
    return [
        Table("Measured against estimated, by pattern", (Column("Pattern"), *heads), patterns),
        Table("Measured against estimated, by operation", (Column("Operation"), *heads[1:]),
              tuple((row[0], *row[2:]) for row in (_compared(held, one, "") for one in kept)), more),
    ]  # fmt: skip


def _compared(held: Against, one: Compared, count: str) -> tuple[str, ...]:
    return (one.name, count, shown(1e3 * one.measured, "ms"), shown(1e3 * one.estimated, "ms"), f"{one.error:+.1f}",
            f"{held.share(one):.1f}")  # fmt: skip
