"""Operators that do the same to every element, and those that sum many elements up into fewer."""

from symppa.language import formula, given, integers, one, reals
from symppa.library.operators.operator import VectorOperator

OP = one("op")


class Elementwise(VectorOperator):
    """So many operations for each element written; every operand is read once."""

    elements = given("1", "elements written", domain=integers(0), symbol="n")
    operands = given("1", "elements read", domain=integers(0))
    parameters = given("1", "elements of weights", domain=integers(0), default=0)
    work = given("op", "operations for an element", domain=reals(0), symbol="w")

    ops = formula("op", elements * work, derived=True)
    read = formula("1", operands, derived=True)
    weights = formula("1", parameters, derived=True)
    written = formula("1", elements, derived=True)


class Reduction(VectorOperator):
    """So many operations for each element read."""

    elements = given("1", "elements read", domain=integers(0), symbol="n")
    results = given("1", "elements written", domain=integers(0))
    work = given("op", "operations for an element read", domain=reals(0), symbol="w")

    ops = formula("op", elements * work, derived=True)
    read = formula("1", elements, derived=True)
    weights = formula("1", 0, derived=True)
    written = formula("1", results, derived=True)


class Pooling(VectorOperator):
    """Windows over positions; a mean adds up what it covers, a maximum compares and counts no operation."""

    batch = given("1", "images", domain=integers(0), symbol="N")
    positions = given("1", "positions of the output of one image", domain=integers(1), symbol="P")
    pixels = given("1", "positions of the input of one image", domain=integers(1), symbol="X")
    taps = given("1", "positions a window covers", domain=reals(1), symbol="k")
    channels = given("1", "channels", domain=integers(1), symbol="C")
    work = given("op", "operations for an element a window covers", domain=reals(0), symbol="w")

    ops = formula("op", batch * positions * channels * taps * work, derived=True)
    read = formula("1", batch * pixels * channels, derived=True)
    weights = formula("1", 0, derived=True)
    written = formula("1", batch * positions * channels, derived=True)


class Softmax(VectorOperator):
    """A row at a time: its maximum, exponentials, their sum, a division."""

    elements = given("1", "elements", domain=integers(0), symbol="n")

    ops = formula(
        "op", elements * 3 * OP, "an exponential, an addition and a division for each element; comparisons aside",
        source="milakov2018, algorithm 2",
    )  # fmt: skip
    read = formula("1", elements, derived=True)
    weights = formula("1", 0, derived=True)
    written = formula("1", elements, derived=True)


class Normalisation(VectorOperator):
    """Elements less their mean, over their spread, scaled and shifted."""

    elements = given("1", "elements", domain=integers(0), symbol="n")
    parameters = given("1", "scales and shifts", domain=integers(0))
    work = given("op", "operations for an element", domain=reals(0), symbol="w")

    ops = formula("op", elements * work, derived=True)
    read = formula("1", elements, derived=True)
    weights = formula("1", parameters, derived=True)
    written = formula("1", elements, derived=True)
