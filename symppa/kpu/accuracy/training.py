"""Networks with weights that mean something: trained once into the user's cache, and read from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symppa import store
from symppa.errors import TrainingError
from symppa.kpu.accuracy.data import Array, Pictures, moved
from symppa.kpu.accuracy.detecting import detection_loss, prepare
from symppa.kpu.accuracy.recipes import Recipe
from symppa.kpu.networks import network

ENDING = ".safetensors"
MOMENTUM = 0.9
RISING = 0.1  # of all steps
LARGEST_STEP = 10.0  # norm of a gradient

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """A network at inference, where its weights lie, and the hash of that file."""

    recipe: Recipe
    seed: int
    module: Any
    digest: str

    def outputs(self, pixels: Array, batch: int = 100) -> Array:
        """What it says of pictures, in float32."""
        import torch

        with torch.no_grad():
            parts = [self.module(torch.from_numpy(pixels[k : k + batch])) for k in range(0, len(pixels), batch)]
        return np.asarray(torch.cat(parts).numpy())


def trained(recipe: Recipe, seed: int) -> Trained | None:
    """The network of a recipe and seed with its weights from the cache; None where it was not trained yet."""
    from safetensors.torch import load_file

    path = store.kept(_name(recipe, seed), ENDING)
    if path is None:
        return None
    module = network(recipe.network, classes=recipe.classes)
    module.load_state_dict(load_file(path))
    return Trained(recipe, seed, module, path.name.split(".")[1])


def train(recipe: Recipe, seed: int, progress: Progress | None = None) -> Trained:
    """Train a network and keep its weights in the cache."""
    from safetensors.torch import save

    module = fitted(recipe, seed, progress)
    if store.keep(_name(recipe, seed), ENDING, save(module.state_dict())) is None:
        raise TrainingError(
            f"trained weights cannot be kept in {store.folder()}; set SYMPPA_CACHE_DIR to another folder"
        )
    found = trained(recipe, seed)
    if found is None:
        raise TrainingError(f"trained weights were not found again in {store.folder()}")
    return found


def fitted(recipe: Recipe, seed: int, progress: Progress | None = None) -> Any:
    """A network after all epochs of a recipe, the statistics of its norms taken anew from plain pictures."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        rng = np.random.default_rng([seed, 2])
        data, _ = recipe.make(seed)
        module = network(recipe.network, classes=recipe.classes).train()
        if recipe.data == "scenes":
            prepare(module)
        steps = recipe.epochs * (len(data) // recipe.batch)
        learn = _learner(module, recipe, steps)
        for epoch in range(recipe.epochs):
            losses = [learn(part) for part in _batches(data, recipe.batch, rng)]
            if progress is not None:
                progress(
                    f"{recipe.network} seed {seed}: epoch {epoch + 1} of {recipe.epochs}, loss {np.mean(losses):.4g}"
                )
        refresh(module, data, recipe.batch)
    return module.eval()


def _learner(module: Any, recipe: Recipe, steps: int) -> Callable[[Pictures], float]:
    """One step of learning from a batch: its loss."""
    import torch

    kernels = [one for one in module.parameters() if one.ndim > 1 and one.requires_grad]
    others = [one for one in module.parameters() if one.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": recipe.decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, recipe.rate, MOMENTUM, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.rate, steps, pct_start=RISING, cycle_momentum=False, final_div_factor=100.0
    )
    loss = detection_loss if recipe.data == "scenes" else _class_loss

    def learn(part: Pictures) -> float:
        found = loss(module, torch.from_numpy(part.pixels), torch.from_numpy(part.truth), recipe)
        optimizer.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), LARGEST_STEP)
        optimizer.step()
        schedule.step()
        return float(found.detach())

    return learn


def _class_loss(module: Any, pixels: Any, truth: Any, recipe: Recipe) -> Any:
    import torch

    return torch.nn.functional.cross_entropy(module(pixels), truth, label_smoothing=recipe.smoothing)


def _batches(data: Pictures, size: int, rng: np.random.Generator) -> Iterator[Pictures]:
    """Whole batches of moved pictures in a new order; detection keeps its pictures where their boxes are."""
    order = rng.permutation(len(data))
    for begin in range(0, len(data) - size + 1, size):
        chosen = order[begin : begin + size]
        pixels = data.pixels[chosen]
        yield Pictures(moved(pixels, rng) if data.truth.ndim == 1 else pixels, data.truth[chosen])


def refresh(module: Any, data: Pictures, batch: int) -> None:
    """Take the statistics of all norms anew: their plain mean over all pictures as they are."""
    import torch

    norms = [one for one in module.modules() if isinstance(one, torch.nn.BatchNorm2d)]
    for one in norms:
        one.reset_running_stats()
        one.momentum = None  # a plain mean
    module.train()
    with torch.no_grad():
        for begin in range(0, len(data) - batch + 1, batch):
            module(torch.from_numpy(data.pixels[begin : begin + batch]))
    for one in norms:
        one.momentum = 0.1


def _name(recipe: Recipe, seed: int) -> str:
    return f"{recipe.network}-{recipe.hash}-{seed}"
