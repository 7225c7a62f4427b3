"""A law of energy whose coefficients are fitted to measurements."""

from symppa.language import Model, formula, given, log, one, reals


class MeasuredEnergy(Model):
    """What arithmetic and memory take, and power that flows meanwhile."""

    ops = given("op", "arithmetic operations", domain=reals(0), symbol="F")
    traffic = given("byte", "bytes moved", domain=reals(0), symbol="B")
    latency = given("us", "time of a run", domain=reals("0 us"))
    op_energy = given("pJ/op", "energy of an operation", domain=reals(0))
    byte_energy = given("pJ/byte", "energy of a byte moved", domain=reals(0))
    static_power = given("W", "power that flows without work", domain=reals(0))

    energy = formula(
        "uJ", ops * op_energy + traffic * byte_energy + static_power * latency, "energy of a run",
        source="horowitz2014",
    )  # fmt: skip
    length = formula("1", log(energy / one("uJ")), "logarithm of the energy in microjoules", derived=True)
