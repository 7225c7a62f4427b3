"""Leakage, which heats the chip that leaks."""

from symppa.language import Model, exp, formula, given, lambert_w, reals


class LeakageAtVoltage(Model):
    """Subthreshold leakage at another supply voltage; the drain lowers the barrier."""

    reference_power = given("W", "leakage at the reference voltage", symbol=r"P_0", domain=reals("0 W"))
    reference_voltage = given("V", "supply voltage of the reference", symbol=r"V_0", domain=reals("0 V"))
    voltage = given("V", "supply voltage", symbol="V", domain=reals("0 V"))
    barrier_lowering = given(
        "1/V", "relative growth of the leakage current with voltage", symbol=r"\lambda", domain=reals("0 1/V")
    )

    power = formula(
        "W",
        reference_power * voltage / reference_voltage * exp(barrier_lowering * (voltage - reference_voltage)),
        "leakage at the supply voltage",
        source="su2003",
    )


class Leakage(Model):
    """Leakage grows with temperature and temperature with leakage: the fixed point of both, in closed form.

    With P = A exp(b T) and T = Ta + theta (Pd + P) the stable solution is the principal branch of Lambert W.
    An argument below -1/e has none: thermal runaway, shown as no number, and `runaway` says by how much.
    """

    reference_power = given("W", "leakage at the reference temperature", symbol=r"P_0", domain=reals("0 W"))
    reference_temperature = given("K", "temperature of the reference", symbol=r"T_0", domain=reals("0 K"))
    growth = given("1/K", "relative growth of leakage with temperature", symbol="b", domain=reals("1e-9 1/K"))
    ambient = given("K", "temperature of the air or coolant", symbol=r"T_\mathrm{a}", domain=reals("0 K"))
    resistance = given("K/W", "thermal resistance from junction to ambient", symbol=r"\theta", domain=reals("1e-9 K/W"))
    heat = given("W", "power other than leakage", symbol=r"P_\mathrm{d}", domain=reals("0 W"))

    feedback = formula(
        "1",
        growth * resistance * reference_power * exp(growth * (ambient + resistance * heat - reference_temperature)),
        "leakage before it heats itself, in units of what one e-fold of growth takes",
        derived=True,
        symbol="x",
    )
    power = formula(
        "W",
        -lambert_w(-feedback) / (growth * resistance),
        "leakage at the temperature it settles at",
        source="devogeleer2014; corless1996",
        symbol=r"P_\mathrm{l}",
    )
    temperature = formula(
        "K",
        ambient + resistance * (heat + power),
        "junction temperature",
        source="jesd51",
        symbol=r"T_\mathrm{j}",
    )
    runaway = formula(
        "percent",
        exp(1) * feedback,
        "way to thermal runaway, beyond 100 percent there is no stable temperature",
        source="corless1996",
    )
