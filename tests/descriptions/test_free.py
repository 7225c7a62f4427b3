"""What may be chosen for a given: every form, as candidates in base units, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import strategies as st

from symppa.descriptions.free import domain, free
from symppa.engine.program import Given
from symppa.engine.search import Choices, Real
from symppa.errors import DomainError, QuestionError, UnitError, WrongUnitError


def given(unit="1", kind=None, *ends):
    return Given("x", unit, "what it is", domain=None if kind is None else (kind, ends))


ANY, CLOCK = given(), given("GHz", "reals", 0.0, None, None)
WHOLE = given("1", "integers", 1.0, 64.0, None)


def candidates(raw, one=ANY, labels=None):
    return domain(free("x", raw), one, "x", labels)


@pytest.mark.parametrize(
    ("raw", "one", "found"),
    [
        ([8, 12], WHOLE, [8, 9, 10, 11, 12]),
        (["8", "12"], WHOLE, [8, 9, 10, 11, 12]),
        ({"from": "8", "to": "9"}, WHOLE, [8, 9]),
        ({"integers": ["3", "5"]}, ANY, [3, 4, 5]),
        ({"integers": ["1 MB", "3 MB"]}, given("MiB"), [1e6, 2e6, 3e6]),
        ({"integers": [1, 2]}, given("MB"), [1e6, 2e6]),
        ({"choices": ["4", "1", "2"]}, ANY, [1, 2, 4]),
        ({"choices": ["1 GHz", "500 MHz"]}, CLOCK, [0.5e9, 1e9]),
        ({"choices": [1, 2]}, CLOCK, [1e9, 2e9]),
        ({"from": "1 GHz", "to": "1.2 GHz", "step": "100 MHz"}, CLOCK, [1e9, 1.1e9, 1.2e9]),
        ({"from": "1 GHz", "to": "1.25 GHz", "step": "100 MHz"}, CLOCK, [1e9, 1.1e9, 1.2e9]),
        ("1 GHz:2 GHz:3", CLOCK, [1e9, 1.5e9, 2e9]),
        ("2:8:x2", ANY, [2, 4, 8]),
        ([3, 9], given("1", "choices", 2.0, 4.0, 8.0, 16.0), [4, 8]),
        ([0.1, 0.35], given("1", "reals", 0.0, 1.0, 0.1), [0.1, 0.2, 0.3]),
        ([5, 5], ANY, [5]),
        (np.array([8, 9]), WHOLE, [8, 9]),
    ],
)
def test_candidates_by_hand(raw, one, found):
    made = candidates(raw, one)
    assert isinstance(made, Choices)
    assert made.values == pytest.approx(found)


def test_a_range_of_a_real_given_holds_every_number():
    assert candidates(["1 GHz", "2000 MHz"], CLOCK) == Real(1e9, 2e9)


def test_labels_count_as_their_places():
    assert candidates({"choices": ["FP16", "FP4"]}, labels=("FP4", "FP8", "FP16")) == Choices([0, 2])
    assert candidates({"choices": ["left"]}, labels=("sums", "left")) == Choices([1])


@pytest.mark.parametrize(
    ("raw", "error", "words"),
    [
        (["2 GHz", "1 GHz"], QuestionError, "x: 2 to 1 GHz is reversed: the lower end comes first"),
        ({"from": "2 GHz", "to": "1 GHz", "step": "1 MHz"}, QuestionError, "reversed"),
        ({"integers": ["5 GHz", "3 GHz"]}, QuestionError, "reversed"),
        ({"choices": []}, QuestionError, "x is empty"),
        ([], QuestionError, "x is empty"),
        (["1 GHz", "2 GHz", "3 GHz"], QuestionError, r"a range has two ends, not 3 values: candidates are"),
        (["1 GHz"], QuestionError, "two ends, not 1 value"),
        ("1 GHz", QuestionError, "one value, nothing to choose from"),
        ({"choises": ["1 GHz"]}, QuestionError, "'choises'; did you mean choices"),
        ({"from": "1 GHz"}, QuestionError, "x says from only"),
        ({}, QuestionError, "x says nothing only"),
        ({"choices": "1 GHz"}, QuestionError, "is no list"),
        ({"choices": [["1 GHz"]]}, QuestionError, "is not one value"),
        ({"choices": ["1 GHz", "1000 MHz"]}, QuestionError, "1000 MHz stands twice"),
        ({"integers": ["1.5 GHz", "3 GHz"]}, QuestionError, "1.5 GHz is no whole number"),
        ({"integers": ["1 GHz", "3000 MHz"]}, QuestionError, "two units, GHz and MHz"),
        ({"integers": ["1 Hz", "3e9 Hz"]}, QuestionError, "at most 10000000 are taken"),
        (["1 V", "2 V"], WrongUnitError, "does not measure GHz"),
        (["1", "2"], UnitError, "has no unit"),
        (["-1 GHz", "2 GHz"], DomainError, "x may not be -1 GHz: its domain is 0 to ..."),
        ({"choices": ["-1 GHz"]}, DomainError, "x may not be -1 GHz"),
    ],
)
def test_what_is_no_choice_is_refused(raw, error, words):
    with pytest.raises(error, match=words):
        candidates(raw, CLOCK)


def test_an_end_that_is_no_whole_number_is_refused_where_whole_numbers_are_counted():
    with pytest.raises(QuestionError, match=r"4\.5 is no whole number"):
        candidates(["4.5", "8"], WHOLE)


def test_a_range_without_an_entry_of_its_list_is_empty():
    with pytest.raises(QuestionError, match=r"5 to 7 among 2 \| 4 \| 8 is empty"):
        candidates([5, 7], given("1", "choices", 2.0, 4.0, 8.0))


def test_a_range_of_labels_and_an_unknown_label_are_refused():
    with pytest.raises(QuestionError, match="chosen by label"):
        candidates([0, 1], labels=("sums", "left"))
    with pytest.raises(DomainError, match="'lefd' is no choice; did you mean left"):
        candidates({"choices": ["lefd"]}, labels=("sums", "left"))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (["1 GHz", "2 GHz"], "1 to 2 GHz"),
        (["200 MHz", "2 GHz"], "200 MHz to 2 GHz"),
        ([8, 12], "8 to 12"),
        ({"from": "1 GHz", "to": "2 GHz", "step": "50 MHz"}, "1 to 2 GHz by 50 MHz"),
        ({"choices": ["a", "b"]}, "a, b"),
        ({"integers": ["1", "4"]}, "whole numbers 1 to 4"),
        ("1:4", "1:4"),
    ],
)
def test_a_choice_is_said_shortly_and_written_again(raw, text):
    made = free("x", raw)
    assert str(made) == text
    assert free("x", made.raw) == made


@cases(st.integers(1, 60), st.integers(0, 10), st.integers(1, 5))
def test_steps_stay_between_their_ends(low, more, step):
    made = candidates({"from": low, "to": low + more, "step": step})
    assert made.low == low
    assert low + more - step < made.high <= low + more
    assert all(np.diff(made.values) == step)
