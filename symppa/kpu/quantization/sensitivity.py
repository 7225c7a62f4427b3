"""Which products lose most by few bits, and how many of them have to stay at 16 for answers that are near enough.

A unit is what shares operands (`passes.quantize.units`). Each is put in few bits alone, all else at 16, and the
difference of the answers is what it is worth. The worst are then kept, as few as will do: their number is bisected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from symppa.errors import QuantizationError
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.numbers import executed
from symppa.kpu.passes.quantize import units
from symppa.kpu.quantization.simulate import Inputs, Simulation, difference

Names = frozenset[str]
Made = Callable[[KPUProgram, Names, bool], KPUProgram]
FEW = 8  # runs that units are ranked over


@dataclass(frozen=True)
class Kept:
    """The operators that stay at 16 bits, and what was found out on the way."""

    kept: Names
    facts: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Sensitive:
    """A program with runs to compare answers over; `made` quantizes it with some operators at 16 bits."""

    program: KPUProgram
    runs: Sequence[Inputs]
    made: Made

    @cached_property
    def due(self) -> list[dict[str, Any]]:
        """The answers in 32 bits."""
        return [executed(self.program, one) for one in self.runs]

    @cached_property
    def alone(self) -> dict[tuple[str, ...], float]:
        """The difference that each unit makes alone, the worst first."""
        every = units(self.program)
        names = frozenset(chain.from_iterable(every))
        found = {unit: self._apart(names.difference(unit), FEW, final=False) for unit in every}
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def chosen(self, tolerance: float) -> Kept:
        """The fewest of the worst units that have to stay; refused where all of them do not help."""
        before = self._apart(frozenset(), len(self.runs), final=True)
        facts: dict[str, Any] = {"tolerance": tolerance, "before": before}
        if before <= tolerance:
            return Kept(frozenset(), {**facts, "after": before, "alone": {}})
        order = list(self.alone)
        high = self._fewest(order, tolerance)
        after = self._of(order[:high])
        while after > tolerance and high < len(order):  # what is done last may change a little
            high += 1
            after = self._of(order[:high])
        if after > tolerance:
            raise QuantizationError(
                f"answers differ by {after:.3g} of the largest with every product at 16 bits, by {before:.3g} with "
                f"none; a tolerance of {tolerance:g} is not met"
            )
        alone = {" ".join(unit): apart for unit, apart in self.alone.items()}
        return Kept(frozenset(chain.from_iterable(order[:high])), {**facts, "after": after, "alone": alone})

    def _fewest(self, order: Sequence[tuple[str, ...]], tolerance: float) -> int:
        """How many are enough; all where none are."""
        low, high = 0, len(order)
        while high - low > 1:
            middle = (low + high) // 2
            wide = frozenset(chain.from_iterable(order[:middle]))
            enough = self._apart(wide, len(self.runs), final=False) <= tolerance
            low, high = (low, middle) if enough else (middle, high)
        return high

    def _of(self, kept: Sequence[tuple[str, ...]]) -> float:
        return self._apart(frozenset(chain.from_iterable(kept)), len(self.runs), final=True)

    def _apart(self, wide: Names, count: int, final: bool) -> float:
        """How far answers are apart over some runs, with some operators at 16 bits."""
        found = Simulation(self.made(self.program, wide, final))
        return difference((found.outputs(one) for one in self.runs[:count]), self.due[:count])
