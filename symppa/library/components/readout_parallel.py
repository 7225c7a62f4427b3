"""Read-out in which crossbars work side by side and the periphery works inside the period of a conversion."""

from symppa.language import Model, ceil_div, formula, given, integers, largest, log, part, smallest, where
from symppa.library.components.control import Device
from symppa.library.components.crossbar import Array, Crossbar
from symppa.library.components.transformer import Network


class CellCrossbar(Crossbar):
    """Crossbars priced by their cells: a larger one is neither free nor exact for nothing."""

    cell = Device()
    cell_bits = given("1", "bits of a weight in a cell", domain=integers(1), default=2)
    adder = Device()
    array = Array(energy=Crossbar.size**2 * cell.energy, latency=cell.latency, area=Crossbar.size**2 * cell.area)

    chain_energy = formula(
        "pJ",
        Crossbar.tia.energy
        + Crossbar.snh.energy
        + Crossbar.mux.energy
        + Crossbar.io_buffers.energy
        + Crossbar.output_registers.energy
        + adder.energy,
        "energy of what stands around a converter, in a conversion",
        derived=True,
    )
    chain_period = formula(
        "ns",
        largest(
            Crossbar.tia.latency,
            Crossbar.snh.latency,
            Crossbar.mux.latency,
            Crossbar.io_buffers.latency,
            Crossbar.output_registers.latency,
            adder.latency,
        ),
        "slowest of what stands around a converter",
        derived=True,
    )
    chain_area = formula(
        "mm2",
        Crossbar.tia.area
        + Crossbar.snh.area
        + Crossbar.mux.area
        + Crossbar.io_buffers.area
        + Crossbar.output_registers.area
        + adder.area,
        "area of what stands around a converter",
        derived=True,
    )
    line_energy = formula(
        "pJ", Crossbar.dac.energy + Crossbar.input_registers.energy, "energy of driving a line", derived=True
    )
    site_area = formula(
        "mm2",
        Crossbar.size * (Crossbar.dac.area + Crossbar.input_registers.area + Crossbar.write_drivers.area)
        + ceil_div(Crossbar.size, Crossbar.columns) * (Crossbar.adc.area + Crossbar.residual_adc.area + 2 * chain_area),
        "area of what drives and senses a crossbar",
        derived=True,
    )
    cells_area = formula(
        "mm2",
        Crossbar.weight_arrays * (array.area + Crossbar.subarray_switches.area),
        "area of the crossbars that hold a weight's bits together",
        derived=True,
    )
    lossless_bits = formula(
        "1",
        cell_bits
        + Crossbar.dac_bits
        + log(Crossbar.size) / log(2)
        - where(Crossbar.dac_bits <= 1, 1, where(cell_bits <= 1, 1, 0)),  # a product with one bit grows by no carry
        "resolution that loses nothing of a column of one crossbar",
        source="shafiee2016, section 5",
    )
    lost_bits = formula(
        "1",
        largest(0, lossless_bits - Crossbar.residual_bits),
        "bits of a column below the resolution of the residual converters",
        derived=True,
    )


class ParallelRead(Model):
    """A crossbar read once. Lines are driven, cells settle, and columns follow one another into the converters."""

    crossbar = part(CellCrossbar)
    arrays = given("1", "crossbars read together", domain=integers(0), symbol="m")
    draft = given("1", "draft converters at work", domain=integers(0), symbol="D")
    residual = given("1", "residual converters at work", domain=integers(0), symbol="Q")

    period = formula(
        "ns",
        largest(draft * crossbar.adc.latency, residual * crossbar.residual_adc.latency, crossbar.chain_period),
        "time between two conversions",
        derived=True,
        symbol=r"\tau",
    )
    latency = formula(
        "ns",
        crossbar.dac.latency
        + crossbar.subarray_switches.latency
        + crossbar.array.latency
        + smallest(crossbar.size, crossbar.columns) * period,
        "time of a read",
        derived=True,
        symbol="t",
    )
    energy = formula(
        "pJ",
        arrays * (crossbar.array.energy + crossbar.subarray_switches.energy)
        + crossbar.size
        * (
            crossbar.line_energy
            + draft * (crossbar.adc.energy + crossbar.chain_energy)
            + residual * (crossbar.residual_adc.energy + crossbar.chain_energy)
        ),
        "energy of a read",
        derived=True,
        symbol="e",
    )


class Layout(Model):
    """How many crossbars work at the same time, and how many have converters of their own."""

    net = part(Network)
    layer_tiles = given("1", "crossbars of a layer", domain=integers(0))
    full_tiles = given("1", "crossbars of layers that draft in full", domain=integers(0))
    head_tiles = given("1", "crossbars of the head", domain=integers(0))

    layer_rounds = formula("1", ..., "reads of a layer that follow one another", symbol="r")
    full_rounds = formula("1", ..., "such reads in all layers that draft in full", symbol=r"r_\mathrm{f}")
    head_rounds = formula("1", ..., "reads of the head that follow one another", symbol=r"r_\mathrm{h}")
    sites = formula("1", ..., "crossbars with converters of their own")


STAGES = 4  # qkv, wo, up and down need one another's results


class SideBySide(Layout):
    """Every crossbar has its own converters, so all crossbars of a stage are read at once."""

    layer_rounds = formula("1", STAGES, derived=True)
    full_rounds = formula("1", Layout.net.qkv_full + Layout.net.wo_full + 2 * Layout.net.ffn_full, derived=True)
    head_rounds = formula("1", where(Layout.head_tiles > 0, 1, 0), derived=True)
    sites = formula("1", Layout.net.depth * Layout.layer_tiles + Layout.head_tiles, derived=True)


class OneByOne(Layout):
    """The crossbars of a stage share one set of converters, so they are read one after another."""

    layer_rounds = formula("1", Layout.layer_tiles, derived=True)
    full_rounds = formula("1", Layout.full_tiles, derived=True)
    head_rounds = formula("1", Layout.head_tiles, derived=True)
    sites = formula("1", STAGES * Layout.net.depth + where(Layout.head_tiles > 0, 1, 0), derived=True)
