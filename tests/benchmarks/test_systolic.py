"""The benchmark of systolic arrays: what it reads, what it says, what it refuses."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

from benchmarks import systolic
from benchmarks.__main__ import main
from symppa.errors import MeasurementError

HEAD = "kind,M,N,K,ifh,ifw,fh,fw,C,F,stride,array_rows,array_cols,dataflow,total_cycles,stall_cycles"
# 2 x 4 folds of 16 + 8 + 100 - 2 cycles, the last one numbered from 0, and 5 cycles of waiting
PRODUCT = {"kind": "gemm", "M": 20, "N": 30, "K": 100, "array_rows": 16, "array_cols": 8, "dataflow": "os",
           "total_cycles": 8 * 122 - 1 + 5, "stall_cycles": 5}  # fmt: skip
# a kernel of 5 x 3 on 32 x 30: 28 x 28 places, 6 filters, depth 60: 4 x 1 folds of 2 * 16 + 8 + 784 - 2 cycles
CONVOLUTION = {"kind": "conv", "ifh": 32, "ifw": 30, "fh": 5, "fw": 3, "C": 4, "F": 6, "stride": 1, "array_rows": 16,
               "array_cols": 8, "dataflow": "ws", "total_cycles": 4 * 822 - 1, "stall_cycles": 0}  # fmt: skip


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(systolic, "POINTS", 4096)


def written(tmp_path, *rows, head=HEAD):
    path = tmp_path / "cases.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, head.split(","), restval="", extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    return path


def figures(path):
    return {figure.name: figure.value for figure in systolic.run(path)}


def test_products_and_convolutions_are_told_exactly(tmp_path):
    found = figures(written(tmp_path, PRODUCT, CONVOLUTION))
    assert (found["rows"], found["wrong"]) == (2, 0)
    assert found["evaluations_per_s"] > 0


def test_a_run_of_other_cycles_is_counted_as_wrong(tmp_path):
    off = PRODUCT | {"total_cycles": PRODUCT["total_cycles"] + 1}
    assert figures(written(tmp_path, PRODUCT, off, CONVOLUTION | {"dataflow": "os"}))["wrong"] == 2


def test_without_cases_only_the_speed_is_told():
    assert [figure.name for figure in systolic.run()] == ["evaluations_per_s"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"M": "twenty"}, "row 3: M is 'twenty'; expected a whole number from 1"),
        ({"K": 0}, "row 3: K is '0'; expected a whole number from 1"),
        ({"N": ""}, "row 3: N is ''; expected a whole number"),
        ({"kind": "pool"}, "row 3: kind is 'pool'; expected gemm or conv"),
        ({"dataflow": "rs"}, "row 3: dataflow is 'rs'; expected os, ws, is"),
        ({"array_rows": 70000}, "row 3: array_rows is '70000'; expected a whole number from 1 to 65536"),
        ({"total_cycles": 3.5}, "row 3: total_cycles is '3.5'"),
        ({"total_cycles": 3}, "row 3: stall_cycles = 5 are more than total_cycles = 3"),
        (CONVOLUTION | {"ifh": 4}, "row 3: the kernel does not fit into the input"),
        (CONVOLUTION | {"stride": ""}, "row 3: stride is ''"),
        (CONVOLUTION | {"M": 7}, "row 3: M = 7, but the convolution makes it 784"),
    ],
)
def test_a_damaged_row_is_refused_with_its_number(tmp_path, row, reason):
    with pytest.raises(MeasurementError, match=reason):
        systolic.read(written(tmp_path, PRODUCT, PRODUCT | {"M": "", "N": "", "K": ""} | row if "ifh" in row
                              else PRODUCT | row))  # fmt: skip


def test_a_row_cut_short_is_refused(tmp_path):
    path = written(tmp_path, PRODUCT)
    path.write_text(path.read_text("utf-8") + "gemm,1,2\n", "utf-8")
    with pytest.raises(MeasurementError, match="row 3: has more or fewer cells"):
        systolic.read(path)


def test_an_absent_column_is_refused_by_name(tmp_path):
    with pytest.raises(MeasurementError, match="names no column dataflow, stall_cycles"):
        systolic.read(written(tmp_path, head=HEAD.replace("dataflow,", "").replace(",stall_cycles", "")))


def test_a_table_without_rows_is_refused(tmp_path):
    with pytest.raises(MeasurementError, match="has no row"):
        systolic.read(written(tmp_path))


def test_bytes_are_no_table(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes(b"\xff\xfe\x00kind")
    with pytest.raises(MeasurementError, match="no table"):
        systolic.read(path)


def test_the_command_prints_one_json_object(tmp_path):
    path = written(tmp_path, PRODUCT, CONVOLUTION)
    answer = CliRunner().invoke(main, ["systolic", "--cases", str(path), "--json"])
    assert answer.exit_code == 0
    told = {figure["name"]: figure for figure in json.loads(answer.output)["figures"]}
    assert (told["rows"]["value"], told["wrong"]["value"], told["wrong"]["met"]) == (2, 0, True)


def test_the_command_refuses_damaged_cases_and_other_benchmarks(tmp_path):
    bad = written(tmp_path, PRODUCT | {"M": "x"})
    answer = CliRunner().invoke(main, ["systolic", "--cases", str(bad)])
    assert answer.exit_code == 2
    assert "cases.csv:2: row 2: M is 'x'" in answer.output
    assert "--cases is for" in CliRunner().invoke(main, ["tiling", "--cases", str(bad)]).output
