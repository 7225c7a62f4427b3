"""Four published networks in plain torch, written from their papers: what the compiler of the KPU is tried on."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import Any

from symppa.errors import UnknownValueError
from symppa.kpu.versions import needed_torch

# Parameters with 1000 classes, or 80 for the detector; and the side of the images that each was made for.
PARAMETERS = MappingProxyType({
    "resnet18": 11_689_512, "mobilenet_v2": 3_504_872, "yolov8n": 3_157_200, "vit_b_16": 86_567_656,
})  # fmt: skip
SIDES = MappingProxyType({"resnet18": 224, "mobilenet_v2": 224, "yolov8n": 640, "vit_b_16": 224})


def network(name: str, **more: Any) -> Any:
    """A new network with random weights, as at inference; `classes=` and, for ViT, `side=` may differ.

    >>> sum(one.numel() for one in network("mobilenet_v2").parameters())
    3504872
    """
    needed_torch()
    if name not in PARAMETERS:
        raise UnknownValueError("symppa.kpu.networks", name, PARAMETERS, what="network")
    return getattr(importlib.import_module(f"symppa.kpu.networks.{name}"), name)(**more).eval()
