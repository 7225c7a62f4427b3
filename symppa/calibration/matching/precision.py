"""The number format that each operator of a network is computed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from symppa.calibration.operations import dtype
from symppa.descriptions import systems
from symppa.descriptions.bind import bind
from symppa.descriptions.load import load
from symppa.engine.compile import catalogue, compile
from symppa.errors import MeasurementError, QuestionError, suggest
from symppa.language.scope import Scope
from symppa.workloads.ir import Graph, Operator

PRECISION = "chip.precision"


def formats_of(graph: Graph, device: str, precision: str, kinds: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The format of every operator, and how all of them are called together: FP16, or FP16 with FP32.

    Most of the network takes the precision in use. What the graph has in another format than most keeps it, and
    `kinds` tell the format of every operator of a kind.
    """
    known = {o.kind for o in graph.operators}
    for name in kinds:
        if name not in known:
            raise QuestionError(f"{graph.name} has no operator of kind {name!r}{suggest(name, known)}")
    used = dtype(precision) if precision else own_format(device)
    written = {o.name: _written(graph, o) for o in graph.operators}
    most = Counter(text for text in written.values() if text).most_common(1)
    usual = most[0][0] if most else ""
    found = {}
    for o in graph.operators:
        kept = used if written[o.name] in ("", usual) else dtype(written[o.name])
        found[o.name] = dtype(kinds[o.kind]) if o.kind in kinds else kept
    counted = Counter(found.values())
    return found, " with ".join(name.upper() for name, _ in counted.most_common()) or used.upper()


def _written(graph: Graph, operator: Operator) -> str:
    """The format of what an operator writes, empty where that takes none."""
    for name in operator.outputs:
        if graph.tensors[name].scaled:
            return graph.tensors[name].dtype
    return ""


def own_format(device: str) -> str:
    """The format that a device computes in where none is told."""
    description = load(device)
    cls = systems.find(description.system)
    if not hasattr(cls, "chip"):
        raise MeasurementError(f"{device} is no device of the registry: it describes a {description.system}")
    model = cls()
    told = bind(description, catalogue(Scope.root(model)))
    if PRECISION in told:
        return dtype(str(told[PRECISION].raw))
    return dtype(str(compile(model, {"rate": cls.chip.matrix_rate}).givens[PRECISION].default))
