"""replay: a recorded run once more, and whether its numbers agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from symppa.engine.walk import Progress
from symppa.errors import AnswerIsNo, QuestionError, SymppaError, UndefinedResultError
from symppa.studies.agreement import TOLERANCE, Agreement, agreement, moved
from symppa.studies.recorded import Data, Source, read
from symppa.studies.repeat import otherwise, repeated
from symppa.studies.result import Coordinate, Output, Result, versions
from symppa.studies.subject import hash_of

MEANING = "largest relative difference of an output from what was recorded"
# Facts that may change while numbers do not, and those that tell a network's outputs once more.
WORDS = ("meaning", "meanings", "rule", "method", "sample.scipy", "network", "serving", "estimates", "checks")


def replay(result: Source, *, system: Any = None, progress: Progress | None = None) -> Result:
    """Whether a run gives its numbers once more: the largest relative difference of every output.

    `result` is a file that `--json` or `--out FILE.json` wrote, its data, or a Result. What goes in is what was
    recorded, not what a description says today. `system` is a model that no name finds, as one written in a script.

    >>> from symppa import evaluate
    >>> replay(evaluate("nexgen_baseline", {"clock": "2.5 GHz"})).facts["agrees"]
    True
    """
    data = read(result)
    place = None if isinstance(result, Result | Mapping) else str(result)
    try:
        again = repeated(data, system, progress)
    except UndefinedResultError as error:
        raise AnswerIsNo(f"the numbers do not agree: {error.message}", file=place) from None
    except SymppaError as error:
        raise QuestionError(f"it cannot be repeated: {error}", file=place) from error
    if again.facts.get("complete") is False:
        raise KeyboardInterrupt
    return compared(data, again)


def compared(then: Data, now: Result) -> Result:
    """What was recorded beside what comes out now."""
    if now.outputs and not then["outputs"]:
        raise QuestionError("this result has no outputs, though its question gives some: the file was cut")
    found = {n: agreement(o["values"], o["unit"], now.outputs.get(n)) for n, o in then["outputs"].items()}
    differs = {n: one.trouble for n, one in found.items() if one.trouble}
    for name, along in then["coordinates"].items():
        one = agreement(along["values"], along["unit"], now.coordinates.get(name))
        differs |= {f"coordinates.{name}": one.trouble} if one.trouble else {}
    differs |= {f"counts.{n}": text for n, text in moved(then["counts"], dict(now.counts))}
    facts = json.loads(json.dumps(dict(now.facts)))
    differs |= {f"facts.{n}": text for n, text in moved(then["facts"], facts) if n not in WORDS}
    differences = np.array([one.difference for one in found.values()], float)
    return Result(
        study="replay",
        system=then["system"],
        name=then["description"],
        outputs={"difference": Output(differences, ("output",), "1", MEANING)},
        coordinates={"output": Coordinate(np.array(list(found), dtype=str), "1", "output")},
        notes=tuple(_notes(then, now)),
        facts={
            "replayed": then["study"],
            "agrees": not differs,
            "tolerance": TOLERANCE,
            "largest": _largest(found, then, now),
            "differs": differs,
            "changed": dict(_changed(then, now)),
        },
        hashes=now.hashes,
    )


def _largest(found: Mapping[str, Agreement], then: Data, now: Result) -> dict[str, Any] | None:
    """Where the largest difference is, and both numbers."""
    numbers = {n: one for n, one in found.items() if one.difference > 0}
    if not numbers:
        return None
    name = max(numbers, key=lambda n: numbers[n].difference)
    one, dims = numbers[name], now.output(name).dims
    at = {dim: _member(now.coordinates[dim], k) for dim, k in zip(dims, one.at, strict=True) if dim in now.coordinates}
    return {
        "output": name, "difference": one.difference, "at": at, "then": one.then, "now": one.now,
        "unit": now.unit(name),
    }  # fmt: skip


def _member(along: Coordinate, place: int) -> str:
    value = along.values[place]
    number = str(value) if along.values.dtype.kind in "US" else f"{value:.10g}"
    return number if along.unit == "1" else f"{number} {along.unit}"


def _changed(then: Data, now: Result) -> Iterator[tuple[str, list[str]]]:
    """Programs and versions that are others by now, before and after."""
    for name, before in then["hashes"].items():
        after = now.hashes.get(name, before)
        if name.rpartition(".")[2] == "program" and after != before:
            yield name, [before, after]
    before_it, after_it = _versions(then["versions"], then["facts"]), _versions(versions(), now.facts)
    for name, after in after_it.items():
        if before_it.get(name, after) != after:
            yield name, [before_it[name], after]


def _versions(told: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, str]:
    """Versions that numbers depend on; that of scipy where it drew a sample."""
    sample = facts.get("sample")
    return {**told, **({"scipy": str(sample["scipy"])} if isinstance(sample, dict) and "scipy" in sample else {})}


def _notes(then: Data, now: Result) -> Iterator[str]:
    question, hashes = then["question"], then["hashes"]
    told = {"inputs": then["inputs"]}
    if then["study"] == "compare":
        told = {f"{one['description']}.inputs": one["inputs"] for one in question["systems"]}
    for name, inputs in told.items():
        if name in hashes and hashes[name] != hash_of({n: (i["value"], i["unit"]) for n, i in inputs.items()}):
            yield f"{name} do not match their hash: the file was changed after it was written"
    new = [n for n in now.outputs if n not in then["outputs"]]
    if new:
        yield f"not recorded, so not compared: {', '.join(new)}"
    yield from otherwise(then)
