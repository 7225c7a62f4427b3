"""What has to hold of a KPU program: one table of rules, each from the pass on that brings it about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from symppa.errors import CompilationError, suggest
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.passes import PASSES
from symppa.kpu.rules import graph, numbers, places, tiles

# Passes in their order; a rule holds after the pass that it names and after all behind it.
STAGES = ("lower", *PASSES)


class Rule(NamedTuple):
    """One rule: what it asks, from which pass on, and how it is found broken, a sentence each time."""

    name: str
    asks: str
    since: str
    check: Callable[[KPUProgram], Iterator[str]]


def verify(program: KPUProgram, after: str | None = None) -> KPUProgram:
    """The same program, where all rules hold that are due after a pass; else every one that is broken is told.

    Without a pass told it is the last one that the program says it went through.
    """
    stage = _stage(program, after)
    found = broken(program, stage)
    if found:
        raise CompilationError(f"{program.name} is no valid program after {stage}: {'; '.join(found)}")
    return program


def broken(program: KPUProgram, after: str | None = None) -> list[str]:
    """The rules that are broken after a pass, a sentence each, with the name of the rule."""
    place = STAGES.index(_stage(program, after))
    found: list[str] = []
    for rule in RULES:
        if STAGES.index(rule.since) <= place:
            here = [f"{rule.name}: {sentence}" for sentence in rule.check(program)]
            found += here
            if here and rule.name in FIRST:
                break  # what follows counts on these
    return found


def _stage(program: KPUProgram, after: str | None) -> str:
    if after is None:
        after = next(iter(reversed(program.facts.get("passes", []))), STAGES[0])
    if after not in STAGES:
        raise CompilationError(f"there is no pass {after!r}{suggest(after, STAGES)}")
    return after


RULES = (
    Rule("references", "operators and ends name tensors that are there", "lower", graph.references),
    Rule("names", "operators and tensors have names of their own, ends are marked as such", "lower", graph.names),
    Rule(
        "written once", "a tensor is written by one operator, or is there before the run", "lower", graph.written_once
    ),
    Rule("produced", "a tensor is written before it is read", "lower", graph.produced),
    Rule("epilogues", "what is fused behind an operator reads its last inputs", "lower", graph.epilogues),
    Rule("shapes", "shapes follow from what is read", "lower", graph.shapes),
    Rule("formats", "tensors have formats that are known", "lower", graph.formats),
    Rule("limits", "axes, batch and precision are within the configuration", "lower", graph.limits),
    Rule("primitives", "operators are known, those of patterns included", "lower", graph.primitives),
    Rule("order", "operators stand as they are to run", "lower", graph.order),
    Rule("weights", "every weight has its numbers", "lower", graph.weights),
    Rule("operators", "operators are those of the configuration", "fuse", graph.supported),
    Rule("precisions", "the arrays multiply in formats that they take", "quantize", numbers.precisions),
    Rule("scales", "scales are above 0, zero points in their format, one to a channel", "quantize", numbers.scales),
    Rule("views", "a view lies where what it is a view of lies", "residency", places.views),
    Rule("residents", "activations that stay in L2 do not overlap, and fit", "residency", places.residents),
    Rule("tiles", "tiles cover every side of an operator, and are no larger", "tile", tiles.tiles),
    Rule("footprints", "tiles fit in L1, and in L2 beside what stays there", "tile", tiles.footprints),
    Rule(
        "estimates",
        "estimates are numbers from 0 on, and no operator is faster than its parts",
        "tile",
        tiles.estimates,
    ),
    Rule("aligned", "tensors begin at addresses that suit them", "allocate", places.aligned),
    Rule("allocation", "no two tensors that are alive at once overlap in memory", "allocate", places.no_overlap),
    Rule("peaks", "memory is large enough, and the most that is taken is told", "allocate", places.peaks),
    Rule(
        "prefetches", "what is fetched ahead are weights that are read later, once each", "prefetch", tiles.prefetches
    ),
    Rule("totals", "totals are the sums of their parts", "pack", tiles.totals),
)
FIRST = ("references", "names", "written once", "produced", "epilogues", "shapes", "formats", "views", "tiles")
