"""Fusion: chains of operators that run as one, by a table of pairs.

A chain goes on with the only reader of its last result, if the pair stands in the table. It ends at forks and at
joins; a gate (`x sigmoid(x)`, an activation times something else) is the one join that is taken in. The usual pairs
(Conv2d, BatchNorm, Linear, add, LayerNorm, MultiheadAttention, GELU) hold for their sisters too: all dimensions of
convolutions, all activations, the other norm before a matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symppa.workloads.ir import Graph, Operator
from symppa.workloads.partition import Subgraph, partition

CONVOLUTIONS = ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
BATCH_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
STEPS = ("ReLU", "ReLU6", "LeakyReLU", "Hardtanh", "Clip")  # bounds: no operation but comparisons
CURVES = ("SiLU", "Sigmoid", "Hardswish", "Hardsigmoid", "GELU", "Tanh", "ELU", "Mish")
ACTIVATIONS = frozenset((*STEPS, *CURVES))
# What may follow what; a dropout, which does nothing at inference, follows whatever comes before one.
PAIRS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(CONVOLUTIONS, ACTIVATIONS | {*BATCH_NORMS}),
    **dict.fromkeys(BATCH_NORMS, ACTIVATIONS),
    "Linear": ACTIVATIONS | {"BatchNorm1d", "Dropout"},
    **dict.fromkeys(("add", "sub"), frozenset({"ReLU", "ReLU6", "SiLU"})),
    "LayerNorm": frozenset({"MultiheadAttention", "Linear"}),
    "RMSNorm": frozenset({"MultiheadAttention", "Linear"}),
    **dict.fromkeys(("MultiheadAttention", "Attention", "Softmax"), frozenset({"Dropout"})),
    **dict.fromkeys(ACTIVATIONS, frozenset({"Dropout"})),
    "GELU": frozenset({"Dropout", "Linear"}),
    "Sigmoid": frozenset({"Dropout", "mul"}),
    "Hardsigmoid": frozenset({"Dropout", "mul"}),
    "SiLU": frozenset({"Dropout", "mul"}),
}
GATES = frozenset({("Sigmoid", "mul"), ("Hardsigmoid", "mul"), ("SiLU", "mul")})  # the other factor is from elsewhere


def fused(graph: Graph) -> tuple[Subgraph, ...]:
    """The subgraphs of a graph, each operator in one of them, in an order in which they may run."""
    chain_of: dict[str, int] = {}
    chains: list[list[Operator]] = []
    for operator in graph.operators:
        number = _before(graph, operator, chains, chain_of)
        if number is None:
            number = len(chains)
            chains.append([])
        chains[number].append(operator)
        chain_of[operator.name] = number
    place = {operator.name: n for n, operator in enumerate(graph.operators)}
    # A gate may wait for its other factor: a chain runs where its last operator stands.
    return partition(graph, sorted(chains, key=lambda chain: place[chain[-1].name]))


def _before(
    graph: Graph, operator: Operator, chains: Sequence[Sequence[Operator]], chain_of: Mapping[str, int]
) -> int | None:
    """The chain that an operator goes on with, if its last member may be followed by it."""
    for name in operator.inputs:
        last = graph.producer.get(name)
        if last is None or chains[chain_of[last.name]][-1] is not last:
            continue
        alone = len(graph.consumers[name]) == 1 and len(last.outputs) == 1 and name not in graph.outputs
        join = len(set(operator.inputs)) > 1 and (last.kind, operator.kind) not in GATES
        if alone and not join and operator.kind in PAIRS.get(last.kind, ()):
            return chain_of[last.name]
    return None
