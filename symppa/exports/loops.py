"""What C, JavaScript and Python texts share: in which loops steps are computed, their names, and their expressions.

Steps over the same sets share a loop. A loop reads what earlier loops have stored, and what sums and extremes they
have reduced to; so loops come in rounds. A step that nobody named and one other step uses is written inside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from symppa.descriptions.bind import NO_SOURCE
from symppa.engine.program import Definition, Step
from symppa.exports.content import Content, Index
from symppa.exports.heading import plain
from symppa.exports.names import identifiers
from symppa.language.operations import BY_NAME, LEAVES, MARK, REDUCING

WIDTH = 84  # characters of an expression that still takes steps in
BINDS = {"add": 1, "subtract": 1, "multiply": 2, "divide": 2}
QUOTIENT = frozenset({"ceil_div", "floor_div"})


Columns = Mapping[str, tuple[str, str, float]]  # how a column and its number of rows are written, and its scale


class Round(NamedTuple):
    """Steps that one loop over some axes computes; over none they are plain statements."""

    axes: tuple[int, ...]
    steps: tuple[int, ...]


class Text(NamedTuple):
    """An expression, and how tightly its outermost sign binds: 3 is a name or a call."""

    text: str
    binds: int = 3

    def inside(self, least: int) -> str:
        """Written where at least so much binding is needed."""
        return self.text if self.binds >= least else f"({self.text})"


class Dialect(NamedTuple):
    """How a language writes leaves: a constant, the place in a set and its length by the identifier of each."""

    language: str
    undefined: str
    infinite: str
    place: str
    length: str

    def literal(self, number: float) -> Text:
        """A constant to the last bit."""
        if number != number:
            return Text(self.undefined)
        if number in (float("inf"), float("-inf")):
            return Text(self.infinite) if number > 0 else Text(f"-{self.infinite}", 0)
        return Text(figure(number), 3 if number >= 0 else 0)


def rounds(content: Content) -> list[Round]:
    """The loops of a program, in an order in which each finds what it reads."""
    program, level = content.program, dict[int, int]()
    found: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    axes = {n: domain(content, n) for n in program.live}
    for n in _ordered(content):
        step = program.steps[n]
        if step.operation in LEAVES:
            continue
        before = [0]
        for a in step.arguments:
            if program.steps[a].operation not in LEAVES:
                apart = axes[a] != axes[n] or program.steps[a].operation in REDUCING
                before.append(level[a] + apart)
        before += [level.get(s, -1) + 1 for s in sizes(content, n)]
        level[n] = max(before)
    _later(content, axes, level)
    for n in level:
        found.setdefault((level[n], axes[n]), []).append(n)
    return [Round(at, tuple(found[deep, at])) for deep, at in sorted(found)]


def _later(content: Content, axes: Mapping[int, tuple[int, ...]], level: dict[int, int]) -> None:
    """Put what is computed over sets into the round that reads it, where the sets are the same."""
    program, bounds = content.program, {s for axis in content.program.axes for s in axis.sizes}
    latest: dict[int, int] = {}
    for n in reversed(level):
        if axes[n] and n in latest and n not in bounds:
            level[n] = max(level[n], latest[n])
        for a in program.steps[n].arguments:
            apart = axes[a] != axes[n] or program.steps[a].operation in REDUCING
            latest[a] = min(latest.get(a, level[n]), level[n] - apart)


def domain(content: Content, n: int) -> tuple[int, ...]:
    """The axes that computing a step walks: those of its term where it reduces."""
    step = content.program.steps[n]
    return content.program.sets(step.arguments[0] if step.operation in REDUCING else n)


def sizes(content: Content, n: int) -> set[int]:
    """The steps that bound the sets a step walks."""
    return {s for k in domain(content, n) for s in content.program.axes[k].sizes}


def _ordered(content: Content) -> list[int]:
    """Live steps, what sizes a set before what walks it."""
    program, done, order = content.program, set[int](), list[int]()
    for root in program.live:
        stack = [root]
        while stack:
            n = stack[-1]
            wanted = [a for a in (*program.steps[n].arguments, *sorted(sizes(content, n))) if a not in done]
            if n in done or not wanted:
                stack.pop()
                order += [n] if n not in done else []
                done.add(n)
            else:
                stack += reversed(wanted)
    return order


class Steps:
    """The lines of a program in one language: `lines(round)`, `names[step]`, `expression(step)`, `note(step)`."""

    def __init__(self, content: Content, dialect: Dialect, taken: Iterable[str], columns: Columns) -> None:
        self.content, self.dialect, self.program = content, dialect, content.program
        self.columns = columns
        self.rounds = rounds(content)
        self.defined = self._defined()
        self.scales = {p.step: p.scale for p in content.parameters}
        self.indexes: dict[int, Index] = {index.axis: index for index in content.indexes}
        self._name(taken)
        self.uses = Counter(a for n in self.program.live for a in self.program.steps[n].arguments)
        self.wanted = {o.step for o in content.outputs} | {s for i in content.indexes for s in i.sizes}
        self.texts: dict[int, Text] = {}
        self.inside: set[int] = set()
        for one in self.rounds:
            for n in one.steps:
                self.texts[n] = self._text(n, set(one.steps))

    def _defined(self) -> dict[int, list[Definition]]:
        found: dict[int, list[Definition]] = {}
        for one in self.content.definitions:
            found.setdefault(one.step, []).append(one)
        return found

    def _name(self, taken: Iterable[str]) -> None:
        """Names of steps, places and lengths, all in one scope."""
        keys: dict[int, str] = {p.step: p.name for p in self.content.parameters}
        used = set(keys.values())
        for n in (n for one in self.rounds for n in one.steps):
            known = [d.name for d in self.defined.get(n, ()) if d.name not in used]
            again = [f"{d.name} again" for d in self.defined.get(n, ())]
            keys[n] = next((name for name in (*known, *again) if name not in used), f"x{n}")
            used.add(keys[n])
        sets = [word for index in self.content.indexes for word in (f"at {index.name}", f"number of {index.name}")]
        whole = {n: f"all {key}" for n, key in keys.items() if self.program.sets(n)}
        words = identifiers(self.dialect.language, [*keys.values(), *sets, *whole.values()], taken)
        self.arrays = {n: words[key] for n, key in whole.items()}
        self.names = {n: words[key] for n, key in keys.items()}
        self.places = {i.axis: words[f"at {i.name}"] for i in self.content.indexes}
        self.lengths = {i.axis: words[f"number of {i.name}"] for i in self.content.indexes}

    # expressions

    def value(self, n: int) -> Text:
        """How a step is referred to."""
        step = self.program.steps[n]
        if step.operation == "constant":
            return self.dialect.literal(step.detail)
        if step.operation == "coordinate":
            return Text(self.dialect.place.format(self.places[step.detail]))
        if step.operation == "count":
            return Text(self.dialect.length.format(self.lengths[step.detail]))
        return Text(self.names[n])

    def expression(self, n: int) -> str:
        """The right-hand side of a step's line; of a reduction, its term."""
        return self.texts[n].text

    def lines(self, one: Round) -> list[int]:
        """The steps of a round that have a line of their own."""
        return [n for n in one.steps if n not in self.inside]

    def reads(self, one: Round) -> list[int]:
        """Steps outside a round that its lines refer to."""
        mine = set(one.steps)
        found = (a for n in one.steps for a in self.program.steps[n].arguments if a not in mine)
        return list(dict.fromkeys(found))

    def note(self, n: int) -> str:
        """Unit, meaning and source of the definitions that a step is."""
        return "; ".join(
            f"{'' if k == 0 else f'{d.name}: '}{described(d.unit, d.meaning, '' if d.derived else d.source)}"
            for k, d in enumerate(self.defined.get(n, ()))
        )

    def _text(self, n: int, mine: set[int]) -> Text:
        """The text of a step; takes in the arguments that may ride along while they fit."""
        step = self.program.steps[n]
        arguments = {a: self.value(a) for a in step.arguments if a not in self.texts}
        arguments |= {a: Text(self.names[a]) for a in step.arguments if a in self.texts}
        for a in dict.fromkeys(step.arguments):
            if a in mine and self._rides(a, n):
                tried = self._written(step, [({**arguments, a: self.texts[a]})[b] for b in step.arguments])
                if len(tried.text) <= WIDTH:
                    arguments[a] = self.texts[a]
                    self.inside.add(a)
        return self._written(step, [arguments[a] for a in step.arguments])

    def _rides(self, a: int, n: int) -> bool:
        step = self.program.steps[a]
        alone = self.uses[a] == 1 and a not in self.defined and a not in self.wanted
        return alone and step.operation not in REDUCING and self.program.sets(a) == domain(self.content, n)

    def _written(self, step: Step, arguments: list[Text]) -> Text:
        operation = step.operation
        if operation == MARK or operation in REDUCING:
            return arguments[0]
        if operation in BINDS:
            return self._infix(step, arguments)
        template: str = getattr(BY_NAME[operation], self.dialect.language)
        least = 2 if operation in QUOTIENT else 0
        words = [a.inside(least + (least and k)) for k, a in enumerate(arguments)]
        if operation == "lookup":
            column, rows, scale = self.columns[step.detail]
            found = template.format(words[0], k=column, n=rows)
            return Text(found) if scale == 1 else Text(f"{found} * {figure(scale)}", 2)
        if operation == "smooth_largest":
            return Text(template.format(", ".join(words), n=len(words) - 1))
        return Text(template.format(*words, k=step.detail))

    def _infix(self, step: Step, arguments: list[Text]) -> Text:
        """The template puts brackets around all; only those that are needed stay."""
        if step.operation == "multiply":
            constants = [self.program.steps[a] for a in step.arguments]
            for k, one in enumerate(constants):
                if one.operation == "constant" and one.detail == -1.0:
                    return Text(f"-{arguments[1 - k].inside(3)}", 0)
        binds = BINDS[step.operation]
        template: str = getattr(BY_NAME[step.operation], self.dialect.language)
        words = arguments[0].inside(binds), arguments[1].inside(binds + 1)
        return Text(template.format(*words)[1:-1], binds)


def figure(number: float) -> str:
    """A number to the last bit, zeros counted where they are many: 2.5, 16.0, 1e9."""
    text = repr(float(number))
    digits, zeros = text.removesuffix(".0"), len(text.removesuffix(".0")) - len(text.removesuffix(".0").rstrip("0"))
    return f"{digits[:-zeros]}e{zeros}" if text.endswith(".0") and zeros >= 6 else text


def times(scale: float) -> str:
    """What takes a number from its unit to base units, after it."""
    return "" if scale == 1 else f" * {figure(scale)}"


def per(scale: float) -> str:
    """What takes a number from base units to its unit, after it."""
    return "" if scale == 1 else f" / {figure(scale)}"


def described(unit: str, meaning: str, source: str = "") -> str:
    """`GHz, clock of the array (source)`; a pure number says so by 1."""
    return plain(f"{unit}, {meaning}" + (f" ({source})" if source not in ("", "derived", NO_SOURCE) else ""))
