"""Whether images lie channel by channel or pixel by pixel."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.errors import CompilationError
from symppa.kpu import KPUConfig
from symppa.kpu.passes.fold import fold
from symppa.kpu.passes.fuse import fuse
from symppa.kpu.passes.layout import ANY_ORDER, layout, line_bytes
from symppa.kpu.wiring import Wiring
from tests.kpu.made import Made, by_chance, residual, transformer
from tests.kpu.passes.test_fold import same


def transforms(program):
    return [op for op in program.ops if "formats" in op.attributes]


@given(st.integers(0, 10**6), st.sampled_from([None, "NCHW", "NHWC"]))
@settings(max_examples=30, deadline=None)
def test_formats_change_at_borders_only_and_numbers_nowhere(seed, wanted):
    program = fuse(fold(by_chance(seed)))
    found = layout(program, wanted)
    assert found.validate() == []
    for op in found.ops:
        images = [found.tensors[name] for name in (*op.input_ids, *op.output_ids) if name not in found.constants]
        several = {one.layout.format for one in images if one.shape[1] > 1 and one.elements > one.shape[1]}
        if op in transforms(found):
            assert [one.layout.format for one in images] == op.attributes["formats"]
        elif op.op_type in ANY_ORDER:
            assert len(several) <= 1
    for name in (*found.input_ids, *found.output_ids):
        tensor = found.tensors[name]
        if tensor.shape[1] > 1 and tensor.shape[2] * tensor.shape[3] > 1:
            assert tensor.layout.format == "NCHW", "inputs and outputs are as they are outside"
    assert found.facts["layout"]["transforms"] == len(transforms(found))
    same(program, found)


def test_pixel_by_pixel_costs_a_transform_where_an_image_comes_in_and_none_where_one_pixel_is_left():
    found = layout(fuse(fold(residual())), "NHWC")
    assert [op.input_ids for op in transforms(found)] == [["x"]]
    assert found.facts["layout"]["formats"] == {"NHWC": 9}
    weights = [found.tensors[op.input_ids[1]] for op in found.ops if op.op_type == "Conv"]
    assert {one.layout.format for one in weights} == {"NHWC"}


def test_an_image_that_leaves_or_is_flattened_is_brought_back_once():
    net = Made()
    y = net.conv(net.input(1, 4, 6, 6), 8)
    program = net.done(
        net.op("Relu", net.op("Flatten", y, axis=1)), net.op("Tanh", net.op("Reshape", y, shape=[8, 36])), y
    )
    found = layout(program, "NHWC")
    assert [op.attributes["formats"] for op in transforms(found)] == [["NCHW", "NHWC"], ["NHWC", "NCHW"]]
    assert all(
        op.input_ids == [transforms(found)[1].output_ids[0]] for op in found.ops if op.op_type in ("Flatten", "Reshape")
    )
    same(program, found)


def test_an_input_that_is_flattened_and_convolved_is_read_in_both_formats():
    net = Made()
    x = net.input(1, 4, 6, 6)
    program = net.done(net.conv(x, 4), net.op("Tanh", net.op("Flatten", x, axis=1)))
    found = layout(program, "NHWC")
    readers = Wiring(found).readers
    assert {op.op_type for op in readers["x"]} == {"Transpose", "Flatten"}
    same(program, found)


def test_four_axes_that_are_no_image_have_no_format_to_choose():
    assert layout(fuse(fold(transformer()))).facts["layout"]["formats"] == {}
    assert transforms(layout(fuse(fold(transformer())), "NHWC")) == []


@pytest.mark.parametrize(
    ("shape", "form", "lines"),
    [
        ((1, 64, 7, 7), "NCHW", 49), ((1, 64, 7, 7), "NHWC", 49),  # whole images fit: one run
        # 65536 byte: 256 channels of 6 lines of 40. A run of 6 lines is 240 byte, 4 lines; 40 lines in 7 tiles, the
        # last of 4 lines, 160 byte: 27 to a channel.
        ((1, 256, 40, 40), "NCHW", 256 * (6 * 4 + 3)), ((1, 256, 40, 40), "NHWC", 256 * 40 * 40 // 64),
        # 4096 channels of one line of 40 do not fit: 1638 at a time, which waste parts of lines for every pixel.
        ((1, 4096, 40, 40), "NHWC", 40 * 40 * (26 + 26 + 13)),
    ],
)  # fmt: skip
def test_lines_that_a_pass_over_an_image_touches(shape, form, lines):
    assert line_bytes(shape, form, 8, KPUConfig()) == lines * 64


def test_the_format_that_moves_fewer_lines_is_taken():
    net = Made()
    x = net.input(1, 256, 40, 40)
    for _ in range(16):  # each pass over it wastes one line in 13 in NCHW; a transform is worth 26 of them
        x = net.conv(x, 256, 1)
    deep = layout(net.done(net.op("GlobalAveragePool", x)))
    told = deep.facts["layout"]
    assert told["formats"] == {"NHWC": 18}
    assert told["line_bytes"]["NHWC"] < told["line_bytes"]["NCHW"]
    net = Made()
    shallow = layout(net.done(net.conv(net.input(1, 3, 64, 64), 8))).facts["layout"]
    assert (shallow["formats"], shallow["transforms"]) == ({"NCHW": 2}, 0)


def test_an_unknown_layout_is_refused():
    with pytest.raises(CompilationError, match="there is no layout 'NHCW'; did you mean"):
        layout(residual(), "NHCW")
