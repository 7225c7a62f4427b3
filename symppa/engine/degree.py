"""The degree reading: whether a value is constant or affine in one given, proved on the program, not on samples."""

from __future__ import annotations

from symppa.engine.program import Program, Step
from symppa.language.operations import LEAVES, MARK

SUMS = ("add", "subtract")


def degree(program: Program, output: str, given: str) -> int | None:
    """0 where an output does not depend on a given, 1 where it is affine in it, None where that is not shown.

    >>> from symppa.engine.compile import compile
    >>> from symppa.language import Model, formula
    >>> from symppa.language import given as declared
    >>> class Line(Model):
    ...     x = declared("m", "place")
    ...     y = formula("m", 3 * x / 2 + x, "height", derived=True)
    ...     z = formula("m**2", x * x, "square", derived=True)
    >>> program = compile(Line())
    >>> degree(program, "y", "x"), degree(program, "z", "x")
    (1, None)
    """
    wanted = program.output(output).step
    found: dict[int, int | None] = {}
    for n in program.needed([wanted]):
        step = program.steps[n]
        if step.operation in LEAVES:
            found[n] = int(step.operation == "given" and step.detail == given)
        else:
            found[n] = _degree(step, [found[a] for a in step.arguments])
    sizes = program.needed(s for axis in program.axes for s in axis.sizes)
    if any(program.steps[n].operation == "given" and program.steps[n].detail == given for n in sizes):
        return None  # a set grows with the given
    return found[wanted]


def _degree(step: Step, arguments: list[int | None]) -> int | None:
    """Of one operation, by those of its arguments."""
    if not any(arguments) and None not in arguments:
        return 0
    if None in arguments:
        return None
    first, *others = [a for a in arguments if a is not None]
    if step.operation in (*SUMS, "total", MARK):
        return 1
    if step.operation == "multiply":
        return 1 if first + sum(others) == 1 else None
    if step.operation in ("divide", "where"):  # the place of the divisor and of the condition must not move
        fixed = others[0] if step.operation == "divide" else first
        return 1 if not fixed else None
    return None
