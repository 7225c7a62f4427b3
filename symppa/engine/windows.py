"""A grid cut into windows: ranges of design numbers that follow one another, each a box of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

from symppa.errors import QuestionError

Window = tuple[tuple[int, int], ...]  # (first, last) along each axis, last excluded


class Cut(NamedTuple):
    """Where an axis is cut: axes before it are taken one value at a time, axes after it whole."""

    axis: int
    pieces: int
    piece: int


@dataclass(frozen=True)
class Windows:
    """The windows of a grid, each of at most `most` designs.

    The last axes are whole, one axis is cut into pieces of like length, the leading ones are taken value by value.

    >>> windows = Windows((2, 5, 10), most=30)
    >>> len(windows), windows[0], windows[3]
    (4, ((0, 1), (0, 3), (0, 10)), ((1, 2), (3, 5), (0, 10)))
    """

    shape: tuple[int, ...]
    most: int

    def __post_init__(self) -> None:
        if self.most < 1:
            raise QuestionError(f"a window of {self.most} designs holds nothing: ask for at least 1")

    @cached_property
    def cut(self) -> Cut:
        """The axis that is cut, and into what."""
        room = self.most
        for axis in reversed(range(len(self.shape))):
            length = self.shape[axis]
            if length > room:
                pieces = -(-length // room)
                piece = -(-length // pieces)
                return Cut(axis, -(-length // piece), piece)
            room //= length
        return Cut(0, 1, self.shape[0] if self.shape else 1)

    @property
    def chunk(self) -> tuple[int, ...]:
        """The shape of every window that no end of the cut axis shortens."""
        axis, _, piece = self.cut
        return (*[1] * axis, *[piece] * bool(self.shape), *self.shape[axis + 1 :])

    @property
    def counts(self) -> tuple[int, ...]:
        """How many windows lie along each axis."""
        axis, pieces, _ = self.cut
        return (*self.shape[:axis], *[pieces] * bool(self.shape), *[1] * (len(self.shape) - axis - 1))

    def __len__(self) -> int:
        return prod(self.counts)

    def place(self, number: int) -> tuple[int, ...]:
        """Where a window lies among the windows along each axis."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        found = []
        for count in reversed(self.counts):
            number, k = divmod(number, count)
            found.append(k)
        return tuple(found[::-1])

    def __getitem__(self, number: int) -> Window:
        corner = [k * length for k, length in zip(self.place(number), self.chunk, strict=True)]
        return tuple(
            (first, min(first + piece, length))
            for first, piece, length in zip(corner, self.chunk, self.shape, strict=True)
        )


def room(per_design: int, memory: int, most: int) -> int:
    """Designs of a window that stay within some bytes, and within `most`."""
    return max(1, min(most, memory // max(per_design, 1)))
