"""Read-out in which everything waits for everything else, as the seed's original has it."""

from typing import Any, ClassVar

from symppa.language import ceil_div, floor_div, formula, given, integers, largest, part, parts, reals, total_of, where
from symppa.library.components.control import Device
from symppa.library.components.crossbar import Crossbar
from symppa.library.components.readout import AnalogCore, Area, BlockRead, BlockReads, Read, ReadModes, Use


def used(device: Any, uses: Any, waits: Any) -> Use:
    """A component with the costs of a device."""
    return Use(uses=uses, each_energy=device.energy, waits=waits, each_latency=device.latency)


class SerialRead(Read):
    """Drive the lines, settle, scan the columns, then let the periphery follow.

    The original multiplies the time of a scan by the time of the periphery. That is representable only through a
    named reference period, which stands here for everybody to see; corrected kinds of read-out have none.
    """

    crossbar = part(Crossbar)
    arrays = given("1", "crossbars read together", domain=integers(0), symbol="m")
    draft = given("1", "draft converters at work", domain=integers(0), symbol="D")
    residual = given("1", "residual converters at work", domain=integers(0), symbol="Q")
    reference_period = given(
        "ns", "period the original divides a scan by", domain=reals("1e-9 ns"), default="1 ns", source="selfspec"
    )

    active = formula("1", where(arrays > 0, 1, 0), "1 where there is a read", derived=True)
    activations = formula("1", arrays, source="selfspec")
    lines = formula("1", active * crossbar.size, source="selfspec")
    draft_samples = formula("1", draft * crossbar.size, source="selfspec")
    residual_samples = formula("1", residual * crossbar.size, source="selfspec")
    samples = formula("1", draft_samples + residual_samples, "conversions", derived=True)
    draft_scan = formula(
        "ns", draft * crossbar.columns * crossbar.adc.latency, "scan of the draft converters", source="selfspec"
    )
    residual_scan = formula(
        "ns",
        residual * crossbar.columns * crossbar.residual_adc.latency,
        "scan of the residual converters",
        source="selfspec",
    )
    scan = formula(
        "ns", largest(draft_scan, residual_scan), "scan; both kinds of converters work at once", source="selfspec"
    )
    draft_share = formula(
        "1",
        where(draft_scan > 0, draft_scan / (draft_scan + residual_scan), 0),
        "share of the scan booked on the draft converters",
        source="selfspec",
    )
    residual_share = formula(
        "1",
        where(residual_scan > 0, residual_scan / (draft_scan + residual_scan), 0),
        "share of the scan booked on the residual converters",
        source="selfspec",
    )
    scan_periods = formula("1", scan / reference_period, "reference periods of a scan", source="selfspec")

    components = parts(
        arrays=used(crossbar.array, arrays, active),
        dac=used(crossbar.dac, lines, active),
        adc_draft=Use(uses=draft_samples, each_energy=crossbar.adc.energy, waits=draft_share, each_latency=scan),
        adc_residual=Use(
            uses=residual_samples, each_energy=crossbar.residual_adc.energy, waits=residual_share, each_latency=scan
        ),
        tia=used(crossbar.tia, samples, scan_periods),
        snh=used(crossbar.snh, samples, scan_periods),
        mux=used(crossbar.mux, samples, scan_periods),
        io_buffers=used(crossbar.io_buffers, samples, scan_periods),
        subarray_switches=used(crossbar.subarray_switches, arrays, active),
        write_drivers=used(crossbar.write_drivers, lines, active),
        input_registers=Use(),
        output_registers=Use(),
    )
    energy = formula("pJ", total_of(components, "energy"), derived=True)
    latency = formula("ns", total_of(components, "latency"), source="selfspec")


class SerialModes(ReadModes):
    """The draft reads one crossbar of a weight, the verifier those it left out, or all."""

    crossbar = part(Crossbar)
    draft = SerialRead(crossbar=crossbar, arrays=1, draft=1, residual=0)
    draft_full = SerialRead(crossbar=crossbar, arrays=crossbar.weight_arrays, draft=1, residual=1)
    residual = SerialRead(crossbar=crossbar, arrays=crossbar.weight_arrays - 1, draft=0, residual=1)
    full = SerialRead(crossbar=crossbar, arrays=crossbar.weight_arrays, draft=1, residual=1)
    kept = SerialRead(crossbar=crossbar, arrays=0, draft=0, residual=0)


class SerialBlockRead(BlockRead):
    """Every crossbar is read for every slice of the input, one after another."""

    crossbar = part(Crossbar)
    buffer = part(Device)
    slices = given("1", "slices of the input", domain=integers(1))
    additions = given("1", "buffered additions of a line", domain=integers(0))

    reads = formula("1", BlockRead.block.tiles * slices, source="selfspec")
    latency = formula("ns", reads * BlockRead.read.latency, source="selfspec")
    buffered = formula("1", additions * reads * crossbar.size, "buffered additions", source="selfspec")
    buffer_energy = formula("pJ", buffered * buffer.energy, source="selfspec")
    buffer_latency = formula("ns", buffered * buffer.latency, source="selfspec")


class SerialBlockReads(BlockReads):
    """A block of one layer in every mode, one read after another."""

    crossbar = part(Crossbar)
    buffer = part(Device)
    slices = given("1", "slices of the input", domain=integers(1))
    reuse = given("1", "1 where the verifier builds on what the draft has read", domain=integers(0, 1))

    _shared: ClassVar = {"block": BlockReads.block, "crossbar": crossbar, "buffer": buffer, "slices": slices}
    draft = SerialBlockRead(**_shared, read=BlockReads.modes.draft, additions=reuse)
    draft_full = SerialBlockRead(**_shared, read=BlockReads.modes.draft_full, additions=1 + reuse)
    residual = SerialBlockRead(**_shared, read=BlockReads.modes.residual, additions=2)
    full = SerialBlockRead(**_shared, read=BlockReads.modes.full, additions=1)
    kept = SerialBlockRead(**_shared, read=BlockReads.modes.kept, additions=1)


def array_area(net: Any, crossbar: Any, copies: Any, block: Any) -> Any:
    """Area of the crossbars of a block, by crossbar where that is known, else by weight."""
    by_array = net.depth * block.tiles * copies * crossbar.array.area
    return where(crossbar.array.area > 0, by_array, net.depth * block.weights * crossbar.array.weight_area)


class SerialCore(AnalogCore):
    """Crossbars read one after another; their area is that of all of them."""

    crossbar = Crossbar()
    area_arrays = given("1", "crossbars a weight stands in", domain=integers(0), default=1, source="selfspec")

    size = formula("1", crossbar.size, derived=True)
    engine_cells = formula("1", crossbar.size**2, source="selfspec")
    slices = formula(
        "1", ceil_div(AnalogCore.net.activation_bits, crossbar.dac_bits), "slices of an input", source="selfspec"
    )
    modes = SerialModes(crossbar=crossbar)
    _shared: ClassVar = {
        "modes": modes,
        "crossbar": crossbar,
        "buffer": AnalogCore.buffer,
        "slices": slices,
        "reuse": AnalogCore.reuse,
    }
    blocks = parts(
        qkv=SerialBlockReads(block=AnalogCore.qkv, **_shared),
        wo=SerialBlockReads(block=AnalogCore.wo, **_shared),
        ffn=SerialBlockReads(block=AnalogCore.ffn, **_shared),
    )

    arrays = formula("1", AnalogCore.tiles * area_arrays, "crossbars, copies included", derived=True)
    lines = formula("1", AnalogCore.tiles * crossbar.size, "input lines", derived=True)
    converters = formula(
        "1",
        AnalogCore.tiles * floor_div(crossbar.size, crossbar.columns),
        "converters of one kind",
        source="selfspec",
    )
    qkv_area = formula("mm2", array_area(AnalogCore.net, crossbar, area_arrays, AnalogCore.qkv), source="selfspec")
    wo_area = formula("mm2", array_area(AnalogCore.net, crossbar, area_arrays, AnalogCore.wo), source="selfspec")
    ffn_area = formula("mm2", array_area(AnalogCore.net, crossbar, area_arrays, AnalogCore.ffn), source="selfspec")
    areas = parts(
        arrays=Area(units=1, each=qkv_area + wo_area + ffn_area),
        dac=Area(units=lines, each=crossbar.dac.area),
        adc_draft=Area(units=converters, each=crossbar.adc.area),
        adc_residual=Area(units=converters, each=crossbar.residual_adc.area),
        tia=Area(units=2 * converters, each=crossbar.tia.area),
        snh=Area(units=2 * converters, each=crossbar.snh.area),
        mux=Area(units=2 * converters, each=crossbar.mux.area),
        io_buffers=Area(units=2 * converters, each=crossbar.io_buffers.area),
        subarray_switches=Area(units=arrays, each=crossbar.subarray_switches.area),
        write_drivers=Area(units=lines, each=crossbar.write_drivers.area),
        input_registers=Area(),
        output_registers=Area(),
    )
