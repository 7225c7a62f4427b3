"""A model to measure the engine with: an accelerator of analog crossbars that guesses tokens ahead.

Its equations have the shape of real ones; its coefficients are round numbers and stand for no device.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from symppa.language import Model, ceil_div, formula, given, largest, log, one, part, parts, total_of

Array = np.ndarray[Any, Any]
CYCLE = one("cycle")
LIMIT = 500.0  # watt, of the chip


class Crossbar(Model):
    """What all stages share: the array, its converters and its clock."""

    size = given("1", "rows and columns of an array", symbol="X")
    dac_bits = given("1", "resolution of the input converters", symbol="b")
    share = given("1", "columns that share an output converter", symbol="S")
    clock = given("GHz", "clock", symbol="f")
    activation_bits = given("1", "resolution of an activation", default=12)
    lanes = given("1", "columns that the digital side takes at once", default=64)
    settling = given("cycle", "settling of an array", default=4)
    bandwidth = given("GB/s", "bandwidth of the activation buffer", default=512)
    adc_step = given("pJ", "energy of one step of an output converter", default=0.05)
    dac_step = given("pJ", "energy of one bit of an input converter", default=0.013)
    cell_energy = given("pJ", "energy of one cell in one slice", default=0.00021)

    cycle = formula("ns", CYCLE / clock, "time of one cycle", derived=True)
    slices = formula("1", ceil_div(activation_bits, dac_bits), "slices of an activation", derived=True)
    adc_bits = formula("1", dac_bits + log(size) / log(2) - 1, "resolution of a lossless output", derived=True)
    adc_energy = formula("pJ", adc_step * 2**adc_bits, "energy of one conversion", derived=True)


class Stage(Model):
    """One matrix of a layer, held in arrays."""

    array = part(Crossbar)
    rows = given("1", "rows of the matrix")
    columns = given("1", "columns of the matrix")
    copies = given("1", "layers that hold such a matrix")

    row_tiles = formula("1", ceil_div(rows, array.size), "arrays across the rows", derived=True)
    column_tiles = formula("1", ceil_div(2 * columns, array.size), "arrays across the columns", derived=True)
    arrays = formula("1", row_tiles * column_tiles, "arrays of one matrix", derived=True)
    reads = formula("1", arrays * array.size * array.slices, "lines driven for one token", derived=True)
    conversion = formula("pJ", reads * array.adc_energy, "energy of the output converters", derived=True)
    driving = formula("pJ", reads * array.dac_bits * array.dac_step, "energy of the inputs", derived=True)
    cells = formula("pJ", rows * columns * array.slices * array.cell_energy, "energy of the cells", derived=True)
    energy = formula("pJ", conversion + driving + cells, "energy of one matrix", derived=True)
    sums = formula(
        "cycle",
        ceil_div(row_tiles * columns, array.lanes * array.share) * CYCLE,
        "digital sums over the arrays",
        derived=True,
    )
    scan = formula("cycle", array.slices * (array.share * CYCLE + array.settling), "scan of the arrays", derived=True)
    traffic = formula(
        "byte", rows * array.activation_bits * one("bit") + 2 * columns * one("byte"), "activations", derived=True
    )
    latency = formula(
        "ns",
        largest((scan + sums) * array.cycle / CYCLE, traffic / array.bandwidth),
        "time of one matrix",
        derived=True,
    )
    all_arrays = formula("1", copies * arrays, "arrays of all layers", derived=True)
    all_energy = formula("pJ", copies * energy, "energy of all layers", derived=True)
    all_latency = formula("ns", copies * latency, "time of all layers", derived=True)


class Attention(Model):
    """Products with the cache of one token, on the digital side, in all layers."""

    clock = given("GHz", "clock", symbol="f")
    context = given("1", "tokens attended to", symbol="L")
    heads = given("1", "attention heads")
    head_width = given("1", "width of a head")
    layers = given("1", "layers")
    macs_per_cycle = given("mac/cycle", "products in one cycle", default=2048)
    bandwidth = given("GB/s", "bandwidth of the cache", default=1200)
    mac_energy = given("pJ/mac", "energy of one product", default=0.35)
    byte_energy = given("pJ/byte", "energy of one byte of the cache", default=4.2)
    softmax_energy = given("pJ", "energy of one element of a softmax", default=1.7)
    softmax_time = given("ns", "time of one batch of a softmax", default=0.3)
    softmax_batch = given("1", "elements of one batch of a softmax", default=256)
    merge_time = given("cycle", "time of one merge of partial results", default=5)
    merge_batch = given("1", "elements of one merge", default=64)

    products = formula("mac", 2 * heads * head_width * context * one("mac"), "products", derived=True)
    cache = formula("byte", 2 * heads * head_width * context * one("byte"), "cache read", derived=True)
    latency = formula(
        "ns",
        largest(products / (macs_per_cycle * clock), cache / bandwidth)
        + softmax_time * ceil_div(context, softmax_batch)
        + merge_time * ceil_div(heads * context, merge_batch) / clock,
        "time of one layer",
        derived=True,
    )
    energy = formula(
        "pJ",
        products * mac_energy + cache * byte_energy + heads * context * softmax_energy,
        "energy of one layer",
        derived=True,
    )
    all_latency = formula("ns", layers * latency, "time of all layers", derived=True)
    all_energy = formula("pJ", layers * energy, "energy of all layers", derived=True)


class AnalogAccelerator(Model):
    """A decoder that drafts a burst of tokens with few slices and verifies it with all."""

    width = given("1", "width of the model", default=4096)
    hidden = given("1", "width of the feed-forward block", default=11008)
    vocabulary = given("1", "entries of the vocabulary", default=32000)
    layers = given("1", "layers", default=32)
    heads = given("1", "attention heads", default=32)
    burst = given("1", "tokens guessed ahead", symbol="K")
    acceptance = given("1", "probability that a guess is right", default=0.8)
    overhead = given("1", "extra time to verify, for each guess", default=0.02)
    draft_time = given("1", "time of a draft against a full pass", default=0.35)
    draft_energy = given("1", "energy of a draft against a full pass", default=0.22)
    cell_area = given("um2", "area of one cell", default=0.025)
    adc_area = given("um2", "area of one output converter, by the root of its steps", default=11)
    dac_area = given("um2", "area of one bit of an input converter", default=0.17)
    fixed_area = given("mm2", "area that does not change", default=55)
    cache_area = given("mm2", "area of the cache for one token", default=0.000125)
    leakage = given("W/mm2", "leakage", default=0.08)
    clock_power = given("W/GHz**2", "power of the clock tree", default=0.4)

    array = Crossbar()
    stages = parts(
        qkv=Stage(array=array, rows=width, columns=3 * width, copies=layers),
        wo=Stage(array=array, rows=width, columns=width, copies=layers),
        up=Stage(array=array, rows=width, columns=2 * hidden, copies=layers),
        down=Stage(array=array, rows=hidden, columns=width, copies=layers),
        head=Stage(array=array, rows=width, columns=vocabulary, copies=1),
    )
    attention = Attention(clock=array.clock, heads=heads, head_width=width / heads, layers=layers)

    arrays = formula("1", total_of(stages, "all_arrays"), "arrays", derived=True)
    analog_time = formula("ns", total_of(stages, "all_latency"), "time of all matrices", derived=True)
    analog_energy = formula("pJ", total_of(stages, "all_energy"), "energy of all matrices", derived=True)
    verify_time = formula("ns", analog_time + attention.all_latency, "time of a full pass", derived=True)
    verify_energy = formula("pJ", analog_energy + attention.all_energy, "energy of a full pass", derived=True)
    guess_time = formula("ns", draft_time * analog_time + attention.all_latency, "time of a draft", derived=True)
    guess_energy = formula("pJ", draft_energy * analog_energy + attention.all_energy, "energy of a draft", derived=True)
    tokens = formula(
        "token",
        (1 - acceptance ** (burst + 1)) / (1 - acceptance) * one("token"),
        "tokens expected from one burst",
        derived=True,
    )
    latency = formula(
        "ns/token",
        (burst * guess_time + (1 + overhead * burst) * verify_time) / tokens,
        "time of one token",
        derived=True,
    )
    energy = formula(
        "pJ/token",
        (burst * guess_energy + (1 + burst) * verify_energy) / tokens,
        "energy of one token",
        derived=True,
    )
    cell_field = formula("mm2", arrays * array.size**2 * cell_area, "area of the cells", derived=True)
    adc_field = formula(
        "mm2",
        arrays * array.size / array.share * adc_area * 2 ** (array.adc_bits / 2),
        "area of the output converters",
        derived=True,
    )
    dac_field = formula("mm2", arrays * array.size * array.dac_bits * dac_area, "area of the inputs", derived=True)
    area = formula(
        "mm2",
        cell_field + adc_field + dac_field + fixed_area + cache_area * attention.context,
        "silicon area",
        derived=True,
    )
    power = formula(
        "W", energy / latency + area * leakage + clock_power * array.clock**2, "power of the chip", derived=True
    )
    work = formula(
        "op/token",
        2 * one("op") / one("token") * (layers * (4 * width**2 + 3 * width * hidden) + width * vocabulary),
        "work of one token",
        derived=True,
    )
    throughput = formula("TOPS", work / latency, "work in a second", derived=True)
    density = formula("TOPS/mm2", throughput / area, "work in a second on an area", derived=True)


OUTPUTS = ("latency", "energy", "area", "power", "throughput", "density")
GRID: dict[str, Array] = {
    "array.size": np.array([64, 96, 128, 192, 256, 384, 512, 640, 768, 1024.0]),
    "array.dac_bits": np.arange(1, 11.0),
    "array.share": np.array([1, 2, 4, 6, 8, 12, 16, 24, 32, 64.0]),
    "array.clock": np.linspace(0.2, 2.0, 20),
    "attention.context": np.geomspace(128, 32768, 25).round(),
    "burst": np.arange(1, 21.0),
}
LARGE = GRID | {"array.clock": np.linspace(0.2, 2.0, 200)}
