"""Which steps of a burst run, and how its phases share time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import WiringError
from symppa.library.systems.burst_schedules import (
    FilledPipeline,
    Pipeline,
    RunAll,
    Schedule,
    Serialized,
    StopAtMismatch,
    StoppedPipeline,
    StopRule,
)
from symppa.library.systems.speculative import SpeculativeDecoder
from tests.library.analog import answer, decoded

STEPS = ["verify_steps", "verify_positions", "bonus_steps"]
STOPPED = {"rule": "StopAtMismatch", "schedule": "StoppedPipeline"}
FILLED = {"schedule": "FilledPipeline"}
LAYERS = ("first_verify", "verify_layer", "bonus_layer", "full_layer", "stopped_layer")


def test_all_steps_run_by_hand():
    found = answer(RunAll, {"burst": 4, "probability": [0.2] * 5}, STEPS)
    assert found == {"verify_steps": 4, "verify_positions": 0 + 1 + 2 + 3, "bonus_steps": 1}


def test_steps_stop_at_the_first_mismatch_by_hand():
    # none, one, two or three accepted: 1, 2, 3, 3 steps
    found = answer(StopAtMismatch, {"burst": 3, "probability": [0.1, 0.2, 0.3, 0.4]}, [*STEPS, "run"])
    assert found["run"].tolist() == [1, 2, 3, 3]
    assert found["verify_steps"] == pytest.approx(0.1 + 2 * 0.2 + 3 * 0.7)
    assert found["verify_positions"] == pytest.approx(0 + 0.2 + 3 * 0.7)
    assert found["bonus_steps"] == pytest.approx(0.4)


@given(st.integers(1, 12), st.data())
def test_stopping_never_runs_more(burst, data):
    counts = data.draw(st.lists(st.integers(0, 9), min_size=burst + 1, max_size=burst + 1).filter(sum))
    told = {"burst": burst, "probability": [n / sum(counts) for n in counts]}
    stopped, every = (answer(rule, told, STEPS) for rule in (StopAtMismatch, RunAll))
    assert all(stopped[name] <= every[name] * (1 + 1e-12) for name in STEPS)


def test_phase_after_phase():
    phases = [f"phases.{name}.latency" for name in ("draft", "verify_drafted", "verify_bonus")]
    found = decoded(SpeculativeDecoder, ["burst_latency", *phases])
    assert found["burst_latency"] == pytest.approx(sum(found[name] for name in phases))
    assert issubclass(Serialized, Schedule)


def test_the_stopped_pipeline_by_hand():
    names = [f"schedule.{n}" for n in ("latency", "reached", "period", "full_end", "stopped_end", "end")]
    layers = [f"{layer}.compute_latency" for layer in LAYERS[1:]]
    found = decoded(SpeculativeDecoder, [*names, "phases.draft.latency", *layers], STOPPED)
    assert found["schedule.reached"] == pytest.approx([1, 0.9, 0.7])
    period = found["verify_layer.compute_latency"].max(axis=0)  # kinds and steps; the quick layer reads all blocks
    assert found["schedule.period"] == pytest.approx(period)
    assert found["schedule.full_end"] == pytest.approx(np.max(found["full_layer.compute_latency"]))
    assert found["schedule.stopped_end"] == pytest.approx(np.full(4, 7))  # the set-up of one layer
    assert found["schedule.end"] == pytest.approx(0.4 * found["schedule.full_end"] + 0.6 * 7)
    whole = found["phases.draft.latency"] + np.dot([1, 0.9, 0.7], period) + found["schedule.end"]
    assert found["schedule.latency"] == pytest.approx(whole)


def test_the_filled_pipeline_by_hand():
    names = [f"schedule.{n}" for n in ("latency", "period", "end", "filled", "serial")]
    others = [
        "first_verify.latency",
        "bonus_layer.compute_latency",
        *(f"phases.{p}.latency" for p in ("draft", "verify_drafted", "verify_bonus")),
    ]
    found = decoded(SpeculativeDecoder, [*names, *others], FILLED)
    assert found["schedule.end"] == pytest.approx(np.max(found["bonus_layer.compute_latency"]))
    after = found["schedule.period"][1:].sum()
    assert found["schedule.filled"] == pytest.approx(found["first_verify.latency"] + after + found["schedule.end"])
    assert found["schedule.serial"] == pytest.approx(
        found["phases.verify_drafted.latency"] + found["phases.verify_bonus.latency"]
    )
    assert found["schedule.latency"] == pytest.approx(found["phases.draft.latency"] + found["schedule.filled"])


def test_plain_decoding_overlaps_with_nothing_but_in_the_stopped_pipeline():
    plain = {"burst": 0, "probability": [1]}
    serial, filled, stopped = (
        decoded(SpeculativeDecoder, ["burst_latency"], choose, **plain)["burst_latency"]
        for choose in ({}, FILLED, STOPPED)
    )
    assert filled == serial
    assert stopped < 0.6 * serial  # the original's mistake: one layer of two


@given(st.integers(1, 8), st.integers(0, 300))
def test_a_filled_pipeline_is_never_slower_than_phase_after_phase(burst, prompt):
    told = {"burst": burst, "probability": [0] * burst + [1], "prompt": prompt}
    serial = decoded(SpeculativeDecoder, ["burst_latency"], **told)["burst_latency"]
    assert decoded(SpeculativeDecoder, ["burst_latency"], FILLED, **told)["burst_latency"] <= serial


@pytest.mark.parametrize(("model", "name"), [(StopRule, STEPS[0]), (Schedule, "latency")])
def test_an_interface_leaves_its_formulas_open(model, name):
    with pytest.raises(WiringError, match="subclass"):
        model().expression(name)


def test_a_schedule_sees_one_layer_of_every_kind():
    assert {*LAYERS, "draft", "verify", "bonus"} <= set(StoppedPipeline._parts) & set(FilledPipeline._parts)


def test_both_pipelines_keep_the_same_pace():
    paces = [kind._declared["period"] for kind in (Pipeline, StoppedPipeline, FilledPipeline)]
    assert paces[0] is paces[1] is paces[2]
