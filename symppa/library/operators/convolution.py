"""Convolutions, as the matrix products they are: a row for each position, a column for each filter of a group."""

from symppa.language import formula, given, integers
from symppa.library.operators.operator import MatrixOperator


class Filters(MatrixOperator):
    """Filters over positions, channels in groups that do not see each other; which product they are, kinds say."""

    batch = given("1", "images", domain=integers(0), symbol="N")
    positions = given("1", "positions of the output of one image", domain=integers(1), symbol="P")
    pixels = given("1", "positions of the input of one image", domain=integers(1), symbol="X")
    taps = given("1", "positions a filter covers", domain=integers(1), symbol="k")
    channels = given("1", "channels in", domain=integers(1), symbol="C")
    filters = given("1", "channels out", domain=integers(1), symbol="F")
    groups = given("1", "groups of channels", domain=integers(1), default=1, symbol="g")
    bias = given("1", "1 where a bias is added, else 0", domain=integers(0, 1), default=0)

    repeats = formula("1", groups, derived=True)
    read = formula("1", batch * pixels * channels, derived=True)
    weights = formula("1", filters * taps * channels / groups + bias * filters, derived=True)
    written = formula("1", batch * positions * filters, derived=True)


class Convolution(Filters):
    """Every position of the output sees the positions a filter covers; one group a channel is depthwise."""

    rows = formula("1", Filters.batch * Filters.positions, derived=True)
    columns = formula("1", Filters.filters / Filters.groups, derived=True)
    depth = formula("1", Filters.taps * Filters.channels / Filters.groups, derived=True)


class TransposedConvolution(Filters):
    """The other way round: every position of the input is spread over the positions a filter covers."""

    rows = formula("1", Filters.batch * Filters.pixels, derived=True)
    columns = formula("1", Filters.taps * Filters.filters / Filters.groups, derived=True)
    depth = formula("1", Filters.channels / Filters.groups, derived=True)
