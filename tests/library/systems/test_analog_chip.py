"""An analog chip by hand: one step of each kind, and the area."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symppa
from symppa.errors import MissingValueError
from symppa.library.systems.analog_chip import AnalogChip, VectorUnit
from tests.library.analog import ADC, DAC, answer

# Two layers of width 4, two heads of width 2 that share keys and values, a vocabulary of 8, crossbars of 4 x 4
NET = {
    "kinds": ["layer"],
    "layers": {"layer": 2},
    "width": 4,
    "heads": 2,
    "head_width": 2,
    "groups": 1,
    "hidden": 8,
    "feed_forward": "swiglu",
    "vocabulary": 8,
    "activation_bits": 2,
}
CROSSBAR = {
    "size": 4,
    "columns": 2,
    "dac_bits": 1,
    "draft_bits": 4,
    "residual_bits": 6,
    "adc.rows": ADC,
    "dac.rows": DAC,
    "cell.energy": "0.0625 pJ",
    "cell.latency": "10 ns",
    "cell.area": "0.03125 mm2",
}
PORT = {"energy": "1 pJ/byte", "bandwidth": "1 GB/s", "latency": "100 ns"}
PORTS = {
    f"memory.{s}.{way}.{n}": v for s in ("sram", "hbm", "fabric") for way in ("read", "write") for n, v in PORT.items()
}
TOLD = (
    {f"net.{n}": v for n, v in NET.items()}
    | {f"crossbar.{n}": v for n, v in CROSSBAR.items()}
    | PORTS
    | {"draft_activation_bits": 1, "crossbar.adc.rows": ADC}
    | {"units.lanes": 2, "units.mac.energy": "2 pJ", "units.mac.latency": "1 ns", "units.mac.area": "0.5 mm2"}
    | {"units.exponential.energy": "3 pJ", "units.exponential.latency": "2 ns"}
    | {"units.element.energy": "0.5 pJ", "units.element.latency": "0.25 ns", "units.overhead_area": "1 mm2"}
    | {"control.token.energy": "1 pJ", "control.token.latency": "3 ns", "control.setup.latency": "7 ns"}
    | {"control.burst.energy": "5 pJ", "memory.sram.area": "8 mm2", "memory.fabric.area": "2 mm2"}
    | {"leakage": "0.001 W/mm2", "standby": "0.25 W"}
)
FEW, REST, FULL = 1 + 4 * 2.5, 3 + 4 * 4.5, 4 + 4 * 6.5  # a read: cells, then four lines with their conversions
T_FEW, T_FULL = 11 + 2 * 3, 11 + 2 * 5


def chip(*outputs, **changes):
    told = TOLD | {name.replace("__", "."): value for name, value in changes.items()}
    return answer(AnalogChip, told, outputs)


def test_shapes_by_hand():
    names = ["slices", "draft_slices", "layer_tiles", "tiles", "full_tiles", "rounds"]
    found = chip(*names, "layer_elements", "head_elements", "layer_macs", "embedding")
    # qkv has 4 + 2 + 2 outputs: 2 crossbars; wo 1; up and its gate 4; down 2; the head 2
    assert [found[n] for n in names] == [2, 1, 9, 2 * 9 + 2, 0, 2 * 4 + 1]
    # two norms and two residual sums of 4, a gate and an activation of 8, 4 + 2 rotated
    assert found["layer_elements"] == 16 + 16 + 6
    assert found["head_elements"] == 4 + 8
    assert found["layer_macs"] == 8
    assert found["embedding"] == 4


def test_the_energy_of_a_step_by_hand():
    names = ["draft_energy", "left_energy", "verify_energy", "full_energy", "other_energy"]
    found = chip(*names)
    other = 2 * (38 * 0.5 + 1) + 12 * 0.5 + 2 * 8 * 2 + 4 * 2
    assert found["other_energy"] == pytest.approx(other)
    assert found["draft_energy"] == pytest.approx(20 * FEW + other)
    assert found["left_energy"] == pytest.approx(20 * (2 * REST + FEW))
    assert found["verify_energy"] == pytest.approx(20 * (2 * REST + FEW) + other)
    assert found["full_energy"] == pytest.approx(2 * 20 * FULL + other)
    assert chip("verify_energy", reuse=0)["verify_energy"] == pytest.approx(found["full_energy"])


def test_the_energy_of_a_token_attended_to_by_hand():
    found = chip("attention_energy", "fetch_energy", "drafted_energy", "commit_energy", "burst_energy")
    # a layer keeps 4 values of a byte and 2 scales of 2 bytes; both memory and fabric take a picojoule a byte
    assert found["attention_energy"] == pytest.approx(2 * (8 * 2 + 2 * 3))
    assert found["fetch_energy"] == found["commit_energy"] == pytest.approx(2 * 8 * 2)
    assert found["drafted_energy"] == pytest.approx(44 + 32)
    assert found["burst_energy"] == 2 * 5


def test_times_by_hand():
    names = ["layer_latency", "head_latency", "step_latency", "draft_latency", "burst_latency"]
    found = chip(*names, "attention_latency", "far_latency", "near_latency", "access_latency")
    layer, head = 2 * 4 * T_FULL + 38 * 0.25 / 2 + 3, 2 * T_FULL + 12 * 0.25 / 2
    assert found["layer_latency"] == pytest.approx(layer)
    assert found["head_latency"] == pytest.approx(head)
    assert found["step_latency"] == pytest.approx(2 * layer + head)
    assert found["draft_latency"] == pytest.approx(2 * layer + head - 9 * 2 * T_FULL + 9 * T_FEW)
    assert found["burst_latency"] == 2 * 7
    assert found["attention_latency"] == pytest.approx((8 * 1 + 2 * 2) / 2)
    assert found["far_latency"] == found["near_latency"] == 8
    assert found["access_latency"] == 200


def test_areas_by_hand():
    found = chip("array_area", "site_area", "digital_area", "area", "static_power", "units.area")
    assert found["array_area"] == pytest.approx(20 * 4 * 16 * 0.03125)
    assert found["site_area"] == pytest.approx(20 * (4 * 0.1 + 2 * (1 + 2)))
    assert (
        found["units.area"]
        == answer(VectorUnit, {"overhead_area": 1, "lanes": 2, "mac.area": 0.5}, ["area"])["area"]
        == 2
    )
    assert found["digital_area"] == 3 * 2
    assert found["area"] == pytest.approx(found["array_area"] + found["site_area"] + 6 + 8 + 2)
    assert found["static_power"] == pytest.approx(0.25 + 0.001 * found["area"])


def test_layers_that_draft_in_full_leave_nothing_but_slices():
    told = {"net__qkv_precision": {"layer": "full"}, "net__wo_precision": {"layer": "full"}}
    told |= {"net__ffn_precision": {"layer": "full"}}
    found = chip("full_tiles", "left_energy", "draft_latency", "step_latency", draft_activation_bits=2, **told)
    assert found["full_tiles"] == 18
    assert found["left_energy"] == pytest.approx(2 * 2 * REST)  # the head alone was drafted with few bits
    assert found["draft_latency"] == pytest.approx(found["step_latency"] - 2 * (T_FULL - T_FEW))


@given(st.integers(1, 8), st.integers(1, 8))
def test_drafting_and_verifying_never_read_less_than_reading_in_full(slices, draft):
    told = {"net__activation_bits": slices, "draft_activation_bits": min(slices, draft)}
    found = chip("draft_energy", "verify_energy", "full_energy", "other_energy", **told)
    assert found["draft_energy"] + found["verify_energy"] >= found["full_energy"] + found["other_energy"]


def test_a_memory_that_says_nothing_is_refused():
    told = {name: value for name, value in TOLD.items() if name != "memory.hbm.read.energy"}
    with pytest.raises(MissingValueError, match=r"memory\.hbm\.read\.energy"):
        answer(AnalogChip, told, ["fetch_energy"])


@pytest.mark.parametrize("bits", [1, 4, 12, 24, 64])
def test_what_is_left_to_read_is_never_negative(bits):
    found = symppa.evaluate(
        "analog_soc", {"chip.draft_activation_bits": bits}, outputs=["chip.left_energy", "chip.verify_energy"]
    )
    assert found["chip.left_energy"] >= 0
    assert found["chip.verify_energy"] > 0


def test_a_converter_scans_no_more_columns_than_there_are():
    all_of_them = symppa.evaluate("analog_soc", {"chip.crossbar.columns": 128})
    assert symppa.evaluate("analog_soc", {"chip.crossbar.columns": 4096})["latency"] == all_of_them["latency"]


def test_what_the_draft_has_read_in_full_takes_no_time_again():
    drafted = {f"net.{block}_precision": "full" for block in ("qkv", "wo", "ffn")}
    told = {**drafted, "chip.draft_activation_bits": 12, "net.vocabulary": 0}
    names = ["chip.left_energy", "chip.verify_latency", "chip.step_latency", "chip.draft_latency"]
    found = symppa.evaluate("analog_soc", told, outputs=names)
    assert found["chip.left_energy"] == 0
    reads = found["chip.draft_latency"]  # a draft that reads everything is a full step
    assert found["chip.step_latency"] == pytest.approx(reads)
    assert found["chip.verify_latency"] < 0.5 * found["chip.step_latency"]
    again = symppa.evaluate("analog_soc", told | {"chip.reuse": 0}, outputs=names)
    assert again["chip.verify_latency"] == again["chip.step_latency"]
