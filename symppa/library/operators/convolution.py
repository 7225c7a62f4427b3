"""Convolutions, as the matrix products they are: a row for each position, a column for each filter of a group."""

from symppa.language import formula, given, integers
from symppa.library.operators.operator import MatrixOperator


class Convolution(MatrixOperator):
    """Filters over positions, channels in groups that do not see each other; one group a channel is depthwise."""

    batch = given("1", "images", domain=integers(0), symbol="N")
    positions = given("1", "positions of the output of one image", domain=integers(1), symbol="P")
    pixels = given("1", "positions of the input of one image", domain=integers(1), symbol="X")
    taps = given("1", "positions a filter covers", domain=integers(1), symbol="k")
    channels = given("1", "channels in", domain=integers(1), symbol="C")
    filters = given("1", "channels out", domain=integers(1), symbol="F")
    groups = given("1", "groups of channels", domain=integers(1), default=1, symbol="g")
    bias = given("1", "1 where a bias is added, else 0", domain=integers(0, 1), default=0)

    rows = formula("1", batch * positions, derived=True)
    columns = formula("1", filters / groups, derived=True)
    depth = formula("1", taps * channels / groups, derived=True)
    repeats = formula("1", groups, derived=True)
    read = formula("1", batch * pixels * channels, derived=True)
    weights = formula("1", filters * taps * channels / groups + bias * filters, derived=True)
    written = formula("1", batch * positions * filters, derived=True)


class TransposedConvolution(MatrixOperator):
    """The other way round: every position of the input is spread over the positions a filter covers."""

    batch = given("1", "images", domain=integers(0), symbol="N")
    positions = given("1", "positions of the output of one image", domain=integers(1), symbol="P")
    pixels = given("1", "positions of the input of one image", domain=integers(1), symbol="X")
    taps = given("1", "positions a filter covers", domain=integers(1), symbol="k")
    channels = given("1", "channels in", domain=integers(1), symbol="C")
    filters = given("1", "channels out", domain=integers(1), symbol="F")
    groups = given("1", "groups of channels", domain=integers(1), default=1, symbol="g")
    bias = given("1", "1 where a bias is added, else 0", domain=integers(0, 1), default=0)

    rows = formula("1", batch * pixels, derived=True)
    columns = formula("1", taps * filters / groups, derived=True)
    depth = formula("1", channels / groups, derived=True)
    repeats = formula("1", groups, derived=True)
    read = formula("1", batch * pixels * channels, derived=True)
    weights = formula("1", filters * taps * channels / groups + bias * filters, derived=True)
    written = formula("1", batch * positions * filters, derived=True)
