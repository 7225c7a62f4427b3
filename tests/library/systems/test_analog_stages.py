"""Stages of a phase: which layers are read in which mode, and what that costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.components.readout import COMPONENTS
from symppa.library.systems.analog_stages import (
    BonusPlan,
    CacheStage,
    ControlStage,
    DraftPlan,
    LumpedStage,
    Plan,
    ReadStage,
    Stage,
    StageComponent,
    VerifyPlan,
)
from symppa.library.systems.speculative import SpeculativeDecoder
from tests.library.analog import answer, decoded

MODES = ["draft", "draft_full", "residual", "full", "kept"]
STAGE = "phases.{phase}.stages.qkv.{name}"


@pytest.mark.parametrize(
    ("plan", "reuse", "layers"),
    [
        (Plan, 1, [0, 0, 0, 0, 0]),
        (DraftPlan, 1, [7, 3, 0, 0, 0]),
        (VerifyPlan, 1, [0, 0, 7, 0, 3]),
        (VerifyPlan, 0, [0, 0, 0, 10, 0]),
        (BonusPlan, 1, [0, 0, 0, 10, 0]),
    ],
)
def test_ten_layers_of_which_three_draft_in_full(plan, reuse, layers):
    found = answer(plan, {"layers": 10, "full_layers": 3, "reuse": reuse}, MODES)
    assert [found[mode] for mode in MODES] == layers


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 1))
def test_every_layer_is_read_in_one_mode(few, full, reuse):
    for plan in (DraftPlan, VerifyPlan, BonusPlan):
        found = answer(plan, {"layers": few + full, "full_layers": full, "reuse": reuse}, MODES)
        assert sum(found.values()) == few + full


def test_a_stage_is_linear_in_steps_and_contexts():
    told = {"steps": 3, "contexts": 40, "energy_of_step": "5 pJ", "energy_of_context": "2 pJ"}
    told |= {"latency_of_step": "7 ns", "latency_of_context": "1 ns"}
    names = ["step_energy", "context_energy", "step_latency", "context_latency", "energy", "latency"]
    assert list(answer(LumpedStage, told, names).values()) == [5, 2, 7, 1, 3 * 5 + 40 * 2, 3 * 7 + 40]
    assert list(answer(Stage, {"steps": 3, "contexts": 40}, names).values()) == [0] * 6


def test_a_component_over_the_reads_of_a_stage():
    told = {f"{mode}_reads": n for mode, n in zip(MODES[:4], (1, 2, 3, 4), strict=True)}
    for mode in MODES[:4]:
        told |= {f"{mode}.uses": 1, f"{mode}.each_energy": "10 pJ", f"{mode}.waits": 2, f"{mode}.each_latency": "1 ns"}
    assert answer(StageComponent, told, ["energy", "latency"]) == pytest.approx({"energy": 100, "latency": 20})


def test_control_by_hand():
    told = {"steps": 3, "contexts": 0, "layers": 2, "bursts": 1, "token.energy": "1 pJ", "token.latency": "3 ns"}
    told |= {"burst.energy": "5 pJ", "setup.latency": "7 ns"}
    names = ["step_energy", "step_latency", "burst_energy", "burst_latency", "energy", "latency"]
    assert list(answer(ControlStage, told, names).values()) == [2, 6, 10, 14, 3 * 2 + 10, 3 * 6 + 14]


def test_keys_and_values_are_worked_on_or_moved():
    told = {"steps": 3, "contexts": 0, "update.unit.energy": "2 pJ", "update.unit.latency": "1 ns"}
    told |= {"update.steps": 3, "update.contexts": 0, "update.step_work": 4}
    told |= {"moved_energy": "100 pJ", "moved_latency": "50 ns"}
    names = ["step_energy", "step_latency", "energy", "latency"]
    assert list(answer(CacheStage, told, names).values()) == pytest.approx([8, 4, 3 * 8 + 100, 3 * 4 + 50])


def test_reading_qkv_for_a_draft_by_hand():
    # one layer of 3 crossbars, read twice, with few bits and one in full; 3 steps
    names = ["draft_reads", "draft_full_reads", "residual_reads", "full_reads", "step_energy", "step_latency"]
    names += ["array_activations", "dac_conversions", "adc_draft_conversions", "adc_residual_conversions"]
    names += ["buffer_energy", "buffer_latency"]
    found = decoded(SpeculativeDecoder, [STAGE.format(phase="draft", name=n) for n in names])
    found = {name.rpartition(".")[2]: value for name, value in found.items()}
    assert [found[n] for n in names[:4]] == [6, 6, 0, 0]
    assert found["step_energy"] == pytest.approx(6 * 11.65 + 6 * 31.8)
    assert found["step_latency"] == pytest.approx(6 * 18.7 + 6 * 23.5)
    assert [found[n] for n in names[6:10]] == [3 * (6 + 24), 3 * 12 * 4, 3 * 12 * 4, 3 * 6 * 4]
    # 24 lines are added once with few bits and twice in full
    assert found["buffer_energy"] == pytest.approx(72 * 0.5)
    assert found["buffer_latency"] == pytest.approx(72 * 0.125)
    assert {"plan", "reads", "modes"} <= set(ReadStage._parts)


@pytest.mark.parametrize("phase", ["draft", "verify_drafted", "verify_bonus"])
@pytest.mark.parametrize("quantity", ["energy", "latency"])
def test_a_stage_is_the_sum_of_its_components(phase, quantity):
    inner = [STAGE.format(phase=phase, name=f"components.{name}.{quantity}") for name in COMPONENTS]
    whole = STAGE.format(phase=phase, name=quantity)
    found = decoded(SpeculativeDecoder, [*inner, whole])
    assert sum(found[name] for name in inner) == pytest.approx(found[whole])
