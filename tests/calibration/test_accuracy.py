"""The accuracy benchmark: no row that judges an estimate takes part in the fit behind it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import _held_out, _networks, accuracy
from symppa.calibration.fitting import calibrate as calibrating
from symppa.calibration.fitting.calibrate import Fitted, fit, folds, key_of
from symppa.calibration.measurement import Measurements
from symppa.calibration.profiles.borrow import leaving_one_out
from tests.calibration.made import GPU, products, with_time

needs_data = pytest.mark.skipif(not accuracy.folder().is_dir(), reason="no folder of measurements beside the checkout")


def places(rows: Measurements) -> set[Any]:
    """What tells rows from all others: where they stand, and in which file."""
    return {(row.campaign.digest, row.campaign.device, row.row, row.part, row.op, *sorted(row.shape.items()))
            for row in rows}  # fmt: skip


@dataclass(frozen=True)
class Watching:
    """Stands where a fit stands, and refuses to estimate a row that it was given."""

    known: Measurements
    asked: list[int]

    def seconds(self, rows: Measurements) -> Any:
        assert not places(self.known) & places(rows)
        self.asked.append(len(rows))
        return np.ones(len(rows))

    def half(self, rows: Measurements) -> Any:
        return self.seconds(rows)

    outside = half

    @property
    def law(self) -> Any:
        return SimpleNamespace(times=self.seconds, facts=GPU)

    @property
    def intervals(self) -> Any:
        return SimpleNamespace(buckets=(), place=lambda seconds: np.zeros(len(seconds), dtype=int))


@pytest.fixture
def asked(monkeypatch):
    """How many rows every estimate was asked for, once each is watched."""
    found: list[int] = []

    def watching(rows, device):
        assert len(rows) > 1
        return Watching(rows, found)

    for module in (accuracy, _held_out, _networks):
        monkeypatch.setattr(module, "fit", watching)
    return found


@needs_data
@pytest.mark.parametrize(
    "part", [accuracy._gemm, accuracy._attention, accuracy._layers, accuracy._boards, accuracy._rowwise, accuracy._far],
    ids=lambda part: part.__name__,
)  # fmt: skip
def test_no_figure_is_of_a_row_that_was_fitted(part, asked):
    assert list(part())
    assert sum(asked) > 100 or part is accuracy._boards


@needs_data
def test_no_network_or_model_is_estimated_by_a_fit_that_saw_it(asked):
    folder = accuracy.folder()
    for part in (_networks._totals, _networks._layer, _networks._stacks):
        assert list(part(folder))
    assert len(asked) > 20


@needs_data
def test_no_whole_network_is_among_those_fitted(monkeypatch):
    left = []

    def fitting(sizes, seconds, *_):
        return {id(size) for size in sizes}

    def told(made, sizes, *_):
        assert not made & {id(size) for size in sizes}
        left.append(len(sizes))
        return np.ones(len(sizes))

    monkeypatch.setattr(_networks, "fit_networks", fitting)
    monkeypatch.setattr(_networks, "network_seconds", told)
    assert list(_networks._board(accuracy.folder()))
    assert len(left) == 10


def test_what_watches_a_fit_finds_a_row_that_leaked(asked):
    rows = numbered(products(40))
    with pytest.raises(AssertionError):
        _held_out.fit(rows, GPU).seconds(rows.take(range(3)))
    _held_out.fit(rows.take(range(3, 40)), GPU).seconds(rows.take(range(3)))


def test_products_of_one_weight_matrix_are_never_on_both_sides():
    for known, other in _held_out.parts(numbered(products(200)), 5, 80, key_of, 7):
        assert not {key_of(row) for row in known} & {key_of(row) for row in other}
        assert len(known) == 80


def test_estimates_do_not_change_with_the_times_of_the_rows_that_judge_them():
    rows = numbered(products(120, noise=0.1))
    fold = folds(rows, 3, 7)
    spoiled = Measurements(
        tuple(with_time(r, r.latency * (5 if f == 1 else 1)) for r, f in zip(rows, fold, strict=True))
    )
    before, after = (_held_out.tried(some, GPU, count=3) for some in (rows, spoiled))
    judged = np.repeat([0, 1, 2], [int((fold == k).sum()) for k in range(3)]) == 1
    assert after.estimated[judged] == pytest.approx(before.estimated[judged], rel=1e-12)
    assert after.constant[judged] == pytest.approx(before.constant[judged], rel=1e-12)
    assert after.half[judged] == pytest.approx(before.half[judged], rel=1e-12)
    assert not np.allclose(after.estimated[~judged], before.estimated[~judged])


def test_an_interval_never_rests_on_a_row_s_own_residual(monkeypatch):
    """The residuals behind intervals are of rows that the fit did not see."""
    rows, seen = products(100, noise=0.1), []
    law = calibrating.fit_law

    def watching(told, device, known):
        seen.append({id(row) for row in known})
        return law(told, device, known)

    monkeypatch.setattr(calibrating, "fit_law", watching)
    fit(rows, GPU)
    everything = {id(row) for row in rows}
    apart = [everything - known for known in seen[:-1]]
    assert set().union(*apart) == everything
    assert sum(len(some) for some in apart) == len(everything)


def test_lending_is_judged_by_devices_that_were_left_out():
    near = replace(GPU, name="b", peak=GPU.peak * 1.5)
    tables = {"a100_sxm_80gb": products(60), "b": products(60, seed=5, device="b")}
    slow = Measurements(tuple(with_time(row, 2 * row.latency) for row in tables["b"]))
    fits: list[Fitted] = [fit(tables["a100_sxm_80gb"], GPU), fit(tables["b"], near)]
    assert leaving_one_out(fits, tables | {"b": slow}) > leaving_one_out(fits, tables) + 0.2


def numbered(rows: Measurements) -> Measurements:
    """Rows with the lines of a file."""
    return Measurements(tuple(replace(row, row=n) for n, row in enumerate(rows)))


def test_without_measurements_there_are_no_figures(monkeypatch, tmp_path):
    monkeypatch.setitem(os.environ, "SYMPPA_MEASUREMENTS", str(tmp_path / "none"))
    assert accuracy.run() == []
