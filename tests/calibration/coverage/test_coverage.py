from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.calibration.coverage.coverage import ANYTHING, UNCALIBRATED, coverage, roofline
from symppa.calibration.coverage.gaps import HIGH, MEDIUM, gaps, level_of, risks
from symppa.calibration.matching.lookup import Quality, Status
from symppa.calibration.matching.primitive import Primitive
from symppa.calibration.readers import read
from symppa.errors import DescriptionError, MeasurementError, QuestionError, SymppaError
from tests.calibration.coverage.covering import DEVICE, GEMMS, NORM, between, fitted, network, profile

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FITS = {
    "gemm": lambda: fitted("gemm", GEMMS),
    "layernorm": lambda: fitted("layernorm", NORM),
    "add": lambda: fitted("add", [{"elements": 1024}]),
    "softmax": lambda: fitted("softmax", NORM),
    "stream_copy": lambda: fitted("stream_copy", [{"elements": 2**20}, {"elements": 2**24}]),
}


def covered(folder, *fits, graph=None, **told):
    found = [profile(folder, *fits)] if fits else ["none"]
    del found[: not fits]
    return coverage(graph or network(), DEVICE, precision="fp16", profiles=found, timestamp="now", **told)


@pytest.fixture
def bare(monkeypatch):
    """No shipped profile of any device."""
    monkeypatch.setattr("symppa.calibration.profiles.known.shipped_of", lambda device: [])
    monkeypatch.setattr("symppa.calibration.matching.lookup.shipped_of", lambda device: [])


def statuses(found):
    return {one.name: told.value for _, one, told in found.operations()}


def test_every_operation_has_the_status_that_its_calibration_gives_it(tmp_path):
    found = covered(tmp_path, FITS["gemm"](), fitted("layernorm", between(NORM[0], ["rows", "width"])))
    assert statuses(found) == {
        "norm": "CALIBRATED", "up": "CALIBRATED", "gelu": "FREE", "down": "CALIBRATED", "sum": "MISSING",
        "flat": "FREE", "share0": "APPROXIMATED",
    }  # fmt: skip
    qualities = {part.operation: part.match.quality for part in found.parts}
    assert qualities["up"] is qualities["down"] is Quality.EXACT
    assert qualities["norm"] is Quality.SIZE_INTERPOLATED
    assert qualities["share0"] is Quality.OP_APPROXIMATED


def test_a_fused_subgraph_known_by_its_parts_alone_is_approximated(tmp_path):
    found = covered(tmp_path, FITS["gemm"](), FITS["layernorm"]())
    step = next(step for step in found.steps if step.pattern.startswith("LayerNorm_Linear_GELU"))
    assert [part.status for part in step.parts] == [Status.CALIBRATED] * 3
    assert step.status is Status.APPROXIMATED


def test_a_fused_subgraph_that_was_measured_is_looked_up_whole(tmp_path):
    whole = fitted("subgraph", [{"batch": 1, "ops": ops, "bytes": moved, "nodes": nodes}
                                for ops, moved, nodes in ((1e3, 1e3, 1), (1e9, 1e9, 9))],
                   patterns=["LayerNorm_Linear_GELU_+1more"])  # fmt: skip
    found = covered(tmp_path, whole, FITS["gemm"](), FITS["layernorm"]())
    step = next(step for step in found.steps if step.pattern.startswith("LayerNorm_Linear_GELU"))
    assert step.whole is not None
    assert step.status is Status.CALIBRATED
    assert statuses(found)["up"] == "CALIBRATED"
    assert statuses(found)["gelu"] == "FREE"


def test_a_pattern_that_was_never_measured_is_approximated_and_ranks_below_fits_of_its_operations(tmp_path):
    sizes = [{"batch": 1, "ops": n, "bytes": n, "nodes": k} for n, k in ((1e3, 1), (1e9, 9))]
    alone = covered(tmp_path, fitted("subgraph", sizes, patterns=["Conv2d_ReLU"]))
    assert not [part for part in alone.parts if part.status is Status.CALIBRATED]
    assert any("no subgraph Unfused (Softmax) was measured" in part.match.why for part in alone.parts)
    both = covered(tmp_path, fitted("subgraph", sizes, patterns=["Conv2d_ReLU"]), FITS["gemm"](), FITS["layernorm"]())
    step = next(step for step in both.steps if step.pattern.startswith("LayerNorm_Linear_GELU"))
    assert step.whole is None
    # no runner times a fused subgraph: its operations are asked for
    assert "softmax" in {gap.type for gap in gaps(both)}
    assert all(gap.command for gap in gaps(alone))


@given(held=st.sets(st.sampled_from(sorted(FITS)), min_size=1), softmax=st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_counts_add_up(tmp_path_factory, held, softmax):
    graph = network(softmax)
    found = covered(tmp_path_factory.mktemp("c"), *(FITS[name]() for name in sorted(held)), graph=graph)
    assert sum(found.counts.values()) == len(graph.operators)
    for what in ("flops", "bytes", "seconds"):
        parts = [found.total(what, state) for state in Status]
        assert math.fsum(parts) == pytest.approx(found.total(what), rel=1e-12)
        shares = [found.percent(what, state) for state in Status if state is not Status.FREE]
        assert math.fsum(shares) == pytest.approx(100)
    assert math.fsum(one.share for one in risks(found)) <= 100 + 1e-9


@given(held=st.sets(st.sampled_from(sorted(FITS)), min_size=1, max_size=4), more=st.sampled_from(sorted(FITS)))
@settings(max_examples=25, deadline=None)
def test_another_calibration_never_lowers_coverage(tmp_path_factory, held, more):
    folder = tmp_path_factory.mktemp("c")
    few, several = (
        coverage(network(), DEVICE, precision="fp16", timestamp="now",
                 profiles=[profile(folder, *(FITS[name]() for name in sorted(names)), name=f"{k}.yaml")])
        for k, names in enumerate((held, held | {more}))
    )  # fmt: skip
    rank = [Status.MISSING, Status.APPROXIMATED, Status.CALIBRATED, Status.FREE]
    before, after = statuses(few), statuses(several)
    assert all(rank.index(Status(after[name])) >= rank.index(Status(before[name])) for name in before)
    assert several.percent("flops", Status.CALIBRATED) >= few.percent("flops", Status.CALIBRATED)
    assert several.percent_of_operations >= few.percent_of_operations


def test_without_any_calibration_everything_that_costs_is_missing(bare):
    found = coverage(network(), DEVICE, precision="fp16", timestamp="now")
    assert found.counts == {
        Status.CALIBRATED: 0, Status.APPROXIMATED: 0, Status.MISSING: 5, Status.FREE: 2
    }  # fmt: skip
    assert found.profiles == ()
    assert all(part.seconds == part.sheet and not part.stated for part in found.parts)


def test_the_data_sheet_tells_the_time_of_what_is_missing(bare):
    found = coverage(network(), DEVICE, precision="fp16", timestamp="now")
    part = next(part for part in found.parts if part.operation == "sum")
    assert part.bytes == 3 * 16 * 64 * 2
    assert part.seconds == pytest.approx(3 * 16 * 64 * 2 / 2039e9)
    assert part.half == UNCALIBRATED["elementwise"]
    assert part.bound == "memory"


@pytest.mark.parametrize(
    ("op", "ops", "moved", "seconds", "bound"),
    [
        ("gemm", 312e12, 1.0, 1.0, "compute"),
        ("softmax", 78e12, 1.0, 1.0, "compute"),  # no product: the vector units
        ("gemm", 1.0, 2039e9, 1.0, "memory"),
        ("", math.nan, 2039e9, 1.0, "memory"),
    ],
)
def test_a_roofline_is_the_longer_of_arithmetic_and_memory(bare, op, ops, moved, seconds, bound):
    chip = coverage(network(), DEVICE, precision="fp16", timestamp="now").facts["fp16"]
    assert roofline(Primitive("x", op, {}, ops=ops, bytes=moved), chip) == (pytest.approx(seconds), bound)


def test_time_at_risk_lies_between_the_estimate_and_the_near_end_of_its_interval(tmp_path):
    found = covered(tmp_path, fitted("gemm", GEMMS, half=math.log(1.25)))
    for part in found.parts:
        if part.type == "gemm":
            assert part.risk == pytest.approx(part.seconds * (1 - 1 / 1.25))


def test_what_has_no_interval_is_as_sure_as_a_data_sheet(tmp_path):
    found = covered(tmp_path, fitted("gemm", GEMMS, half=0))
    part = next(part for part in found.parts if part.type == "gemm")
    assert (part.stated, part.half) == (False, UNCALIBRATED["gemm"])
    assert ANYTHING == 2.4


def test_another_power_mode_is_never_exact(tmp_path):
    made = fitted("gemm", GEMMS, dtype="fp16", mode="30W", device="jetson_orin_agx_64gb")
    place = profile(tmp_path, made, device="jetson_orin_agx_64gb")
    told = [
        coverage(network(), "jetson_orin_agx_64gb", precision="fp16", profiles=[place], power_profile=mode)
        for mode in ("30W", "50W")
    ]
    same, other = (next(part for part in found.parts if part.operation == "up") for found in told)
    assert same.match.quality is Quality.EXACT
    assert other.match.quality is Quality.OP_APPROXIMATED
    assert "30W" in other.match.why
    assert other.half > same.half


def test_a_neighbouring_precision_is_approximated_and_said(tmp_path):
    place = profile(tmp_path, FITS["gemm"]())
    found = coverage(network(), DEVICE, precision="bf16", profiles=[place])
    part = next(part for part in found.parts if part.operation == "up")
    assert part.match.quality is Quality.OP_APPROXIMATED
    assert "fp16" in part.match.why


def test_a_mixed_network_has_a_format_for_each_operation(tmp_path):
    found = covered(tmp_path, *(make() for make in FITS.values()), formats={"Softmax": "fp32"})
    assert found.precision == "FP16 with FP32"
    assert {part.operation: part.dtype for part in found.parts}["share0"] == "fp32"
    share = next(one for one in risks(found) if one.type == "softmax")
    assert share.dtype == "fp32"


def test_risks_and_gaps_come_with_the_most_time_at_risk_first(tmp_path):
    found = covered(tmp_path, FITS["stream_copy"]())
    shares = [one.share for one in risks(found)]
    assert shares == sorted(shares, reverse=True)
    assert [gap.share for gap in gaps(found)] == sorted((gap.share for gap in gaps(found)), reverse=True)
    assert {gap.type for gap in gaps(found)} == {"gemm", "layernorm", "add", "softmax"}


def test_what_is_calibrated_is_no_gap(tmp_path):
    found = covered(tmp_path, *(make() for make in FITS.values()))
    assert gaps(found) == ()
    assert found.percent_of_operations == 100


@pytest.mark.parametrize(
    ("share", "level"),
    [(HIGH, "HIGH"), (HIGH - 1e-9, "MEDIUM"), (MEDIUM, "MEDIUM"), (MEDIUM - 1e-9, "LOW"), (0, "LOW")],
)
def test_a_level_begins_at_its_threshold(share, level):
    assert level_of(share) == level


def test_a_second_answer_is_looked_up_in_what_the_first_left(tmp_path):
    place = profile(tmp_path, FITS["gemm"]())
    told = [coverage(network(), DEVICE, precision="fp16", profiles=[place], timestamp="now") for _ in "ab"]
    assert told[0] == told[1]
    save = place.read_text("utf-8").replace('start: "3 us"', 'start: "30 us"')
    place.write_text(save + "\n", "utf-8")
    again = coverage(network(), DEVICE, precision="fp16", profiles=[place], timestamp="now")
    assert again.seconds > told[0].seconds


@pytest.mark.parametrize(
    ("told", "error", "message"),
    [
        ({"device": "nonsense"}, SymppaError, "nonsense"),
        ({"precision": "fp7"}, MeasurementError, "no number format 'fp7'"),
        ({"formats": {"Softmx": "fp32"}}, QuestionError, "did you mean Softmax"),
        ({"sizes": {"seq": 3}}, SymppaError, "seq"),
        ({"profiles": ["zx81"]}, DescriptionError, "no profile 'zx81'"),
        ({"device": "chiplet_scaling"}, SymppaError, "chiplet_scaling"),
        ({"power_profile": "7 kW"}, SymppaError, "7 kW|power|profile"),
    ],
)
def test_a_wrong_question_is_refused(told, error, message):
    with pytest.raises(error, match=message):
        coverage(network(), **({"device": DEVICE, "precision": "fp16"} | told))


@pytest.mark.skipif(not DATA.is_dir(), reason="the measurements of others are not here")
def test_a_campaign_of_streams_and_square_products_reaches_a_vision_transformer_from_outside(tmp_path):
    from symppa.calibration.profiles.profile import made, save

    rows = read(DATA / "stream_blas.csv.gz").where(device="i7_12700k", dtype="fp32")
    absent = {"softmax", "layernorm", "blas_scal", "blas_ger", "conv2d", "attention_prefill"}
    assert not absent & set(rows.ops)
    assert min(rows.where(op="stream_copy").work.bytes) >= 8e6
    products = rows.where(op="gemm")
    assert {(row.shape["m"], row.shape["n"], row.shape["k"]) for row in products} <= {
        (n, n, n) for n in range(32, 2049)
    }
    place = tmp_path / "streams.yaml"
    ops = ("stream_copy", "stream_scale", "stream_add", "stream_triad")
    save(made("i7_12700k", rows.where(op=ops), "2026-01-02", power_profile="boost"), place)
    found = coverage("vit_b_16", "i7_12700k", precision="fp32", profiles=[place])
    small = [part for part in found.parts if part.type in ("softmax", "layernorm", "stream_copy")]
    assert small
    assert all(part.match.outside > 0 for part in small)
    assert all(part.status is not Status.CALIBRATED for part in small)
    assert next(p for p in small if p.type == "stream_copy").match.quality is Quality.SIZE_EXTRAPOLATED
    assert found.counts[Status.CALIBRATED] == 0
    assert {"gemm", "softmax", "layernorm", "conv2d", "attention_prefill"} <= {gap.type for gap in gaps(found)}
