from __future__ import annotations

import shlex
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.calibration.coverage.closing import LEAST, MOST, command, sizes, written
from symppa.calibration.coverage.coverage import coverage
from symppa.calibration.coverage.gaps import gaps
from symppa.calibration.measuring.cases import case, shape_of
from symppa.calibration.measuring.runners import runner, runs
from symppa.calibration.operations import OPERATIONS, operation
from symppa.calibration.readers import read
from tests.calibration.coverage.covering import DEVICE, between, fitted, network, profile
from tests.cli.asking import ask

TIMED = sorted(op for op in OPERATIONS if runs(runner("torch-cpu"), op) and op != "network")
SIZE = {"kernel": st.just(3), "padding": st.sampled_from([0, 1]), "stride": st.sampled_from([1, 2]),
        "heads": st.just(8), "kv_heads": st.sampled_from([1, 2, 8]), "groups": st.just(1),
        "bias": st.sampled_from([0, 1]), "causal": st.sampled_from([0, 1]), "window": st.just(0)}  # fmt: skip


@st.composite
def shapes(draw, op):
    known = operation(op)
    return known.complete({name: draw(SIZE.get(name, st.integers(16, 3000))) for name in known.known})


@given(data=st.data(), op=st.sampled_from(TIMED))
def test_a_shape_is_read_back_as_it_was_written(data, op):
    shape = data.draw(shapes(op))
    assert operation(op).complete(shape_of(op, written(op, shape))) == shape


@given(data=st.data(), op=st.sampled_from(TIMED), count=st.integers(1, 30))
def test_sizes_are_possible_distinct_and_as_many_as_an_interval_needs(data, op, count):
    asked = [data.draw(shapes(op)) for _ in range(count)]
    found = sizes(op, asked)
    assert found[0] == asked[0]
    assert len({tuple(sorted(shape.items())) for shape in found}) == len(found) <= MOST
    for shape in found:
        assert not runner("torch-cpu").refused(case(op, shape, "fp32", "torch-cpu"))
    assert len(found) >= LEAST


def test_more_sizes_than_fit_keep_the_ends_of_every_direction():
    asked = [{"m": 64, "n": 64, "k": 2**n} for n in range(4, 20)] + [{"m": 1, "n": 64, "k": 64}]
    found = sizes("gemm", asked)
    assert len(found) == MOST
    assert {min(one["k"] for one in found), max(one["k"] for one in found)} == {2**4, 2**19}
    assert min(one["m"] for one in found) == 1


def test_a_command_is_written_as_people_write_it():
    told = command("softmax", [{"rows": 2364, "width": 197}], "fp32", "i7_12700k", "Cpu")
    assert told.startswith("symppa benchmark softmax --shape 2364x197 --shape 1182x197 ")
    assert told.endswith(" --dtype fp32 --runner torch-cpu --device i7_12700k")


@pytest.mark.parametrize(
    ("op", "system"), [("softmax", "Tpu"), ("all_reduce", "Gpu"), ("", "Cpu"), ("subgraph", "Cpu"), ("rope", "Cpu")]
)
def test_what_no_runner_times_has_no_command(op, system):
    shape = dict.fromkeys(operation(op).dims, 4) if op else {}
    assert command(op, [shape], "fp32", "device", system) == ""


@pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed: its operators are timed")
def test_the_command_of_a_gap_runs_and_its_rows_close_the_gap(tmp_path):
    from symppa.calibration.profiles.profile import made, save

    made_of = fitted("stream_copy", between({"elements": 2**14}, ["elements"]), "fp32", device="i7_12700k")
    place = profile(tmp_path, made_of, device="i7_12700k")
    found = coverage(network(), "i7_12700k", precision="fp32", profiles=[place])
    gap = next(one for one in gaps(found) if one.type == "layernorm")
    rows = tmp_path / "rows.csv"
    result = ask(*shlex.split(gap.command)[1:], "--limit", "0.01s", "--out", str(rows))
    assert result.exit_code == 0, result.output
    assert set(read(rows).of("device")) == {"i7_12700k"}
    save(made("i7_12700k", read(rows, "tidy"), "2026-01-02", power_profile="boost"), tmp_path / "more.yaml")
    closed = coverage(network(), "i7_12700k", precision="fp32", profiles=[place, tmp_path / "more.yaml"])
    assert "layernorm" not in {one.type for one in gaps(closed)}


def test_attention_by_its_parts_may_be_measured_as_one(tmp_path):
    place = profile(tmp_path, fitted("gemm", between({"m": 196, "n": 768, "k": 768}, ["m", "n", "k"])))
    found = coverage("vit_b_16", DEVICE, precision="fp16", profiles=[place])
    one = next(gap for gap in gaps(found) if gap.is_sum)
    assert (one.type, one.count) == ("attention_prefill", 12)
    assert "queries=197,context=197,heads=12,kv_heads=12,width=64,causal=0" in one.command
    assert "as one" in one.suggestion


def test_the_command_asks_for_the_power_mode_where_it_is_not_the_usual_one():
    told = [
        gaps(coverage("resnet18", "jetson_orin_agx_64gb", precision="fp16", power_profile=mode))[0].command
        for mode in ("", "30W")
    ]
    assert [text.endswith(" --power-profile 30W") for text in told] == [False, True]
    assert "--power-profile" not in told[0]
