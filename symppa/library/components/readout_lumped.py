"""Read-out as one cost per weight and mode, where nothing is known of the crossbars behind it."""

from typing import ClassVar

from symppa.language import formula, given, integers, largest, part, parts, reals, total_of
from symppa.library.components.control import Device
from symppa.library.components.readout import AnalogCore, Area, BlockRead, BlockReads, Read, ReadModes, Use


class LumpedRead(Read):
    """One weight in one mode; all of its cost is booked on the crossbars."""

    weight = part(Device)
    read = given("1", "1 where there is a read", domain=integers(0, 1), default=1)

    components = parts(
        arrays=Use(uses=read, each_energy=weight.energy, waits=read, each_latency=weight.latency),
        **{name: Use() for name in Read.components._members if name != "arrays"},
    )
    activations = formula("1", 0, derived=True)
    lines = formula("1", 0, derived=True)
    draft_samples = formula("1", 0, derived=True)
    residual_samples = formula("1", 0, derived=True)
    energy = formula("pJ", total_of(components, "energy"), derived=True)
    latency = formula("ns", total_of(components, "latency"), source="selfspec")


class LumpedModes(ReadModes):
    """A price for few bits, for all of them, and for what the draft left out."""

    draft_weight = part(Device)
    full_weight = part(Device)
    residual_weight = part(Device)
    draft = LumpedRead(weight=draft_weight)
    draft_full = LumpedRead(weight=full_weight)
    residual = LumpedRead(weight=residual_weight)
    full = LumpedRead(weight=full_weight)
    kept = LumpedRead(weight=full_weight, read=0)


class LumpedBlockRead(BlockRead):
    """Every weight costs the same; an output is buffered so many times."""

    buffer = part(Device)
    additions = given("1", "buffered additions of an output", domain=integers(0))

    reads = formula("1", BlockRead.block.weights, source="selfspec")
    latency = formula("ns", reads * BlockRead.read.latency, source="selfspec")
    buffered = formula("1", additions * BlockRead.block.outputs, "buffered additions", source="selfspec")
    buffer_energy = formula("pJ", buffered * buffer.energy, source="selfspec")
    buffer_latency = formula("ns", buffered * buffer.latency, source="selfspec")


class LumpedBlockReads(BlockReads):
    """A block of one layer in every mode."""

    buffer = part(Device)
    reuse = given("1", "1 where the verifier builds on what the draft has read", domain=integers(0, 1))

    _shared: ClassVar = {"block": BlockReads.block, "buffer": buffer}
    draft = LumpedBlockRead(**_shared, read=BlockReads.modes.draft, additions=reuse)
    draft_full = LumpedBlockRead(**_shared, read=BlockReads.modes.draft_full, additions=1 + reuse)
    residual = LumpedBlockRead(**_shared, read=BlockReads.modes.residual, additions=2)
    full = LumpedBlockRead(**_shared, read=BlockReads.modes.full, additions=1)
    kept = LumpedBlockRead(**_shared, read=BlockReads.modes.kept, additions=1)


class LumpedCore(AnalogCore):
    """Weights with a price each; crossbars, converters and periphery are not looked into."""

    draft_weight = Device()
    full_weight = Device()
    residual_weight = Device()
    weight_area = given("mm2", "area of a weight", domain=reals(0), default="0 mm2")

    size = formula("1", 1, derived=True)
    engine_cells = formula("1", 0, source="selfspec")
    modes = LumpedModes(draft_weight=draft_weight, full_weight=full_weight, residual_weight=residual_weight)
    _shared: ClassVar = {"modes": modes, "buffer": AnalogCore.buffer, "reuse": AnalogCore.reuse}
    blocks = parts(
        qkv=LumpedBlockReads(block=AnalogCore.qkv, **_shared),
        wo=LumpedBlockReads(block=AnalogCore.wo, **_shared),
        ffn=LumpedBlockReads(block=AnalogCore.ffn, **_shared),
    )
    qkv_area = formula("mm2", AnalogCore.net.depth * AnalogCore.qkv.weights * weight_area, source="selfspec")
    wo_area = formula("mm2", AnalogCore.net.depth * AnalogCore.wo.weights * weight_area, source="selfspec")
    ffn_area = formula("mm2", AnalogCore.net.depth * AnalogCore.ffn.weights * weight_area, source="selfspec")
    areas = parts(
        arrays=Area(units=1, each=qkv_area + wo_area + ffn_area),
        **{name: Area() for name in AnalogCore.areas._members if name != "arrays"},
    )


class HiddenBlockRead(BlockRead):
    """Every weight costs the same; buffering costs time only where reading does not hide it."""

    buffer = part(Device)
    stored = given("1", "outputs stored for the verifier", domain=integers(0), default=0)
    gathered = given("1", "outputs gathered and added", domain=integers(0), default=0)

    reads = formula("1", BlockRead.block.weights, source="selfspec")
    latency = formula("ns", reads * BlockRead.read.latency, source="selfspec")
    buffer_energy = formula("pJ", (stored + gathered) * BlockRead.block.outputs * buffer.energy, source="selfspec")
    buffer_latency = formula(
        "ns",
        largest(0, stored * BlockRead.block.outputs * buffer.latency - latency)
        + largest(0, gathered * BlockRead.block.outputs * buffer.latency - latency),
        source="selfspec",
    )


class HiddenBlockReads(BlockReads):
    """A block of one layer in every mode; the draft may have a buffer of its own."""

    draft_buffer = part(Device)
    verify_buffer = part(Device)
    reuse = given("1", "1 where the verifier builds on what the draft has read", domain=integers(0, 1))

    _drafting: ClassVar = {"block": BlockReads.block, "buffer": draft_buffer, "stored": reuse}
    _verifying: ClassVar = {"block": BlockReads.block, "buffer": verify_buffer}
    draft = HiddenBlockRead(**_drafting, read=BlockReads.modes.draft)
    draft_full = HiddenBlockRead(**_drafting, read=BlockReads.modes.draft_full, gathered=1)
    residual = HiddenBlockRead(**_verifying, read=BlockReads.modes.residual, gathered=2)
    full = HiddenBlockRead(**_verifying, read=BlockReads.modes.full, gathered=1)
    kept = HiddenBlockRead(**_verifying, read=BlockReads.modes.kept, gathered=1)


class HiddenCore(LumpedCore):
    """Weights with a price each, whose buffers work while they are read."""

    draft_buffer = Device()
    verify_buffer = Device()
    _shared: ClassVar = {
        "modes": LumpedCore.modes,
        "draft_buffer": draft_buffer,
        "verify_buffer": verify_buffer,
        "reuse": AnalogCore.reuse,
    }
    blocks = parts(
        qkv=HiddenBlockReads(block=AnalogCore.qkv, **_shared),
        wo=HiddenBlockReads(block=AnalogCore.wo, **_shared),
        ffn=HiddenBlockReads(block=AnalogCore.ffn, **_shared),
    )
