"""What is asked of a deployment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from symppa.errors import DeploymentError, suggest
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import Array


@dataclass
class PowerConfig:
    """How power is checked: against a budget in W where there is one, and against what was predicted, in percent."""

    enabled: bool = True
    measurement_duration_sec: float = 5.0
    warmup_iterations: int = 10
    measurement_iterations: int = 50
    power_budget_watts: float | None = None
    tolerance_percent: float = 20.0


@dataclass
class ValidationConfig:
    """How a program is checked: answers against the network's, in percent of the largest one, and its power."""

    enabled: bool = True
    validation_samples: int = 100
    accuracy_tolerance: float = 1.0
    power_validation: PowerConfig = field(default_factory=PowerConfig)


@dataclass(frozen=True)
class Order:
    """What `DeploymentAgent.execute` is asked for, by its keys.

    Parameters
    ----------
    model
        The path of a torch.export archive or an ONNX file, or a torch.nn.Module.
    target
        The name that a target was registered under.
    input_shape
        The shape of the input, its first size the batch.
    calibration_data, test_data
        A folder of images, a folder or file of numpy, or arrays.
    calibration_samples, validation_samples
        How many of each are taken.
    calibration_preprocessing
        What is made of images: imagenet or yolo. Arrays are taken as they are.
    accuracy_tolerance
        By how much answers may differ, in percent of the largest one.
    """

    model: Any
    input_shape: tuple[int, ...]
    target: str = "swkpu"
    precision: str = "int8"
    calibration_data: Any = None
    calibration_samples: int = 100
    calibration_batch_size: int = 1
    calibration_preprocessing: str = "imagenet"
    test_data: Any = None
    validation_samples: int | None = None
    accuracy_tolerance: float | None = None
    output_dir: Any = "./deployments"
    trust_pickle: bool = False
    name: str = ""
    quantization: Any = None

    @classmethod
    def of(cls, told: Mapping[str, Any], targets: Collection[str]) -> Order:
        """The order that a mapping tells; what is missing or unknown is refused, targets that are not there too."""
        known = [one.name for one in fields(cls)]
        for name in told:
            if name not in known:
                raise DeploymentError(f"there is no {name!r} to ask for{suggest(str(name), known)}")
        if told.get("model") is None or (isinstance(told["model"], str) and not told["model"]):
            raise DeploymentError("No model provided")
        if told.get("input_shape") is None or not len(told["input_shape"]):
            raise DeploymentError("No input_shape provided")
        found = cls(**{**told, "input_shape": _sizes(told["input_shape"])})
        if found.target not in targets:
            raise DeploymentError(f"Target '{found.target}' not available. Available: {sorted(targets)}")
        found.check()
        return found

    def check(self) -> None:
        """Refuse what contradicts itself."""
        for name in ("calibration_samples", "calibration_batch_size", "validation_samples"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise DeploymentError(f"{name} is {value!r}; it is a whole number from 1 on")
        if self.accuracy_tolerance is not None and not self.accuracy_tolerance > 0:
            raise DeploymentError(f"accuracy_tolerance is {self.accuracy_tolerance!r}; it is a percentage above 0")
        precision = self.precision.value if isinstance(self.precision, KPUPrecision) else str(self.precision).lower()
        if precision in ("int8", "int4") and self.calibration_data is None:
            raise DeploymentError(f"{precision.upper()} precision requires calibration_data")

    def settings(self, default: ValidationConfig) -> ValidationConfig:
        """How the program is checked: as the order says, else as usual."""
        samples, tolerance = self.validation_samples, self.accuracy_tolerance
        return ValidationConfig(
            default.enabled,
            default.validation_samples if samples is None else samples,
            default.accuracy_tolerance if tolerance is None else tolerance,
            default.power_validation,
        )


def _sizes(told: Any) -> tuple[int, ...]:
    if not isinstance(told, list | tuple) or not all(isinstance(one, int) and one > 0 for one in told):
        raise DeploymentError(f"input_shape is {told!r}; write the sizes of one input, as [1, 3, 224, 224]")
    return tuple(told)


Samples = list[Array]
