"""What was fused in the subgraphs that a fit saw; an operator alone is told with its kind."""

from __future__ import annotations

from functools import lru_cache

from symppa.calibration.measurement import Measurements
from symppa.workloads import reading
from symppa.workloads.partition import UNFUSED, Subgraph
from symppa.workloads.table import table

SUBGRAPH = "subgraph"


def named(step: Subgraph) -> str:
    """The pattern of a subgraph; one operator alone is told with its kind."""
    return step.pattern if len(step.operators) > 1 else f"{step.pattern} ({step.kinds[0]})"


def patterns_of(rows: Measurements) -> frozenset[str]:
    """The patterns among measured subgraphs.

    Rows that tell no kind of a single operator stand for those that their network has, where it is a shipped one.
    """
    found = {row.pattern for row in rows if row.op == SUBGRAPH and row.pattern}
    alone = {row.network for row in rows if row.op == SUBGRAPH and row.pattern == UNFUSED}
    for network in alone & set(reading.networks()):
        found |= _alone(network)
    return frozenset(found)


@lru_cache(maxsize=64)
def _alone(network: str) -> frozenset[str]:
    """The operators of a network that nothing is fused to."""
    graph = reading.network(reading.found(network))
    steps = table(graph, [graph.sizes()]).subgraphs
    return frozenset(named(step) for step in steps if len(step.operators) == 1 and not step.free)
