"""Design targets: the answer is that of trying everything, whatever is free; questions that are none are refused."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

import symppa
from symppa import Model, ceil_div, choices, formula, given, index, integers, largest, part, total, where
from symppa.errors import DomainError, QuestionError, UnknownValueError, WiringError, WrongUnitError
from symppa.language import equal, one, reals
from symppa.studies.design import design, verify
from symppa.studies.design.asking import asking
from symppa.studies.design.problem import questions


class Gear(Model):
    """What a box is made by."""

    width = given("1", "width", domain=integers(1, 9))
    effort = formula("s", ..., "time of a box")


class Slow(Gear):
    """By hand."""

    effort = formula("s", Gear.width * Gear.width * one("s"), derived=True)


class Quick(Gear):
    """By a machine that has to be set up."""

    setup = given("s", "time before the first", default="3 s", domain=reals(0))
    effort = formula("s", setup + Gear.width * one("s"), derived=True)


class Boxes(Model):
    """Boxes of a width, made of parts by kind."""

    kinds = index("kinds of parts")
    width = given("1", "width", domain=integers(1, 9))
    length = given("m", "length", domain=reals("0 m"))
    shape = given("1", "shape", domain=choices("round", "square"), default="round")
    weight = given("kg", "weight of a part", over=kinds, domain=reals(0))
    spare = given("1", "what nothing depends on", default=1, domain=integers(1, 9))
    gear = part(Gear, default=Slow, width=width)

    whole = formula("1", ceil_div(7, width), "boxes that hold seven", derived=True)
    area = formula("m2", length * length * where(equal(shape, 0), 3, 4), "area", derived=True)
    mass = formula("kg", width * total(weight, over=kinds), "weight of a box", derived=True)
    load = formula("kg", whole * mass, "weight of them all", derived=True)
    worst = formula("kg", width * largest(weight, over=kinds), "heaviest kind", derived=True)
    effort = formula("s", whole * gear.effort, "time of them all", derived=True)
    each = formula("kg", weight * width, "weight by kind", derived=True)


TOLD = {"width": 2, "length": "2 m", "weight": {"wood": "1 kg", "steel": "4 kg"}}


def asked(**told):
    return design(system=Boxes, values=told.pop("values", TOLD), **told)


def free(*names):
    return {"values": {n: v for n, v in TOLD.items() if n not in names}}


def test_the_least_of_a_whole_number_by_hand():
    # 7 of width 1 weigh 35 kg, 4 of 2 weigh 40, 3 of 3 45, 2 of 4 40, 1 of 7 35; no more than 3 may be made
    found = asked(**free("width"), minimize="load", subject_to={"whole": "<= 3"}, free={"width": [1, 9]})
    assert found.facts["status"] == "optimal"
    assert (found["width"], found["load"], found["whole"]) == (7, 35, 1)
    assert found.facts["limits"][0]["margin"] == 2
    assert found.facts["certificate"]["designs"] == 9
    assert found.facts["certificate"]["bound"] == pytest.approx(35)


def test_a_real_is_found_within_the_gap_that_is_said():
    found = asked(
        **free("length"),
        maximize="area",
        subject_to={"area": ["<= 12 m2", ">= 3 m2"]},
        free={"length": ["1 m", "900 cm"]},
    )
    assert found.facts["status"] == "optimal"
    assert found["area"] == pytest.approx(12, rel=1e-5)
    assert found["length"] == pytest.approx(2, rel=1e-5)
    assert found.facts["certificate"]["designs"] is None
    assert found.facts["certificate"]["bound"] >= found["area"]
    assert [row["binds"] for row in found.facts["limits"]] == [True, False]


def test_a_label_is_chosen_and_said_by_name():
    found = asked(maximize="area", free={"shape": {"choices": ["round", "square"]}})
    assert found["shape"] == "square"
    assert found["area"] == 16
    assert json.loads(found.to_json())["outputs"]["shape"]["values"] == "square"


def test_one_member_of_a_vector_may_be_free():
    told = {"free": {"weight.steel": ["2 kg", "8 kg"]}, "subject_to": ["mass <= 14 kg", "worst <= 14 kg"]}
    found = asked(maximize="mass", **told)
    assert found["weight.steel"] == pytest.approx(6, rel=1e-5)  # 2 (1 + 6) = 14
    assert found["worst"] == pytest.approx(12, rel=1e-5)
    assert asked(minimize="mass", **told)["mass"] == pytest.approx(2 * (1 + 2))


def test_two_members_of_a_vector_may_be_free():
    both = {"weight.steel": {"choices": ["2 kg", "5 kg"]}, "weight.wood": {"choices": ["3 kg", "6 kg"]}}
    found = asked(maximize="mass", subject_to={"worst": "<= 10 kg"}, free=both)
    assert (found["weight.steel"], found["weight.wood"], found["mass"]) == (5, 3, 16)


def test_classes_of_a_part_are_chosen_with_what_only_they_have():
    told = {"minimize": "effort", "slots": {"gear": ["Slow", "Quick"]}}
    wide = asked(**free("width"), free={"width": [4, 5]}, **told)
    assert (wide.facts["slots"], wide["effort"], wide["width"]) == ({"gear": "Quick"}, 14, 4)  # 2 (3 + 4)
    narrow = asked(**free("width"), free={"width": [1, 2]}, **told)
    assert (narrow.facts["slots"], narrow["effort"]) == ({"gear": "Slow"}, 7)  # 7 of 1 s
    assert [row["status"] for row in narrow.facts["certificate"]["choices"]] == ["optimal", "optimal"]
    set_up = asked(free={"gear.setup": {"choices": ["1 s", "2 s"]}}, values=TOLD | {"width": 7}, **told)
    assert (set_up["gear.setup"], set_up["effort"]) == (1, 8)


def test_slots_alone_are_a_choice():
    found = asked(minimize="effort", slots={"gear": ["Slow", "Quick"]}, values=TOLD | {"width": 7})
    assert (found.facts["slots"], found["effort"]) == ({"gear": "Quick"}, 10)


def test_nothing_fits_is_proved():
    found = asked(**free("width"), minimize="load", subject_to={"mass": "<= 1 kg"}, free={"width": [1, 9]})
    assert found.facts["status"] == "infeasible"
    assert not found.outputs
    assert found.facts["certificate"]["bound"] is None
    (row,) = found.facts["repairs"]
    assert row == {"limit": "mass <= 1 kg", "bound": 1, "reached": 5, "unit": "kg", "proved": True}


def test_each_limit_alone_would_have_to_move_as_far_as_its_output_reaches():
    limits = {"mass": "<= 12 kg", "whole": "<= 2"}  # two boxes hold seven from width 4 on, of 20 kg
    found = asked(**free("width"), minimize="load", subject_to=limits, free={"width": [1, 9]})
    assert found.facts["status"] == "infeasible"
    assert [row["reached"] for row in found.facts["repairs"]] == [20, 4]


def test_what_only_decides_how_long_a_set_is_may_be_free():
    class Steps(Model):
        steps = given("1", "steps", default=1, domain=integers(0, 9))
        step = index("steps", size=steps)
        way = formula("1", total((step + 1) * (step + 1), over=step), "way", derived=True)

    found = design(system=Steps, maximize="way", subject_to={"way": "<= 30"}, free={"steps": [0, 9]})
    assert not found.notes
    assert (found["steps"], found["way"]) == (4, 30)  # 1 + 4 + 9 + 16


def test_any_design_will_do_where_nothing_is_to_be_best():
    found = asked(**free("width"), subject_to={"whole": "== 2"}, free={"width": [1, 9]})
    assert found.facts["status"] == "feasible"
    assert found["whole"] == 2
    assert "objective" not in found.facts


def test_a_limit_binds_where_a_step_to_a_better_design_breaks_it():
    found = asked(
        **free("width"), maximize="mass", subject_to={"mass": "<= 34 kg", "whole": ">= 1"}, free={"width": [1, 9]}
    )
    assert found["mass"] == 30
    assert [row["binds"] for row in found.facts["limits"]] == [True, False]  # one wider weighs 35 kg
    assert found.facts["at_end"] == {}


def test_a_given_at_the_end_of_its_range_is_said():
    assert asked(**free("width"), maximize="mass", free={"width": [1, 9]}).facts["at_end"] == {"width": "upper"}


def test_what_is_free_and_moves_nothing_is_said():
    found = asked(**free("width"), minimize="mass", free={"width": [1, 9], "spare": [1, 9]})
    assert found.notes == ("spare is free, but nothing asked depends on it",)
    assert "spare" not in found


@settings(max_examples=25)
@cases(
    st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True),
    st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True),
    st.integers(5, 200), st.sampled_from(["minimize", "maximize"]), st.sampled_from(["load", "mass", "effort"]),
)  # fmt: skip
def test_the_answer_is_that_of_trying_everything(widths, weights, most, sense, output):
    frees = {"width": {"choices": widths}, "weight.wood": {"choices": [f"{w} kg" for w in weights]}}
    found = asked(**{sense: output}, subject_to={"load": f"<= {most} kg"}, free=frees, **free("width"))
    tried = []
    for width, wood in itertools.product(widths, weights):
        told = TOLD | {"width": width, "weight": {"wood": f"{wood} kg", "steel": "4 kg"}}
        tried_one = symppa.evaluate(Boxes, told, outputs=["load", "mass", "effort"])
        if tried_one["load"] <= most * (1 + 1e-9):
            tried.append(tried_one[output])
    if not tried:
        assert found.facts["status"] == "infeasible"
        return
    assert found.facts["status"] == "optimal"
    assert found[output] == pytest.approx((min if sense == "minimize" else max)(tried))


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        ({"free": {"width": [1, 9]}, "minimize": "mass"}, QuestionError, "width is set to 2 and free"),
        ({"free": {"shape": [0, 1]}, "minimize": "area"}, QuestionError, "chosen by label"),
        ({"free": {"shap": {"choices": ["round"]}}, "minimize": "area"}, UnknownValueError, "did you mean shape"),
        (
            {"free": {"weight": ["1 kg", "2 kg"]}, "minimize": "mass", **free("weight")},
            QuestionError, "weight is a vector over kinds",
        ),
        ({"free": {"weight.tin": ["1 kg", "2 kg"]}, "minimize": "mass"}, UnknownValueError, "no member 'tin'"),
        ({"free": {"kinds": [1, 2]}, "minimize": "mass"}, QuestionError, "kinds is a set"),
        ({"free": {"weight.wood": ["1 m", "2 m"]}, "minimize": "mass"}, WrongUnitError, "does not measure kg"),
        ({"free": {"weight.wood": ["-1 kg", "2 kg"]}, "minimize": "mass"}, DomainError, "weight.wood may not be -1 kg"),
        ({"free": {"spare": [1, 9]}, "minimize": "mass"}, QuestionError, "mass is the same for every design"),
        ({"free": {"weight.wood": ["1 kg", "2 kg"]}, "minimize": "each"}, QuestionError, "many numbers, over kinds"),
        ({"free": {"weight.wood": ["1 kg", "2 kg"]}, "minimize": "mas"}, UnknownValueError, "did you mean mass"),
        (
            {"free": {"weight.wood": ["1 kg", "2 kg"]}, "minimize": "mass", "subject_to": ["area <= 3 m2"]},
            QuestionError, "area is the same for every design: it follows",
        ),
        ({"free": {"weight.wood": ["1 kg", "2 kg"]}}, QuestionError, "nothing is asked"),
        ({"minimize": "mass"}, QuestionError, "nothing is free"),
        ({"free": {"spare": [1, 2]}, "minimize": "mass", "maximize": "mass"}, QuestionError, "minimized and maximized"),
        ({"slots": {"gear": ["Slow"]}, "parts": {"gear": "Quick"}, "minimize": "effort"}, QuestionError, "to Quick"),
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_refused(told, error, words):
    with pytest.raises(error, match=words):
        asked(**told)


def test_a_free_name_that_no_class_has_is_refused():
    with pytest.raises(UnknownValueError, match="did you mean"):
        asked(minimize="effort", slots={"gear": ["Slow", "Quick"]}, free={"gear.setpu": ["1 s", "2 s"]})


def test_a_missing_value_is_told():
    with pytest.raises(symppa.SymppaError, match=r"no value for length \[m\]"):
        asked(minimize="area", free={"shape": {"choices": ["round", "square"]}}, values=free("length")["values"])


def test_a_target_and_arguments_do_not_mix():
    with pytest.raises(QuestionError, match="the target says what is asked: minimize cannot"):
        design("soc_500w", minimize="power")
    with pytest.raises(QuestionError, match="name one of both"):
        design()
    with pytest.raises(QuestionError, match="clock is set to 2 GHz and free"):
        design("soc_500w", values={"clock": "2 GHz"})


@pytest.mark.parametrize("told", [{"time_limit": 0}, {"gap": 1}, {"gap": -0.1}])
def test_limits_of_the_search_are_checked(told):
    with pytest.raises(QuestionError, match="a time limit is above 0 s and a gap from 0 to 1"):
        design("soc_500w", **told)


def test_the_requirements_of_the_package_cannot_be_met():
    found = design("soc_prd")
    assert found.facts["status"] == "infeasible"
    # 48 multiprocessors of 8 cores with 256 operations at 2.5 GHz on 300 mm2 are the densest of the ranges
    best = symppa.evaluate("nexgen_aggressive_optimized")["compute_density"]
    assert best == pytest.approx(48 * 8 * 256 * 2.5e9 / 1e12 / 300)
    assert best < 2
    density, power = found.facts["repairs"]
    assert density["reached"] == pytest.approx(best)
    assert density["proved"]
    assert power["reached"] is None  # no power is enough
    assert power["proved"]


def test_the_densest_package_fills_its_power():
    found = design("soc_500w")
    assert found.facts["status"] == "optimal"
    # 150 W for memory, links and the outside, 4 (5 + 0.3 + 1.5 n) for the chiplets
    assert found["chiplet.sms"] == np.floor((500 - 150 - 4 * 5.3) / 6) == 54
    assert found["compute_density"] == pytest.approx(54 * 10 * 304 * 2.9e9 / 1e12 / 250)
    assert found.facts["limits"][0]["binds"]
    assert found.hashes["soc_500w.yaml"]
    assert found.question["target"] == "soc_500w"


def test_a_progress_is_told_in_the_unit_of_the_objective():
    seen = []
    found = design("tile_gemm", progress=lambda bound, incumbent, nodes: seen.append((bound, incumbent, nodes)))
    assert seen
    assert all(bound <= found["cycles"] * (1 + 1e-9) for bound, _, _ in seen if bound is not None)
    dense = []
    design("edge_5w", progress=lambda bound, incumbent, nodes: dense.append(incumbent))
    assert all(30 < incumbent < 1e6 for incumbent in dense if incumbent is not None)  # mJ


def test_a_base_counts_where_nothing_is_free_or_set():
    found = design("soc_500w", values={"sm_power": "3 W"})
    assert found["chiplet.sms"] == np.floor((500 - 150 - 4 * 5.3) / 12)


def test_the_smallest_buffers_are_those_of_a_hand_calculation():
    found = design("sram_fit")
    assert found.facts["status"] == "optimal"
    # one array wide and high; 2048 is cut in 4: 16384 fillings of each quarter, 512 + 30 cycles long
    assert found["latency"] == pytest.approx(128 * 128 * 4 * 542 / 1e6)
    assert found["sram"] == pytest.approx(2 * (2 * (2 * 16 * 512) + 4 * 256) / 1024)


@pytest.mark.parametrize("name", ["edge_5w", "tile_gemm", "tile_gemm_orders"])
def test_a_shipped_target_has_a_proved_design_that_keeps_its_limits(name):
    found = design(name, gap=1e-6)
    assert found.facts["status"] == "optimal"
    assert all(row["margin"] >= -1e-9 * abs(row["bound"]) for row in found.facts["limits"])


def test_tiles_that_do_not_divide_are_faster_than_the_best_that_do():
    shape = {"rows": 197, "columns": 768, "depth": 2304}
    tiles = {f"{level}.{side}": side for level in ("outer", "inner") for side in shape}
    every = {tile: [1, shape[side]] for tile, side in tiles.items()}
    divisors = {
        tile: {"choices": [d for d in range(1, shape[side] + 1) if shape[side] % d == 0]}
        for tile, side in tiles.items()
    }
    limits = {"l2_filling": "<= 100 percent", "l1_filling": "<= 100 percent"}
    ask = {"system": "gemm_tiler", "values": shape, "minimize": "cycles", "subject_to": limits}
    found, best = (design(**ask, free=tiles) for tiles in (every, divisors))
    assert found.facts["status"] == best.facts["status"] == "optimal"
    assert best["cycles"] / found["cycles"] == pytest.approx(1.039, abs=2e-3)


def test_a_question_counts_its_designs():
    (question,) = questions(asking("soc_500w"))
    assert question.designs == 49 * 9 * 16 * 15 * 20 * 3
    assert question.is_finite


@pytest.fixture
def recorded(tmp_path):
    def write(name, change=lambda data: data):
        file = tmp_path / "answer.json"
        data = json.loads(design(name).to_json())
        change(data)
        file.write_text(json.dumps(data))
        return file

    return write


@pytest.mark.parametrize("name", ["soc_500w", "soc_prd", "edge_5w", "analog_energy"])
def test_a_right_answer_is_confirmed(recorded, name):
    assert verify(recorded(name), name).facts["status"] == "confirmed"


def said(name, value):
    return lambda data: data["outputs"][name].__setitem__("values", value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (said("chiplet.sms", 53.0), "compute_density is not 1.904256 TFLOPS/mm2 for this design"),
        (said("chiplet.sms", 60.0), "the design breaks a limit"),
        (said("chiplet.sms", 54.5), "chiplet.sms = 54.5 is not among what is free"),
        (said("clock", 3.5), "clock = 3.5 is not among what is free"),
        (lambda data: data["facts"].update(status="infeasible", design=[]), "there is a design within all limits"),
        (lambda data: data["facts"].update(status="infeasible"), "it says infeasible and has a design"),
        (lambda data: data["facts"].update(design=[]), "it says optimal and has no design"),
    ],
)
def test_a_wrong_answer_is_refuted_with_its_reason(recorded, change, words):
    found = verify(recorded("soc_500w", change), "soc_500w")
    assert found.facts["status"] == "refuted"
    assert any(words in reason for reason in found.facts["reasons"])


def test_a_best_value_of_zero_is_confirmed(tmp_path):
    file, goal = tmp_path / "answer.json", tmp_path / "goal.yaml"
    goal.write_text("base: analog_soc\nminimize: lost_bits\nfree: {chip.crossbar.residual_bits: [4, 12]}\n")
    answer = design(goal)
    assert answer["lost_bits"] == 0
    file.write_text(answer.to_json())
    assert verify(file, goal).facts["status"] == "confirmed"


def test_what_is_confirmed_is_said_with_its_gap(recorded):
    assert verify(recorded("soc_500w"), "soc_500w").facts["certificate"]["gap"] == 2e-9
    wide = recorded("soc_500w", lambda data: data["facts"]["certificate"].update(gap=0.1))
    assert verify(wide, "soc_500w").facts["reasons"] == [
        "facts.certificate.gap is 0.1, and 0.0 lies between the bound and the design"
    ]


def test_a_worse_design_that_is_told_rightly_is_not_the_best(tmp_path):
    goal, answer = tmp_path / "goal.yaml", tmp_path / "answer.json"
    goal.write_text("extends: soc_500w\nfree: {chiplet.sms: [16, 53]}\n")
    data, best = (json.loads(design(one, explain=False).to_json()) for one in (goal, "soc_500w"))
    for name in ("free", "asked", "meaning"):
        data["facts"][name] = best["facts"][name]
    data["facts"]["certificate"]["designs"] = best["facts"]["certificate"]["designs"]
    data["facts"]["at_end"].pop("chiplet.sms")
    answer.write_text(json.dumps(data))
    assert verify(answer, "soc_500w").facts["reasons"] == ["there is a better design"]


def test_what_is_no_answer_or_one_to_another_target_is_refused(recorded, tmp_path):
    file = tmp_path / "other.json"
    for text, words in (("[", "not JSON"), ("{}", "no answer")):
        file.write_text(text)
        with pytest.raises(QuestionError, match=words):
            verify(file, "soc_500w")
    with pytest.raises(QuestionError, match=r"says nothing of array\.rows, which is free"):
        verify(recorded("soc_500w"), "edge_5w")


def test_a_class_that_leaves_something_open_is_told_at_the_slots(tmp_path):
    goal = tmp_path / "goal.yaml"
    goal.write_text("extends: analog_schedule\nslots:\n  speculative.verification: [Wavefront, Verification]\n")
    with pytest.raises(WiringError, match="Verification leaves it to a subclass") as error:  # abstract
        design(goal)
    assert (error.value.file, error.value.line) == (str(goal), 3)
