"""symppa: symbolic power, performance and area models of AI hardware."""

from __future__ import annotations

from importlib import import_module

from symppa.version import __version__ as __version__

TYPE_CHECKING = False  # typing itself is loaded later: a Ctrl-C meanwhile would print a traceback
if TYPE_CHECKING:
    from typing import Any

    from symppa.descriptions.load import load as load
    from symppa.errors import SymppaError as SymppaError
    from symppa.exports import export as export
    from symppa.language import Model as Model
    from symppa.language import ceil_div as ceil_div
    from symppa.language import choices as choices
    from symppa.language import floor_div as floor_div
    from symppa.language import formula as formula
    from symppa.language import given as given
    from symppa.language import index as index
    from symppa.language import integers as integers
    from symppa.language import largest as largest
    from symppa.language import lookup as lookup
    from symppa.language import part as part
    from symppa.language import parts as parts
    from symppa.language import reals as reals
    from symppa.language import smallest as smallest
    from symppa.language import table as table
    from symppa.language import total as total
    from symppa.language import where as where
    from symppa.studies.compare import compare as compare
    from symppa.studies.design import design as design
    from symppa.studies.evaluate import evaluate as evaluate
    from symppa.studies.pareto import pareto as pareto
    from symppa.studies.replay import replay as replay
    from symppa.studies.result import Result as Result
    from symppa.studies.sensitivity import sensitivity as sensitivity
    from symppa.studies.sweep import sweep as sweep
    from symppa.workloads.torch.exporting import load_workload as load_workload

_HOMES = {
    "load": "descriptions.load",
    "SymppaError": "errors",
    "Result": "studies.result",
    "export": "exports",
    "load_workload": "workloads.torch.exporting",
    **{
        study: f"studies.{study}"
        for study in ("evaluate", "sweep", "pareto", "sensitivity", "compare", "design", "replay")
    },
    **dict.fromkeys(
        (
            *("Model", "given", "formula", "table", "index", "parts", "part", "total", "integers", "choices"),
            *("reals", "ceil_div", "floor_div", "largest", "smallest", "lookup", "where"),
        ),
        "language",
    ),
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """A public name on first use: `symppa --help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"symppa has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"symppa.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
