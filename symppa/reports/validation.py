"""What a validation says: how accurate, of which campaign, where the error comes from, and what was not compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from symppa.calibration.measurement import FLAGGED, REFUSED, spoken
from symppa.calibration.validation.estimates import HELD_OUT, IN_SAMPLE
from symppa.calibration.validation.record import Run
from symppa.calibration.validation.scores import Bucket, Group, Scores, number
from symppa.calibration.validation.validate import NONE, Missing, Validation
from symppa.reports.csv import written
from symppa.reports.measurements import findings_facts
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table, listed

HEADS = (
    Column("n", "", True), Column("mape", "%", True), Column("median", "%", True), Column("p90", "%", True),
    Column("bias", "%", True), Column("within 10", "%", True), Column("within 15", "%", True),
    Column("held by 90", "%", True),
)  # fmt: skip
LEFT = ("within 15", "held by 90", "median", "p90")  # columns that a narrow page may lose
SHARES = (Column("of the error", "%", True), Column("of the time", "%", True))
GROUPS = (
    ("op", "By operation"), ("pattern", "By fusion pattern"), ("dtype", "By number format"),
    ("power_mode", "By power mode"), ("network", "By network"), ("part", "By part of a network"),
)  # fmt: skip
MOST = 30  # rows of a table on a terminal


def facts(made: Validation, history: Sequence[Run] = ()) -> dict[str, Any]:
    """Everything as plain data; percent throughout, `n` is a count."""
    told: dict[str, Any] = {"device": made.device, "profile": made.profile, "campaigns": _campaigns(made)}
    told |= made.scores.as_facts()
    told |= {
        **{f"by_{name}": [one.as_facts(name) for one in made.by(name)] for name, _ in GROUPS},
        "by_quality": [one.as_facts("quality") for one in made.by_quality],
        "totals": [one.as_facts("network") for one in made.totals],
        "attribution": [_attributed(one) for one in made.by("op")],
        "reliability": [one.as_facts() for one in made.reliability], "reliability_of": made.reliability_of,
        "in_sample": made.in_sample.as_facts(), "held_out": made.held_out.as_facts(),
        "inside_hull": made.inside.as_facts(), "outside_hull": made.beyond.as_facts(),
        "missing": [_missing(one) for one in made.missing],
        "approximated": [_missing(one) for one in made.approximated],
        "findings": findings_facts(made.findings), "notes": list(made.notes),
    }  # fmt: skip
    if history:
        told["history"] = [{"time": one.time, "profile": one.profile, **one.scores} for one in history]
    return told


def _campaigns(made: Validation) -> list[str]:
    return list(dict.fromkeys(one.name for one in made.campaigns))


def _attributed(one: Group) -> dict[str, Any]:
    shares = {"error_share": one.error_share, "time_share": one.time_share, "shift": one.shift}
    return {"op": one.name, **{name: number(value) for name, value in shares.items()}}


def _missing(one: Missing) -> dict[str, Any]:
    return {"why": one.why, "what": one.what, "file": one.source, "rows": list(one.rows), "count": one.count}


def csv_text(made: Validation) -> str:
    """One row for each operation, all digits."""
    rows = [one.as_facts("op") for one in made.by("op")]
    head = list(rows[0]) if rows else ["op", "n", "mape"]
    return written(head, [["" if value is None else value for value in row.values()] for row in rows])


def report(made: Validation, history: Sequence[Run] = ()) -> Report:
    """The same for people: the accuracy first, in sample said at once."""
    tables = [
        Table("Accuracy", (Column("rows"), *HEADS, Column("band")), tuple(_accuracy(made))),
        *(_groups(title, name, made.by(name)) for name, title in GROUPS if _tells(name, made)),
        *([_totals(made.totals)] if made.totals else []),
        _groups("By closeness of the fit", "fit", made.by_quality),
        *([_reliability(made.reliability, made.reliability_of)] if made.reliability else []),
        *([_lost("Not compared", made.missing)] if made.missing else []),
        *([_lost("Estimated by another fit than their own", made.approximated)] if made.approximated else []),
        *([_history(history)] if history else []),
    ]
    by = "the vendor's data sheet" if made.profile == NONE else made.profile
    return Report(f"Validation of {made.device} by {by}", claim(made), tuple(tables), tuple(_lines(made)))


def _tells(name: str, made: Validation) -> bool:
    """Whether rows differ in it, or an operation is to be told."""
    found = made.by(name)
    if name == "network" and made.totals:
        return False
    return bool(found) and (name in ("op", "pattern") or len(found) > 1)


def claim(made: Validation) -> str:
    """What may be said about the accuracy, and of what."""
    found, sample = made.scores, made.in_sample.n
    if not found.n:
        return "No row is compared."
    seen = ""
    if sample == found.n:
        seen = "IN SAMPLE, every row took part in the fit: this is no accuracy for other sizes. "
    elif sample:
        seen = f"IN SAMPLE in part, {sample} of {found.n} rows took part in the fit: --held-out leaves them out. "
    campaigns = listed(_campaigns(made), 3)
    return f"{seen}{found.mape:.1f} % mean error over {found.n} rows ({found.band}), measured in {campaigns}"


def _accuracy(made: Validation) -> Iterable[tuple[str, ...]]:
    yield ("all", *_cells(made.scores), made.scores.band)
    samples = [one for one in made.by_sample if len(made.by_sample) > 1 or one.name != HELD_OUT]
    parts = [(one.name.upper() if one.name == IN_SAMPLE else one.name, one.scores) for one in samples]
    parts += [("within the hull", made.inside), ("outside the hull", made.beyond)]
    for name, found in parts:
        if found.n and (found.n < made.scores.n or name.isupper()):
            yield (name, *_cells(found), found.band)


def _cells(found: Scores) -> tuple[str, ...]:
    values = (
        found.mape, found.median, found.p90, found.bias, found.within_10, found.within_15, found.coverage_90
    )  # fmt: skip
    return (str(found.n), *("" if number(value) is None else f"{value:.1f}" for value in values))


def _groups(title: str, head: str, groups: Sequence[Group]) -> Table:
    """Groups, what matters most in the first columns: a narrow page loses the last."""
    names = [column.head for column in HEADS]
    first, last = [names.index(name) for name in ("n", "mape", "bias")], [names.index(name) for name in LEFT]
    rows = []
    for one in groups[:MOST]:
        cells, shares = _cells(one.scores), (f"{one.error_share:.1f}", f"{one.time_share:.1f}")
        rows.append((one.name, *(cells[k] for k in first), *shares, one.scores.band, *(cells[k] for k in last)))
    left = len(groups) - len(rows)
    columns = (Column(head), *(HEADS[k] for k in first), *SHARES, Column("band"), *(HEADS[k] for k in last))
    return Table(title, columns, tuple(rows), f"{left} more rows: --json has them" if left else "", drops=True)


def _totals(groups: Sequence[Group]) -> Table:
    heads = (
        Column("network"), Column("parts", "", True), Column("measured", "ms", True), Column("estimated", "ms", True),
        Column("error", "%", True), Column("of the time", "%", True),
    )  # fmt: skip
    rows = tuple(
        (
            one.name, str(one.scores.n), shown(one.measured * 1e3),
            shown(one.measured * 1e3 * (1 + one.scores.total / 100)), f"{one.scores.total:+.1f}",
            f"{one.time_share:.1f}",
        )
        for one in groups[:MOST]
    )  # fmt: skip
    left = len(groups) - len(rows)
    return Table("Networks, their parts summed", heads, rows, f"{left} more rows: --json has them" if left else "")


def _reliability(buckets: Sequence[Bucket], rows_of: str) -> Table:
    heads = (
        Column("estimated", "us"), Column("n", "", True), Column("nominal", "%", True), Column("observed", "%", True),
        Column("band of 95 in 100", "%"), Column("in it"),
    )  # fmt: skip
    rows = tuple(
        (
            f"{shown(one.low * 1e6)} to {shown(one.high * 1e6)}", str(one.n), f"{one.nominal:.0f}",
            f"{one.observed:.1f}", f"{one.least:.1f} to {one.most:.1f}", "yes" if one.inside else "no",
        )
        for one in buckets
    )  # fmt: skip
    of = rows_of if rows_of == HELD_OUT else rows_of.upper()
    return Table(f"How often the 90 % intervals hold what was measured, rows {of}", heads, rows)


def _lost(title: str, missing: Sequence[Missing]) -> Table:
    heads = (Column("what"), Column("count", "", True), Column("file"), Column("rows"), Column("why"))
    told = sorted(missing, key=lambda one: -one.count)
    rows = tuple((one.what, str(one.count), one.source, spoken(one.rows, 4), one.why) for one in told[:MOST])
    left = len(told) - len(rows)
    return Table(title, heads, rows, f"{left} more lines: --json has them" if left else "")


def _history(runs: Sequence[Run]) -> Table:
    heads = (Column("time"), Column("profile"), Column("n", "", True), Column("mape", "%", True), Column("accepted"))
    rows = tuple(
        (one.time, one.profile, str(one.scores["n"]), _short(one.scores), "yes" if one.accepted else "no")
        for one in runs[-MOST:]
    )
    left = len(runs) - len(rows)
    return Table("Over time, the same rows", heads, rows, f"{left} earlier runs: --json has them" if left else "")


def _short(found: Mapping[str, Any]) -> str:
    return "" if found["mape"] is None else f"{found['mape']:.2f}"


def _lines(made: Validation) -> Iterable[Line]:
    if made.scores.n:
        yield Line("Total", f"the summed time is {made.scores.total:+.1f} % off what was measured")
    compared, lost = made.scores.n, sum(one.count for one in made.missing)
    states = {state: sum(len(one.rows) for one in made.findings if one.state == state) for state in (REFUSED, FLAGGED)}
    yield Line("Rows", f"{compared} compared, {lost} not; {states[REFUSED]} refused and {states[FLAGGED]} flagged")
    if compared and made.scores.with_interval < compared:
        yield Line("Intervals", f"{compared - made.scores.with_interval} rows have none")
    for one in made.notes:
        yield Line("Note", one)
