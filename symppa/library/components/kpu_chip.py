"""A KPU as its configuration has it: systolic arrays with vector lanes, two buffers, a memory beside the chip."""

from symppa.language import Model, exp, formula, given, index, integers, log, member, member_at, one, reals

CYCLE = one("cycle")


class SramEnergy(Model):
    """Energy of a byte by the capacity it lies in: straight between two published ones, in logarithms of both."""

    capacity = given("KiB", "capacity", domain=reals("1 byte"), symbol="S")
    small = given("KiB", "capacity of the smaller published one", domain=reals("1 byte"), symbol="S_1")
    small_energy = given("pJ/byte", "energy of a byte of the smaller one", domain=reals("1e-9 pJ/byte"), symbol="E_1")
    large = given("KiB", "capacity of the larger published one", domain=reals("1 byte"), symbol="S_2")
    large_energy = given("pJ/byte", "energy of a byte of the larger one", domain=reals("1e-9 pJ/byte"), symbol="E_2")

    slope = formula(
        "1", log(large_energy / small_energy) / log(large / small),
        "relative rise of the energy per relative rise of the capacity", derived=True,
    )  # fmt: skip
    energy = formula("pJ/byte", small_energy * exp(slope * log(capacity / small)), "energy of a byte", derived=True)


class KpuChip(Model):
    """Arrays side by side over a buffer L1, a larger buffer L2 and a memory; what they cost in one process node."""

    formats = index("number formats")
    precision = given("1", "number format in use", domain=member(formats), default="INT8")
    supported = given("1", "1 for a format that the arrays take, else 0", over=formats, domain=integers(0, 1))
    element = given("byte", "storage of one number", over=formats, domain=reals("1 bit"))
    rate = given("1", "numbers that a cell takes in a cycle", over=formats, domain=reals(1e-3))
    arrays = given("1", "systolic arrays that work side by side", domain=integers(1, 65536), symbol="A")
    array_rows = given("1", "rows of an array", domain=integers(1, 65536), symbol="R")
    array_columns = given("1", "columns of an array", domain=integers(1, 65536), symbol="C")
    lanes = given("1", "vector lanes of an array", domain=integers(1, 65536))
    clock = given("MHz", "clock", domain=reals("1 Hz"), symbol="f")
    l1 = given("KiB", "buffer beside the arrays, all of it", domain=reals("1 byte"), symbol=r"S_\mathrm{L1}")
    l2 = given("KiB", "large buffer", domain=reals("1 byte"), symbol=r"S_\mathrm{L2}")
    capacity = given("GiB", "memory beside the chip", domain=reals("1 byte"))
    dram_bandwidth = given("GB/s", "bandwidth of the memory, there and back together", domain=reals("1 byte/s"))
    l2_bandwidth = given("GB/s", "bandwidth between the buffers, there and back together", domain=reals("1 byte/s"))
    idle_power = given("W", "power without work", domain=reals(0))
    power_limit = given("W", "thermal design power", domain=reals(0))

    mac_energies = given(
        "pJ/mac", "energy of a multiplication with its addition", over=formats, domain=reals(0),
    )  # fmt: skip
    lane_energy = given("pJ/op", "energy of an operation of a vector lane", domain=reals(0))
    dram_access = given("pJ/byte", "energy of a byte of the memory and its way there", domain=reals(0))
    small = given("KiB", "capacity of a published buffer", domain=reals("1 byte"))
    small_energy = given("pJ/byte", "energy of a byte of it", domain=reals("1e-9 pJ/byte"))
    large = given("KiB", "capacity of a larger published buffer", domain=reals("1 byte"))
    large_energy = given("pJ/byte", "energy of a byte of that", domain=reals("1e-9 pJ/byte"))
    scale = given(
        "1", "energy on the chip over that in the node of the published figures; 1 in the same node", default=1,
        domain=reals(1e-6),
    )  # fmt: skip
    near = SramEnergy(
        capacity=l1, small=small, small_energy=small_energy, large=large, large_energy=large_energy,
    )  # fmt: skip
    far = near.with_(capacity=l2)

    number = formula("byte", member_at(element, precision, over=formats), "storage of a number in use", derived=True)
    speed = formula(
        "1", member_at(rate * supported, precision, over=formats),
        "numbers that a cell takes in a cycle in the format in use; 0 where it takes none of it", derived=True,
    )  # fmt: skip
    cells = formula("1", arrays * array_rows * array_columns, "cells of all arrays", derived=True)
    peak = formula("TOPS", cells * speed * one("mac") / CYCLE * clock, "peak rate in the format in use", derived=True)
    dram_rate = formula("byte/cycle", dram_bandwidth / clock, "bytes from or to the memory in a cycle", derived=True)
    l2_rate = formula("byte/cycle", l2_bandwidth / clock, "bytes between the buffers in a cycle", derived=True)

    mac_energy = formula(
        "pJ/mac", scale * member_at(mac_energies, precision, over=formats),
        "energy of a multiplication with its addition in the format in use", derived=True,
    )  # fmt: skip
    vector_energy = formula("pJ/op", scale * lane_energy, "energy of an operation of a vector lane", derived=True)
    l1_energy = formula("pJ/byte", scale * near.energy, "energy of a byte between L1 and the arrays", derived=True)
    l2_energy = formula(
        "pJ/byte", scale * (near.energy + far.energy), "energy of a byte moved between L2 and L1", derived=True
    )
    dram_energy = formula(
        "pJ/byte", dram_access + scale * far.energy, "energy of a byte moved between the memory and L2", derived=True
    )

    feed = formula(
        "byte/cycle", arrays * (array_rows + array_columns) * number * speed / CYCLE,
        "bytes that enter all arrays at two edges in a cycle", derived=True,
    )  # fmt: skip
    arithmetic_power = formula(
        "W", peak * mac_energy + arrays * lanes * one("op") / CYCLE * clock * vector_energy,
        "power of arrays and lanes that never wait", derived=True,
    )  # fmt: skip
    transfer_power = formula(
        "W", dram_bandwidth * dram_energy + l2_bandwidth * l2_energy + feed * clock * l1_energy,
        "power of transfers at full bandwidth everywhere", derived=True,
    )  # fmt: skip
    full_power = formula(
        "W", idle_power + arithmetic_power + transfer_power, "power where everything works at once", derived=True
    )
    margin = formula("W", power_limit - full_power, "what full load leaves of the thermal design power", derived=True)
