"""A product of matrices on systolic arrays behind L1 and L2; a convolution is one whose left operand has windows.

Sums stay in L1 until an outer tile is done, and in L2 until all of their depth is: nothing unfinished goes to memory.
L1 is empty when an outer tile begins.
"""

from symppa.language import Model, ceil_div, formula, given, integers, largest, one, reals, smallest, total, where
from symppa.library.laws.systolic import SystolicProduct
from symppa.library.systems.kpu_tiles import Cut, PaceAtBest, Window

MAC = one("mac")
CYCLE = one("cycle")


class Reload(Model):
    """How often operands come where one of two stays: the left while outputs change, or the right while places do.

    Where the depth is cut neither stays.
    """

    left = given("byte", "left operand", domain=reals(0))
    right = given("byte", "right operand", domain=reals(0))
    places = given("1", "tiles along the places", domain=integers(1))
    outputs = given("1", "tiles along the outputs", domain=integers(1))
    kept_places = given("1", "times a right operand that stays comes all the same", domain=integers(1), default=1)
    kept_outputs = given("1", "times a left operand that stays comes all the same", domain=integers(1), default=1)
    is_cut = given("1", "tiles along the depth while an operand could stay", domain=integers(1))

    keeping_left = formula(
        "byte", left * kept_outputs + right * places, "bytes where the left operand stays", source="parashar2019"
    )
    keeping_right = formula(
        "byte", left * outputs + right * kept_places, "bytes where the right operand stays", source="parashar2019"
    )
    keeping_sums = formula("byte", left * outputs + right * places, "bytes where only sums stay", source="parashar2019")
    moved = formula(
        "byte", where(is_cut <= 1, smallest(keeping_left, keeping_right), keeping_sums),
        "bytes in the best order of the loops", derived=True,
    )  # fmt: skip


class TiledProduct(Model):
    """Groups of products, each of places (images, lines, columns) by outputs, over a depth of channels and taps."""

    taps = given("1", "elements of a channel that a place sees", domain=integers(1), default=1)
    left_element = given("byte", "storage of an element of the left operand", domain=reals(0), default="1 byte")
    right_element = given("byte", "storage of an element of the right operand", domain=reals(0), default="1 byte")
    out_element = given("byte", "storage of a result", domain=reals(0), default="1 byte")
    sum_element = given("byte", "storage of a sum not yet finished", domain=reals(0), default="4 byte")
    beside = given(
        "byte", "operands read beside each result, as a sum with another tensor", domain=reals(0), default="0 byte"
    )
    per_output = given("byte", "bias and scales of an output", domain=reals(0), default="0 byte")
    work = given("op", "elementary operations on each result", domain=reals(0), default=0)
    left_outside = given("1", "share of the left operand that is in memory", domain=reals(0, 1), default=1)
    right_outside = given("1", "share of the right operand that is in memory", domain=reals(0, 1), default=1)
    beside_outside = given("1", "share of what is read beside that is in memory", domain=reals(0, 1), default=1)
    out_outside = given("1", "share of the results that goes to memory", domain=reals(0, 1), default=1)
    arrays = given("1", "systolic arrays", domain=integers(1, 65536), symbol="A")
    lanes = given("op/cycle", "elementary operations of all vector lanes in a cycle", domain=reals("1e-6 op/cycle"))
    buffers = given("1", "room for so many tiles of each operand", domain=integers(1, 2), default=2)

    groups = Cut()
    images = Cut()
    lines = Window()
    columns = Window()
    outputs = Cut()
    channels = Cut()

    place_trips = formula("1", images.trips * lines.trips * columns.trips, "inner tiles along the places", derived=True)
    outer_place_trips = formula(
        "1", images.outer_trips * lines.outer_trips * columns.outer_trips, "outer tiles along the places", derived=True
    )
    tiles = formula(
        "1", groups.trips * place_trips * outputs.trips * channels.trips, "inner tiles of the operator", derived=True
    )
    outer_tiles = formula(
        "1", groups.outer_trips * outer_place_trips * outputs.outer_trips * channels.outer_trips,
        "outer tiles of the operator", derived=True,
    )  # fmt: skip

    places = formula(
        "1", images.inner * lines.inner * columns.inner, "places of an inner tile", derived=True
    )  # fmt: skip
    results = formula("1", groups.inner * places * outputs.inner, "results of an inner tile", derived=True)
    left_tile = formula(
        "byte", groups.inner * images.inner * channels.inner * lines.seen * columns.seen * left_element,
        "inner tile of the left operand", derived=True,
    )  # fmt: skip
    right_tile = formula(
        "byte", groups.inner * outputs.inner * (channels.inner * taps * right_element + per_output),
        "inner tile of the right operand", derived=True,
    )  # fmt: skip
    operands = formula("byte", left_tile + right_tile + results * beside, "operands of an inner tile", derived=True)
    l1_room = formula(
        "byte",
        where(
            tiles <= 1,
            operands + results * sum_element,
            buffers * operands + results * (sum_element + (buffers - 1) * out_element),
        ),
        "room in L1: operands as often as there are buffers, sums, and results that wait to go",
        source="parashar2019",
    )
    outer_results = formula(
        "1", groups.outer * images.outer * lines.outer * columns.outer * outputs.outer, "results of an outer tile",
        derived=True,
    )  # fmt: skip
    outer_operands = formula(
        "byte",
        groups.outer * images.outer * channels.outer * lines.outer_seen * columns.outer_seen
        * left_element * left_outside
        + groups.outer * outputs.outer * (channels.outer * taps * right_element + per_output) * right_outside
        + outer_results * beside * beside_outside,
        "operands of an outer tile that do not lie in L2 anyway", derived=True,
    )  # fmt: skip
    outer_waiting = formula(
        "byte", outer_results * where(channels.outer_trips <= 1, out_element * out_outside, sum_element),
        "results or sums of an outer tile", derived=True,
    )  # fmt: skip
    l2_room = formula(
        "byte", where(outer_tiles <= 1, 1, buffers) * (outer_operands + outer_waiting), "room in L2",
        source="parashar2019",
    )  # fmt: skip
    whole_room = formula(
        "byte",
        groups.whole * images.whole * channels.whole * lines.used * columns.used * left_element
        + groups.whole * outputs.whole * (channels.whole * taps * right_element + per_output)
        + groups.whole * images.whole * lines.whole * columns.whole * outputs.whole * (beside + sum_element),
        "room that the operator takes in one piece, sums at their full width", derived=True,
    )  # fmt: skip

    tile_places = formula("1", images.inner * lines.size * columns.size, "places of a tile of any kind", derived=True)
    tile_depth = formula("1", channels.size * taps, "products added up in a tile of any kind", derived=True)
    kept_sums = SystolicProduct(rows=tile_places, columns=outputs.size, depth=tile_depth, dataflow=0, arrays=arrays)
    kept_right = kept_sums.with_(dataflow=1)
    kept_left = kept_sums.with_(dataflow=2)
    repeats = formula("1", groups.trips * images.trips, "times the tiles of one image are gone through", derived=True)

    sums_cycles = formula(
        "cycle",
        repeats
        * total(
            lines.number
            * total(
                columns.number
                * total(outputs.number * ceil_div(groups.inner * kept_sums.folds, arrays), over=outputs.ends),
                over=columns.ends,
            ),
            over=lines.ends,
        )
        * total(channels.number * kept_sums.fold.cycles, over=channels.ends),
        "time of the arrays where sums stay in their cells", source="samajdar2020",
    )  # fmt: skip
    right_cycles = formula(
        "cycle",
        repeats
        * total(
            channels.number
            * total(outputs.number * ceil_div(groups.inner * kept_right.folds, arrays), over=outputs.ends),
            over=channels.ends,
        )
        * total(
            lines.number * total(columns.number * kept_right.fold.cycles, over=columns.ends), over=lines.ends
        ),
        "time of the arrays where the right operand stays in their cells", source="samajdar2020",
    )  # fmt: skip
    left_cycles = formula(
        "cycle",
        repeats
        * total(
            channels.number
            * total(
                lines.number
                * total(
                    columns.number * ceil_div(groups.inner * kept_left.folds, arrays), over=columns.ends
                ),
                over=lines.ends,
            ),
            over=channels.ends,
        )
        * total(outputs.number * kept_left.fold.cycles, over=outputs.ends),
        "time of the arrays where the left operand stays in their cells", source="samajdar2020",
    )  # fmt: skip
    array_cycles = formula(
        "cycle", smallest(sums_cycles, right_cycles, left_cycles), "time of the arrays in the best dataflow",
        derived=True,
    )  # fmt: skip
    every_result = formula(
        "1", groups.whole * images.whole * lines.whole * columns.whole * outputs.whole, "results of the operator",
        derived=True,
    )  # fmt: skip
    vector_ops = formula("op", every_result * work, "elementary operations of the lanes", derived=True)
    vector_cycles = formula("cycle", vector_ops / lanes, "time of the lanes", derived=True)
    compute_cycles = formula(
        "cycle", largest(array_cycles, vector_cycles), "time of arrays and lanes, that work side by side",
        derived=True,
    )  # fmt: skip
    macs = formula("mac", every_result * channels.whole * taps * MAC, "products that are added up", derived=True)

    ideal_cycles = formula(
        "cycle",
        macs / (arrays * kept_sums.fold.rows * kept_sums.fold.columns * kept_sums.fold.rate * MAC) * CYCLE,
        "time of arrays that never wait for anything", derived=True,
    )  # fmt: skip

    left_once = formula(
        "byte", groups.whole * images.whole * channels.whole * lines.brought * columns.brought * left_element,
        "left operand as inner tiles bring it, halos included", derived=True,
    )  # fmt: skip
    left_outer_once = formula(
        "byte",
        groups.whole * images.whole * channels.whole * lines.outer_brought * columns.outer_brought
        * left_element * left_outside,
        "left operand as outer tiles bring it, halos included", derived=True,
    )  # fmt: skip
    right_once = formula(
        "byte", groups.whole * outputs.whole * (channels.whole * taps * right_element + per_output), "right operand",
        derived=True,
    )  # fmt: skip
    memory = Reload(
        left=left_outer_once, right=right_once * right_outside, places=outer_place_trips, outputs=outputs.outer_trips,
        is_cut=channels.outer_trips,
    )  # fmt: skip
    buffer = Reload(
        left=left_once, right=right_once, places=place_trips, outputs=outputs.trips, kept_places=outer_place_trips,
        kept_outputs=outputs.outer_trips, is_cut=channels.inside,
    )  # fmt: skip
    dram_traffic = formula(
        "byte", memory.moved + every_result * (beside * beside_outside + out_element * out_outside),
        "bytes between memory and L2", source="parashar2019",
    )  # fmt: skip
    l2_traffic = formula(
        "byte",
        buffer.moved + every_result * (beside + out_element + 2 * sum_element * (channels.outer_trips - 1)),
        "bytes between L2 and L1: operands, results, and sums of outer tiles that are not finished",
        source="parashar2019",
    )  # fmt: skip
    left_least = formula(
        "byte", groups.whole * images.whole * channels.whole * lines.used * columns.used * left_element,
        "left operand without any halo twice", derived=True,
    )  # fmt: skip
    first_left = formula(
        "byte", groups.inner * images.inner * channels.inner * lines.first * columns.first * left_element,
        "first tile of the left operand", derived=True,
    )  # fmt: skip
    last_result = formula(
        "byte", groups.inner * images.inner * lines.last * columns.last * outputs.last * out_element,
        "last tile of results", derived=True,
    )  # fmt: skip
    pace = PaceAtBest(
        buffers=buffers, tiles=tiles, compute_cycles=compute_cycles, dram_traffic=dram_traffic, l2_traffic=l2_traffic,
        first_dram=first_left * left_outside + right_tile * right_outside, first_l2=first_left + right_tile,
        last_dram=last_result * out_outside, last_l2=last_result,
        dram_least=left_least * left_outside + right_once * right_outside
        + every_result * (beside * beside_outside + out_element * out_outside),
        l2_least=smallest(left_once + right_once * place_trips, left_once * outputs.trips + right_once)
        + every_result * (beside + out_element),
    )  # fmt: skip

    output_folds = formula(
        "1", total(outputs.number * ceil_div(outputs.size, kept_sums.fold.columns), over=outputs.ends),
        "times the outputs fill the columns of an array", derived=True,
    )  # fmt: skip
    place_folds = formula(
        "1",
        images.trips
        * total(
            lines.number
            * total(columns.number * ceil_div(tile_places, kept_sums.fold.rows), over=columns.ends), over=lines.ends
        ),
        "times the places fill the rows of an array", derived=True,
    )  # fmt: skip
    place_folds_across = formula(
        "1",
        images.trips
        * total(
            lines.number
            * total(columns.number * ceil_div(tile_places, kept_sums.fold.columns), over=columns.ends),
            over=lines.ends,
        ),
        "times the places fill the columns of an array", derived=True,
    )  # fmt: skip
    depth_folds = formula(
        "1", total(channels.number * ceil_div(tile_depth, kept_sums.fold.rows), over=channels.ends),
        "times the depth fills the rows of an array", derived=True,
    )  # fmt: skip
    left_product = formula(
        "byte",
        groups.whole * images.whole * lines.whole * columns.whole * channels.whole * taps * left_element,
        "left operand written out as a matrix", derived=True,
    )  # fmt: skip
    right_product = formula(
        "byte", groups.whole * outputs.whole * channels.whole * taps * right_element, "right operand as a matrix",
        derived=True,
    )  # fmt: skip
    sums_l1_traffic = formula(
        "byte",
        left_product * output_folds + right_product * place_folds
        + every_result * sum_element * (2 * channels.trips - 1),
        "bytes between L1 and the arrays where sums stay in the cells", source="samajdar2020",
    )  # fmt: skip
    right_l1_traffic = formula(
        "byte",
        left_product * output_folds + right_product * place_trips + every_result * sum_element * (2 * depth_folds - 1),
        "bytes between L1 and the arrays where the right operand stays", source="samajdar2020",
    )  # fmt: skip
    left_l1_traffic = formula(
        "byte",
        left_product * outputs.trips + right_product * place_folds_across
        + every_result * sum_element * (2 * depth_folds - 1),
        "bytes between L1 and the arrays where the left operand stays", source="samajdar2020",
    )  # fmt: skip
    l1_traffic = formula(
        "byte",
        where(
            sums_cycles <= array_cycles,
            sums_l1_traffic,
            where(right_cycles <= array_cycles, right_l1_traffic, left_l1_traffic),
        ),
        "bytes between L1 and the arrays in the best dataflow", derived=True,
    )  # fmt: skip
