"""Uncertain givens: quantiles of draws against closed forms, other libraries, and brute force."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given as told
from hypothesis import strategies as some
from scipy import stats

from symppa import Model, formula, given, index, integers, reals, sweep, total
from symppa.descriptions.uncertain import distribution
from symppa.errors import DescriptionError, DomainError, QuestionError, SymppaError
from symppa.studies import spread as spreads
from symppa.studies.subject import Subject
from symppa.studies.uncertain import drawn

SYSTEM = "nexgen_baseline"
CLOCK = "normal(2 GHz, 0.1 GHz)"
SCALE = 4 * 16 * 4 * 128 / 1000  # TFLOPS for a GHz: chiplets, multiprocessors, tensor cores, op/cycle


class Line(Model):
    """A line of two uncertain givens, with a place where it is undefined."""

    x = given("m", "first")
    y = given("m", "second", default=0)
    n = given("1", "a count", domain=integers(1, 9), default=1)
    share = given("1", "a share", domain=reals(0, 1), default=0.5)
    stepped = given("V", "in steps", domain=reals(0, 2, 0.5), default=1)
    heat = given("K", "temperature", default="25 degC")

    sum = formula("m", 2 * x + y, "sum", derived=True)
    ratio = formula("1", x / y, "ratio", derived=True)
    warm = formula("K", heat * 1, "temperature", derived=True)


def test_a_line_of_a_normal_given_is_normal():
    result = sweep(SYSTEM, uncertain={"clock": CLOCK}, outputs=["peak_compute"])
    probabilities = result.coordinates["probability"].values
    wanted = stats.norm(2 * SCALE, 0.1 * SCALE)
    assert probabilities.tolist() == [0.05, 0.5, 0.95]
    np.testing.assert_allclose(result["peak_compute"], wanted.ppf(probabilities), rtol=2e-4)
    assert result["peak_compute.mean"] == pytest.approx(wanted.mean(), rel=1e-5)
    assert result["peak_compute.std"] == pytest.approx(wanted.std(), rel=1e-3)
    assert result.unit("peak_compute") == result.unit("peak_compute.std") == "TFLOPS"
    assert result.counts == {"designs": 4096, "invalid": 0}


def test_two_givens_vary_independently():
    result = sweep(
        Line(), uncertain=["x=normal(1 m, 3 cm)", "y=normal(5 m, 8 cm)"], outputs=["sum"], sample="sobol:65536"
    )
    assert result["sum.mean"] == pytest.approx(7, rel=1e-6)
    assert result["sum.std"] == pytest.approx(0.1, rel=1e-3)  # (2 x 3 cm, 8 cm): 6, 8, 10
    assert "uncertain givens are drawn independently of each other" in result.notes


@pytest.mark.parametrize(
    ("text", "frozen"),
    [
        ("normal(2 GHz, 100 MHz)", stats.norm(2, 0.1)),
        ("normal(2 GHz, 1 GHz, 1.5 GHz, 4 GHz)", stats.truncnorm(-0.5, 2, 2, 1)),
        ("uniform(1GHz,3GHz)", stats.uniform(1, 2)),
        ("lognormal(2 GHz, 1.2)", stats.lognorm(np.log(1.2), scale=2)),
        ("triangular(1 GHz, 1.5 GHz, 3 GHz)", stats.triang(0.25, 1, 2)),
        ("triangular(1 GHz, 1 GHz, 3 GHz)", stats.triang(0, 1, 2)),
    ],
)
def test_draws_follow_their_distribution(text, frozen):
    result = sweep(SYSTEM, uncertain={"clock": text}, outputs=["peak_compute"], keep="all", sample="lhs:4000", seed=1)
    assert stats.kstest(result["clock"], frozen.cdf).pvalue > 0.9  # a balanced sample is closer than a random one
    np.testing.assert_allclose(result["peak_compute"], result["clock"] * SCALE, rtol=1e-13)


def test_a_spread_of_a_temperature_is_a_difference():
    result = sweep(Line(), {"x": 1}, uncertain={"heat": "normal(85 degC, 5 K)"}, outputs=["warm"])
    assert result["warm.mean"] == pytest.approx(358.15, rel=1e-6)
    assert result["warm.std"] == pytest.approx(5, rel=1e-2)


def test_quantiles_stand_at_every_value_of_an_axis():
    whole = sweep(
        SYSTEM,
        uncertain={"clock": CLOCK},
        axes={"chiplet.sms": "16:48:16", "chiplets": "2:3"},
        outputs=["peak_compute", "power"],
    )
    assert whole.output("peak_compute").dims == ("chiplet.sms", "chiplets", "probability")
    for i, sms in enumerate((16, 32, 48)):
        for j, chiplets in enumerate((2, 3)):
            values = {"chiplet.sms": sms, "chiplets": chiplets}
            alone = sweep(SYSTEM, values, uncertain={"clock": CLOCK}, outputs=["peak_compute", "power"])
            for name in ("peak_compute", "peak_compute.mean", "peak_compute.std", "power"):
                np.testing.assert_allclose(whole[name][i, j], alone[name], rtol=1e-12)


def test_quantiles_stand_at_every_point_of_a_list():
    points = {"chiplet.sms": [16, 48], "precision": ["FP8", "FP16"]}
    result = sweep(SYSTEM, points=points, uncertain={"clock": CLOCK}, outputs=["peak_compute"])
    assert result.output("peak_compute").dims == ("point", "probability")
    np.testing.assert_allclose(result["peak_compute.mean"], [2 * SCALE * 2, 2 * SCALE * 3], rtol=1e-5)
    assert result["precision"].tolist() == ["FP8", "FP16"]
    assert list(result.to_frame().columns[:4]) == ["point", "probability", "chiplet.sms", "precision"]


def test_quantiles_of_a_vector_stand_at_each_member():
    result = sweep(SYSTEM, uncertain={"clock": CLOCK}, outputs=["by_format.peak_compute"])
    assert result.output("by_format.peak_compute").dims == ("formats", "probability")
    rates = np.array([512, 256, 256, 128, 128, 64]) / 128
    np.testing.assert_allclose(result["by_format.peak_compute.mean"], 2 * SCALE * rates, rtol=1e-5)


def test_a_member_of_a_vector_is_uncertain():
    name = "chiplet.sm.ops_per_cycle.FP16"
    result = sweep(SYSTEM, uncertain={name: "uniform(100 op/cycle, 140 op/cycle)"}, outputs=["peak_compute"])
    assert result["peak_compute"][1] == pytest.approx(120 / 128 * 2 * SCALE, rel=1e-3)


def test_boxes_change_nothing(monkeypatch):
    question = {
        "uncertain": {"clock": CLOCK},
        "axes": {"chiplet.sms": "16:21", "chiplets": "2:4"},
        "sample": "sobol:64",
    }
    vector = {"chiplet.sm.ops_per_cycle.FP16": [100.0, 200.0, 300.0]}
    question["axes"] |= vector
    whole = sweep(SYSTEM, outputs=["peak_compute", "attained"], where=["peak_compute >= 60 TFLOPS"], **question)
    monkeypatch.setattr(spreads, "AT_ONCE", 300)
    parts = sweep(SYSTEM, outputs=["peak_compute", "attained"], where=["peak_compute >= 60 TFLOPS"], **question)
    assert parts.to_json() == whole.to_json()


@told(
    some.integers(1, 60), some.integers(0, 1000),
    some.lists(some.floats(0, 1), min_size=1, max_size=4), some.floats(0, 1),
)  # fmt: skip
def test_quantiles_are_those_of_numpy(count, seed, probabilities, share):
    """Also where some draws do not count."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(3, count)).round(1)
    good = rng.random((3, count)) >= share / 2
    ranked = np.sort(np.where(good, values, np.nan), axis=-1)
    found = spreads._quantiles(ranked, good.sum(-1), probabilities)
    means, deviations = spreads._moments(ranked, good.sum(-1))
    for row in range(3):
        kept = values[row][good[row]]
        if not len(kept):
            assert np.isnan(found[row]).all()
            continue
        np.testing.assert_array_equal(found[row], np.quantile(kept, probabilities))
        assert means[row] == pytest.approx(kept.mean(), abs=1e-12)
        assert deviations[row] == pytest.approx(kept.std(), abs=1e-12)


def test_what_does_not_vary_has_no_deviation_at_all():
    result = sweep(SYSTEM, {"sm_power": 1.1}, uncertain={"clock": CLOCK}, outputs=["power"])
    assert result["power.std"] == 0
    assert len({*result["power"].tolist(), result["power.mean"]}) == 1


def test_within_limits_only_those_draws_count_and_their_share_is_told():
    result = sweep(
        SYSTEM,
        uncertain={"clock": CLOCK},
        outputs=["peak_compute"],
        where=[f"peak_compute >= {2.1 * SCALE} TFLOPS"],
        sample="sobol:65536",
    )
    above = stats.norm.sf(1)
    assert result["within"] == pytest.approx(above, rel=1e-3)
    assert result.counts["feasible"] == round(result["within"] * 65536)
    assert result["peak_compute"][1] == pytest.approx((2 + 0.1 * stats.norm.isf(above / 2)) * SCALE, rel=1e-4)


def test_where_no_draw_is_within_there_is_nothing_to_tell():
    result = sweep(
        SYSTEM,
        uncertain={"clock": CLOCK},
        axes={"chiplet.sms": [16, 64]},
        outputs=["peak_compute"],
        where=["peak_compute >= 200 TFLOPS"],
    )
    assert np.isnan(result["peak_compute"][0]).all()
    assert result["within"].tolist() == [0, 1]
    assert json.loads(result.to_json())["outputs"]["peak_compute"]["values"][0] == [None] * 3
    none = sweep(SYSTEM, uncertain={"clock": CLOCK}, outputs=["peak_compute"], where=["peak_compute >= 1 PFLOPS"])
    assert none.counts["feasible"] == 0
    assert none.facts["reach"]["peak_compute"]["max"] < 100


def test_undefined_draws_are_counted_and_left_out():
    result = sweep(
        Line(), {"x": 1}, uncertain={"y": "uniform(-1 m, 1 m)"}, outputs=["ratio"], keep="all", sample="sobol:8"
    )
    assert result.counts["invalid"] == 0
    points = sweep(
        Line(), points={"y": [0, 1]}, uncertain={"x": "uniform(1 m, 2 m)"}, outputs=["ratio"], sample="sobol:8"
    )
    assert points.counts == {"designs": 16, "invalid": 8}
    assert np.isnan(points["ratio"][0]).all()
    assert points["ratio.mean"][1] == pytest.approx(1.5, rel=0.1)


def test_keep_asks_for_other_probabilities_of_some_outputs():
    question = {"uncertain": {"clock": CLOCK}, "axes": {"chiplets": "2:3"}}
    result = sweep(SYSTEM, keep="quantiles:peak_compute:0.1,0.9", outputs=["power"], **question)
    assert result.coordinates["probability"].values.tolist() == [0.1, 0.9]
    assert [*result.outputs] == ["peak_compute", "peak_compute.mean", "peak_compute.std"]
    assert result["peak_compute"].shape == (2, 2)


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ("quantiles:peak_compute:1.5", "a probability lies between 0 and 1, not at 1.5"),
        ("quantiles:peak_compute:half", "half are no probabilities"),
        ("quantiles:pek_compute", "did you mean peak_compute"),
    ],
)
def test_quantiles_that_cannot_be_are_refused(keep, said):
    with pytest.raises(SymppaError, match=said):
        sweep(SYSTEM, keep=keep, uncertain={"clock": CLOCK})


def test_draws_are_kept_like_any_designs():
    every = sweep(SYSTEM, uncertain={"clock": CLOCK}, keep="all", outputs=["peak_compute"], sample="random:50", seed=2)
    assert every.output("peak_compute").dims == ("draw",)
    best = sweep(SYSTEM, uncertain={"clock": CLOCK}, keep="best:1:peak_compute", sample="random:50", seed=2)
    assert best["draw"].tolist() == [int(np.argmax(every["peak_compute"]))]
    ends = sweep(SYSTEM, uncertain={"clock": CLOCK}, keep="range:peak_compute", sample="random:50", seed=2)
    assert ends["peak_compute.max"] == every["peak_compute"].max()


def test_the_same_seed_gives_the_same_bytes_whatever_the_order_asked_in():
    texts = ["clock=normal(2 GHz, 0.1 GHz)", "sm_power=uniform(1 W, 2 W)"]
    first, again, other = (
        sweep(SYSTEM, uncertain=asked, seed=seed, outputs=["power"])
        for asked, seed in ((texts, 1), (texts[::-1], 1), (texts, 2))
    )
    assert first.to_json() == again.to_json()
    assert first.hashes["draws"] != other.hashes["draws"]
    assert first.facts["uncertain"] == {"clock": CLOCK, "sm_power": "uniform(1 W, 2 W)"}
    assert {k: first.facts["sample"][k] for k in ("sampler", "count", "seed")} == {
        "sampler": "sobol", "count": 4096, "seed": 1
    }  # fmt: skip


def test_a_draw_of_0_or_1_is_finite():
    for text in ("normal(2 GHz, 0.1 GHz)", "lognormal(2 GHz, 2)"):
        assert np.isfinite(drawn(distribution(text, "GHz"), np.array([0.0, 0.5, 1.0]))).all()


@told(some.floats(-5, 5), some.floats(0.1, 5), some.floats(0.01, 5))
def test_draws_of_a_bounded_distribution_never_leave_it(low, wide, sigma):
    high = low + wide
    ends = np.array([0.0, 1e-17, 0.3, 1 - 2**-53])
    for text in (
        f"uniform({low!r} m, {high!r} m)",
        f"triangular({low!r} m, {low!r} m, {high!r} m)",
        f"normal(0 m, {sigma!r} m, {low!r} m, {high!r} m)",
    ):
        found = drawn(distribution(text, "m"), ends)
        assert np.all((found >= low) & (found <= high))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 GHz", "'2 GHz' is no distribution; write normal"),
        ("normal(2 GHz, 0.1 GHz", "is no distribution"),
        ("__import__('os').system('true')", "is no distribution|there is no distribution"),
        ("eval(1)", "there is no distribution 'eval'"),
        ("norml(2 GHz, 0.1 GHz)", "there is no distribution 'norml'; did you mean normal"),
        ("normal(2 GHz)", "normal does not take 1 numbers"),
        ("normal(2 GHz, 1 GHz, 1 GHz)", "normal does not take 3 numbers"),
        ("normal(2, 0.1 GHz)", "clock: normal = 2 has no unit"),
        ("normal(2 GHz, 0.1 V)", "does not measure GHz"),
        ("normal(2 GHz, 0 GHz)", "sigma is above 0"),
        ("normal(2 GHz, 1 GHz, 3 GHz, 1 GHz)", "low is below high"),
        ("uniform(3 GHz, 1 GHz)", "low is below high"),
        ("uniform(1 GHz, 1 GHz)", "low is below high"),
        ("lognormal(2 GHz, 0.9)", "the factor is above 1"),
        ("lognormal(2 GHz, 0.1 GHz)", "does not measure a pure number"),
        ("lognormal(0 GHz, 2)", "the median is above 0"),
        ("triangular(1 GHz, 5 GHz, 3 GHz)", "low, mode and high rise"),
        ("triangular(1 GHz, 1 GHz, 1 GHz)", "low, mode and high rise"),
        (f"normal(2 GHz, {'0' * 300}1 GHz)", "is no distribution"),
    ],
)
def test_a_distribution_that_is_none_is_refused(text, said):
    with pytest.raises(SymppaError, match=said):
        sweep(SYSTEM, uncertain={"clock": text}, outputs=["power"])


def test_a_spread_in_degrees_is_refused():
    with pytest.raises(DescriptionError, match="a spread is a difference: write it in K"):
        sweep(Line(), uncertain={"heat": "normal(85 degC, 5 degC)"}, outputs=["warm"])


@pytest.mark.parametrize(
    ("uncertain", "others", "error", "said"),
    [
        ({"clok": CLOCK}, {}, SymppaError, "did you mean clock"),
        ({"clock": CLOCK}, {"axes": {"clock": "1GHz:2GHz:3"}}, QuestionError, "along an axis and along the draws"),
        ({"clock": CLOCK}, {"points": {"clock": [1.0]}}, QuestionError, "along the points and along the draws"),
        ({"chiplet.sms": "uniform(1, 3)"}, {}, QuestionError, "whole numbers 1 to 4096: a distribution here is contin"),
        ({"precision": "uniform(1, 3)"}, {}, QuestionError, "a distribution here is continuous"),
        ({"utilisation": "normal(0.9, 0.2)"}, {}, DomainError, r"1\d\d\d of 4096 draws lie outside its domain, 0 to 1"),
        (["clock"], {}, QuestionError, "no distribution is stated for clock; write 'clock=normal"),
        (["clock=" + CLOCK, "clock=uniform(1 GHz, 2 GHz)"], {}, QuestionError, "clock has two distributions"),
        ([], {}, QuestionError, "a sweep needs at least one axis"),
        ({"clock": CLOCK}, {"sample": "sobol:1000"}, QuestionError, "powers of two"),
        ({"clock": CLOCK}, {"where": ["attained >= 1 TFLOPS"]}, QuestionError, "stands over loads"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_told_why(uncertain, others, error, said):
    with pytest.raises(error, match=said):
        sweep(SYSTEM, uncertain=uncertain, **{"outputs": ["power"], **others})


def test_a_given_in_steps_is_not_drawn():
    with pytest.raises(QuestionError, match="continuous"):
        sweep(Line(), uncertain={"stepped": "uniform(0 V, 2 V)"}, outputs=["sum"])


# Distributions that a description states.

DESCRIBED = """\
schema: 1
extends: nexgen_baseline
source: a datasheet
values:
  clock: {value: 2.2 GHz, uncertain: "normal(2.2 GHz, 0.1 GHz)"}
  sm_power: {value: 1.5 W, source: measured, uncertain: "uniform(1.4 W, 1.6 W)"}
  chiplet:
    sm:
      ops_per_cycle:
        FP16: {value: 128 op/cycle, uncertain: "triangular(120 op/cycle, 128 op/cycle, 128 op/cycle)"}
"""
FP16 = "chiplet.sm.ops_per_cycle.FP16"


@pytest.fixture
def described(tmp_path):
    """A description that states distributions, and one that extends it."""
    (tmp_path / "base.yaml").write_text(DESCRIBED, "utf-8")
    child = "values:\n  clock: 3 GHz\n  chiplet: {sm: {ops_per_cycle: {FP8: 300 op/cycle}}}\n"
    child = f"schema: 1\nextends: base.yaml\n{child}"
    (tmp_path / "child.yaml").write_text(child, "utf-8")
    return tmp_path / "base.yaml"


def test_a_description_states_how_its_values_vary(described):
    result = sweep(described, uncertain="*", outputs=["power"])
    assert result.facts["uncertain"] == {
        FP16: "triangular(120 op/cycle, 128 op/cycle, 128 op/cycle)",
        "clock": "normal(2.2 GHz, 0.1 GHz)",
        "sm_power": "uniform(1.4 W, 1.6 W)",
    }
    assert result["power"][1] == pytest.approx(267.2, rel=1e-3)
    assert result["power.std"] == pytest.approx(64 * 0.2 / 12**0.5, rel=1e-3)


def test_the_values_themselves_are_untouched(described):
    assert sweep(described, axes={"chiplets": [4]}, outputs=["power"])["power"].tolist() == [pytest.approx(267.2)]


def test_one_name_asks_for_one_distribution_and_another_may_replace_it(described):
    assert [*sweep(described, uncertain=["clock"], outputs=["power"]).facts["uncertain"]] == ["clock"]
    both = sweep(described, uncertain=["*", "clock=uniform(1 GHz, 2 GHz)"], outputs=["power"])
    assert both.facts["uncertain"]["clock"] == "uniform(1 GHz, 2 GHz)"
    assert len(both.facts["uncertain"]) == 3


def test_what_stands_in_place_of_a_value_has_its_own_certainty(described):
    child = sweep(described.with_name("child.yaml"), uncertain="*", outputs=["power"])
    assert [*child.facts["uncertain"]] == [FP16, "sm_power"]
    assert [*sweep(described, {"sm_power": "2 W"}, uncertain="*", outputs=["power"]).facts["uncertain"]] == [
        FP16,
        "clock",
    ]
    assert [*sweep(described, {FP16: 1}, uncertain="*", outputs=["power"]).facts["uncertain"]] == ["clock", "sm_power"]
    swept = sweep(described, axes={"clock": "1GHz:2GHz:3"}, uncertain="*", outputs=["power"])
    assert [*swept.facts["uncertain"]] == [FP16, "sm_power"]


def test_a_description_written_out_keeps_its_distributions(described, tmp_path):
    from symppa.reports.yaml import as_yaml

    (tmp_path / "again.yaml").write_text(as_yaml(Subject(described)), "utf-8")
    first, again = (sweep(path, uncertain="*", outputs=["power"]) for path in (described, tmp_path / "again.yaml"))
    assert first.facts["uncertain"] == again.facts["uncertain"]
    assert first["power"].tolist() == again["power"].tolist()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "clock: {value: 2 GHz, uncertain: 'norml(2 GHz, 1 GHz)'}",
            r"mine.yaml:4: clock: there is no distribution 'norml'",
        ),
        (
            "clock: {value: 2 GHz, uncertain: 'normal(2 V, 1 V)'}",
            r"mine.yaml:4: clock: normal = 2 V does not measure GHz",
        ),
        ("clock: {value: 2 GHz, uncertain: normal(2 GHz, 1 GHz)}", r"mine.yaml:4: .* ends at its comma, .* in quotes"),
        ("clock: {value: 2 GHz, uncertain: [1, 2]}", r"mine.yaml:4: .* is no distribution"),
        ("clock: {uncertain: 'normal(2 GHz, 1 GHz)'}", r"mine.yaml:4: clock states no value beside what it says of it"),
        (
            "clock: {value: 2 GHz, uncertan: 'normal(2 GHz, 1 GHz)'}",
            "a marked value has value, source, confidence, unc",
        ),
        ("precision: {value: FP8, uncertain: 'uniform(1, 2)'}", "precision has no distribution: only one number"),
        ("formats: {value: [FP8], uncertain: 'uniform(1, 2)'}", "formats has no distribution"),
        (
            "chiplet: {sm: {ops_per_cycle: {value: 1 op/cycle, uncertain: 'uniform(1 op/cycle, 2 op/cycle)'}}}",
            "of a vector each member",
        ),
    ],
)
def test_a_wrong_distribution_of_a_description_is_told_with_its_line(tmp_path, line, said):
    path = tmp_path / "mine.yaml"
    path.write_text(f"schema: 1\nextends: nexgen_baseline\nvalues:\n  {line}\n", "utf-8")
    with pytest.raises(SymppaError, match=said):
        sweep(path, axes={"chiplets": [4]}, outputs=["power"])


def test_the_schema_knows_the_field():
    from symppa.descriptions.structure import json_schema

    assert (
        "normal(2 GHz, 0.1 GHz)"
        in json.loads(json_schema())["$defs"]["Marked"]["properties"]["uncertain"]["description"]
    )


class Layers(Model):
    """A sum over a set, to see draws through a reduction."""

    layer = index("layers")
    work = given("1", "work of a layer", over=layer)
    speed = given("1/s", "speed")

    time = formula("s", total(work / speed, over=layer), "time of all layers", derived=True)


def test_draws_reach_through_sums_over_sets():
    values = {"work": {"a": 1.0, "b": 2.0, "c": 2.0}}
    uncertain = {"speed": "uniform(1 1/s, 2 1/s)", "work.b": "uniform(1, 3)"}
    result = sweep(Layers(), values, uncertain=uncertain, keep="all")
    np.testing.assert_allclose(result["time"], (3 + result["work.b"]) / result["speed"], rtol=1e-13)
