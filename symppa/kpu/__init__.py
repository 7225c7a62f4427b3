"""A compiler for the Stillwater KPU: from a network in torch or ONNX to a program of tiles on systolic arrays."""

from __future__ import annotations

import importlib
import sys
from types import MappingProxyType
from typing import Any

from symppa.errors import (
    CompilationError,
    DeploymentError,
    InvalidInputError,
    KPUConfigError,
    KPUError,
    KPUFileError,
    MemoryExceededError,
    QuantizationError,
    TrainingError,
    UnsupportedOpError,
)
from symppa.kpu.interface.config import ComputeConfig, KPUConfig, MemoryConfig
from symppa.kpu.interface.interfaces import KPUCompilerInterface, KPURuntimeInterface, KPUSimulatorInterface
from symppa.kpu.interface.kinds import KPUPrecision, MemoryType, SimulationMode
from symppa.kpu.interface.program import KPUOp, KPUProgram, KPUTensor, MemoryLayout, TileConfig
from symppa.kpu.interface.results import KPUExecutionResult, KPUPerformanceMetrics

# What is opened once it is asked for, and where it lives.
LATER = MappingProxyType(
    {
        "CalibrationDataProvider": "symppa.kpu.quantization.provider",
        "KPUCompiler": "symppa.kpu.compiler",
        "KPURuntime": "symppa.kpu.runtime",
        "KPUSimulator": "symppa.kpu.simulator",
        "verify": "symppa.kpu.rules.table",
        "DeploymentAgent": "symppa.kpu.deployment.agent",
        "DeploymentResult": "symppa.kpu.deployment.agent",
        "StillwaterKPUTarget": "symppa.kpu.deployment.target",
        "PowerConfig": "symppa.kpu.deployment.settings",
        "ValidationConfig": "symppa.kpu.deployment.settings",
    }
)

__all__ = [
    "CalibrationDataProvider", "CompilationError", "ComputeConfig", "DeploymentAgent", "DeploymentError",
    "DeploymentResult", "InvalidInputError", "KPUCompiler", "KPUCompilerInterface", "KPUConfig", "KPUConfigError",
    "KPUError", "KPUExecutionResult", "KPUFileError", "KPUOp", "KPUPerformanceMetrics", "KPUPrecision",
    "KPUProgram", "KPURuntime", "KPURuntimeInterface", "KPUSimulator", "KPUSimulatorInterface", "KPUTensor",
    "MemoryConfig", "MemoryExceededError", "MemoryLayout", "MemoryType", "PowerConfig", "QuantizationError",
    "SimulationMode", "StillwaterKPUTarget", "TileConfig", "TrainingError", "UnsupportedOpError",
    "ValidationConfig", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in LATER:
        return getattr(importlib.import_module(LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# Where torch is loaded already the backend is known at once; else torch finds it by its entry point.
if "torch" in sys.modules:
    importlib.import_module("symppa.kpu.backend").register()
