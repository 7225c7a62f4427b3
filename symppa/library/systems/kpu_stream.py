"""Work without products on the vector lanes behind L1 and L2, and moves, that do none: tiles stream in and out.

Units (channels, rows of a table) do not see each other; each has lines and columns, where an input is seen through
windows. What belongs to a unit stays in L1 while tiles of that unit run, and one tile holds whole units of L2's.
"""

from symppa.language import Model, ceil_div, formula, given, integers, one, reals, total, where
from symppa.library.systems.kpu_tiles import Cut, PaceAtBest, Window

CYCLE = one("cycle")


class TiledStream(Model):
    """Elements that come, are worked on by the lanes, and go."""

    read = given("byte", "storage of an element of the input", domain=reals(0), default="1 byte")
    beside = given("byte", "other operands read for each result", domain=reals(0), default="0 byte")
    per_unit = given("byte", "weights of a unit", domain=reals(0), default="0 byte")
    held = given("byte", "operands that all tiles see", domain=reals(0), default="0 byte")
    written = given("byte", "storage of a result", domain=reals(0), default="1 byte")
    summary = given("byte", "result of a whole unit", domain=reals(0), default="0 byte")
    work = given("op", "elementary operations for a position", domain=reals(0), default=0)
    sum_element = given("byte", "room for the sum of a unit", domain=reals(0), default="0 byte")
    read_outside = given("1", "share of the input that is in memory", domain=reals(0, 1), default=1)
    beside_outside = given("1", "share of the other operands that is in memory", domain=reals(0, 1), default=1)
    weights_outside = given("1", "share of weights and held operands in memory", domain=reals(0, 1), default=1)
    out_outside = given("1", "share of the results that goes to memory", domain=reals(0, 1), default=1)
    lanes = given("op/cycle", "elementary operations of all vector lanes in a cycle", domain=reals("1e-6 op/cycle"))
    buffers = given("1", "room for so many tiles of each operand", domain=integers(1, 2), default=2)

    units = Cut()
    lines = Window()
    columns = Window()

    tiles = formula("1", units.trips * lines.trips * columns.trips, "inner tiles of the operator", derived=True)
    outer_tiles = formula(
        "1", units.outer_trips * lines.outer_trips * columns.outer_trips, "outer tiles of the operator", derived=True
    )
    positions = formula("1", units.inner * lines.inner * columns.inner, "positions of an inner tile", derived=True)
    streamed = formula(
        "byte", units.inner * lines.seen * columns.seen * read + positions * (beside + written),
        "what an inner tile brings and leaves", derived=True,
    )  # fmt: skip
    staying = formula(
        "byte", held + units.inner * (per_unit + summary + sum_element), "what stays beside it", derived=True
    )
    l1_room = formula(
        "byte", where(tiles <= 1, 1, buffers) * streamed + staying + where(units.trips <= 1, 0, buffers - 1)
        * units.inner * (per_unit + summary),
        "room in L1: what streams and what belongs to units as often as there are buffers", source="parashar2019",
    )  # fmt: skip
    outer_positions = formula(
        "1", units.outer * lines.outer * columns.outer, "positions of an outer tile", derived=True
    )
    l2_room = formula(
        "byte",
        where(outer_tiles <= 1, 1, buffers)
        * (
            units.outer * lines.outer_seen * columns.outer_seen * read * read_outside
            + outer_positions * (beside * beside_outside + written * out_outside)
            + units.outer * (per_unit * weights_outside + summary * out_outside)
        )
        + held * weights_outside,
        "room in L2", source="parashar2019",
    )  # fmt: skip
    every_position = formula("1", units.whole * lines.whole * columns.whole, "positions of the operator", derived=True)
    whole_room = formula(
        "byte",
        units.whole * lines.used * columns.used * read + every_position * (beside + written)
        + units.whole * (per_unit + summary + sum_element) + held,
        "room that the operator takes in one piece", derived=True,
    )  # fmt: skip

    vector_ops = formula("op", every_position * work, "elementary operations of the lanes", derived=True)
    ideal_cycles = formula("cycle", vector_ops / lanes, "time of lanes that never wait for anything", derived=True)
    compute_cycles = formula(
        "cycle",
        total(
            units.number
            * total(
                lines.number
                * total(
                    columns.number * ceil_div(units.size * lines.size * columns.size * work, lanes * CYCLE),
                    over=columns.ends,
                ),
                over=lines.ends,
            ),
            over=units.ends,
        )
        * CYCLE,
        "time of the lanes, a tile after the other", derived=True,
    )  # fmt: skip
    owned = formula("byte", units.whole * per_unit + held, "weights and held operands", derived=True)
    results = formula(
        "byte", every_position * written + units.whole * summary, "results of the operator", derived=True
    )  # fmt: skip
    dram_traffic = formula(
        "byte",
        units.whole * lines.outer_brought * columns.outer_brought * read * read_outside
        + every_position * beside * beside_outside + owned * weights_outside + results * out_outside,
        "bytes between memory and L2", source="parashar2019",
    )  # fmt: skip
    l2_traffic = formula(
        "byte",
        units.whole * lines.brought * columns.brought * read + every_position * beside + owned + results,
        "bytes between L2 and L1", source="parashar2019",
    )  # fmt: skip
    l1_traffic = formula(
        "byte",
        where(work > 0, 1, 0)
        * (units.whole * lines.brought * columns.brought * read + every_position * beside + owned + results),
        "bytes between L1 and the lanes, each once; windows keep what they see again", derived=True,
    )  # fmt: skip
    first_input = formula(
        "byte", units.inner * lines.first * columns.first * read, "first tile of the input", derived=True
    )  # fmt: skip
    first_owned = formula("byte", units.inner * per_unit + held, "weights of the first tile", derived=True)
    last_result = formula(
        "byte", units.last * (lines.last * columns.last * written + summary), "last tile of results", derived=True
    )  # fmt: skip
    pace = PaceAtBest(
        buffers=buffers, tiles=tiles, compute_cycles=compute_cycles, dram_traffic=dram_traffic, l2_traffic=l2_traffic,
        first_dram=first_input * read_outside + positions * beside * beside_outside + first_owned * weights_outside,
        first_l2=first_input + positions * beside + first_owned,
        last_dram=last_result * out_outside, last_l2=last_result,
        dram_least=units.whole * lines.used * columns.used * read * read_outside
        + every_position * beside * beside_outside + owned * weights_outside + results * out_outside,
        l2_least=l2_traffic,
    )  # fmt: skip
