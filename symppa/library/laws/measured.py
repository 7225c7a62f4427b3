"""Laws whose coefficients are fitted to measurements: a start, and shares of the peaks that grow with size."""

from symppa.language import (
    Model,
    ceil_div,
    exp,
    formula,
    given,
    index,
    integers,
    largest,
    log,
    one,
    reals,
    smallest,
    smooth_largest,
    total,
    where,
)  # fmt: skip


class Achieved(Model):
    """A share of a bandwidth that depends on the bytes moved: straight between knots, in logarithms of both."""

    knots = index("knots, evenly spaced in the logarithm of the bytes")
    moved = given("byte", "bytes moved", domain=reals(0))
    first = given("byte", "bytes at the first knot", domain=reals("1 byte"), default="16 KiB")
    spacing = given("1", "bytes at a knot over those at the one before", domain=reals(1.001), default=16)
    shares = given(
        "1", "share of the bandwidth at a knot; above 1 only where a cache holds them", over=knots, domain=reals(1e-6)
    )

    last = formula("1", total(1, over=knots) - 1, "place of the last knot", derived=True)
    place = formula(
        "1",
        largest(0, smallest(last, log(largest(moved, first) / first) / log(spacing))),
        "place between the knots",
        derived=True,
    )
    share = formula(
        "1",
        exp(total(log(shares) * largest(0, 1 - largest(place - knots, knots - place)), over=knots)),
        "share of the bandwidth reached",
        derived=True,
    )


class Measured(Model):
    """An operation by a law with fitted coefficients; logarithms of its sizes tell where it lies among others."""

    bandwidth = given("GB/s", "bandwidth of the main memory", domain=reals("1 byte/s"), symbol="W")
    units = given("1", "cores or multiprocessors that work side by side", domain=reals(1), symbol="S")
    start = given("us", "time before anything is done", domain=reals("1e-3 us"), symbol="t_0")
    sharpness = given("1", "exponent of the overlap of arithmetic and memory", domain=reals(1), symbol="p")

    latency = formula("us", ..., "time of a run")
    length = formula("1", log(latency / one("us")), "logarithm of the time in microseconds", derived=True)


class MeasuredGemm(Measured):
    """Matrix products on units that take tiles in waves: the tile and the cut of the depth that are fastest together.

    Arithmetic and memory overlap as far as `sharpness` says: 1 adds them up, a large one leaves the slower.
    """

    rows = given("1", "rows of a product", domain=reals(1), symbol="M")
    columns = given("1", "columns of a product", domain=reals(1), symbol="N")
    depth = given("1", "products added up for an element", domain=reals(1), symbol="K")
    repeats = given("1", "products of this size", domain=reals(1), default=1, symbol="b")
    traffic = given("byte", "operands and results, each moved once", domain=reals(0))
    peak = given("TFLOPS", "peak rate of the device", domain=reals("1 FLOPS"), symbol="P")

    tiles = index("sizes of tile")
    cuts = index("cuts of the depth")
    tile_rows = given("1", "rows of a tile", over=tiles, domain=integers(1), symbol=r"t_\mathrm{m}")
    tile_columns = given("1", "columns of a tile", over=tiles, domain=integers(1), symbol=r"t_\mathrm{n}")
    pieces = given("1", "pieces the depth may be cut into", over=cuts, domain=integers(1))
    shortest = given("1", "depth below which no piece goes", domain=reals(1), default=64)
    partial_size = given("byte", "moved for each element of a piece's result", domain=reals(0), default="8 byte")

    efficiency = given("1", "share of the peak that a very large tile reaches", domain=reals(0, 1), symbol=r"\eta")
    half_tile = given("1", "tile, as rows times columns over their sum, at half of that", domain=reals(0), symbol="c")
    lead = given("1", "depth that filling and draining a tile costs", domain=reals(0), symbol="K_0")
    memory = Achieved(moved=traffic)

    usual = given("1", "rows and columns of the usual tile", domain=integers(1), default=128)

    cut = formula("1", where(pieces * shortest <= depth, pieces, 1), "pieces that the depth is cut into", derived=True)
    waves = formula(
        "1",
        ceil_div(ceil_div(rows, tile_rows) * ceil_div(columns, tile_columns) * repeats * cut, Measured.units),
        "times that every unit takes a tile",
        source="nvidia2023matmul, wave quantization",
    )
    intensity = formula(
        "1", tile_rows * tile_columns / (tile_rows + tile_columns), "products for each operand a tile reads",
        derived=True,
    )  # fmt: skip
    unit_rate = formula(
        "TFLOPS", peak / Measured.units * efficiency * intensity / (intensity + half_tile), "rate of a unit on a tile",
        source="nvidia2023matmul, tile quantization",
    )  # fmt: skip
    compute = formula(
        "us",
        waves * tile_rows * tile_columns * (depth / cut + lead) * one("mac") / unit_rate,
        "time of the arithmetic",
        source="nvidia2023matmul",
    )
    partial = formula(
        "byte", where(cut <= 1, 0 * partial_size, cut * rows * columns * repeats * partial_size),
        "results of pieces written and read again", derived=True,
    )  # fmt: skip
    transfer = formula(
        "us", (traffic + partial) / (Measured.bandwidth * memory.share), "time of the memory", source="williams2009"
    )
    latency = formula(
        "us",
        Measured.start
        + smallest(smallest(smooth_largest(Measured.sharpness, compute, transfer), over=cuts), over=tiles),
        "time of a run",
        derived=True,
    )

    tall = formula("1", log(rows * repeats), "logarithm of the rows", derived=True)
    wide = formula("1", log(columns), "logarithm of the columns", derived=True)
    deep = formula("1", log(depth), "logarithm of the depth", derived=True)
    crowd = formula(
        "1",
        ceil_div(rows, usual) * ceil_div(columns, usual) * repeats / Measured.units,
        "usual tiles for each unit",
        derived=True,
    )
    load = formula("1", log(crowd), "logarithm of the usual tiles for each unit", derived=True)
    fill = formula("1", crowd / ceil_div(crowd, 1), "share of the waves of usual tiles that is full", derived=True)
