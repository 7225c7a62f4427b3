"""What is told of a compiled program: totals, operators, tiles, places, passes, and its figures."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from symppa.kpu import KPUConfig, KPUProgram, MemoryConfig
from symppa.kpu.compiler import compiled
from symppa.kpu.interface.kinds import MemoryType
from symppa.kpu.liveness import lives
from symppa.kpu.network import with_l1_sizes
from symppa.kpu.regions import regions
from symppa.reports import kpu
from symppa.reports.csv import written
from symppa.reports.kpu_passes import SAID, told
from symppa.reports.markdown import as_markdown
from symppa.reports.plot import kpu as figures
from symppa.reports.text import as_text
from tests.kpu.made import Made, residual


@pytest.fixture(scope="module")
def program() -> KPUProgram:
    """A small residual network, L2 small enough that something lies outside."""
    config = KPUConfig(memory=MemoryConfig(sram_l1_bytes=16384, sram_l2_bytes=24576))
    return compiled(residual(config), "int8")


@pytest.fixture(scope="module")
def found(program):
    return kpu.facts(program)


@pytest.fixture(scope="module")
def views():
    net = Made()
    return compiled(net.done(net.op("Reshape", net.input(1, 3, 4), shape=[1, 12])), "int8")


def test_the_totals_of_the_system_are_those_of_the_program(program, found):
    totals = {name: one["value"] for name, one in found["totals"].items()}
    assert totals["cycles"] == program.estimated_total_cycles
    assert totals["energy"] == pytest.approx(program.estimated_total_energy_uj / 1000)
    assert totals["latency"] == pytest.approx(program.estimated_total_cycles / 500e6 * 1000)
    assert totals["power"] == pytest.approx(totals["energy"] / totals["latency"])
    assert totals["peak_dram_bytes"] == program.peak_dram_bytes


def test_the_rows_of_operators_add_up_to_the_totals(program, found):
    rows = found["ops"]
    assert [row["op"] for row in rows] == [op.id for op in program.ops]
    assert sum(row["share"] for row in rows) == pytest.approx(100)
    assert sum(row["time"] for row in rows) == pytest.approx(1000 * found["totals"]["latency"]["value"])
    assert sum(row["energy"] for row in rows) == pytest.approx(1e9 * found["totals"]["energy"]["value"])
    assert sum(row["dram_traffic"] for row in rows) == pytest.approx(1e6 * found["totals"]["dram_traffic"]["value"])


def test_an_operator_waits_for_what_takes_it_longest(found):
    for row in (row for row in found["ops"] if row["cycles"]):
        busy = {"arithmetic": row["compute_cycles"], "memory": row["dram_cycles"], "L2": row["l2_cycles"]}
        assert busy[row["bound"]] == max(busy.values()) > 0


def test_every_operator_that_takes_time_has_its_tiles_and_their_proof(program, found):
    tiled = [op for op in program.ops if op.tiling is not None]
    assert [row["op"] for row in found["tiles"]] == [op.id for op in tiled]
    for row, op in zip(found["tiles"], tiled, strict=True):
        assert row["l1_tile"] == op.tiling.tile_sizes
        assert list(row["l1_tile"])[: len(op.tiling.loop_order)] == op.tiling.loop_order
        assert row["proof"] == op.tiling.certificate["status"]
        assert row["tier"] in {"L1", "L2", "DRAM"}


def test_every_tensor_lies_somewhere_while_it_lives(program, found):
    """Those with a room of their own; nothing but L2 and the memory outside holds any."""
    there = {row["name"]: row for row in found["memory"] if row["kind"] not in ("tiles", "early")}
    for name, tensor in program.tensors.items():
        if name in there:
            assert there[name]["end"] - there[name]["start"] == tensor.size_bytes
            assert there[name]["start"] == tensor.layout.base_address
    assert {life.name for life in lives(program)} <= set(there)
    assert {name for op in program.ops for name in op.input_ids if program.tensors[name].is_weight} <= set(there)
    assert {row["memory"] for row in found["memory"]} == {"L2", "DRAM"}


def test_no_two_regions_overlap_in_place_and_time(program):
    every = regions(program)
    for k, one in enumerate(every):
        for other in every[k + 1 :]:
            apart = one.start + one.size <= other.start or other.start + other.size <= one.start
            never = one.last < other.first or other.last < one.first
            assert one.memory is not other.memory or apart or never, (one, other)


def test_weights_fetched_early_lie_in_l2_until_their_operator_is_done():
    config = KPUConfig(memory=MemoryConfig(sram_l1_bytes=16384, sram_l2_bytes=65536))
    program = compiled(residual(config), "int8")
    early = [one for one in regions(program) if one.kind == "early"]
    assert early
    names = [op.id for op in program.ops]
    for one in early:
        assert one.memory is MemoryType.SRAM_L2
        assert names[one.last] == one.name
        assert one.first < one.last
        assert one.size == program.ops[one.first].estimates["prefetch_bytes"]


def test_every_pass_says_what_it_did_in_the_order_in_which_they_ran(program, found):
    said = told(found["passes"])
    assert [name for name, _ in said] == program.facts["passes"] == list(SAID)
    texts = dict(said)
    assert "into weights 6 BatchNormalization" in texts["fuse"]
    assert "Conv+Add+Relu" in texts["fuse"]
    assert "not calibrated" in texts["quantize"]
    assert all(texts.values())


def test_what_was_specialised_is_told_first(program):
    facts = {**program.facts, "specialised": ["axis 0 of x is 1"]}
    assert told(facts)[0] == ("capture", "axis 0 of x is 1")


def test_the_report_names_the_longest_operators_or_all(program, found):
    short, full = (" ".join(as_text(kpu.report(found, parts)).split()) for parts in ((), kpu.PARTS))
    assert "the longest operators" in short
    assert "operators in their order" in full
    assert "the longest operators" not in full
    for text in (short, full):
        assert "made in int8, compiled for swkpu-v1" in text
        assert "inputs x 1x3x32x32 int8" in text
        assert f"{len(program.ops)}, of which" in text
    for op in program.ops:
        assert op.id in full
    assert "proved to be within 1 % of the fastest" in short


def test_markdown_has_a_table_for_each_part(found):
    text = as_markdown(kpu.report(found, kpu.PARTS))
    assert all(f"### {title}" in text for title in ("operators in their order", "what the passes did"))


@pytest.mark.parametrize("part", kpu.PARTS)
def test_exact_rows_have_all_digits_and_their_units_in_the_head(found, part):
    head, rows = kpu.exactly(found, part)
    back = list(csv.DictReader(io.StringIO(written(head, rows))))
    assert len(back) == len(found[part])
    assert len(set(head)) == len(head)
    if part == "ops":
        assert [float(row["time [us]"]) for row in back] == [row["time"] for row in found["ops"]]
        assert [float(row["dram_traffic [byte]"]) for row in back] == [row["dram_traffic"] for row in found["ops"]]


def test_facts_are_plain_and_finite(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == json.loads(json.dumps(found))
    assert found["units"]["energy"] == "pJ"


def test_a_program_that_takes_no_time_is_told_too(views):
    found = kpu.facts(views)
    assert "latency" not in found["totals"]
    text = as_text(kpu.report(found, kpu.PARTS))
    assert "of which 0 take time" in text
    assert figures.drawn(found).keys() == {"memory_map"}
    plain = replace(views, ops=[], output_ids=views.input_ids)
    assert kpu.facts(plain)["memory"] == []


def test_sizes_of_l1_that_there_are_tiles_for_are_named(program):
    text = as_text(kpu.report(kpu.facts(with_l1_sizes(program, [8192]))))
    assert "tiles for other sizes too: 8 KiB" in text
    assert kpu.facts(program)["totals"] == kpu.facts(with_l1_sizes(program, [8192]))["totals"]
