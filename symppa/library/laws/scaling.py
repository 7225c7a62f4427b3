"""What a circuit becomes in another process node."""

from typing import Any

from symppa.language import Model, formula, given, lookup, one, reals, table


def _node_table() -> Any:
    return table(
        "node name in nm",
        area="1",
        energy_square="1",
        energy_linear="1",
        energy_constant="1",
        delay_cubic="1",
        delay_square="1",
        delay_linear="1",
        delay_constant="1",
    )


class NodeFactors(Model):
    """Area, energy and delay of one reference circuit in one node, each in a unit of its own."""

    node = given("1", "name of the process node in nm")
    voltage = given("V", "supply voltage", symbol="V", domain=reals("0 V"))
    nodes = _node_table()

    volts = formula("1", voltage / one("V"), "supply voltage as a number of volts", derived=True)
    area = formula("1", lookup(nodes.area, node), "area factor", source="stillmaker2017")
    energy = formula(
        "1",
        lookup(nodes.energy_square, node) * volts**2
        + lookup(nodes.energy_linear, node) * volts
        + lookup(nodes.energy_constant, node),
        "energy factor",
        source="stillmaker2017, table 5",
    )
    delay = formula(
        "1",
        lookup(nodes.delay_cubic, node) * volts**3
        + lookup(nodes.delay_square, node) * volts**2
        + lookup(nodes.delay_linear, node) * volts
        + lookup(nodes.delay_constant, node),
        "delay factor",
        source="stillmaker2017",
    )


class NodeScaling(Model):
    """Ratios by which a circuit changes between two nodes and supply voltages (above 1: it grows)."""

    node_before = given("1", "node the circuit comes from, its name in nm")
    node_after = given("1", "node the circuit goes to, its name in nm")
    voltage_before = given("V", "supply voltage it comes from", domain=reals("0 V"))
    voltage_after = given("V", "supply voltage it goes to", domain=reals("0 V"))
    nodes = _node_table()

    before = NodeFactors(node=node_before, voltage=voltage_before, nodes=nodes)
    after = NodeFactors(node=node_after, voltage=voltage_after, nodes=nodes)

    area = formula("1", after.area / before.area, "area ratio", source="stillmaker2017")
    energy = formula("1", after.energy / before.energy, "ratio of energy per operation", source="stillmaker2017")
    delay = formula("1", after.delay / before.delay, "delay ratio", source="stillmaker2017")
    capacitance = formula(
        "1",
        energy * (voltage_before / voltage_after) ** 2,
        "ratio of switched capacitance",
        source="chandrakasan1992",
    )
