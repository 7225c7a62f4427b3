"""verify: whether a recorded answer holds: all that it says of its target is found out anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from symppa.descriptions.target import Target
from symppa.studies.design.answer import Progress
from symppa.studies.design.budget import Budget
from symppa.studies.design.explain.shadow import slack_of
from symppa.studies.design.problem import Question, questions
from symppa.studies.design.told import files_of
from symppa.studies.design.verification import claims
from symppa.studies.design.verification.explanation import Explanation, Priced
from symppa.studies.design.verification.fronts import Checked, front_checked
from symppa.studies.design.verification.held import held_checked
from symppa.studies.design.verification.proofs import Nothing
from symppa.studies.design.verification.recorded import Data, read, target_of
from symppa.studies.result import Result

CONFIRMED, REFUTED, OPEN = "confirmed", "refuted", "unconfirmed"
MODEL = "evaluation of the design"


def verify(
    answer: str | Path,
    target: Target | str | Path | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    time_limit: float = 60.0,
    progress: Progress | None = None,
) -> Result:
    """Whether the JSON of an answer to a target holds: `facts["status"]` is confirmed, refuted or unconfirmed.

    Everything that the answer says of its target is found out anew: its design by evaluation, that nothing is better
    than its bound by trying all designs, by the dual of a convex reading, or by another search, what excludes each
    other, repairs and prices by searches. `facts["recorded_run"]` is what it says of its own run, which is shown and
    not verified. Of a front each gap and end is searched; limits that hold for what is uncertain are searched for
    what breaks them, or judged by the recorded draws. Without a `target`: the one that was recorded, with what was
    set.
    """
    budget, data = Budget(time_limit), read(Path(answer))
    asked = target_of(data, answer, target, values or {}, parts or {})
    every = questions(asked)
    try:
        checked, outputs = _checked(data, every, budget, progress)
    except KeyboardInterrupt:
        checked, outputs = Checked([], False, "", interrupted=True), {}
    proved = checked.proved and not checked.open and data["facts"]["status"] != "unknown"
    certificate = {
        "gap": checked.gap,
        "method": checked.method or MODEL,
        "nodes": checked.nodes,
        "searches": checked.searches,
        "seconds": budget.spent,
        "interrupted": checked.interrupted,
    }
    anew = claims.hashes(data, every) if not checked.reasons else {}
    changed = list(_changed(data, {**anew, **files_of(asked)}))
    return Result(
        study="verify",
        system=every[0].subject.system,
        name=asked.name,
        outputs=outputs,
        facts={
            "status": REFUTED if checked.reasons else CONFIRMED if proved else OPEN,
            "recorded": data["facts"]["status"],
            "study": data["study"],
            "reasons": checked.reasons,
            "open": list(checked.open),
            "changed": changed,
            "recorded_run": _run(data),
            "certificate": certificate,
        },
        notes=tuple(f"{name} is not the one that the answer was made with" for name in changed),
        question={"answer": Path(answer).name, "target": asked.name},
    )


def _checked(
    data: Data, every: Sequence[Question], budget: Budget, progress: Progress | None
) -> tuple[Checked, Mapping[str, Any]]:
    """What of the record is so, and its design by the ordinary reading."""
    reasons = list(claims.shared(data, every))
    if data["study"] == "front":
        checked = front_checked(data, every, budget.left)
        return checked._replace(reasons=[*reasons, *checked.reasons]), {}
    contradiction = claims.contradicts(data)
    if contradiction:
        return Checked([*contradiction, *reasons], False, ""), {}
    reasons += claims.inconsistent(data, every)
    if every[0].asking.uncertain:
        checked = held_checked(data, every, budget.left / 2)
        checked = checked._replace(reasons=[*checked.reasons, *reasons])
        return _explained(data, every, budget, checked), {}
    outputs: Mapping[str, Any] = {}
    if data["facts"].get("design"):
        made = claims.design(data, every)
        reasons, outputs = [*made.reasons, *reasons], made.outputs
        if not made.sound:
            return Checked(reasons, False, ""), outputs
    return _proved(data, every, budget, reasons, progress), outputs


def _proved(
    data: Data, every: Sequence[Question], budget: Budget, known: list[str], progress: Progress | None
) -> Checked:
    """The bound, or that nothing fits, and all that is explained."""
    facts, nothing = data["facts"], Nothing(every, perf_counter() + budget.left, progress)
    proof = claims.proved(data, every, nothing)
    said = "there is a design within all limits" if facts["status"] == "infeasible" else "there is a better design"
    if facts["status"] == "feasible":
        said = "there is a design better than facts.certificate.bound"
    reasons = [*([said] if proof.found else []), *known]
    open_ = [] if proof.proved or proof.found else ["that nothing is better than the bound, or fits"]
    if not reasons:
        wrong, left = claims.choices(data, every, nothing)
        reasons, open_ = wrong, open_ + left
    if not reasons and not proof.interrupted:
        priced = Priced(data, every, nothing)
        reasons += priced.reasons()
        open_ += priced.open
    checked = Checked(
        reasons, proof.proved, ", ".join((MODEL, *proof.routes) if facts.get("design") else proof.routes),
        interrupted=proof.interrupted, gap=_gap(data, every), nodes=proof.nodes, open=tuple(open_),
    )  # fmt: skip
    return _explained(data, every, budget, checked)


def _explained(data: Data, every: Sequence[Question], budget: Budget, checked: Checked) -> Checked:
    """With what is said to exclude each other."""
    if checked.reasons or checked.interrupted or data["facts"]["status"] != "infeasible":
        return checked
    made = Explanation(data, every, budget.left)
    reasons = made.reasons()
    return checked._replace(
        reasons=reasons,
        open=(*checked.open, *made.open),
        searches=checked.searches + made.loose.searches,
        interrupted=made.loose.stopped,
    )


def _gap(data: Data, every: Sequence[Question]) -> float | None:
    """How much better than the design the bound is that was proved anew, and what designs differ by at least."""
    gap = data["facts"]["certificate"]["gap"]
    if gap is None or not data["facts"].get("design"):
        return None
    return max(float(gap), *(slack_of(one.problem()) for one in every))


def _run(data: Data) -> dict[str, Any]:
    """What an answer says of its own run."""
    said = data["facts"]["certificate"]
    run = {name: said[name] for name in ("method", "nodes", "searches", "seconds", "methods") if name in said}
    return {**run, "versions": dict(data.get("versions", {}))}


def _changed(data: Data, files: Mapping[str, str]) -> Iterator[str]:
    """Files, or the program, that are others than those of the record."""
    recorded = data.get("hashes", {})
    for name, digest in files.items():
        if recorded.get(name) != digest:
            yield name
