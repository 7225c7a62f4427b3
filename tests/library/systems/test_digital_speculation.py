"""Speculation on a digital machine: verification at its real batch."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import DomainError
from symppa.library.systems.digital_speculation import BatchedStep, DigitalSpeculation, Machine
from tests.library.analog import answer, under
from tests.library.laws.test_speculation import BOARD

SMALL = {"kinds": ["layer"], "layers": {"layer": 1}, "width": 10, "heads": 1, "head_width": 10, "groups": 1}
SMALL |= {"hidden": 20, "vocabulary": 100, "activation_bits": 16}  # 400 + 400 weights a layer, 1000 in the head
MACHINE = {"peak": "1 TFLOPS", "bandwidth": "10 GB/s", "overhead": "1 us"}
MACHINE |= {"work_energy": "2 pJ/FLOP", "access_energy": "100 pJ/byte"}
STEP = under("net", SMALL) | under("machine", MACHINE)
NAMES = ["used_weights", "work", "traffic", "latency", "energy", "free_tokens"]
VICUNA_7B = {"kinds": ["layer"], "layers": {"layer": 32}, "width": 4096, "heads": 32, "head_width": 128, "groups": 32}
VICUNA_7B |= {"hidden": 11008, "feed_forward": "swiglu", "vocabulary": 32000, "tied": "separate", "activation_bits": 16}
CARDS = {"3090": ("71 TFLOPS", "936 GB/s"), "A100": ("312 TFLOPS", "1555 GB/s")}


def both(**changes):
    told = under("target", SMALL | {"layers": {"layer": 9}}) | under("draft", SMALL) | under("machine", MACHINE)
    told |= {"burst": 3, "prompt": 0, "acceptance.rate": 0.5} | {n.replace("__", "."): v for n, v in changes.items()}
    names = ["speed_up", "energy_gain", "latency", "energy", "plain.latency", "verify.latency", "drafting.latency"]
    return answer(DigitalSpeculation, told, [*names, "plain.energy", "verify.energy", "drafting.energy"])


def test_a_step_by_hand():
    found = answer(BatchedStep, STEP | {"tokens": 4, "prompt": 5}, NAMES)
    assert found["used_weights"] == 800 + 1000
    assert found["work"] == pytest.approx(4 * (1800 + 2 * 10 * 5) * 2 / 1e9)
    assert found["traffic"] == pytest.approx(2 * (1800 + 20 * 5) / 1e6)
    assert found["latency"] == pytest.approx(1 + 3800 / 10e3)  # 3800 bytes at 10 kB a microsecond
    assert found["energy"] == pytest.approx((15200 * 2 + 3800 * 100) / 1e6)
    assert found["free_tokens"] == pytest.approx(0.38 / 0.0038)


@given(st.integers(1, 99))
def test_tokens_are_free_while_the_memory_is_slower(tokens):
    found = answer(BatchedStep, STEP | {"tokens": tokens, "prompt": 5}, ["latency"])
    assert found["latency"] == answer(BatchedStep, STEP | {"tokens": 1, "prompt": 5}, ["latency"])["latency"]


def test_beyond_the_free_tokens_each_costs():
    found = [answer(BatchedStep, STEP | {"tokens": n, "prompt": 5}, ["latency"])["latency"] for n in (100, 200)]
    assert found[1] - 1 == pytest.approx(2 * (found[0] - 1))


def test_a_burst_by_hand():
    found = both()
    cycle = 3 * found["drafting.latency"] + found["verify.latency"]
    assert found["speed_up"] == pytest.approx(1.875 * found["plain.latency"] / cycle)
    assert found["latency"] == pytest.approx(cycle / 1.875)
    spent = 3 * found["drafting.energy"] + found["verify.energy"]
    assert found["energy_gain"] == pytest.approx(1.875 * found["plain.energy"] / spent)
    assert found["energy"] == pytest.approx(spent / 1.875)


def test_a_burst_of_nothing_gains_nothing():
    found = both(burst=0)
    assert found["speed_up"] == found["energy_gain"] == 1


def test_a_verifier_short_of_arithmetic_pays_for_every_token():
    rich, poor = both(), both(machine__peak="0.001 TFLOPS")
    assert rich["verify.latency"] == rich["plain.latency"]
    assert poor["verify.latency"] > 3 * poor["plain.latency"]
    assert poor["speed_up"] < rich["speed_up"]


@pytest.mark.skipif(not BOARD.exists(), reason="the leaderboard lies in shared/data beside a checkout")
def test_no_measured_cycle_is_cheaper_than_verification_alone():
    with BOARD.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["target_B"] == "7"]
    for row in rows:
        peak, bandwidth = CARDS[row["device"]]
        told = under("net", VICUNA_7B) | {"machine.peak": peak, "machine.bandwidth": bandwidth, "prompt": 512}
        plain, verify = (answer(BatchedStep, told | {"tokens": n}, ["latency"])["latency"] for n in (1, 8))
        assert verify == plain  # eight tokens are free on either card
        assert float(row["step_cost"]) > verify / plain


def test_a_machine_computes():
    with pytest.raises(DomainError, match="peak"):
        answer(BatchedStep, STEP | {"machine.peak": "0 TFLOPS", "tokens": 1, "prompt": 0}, ["latency"])
    assert {"peak", "bandwidth"} <= set(Machine._declared)
