"""Samples that can be gone through again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from symppa.errors import QuantizationError
from symppa.kpu.interface.program import Array

Preprocess = Callable[[Any], Any]


@dataclass(frozen=True)
class CalibrationDataProvider:
    """Samples to calibrate with, each time anew: from arrays, from numpy's files, or from a function that opens them.

    Parameters
    ----------
    source
        An array with samples along its first axis, a sequence of arrays or of mappings of arrays by the names of
        inputs, the path of a file or folder of numpy, or a function without arguments that gives an iterator.
    preprocess
        What is made of each item before the network sees it.
    most
        How many items are taken, from the first on; all of them by default.
    """

    source: Any
    preprocess: Preprocess | None = None
    most: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.source, Iterator):
            raise QuantizationError(
                "an iterator can be gone through only once: hand over a list, a path, or a function that opens it anew"
            )
        if self.most is not None and self.most < 1:
            raise QuantizationError(f"{self.most} samples are none to calibrate with")

    def __iter__(self) -> Iterator[Any]:
        """The items, from the first on."""
        opened = islice(self._opened(), self.most)
        return opened if self.preprocess is None else map(self.preprocess, opened)

    def _opened(self) -> Iterable[Any]:
        from symppa.kpu.samples import read

        if isinstance(self.source, str | Path):
            return read(Path(self.source))
        found = self.source() if callable(self.source) else self.source
        if not isinstance(found, Iterable):
            raise QuantizationError(f"{type(found).__name__} has no samples to go through")
        return found


def again(data: Iterable[Any]) -> Iterable[Array | Any]:
    """Data that can be gone through several times: those that cannot are held."""
    if isinstance(data, np.ndarray):
        return [data]
    return list(data) if isinstance(data, Iterator) else data
