"""Design targets: the best design, proved, or the reason there is none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symppa.studies.design.answer import design as design
    from symppa.studies.design.certificate import verify as verify

HOMES = {"design": "answer", "verify": "certificate"}
__all__ = ["design", "verify"]


def __getattr__(name: str) -> Any:
    """The study on first use: the rooms below it do without."""
    if name in HOMES:
        return getattr(import_module(f"symppa.studies.design.{HOMES[name]}"), name)
    raise AttributeError(f"symppa.studies.design has no {name!r}")
