"""Speculative decoding on an analog chip, as the seed's original has it: laws of a whole burst."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import DomainError, MissingValueError
from symppa.library.systems.speculative import LeakyDecoder, Speculation, SpeculativeDecoder
from tests.library.analog import CHIP, PARTS, answer, decoded, under

PHASES = ("draft", "verify_drafted", "verify_bonus")
OUTPUTS = ["committed", "burst_energy", "burst_latency", "energy", "latency", "throughput", "efficiency", "power"]
COMPARED = [
    f"{name}_{how}" for how in ("ratio", "difference") for name in ("energy", "latency", "throughput", "efficiency")
]
BOTH = {f"spec.{path}": name for path, name in PARTS.items()}


def test_a_token_by_hand():
    found = decoded(SpeculativeDecoder, [*OUTPUTS, *(f"phases.{phase}.energy" for phase in PHASES)])
    assert found["committed"] == pytest.approx(0.1 + 2 * 0.2 + 3 * 0.3 + 4 * 0.4)
    assert found["burst_energy"] == pytest.approx(sum(found[f"phases.{phase}.energy"] for phase in PHASES))
    assert found["energy"] == pytest.approx(found["burst_energy"] / 3)
    assert found["latency"] == pytest.approx(found["burst_latency"] / 3)
    assert found["throughput"] == pytest.approx(1e9 / found["latency"])
    assert found["efficiency"] == pytest.approx(1e12 / found["energy"])
    assert found["power"] == pytest.approx(1e-3 * found["energy"] / found["latency"])


@given(st.lists(st.integers(0, 5000), min_size=3, max_size=3, unique=True))
def test_energy_and_time_are_affine_in_the_prompt(prompts):
    a, b, c = sorted(prompts)
    for name in ("energy", "latency"):
        at = {n: decoded(SpeculativeDecoder, [name], prompt=n)[name] for n in (a, b, c)}
        assert at[b] == pytest.approx(at[a] + (at[c] - at[a]) * (b - a) / (c - a))


def test_longer_prompts_and_slower_converters_never_help():
    for changed in ("prompt", "digital__attention_qk__energy", "core__crossbar__dac_bits"):
        values = (1,) if changed == "core__crossbar__dac_bits" else (1, 10, 100)
        found = [decoded(SpeculativeDecoder, ["energy"], **{changed: v})["energy"] for v in values]
        assert np.all(np.diff(found) >= 0)


def test_a_burst_of_nothing_is_the_baseline():
    told = under("spec", CHIP)
    spec = answer(Speculation, told | {"spec.burst": 0, "spec.probability": [1]}, [*COMPARED, "base.energy"], BOTH)
    assert [spec[name] for name in COMPARED] == [1, 1, 1, 1, 0, 0, 0, 0]
    base = answer(Speculation, told, ["base.energy", "base.latency"], BOTH)
    alone = decoded(SpeculativeDecoder, ["energy", "latency"], burst=0, probability=[1])
    assert base["base.energy"] == spec["base.energy"] == alone["energy"]
    assert base["base.latency"] == alone["latency"]


def test_ratios_and_differences_by_hand():
    names = ("energy", "latency", "throughput", "efficiency")
    found = answer(
        Speculation,
        under("spec", CHIP),
        [*COMPARED, *(f"{side}.{n}" for side in ("spec", "base") for n in names)],
        BOTH,
    )
    for name in names:
        spec, base = found[f"spec.{name}"], found[f"base.{name}"]
        assert found[f"{name}_ratio"] == pytest.approx(spec / base)
        assert found[f"{name}_difference"] == pytest.approx(spec - base)


def test_reading_twice_never_saves_energy():
    # all accepted, no prompt, no control: draft and the rest cost as much as a full read, and the drivers again
    found = answer(
        Speculation,
        under("spec", CHIP | {"prompt": 0, "probability": [0, 0, 0, 1], "control.burst.energy": 0}),
        ["energy_ratio"],
        BOTH,
    )
    assert found["energy_ratio"] > 1


def test_a_chip_leaks_as_long_as_a_burst_takes():
    names = ["leakage_energy", "burst_energy", "burst_latency", "energy", "committed"]
    found = decoded(LeakyDecoder, names, leakage__sram="2 mW", leakage__control="1 mW")
    dynamic = decoded(SpeculativeDecoder, ["burst_energy"])["burst_energy"]
    assert found["leakage_energy"] == pytest.approx(3 * found["burst_latency"])  # 3 mW for a nanosecond are 3 pJ
    assert found["burst_energy"] == pytest.approx(dynamic + found["leakage_energy"])
    assert found["energy"] == pytest.approx(found["burst_energy"] / found["committed"])


def test_areas_are_those_of_the_chip():
    found = decoded(SpeculativeDecoder, ["area", "chip.on_chip", "off_chip_area", "chip.off_chip"])
    assert found["area"] == found["chip.on_chip"]
    assert found["off_chip_area"] == found["chip.off_chip"]


def test_what_is_missing_is_named():
    told = {name: value for name, value in CHIP.items() if name != "net.width"}
    with pytest.raises(MissingValueError, match=r"net\.width"):
        answer(SpeculativeDecoder, told, ["energy"], PARTS)


def test_a_negative_prompt_is_refused():
    with pytest.raises(DomainError, match="prompt"):
        decoded(SpeculativeDecoder, ["energy"], prompt=-1)
