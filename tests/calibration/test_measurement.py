"""One tidy schema: rows, their work, and the file they go to."""

from __future__ import annotations

import importlib
import inspect

import numpy as np
import pytest

from symppa.calibration.measurement import (
    TIDY,
    Campaign,
    Finding,
    Measurements,
    as_csv,
    measurement,
    sizes,
    spoken,
)
from symppa.calibration.operations import OPERATIONS, dtype, operation, work
from symppa.calibration.readers import read
from symppa.errors import MeasurementError
from symppa.library.operators.operator import Operator

HERE = Campaign("a40", "torch-cuda", "2.9", 1.74e9, "boost", "2026-01-02", "mine.csv", "ab" * 32)


def shape(op):
    """Every size 16, one query where one is due."""
    return {dim: 1.0 if (op.name, dim) == ("attention_decode", "queries") else 16.0 for dim in op.dims}


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_every_operation_knows_the_laws_it_is_made_of(op):
    found = work(op.name, shape(op), "fp32")
    if op.parts is None:
        assert op.family in ("subgraph", "network")
        return
    assert op.meaning
    for part in op.parts({**op.optional, **shape(op)}):
        module, _, name = part.law.rpartition(".")
        law = getattr(importlib.import_module(f"symppa.library.operators.{module}"), name)
        assert inspect.isclass(law)
        assert issubclass(law, Operator)
    assert found.bytes.item() > 0
    assert found.ops.item() >= 2 * found.macs.item() >= 0


@pytest.mark.parametrize(
    ("op", "sizes_", "number_format", "macs", "ops", "moved"),
    [
        ("gemm", {"m": 2, "n": 3, "k": 5}, "fp16", 30, 60, 2 * (10 + 15 + 6)),
        ("bmm", {"batch": 4, "m": 2, "n": 3, "k": 5}, "fp32", 120, 240, 4 * 4 * (10 + 15 + 6)),
        # 5x5 positions of 3x3 filters, 2 channels to 4: 25 x 9 x 2 x 4; 49 x 2 read, 72 weights, 25 x 4 written
        ("conv2d", {"batch": 1, "channels": 2, "filters": 4, "height": 7, "width": 7, "kernel": 3}, "fp32", 1800, 3600,
         4 * (98 + 72 + 100)),
        ("stream_triad", {"elements": 10}, "fp64", 0, 20, 240),
        ("blas_dot", {"elements": 10}, "fp32", 10, 20, 4 * 21),
        ("softmax", {"rows": 2, "width": 5}, "fp16", 0, 30, 40),
        ("layernorm", {"rows": 2, "width": 5}, "fp32", 0, 70, 4 * (10 + 10 + 10)),
        # two layers, 3 -> 4 -> 4 -> 2 by 2 rows: 2 (12 + 16 + 8) macs
        ("mlp", {"batch": 2, "inputs": 3, "hidden": 4, "hidden_layers": 2, "outputs": 2}, "fp32", 72, 144, None),
    ],
)  # fmt: skip
def test_the_work_of_an_operation_is_that_of_its_law(op, sizes_, number_format, macs, ops, moved):
    found = work(op, sizes_, number_format)
    assert (found.macs.item(), found.ops.item()) == (macs, ops)
    if moved is not None:
        assert found.bytes.item() == moved


def test_work_takes_arrays_of_sizes_and_formats():
    found = work("gemm", {"m": np.array([1, 2]), "n": np.array([4, 4]), "k": 8}, ["fp32", "int8"])
    assert found.macs.tolist() == [32, 64]
    assert found.bytes.tolist() == [4 * (8 + 32 + 4), 16 + 32 + 8]


def test_work_that_nobody_tells_is_not_a_number():
    assert np.isnan(work("network", {"batch": 1}, "fp32").ops).all()
    assert work("subgraph", {"batch": 1, "ops": 7, "bytes": 9}, "fp32").ops.tolist() == [7]


@pytest.mark.parametrize(
    ("told", "name"), [("bfloat16", "bf16"), ("torch.float32", "fp32"), ("half", "fp16"), ("INT8", "int8")]
)
def test_a_format_has_one_name(told, name):
    assert dtype(told) == name


def row(latency=1e-3, **more):
    return measurement(HERE, "gemm", {"m": 8, "n": 16, "k": 32}, "fp16", latency, **more)


def test_a_tidy_file_gives_back_every_row(tmp_path):
    rows = [
        row(1 / 3e4, energy=0.25, memory=4096.0, spread=0.0123, samples=17, network="net", part="a", pattern="b_c",
            peak=1e12, notes='says "yes", twice'),
        measurement(HERE, "attention_prefill",
                    {"batch": 1, "queries": 4, "context": 8, "heads": 2, "kv_heads": 1, "width": 4, "window": 3},
                    "bf16", 2e-5),
    ]  # fmt: skip
    path = tmp_path / "mine.csv"
    path.write_text(as_csv(rows))
    back = read(path)
    assert [found.row for found in back] == [2, 3]
    for before, after in zip(rows, back, strict=True):
        assert after.campaign == HERE
        assert {name: getattr(after, name) for name in vars(after) if name != "row"} == {
            name: getattr(before, name) for name in vars(before) if name != "row"
        }


def test_the_tidy_header_has_units_and_no_column_twice():
    assert len(set(TIDY)) == len(TIDY)
    assert {"latency [s]", "energy [J]", "memory [byte]", "clock [Hz]"} <= set(TIDY)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"latency": 0.0}, "a latency of 0 s is none"),
        ({"latency": float("nan")}, "a latency of nan s is none"),
        ({"energy": 0.0}, "leave it out where it was not measured"),
        ({"spread": -0.1}, "a spread of -0.1 is none"),
    ],
)
def test_a_result_that_cannot_be_is_refused(change, why):
    with pytest.raises(MeasurementError, match=why):
        row(**change)


@pytest.mark.parametrize(
    ("op", "told", "why"),
    [
        ("gem", {}, "there is no operation 'gem'; did you mean gemm"),
        ("gemm", {"m": 1, "n": 1}, "gemm needs k"),
        ("gemm", {"m": 1, "n": 1, "k": 1, "kk": 1}, "gemm has no size 'kk'"),
        ("gemm", {"m": 1, "n": 1.5, "k": 1}, "n = 1.5 is no whole number"),
        ("conv2d", {"batch": 1, "channels": 1, "filters": 1, "height": 1, "width": 1, "kernel": 1, "stride": 0},
         "stride = 0 is no whole number of at least 1"),
    ],
)  # fmt: skip
def test_a_shape_that_does_not_fit_is_refused(op, told, why):
    with pytest.raises(MeasurementError, match=why):
        operation(op).complete(told)


def test_rows_are_chosen_and_their_numbers_stand_in_columns():
    table = Measurements((row(1.0), row(2.0, part="x"), measurement(HERE, "relu", {"elements": 4}, "fp32", 3.0)))
    assert table.where(op="gemm").latency.tolist() == [1, 2]
    assert table.where(part="x", device={"a40", "l40s"}).latency.tolist() == [2]
    assert table.where(power_mode="boost").where(op="relu").column("elements").tolist() == [4]
    assert np.isnan(table.column("elements")[:2]).all()
    assert table.column("bias").tolist()[:2] == [0, 0]
    assert table.ops == ("gemm", "relu")
    assert table.work.macs.tolist() == [4096, 4096, 0]
    assert table.take([True, False, True]).latency.tolist() == [1, 3]
    assert list(table.frame()["m"][:2]) == [8, 8]


def test_a_campaign_is_named_by_what_an_accuracy_claim_needs():
    assert HERE.name == "a40, torch-cuda 2.9, 1740 MHz, boost, 2026-01-02, mine.csv"


def test_row_numbers_are_told_as_people_write_them():
    assert spoken([5, 3, 4, 9, 9]) == "3-5, 9"
    assert spoken(range(1, 100, 2), most=2) == "1, 3, ... (50 rows)"
    assert str(Finding("flagged", "units", (2, 3), "odd", "a.csv")) == "a.csv:2-3: flagged, units: odd"


@pytest.mark.parametrize("text", ["m=x", "m", "m=1 =2"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(MeasurementError, match="is no size"):
        sizes(text)
