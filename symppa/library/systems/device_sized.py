"""Systolic arrays that are yet to be built: what they reach and what room they take follows from their number."""

from symppa.language import formula, given, reals
from symppa.library.components.matrix_unit import SystolicArrays
from symppa.library.systems.device import Accelerator, Device, Processor


class SizedArrays(Accelerator):
    """Arrays of chosen number and size beside an on-chip memory and ports of chosen bandwidth, in one format."""

    unit = SystolicArrays(
        rows=Device.net.rows, columns=Device.net.columns, depth=Device.net.depth, repeats=Device.net.repeats,
        units=Device.awake,
    )  # fmt: skip
    clock = given("GHz", "clock of the arrays", domain=reals("1 Hz"))
    cell_rate = given("op/cycle", "operations of a cell in a cycle", domain=reals(0), default="2 op/cycle")
    cell_area = given("um**2", "area of a cell: multiplier, adder and registers", domain=reals(0))
    column_area = given("um**2", "area of the accumulators below a column", domain=reals(0))
    buffer_area = given("mm**2/MB", "area of on-chip memory", domain=reals(0))
    port_area = given("mm**2/(GB/s)", "area of the ports to the main memory", domain=reals(0))
    other_area = given("mm**2", "area of everything else", domain=reals(0))

    cells = formula("1", Device.units * unit.array_rows * unit.array_columns, "cells of all arrays", derived=True)
    chip = Processor(clock=clock, matrix_peak=cells * cell_rate * clock)

    array_area = formula(
        "mm**2", cells * cell_area + Device.units * unit.array_columns * column_area, "area of the arrays", derived=True
    )
    area = formula(
        "mm**2", array_area + chip.cache * buffer_area + chip.bandwidth * port_area + other_area, "area of the die",
        derived=True,
    )  # fmt: skip
