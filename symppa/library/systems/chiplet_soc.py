"""A package of compute chiplets beside stacked memory, as its first-order calculator has it."""

from symppa.language import Model, formula, given, index, integers, member, member_at, part, reals, sqrt
from symppa.library.laws.roofline import Roofline
from symppa.library.laws.thermal import Junction


class Multiprocessor(Model):
    """Tensor cores under one clock."""

    formats = index("number formats")
    tensor_cores = given("1", "tensor cores of a multiprocessor", domain=integers(1, 1024))
    ops_per_cycle = given("op/cycle", "work of one tensor core in a cycle", over=formats, domain=reals("0 op/cycle"))


class Chiplet(Model):
    """One compute die; what sets its area is left to its kinds."""

    formats = index("number formats")
    sms = given("1", "multiprocessors of a chiplet", domain=integers(1, 4096))
    l2 = given("MB", "second-level cache of a chiplet", domain=reals("0 MB"))
    sm = part(Multiprocessor, formats=formats)
    area = formula("mm2", ..., "area of one chiplet")


class ChipletWithArea(Chiplet):
    """A chiplet of an area decided beforehand."""

    area = given("mm2", "area of one chiplet", domain=reals("0 mm2"))


class Throughput(Model):
    """Rates of a package, in one number format or in each of several."""

    ops_per_cycle = given("op/cycle", "work of one tensor core in a cycle", domain=reals("0 op/cycle"))
    tensor_cores = given("1", "tensor cores of the package", domain=reals(0))
    clock = given("GHz", "clock", symbol="f", domain=reals("0 GHz"))
    memory_bandwidth = given("TB/s", "memory bandwidth", domain=reals("0 TB/s"))
    intensity = given("FLOP/byte", "work per byte of memory traffic", domain=reals("0 FLOP/byte"))
    area = given("mm2", "silicon area", domain=reals("0 mm2"))
    power = given("W", "power", domain=reals("0 W"))
    utilisation = given("1", "share of time the arithmetic is busy", domain=reals(0, 1))

    peak_compute = formula("TFLOPS", ops_per_cycle * tensor_cores * clock, "peak rate", source="ngaisoc")
    roof = Roofline(peak=peak_compute, bandwidth=memory_bandwidth, intensity=intensity)
    compute_density = formula("TFLOPS/mm2", peak_compute / area, "peak rate on an area", derived=True)
    ridge_point = formula("FLOP/byte", roof.ridge_point, "intensity above which arithmetic is the limit", derived=True)
    attained = formula("TFLOPS", roof.attained, "rate of a workload", derived=True)
    roof_share = formula("percent", roof.share, "share of the peak rate reached", derived=True)
    efficiency = formula("TFLOPS/W", peak_compute * utilisation / power, "rate for a power", derived=True)


class ChipletPackage(Model):
    """Compute chiplets and memory stacks in one package; area and power are left to its kinds."""

    formats = index("number formats")
    loads = index("workloads")
    precision = given("1", "number format in use", default="FP16", source="ngaisoc", domain=member(formats))
    clock = given("GHz", "clock of the multiprocessors", symbol="f", domain=reals("0 GHz"))
    utilisation = given(
        "1", "share of time everything is busy", default=1, source="ngaisoc", domain=reals(0, 1), symbol="u"
    )
    chiplets = given("1", "compute chiplets", domain=integers(1, 1024), symbol="n")
    stacks = given("1", "memory stacks", domain=integers(1, 1024))
    stack_bandwidth = given("GB/s", "bandwidth of one memory stack", domain=reals("0 GB/s"))
    intensity = given(
        "FLOP/byte", "work of a workload per byte of memory traffic", over=loads, domain=reals("0 FLOP/byte")
    )
    ambient = given("K", "temperature of the air or coolant", default="25 degC", source="ngaisoc", domain=reals("0 K"))
    thermal_resistance = given("K/W", "junction to ambient", default="0.1 K/W", source="ngaisoc", domain=reals("0 K/W"))

    chiplet = part(Chiplet, formats=formats)

    ops_per_cycle = formula(
        "op/cycle",
        member_at(chiplet.sm.ops_per_cycle, precision, over=formats),
        "work of one tensor core in a cycle, in the format in use",
        derived=True,
    )
    sms = formula("1", chiplets * chiplet.sms, "multiprocessors", derived=True)
    tensor_cores = formula("1", sms * chiplet.sm.tensor_cores, "tensor cores", derived=True)
    area = formula("mm2", chiplets * chiplet.area, "silicon area of the chiplets", derived=True)
    memory_bandwidth = formula("TB/s", stacks * stack_bandwidth, "memory bandwidth", derived=True)

    dynamic_power = formula("W", ..., "power that follows use")
    static_power = formula("W", ..., "power that flows without use")
    power = formula("W", ..., "power of the package")

    at_precision = Throughput(
        ops_per_cycle=ops_per_cycle,
        tensor_cores=tensor_cores,
        clock=clock,
        memory_bandwidth=memory_bandwidth,
        intensity=intensity,
        area=area,
        power=power,
        utilisation=utilisation,
    )
    by_format = at_precision.with_(ops_per_cycle=chiplet.sm.ops_per_cycle)

    peak_compute = formula("TFLOPS", at_precision.peak_compute, "peak rate", derived=True)
    compute_density = formula("TFLOPS/mm2", at_precision.compute_density, "peak rate on an area", derived=True)
    ridge_point = formula(
        "FLOP/byte", at_precision.ridge_point, "intensity above which arithmetic is the limit", derived=True
    )
    attained = formula("TFLOPS", at_precision.attained, "rate of a workload", derived=True)
    roof_share = formula("percent", at_precision.roof_share, "share of the peak rate reached", derived=True)
    efficiency = formula("TFLOPS/W", at_precision.efficiency, "rate for a power", derived=True)

    junction = Junction(ambient=ambient, resistance=thermal_resistance, power=power)
    junction_temperature = formula("K", junction.temperature, "junction temperature", derived=True)


class ChipletSoC(ChipletPackage):
    """Fixed areas and fixed powers by part: what can be said before a circuit exists.

    Power here depends on no clock, voltage or area; `ChipletSoCPhysical` is the model in which it does.
    """

    sm_power = given("W", "busy multiprocessor", default="1.5 W", source="ngaisoc", domain=reals("0 W"))
    l2_power = given("mW/MB", "busy second-level cache", default="50 mW/MB", source="ngaisoc", domain=reals("0 mW/MB"))
    stack_power = given("W", "busy memory stack", default="15 W", source="ngaisoc", domain=reals("0 W"))
    chiplet_power = given("W", "idle chiplet", default="5 W", source="ngaisoc", domain=reals("0 W"))
    interconnect_power = given(
        "W", "links between chiplets, always on", default="20 W", source="ngaisoc", domain=reals("0 W")
    )
    io_power = given("W", "links to the outside, always on", default="10 W", source="ngaisoc", domain=reals("0 W"))

    chiplet = ChipletWithArea(formats=ChipletPackage.formats)

    dynamic_power = formula(
        "W",
        ChipletPackage.sms * sm_power * ChipletPackage.utilisation
        + ChipletPackage.chiplets * chiplet.l2 * l2_power * sqrt(ChipletPackage.utilisation)
        + ChipletPackage.stacks * stack_power * ChipletPackage.utilisation,
        source="ngaisoc",
    )
    static_power = formula("W", ChipletPackage.chiplets * chiplet_power, source="ngaisoc")
    power = formula("W", dynamic_power + static_power + interconnect_power + io_power, source="ngaisoc")


class ScaledChipletSoC(ChipletSoC):
    """The same package grown by whole chiplets, each bringing its memory stacks."""

    stacks_per_chiplet = given(
        "1", "memory stacks beside a chiplet", default=2, source="ngaisoc", domain=integers(1, 64)
    )
    stacks = formula("1", stacks_per_chiplet * ChipletPackage.chiplets, "memory stacks", derived=True)
