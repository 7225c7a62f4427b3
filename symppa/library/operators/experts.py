"""Networks of which each token meets a few."""

from symppa.language import formula, given, integers, one, power, reals
from symppa.library.operators.operator import MatrixOperator


class Router(MatrixOperator):
    """A score for each expert, a softmax, and the largest few."""

    tokens = given("1", "tokens", domain=integers(0), symbol="T")
    width = given("1", "width of the model", domain=integers(1), symbol="d")
    experts = given("1", "experts", domain=integers(1), symbol="E")
    active = given("1", "experts a token meets", domain=integers(1), symbol="k")

    rows = formula("1", tokens, derived=True)
    columns = formula("1", experts, derived=True)
    depth = formula("1", width, derived=True)
    repeats = formula("1", 1, derived=True)
    ops = formula(
        "op", MatrixOperator.macs + 3 * tokens * experts * one("op"), "products and a softmax", source="shazeer2017"
    )
    read = formula("1", tokens * width, derived=True)
    weights = formula("1", experts * width, derived=True)
    written = formula("1", tokens * active, derived=True)
    workspace = formula("1", tokens * experts, "scores", derived=True)


class Experts(MatrixOperator):
    """Feed-forward blocks of which a token meets a few, chosen alike; weights are read of those that are met."""

    tokens = given("1", "tokens", domain=integers(1), symbol="T")
    width = given("1", "width of the model", domain=integers(1), symbol="d")
    hidden = given("1", "width of an expert", domain=integers(1), symbol="f")
    experts = given("1", "experts", domain=integers(1), symbol="E")
    active = given("1", "experts a token meets", domain=integers(1), symbol="k")
    matrices = given("1", "matrices of an expert: 3 where a gate is one of them", domain=integers(2, 3), default=3)
    bend = given("op", "operations for a hidden element between the matrices", domain=reals(0), default=5)

    met = formula(
        "1", experts * (1 - power(1 - active / experts, tokens)), "experts that some token meets, on average",
        source="shazeer2017, choices alike and independent", symbol=r"E_\mathrm{met}",
    )  # fmt: skip
    rows = formula("1", tokens * active / met, "tokens that an expert meets, on average", derived=True)
    columns = formula("1", hidden, derived=True)
    depth = formula("1", matrices * width, "products of all its matrices for a hidden element", derived=True)
    repeats = formula("1", met, derived=True)
    macs = formula("mac", tokens * active * matrices * width * hidden * one("mac"), source="shazeer2017, equation 1")
    ops = formula(
        "op", macs + tokens * active * (hidden * bend + 2 * width * one("op")),
        "products, what bends them, and the weighted sum of what the experts say", source="shazeer2017, equation 1",
    )  # fmt: skip
    read = formula("1", tokens * width, derived=True)
    weights = formula("1", met * matrices * width * hidden, derived=True)
    written = formula("1", tokens * width, derived=True)
    workspace = formula(
        "1",
        tokens * active * ((matrices - 1) * hidden + width),
        "hidden elements, and what each expert says",
        derived=True,
    )
