"""Dynamic power of digital circuits, and the supply voltage a clock asks for."""

from symppa.language import Model, formula, given, largest, power


class Switching(Model):
    """Circuits that charge and discharge a capacitance."""

    activity = given("1/cycle", "events in a cycle", symbol=r"\alpha")
    capacitance = given("nF", "capacitance switched by one event", symbol="C")
    voltage = given("V", "supply voltage", symbol="V")
    clock = given("GHz", "clock frequency", symbol="f")

    power = formula("W", activity * capacitance * voltage**2 * clock, "dynamic power", source="chandrakasan1992")


class SwitchedCapacitance(Model):
    """What a published energy of one event says about the capacitance behind it."""

    energy = given("pJ", "energy of one event at the reference voltage", symbol=r"E_0")
    reference_voltage = given("V", "supply voltage of the published energy", symbol=r"V_0")

    capacitance = formula("nF", energy / reference_voltage**2, "capacitance switched", source="chandrakasan1992")


class AlphaPowerLaw(Model):
    """The fastest clock a supply voltage allows, relative to a known point."""

    voltage = given("V", "supply voltage", symbol="V")
    threshold = given("V", "threshold voltage", symbol=r"V_\mathrm{t}")
    saturation = given("1", "velocity saturation index", symbol=r"a")
    nominal_voltage = given("V", "supply voltage of the known point", symbol=r"V_0")
    nominal_clock = given("GHz", "clock of the known point", symbol=r"f_0")

    clock = formula(
        "GHz",
        nominal_clock
        * power((voltage - threshold) / (nominal_voltage - threshold), saturation)
        * (nominal_voltage / voltage),
        "fastest clock",
        source="sakurai1990",
    )


class SupplyVoltage(Model):
    """The supply voltage a clock asks for: the alpha-power law's tangent at a known point, in log-log axes.

    The law has no inverse in closed form. Its tangent is a monomial, so that power stays one too.
    """

    clock = given("GHz", "clock", symbol="f")
    threshold = given("V", "threshold voltage", symbol=r"V_\mathrm{t}")
    saturation = given("1", "velocity saturation index", symbol=r"a")
    nominal_voltage = given("V", "supply voltage of the known point", symbol=r"V_0")
    nominal_clock = given("GHz", "clock of the known point", symbol=r"f_0")
    minimum_voltage = given("V", "lowest supply voltage that keeps memory cells stable", symbol=r"V_\mathrm{min}")

    slope = formula(
        "1",
        1 / (saturation * nominal_voltage / (nominal_voltage - threshold) - 1),
        "relative change of voltage per relative change of clock",
        derived=True,
        symbol="s",
    )
    voltage = formula(
        "V",
        largest(minimum_voltage, nominal_voltage * power(clock / nominal_clock, slope)),
        "supply voltage",
        source="sakurai1990",
    )
