"""Quantization as it is asked for: what is done to a program before the pass, and the pass with all it has to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from symppa.errors import QuantizationError
from symppa.kpu.interface.kinds import BITS, KPUPrecision
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.observe import batches, ranges
from symppa.kpu.passes.quantize import WIDE, WIDTHS, Keeping, Ranges, array_operands, quantize
from symppa.kpu.quantization.bias import corrected
from symppa.kpu.quantization.equalise import equalised
from symppa.kpu.quantization.options import Options
from symppa.kpu.quantization.provider import again
from symppa.kpu.quantization.sensitivity import Sensitive
from symppa.kpu.quantization.simulate import Inputs, some
from symppa.kpu.rules.table import verify
from symppa.kpu.wiring import Pass

FEW = 8  # bits: formats that are helped; 16 are near enough as they are
ROOM = 1 << 29  # byte, for runs that go side by side
Progress = Callable[[str], None]


def prepared(
    program: KPUProgram, data: Iterable[Any] | None, options: Options, progress: Progress = lambda _: None
) -> tuple[KPUProgram, Pass]:
    """The program before the pass, and the pass; with no data it knows no ranges."""
    keeping = Keeping(options.per_channel, _kept(program, options))
    if data is None:
        if options.tolerance is not None:
            raise QuantizationError("a tolerance holds over samples: calibration data are needed")
        return program, lambda one: quantize(one, None, keeping)
    samples = again(data)
    few = BITS[WIDTHS[program.precision].narrow] <= FEW
    if options.equalise and few:
        progress("equalise")
        program = verify(equalised(program, (inputs for inputs, _ in batches(program, samples))), "layout")
    progress("calibrate")
    plan = Plan(ranges(program, samples, options.chosen), options, keeping, samples if few else None)
    return program, plan.sensitive(program, progress)


@dataclass(frozen=True, eq=False)
class Plan:
    """What the pass knows: ranges, what is asked for, and samples to compare answers over."""

    ranges: Ranges
    options: Options
    keeping: Keeping
    samples: Iterable[Any] | None

    def __call__(self, program: KPUProgram) -> KPUProgram:
        """The program in its precision."""
        found = quantize(program, self.ranges, self.keeping)
        if self.options.correct_biases and self.samples is not None:
            found = corrected(program, found, self.runs(program))
        return _told(found, self.options, self.samples is not None)

    def runs(self, program: KPUProgram) -> list[Inputs]:
        """Samples to compare answers over."""
        return some(program, (inputs for inputs, _ in batches(program, self.samples or [])), ROOM)

    def sensitive(self, program: KPUProgram, progress: Progress) -> Pass:
        """The same, with the most sensitive operators at 16 bits where a tolerance is told."""
        if self.options.tolerance is None or self.samples is None:
            return self
        _needs_wide(program)
        progress("sensitivity")
        found = Sensitive(program, self.runs(program), self._made).chosen(self.options.tolerance)
        plan = replace(self, keeping=replace(self.keeping, wide=self.keeping.wide | found.kept))

        def pass_(one: KPUProgram) -> KPUProgram:
            made = plan(one)
            return replace(made, facts={**made.facts, "sensitivity": found.facts})

        return pass_

    def _made(self, program: KPUProgram, wide: frozenset[str], final: bool) -> KPUProgram:
        plan = replace(self, keeping=replace(self.keeping, wide=self.keeping.wide | wide))
        return plan(program) if final else quantize(program, self.ranges, plan.keeping)


def _kept(program: KPUProgram, options: Options) -> frozenset[str]:
    """The operators that are kept by name, each known."""
    known = [op.id for op in program.ops if array_operands(op)]
    unknown = [name for name in options.keep if name not in known]
    if unknown:
        raise QuantizationError(
            f"no product of {program.name} is called {', '.join(map(repr, unknown))}; it has {', '.join(known)}"
        )
    if options.keep:
        _needs_wide(program)
    return frozenset(options.keep)


def _needs_wide(program: KPUProgram) -> None:
    """Refuse products of 16 bits where the arrays have none."""
    config = program.target_config
    if KPUPrecision(WIDE) not in config.supported_precisions:
        raise QuantizationError(
            f"products that are kept at 16 bits are of {WIDE}, which {config.name} has not (supported_precisions)"
        )


def _told(program: KPUProgram, options: Options, few: bool) -> KPUProgram:
    facts = {
        **program.facts["quantization"], "calibrator": options.chosen.name, "equalised": len(
            program.facts.get("equalised", [])), "biases_corrected": options.correct_biases and few,
    }  # fmt: skip
    return replace(program, facts={**program.facts, "quantization": facts})
