"""The modelling language: given, formula, Model, and the functions an expression may use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symppa.language.declarations import formula as formula
    from symppa.language.declarations import given as given
    from symppa.language.declarations import index as index
    from symppa.language.declarations import one as one
    from symppa.language.domains import choices as choices
    from symppa.language.domains import integers as integers
    from symppa.language.domains import member as member
    from symppa.language.domains import reals as reals
    from symppa.language.functions import ceil_div as ceil_div
    from symppa.language.functions import count as count
    from symppa.language.functions import equal as equal
    from symppa.language.functions import exp as exp
    from symppa.language.functions import floor_div as floor_div
    from symppa.language.functions import geometric_sum as geometric_sum
    from symppa.language.functions import lambert_w as lambert_w
    from symppa.language.functions import largest as largest
    from symppa.language.functions import log as log
    from symppa.language.functions import lookup as lookup
    from symppa.language.functions import member_at as member_at
    from symppa.language.functions import power as power
    from symppa.language.functions import smallest as smallest
    from symppa.language.functions import smooth_largest as smooth_largest
    from symppa.language.functions import sqrt as sqrt
    from symppa.language.functions import total as total
    from symppa.language.functions import where as where
    from symppa.language.model import Model as Model
    from symppa.language.model import part as part
    from symppa.language.model import parts as parts
    from symppa.language.model import table as table
    from symppa.language.model import total_of as total_of

_MODULES = {
    "declarations": ("formula", "given", "index", "one"),
    "domains": ("choices", "integers", "member", "reals"),
    "functions": (
        "ceil_div",
        "count",
        "equal",
        "exp",
        "floor_div",
        "geometric_sum",
        "lambert_w",
        "largest",
        "log",
        "lookup",
        "member_at",
        "power",
        "smallest",
        "smooth_largest",
        "sqrt",
        "total",
        "where",
    ),
    "model": ("Model", "part", "parts", "table", "total_of"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """A name on first use: programs from the cache need none of them, and no sympy."""
    if name not in _HOMES:
        raise AttributeError(f"symppa.language has no {name!r}")
    return getattr(import_module(f"symppa.language.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
