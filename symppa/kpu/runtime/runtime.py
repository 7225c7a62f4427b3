"""The runtime: a program loaded for a configuration, executed on inputs, with what that takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from symppa.errors import InvalidInputError, KPUError, MemoryExceededError, suggest
from symppa.kpu.archive import refuse_other
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.interfaces import Array, KPURuntimeInterface
from symppa.kpu.interface.kinds import SimulationMode
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.interface.results import KPUExecutionResult
from symppa.kpu.passes import PASSES
from symppa.kpu.rules.table import verify
from symppa.kpu.runtime import inputs as ends
from symppa.kpu.runtime.execute import Executor
from symppa.kpu.runtime.formats import format_of
from symppa.kpu.runtime.traces import traced
from symppa.kpu.simulator.metrics import metrics
from symppa.kpu.simulator.timeline import Timeline


@dataclass(frozen=True)
class Loaded:
    """A program that is ready to run; nothing here changes while it runs."""

    program: KPUProgram
    executor: Executor = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "executor", Executor(self.program))

    @cached_property
    def timeline(self) -> Timeline:
        """The program as the simulator plays it: the same for all inputs."""
        return Timeline(self.program)


class KPURuntime(KPURuntimeInterface):
    """Runs one program at a time.

    What an execution needs is its own: several runtimes, and several threads with one of them, do not meet. Without a
    configuration that of each program is taken.

    FUNCTIONAL tells the time of the compiler's closed form, an approximation from below. CYCLE_ACCURATE tells that of
    the simulator, and `trace` each operator; POWER_TRACE tells the same, and `trace` watts over cycles. The numbers and
    the energy are the same in all of them.
    """

    def __init__(self, config: KPUConfig | None = None) -> None:
        self.config = None if config is None else config.check()
        self._loaded: Loaded | None = None

    def load_program(self, program: KPUProgram) -> None:
        """Take a program, checked against the configuration; what was loaded before stays where it is refused."""
        if not isinstance(program, KPUProgram):
            raise InvalidInputError(
                f"a KPUProgram is expected, not {type(program).__name__}: KPUProgram.load(path) reads one"
            )
        _refuse_unfit(program, self.config or program.target_config.check())
        loaded = Loaded(verify(program, PASSES[-1]))
        loaded.executor.load()
        self._loaded = loaded

    def execute(self, inputs: dict[str, Array], mode: SimulationMode = SimulationMode.FUNCTIONAL) -> KPUExecutionResult:
        """Run the loaded program on inputs by name.

        Inputs are float32, float64 or float16, which are rounded to the format of the program, or numbers as that holds
        them; outputs are float32 of exactly the values that were written. Numbers that leave the format on the way are
        no success: the message says where that began, and the outputs are those that came of it.
        """
        loaded, wanted = self._ready(), _mode(mode)
        given = ends.held(loaded.program, inputs)
        outputs = ends.told(loaded.program, loaded.executor.run(given))
        message = None if all(map(_is_finite, outputs.values())) else _first_lost(loaded, given)
        return KPUExecutionResult(
            message is None, message, outputs, metrics(loaded.timeline, wanted), wanted, traced(loaded.timeline, wanted)
        )

    def get_input_specs(self) -> list[ends.Spec]:
        program = self._ready().program
        return ends.specs(program, program.input_ids)

    def get_output_specs(self) -> list[ends.Spec]:
        program = self._ready().program
        return ends.specs(program, program.output_ids)

    def unload_program(self) -> None:
        self._loaded = None

    def _ready(self) -> Loaded:
        if self._loaded is None:
            raise KPUError("no program is loaded: load_program(program) comes first")
        return self._loaded


def _refuse_unfit(program: KPUProgram, config: KPUConfig) -> None:
    memory = config.memory
    if program.peak_dram_bytes > memory.dram_bytes:
        raise MemoryExceededError(program.peak_dram_bytes, memory.dram_bytes, "DRAM")
    room = memory.sram_l1_bytes + memory.sram_l2_bytes
    if program.peak_sram_bytes > room:
        raise MemoryExceededError(program.peak_sram_bytes, room)
    refuse_other(program, config)


def _mode(mode: Any) -> SimulationMode:
    try:
        return SimulationMode(mode)
    except ValueError:
        near = suggest(str(mode), [one.value for one in SimulationMode])
        raise InvalidInputError(f"there is no mode {mode!r}{near}") from None


def _is_finite(numbers: Array) -> bool:
    return numbers.dtype.kind != "f" or bool(np.isfinite(numbers).all())


def _first_lost(loaded: Loaded, given: dict[str, Array]) -> str:
    """Where numbers first leave their format."""
    tensors = loaded.program.tensors
    writers = {name: op for op in loaded.program.ops for name in op.output_ids}
    for name, held in loaded.executor.values(given):
        real = format_of(tensors[name]).real(held)
        if not _is_finite(real):
            count, op = int((~np.isfinite(real)).sum()), writers[name]
            return (
                f"{count} of {real.size} values are not finite behind operator {op.id} ({op.op_type}): they are too "
                f"large for {tensors[name].dtype}"
            )
    return "values of the outputs are not finite"
