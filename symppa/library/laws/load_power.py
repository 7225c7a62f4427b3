"""Power of a chip that is busy for a part of the time."""

from symppa.language import Model, formula, given, reals


class LoadPower(Model):
    """Power between idling and full load, along a power of the load."""

    idle = given("W", "power without work", symbol=r"P_0", domain=reals("0 W"))
    full = given("W", "power at full load", symbol=r"P_1", domain=reals("0 W"))
    load = given("1", "share of the peak rate that is used", symbol="u", domain=reals(0, 1))
    bend = given("1", "how much later than the load power rises", symbol="n", domain=reals(0.1, 10), default=1.3)

    power = formula(
        "W", idle + (full - idle) * load**bend, "average power", symbol="P",
        source="branes2026kpu, power predictor of its deployment",
    )  # fmt: skip
