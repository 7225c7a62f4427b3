"""symppa kpu: compile, inspect, ops and config, what they say and what they refuse."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from symppa.kpu import KPUConfig, KPUProgram
from symppa.kpu.compiler import compiled
from symppa.kpu.networks import PARAMETERS
from tests.cli.asking import ask, data, flat, told
from tests.kpu.made import residual


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A compiled program."""
    return str(compiled(residual(), "int8").save(tmp_path_factory.mktemp("kpu") / "net.kpu"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A small network as torch.export saves it."""
    torch = pytest.importorskip("torch")
    layers = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Flatten()
    net = torch.nn.Sequential(*layers, torch.nn.Linear(8 * 8 * 8, 10)).eval()
    path = tmp_path_factory.mktemp("torch") / "small.pt2"
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 8, 8),)), path)
    return str(path)


@pytest.fixture
def samples(tmp_path):
    """A hundred images in a folder, ten to a file."""
    rng = np.random.default_rng(0)
    for k in range(10):
        np.save(tmp_path / f"{k}.npy", rng.normal(size=(10, 3, 8, 8)).astype(np.float32))
    return tmp_path


class TestCompile:
    def test_a_network_becomes_a_file_that_says_the_same(self, archive, tmp_path):
        out = tmp_path / "small.kpu"
        done = ask("kpu", "compile", archive, "--config", "swkpu-v1", "--precision", "fp16", "--out", str(out))
        assert done.exit_code == 0, done.output
        assert f"wrote {out}" in done.stderr
        assert "small.pt2 in fp16, compiled for swkpu-v1" in done.stdout
        again = told("kpu", "inspect", str(out))
        assert done.stdout == again
        assert KPUProgram.load(out).precision.value == "fp16"

    def test_without_a_file_it_is_told_and_nothing_is_written(self, archive, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        found = data("kpu", "compile", archive, "--name", "mine")
        assert found["file"] is None
        assert found["program"]["name"] == "mine"
        assert found["totals"]["cycles"]["value"] > 0
        assert list(tmp_path.iterdir()) == []

    def test_samples_give_activations_their_scales(self, archive, samples, tmp_path):
        out = tmp_path / "out" / "small"
        out.parent.mkdir()
        text = flat("kpu", "compile", archive, "--calibration", str(samples), "--out", str(out))
        assert "activations calibrated" in text
        program = KPUProgram.load(out.with_suffix(".kpu"))
        assert program.tensors[program.input_ids[0]].scale is not None

    def test_weights_may_lie_beside(self, archive, tmp_path):
        told("kpu", "compile", archive, "--out", str(tmp_path / "a.kpu"), "--external-weights")
        weights = [path for path in tmp_path.iterdir() if path.suffix == ".safetensors"]
        assert len(weights) == 1
        assert KPUProgram.load(tmp_path / "a.kpu").weights_path == str(weights[0])

    def test_tiles_are_made_for_other_sizes_of_l1_too(self, archive, tmp_path):
        out = str(tmp_path / "a.kpu")
        assert "tiles for other sizes too: 4 KiB, 16 KiB" in flat(
            "kpu", "compile", archive, "--l1", "16KiB", "--l1", "4096 byte", "--out", out
        )
        assert (
            data("analyze", out, "--set", "chip.l1=5 KiB", "--output", "made_for")["outputs"]["made_for"]["values"] == 4
        )

    def test_a_file_that_is_there_is_not_written_over_unless_told(self, archive, tmp_path):
        out = tmp_path / "a.kpu"
        out.write_text("precious")
        refused = ask("kpu", "compile", archive, "--out", str(tmp_path / "a"))
        assert refused.exit_code == 2
        assert "a.kpu is there already" in refused.stderr
        assert out.read_text() == "precious"
        assert ask("kpu", "compile", archive, "--out", str(out), "--force").exit_code == 0

    def test_a_published_network_goes_by_its_name_and_says_that_its_weights_are_drawn(self, tmp_path):
        pytest.importorskip("torch")
        out = str(tmp_path / "a.kpu")
        done = ask("kpu", "compile", "mobilenet_v2", "--input-shape", "1x3x64x64", "--out", out)
        assert done.exit_code == 0, done.output
        assert "mobilenet_v2 has random weights" in done.stderr
        assert "inputs x 1x3x64x64 int8" in " ".join(done.stdout.split())
        program = KPUProgram.load(out)
        assert sum(one.elements for one in program.tensors.values() if one.is_weight) < PARAMETERS["mobilenet_v2"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--precision", "int9"], "there is no precision 'int9'; did you mean int8"),
            (["--precision", "bf16"], "swkpu-v1 has no bf16; it has int8, fp16"),
            (["--input-shape", "1x3x16x16"], r"Input shape mismatch: expected (1,3,8,8), got (1,3,16,16)"),
            (["--input-shape", "square"], "--input-shape square is no shape"),
            (["--input-shape", "1x3", "--input-shape", "2"], "need the name of an input each"),
            (["--input-shape", "y=1x3x8x8"], "has no input 'y'"),
            (["--config", "nexgen_baseline"], "is a ChipletSoC, not a Kpu"),
            (["--external-weights"], "add --out NET.kpu"),
            (["--layout", "nhcw"], "there is no layout 'nhcw'"),
            (["--l1", "16"], "has no unit"),
            (["--l1", "16 byte"], "cannot be tiled for an L1 of 16 byte"),
            (["--calibration", "."], "has no samples"),
            (["--calibration", "no.npz"], "cannot be read"),
        ],
    )
    def test_a_wrong_question_says_what_is_wrong(self, archive, arguments, message, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        refused = ask("kpu", "compile", archive, *arguments)
        assert refused.exit_code == 2
        assert message in refused.stderr

    def test_too_few_samples_and_pickles_among_them_are_refused(self, archive, tmp_path):
        np.savez(tmp_path / "few.npz", np.zeros((99, 3, 8, 8), np.float32))
        few = ask("kpu", "compile", archive, "--calibration", str(tmp_path / "few.npz"))
        assert "INT8 calibration requires at least 100 samples" in few.stderr
        np.save(tmp_path / "odd.npy", np.array([{}], dtype=object), allow_pickle=True)
        odd = ask("kpu", "compile", archive, "--calibration", str(tmp_path / "odd.npy"))
        assert "is no file of numpy without pickles" in odd.stderr
        assert (few.exit_code, odd.exit_code) == (2, 2)

    def test_all_operators_that_are_missing_are_named(self, tmp_path):
        torch = pytest.importorskip("torch")
        net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.InstanceNorm2d(8), torch.nn.GroupNorm(2, 8))
        torch.export.save(torch.export.export(net.eval(), (torch.zeros(1, 3, 8, 8),)), tmp_path / "a.pt2")
        refused = ask("kpu", "compile", str(tmp_path / "a.pt2"))
        assert refused.exit_code == 2
        assert "Unsupported operators: InstanceNorm, GroupNorm" in refused.stderr

    def test_a_pickle_is_refused_with_the_safe_way_unless_trusted(self, tmp_path):
        torch = pytest.importorskip("torch")
        torch.save(torch.nn.Linear(4, 2), tmp_path / "a.pt")
        refused = ask("kpu", "compile", str(tmp_path / "a.pt"))
        assert refused.exit_code == 2
        assert "torch.export.save" in refused.stderr
        assert "--trust-pickle" in refused.stderr
        done = ask("kpu", "compile", str(tmp_path / "a.pt"), "--trust-pickle", "--input-shape", "1x4")
        assert done.exit_code == 0, done.output

    def test_neither_a_file_nor_a_network(self):
        refused = ask("kpu", "compile", "resnet19")
        assert refused.exit_code == 2
        assert "there is no file resnet19, and no published network of that name; did you mean resnet18?" in (
            refused.stderr
        )

    def test_each_step_is_said_to_those_who_ask(self, archive):
        done = ask("kpu", "compile", archive, "-v")
        lines = [line.removeprefix("INFO: ") for line in done.stderr.splitlines() if line.startswith("INFO: ")]
        assert lines[:3] == ["capture", "fold", "fuse"]
        assert lines[-1] == "pack"


class TestInspect:
    def test_totals_and_passes_come_unasked(self, file):
        text = flat("kpu", "inspect", file)
        assert "made in int8, compiled for swkpu-v1" in text
        assert "latency" in text
        assert "peak_sram_bytes" in text
        assert "what the passes did" in text
        assert "operators in their order" not in text

    @pytest.mark.parametrize(
        ("flag", "title"),
        [("--ops", "operators in their order"), ("--tiles", "tiles: sizes and loops"), ("--memory", "lies where")],
    )
    def test_each_part_comes_when_it_is_asked_for(self, file, flag, title):
        assert title in flat("kpu", "inspect", file, flag)
        assert "### " in told("kpu", "inspect", file, flag, "--markdown")

    def test_json_has_everything_with_all_digits(self, file):
        found = data("kpu", "inspect", file)
        program = KPUProgram.load(file)
        assert found["totals"]["cycles"]["value"] == program.estimated_total_cycles
        assert [row["cycles"] for row in found["ops"]] == [op.estimated_cycles for op in program.ops]
        assert len(found["tiles"]) == sum(op.tiling is not None for op in program.ops)
        assert found["passes"]["passes"] == program.facts["passes"]

    def test_csv_is_the_totals_or_one_table(self, file):
        totals = list(csv.DictReader(io.StringIO(told("kpu", "inspect", file, "--csv"))))
        assert totals[0]["estimate"] == "cycles"
        rows = list(csv.DictReader(io.StringIO(told("kpu", "inspect", file, "--ops", "--csv"))))
        assert sum(int(row["cycles [cycle]"]) for row in rows) == float(totals[0]["value"])
        refused = ask("kpu", "inspect", file, "--ops", "--tiles", "--csv")
        assert refused.exit_code == 2
        assert "CSV is one table: choose one of --ops, --tiles" in refused.stderr

    def test_a_page_stands_alone_with_its_figures(self, file):
        page = told("kpu", "inspect", file, "--format", "html")
        assert page.startswith("<!doctype html>")
        assert page.count("<svg") == 3
        assert "operators in their order" in page
        assert "src=" not in page

    def test_figures_go_into_a_folder(self, file, tmp_path):
        done = ask("kpu", "inspect", file, "--plot", str(tmp_path / "new"))
        assert done.exit_code == 0
        assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
            "memory_map.png", "roofline.png", "timeline.png",
        ]  # fmt: skip
        assert "timeline.png" in done.stderr

    def test_a_damaged_a_foreign_and_a_missing_file_are_refused(self, file, tmp_path):
        whole = bytearray(KPUProgram.load(file).save(tmp_path / "a.kpu").read_bytes())
        whole[len(whole) // 2] ^= 1
        (tmp_path / "a.kpu").write_bytes(whole)
        (tmp_path / "b.kpu").write_text("no program")
        for name, message in (("a", "is damaged"), ("b", "is no .kpu file"), ("c", "cannot be read")):
            refused = ask("kpu", "inspect", str(tmp_path / f"{name}.kpu"))
            assert refused.exit_code == 2
            assert message in refused.stderr
            assert f"{name}.kpu" in refused.stderr


class TestMachine:
    def test_operators_are_those_of_the_configuration(self):
        found = data("kpu", "ops")
        assert [row["operator"] for row in found["operators"]] == list(KPUConfig().operators)
        text = flat("kpu", "ops")
        assert "Conv arrays 0 native" in text
        assert "SiLU vector lanes 4 beside" in text
        assert "| Conv |" in told("kpu", "ops", "--markdown")

    def test_the_shipped_configuration_comes_as_yaml_and_as_json_and_goes_in_again(self, tmp_path):
        (tmp_path / "mine.yaml").write_text(told("kpu", "config"), "utf-8")
        (tmp_path / "mine.json").write_text(told("kpu", "config", "--json"), "utf-8")
        assert data("kpu", "config", str(tmp_path / "mine.yaml")) == KPUConfig(name="mine").to_dict()
        assert data("kpu", "config", str(tmp_path / "mine.json")) == KPUConfig().to_dict()

    def test_a_configuration_that_contradicts_itself_is_refused_with_every_contradiction(self, tmp_path):
        told_ = KPUConfig().to_dict()
        told_["memory"]["sram_l1_bytes"] = 0
        told_["compute"]["num_arrays"] = 1
        (tmp_path / "odd.json").write_text(json.dumps(told_), "utf-8")
        refused = ask("kpu", "config", str(tmp_path / "odd.json"))
        assert refused.exit_code == 2
        assert "L1 SRAM must be positive" in refused.stderr
        assert "tops_int8 = 4 differs from the 0.256 TOPS" in refused.stderr
        assert ask("kpu", "ops", "--config", str(tmp_path / "odd.json")).exit_code == 2

    def test_a_smaller_kpu_is_slower_and_one_that_is_too_small_says_what_it_lacks(self, archive, tmp_path):
        text = told("kpu", "config")
        (tmp_path / "half.yaml").write_text(text.replace("arrays: 16", "arrays: 4"), "utf-8")
        (tmp_path / "tiny.yaml").write_text(text.replace("l1: 262144 byte", "l1: 16 byte"), "utf-8")
        whole, half = (
            data("kpu", "compile", archive, "--config", name)["totals"]["cycles"]["value"]
            for name in ("swkpu-v1", str(tmp_path / "half.yaml"))
        )
        assert half > whole
        refused = ask("kpu", "compile", archive, "--config", str(tmp_path / "tiny.yaml"))
        assert refused.exit_code == 2
        assert "SRAM memory exceeded" in refused.stderr
