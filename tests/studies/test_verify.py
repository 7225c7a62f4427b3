"""Recorded fronts, and designs that hold for what is uncertain, are verified: by the model, and by searches."""

from __future__ import annotations

import json

import pytest

from symppa.errors import QuestionError
from symppa.reports.contents import report
from symppa.reports.text import as_text
from symppa.studies.design import design, verify

CHIP = "base: nexgen_baseline\nmaximize: compute_density\nsubject_to: {power: <= 300 W}\n"
TWO = CHIP + "minimize: power\nfree: {chiplet.sms: [16, 64], clock: {choices: [1.5 GHz, 2 GHz, 2.5 GHz]}}\n"
THREE = TWO.replace("maximize: compute_density", "maximize: [compute_density, peak_compute]").replace(
    "free: {", "free: {chiplet.area: {choices: [250 mm2, 300 mm2]}, "
)
REALS = CHIP + "minimize: power\nfree: {clock: [1 GHz, 2.5 GHz], chiplet.sms: [16, 20]}\n"
ALWAYS = CHIP + "free: {chiplet.sms: [16, 64]}\nuncertain: {sm_power: [1.4 W, 1.6 W]}\n"
OFTEN = CHIP + (
    "free: {chiplet.sms: [16, 64]}\nuncertain: {sm_power: {distribution: 'normal(1.5 W, 0.1 W)', hold: 0.9}}\n"
)
NONE = ALWAYS.replace("[1.4 W, 1.6 W]", "[5 W, 6 W]")


@pytest.fixture
def asked(tmp_path):
    """Verify the answer to a target, after a change of its record."""

    def ask(text, change=lambda data: None, **more):
        goal, answer = tmp_path / "goal.yaml", tmp_path / "answer.json"
        goal.write_text(text)
        data = json.loads(design(goal).to_json())
        change(data)
        answer.write_text(json.dumps(data))
        return verify(answer, goal, **more)

    return ask


@pytest.mark.parametrize(
    "text", [TWO, THREE, REALS, ALWAYS, OFTEN, NONE], ids=["two", "three", "reals", "always", "often", "none"]
)
def test_a_right_answer_is_confirmed(asked, text):
    found = asked(text)
    assert (found.facts["status"], found.facts["reasons"]) == ("confirmed", [])
    assert "confirmed" in as_text(report(found))


def without(k):
    def change(data):
        for one in data["outputs"].values():
            one["values"].pop(k)

    return change


def said(name, k, value):
    return lambda data: data["outputs"][name]["values"].__setitem__(k, value)


def slower(data):
    """The last design at a slower clock, with the rate that it has there: another one beats it."""
    clock = data["outputs"]["clock"]["values"]
    data["outputs"]["compute_density"]["values"][-1] *= 1.5 / clock[-1]
    clock[-1] = 1.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without(2), "there is a design that none of the front is as good as"),
        (without(0), "there is a design that none of the front is as good as"),
        (without(-1), "there is a design that none of the front is as good as"),
        (said("power", 1, 1.0), "design 1: power is not what is recorded"),
        (lambda data: data["outputs"]["power"].update(dims=[]), "outputs.power.dims has 0 entries"),
        (lambda data: data["facts"]["asked"].update(limits=[]), "facts.asked.limits has 0 entries"),
        (lambda data: data["facts"]["certificate"].update(gap=0.1), "facts.certificate.gap is 0.1"),
        (said("chiplet.sms", 1, 18.5), "design 1: chiplet.sms = 18.5 is not among what is free"),
        (said("compute_density", 0, None), "design 0: compute_density is not what is recorded"),
        (slower, "is beaten by another of the front"),
        (lambda data: data["facts"].update(status="feasible"), "it says feasible, of a front that is whole"),
        (lambda data: data["facts"]["certificate"].update(proved=False), "it says optimal"),
    ],
)
def test_a_wrong_front_is_refuted_with_its_reason(asked, change, words):
    found = asked(TWO, change)
    assert found.facts["status"] == "refuted"
    assert any(words in reason for reason in found.facts["reasons"])


def test_a_front_of_reals_without_its_end_is_refuted(asked):
    found = asked(REALS, without(0))
    assert found.facts["status"] == "refuted"
    assert asked(REALS, without(3)).facts["status"] == "confirmed"  # points between the ends are a choice


def test_a_front_whose_outputs_are_of_different_lengths_is_refused(asked):
    with pytest.raises(QuestionError, match="side by side"):
        asked(TWO, lambda data: data["outputs"]["power"]["values"].pop())


def test_a_front_without_time_stays_unconfirmed(asked):
    assert asked(TWO, time_limit=1e-9).facts["status"] == "unconfirmed"


def robust(**change):
    return lambda data: data["facts"]["robust"].update(change)


def row(**change):
    return lambda data: data["facts"]["limits"][0].update(change)


def one_more(data):
    """22 multiprocessors are within 300 W at 1.5 W, not at 1.6 W."""
    outputs = data["outputs"]
    outputs["compute_density"]["values"] *= 21 / outputs["chiplet.sms"]["values"]
    outputs["chiplet.sms"]["values"] = 21.0


def one_less(data):
    outputs, before = data["outputs"], data["outputs"]["chiplet.sms"]["values"]
    outputs["compute_density"]["values"] *= (before - 1) / before
    outputs["chiplet.sms"]["values"] = before - 1
    data["facts"]["certificate"]["bound"] = outputs["compute_density"]["values"]
    data["facts"]["limits"][0].update(value=171.2 + 6.4 * (before - 1), margin=300 - 171.2 - 6.4 * (before - 1))


@pytest.mark.parametrize(
    ("text", "change", "words"),
    [
        (ALWAYS, one_more, "power <= 300 W does not hold for all that is uncertain"),
        (ALWAYS, one_less, "there is a better design"),
        (ALWAYS, row(value=290.0), "it is at worst 299.2, which is not what is recorded"),
        (ALWAYS, row(margin=2.0), "it is at worst 299.2, which is not what is recorded"),
        (ALWAYS, row(bound=310.0), "facts.limits[0].bound is 310.0, and not 300.0"),
        (ALWAYS, row(binds=True), "facts.limits[0].binds is True"),
        (ALWAYS, row(nominal=1.0), "where nothing varies it is"),
        (ALWAYS, robust(hold=0.5), "facts.robust says otherwise of how limits hold"),
        (ALWAYS, lambda data: data["facts"]["certificate"].update(gap=0.4), "facts.certificate.gap is 0.4"),
        (ALWAYS, robust(uncertain={"sm_power": "from 1.4 W to 1.5 W"}), "what it says is uncertain is not"),
        (ALWAYS, lambda data: data["facts"].pop("robust"), "what it says is uncertain is not"),
        (ALWAYS, lambda data: data["facts"].update(status="infeasible", design=[]), "there is a design within all"),
        (OFTEN, robust(share=0.999), "share is"),
        (OFTEN, robust(at_least=0.99), "at_least is"),
        (OFTEN, robust(seed="one"), "it names no seed"),
        (OFTEN, robust(fresh=10), "fresh is 16384, not 10"),
        (OFTEN, lambda data: data["facts"].update(status="infeasible", design=[]), "draws prove of no target"),
        (OFTEN, lambda data: data["facts"].update(status="optimal"), "draws prove of no design that none is better"),
    ],
)
def test_a_wrong_answer_of_what_is_uncertain_is_refuted(asked, text, change, words):
    found = asked(text, change)
    assert found.facts["status"] == "refuted"
    assert any(words in reason for reason in found.facts["reasons"]), found.facts["reasons"]


def test_a_front_of_texts_for_numbers_is_refused(asked):
    with pytest.raises(QuestionError, match="'x', where a number should be"):
        asked(TWO, said("power", 1, "x"))
