"""A compiled program as a system: every question may be asked of it, and the answers are the compiler's."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from symppa.cli.main import main
from symppa.descriptions.load import load
from symppa.errors import CompilationError, DescriptionError, KPUFileError, QuestionError
from symppa.kpu import KPUConfig, KPUPrecision
from symppa.kpu.compiler import compiled
from symppa.kpu.network import described, rows, with_l1_sizes, written
from symppa.studies.compare import compare
from symppa.studies.design import design
from symppa.studies.evaluate import evaluate
from symppa.studies.sensitivity import sensitivity
from symppa.studies.sweep import sweep
from tests.kpu.made import by_chance, residual, transformer

SIZES = (8192, 32768, 65536)


@pytest.fixture(scope="module")
def program():
    return with_l1_sizes(compiled(residual(), "int8"), SIZES)


@pytest.fixture(scope="module")
def path(program, tmp_path_factory):
    return program.save(tmp_path_factory.mktemp("kpu") / "net.kpu")


def told(subject, *outputs, **values):
    found = evaluate(subject, {name.replace("__", "."): value for name, value in values.items()}, outputs=list(outputs))
    return {name: found[name] for name in outputs}


@pytest.mark.parametrize("precision", [KPUPrecision.INT8, KPUPrecision.FP16])
@pytest.mark.parametrize("network", [residual, transformer, lambda: by_chance(5)])
def test_totals_are_those_of_the_compiler(network, precision):
    made = compiled(network(), precision)
    found = told(described(made), "cycles", "energy", "throughput", "weight_memory", "memory_fill")
    assert found["cycles"] == made.estimated_total_cycles
    assert found["energy"] == pytest.approx(made.estimated_total_energy_uj / 1000, rel=1e-12)
    assert found["throughput"] == pytest.approx(1e6 * made.target_config.compute.clock_mhz / found["cycles"])
    assert found["weight_memory"] == pytest.approx(made.weight_bytes / 1e6)
    assert found["memory_fill"] == pytest.approx(100 * made.peak_dram_bytes / 2**32)


def test_operators_are_told_one_by_one(program):
    found = evaluate(described(program), outputs=["op_cycles", "energies"])
    cycles = dict(zip(rows(program), found["op_cycles"], strict=False))
    assert cycles == {op.id: op.estimated_cycles for op in program.ops if op.id in cycles}
    energies = dict(zip(rows(program), found["energies"], strict=False))
    assert energies == pytest.approx({op.id: op.estimated_energy_pj / 1e6 for op in program.ops if op.id in energies})


def test_average_power_is_between_idle_and_the_thermal_design_power(program):
    found = told(described(program), "power", "power_margin")
    assert 0.5 < found["power"] < 5
    assert found["power_margin"] == pytest.approx(5 - found["power"])


def test_a_file_stands_where_a_description_does(path, program):
    assert load(path).system == "Kpu"
    assert told(str(path), "cycles")["cycles"] == program.estimated_total_cycles
    assert load("net.kpu", path.parent).name == "net"
    assert next(iter(load(path).files)) == "net.kpu"


def test_a_file_that_only_looks_like_one_is_refused(tmp_path):
    odd = tmp_path / "odd.kpu"
    odd.write_text("system: Kpu", "utf-8")
    with pytest.raises(KPUFileError, match=r"odd.kpu: is no .kpu file"):
        load(odd)
    with pytest.raises(DescriptionError, match="there is no file"):
        load(tmp_path / "absent.kpu")


def test_each_size_of_l1_has_what_compiling_for_it_gives(program):
    for size in SIZES:
        memory = replace(KPUConfig().memory, sram_l1_bytes=size)
        alone = compiled(replace(residual(KPUConfig(memory=memory))), "int8")
        found = told(described(program), "cycles", "energy", "made_for", chip__l1=f"{size} byte")
        assert found["made_for"] == size / 1024
        assert found["cycles"] == alone.estimated_total_cycles
        assert found["energy"] == pytest.approx(alone.estimated_total_energy_uj / 1000, rel=1e-9)


def test_a_size_between_takes_the_tiles_of_the_next_smaller_one(program):
    found = sweep(described(program), axes={"chip.l1": [32, 40, 64]}, outputs=["cycles", "made_for"])
    cycles, made_for = (list(found.to_frame()[name]) for name in ("cycles", "made_for"))
    assert made_for == [32, 32, 64]
    assert cycles[0] == cycles[1] >= cycles[2]


def test_sizes_that_are_too_small_or_contradict_are_refused(program):
    with pytest.raises(CompilationError, match="cannot be tiled for an L1 of 8 byte"):
        with_l1_sizes(program, [8])
    with pytest.raises(Exception, match="L2 SRAM must be at least as large"):
        with_l1_sizes(program, [1 << 30])


def test_the_smallest_l1_that_keeps_a_pace_is_found_and_proved(path, program, tmp_path):
    rates = {size: told(described(program), "throughput", chip__l1=f"{size} byte")["throughput"]
             for size in (*SIZES, 262144)}  # fmt: skip
    wanted = (rates[8192] + rates[32768]) / 2
    assert rates[8192] < wanted < rates[32768]
    target = tmp_path / "target.yaml"
    target.write_text(
        f"base: {path}\nminimize: buffer\nsubject_to: {{throughput: '>= {wanted!r} inference/s'}}\n"
        "free: {chip.l1: {choices: [4 KiB, 8 KiB, 32 KiB, 64 KiB, 256 KiB]}}\n", "utf-8",
    )  # fmt: skip
    found = design(target, explain=False)
    assert found.facts["status"] == "optimal"
    assert found["buffer"] == 32


def test_what_follows_from_the_tiles_is_not_to_be_set(program):
    for name in (
        "chip.arrays",
        "chip.precision",
        "net.batch",
        "net.macs.gemm",
        "product_format",
        "chip.supported.INT4",
    ):
        with pytest.raises(QuestionError, match=f"{name} follows from the tiles of made_int8"):
            evaluate(described(program), {name: "1"})


def test_a_sensitivity_is_the_slope_of_what_is_told(program):
    there = described(program)
    once, twice = (told(there, "energy", chip__scale=scale)["energy"] for scale in (1, 2))
    found = sensitivity(there, "energy").to_frame().set_index("given")["elasticity"]
    assert found["chip.scale"] == pytest.approx(twice / once - 1)
    assert found["chip.clock"] < 0


def test_two_precisions_are_compared(program):
    found = compare([described(program), described(compiled(residual(), "fp16"))], outputs=["latency", "energy"])
    frame = found.to_frame()
    assert {"made_int8", "made_fp16"} <= set(map(str, frame.to_numpy().ravel())) | set(map(str, frame.columns))


def test_the_text_of_a_description_says_the_same(program, path, tmp_path):
    text = tmp_path / "net.yaml"
    text.write_text(written(program), "utf-8")
    for size in (*SIZES, 262144):
        same = [told(str(one), "cycles", "energy", "l2_traffic", chip__l1=f"{size} byte") for one in (text, path)]
        assert same[0] == pytest.approx(same[1], rel=1e-12)


def test_a_program_in_python_gives_the_same_numbers(path, program, tmp_path):
    made = tmp_path / "net.py"
    answer = CliRunner().invoke(main, ["export", str(path), "--to", "python", "--output", str(made)])
    assert answer.exit_code == 0, answer.output
    printed = subprocess.run([sys.executable, str(made)], capture_output=True, text=True, check=True).stdout
    found = dict(line.split(" = ") for line in printed.splitlines() if " = " in line)
    assert float(found["cycles"].split()[0]) == program.estimated_total_cycles
    assert float(found["energy"].split()[0]) == pytest.approx(program.estimated_total_energy_uj / 1000, abs=1e-6)


@pytest.mark.parametrize("form", ["c", "javascript", "spreadsheet", "html", "markdown", "latex"])
def test_a_program_is_exported_like_any_system(path, form, tmp_path):
    answer = CliRunner().invoke(main, ["export", str(path), "--to", form, "--output", str(tmp_path / "out")])
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "out").stat().st_size > 1000


@pytest.mark.parametrize("asked", [["show"], ["sensitivity"], ["analyze", "--json"]])
def test_verbs_take_a_program(path, asked):
    verb, *rest = asked
    more = ["latency"] if verb == "sensitivity" else []
    answer = CliRunner().invoke(main, [verb, str(path), *more, *rest])
    assert answer.exit_code == 0, answer.output
    if "--json" in rest:
        assert json.loads(answer.output)
    else:
        assert "Kpu" in answer.output


def test_a_network_that_is_not_compiled_is_refused():
    with pytest.raises(CompilationError, match="no tiles or estimates yet"):
        described(residual())


def test_the_shipped_network_is_what_the_compiler_gives_today():
    torch = pytest.importorskip("torch")
    from symppa.kpu.capture import captured
    from symppa.kpu.networks.yolov8n import yolov8n

    read = captured(yolov8n().eval(), KPUConfig(), example_inputs=(torch.zeros(1, 3, 640, 640),), name="yolov8n")
    found = told("swkpu_v1_yolov8n", "cycles", "energy", "dram_traffic")
    today = told(described(compiled(read, "int8")), "cycles", "energy", "dram_traffic")
    assert found == pytest.approx(today), "write models/hardware/swkpu_v1_yolov8n.yaml anew: kpu.network.written"


def test_the_smallest_l1_for_30_images_a_second_is_proved():
    found = design("kpu_yolov8n_30fps", explain=False)
    assert found.facts["status"] == "optimal"
    sizes = {size: told("swkpu_v1_yolov8n", "throughput", chip__l1=f"{size} KiB")["throughput"] for size in (2, 3, 4)}
    assert found["buffer"] == min(size for size, rate in sizes.items() if rate >= 30)
