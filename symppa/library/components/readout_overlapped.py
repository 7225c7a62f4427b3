"""Read-out whose steps overlap from one read to the next, as the seed's later version has it."""

from typing import ClassVar

from symppa.language import (
    ceil_div,
    choices,
    floor_div,
    formula,
    given,
    integers,
    largest,
    part,
    parts,
    total_of,
    where,
)
from symppa.library.components.control import Device
from symppa.library.components.converter import Converter
from symppa.library.components.crossbar import Crossbar
from symppa.library.components.readout import AnalogCore, Area, BlockRead, BlockReads, ReadModes, Use
from symppa.library.components.readout_serial import SerialCore, SerialRead, used

SWITCH = choices("off", "on")


class SplitCrossbar(Crossbar):
    """Draft and residual converters serve different numbers of columns, and a correction may be read out as well."""

    residual_columns = given("1", "columns that share a residual converter", domain=integers(1))
    draft_delta_bits = given("1", "resolution of the correction in the draft", domain=integers(1))
    verify_delta_bits = given("1", "resolution of the correction in the verifier", domain=integers(1))
    draft_delta_dac = Crossbar.dac.with_(bits=draft_delta_bits)
    verify_delta_dac = Crossbar.dac.with_(bits=verify_delta_bits)


class OverlappedRead(SerialRead):
    """Registers, drivers, crossbar, converters: the next read enters when the slowest of them is free.

    The original's product of two times is still here, behind a maximum.
    """

    crossbar = part(SplitCrossbar)
    delta = given("1", "1 where a correction is read out", domain=integers(0, 1))
    delta_dac = part(Converter)

    residual_scan = formula(
        "ns", SerialRead.residual * crossbar.residual_columns * crossbar.residual_adc.latency, source="selfspec"
    )
    conversion = formula(
        "ns",
        SerialRead.active * largest(crossbar.dac.latency, delta * delta_dac.latency),
        "conversion of the input",
        source="selfspec",
    )
    input_words = formula("1", SerialRead.arrays * crossbar.size, "words out of input registers", source="selfspec")
    output_words = formula("1", SerialRead.arrays * 2 * crossbar.size, "words into output registers", source="selfspec")
    components = parts(
        arrays=used(crossbar.array, SerialRead.arrays, SerialRead.active),
        dac=Use(
            uses=1,
            each_energy=SerialRead.lines * crossbar.dac.energy + SerialRead.active * delta * delta_dac.energy,
            waits=1,
            each_latency=conversion,
        ),
        adc_draft=Use(
            uses=SerialRead.draft_samples,
            each_energy=crossbar.adc.energy,
            waits=SerialRead.draft_share,
            each_latency=SerialRead.scan,
        ),
        adc_residual=Use(
            uses=SerialRead.residual_samples,
            each_energy=crossbar.residual_adc.energy,
            waits=SerialRead.residual_share,
            each_latency=SerialRead.scan,
        ),
        tia=used(crossbar.tia, SerialRead.samples, SerialRead.scan_periods),
        snh=used(crossbar.snh, SerialRead.samples, SerialRead.scan_periods),
        mux=used(crossbar.mux, SerialRead.samples, SerialRead.scan_periods),
        io_buffers=used(crossbar.io_buffers, SerialRead.samples, SerialRead.scan_periods),
        subarray_switches=used(crossbar.subarray_switches, SerialRead.arrays, SerialRead.active),
        write_drivers=used(crossbar.write_drivers, SerialRead.lines, SerialRead.active),
        input_registers=used(crossbar.input_registers, input_words, input_words),
        output_registers=used(crossbar.output_registers, output_words, output_words),
    )
    sensing = formula(
        "ns",
        largest(
            SerialRead.scan,
            components.tia.latency,
            components.snh.latency,
            components.mux.latency,
            components.io_buffers.latency,
            components.output_registers.latency,
        ),
        "converters and what follows them",
        source="selfspec",
    )
    energy = formula("pJ", total_of(components, "energy"), derived=True)
    latency = formula(
        "ns",
        components.input_registers.latency
        + conversion
        + components.arrays.latency
        + sensing
        + components.subarray_switches.latency
        + components.write_drivers.latency,
        source="selfspec",
    )
    period = formula(
        "ns",
        largest(
            components.input_registers.latency,
            conversion,
            components.arrays.latency,
            sensing,
            components.subarray_switches.latency,
            components.write_drivers.latency,
        ),
        "time between two reads",
        source="selfspec",
    )
    stream = formula(
        "1",
        largest(SerialRead.draft * crossbar.columns, SerialRead.residual * crossbar.residual_columns),
        "words that stream into a buffer one after another",
        source="selfspec",
    )


class OverlappedModes(ReadModes):
    """The draft and the verifier each have a correction of their own, if any."""

    crossbar = part(SplitCrossbar)
    draft_delta = given("1", "1 where the draft reads a correction", domain=integers(0, 1))
    verify_delta = given("1", "1 where the verifier reads a correction", domain=integers(0, 1))

    _drafting: ClassVar = {"crossbar": crossbar, "delta": draft_delta, "delta_dac": crossbar.draft_delta_dac}
    _verifying: ClassVar = {"crossbar": crossbar, "delta": verify_delta, "delta_dac": crossbar.verify_delta_dac}
    draft = OverlappedRead(**_drafting, arrays=1, draft=1, residual=0)
    draft_full = OverlappedRead(**_drafting, arrays=crossbar.weight_arrays, draft=1, residual=1)
    residual = OverlappedRead(**_verifying, arrays=crossbar.weight_arrays - 1, draft=0, residual=1)
    full = OverlappedRead(**_verifying, arrays=crossbar.weight_arrays, draft=1, residual=1)
    kept = OverlappedRead(**_verifying, arrays=0, draft=0, residual=0)


class OverlappedBlockRead(BlockRead):
    """One read enters after another, and results stream out as fast as the buffer takes them."""

    crossbar = part(SplitCrossbar)
    read = part(OverlappedRead)
    buffer = part(Device)
    slices = given("1", "slices of the input", domain=integers(1))
    merged = given("1", "1 where results are added to those of the draft", domain=integers(0, 1), default=0)

    reads = formula("1", BlockRead.block.tiles * slices, source="selfspec")
    latency = formula("ns", read.latency + (reads - 1) * read.period, source="selfspec")
    streaming = formula("ns", read.stream * buffer.latency, "time to buffer the results of a read", source="selfspec")
    merging = formula(
        "ns",
        merged * BlockRead.block.output_tiles * crossbar.residual_columns * buffer.latency,
        "time to add what the draft has read",
        source="selfspec",
    )
    buffer_energy = formula(
        "pJ", (reads * read.samples + merged * BlockRead.block.outputs) * buffer.energy, source="selfspec"
    )
    buffer_latency = formula(
        "ns", streaming + largest(0, (reads - 1) * (streaming - read.period)) + merging, source="selfspec"
    )


class OverlappedBlockReads(BlockReads):
    """A block of one layer in every mode; the draft may take shorter inputs and another buffer."""

    crossbar = part(SplitCrossbar)
    modes = part(OverlappedModes)
    draft_buffer = part(Device)
    verify_buffer = part(Device)
    draft_slices = given("1", "slices of an input of the draft", domain=integers(1))
    slices = given("1", "slices of an input", domain=integers(1))

    _drafting: ClassVar = {"block": BlockReads.block, "crossbar": crossbar, "buffer": draft_buffer}
    _verifying: ClassVar = {"block": BlockReads.block, "crossbar": crossbar, "buffer": verify_buffer, "slices": slices}
    draft = OverlappedBlockRead(**_drafting, read=modes.draft, slices=draft_slices)
    draft_full = OverlappedBlockRead(**_drafting, read=modes.draft_full, slices=slices)
    residual = OverlappedBlockRead(**_verifying, read=modes.residual, merged=1)
    full = OverlappedBlockRead(**_verifying, read=modes.full)
    kept = OverlappedBlockRead(**_verifying, read=modes.kept)


class OverlappedCore(SerialCore):
    """Crossbars read one after another, each while the one before it is still converted."""

    crossbar = SplitCrossbar()
    draft_buffer = Device()
    verify_buffer = Device()
    draft_activation_bits = given("1", "resolution of an activation of the draft", domain=integers(1))
    verify_activation_bits = given("1", "resolution of an activation of the verifier", domain=integers(1))
    draft_delta = given("1", "correction read out by the draft", domain=SWITCH, default="off")
    verify_delta = given("1", "correction read out by the verifier", domain=SWITCH, default="off")

    draft_slices = formula(
        "1", ceil_div(draft_activation_bits, crossbar.dac_bits), "slices of an input of the draft", source="selfspec"
    )
    slices = formula("1", ceil_div(verify_activation_bits, crossbar.dac_bits), source="selfspec")
    modes = OverlappedModes(crossbar=crossbar, draft_delta=draft_delta, verify_delta=verify_delta)
    _shared: ClassVar = {
        "modes": modes,
        "crossbar": crossbar,
        "draft_buffer": draft_buffer,
        "verify_buffer": verify_buffer,
        "draft_slices": draft_slices,
        "slices": slices,
    }
    blocks = parts(
        qkv=OverlappedBlockReads(block=AnalogCore.qkv, **_shared),
        wo=OverlappedBlockReads(block=AnalogCore.wo, **_shared),
        ffn=OverlappedBlockReads(block=AnalogCore.ffn, **_shared),
    )
    residual_converters = formula(
        "1",
        AnalogCore.tiles * floor_div(crossbar.size, crossbar.residual_columns),
        "residual converters",
        source="selfspec",
    )
    delta_area = formula(
        "mm2",
        where(
            verify_delta * crossbar.verify_delta_bits <= draft_delta * crossbar.draft_delta_bits,
            draft_delta * crossbar.draft_delta_dac.area,
            verify_delta * crossbar.verify_delta_dac.area,
        ),
        "area of the finer correction's converter",
        source="selfspec",
    )
    chains = formula("1", SerialCore.converters + residual_converters, "converters of both kinds", derived=True)
    areas = parts(
        arrays=Area(units=1, each=SerialCore.qkv_area + SerialCore.wo_area + SerialCore.ffn_area),
        dac=Area(units=AnalogCore.tiles, each=crossbar.size * crossbar.dac.area + delta_area),
        adc_draft=Area(units=SerialCore.converters, each=crossbar.adc.area),
        adc_residual=Area(units=residual_converters, each=crossbar.residual_adc.area),
        tia=Area(units=chains, each=crossbar.tia.area),
        snh=Area(units=chains, each=crossbar.snh.area),
        mux=Area(units=chains, each=crossbar.mux.area),
        io_buffers=Area(units=chains, each=crossbar.io_buffers.area),
        subarray_switches=Area(units=SerialCore.arrays, each=crossbar.subarray_switches.area),
        write_drivers=Area(units=SerialCore.lines, each=crossbar.write_drivers.area),
        input_registers=Area(units=SerialCore.arrays, each=crossbar.input_registers.area),
        output_registers=Area(units=SerialCore.arrays, each=crossbar.output_registers.area),
    )
