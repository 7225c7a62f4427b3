"""Sides of an operator cut into tiles of two levels, what tiles of an input overlap, and the pace of two buses.

Inner tiles lie in L1, outer ones, of whole inner tiles, in L2. Along a side all tiles are alike but the last, which
takes what is left: a tile takes the room of a whole one, and the time and the bytes of what it has.
"""

from symppa.language import (
    Model,
    ceil_div,
    choices,
    equal,
    formula,
    given,
    index,
    integers,
    largest,
    one,
    reals,
    smallest,
    where,
)

CYCLE = one("cycle")
BUFFERS = choices(1, 2)


class Cut(Model):
    """One side of an operator: how many tiles, and how long the last is."""

    whole = given("1", "length of the side", domain=integers(1, 2**40), symbol="D")
    inner = given("1", "length of an inner tile", domain=integers(1, 2**40), default=1, symbol="d")
    wish = given(
        "1", "length of an outer tile, before it is rounded up to whole inner tiles", domain=integers(1, 2**40),
        default=2**40,
    )  # fmt: skip
    ends = index("tiles that are not the last, and the last", size=2)

    trips = formula("1", ceil_div(whole, inner), "inner tiles along the side", derived=True)
    inside = formula("1", smallest(trips, ceil_div(wish, inner)), "inner tiles in an outer one", derived=True)
    outer = formula("1", smallest(whole, inside * inner), "length of an outer tile", derived=True)
    outer_trips = formula("1", ceil_div(trips, inside), "outer tiles along the side", derived=True)
    last = formula("1", whole - (trips - 1) * inner, "length of the last inner tile", derived=True)
    size = formula("1", where(equal(ends, 0), inner, last), "length of a tile of either kind", derived=True)
    number = formula("1", where(equal(ends, 0), trips - 1, 1), "tiles of either kind", derived=True)


class Window(Cut):
    """A side of a result whose elements each see a window of an input: neighbouring tiles share a halo.

    The first and the last tile leave out the padding at their border, at most all they see; what of it lies in others
    is brought as zeros.
    """

    step = given("1", "elements of the input from one window to the next", domain=reals(0), default=1, symbol="s")
    halo = given("1", "elements by which windows overlap", domain=reals(0), default=0, symbol="o")
    before = given("1", "padding before the first element", domain=integers(0), default=0)
    after = given("1", "padding behind the last element that is used", domain=integers(0), default=0)

    used = formula(
        "1", Cut.whole * step + halo - before - after, "elements of the input that are used", derived=True
    )  # fmt: skip
    seen = formula(
        "1", where(Cut.trips <= 1, used, Cut.inner * step + halo), "elements of the input an inner tile needs",
        derived=True,
    )  # fmt: skip
    first = formula(
        "1", where(Cut.trips <= 1, used, largest(0, Cut.inner * step + halo - before)),
        "elements of the input for the first tile: none where all of it is padding", derived=True,
    )  # fmt: skip
    outer_seen = formula(
        "1", where(Cut.outer_trips <= 1, used, Cut.outer * step + halo), "elements of the input an outer tile needs",
        derived=True,
    )  # fmt: skip
    brought = formula(
        "1",
        where(
            Cut.trips <= 1,
            used,
            Cut.whole * step + Cut.trips * halo - smallest(before, Cut.inner * step + halo)
            - smallest(after, Cut.last * step + halo),
        ),
        "elements that all inner tiles bring", derived=True,
    )  # fmt: skip
    outer_last = formula(
        "1", Cut.whole - (Cut.outer_trips - 1) * Cut.outer, "length of the last outer tile", derived=True
    )
    outer_brought = formula(
        "1",
        where(
            Cut.outer_trips <= 1,
            used,
            Cut.whole * step + Cut.outer_trips * halo - smallest(before, Cut.outer * step + halo)
            - smallest(after, outer_last * step + halo),
        ),
        "elements that all outer tiles bring", derived=True,
    )  # fmt: skip


class Pace(Model):
    """Time of an operator whose tiles come over a bus to L2 and another to L1, and whose results go back over both.

    With two buffers to an operand all work at the same time, but for the way of the first tile in and the last out;
    with one they take turns.
    """

    dram_bandwidth = given("byte/cycle", "bytes between memory and L2 in a cycle", domain=reals("1e-6 byte/cycle"))
    l2_bandwidth = given("byte/cycle", "bytes between L2 and L1 in a cycle", domain=reals("1e-6 byte/cycle"))
    buffers = given("1", "room for so many tiles of each operand", domain=BUFFERS, default=2)
    tiles = given("1", "inner tiles", domain=integers(1))
    compute_cycles = given("cycle", "time the arrays or the lanes are busy", domain=reals(0))
    dram_traffic = given("byte", "bytes between memory and L2", domain=reals(0))
    l2_traffic = given("byte", "bytes between L2 and L1", domain=reals(0))
    first_dram = given("byte", "of the first tile, what comes from memory", domain=reals(0))
    first_l2 = given("byte", "the first tile", domain=reals(0))
    last_dram = given("byte", "of the last result, what goes to memory", domain=reals(0))
    last_l2 = given("byte", "the last result", domain=reals(0))

    dram_cycles = formula("cycle", dram_traffic / dram_bandwidth, "time the bus of the memory is busy", derived=True)
    l2_cycles = formula("cycle", l2_traffic / l2_bandwidth, "time the bus of L2 is busy", derived=True)
    first_in = formula(
        "cycle", first_dram / dram_bandwidth + first_l2 / l2_bandwidth, "way of the first tile, nothing beside it",
        derived=True,
    )  # fmt: skip
    last_out = formula(
        "cycle", last_dram / dram_bandwidth + last_l2 / l2_bandwidth, "way of the last result, nothing beside it",
        derived=True,
    )  # fmt: skip
    path = formula(
        "cycle", first_in + compute_cycles + last_out, "first tile in, all work, last result out", derived=True
    )  # fmt: skip
    overlapped = formula(
        "cycle", largest(path, dram_cycles, l2_cycles), "time where moving and working overlap", source="parashar2019"
    )
    in_turn = formula("cycle", compute_cycles + dram_cycles + l2_cycles, "time where they take turns", derived=True)
    cycles = formula(
        "cycle", where(buffers <= 1, where(tiles <= 1, overlapped, in_turn), overlapped), "time of the operator",
        derived=True,
    )  # fmt: skip


class PaceAtBest(Pace):
    """The same, with what a search for tiles asks of it."""

    dram_least = given("byte", "bytes between memory and L2, whatever the outer tiles", domain=reals(0))
    l2_least = given("byte", "bytes between L2 and L1, whatever the outer tiles", domain=reals(0))

    rank = formula(
        "cycle",
        Pace.cycles + 1e-4 * (Pace.dram_cycles + Pace.l2_cycles) + 5e-3 * Pace.tiles * CYCLE,
        "time, and a little for what moves and for every tile: of tilings as fast the leanest comes first",
        derived=True,
    )  # fmt: skip
    dram_least_cycles = formula(
        "cycle", dram_least / Pace.dram_bandwidth, "least time of the memory's bus", derived=True
    )  # fmt: skip
    l2_least_cycles = formula("cycle", l2_least / Pace.l2_bandwidth, "least time of the bus of L2", derived=True)
    least = formula(
        "cycle",
        where(
            Pace.buffers <= 1,
            where(
                Pace.tiles <= 1,
                largest(Pace.path, dram_least_cycles, l2_least_cycles),
                Pace.compute_cycles + dram_least_cycles + l2_least_cycles,
            ),
            largest(Pace.path, dram_least_cycles, l2_least_cycles),
        ),
        "time that no outer tile betters", derived=True,
    )  # fmt: skip
    least_rank = formula(
        "cycle",
        least + 1e-4 * (dram_least_cycles + l2_least_cycles) + 5e-3 * Pace.tiles * CYCLE,
        "the same, and a little for what moves and for every tile",
        derived=True,
    )
