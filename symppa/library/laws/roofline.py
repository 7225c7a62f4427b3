"""Roofline: the slower of arithmetic and memory sets the rate."""

from symppa.language import Model, formula, given, reals, smallest


class Roofline(Model):
    """Two limits on a rate: what the arithmetic can do, and what the memory can feed."""

    peak = given("TFLOPS", "peak rate of the arithmetic", symbol=r"\Pi", domain=reals("0 TFLOPS"))
    bandwidth = given("TB/s", "memory bandwidth", symbol=r"\beta", domain=reals("0 TB/s"))
    intensity = given("FLOP/byte", "work per byte of memory traffic", symbol="I", domain=reals("0 FLOP/byte"))

    ridge_point = formula("FLOP/byte", peak / bandwidth, "intensity at which both limits meet", source="williams2009")
    attained = formula(
        "TFLOPS", smallest(peak, bandwidth * intensity), "rate within both limits", source="williams2009"
    )
    share = formula("percent", attained / peak, "share of the peak rate reached", derived=True)
