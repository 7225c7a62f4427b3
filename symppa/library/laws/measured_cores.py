"""A law of cores with caches, whose coefficients are fitted to measurements."""

from symppa.language import Model, formula, given, largest, log, one, reals, smooth_largest
from symppa.library.laws.measured import Measured


class CachedMemory(Model):
    """Bytes touched again and again: a cache gives those it holds; where it does not, writing costs extra."""

    read = given("byte", "bytes read", domain=reals(0))
    written = given("byte", "bytes written", domain=reals(0), default="0 byte")
    bandwidth = given("GB/s", "bandwidth of the main memory", domain=reals("1 byte/s"), symbol="W")
    capacity = given("byte", "last-level cache", domain=reals("1 byte"))
    reach = given("1", "bytes of which half is missed, over the cache's", domain=reals(1e-3))
    fall = given("1", "exponent with which hits grow rare beyond", domain=reals(0.1), default=4)
    share = given("1", "share of the bandwidth reached without the cache", domain=reals(1e-6, 1))
    speedup = given("1", "rate of the cache over the main memory's", domain=reals(1e-6))
    writing = given("1", "cost of a byte written to the main memory over that of one read", domain=reals(1))

    crowding = formula(
        "1", ((read + written) / (capacity * reach)) ** fall, "bytes over what the cache holds, sharpened", derived=True
    )
    missed = formula("1", crowding / (1 + crowding), "share of the bytes that the cache does not hold", derived=True)
    time = formula(
        "us",
        (1 - missed) * (read + written) / (bandwidth * speedup)
        + missed * (read + writing * written) / (bandwidth * share),
        "time of the transfers",
        source="williams2009",
    )


class MeasuredCores(Measured):
    """Arithmetic at a share of the peak beside memory behind a cache."""

    ops = given("op", "arithmetic operations", domain=reals(0), symbol="F")
    read = given("byte", "bytes read", domain=reals(0))
    written = given("byte", "bytes written", domain=reals(0))
    nodes = given("1", "operators that were fused", domain=reals(1), default=1)
    peak = given("TFLOPS", "peak rate of the device", domain=reals("1 FLOPS"), symbol="P")
    efficiency = given("1", "share of the peak that is reached", domain=reals(0, 1), symbol=r"\eta")
    node_start = given("us", "time that each operator adds", domain=reals("0 us"))
    memory = CachedMemory(read=read, written=written, bandwidth=Measured.bandwidth)

    compute = formula("us", ops / (peak * efficiency), "time of the arithmetic", source="williams2009")
    latency = formula(
        "us",
        Measured.start + nodes * node_start + smooth_largest(Measured.sharpness, compute, memory.time),
        derived=True,
    )

    work = formula("1", log(largest(ops, one("op")) / one("op")), "logarithm of the work", derived=True)
    amount = formula(
        "1", log(largest(read + written, one("byte")) / one("byte")), "logarithm of the bytes", derived=True
    )
    output = formula(
        "1", log(largest(written, one("byte")) / one("byte")), "logarithm of what is written", derived=True
    )
