"""Tiles rule the numbers: whatever tiles are right give the same ones, and wrong ones give others."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symppa.errors import CompilationError
from symppa.kpu import KPUPrecision, TileConfig
from symppa.kpu.compiler import compiled
from symppa.kpu.numbers import evaluated
from symppa.kpu.runtime.execute import Executor, ran
from symppa.kpu.runtime.formats import Scaled, format_of
from symppa.kpu.runtime.inputs import held
from symppa.kpu.runtime.task import Job, Task
from symppa.kpu.walk import LEFT
from tests.kpu.made import by_chance, numbers_for, residual, transformer
from tests.kpu.runtime.single import CASES, SMALL, Case, drawn, single, windows

CONV = Case("Conv", [drawn(1, 7, 9, 8)], None, [drawn(6, 7, 3, 3), drawn(6)], windows((3, 3), pads=[1, 1, 1, 1]))
GEMM = Case("Gemm", [drawn(5, 24)], None, [drawn(24, 14), drawn(14)])
POOL = next(one for one in CASES if one.op_type == "MaxPool")
BUSY = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def task_of(case: Case, precision: KPUPrecision) -> Task:
    """The operator of a case with its numbers."""
    made = single(case, precision)
    executor = Executor(made.program)
    [job] = [one for one in executor.jobs if one.op.op_type == case.op_type]
    there = held(made.program, made.given)
    return Task(job, [there[n] if n in there else executor.constants[n][0] for n in job.op.input_ids])


def in_tiles(task: Task, tiling: TileConfig) -> np.ndarray:
    """What an operator gives in other tiles."""
    op = replace(task.op, tiling=tiling)
    return ran(Task(replace(task.job, op=op), task.held))[0]


TASKS = {
    (case.op_type, precision): task_of(case, precision)
    for case in (CONV, GEMM, POOL)
    for precision in (KPUPrecision.INT8, KPUPrecision.FP16)
}


@pytest.mark.parametrize("which", TASKS, ids=lambda one: f"{one[0]}-{one[1].value}")
@given(st.data())
@BUSY
def test_every_right_tiling_gives_the_same_numbers(which, data):
    task = TASKS[which]
    sides = {side.letter: side.whole for side in task.job.loop.sides}
    inner = {name: data.draw(st.integers(1, whole), label=name) for name, whole in sides.items()}
    outer = {
        name: min(whole, inner[name] * data.draw(st.integers(1, -(-whole // inner[name]))))
        for name, whole in sides.items()
    }
    orders = list(permutations(sides))
    tiling = TileConfig(
        inner, list(data.draw(st.sampled_from(orders))), l2_tile_sizes=outer,
        l2_loop_order=list(data.draw(st.sampled_from(orders))),
    )  # fmt: skip
    found, due = in_tiles(task, tiling), ran(task)[0]
    if which[1] is KPUPrecision.INT8:
        np.testing.assert_array_equal(found, due)
    else:
        np.testing.assert_allclose(found.astype(float), due.astype(float), rtol=2**-10, atol=1e-3)


@pytest.mark.parametrize("which", TASKS, ids=lambda one: f"{one[0]}-{one[1].value}")
def test_a_tile_that_is_left_out_leaves_its_results_out(which):
    task = TASKS[which]
    assert len(task.job.steps) > 1
    job = with_steps(task.job, task.job.steps[:-1])
    found, due = ran(Task(job, task.held))[0], ran(task)[0]
    assert not np.array_equal(found, due)


@pytest.mark.parametrize("which", [key for key in TASKS if key[0] != "MaxPool"], ids=str)
def test_an_operand_that_does_not_come_to_l1_is_the_one_that_was_there(which):
    task = TASKS[which]
    tiling = TileConfig({name.letter: 2 for name in task.job.loop.sides}, [one.letter for one in task.job.loop.sides])
    whole = {side.letter: side.whole for side in task.job.loop.sides}
    tiling = replace(tiling, l2_tile_sizes=whole, l2_loop_order=tiling.loop_order)
    job = replace(task.job, op=replace(task.op, tiling=tiling))
    due = ran(Task(job, task.held))[0]
    stale = [replace(one, to_l1=one.to_l1 - {LEFT}) if n else one for n, one in enumerate(job.steps)]
    try:
        found = ran(Task(with_steps(job, stale), task.held))[0]
    except ValueError:
        return  # what was there has another size
    assert not np.array_equal(found, due)


def with_steps(job: Job, steps) -> Job:
    """A job that goes through other tiles than its tiling says."""
    other = replace(job)
    other.__dict__["steps"] = tuple(steps)
    return other


def test_an_operator_without_tiles_is_refused():
    task = TASKS["Conv", KPUPrecision.INT8]
    with pytest.raises(CompilationError, match="has no tiles: a program runs once it is compiled"):
        in_tiles(task, None)


def far(job: Job, name: str, found: np.ndarray, due: np.ndarray) -> float:
    """How many steps of a format numbers are apart, at most; of fractions a step is that of the largest number."""
    form = job.written[job.op.output_ids.index(name)]
    if isinstance(form, Scaled):
        return float(np.abs(found.astype(int) - form.held(due).astype(int)).max(initial=0))
    there = form.real(form.held(due)).astype(float)
    bits = {"fp16": 10, "bf16": 7, "posit8": 2, "posit16": 9}[job.outs[0].dtype]
    return float(np.abs(form.real(found) - there).max(initial=0) / (np.abs(there).max(initial=0) + 1e-9) * 2**bits)


def assert_each_operator_is_right(program) -> None:
    """Each operator gives, of what it reads, what the reference of 32 bits gives, up to one step of the format."""
    executor = Executor(program)
    there = dict(executor.values(held(program, numbers_for(program))))
    for job in executor.jobs:
        read = [
            form.real(there[name] if name in there else executor.constants[name][0])
            for name, form in zip(job.op.input_ids, job.formats, strict=True)
        ]
        for name, due in zip(job.op.output_ids, evaluated(job.op, read), strict=True):
            assert far(job, name, there[name], due) <= 1.01, (job.op.id, job.op.op_type)


@pytest.mark.parametrize("precision", list(KPUPrecision), ids=lambda one: one.value)
@pytest.mark.parametrize("make", [residual, transformer])
def test_networks_give_what_their_operators_give_one_by_one(make, precision):
    program = replace(make(), target_config=SMALL if make is transformer else replace(SMALL, name="other"))
    data = [numbers_for(program, seed) for seed in range(100)]
    assert_each_operator_is_right(compiled(program, precision, data))


@given(st.integers(0, 10**6), st.sampled_from([KPUPrecision.INT8, KPUPrecision.FP16, KPUPrecision.INT4]),
       st.sampled_from(["NCHW", "NHWC"]))  # fmt: skip
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
def test_networks_drawn_by_chance_give_what_their_operators_give_one_by_one(seed, precision, layout):
    program = by_chance(seed, 8, SMALL)
    data = [numbers_for(program, k) for k in range(100)]
    assert_each_operator_is_right(compiled(program, precision, data, layout=layout))


def test_sums_of_whole_numbers_are_exact_and_round_half_to_even():
    to = single(Case("Gemm", [drawn(2, 2300)], None, [drawn(2300, 8)]), KPUPrecision.INT8)
    program = to.program
    [op] = program.ops
    x, w, y = (program.tensors[name] for name in (*op.input_ids, *op.output_ids))
    tensors = {
        **program.tensors,
        x.id: replace(x, scale=0.5, zero_point=-3),
        w.id: replace(w, scale=[2.0**k for k in range(8)]),
        y.id: replace(y, dtype="int8", scale=2.0**14, zero_point=5),
    }
    executor = Executor(replace(program, tensors=tensors))
    rng = np.random.default_rng(5)
    given = rng.integers(-128, 128, x.shape).astype(np.int8)
    weights = np.asarray(executor.constants[w.id][0], np.int64)
    sums = (given.astype(np.int64) + 3) @ weights
    due = np.rint(sums * 2.0 ** np.arange(8) * 0.5 / 2**14) + 5
    found = executor.run({x.id: given})[y.id]
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, np.clip(due, -128, 127))
    assert format_of(tensors[y.id]).held(np.float32([0.5, 1.5, 2.5, -0.5]) * 2**14).tolist() == [5, 7, 7, 5]
