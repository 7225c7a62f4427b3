"""The runtime: what it takes, what it tells, and what happens when something is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest

from symppa.errors import (
    CompilationError,
    InvalidInputError,
    KPUError,
    KPUFileError,
    MemoryExceededError,
    QuantizationError,
)
from symppa.kpu import KPUPrecision, KPUProgram, KPURuntime, MemoryConfig, SimulationMode
from symppa.kpu.compiler import compiled
from symppa.kpu.interface.results import KPUPerformanceMetrics
from tests.kpu.made import Made, numbers_for, residual
from tests.kpu.runtime.single import SMALL


def program_of(precision: KPUPrecision) -> KPUProgram:
    made = residual(SMALL)
    return compiled(made, precision, [numbers_for(made, seed) for seed in range(100)])


FP16, INT8 = (program_of(one) for one in (KPUPrecision.FP16, KPUPrecision.INT8))
MODES = list(SimulationMode)


def loaded(program: KPUProgram = FP16) -> KPURuntime:
    runtime = KPURuntime(SMALL)
    runtime.load_program(program)
    return runtime


def test_specs_name_the_ends_with_shapes_and_formats():
    assert loaded(INT8).get_input_specs() == [("x", (1, 3, 32, 32), "int8")]
    assert loaded(INT8).get_output_specs() == [(INT8.output_ids[0], (1, 10), "fp16")]
    assert loaded(FP16).get_input_specs() == [("x", (1, 3, 32, 32), "fp16")]


@pytest.mark.parametrize("program", [FP16, INT8], ids=["fp16", "int8"])
def test_numbers_and_energy_are_the_same_in_every_mode_and_every_run(program):
    given, runtime = numbers_for(program), loaded(program)
    found = [runtime.execute(given, mode) for mode in (*MODES, SimulationMode.FUNCTIONAL)]
    for one in found[1:]:
        np.testing.assert_array_equal(one.outputs[program.output_ids[0]], found[0].outputs[program.output_ids[0]])
        assert one.metrics.total_energy_uj == found[0].metrics.total_energy_uj
    assert all(one.success and one.error_message is None for one in found)
    assert [one.mode for one in found] == [*MODES, SimulationMode.FUNCTIONAL]
    assert found[0].outputs[program.output_ids[0]].dtype == np.float32


@pytest.mark.parametrize("mode", MODES, ids=lambda one: one.value)
def test_every_metric_is_computed_and_adds_up(mode):
    told = loaded(INT8).execute(numbers_for(INT8), mode).metrics
    assert told.compute_cycles + told.memory_stall_cycles + told.other_cycles == told.total_cycles > 0
    assert told.total_time_us == pytest.approx(told.total_cycles / SMALL.compute.clock_mhz)
    energy = told.average_power_watts * told.total_time_us
    assert told.total_energy_uj == pytest.approx(energy)
    assert 0 < told.compute_utilization <= 1
    assert 0 < told.memory_bandwidth_utilization <= 1
    assert list(told.op_metrics) == [op.id for op in INT8.ops]
    rows = told.op_metrics.values()
    names = [one.name for one in fields(KPUPerformanceMetrics) if one.name != "op_metrics"]
    assert all(getattr(told, name) > 0 for name in names if name != "other_cycles")
    for name in names:
        if name.endswith(("_cycles", "_bytes", "_hits", "_misses", "_uj", "_us")):
            assert sum(row[name] for row in rows) == pytest.approx(getattr(told, name), abs=1)


def test_functional_time_is_the_closed_form_and_a_bound_of_the_simulated_one():
    runtime, given = loaded(INT8), numbers_for(INT8)
    near, exact, traced = (runtime.execute(given, mode).metrics.total_cycles for mode in MODES)
    assert near == INT8.estimated_total_cycles <= exact == traced


def test_traces_are_operators_in_turn_and_watts_that_add_up_to_the_energy():
    runtime, given = loaded(INT8), numbers_for(INT8)
    assert runtime.execute(given).trace == []
    found = runtime.execute(given, SimulationMode.CYCLE_ACCURATE)
    assert [one["op"] for one in found.trace] == [op.id for op in INT8.ops]
    ends = np.cumsum([0, *(one["total_cycles"] for one in found.trace)])
    assert [one["start_cycle"] for one in found.trace] == ends[:-1].tolist()
    watts = runtime.execute(given, SimulationMode.POWER_TRACE).trace
    cycles = np.array([one["cycle"] for one in watts])
    energy = (np.array([one["watts"] for one in watts])[:-1] * np.diff(cycles)).sum() / SMALL.compute.clock_mhz
    assert energy == pytest.approx(found.metrics.total_energy_uj)
    assert {one["op"] for one in watts[:-1]} <= {op.id for op in INT8.ops}


def test_a_mode_may_be_told_by_its_name_and_an_odd_one_is_refused():
    assert loaded().execute(numbers_for(FP16), "power_trace").mode is SimulationMode.POWER_TRACE
    with pytest.raises(InvalidInputError, match="there is no mode 'power'; did you mean power_trace"):
        loaded().execute(numbers_for(FP16), "power")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": np.zeros((1, 3, 64, 64), np.float32)},
         r"Input shape mismatch: expected \(1,3,32,32\), got \(1,3,64,64\)"),
        ({}, "missing input x: expected x"),
        ({"x": np.zeros((1, 3, 32, 32), np.float32), "y": np.zeros(1)}, "there is no input 'y'"),
        ({"x": np.zeros((1, 3, 32, 32), np.int64)}, "Input dtype mismatch: expected float32, .* for 'x', got int64"),
        ({"x": np.full((1, 3, 32, 32), "a")}, "Input dtype mismatch"),
        ({"x": np.full((1, 3, 32, 32), np.nan, np.float32)}, "input 'x' has 3072 values that are not finite"),
        ([1], "inputs are told by their names: expected x"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("program", [FP16, INT8], ids=["fp16", "int8"])
def test_odd_inputs_are_refused_and_the_next_run_is_as_ever(program, given, message):
    runtime = loaded(program)
    due = runtime.execute(numbers_for(program)).outputs
    with pytest.raises(InvalidInputError, match=message):
        runtime.execute(given)
    for name, found in runtime.execute(numbers_for(program)).outputs.items():
        np.testing.assert_array_equal(found, due[name])


def test_inputs_that_are_held_already_give_the_same():
    runtime, given = loaded(INT8), numbers_for(INT8)["x"]
    x = INT8.tensors["x"]
    whole = np.clip(np.rint(given / np.float32(x.scale)) + x.zero_point, -128, 127).astype(np.int8)
    for told in (whole, given.astype(np.float64), (whole.astype(np.float32) - x.zero_point) * np.float32(x.scale)):
        found = runtime.execute({"x": told}).outputs
        np.testing.assert_array_equal(
            found[INT8.output_ids[0]], runtime.execute({"x": given}).outputs[INT8.output_ids[0]]
        )


def test_what_the_caller_does_with_his_arrays_changes_nothing():
    runtime, given = loaded(FP16), numbers_for(FP16)
    before = given["x"].copy()
    found = runtime.execute(given).outputs
    np.testing.assert_array_equal(given["x"], before)
    kept = {name: one.copy() for name, one in found.items()}
    for one in found.values():
        one[...] = 0
    for name, one in runtime.execute(given).outputs.items():
        np.testing.assert_array_equal(one, kept[name])


def test_numbers_that_are_too_large_for_a_format_are_no_success_and_the_place_is_told():
    net = Made(0, SMALL)
    x = net.input(1, 8)
    program = compiled(net.done(net.op("Relu", net.op("Mul", x, net.const(8, low=9.0)))),
                       KPUPrecision.FP16)  # fmt: skip
    runtime = KPURuntime()
    runtime.load_program(program)
    found = runtime.execute({"x": np.full((1, 8), 60000, np.float32)})
    assert not found.success
    assert "8 of 8 values are not finite behind operator" in found.error_message
    assert np.isinf(found.outputs[program.output_ids[0]]).all()
    assert runtime.execute({"x": np.ones((1, 8), np.float32)}).success


def test_nothing_runs_before_a_program_is_loaded_and_after_it_is_unloaded():
    runtime = KPURuntime(SMALL)
    for ask in (runtime.get_input_specs, runtime.get_output_specs, lambda: runtime.execute({})):
        with pytest.raises(KPUError, match="no program is loaded"):
            ask()
    runtime.load_program(FP16)
    runtime.unload_program()
    runtime.unload_program()
    with pytest.raises(KPUError, match="no program is loaded"):
        runtime.get_input_specs()


def refusals():
    ops = [replace(op, input_ids=["nobody", *op.input_ids[1:]]) for op in FP16.ops]
    small = replace(SMALL, memory=replace(SMALL.memory, dram_bytes=4096 * 2))
    return [
        (SMALL, replace(FP16, ops=ops), CompilationError, "references unknown tensor nobody"),
        (SMALL, replace(FP16, weights_blob=FP16.weights_blob[: len(FP16.weights_blob) // 2]), CompilationError,
         "is no valid program"),
        (SMALL, replace(FP16, ops=[replace(op, tiling=None) for op in FP16.ops]), CompilationError, "has no tiles"),
        (SMALL, residual(SMALL), CompilationError, "is no valid program after pack"),
        (small, FP16, MemoryExceededError, "DRAM memory exceeded: .*KB required, 8KB available"),
        (replace(SMALL, memory=MemoryConfig(sram_l1_bytes=512, sram_l2_bytes=1024)), FP16, MemoryExceededError,
         "SRAM memory exceeded"),
        (replace(SMALL, compute=replace(SMALL.compute, idle_watts=0.25)), FP16, KPUFileError,
         "compute.idle_watts is 0.5, not 0.25"),
        (SMALL, "net.kpu", InvalidInputError, r"a KPUProgram is expected, not str: KPUProgram.load\(path\)"),
    ]  # fmt: skip


@pytest.mark.parametrize(("config", "program", "error", "message"), refusals())
def test_a_program_that_does_not_fit_is_refused_and_the_one_before_stays(config, program, error, message):
    runtime = KPURuntime(config)
    with pytest.raises(error, match=message):
        runtime.load_program(program)
    runtime = loaded(INT8)
    runtime.config = config
    with pytest.raises(error, match=message):
        runtime.load_program(program)
    assert runtime.execute(numbers_for(INT8)).success


def test_a_program_without_scales_is_loaded_and_answers_nothing():
    runtime = loaded(compiled(residual(SMALL), KPUPrecision.INT8))
    assert runtime.get_input_specs() == [("x", (1, 3, 32, 32), "int8")]
    with pytest.raises(QuantizationError, match="x is int8 without a scale: compile with calibration data"):
        runtime.execute(numbers_for(INT8))


def test_an_interrupted_run_leaves_everything_as_it_was():
    runtime, given = loaded(INT8), numbers_for(INT8)
    due = runtime.execute(given).outputs[INT8.output_ids[0]]
    steps = runtime._loaded.executor.values({"x": np.zeros((1, 3, 32, 32), np.int8)})
    for _ in range(3):
        next(steps)
    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt)
    np.testing.assert_array_equal(runtime.execute(given).outputs[INT8.output_ids[0]], due)


def test_threads_and_runtimes_side_by_side_give_what_one_gives():
    jobs = [(program, numbers_for(program, seed)) for program in (FP16, INT8) for seed in range(4)]
    due = [loaded(program).execute(given).outputs[program.output_ids[0]] for program, given in jobs]
    shared = {id(program): loaded(program) for program in (FP16, INT8)}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda job: shared[id(job[0])].execute(job[1]).outputs[job[0].output_ids[0]], jobs))
    for here, there in zip(found, due, strict=True):
        np.testing.assert_array_equal(here, there)


def test_a_program_from_a_file_gives_the_same(tmp_path):
    given, due = numbers_for(INT8), loaded(INT8).execute(numbers_for(INT8)).outputs
    for external in (False, True):
        path = INT8.save(tmp_path / f"{external}.kpu", external_weights=external)
        found = loaded(KPUProgram.load(path)).execute(given).outputs
        np.testing.assert_array_equal(found[INT8.output_ids[0]], due[INT8.output_ids[0]])
