"""What a runner is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symppa.calibration.measuring.cases import Case

Call = Callable[[], object]
Graphs = Callable[[str], Any]  # a network by name, as a graph of operators and tensors


def nothing() -> None:
    """Waits for nothing: every call returns when it is done."""


@dataclass(frozen=True)
class Runner:
    """Runs operations on one kind of place, `cpu` or `cuda`.

    `missing` says why it cannot run here, empty where it can. `refused` says why it does not run a case, empty where
    it does. `prepared` makes the operands and gives the call that is timed; `wait` returns when calls are done.
    `device` and `version` are what the campaign records.
    """

    name: str
    place: str
    missing: Callable[[], str]
    refused: Callable[[Case], str]
    prepared: Callable[[Case, Graphs], Call]
    device: Callable[[], str]
    version: Callable[[], str]
    wait: Callable[[], None] = nothing


def unknown(case: Case, builders: Mapping[str, Any], formats: Mapping[str, Any], what: str) -> str:
    """Why a runner with such tables does not run a case."""
    if case.op not in builders:
        return f"{what} runs no {case.op}"
    return "" if case.dtype in formats else f"{what} runs no {case.dtype}"
