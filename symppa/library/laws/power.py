"""Dynamic power of digital circuits, and the supply voltage a clock asks for."""

from symppa.language import Model, exp, formula, given, largest, log, reals, where


class Switching(Model):
    """Circuits that charge and discharge a capacitance."""

    activity = given("1/cycle", "events in a cycle", symbol=r"\alpha", domain=reals("0 1/cycle"))
    capacitance = given("nF", "capacitance switched by one event", symbol="C", domain=reals("0 nF"))
    voltage = given("V", "supply voltage", symbol="V", domain=reals("0 V"))
    clock = given("GHz", "clock frequency", symbol="f", domain=reals("0 GHz"))

    power = formula("W", activity * capacitance * voltage**2 * clock, "dynamic power", source="chandrakasan1992")


class SwitchedCapacitance(Model):
    """What a published energy of one event says about the capacitance behind it."""

    energy = given("pJ", "energy of one event at the reference voltage", symbol=r"E_0", domain=reals("0 pJ"))
    reference_voltage = given("V", "supply voltage of the published energy", symbol=r"V_0", domain=reals("0 V"))

    capacitance = formula("nF", energy / reference_voltage**2, "capacitance switched", source="chandrakasan1992")


class AlphaPowerLaw(Model):
    """The fastest clock a supply voltage allows, relative to a known point."""

    voltage = given("V", "supply voltage", symbol="V", domain=reals("0 V"))
    threshold = given("V", "threshold voltage", symbol=r"V_\mathrm{t}", domain=reals("1 mV"))
    saturation = given("1", "velocity saturation index", symbol=r"a", domain=reals(1, 2))
    nominal_voltage = given("V", "supply voltage of the known point", symbol=r"V_0", domain=reals("0 V"))
    nominal_clock = given("GHz", "clock of the known point", symbol=r"f_0", domain=reals("0 GHz"))

    overdrive = formula(
        "1",
        log(where(threshold < nominal_voltage, (voltage - threshold) / (nominal_voltage - threshold), -1)),
        "logarithm of the voltage above the threshold, over that of the known point; none below the threshold",
        derived=True,
    )
    clock = formula(
        "GHz",
        nominal_clock * exp(saturation * overdrive) * (nominal_voltage / voltage),
        "fastest clock",
        source="sakurai1990",
    )


class VoltageTangent(Model):
    """The voltage a clock asks for, along the alpha-power law's tangent at a point of it, in log-log axes."""

    clock = given("GHz", "clock", symbol="f", domain=reals("0 GHz"))
    threshold = given("V", "threshold voltage", symbol=r"V_\mathrm{t}", domain=reals("1 mV"))
    saturation = given("1", "velocity saturation index", symbol=r"a", domain=reals(1, 2))
    point_voltage = given("V", "supply voltage of the point", symbol=r"V_1", domain=reals("0 V"))
    point_clock = given("GHz", "clock of the point", symbol=r"f_1", domain=reals("0 GHz"))

    headroom = formula(
        "1",
        log(where(threshold < point_voltage, 1 - threshold / point_voltage, -1)),
        "logarithm of the share of the voltage above the threshold; none where the threshold is not below it",
        derived=True,
    )
    slope = formula(
        "1",
        1 / (saturation * exp(-headroom) - 1),
        "relative change of voltage per relative change of clock",
        derived=True,
        symbol="s",
    )
    rise = formula(
        "1", slope * log(clock / point_clock), "logarithm of the voltage over that of the point", derived=True
    )
    voltage = formula("V", point_voltage * exp(rise), "supply voltage", source="sakurai1990")


class SupplyVoltage(Model):
    """The supply voltage a clock asks for: the alpha-power law inverted by two tangents.

    The law has no inverse in closed form. Tangents in log-log axes are Newton's method: the first stands at the
    known point, the second at the voltage the first one found. Both err downwards, so that the floor stays sharp.
    """

    clock = given("GHz", "clock", symbol="f", domain=reals("0 GHz"))
    threshold = given("V", "threshold voltage", symbol=r"V_\mathrm{t}", domain=reals("1 mV"))
    saturation = given("1", "velocity saturation index", symbol=r"a", domain=reals(1, 2))
    nominal_voltage = given("V", "supply voltage of the known point", symbol=r"V_0", domain=reals("0 V"))
    nominal_clock = given("GHz", "clock of the known point", symbol=r"f_0", domain=reals("0 GHz"))
    minimum_voltage = given(
        "V",
        "lowest supply voltage that keeps memory cells stable",
        symbol=r"V_\mathrm{min}",
        domain=reals("0 V"),
    )

    first = VoltageTangent(
        clock=clock,
        threshold=threshold,
        saturation=saturation,
        point_voltage=nominal_voltage,
        point_clock=nominal_clock,
    )
    estimate = formula(
        "V", largest(minimum_voltage, first.voltage), "supply voltage by the tangent at the known point", derived=True
    )
    law = AlphaPowerLaw(
        voltage=estimate,
        threshold=threshold,
        saturation=saturation,
        nominal_voltage=nominal_voltage,
        nominal_clock=nominal_clock,
    )
    second = first.with_(point_voltage=estimate, point_clock=law.clock)
    voltage = formula("V", largest(minimum_voltage, second.voltage), "supply voltage", source="sakurai1990")
