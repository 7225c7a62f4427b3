"""A language model that answers, by hand: two subgraphs on a device that waits for its memory."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.library.systems.serving import Serving, SpeculativeServing
from symppa.studies.evaluate import evaluate


def step(weights, kept):
    """Subgraphs of a step: a matrix, and keys and values that were kept."""
    return {
        "subgraphs": ["fc", "far"],
        "mac": {"by_token": {"fc": "1e6", "far": "0"}},
        "weight": {"fixed": {"fc": weights, "far": 0}},
        "element": {"by_token": {"fc": 0, "far": 1000}},
        "kept_key": {"fc": 0, "far": kept},
        "row": {"by_token": {"fc": 1, "far": 0}},
        "repeat": {"fixed": {"fc": 1, "far": 0}},
        "columns": {"fc": 1000, "far": 0},
        "depth": {"fc": 1000, "far": 0},
        "resident": weights,
        "live_token": 1000,
    }


def flat(told, before=""):
    """Nested values by dotted name; what is told by subgraph stays together."""
    found = {}
    for name, value in told.items():
        if isinstance(value, dict) and "fc" not in value:
            found |= flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found


CHIP = {
    "chip.precision": "FP16",
    "chip.spare": "FP16",
    "chip.element": {"FP16": "2 byte"},
    "chip.matrix_peak": {"FP16": "100 TOPS"},
    "chip.vector_peak": {"FP16": "100 TOPS"},
    "chip.clock": "1 GHz",
    "chip.capacity": "0.01 GB",
    "chip.profile_power": {"all": "50 W"},
    "chip.profile_clock": {"all": "1 GHz"},
    "chip.profile_bandwidth": {"all": "100 GB/s"},
    "chip.idle_power": "5 W",
    "chip.memory_energy": "50 pJ/byte",
    "chip.link_bandwidth": "10 GB/s",
    "chip.link_latency": "1 us",
    "device.units": 1,
}
MODEL = {
    "batch": 2, "prompt": 10, "generate": 5, "model_width": 100, "scores": 50, "sums": 3, "most": 4096,
    **flat({"reading": step(1e6, 0), "writing": step(1e6, 100)}),
}  # fmt: skip
DRAFT = {"burst": 3, "acceptance.rate": 0.5, **flat({"draft_reading": step(1e5, 0), "draft_writing": step(1e5, 10)})}
PARTS = {"device": "Device"}


def asked(outputs, model=Serving, **changes):
    """Some outputs of the model on the device."""
    told = CHIP | MODEL | (DRAFT if model is SpeculativeServing else {})
    told |= {name.replace("__", "."): value for name, value in changes.items()}
    found = evaluate(model, told, outputs=outputs.split(), parts=PARTS)
    return [float(np.asarray(found[name])) for name in outputs.split()]


def test_reading_takes_the_slower_of_arithmetic_and_memory():
    # 20 tokens: 2e7 mac at 1e14 op/s are 0.4 us, 2 MB at 100 GB/s 20 us, 20 000 activations 0.4 us
    ttft, rate = asked("ttft prefill_rate")
    assert ttft == pytest.approx(20.4e-3)
    assert rate == pytest.approx(20 / 20.4e-6)


def test_a_token_waits_for_weights_and_for_what_was_kept():
    # tokens 2 to 5 see 11 to 14 keys: 100 elements x 2 sequences x 12.5 keys, 2 byte each
    fixed = 20e-3 + 2 * 1000 * 2 / 100e9 * 1e3
    tpot, first, last = asked("tpot first_tpot last_tpot")
    assert tpot == pytest.approx(fixed + 2 * 100 * 12.5 * 2 / 100e9 * 1e3)
    assert first == pytest.approx(fixed + 2 * 100 * 11 * 2 / 100e9 * 1e3)
    assert last == pytest.approx(fixed + 2 * 100 * 14 * 2 / 100e9 * 1e3)


def test_rates_follow_from_times():
    ttft, tpot, answer, decode, user, rate = asked("ttft tpot answer_time decode_rate user_rate rate")
    assert answer == pytest.approx((ttft + 4 * tpot) * 1e-3)
    assert (decode, user) == pytest.approx((2e3 / tpot, 1e3 / tpot))
    assert rate == pytest.approx(2 * 5 / answer)


def test_energy_is_that_of_all_devices_over_all_tokens():
    names = "prefill_energy step_energy decode_token_energy answer_energy token_energy power answer_time"
    reads, one, token, answer, each, power, time = asked(names)
    # a step: 4e6 op, 2 009 000 byte at 50 pJ, and 5 W; what remains of 50 W at full bandwidth and peak is an op's
    op = (50 - 5 - 100e9 * 50e-12) / 100e12
    moved = 2 * (1e6 + 2000 + 2500)
    assert one == pytest.approx(4e6 * op + moved * 50e-12 + 5 * moved / 100e9)
    assert token == pytest.approx(one / 2)
    assert answer == pytest.approx(reads + 4 * one)
    assert (each, power) == pytest.approx((answer / 10, answer / time))


def test_two_devices_add_their_energy_and_the_time_of_their_sums():
    alone, both = asked("ttft tpot step_energy"), asked("ttft tpot step_energy", ranks=2)
    # 3 sums of 200 elements over 2 devices send 200 each, 100 scores go once: 1400 byte, in 7 messages
    assert both[1] - alone[1] == pytest.approx((1400 / 10e9 + 7e-6) * 1e3)
    assert both[0] - alone[0] == pytest.approx((2 * (3 * 2000 + 100) / 10e9 + 7e-6) * 1e3)
    assert both[2] == pytest.approx(2 * (alone[2] + 5 * (1400 / 10e9 + 7e-6)))


def test_memory_holds_weights_keys_and_values_and_activations():
    names = (
        "weight_memory kept_token kept_sequence kept_memory activation_memory memory memory_fill sequence_memory room"
    )
    found = asked(names)
    assert found == pytest.approx([2e-3, 200, 3000, 6e-6, 4e-5, 2.046e-3, 20.46, 23000, 8e6])


def test_the_largest_batch_and_context_are_the_last_that_fit():
    batch, context = asked("largest_batch largest_context")
    assert batch == 8_000_000 // 23_000
    assert context == 4096  # of (8e6 - 4e4) / 400 = 19 900 that would fit
    assert asked("memory_fill", batch=batch)[0] <= 100 < asked("memory_fill", batch=batch + 1)[0]
    (context,) = asked("largest_context", most=10**6)
    assert context == 19_900
    assert asked("memory_fill", generate=context - 10)[0] <= 100 < asked("memory_fill", generate=context - 9)[0]
    assert asked("largest_batch largest_context", chip__capacity="0.001 GB") == [0, 0]


def test_a_window_leaves_more_context():
    names = "short_context long_context largest_context kept_everywhere windowed_token"
    told = {"writing__window": {"fc": 2**40, "far": 64}, "window": 64, "most": 10**6}
    assert asked(names, **told) == [19_900, 10**6, 10**6, 0, 200]
    assert asked("kept_sequence", **told, prompt=100)[0] == 64 * 200


def test_context_with_and_without_windows_is_exact():
    kept = {"fc": 30, "far": 100}
    told = {"writing__kept_key": kept, "writing__window": {"fc": 2**40, "far": 64}, "window": 64, "most": 10**6}
    (context,) = asked("largest_context", **told)
    assert asked("memory_fill", **told, generate=context - 10)[0] <= 100
    assert asked("memory_fill", **told, generate=context - 9)[0] > 100


def test_weights_and_what_is_kept_may_be_stored_in_less():
    sizes = {"weight_size": "0.5 byte", "kept_size": "1 byte"}
    assert asked("weight_number kept_number", **sizes) == [0.5, 1]
    assert asked("weight_number kept_number") == [2, 2]
    tpot, weights, kept = asked("tpot weight_memory kept_token", **sizes)
    assert tpot == pytest.approx((5e5 + 2 * 2000 + 2500) / 100e9 * 1e3)
    assert (weights, kept) == pytest.approx((5e-4, 100))


def test_a_burst_costs_its_drafts_and_one_verification():
    names = "tpot plain_tpot verify_time gain.gain acceptance.committed draft.latency"
    tpot, plain, verify, gain, committed, draft = asked(names, SpeculativeServing)
    assert plain == pytest.approx(asked("tpot")[0])
    assert committed == 1 + 0.5 + 0.25 + 0.125
    # steps at the mean length of 12.5: the last of 4 tokens sees 15.5 keys, kept ones are read once
    assert verify == pytest.approx((2e6 + 2 * 2 * 4000 + 2 * 2 * 100 * 15.5) / 100e9 * 1e3)
    assert draft == pytest.approx((2e5 + 2 * 2 * 1000 + 2 * 2 * 10 * 12.5) / 100e9 * 1e3)
    assert tpot == pytest.approx((3 * draft + verify) / committed)
    assert gain == pytest.approx(plain / tpot)


def test_drafts_take_time_room_and_energy_of_their_own():
    names = "ttft weight_memory kept_token kept_sequence kept_everywhere prefill_energy step_energy"
    plain = asked(names)
    both = asked(f"{names} draft_prefill.latency draft_prefill.energy draft.energy verify.energy", SpeculativeServing)
    assert both[0] == pytest.approx(plain[0] + both[7])
    assert both[1:5] == pytest.approx([2.2e-3, 220, 3300, 220])
    # device energies are in mJ
    assert both[5] == pytest.approx(plain[5] + both[8] * 1e-3)
    assert both[6] == pytest.approx((3 * both[9] + both[10]) * 1e-3 / 1.875)


def test_nothing_accepted_costs_the_drafts_in_vain():
    tpot, draft, verify = asked("tpot draft.latency verify_time", SpeculativeServing, acceptance__rate=0)
    assert tpot == pytest.approx(3 * draft + verify)
