"""From a network to a program, by way of everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from symppa.errors import CompilationError, KPUConfigError, MemoryExceededError, QuantizationError, UnsupportedOpError
from symppa.kpu import KPUCompiler, KPUConfig, KPUPrecision, KPUProgram, MemoryConfig
from symppa.kpu.compiler import compiled
from symppa.kpu.interface.config import EXTRA_OPS, NATIVE_OPS
from symppa.kpu.passes import PASSES, applied, step
from symppa.kpu.rules.table import broken
from tests.kpu.made import by_chance, residual, transformer

EVERY = KPUConfig(supported_precisions=list(KPUPrecision))
IMAGE = (torch.zeros(1, 3, 16, 16),)


class Small(nn.Module):
    """A convolution with its norm, a pool and a classifier."""

    def __init__(self, last=None):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.last, self.out = last or nn.Identity(), nn.Linear(8, 4)

    def forward(self, x):
        return self.out(self.last(torch.relu(self.norm(self.conv(x)))).mean((2, 3)))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("networks") / "small.pt"
    torch.manual_seed(0)
    torch.export.save(torch.export.export(Small().eval(), IMAGE), path)
    return path


@pytest.mark.parametrize("precision", list(KPUPrecision))
@pytest.mark.parametrize("make", [residual, transformer])
def test_every_rule_holds_in_every_precision(precision, make):
    program = compiled(replace(make(), target_config=EVERY), precision)
    assert isinstance(program, KPUProgram)
    assert broken(program, "pack") == []
    assert program.facts["passes"] == list(PASSES)
    assert program.weights_blob
    assert min(program.weight_bytes, program.activation_bytes, program.peak_sram_bytes, program.peak_dram_bytes) > 0
    assert min(program.estimated_total_cycles, program.estimated_total_energy_uj) > 0


@given(st.integers(0, 10**6), st.sampled_from(["NCHW", "NHWC", None]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_rule_holds_of_networks_drawn_by_chance(seed, layout):
    program = compiled(by_chance(seed, 10), KPUPrecision.INT8, layout=layout)
    assert broken(program, "pack") == []


def test_a_network_by_path_and_one_that_is_alive_become_the_same_program(archive):
    torch.manual_seed(0)
    compiler, model = KPUCompiler(), Small().eval()
    by_path = compiler.compile(archive, KPUConfig(), KPUPrecision.INT8)
    alive = compiler.compile(model, KPUConfig(), "int8", example_inputs=IMAGE, name="small")
    assert by_path.weights_blob == alive.weights_blob
    assert [op.op_type for op in by_path.ops] == [op.op_type for op in alive.ops] == ["Conv", "ReduceMean", "Gemm"]
    assert by_path.estimated_total_cycles == alive.estimated_total_cycles
    assert by_path.precision is KPUPrecision.INT8


def test_calibration_sets_scales_and_too_few_samples_are_refused(archive):
    rng, compiler = np.random.default_rng(0), KPUCompiler()
    data = (rng.normal(size=(3, 16, 16)).astype(np.float32) for _ in range(100))
    program = compiler.compile(archive, KPUConfig(), KPUPrecision.INT8, data)
    assert program.facts["quantization"]["activations"] == "calibrated"
    x = program.tensors[program.input_ids[0]]
    assert x.dtype == "int8"
    assert 3 < 128 * x.scale < 10
    few = iter([np.zeros((99, 3, 16, 16), np.float32)])
    with pytest.raises(QuantizationError, match="INT8 calibration requires at least 100 samples"):
        compiler.compile(archive, KPUConfig(), KPUPrecision.INT8, few)


def test_memory_is_what_the_compiled_program_takes(archive):
    compiler = KPUCompiler()
    program = compiler.compile(archive, KPUConfig(), KPUPrecision.FP16)
    found = compiler.estimate_memory(archive, KPUConfig(), KPUPrecision.FP16)
    assert found == {
        "weights": program.weight_bytes, "activations": program.activation_bytes,
        "peak_sram": program.peak_sram_bytes, "peak_dram": program.peak_dram_bytes,
    }  # fmt: skip
    assert all(type(one) is int for one in found.values())
    # 216 weights and 32 of 16 bits, biases of 8 and 4 in 32; an image of 768, 2048, 8 and 4 of 16 bits.
    assert (found["weights"], found["activations"]) == (2 * (216 + 32) + 4 * 12, 2 * (768 + 2048 + 8 + 4))


def test_a_network_that_compiles_has_nothing_in_its_way(archive):
    assert KPUCompiler().validate_model(archive, KPUConfig()) == []


def test_all_operators_that_are_missing_are_named():
    model = Small(nn.Sequential(nn.GroupNorm(2, 8), nn.Softplus())).eval()
    with pytest.raises(UnsupportedOpError) as refused:
        KPUCompiler().compile(model, KPUConfig(), KPUPrecision.INT8, example_inputs=IMAGE)
    assert len(refused.value.ops) == 2
    found = KPUCompiler().validate_model(model, KPUConfig(), example_inputs=IMAGE)
    assert found == [str(refused.value)]
    assert found[0].startswith("Unsupported operators: ")


def test_what_stands_in_the_way_is_told_without_compiling(archive, tmp_path):
    compiler = KPUCompiler()
    wrong = KPUConfig(memory=MemoryConfig(sram_l1_bytes=0), supported_precisions=[])
    assert compiler.validate_model(archive, wrong) == [
        "L1 SRAM must be positive", "At least one precision must be supported",
    ]  # fmt: skip
    (missing,) = compiler.validate_model(tmp_path / "none.pt", KPUConfig())
    assert "none.pt" in missing
    tiny = KPUConfig(memory=MemoryConfig(dram_bytes=64))
    assert compiler.validate_model(archive, tiny) == ["DRAM memory exceeded: 284B required, 64B available"]


def test_a_precision_that_the_machine_lacks_is_refused(archive):
    with pytest.raises(CompilationError, match=r"swkpu-v1 has no int4; it has int8, fp16 \(supported_precisions\)"):
        KPUCompiler().compile(archive, KPUConfig(), KPUPrecision.INT4)
    with pytest.raises(CompilationError, match="there is no precision 'fp17'; did you mean"):
        KPUCompiler().compile(archive, KPUConfig(), "fp17")


def test_a_machine_that_contradicts_itself_is_refused(archive):
    wrong = KPUConfig(compute=replace(KPUConfig().compute, tops_int8=40.0))
    with pytest.raises(KPUConfigError, match="tops_int8 = 40 differs"):
        KPUCompiler().compile(archive, wrong, KPUPrecision.INT8)


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        (MemoryConfig(dram_bytes=1024), "DRAM memory exceeded: 2KB required, 1KB available"),
        (MemoryConfig(sram_l1_bytes=8), r"SRAM memory exceeded: \d+B required, 8B available in L1 by operator"),
    ],
)
def test_a_memory_that_cannot_hold_a_network_is_named(archive, memory, message):
    with pytest.raises(MemoryExceededError, match=message):
        KPUCompiler().compile(archive, KPUConfig(memory=memory), KPUPrecision.INT8)


def test_operators_are_those_of_the_machine_and_what_networks_need_beside_them():
    assert KPUCompiler().get_supported_ops() == [*NATIVE_OPS, *EXTRA_OPS]
    assert KPUCompiler().get_supported_ops(KPUConfig(native_ops=["Conv"])) == ["Conv", *EXTRA_OPS]


def test_every_pass_is_a_file_with_a_function_of_its_name():
    assert [step(name).__name__ for name in PASSES] == list(PASSES)
    assert all(step(name).__doc__ for name in PASSES)


def test_a_pass_that_breaks_a_rule_is_stopped():
    def careless(program):
        return replace(program, ops=program.ops[::-1])

    with pytest.raises(CompilationError, match="is no valid program after fuse"):
        applied(residual(), ("fold", "fuse"), {"fuse": careless})
