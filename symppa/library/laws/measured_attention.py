"""A law of attention whose coefficients are fitted to measurements: blocks of queries, cuts of the keys, waves."""

from symppa.language import (
    ceil_div,
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
    where,
)  # fmt: skip
from symppa.library.laws.measured import Achieved, Measured


class MeasuredAttention(Measured):
    """Blocks of queries pass over the keys they see; where there are few blocks, the keys are cut into pieces.

    A block holds the queries of heads that share keys as far as `packed` says: 1 for one head a block. A unit draws
    keys at `boost` times its part of the bandwidth, or multiplies, whichever takes longer.
    """

    batch = given("1", "sequences", domain=reals(1), symbol="B")
    queries = given("1", "queries of a sequence", domain=reals(1), symbol=r"s_\mathrm{q}")
    context = given("1", "keys of a sequence, these queries' own included", domain=reals(1))
    heads = given("1", "query heads", domain=reals(1), symbol="h")
    kv_heads = given("1", "heads with keys and values of their own", domain=reals(1), symbol=r"h_\mathrm{kv}")
    width = given("1", "width of a head", domain=reals(1), symbol="d")
    seen = given("1", "keys that a query sees on average", domain=reals(0))
    furthest = given("1", "most keys that a query sees", domain=reals(0))
    element = given("byte", "storage of an element", domain=reals(0), default="2 byte")
    traffic = given("byte", "queries, keys, values and results, each moved once", domain=reals(0))
    peak = given("TFLOPS", "peak rate of the device", domain=reals("1 FLOPS"), symbol="P")

    blocks = index("rows of a block")
    cuts = index("cuts of the keys")
    block_rows = given("1", "queries of a block", over=blocks, domain=integers(1), symbol=r"t_\mathrm{q}")
    pieces = given("1", "pieces the keys may be cut into", over=cuts, domain=integers(1))
    shortest = given("1", "keys below which no piece goes", domain=reals(1), default=64)
    packed = given("1", "query heads on one head of keys that go into one block", domain=reals(1), default=1)

    efficiency = given("1", "share of the peak that a long block reaches", domain=reals(0, 1), symbol=r"\eta")
    boost = given("1", "bandwidth a unit draws on its own, over its part of all", domain=reals(0))
    lead = given("1", "keys that filling and draining a block costs", domain=reals(0), symbol="K_0")
    joining = given("us", "time to put pieces together", domain=reals("0 us"))
    memory = Achieved(moved=traffic)

    together = formula("1", smallest(packed, heads / kv_heads), "query heads in a block", derived=True)
    cut = formula("1", where(pieces * shortest <= seen, pieces, 1), "pieces that the keys are cut into", derived=True)
    count = formula(
        "1",
        batch * ceil_div(heads, together) * ceil_div(queries * together, block_rows) * cut,
        "blocks, each with one piece of the keys",
        source="dao2022",
    )
    waves = formula("1", ceil_div(count, Measured.units), "times that every unit takes a block", source="dao2022")
    key_compute = formula(
        "us",
        2 * block_rows * width * one("mac") / (peak / Measured.units * efficiency),
        "time to multiply a block of queries with a key and its value", derived=True,
    )  # fmt: skip
    key_transfer = formula(
        "us", 2 * width * element / (boost * Measured.bandwidth / Measured.units),
        "time in which a unit draws a key and its value", derived=True,
    )  # fmt: skip
    keys = formula(
        "1", largest(waves * seen / cut, furthest / cut) + waves * lead, "keys that the busiest unit passes over",
        source="dao2022",
    )  # fmt: skip
    passing = formula("us", keys * largest(key_compute, key_transfer), "time of the busiest unit", derived=True)
    transfer = formula("us", traffic / (Measured.bandwidth * memory.share), "time of the memory", source="williams2009")
    latency = formula(
        "us",
        Measured.start
        + smallest(
            smallest(
                smooth_largest(Measured.sharpness, passing, transfer) + where(cut <= 1, 0 * joining, joining),
                over=cuts,
            ),
            over=blocks,
        ),
        derived=True,
    )

    many = formula("1", log(batch * kv_heads), "logarithm of the heads of keys of all sequences", derived=True)
    shared = formula("1", log(heads / kv_heads), "logarithm of the query heads on one head of keys", derived=True)
    long = formula("1", log(context), "logarithm of the keys of a sequence", derived=True)
    near = formula("1", log(furthest), "logarithm of the most keys that a query sees", derived=True)
    broad = formula("1", log(width), "logarithm of the width", derived=True)
    load = formula(
        "1", log(batch * heads * queries / Measured.units), "logarithm of the queries of all heads for each unit",
        derived=True,
    )  # fmt: skip
