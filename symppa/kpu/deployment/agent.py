"""Deploys networks: compiles them for a target, checks answers and power, and leaves a program and a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from symppa.errors import DeploymentError, SymppaError
from symppa.kpu.deployment.accuracy import AccuracyReport, accuracy_report
from symppa.kpu.deployment.baseline import baseline
from symppa.kpu.deployment.images import batches, samples
from symppa.kpu.deployment.power import PowerReport, power_report
from symppa.kpu.deployment.settings import Order, ValidationConfig
from symppa.kpu.deployment.target import StillwaterKPUTarget
from symppa.kpu.interface.kinds import KPUPrecision, SimulationMode
from symppa.kpu.interface.program import Array, KPUProgram
from symppa.kpu.interface.results import KPUPerformanceMetrics
from symppa.version import __version__

Progress = Callable[[str], None]


@dataclass
class DeploymentResult:
    """What came of an order: the program's file and the report's, what was checked, and whether everything holds.

    `error` says why there is no program. A program that fails a check is written all the same: `success` is False, and
    `failures` say what does not hold.
    """

    success: bool
    error: str | None = None
    artifact: Path | None = None
    report: Path | None = None
    program: KPUProgram | None = field(default=None, repr=False)
    metrics: KPUPerformanceMetrics | None = None
    accuracy: AccuracyReport | None = None
    power: PowerReport | None = None
    remarks: list[str] = field(default_factory=list)
    cause: SymppaError | None = field(default=None, repr=False)

    @property
    def failures(self) -> list[str]:
        """What does not hold, a sentence each."""
        return [text for one in (self.accuracy, self.power) if one is not None for text in one.failures]

    def check(self) -> DeploymentResult:
        """The same result; where there is no program, the error is raised."""
        if self.cause is not None:
            raise self.cause
        return self

    def facts(self) -> dict[str, Any]:
        """Everything as plain data."""
        program, metrics = self.program, self.metrics
        return {
            "success": self.success, "failures": self.failures, "remarks": self.remarks, "symppa": __version__,
            "artifact": self.artifact.name if self.artifact else None,
            "program": None if program is None else _program(program),
            "metrics": None if metrics is None else asdict(metrics),
            "accuracy": None if self.accuracy is None else asdict(self.accuracy) | {"passed": self.accuracy.passed},
            "power": None if self.power is None else asdict(self.power)
            | {"passed": self.power.passed, "deviation": self.power.deviation},
        }  # fmt: skip


class DeploymentAgent:
    """Deploys to the targets that are registered; `swkpu` is there from the start.

    >>> DeploymentAgent().execute({"model": "net.pt2", "target": "tpu", "input_shape": [1, 3, 8, 8]}).error
    "Target 'tpu' not available. Available: ['swkpu']"
    """

    def __init__(self, validation: ValidationConfig | None = None) -> None:
        self.validation = validation or ValidationConfig()
        self.targets: dict[str, StillwaterKPUTarget] = {"swkpu": StillwaterKPUTarget()}

    def register_target(self, name: str, target: StillwaterKPUTarget) -> None:
        """Make a target known by a name; what had that name before is forgotten."""
        self.targets[name] = target

    def execute(
        self, order: Mapping[str, Any], validation: ValidationConfig | None = None, progress: Progress | None = None
    ) -> DeploymentResult:
        """Deploy a network as an order tells (`settings.Order` has its keys); `check()` of the result raises its error.

        `progress` hears of each step before it begins.
        """
        try:
            told = Order.of(order, self.targets)
            work = Work(told, self.targets[told.target], told.settings(validation or self.validation), progress)
            return work.done()
        except SymppaError as error:
            return DeploymentResult(False, str(error), cause=error)


@dataclass
class Work:
    """One deployment on its way."""

    order: Order
    target: StillwaterKPUTarget
    settings: ValidationConfig
    progress: Progress | None = None

    def done(self) -> DeploymentResult:
        """Compile, check, write."""
        calibration = self._samples(self.order.calibration_data, self.order.calibration_samples, "calibration_data")
        tested, source, remarks = self._tested(calibration)
        self._tell("compile")
        program = self._compiled(calibration)
        found = DeploymentResult(True, program=program, remarks=remarks)
        self._run(found, tested, source)
        found.success = not found.failures
        self._tell("write")
        self._write(found)
        return found

    def _tell(self, step: str) -> None:
        if self.progress is not None:
            self.progress(step)

    def _samples(self, told: Any, most: int, what: str) -> list[Array]:
        order = self.order
        return [] if told is None else samples(told, order.input_shape, order.calibration_preprocessing, most, what)

    def _tested(self, calibration: list[Array]) -> tuple[list[Array], str, list[str]]:
        """Samples to check with, where they are from, and what has to be said of that."""
        most = self.settings.validation_samples
        if self.order.test_data is not None:
            found = self._samples(self.order.test_data, most, "test_data")
            if not found:
                raise DeploymentError("test_data has no samples")
            return found, "test_data", []
        if calibration:
            return calibration[:most], "calibration_data", ["there is no test_data: checked over calibration_data"]
        return [], "", ["there is neither test_data nor calibration_data: accuracy was not checked"]

    def _compiled(self, calibration: list[Array]) -> KPUProgram:
        order, how = self.order, {}
        if order.name:
            how["name"] = order.name
        if order.quantization is not None:
            how["quantization"] = order.quantization
        size = order.calibration_batch_size
        data = [inputs[:count] for inputs, count in batches(calibration, size)] if calibration else None
        shape, trusted = order.input_shape, order.trust_pickle
        found = self.target.compile(order.model, order.precision, data, shape, trust_pickle=trusted, **how)
        if len(found.input_ids) != 1:
            raise DeploymentError(f"{found.name} has {len(found.input_ids)} inputs; networks of one are deployed")
        return found

    def _run(self, found: DeploymentResult, tested: list[Array], source: str) -> None:
        """Run the program: on one input for its costs, on all samples for its answers."""
        program, runtime = found.program, self.target.runtime
        if program is None:
            return
        runtime.load_program(program)
        try:
            name, shape, _ = runtime.get_input_specs()[0]
            first = next(batches(tested, shape[0]))[0] if tested else _zeros(program)
            self._tell("simulate")
            result = runtime.execute({name: first}, SimulationMode.CYCLE_ACCURATE)
            if not result.success:
                raise DeploymentError(f"the runtime failed: {result.error_message}")
            found.metrics = result.metrics
            if self.settings.enabled and tested:
                self._tell("check answers")
                model = baseline(
                    self.order.model, self.target.config, self.order.input_shape, trust_pickle=self.order.trust_pickle
                )
                found.accuracy = accuracy_report(runtime, model, tested, self.settings.accuracy_tolerance, source)
            if self.settings.enabled and self.settings.power_validation.enabled:
                self._tell("check power")
                found.power = power_report(program, runtime, {name: first}, self.settings.power_validation)
        finally:
            runtime.unload_program()

    def _write(self, found: DeploymentResult) -> None:
        """The program and the report side by side."""
        program = found.program
        if program is None:
            return
        folder = Path(self.order.output_dir)
        stem = f"{program.name}_{self.order.target}_{KPUPrecision(program.precision).value}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found.artifact = program.save(folder / f"{stem}.kpu")
            found.report = folder / f"{stem}.json"
            found.report.write_text(json.dumps(found.facts(), indent=2) + "\n", "utf-8")
        except OSError as error:
            raise DeploymentError(f"cannot be written: {error.strerror or error}", file=str(folder)) from None


def _zeros(program: KPUProgram) -> Array:
    import numpy as np

    return np.zeros(program.tensors[program.input_ids[0]].shape, np.float32)


def _program(program: KPUProgram) -> dict[str, Any]:
    return {
        "name": program.name, "source": program.source_model, "source_hash": program.source_hash,
        "config": program.target_config.name, "precision": program.precision.value, "operators": len(program.ops),
        "weight_bytes": program.weight_bytes, "peak_sram_bytes": program.peak_sram_bytes,
        "peak_dram_bytes": program.peak_dram_bytes, "estimated_cycles": program.estimated_total_cycles,
        "estimated_energy_uj": program.estimated_total_energy_uj,
        "quantization": program.facts.get("quantization", {}),
    }  # fmt: skip
