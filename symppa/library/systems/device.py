"""A network on a device: fused subgraphs one after the other, each as slow as its arithmetic or its memory."""

from symppa.language import (
    Model,
    formula,
    given,
    index,
    integers,
    largest,
    member,
    member_at,
    one,
    part,
    reals,
    total,
    where,
)  # fmt: skip
from symppa.library.components.matrix_unit import Cores, Multiprocessors, SystolicArrays, Unit
from symppa.library.systems.consumption import Consumption, StatedEnergy
from symppa.library.systems.subgraphs import Subgraphs
from symppa.library.systems.timing import DataSheet, Timing


class Processor(Model):
    """Rates, memory and power of a device as its data sheet has them; a rate of 0 is one that it does not have."""

    formats = index("number formats")
    precision = given("1", "number format in use", domain=member(formats), default="FP16")
    spare = given(
        "1", "format of other arithmetic where there is none in the format in use", domain=member(formats),
        default="FP32",
    )  # fmt: skip
    element = given("byte", "storage of one number", over=formats, domain=reals(0))
    matrix_peak = given("TOPS", "peak rate of matrix products, dense", over=formats, domain=reals(0), default=0)
    sparse_peak = given(
        "TOPS", "peak rate of matrix products whose weights have structured sparsity", over=formats, domain=reals(0),
        default=0,
    )  # fmt: skip
    vector_peak = given("TOPS", "peak rate of other arithmetic", over=formats, domain=reals(0), default=0)
    clock = given("GHz", "clock at which the peak rates hold", domain=reals("1 Hz"), symbol="f_0")
    capacity = given("GB", "main memory; 0 where it is not stated", domain=reals(0), default="0 GB")
    cache = given("MB", "last-level cache; 0 where it is not stated", domain=reals(0), default="0 MB")
    cache_bandwidth = given("GB/s", "its bandwidth; 0 where it is not stated", domain=reals(0), default="0 GB/s")
    link_bandwidth = given(
        "GB/s", "rate at which it sends to another device of its kind; 0 where it has no link", domain=reals(0),
        default="0 GB/s",
    )  # fmt: skip
    link_latency = given("us", "time until a message to another device arrives", domain=reals(0), default="0 us")
    profiles = index("power profiles")
    profile = given("1", "power profile in use", domain=member(profiles), default=0)
    profile_power = given("W", "power limit of a profile", over=profiles, domain=reals("1e-6 W"))
    profile_clock = given("GHz", "clock of a profile", over=profiles, domain=reals("1 Hz"))
    profile_share = given(
        "1", "share of the units that a profile leaves switched on", over=profiles, domain=reals(0, 1), default=1
    )
    profile_bandwidth = given("GB/s", "bandwidth of the main memory", over=profiles, domain=reals("1 byte/s"))
    profile_voltage = given(
        "V", "supply of the units; 0 where it is not stated", over=profiles, domain=reals(0), default="0 V"
    )
    idle_power = given("W", "power without work", domain=reals(0), default="0 W")
    memory_energy = given("pJ/byte", "energy of a byte from or to the main memory", domain=reals(0))
    memory_inside = given(
        "1", "share of the main memory's power that the power limit counts", domain=reals(0, 1), default=1
    )
    cache_energy = given("pJ/byte", "energy of a byte that stays on the chip", domain=reals(0), default="0 pJ/byte")
    least_op_energy = given(
        "pJ/op", "energy that arithmetic alone takes; 0 where it is not known", over=formats, domain=reals(0),
        default="0 pJ/op",
    )  # fmt: skip

    power_limit = formula(
        "W", member_at(profile_power, profile, over=profiles), "power limit in use",
        derived=True,
    )  # fmt: skip
    running = formula(
        "GHz", member_at(profile_clock, profile, over=profiles), "clock in use", derived=True,
        symbol="f",
    )  # fmt: skip
    share = formula(
        "1", member_at(profile_share, profile, over=profiles),
        "share of the units switched on in the profile in use", derived=True,
    )  # fmt: skip
    scale = formula("1", share * running / clock, "rates in use relative to the stated ones", derived=True)
    bandwidth = formula(
        "GB/s", member_at(profile_bandwidth, profile, over=profiles),
        "bandwidth of the main memory in use", derived=True, symbol=r"\beta",
    )  # fmt: skip
    number = formula(
        "byte", member_at(element, precision, over=formats), "storage of a number in use",
        derived=True, symbol="e",
    )  # fmt: skip
    matrix_stated = formula(
        "TOPS", member_at(matrix_peak, precision, over=formats) * scale,
        "peak rate of a matrix unit in the format and profile in use", derived=True,
    )  # fmt: skip
    vector_stated = formula(
        "TOPS", member_at(vector_peak, precision, over=formats) * scale,
        "peak rate of other arithmetic in the format and profile in use", derived=True,
    )  # fmt: skip
    vector_spare = formula(
        "TOPS", member_at(vector_peak, spare, over=formats) * scale,
        "peak rate of other arithmetic in the spare format", derived=True,
    )  # fmt: skip
    sparse_rate = formula(
        "TOPS", member_at(sparse_peak, precision, over=formats) * scale,
        "peak rate of matrix products with structured sparsity in the format and profile in use", derived=True,
    )  # fmt: skip
    matrix_rate = formula(
        "TOPS", where(matrix_stated > 0, matrix_stated, vector_stated),
        "peak rate of matrix products: of the matrix unit, or where there is none for the format, of the other one",
        derived=True, symbol=r"P_\mathrm{m}",
    )  # fmt: skip
    vector_rate = formula(
        "TOPS", where(vector_stated > 0, vector_stated, where(vector_spare > 0, vector_spare, matrix_rate)),
        "peak rate of other arithmetic: in the format in use, else in the spare one, else that of matrix products",
        derived=True, symbol=r"P_\mathrm{v}",
    )  # fmt: skip
    fastest = formula(
        "GHz", largest(profile_share * profile_clock, over=profiles),
        "clock of the fastest profile, times the share of the units that it leaves switched on", derived=True,
    )  # fmt: skip
    budget = formula(
        "W",
        largest(
            where(
                profile_share * profile_clock >= fastest,
                profile_power - idle_power - memory_inside * memory_energy * profile_bandwidth, 0,
            ),
            over=profiles,
        ),
        "what memory and idling leave of the power limit in the fastest profile; 0 where they leave nothing",
        derived=True,
    )  # fmt: skip
    fastest_voltage = formula(
        "V", largest(where(profile_share * profile_clock >= fastest, profile_voltage, 0), over=profiles),
        "supply in the fastest profile; 0 where it is not stated", derived=True,
    )  # fmt: skip
    voltage = formula(
        "V", member_at(profile_voltage, profile, over=profiles),
        "supply in the profile in use; 0 where it is not stated", derived=True,
    )  # fmt: skip
    supply = formula(
        "1", where(voltage > 0, where(fastest_voltage > 0, (voltage / fastest_voltage) ** 2, 1), 1),
        "energy of an operation relative to that in the fastest profile; the same where no supply is stated",
        source="horowitz2014",
    )  # fmt: skip
    least_energy = formula(
        "pJ/op", member_at(least_op_energy, precision, over=formats),
        "energy that arithmetic alone takes in the format in use", derived=True,
    )  # fmt: skip
    budget_energy = formula(
        "pJ/op",
        where(matrix_rate > 0, budget * scale * clock / (fastest * largest(matrix_rate, vector_rate)), 0),
        "energy that the fastest profile leaves for an operation at its peak rate", derived=True,
    )  # fmt: skip
    budgeted = formula(
        "1", where(budget_energy > least_energy, 1, 0),
        "1 where the energy of an operation follows from the power limit; 0 where the limit leaves less than "
        "arithmetic alone takes, and that is taken: a lower bound",
        derived=True,
    )  # fmt: skip
    op_energy = formula(
        "pJ/op", largest(budget_energy * supply, least_energy),
        "energy of an operation: what the fastest profile leaves, and no less than arithmetic alone takes",
        derived=True,
    )  # fmt: skip


class Movement(Model):
    """How long the bytes of a subgraph take; where they come from is left to its kinds."""

    activations = given("byte", "activations read and written", domain=reals(0))
    weights = given("byte", "weights read", domain=reals(0))
    bandwidth = given("GB/s", "bandwidth of the main memory", domain=reals(0))
    cache = given("MB", "last-level cache", domain=reals(0))
    cache_bandwidth = given("GB/s", "its bandwidth", domain=reals(0))
    held = given("byte", "weights of the whole network", domain=reals(0), default="0 byte")
    live = given("byte", "activations of the whole network at the fullest moment", domain=reals(0), default="0 byte")

    main = formula("byte", ..., "bytes from and to the main memory")
    inside = formula("byte", activations + weights - main, "bytes that stay on the chip", derived=True)
    time = formula("us", ..., "time of the transfers")


class Streaming(Movement):
    """Everything comes from the main memory and goes back to it."""

    main = formula("byte", Movement.activations + Movement.weights, derived=True)
    time = formula("us", main / Movement.bandwidth, source="williams2009")


class CachedActivations(Movement):
    """Activations that fit into the last-level cache stay there; weights come from the main memory."""

    stays = formula(
        "1", where(Movement.cache_bandwidth > 0, where(Movement.activations <= Movement.cache, 1, 0), 0),
        "1 where the activations stay on the chip, else 0", derived=True,
    )  # fmt: skip
    rate = formula(
        "GB/s", where(stays > 0, Movement.cache_bandwidth, Movement.bandwidth), "bandwidth that activations see",
        derived=True,
    )  # fmt: skip
    main = formula("byte", (1 - stays) * Movement.activations + Movement.weights, derived=True)
    time = formula("us", Movement.activations / rate + Movement.weights / Movement.bandwidth, source="williams2009")


class Resident(CachedActivations):
    """A chip without memory beside it: activations that fit stay on it, and weights where all fit beside them."""

    fits = formula(
        "1",
        where(
            Movement.cache_bandwidth > 0, where(Movement.held + Movement.live <= Movement.cache, 1, 0), 0
        ),
        "1 where all weights and the activations of the fullest moment stay on the chip together, else 0",
        derived=True,
    )  # fmt: skip
    weight_rate = formula(
        "GB/s", where(fits > 0, Movement.cache_bandwidth, Movement.bandwidth), "bandwidth that weights see",
        derived=True,
    )  # fmt: skip
    main = formula(
        "byte", (1 - CachedActivations.stays) * Movement.activations + (1 - fits) * Movement.weights, derived=True
    )
    time = formula(
        "us", Movement.activations / CachedActivations.rate + Movement.weights / weight_rate, source="williams2009"
    )


class Device(Model):
    """A network on a device: every subgraph takes what its slower side takes, and a start, unless it is calibrated."""

    batch = given("1", "inputs in a run", domain=integers(1), default=1, symbol="B")
    net = part(Subgraphs, batch=batch * one("inference"))
    chip = part(Processor)
    units = given("1", "cores, multiprocessors or arrays", domain=integers(1))
    start = given("us", "time until a subgraph runs", domain=reals(0), default="0 us", symbol="t_0")
    compute_share = given(
        "1", "share of the peak rate that code reaches", domain=reals(0, 1), default=1, symbol=r"\eta"
    )
    memory_share = given("1", "share of the bandwidth that code reaches", domain=reals(0, 1), default=1)

    awake = formula("1", units * chip.share, "units that the profile leaves switched on", derived=True)
    unit = part(
        Unit, default=Cores, rows=net.rows, columns=net.columns, depth=net.depth, repeats=net.repeats, units=awake
    )
    movement = part(
        Movement, default=Streaming,
        activations=net.activations * chip.number + net.unscaled, weights=net.weights * chip.number,
        bandwidth=chip.bandwidth * memory_share, cache=chip.cache, cache_bandwidth=chip.cache_bandwidth,
        held=net.resident * chip.number, live=net.live * chip.number + net.live_unscaled,
    )  # fmt: skip

    occupancy = formula(
        "percent", unit.occupancy, "share of the matrix unit that a subgraph's shape keeps busy", derived=True
    )
    traffic = formula(
        "byte", (net.activations + net.weights) * chip.number + net.unscaled, "bytes of a subgraph", derived=True
    )
    matrix_time = formula(
        "us", where(net.macs > 0, net.macs / (chip.matrix_rate * unit.occupancy * compute_share), 0),
        "time of a subgraph's matrix products", source="williams2009",
    )  # fmt: skip
    vector_time = formula(
        "us", where(net.vector_ops > 0, net.vector_ops / (chip.vector_rate * compute_share), 0),
        "time of a subgraph's other arithmetic", source="williams2009",
    )  # fmt: skip
    compute_time = formula("us", matrix_time + vector_time, "time of a subgraph's arithmetic", derived=True)
    memory_time = formula("us", movement.time, "time of a subgraph's transfers", derived=True)
    link_time = formula(
        "us",
        where(
            net.messages > 0,
            net.sent * chip.number / chip.link_bandwidth + net.messages * chip.link_latency, 0,
        ),
        "time of a subgraph's messages to other devices; none ends on a device without a link", source="thakur2005",
    )  # fmt: skip
    timing = part(
        Timing, default=DataSheet, subgraphs=net.subgraphs, traffic=traffic, start=start, compute=compute_time,
        memory=memory_time, link=link_time,
    )  # fmt: skip
    time = formula(
        "us", timing.time, "time of a subgraph, its messages last; a view, which moves nothing, starts nothing",
        derived=True, symbol="t",
    )  # fmt: skip
    intensity = formula(
        "op/byte", where(traffic > 0, (net.macs + net.vector_ops) / traffic, 0), "work of a subgraph per byte",
        derived=True, symbol="I",
    )  # fmt: skip
    compute_bound = formula(
        "1", where(compute_time > memory_time, 1, 0), "1 where arithmetic is the slower side, else 0", derived=True
    )

    latency = formula("ms", total(net.count * time, over=net.subgraphs), "time of one run", derived=True, symbol="T")
    work = formula(
        "GFLOP", total(net.count * (net.macs + net.vector_ops), over=net.subgraphs), "work of one run", derived=True
    )
    moved = formula("MB", total(net.count * traffic, over=net.subgraphs), "bytes moved in one run", derived=True)
    throughput = formula("inference/s", net.batch / latency, "inputs in a second", derived=True)
    utilisation = formula(
        "percent",
        total(net.count * (net.macs + net.vector_ops), over=net.subgraphs)
        / (largest(chip.matrix_rate, chip.vector_rate) * latency),
        "share of the peak rate reached", derived=True,
    )  # fmt: skip
    main_moved = formula(
        "MB", total(net.count * movement.main, over=net.subgraphs), "those from and to the main memory", derived=True
    )
    memory_utilisation = formula(
        "percent", main_moved / (chip.bandwidth * latency), "share of the main memory's bandwidth used", derived=True
    )
    consumption = part(
        Consumption, default=StatedEnergy, subgraphs=net.subgraphs, count=net.count, ops=net.macs + net.vector_ops,
        main=movement.main, inside=movement.inside, time=time, latency=latency, op_energy=chip.op_energy,
        memory_energy=chip.memory_energy, cache_energy=chip.cache_energy, idle_power=chip.idle_power,
    )  # fmt: skip
    compute_energies = formula("mJ", consumption.compute, "energy of a subgraph's arithmetic", derived=True)
    memory_energies = formula(
        "mJ", consumption.memory, "energy of a subgraph's transfers, from and to the main memory and on the chip",
        derived=True,
    )  # fmt: skip
    static_energies = formula("mJ", consumption.static, "energy that flows meanwhile without work", derived=True)
    energies = formula("mJ", compute_energies + memory_energies + static_energies, "energy of a subgraph", derived=True)
    compute_energy = formula(
        "mJ", total(net.count * compute_energies, over=net.subgraphs), "energy of the arithmetic", derived=True
    )
    memory_energy = formula(
        "mJ", total(net.count * memory_energies, over=net.subgraphs), "energy of the transfers", derived=True
    )
    static_energy = formula("mJ", consumption.whole_static, "energy that flows without work", derived=True)
    energy = formula("mJ", compute_energy + memory_energy + static_energy, "energy of one run", derived=True)
    power = formula("W", energy / latency, "average power", derived=True)
    outside = formula(
        "mJ", (1 - chip.memory_inside) * main_moved * chip.memory_energy,
        "energy of the main memory that the power limit does not count", derived=True,
    )  # fmt: skip
    power_margin = formula(
        "W", chip.power_limit - (energy - outside) / latency,
        "what one run leaves of the power limit; below zero the device would throttle", derived=True,
    )  # fmt: skip
    throttled = formula(
        "ms",
        where(
            chip.power_limit > chip.idle_power,
            largest(latency, (energy - static_energy - outside) / (chip.power_limit - chip.idle_power)), latency,
        ),
        "time of one run that keeps to the power limit: longer than `latency` where its power is above the limit",
        derived=True,
    )  # fmt: skip
    weight_memory = formula("MB", net.resident * chip.number, "room of the weights", derived=True)
    activation_memory = formula(
        "MB", net.live * chip.number + net.live_unscaled, "room of activations at the fullest moment", derived=True
    )  # fmt: skip
    peak_memory = formula("MB", weight_memory + activation_memory, "room of one run", derived=True)
    memory_fill = formula(
        "percent", where(chip.capacity > 0, peak_memory / chip.capacity, 0), "share of the main memory, where stated",
        derived=True,
    )  # fmt: skip


class Cpu(Device):
    """Cores with vector registers, and a matrix unit in each where the data sheet has one."""

    unit = Cores(
        rows=Device.net.rows, columns=Device.net.columns, depth=Device.net.depth, repeats=Device.net.repeats,
        units=Device.awake,
    )  # fmt: skip


class Gpu(Device):
    """Multiprocessors that take tiles in waves."""

    unit = Multiprocessors(
        rows=Device.net.rows, columns=Device.net.columns, depth=Device.net.depth, repeats=Device.net.repeats,
        units=Device.awake,
    )  # fmt: skip


class Accelerator(Device):
    """Systolic arrays: TPUs, NPUs, KPUs and DLAs."""

    unit = SystolicArrays(
        rows=Device.net.rows, columns=Device.net.columns, depth=Device.net.depth, repeats=Device.net.repeats,
        units=Device.awake,
    )  # fmt: skip
