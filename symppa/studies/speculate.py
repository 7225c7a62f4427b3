"""speculate: speculative against plain decoding of a network on an analog chip, over prompts and bursts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from symppa.descriptions import nodes
from symppa.descriptions.bind import Value, bind, overridden
from symppa.descriptions.load import Description, load
from symppa.descriptions.ranges import values_of
from symppa.engine.program import Known, Program
from symppa.engine.reducers import Store
from symppa.engine.walk import reduce
from symppa.errors import DescriptionError, QuestionError
from symppa.studies.evaluate import grid_of, notes_of, outputs_of
from symppa.studies.result import Array, Coordinate, Result
from symppa.studies.subject import Subject

AXES = ("prompt", "burst")
OUTPUTS = (
    *("energy", "latency", "throughput", "efficiency", "power", "energy_gain", "speed_up"),
    *("plain_energy", "plain_latency", "energy_break_even", "latency_break_even"),
)
ACCEPTANCE, RATE = "acceptance", "acceptance.rate"
COUNTED, RATED = "CountedAcceptance", "IndependentAcceptance"
Told = dict[str, Value]


def speculate(
    network: str | Path | Description,
    analog: str | Path | Description,
    *,
    prompt: str | None = None,
    burst: str | None = None,
    acceptance: str | float | Path | None = None,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Result:
    """Speculative and plain decoding of a network on an analog chip, over prompts and bursts.

    `prompt` and `burst` are axes as texts, else those of the description. `acceptance` is a rate, or a file with a
    measured histogram, `{k: 5, histogram: {0: 2, 5: 9}}`; a shorter burst accepts what fits into it.

    >>> result = speculate("llama3_2_1b", "analog_soc", prompt="16:64:x2", burst="4", acceptance=0.9)
    >>> result["speed_up"].round(2).ravel().tolist()
    [1.67, 1.53, 1.34]
    """
    kind, accepted = acceptance_of(acceptance)
    subject = Subject.of(analog, values, {**({ACCEPTANCE: kind} if kind else {}), **(parts or {})})
    net = network if isinstance(network, Description) else load(network)
    program = subject.program(OUTPUTS, AXES)
    told = told_of(subject, program, net, accepted)
    along = {name: _along(name, text, told, subject) for name, text in zip(AXES, (prompt, burst), strict=True)}
    question = subject.question(network=net.asked, acceptance=acceptance, **along)
    found = decoded(subject, program, told, question)
    return replace(found, hashes={**found.hashes, **net.files})


def decoded(subject: Subject, program: Program, told: Told, question: Mapping[str, Any]) -> Result:
    """The same where every value is told: the chip's, the network's and the acceptance's."""
    axes = {name: _axis(program, name, question[name]) for name in AXES}
    _check_bursts(axes["burst"], told)
    grid = grid_of(program, {n: v for n, v in told.items() if n not in AXES}, axes)
    store = Store(list(program.outputs))
    reduce(grid, [store])
    outputs = outputs_of(program, store.result(), told)
    inputs = {n: i for n, i in subject.inputs(program, told).items() if n not in AXES}
    return Result(
        study="speculate",
        system=subject.system,
        name=subject.name,
        outputs=outputs,
        coordinates={n: Coordinate(axes[n], "1", program.givens[n].meaning) for n in AXES},
        inputs=inputs,
        counts={"designs": grid.size},
        notes=notes_of(told),
        facts={"network": question["network"], "best": best(outputs["speed_up"].values, axes)},
        hashes=subject.hashes(program, inputs),
        question=question,
    )


def best(speed_up: Array, axes: Mapping[str, Array]) -> list[dict[str, float]]:
    """The fastest burst at every prompt.

    >>> best(np.array([[0.9, 1.2]]), {"prompt": np.array([64.0]), "burst": np.array([1.0, 2.0])})
    [{'prompt': 64.0, 'burst': 2.0, 'speed_up': 1.2}]
    """
    fastest = np.argmax(speed_up, axis=1)
    return [
        {"prompt": float(length), "burst": float(axes["burst"][k]), "speed_up": float(row[k])}
        for length, row, k in zip(axes["prompt"], speed_up, fastest, strict=True)
    ]


def told_of(subject: Subject, program: Program, network: Description, accepted: Told) -> Told:
    """Values of the chip, with the network and the acceptance in their place, and what the caller sets on top."""
    rate = {RATE: Known("given", "1", "probability that a drafted token is accepted")}
    told = bind(subject.description, {**rate, **program.known}) if subject.description else {}
    if network.system != "Transformer":
        raise DescriptionError(f"{network.name} describes a {network.system}; a network is a Transformer")
    shapes = {n.removeprefix("net."): known for n, known in program.known.items() if n.startswith("net.")}
    told = {n: v for n, v in told.items() if not n.startswith("net.")} | {
        f"net.{n}": v for n, v in bind(network, _within_net(shapes)).items()
    }
    told = {n: v for n, v in told.items() if n in program.known} | accepted
    for name, raw in subject.values.items():
        told = overridden(told, program.known, name, raw, "set", subject.system)
    return told


def _within_net(shapes: Mapping[str, Known]) -> dict[str, Known]:
    """What a network can be told, its sets named as it names them itself."""
    return {
        name: Known(k.kind, k.unit, k.meaning, tuple(s.removeprefix("net.") for s in k.sets), k.labelled, k.columns)
        for name, k in shapes.items()
    }


def acceptance_of(told: str | float | Path | None) -> tuple[str, Told]:
    """The kind of acceptance, and its values: a rate, or a histogram out of a file."""
    if told is None:
        return "", {}
    try:
        rate = float(str(told))
    except ValueError:
        return COUNTED, _histogram(Path(str(told)))
    if not 0 <= rate <= 1:  # NaN included
        raise QuestionError(f"acceptance = {told} is no rate from 0 to 1")
    return RATED, {RATE: _set(rate)}


def _set(raw: Any) -> Value:
    return Value(raw, ("no source stated",), "THEORETICAL", "set")


def _histogram(path: Path) -> Told:
    """Counts of accepted tokens, normalised."""
    if not path.is_file():
        raise QuestionError(f"acceptance = {path} is neither a rate nor a file")
    root = nodes.read(path)
    stated = root.plain
    if not isinstance(stated, dict) or not isinstance(stated.get("histogram"), dict) or "k" not in stated:
        raise root.error("an acceptance file states `k` and `histogram: {accepted: count}`")
    try:
        longest = int(stated["k"])
        counts = {int(a): float(n) for a, n in stated["histogram"].items()}
    except (TypeError, ValueError):
        raise root.error("k and the accepted tokens are whole numbers, their counts numbers") from None
    if not counts or min(counts) < 0 or max(counts) > longest or min(counts.values()) < 0 or not sum(counts.values()):
        raise root.error(f"a histogram counts 0 to k = {longest} accepted tokens, at least one burst in all")
    counts = {longest: 0.0} | counts
    whole = sum(counts.values())
    return {
        "acceptance.accepted": _set({str(a): a for a in sorted(counts)}),
        "acceptance.probability": _set({str(a): counts[a] / whole for a in sorted(counts)}),
    }


def _check_bursts(bursts: Array, told: Told) -> None:
    """A burst longer than those counted has no histogram."""
    counted = told.get("acceptance.accepted")
    if counted is not None and max(bursts) > max(counted.raw.values()):
        longest = max(counted.raw.values())
        raise QuestionError(f"a burst of {max(bursts):g} is longer than those counted: the file stops at k = {longest}")


def _along(name: str, text: str | None, told: Told, subject: Subject) -> str:
    """An axis as told, else the description's range, else its value."""
    ranges = subject.description.ranges if subject.description else {}
    chosen = text or (None if name in subject.values else ranges.get(name))
    return str(told[name].raw) if chosen is None else chosen


def _axis(program: Program, name: str, text: str) -> Array:
    return np.asarray(values_of(text, program.givens[name]), float)
