"""Yield and dies on a wafer against published figures."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.library.laws.yield_cost import Die

DIE = compile(Die(), ["fault_free", "fitting"], axes=["area"])
WAFER = {"wafer.price": "16988 USD", "wafer.clustering": 10, "wafer.defect_density": "1.271 1/cm2"}


def test_an_early_5_nm_test_chip():
    # cutress2019: 1.271 defects a square centimetre, 80 % of 17.92 mm2 dies good, 32 % of 100 mm2
    found = np.asarray(run(DIE, WAFER | {"area": np.array([17.92, 100.0])})["fault_free"])
    assert found[0] == pytest.approx(80, abs=0.3)
    assert found[1] == pytest.approx(32, abs=2)  # 30.2: the calculator used there assumes stronger clusters


def test_dies_on_a_wafer():
    # hennessy2019, section 1.6: 270 dies of 1.5 cm a side, 640 of 1 cm, no rim and no saw
    told = WAFER | {"wafer.edge": "0 mm", "wafer.scribe": "0 mm", "area": np.array([225.0, 100.0])}
    assert np.asarray(run(DIE, told)["fitting"]) == pytest.approx([270, 640], abs=0.5)
