"""The statements of a program in a language with loops: C and JavaScript differ only in how they spell them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import wrap
from typing import Any, NamedTuple

from symppa.engine.lowering import EMPTY
from symppa.exports.content import Index
from symppa.exports.loops import Round, Steps
from symppa.language.operations import BY_NAME, REDUCING

WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


class Syntax(NamedTuple):
    """How statements are spelled."""

    constant: str  # {name} {text}
    running: str  # {name} {text}
    loop: str  # {place} {length}
    comment: str  # {text}
    safe: Callable[[str], str]  # a text of others in a comment
    array: Callable[[str, str], list[str]]  # of a name and a length
    filled: Callable[[str, str, str], list[str]]  # the same with a number everywhere
    extent: Callable[[Index, str, list[str], list[tuple[str, str]]], list[str]]  # of a set: sizes, arrays of them
    product: Callable[[list[str]], str]  # of lengths
    member: Callable[[int, str], str]  # a vector given at an offset, in base units


class Body:
    """Statements that compute every step, round by round; arrays hold what later rounds and outputs read."""

    def __init__(self, steps: Steps, syntax: Syntax) -> None:
        self.steps, self.syntax, self.program = steps, syntax, steps.program
        self.known: set[int] = set()  # sized sets whose extent is there
        self.stored = self._stored()

    def _stored(self) -> set[int]:
        """Steps over sets that another round or an output reads, and what reductions leave over sets."""
        steps, program = self.steps, self.program
        read = {a for one in steps.rounds for a in steps.reads(one)} | steps.wanted
        return {
            n
            for one in steps.rounds
            for n in one.steps
            if program.sets(n) and (n in read or program.steps[n].operation in REDUCING)
        }

    def lines(self) -> list[str]:
        """All of it but the outputs."""
        return [line for one in self.steps.rounds for line in self._round(one)]

    def loop(self, axes: Iterable[int], inside: list[str]) -> list[str]:
        """Statements for every member of some sets."""
        opening, deep = [], 0
        for axis in axes:
            place, length = self.steps.places[axis], self.steps.lengths[axis]
            opening.append("  " * deep + self.syntax.loop.format(place=place, length=length))
            deep += 1
        closing = ["  " * k + "}" for k in reversed(range(deep))]
        return [*opening, *("  " * deep + line for line in inside), *closing]

    def extents(self, axes: Iterable[int]) -> list[str]:
        """The lengths of sized sets, where they are not there yet."""
        found: list[str] = []
        for axis in axes:
            index = self.steps.indexes[axis]
            if index.sizes and axis not in self.known:
                self.known.add(axis)
                single = [self.steps.value(s).text for s in index.sizes if not self.program.sets(s)]
                several = [(self.steps.arrays[s], self.length(s)) for s in index.sizes if self.program.sets(s)]
                found += self.syntax.extent(index, self.steps.lengths[axis], single, several)
        return found

    def offset(self, n: int, axes: Iterable[int] | None = None) -> str:
        """Where the member at hand lies in an array over the sets of a step, the last set fastest."""
        found = ""
        for axis in self.program.sets(n) if axes is None else axes:
            place = self.steps.places[axis]
            found = f"({found}) * {self.steps.lengths[axis]} + {place}" if " " in found else (
                f"{found} * {self.steps.lengths[axis]} + {place}" if found else place
            )  # fmt: skip
        return found

    def length(self, n: int) -> str:
        """Members of a step, over all its sets."""
        return self.syntax.product([self.steps.lengths[axis] for axis in self.program.sets(n)])

    def loads(self, wanted: Iterable[int]) -> list[str]:
        """Constants for what lies in arrays, at the places at hand."""
        found = []
        for n in wanted:
            step = self.program.steps[n]
            if step.operation == "given" and self.program.sets(n):
                order = self.program.givens[step.detail].over
                text = self.syntax.member(n, self.offset(n, order))
            elif n in self.stored:
                text = f"{self.steps.arrays[n]}[{self.offset(n)}]"
            else:
                continue
            found.append(self.syntax.constant.format(name=self.steps.names[n], text=text))
        return found

    def _round(self, one: Round) -> list[str]:
        steps = self.steps
        before = self.extents(one.axes)
        inside = self.loads(steps.reads(one)) if one.axes else []
        for n in steps.lines(one):
            step = self.program.steps[n]
            over = bool(self.program.sets(n))
            if step.operation in REDUCING:
                start = steps.dialect.literal(EMPTY[step.operation]).text
                note = self._note(n)
                if over:
                    before += [*note, *self.syntax.filled(steps.arrays[n], self.length(n), start)]
                else:
                    before += self.noted(self.syntax.running.format(name=steps.names[n], text=start), n)
                running = f"{steps.arrays[n]}[{self.offset(n)}]" if over else steps.names[n]
                template = getattr(BY_NAME[step.operation], steps.dialect.language)
                inside.append(template.format(steps.expression(n), r=running) + ";")
                continue
            inside += self.noted(self.syntax.constant.format(name=steps.names[n], text=steps.expression(n)), n)
            if n in self.stored:
                before += self.syntax.array(steps.arrays[n], self.length(n))
                inside.append(f"{steps.arrays[n]}[{self.offset(n)}] = {steps.names[n]};")
        return [*before, *self.loop(one.axes, inside)]

    def _note(self, n: int) -> list[str]:
        note = self.steps.note(n)
        return [
            self.syntax.comment.format(text=line) for line in wrap(self.syntax.safe(note), 100, break_on_hyphens=False)
        ]

    def noted(self, line: str, n: int) -> list[str]:
        """A statement with what it means: beside it where that fits, else above."""
        note = self._note(n)
        if len(note) == 1 and len(line) + len(note[0]) <= 108:
            return [f"{line} {note[0]}"]
        return [*note, *(wrap(line, 108, subsequent_indent="  ", **WHOLE) if '"' not in line else [line])]
