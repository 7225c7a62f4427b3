"""What a network has that a KPU lacks."""

from __future__ import annotations

from symppa.errors import UnsupportedOpError
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.lower.building import unsupported
from symppa.kpu.shapes import PRIMITIVES


def supported(program: KPUProgram) -> KPUProgram:
    """The same program; refused where something in it has no operator, all of them named.

    Exponentials, roots and maxima may stay where fusion finds a softmax or a norm in them.
    """
    left = unsupported(program)
    if any(one in PRIMITIVES for one in left):
        from symppa.kpu.passes.fold import fold
        from symppa.kpu.passes.fuse import fuse

        left = unsupported(fuse(fold(program)))
    if left:
        raise UnsupportedOpError(left)
    return program
