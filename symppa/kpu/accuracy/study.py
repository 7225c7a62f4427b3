"""What each number format costs a trained network: differences of answers, and accuracy before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.errors import DeploymentError, TrainingError
from symppa.kpu.accuracy.data import Array, Pictures
from symppa.kpu.accuracy.measures import differences, task
from symppa.kpu.accuracy.recipes import RECIPES, SEEDS, Recipe
from symppa.kpu.accuracy.training import Trained, train, trained
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import KPUProgram

BATCH = 10
CALIBRATED = 400  # pictures
WHOLE = (KPUPrecision.INT8, KPUPrecision.INT4)
PRECISIONS: Mapping[str, tuple[KPUPrecision, ...]] = MappingProxyType({
    "resnet18": tuple(KPUPrecision),
    "mobilenet_v2": (KPUPrecision.FP16, KPUPrecision.INT8),
    "yolov8n": (KPUPrecision.FP16, KPUPrecision.INT8),
})  # fmt: skip
# How INT8 is reached: `tolerance` keeps the most sensitive operators at 16 bits, and the rows say which.
QUANTIZATION: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "resnet18": {"calibrator": "percentile:99.999", "tolerance": 0.006},
        "mobilenet_v2": {"calibrator": "percentile:99.999", "tolerance": 0.006},
        "yolov8n": {"calibrator": "percentile:99.999", "tolerance": 0.01},
    }
)
# What is asked for, of the largest difference over the largest answer, in the worst of all seeds.
GOALS = MappingProxyType({
    ("resnet18", "fp16"): 0.001, ("resnet18", "int8"): 0.01, ("mobilenet_v2", "int8"): 0.01,
    ("yolov8n", "fp16"): 0.001, ("yolov8n", "int8"): 0.02,
})  # fmt: skip

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """Which networks, formats and seeds are looked at, over how many held-out pictures."""

    networks: Sequence[str] = tuple(RECIPES)
    precisions: Sequence[KPUPrecision] = ()
    seeds: Sequence[int] = SEEDS
    samples: int | None = None
    quantization: Mapping[str, Any] = field(default_factory=dict)

    def formats(self, network: str) -> Sequence[KPUPrecision]:
        """The formats that a network is brought into."""
        return tuple(self.precisions) or PRECISIONS[network]

    def options(self, network: str, precision: KPUPrecision) -> dict[str, Any]:
        """How it is quantized; INT4 weights are what they are, with nothing kept."""
        told = dict(QUANTIZATION[network]) | dict(self.quantization)
        if precision is not KPUPrecision.INT8 and "tolerance" not in self.quantization:
            told.pop("tolerance", None)
        return told if precision in WHOLE else {}


@dataclass(frozen=True)
class Subject:
    """A trained network with its pictures, and what it says of those held out."""

    network: Trained
    calibration: Array
    held_out: Pictures
    reference: Array

    @property
    def recipe(self) -> Recipe:
        """What it was trained on."""
        return self.network.recipe


def studied(question: Question, progress: Progress = lambda _: None) -> Iterator[dict[str, Any]]:
    """A row for each network, seed and format; refused where weights are not there."""
    needed(question)
    for name in question.networks:
        for seed in question.seeds:
            found = trained(RECIPES[name], seed)
            if found is None:
                raise TrainingError(missing(name, seed))
            about = subject(found, question.samples)
            for precision in question.formats(name):
                progress(f"{name} seed {seed}: {precision.value}")
                yield row(about, precision, question)


def needed(question: Question) -> None:
    """Refuse before anything is done where some weights are not there."""
    for name in question.networks:
        for seed in question.seeds:
            if trained(RECIPES[name], seed) is None:
                raise TrainingError(missing(name, seed))


def missing(name: str, seed: int) -> str:
    """What is said where weights are not there."""
    return f"{name} was not trained here with seed {seed}: symppa kpu accuracy --train does, and keeps its weights"


def trained_all(question: Question, progress: Progress = lambda _: None) -> None:
    """Train what is not in the cache yet."""
    for seed in question.seeds:
        for name in question.networks:
            if trained(RECIPES[name], seed) is None:
                train(RECIPES[name], seed, progress)


def subject(network: Trained, samples: int | None = None) -> Subject:
    """A network with its pictures."""
    data, held_out = network.recipe.make(network.seed)
    held_out = held_out.part(0, samples)
    return Subject(network, data.pixels[:CALIBRATED], held_out, network.outputs(held_out.pixels))


def row(about: Subject, precision: KPUPrecision, question: Question) -> dict[str, Any]:
    """What one format costs one network."""
    recipe, seed = about.recipe, about.network.seed
    options = question.options(recipe.network, precision)
    program = compiled_for(about, precision, options)
    found = answers(program, about.held_out.pixels)
    return {
        "network": recipe.network, "precision": precision.value, "seed": seed, "samples": len(about.held_out),
        "differences": differences(recipe, about.reference, found),
        "task_before": task(recipe, about.reference, about.held_out), "task_after": task(recipe, found, about.held_out),
        "quantization": options, "kept": kept(program), "weights": about.network.digest, "recipe": recipe.hash,
        "operators": ranked(program),
    }  # fmt: skip


def compiled_for(about: Subject, precision: KPUPrecision, options: Mapping[str, Any]) -> KPUProgram:
    """The program of a network in a format, for a KPU that has all formats."""
    import torch

    from symppa.kpu.compiler import KPUCompiler

    side = about.recipe.side
    data = [about.calibration] if precision in WHOLE else None
    return KPUCompiler().compile(
        about.network.module, KPUConfig(supported_precisions=list(KPUPrecision)), precision, data,
        quantization=dict(options) or None, name=about.recipe.network,
        example_inputs=(torch.zeros(BATCH, 3, side, side),),
    )  # fmt: skip


def answers(program: KPUProgram, pixels: Array) -> Array:
    """What a program says of pictures, on the runtime."""
    from symppa.kpu.deployment.images import batches
    from symppa.kpu.runtime import KPURuntime

    runtime = KPURuntime(program.target_config)
    runtime.load_program(program)
    name, shape, _ = runtime.get_input_specs()[0]
    out, parts = program.output_ids[0], []
    for inputs, count in batches(list(pixels), shape[0]):
        result = runtime.execute({name: inputs})
        if not result.success:
            raise DeploymentError(f"the runtime failed: {result.error_message}")
        parts.append(result.outputs[out][:count].astype(np.float32))
    return np.concatenate(parts)


def kept(program: KPUProgram) -> list[str]:
    """The products that stay at 16 bits in a program of fewer."""
    if program.precision not in WHOLE:
        return []
    from symppa.kpu.passes.quantize import array_operands

    return [
        op.id for op in program.ops
        if (read := array_operands(op)) and all(program.tensors[one].dtype == "fp16" for one in read)
    ]  # fmt: skip


def ranked(program: KPUProgram) -> dict[str, float]:
    """Products by the difference that each makes where it alone is of few bits, the worst first.

    Known where a tolerance was asked for that the program did not keep from the start.
    """
    found: dict[str, float] = program.facts.get("sensitivity", {}).get("alone", {})
    return dict(found)


def worst(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """The largest difference of all answers over all seeds, by network and format."""
    found: dict[tuple[str, str], float] = {}
    for one in rows:
        key = (one["network"], one["precision"])
        found[key] = max(found.get(key, 0.0), one["differences"]["all"]["worst"])
    return found
