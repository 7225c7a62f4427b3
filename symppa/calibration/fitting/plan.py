"""Which sizes to measure next: those that shrink the predicted error of all candidates most.

The error of an estimate has two parts: coefficients that are not known well, which reach it through the slope of the
law, and what the law leaves, a smooth random function of size. Both are one Gaussian process; sizes are taken one
after the other, each where it lowers the summed variance of all candidates most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.calibration.device import facts
from symppa.calibration.fitting.calibrate import Fitted, fit
from symppa.calibration.fitting.fit import EXPECTED, LawFit, logarithms, predicted, typical
from symppa.calibration.fitting.laws import law_of
from symppa.calibration.fitting.ratio import HEIGHT, NOTHING, REACH, covariance
from symppa.calibration.measurement import Campaign, Measurement, Measurements
from symppa.calibration.operations import Array, operation
from symppa.errors import QuestionError

STEP = 1e-3  # of a logarithm, for slopes
MOST = 600  # candidates
ENOUGH = 10  # rows to learn from how a law errs
POWERS = tuple(float(2**n) for n in range(0, 15, 2))
GRIDS: Mapping[str, Mapping[str, Sequence[float]]] = MappingProxyType({
    "gemm": {"m": (1, 16, 64, 128, 256, 1024, 4096, 8192), "n": (64, 256, 1024, 2048, 4096, 8192, 16384),
             "k": (64, 256, 1024, 2048, 4096, 8192, 16384)},
    "linear": {"m": (1, 4, 16, 64, 256, 1024), "n": (128, 512, 2048, 8192), "k": (128, 512, 2048, 8192)},
    "bmm": {"batch": (8, 32, 128), "m": (1, 64, 512, 2048), "n": (64, 512, 2048), "k": (64, 128, 2048)},
    "conv2d": {"batch": (1, 8, 32), "channels": (3, 32, 128, 512), "filters": (32, 128, 512), "height": (7, 28, 112),
               "kernel": (1, 3)},
    "attention_prefill": {"batch": (1, 8, 32), "queries": (64, 256, 1024, 4096), "heads": (8, 32, 64),
                          "kv_heads": (1, 8), "width": (64, 128)},
    "attention_decode": {"batch": (1, 8, 64, 256), "context": (64, 512, 4096, 32768), "heads": (8, 32, 64),
                         "kv_heads": (1, 8), "width": (64, 128)},
    "layernorm": {"rows": POWERS, "width": (64, 256, 1024, 4096, 16384)},
    "softmax": {"rows": POWERS, "width": (64, 256, 1024, 4096, 16384)},
    "rmsnorm": {"rows": POWERS, "width": (64, 256, 1024, 4096, 16384)},
})  # fmt: skip
ELEMENTS = tuple(float(2**n) for n in range(8, 29))


@dataclass(frozen=True)
class Planned:
    """A size to measure, and the error that is left over all candidates once it is known, in percent."""

    op: str
    dtype: str
    shape: Mapping[str, float]
    left: float

    @property
    def command(self) -> str:
        """What measures it."""
        optional = operation(self.op).optional
        sizes = ",".join(f"{name}={value:g}" for name, value in self.shape.items() if optional.get(name) != value)
        return f"symppa benchmark {self.op} --shape {sizes} --dtype {self.dtype}"

    def as_json(self) -> dict[str, Any]:
        """The point as one JSON object."""
        return {
            "op": self.op, "shape": dict(self.shape), "dtype": self.dtype, "left": self.left, "command": self.command
        }  # fmt: skip


def candidates(op: str, dtype: str, device: str, rng: np.random.Generator) -> Measurements:
    """Sizes of an operation that are worth considering, as rows without a time of their own."""
    known = operation(op)
    grid = GRIDS.get(op) or ({"elements": ELEMENTS} if known.dims == ("elements",) else None)
    if grid is None:
        raise QuestionError(f"no sizes of {op} are known to choose from; there are those of {', '.join(GRIDS)}")
    shapes = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    if len(shapes) > MOST:
        shapes = [shapes[n] for n in np.sort(rng.permutation(len(shapes))[:MOST])]
    campaign = Campaign(device)
    return Measurements(
        tuple(Measurement(campaign, op, known.complete(_whole(op, shape)), dtype, 1.0) for shape in shapes)
    )


def _whole(op: str, shape: Mapping[str, float]) -> dict[str, float]:
    """A shape with the sizes that follow from others."""
    found = {name: float(value) for name, value in shape.items()}
    if op == "attention_prefill":
        found["context"] = found["queries"]
    if op == "attention_decode":
        found["queries"] = 1.0
    if op == "conv2d":
        found |= {"width": found["height"], "padding": float(found["kernel"] // 2)}
    return found


def plan(
    device: str, op: str, dtype: str, points: int, *, known: Measurements | None = None,
    fitted: Fitted | None = None, rng: np.random.Generator | None = None,
) -> tuple[Planned, ...]:  # fmt: skip
    """The next sizes of an operation to measure on a device, given rows already there and what was fitted to them."""
    pool = candidates(op, dtype, device, rng or np.random.default_rng(0))
    law = fitted.law if fitted is not None else _typical(device, op, dtype)
    there = Measurements(()) if known is None else known.where(device=device, op=op, dtype=dtype)
    both = pool + there
    error = _prior(law, both, fitted)
    noise = (fitted.ratio.noise if fitted is not None and fitted.ratio is not NOTHING else EXPECTED / 2) ** 2
    for place in range(len(pool), len(both)):
        error = _told(error, place, noise)
    chosen: list[Planned] = []
    target = len(pool)
    for _ in range(min(points, target)):
        drop = (error[:target, :target] ** 2).sum(axis=0) / (np.diag(error)[:target] + noise)
        best = int(np.argmax(drop))
        error = _told(error, best, noise)
        left = 100 * float(np.sqrt(np.mean(np.maximum(np.diag(error)[:target], 0.0))))
        chosen.append(Planned(op, dtype, pool.rows[best].shape, left))
    return tuple(chosen)


def _typical(device: str, op: str, dtype: str) -> LawFit:
    chip = facts(device, dtype)
    law = law_of(op, chip.system)
    return LawFit(law, chip, typical(law))


def _told(error: Array, place: int, noise: float) -> Array:
    """The covariance once one row is measured."""
    column = error[:, place]
    return np.asarray(error - np.outer(column, column) / (column[place] + noise))


def _prior(law: LawFit, rows: Measurements, fitted: Fitted | None) -> Array:
    """Covariance of the logarithms of all rows' times: open coefficients through the law's slopes, and the rest."""
    slopes, spread = slopes_of(law, rows)
    error = (slopes * spread**2) @ slopes.T
    places = law.places(rows)
    if fitted is not None and fitted.ratio is not NOTHING:
        return np.asarray(error + covariance(places, places, fitted.ratio.heights, fitted.ratio.closeness))
    scale = np.where(places.std(axis=0) > 0, places.std(axis=0), np.inf)
    member = np.array([[name in one for name in law.law.directions] for one in law.law.components], dtype=float)
    return np.asarray(
        error + covariance(places, places, np.full(len(member), HEIGHT**2), member / (REACH * scale) ** 2)
    )


def slopes_of(law: LawFit, rows: Measurements) -> tuple[Array, Array]:
    """Change of the logarithm of every row's time with that of every coefficient, and how open each is."""
    begin, spread = logarithms(law.law, law.coefficients)
    cases = law.law.told(rows)

    def times(values: Array) -> Array:
        from symppa.calibration.fitting.fit import named

        found: Any = predicted(law.law, law.facts, named(law.law, values), cases)["latency"]
        return np.asarray(np.log(found))

    middle = times(begin)
    columns = []
    for k in range(len(begin)):
        moved = begin.copy()
        step = -STEP if begin[k] + STEP > np.log(law.law.coefficients[k].high) else STEP
        moved[k] += step
        columns.append((times(moved) - middle) / step)
    return np.stack(columns, axis=1), spread


def plans(
    device: str, ops: Sequence[str], dtype: str, points: int, rows: Measurements | None = None, profile: str = ""
) -> tuple[Planned, ...]:
    """The next sizes of several operations, as many of each; rows already there are reckoned with."""
    found: list[Planned] = []
    for op in ops:
        known = None if rows is None else rows.where(device=device, op=op, dtype=dtype)
        enough = known is not None and len(known) >= ENOUGH
        fitted = fit(known, facts(device, dtype, profile)) if known is not None and enough else None
        found += plan(device, op, dtype, max(1, points // len(ops)), known=known, fitted=fitted)
    return tuple(found)
