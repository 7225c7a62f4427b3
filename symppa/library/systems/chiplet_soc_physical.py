"""A package of compute chiplets in which area, power and cost follow from what is built."""

from typing import Any

from symppa.language import ceil_div, formula, given, index, integers, member_at, reals
from symppa.library.laws.yield_cost import Package
from symppa.library.systems.chiplet_parts import PhysicalChiplet, ProcessNode
from symppa.library.systems.chiplet_power import Consumption
from symppa.library.systems.chiplet_soc import ChipletPackage

BASE = ChipletPackage


def _in_use(by_format: Any) -> Any:
    return member_at(by_format, BASE.precision, over=BASE.formats)


class ChipletSoCPhysical(ChipletPackage):
    """Area from what is built, power from clock, voltage and use, leakage from heat, cost from wafers.

    The outputs of `ChipletSoC`, and more; docs/physical-soc.md tells how it was checked and what it leaves out.
    """

    ports = index("kinds of links to the outside")
    nominal_clock = given("GHz", "clock reached at the nominal voltage", symbol=r"f_0", domain=reals("0 GHz"))
    spare_sites = given("1", "memory sites of a chiplet left empty", default=0, domain=integers(0, 64))
    stack_cost = given("USD", "one tested memory stack", domain=reals("0 USD"))
    stack_area = given("mm2", "footprint of a memory stack", default="110 mm2", domain=reals("0 mm2"))
    bond_yield = given("percent", "share of good bonds of a die or stack", default="99 percent", domain=reals(0, 100))
    reticle = given(
        "mm2", "largest area one exposure prints", default="858 mm2", source="asml2021", domain=reals("0 mm2")
    )

    node = ProcessNode()
    chiplet = PhysicalChiplet(
        formats=BASE.formats,
        ports=ports,
        node=node,
        sites=ceil_div(BASE.stacks, BASE.chiplets) + spare_sites,
        neighbours=BASE.chiplets - 1,
    )
    consumption = Consumption(
        node=node,
        ops_per_cycle=BASE.ops_per_cycle,
        op_energy=_in_use(chiplet.sm.op_energy),
        element=_in_use(chiplet.sm.element),
        tensor_cores=BASE.tensor_cores,
        utilisation=BASE.utilisation,
        clock=BASE.clock,
        nominal_clock=nominal_clock,
        die_area=chiplet.area,
        area=BASE.area,
        memory_bandwidth=BASE.memory_bandwidth,
        stacks=BASE.stacks,
        remote_share=1 - 1 / BASE.chiplets,
        bridges=BASE.chiplets * chiplet.bridge_bandwidth,
        ports=BASE.chiplets * chiplet.port_power,
        ambient=BASE.ambient,
        thermal_resistance=BASE.thermal_resistance,
    )
    consumption_by_format = consumption.with_(
        ops_per_cycle=chiplet.sm.ops_per_cycle, op_energy=chiplet.sm.op_energy, element=chiplet.sm.element
    )
    by_format = BASE.at_precision.with_(ops_per_cycle=chiplet.sm.ops_per_cycle, power=consumption_by_format.power)

    voltage = formula("V", consumption.supply.voltage, "supply voltage", derived=True, symbol="V")
    overclock = formula(
        "percent",
        BASE.clock / nominal_clock,
        "clock over the nominal one; far above 100 percent the voltage is extrapolated",
        derived=True,
    )
    dynamic_power = formula("W", consumption.dynamic_power, derived=True)
    static_power = formula("W", consumption.static_power, derived=True)
    power = formula("W", consumption.power, derived=True)
    runaway = formula(
        "percent",
        consumption.leakage.runaway,
        "way to thermal runaway; beyond 100 percent no temperature is stable",
        derived=True,
    )

    package = Package(
        wafer=node.wafer,
        dies=BASE.chiplets,
        die_area=chiplet.area,
        stacks=BASE.stacks,
        stack_cost=stack_cost,
        stack_area=stack_area,
        bond_yield=bond_yield,
    )
    monolithic_area = formula(
        "mm2",
        BASE.chiplets * (chiplet.area - chiplet.bridge_area),
        "all chiplets as one die, without links between them",
        derived=True,
    )
    monolithic = package.with_(dies=1, die_area=monolithic_area)

    dies_per_wafer = formula("1", package.die.per_wafer, "whole chiplets on a wafer", derived=True)
    die_yield = formula("percent", package.die.fault_free, "share of chiplets without a defect", derived=True)
    die_cost = formula("USD", package.die.cost, "one chiplet known to be good", derived=True)
    cost = formula("USD", package.cost, "one good package", derived=True)
    monolithic_cost = formula("USD", monolithic.cost, "the same package with one die", derived=True)
    reticles = formula("percent", monolithic_area / reticle, "one die as a share of an exposure", derived=True)
    chiplet_saving = formula(
        "percent", (monolithic_cost - cost) / monolithic_cost, "cost saved by chiplets", derived=True
    )
    cost_per_throughput = formula("USD/TFLOPS", cost / BASE.peak_compute, "cost of the peak rate", derived=True)
