"""A member of a vector as a given of its own, so that a search may choose it."""

from __future__ import annotations

from dataclasses import replace

from symppa.engine.program import Known, Program, Step


def apart(program: Program, vector: str, label: str, place: int) -> Program:
    """The same program in which the member at a place reads the given `vector.label`; the vector's own is unread."""
    name, at, given = f"{vector}.{label}", program.number_of[vector], program.givens[vector]
    axis = given.over[0]
    added = (
        Step("given", (), name),
        Step("coordinate", (), axis),
        Step("constant", (), place),
        Step("equal", (at + 2, at + 3)),
        Step("where", (at + 4, at + 1, at)),
    )
    masks = (0, 1 << axis, 0, 1 << axis, 1 << axis | program.masks[at])
    shift = len(added)

    def moved(n: int) -> int:
        return n if n < at else n + shift

    def numbered(step: Step) -> Step:
        return step._replace(arguments=tuple(map(moved, step.arguments)))

    steps = (*program.steps[: at + 1], *added, *map(numbered, program.steps[at + 1 :]))
    own = replace(given, name=name, over=())
    known = Known("given", given.unit, given.meaning)
    definitions = tuple(replace(d, step=moved(d.step)) for d in program.definitions)
    return replace(
        program,
        steps=steps,
        masks=(*program.masks[: at + 1], *masks, *program.masks[at + 1 :]),
        axes=tuple(replace(a, sizes=tuple(map(moved, a.sizes))) for a in program.axes),
        outputs={n: replace(d, step=moved(d.step)) for n, d in program.outputs.items()},
        definitions=definitions,
        givens={**program.givens, name: own},
        known={**program.known, name: known},
        kept={n: moved(k) for n, k in program.kept.items()},
    )
