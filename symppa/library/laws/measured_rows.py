"""Laws of operations without matrix products, and of whole subgraphs, whose coefficients are fitted to measurements."""

from symppa.language import ceil_div, formula, given, largest, log, one, reals, smooth_largest
from symppa.library.laws.measured import Achieved, Measured


class MeasuredStream(Measured):
    """The same to every element: bytes that come and go, while the next one may start already."""

    traffic = given("byte", "bytes moved", domain=reals(0), symbol="B")
    overlap = given("1", "exponent of the overlap of start and memory: 1 adds them up", domain=reals(1), default=1)
    memory = Achieved(moved=traffic)

    transfer = formula("us", traffic / (Measured.bandwidth * memory.share), "time of the memory", source="williams2009")
    latency = formula("us", smooth_largest(overlap, Measured.start, transfer), derived=True)

    amount = formula("1", log(largest(traffic, one("byte")) / one("byte")), "logarithm of the bytes", derived=True)


class MeasuredRows(MeasuredStream):
    """Rows that are each reduced to a few numbers first: units take rows in waves, a row takes time of its own."""

    rows = given("1", "rows", domain=reals(1), symbol="R")
    width = given("1", "elements of a row", domain=reals(1), symbol="n")
    held = given("1", "rows that a unit works on at once", domain=reals(1))
    row_start = given("us", "time of a row before its elements", domain=reals("0 us"))
    element_time = given("ns", "time of an element of a row on one unit", domain=reals("0 ns"))

    waves = formula("1", ceil_div(rows, Measured.units * held), "times that every unit takes rows", derived=True)
    passing = formula(
        "us", waves * (row_start + width * element_time), "time of the busiest unit",
        source="nvidia2023matmul, wave quantization",
    )  # fmt: skip
    latency = formula(
        "us", Measured.start + smooth_largest(Measured.sharpness, passing, MeasuredStream.transfer), derived=True
    )

    tall = formula("1", log(rows), "logarithm of the rows", derived=True)
    wide = formula("1", log(width), "logarithm of the elements of a row", derived=True)


class MeasuredSubgraph(MeasuredStream):
    """Fused operators of which only work and bytes are known: the arithmetic's share of the peak grows with it."""

    ops = given("op", "arithmetic operations", domain=reals(0), symbol="F")
    nodes = given("1", "operators that were fused", domain=reals(1), default=1)
    peak = given("TFLOPS", "peak rate of the device", domain=reals("1 FLOPS"), symbol="P")
    efficiency = given("1", "share of the peak that much work reaches", domain=reals(0, 1), symbol=r"\eta")
    half_work = given("MFLOP", "work at half of that", domain=reals("0 op"))
    node_start = given("us", "time that each operator adds", domain=reals("0 us"))

    compute = formula(
        "us", (ops + half_work) / (peak * efficiency), "time of the arithmetic, its ramp included",
        source="williams2009",
    )  # fmt: skip
    latency = formula(
        "us",
        Measured.start + nodes * node_start + smooth_largest(Measured.sharpness, compute, MeasuredStream.transfer),
        derived=True,
    )

    work = formula("1", log(largest(ops, one("op")) / one("op")), "logarithm of the work", derived=True)
    intensity = formula("1", work - MeasuredStream.amount, "logarithm of the operations for each byte", derived=True)


class MeasuredCollective(Measured):
    """A sum over devices by a ring: what leaves each, and messages one after the other."""

    sent = given("byte", "bytes that leave a device", domain=reals(0))
    steps = given("1", "messages one after the other", domain=reals(0))
    link_bandwidth = given("GB/s", "rate at which a device sends to another", domain=reals("1 byte/s"))
    link_latency = given("us", "time until a message to another device arrives", domain=reals("0 us"))
    link_share = given("1", "share of that rate that is reached", domain=reals(1e-6, 1), default=1)

    latency = formula(
        "us", Measured.start + sent / (link_bandwidth * link_share) + steps * link_latency,
        source="thakur2005, section 4.5",
    )  # fmt: skip
