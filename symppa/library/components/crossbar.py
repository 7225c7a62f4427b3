"""Crossbar arrays: how matrices are cut into them, and what drives and senses them."""

from symppa.language import Model, ceil_div, formula, given, integers, part, reals
from symppa.library.components.control import Device
from symppa.library.components.converter import Converter, TabulatedConverter


class Block(Model):
    """Matrices that see their input at the same time."""

    size = given("1", "rows and columns of a crossbar", domain=integers(1), symbol="X")

    weights = formula("1", ..., "weights")
    outputs = formula("1", ..., "outputs")
    tiles = formula("1", ..., "crossbars")
    output_tiles = formula("1", ..., "crossbars side by side along the outputs")


class Matrix(Block):
    """Equal matrices cut into crossbars."""

    rows = given("1", "outputs of a matrix", domain=integers(0))
    columns = given("1", "inputs of a matrix", domain=integers(0))
    copies = given("1", "matrices", domain=integers(0), default=1)

    weights = formula("1", copies * rows * columns, derived=True)
    outputs = formula("1", copies * rows, derived=True)
    output_tiles = formula("1", copies * ceil_div(rows, Block.size), source="selfspec")
    tiles = formula("1", output_tiles * ceil_div(columns, Block.size), source="selfspec")


class FeedForward(Block):
    """Up to a hidden width, in two matrices where there is a gate, and down again."""

    width = given("1", "model width", domain=integers(1))
    hidden = given("1", "hidden width", domain=integers(1))
    gates = given("1", "gate matrices", domain=integers(0))
    up = Matrix(rows=hidden, columns=width, copies=1 + gates, size=Block.size)
    down = Matrix(rows=width, columns=hidden, size=Block.size)

    weights = formula("1", up.weights + down.weights, derived=True)
    outputs = formula("1", up.outputs + down.outputs, derived=True)
    tiles = formula("1", up.tiles + down.tiles, derived=True)
    output_tiles = formula("1", up.output_tiles + down.output_tiles, derived=True)


class Array(Device):
    """A crossbar; a use is one activation."""

    weight_area = given("mm2", "area of a weight", domain=reals(0), default="0 mm2")


class Crossbar(Model):
    """The analog technology: crossbars, the converters they share, and what stands between."""

    size = given("1", "rows and columns of a crossbar", domain=integers(1), symbol="X")
    columns = given("1", "columns that share a converter", domain=integers(1), symbol="C")
    dac_bits = given("1", "resolution of the input converters", domain=integers(1), symbol=r"b_\mathrm{dac}")
    draft_bits = given("1", "resolution of the draft converters", domain=integers(1), symbol=r"b_\mathrm{D}")
    residual_bits = given("1", "resolution of the residual converters", domain=integers(1), symbol=r"b_\mathrm{Q}")
    weight_arrays = given(
        "1", "crossbars a full reading of a weight takes", domain=integers(1), default=4, source="selfspec"
    )

    dac = part(Converter, default=TabulatedConverter, bits=dac_bits)
    adc = part(Converter, default=TabulatedConverter, bits=draft_bits)
    residual_adc = adc.with_(bits=residual_bits)
    array = Array()
    tia = Device()
    snh = Device()
    mux = Device()
    io_buffers = Device()
    subarray_switches = Device()
    write_drivers = Device()
    input_registers = Device()
    output_registers = Device()
