"""Matrix products."""

from symppa.language import formula, given, integers
from symppa.library.operators.operator import MatrixOperator


class Linear(MatrixOperator):
    """A row vector for each token times a matrix of weights."""

    tokens = given("1", "rows of the input, batch included", domain=integers(0), symbol="T")
    inputs = given("1", "features in", domain=integers(1), symbol=r"n_\mathrm{in}")
    outputs = given("1", "features out", domain=integers(1), symbol=r"n_\mathrm{out}")
    bias = given("1", "1 where a bias is added, else 0", domain=integers(0, 1), default=0)

    rows = formula("1", tokens, derived=True)
    columns = formula("1", outputs, derived=True)
    depth = formula("1", inputs, derived=True)
    repeats = formula("1", 1, derived=True)
    read = formula("1", tokens * inputs, derived=True)
    weights = formula("1", inputs * outputs + bias * outputs, derived=True)
    written = formula("1", tokens * outputs, derived=True)


class MatMul(MatrixOperator):
    """Products of two matrices of activations, one for each of a batch."""

    batch = given("1", "products", domain=integers(0), symbol="B")
    left = given("1", "rows of the left operand", domain=integers(1), symbol="M")
    inner = given("1", "products added up", domain=integers(1), symbol="K")
    right = given("1", "columns of the right operand", domain=integers(1), symbol="N")
    left_batch = given("1", "left operands that differ", domain=integers(0))
    right_batch = given("1", "right operands that differ", domain=integers(0))

    rows = formula("1", left, derived=True)
    columns = formula("1", right, derived=True)
    depth = formula("1", inner, derived=True)
    repeats = formula("1", batch, derived=True)
    read = formula("1", left_batch * left * inner + right_batch * inner * right, derived=True)
    weights = formula("1", 0, derived=True)
    written = formula("1", batch * left * right, derived=True)
