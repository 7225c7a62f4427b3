"""The bound of tilings holds for every integer size, and what is called proved is within a hundredth of the best."""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import MemoryExceededError
from symppa.kpu import ComputeConfig, KPUConfig, KPUPrecision, MemoryConfig
from symppa.kpu import ranges as searched
from symppa.kpu.cost import WITHIN, machine, shape_values, together
from symppa.kpu.loops import PRODUCT, STREAM, Loops, Side
from symppa.kpu.passes.tile import GAP, Tiler, ones


def config(rows=4, columns=4, arrays=2, lanes=4, l1=512, l2=2048, dram=2.0, sram=10.0):
    return KPUConfig(
        memory=MemoryConfig(
            sram_l1_bytes=l1, sram_l2_bytes=l2, dram_bandwidth_gbps=dram, sram_bandwidth_gbps=sram
        ),
        compute=ComputeConfig(systolic_rows=rows, systolic_cols=columns, num_arrays=arrays, vector_lanes=lanes),
    )  # fmt: skip


def matrices(m, n, k, **told):
    sides = (Side("M", "lines", m), Side("N", "outputs", n), Side("K", "channels", k))
    return made(PRODUCT, sides, **{"taps": 1, "left_element": 1, "right_element": 1, "out_element": 1, **told})


def made(kind, sides, **told):
    return Loops(kind, tuple(sides), tuple(sorted(told.items())), KPUPrecision.INT8)


def sizes(side):
    """Every inner size, with every outer size of whole inner tiles."""
    return [
        (one, min(side.whole, one * n)) for one in range(1, side.whole + 1) for n in range(1, -(-side.whole // one) + 1)
    ]


def best(told, loop):
    """The least time among all tilings that fit, one by one; infinite where none does."""
    every = [sizes(side) for side in loop.sides]
    chosen = np.array(list(product(*every)), float)
    columns = {
        f"{side.part}.{which}": chosen[:, k, n]
        for k, side in enumerate(loop.sides) for n, which in enumerate(("inner", "wish"))
    }  # fmt: skip
    least = np.inf
    for buffers in (1.0, 2.0):
        base = {**machine(told, loop.kind, loop.precision), **shape_values(loop), **ones(loop), "buffers": buffers}
        cycles, l1, l2 = together(loop.kind, base, columns, ("pace.cycles", "l1_room", "l2_room"))
        fits = (l1 <= told.memory.sram_l1_bytes) & (l2 <= told.memory.sram_l2_bytes)
        least = min(least, float(np.where(fits, cycles, np.inf).min()))
    return least


def check(told, loop):
    """What was found, after the laws of its certificate."""
    least = best(told, loop)
    tiler = Tiler(told, loop, told.memory.sram_l2_bytes)
    if np.isinf(least):
        with pytest.raises(MemoryExceededError):
            tiler.run()
        return None
    certificate = tiler.run().tiling.certificate
    assert certificate["bound"] <= least * (1 + 1e-9)
    assert certificate["value"] >= least * (1 - 1e-9)
    assert certificate["proved"] == (certificate["value"] <= certificate["bound"] * (1 + GAP) * (1 + 1e-12))
    if certificate["proved"]:
        assert certificate["value"] <= least * (1 + GAP) * (1 + 1e-9)
    return certificate


@st.composite
def machines(draw):
    small = st.sampled_from([2, 4, 8])
    l1 = draw(st.sampled_from([64, 128, 256, 1024, 4096]))
    return config(
        draw(small), draw(small), draw(st.integers(1, 3)), draw(st.sampled_from([1, 4])), l1,
        l1 * draw(st.sampled_from([1, 2, 4, 16])), draw(st.sampled_from([0.5, 2, 25.6])),
        draw(st.sampled_from([1, 10, 256])),
    )  # fmt: skip


@st.composite
def windows(draw):
    """Step, halo and paddings, some wider than the window."""
    return (draw(st.integers(1, 2)), draw(st.integers(0, 2)), draw(st.integers(0, 6)), draw(st.integers(0, 6)))


@st.composite
def operators(draw):
    share, few = st.sampled_from([0, 1]), st.integers(1, 9)
    if draw(st.booleans()):
        return matrices(
            draw(st.integers(1, 12)), draw(few), draw(few), out_element=draw(st.sampled_from([1, 4])),
            work=draw(st.sampled_from([0, 4])), per_output=draw(st.sampled_from([0, 8])), left_outside=draw(share),
            out_outside=draw(share),
        )  # fmt: skip
    side = Side("H", "lines", draw(st.integers(8, 12)), draw(windows()))
    if draw(st.booleans()):
        sides = (side, Side("N", "outputs", draw(few)), Side("K", "channels", draw(few)))
        return made(PRODUCT, sides, taps=3, left_element=1, right_element=1, out_element=1, out_outside=draw(share))
    sides = (Side("C", "units", draw(few)), side, Side("W", "columns", draw(few)))
    return made(STREAM, sides, read=1, written=1, per_unit=draw(st.sampled_from([0, 9])),
                work=draw(st.sampled_from([0, 9])), out_outside=draw(share))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(told=machines(), loop=operators())
def test_no_tiling_at_all_is_faster_than_the_bound_and_a_proved_one_is_within_a_hundredth_of_the_best(told, loop):
    check(told, loop)


def test_tiles_smaller_than_the_array_are_found_where_they_are_best():
    found = check(config(8, 4, 1, 4, 64, 256, 0.5, 1.0), matrices(10, 12, 2))
    assert found["proved"]


@settings(max_examples=60, deadline=None)
@given(told=machines(), loop=operators(), data=st.data())
def test_a_range_of_sizes_takes_no_more_than_any_size_in_it(told, loop, data):
    whole = [side.whole for side in loop.sides]
    several = [one > 1 and data.draw(st.booleans()) for one in whole]
    low = [data.draw(st.integers(1, n - 1)) if cut else n for n, cut in zip(whole, several, strict=True)]
    high = [data.draw(st.integers(a, n - 1)) if cut else n for a, n, cut in zip(low, whole, several, strict=True)]
    at = [data.draw(st.integers(a, b)) for a, b in zip(low, high, strict=True)]
    names = [side.part for side in loop.sides]
    base = {**machine(told, loop.kind, loop.precision), **shape_values(loop), "buffers": data.draw(st.integers(1, 2))}
    base |= dict.fromkeys((f"{part}.inner" for part in names), 1.0)
    boxes = {f"{part}.inner": np.array([float(a)]) for part, a in zip(names, low, strict=True)}
    boxes |= {f"{part}.most": np.array([float(b)]) for part, b in zip(names, high, strict=True)}
    tiles = {f"{part}.inner": np.array([float(a)]) for part, a in zip(names, at, strict=True)}
    asked = ("pace.least", "l1_room")
    least = together(WITHIN[loop.kind], {**ones(loop), **base}, boxes, asked)
    found = together(loop.kind, {**ones(loop), **base}, tiles, asked)
    for bound, value in zip(least, found, strict=True):
        assert bound[0] <= value[0] * (1 + 1e-12)


def test_a_proof_that_is_given_up_says_so_and_its_bound_still_holds(monkeypatch):
    told, loop = config(8, 4, 1, 4, 64, 256, 0.5, 1.0), matrices(10, 12, 2)
    monkeypatch.setattr(searched, "RANGES", 1)
    monkeypatch.setattr(searched, "COMPLETED", 0)
    found = check(told, loop)
    assert not found["proved"]
    assert found["status"] == "feasible"


@pytest.mark.parametrize("module", [searched, sys.modules[Tiler.__module__]])
def test_tiles_do_not_depend_on_a_clock(module):
    assert not {"time", "perf_counter", "monotonic"} & set(vars(module))


def test_the_number_of_ranges_that_are_looked_at_has_an_end(monkeypatch):
    told, loop = config(l1=256, l2=512), matrices(400, 170, 90)
    monkeypatch.setattr(searched, "RANGES", 500)
    first, second = (Tiler(told, loop, 512).run().tiling for _ in range(2))
    assert first == second
    assert first.certificate["nodes"] < 20_000
