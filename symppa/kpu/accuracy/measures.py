"""How far answers are from those of a reference, and how good they are at the task itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from symppa.kpu.accuracy.data import Array, Pictures
from symppa.kpu.accuracy.recipes import Recipe

PLACES = 4  # of a box
PERCENTILE = 99.0
OVERLAP, LEAST_SCORE = 0.5, 0.05  # a box is found from this share of both on, and looked at from this score on
MOST_FOUND = 50  # boxes of a picture


@dataclass(frozen=True)
class Difference:
    """Three measures of the same difference.

    `worst` is max |d| / max |reference|, `relative` the quotient of the lengths (L2), `softmax` the 99th percentile
    over the samples of the largest change of a share after softmax (of a score where scores are shares already).
    """

    worst: float
    relative: float
    softmax: float


def difference(reference: Array, found: Array, *, shares: bool = False) -> Difference:
    """How far answers (samples first) are from a reference; `shares` are compared without a softmax.

    >>> difference(np.array([[1.0, 2.0]]), np.array([[1.0, 1.9]])).worst
    0.05...
    """
    far = np.abs(found.astype(np.float64) - reference)
    before, after = (one if shares else _softmax(one) for one in (reference, found))
    rows = np.abs(after.astype(np.float64) - before).reshape(len(reference), -1).max(axis=1)
    largest, length = float(np.abs(reference).max()), float(np.linalg.norm(reference))
    return Difference(
        float(far.max()) / largest if largest else float(far.max()),
        float(np.linalg.norm(far)) / length if length else float(np.linalg.norm(far)),
        float(np.percentile(rows, PERCENTILE)),
    )


def differences(recipe: Recipe, reference: Array, found: Array) -> dict[str, dict[str, float]]:
    """Differences by part: of all that leaves the network, and for a detector of boxes and scores apart.

    A detector's scores are shares already, and its boxes are none: of those there are two measures.
    """
    if recipe.data == "digits":
        return {"all": asdict(difference(reference, found))}
    parts = {"all": slice(None), "boxes": slice(0, PLACES), "scores": slice(PLACES, None)}
    told = {name: asdict(difference(reference[:, at], found[:, at], shares=True)) for name, at in parts.items()}
    told["all"]["softmax"] = told["scores"]["softmax"]
    del told["boxes"]["softmax"]
    return told


def task(recipe: Recipe, answers: Array, pictures: Pictures) -> float:
    """The share of pictures told right, or of a detector the mean average precision at an overlap of one half."""
    if recipe.data == "digits":
        return float((answers.argmax(axis=1) == pictures.truth).mean())
    return mean_precision(answers, pictures.truth, recipe.classes)


def _softmax(x: Array) -> Array:
    powers = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def mean_precision(answers: Array, truth: Array, classes: int) -> float:
    """Mean over classes of the area below precision over recall, everingham2010 with all points.

    `answers` are (pictures, 4 + classes, places), as detectors give them; `truth` has rows of class and corners.
    """
    found: dict[int, list[tuple[float, bool]]] = {kind: [] for kind in range(classes)}
    for answer, rows in zip(answers, truth, strict=True):
        boxes, scores, kinds = kept(answer)
        for kind in range(classes):
            mine = kinds == kind
            found[kind].extend(_judged(boxes[mine], scores[mine], rows[rows[:, 0] == kind, 1:]))
    wanted = [int((truth[..., 0] == kind).sum()) for kind in range(classes)]
    areas = [_area(found[kind], wanted[kind]) for kind in range(classes) if wanted[kind]]
    return float(np.mean(areas)) if areas else 0.0


def kept(answer: Array) -> tuple[Array, Array, Array]:
    """Corners, score and class of the boxes of a picture that no better one of their class covers, best first."""
    middle, size, told = answer[:2].T, answer[2:PLACES].T, answer[PLACES:]
    corners = np.concatenate([middle - size / 2, middle + size / 2], axis=1)
    kinds, scores = told.argmax(axis=0), told.max(axis=0)
    left = [int(one) for one in np.argsort(-scores, kind="stable") if scores[one] >= LEAST_SCORE]
    chosen: list[int] = []
    while left and len(chosen) < MOST_FOUND:
        best = left.pop(0)
        chosen.append(best)
        if left:
            shared = overlap(corners[best], corners[left])
            left = [one for one, at in zip(left, shared, strict=True) if at < OVERLAP or kinds[one] != kinds[best]]
    return corners[chosen], scores[chosen], kinds[chosen]


def overlap(box: Array, others: Array) -> Array:
    """What a box and others share of all that either covers.

    >>> overlap(np.array([0, 0, 2, 2]), np.array([[0, 0, 2, 1], [3, 3, 4, 4]])).tolist()
    [0.5, 0.0]
    """
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = [np.clip(one[..., 2:] - one[..., :2], 0, None).prod(axis=-1) for one in (box, others)]
    every = areas[0] + areas[1] - shared
    return np.asarray(np.divide(shared, every, out=np.zeros(len(others)), where=every > 0))


def _judged(boxes: Array, scores: Array, wanted: Array) -> list[tuple[float, bool]]:
    """Score of each box, and whether it is the first to find one of the wanted ones."""
    free, found = np.ones(len(wanted), bool), []
    for box, score in zip(boxes, scores, strict=True):
        shared = overlap(box, wanted) * free if len(wanted) else np.zeros(0)
        right = bool(len(shared)) and bool(shared.max() >= OVERLAP)
        if right:
            free[int(shared.argmax())] = False
        found.append((float(score), right))
    return found


def _area(judged: list[tuple[float, bool]], wanted: int) -> float:
    if not judged:
        return 0.0
    right = np.asarray([one for _, one in sorted(judged, key=lambda pair: -pair[0])])
    hits = np.cumsum(right)
    precision = np.maximum.accumulate((hits / np.arange(1, len(right) + 1))[::-1])[::-1]
    return float((precision * right).sum() / wanted)
