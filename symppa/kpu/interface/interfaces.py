"""What a compiler, a runtime and a simulator have to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.kinds import KPUPrecision, SimulationMode
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.interface.results import KPUExecutionResult

Array = np.ndarray[Any, Any]


class KPUCompilerInterface(ABC):
    """From a network to a program."""

    @abstractmethod
    def compile(
        self,
        model_path: Path,
        config: KPUConfig,
        precision: KPUPrecision,
        calibration_data: Iterator[Array] | None = None,
    ) -> KPUProgram:
        """The program of a network for a configuration, in a format."""

    @abstractmethod
    def validate_model(self, model_path: Path, config: KPUConfig) -> list[str]:
        """What stands in the way of compiling, a sentence each; empty where nothing does."""

    @abstractmethod
    def estimate_memory(self, model_path: Path, config: KPUConfig, precision: KPUPrecision) -> dict[str, int]:
        """Bytes by what they are of: weights, activations, peak_sram, peak_dram."""


class KPURuntimeInterface(ABC):
    """From a program and inputs to numbers and metrics."""

    @abstractmethod
    def load_program(self, program: KPUProgram) -> None:
        """Take a program, checked against the configuration."""

    @abstractmethod
    def execute(self, inputs: dict[str, Array], mode: SimulationMode = SimulationMode.FUNCTIONAL) -> KPUExecutionResult:
        """Run the loaded program on inputs by name."""

    @abstractmethod
    def get_input_specs(self) -> list[tuple[str, tuple[int, ...], str]]:
        """Name, shape and format of each input."""

    @abstractmethod
    def get_output_specs(self) -> list[tuple[str, tuple[int, ...], str]]:
        """Name, shape and format of each output."""

    @abstractmethod
    def unload_program(self) -> None:
        """Forget the program and free what it held."""


class KPUSimulatorInterface(ABC):
    """A program cycle by cycle."""

    @abstractmethod
    def reset(self) -> None:
        """Back to cycle 0."""

    @abstractmethod
    def step(self, cycles: int = 1) -> None:
        """Some cycles further."""

    @abstractmethod
    def run_until_complete(self) -> int:
        """To the end; the cycles that it took."""

    @abstractmethod
    def get_state(self) -> dict[str, Any]:
        """What runs, and how far it is."""

    @abstractmethod
    def get_power_trace(self) -> list[tuple[int, float]]:
        """Cycle and watts."""

    @abstractmethod
    def get_memory_trace(self) -> list[tuple[int, str, int, int]]:
        """Cycle, what was done, address and bytes."""
