"""Roofline: worked by hand, and its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import WrongUnitError
from symppa.library.laws.roofline import Roofline

ROOF = compile(Roofline(), ["ridge_point", "attained", "share"], axes=["intensity"])
POSITIVE = st.floats(1e-3, 1e6)


def at(peak, bandwidth, intensity):
    found = run(ROOF, {"peak": peak, "bandwidth": bandwidth, "intensity": np.atleast_1d(intensity)})
    return {name: np.asarray(found[name]) for name in ("ridge_point", "attained", "share")}


def test_a_workload_is_held_by_memory_below_the_ridge_and_by_arithmetic_above():
    found = at("65.536 TFLOPS", "1.024 TB/s", [0.5, 64, 100])
    assert found["ridge_point"] == pytest.approx(65.536 / 1.024)  # 64 FLOP/byte
    assert found["attained"] == pytest.approx([0.512, 65.536, 65.536])
    assert found["share"] == pytest.approx([100 * 0.512 / 65.536, 100, 100])


@given(POSITIVE, POSITIVE, POSITIVE)
def test_no_rate_exceeds_either_limit(peak, bandwidth, intensity):
    found = at(peak, bandwidth, intensity)["attained"]
    assert np.all(found <= peak * (1 + 1e-12))
    assert np.all(found <= bandwidth * intensity * (1 + 1e-12))


@given(POSITIVE, POSITIVE, POSITIVE, st.floats(0.01, 100))
def test_twice_the_machine_gives_twice_the_rate(peak, bandwidth, intensity, k):
    once, more = at(peak, bandwidth, intensity), at(k * peak, k * bandwidth, intensity)
    assert more["attained"] == pytest.approx(k * once["attained"])
    assert more["ridge_point"] == pytest.approx(once["ridge_point"])


def test_more_intensity_never_slows_a_workload():
    assert np.all(np.diff(at(312, 2.039, np.geomspace(0.01, 1000, 200))["attained"]) >= 0)


def test_a_bandwidth_in_bits_is_read_as_bits():
    assert at(1, "8 Tbit/s", 1)["attained"] == pytest.approx(1.0)


def test_a_clock_is_no_bandwidth():
    with pytest.raises(WrongUnitError, match="bandwidth = 614 GHz does not measure TB/s"):
        at(1, "614 GHz", 1)
