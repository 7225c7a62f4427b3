"""symppa design, and what the other verbs tell of targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.asking import ask, data, flat, told

GOAL = (
    "base: nexgen_baseline\nmaximize: compute_density\nsubject_to: {power: <= 300 W}\nfree: {chiplet.sms: [16, 64]}\n"
)


@pytest.fixture
def goal(tmp_path):
    file = tmp_path / "goal.yaml"
    file.write_text(GOAL)
    return str(file)


def test_the_best_design_is_told_in_one_screen(goal):
    text = told("design", goal)
    assert len(text.splitlines()) < 24
    words = " ".join(text.split())
    assert "optimal: most compute_density = 0.05376 TFLOPS/mm2, proved" in words
    assert "chiplet.sms 21 16 to 64" in words
    assert "power <= 300 W 297.2 W 2.8 W binds" in words
    assert "binds power <= 300 W: a step to a better design breaks it" in words
    assert "among 49 designs" in words


def test_the_answer_as_json_has_every_digit_and_its_certificate(goal):
    found = data("design", goal)
    assert found["study"] == "design"
    assert found["facts"]["status"] == "optimal"
    assert found["outputs"]["chiplet.sms"]["values"] == 21.0
    assert found["facts"]["certificate"]["bound"] == pytest.approx(found["outputs"]["compute_density"]["values"])
    assert set(found["hashes"]) >= {"goal.yaml", "nexgen_baseline.yaml", "program", "inputs"}
    assert found["versions"]["symppa"]


def test_nothing_that_fits_is_no(goal):
    text = told("design", goal, "--set", "sm_power=30 W", code=1)
    assert "infeasible: no design has power <= 300 W, proved" in text
    assert data("design", goal, "--set", "sm_power=30 W", code=1)["facts"]["status"] == "infeasible"


def test_the_requirements_of_the_package_are_answered_with_no():
    words = flat("design", "soc_prd", code=1)
    assert "compute_density >= 2 TFLOPS/mm2 2 TFLOPS/mm2 0.8192 TFLOPS/mm2" in words
    assert "clock, upper end 2.5 GHz 6.2 GHz enough" in words
    assert "chiplet.sms, upper end 48 118 not enough: breaks power <= 500 W" in words
    assert "missed by 59.04 %" in words
    assert "conflict minimal: no design has these" in words
    assert "infeasible: no design has compute_density >= 2 TFLOPS/mm2 and power <= 500 W, proved" in words


@pytest.mark.parametrize("form", ["--csv", "--markdown"])
def test_other_forms_have_the_design(goal, form):
    assert "chiplet.sms" in told("design", goal, form)


def test_a_search_that_is_stopped_says_how_far_it_came(tmp_path):
    file = tmp_path / "hard.yaml"
    file.write_text("extends: sram_fit\nfree: {array.rows: [1, 64], array.columns: [1, 64]}\n")
    found = ask("design", str(file), "--time-limit", "0.02", "--json")
    facts = json.loads(found.stdout)["facts"]
    assert facts["status"] in ("feasible", "unknown")
    assert found.exit_code == (0 if facts["status"] == "feasible" else 1)


def test_a_figure_is_drawn(goal, tmp_path):
    result = ask("design", goal, "--plot", str(tmp_path / "figures"))
    assert result.exit_code == 0
    assert (tmp_path / "figures" / "design.png").stat().st_size > 1000


def test_a_trade_off_is_told_and_drawn(goal, tmp_path):
    result = ask("design", goal, "--relax", "power", "--plot", str(tmp_path))
    words = " ".join(result.stdout.split())
    assert "trade-off along power <= 300 W" in words
    assert "asked" in words
    assert (tmp_path / "design.png").stat().st_size > 1000


def test_what_a_limit_costs_is_told(goal):
    # 300 W leave room for 21 multiprocessors of a chiplet, 303 W for as many, 297 W for 20
    words = flat("design", goal)
    assert "binds 0 % -4.762 %" in words
    assert "elasticity % by which compute_density moves for 1 % of a given" in words


def test_an_answer_may_go_without_its_reasons():
    words = flat("design", "soc_prd", "--no-explain", code=1)
    assert "infeasible: no design has" in words
    assert "exclude each other" not in words


def test_a_front_is_told_and_drawn(tmp_path):
    file = tmp_path / "front.yaml"
    file.write_text(GOAL.replace("maximize: compute_density", "maximize: compute_density\nminimize: power"))
    result = ask("design", str(file), "--plot", str(tmp_path))
    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "front least power and most compute_density within power <= 300 W" in words
    assert "designs 6: the whole front, proved" in words
    assert (tmp_path / "front.png").stat().st_size > 1000
    assert told("design", str(file), "--csv").startswith("design,chiplet.sms,")


def test_limits_that_hold_always_are_told(tmp_path):
    file = tmp_path / "robust.yaml"
    file.write_text(GOAL + "uncertain: {sm_power: [1.4 W, 1.6 W]}\n")
    words = flat("design", str(file))
    assert "limits, where what is uncertain is worst" in words
    assert "holds for all these values, proved" in words


def test_limits_that_hold_in_most_draws_are_told(tmp_path):
    file = tmp_path / "robust.yaml"
    file.write_text(GOAL + "uncertain: {sm_power: {distribution: 'normal(1.5 W, 0.1 W)', hold: 0.9}}\n")
    words = flat("design", str(file))
    assert "draws decide, so that none is better is not proved" in words
    assert "of 16384 draws other than the 4096 it was made for" in words


def test_nothing_is_drawn_of_no_design(tmp_path):
    result = ask("design", "soc_prd", "--plot", str(tmp_path))
    assert result.exit_code == 2
    assert "nothing to draw" in result.stderr


def test_an_answer_is_verified(goal, tmp_path):
    file = tmp_path / "answer.json"
    file.write_text(told("design", goal, "--json"))
    assert "confirmed" in told("design", goal, "--verify", str(file))
    assert "confirmed" in told("design", "--verify", str(file))
    found = json.loads(file.read_text())
    found["outputs"]["chiplet.sms"]["values"] = 60.0
    file.write_text(json.dumps(found))
    text = flat("design", goal, "--verify", str(file), code=1)
    assert "refuted" in text
    assert "because the design breaks a limit" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("soc_prt",), "did you mean soc_prd"),
        (("soc_500w", "--set", "clock=2 GHz"), "clock is set to 2 GHz and free"),
        (("soc_500w", "--set", "clok=2 GHz"), "did you mean clock"),
        (("soc_500w", "--gap", "2"), "gap"),
        (("soc_500w", "--time-limit", "0"), "time-limit"),
        (("soc_500w", "--relax", "powr"), "did you mean power"),
        (("nexgen_baseline.yaml",), "there is no file"),
    ],
)
def test_a_wrong_question_is_refused(arguments, words):
    result = ask("design", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_target_asked_of_another_verb_is_told_apart(goal):
    result = ask("analyze", goal)
    assert result.exit_code == 2
    assert f"{goal}:1: a description has no 'base'; this file is a target: ask `symppa design` for it" in result.stderr


def test_a_shipped_target_asked_of_another_verb_is_told_apart():
    result = ask("analyze", "soc_prd")
    assert result.exit_code == 2
    assert "there is no description 'soc_prd', but a target: symppa design soc_prd" in result.stderr


def test_targets_are_listed():
    rows = data("list", "targets")["targets"]
    assert {"soc_prd", "tile_gemm"} <= {row["name"] for row in rows}
    assert next(row for row in rows if row["name"] == "soc_prd")["of"] == "nexgen_baseline"
    assert "soc_prd" in told("list")
    assert data("info")["targets"] == len(rows)


def test_ones_own_targets_are_listed_once(goal, tmp_path):
    text = told("list", "own", SYMPPA_PATH=str(tmp_path))
    assert text.count("goal") == 1
    assert "cannot be read" not in text


def test_a_target_is_checked(goal):
    assert told("check", goal) == f"{goal}: good, 49 designs of ChipletSoC\n"
    assert data("check", goal)["good"][goal]["designs"] == 49
    Path(goal).write_text(GOAL + "values: {clock: 2 V}\n")
    result = ask("check", goal)
    assert result.exit_code == 2
    assert f"{goal}:5: clock = 2 V does not measure GHz" in result.stderr


def test_what_is_free_and_moves_nothing_is_remarked(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("extends: soc_500w\nfree: {io_power: [1 W, 2 W], stack_bandwidth: [100 GB/s, 200 GB/s]}\n")
    result = ask("check", str(file))
    assert "good, ranges of reals of ChipletSoC" in result.stdout
    assert "stack_bandwidth is free, but nothing asked depends on it" in result.stderr


def test_a_target_is_shown(goal):
    words = flat("show", goal)
    assert "maximize compute_density TFLOPS/mm2 peak rate on an area" in words
    assert "limit power <= 300 W W power of the package" in words
    assert "chiplet.sms 16 to 64 49 multiprocessors of a chiplet" in words
    assert "designs 49" in words
    found = data("show", "tile_gemm_orders")
    assert found["free"]["memory.kept"] == {"choice": "sums, left, right", "candidates": 3}
    assert found["designs"] == 4096**6 * 6


def test_what_is_under_a_target_is_shown_as_of_a_description(goal):
    assert "clock" in told("show", goal, "--origin")
    assert "@misc{ngaisoc," in told("cite", "soc_500w")


def test_the_schema_of_targets_is_json_schema():
    found = json.loads(told("schema", "targets"))
    assert found["title"] == "symppa target"
    assert {"free", "slots", "subject_to"} <= set(found["properties"])
    assert json.loads(told("schema"))["title"] == "symppa description"
