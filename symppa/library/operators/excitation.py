"""Channels weighed by what is seen in all of them."""

from symppa.language import formula, given, integers, one
from symppa.library.operators.operator import MatrixOperator

OP = one("op")


class SqueezeExcite(MatrixOperator):
    """Means of channels through two small matrices; every channel is scaled by what comes out."""

    batch = given("1", "images", domain=integers(0), symbol="N")
    channels = given("1", "channels", domain=integers(1), symbol="C")
    pixels = given("1", "positions of an image", domain=integers(1), symbol="X")
    hidden = given("1", "channels between the matrices", domain=integers(1), symbol="h")

    rows = formula("1", batch, derived=True)
    columns = formula("1", channels, derived=True)
    depth = formula("1", 2 * hidden, "products of both matrices for a channel", derived=True)
    repeats = formula("1", 1, derived=True)
    scaling = formula(
        "op", 2 * batch * channels * pixels * OP, "additions for the means, products with the scales",
        source="hu2018",
    )  # fmt: skip
    ops = formula("op", MatrixOperator.macs + scaling, source="hu2018")
    read = formula(
        "1", 2 * batch * channels * pixels, "elements read, once for the mean and once to scale", derived=True
    )
    weights = formula("1", 2 * channels * hidden + channels + hidden, derived=True)
    written = formula("1", batch * channels * pixels, derived=True)
    workspace = formula("1", batch * (2 * channels + hidden), "means, scales and what is between", derived=True)
