"""The runtime: a compiled program run on numbers, tile by tile, and what that takes."""

from symppa.kpu.runtime.runtime import KPURuntime

__all__ = ["KPURuntime"]
