"""Units that do matrix products: what share of their peak a product of some shape reaches."""

from symppa.language import Model, ceil_div, formula, given, index, integers, largest, reals, where


class Unit(Model):
    """The part of a device that does matrix products; what share of it a product keeps busy is left to its kinds."""

    rows = given("1", "rows of the product", domain=reals(0), symbol="M")
    columns = given("1", "columns of the product", domain=reals(0), symbol="N")
    depth = given("1", "products added up for an element", domain=reals(0), symbol="K")
    repeats = given("1", "products of this size", domain=reals(0))
    units = given("1", "cores, multiprocessors or arrays that work side by side", domain=integers(1))

    occupancy = formula("1", ..., "share of the unit's peak that the shape of a product lets it reach")


class Cores(Unit):
    """Cores with vector registers: elements of the products are dealt out to them."""

    elements = formula("1", Unit.rows * Unit.columns * Unit.repeats, "elements of the products", derived=True)
    occupancy = formula(
        "1",
        where(elements > 0, elements / (Unit.units * ceil_div(elements, Unit.units)), 1),
        derived=True,
    )


class Multiprocessors(Unit):
    """Multiprocessors that take tiles of the product in waves; the tile of the menu that fits best is taken."""

    tiles = index("sizes of tile")
    tile_rows = given("1", "rows of a tile", over=tiles, domain=integers(1))
    tile_columns = given("1", "columns of a tile", over=tiles, domain=integers(1))

    count = formula(
        "1",
        ceil_div(Unit.rows, tile_rows) * ceil_div(Unit.columns, tile_columns) * Unit.repeats,
        "tiles of the products",
        source="nvidia2023matmul, tile quantization",
    )
    waves = formula(
        "1", ceil_div(count, Unit.units), "times that all multiprocessors take a tile",
        source="nvidia2023matmul, wave quantization",
    )  # fmt: skip
    occupancy = formula(
        "1",
        where(
            Unit.rows * Unit.repeats > 0,
            largest(
                Unit.rows * Unit.columns * Unit.repeats / (waves * Unit.units * tile_rows * tile_columns), over=tiles
            ),
            1,
        ),
        source="nvidia2023matmul",
    )


class SystolicArrays(Unit):
    """Arrays that keep their weights while rows stream through, a step apart from column to column.

    The next weights shift in while rows stream, so that only the first filling waits for them.
    """

    array_rows = given("1", "rows of an array: products added up at once", domain=integers(1), symbol="R")
    array_columns = given("1", "columns of an array", domain=integers(1), symbol="C")

    passes = formula(
        "1",
        ceil_div(ceil_div(Unit.depth, array_rows) * ceil_div(Unit.columns, array_columns) * Unit.repeats, Unit.units),
        "fillings of an array one after the other",
        source="samajdar2018",
    )
    filling = formula(
        "1", largest(Unit.rows, array_rows), "cycles from a filling to the next: its rows, or the next weights",
        source="jouppi2017, section 2: a second tile of weights hides the cycles that it takes to shift in",
    )  # fmt: skip
    length = formula(
        "1", array_rows + (passes - 1) * filling + Unit.rows + array_rows + array_columns - 2,
        "cycles of all fillings: the first weights, then rows, and once the way through the array",
        source="samajdar2018; jouppi2017, section 2",
    )  # fmt: skip
    occupancy = formula(
        "1",
        where(
            Unit.rows * Unit.repeats > 0,
            Unit.rows * Unit.columns * Unit.depth * Unit.repeats / (length * array_rows * array_columns * Unit.units),
            1,
        ),
        source="samajdar2018",
    )
