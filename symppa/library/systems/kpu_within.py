"""The least that tiles of any size within bounds take: what a search over every integer closes whole ranges by.

Along each side an inner tile measures from `inner` to `most`; either is one whole tile, or none is. Room, traffic and
the ways of the first and the last tile are those of the smallest sizes and the fewest tiles. The arrays and the lanes
take no less than that, no less than every tile for itself, and no less than the whole work without any idle cell.
"""

from symppa.language import ceil_div, formula, given, integers, largest, one
from symppa.library.systems.kpu_product import TiledProduct
from symppa.library.systems.kpu_stream import TiledStream
from symppa.library.systems.kpu_tiles import Cut, Window

CYCLE = one("cycle")


class CutWithin(Cut):
    """One side cut into tiles whose length is known within bounds."""

    most = given("1", "greatest length of an inner tile", domain=integers(1, 2**40), default=2**40)

    trips = formula("1", ceil_div(Cut.whole, most), "fewest inner tiles along the side", derived=True)
    last = formula(
        "1", largest(1, Cut.whole - (ceil_div(Cut.whole, Cut.inner) - 1) * most), "least length of the last inner tile",
        derived=True,
    )  # fmt: skip


class WindowWithin(CutWithin, Window):
    """The same of a side with windows; padding is left out as far as it ever is."""

    brought = formula(
        "1",
        Cut.whole * Window.step + CutWithin.trips * Window.halo - Window.before - Window.after,
        "least that all inner tiles bring", derived=True,
    )  # fmt: skip
    outer_brought = formula(
        "1",
        Cut.whole * Window.step + Cut.outer_trips * Window.halo - Window.before - Window.after,
        "least that all outer tiles bring", derived=True,
    )  # fmt: skip


class ProductWithin(TiledProduct):
    """A product in tiles of any size within bounds."""

    all_places = formula(
        "1",
        TiledProduct.images.whole * TiledProduct.lines.whole * TiledProduct.columns.whole,
        "places of the operator",
        derived=True,
    )
    row_folds = formula(
        "1", largest(TiledProduct.place_trips, all_places / TiledProduct.kept_sums.fold.rows),
        "least times that places fill the rows of an array", derived=True,
    )  # fmt: skip
    column_folds = formula(
        "1", largest(TiledProduct.place_trips, all_places / TiledProduct.kept_sums.fold.columns),
        "least times that places fill the columns of an array", derived=True,
    )  # fmt: skip
    wide_folds = formula(
        "1",
        largest(TiledProduct.outputs.trips, ceil_div(TiledProduct.outputs.whole, TiledProduct.kept_sums.fold.columns)),
        "least times that outputs fill the columns of an array", derived=True,
    )  # fmt: skip
    deep_folds = formula(
        "1",
        largest(
            TiledProduct.channels.trips,
            ceil_div(TiledProduct.channels.whole * TiledProduct.taps, TiledProduct.kept_sums.fold.rows),
        ),
        "least times that the depth fills the rows of an array", derived=True,
    )  # fmt: skip
    start = formula(
        "1", 2 * TiledProduct.kept_sums.fold.rows + TiledProduct.kept_sums.fold.columns - 2,
        "cycles of a fold beside those that operands enter in", derived=True,
    )  # fmt: skip
    sums_cycles = formula(
        "cycle",
        largest(
            TiledProduct.sums_cycles,
            largest(
                TiledProduct.groups.trips * TiledProduct.place_trips * TiledProduct.outputs.trips,
                TiledProduct.groups.whole * row_folds * wide_folds / TiledProduct.arrays,
            )
            * (
                TiledProduct.channels.trips * start
                + TiledProduct.channels.whole * TiledProduct.taps / TiledProduct.kept_sums.fold.rate
            )
            * CYCLE,
        ),
        derived=True,
    )  # fmt: skip
    right_cycles = formula(
        "cycle",
        largest(
            TiledProduct.right_cycles,
            largest(
                TiledProduct.groups.trips * TiledProduct.channels.trips * TiledProduct.outputs.trips,
                TiledProduct.groups.whole * deep_folds * wide_folds / TiledProduct.arrays,
            )
            * (TiledProduct.place_trips * start + all_places / TiledProduct.kept_sums.fold.rate)
            * CYCLE,
        ),
        derived=True,
    )  # fmt: skip
    left_cycles = formula(
        "cycle",
        largest(
            TiledProduct.left_cycles,
            largest(
                TiledProduct.groups.trips * TiledProduct.channels.trips * TiledProduct.place_trips,
                TiledProduct.groups.whole * deep_folds * column_folds / TiledProduct.arrays,
            )
            * (TiledProduct.outputs.trips * start + TiledProduct.outputs.whole / TiledProduct.kept_sums.fold.rate)
            * CYCLE,
        ),
        derived=True,
    )  # fmt: skip


class StreamWithin(TiledStream):
    """A stream in tiles of any size within bounds."""

    compute_cycles = formula(
        "cycle", largest(TiledStream.compute_cycles, TiledStream.ideal_cycles), derived=True
    )  # fmt: skip


def product_within() -> ProductWithin:
    """The product with all of its sides within bounds."""
    return ProductWithin(
        groups=CutWithin(), images=CutWithin(), lines=WindowWithin(), columns=WindowWithin(), outputs=CutWithin(),
        channels=CutWithin(),
    )  # fmt: skip


def stream_within() -> StreamWithin:
    """The stream with all of its sides within bounds."""
    return StreamWithin(units=CutWithin(), lines=WindowWithin(), columns=WindowWithin())
