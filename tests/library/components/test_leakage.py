"""Leakage as a plain sum."""

from __future__ import annotations

from symppa.library.components.leakage import Leakage
from tests.library.analog import answer

KINDS = [name for name, declared in Leakage._declared.items() if declared.role == "given"]


def test_every_component_counts_once():
    assert len(KINDS) == 21
    told = {name: f"{2**k} nW" for k, name in enumerate(KINDS)}
    assert answer(Leakage, told, ["power"])["power"] == 2**21 - 1


def test_what_is_not_told_does_not_leak():
    assert answer(Leakage, {"sram": "3 uW"}, ["power"])["power"] == 3000
