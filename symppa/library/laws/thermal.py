"""Heat through one resistance to the surrounding air or coolant."""

from symppa.language import Model, formula, given, reals, sqrt


class Junction(Model):
    """A chip over one thermal resistance."""

    ambient = given("K", "temperature of the air or coolant", symbol=r"T_\mathrm{a}", domain=reals("0 K"))
    resistance = given("K/W", "thermal resistance from junction to ambient", symbol=r"\theta", domain=reals("0 K/W"))
    power = given("W", "heat that flows", symbol="P", domain=reals("0 W"))

    temperature = formula(
        "K", ambient + resistance * power, "junction temperature", source="jesd51", symbol=r"T_\mathrm{j}"
    )


class HeatBudget(Model):
    """The power a temperature limit allows."""

    limit = given("K", "highest junction temperature", symbol=r"T_\mathrm{max}", domain=reals("0 K"))
    ambient = given("K", "temperature of the air or coolant", symbol=r"T_\mathrm{a}", domain=reals("0 K"))
    resistance = given("K/W", "thermal resistance from junction to ambient", symbol=r"\theta", domain=reals("0 K/W"))

    headroom = formula(
        "1",
        sqrt(1 - ambient / limit),
        "root of the share of the limit above the ambient; none where the ambient is above the limit",
        derived=True,
    )
    power = formula("W", limit * headroom**2 / resistance, "power at the limit", source="jesd51")
