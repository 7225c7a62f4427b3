"""How far quantized programs of trained networks are from their networks: the committed results of the training.

The figures are those of `symppa kpu accuracy --train`, the worst of all seeds. Where trained weights are in the cache,
one row of each network is run again and held against the file.
"""

from __future__ import annotations

from benchmarks._report import Figure
from symppa.kpu.accuracy import results
from symppa.kpu.accuracy.recipes import RECIPES, SEEDS
from symppa.kpu.accuracy.study import Question, studied
from symppa.kpu.accuracy.training import trained
from symppa.kpu.interface.kinds import KPUPrecision

AGAIN = KPUPrecision.FP16  # compiled and run fastest


def run() -> list[Figure]:
    """The largest differences and what is wanted of them, accuracy lost, and how far a run here is from the file."""
    told = results.read()
    figures = []
    for one in told["goals"]:
        name = f"{one['network']}_{one['precision']}"
        figures.append(Figure(name, one["worst"], "of max", f"< {one['wanted']:g}"))
        figures.append(Figure(f"{name}_seeds", len(one["seeds"]), "seeds", f">= {len(SEEDS)}"))
    for one in told["rows"]:
        if one["seed"] == SEEDS[0]:
            name = f"{one['network']}_{one['precision']}"
            figures.append(Figure(f"{name}_lost", 100 * (one["task_before"] - one["task_after"]), "percent"))
            figures.append(Figure(f"{name}_kept_16bit", len(one["kept"]), "operators"))
    return [*figures, *_again(told["rows"])]


def _again(rows: list[dict[str, object]]) -> list[Figure]:
    """The change of a difference from the file's, for networks whose weights are here."""
    found = []
    for name, recipe in RECIPES.items():
        held = trained(recipe, SEEDS[0])
        same = [r for r in rows if (r["network"], r["precision"], r["seed"]) == (name, AGAIN.value, SEEDS[0])]
        if held is None or not same or same[0]["weights"] != held.digest:
            continue
        (fresh,) = studied(Question([name], [AGAIN], SEEDS[:1]))
        far = abs(fresh["differences"]["all"]["worst"] - same[0]["differences"]["all"]["worst"])  # type: ignore[index]
        found.append(Figure(f"{name}_{AGAIN.value}_repeated_apart", far, "of max", "<= 1e-4"))
    return found
