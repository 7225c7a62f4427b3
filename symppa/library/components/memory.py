"""Memories seen from their ports."""

from symppa.language import Model, formula, given, part, reals, where


class Port(Model):
    """One direction of a memory."""

    energy = given("pJ/byte", "energy of a byte", domain=reals(0), default="0 pJ/byte")
    bandwidth = given("GB/s", "bandwidth; 0 for no limit", domain=reals(0), default="0 GB/s")
    latency = given("ns", "time until the first byte", domain=reals(0), default="0 ns")


class Store(Model):
    """A memory with a port for each direction."""

    area = given("mm2", "area", domain=reals(0), default="0 mm2")
    capacity = given("byte", "capacity; 0 where it is not stated", domain=reals(0), default="0 byte")
    read = Port()
    write = Port()

    density = formula(
        "mm2/byte", where(capacity > 0, area / capacity, 0), "area of a byte, where a capacity is stated", derived=True
    )


class Hierarchy(Model):
    """A buffer on the chip, a memory beside it, and the fabric both are reached through."""

    sram = Store()
    hbm = Store()
    fabric = Store()


class StatedPort(Port):
    """A port whose costs must be stated: nothing is moved for free because nobody said what it costs."""

    energy = given("pJ/byte", "energy of a byte", domain=reals(0))
    bandwidth = given("GB/s", "bandwidth", domain=reals("1e-6 GB/s"))
    latency = given("ns", "time until the first byte", domain=reals(0))


class StatedStore(Store):
    """A memory with stated ports."""

    read = StatedPort()
    write = StatedPort()


class StatedHierarchy(Hierarchy):
    """A hierarchy of memories with stated ports."""

    sram = StatedStore()
    hbm = StatedStore()
    fabric = StatedStore()


class Transfer(Model):
    """Bytes through one port: so many accesses, then the bandwidth."""

    port = part(Port)
    traffic = given("byte", "bytes to move", domain=reals(0), symbol="B")
    accesses = given("1", "accesses that wait for one another", domain=reals(0), default=1)

    moved = formula("byte", traffic, "bytes moved", derived=True)
    energy = formula("pJ", moved * port.energy, "energy of the transfer", source="selfspec")
    streaming = formula(
        "ns", where(port.bandwidth > 0, traffic / port.bandwidth, 0), "time at full bandwidth", source="selfspec"
    )
    latency = formula(
        "ns", where(traffic > 0, accesses * port.latency + streaming, 0), "time of the transfer", source="selfspec"
    )
