"""Heat through one resistance to the surrounding air or coolant."""

from symppa.language import Model, formula, given


class Junction(Model):
    """A chip over one thermal resistance."""

    ambient = given("K", "temperature of the air or coolant", symbol=r"T_\mathrm{a}")
    resistance = given("K/W", "thermal resistance from junction to ambient", symbol=r"\theta")
    power = given("W", "heat that flows", symbol="P")

    temperature = formula(
        "K", ambient + resistance * power, "junction temperature", source="jesd51", symbol=r"T_\mathrm{j}"
    )


class HeatBudget(Model):
    """The power a temperature limit allows."""

    limit = given("K", "highest junction temperature", symbol=r"T_\mathrm{max}")
    ambient = given("K", "temperature of the air or coolant", symbol=r"T_\mathrm{a}")
    resistance = given("K/W", "thermal resistance from junction to ambient", symbol=r"\theta")

    power = formula("W", (limit - ambient) / resistance, "power at the limit", source="jesd51")
