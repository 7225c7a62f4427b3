"""Limits at stated values of what is uncertain: a program in which an output stands once more for each case."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from symppa.engine.program import Program, Step
from symppa.engine.reducers import Limit
from symppa.engine.search import Problem
from symppa.errors import UnsupportedError


class Case(NamedTuple):
    """A limit, by its place, at values of uncertain givens in base units."""

    place: int
    values: Mapping[str, float]


def follows(program: Program, output: str, names: Collection[str]) -> bool:
    """Whether an output depends on some of these givens."""
    return not set(names).isdisjoint(program.support(program.output(output).step))


def at_cases(problem: Problem, names: Collection[str], cases: Sequence[Case]) -> Problem:
    """The problem whose limits hold in every case; those that nothing uncertain moves stay as they are."""
    program, limits = problem.program, []
    _refuse_sizes(program, names)
    limits = [one for one in problem.limits if not follows(program, one.output, names)]
    for k, case in enumerate(cases):
        limit = problem.limits[case.place]
        name = f"{limit.output}, case {k + 1}"
        program = _repeated(program, limit, name, case.values)
        limits.append(limit._replace(output=name))
    return replace(problem, program=program, limits=tuple(limits))


def _refuse_sizes(program: Program, names: Collection[str]) -> None:
    for axis in program.axes:
        for size in axis.sizes:
            moved = [name for name in names if name in program.support(size)]
            if moved:
                raise UnsupportedError(
                    f"{moved[0]} decides how long {axis.name} is: no limit is held for all its values; fix it"
                )


def _repeated(program: Program, limit: Limit, name: str, values: Mapping[str, float]) -> Program:
    """The steps of an output once more, with numbers in place of some givens."""
    steps, masks = list(program.steps), list(program.masks)
    shown = program.output(limit.output)
    new: dict[int, int] = {}
    for n in program.needed([shown.step]):
        step = program.steps[n]
        if step.operation == "given" and step.detail in values:
            made = Step("constant", (), float(values[step.detail]))
        elif any(a in new for a in step.arguments):
            made = step._replace(arguments=tuple(new.get(a, a) for a in step.arguments))
        else:
            continue
        new[n] = len(steps)
        steps.append(made)
        masks.append(program.masks[n])
    output = replace(shown, name=name, step=new.get(shown.step, shown.step))
    outputs = {**program.outputs, name: output}
    return replace(program, steps=tuple(steps), masks=tuple(masks), outputs=outputs)
