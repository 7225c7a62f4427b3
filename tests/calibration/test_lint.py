"""Every rule of lint: what it refuses or flags, with the rows that break it, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.calibration.device import bounds
from symppa.calibration.lint import RULES, judged, lint
from symppa.calibration.measurement import Campaign, Measurements, measurement
from symppa.calibration.readers import read
from tests.calibration.test_readers import DATA, SHARED

SIZES = tuple(range(1, 13))


def row(n, *, op="gemm", name="a100_sxm_80gb", form="fp16", latency=1e-3, size=None, mode="", clock=None, **more):
    campaign = Campaign(name, power_mode=mode, clock=clock, source="made.csv")
    shape = {"m": 1024, "n": 1024, "k": 1024} if op == "gemm" else {"elements": 1 << 20}
    return measurement(campaign, op, size or shape, form, latency, row=n, **more)


def found(*rows):
    return {(f.rule, f.state, f.rows) for f in lint(Measurements(rows))}


CASES = {
    # 2 x 1024^3 op in 5 us are 429 TFLOPS; an A100 has 312
    "above peak": ([row(2, latency=5e-6), row(3, latency=1e-5)], ("above peak", "refused", (2,))),
    # 3 x 4 MiB in 5 us are 2517 GB/s of 2039, and 12.6 MB fit into 40 MB
    "below memory floor": (
        [row(2, op="add", form="fp32", latency=5e-6), row(3, op="add", form="fp32", latency=7e-6)],
        ("below memory floor", "flagged", (2,)),
    ),
    "spread": ([row(2, spread=0.05), row(3, spread=0.019)], ("spread", "flagged", (2,))),
    "idle clock": (
        [row(2, clock=2.1e8, mode="boost"), row(3, clock=1.4e9, mode="boost")],
        ("idle clock", "flagged", (2,)),
    ),
    "power mode": (
        [row(n, name="jetson_orin_agx_64gb", mode=mode, latency=latency)
         for n, mode, latency in ((2, "30W", 1e-3), (3, "50W", 2e-3), (4, "MAXN", 1.9e-3))],
        ("power mode", "flagged", (3,)),
    ),
    # 62 TFLOPS in TF32 is bound by arithmetic; FP16 should be twice as fast
    "precision": (
        [row(2, form="tf32", latency=3.4e-5), row(3, form="fp16", latency=3.4e-5), row(4, form="bf16", latency=1.5e-5)],
        ("precision", "flagged", (3,)),
    ),
    "zero ops": (
        [row(2, op="subgraph", size={"batch": 1, "ops": 0, "bytes": 0}), row(3)], ("zero ops", "refused", (2,)),
    ),
    "units": (
        [row(n + 1, size={"m": 64, "n": 64, "k": 64 * n},
             latency=(1e-5 + 1e-6 * n) * (1 + 0.01 * (n % 3)) * (1000 if n == 5 else 1)) for n in SIZES],
        ("units", "refused", (6,)),
    ),
    "simulated": (
        [row(n + 1, size={"m": 512, "n": 512, "k": 512 * n}, latency=1e-5 + n * 1e-5) for n in SIZES],
        ("simulated", "refused", tuple(n + 1 for n in SIZES)),
    ),
    "labelled simulated": (
        [row(2, notes="cycle-accurate simulator"), row(3, notes="measured, not simulated")],
        ("labelled simulated", "refused", (2,)),
    ),
    "duplicates": ([row(2), row(3), row(4, latency=2e-3)], ("duplicates", "refused", (3,))),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_the_rows_that_break_it_and_no_others(rule):
    rows, expected = CASES[rule]
    told = [finding for finding in found(*rows) if finding[0] == rule]
    assert expected in told
    assert len(told) == 1 + (rule == "duplicates")


def test_sound_measurements_break_no_rule():
    rng = np.random.default_rng(1)
    times = [(1e-5 + n * 1e-6) * rng.uniform(0.95, 1.05) for n in SIZES]
    shapes = [{"m": 256, "n": 256, "k": 256 * n} for n in SIZES]
    rows = [row(n, size=s, latency=t, spread=0.01) for n, s, t in zip(SIZES, shapes, times, strict=True)]
    assert found(*rows) == set()


def timed(factor, count=60, name="a100_sxm_80gb"):
    """Products that reach half the peak, each taking so many times as long as `factor` says."""
    rng = np.random.default_rng(2)
    sizes = 2 ** rng.integers(6, 13, (count, 3))
    return [
        row(n + 2, name=name, size={"m": int(m), "n": int(n_), "k": int(k)},
            latency=(5e-6 + 4 * m * n_ * k / 312e12) * rng.uniform(1, 1.2) * factor(n))
        for n, (m, n_, k) in enumerate(sizes)
    ]  # fmt: skip


def units_of(rows):
    return {(state, line) for rule, state, lines in found(*rows) if rule == "units" for line in lines}


@pytest.mark.parametrize("times", [1000, 1e-3])
@pytest.mark.parametrize("every", [2.2, 3, 5, 20])
def test_rows_in_another_unit_are_refused_and_those_beside_them_are_not(every, times):
    wrong = {int(every * k) for k in range(60)} & set(range(60))
    told = units_of(timed(lambda n: times if n in wrong else 1))
    assert told == {("refused", n + 2) for n in wrong}


def test_where_most_rows_are_in_another_unit_all_are_refused():
    told = units_of(timed(lambda n: 1000 if n % 3 else 1))
    assert told == {("refused", n + 2) for n in range(60)}


def test_a_file_that_is_all_in_another_unit_is_flagged():
    assert units_of(timed(lambda n: 1000)) == {("flagged", n + 2) for n in range(60)}
    assert units_of(timed(lambda n: 30)) == set()


def test_of_a_device_without_peaks_the_unit_of_most_rows_counts():
    told = units_of(timed(lambda n: 1000 if n % 5 == 0 else 1, name="no_such_chip"))
    wrong = {("refused", n + 2) for n in range(0, 60, 5)}
    assert told <= wrong
    assert len(told) >= len(wrong) - 1  # the largest has no neighbours to tell it by


def test_samples_that_never_differ_are_flagged():
    rows = [row(n, size={"m": 8 * n, "n": 8, "k": 8}, latency=1e-5 + 1e-6 * n**1.3, spread=0.0) for n in SIZES]
    assert ("simulated", "flagged", SIZES) in found(*rows)


def test_a_better_algorithm_or_another_format_may_pass_a_peak():
    shape = {"batch": 64, "channels": 256, "filters": 256, "height": 14, "width": 14, "kernel": 3, "padding": 1}
    work = 2 * 64 * 14**2 * 256**2 * 9
    quick = [row(2, op="conv2d", name="t4", form="fp32", size=shape, latency=work / 1.6 / 8.1e12),
             row(3, op="gemm", form="fp32", latency=2 * 1024**3 / 60e12)]  # fmt: skip
    told = found(*quick)
    assert ("above peak", "flagged", (2,)) in told
    assert ("above peak", "flagged", (3,)) in told
    faster = row(4, op="conv2d", name="t4", form="fp32", size=shape, latency=work / 5 / 8.1e12)
    assert ("above peak", "refused", (4,)) in found(faster)


def test_a_peak_that_the_source_states_too_low_is_flagged():
    assert ("above peak", "flagged", (2,)) in found(row(2, latency=2e-5, peak=2.7e13))


def test_operands_that_no_cache_holds_cannot_be_read_faster_than_memory_gives_them():
    size = {"elements": 1 << 28}
    assert ("below memory floor", "refused", (2,)) in found(row(2, op="add", form="fp32", size=size, latency=1e-3))


def test_what_is_kept_is_what_nothing_refuses():
    rows = Measurements((row(2, latency=5e-6), row(3), row(4, spread=0.5, latency=2e-3)))
    assert [kept.row for kept in judged(rows).kept] == [3, 4]


def test_the_registry_bounds_a_device():
    orin = bounds("jetson_orin_agx_64gb")
    assert orin.peak("fp16") == pytest.approx(42.6e12)
    assert orin.running("MODE_30W") == pytest.approx(612e6)
    assert orin.running("MAXN") == pytest.approx(1.3e9)
    assert orin.bandwidth == pytest.approx(204.8e9)
    assert bounds("i7_12700k").peak("fp32") == pytest.approx(1.0944e12 * 4.9 / 3.6)
    assert bounds("no_such_chip") is None


@SHARED
def test_the_faults_of_real_profiles_are_found():
    told = lint(read(DATA / "stream_blas.csv.gz"))
    rules = {finding.rule for finding in told}
    assert {"above peak", "below memory floor", "spread", "idle clock", "power mode", "precision"} <= rules
    messages = [finding.message for finding in told]
    assert any("6.04 x the peak that the source states" in text for text in messages)
    assert any("jetson_orin_agx_64gb took longer in MODE_50W than in MODE_30W" in text for text in messages)
    assert any("306 MHz was recorded, 1300 MHz is what MAXN runs at" in text for text in messages)
    assert all(finding.rows for finding in told)
