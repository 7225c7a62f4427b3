"""Digital units and control: uses, and what they cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import WrongUnitError
from symppa.language import Model, formula
from symppa.library.components.control import Control, Device, DigitalUnits, Feature
from tests.library.analog import answer

OUTPUTS = ["ops", "step_energy", "context_energy", "step_latency", "context_latency", "energy", "latency"]
UNIT = {"unit.energy": "2 pJ", "unit.latency": "3 ns"}


def test_a_feature_by_hand():
    # 4 steps of 5 uses, and 6 uses for each of 10 tokens attended to, on two units side by side
    told = UNIT | {"steps": 4, "contexts": 10, "step_work": 5, "context_work": 6, "parallel": 2}
    found = answer(Feature, told, OUTPUTS)
    assert found["ops"] == 4 * 5 + 10 * 6
    assert found["step_energy"] == pytest.approx(10)
    assert found["context_energy"] == pytest.approx(12)
    assert found["step_latency"] == pytest.approx(7.5)
    assert found["context_latency"] == pytest.approx(9)
    assert found["energy"] == pytest.approx(4 * 10 + 10 * 12)
    assert found["latency"] == pytest.approx(4 * 7.5 + 10 * 9)


@given(st.integers(0, 50), st.integers(0, 500), st.integers(0, 9), st.integers(0, 9))
def test_energy_is_uses_times_the_energy_of_a_use(steps, contexts, step_work, context_work):
    told = UNIT | {"steps": steps, "contexts": contexts, "step_work": step_work, "context_work": context_work}
    found = answer(Feature, told, ["ops", "energy"])
    assert found["energy"] == pytest.approx(2 * found["ops"])


def test_more_engines_never_take_longer():
    told = UNIT | {"steps": 1, "contexts": 100, "context_work": 7}
    times = [answer(Feature, told | {"parallel": n}, ["latency"])["latency"] for n in (1, 2, 4, 8)]
    assert times == pytest.approx([2100, 1050, 525, 262.5])


def test_a_device_costs_nothing_until_it_is_told():
    class Unpriced(Model):
        digital = DigitalUnits()
        control = Control()
        device = Device()
        energy = formula("pJ", digital.attention_qk.energy + control.setup.energy + device.energy, "sum", derived=True)

    assert answer(Unpriced, {}, ["energy"])["energy"] == 0


def test_an_energy_in_watts_is_refused():
    with pytest.raises(WrongUnitError, match=r"unit\.energy"):
        answer(Feature, UNIT | {"unit.energy": "2 W", "steps": 1, "contexts": 1}, ["energy"])
