"""What each network is trained on, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np

from symppa.errors import UnknownValueError
from symppa.kpu.accuracy.data import HELD_OUT, SHAPES, Pictures, digits, scenes

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradients with momentum, the rate rising for a tenth of the steps and then falling as a cosine."""

    network: str
    data: str
    classes: int
    side: int
    epochs: int
    batch: int
    rate: float
    decay: float = 5e-4
    smoothing: float = 0.1
    pictures: int = 0  # drawn ones

    def make(self, seed: int) -> tuple[Pictures, Pictures]:
        """Pictures to train with and held-out ones; those of another seed are others."""
        rng = np.random.default_rng([seed, 1])
        return DATA[self.data](self, rng)

    @property
    def hash(self) -> str:
        """Twelve letters that change with anything in it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]


def _digits(recipe: Recipe, rng: np.random.Generator) -> tuple[Pictures, Pictures]:
    return digits(recipe.side, rng)


def _scenes(recipe: Recipe, rng: np.random.Generator) -> tuple[Pictures, Pictures]:
    return scenes(recipe.pictures, recipe.side, rng), scenes(HELD_OUT, recipe.side, rng)


DATA: MappingProxyType[str, Callable[[Recipe, np.random.Generator], tuple[Pictures, Pictures]]] = MappingProxyType({
    "digits": _digits, "scenes": _scenes,
})  # fmt: skip
RECIPES = MappingProxyType({
    one.network: one
    for one in (
        Recipe("resnet18", "digits", 10, 32, epochs=8, batch=32, rate=0.02),
        Recipe("mobilenet_v2", "digits", 10, 64, epochs=30, batch=32, rate=0.05, decay=2e-4),
        Recipe("yolov8n", "scenes", len(SHAPES), 64, epochs=16, batch=32, rate=0.02, pictures=2500),
    )
})  # fmt: skip


def recipe(network: str) -> Recipe:
    """The recipe of a network by its name."""
    if network not in RECIPES:
        raise UnknownValueError("symppa.kpu.accuracy", network, RECIPES, what="trained network")
    return RECIPES[network]
