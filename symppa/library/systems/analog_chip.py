"""An analog chip that holds a network: what one step of each kind costs, and its area.

The chip corrects what the seed's original gets wrong; `docs/selfspec-models.md` lists it all.
"""

from typing import ClassVar

from symppa.language import Model, ceil_div, formula, given, integers, largest, part, reals, smallest
from symppa.library.components.control import Control, Device
from symppa.library.components.crossbar import Matrix
from symppa.library.components.kv_cache import MemoryCache
from symppa.library.components.memory import StatedHierarchy
from symppa.library.components.readout_parallel import CellCrossbar, Layout, ParallelRead, SideBySide
from symppa.library.components.transformer import NORMS, Transformer


class VectorUnit(Model):
    """Digital units of a layer, for what no crossbar computes."""

    mac = Device()
    exponential = Device()
    element = Device()
    lanes = given("1", "units of each kind at work side by side", domain=integers(1), symbol="U")
    overhead_area = given("mm2", "control and further logic of a layer", domain=reals(0), default="0 mm2")

    area = formula(
        "mm2",
        overhead_area + lanes * (mac.area + exponential.area + element.area),
        "area of the digital units of a layer",
        derived=True,
    )


class AnalogChip(Model):
    """A network in crossbars, all of its layers side by side, with digital attention and memories beside them."""

    net = part(Transformer)
    crossbar = CellCrossbar()
    units = VectorUnit()
    control = Control()
    memory = StatedHierarchy()
    cache = MemoryCache(net=net)
    draft_activation_bits = given("1", "resolution of an activation in the draft", domain=integers(1))
    reuse = given("1", "1 where the verifier builds on what the draft has read", domain=integers(0, 1), default=1)
    leakage = given("W/mm2", "leakage of the chip by area", domain=reals(0), default="0 W/mm2")
    standby = given("W", "power of the memory beside the chip at rest", domain=reals(0), default="0 W")

    few = ParallelRead(crossbar=crossbar, arrays=1, draft=1, residual=0)
    rest = ParallelRead(crossbar=crossbar, arrays=crossbar.weight_arrays - 1, draft=0, residual=1)
    full = ParallelRead(crossbar=crossbar, arrays=crossbar.weight_arrays, draft=1, residual=1)

    _cut: ClassVar = {"size": crossbar.size}
    qkv = Matrix(rows=net.qkv_outputs, columns=net.width, **_cut)
    wo = Matrix(rows=net.width, columns=net.attention_width, **_cut)
    up = Matrix(rows=net.hidden, columns=net.width, copies=1 + net.feed_forward, **_cut)
    down = Matrix(rows=net.width, columns=net.hidden, **_cut)
    head = Matrix(rows=net.vocabulary, columns=net.width, **_cut)

    slices = formula(
        "1", ceil_div(net.activation_bits, crossbar.dac_bits), "slices of an input", derived=True, symbol="S"
    )
    draft_slices = formula(
        "1",
        smallest(slices, ceil_div(draft_activation_bits, crossbar.dac_bits)),
        "slices of an input in the draft, at most all of them",
        derived=True,
        symbol=r"S_\mathrm{D}",
    )
    layer_tiles = formula("1", qkv.tiles + wo.tiles + up.tiles + down.tiles, "crossbars of a layer", derived=True)
    tiles = formula("1", net.depth * layer_tiles + head.tiles, "crossbars of the network", derived=True, symbol="n")
    full_tiles = formula(
        "1",
        net.qkv_full * qkv.tiles + net.wo_full * wo.tiles + net.ffn_full * (up.tiles + down.tiles),
        "crossbars of layers that draft in full",
        derived=True,
        symbol=r"n_\mathrm{f}",
    )
    layout = part(
        Layout, default=SideBySide, net=net, layer_tiles=layer_tiles, full_tiles=full_tiles, head_tiles=head.tiles
    )

    layer_elements = formula(
        "1",
        2 * NORMS * net.width + (1 + net.feed_forward) * net.hidden + net.attention_width + net.cache_values / 2,
        "elements of norms and residual sums, of the activation and its gate, of rotated queries and keys",
        derived=True,
    )
    head_elements = formula(
        "1", net.width + net.vocabulary, "elements of the last norm and of the choice", derived=True
    )
    layer_macs = formula(
        "1", 2 * net.attention_width, "products of a layer for a token attended to", source="vaswani2017"
    )

    embedding = formula("byte", net.width * cache.value_size, "row of the embedding that a step reads", derived=True)
    other_energy = formula(
        "pJ",
        net.depth * (layer_elements * units.element.energy + control.token.energy)
        + head_elements * units.element.energy
        + cache.near_token * (memory.sram.write.energy + memory.fabric.write.energy)
        + embedding * (memory.hbm.read.energy + memory.fabric.read.energy),
        "energy of a step beside crossbars and attention",
        derived=True,
        symbol=r"E_\mathrm{o}",
    )
    draft_energy = formula(
        "pJ",
        draft_slices * ((tiles - full_tiles) * few.energy + full_tiles * full.energy) + other_energy,
        "energy of a draft step, attention aside",
        derived=True,
        symbol=r"E_\mathrm{D}",
    )
    left_energy = formula(
        "pJ",
        (tiles - full_tiles) * (slices * rest.energy + (slices - draft_slices) * few.energy)
        + full_tiles * (slices - draft_slices) * full.energy,
        "energy of reading what the draft has left out",
        derived=True,
    )
    verify_energy = formula(
        "pJ",
        reuse * left_energy + (1 - reuse) * slices * tiles * full.energy + other_energy,
        "energy of verifying a drafted token, attention aside",
        derived=True,
        symbol=r"E_\mathrm{V}",
    )
    full_energy = formula(
        "pJ", slices * tiles * full.energy + other_energy, "energy of a full step, attention aside", derived=True,
        symbol=r"E_\mathrm{F}",
    )  # fmt: skip
    attention_energy = formula(
        "pJ",
        net.depth * (layer_macs * units.mac.energy + net.heads * units.exponential.energy),
        "energy of attending to a token, its keys and values aside",
        derived=True,
        symbol=r"\epsilon_\mathrm{a}",
    )
    fetch_energy = formula(
        "pJ",
        cache.far_token * (memory.hbm.read.energy + memory.fabric.read.energy),
        "energy of bringing the keys and values of a token of the prompt",
        derived=True,
        symbol=r"\epsilon_\mathrm{m}",
    )
    drafted_energy = formula(
        "pJ",
        attention_energy + cache.near_token * (memory.sram.read.energy + memory.fabric.read.energy),
        "energy of attending to a token of the burst",
        derived=True,
        symbol=r"\epsilon_\mathrm{b}",
    )
    commit_energy = formula(
        "pJ",
        cache.far_token * (memory.hbm.write.energy + memory.fabric.write.energy),
        "energy of committing the keys and values of a token",
        derived=True,
        symbol=r"\epsilon_\mathrm{c}",
    )
    burst_energy = formula(
        "pJ", net.depth * (control.burst.energy + control.setup.energy), "energy of opening a burst", derived=True
    )

    rounds = formula(
        "1",
        net.depth * layout.layer_rounds + layout.head_rounds,
        "reads of a step that follow one another",
        derived=True,
    )
    layer_latency = formula(
        "ns",
        slices * layout.layer_rounds * full.latency
        + layer_elements * units.element.latency / units.lanes
        + control.token.latency,
        "time of a layer in a full step, attention aside",
        derived=True,
        symbol=r"\ell",
    )
    head_latency = formula(
        "ns",
        slices * layout.head_rounds * full.latency + head_elements * units.element.latency / units.lanes,
        "time of the head in a full step",
        derived=True,
        symbol=r"\ell_\mathrm{h}",
    )
    step_latency = formula(
        "ns", net.depth * layer_latency + head_latency, "time of a full step, attention aside", derived=True,
        symbol=r"T_\mathrm{F}",
    )  # fmt: skip
    verify_latency = formula(
        "ns",
        step_latency
        - reuse
        * (
            rounds * slices * full.latency
            - (rounds - layout.full_rounds) * draft_slices * rest.latency
            - rounds * (slices - draft_slices) * full.latency
        ),
        "time of verifying a drafted token on its own, attention aside",
        derived=True,
        symbol=r"T_\mathrm{V}",
    )
    draft_latency = formula(
        "ns",
        step_latency
        - rounds * slices * full.latency
        + draft_slices * ((rounds - layout.full_rounds) * few.latency + layout.full_rounds * full.latency),
        "time of a draft step, attention aside",
        derived=True,
        symbol=r"T_\mathrm{D}",
    )
    attention_latency = formula(
        "ns",
        (layer_macs * units.mac.latency + net.heads * units.exponential.latency) / units.lanes,
        "time a layer works on a token attended to",
        derived=True,
    )
    far_latency = formula(
        "ns",
        cache.far_token / net.depth * largest(1 / memory.hbm.read.bandwidth, 1 / memory.fabric.read.bandwidth),
        "time to bring a layer the keys and values of a token of the prompt",
        derived=True,
    )
    near_latency = formula(
        "ns",
        cache.near_token / net.depth * largest(1 / memory.sram.read.bandwidth, 1 / memory.fabric.read.bandwidth),
        "time to bring a layer the keys and values of a token of the burst",
        derived=True,
    )
    access_latency = formula(
        "ns",
        memory.hbm.read.latency + memory.fabric.read.latency,
        "time until the first byte from beside the chip",
        derived=True,
    )
    burst_latency = formula(
        "ns", net.depth * (control.burst.latency + control.setup.latency), "time of opening a burst", derived=True
    )

    array_area = formula("mm2", tiles * crossbar.cells_area, "area of the crossbars", derived=True)
    site_area = formula("mm2", layout.sites * crossbar.site_area, "area of what drives and senses them", derived=True)
    digital_area = formula("mm2", (net.depth + 1) * units.area, "area of the digital units", derived=True)
    area = formula(
        "mm2",
        array_area + site_area + digital_area + memory.sram.area + memory.fabric.area,
        "area of the chip",
        derived=True,
        symbol="A",
    )
    static_power = formula("W", leakage * area + standby, "power at rest", derived=True, symbol=r"P_0")
