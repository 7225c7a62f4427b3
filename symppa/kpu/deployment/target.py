"""A device to deploy to: a configuration, a compiler for it, and a runtime."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from symppa.kpu.compiler import KPUCompiler
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.interfaces import KPUCompilerInterface, KPURuntimeInterface
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.runtime import KPURuntime


class StillwaterKPUTarget:
    """A Stillwater KPU; any part may be one's own.

    >>> StillwaterKPUTarget().config.name
    'swkpu-v1'
    """

    def __init__(
        self,
        config: KPUConfig | None = None,
        compiler: KPUCompilerInterface | None = None,
        runtime: KPURuntimeInterface | None = None,
    ) -> None:
        self.config = (KPUConfig() if config is None else replace(config)).check()
        self.compiler = KPUCompiler() if compiler is None else compiler
        self.runtime = KPURuntime(self.config) if runtime is None else runtime

    @property
    def name(self) -> str:
        """The configuration's name."""
        return self.config.name

    def compile(
        self, model: Any, precision: KPUPrecision | str, samples: Iterable[Any] | None, shape: Sequence[int], **how: Any
    ) -> KPUProgram:
        """The program of a network; one's own compiler is told no more than its interface says."""
        if isinstance(self.compiler, KPUCompiler):
            return self.compiler.compile(model, self.config, precision, samples, input_shape=tuple(shape), **how)
        data = None if samples is None else iter(samples)
        return self.compiler.compile(model, self.config, KPUPrecision(precision), data)
