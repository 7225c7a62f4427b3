"""What a network asks of a device at any batch is what it asks at each."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.library.systems.subgraphs import BatchedSubgraphs, PerInput
from symppa.workloads import batched, reading
from symppa.workloads.table import table

FORMULAS = ("macs", "vector_ops", "activations", "weights", "unscaled", "rows", "columns", "depth", "repeats", "sent",
            "messages", "live", "live_unscaled")  # fmt: skip


def test_what_stays_and_what_an_input_adds():
    program = compile(PerInput(), ["value"])
    told = {"subgraphs": 2, "fixed": [10.0, 0.0], "each": [1.0, 3.0], "batch": "4 inference"}
    assert program(told)["value"].tolist() == [14, 12]


@pytest.mark.parametrize("name", ["resnet18", "gpt2", "mixtral_8x7b"])
@pytest.mark.parametrize("batch", [1, 7, 512])
def test_a_network_at_any_batch_is_what_its_operators_count_there(name, batch):
    graph = reading.network(reading.found(name))
    said, any_batch = batched.told(graph, {})
    assert any_batch
    told = {key: value for key, value in said.items() if key not in batched.GROWN.values()}
    told |= {f"{key}.{part}": one for key in batched.GROWN.values() for part, one in said.get(key, {}).items()}
    numbers = {key: _numbers(value) for key, value in told.items()}
    program = compile(BatchedSubgraphs(), list(FORMULAS))
    found = program({**numbers, "batch": f"{batch} inference"})
    made = table(graph, [{"batch": batch}])
    for formula, array in made.values().items():
        if formula in FORMULAS:
            here = array if array.ndim == 1 else array[batched.running(made), 0]
            assert np.broadcast_to(found[formula], here.shape).tolist() == here.tolist()


def _numbers(value):
    """Texts of a description as numbers; the labels of a set stay."""
    if isinstance(value, dict):
        return {label: float(text) for label, text in value.items()}
    return value if isinstance(value, list) else float(value)
