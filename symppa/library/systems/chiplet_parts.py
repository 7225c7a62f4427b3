"""What a compute chiplet is made of, and how large that is.

Logic counts transistors, memory counts cells: a process node turns both into area.
"""

from sympy import Rational

from symppa.language import Model, formula, given, index, integers, largest, one, part, reals, total, where
from symppa.library.laws.yield_cost import Wafer
from symppa.library.systems.chiplet_soc import Chiplet, Multiprocessor

CODE = "zhang2024, cost_model.py"  # the published area coefficients live in the paper's code


class LogicWafer(Wafer):
    """A wafer of logic; what has a default is a 7 nm wafer of 2020."""

    price = given(
        "USD", "price of a processed wafer", default="9346 USD", source="khan2020, table 9", domain=reals("0 USD")
    )
    defect_density = given(
        "1/cm2",
        "critical defects on an area",
        default="0.09 1/cm2",
        source="feng2022",
        symbol=r"D_0",
        domain=reals("0 1/cm2"),
    )
    clustering = given(
        "1",
        "how evenly defects spread; small means in clusters",
        default=10,
        source="feng2022",
        symbol=r"\alpha",
        domain=reals(1e-3),
    )


class ProcessNode(Model):
    """A process node; what has a default is a 7 nm node of 2020."""

    logic_density = given(
        "1/mm2",
        "transistors on an area of logic",
        default="96.3e6 1/mm2",
        source="khan2020, appendix D",
        domain=reals("0 1/mm2"),
    )
    sram_cell = given(
        "um2/bit", "area of a memory cell", default="0.027 um2/bit", source="wu2016", domain=reals("0 um2/bit")
    )
    energy = given("1", "switched energy relative to the 7 nm node", default=1, domain=reals(0))
    nominal_voltage = given(
        "V", "supply voltage of the published energies", default="0.75 V", symbol=r"V_0", domain=reals("0 V")
    )
    threshold = given("V", "threshold voltage", default="0.3 V", symbol=r"V_\mathrm{t}", domain=reals("1 mV"))
    saturation = given("1", "velocity saturation index", default=1.3, symbol="a", domain=reals(1, 2))
    minimum_voltage = given("V", "lowest supply voltage of memory cells", default="0.55 V", domain=reals("0 V"))
    leakage_density = given(
        "W/mm2",
        "leakage on an area at the reference temperature and nominal voltage",
        default="0.03 W/mm2",
        domain=reals("0 W/mm2"),
    )
    leakage_temperature = given(
        "K", "reference temperature of leakage", default="25 degC", symbol=r"T_0", domain=reals("0 K")
    )
    leakage_growth = given(
        "1/K", "relative growth of leakage with temperature", default="0.02 1/K", symbol="b", domain=reals("1e-9 1/K")
    )
    barrier_lowering = given(
        "1/V",
        "relative growth of leakage current with voltage",
        default="1 1/V",
        symbol=r"\lambda",
        domain=reals("0 1/V"),
    )
    wafer = LogicWafer()


class PhysicalMultiprocessor(Multiprocessor):
    """A multiprocessor whose area follows from its arithmetic and its memories."""

    node = part(ProcessNode)
    significand = given(
        "1", "bits multiplied, hidden bit included", over=Multiprocessor.formats, domain=integers(1, 1024)
    )
    element = given("bit", "storage of one element", over=Multiprocessor.formats, domain=reals("0 bit"))
    op_energy = given(
        "pJ/op", "arithmetic of one operation in the 7 nm node", over=Multiprocessor.formats, domain=reals("0 pJ/op")
    )
    lanes = given("1", "single-precision and integer lanes", domain=integers(0, 4096))
    double_lanes = given("1", "double-precision lanes", default=0, domain=integers(0, 4096))
    registers = given("KiB", "register file", domain=reals("0 KiB"))
    local_memory = given("KiB", "first-level cache and shared memory", domain=reals("0 KiB"))
    multiplier = given(
        "1", "transistors of a double-precision multiply-adder", default=685300, source=CODE, domain=reals(0)
    )
    integer_unit = given("1", "transistors of an integer lane", default=177690, source=CODE, domain=reals(0))
    control = given(
        "1",
        "transistors that feed and steer the arithmetic, fitted to the GA100 core",
        default=1.05e8,
        source="zhang2024, figure 6",
        domain=reals(0),
    )
    register_overhead = given("1", "area of a register file over its cells", default=24, source=CODE, domain=reals(1))
    local_overhead = given("1", "area of a local memory over its cells", default=12, source=CODE, domain=reals(1))

    core_transistors = formula(
        "1",
        largest(
            Multiprocessor.ops_per_cycle / one("mac/cycle") * multiplier * (significand / 53) ** 2,
            over=Multiprocessor.formats,
        ),
        "transistors of a tensor core; formats share its multipliers",
        source="zhang2024",
    )
    lane_transistors = formula(
        "1",
        lanes * (multiplier * Rational(24, 53) ** 2 + integer_unit) + double_lanes * multiplier,
        "transistors of the lanes",
        source="zhang2024",
    )
    logic_area = formula(
        "mm2",
        (Multiprocessor.tensor_cores * core_transistors + lane_transistors + control) / node.logic_density,
        "logic of a multiprocessor",
        derived=True,
    )
    storage_area = formula(
        "mm2",
        (registers * register_overhead + local_memory * local_overhead) * node.sram_cell,
        "memories of a multiprocessor",
        derived=True,
    )
    area = formula("mm2", logic_area + storage_area, "area of a multiprocessor", derived=True)


class PhysicalChiplet(Chiplet):
    """A chiplet whose area follows from what is on it."""

    node = part(ProcessNode)
    ports = index("kinds of links to the outside")
    sm = PhysicalMultiprocessor(formats=Chiplet.formats, node=node)
    spare_sms = given("1", "multiprocessors switched off to raise yield", default=0, domain=integers(0, 4096))
    sites = given("1", "memory stacks a chiplet can drive", domain=integers(0, 4096))
    neighbours = given("1", "other chiplets in the package", domain=integers(0, 1023))
    crossbar = given(
        "1", "transistors that connect one multiprocessor to the cache", default=44.3e6, source=CODE, domain=reals(0)
    )
    cache_overhead = given(
        "1",
        "area of the second-level cache over its cells, fitted to GA100",
        default=11,
        source="zhang2024, figure 6",
        domain=reals(1),
    )
    memory_phy = given(
        "mm2", "wires and drivers to a memory stack", default="10.45 mm2", source=CODE, domain=reals("0 mm2")
    )
    memory_control = given(
        "1", "transistors of the controllers of a stack", default=552.743e6, source=CODE, domain=reals(0)
    )
    port_count = given("1", "links of one kind", over=ports, domain=reals(0))
    port_phy = given("mm2", "wires and drivers of a link", over=ports, domain=reals("0 mm2"))
    port_control = given("1", "transistors of the controller of a link", over=ports, domain=reals(0))
    port_bandwidth = given("GB/s", "bandwidth of a link, both directions", over=ports, domain=reals("0 GB/s"))
    port_energy = given("pJ/bit", "energy to move a bit over a link", over=ports, domain=reals("0 pJ/bit"))
    bridge_bandwidth = given(
        "GB/s", "bandwidth to the other chiplets, both directions", default="0 GB/s", domain=reals("0 GB/s")
    )
    bridge_density = given(
        "GB/s/mm2",
        "bandwidth of a chiplet link on an area",
        default="1350 GB/s/mm2",
        source="dassharma2022",
        domain=reals("0 GB/s/mm2"),
    )

    compute_area = formula("mm2", (Chiplet.sms + spare_sms) * sm.area, "multiprocessors", derived=True)
    crossbar_area = formula(
        "mm2", (Chiplet.sms + spare_sms) * crossbar / node.logic_density, "crossbar", source="zhang2024"
    )
    cache_area = formula("mm2", Chiplet.l2 * cache_overhead * node.sram_cell, "second-level cache", source="zhang2024")
    memory_area = formula(
        "mm2",
        sites * (memory_phy + memory_control / node.logic_density),
        "memory interfaces; their drivers do not shrink",
        source="zhang2024",
    )
    port_area = formula(
        "mm2",
        total(port_count * (port_phy + port_control / node.logic_density), over=ports),
        "links to the outside; their drivers do not shrink",
        source="zhang2024",
    )
    bridge_area = formula(
        "mm2",
        where(neighbours > 0, bridge_bandwidth / bridge_density, 0),
        "links to the other chiplets",
        source="dassharma2022",
    )
    area = formula(
        "mm2",
        compute_area + crossbar_area + cache_area + memory_area + port_area + bridge_area,
        "area of one chiplet",
        derived=True,
    )
    port_power = formula(
        "W",
        total(port_count * port_bandwidth * port_energy, over=ports),
        "links to the outside, fully used",
        derived=True,
    )
