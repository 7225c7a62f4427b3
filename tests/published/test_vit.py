"""The network behind a shipped target: dosovitskiy2021, table 1, ViT-B/16 on an image of 224 x 224."""

from __future__ import annotations

import pytest

from symppa.descriptions.bind import bind
from symppa.descriptions.target import load_target
from symppa.studies.subject import Subject

LAYERS, WIDTH, HIDDEN = 12, 768, 3072  # table 1, ViT-Base
TOKENS = (224 // 16) ** 2 + 1  # patches of 16 x 16, and one more that the class is read from


def test_the_products_of_the_edge_target_are_as_much_work_as_its_network():
    made = load_target("edge_5w").description
    told = bind(made, Subject(made).program().known)
    rows, columns, depth, repeats = (int(float(told[n].raw)) for n in ("rows", "columns", "depth", "repeats"))
    assert (rows, columns, depth) == (TOKENS, 3 * WIDTH, WIDTH)  # queries, keys and values of a layer
    projections = TOKENS * WIDTH * (3 * WIDTH + WIDTH + 2 * HIDDEN)
    attention = 2 * TOKENS**2 * WIDTH  # scores, and the values they weigh
    work = LAYERS * (projections + attention)
    assert repeats * rows * columns * depth == pytest.approx(work, rel=0.002)  # 50.05 products
