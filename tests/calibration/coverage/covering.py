"""A small network, and calibrations whose every number is chosen: what coverage is to be told of."""

from __future__ import annotations

import numpy as np

from symppa.calibration.device import facts
from symppa.calibration.fitting.calibrate import Errors, Fitted, fingerprint, hull_places
from symppa.calibration.fitting.fit import LawFit, typical
from symppa.calibration.fitting.interval import Bucket, Hull, Intervals
from symppa.calibration.fitting.laws import law_of
from symppa.calibration.fitting.ratio import NOTHING
from symppa.calibration.measurement import Campaign, Measurement, Measurements
from symppa.calibration.operations import operation
from symppa.calibration.profiles.profile import Profile, save
from symppa.workloads.ir import Tensor
from symppa.workloads.shapes import Row, built

DEVICE = "a100_sxm_80gb"
DAY = "2026-01-02"


def network(softmax=1):
    """Two matrices with a norm before and an activation between, a view, and softmaxes."""
    rows = [
        Row("norm", "LayerNorm", ("x",), {"shape": [64]}),
        Row("up", "Linear", ("norm",), {"out": 256}),
        Row("gelu", "GELU", ("up",), {}),
        Row("down", "Linear", ("gelu",), {"out": 64}),
        Row("sum", "add", ("x", "down"), {}),
        Row("flat", "Flatten", ("sum",), {"start": 0, "end": 1}),
    ]
    last = "flat"
    for k in range(softmax):
        rows.append(Row(f"share{k}", "Softmax", (last,), {"axis": -1}))
        last = f"share{k}"
    return built("small", {"x": Tensor("x", ("batch", 16, 64))}, rows, symbols={"batch": 1})


GEMMS = ({"m": 16, "n": 256, "k": 64}, {"m": 16, "n": 64, "k": 256})
NORM = ({"rows": 16, "width": 64},)


def rows_of(op, shapes, dtype="fp16", seconds=1e-5, mode="", device=DEVICE):
    """Measured rows of some sizes."""
    campaign = Campaign(device, "made", power_mode=mode)
    told = seconds if isinstance(seconds, list | tuple) else [seconds] * len(shapes)
    complete = operation(op).complete
    return Measurements(
        tuple(Measurement(campaign, op, complete(s), dtype, t) for s, t in zip(shapes, told, strict=True))
    )


def fitted(op, shapes, dtype="fp16", half=0.1, mode="", device=DEVICE, patterns=()):
    """A fit that covers some sizes, with typical coefficients and one half width."""
    rows = rows_of(op, shapes, dtype, mode=mode, device=device)
    chip = facts(device, dtype)
    law = law_of(op, chip.system)
    made = LawFit(law, chip, typical(law))
    buckets = (Bucket(np.inf, half, 50),) if half else ()
    return Fitted(
        op, dtype, mode, made, NOTHING, Intervals(buckets), Hull.around(hull_places(made, rows)),
        Errors(5.0, 4.0, 0.0), len(rows), rows.campaigns, "", frozenset(fingerprint(op, row.shape) for row in rows),
        frozenset(patterns),
    )  # fmt: skip


def between(shape, names):
    """Sizes below and above one in some directions, so that it lies between them and is none of them."""
    return [shape | {name: shape[name] * factor for name in names} for factor in (0.5, 2)]


def profile(folder, *fits, name="made.yaml", device=DEVICE):
    """A file with some fits."""
    place = folder / name
    save(Profile(device, DAY, tuple(fits)), place)
    return place
