"""Images as tiles see them: planes of lines and columns, in which windows slide.

A third axis of an image counts as images, and what a window sees along it as channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from symppa.kpu.interface.program import Array
from symppa.kpu.shapes import window

FLAT = 2  # axes of a plane


@dataclass(frozen=True)
class Windows:
    """Windows over images of one to three axes, and how many they give along each."""

    kernel: tuple[int, ...]
    attributes: Mapping[str, Any]
    sizes: tuple[int, ...]
    results: tuple[int, ...]

    @cached_property
    def along(self) -> list[tuple[int, int, int, int, int]]:
        """Window, step, dilation, padding before and behind of depth, lines and columns.

        The last window may reach further than the padding that is told, or not as far.
        """
        strides, pads, dilations = window(self.attributes, self.kernel)
        found = [(1, 1, 1, 0, 0)] * (3 - len(self.kernel))
        for k, (wide, size, made) in enumerate(zip(self.kernel, self.sizes, self.results, strict=True)):
            behind = max(0, (made - 1) * strides[k] + dilations[k] * (wide - 1) + 1 - pads[k] - size)
            found.append((wide, strides[k], dilations[k], pads[k], behind))
        return found

    @property
    def flat(self) -> list[tuple[int, int, int, int, int]]:
        """Those of lines and columns."""
        return self.along[-FLAT:]

    @property
    def made(self) -> tuple[int, int, int]:
        """Results along depth, lines and columns."""
        depth, lines, columns = (*[1] * (3 - len(self.results)), *self.results)
        return depth, lines, columns

    def planes(self, x: Array, fill: float) -> Array:
        """Images with their padding: batch, channels, places along the depth, what is seen there, lines, columns."""
        x = x.reshape(*x.shape[:2], *[1] * (5 - x.ndim), *x.shape[2:])
        pads = [(before, behind) for *_, before, behind in self.along]
        if any(map(any, pads)):
            x = np.pad(x, [(0, 0), (0, 0), *pads], constant_values=fill)
        wide, step, dilation, _, _ = self.along[0]
        depth, (n, c, d, h, w) = self.made[0], x.strides
        shape = (*x.shape[:2], depth, wide, *x.shape[3:])
        return np.lib.stride_tricks.as_strided(x, shape, (n, c, d * step, d * dilation, h, w), writeable=False)

    def tile(self, x: Array, lines: range, columns: range) -> Array:
        """A part of planes as the windows of some lines and columns see it."""
        cuts = []
        for (wide, step, dilation, *_), span in zip(self.flat, (lines, columns), strict=True):
            start = span.start * step
            cuts.append(slice(start, start + (len(span) - 1) * step + dilation * (wide - 1) + 1))
        return x[..., cuts[0], cuts[1]]

    def seen(self, tile: Array, lines: int, columns: int) -> Array:
        """What each window of a tile sees: taps in front of lines and columns."""
        (high, down, far, *_), (wide, right, apart, *_) = self.flat
        h, w = tile.strides[-FLAT:]
        shape = (*tile.shape[:-FLAT], high, wide, lines, columns)
        strides = (*tile.strides[:-FLAT], h * far, w * apart, h * down, w * right)
        return np.lib.stride_tricks.as_strided(tile, shape, strides, writeable=False)

    def joined(self, planes: Array) -> Array:
        """Images and channels of planes: places along the depth beside images, what is seen beside channels."""
        n, c, depth, seen, h, w = planes.shape
        return planes.transpose(0, 2, 1, 3, 4, 5).reshape(n * depth, c * seen, h, w)

    def spread(self, told: Array, shape: Sequence[int]) -> Array:
        """An operand of results as images, channels, lines and columns; axes of 1 stay where nothing is in between."""
        told = told.reshape((1,) * (len(shape) - told.ndim) + told.shape)
        depth = self.made[0]
        if depth > 1:
            told = np.broadcast_to(told, shape)
        told = told.reshape(*told.shape[:2], *[1] * (5 - told.ndim), *told.shape[2:])
        n, c, d, h, w = told.shape
        return told.transpose(0, 2, 1, 3, 4).reshape(n * d, c, h, w)

    def back(self, found: Array, shape: Sequence[int]) -> Array:
        """Results as they are told from images, channels, lines and columns."""
        depth = self.made[0]
        if depth == 1:
            return found.reshape(shape)
        apart = found.reshape(-1, depth, prod(found.shape[1:-FLAT]), *found.shape[-FLAT:])
        return apart.transpose(0, 2, 1, 3, 4).reshape(shape)
