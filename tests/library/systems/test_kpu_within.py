"""Ranges of tile sizes: worked by hand; that they hold for every size in them is tested with the tiler."""

from __future__ import annotations

import symppa
from symppa.library.systems.kpu_within import (
    CutWithin,
    ProductWithin,
    StreamWithin,
    WindowWithin,
    product_within,
    stream_within,
)


def answer(model, told, outputs):
    found = symppa.evaluate(model, values=told, outputs=outputs)
    return {name: float(found[name]) for name in outputs}


def test_a_side_in_tiles_of_three_or_four():
    # 10 in fours: 3 tiles; the fourth of threes could be as short as one
    assert answer(CutWithin(), {"whole": 10, "inner": 3, "most": 4}, ["trips", "last"]) == {"trips": 3, "last": 1}
    assert answer(CutWithin(), {"whole": 10, "inner": 4, "most": 4}, ["trips", "last"]) == {"trips": 3, "last": 2}


def test_a_window_leaves_all_its_padding_out():
    told = {"whole": 10, "inner": 2, "most": 4, "wish": 2, "step": 1, "halo": 2, "before": 6, "after": 5}
    found = answer(WindowWithin(), told, ["brought", "outer_brought"])
    assert found == {"brought": 5, "outer_brought": 5}


def test_a_product_takes_no_less_than_full_arrays_do():
    assert isinstance(product_within(), ProductWithin)
    sides = {"lines": (16, 4, 8), "outputs": (12, 3, 6), "channels": (10, 5, 5)}
    told = {f"{side}.whole": 1 for side in ("groups", "images", "columns")}
    for side, (whole, inner, most) in sides.items():
        told |= {f"{side}.whole": whole, f"{side}.inner": inner, f"{side}.most": most}
    told |= {"arrays": 2, "lanes": 4, "kept_sums.fold.rows": 4, "kept_sums.fold.columns": 4, "kept_sums.fold.rate": 1,
             "pace.dram_bandwidth": 1, "pace.l2_bandwidth": 1}  # fmt: skip
    names = ["all_places", "row_folds", "column_folds", "wide_folds", "deep_folds", "start"]
    found = answer(product_within(), told, [*names, "sums_cycles", "right_cycles", "left_cycles"])
    assert [found[name] for name in names] == [16, 4, 4, 3, 3, 10]
    assert found["sums_cycles"] == 4 * 3 / 2 * (2 * 10 + 10)
    assert found["right_cycles"] == 3 * 3 / 2 * (2 * 10 + 16)
    assert found["left_cycles"] == 3 * 4 / 2 * (2 * 10 + 12)


def test_a_stream_takes_no_less_than_full_lanes_do():
    assert isinstance(stream_within(), StreamWithin)
    told = {"units.whole": 1, "lines.whole": 1, "columns.whole": 100, "columns.inner": 3, "columns.most": 20,
            "work": 2, "lanes": 4,
            "pace.dram_bandwidth": 1, "pace.l2_bandwidth": 1}  # fmt: skip
    assert answer(stream_within(), told, ["compute_cycles"]) == {"compute_cycles": 50}
