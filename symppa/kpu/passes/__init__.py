"""From a network to code for a KPU: passes, each from a program to a program, run one after the other.

A pass is a file here with a function of its name. It changes nothing in place. What it did is told in `program.facts`,
which passes have been run in `program.facts["passes"]`; after each one the program is verified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module

from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.wiring import Pass

# In the order in which they run.
PASSES = (
    "fold", "fuse", "layout", "quantize", "schedule", "residency", "tile", "allocate", "prefetch", "pack",
)  # fmt: skip


def step(name: str) -> Pass:
    """The function of a pass."""
    found: Pass = getattr(import_module(f"{__name__}.{name}"), name)
    return found


def applied(
    program: KPUProgram,
    names: Sequence[str] = PASSES,
    instead: Mapping[str, Pass] | None = None,
    progress: Callable[[str], None] | None = None,
) -> KPUProgram:
    """The program after some passes, verified after each; `instead` of some of them others are run under their name.

    `progress` hears the name of each before it is run.
    """
    from symppa.kpu.rules.table import verify

    for name in names:
        if progress is not None:
            progress(name)
        made = (instead or {}).get(name, step(name))(program)
        program = replace(made, facts={**made.facts, "passes": [*program.facts.get("passes", []), name]})
        verify(program, name)
    return program
