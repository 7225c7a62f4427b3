"""From a model to a program: names resolved, values numbered, the order of operations frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from symppa import units
from symppa.engine.lowering import Lowering
from symppa.engine.program import Axis, Definition, Given, Known, Program
from symppa.errors import QuestionError, UnknownValueError
from symppa.language import dimension as dimensions
from symppa.language.declarations import COLUMN, FORMULA, GIVEN, INDEX, Name
from symppa.language.model import Model, join
from symppa.language.scope import Choices, Scope, matches

Axes = Mapping[str, Sequence[str]] | Iterable[str]
Outputs = str | Iterable[str] | Mapping[str, Any]


def compile(
    model: Model,
    outputs: Outputs = "*",
    axes: Axes = (),
    *,
    keep: Sequence[str] = (),
    choose: Choices | None = None,
) -> Program:
    """The program of some outputs of a model.

    `outputs` are names or patterns (`stages.*.energy`), or a mapping of names to expressions over the model.
    `axes` are names of givens, each an axis, or {axis: givens that move together}. `keep` marks named values
    that a breakdown needs apart. `choose` maps slots to classes.

    >>> from symppa.language import Model, formula, given
    >>> class Square(Model):
    ...     side = given("m", "side")
    ...     area = formula("m**2", side * side, "area", derived=True)
    >>> compile(Square(), "area").operations
    1
    """
    named = axes if isinstance(axes, Mapping) else {name: (name,) for name in axes}
    root = Scope.root(model, choose)
    known = catalogue(root)
    swept = [
        Axis(name, swept=tuple(_swept(one, known, type(model).__name__) for one in told))
        for name, told in named.items()
    ]
    lowering = Lowering(root, swept, keep)
    for name in (n for axis in swept for n in axis.swept):  # an axis has its length, though no output may follow it
        scope, declared = root.find(name)
        lowering.value(scope, declared, False)
    wanted = dict(_outputs(root, outputs, lowering))
    givens = {name: _given(name, *found, lowering) for name, found in lowering.inputs.items()}  # may bring sets
    return Program(
        model=type(model).__name__,
        steps=tuple(lowering.steps),
        masks=tuple(lowering.masks),
        axes=tuple(
            Axis(a.name, a.meaning, a.swept, tuple(lowering.sizes.get(k, ()))) for k, a in enumerate(lowering.axes)
        ),
        swept=lowering.swept,
        outputs=wanted,
        definitions=tuple(lowering.definitions.values()),
        givens=givens,
        columns={name: (declared.unit_text, declared.meaning) for name, declared in lowering.columns.items()},
        known=known,
        kept=dict(lowering.kept),
    )


def _outputs(root: Scope, outputs: Outputs, lowering: Lowering) -> Iterable[tuple[str, Definition]]:
    if isinstance(outputs, Mapping):
        for name, expr in outputs.items():
            yield name, _expression(root, name, sp.sympify(expr), lowering)
        return
    for pattern in [outputs] if isinstance(outputs, str) else outputs:
        names = expand(root, pattern)
        if not names:
            raise QuestionError(f"{root.cls.__name__} has no output that matches {pattern!r}")
        for name in names:
            scope, declared = root.find(name)
            yield name, _definition(name, declared, lowering.value(scope, declared, False))


def _expression(root: Scope, name: str, expr: Any, lowering: Lowering) -> Definition:
    problems: list[str] = []
    found = dimensions.of(expr, problems.append)
    if problems or found is None:
        raise QuestionError(f"{name}: " + "; ".join(problems))
    if isinstance(expr, Name) and expr.role in (GIVEN, FORMULA):
        scope, declared = root.resolve(expr)
        return _definition(name, declared, lowering.value(scope, declared, False))
    step = lowering.walk(expr, root, False)
    names = sorted(expr.atoms(Name), key=lambda n: n.serial)
    alike = [n.unit_text for n in names if n.role in (GIVEN, FORMULA) and n.dimension == found]
    return Definition(name, alike[0] if alike else units.base_unit(found), f"value of {name}", "", True, "", step)


def _definition(name: str, declared: Name, step: int) -> Definition:
    d = declared
    return Definition(name, d.unit_text, d.meaning, d.source, d.derived, d.symbol, step)


def expand(root: Scope, pattern: str) -> list[str]:
    """Formulas that match a pattern, level by level; a plain name stands for itself."""
    if not any(c in pattern for c in "*?["):
        return [pattern]
    names = [
        join(s.path, a)
        for s in root.walk()
        for a, d in s.cls._declared.items()
        if d.role == FORMULA and d.expr is not ...
    ]
    return [name for name in names if matches(name, pattern)]


def catalogue(root: Scope) -> dict[str, Known]:
    """Every given, set and table a model can be told, by dotted name."""
    known: dict[str, Known] = {}
    for scope in root.walk():
        for attr, declared in scope.cls._declared.items():
            if attr in scope.wires or attr.partition(".")[0] in scope.wires:
                continue
            full = join(scope.shared, attr)
            if declared.role == GIVEN:
                known[full] = _known(scope, declared)
            elif declared.role == INDEX:
                known[full] = Known("set", "1", declared.meaning)
            elif declared.role == COLUMN:
                table, _, column = full.rpartition(".")
                before = known.get(table, Known("table", "1", "table"))
                known[table] = Known("table", "1", "table", columns={**before.columns, column: declared.unit_text})
    return known


def _known(scope: Scope, declared: Name) -> Known:
    sets = [scope.settled(i) for i in declared.over]
    names = tuple(join(where.shared, one.attr) for where, one in sets)
    labelled = declared.domain is not None and (declared.domain.kind == "member" or declared.domain.labels is not None)
    return Known("given", declared.unit_text, declared.meaning, names, labelled)


def _given(name: str, scope: Scope, declared: Name, lowering: Lowering) -> Given:
    domain = declared.domain
    written: tuple[str, tuple[Any, ...]] | None = None
    if domain is not None and domain.kind == "member":
        written = ("member", (lowering.axis(scope, domain.values[0]),))
    elif domain is not None:
        written = (domain.kind, domain.values)
    over = tuple(lowering.axis(scope, i) for i in declared.over)
    d = declared
    return Given(name, d.unit_text, d.meaning, d.source, d.symbol, d.default, over, written)


def _swept(name: str, known: Mapping[str, Known], model: str) -> str:
    """The given that moves along an axis: the one named, or the vector that a name is a member of."""
    givens = [n for n, one in known.items() if one.kind == "given"]
    if name in givens:
        return name
    vectors = [n for n in givens if name.startswith(f"{n}.") and len(known[n].sets) == 1]
    if not vectors:
        raise UnknownValueError(model, name, givens)
    return max(vectors, key=len)
