"""The order of axes in memory: the operands of costly steps should lie in long even runs.

numpy walks a step in runs of trailing axes along which every operand either varies throughout or not at all. A run
of twenty elements costs twice as much an element as one of a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple


class Use(NamedTuple):
    """What a step reads: the axes it varies along, those of its operands, and how many elements it has."""

    axes: int
    operands: tuple[int, ...]
    elements: int


def nested(lengths: Mapping[int, int], uses: Iterable[Use]) -> list[int]:
    """Axes by number, outermost first.

    >>> nested({0: 20, 1: 20, 2: 20}, [Use(0b111, (0b110, 0b111), 8000)])
    [0, 2, 1]
    >>> nested({0: 20, 1: 20, 2: 20}, [Use(0b111, (0b011, 0b111), 8000)])
    [2, 1, 0]
    """
    uses = list(uses)
    most = max((use.elements for use in uses), default=0)
    return list(_nested(tuple(lengths.items()), tuple(use for use in uses if 16 * use.elements >= most)))


@lru_cache(maxsize=64)
def _nested(axes: tuple[tuple[int, int], ...], uses: tuple[Use, ...]) -> list[int]:
    lengths = dict(axes)
    chains = [_chain(first, lengths, list(uses)) for first in sorted(lengths, key=lambda a: -lengths[a])]
    return min(chains, key=lambda chain: _cost(chain, lengths, list(uses)))[::-1]


def _even(use: Use, axes: int) -> bool:
    """Whether each operand varies along all of these axes or along none."""
    run = use.axes & axes
    return all(mask & run in (0, run) for mask in use.operands)


def _chain(first: int, lengths: Mapping[int, int], uses: list[Use]) -> list[int]:
    """Axes, innermost first; each next one breaks the fewest runs, the longest if several do."""
    chain, left = [first], [a for a in lengths if a != first]
    inside = 1 << first
    while left:
        uses = [use for use in uses if _even(use, inside)]
        broken = {a: sum(u.elements for u in uses if not _even(u, inside | 1 << a)) for a in left}
        chosen = min(left, key=lambda a: (broken[a], -lengths[a]))
        left.remove(chosen)
        chain.append(chosen)
        inside |= 1 << chosen
    return chain


def _cost(chain: list[int], lengths: Mapping[int, int], uses: list[Use]) -> float:
    """Number of runs, all steps together."""
    runs = 0.0
    for use in uses:
        inside, length = 0, 1
        for axis in chain:
            inside |= 1 << axis
            if not _even(use, inside):
                break
            length *= lengths[axis] if use.axes >> axis & 1 else 1
        runs += use.elements / length
    return runs
