"""Outputs of the speculative decoder for files of the original; its programs are compiled once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from symppa.compat.selfspec.configuration import HardwareConfig, ModelConfig, SpeculationStats, check_context
from symppa.compat.selfspec.values import classes, of_files
from symppa.engine import cache
from symppa.engine.program import Program
from symppa.engine.walk import run
from symppa.errors import QuestionError

SYSTEM, AXIS = "Speculation", "spec.prompt"
MOST_PROMPT = 2**40
HEADLINE = {
    "energy_pj_per_token": "energy",
    "latency_ns_per_token": "latency",
    "throughput_tokens_per_s": "throughput",
    "tokens_per_joule": "efficiency",
}
SIDES = {"speculative": "spec", "baseline": "base"}
Found = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One network on one hardware, with one law of acceptance."""

    model: ModelConfig
    hardware: HardwareConfig
    stats: SpeculationStats

    def evaluate(self, outputs: Sequence[str], prompts: Sequence[int]) -> Found:
        """Outputs by name, each an array over the prompts."""
        for prompt in prompts:
            if not 0 <= prompt <= MOST_PROMPT:
                raise QuestionError(f"prompt length {prompt} is outside 0 to {MOST_PROMPT}")
        check_context(self.hardware, self.stats.k, prompts)
        hardware = self.hardware
        chosen = tuple(sorted(classes(hardware.stated, hardware.version).items()))
        stats = {"k": self.stats.k, "histogram": self.stats.histogram}
        values = of_files(self.model.stated, hardware.stated, stats, hardware.library, hardware.version)
        return dict(run(program(tuple(outputs), chosen), values | {AXIS: np.array(prompts, float)}))


@lru_cache(maxsize=32)
def program(outputs: tuple[str, ...], chosen: tuple[tuple[str, str], ...]) -> Program:
    """The program of some outputs, from the cache where it can."""
    name = cache.key(SYSTEM, outputs, (AXIS,), chosen)
    found = cache.fetch(name)
    if found is None:
        from symppa.engine.compile import compile
        from symppa.library.systems.speculative import Speculation

        found = compile(Speculation(), outputs, [AXIS], choose=dict(chosen))
        cache.store(name, found)
    return found


def headline(found: Found, side: str) -> dict[str, Any]:
    """The four numbers of a side, by the original's names."""
    return {key: found[f"{SIDES[side]}.{name}"] for key, name in HEADLINE.items()}
