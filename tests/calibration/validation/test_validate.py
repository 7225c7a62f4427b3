from dataclasses import replace
from math import inf, isnan, log

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symppa.calibration.measurement import Campaign, Finding, Measurements
from symppa.calibration.validation.estimates import HELD_OUT, IN_SAMPLE, KNOWN_SIZE, Whole
from symppa.calibration.validation.validate import NONE, Validation, validate
from symppa.errors import MeasurementError, QuestionError, WorkloadError
from tests.calibration.made import GPU
from tests.calibration.validation.known import FITTED, FRESH, HALF, known, off_by, row, some

ROWS = some(60)


@pytest.fixture(scope="module")
def profile():
    return known(ROWS)


def test_a_row_off_by_a_factor_has_that_error(profile):
    made = validate(profile, off_by(ROWS.take(range(4)), [1.1, 0.8, 1.0, 1.5]))
    assert isinstance(made, Validation)
    assert (made.scores.n, made.scores.mape, made.scores.bias) == (4, pytest.approx(20), pytest.approx(10))
    assert made.scores.coverage_90 == pytest.approx(50)  # 1.2 either way: 1.1 and 1.0
    assert (made.device, made.profile) == (GPU.name, f"{GPU.name} of 2026-01-02")
    assert made.campaigns == (FRESH,)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 59), min_size=1))
def test_a_profile_that_is_right_has_no_error_whatever_the_rows(profile, places):
    rows = off_by(ROWS.take(sorted(places)), 1.0)
    found = validate(profile, rows).scores
    assert found.mape == pytest.approx(0, abs=1e-9)
    assert (found.within_10, found.coverage_90) == (100, 100)
    tenth = validate(profile, off_by(rows, 1.1)).scores
    assert (tenth.bias, tenth.mape) == (pytest.approx(10), pytest.approx(10))
    assert tenth.within_10 == 100


def test_rows_that_took_part_in_the_fit_are_told_apart(profile):
    seen, again = off_by(ROWS, 1.0, FITTED), off_by(ROWS.take(range(20)), 1.1)
    fresh = off_by(some(200, seed=8).take(range(120, 140)), 1.2)
    made = validate(profile, seen + again + fresh)
    assert [made.sample.count(word) for word in (IN_SAMPLE, KNOWN_SIZE, HELD_OUT)] == [60, 20, 20]
    assert made.in_sample.mape == pytest.approx(0, abs=1e-9)
    assert made.held_out.mape == pytest.approx(20)
    out = validate(profile, seen + again + fresh, held_out=True)
    assert (out.scores.n, out.scores.mape) == (20, pytest.approx(20))
    assert {one.why for one in out.missing} == {"its size took part in the fit: left out, as --held-out asks"}
    assert sum(one.count for one in out.missing) == 80
    assert out.estimable == made.estimable == {"gemm": 100}


def test_a_profile_that_tells_no_sizes_had_all_of_its_files(profile):
    old = replace(profile, fits=tuple(replace(one, sizes=frozenset()) for one in profile.fits))
    assert set(validate(old, off_by(ROWS, 1.0, FITTED)).sample) == {IN_SAMPLE}
    assert set(validate(old, off_by(ROWS, 1.0)).sample) == {HELD_OUT}


def test_a_campaign_without_a_file_is_known_by_itself(profile):
    own = Campaign(GPU.name, "numpy", "2.0", date="2026-01-02")
    mine = replace(profile, fits=tuple(replace(one, campaigns=(own,)) for one in profile.fits))
    assert set(validate(mine, off_by(ROWS, 1.0, own)).sample) == {IN_SAMPLE}
    assert set(validate(mine, off_by(ROWS, 1.0, replace(own, date="2026-02-03"))).sample) == {KNOWN_SIZE}


def test_rows_inside_and_outside_the_hull_are_scored_apart(profile):
    inner = off_by(ROWS.take(range(5)), 1.1)
    outer = Measurements((row("gemm", 1.0, m=8192, n=16384, k=16384, row=2), row("gemm", 1.0, m=1, n=1e6, k=1e6)))
    made = validate(profile, inner + outer)
    assert (made.inside.n, made.beyond.n) == (5, 2)
    assert made.inside.mape == pytest.approx(10)
    assert made.scores.with_interval < 7
    assert isnan(made.pairs.half[-1])


def test_what_the_profile_cannot_estimate_is_listed_with_its_rows(profile):
    odd = Measurements((row("softmax", 1e-5, rows=64, width=64, row=7), row("all_reduce", 1e-5, elements=64, ranks=4)))
    made = validate(profile, off_by(ROWS.take(range(3)), 1.0) + odd)
    assert made.scores.n == 3
    told = {one.what: one for one in made.missing}
    assert told["softmax fp16"].rows == (7,)
    assert (told["softmax fp16"].source, told["softmax fp16"].count) == ("fresh.csv", 1)
    assert "nothing is calibrated for softmax" in told["softmax fp16"].why
    assert "all_reduce" in told["all_reduce fp16"].why


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["good", "twice", "other device", "softmax", "seen"]), min_size=1, max_size=12))
def test_every_row_is_compared_listed_or_refused(profile, kinds):
    rows = []
    for n, kind in enumerate(kinds):
        one = off_by(ROWS.take([n]), 1.0).rows[0]
        one = replace(one, row=n + 2)
        rows += {
            "good": [one],
            "twice": [one, replace(one, row=n + 100)],
            "other device": [replace(one, campaign=replace(FRESH, device="h100_sxm_80gb"))],
            "softmax": [row("softmax", 1e-5 * (n + 1), rows=64 + n, width=64)],
            "seen": [replace(one, campaign=FITTED)],
        }[kind]
    table = Measurements(tuple(rows))
    if not any(one.device == GPU.name for one in rows):
        with pytest.raises(MeasurementError, match="there are no rows of a100_sxm_80gb: these are of h100_sxm_80gb"):
            validate(profile, table)
        return
    made = validate(profile, table, held_out="seen" in kinds)
    refused = sum(len(one.rows) for one in made.findings if one.state == "refused")
    assert made.scores.n + sum(one.count for one in made.missing) + refused == len(rows)


def test_what_stands_in_is_said(profile):
    layers = Measurements((row("linear", 1e-4, m=128, n=1024, k=1024), row("bmm", 1e-4, batch=8, m=64, n=64, k=64)))
    made = validate(profile, layers)
    assert made.scores.n == 2
    assert dict(zip(made.rows.of("op"), made.quality, strict=True))["bmm"] == "op_approximated"
    assert any("gemm stands in for bmm" in one.why for one in made.approximated)
    assert set(made.sample) == {HELD_OUT}


def test_a_perceptron_is_the_sum_of_its_linear_layers(profile):
    net = row("mlp", 1e-3, batch=64, inputs=512, hidden=1024, hidden_layers=3, outputs=256, network="mlp_3layer")
    layers = [(512, 1024), (1024, 1024), (1024, 1024), (1024, 256)]
    gemms = Measurements(tuple(row("gemm", 1.0, m=64, k=k, n=n) for k, n in layers))
    made = validate(profile, Measurements((net,)))
    assert made.pairs.estimated[0] == pytest.approx(profile.fits[0].seconds(gemms).sum())
    assert made.quality == ("composed",)


def test_another_power_mode_is_no_fit_of_its_own(profile):
    rows = off_by(ROWS.take(range(3)), 0.01, replace(FRESH, device="jetson_orin_agx_64gb", power_mode="30W"))
    chip = replace(
        profile, device="jetson_orin_agx_64gb",
        fits=tuple(replace(one, power_mode="50W", law=replace(one.law, facts=replace(one.law.facts, profile="50W")))
                   for one in profile.fits),
    )  # fmt: skip
    made = validate(chip, rows)
    assert set(made.quality) == {"op_approximated"}
    assert "measured in power mode 50W" in made.approximated[0].why
    same = off_by(ROWS.take(range(3)), 0.01, replace(FRESH, device="jetson_orin_agx_64gb", power_mode="MODE_50W"))
    assert set(validate(chip, same).quality) == {"exact"}
    both = validate(chip, rows + same, power_profile="50W")
    assert (both.scores.n, both.missing[0].why) == (3, "measured in power mode 30W")
    with pytest.raises(MeasurementError, match="no rows in power mode 15W: these are in 30W"):
        validate(chip, rows, power_profile="15W")


def test_a_mode_that_the_registry_does_not_know_is_said():
    rows = off_by(ROWS.take(range(3)), 1.0, replace(FRESH, power_mode="performance"))
    made = validate(None, rows, device=GPU.name)
    assert made.notes == ("a100_sxm_80gb states no power profile performance: its usual one is taken",)


def test_without_a_profile_the_data_sheet_is_validated():
    # 312 TFLOPS and 2039 GB/s: 2 x 4096^3 op take 440.5 us, a sum of 2^26 halves moves 402.7 MB in 197.5 us.
    rows = Measurements((
        row("gemm", 2 * 4096**3 / 312e12, m=4096, n=4096, k=4096),
        row("add", 3 * 2 * 2**26 / 2039e9 * 2, elements=2**26),
        row("stream_copy", 2 * 2 * 2**26 / 2039e9, elements=2**26),
    ))  # fmt: skip
    made = validate(NONE, rows, device=GPU.name)
    assert made.pairs.errors == pytest.approx([0, -50, 0], abs=0.05)
    assert (made.profile, set(made.quality)) == ("none", {"vendor formula"})
    assert isnan(made.scores.coverage_90)
    assert made.reliability == ()
    assert (made.inside.n, made.beyond.n) == (0, 0)
    with pytest.raises(QuestionError, match="name the device"):
        validate(None, rows)


def test_a_format_without_a_rate_is_listed_by_the_data_sheet():
    made = validate(None, Measurements((row("gemm", 1e-3, "fp8", m=64, n=64, k=64, row=3),)), device=GPU.name)
    assert made.scores.n == 0
    assert "fp8" in made.missing[0].why


def test_rows_of_other_devices_and_profiles_of_other_devices(profile):
    mixed = off_by(ROWS.take(range(2)), 1.0) + off_by(ROWS.take(range(2)), 1.0, Campaign("h100_sxm_80gb"))
    made = validate(profile, mixed)
    assert (made.scores.n, made.missing[0].why) == (2, "measured on h100_sxm_80gb")
    with pytest.raises(QuestionError, match="of a100_sxm_80gb, h100_sxm_80gb: one device is validated at a time"):
        validate(profile, mixed, device="h100_sxm_80gb")


def test_several_profiles_of_a_device_answer_together(profile):
    other = known(ROWS, ops=("linear",))
    rows = off_by(ROWS.take(range(2)), 1.0) + Measurements((row("linear", 1e-4, m=128, n=1024, k=1024),))
    assert validate([profile, other], rows).approximated == ()


def test_whole_networks_are_estimated_by_who_reads_them(profile):
    nets = Measurements((
        row("network", 1e-3, batch=1, network="resnet18", row=2), row("network", 2e-3, batch=1, network="resnet18"),
        row("network", 1e-3, batch=1, network="nonsense", row=4),
    ))  # fmt: skip
    asked = []

    def compose(one, mode):
        asked.append(one.network)
        if one.network != "resnet18":
            raise WorkloadError(f"there is no network {one.network!r}")
        return Whole(1.5e-3, log(1.6), behind=30)

    made = validate(profile, nets, compose=compose)
    assert made.pairs.errors == pytest.approx([50, -25])
    assert made.scores.coverage_90 == 100
    assert asked == ["resnet18", "nonsense"]  # each size of each once
    assert "there is no network 'nonsense'" in made.missing[0].why
    assert "does not tell what it computes" in validate(profile, nets).missing[0].why


def test_patterns_and_totals_of_networks(profile):
    fit = replace(profile.fits[0], op="gemm")
    parts = tuple(
        replace(one, network="net", part=str(n), pattern="Linear_ReLU" if n else "Linear")
        for n, one in enumerate(off_by(ROWS.take(range(3)), [1.0, 2.0, 2.0]))
    )
    made = validate(replace(profile, fits=(fit,)), Measurements(parts))
    assert {one.name: one.scores.mape for one in made.by("pattern")} == pytest.approx({"Linear": 0, "Linear_ReLU": 100})
    (total,) = made.totals
    assert (total.name, total.scores.n) == ("net fp16", 3)
    assert made.by("part") == ()


def test_the_reliability_is_of_rows_out_of_sample(profile):
    seen = off_by(ROWS, 1.0, FITTED)
    fresh = off_by(some(200, seed=8).take(range(120, 170)), 5.0)
    assert validate(profile, seen).reliability_of == IN_SAMPLE
    made = validate(profile, seen + fresh)
    assert made.reliability_of == HELD_OUT
    assert sum(one.n for one in made.reliability) == int(np.isfinite(made.pairs.half[60:]).sum())
    assert all(one.observed == 0 for one in made.reliability)
    assert made.scores.coverage_90 > 50
    assert pytest.approx(HALF) == min(half for half in made.pairs.half if np.isfinite(half))


def test_refused_rows_are_left_out_and_told(profile):
    fast = row("gemm", 1e-9, m=4096, n=4096, k=4096, row=9)
    made = validate(profile, off_by(ROWS.take(range(3)), 1.0) + Measurements((fast,)))
    assert made.scores.n == 3
    (finding,) = [one for one in made.findings if one.rule == "above peak"]
    assert isinstance(finding, Finding)
    assert (finding.state, finding.rows) == ("refused", (9,))


def test_the_digest_does_not_depend_on_the_order_of_rows(profile):
    rows = off_by(ROWS, 1.1)
    turned = rows.take(range(59, -1, -1))
    assert validate(profile, rows).digest == validate(profile, turned).digest
    assert validate(profile, rows).digest != validate(profile, rows.take(range(59))).digest
    assert inf not in validate(profile, rows).pairs.estimated


def test_rows_are_estimated_by_fits_to_their_own_stack(profile):
    (fit,) = profile.fits
    law = replace(fit.law, coefficients={**fit.law.coefficients, "start": 500.0})
    slow = replace(fit, law=law, campaigns=(Campaign(GPU.name, "slow"),), sizes=frozenset())
    both = replace(profile, fits=(replace(fit, sizes=frozenset()), slow))
    rows = ROWS.take(range(5))
    mine = off_by(rows, 1.0)
    its = off_by(rows, rows.latency / slow.seconds(rows), Campaign(GPU.name, "slow", source="slow.csv"))
    assert validate(both, mine + its).scores.mape == pytest.approx(0, abs=1e-9)
    unknown = off_by(rows, 1.0, replace(FRESH, stack="other"))
    assert validate(both, unknown).scores.n == 5
