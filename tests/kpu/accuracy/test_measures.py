"""Differences of answers, and how good answers are at their task."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.kpu.accuracy.measures import difference, differences, kept, mean_precision, overlap, task
from symppa.kpu.accuracy.recipes import recipe


def test_three_measures_of_a_difference_worked_by_hand():
    far = difference(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[3.0, 3.5], [0.0, 0.0]]))
    assert far.worst == pytest.approx(0.5 / 4)
    assert far.relative == pytest.approx(0.5 / 5)
    before, after = 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-0.5))
    assert far.softmax == pytest.approx(0.99 * (before - after))  # between the two samples, 99 % of the way


def test_equal_answers_do_not_differ():
    some = np.random.default_rng(0).normal(size=(5, 10))
    assert difference(some, some) == difference(some * 0, some * 0)


def test_a_larger_error_is_never_a_smaller_difference():
    rng = np.random.default_rng(1)
    due, error = rng.normal(size=(20, 4)), rng.normal(size=(20, 4))
    found = [difference(due, due + size * error) for size in (0.0, 0.01, 0.1, 1.0)]
    for measure in ("worst", "relative", "softmax"):
        assert np.all(np.diff([getattr(one, measure) for one in found]) > 0)


def test_boxes_and_scores_of_a_detector_are_told_apart():
    due = np.zeros((1, 7, 2))
    due[0, :4], due[0, 4:] = 10, 0.5
    got = due.copy()
    got[0, 0, 0] += 1
    got[0, 5, 1] += 0.25
    told = differences(recipe("yolov8n"), due, got)
    assert told["all"]["worst"] == told["boxes"]["worst"] == pytest.approx(0.1)
    assert told["scores"]["worst"] == pytest.approx(0.5)
    assert told["all"]["softmax"] == told["scores"]["softmax"] == pytest.approx(0.25)
    assert "softmax" not in told["boxes"]


@pytest.mark.parametrize(
    ("other", "share"), [((0, 0, 2, 2), 1.0), ((1, 0, 3, 2), 1 / 3), ((5, 5, 6, 6), 0.0), ((0, 0, 0, 0), 0.0)]
)
def test_overlap_is_the_shared_part_of_all(other, share):
    assert overlap(np.array([0.0, 0, 2, 2]), np.array([other], float))[0] == pytest.approx(share)


def answer(boxes, classes=3):
    """What a detector says: rows of class, score, x, y, width, height as places."""
    told = np.zeros((4 + classes, len(boxes)))
    for place, (kind, score, *box) in enumerate(boxes):
        told[:4, place], told[4 + kind, place] = box, score
    return told


def test_a_box_covered_by_a_better_one_of_its_class_is_dropped():
    told = answer([(0, 0.9, 5, 5, 4, 4), (0, 0.8, 5, 5, 4, 4.2), (1, 0.7, 5, 5, 4, 4), (0, 0.01, 20, 20, 4, 4)])
    _, scores, kinds = kept(told)
    assert scores.tolist() == [0.9, 0.7]
    assert kinds.tolist() == [0, 1]


def test_precision_is_one_where_every_box_is_found_and_falls_with_false_ones():
    truth = np.full((1, 3, 5), -1.0)
    truth[0, 0], truth[0, 1] = (0, 3, 3, 7, 7), (1, 10, 10, 20, 20)
    right = [(0, 0.9, 5, 5, 4, 4), (1, 0.8, 15, 15, 10, 10)]
    assert mean_precision(answer(right)[None], truth, 3) == 1.0
    assert mean_precision(answer([*right, (0, 0.95, 30, 30, 4, 4)])[None], truth, 3) == pytest.approx(0.75)
    assert mean_precision(answer(right[:1])[None], truth, 3) == 0.5


def test_the_share_told_right_is_that_of_the_largest_answers():
    from symppa.kpu.accuracy.data import Pictures

    pictures = Pictures(np.zeros((4, 3, 2, 2)), np.array([0, 1, 1, 0]))
    assert task(recipe("resnet18"), np.array([[1, 0], [0, 1], [1, 0], [1, 0]]), pictures) == 0.75
