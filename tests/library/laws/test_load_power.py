"""Power under a load."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.library.laws.load_power import LoadPower

LAW = compile(LoadPower(), "power")
CHIP = {"idle": "0.5 W", "full": "5 W"}


@pytest.mark.parametrize(("load", "watts"), [(0, 0.5), (1, 5.0), (0.5, 0.5 + 4.5 * 0.5**1.3)])
def test_power_at_a_load_is_as_worked_by_hand(load, watts):
    assert float(run(LAW, CHIP | {"load": load})["power"]) == pytest.approx(watts)


def test_more_load_never_takes_less_power():
    watts = [float(run(LAW, CHIP | {"load": load})["power"]) for load in np.linspace(0, 1, 20)]
    assert np.all(np.diff(watts) > 0)
