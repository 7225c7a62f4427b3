"""Speculation on the corrected chip: bursts by hand, break-evens against their own definition, shipped numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symppa
from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import DomainError, WiringError
from symppa.library.systems.analog_soc import AnalogSoC, Decoding, LayerByLayer, TokenByToken, Verification, Wavefront
from tests.library.analog import answer, under
from tests.library.systems import test_analog_chip as chips

SOC = under("chip", {n: v for n, v in chips.TOLD.items() if not n.startswith("net.")}) | under("net", chips.NET)
SOC |= {"prompt": 10, "burst": 3, "acceptance.rate": 0.5}
SHAPES = ["passes", "checks", "periods", "streams", "queries", "sharing", "drafted"]
COSTS = ["fixed_energy", "prompt_energy", "fixed_latency", "prompt_latency"]
KINDS = [Wavefront, TokenByToken, LayerByLayer]
PARTS = {kind: {"speculative.verification": kind.__name__} for kind in KINDS}
AFFINE = compile(
    AnalogSoC(),
    ["energy", "latency", "plain_energy", "plain_latency", "energy_break_even", "latency_break_even"],
    axes=["prompt"],
)


def soc(outputs, kind=Wavefront, **changes):
    told = SOC | {name.replace("__", "."): value for name, value in changes.items()}
    return answer(AnalogSoC, told, outputs, PARTS[kind])


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (Wavefront, [1, 0, 3, 2 + 3, 1, 2, 6]),
        (TokenByToken, [1, 3, 0, 2 * 4, 1, 1, 2 * 6]),
        (LayerByLayer, [1, 3, 0, 2, 4, 1, 2 * 6]),
    ],
)
def test_four_tokens_through_two_layers(kind, shape):
    assert list(answer(kind, {"depth": 2, "burst": 3}, SHAPES).values()) == shape


@pytest.mark.parametrize("kind", KINDS)
def test_plain_decoding_is_the_same_however_a_burst_is_verified(kind):
    assert list(answer(kind, {"depth": 28, "burst": 0}, SHAPES).values()) == [1, 0, 0, 28, 1, 1, 0]


def test_a_burst_by_hand():
    chip = ["draft_energy", "verify_energy", "full_energy", "drafted_energy", "commit_energy", "burst_energy"]
    chip += ["attention_energy", "fetch_energy", "static_power", "draft_latency", "step_latency", "layer_latency"]
    names = ["draft_attention", "layer_attention", "drafted_latency", *COSTS]
    found = soc([*(f"chip.{n}" for n in chip), *(f"speculative.{n}" for n in names), "committed"])
    at = {name.rpartition(".")[2]: value for name, value in found.items()}
    assert at["committed"] == 1 + 0.5 + 0.25 + 0.125
    # two layers at 8 ns a token; while verifying both stream, so each waits twice as long
    assert at["draft_attention"] == 2 * 8
    assert at["layer_attention"] == 2 * 8
    assert at["drafted_latency"] == 2 * 3 * 8 + 6 * 16
    fixed = 3 * (at["draft_latency"] + 200) + at["step_latency"] + 200 + 3 * at["layer_latency"] + 144 + 14
    assert at["fixed_latency"] == pytest.approx(fixed)
    assert at["prompt_latency"] == 3 * 16 + 5 * 16
    dynamic = 3 * (at["draft_energy"] + at["verify_energy"]) + at["full_energy"] + 9 * at["drafted_energy"]
    dynamic += 1.875 * at["commit_energy"] + at["burst_energy"]
    rest = at["static_power"] * 1e3  # a watt is a thousand picojoules a nanosecond
    assert at["fixed_energy"] == pytest.approx(dynamic + rest * fixed)
    assert at["prompt_energy"] == pytest.approx(7 * (at["attention_energy"] + at["fetch_energy"]) + rest * 128)


def test_checking_what_is_partly_read_takes_the_time_of_the_rest():
    names = ["chip.verify_latency", "chip.step_latency", "speculative.fixed_latency"]
    reused, read_again = soc(names, TokenByToken), soc(names, TokenByToken, chip__reuse=0)
    assert read_again["chip.verify_latency"] == read_again["chip.step_latency"] == reused["chip.step_latency"]
    assert 0 < reused["chip.verify_latency"] <= reused["chip.step_latency"]
    saved = 3 * (reused["chip.step_latency"] - reused["chip.verify_latency"])
    assert reused["speculative.fixed_latency"] == pytest.approx(read_again["speculative.fixed_latency"] - saved)


def test_keys_and_values_that_come_once_serve_all_tokens():
    found = soc(
        ["speculative.prompt_energy", "chip.attention_energy", "chip.fetch_energy"],
        LayerByLayer,
        chip__leakage=0,
        chip__standby=0,
    )
    wanted = 7 * found["chip.attention_energy"] + (3 + 1) * found["chip.fetch_energy"]
    assert found["speculative.prompt_energy"] == pytest.approx(wanted)


def test_a_token_by_hand():
    names = ["energy", "latency", "plain_energy", "plain_latency", "energy_gain", "speed_up", "throughput"]
    names += ["efficiency", "power", "power_density", "area", "off_chip_area", "lost_bits", "chip.area"]
    found = soc(
        [*names, *(f"{side}.{n}" for side in ("speculative", "plain") for n in COSTS)], chip__memory__hbm__area="9 mm2"
    )
    for quantity, gained in (("energy", "energy_gain"), ("latency", "speed_up")):
        spec = found[f"speculative.fixed_{quantity}"] + 10 * found[f"speculative.prompt_{quantity}"]
        plain = found[f"plain.fixed_{quantity}"] + 10 * found[f"plain.prompt_{quantity}"]
        assert found[quantity] == pytest.approx(spec / 1.875)
        assert found[f"plain_{quantity}"] == pytest.approx(plain)
        assert found[gained] == pytest.approx(1.875 * plain / spec)
    assert found["throughput"] == pytest.approx(1e9 / found["latency"])
    assert found["efficiency"] == pytest.approx(1e12 / found["energy"])
    assert found["power"] == pytest.approx(1e-3 * found["energy"] / found["latency"])
    assert found["power_density"] == pytest.approx(found["power"] / found["area"])
    assert found["area"] == found["chip.area"]
    assert found["off_chip_area"] == 9
    assert found["lost_bits"] == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quantity", ["energy", "latency"])
def test_a_break_even_by_hand(kind, quantity):
    names = {
        "energy": ["energy_margin", "energy_surplus", "energy_break_even"],
        "latency": ["latency_margin", "latency_surplus", "latency_break_even"],
    }[quantity]
    costs = [f"{side}.{n}_{quantity}" for side in ("speculative", "plain") for n in ("fixed", "prompt")]
    found = soc([*names, *costs], kind)
    spec_fixed, spec_prompt, fixed, prompt = (found[n] for n in costs)
    assert found[names[0]] == pytest.approx(1.875 * fixed - spec_fixed)
    assert found[names[1]] == pytest.approx(spec_prompt - 1.875 * prompt)
    assert found[names[2]] == pytest.approx(found[names[0]] / found[names[1]])


@given(st.floats(0, 1), st.integers(1, 12), st.integers(0, 10**6))
def test_speculation_pays_exactly_below_its_break_even(rate, burst, prompt):
    told = SOC | {"acceptance.rate": rate, "burst": burst, "prompt": np.array([float(prompt)])}
    found = {name: float(np.squeeze(v)) for name, v in run(AFFINE, told).items()}
    for quantity in ("energy", "latency"):
        crossing, plain, spec = found[f"{quantity}_break_even"], found[f"plain_{quantity}"], found[quantity]
        if abs(crossing - prompt) > 1e-6 * max(1, prompt):
            assert (spec < plain) == (prompt < crossing)


@given(st.floats(0, 1), st.integers(0, 12))
def test_energy_and_time_are_affine_in_the_prompt(rate, burst):
    told = SOC | {"acceptance.rate": rate, "burst": burst, "prompt": np.array([0.0, 70.0, 1000.0])}
    found = run(AFFINE, told)
    for name in ("energy", "latency", "plain_energy", "plain_latency"):
        none, some, many = np.asarray(found[name], float)
        assert some == pytest.approx(none + 0.07 * (many - none))


@pytest.mark.parametrize("kind", KINDS)
def test_a_burst_of_nothing_is_plain_decoding(kind):
    found = soc(
        ["energy", "plain_energy", "latency", "plain_latency", "energy_break_even", "latency_break_even"], kind, burst=0
    )
    assert found["energy"] == found["plain_energy"]
    assert found["latency"] == found["plain_latency"]
    assert found["energy_break_even"] == found["latency_break_even"] == 0


@given(st.integers(1, 16), st.integers(0, 2000))
def test_the_verifier_alone_decides_nothing_about_plain_decoding(burst, prompt):
    plain = {soc(["plain_latency"], kind, burst=burst, prompt=prompt)["plain_latency"] for kind in KINDS}
    assert len(plain) == 1


def test_no_draft_saves_energy_where_nothing_leaks():
    # what the draft left out is read again with the drivers at work, so a drafted token costs more than a full read
    gains = [
        soc(["energy_gain"], chip__leakage=0, chip__standby=0, prompt=0, acceptance__rate=1, burst=k)["energy_gain"]
        for k in range(1, 6)
    ]
    assert max(gains) < 1


class TestShipped:
    def test_a_network_is_the_one_of_its_workload(self):
        shapes = ["weights", "layer_weights", "cache_values", "qkv_outputs", "head_weights"]
        soc = symppa.evaluate("analog_soc", outputs=[f"net.{n}" for n in shapes])
        net = symppa.evaluate("qwen3_0p6b", outputs=shapes)
        assert [soc[f"net.{n}"] for n in shapes] == [net[n] for n in shapes]

    def test_area_is_that_of_all_crossbars_and_of_their_converters(self):
        found = symppa.evaluate("analog_soc_simulated", outputs=["chip.tiles", "chip.layout.sites", "chip.array_area"])
        assert found["chip.tiles"] == found["chip.layout.sites"] == 28 * (32 * 8 + 8 * 16 + 3 * 24 * 8) + 1187 * 8
        assert found["chip.array_area"] == pytest.approx(found["chip.tiles"] * 4 * 0.03876455, rel=1e-6)

    @pytest.mark.parametrize("name", ["analog_soc", "analog_soc_simulated"])
    def test_speculation_saves_time_for_short_prompts_alone(self, name):
        found = symppa.evaluate(name)
        at = found["latency_break_even"]
        assert 0 < at < 512
        below, above = (symppa.evaluate(name, {"prompt": int(at) + k})["speed_up"] for k in (0, 1))
        assert below > 1 > above
        assert found["energy_break_even"] < 0


# What docs/selfspec-models.md says of the effect of each correction, at 128 tokens
EFFECTS = [
    ({}, {}, "plain_energy", 1.433e9),
    ({}, {}, "plain_latency", 100205),
    ({}, {}, "area", 45254),
    ({}, {"chip.layout": "OneByOne"}, "plain_latency", 22.25e6),
    ({}, {"chip.layout": "OneByOne"}, "area", 5910),
    ({"chip.crossbar.size": 64}, {}, "plain_energy", 2.212e9),
    ({"chip.crossbar.size": 1024}, {}, "plain_energy", 0.7523e9),
    ({"chip.crossbar.size": 1024}, {}, "lost_bits", 2),
    ({"chip.crossbar.cell.energy": f"{0.0025 / 128**2} pJ"}, {}, "plain_energy", 1.362e9),
    ({"chip.standby": "0 W"}, {}, "plain_energy", 1.156e9),
    ({"net.head_width": 64, "net.groups": 16}, {}, "plain_energy", 1.308e9),
    ({"net.vocabulary": 0}, {}, "plain_energy", 1.208e9),
    ({"net.vocabulary": 0}, {}, "area", 33479),
]


@pytest.mark.parametrize(("values", "parts", "output", "number"), EFFECTS)
def test_the_effect_of_a_correction_is_what_its_page_says(values, parts, output, number):
    found = symppa.evaluate("analog_soc", {"prompt": 128} | values, parts=parts, outputs=[output])
    assert found[output] == pytest.approx(number, rel=5e-4)


def test_one_crossbar_after_another_takes_longer_on_less_area():
    found = {
        n: symppa.evaluate("analog_soc", parts={"chip.layout": n}, outputs=["plain_latency", "area"])
        for n in ("SideBySide", "OneByOne")
    }
    assert found["OneByOne"]["plain_latency"] > 50 * found["SideBySide"]["plain_latency"]
    assert found["OneByOne"]["area"] < found["SideBySide"]["area"]


def test_an_acceptance_above_one_is_refused():
    with pytest.raises(DomainError, match=r"acceptance\.rate"):
        soc(["energy"], acceptance__rate=1.5)


def test_a_verification_of_no_kind_leaves_its_passes_open():
    for name in SHAPES:
        with pytest.raises(WiringError, match="subclass"):
            Verification().expression(name)
    assert {"chip", "verification"} <= set(Decoding._parts)
