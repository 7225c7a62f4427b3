"""Keys and values: where they live, and what moving them costs."""

from symppa.language import Model, formula, given, integers, largest, part, reals
from symppa.library.components.memory import Hierarchy, Transfer
from symppa.library.components.transformer import Network


class Cache(Model):
    """Where keys and values live, and what a token of them takes."""

    net = part(Network)
    value_size = given("byte", "storage of a value", domain=reals(0), default="1 byte")
    scale_size = given("byte", "storage of a scale", domain=reals(0), default="2 byte")
    scales = given("1", "scales of a token and head", domain=integers(0), default=2)
    near_value_size = given("byte", "storage of a value on the chip", domain=reals(0), default="1 byte")
    near_scale_size = given("byte", "storage of a scale on the chip", domain=reals(0), default="2 byte")
    near_scales = given("1", "scales of a token and head on the chip", domain=integers(0), default=2)

    far_token = formula("byte", ..., "keys and values of a token, off the chip")
    near_token = formula("byte", ..., "keys and values of a token, on the chip")
    update_work = formula("1", ..., "elements a digital unit writes for a token and layer")


class LocalCache(Cache):
    """Keys and values are written by a digital unit; nothing is known of the memory behind it."""

    far_token = formula("byte", 0, derived=True)
    near_token = formula("byte", 0, derived=True)
    update_work = formula("1", Cache.net.width, source="selfspec")


class MemoryCache(Cache):
    """Keys and values move through memories; drafted ones stay on the chip until they are committed."""

    far_token = formula(
        "byte",
        Cache.net.depth
        * (Cache.net.cache_values * Cache.value_size + Cache.net.cache_heads * Cache.scales * Cache.scale_size),
        source="selfspec",
    )
    near_token = formula(
        "byte",
        Cache.net.depth
        * (
            Cache.net.cache_values * Cache.near_value_size
            + Cache.net.cache_heads * Cache.near_scales * Cache.near_scale_size
        ),
        source="selfspec",
    )
    update_work = formula("1", 0, source="selfspec")


class Traffic(Model):
    """Keys and values moved in a phase; the fabric carries all of them."""

    memory = part(Hierarchy)
    near_read = given("byte", "bytes read on the chip", domain=reals(0))
    near_write = given("byte", "bytes written on the chip", domain=reals(0))
    far_read = given("byte", "bytes read off the chip", domain=reals(0))
    far_write = given("byte", "bytes written off the chip", domain=reals(0))
    steps = given("1", "steps that wait for one another", domain=reals(0))

    accesses = formula("1", ..., "accesses that wait for one another")
    latency = formula("ns", ..., "time of all transfers")

    sram_read = Transfer(port=memory.sram.read, traffic=near_read, accesses=accesses)
    sram_write = Transfer(port=memory.sram.write, traffic=near_write, accesses=accesses)
    hbm_read = Transfer(port=memory.hbm.read, traffic=far_read, accesses=accesses)
    hbm_write = Transfer(port=memory.hbm.write, traffic=far_write)
    fabric_read = Transfer(port=memory.fabric.read, traffic=near_read + far_read, accesses=accesses)
    fabric_write = Transfer(port=memory.fabric.write, traffic=near_write + far_write, accesses=accesses)

    sram_energy = formula("pJ", sram_read.energy + sram_write.energy, "energy of the buffer", derived=True)
    hbm_energy = formula("pJ", hbm_read.energy + hbm_write.energy, "energy of the memory", derived=True)
    fabric_energy = formula("pJ", fabric_read.energy + fabric_write.energy, "energy of the fabric", derived=True)
    energy = formula("pJ", sram_energy + hbm_energy + fabric_energy, "energy of all transfers", derived=True)
    sram_latency = formula("ns", sram_read.latency + sram_write.latency, "time of the buffer", derived=True)
    hbm_latency = formula("ns", hbm_read.latency + hbm_write.latency, "time of the memory", derived=True)
    fabric_latency = formula("ns", fabric_read.latency + fabric_write.latency, "time of the fabric", derived=True)


class SerialTraffic(Traffic):
    """One transfer after another, and one access for a whole phase, as the seed's original has it."""

    accesses = formula("1", 1, source="selfspec")
    latency = formula("ns", Traffic.sram_latency + Traffic.hbm_latency + Traffic.fabric_latency, source="selfspec")


class OverlappedTraffic(Traffic):
    """Memories at work side by side, and one access for a whole phase, as the seed's later version has it."""

    accesses = formula("1", 1, source="selfspec")
    latency = formula(
        "ns",
        largest(Traffic.sram_read.latency, Traffic.hbm_read.latency, Traffic.fabric_read.latency)
        + largest(Traffic.sram_write.latency, Traffic.hbm_write.latency, Traffic.fabric_write.latency),
        source="selfspec",
    )


class StepwiseTraffic(OverlappedTraffic):
    """Memories at work side by side; a step that needs the one before it waits for an access of its own."""

    accesses = formula("1", Traffic.steps, derived=True)
