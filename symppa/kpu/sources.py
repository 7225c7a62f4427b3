"""What a network is asked for by: the path of a file, or the name of a published network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symppa.errors import CompilationError, suggest
from symppa.kpu.networks import PARAMETERS, SIDES, network
from symppa.kpu.versions import needed_torch


def source(model: str) -> tuple[Any, Mapping[str, Any]]:
    """A network, and how it is read where nothing else is said: a file as it is, a published one by its image.

    The weights of a published network are drawn by chance, always the same: its shapes and costs are those of the
    paper, its answers are not.
    """
    if Path(model).exists():
        return Path(model), {}
    if model not in PARAMETERS:
        raise CompilationError(
            f"there is no file {model}, and no published network of that name{suggest(model, PARAMETERS)}; a network "
            "of one's own is an archive of torch.export or an ONNX file"
        )
    torch = needed_torch()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = network(model)
    return made, {"name": model, "input_shape": (1, 3, SIDES[model], SIDES[model])}


def is_published(model: str) -> bool:
    """Whether a name is that of a published network and of no file here."""
    return model in PARAMETERS and not Path(model).exists()
