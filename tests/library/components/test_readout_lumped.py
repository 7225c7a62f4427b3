"""Read-out as one cost per weight and mode."""

from __future__ import annotations

import pytest

from symppa.library.components.readout_lumped import (
    HiddenBlockRead,
    HiddenBlockReads,
    HiddenCore,
    LumpedBlockRead,
    LumpedBlockReads,
    LumpedCore,
    LumpedModes,
    LumpedRead,
)
from tests.library.analog import NET, answer, under

PRICES = {
    "draft_weight.energy": "1 pJ",
    "full_weight.energy": "3 pJ",
    "residual_weight.energy": "2.5 pJ",
    "full_weight.latency": "2 ns",
}
BLOCK = {"block.rows": 12, "block.columns": 4, "block.size": 1, "buffer.energy": "0.5 pJ", "buffer.latency": "6 ns"}
ONE = BLOCK | {"read.weight.energy": "3 pJ", "read.weight.latency": "2 ns"}
KINDS = {"block": "Matrix", "read": "LumpedRead"}
CORE = under("net", NET) | PRICES | {"weight_area": "0.25 mm2", "reuse": 1}
PLAIN = {"net": "PlainTransformer"}
MODES = ("draft", "draft_full", "residual", "full", "kept")
NAMES = ["reads", "latency", "buffer_energy", "buffer_latency"]


def test_a_weight_has_its_price_and_nothing_is_known_behind_it():
    told = {"weight.energy": "3 pJ", "weight.latency": "2 ns"}
    names = ["energy", "latency", "activations", "lines", "draft_samples", "residual_samples"]
    assert list(answer(LumpedRead, told, names).values()) == [3, 2, 0, 0, 0, 0]


def test_every_mode_has_a_price_and_what_was_kept_is_free():
    found = answer(LumpedModes, PRICES, [f"{mode}.energy" for mode in MODES])
    assert list(found.values()) == [1, 3, 2.5, 3, 0]


def test_a_block_by_hand():
    # 48 weights at 3 pJ; 12 outputs are buffered twice, after the read
    found = answer(LumpedBlockRead, ONE | {"additions": 2}, [*NAMES, "buffered"], KINDS)
    assert found == pytest.approx(
        {"reads": 48, "latency": 96, "buffered": 24, "buffer_energy": 12, "buffer_latency": 144}
    )


@pytest.mark.parametrize(
    ("stored", "gathered", "energy", "latency"),
    [(0, 0, 0, 0), (1, 0, 6, 0), (1, 1, 12, 0), (0, 2, 12, 144 - 96)],  # 12 outputs take 72 ns, the read hides 96 ns
)
def test_buffers_cost_time_only_where_reading_does_not_hide_them(stored, gathered, energy, latency):
    found = answer(HiddenBlockRead, ONE | {"stored": stored, "gathered": gathered}, NAMES, KINDS)
    assert found == pytest.approx({"reads": 48, "latency": 96, "buffer_energy": energy, "buffer_latency": latency})


def test_the_area_is_that_of_the_weights():
    names = ["size", "engine_cells", "qkv_area", "wo_area", "ffn_area", "area"]
    found = answer(LumpedCore, CORE, names, PLAIN)
    assert list(found.values()) == [1, 0, 2 * 48 * 0.25, 2 * 16 * 0.25, 2 * 64 * 0.25, 64]


@pytest.mark.parametrize(("core", "block"), [(LumpedCore, LumpedBlockReads), (HiddenCore, HiddenBlockReads)])
def test_both_cores_price_reading_alike(core, block):
    names = [f"blocks.wo.{mode}.latency" for mode in MODES]
    assert list(answer(core, CORE, names, PLAIN).values()) == [0, 32, 0, 32, 0]
    assert set(MODES) <= set(block._parts)


def test_the_draft_and_the_verifier_may_have_buffers_of_their_own():
    told = CORE | {"draft_buffer.energy": "1 pJ", "verify_buffer.energy": "10 pJ"}
    found = answer(HiddenCore, told, [f"blocks.wo.{mode}.buffer_energy" for mode in MODES], PLAIN)
    assert list(found.values()) == [4, 8, 80, 40, 40]
