"""What torch raises for a module, a program or an archive that it cannot follow."""

from __future__ import annotations

KNOWN = (RuntimeError, ValueError, TypeError, AttributeError, AssertionError, LookupError, NotImplementedError)


def refusals(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """The errors of torch, its verifier of graphs included, and further ones; the first line says why."""
    from torch._export.verifier import SpecViolationError

    return (*KNOWN, SpecViolationError, *more)
