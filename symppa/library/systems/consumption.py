"""What energy a subgraph takes: by the data sheet, or by calibrated coefficients where there are some."""

from symppa.language import Model, formula, given, index, reals, total, where


class Consumption(Model):
    """Energy of arithmetic, of transfers, and of the time; how each is told is left to its kinds."""

    subgraphs = index("fused subgraphs", symbol="s")
    count = given("1", "equal ones that run one after the other", over=subgraphs, domain=reals(0), default=1)
    ops = given("op", "arithmetic of a subgraph", domain=reals(0))
    main = given("byte", "bytes from and to the main memory", domain=reals(0))
    inside = given("byte", "bytes that stay on the chip", domain=reals(0))
    time = given("us", "time of a subgraph", domain=reals(0))
    latency = given("ms", "time of one run", domain=reals(0))
    op_energy = given("pJ/op", "energy of an operation", domain=reals(0))
    memory_energy = given("pJ/byte", "energy of a byte from or to the main memory", domain=reals(0))
    cache_energy = given("pJ/byte", "energy of a byte that stays on the chip", domain=reals(0))
    idle_power = given("W", "power without work", domain=reals(0))

    compute = formula("mJ", ..., "energy of a subgraph's arithmetic")
    memory = formula("mJ", ..., "energy of a subgraph's transfers, from and to the main memory and on the chip")
    static = formula("mJ", ..., "energy that flows meanwhile without work")
    whole_static = formula("mJ", ..., "energy that flows without work in one run")


class StatedEnergy(Consumption):
    """By the data sheet, and what follows from it."""

    compute = formula("mJ", Consumption.ops * Consumption.op_energy, derived=True)
    memory = formula(
        "mJ",
        Consumption.main * Consumption.memory_energy + Consumption.inside * Consumption.cache_energy,
        derived=True,
    )
    static = formula("mJ", Consumption.time * Consumption.idle_power, derived=True)
    whole_static = formula("mJ", Consumption.idle_power * Consumption.latency, derived=True)


class CalibratedEnergy(Consumption):
    """By coefficients fitted to measured energies where `known` is 1, by the data sheet elsewhere."""

    known = given("1", "1 where a subgraph has coefficients", over=Consumption.subgraphs, domain=reals(0, 1), default=0)
    op_energies = given(
        "pJ/op", "fitted energy of an operation", over=Consumption.subgraphs, domain=reals(0), default="0 pJ/op"
    )
    byte_energies = given(
        "pJ/byte", "fitted energy of a byte moved", over=Consumption.subgraphs, domain=reals(0), default="0 pJ/byte"
    )
    powers = given("W", "fitted power that flows meanwhile", over=Consumption.subgraphs, domain=reals(0), default="0 W")
    sheet = StatedEnergy(
        subgraphs=Consumption.subgraphs, count=Consumption.count, ops=Consumption.ops, main=Consumption.main,
        inside=Consumption.inside, time=Consumption.time, latency=Consumption.latency,
        op_energy=Consumption.op_energy, memory_energy=Consumption.memory_energy,
        cache_energy=Consumption.cache_energy, idle_power=Consumption.idle_power,
    )  # fmt: skip

    compute = formula("mJ", where(known > 0, Consumption.ops * op_energies, sheet.compute), source="horowitz2014")
    memory = formula(
        "mJ", where(known > 0, (Consumption.main + Consumption.inside) * byte_energies, sheet.memory),
        source="horowitz2014",
    )  # fmt: skip
    static = formula("mJ", where(known > 0, Consumption.time * powers, sheet.static), derived=True)
    whole_static = formula("mJ", total(Consumption.count * static, over=Consumption.subgraphs), derived=True)
