"""Process nodes: the published example, and the laws of a ratio."""

from __future__ import annotations

from itertools import pairwise

import pytest

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import MissingValueError, SymppaError
from symppa.library.laws.scaling import NodeFactors, NodeScaling
from symppa.studies.evaluate import evaluate

NODES = (180, 130, 90, 65, 45, 32, 20, 16, 14, 10, 7)
RATIOS = ["area", "energy", "delay", "capacitance"]


def moved(before, after, volts_before=0.9, volts_after=0.9):
    told = {"node_before": before, "node_after": after}
    told |= {"voltage_before": f"{volts_before} V", "voltage_after": f"{volts_after} V"}
    return evaluate("cmos_scaling", told, outputs=RATIOS)


def test_the_example_of_the_paper():
    # its corrigendum: 0.4571 / 2.604 of 1 pJ from 65 nm at 1.3 V to 32 nm at 0.9 V
    assert moved(65, 32, 1.3, 0.9)["energy"] == pytest.approx(0.1755, abs=1e-4)


def test_factors_by_hand():
    program = compile(NodeFactors(), ["volts", "area", "energy", "delay"])
    row = {"area": 2, "energy_square": 1, "energy_linear": -1, "energy_constant": 3}
    row |= {"delay_cubic": 1, "delay_square": 2, "delay_linear": 3, "delay_constant": 4}
    found = run(program, {"node": 7, "voltage": "500 mV", "nodes": {7: row}})
    assert [float(found[n]) for n in ("volts", "area", "energy", "delay")] == pytest.approx(
        [0.5, 2, 0.25 - 0.5 + 3, 0.125 + 0.5 + 1.5 + 4]
    )


@pytest.mark.parametrize("node", NODES)
def test_staying_changes_nothing(node):
    same = moved(node, node)
    assert [same[name] for name in RATIOS] == pytest.approx([1, 1, 1, 1])


def test_two_moves_are_one():
    for name in RATIOS:
        assert moved(45, 14)[name] * moved(14, 7)[name] == pytest.approx(moved(45, 7)[name])


def test_smaller_nodes_are_smaller_and_cheaper_to_switch():
    for before, after in pairwise(NODES):
        step = moved(before, after, 1.0, 1.0)
        assert step["area"] < 1
        assert step["energy"] < 1


def test_capacitance_is_energy_over_voltage_squared():
    found = moved(45, 7, 1.0, 0.7)
    assert found["capacitance"] == pytest.approx(found["energy"] / 0.49)


def test_areas_agree_with_the_published_matrix():
    published = {(45, 32): 0.46, (65, 45): 0.66, (32, 7): 0.13, (16, 7): 0.31, (130, 65): 0.23}
    for (before, after), ratio in published.items():
        assert moved(before, after)["area"] == pytest.approx(ratio, rel=0.04)  # two digits are printed


def test_a_node_that_is_not_in_the_table_is_refused():
    with pytest.raises(SymppaError, match=r"no such key|28"):
        moved(28, 7)


def test_a_missing_table_is_named():
    told = {"node_before": 45, "node_after": 7, "voltage_before": "1 V", "voltage_after": "0.7 V"}
    with pytest.raises(MissingValueError, match="the table nodes"):
        run(compile(NodeScaling(), "area"), told)
