"""Two questions of design on the analog chip, answered by trying everything."""

from __future__ import annotations

import numpy as np
import pytest

import symppa
from symppa.descriptions.bind import bind
from symppa.descriptions.target import load_target
from symppa.studies.design import design
from symppa.studies.subject import Subject


def target(name):
    """A target's file, as the axes and limits of a sweep."""
    made = load_target(name)
    told = bind(made.description, Subject(made.description).program().known)
    assert made.base == "analog_soc"
    assert {given: float(told[given].raw) for given in made.fixed} == VALUES
    axes = {given: [float(v) for v in free.values] for given, free in made.free.items()}
    limits = [f"{output} {limit}" for output, relations in made.limits.items() for limit in relations]
    return {"axes": axes, "where": limits}


VALUES = {"prompt": 32, "acceptance.rate": 0.9}
FAST, FRUGAL = target("analog_throughput"), target("analog_energy")


def tried(question, output, sign):
    """The best design by storing every one of them, and their number."""
    names = [output, *(limit.split()[0] for limit in question["where"])]
    found = symppa.sweep("analog_soc", VALUES, axes=question["axes"], outputs=list(dict.fromkeys(names)))
    keep = np.ones(found[output].shape, bool)
    for limit in question["where"]:
        name, _, bound = limit.split()[:3]
        keep &= np.broadcast_to(found[name], keep.shape) <= float(bound) * (1 + 1e-9) + 1e-12
    values = np.where(keep, sign * found[output], -np.inf)
    place = np.unravel_index(np.argmax(values), values.shape)
    design = {name: float(along[k]) for (name, along), k in zip(question["axes"].items(), place, strict=True)}
    return design, float(found[output][place]), int(keep.sum())


def asked(question, keep):
    found = symppa.sweep("analog_soc", VALUES, axes=question["axes"], where=question["where"], keep=keep)
    return {name: float(found[name][0]) for name in question["axes"]}, found


@pytest.mark.parametrize(
    ("question", "output", "keep", "sign"),
    [(FAST, "throughput", "best:1:throughput", 1), (FRUGAL, "energy", "best:1:energy:min", -1)],
    ids=["most tokens a second in an area and a power", "least energy of a token"],
)
def test_the_best_design_is_that_of_trying_all(question, output, keep, sign):
    design, value, feasible = tried(question, output, sign)
    found, result = asked(question, keep)
    assert result.counts["feasible"] == feasible > 0
    assert result[output][0] == pytest.approx(value)
    assert symppa.evaluate("analog_soc", VALUES | found)[output] == pytest.approx(value)
    assert found == design


@pytest.mark.parametrize(("name", "output"), [("analog_throughput", "throughput"), ("analog_energy", "energy")])
def test_the_proved_design_is_that_of_trying_all(name, output):
    answer = design(name)
    question, keep = (FAST, "best:1:throughput") if name == "analog_throughput" else (FRUGAL, "best:1:energy:min")
    found, result = asked(question, keep)
    assert answer.facts["status"] == "optimal"
    assert answer[output] == pytest.approx(float(result[output][0]))
    assert {given: answer[given] for given in found} == found


def test_the_fast_design_speculates_and_fills_its_limits():
    found, result = asked(FAST, "best:1:throughput")
    assert found["burst"] > 0
    assert result["area"][0] <= 40000
    # a converter for fewer columns each would be faster, and does not fit
    fewer = {**found, "chip.crossbar.columns": found["chip.crossbar.columns"] / 2}
    if found["chip.crossbar.columns"] > 1:
        beside = symppa.evaluate("analog_soc", VALUES | fewer)
        assert beside["area"] > 40000 or beside["power"] > 30


def test_the_frugal_design_reads_no_bit_it_does_not_need():
    found, _ = asked(FRUGAL, "best:1:energy:min")
    # 2 bits of a cell and the rows, with one bit of the input: more would cost energy and tell nothing
    assert found["chip.crossbar.residual_bits"] == 2 + np.log2(found["chip.crossbar.size"])


def test_without_a_loss_limit_the_largest_crossbar_wins():
    free = {**FRUGAL, "where": ["latency <= 200000 ns/token"]}
    found, _ = asked(free, "best:1:energy:min")
    assert found["chip.crossbar.size"] == 512
    assert found["chip.crossbar.residual_bits"] == 8


CLASSES = ("Wavefront", "TokenByToken", "LayerByLayer")


def fastest(prompt, verification):
    """The shortest time of a token with one way to verify, by trying every design."""
    made = load_target("analog_schedule")
    axes = {given: [float(v) for v in free.values] for given, free in made.free.items() if given != "burst"}
    where = [f"{output} {limit}" for output, relations in made.limits.items() for limit in relations]
    found = symppa.sweep(
        "analog_soc",
        {"prompt": prompt, "acceptance.rate": 0.9},
        axes=axes | {"burst": [float(burst) for burst in range(1, 9)]},
        where=where,
        keep="best:1:latency:min",
        parts={"speculative.verification": verification},
    )
    return float(found["latency"][0]), {given: float(found[given][0]) for given in made.free}


@pytest.mark.parametrize(("prompt", "verification"), [(512, "LayerByLayer"), (64, "Wavefront")])
def test_the_schedule_that_is_chosen_is_that_of_trying_all_with_each(prompt, verification):
    """Layers that wait for all tokens read keys and values once, which pays where there are many of them."""
    answer = design("analog_schedule", values={"prompt": prompt})
    each = {name: fastest(prompt, name) for name in CLASSES}
    latency, best = each[verification]
    assert answer.facts["status"] == "optimal"
    assert answer.facts["slots"] == {"speculative.verification": verification}
    assert latency == min(found for found, _ in each.values())
    assert answer["latency"] == pytest.approx(latency)
    assert {given: answer[given] for given in best} == best
    told = {row["slots"]["speculative.verification"]: row for row in answer.facts["certificate"]["choices"]}
    assert {name: row["status"] for name, row in told.items()} == dict.fromkeys(CLASSES, "optimal")
    assert {name: row["value"] for name, row in told.items()} == pytest.approx({n: v for n, (v, _) in each.items()})
