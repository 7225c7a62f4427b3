"""Pictures that need no download: handwritten digits as scikit-learn brings them, and drawn shapes with their boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa.errors import MissingPackageError

Array = np.ndarray[Any, Any]

HELD_OUT = 500  # digits that no training sees
SHAPES = ("square", "disc", "triangle")
MOST = 3  # shapes of a picture


@dataclass(frozen=True)
class Pictures:
    """Pictures (count, 3, side, side) around 0, and what is on each: a class, or rows of class, x1, y1, x2, y2."""

    pixels: Array
    truth: Array

    def __len__(self) -> int:
        return len(self.pixels)

    def part(self, begin: int, end: int | None = None) -> Pictures:
        """Some of them, in their order."""
        return Pictures(self.pixels[begin:end], self.truth[begin:end])


def digits(side: int, rng: np.random.Generator) -> tuple[Pictures, Pictures]:
    """The 1797 digits of 8 x 8 pixels, enlarged, in an order drawn by `rng`: to train with, and held out."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingPackageError("scikit-learn", "accuracy", "training on handwritten digits") from None
    found = load_digits()
    pixels = enlarged(found.images.astype(np.float32) / 8 - 1, side)
    every = Pictures(np.repeat(pixels[:, None], 3, axis=1), found.target.astype(np.int64))
    order = rng.permutation(len(every))
    shuffled = Pictures(every.pixels[order], every.truth[order])
    return shuffled.part(HELD_OUT), shuffled.part(0, HELD_OUT)


def enlarged(images: Array, side: int) -> Array:
    """Images (count, rows, columns) with each side in between linear, the outermost pixels continued."""
    for axis in (1, 2):
        size = images.shape[axis]
        at = np.clip((np.arange(side) + 0.5) * size / side - 0.5, 0, size - 1)
        low = np.floor(at).astype(int)
        wide = [-1 if other == axis else 1 for other in range(3)]
        share = np.asarray(at - low, np.float32).reshape(wide)
        high = np.minimum(low + 1, size - 1)
        images = np.asarray(images.take(low, axis) * (1 - share) + images.take(high, axis) * share)
    return images


def moved(pixels: Array, rng: np.random.Generator) -> Array:
    """The pictures, each by up to an eighth of its side to either way, brighter or darker, with a little noise."""
    side = pixels.shape[-1]
    far = side // 8
    wide = np.pad(pixels, [(0, 0), (0, 0), (far, far), (far, far)], mode="edge")
    found = np.empty_like(pixels)
    for number, (row, column) in enumerate(rng.integers(0, 2 * far + 1, (len(pixels), 2))):
        found[number] = wide[number, :, row : row + side, column : column + side]
    gain = np.asarray(rng.uniform(0.8, 1.2, (len(pixels), 1, 1, 1)), np.float32)
    return np.asarray(found * gain + np.asarray(rng.normal(0, 0.05, found.shape), np.float32))


def scenes(count: int, side: int, rng: np.random.Generator) -> Pictures:
    """One to three shapes on a noisy ground, nearer ones over farther ones; unused rows of truth have class -1."""
    pixels, truth = np.empty((count, 3, side, side), np.float32), np.full((count, MOST, 5), -1, np.float32)
    for number in range(count):
        ground = rng.uniform(-0.6, 0.6, (3, 1, 1))
        pixels[number] = ground + rng.normal(0, 0.08, (3, side, side))
        boxes: list[Array] = []
        for _ in range(rng.integers(1, MOST + 1)):
            box = _box(side, rng)
            if all(_overlap(box, other) < 0.2 for other in boxes):
                kind = int(rng.integers(len(SHAPES)))
                colour = ground + rng.choice([-1, 1], (3, 1, 1)) * rng.uniform(0.5, 1.0, (3, 1, 1))
                pixels[number] = np.where(_inside(kind, box, side), colour, pixels[number])
                truth[number, len(boxes)] = (kind, *box)
                boxes.append(box)
    return Pictures(pixels, truth)


def _box(side: int, rng: np.random.Generator) -> Array:
    size = rng.uniform(side / 6, side / 1.6, 2)
    size[1] = np.clip(size[1], size[0] / 2, size[0] * 2)
    start = rng.uniform(0, side - np.minimum(size, side - 1))
    return np.asarray([*start, *np.minimum(start + size, side)])


def _overlap(a: Array, b: Array) -> float:
    """What two boxes share of the smaller one."""
    wide, high = (max(0.0, min(a[k + 2], b[k + 2]) - max(a[k], b[k])) for k in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return float(wide * high / min(areas))


def _inside(kind: int, box: Array, side: int) -> Array:
    """The pixels of a shape in its box."""
    rows, columns = np.mgrid[:side, :side] + 0.5
    x, y = (columns - box[0]) / (box[2] - box[0]), (rows - box[1]) / (box[3] - box[1])
    within = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    if SHAPES[kind] == "disc":
        within &= (x - 0.5) ** 2 + (y - 0.5) ** 2 <= 0.25
    if SHAPES[kind] == "triangle":
        within &= np.abs(x - 0.5) <= y / 2
    return np.asarray(within)
