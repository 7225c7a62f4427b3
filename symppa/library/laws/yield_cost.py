"""Wafers, yield and the cost of dies and packages."""

from sympy import pi

from symppa.language import Model, floor_div, formula, given, integers, largest, part, power, reals, sqrt


class Wafer(Model):
    """A processed wafer: its price, its rim and its defects."""

    price = given("USD", "price of a processed wafer", domain=reals("0 USD"))
    diameter = given("mm", "wafer diameter", default="300 mm", source="feng2022", symbol="d", domain=reals("0 mm"))
    edge = given("mm", "unusable rim", default="5 mm", source="feng2022", symbol="e", domain=reals("0 mm"))
    scribe = given(
        "mm", "distance between dies for the saw", default="0.2 mm", source="feng2022", symbol="s", domain=reals("0 mm")
    )
    defect_density = given("1/cm2", "critical defects on an area", symbol=r"D_0", domain=reals("0 1/cm2"))
    clustering = given("1", "how evenly defects spread; small means in clusters", symbol=r"\alpha", domain=reals(1e-3))


class InterposerWafer(Wafer):
    """A wafer of passive interposers in an old node."""

    price = given("USD", "price of a processed wafer", default="1937 USD", source="feng2022", domain=reals("0 USD"))
    defect_density = given(
        "1/cm2",
        "critical defects on an area",
        default="0.06 1/cm2",
        source="feng2022",
        symbol=r"D_0",
        domain=reals("0 1/cm2"),
    )
    clustering = given(
        "1",
        "how evenly defects spread; small means in clusters",
        default=6,
        source="feng2022",
        symbol=r"\alpha",
        domain=reals(1e-3),
    )


class Die(Model):
    """A die cut from a wafer and tested."""

    wafer = part(Wafer)
    area = given("mm2", "die area", symbol="A", domain=reals("0 mm2"))
    test_cost = given("USD", "test of one die", default="0 USD", domain=reals("0 USD"))

    site = formula("mm2", (sqrt(area) + wafer.scribe) ** 2, "area a square die takes on the wafer", source="feng2022")
    usable = formula(
        "mm",
        largest(0, wafer.diameter - 2 * wafer.edge),
        "diameter inside the rim; none where the rim is all",
        derived=True,
    )
    fitting = formula(
        "1",
        pi * (usable / 2) ** 2 / site - pi * usable / sqrt(2 * site),
        "dies on a wafer less those the rim cuts, as a fraction; below zero where a die is as large as the wafer",
        source="hennessy2019, section 1.6",
    )
    per_wafer = formula("1", largest(0, floor_div(fitting, 1)), "whole dies on a wafer", derived=True)
    fault_free = formula(
        "percent",
        power(1 + area * wafer.defect_density / wafer.clustering, -wafer.clustering),
        "share of dies without a defect",
        source="stapper1983",
        symbol="Y",
    )
    raw_cost = formula(
        "USD",
        wafer.price / per_wafer,
        "cost of one die, good or bad; infinite where none fits on a wafer",
        source="hennessy2019",
    )
    cost = formula("USD", (raw_cost + test_cost) / fault_free, "cost of one die known to be good", source="feng2022")


class Package(Model):
    """Known good dies and memory stacks side by side on a silicon interposer, on an organic substrate."""

    dies = given("1", "dies of one kind", domain=integers(1, 1024))
    die_area = given("mm2", "area of a die", domain=reals("0 mm2"))
    stacks = given("1", "memory stacks", domain=integers(0, 1024))
    stack_cost = given("USD", "one tested memory stack", domain=reals("0 USD"))
    stack_area = given("mm2", "footprint of a memory stack", domain=reals("0 mm2"))
    spread = given(
        "1", "interposer area over the area of what it carries", default=1.1, source="feng2022", domain=reals(1)
    )
    fan_out = given("1", "substrate area over interposer area", default=4, source="feng2022", domain=reals(1))
    substrate_price = given(
        "USD/mm2", "organic substrate", default="0.005 USD/mm2", source="feng2022", domain=reals("0 USD/mm2")
    )
    bond_yield = given("percent", "share of good bonds of a die or stack to the interposer", domain=reals(0, 100))
    mount_yield = given(
        "percent",
        "share of good mounts on the substrate",
        default="99 percent",
        source="feng2022",
        domain=reals(0, 100),
    )

    wafer = part(Wafer)
    interposer_wafer = InterposerWafer()
    die = Die(area=die_area, wafer=wafer)
    interposer_area = formula("mm2", spread * (dies * die_area + stacks * stack_area), "interposer", source="feng2022")
    interposer = Die(area=interposer_area, wafer=interposer_wafer)

    silicon_cost = formula("USD", dies * die.cost, "known good dies", derived=True)
    memory_cost = formula("USD", stacks * stack_cost, "memory stacks", derived=True)
    substrate_cost = formula("USD", substrate_price * fan_out * interposer_area, "organic substrate", source="feng2022")
    bonded = formula("percent", power(bond_yield, dies + stacks), "packages without a bad bond", source="feng2022")
    cost = formula(
        "USD",
        ((silicon_cost + memory_cost + interposer.cost) / bonded + substrate_cost) / mount_yield,
        "one good package; a bad bond or mount wastes what it joins",
        source="feng2022",
    )
