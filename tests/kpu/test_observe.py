"""Ranges of activations over samples."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.errors import InvalidInputError, QuantizationError
from symppa.kpu.numbers import values
from symppa.kpu.observe import LEAST, batches, ranges
from tests.kpu.made import Made

RNG = np.random.default_rng(3)


def network(batch=1):
    net = Made()
    return net.done(net.op("Relu", net.linear(net.input(batch, 4), 3)))


def samples(count):
    return RNG.normal(size=(count, 4)).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("size", [None, 1, 7, 64])
def test_ranges_do_not_depend_on_how_samples_are_handed_over(batch, size):
    program, told = network(batch), samples(LEAST + 2)
    parts = iter(told) if size is None else iter([told[at : at + size] for at in range(0, len(told), size)])
    found = ranges(program, parts)
    due = {}
    for row in told:
        for name, value in values(network(), {"x": row[None]}):
            due.setdefault(name, []).append(value)
    assert set(found) == set(due)
    for name, (low, high) in found.items():
        assert (low, high) == pytest.approx((np.min(due[name]), np.max(due[name])), rel=1e-6)


def test_runs_are_full_and_the_samples_counted_once():
    found = list(batches(network(4), [samples(3), samples(6)]))
    assert [count for _, count in found] == [4, 4, 1]
    assert {inputs["x"].shape for inputs, _ in found} == {(4, 4)}
    np.testing.assert_array_equal(found[2][0]["x"][0], found[2][0]["x"][3])


def test_several_inputs_come_by_name():
    net = Made()
    x, y = net.input(1, 4), net.input(1, 4, name="y")
    program = net.done(net.op("Add", x, y))
    found = ranges(program, ({"x": one, "y": -one} for one in samples(LEAST)))
    assert found[program.output_ids[0]] == (0.0, 0.0)
    with pytest.raises(InvalidInputError, match="calibration data have no 'y', only x"):
        ranges(program, [{"x": samples(1)}])


@pytest.mark.parametrize("count", [0, 1, LEAST - 1])
def test_too_few_samples_are_refused(count):
    with pytest.raises(QuantizationError, match=r"^INT8 calibration requires at least 100 samples$"):
        ranges(network(), samples(count))


def test_samples_of_another_shape_and_values_that_are_none_are_refused():
    with pytest.raises(InvalidInputError, match=r"Input shape mismatch: expected \(1,4\), got \(2,5\)"):
        ranges(network(), [np.zeros((2, 5), np.float32)])
    with pytest.raises(QuantizationError, match="calibration data for 'x' have values that are not finite"):
        ranges(network(), [np.full((1, 4), np.nan, np.float32)])
