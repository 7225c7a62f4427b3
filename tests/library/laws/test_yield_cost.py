"""Wafers, yield, dies and packages."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import DomainError, MissingValueError, UndefinedResultError
from symppa.library.laws.yield_cost import Die, InterposerWafer, Package, Wafer
from symppa.studies.evaluate import evaluate

WAFER = {
    "wafer.price": "9346 USD",
    "wafer.diameter": "300 mm",
    "wafer.edge": "5 mm",
    "wafer.scribe": "0.2 mm",
    "wafer.defect_density": "0.09 1/cm2",
    "wafer.clustering": 10,
}
DIE = compile(Die(), ["site", "usable", "fitting", "per_wafer", "fault_free", "raw_cost", "cost"], axes=["area"])
PARTS = ["interposer_area", "silicon_cost", "memory_cost", "substrate_cost", "bonded", "cost"]
PACKAGE = compile(Package(), [*PARTS, "die.cost", "interposer.cost"], axes=["dies"])
BOX = WAFER | {
    "die_area": "100 mm2",
    "stacks": 4,
    "stack_cost": "100 USD",
    "stack_area": "110 mm2",
    "bond_yield": "99 percent",
}


def die(area, **changes):
    told = WAFER | {"area": np.atleast_1d(area)} | {f"wafer.{k}": v for k, v in changes.items()}
    return {name: np.asarray(value) for name, value in run(DIE, told).items()}


def package(dies, **changes):
    found = run(PACKAGE, BOX | {"dies": np.atleast_1d(dies)} | changes)
    return {name: np.asarray(value) for name, value in found.items()}


def test_a_die_of_a_square_centimetre_by_hand():
    found = die(100.0)
    site = 10.2**2  # 104.04 mm2
    count = math.pi * 145**2 / site - math.pi * 290 / math.sqrt(2 * site)  # 634.9 - 63.2
    good = (1 + 0.09 / 10) ** -10  # 91.4 %
    assert found["site"] == pytest.approx(site)
    assert found["usable"] == pytest.approx(290)
    assert found["fitting"] == pytest.approx(count)
    count = math.floor(count)
    assert found["per_wafer"] == count == 571
    assert found["fault_free"] == pytest.approx(100 * good)
    assert found["raw_cost"] == pytest.approx(9346 / count)
    assert found["cost"] == pytest.approx(9346 / count / good)


def test_without_rim_and_saw_the_textbook_count_comes_back():
    # Hennessy and Patterson: a 300 mm wafer holds 270 dies of 1.5 cm x 1.5 cm, and 640 of 1 cm x 1 cm
    found = die([225.0, 100.0], edge="0 mm", scribe="0 mm")
    assert found["fitting"] == pytest.approx([270, 640], abs=0.5)
    assert found["per_wafer"] == pytest.approx([269, 640])  # 269.7 is rounded there


@given(st.floats(1, 800), st.floats(0.01, 1))
def test_even_defects_yield_least_and_clusters_more(area, density):
    even = die(area, defect_density=density, clustering=1e6)["fault_free"]
    some = die(area, defect_density=density, clustering=3)["fault_free"]
    assert even == pytest.approx(100 * math.exp(-area * density / 100), rel=1e-4)
    assert np.all(some >= even * (1 - 1e-9))


def test_larger_dies_are_fewer_worse_and_dearer():
    found = die(np.linspace(10, 850, 100))
    assert np.all(np.diff(found["per_wafer"]) <= 0)
    assert np.all(found["per_wafer"] % 1 == 0)
    assert np.all(np.diff(found["fault_free"]) < 0)
    assert np.all(np.diff(found["cost"]) > 0)


@given(st.floats(1, 1e7), st.floats(0, 200))
def test_no_die_is_cheaper_than_nothing(area, edge):
    found = die(area, edge=f"{edge} mm")
    assert found["per_wafer"] >= 0
    assert found["per_wafer"] % 1 == 0
    assert found["cost"] > 0
    assert np.isinf(found["raw_cost"]) == (found["per_wafer"] == 0)


def test_a_die_no_wafer_holds_has_no_cost():
    with pytest.raises(UndefinedResultError, match=r"cost is infinite.*none fits on a wafer"):
        evaluate(Die(), WAFER | {"area": "9000 mm2"}, outputs=["cost"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("clustering", 0), ("defect_density", "-1 1/cm2"), ("price", "-1 USD"), ("edge", "-1 mm"), ("scribe", "-1 mm")],
)
def test_a_wafer_outside_physics_is_refused(name, value):
    with pytest.raises(DomainError, match=name):
        evaluate(Die(), WAFER | {"area": "100 mm2", f"wafer.{name}": value})


def test_testing_bad_dies_costs_too():
    told = WAFER | {"area": np.array([100.0]), "test_cost": "5 USD"}
    extra = np.asarray(run(DIE, told)["cost"]) - die(100.0)["cost"]
    assert extra == pytest.approx(5 / (1 + 0.009) ** -10)


def test_a_package_adds_up():
    found = package(2)
    area = 1.1 * (2 * 100 + 4 * 110)
    bonded = 0.99**6
    assert found["interposer_area"] == pytest.approx(area)
    assert found["silicon_cost"] == pytest.approx(2 * found["die.cost"])
    assert found["memory_cost"] == pytest.approx(400)
    assert found["substrate_cost"] == pytest.approx(0.005 * 4 * area)
    assert found["bonded"] == pytest.approx(100 * bonded)
    joined = (found["silicon_cost"] + 400 + found["interposer.cost"]) / bonded
    assert found["cost"] == pytest.approx((joined + found["substrate_cost"]) / 0.99)


def test_sure_bonds_waste_nothing():
    found = package(2, bond_yield="100 percent", mount_yield="100 percent")
    parts = ("silicon_cost", "memory_cost", "interposer.cost", "substrate_cost")
    assert found["cost"] == pytest.approx(sum(found[name] for name in parts))


def test_large_silicon_is_cheaper_in_pieces_and_small_silicon_is_not():
    def saving(total):
        whole, split = (package(n, die_area=f"{total / n} mm2")["cost"] for n in (1, 4))
        return float(1 - split[0] / whole[0])

    assert saving(800) > 0.05
    assert saving(80) < 0


def test_an_interposer_comes_from_a_wafer_of_its_own():
    assert InterposerWafer._declared["price"].default == "1937 USD"
    assert package(1, **{"interposer_wafer.price": "3000 USD"})["cost"] > package(1)["cost"]


def test_a_wafer_has_no_price_of_its_own():
    assert Wafer._declared["price"].default is None
    with pytest.raises(MissingValueError, match=r"wafer\.price \[USD\]"):
        run(DIE, {k: v for k, v in WAFER.items() if k != "wafer.price"} | {"area": np.array([100.0])})


def test_more_than_every_bond_cannot_hold():
    with pytest.raises(DomainError, match="bond_yield = 101"):
        package(1, bond_yield="101 percent")
