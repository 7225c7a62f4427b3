"""Schedule: the order of operators in which activations take the least room at the fullest moment.

The search is that of `workloads.orders`; it proves its order, or says by how much another one might be better.
"""

from __future__ import annotations

from dataclasses import replace

from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.liveness import roots
from symppa.workloads.orders import Order, Step, least_peak


def schedule(program: KPUProgram) -> KPUProgram:
    """The program with its operators in the best order that is found."""
    order = best_order(program)
    ops = [replace(program.ops[at], schedule_order=place) for place, at in enumerate(order.steps)]
    facts = {"peak": order.peak, "bound": order.bound, "proved": order.proved, "states": order.states}
    return replace(program, ops=ops, facts={**program.facts, "schedule": facts})


def best_order(program: KPUProgram) -> Order:
    """The order of operators that takes the least room.

    What an operator reads is what it is a view of; that the view comes first is told by a tensor without a size.
    """
    root = roots(program)
    sizes = {name: program.tensors[name].size_bytes if name == top else 0 for name, top in root.items()}
    steps = []
    for op in program.ops:
        read = [name for name in op.input_ids if name in root]
        written = tuple(op.output_ids)
        views = [root[name] for name in read if root[name] != name]
        steps.append(Step(tuple(dict.fromkeys((*read, *views))), written))
    used = {name for step in steps for name in step.reads}
    kept = [root[name] for name in program.output_ids if name in root]
    unread = [name for name in program.input_ids if name not in used]
    return least_peak(steps, sizes, program.input_ids, tuple(dict.fromkeys((*kept, *unread))))
