"""A law of whole networks whose coefficients are fitted to measurements: what starts them, and what they compute."""

from symppa.language import formula, given, largest, log, one, reals, smooth_largest
from symppa.library.laws.measured import Measured


class MeasuredNetwork(Measured):
    """Operators launched one after the other while the device works off those before: the slower of the two decides.

    Convolutions may run in another format than the rest, so they have a peak and an efficiency of their own.
    """

    launches = given("1", "operators that are launched", domain=reals(1))
    convolved = given("op", "arithmetic of convolutions", domain=reals(0))
    other = given("op", "all other arithmetic", domain=reals(0))
    traffic = given("byte", "bytes moved between operators, weights included", domain=reals(0), symbol="B")
    peak = given("TFLOPS", "peak rate of all but convolutions", domain=reals("1 FLOPS"), symbol="P")
    convolution_peak = given("TFLOPS", "peak rate of convolutions", domain=reals("1 FLOPS"), symbol=r"P_\mathrm{c}")
    efficiency = given("1", "share of the peak that is reached", domain=reals(0, 1), symbol=r"\eta")
    convolution_efficiency = given(
        "1", "share of the peak that convolutions reach", domain=reals(0, 1), symbol=r"\eta_\mathrm{c}"
    )
    share = given("1", "share of the bandwidth that is reached", domain=reals(1e-6, 1))
    launch = given("us", "time of a launch", domain=reals("0 us"))

    launching = formula("us", launches * launch, "time of the launches", derived=True)
    working = formula(
        "us",
        convolved / (convolution_peak * convolution_efficiency)
        + other / (peak * efficiency)
        + traffic / (Measured.bandwidth * share),
        "time of arithmetic and memory",
        source="williams2009",
    )
    latency = formula("us", Measured.start + smooth_largest(Measured.sharpness, launching, working), derived=True)

    size = formula("1", log(launches), "logarithm of the launches", derived=True)
    work = formula(
        "1", log(largest(convolved + other, one("op")) / one("op")), "logarithm of the arithmetic", derived=True
    )
