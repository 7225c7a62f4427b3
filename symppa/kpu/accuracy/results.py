"""The file of results that is kept beside the code: what was found, on which weights, and whether it is as wanted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from symppa.descriptions.shipped import folder
from symppa.errors import TrainingError
from symppa.kpu.accuracy.recipes import RECIPES
from symppa.kpu.accuracy.study import GOALS, worst
from symppa.version import __version__

FILE = "kpu_accuracy.json"
SCHEMA = 1


def committed() -> Path:
    """Where the results lie that came with this installation."""
    return folder("models") / FILE


def document(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows with what they depend on: recipes, seeds and hashes of weights, versions."""
    every = sorted(rows, key=lambda one: (list(RECIPES).index(one["network"]), one["precision"], one["seed"]))
    told = {(one["network"], one["seed"]): one["weights"] for one in every}
    return {
        "schema": SCHEMA,
        "versions": versions(),
        "networks": {
            name: asdict(one) | {
                "hash": one.hash, "weights": {str(seed): held for (other, seed), held in told.items() if other == name},
            }
            for name, one in RECIPES.items() if any(other == name for other, _ in told)
        },
        "goals": goals(every),
        "rows": every,
    }  # fmt: skip


def goals(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is wanted, and what was reached in the worst of all seeds."""
    rows = list(rows)
    reached = worst(rows)
    seeds = {key: sorted({one["seed"] for one in rows if (one["network"], one["precision"]) == key}) for key in reached}
    return [
        {"network": key[0], "precision": key[1], "wanted": limit, "worst": reached[key], "seeds": seeds[key],
         "met": reached[key] < limit}
        for key, limit in GOALS.items() if key in reached
    ]  # fmt: skip


def versions() -> dict[str, str]:
    """Packages that the numbers depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"symppa": __version__}
    for name in ("numpy", "torch", "scikit-learn"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def merged(path: Path, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows with those of a file that they do not replace and whose recipes are still the same."""
    fresh = list(rows)
    known = {(one["network"], one["precision"], one["seed"]) for one in fresh}
    old = read(path)["rows"] if path.exists() else []
    return fresh + [
        one for one in old
        if (one["network"], one["precision"], one["seed"]) not in known
        and one["network"] in RECIPES and one["recipe"] == RECIPES[one["network"]].hash
    ]  # fmt: skip


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write the file of results, those of other networks, formats and seeds in it kept."""
    text = json.dumps(document(merged(path, rows)), indent=1) + "\n"
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise TrainingError(f"cannot be written: {error.strerror or error}", file=str(path)) from None
    return path


def read(path: Path | None = None) -> dict[str, Any]:
    """A file of results; by default the one that came with this installation."""
    path = path or committed()
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"is no file of results that can be read: {error}", file=str(path)) from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise TrainingError(f"is no file of results of schema {SCHEMA}", file=str(path))
    return found
