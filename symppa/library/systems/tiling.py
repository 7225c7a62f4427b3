"""A matrix product cut into tiles twice: from memory into a large buffer, from there into a small one beside an array.

What a tile costs does not depend on its being a divisor: an edge tile takes the time and the room of a whole one, and
brings from memory only what there is.
"""

from symppa.language import Model, ceil_div, choices, equal, formula, given, integers, largest, one, reals, where

CYCLE = one("cycle")
KEPT = choices("sums", "left", "right")


class SystolicPass(Model):
    """An array that keeps its sums: operands enter at two edges, a step apart from row to row."""

    rows = given("1", "rows of the array", domain=integers(1, 65536), symbol="R")
    columns = given("1", "columns of the array", domain=integers(1, 65536), symbol="C")
    tile_rows = given("1", "rows of a tile of sums", domain=integers(1))
    tile_columns = given("1", "columns of a tile of sums", domain=integers(1))
    tile_depth = given("1", "products that are added up", domain=integers(1))

    cells = formula("1", rows * columns, "cells of the array", derived=True)
    passes = formula(
        "1", ceil_div(tile_rows, rows) * ceil_div(tile_columns, columns), "times a tile fills the array", derived=True
    )
    length = formula(
        "cycle",
        (tile_depth + rows + columns - 2) * CYCLE,
        "one filling, its skew included and its drain overlapped with the next",
        source="samajdar2020, time of an output-stationary array less its drain",
    )
    cycles = formula("cycle", passes * length, "time of a tile on the array", source="samajdar2018; samajdar2020")


class Tile(Model):
    """A block of the product and the two blocks of operands it is made from."""

    rows = given("1", "rows of the tile", domain=integers(1), symbol="m")
    columns = given("1", "columns of the tile", domain=integers(1), symbol="n")
    depth = given("1", "products that are added up in the tile", domain=integers(1), symbol="k")
    element = given("byte", "storage of an operand", domain=reals(0))
    sum_size = given("byte", "storage of a sum not yet finished", domain=reals(0))
    copies = given("1", "copies of each operand tile: 2 load one while the other is read", domain=integers(1, 8))

    left = formula("byte", rows * depth * element, "tile of the left operand", derived=True)
    right = formula("byte", depth * columns * element, "tile of the right operand", derived=True)
    sums = formula("byte", rows * columns * sum_size, "tile of sums", derived=True)
    footprint = formula("byte", copies * (left + right) + sums, "room the tile takes", source="parashar2019")


class Reuse(Model):
    """What moves between a store and a buffer that holds one tile of each matrix, by what stays in the buffer.

    The innermost loop leaves one matrix where it is; the other two come anew, and sums not finished go and come back.
    """

    kept = given("1", "matrix that stays while the innermost loop runs", domain=KEPT, default="sums")
    left = given("byte", "left operand", domain=reals(0))
    right = given("byte", "right operand", domain=reals(0))
    left_loads = given("1", "times the left operand comes unless it stays", domain=integers(1))
    right_loads = given("1", "times the right operand comes unless it stays", domain=integers(1))
    finished = given("byte", "what sums that stay move", domain=reals(0))
    unfinished = given("byte", "what sums that do not stay move", domain=reals(0))

    keeping_sums = formula(
        "byte",
        left * left_loads + right * right_loads + finished,
        "bytes moved where the sums stay",
        source="parashar2019",
    )
    keeping_left = formula(
        "byte",
        left + right * right_loads + unfinished,
        "bytes moved where the left operand stays",
        source="parashar2019",
    )
    keeping_right = formula(
        "byte",
        left * left_loads + right + unfinished,
        "bytes moved where the right operand stays",
        source="parashar2019",
    )
    moved = formula(
        "byte",
        where(equal(kept, 0), keeping_sums, where(equal(kept, 1), keeping_left, keeping_right)),
        "bytes moved",
        derived=True,
    )


class TiledGemm(Model):
    """A matrix product in two levels of tiles: the slowest of the array, the memory and the large buffer decides."""

    rows = given("1", "rows of the product", domain=integers(1, 2**24), symbol="M")
    columns = given("1", "columns of the product", domain=integers(1, 2**24), symbol="N")
    depth = given("1", "products that are added up for each element", domain=integers(1, 2**24), symbol="K")
    repeats = given("1", "products of this size in one run", domain=integers(1, 2**24), default=1)
    element = given("byte", "storage of an operand and of a result", domain=reals("1 bit"), default="1 byte")
    sum_size = given("byte", "storage of a sum not yet finished", domain=reals("1 bit"), default="4 byte")
    copies = given(
        "1", "copies of each operand tile: 2 load one while the other is read", domain=integers(1, 8), default=2
    )
    l2_capacity = given("KiB", "large buffer", domain=reals("1 byte"))
    l1_capacity = given("KiB", "small buffer beside the array", domain=reals("1 byte"))
    memory_bandwidth = given("byte/cycle", "bytes from or to memory in a cycle", domain=reals("1e-6 byte/cycle"))
    l2_bandwidth = given("byte/cycle", "bytes between the buffers in a cycle", domain=reals("1e-6 byte/cycle"))
    clock = given("GHz", "clock", domain=reals("1 Hz"), symbol="f")
    mac_energy = given("pJ/mac", "energy of a multiplication with its addition", domain=reals(0))
    memory_energy = given("pJ/byte", "energy of a byte from or to memory", domain=reals(0))
    l2_energy = given("pJ/byte", "energy of a byte between the buffers", domain=reals(0))
    cell_leakage = given("uW", "power of an array cell that never stops", domain=reals(0), default="0 uW")
    buffer_leakage = given("uW/KiB", "power of a buffer that never stops", domain=reals(0), default="0 uW/KiB")

    outer = Tile(element=element, sum_size=sum_size, copies=copies)
    inner = Tile(element=element, sum_size=sum_size, copies=copies)
    array = SystolicPass(tile_rows=inner.rows, tile_columns=inner.columns, tile_depth=inner.depth)

    row_trips = formula("1", ceil_div(rows, outer.rows), "outer tiles along the rows", derived=True)
    column_trips = formula("1", ceil_div(columns, outer.columns), "outer tiles along the columns", derived=True)
    depth_trips = formula("1", ceil_div(depth, outer.depth), "outer tiles along the depth", derived=True)
    trips = formula("1", row_trips * column_trips * depth_trips, "outer tiles", derived=True)
    inner_row_trips = formula(
        "1", ceil_div(outer.rows, inner.rows), "inner tiles along an outer one's rows", derived=True
    )
    inner_column_trips = formula(
        "1", ceil_div(outer.columns, inner.columns), "inner tiles along an outer one's columns", derived=True
    )
    inner_depth_trips = formula(
        "1", ceil_div(outer.depth, inner.depth), "inner tiles along an outer one's depth", derived=True
    )

    memory = Reuse(
        left=rows * depth * element,
        right=depth * columns * element,
        left_loads=column_trips,
        right_loads=row_trips,
        finished=rows * columns * element,
        unfinished=2 * rows * columns * sum_size * (depth_trips - 1) + rows * columns * element,
    )
    buffer = Reuse(
        left=outer.left,
        right=outer.right,
        left_loads=inner_column_trips,
        right_loads=inner_row_trips,
        finished=2 * outer.sums,
        unfinished=2 * outer.sums * inner_depth_trips,
    )

    macs = formula("GFLOP", rows * columns * depth * one("mac"), "work of one product", derived=True)
    compute_cycles = formula(
        "cycle",
        trips * (inner_row_trips * inner_column_trips * inner_depth_trips) * array.cycles,
        "time the array is busy",
        derived=True,
    )
    memory_traffic = formula("byte", memory.moved, "bytes from and to memory", derived=True)
    l2_traffic = formula("byte", trips * buffer.moved, "bytes between the buffers", derived=True)
    memory_cycles = formula("cycle", memory_traffic / memory_bandwidth, "time memory is busy", derived=True)
    l2_cycles = formula("cycle", l2_traffic / l2_bandwidth, "time the large buffer is busy", derived=True)
    cycles = formula(
        "cycle", largest(compute_cycles, memory_cycles, l2_cycles), "time of one product", source="parashar2019"
    )
    latency = formula("ms", repeats * cycles / clock, "time of a run", derived=True)
    utilisation = formula(
        "percent",
        rows * columns * depth / (array.cells * cycles / CYCLE),
        "share of the array's cycles that do work",
        derived=True,
    )

    l2_filling = formula("percent", outer.footprint / l2_capacity, "share of the large buffer in use", derived=True)
    l1_filling = formula("percent", inner.footprint / l1_capacity, "share of the small buffer in use", derived=True)
    sram = formula("KiB", outer.footprint + inner.footprint, "room both tiles take", derived=True)
    static_power = formula(
        "mW",
        array.cells * cell_leakage + (l2_capacity + l1_capacity) * buffer_leakage,
        "power that flows without use",
        derived=True,
    )
    energy = formula(
        "mJ",
        repeats * (macs * mac_energy + memory_traffic * memory_energy + l2_traffic * l2_energy)
        + static_power * latency,
        "energy of a run",
        source="horowitz2014",
    )
    power = formula("W", energy / latency, "average power", derived=True)
