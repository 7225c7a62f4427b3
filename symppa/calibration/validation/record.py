"""The accuracy of a device over time: a line of JSON for each run, and whether a run is worse than the one before.

Only runs that compare the same rows are compared: the files, what was kept of them, and how many of each operation.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symppa.calibration.validation.validate import Validation
from symppa.errors import MeasurementError, QuestionError
from symppa.version import __version__

SCHEMA = 1
TOLERANCE = 1.0  # points of the mean absolute error, in percent, by which a run may differ without being worse
KEYS = ("schema", "time", "device", "profile", "question", "scores", "by_op")


@dataclass(frozen=True)
class Run:
    """One line: when, by which profile, asked what, and how accurate. `accepted` is False where a limit was missed."""

    time: str
    device: str
    profile: str
    question: Mapping[str, Any]
    scores: Mapping[str, Any]
    by_op: Mapping[str, Mapping[str, Any]]
    accepted: bool = True
    version: str = __version__

    def line(self) -> str:
        """The run as a line."""
        told = {
            "schema": SCHEMA, "time": self.time, "device": self.device, "profile": self.profile,
            "version": self.version, "accepted": self.accepted, "question": dict(self.question),
            "scores": dict(self.scores), "by_op": {name: dict(one) for name, one in self.by_op.items()},
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n"


def run_of(made: Validation, time: str) -> Run:
    """The run that a validation is."""
    files = sorted({one.source for one in made.asked if one.source})
    question = {"rows": made.digest, "count": sum(made.estimable.values()), "files": files, "held_out": made.held}
    scored = {one.name: one.scores.as_facts() for one in made.by("op")}
    by_op = {op: {"estimable": count, **scored.get(op, {})} for op, count in sorted(made.estimable.items())}
    return Run(time, made.device, made.profile, question, made.scores.as_facts(), by_op)


def appended(path: Path, run: Run) -> None:
    """One more line, whole or not at all; a file that is none of this kind is refused before it is touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = path.read_bytes() if path.exists() else b""
    tuple(parsed(path, known))
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        start = b"" if not known or known.endswith(b"\n") else b"\n"
        os.write(handle, start + run.line().encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def runs(path: Path) -> tuple[Run, ...]:
    """Every run of a file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MeasurementError(f"it cannot be read: {error.strerror}").at(str(path), None) from None
    return tuple(parsed(path, content))


def parsed(path: Path, content: bytes) -> Iterator[Run]:
    """The runs that some text tells; what is no run is refused with its line."""
    lines = content.decode("utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
        except json.JSONDecodeError as error:
            raise MeasurementError(f"this is no line of JSON: {error.msg}").at(str(path), number) from None
        missing = [name for name in KEYS if not isinstance(told, dict) or name not in told]
        if missing or told["schema"] != SCHEMA:
            why = f"it lacks {', '.join(missing)}" if missing else f"its schema is {told['schema']}"
            raise MeasurementError(f"this is no run of symppa validate: {why}").at(str(path), number)
        yield Run(
            told["time"], told["device"], told["profile"], told["question"], told["scores"], told["by_op"],
            bool(told.get("accepted", True)), str(told.get("version", "")),
        )  # fmt: skip


def alike(one: Run, other: Run) -> bool:
    """Whether two runs asked the same of the same rows."""
    mine, its = ({name: run.question.get(name) for name in ("rows", "held_out")} for run in (one, other))
    return one.device == other.device and mine == its


def baseline(path: Path, run: Run) -> Run:
    """The last accepted run that asked the same; none is refused, with what there is."""
    known = runs(path)
    found = [one for one in known if alike(one, run) and one.accepted]
    if not found:
        there = "; ".join(sorted({_told(one) for one in known})) or "none"
        raise QuestionError(f"{path} records no accepted run of {_told(run)} with just these rows; it records {there}")
    return found[-1]


def _told(one: Run) -> str:
    files = ", ".join(one.question.get("files", ())) or "unnamed rows"
    return f"{one.device}, {files}{', held out' if one.question.get('held_out') else ''}"


def worse(run: Run, before: Run, tolerance: float = TOLERANCE) -> tuple[str, ...]:
    """What got worse by more than a tolerance in points: the mean absolute error of all rows and of each operation.

    Rows that no longer have an estimate are worse too: leaving out what is hard is no progress.
    """
    found = [] if (text := _risen("all rows", run.scores, before.scores, tolerance)) is None else [text]
    for name, then in before.by_op.items():
        now = run.by_op.get(name, {})
        if now.get("estimable", 0) < then["estimable"]:
            found.append(f"{name}: {then['estimable']} rows had an estimate, {now.get('estimable', 0)} have one now")
        if (text := _risen(name, now, then, tolerance)) is not None:
            found.append(text)
    return tuple(found)


def _risen(name: str, now: Mapping[str, Any], then: Mapping[str, Any], tolerance: float) -> str | None:
    mape, was = now.get("mape"), then.get("mape")
    if mape is None or was is None or mape <= was + tolerance:
        return None
    return f"{name}: mean error {was:.2f} % then, {mape:.2f} % now"


def trend(known: Sequence[Run]) -> tuple[Run, ...]:
    """The runs that have an error to draw."""
    return tuple(one for one in known if one.scores["mape"] is not None)
