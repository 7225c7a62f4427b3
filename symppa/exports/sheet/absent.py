"""Extremes over no member: minus or plus infinity to an engine, which no sheet has; there an empty text, passed over.

The largest of an empty set is less than anything, so `largest(-1, <nothing>)` is -1. Where another extreme reads what
may be nothing, a cell on the way holds the empty text; a cell that is shown says `#N/A` instead.
"""

from __future__ import annotations

from symppa.engine.program import Program
from symppa.language.operations import MARK

SENSES = {"largest_over": "MAX", "maximum": "MAX", "smallest_over": "MIN", "minimum": "MIN"}
ABSENT = '""'


class Absent:
    """Which steps may be extremes of nothing, and who reads them so."""

    def __init__(self, program: Program, users: dict[int, list[int]]) -> None:
        self.program, self.users = program, users

    def origin(self, n: int) -> int:
        """A step, or what it is another name of."""
        step = self.program.steps[n]
        return self.origin(step.arguments[0]) if step.operation == MARK else n

    def sense(self, n: int) -> str:
        """MAX or MIN, if a step may be one over no member at all."""
        n = self.origin(n)
        step = self.program.steps[n]
        sense = SENSES.get(step.operation, "")
        if not sense:
            return ""
        below = [self.sense(a) == sense for a in step.arguments]
        sized = step.operation.endswith("_over") and bool(self.program.axes[step.detail].sizes)
        return sense if sized or all(below) else ""

    def passes(self, n: int, a: int) -> bool:
        """Whether a step passes over an operand that is nothing."""
        sense = self.sense(a)
        return bool(sense) and SENSES.get(self.program.steps[n].operation) == sense

    def kept(self, n: int) -> bool:
        """Whether another step has to see that a step is nothing."""
        return self.origin(n) == n and bool(self.sense(n)) and self._seen(n)

    def _seen(self, n: int) -> bool:
        steps = self.program.steps
        return any(self._seen(m) if steps[m].operation == MARK else self.passes(m, n) for m in self.users.get(n, []))


def extreme(name: str, cells: str, absent: str) -> str:
    """MAX or MIN of what there is; undefined where a member is, `absent` where there is none."""
    return f"IF(ISERROR({name}({cells})),NA(),IF(COUNT({cells})=0,{absent},{name}({cells})))"


def last(before: str) -> str:
    """What is shown of a cell that may be empty."""
    return f"IF({before}={ABSENT},NA(),{before})"
