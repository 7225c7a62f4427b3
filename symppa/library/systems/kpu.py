"""A compiled network on a KPU: operators one after the other, each with the tiles it was compiled for.

How an operator is cut into tiles depends on L1, the buffer beside the arrays: its best tiles may be told for several
sizes of it. Clock, bandwidths and energies may change while the tiles stay.
"""

from symppa.language import (
    Model,
    ceil_div,
    equal,
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
)
from symppa.library.components.kpu_chip import KpuChip
from symppa.library.systems.kpu_energy import OperatorEnergy
from symppa.library.systems.kpu_tiles import BUFFERS, Pace

CYCLE = one("cycle")


class CompiledOperators(Model):
    """The operators of a compiled network in their order, each with its tiles: once for each size of L1 told."""

    operators = index("operators with their tiles", symbol="o")
    made_for = given("KiB", "size of the buffer L1 that the tiles were made for", over=operators,
                     domain=reals("1 byte"))  # fmt: skip
    macs = given("mac", "multiplications of products, each with its addition", over=operators, domain=reals(0))
    vector_ops = given("op", "operations of the vector lanes", over=operators, domain=reals(0))
    compute_cycles = given("cycle", "time the arrays or the lanes are busy", over=operators, domain=reals(0))
    dram_traffic = given("byte", "bytes between memory and L2", over=operators, domain=reals(0))
    l2_traffic = given("byte", "bytes between L2 and L1", over=operators, domain=reals(0))
    l1_traffic = given("byte", "bytes between L1 and the arrays", over=operators, domain=reals(0))
    first_dram = given("byte", "of the first tile, what comes from memory", over=operators, domain=reals(0))
    first_l2 = given("byte", "the first tile", over=operators, domain=reals(0))
    last_dram = given("byte", "of the last result, what goes to memory", over=operators, domain=reals(0))
    last_l2 = given("byte", "the last result", over=operators, domain=reals(0))
    tiles = given("1", "inner tiles", over=operators, domain=integers(1))
    buffers = given("1", "room for so many tiles of each operand", over=operators, domain=BUFFERS, default=2)
    count = given("1", "operators alike that run one after the other", over=operators, domain=integers(0), default=1)
    cell_rate = given("1", "numbers that all cells take in a cycle, of the chip that the tiles were made for",
                      domain=reals(0))  # fmt: skip
    batch = given("1", "inputs in a run", domain=integers(1), default=1, symbol="B")
    weights = given("byte", "room of the weights", domain=reals(0), default="0 byte")
    peak = given("byte", "room in the memory at the fullest moment", domain=reals(0), default="0 byte")


class Kpu(Model):
    """A compiled network on a KPU: of the tiles told, those made for the largest buffer L1 that there is room for."""

    net = part(CompiledOperators)
    chip = part(KpuChip)
    product_format = given(
        "1", "number format of an operator's products", over=net.operators, domain=member(chip.formats)
    )

    made_for = formula(
        "KiB", largest(where(net.made_for <= chip.l1, net.made_for, 0), over=net.operators),
        "size of the buffer L1 that the tiles taken were made for; 0 where all need a larger one", derived=True,
    )  # fmt: skip
    fitting = formula(
        "1", where(made_for > 0, where(equal(net.cell_rate, chip.cells * chip.speed), 1, 0), 0),
        "1 where there are tiles for this chip; else 0, and nothing is told: compile anew", derived=True,
    )  # fmt: skip
    taken = formula(
        "1", where(equal(net.made_for, made_for), 1, 0) / fitting, "1 for tiles that are taken, else 0", derived=True
    )
    pace = Pace(
        dram_bandwidth=chip.dram_rate, l2_bandwidth=chip.l2_rate, buffers=net.buffers, tiles=net.tiles,
        compute_cycles=net.compute_cycles, dram_traffic=net.dram_traffic, l2_traffic=net.l2_traffic,
        first_dram=net.first_dram, first_l2=net.first_l2, last_dram=net.last_dram, last_l2=net.last_l2,
    )  # fmt: skip
    op_cycles = formula(
        "cycle", taken * ceil_div(pace.cycles, CYCLE) * CYCLE,
        "time of an operator in whole cycles; 0 where its tiles are not taken", derived=True,
    )  # fmt: skip
    times = formula(
        "us", op_cycles / chip.clock, "time of an operator; 0 where its tiles are not taken", derived=True, symbol="t"
    )
    spending = OperatorEnergy(
        macs=taken * net.macs, vector_ops=taken * net.vector_ops, dram_traffic=taken * net.dram_traffic,
        l2_traffic=taken * net.l2_traffic, l1_traffic=taken * net.l1_traffic, cycles=op_cycles, clock=chip.clock,
        mac_cost=chip.scale * member_at(chip.mac_energies, product_format, over=chip.formats),
        vector_cost=chip.vector_energy, dram_cost=chip.dram_energy, l2_cost=chip.l2_energy, l1_cost=chip.l1_energy,
        idle_power=chip.idle_power,
    )  # fmt: skip
    arithmetic_energies = formula(
        "uJ", spending.mac_energy + spending.vector_energy, "energy of an operator's arithmetic", derived=True
    )
    transfer_energies = formula(
        "uJ", spending.dram_energy + spending.l2_energy + spending.l1_energy, "energy of an operator's transfers",
        derived=True,
    )  # fmt: skip
    energies = formula("uJ", spending.energy, "energy of an operator", derived=True)
    memory_bound = formula(
        "1", where(largest(pace.dram_cycles, pace.l2_cycles) > net.compute_cycles, taken, 0),
        "1 where transfers take longer than arithmetic, else 0", derived=True,
    )  # fmt: skip

    cycles = formula("cycle", total(net.count * op_cycles, over=net.operators), "time of a run in cycles", derived=True)
    latency = formula("ms", cycles / chip.clock, "time of a run", derived=True, symbol="T")
    throughput = formula("inference/s", net.batch * one("inference") / latency, "inputs in a second", derived=True)
    work = formula(
        "GFLOP", total(net.count * taken * net.macs, over=net.operators), "work of the products of a run", derived=True
    )
    utilisation = formula(
        "percent", total(net.count * taken * net.macs, over=net.operators) / (chip.peak * latency),
        "share of the peak rate reached", derived=True,
    )  # fmt: skip
    dram_traffic = formula(
        "MB",
        total(net.count * taken * net.dram_traffic, over=net.operators),
        "bytes from and to the memory",
        derived=True,
    )
    l2_traffic = formula(
        "MB", total(net.count * taken * net.l2_traffic, over=net.operators), "bytes between the buffers", derived=True
    )
    memory_utilisation = formula(
        "percent", dram_traffic / (chip.dram_bandwidth * latency), "share of the memory's bandwidth used", derived=True
    )
    arithmetic_energy = formula(
        "mJ", total(net.count * arithmetic_energies, over=net.operators), "energy of the arithmetic", derived=True
    )
    transfer_energy = formula(
        "mJ", total(net.count * transfer_energies, over=net.operators), "energy of the transfers", derived=True
    )
    idle_energy = formula("mJ", chip.idle_power * latency, "energy that flows without work", derived=True)
    energy = formula(
        "mJ", arithmetic_energy + transfer_energy + idle_energy, "energy of a run", derived=True, symbol="E"
    )
    power = formula("W", energy / latency, "average power", derived=True)
    power_margin = formula("W", chip.power_limit - power, "what a run leaves of the thermal design power", derived=True)
    memory_fill = formula("percent", net.peak / chip.capacity, "share of the memory in use", derived=True)
    buffer = formula("KiB", chip.l1, "size of the buffer L1", derived=True)
    weight_memory = formula("MB", net.weights, "room of the weights", derived=True)
