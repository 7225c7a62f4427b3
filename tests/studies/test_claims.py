"""Everything that a recorded answer says of its target is found out anew; what it says of its own run is not."""

from __future__ import annotations

import json

import pytest

from symppa import Model, formula, given
from symppa.errors import QuestionError
from symppa.language import reals
from symppa.reports.contents import report
from symppa.reports.text import as_text
from symppa.studies.design import design, verify
from symppa.studies.design.asking import asking
from symppa.studies.design.explain.shadow import better
from symppa.studies.design.problem import questions
from symppa.studies.design.verification.proofs import Nothing

GOAL = (
    "base: nexgen_baseline\nmaximize: compute_density\nsubject_to: {power: <= 300 W}\nfree: {chiplet.sms: [16, 64]}\n"
)
NONE = GOAL.replace("<= 300 W", "<= 200 W")
SLOTS = "extends: analog_schedule\nfree: {chip.crossbar.residual_bits: {choices: [10]}, burst: [1, 3]}\n"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    found = {}
    for name, text in (("best", GOAL), ("none", NONE), ("slots", SLOTS)):
        goal = folder / f"{name}.yaml"
        goal.write_text(text)
        found[name] = goal, design(goal).to_json()
    return found


@pytest.fixture
def checked(answers, tmp_path):
    """Verify an answer after a change of its record."""

    def verified(name, change=lambda data: None, **more):
        goal, text = answers[name]
        data, file = json.loads(text), tmp_path / "answer.json"
        change(data)
        file.write_text(json.dumps(data))
        return verify(file, goal, **more)

    return verified


def at(*path):
    """A change of one field to a value."""

    def to(value):
        def change(data):
            for key in path[:-1]:
                data = data[key]
            data[path[-1]] = value

        return change

    return to


FACTS, CERTIFICATE = ("facts",), ("facts", "certificate")
LIMIT = ("facts", "limits", 0)
MEMBER, REPAIR = ("facts", "conflict", "members"), ("facts", "repairs", 0)


@pytest.mark.parametrize("name", ["best", "none", "slots"])
def test_a_right_answer_is_confirmed(checked, name):
    found = checked(name)
    assert (found.facts["status"], found.facts["reasons"], found.facts["open"]) == ("confirmed", [], [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (at("outputs", "power", "values")(100.0), "outputs.power.values is 100.0, and not 297.2"),
        (at("outputs", "power", "unit")("kW"), "outputs.power.unit is 'kW', and not 'W'"),
        (at("outputs", "extra")({"unit": "W", "values": 1.0}), "outputs.extra is not of this target"),
        (at(*FACTS, "objective", "value")(3.0), "facts.objective.value is 3.0"),
        (at(*FACTS, "objective", "sense")("min"), "facts.objective.sense is 'min', and not 'max'"),
        (at(*CERTIFICATE, "bound")(0.01), "facts.certificate.bound is 0.01, and the design is better than that"),
        (at(*CERTIFICATE, "bound")(0.1), "facts.certificate.gap is 0.0, and 0.46239"),
        (at(*CERTIFICATE, "gap")(0.3), "facts.certificate.gap is 0.3, and 0.0 lies between"),
        (at(*CERTIFICATE, "gap")(None), "facts.certificate.gap is None"),
        (at(*CERTIFICATE, "unit")("W"), "facts.certificate.unit is 'W'"),
        (at(*CERTIFICATE, "designs")(1), "facts.certificate.designs is 1, and not 49"),
        (at(*LIMIT, "margin")(400.0), "facts.limits[0].margin is 400.0"),
        (at(*LIMIT, "value")(100.0), "facts.limits[0].value is 100.0"),
        (at(*LIMIT, "bound")(900.0), "facts.limits[0].bound is 900.0"),
        (at(*LIMIT, "binds")(False), "facts.limits[0].binds is False"),
        (at(*FACTS, "asked", "limits")(["power <= 900 W"]), "facts.asked.limits[0] is 'power <= 900 W'"),
        (at(*FACTS, "asked", "objectives")({"power": "min"}), "facts.asked.objectives.compute_density is missing"),
        (at(*FACTS, "free", "chiplet.sms")("16 to 32"), "facts.free.chiplet.sms is '16 to 32'"),
        (at(*FACTS, "steepness", "chiplet.sms")(2.0), "facts.steepness.chiplet.sms is 2.0"),
        (at(*FACTS, "at_end")({"chiplet.sms": "upper"}), "facts.at_end.chiplet.sms is not of this target"),
        (at(*LIMIT, "price", "looser", "change")(5.0), "price.looser.change is 5.0, and 0.0 by its value"),
        (at(*LIMIT, "price", "tighter", "verdict")("none"), "it says that nothing fits, and a design does"),
        (at(*LIMIT, "price", "tighter", "bound")(290.0), "is not of a limit moved by 1 %"),
        (at("inputs", "clock", "value")("9 GHz"), "inputs.clock.value is '9 GHz'"),
    ],
)
def test_a_changed_claim_refutes_an_answer(checked, change, words):
    found = checked("best", change)
    assert found.facts["status"] == "refuted"
    assert any(words in reason for reason in found.facts["reasons"]), found.facts["reasons"]


def dearer(data):
    """A price that fits its own numbers, and no design has: 303 W do not buy 10 %."""
    side = data["facts"]["limits"][0]["price"]["looser"]
    side["value"] *= 1.1
    side["change"] = 0.1
    data["facts"]["limits"][0]["binds"] = True


def too_low(data):
    """A gap that fits its bound; but a design is better than the bound."""
    outputs, facts = data["outputs"], data["facts"]
    change = 20 / outputs["chiplet.sms"]["values"]
    facts["certificate"]["bound"] = outputs["compute_density"]["values"] * change
    facts["status"] = "feasible"


def cheaper(data):
    side = data["facts"]["limits"][0]["price"]["tighter"]
    side["value"] *= 0.9
    side["change"] = (side["value"] - data["facts"]["objective"]["value"]) / data["facts"]["objective"]["value"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dearer, "no design is as good"),
        (cheaper, "and a design is better"),
        (too_low, "there is a design better than facts.certificate.bound"),
    ],
)
def test_claims_that_fit_each_other_are_searched(checked, change, words):
    found = checked("best", change)
    assert found.facts["status"] == "refuted"
    assert any(words in reason for reason in found.facts["reasons"]), found.facts["reasons"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (at(*MEMBER)([]), "do not exclude each other"),
        (lambda data: data["facts"]["conflict"]["members"].pop(), "do not exclude each other"),
        (at(*MEMBER, 0, "reached")(201.0), "reached is 201.0, and another search finds"),
        (at(*MEMBER, 0, "asked")(100.0), "asked is 100.0, and not 200.0"),
        (at(*MEMBER, 0, "text")("power <= 100 W"), "are not limits and ends of this target"),
        (at(*REPAIR, "reached")(250.0), "facts.repairs, power <= 200 W.reached is 250.0"),
        (at(*REPAIR, "reached")(None), "reached is none, and 267.2 W is enough"),
        (at(*FACTS, "nearest", "limits", 0, "value")(201.0), "facts.nearest.limits[0].value is 201.0"),
        (at(*FACTS, "nearest", "design", "chiplet.sms", "value")(12.0), "facts.nearest: chiplet.sms = 12.0 is not"),
        (at(*FACTS, "conflict", "standing")(["clock"]), "says otherwise of what is held or stands"),
    ],
)
def test_a_changed_reason_refutes_an_answer(checked, change, words):
    found = checked("none", change)
    assert found.facts["status"] == "refuted"
    assert any(words in reason for reason in found.facts["reasons"]), found.facts["reasons"]


def test_a_conflict_with_more_than_it_needs_is_not_minimal(checked, answers):
    def more(data):
        first = data["facts"]["conflict"]["members"]
        first.append({
            "kind": "upper", "text": "chiplet.sms, upper end", "asked": 64.0, "unit": "1", "tried": 1024.0,
            "reached": None, "breaks": [], "proved": False,
        })  # fmt: skip

    found = checked("none", more)
    assert any("is not minimal" in reason for reason in found.facts["reasons"]), found.facts["reasons"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (at(*CERTIFICATE, "choices")([]), "facts.certificate.choices are not those of the target"),
        (at(*CERTIFICATE, "choices", 1, "value")(1.0), "no design is as good"),
        (at(*CERTIFICATE, "choices", 1, "status")("infeasible"), "is infeasible: there is a design"),
    ],
)
def test_what_each_choice_of_classes_comes_to_is_a_claim(checked, change, words):
    found = checked("slots", change)
    assert any(words in reason for reason in found.facts["reasons"]), found.facts["reasons"]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((*CERTIFICATE, "gap"), float("nan"), r"facts\.certificate\.gap is nan, where a number from 0 on should be"),
        ((*CERTIFICATE, "gap"), -1.0, r"facts\.certificate\.gap is -1\.0, where a number from 0 on"),
        ((*CERTIFICATE, "gap"), "x", r"facts\.certificate\.gap is 'x', where a number"),
        ((*CERTIFICATE, "nodes"), 1.5, r"facts\.certificate\.nodes is 1\.5, where a whole number"),
        (("facts",), [], r"facts is \[\], where named fields"),
        (("outputs",), 3, r"outputs is 3, where named fields"),
        (("outputs", "chiplet.sms", "values"), "x", r"outputs\.chiplet\.sms\.values is 'x', where a number"),
        (("outputs", "chiplet.sms"), 4.0, r"outputs\.chiplet\.sms is 4\.0, where named fields"),
        ((*FACTS, "limits"), {}, r"facts\.limits is \{\}, where a list"),
        ((*LIMIT, "price"), 3, r"facts\.limits\[0\]\.price is 3, where a price"),
        ((*LIMIT, "binds"), "yes", r"facts\.limits\[0\]\.binds is 'yes', where true or false"),
        ((*FACTS, "design"), "chiplet.sms", r"facts\.design is 'chiplet\.sms', where a list"),
        ((*FACTS, "status"), None, r"facts\.status is None, where a text"),
        ((*FACTS, "slots"), {"a": 1}, r"facts\.slots\.a is 1, where a text"),
        (("hashes",), ["a"], r"hashes is \['a'\], where named fields"),
        (("question",), [1], r"question is \[1\], where named fields"),
    ],
)
def test_a_field_of_another_form_is_refused_by_its_name(checked, path, value, words):
    with pytest.raises(QuestionError, match=words):
        checked("best", at(*path)(value))


def test_a_missing_field_is_refused_by_its_name(checked):
    with pytest.raises(QuestionError, match=r"the answer has no facts\.certificate\.gap"):
        checked("best", lambda data: data["facts"]["certificate"].pop("gap"))


def test_what_an_answer_says_of_its_run_is_shown_and_not_verified(checked):
    found = checked("best", lambda data: data["facts"]["certificate"].update(method="magic", nodes=7))
    assert found.facts["status"] == "confirmed"
    assert found.facts["recorded_run"]["method"] == "magic"
    assert "not verified magic" in " ".join(as_text(report(found)).split())


@pytest.mark.parametrize("name", ["program", "best.yaml"])
def test_another_program_or_target_is_told(checked, name):
    found = checked("best", lambda data: data["hashes"].update({name: "00"}))
    assert found.facts["changed"] == [name]
    words = " ".join(as_text(report(found)).split())
    assert f"confirmed, for {name} as it is now" in words
    assert f"{name} is not the one that the answer was made with" in words


def test_finitely_many_designs_are_all_tried(checked):
    assert "trying every design" in checked("best").facts["certificate"]["method"]
    assert "trying every design" in checked("none").facts["certificate"]["method"]


class Pair(Model):
    """Two sides."""

    first = given("1", "first", domain=reals(0.1, 100))
    second = given("1", "second", domain=reals(0.1, 100))
    sides = formula("1", first + second, "both", derived=True)
    face = formula("1", first * second, "face", derived=True)


def test_a_geometric_answer_is_proved_by_its_dual():
    asked = {"system": Pair, "minimize": "sides", "subject_to": {"face": ">= 4"}}
    every = questions(asking(**asked, free={"first": [0.1, 100.0], "second": [0.1, 100.0]}))
    proof = Nothing(every, float("inf")).better(better("sides", "min", 4.0, 2e-6))
    assert proof.routes == ("the dual of the geometric reading (Clarabel)",)
    assert (proof.found, proof.proved, proof.nodes) == (False, True, 0)
    assert Nothing(every, float("inf")).better(better("sides", "min", 4.1, 2e-6)).found


def test_without_time_nothing_is_confirmed_that_has_to_be_searched(checked):
    assert checked("none", time_limit=1e-9).facts["status"] == "unconfirmed"
