"""Networks: shapes by hand, and weights as published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.errors import DomainError
from symppa.library.components.transformer import Network, PlainTransformer, Transformer
from symppa.studies.evaluate import evaluate
from tests.library.analog import NET, answer

SHAPES = ["qkv_outputs", "attention_width", "cache_values", "cache_heads"]


def test_layers_of_two_kinds_are_counted_by_the_precision_of_their_blocks():
    found = answer(PlainTransformer, NET, ["depth", "qkv_full", "wo_full", "ffn_full"])
    assert found == {"depth": 2, "qkv_full": 1, "wo_full": 0, "ffn_full": 0}


def test_a_plain_transformer_keeps_keys_and_values_of_its_whole_width():
    found = answer(PlainTransformer, NET, SHAPES)
    assert found == {"qkv_outputs": 12, "attention_width": 4, "cache_values": 8, "cache_heads": 2}


def test_grouped_heads_by_hand():
    # 16 query heads and 8 with keys and values, 128 wide each: 2048 + 2 * 1024 outputs
    found = evaluate("qwen3_0p6b", outputs=SHAPES)
    assert [found[name] for name in SHAPES] == [4096, 2048, 2048, 8]


@pytest.mark.parametrize(
    ("name", "published"),
    [("qwen3_0p6b", 596.05e6), ("qwen3_1p7b", 1720.57e6), ("llama3_2_1b", 1235.81e6)],
)
def test_weights_are_those_of_the_published_network(name, published):
    # norms are left out: 2 d a layer and less
    assert evaluate(name, outputs=["weights"])["weights"] == pytest.approx(published, rel=3e-4)


def test_the_head_counts_once_where_it_is_shared():
    found = evaluate("qwen3_0p6b", {"tied": "separate"}, outputs=["weights", "head_weights", "layer_weights"])
    shared = evaluate("qwen3_0p6b", outputs=["weights"])["weights"]
    assert found["head_weights"] == 151936 * 1024
    assert found["layer_weights"] == 1024 * (4096 + 2048) + 3 * 1024 * 3072
    assert found["weights"] == shared + found["head_weights"]


@given(st.integers(1, 64), st.integers(1, 16))
def test_with_as_many_groups_as_heads_nothing_is_shared(heads, width):
    net = {**NET, "width": heads * width, "heads": heads}
    grouped = answer(Transformer, {**net, "head_width": width, "groups": heads, "vocabulary": 0}, SHAPES)
    assert grouped == answer(PlainTransformer, net, SHAPES)


def test_a_network_has_no_half_heads():
    with pytest.raises(DomainError, match="heads"):
        answer(PlainTransformer, {**NET, "heads": 2.5}, ["cache_heads"])


def test_a_network_of_no_kind_leaves_its_shapes_open():
    assert all(Network._declared[name].expr is ... for name in SHAPES)
