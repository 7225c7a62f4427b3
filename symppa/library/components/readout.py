"""Reading weights out of crossbars: the interface every kind of read-out offers.

A block is read in one of five modes: for the draft with few bits, for the draft in full, for what the draft left out,
in full for the verifier, or not at all because the draft has read it in full and its result was kept.
"""

from typing import Any

import sympy as sp

from symppa.language import Model, formula, given, integers, part, parts, reals, total_of
from symppa.library.components.control import Device
from symppa.library.components.crossbar import Block, FeedForward, Matrix
from symppa.library.components.transformer import Network

MODES = ("draft", "draft_full", "residual", "full", "kept")
COMPONENTS = (
    *("arrays", "dac", "adc_draft", "adc_residual", "tia", "snh", "mux", "io_buffers"),
    *("subarray_switches", "write_drivers", "input_registers", "output_registers"),
)


def over_modes(counts: Any, costs: Any, name: str) -> Any:
    """A cost over the read modes, each as often as it is counted; `counts` is a part, or a mapping by mode."""
    found = counts if isinstance(counts, dict) else {mode: getattr(counts, mode) for mode in MODES}
    return sp.Add(*[count * getattr(getattr(costs, mode), name) for mode, count in found.items()])


class Use(Model):
    """A component during one read."""

    uses = given("1", "uses", domain=reals(0), default=0)
    waits = given("1", "uses that follow one another", domain=reals(0), default=0)
    each_energy = given("pJ", "energy of a use", domain=reals(0), default="0 pJ")
    each_latency = given("ns", "time of a use", domain=reals(0), default="0 ns")

    energy = formula("pJ", uses * each_energy, "energy in a read", derived=True)
    latency = formula("ns", waits * each_latency, "time in a read", derived=True)


class Read(Model):
    """One read in one mode; what it costs is left to its kinds."""

    components = parts(**{name: Use() for name in COMPONENTS})

    activations = formula("1", ..., "crossbars activated")
    lines = formula("1", ..., "input lines driven")
    draft_samples = formula("1", ..., "conversions of the draft converters")
    residual_samples = formula("1", ..., "conversions of the residual converters")
    energy = formula("pJ", ..., "energy of a read")
    latency = formula("ns", ..., "time of a read")


class ReadModes(Model):
    """One read in every mode."""

    draft = part(Read)
    draft_full = part(Read)
    residual = part(Read)
    full = part(Read)
    kept = part(Read)


class BlockRead(Model):
    """A block of one layer read once for one token in one mode, and its results gathered."""

    block = part(Block)
    read = part(Read)

    reads = formula("1", ..., "reads", symbol="R")
    latency = formula("ns", ..., "time of all reads")
    buffer_energy = formula("pJ", ..., "energy of buffers and additions")
    buffer_latency = formula("ns", ..., "time of buffers and additions that reading does not hide")


class BlockReads(Model):
    """A block of one layer in every mode."""

    block = part(Block)
    modes = part(ReadModes)
    draft = part(BlockRead)
    draft_full = part(BlockRead)
    residual = part(BlockRead)
    full = part(BlockRead)
    kept = part(BlockRead)


class Area(Model):
    """Area of like devices."""

    units = given("1", "devices", domain=reals(0), default=0)
    each = given("mm2", "area of a device", domain=reals(0), default="0 mm2")

    area = formula("mm2", units * each, "area", derived=True)


class AnalogCore(Model):
    """The crossbars that hold a network: what reading them costs, and their area."""

    net = part(Network)
    reuse = given("1", "1 where the verifier builds on what the draft has read", domain=integers(0, 1))
    buffer = part(Device)

    size = formula("1", ..., "rows and columns of a crossbar")
    engine_cells = formula("1", ..., "elements an attention engine stores")
    qkv = Matrix(rows=net.qkv_outputs, columns=net.width, size=size)
    wo = Matrix(rows=net.width, columns=net.attention_width, size=size)
    ffn = FeedForward(width=net.width, hidden=net.hidden, gates=net.feed_forward, size=size)
    modes = part(ReadModes)
    blocks = parts(
        qkv=part(BlockReads, block=qkv, modes=modes),
        wo=part(BlockReads, block=wo, modes=modes),
        ffn=part(BlockReads, block=ffn, modes=modes),
    )
    tiles = formula("1", net.depth * (qkv.tiles + wo.tiles + ffn.tiles), "crossbars of the network", derived=True)
    weights = formula("1", net.depth * (qkv.weights + wo.weights + ffn.weights), "weights of the network", derived=True)
    areas = parts(**{name: Area() for name in COMPONENTS})

    qkv_area = formula("mm2", ..., "crossbars of qkv")
    wo_area = formula("mm2", ..., "crossbars of wo")
    ffn_area = formula("mm2", ..., "crossbars of ffn")
    area = formula("mm2", total_of(areas, "area"), "area of crossbars, converters and periphery", derived=True)
