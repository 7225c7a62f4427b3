"""The simulator as its interface has it: steps, state, traces, and the sums that have to agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from threading import Thread

import numpy as np
import pytest

from symppa.errors import InvalidInputError, KPUConfigError
from symppa.kpu import KPUConfig, KPUPrecision, KPUSimulatorInterface, MemoryConfig, SimulationMode
from symppa.kpu.compiler import compiled
from symppa.kpu.simulator import KPUSimulator
from symppa.kpu.simulator.trace import trace
from tests.kpu.made import by_chance, residual, transformer

TIGHT = KPUConfig(memory=MemoryConfig(sram_l1_bytes=16384, sram_l2_bytes=24576))


@pytest.fixture(scope="module", params=["residual", "tight", "transformer", "chance"])
def program(request):
    match request.param:
        case "residual":
            return compiled(residual(), KPUPrecision.INT8)
        case "tight":
            return compiled(residual(TIGHT), KPUPrecision.FP16)
        case "transformer":
            return compiled(transformer(), KPUPrecision.FP16)
    return compiled(by_chance(3), KPUPrecision.INT8)


@pytest.fixture
def run(program):
    made = KPUSimulator(program)
    made.run_until_complete()
    return made


def watts_times_cycles(found, clock):
    """Energy of a power trace in uJ."""
    return sum(watts * (after - cycle) for (cycle, watts), (after, _) in pairwise(found)) / clock


def test_it_is_a_simulator(run, program):
    assert isinstance(run, KPUSimulatorInterface)
    assert run.run_until_complete() == run.total_cycles >= program.estimated_total_cycles


def test_steps_end_where_a_run_ends_and_say_so(program):
    run = KPUSimulator(program)
    assert run.get_state()["cycle"] == 0
    assert run.get_power_trace()[-1][0] == 0
    assert run.get_memory_trace() == []
    seen = []
    while not run.is_done:
        run.step(max(1, run.total_cycles // 37))
        seen.append(run.get_state())
    assert [one["cycle"] for one in seen] == sorted({one["cycle"] for one in seen})
    assert seen[-1] | {"done": True} == seen[-1]
    assert seen[-1]["operator"] is None
    assert seen[-1]["operators_done"] == len(program.ops)
    for before, after in pairwise(seen):
        assert after["energy_uj"] > before["energy_uj"]
        assert after["operators_done"] >= before["operators_done"]
        assert all(after["busy_cycles"][name] >= before["busy_cycles"][name] for name in before["busy_cycles"])
    assert seen[-1]["energy_uj"] == pytest.approx(run.metrics().total_energy_uj)
    run.step()
    assert run.get_state() == seen[-1]


def test_one_cycle_at_a_time_is_the_same_as_many(program):
    slow, fast = KPUSimulator(program), KPUSimulator(program)
    for _ in range(50):
        slow.step()
    fast.step(50)
    assert slow.get_state() == fast.get_state()
    assert slow.get_memory_trace() == fast.get_memory_trace()


def test_the_state_names_the_operator_that_runs_and_what_everything_does(program):
    run = KPUSimulator(program)
    starts = run.timeline.starts.tolist()
    for number, (start, end) in enumerate(pairwise(starts)):
        if end - start < 2:
            continue
        run.reset()
        run.step((start + end) // 2) if start + end > 1 else None
        found = run.get_state()
        assert found["operator"] == program.ops[number].id
        assert 0 <= found["tile"] <= found["tiles"]
        assert any(found[name] for name in ("arrays", "dram_bus", "l2_bus"))


def test_reset_forgets_how_far_it_was(run):
    whole = run.get_memory_trace()
    run.reset()
    assert (run.cycle, run.get_memory_trace()) == (0, [])
    run.run_until_complete()
    assert run.get_memory_trace() == whole


@pytest.mark.parametrize("cycles", [0, -1, 1.5, True, "3"])
def test_a_step_is_a_whole_number_of_cycles(program, cycles):
    run = KPUSimulator(program)
    run.step(5)
    with pytest.raises(InvalidInputError, match="whole number of cycles from 1 on"):
        run.step(cycles)
    assert run.cycle == 5


def test_a_configuration_that_contradicts_itself_is_refused(program):
    odd = replace(program, target_config=KPUConfig(memory=MemoryConfig(sram_l1_bytes=0)))
    with pytest.raises(KPUConfigError, match="L1 SRAM must be positive"):
        KPUSimulator(odd)


def test_the_power_trace_integrates_to_the_energy_and_stays_below_the_limit(run, program):
    found = run.get_power_trace()
    clock = program.target_config.compute.clock_mhz
    assert watts_times_cycles(found, clock) == pytest.approx(run.metrics().total_energy_uj, rel=1e-9)
    assert found[0][0] == 0
    assert found[-1] == (run.total_cycles, 0.5)
    assert all(0.5 * (1 - 1e-9) <= watts <= 5.0 for _, watts in found)
    assert all(isinstance(cycle, int) for cycle, _ in found)
    run.reset()
    run.step(run.total_cycles // 2)
    half = run.get_power_trace()
    assert watts_times_cycles(half, clock) == pytest.approx(run.get_state()["energy_uj"], rel=1e-9)


def test_bytes_of_the_memory_trace_are_those_of_all_tiles(run):
    found, told = run.get_memory_trace(), run.metrics()
    ways = {
        "dram_read": told.dram_reads_bytes, "dram_write": told.dram_writes_bytes,
        "l2_read": told.sram_reads_bytes, "l2_write": told.sram_writes_bytes,
    }  # fmt: skip
    assert {what for _, what, _, _ in found} <= set(ways)
    for what, due in ways.items():
        assert sum(size for _, one, _, size in found if one == what) == due
    tiles = [tile for one in run.timeline.operators if one.course for tile in one.course.tiles]
    brought = sum(sum(tile.from_dram.values()) for tile in tiles)
    early = sum(one.op.estimates.get("prefetch_bytes", 0) for one in run.timeline.operators)
    assert told.dram_reads_bytes == pytest.approx(brought + early, abs=1)
    assert told.dram_writes_bytes == pytest.approx(sum(tile.to_dram for tile in tiles), abs=1)


def test_addresses_lie_in_the_memories(run, program):
    memory = program.target_config.memory
    for cycle, what, address, _ in run.get_memory_trace():
        assert 0 <= cycle < run.total_cycles
        assert 0 <= address < (program.peak_dram_bytes if what.startswith("dram") else memory.sram_l2_bytes)


def test_cycles_add_up_and_shares_are_shares(run):
    for mode in SimulationMode:
        told = run.metrics(mode)
        assert told.compute_cycles + told.memory_stall_cycles + told.other_cycles == told.total_cycles
        assert min(told.compute_cycles, told.memory_stall_cycles, told.other_cycles) >= 0
        assert 0 < told.compute_utilization <= 1
        assert 0 < told.memory_bandwidth_utilization <= 1
        assert 0.5 < told.average_power_watts < 5
        for row in told.op_metrics.values():
            parts = [row[name] for name in ("compute_cycles", "memory_stall_cycles", "other_cycles")]
            assert sum(parts) == row["total_cycles"]
            assert 0 <= row["compute_utilization"] <= 1
            assert 0 <= row["memory_bandwidth_utilization"] <= 1
            assert min(row[name] for name in ("l1_hits", "l1_misses", "l2_hits", "l2_misses")) >= 0


def test_energy_bytes_and_hits_are_the_same_in_all_modes(run):
    first, *others = (run.metrics(mode) for mode in SimulationMode)
    names = ("total_energy_uj", "dram_reads_bytes", "dram_writes_bytes", "sram_reads_bytes", "sram_writes_bytes",
             "l1_hits", "l1_misses", "l2_hits", "l2_misses")  # fmt: skip
    for other in others:
        assert [getattr(first, name) for name in names] == [getattr(other, name) for name in names]


def test_the_time_of_functional_is_the_bound(run, program):
    told = run.metrics(SimulationMode.FUNCTIONAL)
    assert told.total_cycles == program.estimated_total_cycles <= run.metrics().total_cycles


def test_operators_add_up_to_the_run(run, program):
    told = run.metrics()
    assert list(told.op_metrics) == [op.id for op in program.ops]
    for name in ("total_cycles", "compute_cycles", "memory_stall_cycles", "l1_hits", "l2_misses"):
        assert sum(row[name] for row in told.op_metrics.values()) == getattr(told, name)
    assert sum(row["total_energy_uj"] for row in told.op_metrics.values()) == pytest.approx(told.total_energy_uj)
    assert told.total_time_us == told.total_cycles / 500


def test_misses_are_the_lines_that_move(run):
    for name, row in run.metrics().op_metrics.items():
        moved = row["sram_reads_bytes"] + row["sram_writes_bytes"]
        assert row["l1_misses"] == np.ceil(moved / 64), name
        assert row["l2_hits"] + row["l2_misses"] >= row["l1_misses"] or row["l2_misses"] > row["l1_misses"]


def test_two_simulators_of_a_program_do_not_meddle_and_run_side_by_side(program):
    alone = KPUSimulator(program)
    alone.run_until_complete()
    many = [KPUSimulator(program) for _ in range(4)]
    threads = [Thread(target=one.run_until_complete) for one in many]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert all(one.get_memory_trace() == alone.get_memory_trace() for one in many)
    many[0].reset()
    assert many[1].is_done


def test_the_trace_has_what_perfetto_asks_for(run, program):
    found = trace(run.timeline)
    spans = [one for one in found["traceEvents"] if one["ph"] == "X"]
    assert {one["ph"] for one in found["traceEvents"]} == {"M", "X", "C"}
    assert all({"name", "ts", "dur", "pid", "tid"} <= set(one) and one["dur"] > 0 for one in spans)
    whole = run.total_cycles / 500
    assert max(one["ts"] + one["dur"] for one in spans) <= whole * (1 + 1e-9)
    operators = [one for one in spans if one["tid"] == 1]
    assert sum(one["dur"] for one in operators) == pytest.approx(whole)
    assert [one["name"] for one in operators] == [one.op.id for one in run.timeline.operators if one.cycles]
    for lane in (2, 3, 4):
        mine = sorted((one["ts"], one["dur"]) for one in spans if one["tid"] == lane)
        assert all(start + length <= following + 1e-6 for (start, length), (following, _) in pairwise(mine))
