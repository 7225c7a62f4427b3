"""In which order a compiled program computes: parts of a walk, and in each the loops over equal axes.

A part belongs to a walked axis and runs when that axis moves; the first part runs once. Inside, steps on the same
axes share a loop. Where a value crosses a reduction, or a function that numpy computes, the next loops begin a new
round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from symppa.engine.grid import Grid
from symppa.engine.native.rules import BY_NUMPY, DENSE
from symppa.language.operations import REDUCING

TINY = 4096  # elements of a value that numpy computes as fast
ONCE = -1  # the depth of what is computed once


@dataclass
class Loop:
    """Steps that share a loop over the axes of a mask; `judging` sums the block up as well."""

    mask: int
    steps: list[int] = field(default_factory=list)
    judging: bool = False


@dataclass
class Part:
    """Loops that run together, then steps that numpy computes."""

    depth: int
    loops: list[Loop]
    by_numpy: list[int]

    @property
    def steps(self) -> list[int]:
        """Everything it computes."""
        return [*(n for loop in self.loops for n in loop.steps), *self.by_numpy]


class Schedule:
    """Parts by depth; `stored` are the values that leave their loop."""

    def __init__(self, grid: Grid, roots: Iterable[int], *, judging: bool = False, shown: bool = True) -> None:
        self.grid, self.steps, self.masks = grid, grid.program.steps, grid.program.masks
        self.tiny = self._tiny()
        self.roots = set(roots)
        self.depths = self._depths()
        self.rounds = self._rounds(judging)
        self.parts = self._parts(judging)
        self.stored = self._stored(shown)

    def _tiny(self) -> set[int]:
        """Small steps that numpy computes beforehand."""
        found: set[int] = set()
        for n in self.grid.program.live:
            short = not self.steps[n].arguments or self.grid.extents[n] <= TINY
            if n in self.grid.small and short and found.issuperset(self.steps[n].arguments):
                found.add(n)
        return found

    def _depths(self) -> dict[int, int]:
        """The depth of every step that loops compute and a root needs."""
        grid, needed = self.grid, set(self.grid.program.needed(self.roots))
        large = [n for n in grid.large if n in needed]
        small = [n for n in grid.program.needed(self.shown) if n in grid.small and n not in self.tiny]
        return dict.fromkeys(small, ONCE) | {n: grid.depth(n) for n in large}

    def numpy_computes(self, n: int) -> bool:
        """Whether a step is left to numpy."""
        step = self.steps[n]
        if step.operation == "lookup":
            keys, _ = self.grid.border.tables[step.detail]
            return bool(keys[-1] - keys[0] >= DENSE)
        return step.operation in BY_NUMPY

    def _bump(self, n: int) -> int:
        """A value that a loop of the same round cannot use yet."""
        return int(self.steps[n].operation in REDUCING or self.numpy_computes(n))

    def _rounds(self, judging: bool) -> dict[int, int]:
        """Rounds before the end of a depth, as late as what uses a value allows; judging is in the last."""
        late = {n: self._bump(n) for n in self.roots if n in self.depths} if judging else {}
        for n in sorted(self.depths, reverse=True):
            late.setdefault(n, 0)
            for a in self.steps[n].arguments:
                if self.depths.get(a) == self.depths[n]:
                    late[a] = max(late.get(a, 0), late[n] + self._bump(a))
        return late

    def _parts(self, judging: bool) -> list[Part]:
        deepest = len(self.grid.walked) - 1
        places = {(depth, -self.rounds[n]) for n, depth in self.depths.items()}
        if judging:
            places.add((max(deepest, 0), 0))
        parts = {place: Part(place[0], [], []) for place in sorted(places)}
        for n, depth in sorted(self.depths.items()):
            part = parts[depth, -self.rounds[n]]
            if self.numpy_computes(n):
                part.by_numpy.append(n)
            else:
                self._loop(part, self._walked_over(n)).steps.append(n)
        if judging:
            whole = (1 << self.grid.program.swept) - 1
            self._loop(parts[max(deepest, 0), 0], whole).judging = True
        for part in parts.values():
            part.loops.sort(key=lambda loop: loop.mask.bit_count())
        return list(parts.values())

    def _walked_over(self, n: int) -> int:
        """The axes of the loop that computes a step; a reduction is computed where its term is."""
        step = self.steps[n]
        return self.masks[step.arguments[0]] if step.operation in REDUCING else self.masks[n]

    @staticmethod
    def _loop(part: Part, mask: int) -> Loop:
        found = next((loop for loop in part.loops if loop.mask == mask), None)
        if found is None:
            found = Loop(mask)
            part.loops.append(found)
        return found

    def _stored(self, shown: bool) -> set[int]:
        """Values that something outside their loop uses: other loops, numpy, the blocks where they are shown."""
        home = {n: id(loop) for part in self.parts for loop in part.loops for n in loop.steps}
        judged = next((set(loop.steps) for part in self.parts for loop in part.loops if loop.judging), set())
        stored = (self.roots & set(self.depths)) - judged if shown else set()
        stored |= {n for n in self.depths if n in self.grid.small and n in self.shown}
        stored |= {n for n in self.depths if self._bump(n)}
        for n in self.depths:
            for a in self.steps[n].arguments:
                if a in self.depths and (home.get(a) != home.get(n) or n not in home):
                    stored.add(a)
        return stored

    def in_loops(self, n: int) -> bool:
        """Whether a value is there, complete, inside a loop."""
        return not self._bump(n)

    @cached_property
    def buffers(self) -> dict[int, int]:
        """A number for each stored value; values of the same axes share one when their parts do not overlap."""
        found: dict[int, int] = {}
        free: dict[int, list[int]] = {}
        last = self._last_uses()
        for place, part in enumerate(self.parts):
            for n in part.steps:
                if n in self.stored:
                    spare = free.get(self.masks[n]) if part.depth != ONCE else None
                    found[n] = spare.pop() if spare else len(set(found.values()))
            for n in [n for n in found if last.get(n) == place]:
                free.setdefault(self.masks[n], []).append(found[n])
        return found

    def _last_uses(self) -> dict[int, int]:
        """The last part that uses a value which only parts of its own depth use, blocks excepted."""
        last: dict[int, int] = {}
        for place, part in enumerate(self.parts):
            for n in part.steps:
                for a in self.steps[n].arguments:
                    if a in self.stored:
                        last[a] = place if self.depths[a] == part.depth != ONCE else len(self.parts)
        return last | dict.fromkeys(self.roots, len(self.parts))

    @cached_property
    def shown(self) -> set[int]:
        """What blocks read of small values, and the outputs."""
        return self.grid.wanted | {a for n in self.grid.large for a in self.steps[n].arguments}


def operands(steps: Sequence[int], loop: Loop, grid: Grid) -> list[int]:
    """What a loop reads from outside."""
    program = grid.program
    found = dict.fromkeys(a for n in steps for a in program.steps[n].arguments)
    return [a for a in found if a not in loop.steps or program.steps[a].operation in REDUCING]
