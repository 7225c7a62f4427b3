"""Attention over keys and values that are there: prefill, decode, shared heads, windows."""

from symppa.language import choices, equal, formula, given, integers, largest, one, smallest, where
from symppa.library.operators.operator import MatrixOperator

SOFTMAX = 3 * one("op")  # an exponential, an addition and a division for each score


class Attention(MatrixOperator):
    """Scaled dot products of queries with keys, a softmax, and a mean of values; scores stay on the chip.

    A query head sees every key, or with a mask those before it, at most `window` of them. Key and value heads that
    several query heads share are read once.
    """

    batch = given("1", "sequences", domain=integers(0), symbol="B")
    queries = given("1", "queries of a sequence", domain=integers(1), symbol=r"s_\mathrm{q}")
    context = given("1", "keys of a sequence, these queries' own included", domain=integers(1), symbol=r"s_\mathrm{k}")
    heads = given("1", "query heads", domain=integers(1), symbol="h")
    shared_heads = given("1", "heads with keys and values of their own", domain=integers(1), symbol=r"h_\mathrm{kv}")
    width = given("1", "width of a head", domain=integers(1), symbol="d")
    value_width = given("1", "width of a value", domain=integers(1), symbol=r"d_\mathrm{v}")
    mask = given("1", "what a query sees", domain=choices("all", "past"), default="all")
    window = given("1", "most keys that a query sees", domain=integers(1), default=2**40)
    inside = given("1", "1 where values are parts of the keys, else 0", domain=integers(0, 1), default=0)

    past = formula("1", context - queries, "keys before the first query's own", derived=True)
    growing = formula(
        "1", largest(0, smallest(queries, window - past)), "queries that see every key before them", derived=True
    )
    pairs = formula(
        "1",
        where(
            equal(mask, 0),
            queries * smallest(context, window),
            growing * past + growing * (growing + 1) / 2 + (queries - growing) * window,
        ),
        "pairs of a query and a key that it sees, of one head",
        derived=True,
    )
    keys = formula("1", smallest(context, window + queries - 1), "keys that some query sees", derived=True)

    rows = formula("1", queries, derived=True)
    columns = formula("1", pairs / queries, "keys that a query sees on average", derived=True)
    depth = formula("1", width + value_width, "products added up: for a score, and for a value", derived=True)
    repeats = formula("1", batch * heads, derived=True)
    softmax_ops = formula(
        "op", batch * heads * pairs * SOFTMAX, "arithmetic of the softmax", source="milakov2018, algorithm 2"
    )
    ops = formula("op", MatrixOperator.macs + softmax_ops, source="vaswani2017, equation 1")
    read = formula(
        "1",
        batch * queries * heads * width + batch * keys * shared_heads * (width + (1 - inside) * value_width),
        source="dao2022, section 3.1: scores stay on the chip",
    )
    weights = formula("1", 0, derived=True)
    written = formula("1", batch * queries * heads * value_width, derived=True)


class MultiheadAttention(MatrixOperator):
    """Attention of a sequence to itself, with the matrices that make queries, keys and values, and the one after."""

    batch = given("1", "sequences", domain=integers(0), symbol="B")
    tokens = given("1", "tokens of a sequence", domain=integers(1), symbol="s")
    width = given("1", "width of the model", domain=integers(1), symbol="d")
    heads = given("1", "heads", domain=integers(1), symbol="h")
    bias = given("1", "1 where biases are added, else 0", domain=integers(0, 1), default=1)

    scores = Attention(
        batch=batch, queries=tokens, context=tokens, heads=heads, shared_heads=heads, width=width / heads,
        value_width=width / heads,
    )  # fmt: skip

    rows = formula("1", batch * tokens, derived=True)
    columns = formula("1", 4 * width, "outputs of the four matrices", derived=True)
    depth = formula("1", width, derived=True)
    repeats = formula("1", 1, derived=True)
    macs = formula("mac", 4 * batch * tokens * width**2 * one("mac") + scores.macs, source="vaswani2017")
    ops = formula("op", macs + scores.softmax_ops, source="vaswani2017")
    read = formula("1", batch * tokens * width, derived=True)
    weights = formula("1", 4 * width**2 + bias * 4 * width, derived=True)
    written = formula("1", batch * tokens * width, derived=True)
    workspace = formula("1", 4 * batch * tokens * width, "queries, keys, values and what they give", derived=True)
