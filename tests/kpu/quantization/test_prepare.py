"""The whole of quantization, as the compiler asks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from symppa.errors import CompilationError, QuantizationError
from symppa.kpu import KPUCompiler, KPUConfig, KPUPrecision
from symppa.kpu.compiler import compiled
from symppa.kpu.numbers import executed
from symppa.kpu.passes import PASSES, applied
from symppa.kpu.passes.quantize import array_operands, units
from symppa.kpu.quantization.options import Options
from symppa.kpu.quantization.prepare import prepared
from symppa.kpu.quantization.simulate import Simulation, difference
from symppa.kpu.rules.table import broken
from tests.kpu.made import Made, numbers_for, transformer

SHAPE = (1, 3, 8, 8)
RNG = np.random.default_rng(8)
DATA = RNG.normal(size=(100, *SHAPE[1:])).astype(np.float32)


def small(config=None):
    """Convolutions of which one filters each channel, with a sum, and a Gemm."""
    net = Made(5, config)
    x = net.op("Relu", net.conv(net.input(*SHAPE), 8))
    y = net.op("Relu6", net.conv(x, 8, group=8))
    x = net.op("Relu", net.op("Add", net.conv(y, 8, 1), x))
    x = net.op("Flatten", net.op("GlobalAveragePool", net.op("SiLU", net.conv(x, 12, stride=2))), axis=1)
    return net.done(net.linear(x, 4))


def floats(program=None):
    return applied(program or small(), PASSES[: PASSES.index("quantize")])


def made(options, program=None):
    begun = program or floats()
    ready, step = prepared(begun, DATA, Options.of(options))
    return ready, step(ready)


def apart(options, count=12):
    ready, found = made(options)
    runs = [{"x": one[None]} for one in RNG.normal(size=(count, *SHAPE[1:])).astype(np.float32)]
    simulation = Simulation(found)
    return difference([simulation.outputs(one) for one in runs], [executed(ready, one) for one in runs])


@pytest.mark.parametrize("calibrator", ["minmax", "mse", "entropy", "percentile"])
def test_every_calibrator_compiles_and_is_told(calibrator):
    program = compiled(small(), "int8", DATA, quantization={"calibrator": calibrator, "equalise": True})
    assert broken(program, "pack") == []
    told = program.facts["quantization"]
    assert (told["activations"], told["calibrator"], told["biases_corrected"]) == ("calibrated", calibrator, True)


def test_one_scale_for_all_channels_is_less_exact():
    fine, coarse = made({})[1], made({"per_channel": False})[1]
    for op in coarse.ops:
        for name in array_operands(op):
            assert not isinstance(coarse.tensors[name].scale, list)
    assert any(isinstance(one.scale, list) for one in fine.tensors.values())
    assert apart({}) < apart({"per_channel": False})


def test_data_that_can_be_gone_through_once_give_the_same_program():
    options = {"equalise": True, "tolerance": 0.01}
    found = [compiled(small(), "int8", data, quantization=options) for data in (DATA, iter(DATA))]
    assert found[0].weights_blob == found[1].weights_blob
    assert found[0].tensors == found[1].tensors


def test_what_is_kept_multiplies_in_16_bits_with_all_that_shares_its_operands():
    _, found = made({"keep": units(floats())[0][0]})
    kept = found.facts["quantization"]["kept"]
    unit = next(one for one in units(floats()) if kept[0] in one)
    assert kept == sorted(unit)
    for op in found.ops:
        wanted = {"fp16"} if op.id in kept else {"int8"}
        assert {found.tensors[name].dtype for name in array_operands(op)} in (wanted, set())


def test_a_tolerance_keeps_the_most_sensitive_products_and_says_which():
    plain = made({"correct_biases": False})[1]
    assert plain.facts["quantization"]["kept"] == []
    before = made({"tolerance": 10.0})[1].facts["sensitivity"]
    wanted = before["before"] / 2
    _, found = made({"tolerance": wanted})
    told = found.facts["sensitivity"]
    kept = found.facts["quantization"]["kept"]
    assert told["after"] <= wanted < told["before"]
    assert 0 < len(kept) < len([op for op in found.ops if array_operands(op)])
    alone = list(told["alone"].values())
    assert alone == sorted(alone, reverse=True)
    worst = next(iter(told["alone"]))
    assert set(worst.split()) <= set(kept)


def test_the_fewest_are_kept():
    wanted = made({"tolerance": 10.0})[1].facts["sensitivity"]["before"] / 2
    _, found = made({"tolerance": wanted})
    order = [name.split() for name in found.facts["sensitivity"]["alone"]]
    count = sum(set(one) <= set(found.facts["quantization"]["kept"]) for one in order)
    less = [name for one in order[: count - 1] for name in one]
    ready, fewer = made({"keep": tuple(less)})
    runs = [{"x": one[None]} for one in DATA]
    due = [executed(ready, one) for one in runs]
    assert difference([Simulation(fewer).outputs(one) for one in runs], due) > wanted


def test_a_tolerance_that_16_bits_do_not_meet_is_refused_with_what_they_reach():
    with pytest.raises(
        QuantizationError, match=r"with every product at 16 bits, by .* with none; a tolerance of 1e-09"
    ):
        made({"tolerance": 1e-9})


def test_what_cannot_be_done_is_refused():
    with pytest.raises(QuantizationError, match="no product of made is called 'last'; it has"):
        made({"keep": "last"})
    with pytest.raises(QuantizationError, match="a tolerance holds over samples"):
        compiled(small(), "int8", quantization={"tolerance": 0.1})
    narrow = KPUConfig(supported_precisions=[KPUPrecision.INT8])
    with pytest.raises(QuantizationError, match="kept at 16 bits are of fp16, which swkpu-v1 has not"):
        compiled(small(narrow), "int8", DATA, quantization={"tolerance": 0.1})
    with pytest.raises(QuantizationError, match="INT8 calibration requires at least 100 samples"):
        compiled(small(), "int8", DATA[:99], quantization={"equalise": True, "tolerance": 0.1})


def test_sixteen_bits_are_left_as_they_are():
    plain = compiled(small(), "fp16")
    told = compiled(small(), "fp16", DATA, quantization={"equalise": True, "tolerance": 0.1})
    assert plain.weights_blob == told.weights_blob
    assert told.facts["quantization"]["biases_corrected"] is False


@pytest.mark.parametrize("precision", list(KPUPrecision))
def test_attention_is_calibrated_and_answers_nearly_the_same(precision):
    every = KPUConfig(supported_precisions=list(KPUPrecision))
    program = floats(replace(transformer(precision), target_config=every))
    runs = [numbers_for(program, seed) for seed in range(100)]
    ready, step = prepared(program, runs, Options())
    found = Simulation(step(ready))
    due = [executed(ready, one) for one in runs[:8]]
    limit = {"fp16": 2e-3, "bf16": 2e-2, "posit16": 2e-3, "int8": 0.03, "int4": 0.2, "posit8": 0.2}[precision.value]
    assert difference([found.outputs(one) for one in runs[:8]], due) < limit


@pytest.mark.filterwarnings("ignore")
def test_torch_compile_an_archive_and_a_live_module_give_one_program(tmp_path):
    torch = pytest.importorskip("torch")
    from symppa.kpu.backend import register
    from tests.kpu.test_compiler import Small

    register()
    torch.manual_seed(0)
    model, x, kept = Small().eval(), torch.zeros(1, 3, 16, 16), []
    data = RNG.normal(size=(100, 3, 16, 16)).astype(np.float32)
    told = {"calibrator": "mse", "equalise": True, "tolerance": 0.004}
    options = {"precision": "int8", "calibration_data": data, "quantization": told, "programs": kept}
    torch._dynamo.reset()
    torch.compile(model, backend="kpu", fullgraph=True, options=options)(x)
    torch.export.save(torch.export.export(model, (x,)), tmp_path / "small.pt")
    by_path = KPUCompiler().compile(tmp_path / "small.pt", KPUConfig(), "int8", data, quantization=told)
    alive = KPUCompiler().compile(model, KPUConfig(), "int8", data, quantization=Options(**told), example_inputs=(x,))
    (traced,) = kept
    for one in (traced, alive):
        assert one.weights_blob is not None
        assert [op.op_type for op in one.ops] == [op.op_type for op in by_path.ops]
        scales = [[one.tensors[name].scale for name in op.input_ids] for op in one.ops]
        assert scales == [[by_path.tensors[name].scale for name in op.input_ids] for op in by_path.ops]
        assert one.estimated_total_cycles == by_path.estimated_total_cycles
    assert alive.weights_blob == by_path.weights_blob


@pytest.mark.filterwarnings("ignore")
def test_an_option_that_is_none_is_refused_by_the_backend():
    torch = pytest.importorskip("torch")
    from symppa.kpu.backend import register

    register()
    torch._dynamo.reset()
    with pytest.raises(torch._dynamo.exc.BackendCompilerFailed) as caught:
        torch.compile(torch.nn.Linear(2, 2).eval(), backend="kpu", options={"calibration": []})(torch.zeros(1, 2))
    assert isinstance(caught.value.inner_exception, CompilationError)
