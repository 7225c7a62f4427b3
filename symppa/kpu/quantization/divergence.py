"""How much a distribution loses in few levels: the divergence of Kullback and Leibler."""

from __future__ import annotations

import numpy as np

from symppa.kpu.interface.program import Array

SMALL = 1e-4  # what an empty bin counts as


def threshold(counts: Array, levels: int) -> int:
    """How many bins to either side of the middle one are kept, at the least divergence; the fewest where alike."""
    middle = counts.size // 2
    tried = range(min(levels // 2, middle), middle + 1)
    return min(tried, key=lambda reach: divergence(counts, reach, levels))


def divergence(counts: Array, reach: int, levels: int) -> float:
    """What the bins about the middle tell in few levels of the same bins with all others added to their ends.

    As in onnxruntime: a level's count is shared among its bins in whole numbers, and bins at the end that fill no level
    have no share.
    """
    middle = counts.size // 2
    inside = counts[middle - reach : middle + reach + 1].astype(np.float64)
    all_of_it = inside.copy()
    all_of_it[0] += counts[: middle - reach].sum()
    all_of_it[-1] += counts[middle + reach + 1 :].sum()
    merged = inside.size // levels
    begins = np.arange(levels) * merged
    totals, met = np.add.reduceat(inside, begins), np.add.reduceat(all_of_it != 0, begins, dtype=np.float64)
    met[-1] -= np.count_nonzero(all_of_it[levels * merged :])
    share = np.repeat(np.floor(totals / np.maximum(met, 1)) * (met > 0), merged)
    spread = np.append(share, np.zeros(inside.size - share.size))
    p, q = _smoothed(all_of_it), _smoothed(spread)
    if p is None or q is None:
        return float("inf")
    return float(p @ np.log(p / q))


def _smoothed(counts: Array) -> Array | None:
    """Shares without empty bins, what these get being taken from the others; none where there is not enough."""
    empty = counts == 0
    met = counts.size - int(empty.sum())
    taken = SMALL * (counts.size - met) / max(met, 1)
    if not met or taken >= 1:
        return None
    found = np.where(empty, SMALL, counts - taken)
    return found / found.sum() if found.min() > 0 else None
