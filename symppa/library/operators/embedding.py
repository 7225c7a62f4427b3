"""Tables of weights of which rows are looked up."""

from symppa.language import formula, given, integers, one
from symppa.library.operators.operator import VectorOperator


class Embedding(VectorOperator):
    """Rows of a table; only those looked up are read."""

    rows = given("1", "rows looked up", domain=integers(0), symbol="T")
    width = given("1", "elements of a row", domain=integers(1), symbol="d")

    ops = formula("op", 0 * one("op"), derived=True)
    read = formula("1", 0, derived=True)
    weights = formula("1", rows * width, derived=True)
    written = formula("1", rows * width, derived=True)
