"""What a chiplet is made of: areas worked by hand, and their laws."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import MissingValueError, ShapeError
from symppa.library.systems.chiplet_parts import (
    LogicWafer,
    PhysicalChiplet,
    PhysicalMultiprocessor,
    ProcessNode,
)

SM = {
    "tensor_cores": 4,
    "ops_per_cycle": {"FP16": "512 op/cycle", "INT8": "1024 op/cycle"},
    "significand": {"FP16": 11, "INT8": 8},
    "lanes": 64,
    "double_lanes": 32,
    "registers": "256 KiB",
    "local_memory": "192 KiB",
}
CHIPLET = {f"sm.{name}": value for name, value in SM.items()} | {
    "sms": 108,
    "spare_sms": 20,
    "l2": "48 MiB",
    "sites": 6,
    "neighbours": 3,
    "bridge_bandwidth": "512 GB/s",
    "port_count": {"link": 12, "lane": 16},
    "port_phy": {"link": "2 mm2", "lane": "0.5 mm2"},
    "port_control": {"link": 9.63e6, "lane": 0},
    "port_bandwidth": {"link": "50 GB/s", "lane": "4 GB/s"},
    "port_energy": {"link": "10 pJ/bit", "lane": "5 pJ/bit"},
}
AREAS = [f"{part}_area" for part in ("compute", "crossbar", "cache", "memory", "port", "bridge")]
CELL = 0.027e-6 * 8 * 1024  # mm2 of a KiB of cells


def answer(model, told, outputs):
    return {name: float(np.squeeze(v)) for name, v in run(compile(model(), outputs), told).items()}


def chiplet(outputs, **changes):
    return answer(PhysicalChiplet, CHIPLET | changes, outputs)


def test_a_multiprocessor_by_hand():
    names = ["core_transistors", "lane_transistors", "logic_area", "storage_area", "area"]
    found = answer(PhysicalMultiprocessor, SM, names)
    core = 512 * 685300 * (8 / 53) ** 2  # 512 products a cycle of INT8; 256 of FP16 need a little less
    lanes = 64 * (685300 * (24 / 53) ** 2 + 177690) + 32 * 685300
    logic = (4 * core + lanes + 1.05e8) / 96.3e6
    storage = (256 * 24 + 192 * 12) * CELL
    assert found["core_transistors"] == pytest.approx(core)
    assert found["lane_transistors"] == pytest.approx(lanes)
    assert found["logic_area"] == pytest.approx(logic)
    assert found["storage_area"] == pytest.approx(storage)
    assert found["area"] == pytest.approx(logic + storage)


def test_the_widest_use_of_the_multipliers_pays():
    wide = SM | {"ops_per_cycle": {"FP16": "512 op/cycle", "INT8": "512 op/cycle"}}
    core = answer(PhysicalMultiprocessor, wide, ["core_transistors"])["core_transistors"]
    assert core == pytest.approx(256 * 685300 * (11 / 53) ** 2)


def test_a_chiplet_by_hand():
    found = chiplet([*AREAS, "area", "sm.area", "port_power"])
    assert found["compute_area"] == pytest.approx(128 * found["sm.area"])
    assert found["crossbar_area"] == pytest.approx(128 * 44.3 / 96.3)
    assert found["cache_area"] == pytest.approx(48 * 1024 * 11 * CELL)
    assert found["memory_area"] == pytest.approx(6 * (10.45 + 552.743 / 96.3))
    assert found["port_area"] == pytest.approx(12 * (2 + 0.1) + 16 * 0.5)
    assert found["bridge_area"] == pytest.approx(512 / 1350)
    assert found["area"] == pytest.approx(sum(found[name] for name in AREAS))
    # 12 x 50 GB/s at 10 pJ/bit are 48 W, 16 x 4 GB/s at 5 pJ/bit 2.56 W
    assert found["port_power"] == pytest.approx(48 + 2.56)


def test_a_chiplet_alone_has_no_bridge():
    assert chiplet(["bridge_area"], neighbours=0)["bridge_area"] == 0


def test_a_denser_node_shrinks_logic_and_cells_but_not_drivers():
    before, after = chiplet(AREAS), chiplet(AREAS, **{"node.logic_density": "192.6e6 1/mm2"})
    assert after["crossbar_area"] == pytest.approx(before["crossbar_area"] / 2)
    assert after["cache_area"] == pytest.approx(before["cache_area"])
    assert before["memory_area"] - after["memory_area"] == pytest.approx(6 * 552.743 / 96.3 / 2)
    smaller = chiplet(AREAS, **{"node.sram_cell": "0.0135 um2/bit"})
    assert smaller["cache_area"] == pytest.approx(before["cache_area"] / 2)


@pytest.mark.parametrize("name", ["sms", "spare_sms", "sites", "sm.tensor_cores", "sm.lanes", "sm.double_lanes"])
def test_more_of_anything_is_never_smaller(name):
    more = chiplet(["area"], **{name: CHIPLET[name] + 1})
    assert more["area"] > chiplet(["area"])["area"]


def test_spare_multiprocessors_are_as_large_as_used_ones():
    split = chiplet(["area"], sms=100, spare_sms=28)
    assert split["area"] == pytest.approx(chiplet(["area"])["area"])


def test_what_a_node_does_not_say_is_a_node_of_seven_nanometres():
    defaults = {name: d.default for name, d in ProcessNode._declared.items()}
    assert defaults["sram_cell"] == "0.027 um2/bit"
    assert LogicWafer._declared["price"].default == "9346 USD"


def test_every_format_needs_every_number():
    with pytest.raises(ShapeError, match="INT8"):
        answer(PhysicalMultiprocessor, SM | {"significand": {"FP16": 11}}, ["area"])


def test_a_missing_part_is_named():
    with pytest.raises(MissingValueError, match=r"sm\.registers \[KiB\]"):
        answer(PhysicalChiplet, {k: v for k, v in CHIPLET.items() if k != "sm.registers"}, ["area"])
