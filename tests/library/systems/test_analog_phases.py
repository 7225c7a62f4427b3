"""Phases of a burst: closed forms against loops over steps, stages and components."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.library.systems.analog_phases import BonusPhase, Cost, DraftPhase, Phase, VerifyPhase
from symppa.library.systems.speculative import SpeculativeDecoder
from tests.library.analog import answer, decoded

KINDS = {"draft": DraftPhase, "verify_drafted": VerifyPhase, "verify_bonus": BonusPhase}
STAGES = ("qkv", "wo", "ffn", "qk", "softmax", "pv", "elementwise", "kv_cache", "buffers_add", "control")
COUNTS = ("array_activations", "dac_conversions", "adc_draft_conversions", "adc_residual_conversions")
LINEAR = ("step_energy", "context_energy", "step_latency", "context_latency")
MEMORY = {"cache": "MemoryCache"}


def of_phase(phase, names, choose=None, **changes):
    found = decoded(SpeculativeDecoder, [f"phases.{phase}.{name}" for name in names], choose, **changes)
    return {name.removeprefix(f"phases.{phase}."): value for name, value in found.items()}


def test_a_cost_is_what_was_spent_and_taken():
    assert answer(Cost, {"spent": "3 pJ", "taken": "4 ns"}, ["energy", "latency"]) == {"energy": 3, "latency": 4}


def test_a_draft_by_hand():
    found = of_phase("draft", ["contexts", *LINEAR, "energy", "latency", *COUNTS])
    assert found["contexts"] == 3 * 10 + (0 + 1 + 2)
    # qkv 6 + 6 reads, wo and ffn (2 + 8) * 2 with few bits; 24 lines twice and 96 once; 2 layers
    reads = 6 * 11.65 + 6 * 31.8 + 20 * 11.65
    lines = 24 + 48 + 80
    assert found["step_energy"] == pytest.approx(reads + lines * 0.5 + 2 * (8 * 0.5 + 4 * 2 + 1))
    assert found["context_energy"] == pytest.approx(2 * (4 * 1 + 2 * 3 + 4 * 1))
    times = 26 * 18.7 + 6 * 23.5
    assert found["step_latency"] == pytest.approx(times + lines * 0.125 + 2 * (8 * 0.25 + 4 * 1 + 3))
    assert found["context_latency"] == pytest.approx(2 * (4 * 2 / 2 + 2 * 1 + 4 * 2 / 2))
    assert found["energy"] == pytest.approx(3 * found["step_energy"] + 33 * found["context_energy"])
    assert found["latency"] == pytest.approx(3 * found["step_latency"] + 33 * found["context_latency"])
    assert found["array_activations"] == 3 * (26 + 6 * 4)
    assert found["dac_conversions"] == found["adc_draft_conversions"] == 3 * 32 * 4
    assert found["adc_residual_conversions"] == 3 * 6 * 4


@given(st.integers(0, 9), st.integers(0, 2000))
def test_a_phase_is_the_sum_of_its_steps(burst, prompt):
    """The closed form over a burst against a loop over its steps."""
    told = {"burst": burst, "probability": [1] + [0] * burst, "prompt": prompt}
    found = of_phase("draft", ["energy", *LINEAR], **told)
    by_step = sum(found["step_energy"] + (prompt + i) * found["context_energy"] for i in range(burst))
    assert found["energy"] == pytest.approx(by_step)


@pytest.mark.parametrize("choose", [{}, MEMORY], ids=["local", "memory"])
@pytest.mark.parametrize("phase", KINDS)
@pytest.mark.parametrize("quantity", ["energy", "latency"])
class TestBooks:
    def test_stages_add_up(self, choose, phase, quantity):
        names = [f"stages.{name}.{quantity}" for name in STAGES]
        found = of_phase(phase, [*names, quantity], choose)
        assert sum(found[name] for name in names) == pytest.approx(found[quantity])

    def test_components_add_up(self, choose, phase, quantity):
        components = [name for name in KINDS[phase]._parts if name.startswith("components.")]
        found = of_phase(phase, [*(f"{name}.{quantity}" for name in components), quantity], choose)
        whole = found.pop(quantity)
        assert sum(found.values()) == pytest.approx(whole)

    def test_movement_and_the_rest_add_up(self, choose, phase, quantity):
        found = of_phase(phase, [f"compute_{quantity}", f"traffic.{quantity}", quantity], choose)
        assert found[f"compute_{quantity}"] + found[f"traffic.{quantity}"] == pytest.approx(found[quantity])


def test_what_a_draft_leaves_in_a_memory_by_hand():
    # a token takes 2 * (8 + 2 * 2 * 2) bytes; step i reads the prompt and the i tokens before it
    names = [f"traffic.{way}.moved" for way in ("sram_read", "sram_write", "hbm_read", "hbm_write", "fabric_read")]
    assert list(of_phase("draft", names, MEMORY).values()) == [3 * 32, 3 * 32, 30 * 32, 0, 33 * 32]
    # 0.1 + 2 * 0.2 + 3 * 0.3 + 4 * 0.4 tokens are committed
    assert list(of_phase("verify_bonus", names, MEMORY).values()) == [3 * 32, 32, 320, pytest.approx(3 * 32), 13 * 32]


def test_a_phase_has_a_plan_for_every_block():
    assert {"plans.qkv", "plans.wo", "plans.ffn"} <= set(Phase._parts)


def test_opening_a_burst_stands_beside_its_steps():
    names = [
        "compute_energy",
        "compute_latency",
        *LINEAR,
        "stages.control.burst_energy",
        "stages.control.burst_latency",
    ]
    found = of_phase("verify_bonus", names)
    # one step that attends to the prompt and to three drafted tokens
    for quantity, opened in (("energy", 2 * 5), ("latency", 2 * 7)):
        assert found[f"stages.control.burst_{quantity}"] == opened
        whole = found[f"step_{quantity}"] + 13 * found[f"context_{quantity}"] + opened
        assert found[f"compute_{quantity}"] == pytest.approx(whole)
