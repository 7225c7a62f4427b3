"""The rules of KPU programs: a compiled program keeps all of them, and each is broken by what it forbids."""

from __future__ import annotations

import copy
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from symppa.errors import CompilationError
from symppa.kpu import KPUConfig, KPUPrecision, KPUTensor, MemoryType
from symppa.kpu.compiler import compiled
from symppa.kpu.passes import PASSES
from symppa.kpu.rules.table import RULES, STAGES, broken, verify
from tests.kpu.made import by_chance, residual, transformer

SMALL = KPUConfig(memory=replace(KPUConfig().memory, sram_l1_bytes=2048, sram_l2_bytes=16384))


@pytest.fixture(scope="module")
def packed():
    """A residual network in small buffers: tensors stay in L2, and there are tiles of every tier."""
    return compiled(residual(SMALL), "int8")


def raw():
    return residual()


def op_of(program, kind):
    return next(op for op in program.ops if op.op_type == kind)


def weight_of(program):
    return next(name for name, tensor in program.tensors.items() if tensor.is_weight)


def stays(program):
    """A tensor that stays in L2 and another one that is alive with it there."""
    return [n for n, tensor in program.tensors.items() if tensor.layout.memory_type is MemoryType.SRAM_L2]


def wrong_reference(program):
    program.ops[0].input_ids[0] = "nowhere"


def no_outputs(program):
    program.output_ids = []


def same_names(program):
    program.ops[1].id = program.ops[0].id


def other_id(program):
    next(iter(program.tensors.values())).id = "other"


def unmarked(program):
    program.tensors[program.input_ids[0]].is_input = False


def listed_twice(program):
    program.output_ids = program.output_ids * 2


def written_twice(program):
    program.ops[1].output_ids = list(program.ops[0].output_ids)


def weight_written(program):
    program.tensors[program.ops[0].output_ids[0]].is_weight = True


def writes_nothing(program):
    program.ops[2].output_ids = []


def read_too_early(program):
    program.ops.insert(0, program.ops.pop())


def never_written(program):
    program.tensors["z"] = KPUTensor("z", "z", (1,), "fp32", is_output=True)
    program.output_ids = [*program.output_ids, "z"]


def torn_epilogue(program):
    op = next(op for op in program.ops if any(one["inputs"] for one in op.epilogue))
    op.input_ids.reverse()


def nameless_epilogue(program):
    op = next(op for op in program.ops if op.epilogue)
    del op.attributes["epilogue"][0]["attributes"]


def wrong_shape(program):
    tensor = program.tensors[op_of(program, "Conv").output_ids[0]]
    tensor.shape = (*tensor.shape[:3], tensor.shape[3] + 1)


def empty_shape(program):
    program.tensors[program.input_ids[0]].shape = (1, 0, 32, 32)


def unknown_format(program):
    program.tensors[program.input_ids[0]].dtype = "int9"


def many_axes(program):
    program.target_config = replace(program.target_config, max_tensor_dims=3)


def large_batch(program):
    program.target_config = replace(program.target_config, max_batch_size=0)


def other_precision(program):
    program.precision = KPUPrecision.BF16


def odd_operator(program):
    op_of(program, "Gemm").attributes["epilogue"] = [{"op_type": "Sqrt", "inputs": [], "attributes": {}}]


def out_of_order(program):
    program.ops[0].schedule_order = 5


def without_numbers(program):
    program.constants = {}


def other_numbers(program):
    name = weight_of(program)
    program.constants = {**program.constants, name: np.zeros((1, 2, 3))}


def cut_blob(program):
    program.weights_blob = program.weights_blob[:-1]


def unarrayable(program):
    program.tensors[op_of(program, "Conv").input_ids[0]].dtype = "fp32"


def no_scale(program):
    program.tensors[op_of(program, "Conv").input_ids[1]].scale = 0.0


def odd_zero(program):
    program.tensors[op_of(program, "Conv").input_ids[0]].zero_point = 200


def few_scales(program):
    tensor = program.tensors[op_of(program, "Conv").input_ids[1]]
    tensor.scale = tensor.scale[:-1]


def moved_view(program):
    view = program.tensors[op_of(program, "Flatten").output_ids[0]]
    view.layout.base_address += 64


def crowded(program):
    one, other = stays(program)[:2]
    for name in stays(program):
        program.tensors[name].layout.base_address = program.tensors[one].layout.base_address
    assert one != other


def beyond_l2(program):
    program.tensors[stays(program)[0]].layout.base_address = SMALL.memory.sram_l2_bytes


def odd_address_in_l2(program):
    program.tensors[stays(program)[0]].layout.base_address -= 1


def untiled(program):
    op_of(program, "Conv").tiling = None


def odd_side(program):
    op_of(program, "Conv").tiling.tile_sizes["Q"] = 1


def no_tile(program):
    op_of(program, "Conv").tiling.tile_sizes["H"] = 0


def large_tile(program):
    op_of(program, "Conv").tiling.tile_sizes["C"] = 1000


def small_outer_tile(program):
    tiling = next(op.tiling for op in program.ops if op.tiling and op.tiling.tile_sizes.get("H", 1) > 1)
    tiling.l2_tile_sizes["H"] = 1


def odd_order(program):
    op_of(program, "Conv").tiling.loop_order.append("Q")


def lying_footprint(program):
    op_of(program, "Conv").tiling.l1_bytes -= 8


def overflowing(program):
    program.target_config = replace(SMALL, memory=replace(SMALL.memory, sram_l1_bytes=256))


def not_a_number(program):
    program.ops[0].estimated_energy_pj = math.nan


def negative(program):
    program.ops[0].estimates["dram_bytes"] = -1.0


def too_fast(program):
    op_of(program, "Conv").estimated_cycles //= 2


def odd_address(program):
    program.tensors[weight_of(program)].layout.base_address += 1


def overlapping_weights(program):
    large = [name for name, tensor in program.tensors.items() if tensor.is_weight and tensor.elements > 64][:2]
    program.tensors[large[0]].layout.base_address = program.tensors[large[1]].layout.base_address


def weight_in_l2(program):
    program.tensors[weight_of(program)].layout.memory_type = MemoryType.SRAM_L2


def nowhere(program):
    program.tensors[program.input_ids[0]].layout.memory_type = MemoryType.FLASH


def small_memory(program):
    program.target_config = replace(SMALL, memory=replace(SMALL.memory, dram_bytes=100))


def wrong_peak(program):
    program.peak_dram_bytes += 64


def wrong_sram_peak(program):
    program.peak_sram_bytes = 0


def fetches_activation(program):
    program.ops[0].prefetch = [program.ops[0].output_ids[0]]


def fetches_late(program):
    program.ops[-1].prefetch = [op_of(program, "Conv").input_ids[1]]


def fetches_into_tiles(program):
    program.ops[0].estimates |= {"prefetch_address": 0.0, "prefetch_bytes": 1e6}


def wrong_total(program):
    program.estimated_total_cycles += 1


def wrong_weights(program):
    program.weight_bytes += 1


BREAKING = [
    ("references", wrong_reference, "references unknown tensor nowhere"),
    ("references", no_outputs, "No output tensors defined"),
    ("names", same_names, "2 operators are called"),
    ("names", other_id, "calls itself other"),
    ("names", unmarked, "is listed as an input, but not both"),
    ("names", listed_twice, "an output is listed twice"),
    ("written once", written_twice, "is written 2 times"),
    ("written once", writes_nothing, "writes nothing"),
    ("produced", read_too_early, "before it is written"),
    ("produced", never_written, "the output z is never written"),
    ("epilogues", torn_epilogue, "its inputs have to end so"),
    ("epilogues", nameless_epilogue, "without op_type, inputs or attributes"),
    ("shapes", wrong_shape, "follow from what it reads"),
    ("shapes", empty_shape, "sizes are whole numbers from 1 on"),
    ("formats", unknown_format, "has the format 'int9'; did you mean"),
    ("limits", many_axes, "has 4 axes; swkpu-v1 takes 3"),
    ("limits", large_batch, "has a batch of 1; swkpu-v1 takes 0"),
    ("limits", other_precision, "does not take bf16"),
    ("operators", odd_operator, "Unsupported operators: Sqrt"),
    ("order", out_of_order, "is to run as number 5"),
    ("weights", cut_blob, "weights"),
    ("precisions", unarrayable, "in fp32; the arrays take"),
    ("scales", no_scale, "a scale that is not above 0"),
    ("scales", odd_zero, "a zero point outside of int8"),
    ("scales", few_scales, "scales or zero points for"),
    ("views", moved_view, "is a view of .*, and lies elsewhere"),
    ("residents", crowded, "overlap in L2 while both are alive"),
    ("residents", beyond_l2, "in L2 of 16384 byte"),
    ("residents", odd_address_in_l2, "no multiple of 64"),
    ("tiles", untiled, "has no tiles"),
    ("tiles", odd_side, "has tiles in L1 along Q"),
    ("tiles", no_tile, "has a tile of 0 in L1 along H"),
    ("tiles", large_tile, "has a tile of 1000 in L1 along C"),
    ("tiles", small_outer_tile, "smaller along H than that in L1"),
    ("tiles", odd_order, "goes through its tiles in L1"),
    ("footprints", lying_footprint, "byte of L1; they take"),
    ("footprints", overflowing, "byte in L1, where 256 are left"),
    ("estimates", not_a_number, "no numbers from 0 on: energy"),
    ("estimates", negative, "no numbers from 0 on: dram_bytes"),
    ("estimates", too_fast, "and to be busy for"),
    ("aligned", odd_address, "no multiple of 64"),
    ("allocation", overlapping_weights, "overlap in memory while both are alive"),
    ("allocation", weight_in_l2, "not outside"),
    ("allocation", nowhere, "lies in flash"),
    ("peaks", small_memory, "in a memory of 100 byte"),
    ("peaks", wrong_peak, "tensors reach to"),
    ("peaks", wrong_sram_peak, "peak_sram_bytes is 0; tiles, what stays and what comes early take"),
    ("prefetches", fetches_activation, "which is no weight"),
    ("prefetches", fetches_late, "which nobody reads behind it"),
    ("prefetches", fetches_into_tiles, "fetches ahead to"),
    ("totals", wrong_total, "its parts add up to"),
    ("totals", wrong_weights, "weight_bytes is"),
]
EARLY = [
    ("primitives", lambda program: setattr(program.ops[0], "op_type", "Flip"), "there is no operator 'Flip'|Flip"),
    ("weights", without_numbers, "has numbers of nothing"),
    ("weights", other_numbers, r"has numbers of \(1, 2, 3\)"),
    ("written once", weight_written, "is there before the run, and written"),
]


def told(program, change):
    """What is broken in a program once something in it is changed."""
    copied = copy.deepcopy(replace(program, constants={})) if not program.constants else copy.deepcopy(program)
    change(copied)
    return broken(copied)


def test_a_compiled_program_keeps_every_rule(packed):
    assert broken(packed) == []
    assert verify(packed) is packed
    assert stays(packed)


@pytest.mark.parametrize(("rule", "change", "sentence"), BREAKING, ids=lambda one: getattr(one, "__name__", None))
def test_each_rule_is_broken_by_what_it_forbids(packed, rule, change, sentence):
    found = told(packed, change)
    assert any(one.startswith(f"{rule}: ") and re.search(sentence, one) for one in found), found


@pytest.mark.parametrize(("rule", "change", "sentence"), EARLY)
def test_rules_of_a_network_that_was_just_read(rule, change, sentence):
    found = told(raw(), change)
    assert any(one.startswith((f"{rule}: ", "shapes: ")) and re.search(sentence, one) for one in found), found


def test_every_rule_is_tested():
    assert {rule.name for rule in RULES} == {rule for rule, _, _ in (*BREAKING, *EARLY)}


def test_rules_hold_after_every_pass():
    for network in (residual(SMALL), transformer(), by_chance(3)):
        for last in PASSES:
            assert broken(compiled(network, "int8", last=last)) == []


def test_every_rule_names_a_pass_and_says_what_it_asks():
    assert all(rule.since in STAGES and rule.asks for rule in RULES)
    assert list(STAGES) == ["lower", *PASSES]


def test_a_rule_is_not_asked_before_its_pass():
    program = raw()
    assert broken(program, "lower") == []
    assert any(one.startswith("tiles: ") for one in broken(program, "tile"))


def test_everything_that_is_broken_is_told_at_once(packed):
    copied = copy.deepcopy(packed)
    wrong_total(copied)
    odd_address(copied)
    with pytest.raises(CompilationError, match=r"made is no valid program after pack: aligned: .*totals: "):
        verify(copied)


def test_a_pass_that_there_is_not_is_refused():
    with pytest.raises(CompilationError, match="there is no pass 'tiles'; did you mean tile"):
        verify(raw(), "tiles")
