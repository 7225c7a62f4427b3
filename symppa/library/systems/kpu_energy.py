"""Energy of one operator on a KPU, by what it is spent on."""

from symppa.language import Model, formula, given, reals


class OperatorEnergy(Model):
    """Arithmetic, bytes on three ways, and what flows all the time."""

    macs = given("mac", "multiplications of products, each with its addition", domain=reals(0))
    vector_ops = given("op", "operations of the vector lanes", domain=reals(0))
    dram_traffic = given("byte", "bytes between memory and L2", domain=reals(0))
    l2_traffic = given("byte", "bytes between L2 and L1", domain=reals(0))
    l1_traffic = given("byte", "bytes between L1 and the arrays", domain=reals(0))
    cycles = given("cycle", "time of the operator", domain=reals(0))
    clock = given("MHz", "clock", domain=reals("1 Hz"), symbol="f")
    mac_cost = given("pJ/mac", "energy of a multiplication with its addition", domain=reals(0))
    vector_cost = given("pJ/op", "energy of an operation of a vector lane", domain=reals(0))
    dram_cost = given("pJ/byte", "energy of a byte between memory and L2", domain=reals(0))
    l2_cost = given("pJ/byte", "energy of a byte between L2 and L1", domain=reals(0))
    l1_cost = given("pJ/byte", "energy of a byte between L1 and the arrays", domain=reals(0))
    idle_power = given("W", "power without work", domain=reals(0))

    mac_energy = formula("pJ", macs * mac_cost, "energy of the products", derived=True)
    vector_energy = formula("pJ", vector_ops * vector_cost, "energy of the lanes", derived=True)
    dram_energy = formula("pJ", dram_traffic * dram_cost, "energy of bytes between memory and L2", derived=True)
    l2_energy = formula("pJ", l2_traffic * l2_cost, "energy of bytes between L2 and L1", derived=True)
    l1_energy = formula("pJ", l1_traffic * l1_cost, "energy of bytes between L1 and the arrays", derived=True)
    idle_energy = formula("pJ", idle_power * cycles / clock, "energy that flows without work", derived=True)
    energy = formula(
        "pJ", mac_energy + vector_energy + dram_energy + l2_energy + l1_energy + idle_energy, "energy of the operator",
        source="horowitz2014",
    )  # fmt: skip
