"""The speculative analog calculator's files and command lines, on the project's models."""

from symppa.compat.selfspec.configuration import HardwareConfig, ModelConfig, SpeculationStats

__all__ = ["HardwareConfig", "ModelConfig", "SpeculationStats"]
