"""What a report of the cache says."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from symppa import store
from symppa.reports.report import Column, Line, Report, Table
from symppa.store import Entry


def facts() -> dict[str, Any]:
    """Folder, entries by kind, what is not sound, and why nothing is kept, if so."""
    entries = store.entries()
    kinds = dict.fromkeys(entry.kind for entry in entries)
    return {
        "folder": str(store.folder()),
        "trouble": store.trouble(),
        "entries": {kind: _summary(entry for entry in entries if entry.kind == kind) for kind in sorted(kinds)},
        "total": _summary(entries),
        "unsound": {entry.path.name: entry.state for entry in entries if entry.state != store.GOOD},
    }


def _summary(entries: Iterable[Entry]) -> dict[str, Any]:
    """How many, how large, and the days since the first and the last of them served."""
    found = list(entries)
    ages = sorted(max(time.time() - entry.used, 0.0) // store.DAY for entry in found)
    size = sum(entry.size for entry in found)
    days = {"newest_days": int(ages[0]), "oldest_days": int(ages[-1])} if ages else {}
    return {"files": len(found), "bytes": size, **days}


def report(told: dict[str, Any]) -> Report:
    """The same as a table and lines."""
    columns = (Column("kind"), Column("files", numeric=True), Column("bytes", numeric=True), Column("last used"))
    rows = tuple(_row(kind, summary) for kind, summary in told["entries"].items())
    whole = (_row("total", told["total"]),) if len(rows) > 1 else ()
    tables = (Table("", columns, (*rows, *whole)),) if rows else ()
    lines = [Line("folder", told["folder"])]
    lines += [] if rows else [Line("entries", "none")]
    lines += [Line("trouble", told["trouble"])] if told["trouble"] else []
    lines += [
        Line(state, f"{name}: it is not used; `symppa cache clear` removes it")
        for name, state in told["unsound"].items()
    ]
    return Report("", "", tables, tuple(lines))


def _row(kind: str, summary: dict[str, Any]) -> tuple[str, ...]:
    return kind, str(summary["files"]), str(summary["bytes"]), _ages(summary["newest_days"], summary["oldest_days"])


def _ages(newest: int, oldest: int) -> str:
    if oldest == newest:
        return _age(oldest)
    return f"{_age(newest)} to {_age(oldest)}"


def _age(days: int) -> str:
    return "today" if days == 0 else f"{days} days ago" if days > 1 else "1 day ago"


def cleared(gone: Iterable[Entry]) -> dict[str, Any]:
    """What was removed, and what is left."""
    found = list(gone)
    left = store.entries()
    return {
        "folder": str(store.folder()),
        "removed": len(found),
        "bytes": sum(entry.size for entry in found),
        "left": len(left),
    }


def cleared_report(told: dict[str, Any]) -> Report:
    """The same as lines."""
    what = "1 file" if told["removed"] == 1 else f"{told['removed']} files"
    lines = [Line("removed", f"{what}, {told['bytes']} bytes"), Line("folder", told["folder"])]
    lines += (
        [Line("left", f"{told['left']} files that served since then, or are being written")] if told["left"] else []
    )
    return Report("", "", (), tuple(lines))
