"""symppa kpu run: numbers, metrics, traces and what is refused."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise

import numpy as np
import pytest

from symppa.kpu.compiler import compiled
from tests.cli.asking import ask, data, told
from tests.kpu.made import residual

REQUIRED = ("total_cycles", "total_time_us", "compute_cycles", "memory_stall_cycles", "average_power_watts",
            "total_energy_uj", "compute_utilization")  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A compiled program."""
    return str(compiled(residual(), "fp16").save(tmp_path_factory.mktemp("kpu") / "net.kpu"))


def test_every_metric_that_is_required_is_told(file):
    found = data("kpu", "run", file)
    assert found["mode"] == "cycle_accurate"
    assert all(found["metrics"][name] > 0 for name in REQUIRED)
    assert found["metrics"]["total_cycles"] >= found["bound_cycles"] > 0
    assert sum(row["total_cycles"] for row in found["ops"] if "total_cycles" in row) == found["metrics"]["total_cycles"]
    text = told("kpu", "run", file)
    assert all(name in text for name in REQUIRED)


def test_modes_differ_in_time_and_in_nothing_else(file):
    bound, *exact = (data("kpu", "run", file, "--mode", one) for one in ("functional", "cycle_accurate", "power_trace"))
    assert bound["metrics"]["total_cycles"] == bound["bound_cycles"]
    assert exact[0]["metrics"] == exact[1]["metrics"]
    assert bound["metrics"]["total_energy_uj"] == exact[0]["metrics"]["total_energy_uj"]
    assert bound["outputs"] == exact[0]["outputs"]
    assert "approximate" in told("kpu", "run", file, "--mode", "functional")


def test_a_seed_draws_the_inputs_and_a_file_has_them(file, tmp_path):
    first, again, other = (
        data("kpu", "run", file, "--seed", seed)["outputs"] for seed in ("0", "0", "1")
    )  # fmt: skip
    assert first == again != other
    image = np.random.default_rng(0).normal(size=(1, 3, 32, 32)).astype(np.float32)
    np.savez(tmp_path / "in.npz", x=image)
    assert data("kpu", "run", file, "--input", str(tmp_path / "in.npz"))["outputs"] == first
    np.savez(tmp_path / "one.npz", image)
    assert data("kpu", "run", file, "--input", str(tmp_path / "one.npz"))["outputs"] == first


def test_outputs_are_written_and_are_those_that_are_told(file, tmp_path):
    found = data("kpu", "run", file, "--out", str(tmp_path / "out"))
    with np.load(tmp_path / "out.npz") as outputs:
        assert set(outputs.files) == set(found["outputs"])
        for name, one in found["outputs"].items():
            assert list(outputs[name].shape) == one["shape"]
            assert outputs[name].max() == one["most"]


def test_traces_are_written_and_add_up(file, tmp_path):
    names = {what: str(tmp_path / f"{what}.txt") for what in ("trace", "memory", "power")}
    found = data("kpu", "run", file, "--no-numbers", "--trace", names["trace"], "--memory-trace", names["memory"],
                 "--power-trace", names["power"])  # fmt: skip
    events = json.loads((tmp_path / "trace.txt").read_text())["traceEvents"]
    assert {one["ph"] for one in events} == {"M", "X", "C"}
    memory = list(csv.DictReader(io.StringIO((tmp_path / "memory.txt").read_text())))
    read = sum(int(row["bytes"]) for row in memory if row["what"] == "dram_read")
    assert read == found["metrics"]["dram_reads_bytes"]
    rows = csv.DictReader(io.StringIO((tmp_path / "power.txt").read_text()))
    power = [(int(row["cycle"]), float(row["watts"])) for row in rows]
    energy = sum(watts * (after - cycle) for (cycle, watts), (after, _) in pairwise(power)) / 500
    assert energy == pytest.approx(found["metrics"]["total_energy_uj"])


def test_without_numbers_a_program_without_scales_still_says_what_it_takes(tmp_path):
    path = str(compiled(residual(), "int8").save(tmp_path / "bare.kpu"))
    assert ask("kpu", "run", path).exit_code == 2
    found = data("kpu", "run", path, "--no-numbers")
    assert found["outputs"] == {}
    assert found["metrics"]["total_cycles"] > 0


def test_a_table_has_a_row_for_every_operator(file):
    rows = list(csv.DictReader(io.StringIO(told("kpu", "run", file, "--csv"))))
    found = data("kpu", "run", file)
    assert [row["op"] for row in rows] == [row["op"] for row in found["ops"]]


def test_figures_are_drawn(file, tmp_path):
    done = ask("kpu", "run", file, "--no-numbers", "--plot", str(tmp_path / "figures"))
    assert done.exit_code == 0, done.output
    names = {"memory_map.png", "run_power.png", "run_roofline.png", "run_timeline.png"}
    assert {path.name for path in (tmp_path / "figures").iterdir()} == names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--input", "x.npz", "--seed", "3"], "--seed is for --input random"),
        (["--no-numbers", "--out", "o.npz"], "--no-numbers takes no"),
        (["--no-numbers", "--seed", "1"], "--no-numbers takes no"),
        (["--input", "nowhere.npz"], "cannot be read"),
        (["--mode", "exact"], "is not one of"),
    ],
)
def test_what_makes_no_sense_is_refused(file, words, said):
    done = ask("kpu", "run", file, *words)
    assert done.exit_code == 2
    assert said in done.output


def test_an_input_of_another_shape_is_refused_in_the_words_that_were_asked_for(file, tmp_path):
    np.savez(tmp_path / "in.npz", x=np.zeros((1, 3, 64, 64), np.float32))
    done = ask("kpu", "run", file, "--input", str(tmp_path / "in.npz"), "--out", str(tmp_path / "o.npz"))
    assert done.exit_code == 2
    assert "Input shape mismatch: expected (1,3,32,32), got (1,3,64,64)" in done.output
    assert not (tmp_path / "o.npz").exists()
