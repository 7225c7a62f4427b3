"""pareto: the designs of a grid that no other beats in every objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from symppa.engine.walk import Progress
from symppa.errors import QuestionError
from symppa.studies.result import Result
from symppa.studies.subject import System
from symppa.studies.sweep import sweep


def pareto(
    system: System,
    values: Mapping[str, Any] | None = None,
    *,
    objectives: Mapping[str, str],
    axes: Mapping[str, Any] | None = None,
    points: Any = None,
    sample: str | None = None,
    seed: int | None = None,
    outputs: Sequence[str] = (),
    where: Sequence[str] = (),
    parts: Mapping[str, str] | None = None,
    cluster: Any = None,
    engine: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """The exact Pareto front over a grid, points or a sample; `objectives` maps 2 to 4 outputs to "min" or "max".

    >>> result = pareto(
    ...     "nexgen_baseline",
    ...     objectives={"power": "min", "compute_density": "max"},
    ...     axes={"chiplet.sms": "16:64:16"},
    ... )
    >>> result["chiplet.sms"].tolist()
    [16.0, 32.0, 48.0, 64.0]
    """
    odd = [s for s in objectives.values() if s not in ("min", "max")]
    if odd:
        raise QuestionError(f"an objective is 'min' or 'max', not {odd[0]!r}")
    keep = "pareto:" + ",".join(f"{name}={sense}" for name, sense in objectives.items())
    wanted = [*objectives, *[n for n in outputs if n not in objectives]]
    found = sweep(
        system, values, axes=axes, points=points, sample=sample, seed=seed,
        outputs=wanted, keep=keep, where=where, parts=parts, cluster=cluster, engine=engine, threads=threads,
        progress=progress,
    )  # fmt: skip
    question = {n: v for n, v in found.question.items() if n != "keep"} | {"objectives": dict(objectives)}
    return replace(found, study="pareto", facts={**found.facts, "objectives": dict(objectives)}, question=question)
