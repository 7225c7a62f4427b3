"""Converters between the analog and the digital side."""

from symppa.language import Model, formula, given, integers, lookup, one, power, reals, table


class Converter(Model):
    """A converter of one resolution; what it costs is left to its kinds."""

    bits = given("1", "resolution", domain=integers(1), symbol="b")

    energy = formula("pJ", ..., "energy of a conversion")
    latency = formula("ns", ..., "time of a conversion")
    area = formula("mm2", ..., "area of a converter")


class TabulatedConverter(Converter):
    """A converter out of a table of resolutions; those between its rows are not offered."""

    rows = table("bits", energy="pJ", latency="ns", area="mm2")

    energy = formula("pJ", lookup(rows.energy, Converter.bits), source="selfspec")
    latency = formula("ns", lookup(rows.latency, Converter.bits), source="selfspec")
    area = formula("mm2", lookup(rows.area, Converter.bits), source="selfspec")


SURVEYED = "murmann_adc_survey, best tenth of 666 converters of ISSCC and VLSI"


class SurveyConverter(Converter):
    """What the best tenth of published converters takes at a resolution, a rate and a technology node.

    A step of the code costs energy that shrinks with the node, thermal noise costs four times as much for every bit,
    and both rise with the rate beyond a corner. Energy and area are enclosed one by one: no converter is best in both.
    """

    bit_rate = given("GHz", "bits decided in a second", domain=reals("1e-9 GHz"), default="2 GHz")
    node = given("nm", "technology node", domain=reals("1 nm"), default="65 nm")
    step_energy = given(
        "pJ", "energy of a step of the code at 65 nm", domain=reals(0), default="0.001936 pJ", source=SURVEYED
    )
    step_growth = given(
        "1", "exponent of the node in the energy of a step", domain=reals(0), default=3.012, source=SURVEYED
    )
    noise_energy = given(
        "pJ", "energy of thermal noise, without bits", domain=reals(0), default="2.905e-7 pJ", source=SURVEYED
    )
    corner = given(
        "GHz", "rate beyond which energy rises", domain=reals("1e-9 GHz"), default="0.06621 GHz", source=SURVEYED
    )
    unit_area = given(
        "mm2", "area at 65 nm and 1 GHz, without bits", domain=reals(0), default="0.003489 mm2", source=SURVEYED
    )
    bit_growth = given("1", "doublings of the area for a bit", domain=reals(0), default=0.4396, source=SURVEYED)
    node_growth = given("1", "exponent of the node in the area", domain=reals(0), default=1.835, source=SURVEYED)
    rate_growth = given("1", "exponent of the rate in the area", domain=reals(0), default=0.2568, source=SURVEYED)

    rate = formula("GHz", bit_rate / Converter.bits, "conversions in a second, bit after bit", derived=True)
    shrink = formula("1", node / (65 * one("nm")), "node, in that of the fit", derived=True)
    energy = formula(
        "pJ",
        (step_energy * power(shrink, step_growth) * 2**Converter.bits + noise_energy * 4**Converter.bits)
        * (1 + rate / corner),
        source="murmann_adc_survey",
    )
    latency = formula("ns", one("cycle") / rate, derived=True)
    area = formula(
        "mm2",
        unit_area
        * power(2, bit_growth * Converter.bits)
        * power(shrink, node_growth)
        * power(rate / one("GHz"), rate_growth),
        source="murmann_adc_survey",
    )
