"""What devices tell one another: elements that leave one device, by the ring."""

from symppa.language import formula, given, integers, one
from symppa.library.operators.operator import VectorOperator

OP = one("op")


class Collective(VectorOperator):
    """A message of every device to the others; `sent` elements leave a device."""

    elements = given("1", "elements of a device's message", domain=integers(0), symbol="n")
    ranks = given("1", "devices", domain=integers(1), symbol="p")

    sent = formula("1", ..., "elements that leave a device")
    steps = formula("1", ..., "messages one after the other")
    read = formula("1", elements, derived=True)
    weights = formula("1", 0, derived=True)
    written = formula("1", elements, derived=True)


class AllReduce(Collective):
    """Every device ends with the sum of all."""

    sent = formula(
        "1", 2 * (Collective.ranks - 1) / Collective.ranks * Collective.elements, source="thakur2005, section 4.5"
    )
    steps = formula("1", 2 * (Collective.ranks - 1), source="thakur2005, section 4.5")
    ops = formula(
        "op", (Collective.ranks - 1) / Collective.ranks * Collective.elements * OP, "additions of a device",
        source="thakur2005, section 4.5",
    )  # fmt: skip


class AllGather(Collective):
    """Every device ends with the parts of all."""

    sent = formula("1", (Collective.ranks - 1) * Collective.elements, source="thakur2005, section 4.1")
    steps = formula("1", Collective.ranks - 1, source="thakur2005, section 4.1")
    ops = formula("op", 0 * OP, derived=True)
    written = formula("1", Collective.ranks * Collective.elements, derived=True)


class ReduceScatter(Collective):
    """Every device ends with its part of the sum."""

    sent = formula(
        "1", (Collective.ranks - 1) / Collective.ranks * Collective.elements, source="thakur2005, section 4.4"
    )
    steps = formula("1", Collective.ranks - 1, source="thakur2005, section 4.4")
    ops = formula("op", (Collective.ranks - 1) / Collective.ranks * Collective.elements * OP, source="thakur2005")
    written = formula("1", Collective.elements / Collective.ranks, derived=True)


class AllToAll(Collective):
    """Every device has a part for each of the others."""

    sent = formula("1", (Collective.ranks - 1) / Collective.ranks * Collective.elements, source="thakur2005")
    steps = formula("1", Collective.ranks - 1, source="thakur2005")
    ops = formula("op", 0 * OP, derived=True)
