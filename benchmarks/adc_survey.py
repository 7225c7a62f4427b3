"""How well the converter of the library encloses the published ones: Murmann's survey of ADCs, 1997 to 2025.

The survey is no part of the project: it is read from `shared/data` beside the checkout, and without it nothing is
measured. `python -m benchmarks.adc_survey` fits the coefficients anew and prints them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._report import Figure
from symppa import units
from symppa.engine.compile import compile
from symppa.library.components.converter import SurveyConverter

SURVEY = Path(__file__).resolve().parents[2] / "shared" / "data" / "adc_survey.xlsx"
SHEETS = ("ISSCC", "VLSI")
COLUMNS = ("SNDR_plot [dB]", "fsnyq [Hz]", "P/fsnyq [pJ]", "TECHNOLOGY", "AREA [mm^2]")
QUANTILE = 0.1  # the envelope: a tenth of what is published does better
FOLDS = 5
Array = np.ndarray[Any, Any]
Survey = dict[str, Array]


def survey() -> Survey:
    """Effective bits, rate [Hz], energy [pJ], node [nm] and area [mm2] of every converter that states all of them."""
    import openpyxl

    book = openpyxl.load_workbook(SURVEY, read_only=True, data_only=True)
    rows = []
    for sheet in SHEETS:
        lines = book[sheet].iter_rows(values_only=True)
        head = list(next(lines))
        places = [head.index(column) for column in COLUMNS]
        rows += [[_number(line[place]) for place in places] for line in lines]
    table = np.array(rows, float)
    table = table[np.all(np.isfinite(table) & (table > 0), axis=1)]
    sndr, rate, energy, node, area = table.T
    return {"bits": (sndr - 1.76) / 6.02, "rate": rate, "energy": energy, "node": 1000 * node, "area": area}


def _number(cell: Any) -> float:
    """A cell as a number; several nodes or a range count as not stated."""
    try:
        return float(str(cell).replace("*", "").strip())
    except ValueError:
        return float("nan")


def energy_of(found: Survey, fit: Array) -> Array:
    """Log of the energy of a conversion, in the shape of SurveyConverter."""
    step, growth, noise, corner = fit
    steps = step + np.log(2) * found["bits"] + growth * np.log(found["node"] / 65)
    total: Array = np.logaddexp(steps, noise + np.log(4) * found["bits"]) + np.log1p(found["rate"] / np.exp(corner))
    return total


def area_of(found: Survey, fit: Array) -> Array:
    """Log of the area of a converter, in the shape of SurveyConverter."""
    whole, bits, node, rate = fit
    grown = whole + bits * np.log(2) * found["bits"] + node * np.log(found["node"] / 65)
    logs: Array = grown + rate * np.log(found["rate"] / 1e9)
    return logs


SHAPES: dict[str, tuple[Callable[[Survey, Array], Array], tuple[float, ...]]] = {
    "energy": (energy_of, (-5.0, 1.0, -12.0, 21.0)),
    "area": (area_of, (-8.0, 0.5, 1.0, 0.3)),
}


def fitted(found: Survey, what: str, quantile: float = QUANTILE) -> Array:
    """Coefficients of a quantile regression in log space."""
    from scipy.optimize import minimize

    model, best = SHAPES[what][0], np.array(SHAPES[what][1])
    target = np.log(found[what])

    def loss(fit: Array) -> float:
        off = target - model(found, fit)
        return float(np.mean(np.maximum(quantile * off, (quantile - 1) * off)))

    for _ in range(20):  # the simplex of Nelder and Mead, started again where it stopped
        best = minimize(loss, best, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-12}).x
    return np.asarray(best)


def shipped(what: str) -> Array:
    """Coefficients of the library's converter."""
    givens = compile(SurveyConverter(), ["energy", "area"]).givens

    def plain(name: str, unit: str) -> float:
        worth = units.worth(givens[name].default, givens[name].unit, name)
        return float(worth) / units.measure(unit).worth

    if what == "energy":
        logs = [np.log(plain(n, u)) for n, u in (("step_energy", "pJ"), ("noise_energy", "pJ"), ("corner", "Hz"))]
        return np.array([logs[0], plain("step_growth", "1"), *logs[1:]])
    growths = [plain(f"{n}_growth", "1") for n in ("bit", "node", "rate")]
    return np.array([np.log(plain("unit_area", "mm**2")), *growths])


def held_out(found: Survey, what: str) -> float:
    """Share below the envelope among converters that the fit has not seen."""
    fold = np.arange(len(found["bits"])) % FOLDS
    below = []
    for k in range(FOLDS):
        seen, unseen = ({n: v[pick] for n, v in found.items()} for pick in (fold != k, fold == k))
        below.append(np.log(unseen[what]) < SHAPES[what][0](unseen, fitted(seen, what)))
    return float(np.mean(np.concatenate(below)))


def run() -> list[Figure]:
    """Scatter about the median in decades, share below the shipped envelope, and below one that has not seen them."""
    if not SURVEY.exists():
        return []
    found = survey()
    figures = [Figure("converters", float(len(found["bits"])), "")]
    for what, (model, _) in SHAPES.items():
        median = (np.log(found[what]) - model(found, fitted(found, what, 0.5))) / np.log(10)
        below = np.mean(np.log(found[what]) < model(found, shipped(what)))
        figures += [
            Figure(f"{what}_rms_decades", float(np.sqrt(np.mean(median**2))), ""),
            Figure(f"{what}_share_below", float(below), "", "<= 0.12"),
            Figure(f"{what}_share_below_held_out", held_out(found, what), "", "<= 0.15"),
        ]
    return figures


if __name__ == "__main__":
    data = survey()
    sys.stdout.write(f"{len(data['bits'])} converters\n")
    for name in SHAPES:
        for q in (QUANTILE, 0.5):
            sys.stdout.write(f"{name}, quantile {q}: {np.array2string(fitted(data, name, q), precision=6)}\n")
