"""Area of an analog chip, by hand."""

from __future__ import annotations

import pytest

from symppa.library.systems.analog_area import ChipArea
from symppa.library.systems.speculative import SpeculativeDecoder
from tests.library.analog import decoded

TOLD = {
    "digital__engine_area": "3 mm2",
    "digital__engine_bits": 12,
    "digital__overhead_area": "0.5 mm2",
    "memory__sram__area": "8 mm2",
    "memory__sram__capacity": "64 byte",
    "memory__fabric__area": "1.5 mm2",
    "memory__hbm__area": "100 mm2",
}
OTHERS = ("attention_cim_mac", "attention_cim_sram", "sram", "fabric", "digital_overhead")


def test_a_chip_by_hand():
    names = ["engines", "engine_storage", "on_chip", "off_chip", *(f"others.{name}.area" for name in OTHERS)]
    found = decoded(SpeculativeDecoder, ["core.area", *(f"chip.{name}" for name in names)], **TOLD)
    assert found["chip.engines"] == 2 * 2
    assert found["chip.engine_storage"] == 16 * 2  # 4 x 4 elements of 12 bits take 2 bytes each
    others = [4 * 3, 4 * 32 * 8 / 64, 8, 1.5, 2 * 0.5]
    assert [found[f"chip.others.{name}.area"] for name in OTHERS] == pytest.approx(others)
    assert found["chip.on_chip"] == pytest.approx(found["core.area"] + sum(others))
    assert found["chip.off_chip"] == 100
    assert {"core", "digital", "memory"} <= set(ChipArea._parts)


def test_memory_stacks_stand_beside_the_chip():
    small = decoded(SpeculativeDecoder, ["area", "off_chip_area"], **TOLD)
    large = decoded(SpeculativeDecoder, ["area", "off_chip_area"], **TOLD | {"memory__hbm__area": "200 mm2"})
    assert large["area"] == small["area"]
    assert large["off_chip_area"] == 200
