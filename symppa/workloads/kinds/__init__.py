"""Every kind of operator, one row each."""

from __future__ import annotations

from symppa.errors import WorkloadError, suggest
from symppa.workloads.kinds import attention, convolution, elementwise, matrix, views
from symppa.workloads.kinds.kind import Call as Call
from symppa.workloads.kinds.kind import Kind as Kind

KINDS: dict[str, Kind] = {
    row.name: row for room in (convolution, matrix, attention, elementwise, views) for row in room.ROWS
}


def kind(name: str) -> Kind:
    """A kind by name; an unknown one is refused with the nearest."""
    if name not in KINDS:
        near = next((known for known in KINDS if known.lower() == name.lower()), name)
        raise WorkloadError(f"there is no kind of operator {name!r}{suggest(near, KINDS)}")
    return KINDS[name]
