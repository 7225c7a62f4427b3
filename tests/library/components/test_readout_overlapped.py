"""Read-out whose steps overlap from one read to the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import DomainError
from symppa.library.components.readout_overlapped import (
    OverlappedBlockRead,
    OverlappedBlockReads,
    OverlappedCore,
    OverlappedModes,
    OverlappedRead,
    SplitCrossbar,
)
from tests.library.analog import CROSSBAR, DAC, NET, answer, under

SPLIT = CROSSBAR | {
    "residual_columns": 4,
    "draft_delta_bits": 1,
    "verify_delta_bits": 2,
    "dac.rows": DAC | {2: {"energy": "0.75 pJ", "latency": "1.5 ns", "area": "0.2 mm2"}},
    "input_registers.energy": "0.01 pJ",
    "input_registers.latency": "0.5 ns",
    "output_registers.latency": "0.25 ns",
}
READ = under("crossbar", SPLIT) | {"arrays": 4, "draft": 1, "residual": 1, "delta": 1, "delta_dac.bits": 2}
READ |= {"delta_dac.rows": SPLIT["dac.rows"]}
KIND = {"delta_dac": "TabulatedConverter"}
NAMES = ["residual_scan", "conversion", "input_words", "output_words", "sensing", "period", "stream"]
CORE = (
    under("net", NET)
    | under("crossbar", SPLIT)
    | {"reuse": 1, "draft_activation_bits": 1, "verify_activation_bits": 2}
    | {"draft_delta": "off", "verify_delta": "on"}
    | {"verify_buffer.energy": "0.5 pJ", "verify_buffer.latency": "0.125 ns"}
)
PLAIN = {"net": "PlainTransformer"}


def test_a_full_read_by_hand():
    found = answer(OverlappedRead, READ, [*NAMES, "energy", "latency"], KIND)
    assert found["residual_scan"] == 4 * 5  # four columns share a residual converter
    assert found["conversion"] == 1.5  # the correction is the slower one
    assert found["input_words"] == 16
    assert found["output_words"] == 32
    assert found["sensing"] == 20  # the scan; 32 words take 8 ns, the amplifier 20 * 0.2 ns
    assert found["period"] == 20
    assert found["stream"] == 4
    lines = 4 * 0.5 + 0.75  # the correction is converted once
    assert found["energy"] == pytest.approx(4 * 1 + lines + 4 * 2 + 4 * 4 + 8 * 0.1 + 4 * 0.25 + 16 * 0.01)
    assert found["latency"] == pytest.approx(16 * 0.5 + 1.5 + 10 + 20 + 0.5)


def test_modes_of_the_draft_and_the_verifier_read_their_own_corrections():
    told = under("crossbar", SPLIT) | {"draft_delta": 0, "verify_delta": 1}
    names = [f"{mode}.conversion" for mode in ("draft", "draft_full", "residual", "full", "kept")]
    assert list(answer(OverlappedModes, told, names).values()) == [1, 1, 1.5, 1.5, 0]


def test_the_verifier_by_hand():
    # wo is one crossbar, read twice: a whole read, then another period; merging adds 4 columns of one crossbar
    names = ["reads", "latency", "streaming", "merging", "buffer_energy", "buffer_latency"]
    found = answer(OverlappedCore, CORE, [f"blocks.wo.residual.{n}" for n in names], PLAIN)
    found = {name.rpartition(".")[2]: value for name, value in found.items()}
    assert found["reads"] == 2
    assert found["latency"] == pytest.approx((12 * 0.5 + 1.5 + 10 + 20 + 0.5) + 20)
    assert found["streaming"] == 4 * 0.125
    assert found["merging"] == 4 * 0.125
    assert found["buffer_energy"] == pytest.approx((2 * 4 + 4) * 0.5)
    assert found["buffer_latency"] == pytest.approx(0.5 + 0.5)


def test_a_slow_buffer_holds_every_further_read_up():
    told = CORE | {"verify_buffer.latency": "6 ns"}
    found = answer(OverlappedCore, told, ["blocks.wo.full.buffer_latency"], PLAIN)
    assert found["blocks.wo.full.buffer_latency"] == pytest.approx(24 + (24 - 20))


def test_counts_and_areas_by_hand():
    names = ["slices", "draft_slices", "residual_converters", "delta_area", "chains"]
    found = answer(OverlappedCore, CORE, names, PLAIN)
    assert found == pytest.approx(
        {"slices": 2, "draft_slices": 1, "residual_converters": 16, "delta_area": 0.2, "chains": 32 + 16}
    )


@given(st.integers(1, 12), st.integers(1, 12))
def test_overlapping_reads_are_never_slower_than_one_after_another(slices, rows):
    told = CORE | {"verify_activation_bits": slices, "net.hidden": rows}
    names = [f"blocks.ffn.full.{n}" for n in ("reads", "latency")]
    found = answer(OverlappedCore, told | {"verify_delta": "off"}, [*names, "modes.full.latency"], PLAIN)
    assert found[names[1]] <= found[names[0]] * found["modes.full.latency"] * (1 + 1e-12)


def test_a_correction_is_on_or_off():
    with pytest.raises(DomainError, match="draft_delta"):
        answer(OverlappedCore, CORE | {"draft_delta": "maybe"}, ["delta_area", "modes.draft.conversion"], PLAIN)


def test_a_block_offers_every_mode():
    assert {"draft", "draft_full", "residual", "full", "kept"} <= set(OverlappedBlockReads._parts)
    assert {"read", "buffer"} <= set(OverlappedBlockRead._parts)


def test_a_correction_has_a_converter_of_its_own_resolution():
    found = answer(SplitCrossbar, SPLIT, ["draft_delta_dac.energy", "verify_delta_dac.energy"])
    assert list(found.values()) == [0.5, 0.75]
