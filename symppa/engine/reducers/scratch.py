"""Arrays that serve from block to block: fresh memory costs more than what is computed in it."""

from __future__ import annotations

from math import prod

import numpy as np

from symppa.engine.border import Array

PICKED, FIRST, SECOND, THIRD = range(4)  # for values of good designs, and for what is made of them


class Scratch:
    """Four arrays of one thread; whoever fills one is done with it before the next asks for it."""

    def __init__(self) -> None:
        self.arrays = [np.empty(0) for _ in range(4)]

    def __call__(self, which: int, *shape: int) -> Array:
        """One of them in a shape, with whatever stood there."""
        size = prod(shape)
        if self.arrays[which].size < size:
            self.arrays[which] = np.empty(size)
        return self.arrays[which][:size].reshape(shape)

    def whole(self, which: int, size: int) -> Array:
        """One of them as whole numbers."""
        return self(which, size).view(np.int64)

    def __reduce__(self) -> tuple[type[Scratch], tuple[()]]:
        return Scratch, ()
