"""Samples: designs drawn from ranges, the same ones for the same seed, wherever they are drawn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given as told
from hypothesis import strategies as some

from symppa import Model, choices, evaluate, formula, given, integers, pareto, reals, sweep
from symppa.errors import QuestionError, SymppaError
from symppa.studies.sampling import Sampler, sampler_of
from tests.house.tree import ROOT

SYSTEM = "nexgen_baseline"
RANGES = {"clock": "1GHz:3GHz", "chiplet.sms": "16:64", "precision": "FP8,FP16"}
SAMPLERS = ("sobol", "lhs", "halton", "random")


class Mixed(Model):
    """One given of every domain."""

    free = given("m", "no domain")
    whole = given("1", "whole numbers", domain=integers(1, 100))
    stepped = given("V", "in steps", domain=reals("0.5 V", "1.5 V", "50 mV"))
    chosen = given("nm", "chosen", domain=choices("5 nm", "7 nm", "16 nm"), default="7 nm")
    kind = given("1", "a label", domain=choices("fast", "small"), default="fast")

    product = formula("m", free * whole * (stepped / stepped), "product", derived=True)


def drawn(name: str, written: object, count: int = 512) -> list[float]:
    """What one range of `Mixed` gives."""
    fixed = {"free": 1, "whole": 1, "stepped": "1 V"}
    return sweep(Mixed(), fixed, axes={name: written}, sample=f"sobol:{count}")[name].tolist()


@pytest.mark.parametrize("kind", SAMPLERS)
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(kind):
    question = {"axes": RANGES, "sample": f"{kind}:64", "outputs": ["power"]}
    first, again, other = (sweep(SYSTEM, seed=seed, **question) for seed in (7, 7, 8))
    assert first.to_json() == again.to_json()
    assert first["clock"].tolist() != other["clock"].tolist()
    assert first.hashes["points"] != other.hashes["points"]


def test_another_process_draws_the_same():
    code = (
        "from symppa import sweep; r = sweep('nexgen_baseline', axes={'clock': '1GHz:3GHz', 'chiplet.sms': '16:64'},"
        " sample='sobol:32', seed=3, outputs=['power']); print(r.hashes['points'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    ranges = {"clock": "1GHz:3GHz", "chiplet.sms": "16:64"}
    here = sweep(SYSTEM, axes=ranges, sample="sobol:32", seed=3, outputs=["power"])
    assert done.stdout.strip() == here.hashes["points"]


def test_the_generator_of_the_process_is_left_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    sweep(SYSTEM, axes=RANGES, sample="lhs:16", outputs=["power"])
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize("kind", SAMPLERS)
def test_every_sample_is_that_design_evaluated(kind):
    result = sweep(SYSTEM, axes=RANGES, sample=f"{kind}:8", outputs=["power", "peak_compute"])
    for k in range(8):
        design = {"clock": float(result["clock"][k]), "chiplet.sms": int(result["chiplet.sms"][k])}
        alone = evaluate(
            SYSTEM, {**design, "precision": str(result["precision"][k])}, outputs=["power", "peak_compute"]
        )
        assert result["power"][k] == pytest.approx(alone["power"], rel=1e-14)
        assert result["peak_compute"][k] == pytest.approx(alone["peak_compute"], rel=1e-14)


@pytest.mark.parametrize("kind", ["sobol", "lhs"])
def test_a_balanced_sample_has_as_many_in_every_part_of_a_range(kind):
    result = sweep(SYSTEM, axes={"clock": "1GHz:3GHz", "chiplet.sms": "1:4"}, sample=f"{kind}:256", outputs=["power"])
    assert np.histogram(result["clock"], 16, (1, 3))[0].tolist() == [16] * 16
    assert np.unique(result["chiplet.sms"], return_counts=True)[1].tolist() == [64] * 4


@pytest.mark.parametrize(
    ("name", "written", "values"),
    [
        ("whole", "3:6", {3, 4, 5, 6}),
        ("whole", "2.5:4.5", {3, 4}),
        ("whole", "10:30:10", {10, 20, 30}),
        ("whole", "1:8:x2", {1, 2, 4, 8}),
        ("whole", "2,3,5", {2, 3, 5}),
        ("whole", [2, 7], {2, 7}),
        ("stepped", "1V:1.1V", {1.0, 1.05, 1.1}),
        ("stepped", "960mV:1.04V", {1.0}),
        ("chosen", "5nm:10nm", {5, 7}),
        ("chosen", "7nm,16nm", {7, 16}),
        ("free", "1m:2m:3", {1, 1.5, 2}),
        ("free", "1m:2m:500mm", {1, 1.5, 2}),
        ("free", ["1 m", "200 cm"], {1, 2}),
        ("free", (np.array([1.0, 2.0]), "km"), {1000, 2000}),
        ("free", np.array([1.0, 4.0]), {1, 4}),
    ],
)
def test_a_range_is_drawn_as_the_domain_and_its_writing_say(name, written, values):
    found = {round(v, 9) for v in drawn(name, written)}
    assert found == {round(v, 9) for v in values}


def test_values_are_as_likely_as_each_other():
    counts = np.unique(drawn("whole", "1:8", 1024), return_counts=True)[1]
    assert counts.tolist() == [128] * 8


def test_a_continuous_range_stays_within_its_ends_in_base_units():
    found = np.array(drawn("free", "2mm:3mm"))
    assert 2e-3 <= found.min() < found.max() < 3e-3
    assert len(set(found.tolist())) == 512


def test_a_huge_whole_range_needs_no_list():
    class Wide(Model):
        n = given("1", "a count", domain=integers(1, 10**12))
        same = formula("1", n * 1, "the same", derived=True)

    found = sweep(Wide(), axes={"n": "1:1000000000000"}, sample="random:100")["n"]
    assert np.all(found % 1 == 0)
    assert found.max() > 1e11


def test_members_of_a_vector_are_drawn():
    name = "chiplet.sm.ops_per_cycle.FP16"
    result = sweep(SYSTEM, axes={name: "64op/cycle:128op/cycle"}, sample="sobol:16", outputs=["peak_compute"])
    np.testing.assert_allclose(result["peak_compute"], result[name] * 4 * 16 * 4 * 2e9 / 1e12, rtol=1e-13)


def test_samples_are_kept_like_any_designs():
    question = {"axes": RANGES, "sample": "sobol:64", "where": ["power <= 400 W"]}
    best = sweep(SYSTEM, keep="best:3:peak_compute", **question)
    every = sweep(SYSTEM, outputs=["power", "peak_compute"], **{**question, "where": []})
    fitting = np.flatnonzero(every["power"] <= 400)
    order = fitting[np.argsort(-every["peak_compute"][fitting], kind="stable")[:3]]
    assert best["point"].tolist() == order.tolist()
    assert best.counts == {"designs": 64, "feasible": len(fitting), "invalid": 0}
    front = pareto(SYSTEM, axes=RANGES, sample="sobol:64", objectives={"power": "min", "peak_compute": "max"})
    assert np.all(np.diff(front["peak_compute"]) > 0)


def test_the_facts_tell_how_to_draw_again():
    facts = sweep(SYSTEM, axes=RANGES, sample="halton:10", seed=5, outputs=["power"]).facts["sample"]
    assert {k: facts[k] for k in ("sampler", "count", "seed")} == {"sampler": "halton", "count": 10, "seed": 5}
    assert facts["ranges"] == RANGES
    assert facts["scipy"]


@told(kind=some.sampled_from(SAMPLERS), power=some.integers(0, 8), width=some.integers(1, 6), seed=some.integers(0, 99))
def test_points_of_the_cube_lie_in_it(kind, power, width, seed):
    cube = Sampler(kind, 2**power, seed).cube(width)
    assert cube.shape == (2**power, width)
    assert np.all((cube >= 0) & (cube < 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sobol", "is not understood; it is sobol:N, lhs:N, halton:N or random:N"),
        ("sobol:many", "is not understood"),
        ("sobol:-4", "is not understood"),
        ("sobl:4", "there is no sampler 'sobl'; did you mean sobol"),
        ("sobol:5000", "powers of two only; draw sobol:4096 or sobol:8192"),
        ("lhs:0", "it may be 1 to"),
        ("random:99999999999", "it may be 1 to"),
    ],
)
def test_a_sampler_that_is_not_understood_is_refused(text, said):
    with pytest.raises(QuestionError, match=said):
        sampler_of(text)


def test_a_seed_is_a_whole_number():
    with pytest.raises(QuestionError, match="a seed is a whole number"):
        sampler_of("lhs:4", -1)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({}, "a sample needs ranges to draw from"),
        ({"clock": "3GHz:1GHz"}, "from its lower to its higher end"),
        ({"clock": "1:3"}, "has no unit"),
        ({"clock": "1GHz:3V"}, "does not measure GHz"),
        ({"clok": "1GHz:3GHz"}, "did you mean clock"),
        ({"chiplet.sms": "16.2:16.8"}, "there is no value to draw"),
        ({"chiplet.sms": "16:5000"}, "outside its domain"),
        ({"clock": []}, "there is no value to draw"),
        ({"precision": "FP8,FP9"}, "'FP9' is no choice"),
        ({"precision": []}, "is no choice"),
        ({"formats": "1:2"}, "formats is a set"),
        ({"chiplet.sm.ops_per_cycle": "1op/cycle:2op/cycle"}, "is a vector"),
    ],
)
def test_a_range_that_cannot_be_drawn_from_is_refused(axes, said):
    with pytest.raises(SymppaError, match=said):
        sweep(SYSTEM, axes=axes, sample="sobol:1024", outputs=["power"])
