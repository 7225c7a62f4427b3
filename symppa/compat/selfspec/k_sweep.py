"""ppa-k-sweep: which burst length serves best, at the acceptance that was measured for each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from symppa.compat.selfspec import commands
from symppa.compat.selfspec.configuration import (
    HardwareConfig,
    ModelConfig,
    SpeculationStats,
    check_context,
    check_drafted,
)
from symppa.compat.selfspec.documents import YAML, Document, read
from symppa.compat.selfspec.evaluation import HEADLINE, SIDES, Case, headline
from symppa.compat.selfspec.fields import Keyed, Real, Section, Whole
from symppa.compat.selfspec.points import plain
from symppa.errors import DescriptionError

OUTPUTS = tuple(f"{side}.{name}" for side in SIDES.values() for name in HEADLINE.values())
CANDIDATE = Section(..., {"k": Whole(), "expected_accepted_tokens": Real()})
BY_LENGTH = Keyed(..., Real())
SPEEDUPS = {
    "throughput_speedup_vs_baseline": "throughput_tokens_per_s",
    "tokens_per_joule_speedup_vs_baseline": "tokens_per_joule",
}
BEST = {"best_throughput": "throughput_tokens_per_s", "best_tokens_per_joule": "tokens_per_joule"}


@dataclass(frozen=True)
class KSweepInput:
    """Accepted tokens of a burst, on average, by burst length."""

    means: Mapping[int, float]
    path: str
    remarks: tuple[str, ...] = ()

    @classmethod
    def from_path(cls, path: str | Path) -> KSweepInput:
        """The means of a file: {k: mean}, or a list of candidates."""
        place = Path(path)
        if place.suffix.lower() not in (".json", *YAML):
            raise DescriptionError(f"Unsupported k-sweep format: {place.suffix} (expected .json/.yaml/.yml)")
        document = read(place, "k-sweep input")
        content = document.content
        named = isinstance(content, Mapping) and "candidates" in content
        listed = content["candidates"] if named else content if isinstance(content, list) else None
        means = BY_LENGTH.read(document, (), content) if listed is None else _listed(document, listed)
        return cls(checked(document, means), str(path), tuple(document.remarks))


def _listed(document: Document, candidates: Any) -> dict[int, float]:
    keys: tuple[Any, ...] = ("candidates",)
    if not isinstance(candidates, list):
        raise document.error(keys, "candidates is no list; expected {k, expected_accepted_tokens} for each")
    means: dict[int, float] = {}
    for place, candidate in enumerate(candidates):
        found = CANDIDATE.read(document, (*keys, place), candidate)
        if found["k"] in means:
            raise document.error((*keys, place), f"candidate k values must be unique; {found['k']} stands twice")
        means[found["k"]] = found["expected_accepted_tokens"]
    return means


def checked(document: Document, means: Mapping[int, float], keys: tuple[Any, ...] = ()) -> dict[int, float]:
    """Means by rising burst length; none may exceed its burst."""
    if not means:
        raise document.error(keys, "candidates must not be empty")
    for k, mean in means.items():
        check_drafted(document, (*keys, "k"), k)
        if mean > k:
            raise document.error((*keys, str(k)), f"expected_accepted_tokens ({mean:g}) must be <= k ({k})")
    return dict(sorted(means.items()))


def histogram(mean: float) -> dict[int, float]:
    """The two neighbouring counts whose average is a mean."""
    below = int(mean)
    share = mean - below
    return {below: 1.0 - share, below + 1: share} if share else {below: 1.0}


def report(model: ModelConfig, hardware: HardwareConfig, sweep: KSweepInput, prompts: Sequence[int]) -> dict[str, Any]:
    """Both sides at every prompt and burst length, and the best burst at every prompt length."""
    for k in sweep.means:
        check_context(hardware, k, prompts)
    points: list[list[dict[str, Any]]] = [[] for _ in prompts]
    for k, mean in sweep.means.items():
        stats = SpeculationStats(k, histogram(mean))
        found = Case(model, hardware, stats).evaluate(OUTPUTS, prompts)
        sides = {side: headline(found, side) for side in SIDES}
        for place, prompt in enumerate(prompts):
            numbers = {
                side: {key: plain(column[place]) for key, column in columns.items()} for side, columns in sides.items()
            }
            points[place].append({"l_prompt": prompt, **_point(stats, mean, numbers)})
    rows = dict(zip(prompts, points, strict=True))
    return {
        "generated_at": datetime.now(UTC).isoformat(),
        "prompt_lengths": list(prompts),
        "points": [point for found_there in points for point in found_there],
        "best_by_prompt_length": [_best(prompt, rows[prompt]) for prompt in sorted(rows)],
        "paths": {"model": model.path, "hardware": hardware.path, "stats": sweep.path},
    }


def _point(stats: SpeculationStats, mean: float, numbers: Mapping[str, Mapping[str, float | None]]) -> dict[str, Any]:
    ours, base = numbers["speculative"], numbers["baseline"]
    return {
        "k": stats.k,
        "expected_accepted_tokens": mean,
        "expected_committed_tokens": mean + 1.0,
        "synthetic_histogram": {str(accepted): share for accepted, share in stats.histogram.items()},
        **numbers,
        **{name: _ratio(ours[key], base[key]) for name, key in SPEEDUPS.items()},
    }


def _ratio(ours: float | None, base: float | None) -> float | None:
    return None if ours is None or not base else ours / base


def _best(prompt: int, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The best point of each kind; of equal ones that with the shorter burst."""
    best = {name: max(rows, key=lambda row: (row["speculative"][key] or 0.0, -row["k"])) for name, key in BEST.items()}
    return {"l_prompt": prompt, **best}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="ppa-k-sweep", description=__doc__)
    commands.sweep_options(made)
    help_text = "JSON or YAML: accepted tokens on average, {k: mean} or {candidates: [{k, expected_accepted_tokens}]}"
    made.add_argument("--acceptance-sweep", required=True, type=commands.existing, help=help_text)
    commands.version_option(made, "H")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer a command line; what comes back is the exit code."""
    told = parser().parse_args(arguments)
    return commands.answered(lambda: _answer(told))


def _answer(told: argparse.Namespace) -> None:
    model, sweep = ModelConfig.from_yaml(told.model), KSweepInput.from_path(told.acceptance_sweep)
    hardware = HardwareConfig.from_yaml(told.hardware, told.version)
    commands.remark((*model.remarks, *hardware.remarks, *sweep.remarks))
    made = report(model, hardware, sweep, told.prompt_lengths)
    with commands.opened(told.output) as file:
        file.write(json.dumps(made, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
