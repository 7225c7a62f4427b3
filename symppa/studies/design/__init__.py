"""Design targets: the best design, proved, or the reason there is none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symppa.studies.design.answer import design as design
    from symppa.studies.design.convex.handed import as_cvxpy as as_cvxpy
    from symppa.studies.design.verification.certificate import verify as verify

HOMES = {"as_cvxpy": "convex.handed", "design": "answer", "verify": "verification.certificate"}
__all__ = ["as_cvxpy", "design", "verify"]


def __getattr__(name: str) -> Any:
    """The study on first use: the rooms below it do without."""
    if name in HOMES:
        return getattr(import_module(f"symppa.studies.design.{HOMES[name]}"), name)
    raise AttributeError(f"symppa.studies.design has no {name!r}")
