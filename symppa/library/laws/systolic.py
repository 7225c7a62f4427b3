"""Time of a matrix product on systolic arrays, for each operand that may stay in the cells.

Two counts are in use. The paper's has every fold fill, stream and drain: 2R + C + T - 2 cycles. The authors'
simulator lets the sums of an output-stationary fold drain unseen, and tells the number of the last cycle, counted
from 0.
"""

from symppa.language import (
    Model,
    ceil_div,
    choices,
    equal,
    floor_div,
    formula,
    given,
    integers,
    largest,
    one,
    reals,
    where,
)

CYCLE = one("cycle")
DATAFLOWS = choices("os", "ws", "is")


class Fold(Model):
    """One filling of a systolic array: operands enter at two edges, each row and column a cycle after the last."""

    rows = given("1", "rows of the array", domain=integers(1, 65536), symbol="R")
    columns = given("1", "columns of the array", domain=integers(1, 65536), symbol="C")
    length = given("1", "operands that stream past a cell", domain=integers(1), symbol="T")
    rate = given(
        "1", "operands that a cell takes in a cycle: below 1 it needs several cycles for one", domain=reals(1e-3),
        default=1, symbol="r",
    )  # fmt: skip

    streaming = formula("1", ceil_div(length, rate), "cycles in which operands enter", derived=True)
    skewed = formula(
        "cycle",
        (rows + columns + streaming - 2) * CYCLE,
        "from the first operand until the last has crossed the array",
        source="samajdar2020, analytical model of the run time",
    )
    cycles = formula(
        "cycle",
        skewed + rows * CYCLE,
        "one fold, with the rows that are filled before or drained after it",
        source="samajdar2020, analytical model of the run time",
    )


class SystolicProduct(Model):
    """A matrix product on arrays of one size; which operand stays in the cells is the dataflow."""

    rows = given("1", "rows of the product", domain=integers(1, 2**32), symbol="M")
    columns = given("1", "columns of the product", domain=integers(1, 2**32), symbol="N")
    depth = given("1", "products added up for an element", domain=integers(1, 2**32), symbol="K")
    dataflow = given(
        "1", "what stays: outputs (os), weights (ws) or inputs (is)", domain=DATAFLOWS, default="os",
        symbol=r"\delta",
    )  # fmt: skip
    arrays = given("1", "arrays that take folds side by side", domain=integers(1, 65536), default=1, symbol="A")

    high = formula(
        "1", where(equal(dataflow, 0), rows, depth), "extent laid on the rows of an array", symbol=r"S_\mathrm{R}",
        source="samajdar2020, what each dataflow lays where",
    )  # fmt: skip
    wide = formula(
        "1", where(equal(dataflow, 2), rows, columns), "extent laid on the columns of an array",
        symbol=r"S_\mathrm{C}", source="samajdar2020, what each dataflow lays where",
    )  # fmt: skip
    streamed = formula(
        "1", where(equal(dataflow, 0), depth, where(equal(dataflow, 1), rows, columns)),
        "extent that streams past a cell", symbol="T", source="samajdar2020, what each dataflow lays where",
    )  # fmt: skip
    fold = Fold(length=streamed)

    folds = formula(
        "1", ceil_div(high, fold.rows) * ceil_div(wide, fold.columns), "fillings of an array",
        source="samajdar2020, analytical model of the run time",
    )  # fmt: skip
    waves = formula("1", ceil_div(folds, arrays), "fillings one after the other", derived=True)
    cycles = formula(
        "cycle",
        waves * fold.cycles,
        "time of the product as the paper counts it",
        source="samajdar2020, analytical model of the run time",
    )
    simulated = formula(
        "cycle",
        waves * where(equal(dataflow, 0), fold.skewed, fold.cycles) - CYCLE,
        "number of the last cycle as the authors' simulator counts it: from 0, sums drained unseen",
        source="samajdar2018, the program's count without stalls",
    )
    occupancy = formula(
        "1",
        rows * columns * depth * CYCLE / (cycles * arrays * fold.rows * fold.columns * fold.rate),
        "share of the cells' capacity that does work",
        derived=True,
    )


class ConvolutionAsProduct(Model):
    """A convolution written as a product: a row for each place of the kernel, a column for each filter."""

    height = given("1", "rows of the input, padding included", domain=integers(1, 2**24), symbol="H")
    width = given("1", "columns of the input, padding included", domain=integers(1, 2**24), symbol="W")
    kernel_height = given("1", "rows of the kernel", domain=integers(1, 2**16), symbol="h")
    kernel_width = given("1", "columns of the kernel", domain=integers(1, 2**16), symbol="w")
    channels = given("1", "channels of the input", domain=integers(1, 2**24), symbol="c")
    filters = given("1", "filters", domain=integers(1, 2**24), symbol="F")
    stride = given("1", "places that the kernel moves at a time", domain=integers(1, 2**16), default=1, symbol="s")

    down = formula("1", floor_div(height - kernel_height, stride) + 1, "places of the kernel downwards", derived=True)
    across = formula("1", floor_div(width - kernel_width, stride) + 1, "places of the kernel across", derived=True)
    rows = formula(
        "1", largest(0, down) * largest(0, across), "rows of the product; none where the kernel does not fit",
        source="samajdar2020, a convolution as a product",
    )  # fmt: skip
    columns = formula("1", filters, "columns of the product", source="samajdar2020, a convolution as a product")
    depth = formula(
        "1", kernel_height * kernel_width * channels, "products added up for an element",
        source="samajdar2020, a convolution as a product",
    )  # fmt: skip
