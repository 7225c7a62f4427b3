"""A system's formulas outside symppa: a paper, a page, a program, a sheet. Each writer reads one `Content`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

from symppa.errors import QuestionError, suggest
from symppa.exports.content import Content
from symppa.studies.subject import System

# The module that writes each form, and the suffix of its file.
FORMS = {
    "latex": ("latex", ".tex"),
    "markdown": ("markdown", ".md"),
    "python": ("python", ".py"),
    "c": ("c", ".h"),
    "javascript": ("javascript", ".mjs"),
    "spreadsheet": ("spreadsheet", ".xlsx"),
    "html": ("html", ".html"),
}


def export(
    system: System,
    to: str,
    outputs: Sequence[str] = ("*",),
    values: Mapping[str, Any] | None = None,
    *,
    parts: Mapping[str, str] | None = None,
    **options: Any,
) -> str | bytes:
    """The formulas of a system in another form, values and sources with them: text, or the bytes of a spreadsheet.

    `options` are those of the form: its module's `Options` lists them.

    >>> export("gemm_tiler", "python", ["cycles"]).splitlines()[0]
    '\"\"\"gemm_tiler: ...'
    """
    writer = import_module(f"symppa.exports.{form(to)[0]}")
    return writer.write(Content(system, outputs, values, parts), made_options(to, options))  # type: ignore[no-any-return]


def form(to: str) -> tuple[str, str]:
    """Module and suffix of a form; an unknown one is refused with the nearest."""
    if to not in FORMS:
        raise QuestionError(f"there is no export to {to!r}{suggest(to, FORMS)}")
    return FORMS[to]


def made_options(to: str, options: Mapping[str, Any]) -> Any:
    """The options of a form; what another form has is refused."""
    kind = import_module(f"symppa.exports.{form(to)[0]}").Options
    known = [field.name for field in fields(kind)]
    for name in options:
        if name not in known:
            has = f"; it has {', '.join(known)}" if known else ""
            raise QuestionError(f"an export to {to} has no option {name!r}{suggest(name, known) if known else has}")
    return kind(**options)
