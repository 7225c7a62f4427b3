from __future__ import annotations

from datetime import date, timedelta

import pytest

from symppa.calibration.coverage import inventory as inventories
from symppa.calibration.coverage.inventory import STALE, Held, by_priority, inventory
from symppa.calibration.profiles.known import shipped_of
from symppa.calibration.profiles.profile import load
from symppa.errors import MeasurementError
from symppa.workloads.on_device import devices
from tests.calibration.coverage.covering import rows_of

FINE = Held("d", "Gpu", ("d/p",), 1, ("gemm",), ("fp16",), "2026-01-02", 3, (), "")
DAY = date.fromisoformat(load(shipped_of("a100_sxm_80gb")[0]).date)


@pytest.fixture(scope="module")
def held():
    return {one.device: one for one in inventory(today=DAY)}


def test_every_device_of_the_registry_is_told(held):
    assert list(held) == devices()
    assert held["a100_sxm_80gb"].calibrated
    assert not held["google_tpu_v1"].calibrated
    assert held["google_tpu_v1"].age is None


def test_a_calibration_is_stale_after_thirty_days():
    newest = max(load(one).date for one in shipped_of("a100_sxm_80gb"))
    made = date.fromisoformat(newest)
    (fresh,), (old,) = (
        inventory(today=made + timedelta(days=days), names=["a100_sxm_80gb"]) for days in (STALE, STALE + 1)
    )
    assert (fresh.age, fresh.stale, old.stale) == (STALE, False, True)


def test_an_uncalibrated_device_is_told_who_may_lend(held):
    donors = {one.device: one.donor for one in held.values() if one.donor}
    assert donors
    for device, donor in donors.items():
        assert not held[device].calibrated
        assert held[donor].calibrated
        assert held[device].system == held[donor].system


def test_measurements_above_the_peak_are_suspicious():
    shape = {"m": 8192, "n": 8192, "k": 8192}
    fast = rows_of("gemm", [shape], seconds=2 * 8192**3 / 400e12)  # 400 of 312 TFLOPS
    slow = rows_of("gemm", [shape], seconds=2 * 8192**3 / 200e12)
    told = [inventory(rows, DAY, ["a100_sxm_80gb"])[0].suspicious for rows in (fast, slow)]
    assert len(told[0]) == 1
    assert "1 rows" in told[0][0]
    assert "above the peak" in told[0][0]
    assert told[1] == ()


@pytest.mark.parametrize(
    ("change", "rank", "word"),
    [
        ({"suspicious": ("x",)}, 0, "lint"),
        ({"fits": 0, "age": None}, 1, "--suite quick --device d"),
        ({"fits": 0, "age": None, "donor": "l40s"}, 2, "--borrow l40s"),
        ({"age": 31}, 3, "again"),
        ({}, 4, ""),
    ],
)
def test_what_is_wrong_comes_before_what_is_absent_before_what_is_old(change, rank, word):
    one = Held(**(vars(FINE) | change))
    assert one.rank == rank
    assert word in one.next
    assert bool(one.next) == (rank < 4)


def test_the_priority_list_leaves_out_what_is_fine():
    old, older = (Held(**(vars(FINE) | {"device": name, "age": age})) for name, age in (("a", 40), ("b", 90)))
    wrong = Held(**(vars(FINE) | {"device": "z", "suspicious": ("x",)}))
    assert [one.device for one in by_priority([FINE, old, older, wrong])] == ["z", "b", "a"]


def test_an_unknown_device_is_refused():
    with pytest.raises(MeasurementError, match="no device 'zx81'"):
        inventories.inventory(names=["zx81"])
