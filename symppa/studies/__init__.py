"""Studies: one function per question, on frozen things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symppa.studies.design.convex.handed import as_cvxpy as as_cvxpy

__all__ = ["as_cvxpy"]


def __getattr__(name: str) -> Any:
    """What of a room is asked for here, on first use: most questions do without it."""
    if name == "as_cvxpy":
        from symppa.studies.design.convex.handed import as_cvxpy

        return as_cvxpy
    raise AttributeError(f"symppa.studies has no {name!r}")
