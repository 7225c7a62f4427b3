"""Where the power of a package goes.

Published energies become switched capacitance, so that voltage and clock act on them; leakage heats the chip
that leaks.
"""

from sympy import Rational

from symppa.language import Model, formula, given, integers, one, part, parts, reals, smallest, sqrt, total_of
from symppa.library.laws.leakage import Leakage, LeakageAtVoltage
from symppa.library.laws.power import SupplyVoltage, SwitchedCapacitance, Switching
from symppa.library.systems.chiplet_parts import ProcessNode


class Events(Model):
    """Events on a chip, each switching the capacitance behind its published energy."""

    rate = given("1/cycle", "events in a cycle", domain=reals("0 1/cycle"))
    energy = given("pJ", "energy of one event at the nominal voltage", symbol=r"E_0", domain=reals("0 pJ"))
    supply = part(SupplyVoltage)

    behind = SwitchedCapacitance(energy=energy, reference_voltage=supply.nominal_voltage)
    switching = Switching(activity=rate, capacitance=behind.capacitance, voltage=supply.voltage, clock=supply.clock)
    power = formula("W", switching.power, "dynamic power", derived=True)


class Consumption(Model):
    """A package that multiplies matrices out of its memory, everything busy for the same share of time."""

    node = part(ProcessNode)
    ops_per_cycle = given("op/cycle", "work of one tensor core in a cycle", domain=reals("0 op/cycle"))
    op_energy = given("pJ/op", "arithmetic of one operation in the 7 nm node", domain=reals("0 pJ/op"))
    element = given("bit", "storage of one element", domain=reals("0 bit"))
    tensor_cores = given("1", "tensor cores of the package", domain=reals(0))
    utilisation = given("1", "share of time everything is busy", symbol="u", domain=reals(0, 1))
    clock = given("GHz", "clock", symbol="f", domain=reals("0 GHz"))
    nominal_clock = given("GHz", "clock reached at the nominal voltage", symbol=r"f_0", domain=reals("0 GHz"))
    die_area = given("mm2", "area of one chiplet", domain=reals("0 mm2"))
    area = given("mm2", "area that leaks", domain=reals("0 mm2"))
    memory_bandwidth = given("TB/s", "memory bandwidth", domain=reals("0 TB/s"))
    stacks = given("1", "memory stacks", domain=reals(0))
    remote_share = given("1", "share of memory traffic that crosses to another chiplet", domain=reals(0, 1))
    bridges = given("GB/s", "bandwidth between all chiplets, both directions", domain=reals("0 GB/s"))
    ports = given("W", "links to the outside, fully used", domain=reals("0 W"))
    ambient = given("K", "temperature of the air or coolant", domain=reals("0 K"))
    thermal_resistance = given("K/W", "junction to ambient", domain=reals("1e-9 K/W"))

    instructions = given(
        "1",
        "energy of instructions and operands over that of arithmetic",
        default=0.22,
        source="dally2021",
        domain=reals(0),
    )
    local_energy = given(
        "pJ/byte",
        "byte read from local memory",
        default="1.06 pJ/byte",
        source="jouppi2021, table 2",
        domain=reals("0 pJ/byte"),
    )
    cache_energy = given(
        "pJ/byte",
        "byte read from the cache",
        default="1.75 pJ/byte",
        source="jouppi2021, table 2",
        domain=reals("0 pJ/byte"),
    )
    wire_energy = given(
        "fJ/bit/mm", "bit moved along a wire", default="100 fJ/bit/mm", source="dally2020", domain=reals("0 fJ/bit/mm")
    )
    memory_energy = given(
        "pJ/bit", "bit moved to or from a stack", default="3.92 pJ/bit", source="oconnor2017", domain=reals("0 pJ/bit")
    )
    bridge_energy = given(
        "pJ/bit",
        "bit moved to another chiplet",
        default="0.25 pJ/bit",
        source="dassharma2022",
        domain=reals("0 pJ/bit"),
    )
    stack_standby = given("W", "idle memory stack", default="2 W", domain=reals("0 W"))
    warp_rows = given("1", "rows of a tile held in registers", default=64, source="cutlass", domain=integers(1, 65536))
    warp_columns = given(
        "1", "columns of a tile held in registers", default=64, source="cutlass", domain=integers(1, 65536)
    )
    tile_rows = given(
        "1", "rows of a tile held in local memory", default=128, source="cutlass", domain=integers(1, 65536)
    )
    tile_columns = given(
        "1", "columns of a tile held in local memory", default=256, source="cutlass", domain=integers(1, 65536)
    )

    supply = SupplyVoltage(
        clock=clock,
        threshold=node.threshold,
        saturation=node.saturation,
        nominal_voltage=node.nominal_voltage,
        nominal_clock=nominal_clock,
        minimum_voltage=node.minimum_voltage,
    )
    operations = formula("op/cycle", ops_per_cycle * tensor_cores * utilisation, "operations in a cycle", derived=True)
    local_traffic = formula(
        "byte/cycle",
        operations / one("mac") * element * (1 / warp_rows + 1 / warp_columns),
        "operands from local memory in a cycle; a tile reads its rim and works on its area",
        derived=True,
    )
    cache_traffic = formula(
        "byte/cycle",
        operations / one("mac") * element * (1 / tile_rows + 1 / tile_columns),
        "operands from the cache in a cycle",
        derived=True,
    )
    distance = formula(
        "mm",
        Rational(2, 3) * sqrt(die_area),
        "mean distance of two points of a die, along its sides",
        derived=True,
    )
    consumers = parts(
        arithmetic=Events(
            rate=operations / one("op"),
            energy=op_energy * one("op") * (1 + instructions) * node.energy,
            supply=supply,
        ),
        local_memory=Events(
            rate=local_traffic / one("byte"), energy=local_energy * one("byte") * node.energy, supply=supply
        ),
        cache=Events(rate=cache_traffic / one("byte"), energy=cache_energy * one("byte") * node.energy, supply=supply),
        wires=Events(rate=cache_traffic / one("byte"), energy=wire_energy * distance * one("byte"), supply=supply),
    )
    memory_traffic = formula("TB/s", memory_bandwidth * utilisation, "memory traffic", derived=True)
    memory_power = formula("W", memory_traffic * memory_energy, "memory stacks and their interfaces", derived=True)
    bridge_power = formula(
        "W",
        smallest(memory_traffic * remote_share, bridges / 2) * bridge_energy,
        "links between chiplets; a byte leaves one and enters another",
        derived=True,
    )
    port_power = formula("W", ports * utilisation, "links to the outside", derived=True)
    dynamic_power = formula(
        "W",
        total_of(consumers, "power") + memory_power + bridge_power + port_power,
        "power that follows use",
        derived=True,
    )
    standby_power = formula("W", stacks * stack_standby, "idle memory stacks", derived=True)
    leaking = LeakageAtVoltage(
        reference_power=node.leakage_density * area,
        reference_voltage=node.nominal_voltage,
        voltage=supply.voltage,
        barrier_lowering=node.barrier_lowering,
    )
    leakage = Leakage(
        reference_power=leaking.power,
        reference_temperature=node.leakage_temperature,
        growth=node.leakage_growth,
        ambient=ambient,
        resistance=thermal_resistance,
        heat=dynamic_power + standby_power,
    )
    static_power = formula("W", standby_power + leakage.power, "power that flows without use", derived=True)
    power = formula("W", dynamic_power + static_power, "power of the package", derived=True)
