"""Every input of the library says which values physics allows it."""

from __future__ import annotations

import pytest

from tests.house.test_declarations import library

ANYTHING = {  # given: why no domain
    "NodeFactors.node": "the table of nodes refuses every other name",
    "NodeScaling.node_before": "the table of nodes refuses every other name",
    "NodeScaling.node_after": "the table of nodes refuses every other name",
    "Step.live_offset": "a coefficient of a straight line, which may lie below zero",
    "BatchedSubgraphs.live_fixed": "a coefficient of a straight line, which may lie below zero",
    "BatchedSubgraphs.live_each": "a coefficient of a straight line, which may lie below zero",
    "BatchedSubgraphs.live_unscaled_fixed": "a coefficient of a straight line, which may lie below zero",
    "BatchedSubgraphs.live_unscaled_each": "a coefficient of a straight line, which may lie below zero",
    "PerInput.fixed": "a coefficient of a straight line, which may lie below zero",
    "PerInput.each": "a coefficient of a straight line, which may lie below zero",
    "SmoothRatio.place": "a logarithm of a size, or of a ratio of sizes",
    "SmoothRatio.anchor": "a logarithm of a size, or of a ratio of sizes",
    "SmoothRatio.weight": "a coefficient of an interpolation, which may lie below zero",
}


def givens(cls):
    return {name: declared for name, declared in cls._declared.items() if declared.role == "given"}


@pytest.mark.parametrize("cls", library(), ids=lambda cls: cls.__name__)
def test_every_given_has_a_domain_or_a_reason(cls):
    free = [f"{cls.__name__}.{name}" for name, declared in givens(cls).items() if declared.domain is None]
    assert [name for name in free if name not in ANYTHING] == []


@pytest.mark.parametrize("cls", library(), ids=lambda cls: cls.__name__)
def test_no_given_may_be_negative(cls):
    for name, declared in givens(cls).items():
        if declared.domain is not None and declared.domain.kind in {"reals", "integers"}:
            assert declared.domain.values[0] is not None, f"{cls.__name__}.{name} has no lower bound"
            assert declared.domain.values[0] >= 0, f"{cls.__name__}.{name} may be negative"


def test_every_reason_is_needed():
    found = {f"{cls.__name__}.{n}" for cls in library() for n, declared in givens(cls).items() if not declared.domain}
    assert found == set(ANYTHING)
