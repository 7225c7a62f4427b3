"""What a system computes, or the values of a description: nomenclature, formulas, origins."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from symppa.descriptions.bind import NO_SOURCE
from symppa.language.document import Document, Line, Row, align_of, table_of
from symppa.language.written_units import plain as unit_shown
from symppa.reports.report import Column, Report, Table
from symppa.reports.report import Line as Said
from symppa.studies.origins import Leaf, leaves
from symppa.studies.subject import Subject
from symppa.workloads.on_device import NetworkOnDevice

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "psi": "ψ",
    "omega": "ω", "Pi": "Π", "Delta": "Δ", "Sigma": "Σ", "Omega": "Ω", "Theta": "Θ", "Phi": "Φ", "Lambda": "Λ",
}  # fmt: skip


def readable(symbol: str) -> str:
    r"""A LaTeX symbol on a terminal.

    >>> readable(r"V_\\mathrm{t}".replace("\\\\", "\\")), readable(r"\\beta".replace("\\\\", "\\"))
    ('V_t', 'β')
    """
    text = re.sub(r"\\(?:mathrm|text|mathit)\{([^{}]*)\}", r"\1", symbol)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: GREEK.get(m[1], m[1]), text)
    return text.replace("{", "").replace("}", "").replace("\\,", " ")


class Shown:
    """One subject, written in several ways."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.document = Document(subject.model, subject.parts)
        self.rows = list(self.document.rows())
        self.lines = list(self.document.lines())
        self.leaves = leaves(subject)

    @property
    def meaning(self) -> str:
        """One line about it."""
        if self.subject.description is not None:
            return self.subject.description.meaning
        return (inspect.getdoc(type(self.subject.model)) or "").partition("\n")[0]

    @property
    def title(self) -> str:
        """Its name and its system."""
        name, system = self.subject.name, self.subject.system
        return name if name == system else f"{name} ({system})"

    def report(self) -> Report:
        """Nomenclature and formulas."""
        tables = (*self.nomenclature(), *self.formulas(), *self.network())
        return Report(self.title, self.meaning, tables, self.said())

    def network(self) -> tuple[Table, ...]:
        """The operators of a network on a device, and their laws."""
        if not isinstance(self.subject.description, NetworkOnDevice):
            return ()
        from symppa.reports.operators import tables

        return tables(self.subject.description.network)

    def formula_report(self) -> Report:
        """Formulas alone."""
        return Report(self.title, self.meaning, (*self.formulas(), *self.network()[1:]), self.said())

    def said(self) -> tuple[Said, ...]:
        """Parts that are another once more."""
        return tuple(
            Said(r.path, f"as {r.like}, with " + ", ".join(f"{name} = {text}" for name, text in r.wires))
            for r in self.document.repeated
        )

    def nomenclature(self) -> tuple[Table, ...]:
        """Givens with their values, then formulas."""
        values = self.values()
        worth = "value" if self.subject.description is not None else "default"
        heads = tuple(Column(h) for h in ("given", "symbol", "unit", worth, "meaning", "source"))
        givens = tuple(
            (r.name, readable(r.declared), unit_shown(r.unit), *self._worth(r, values))
            for r in self.rows
            if r.role != "formula"
        )
        formulas = tuple(
            (r.name, readable(r.declared), unit_shown(r.unit), r.meaning, r.source)
            for r in self.rows
            if r.role == "formula"
        )
        out = tuple(Column(h) for h in ("formula", "symbol", "unit", "meaning", "source"))
        return Table("givens", heads, givens), Table("formulas", out, formulas)

    def values(self) -> dict[str, list[Leaf]]:
        """Leaves by the given they belong to."""
        found: dict[str, list[Leaf]] = {}
        for row in (r for r in self.rows if r.role != "formula"):
            mine = [x for x in self.leaves if x.name == row.name or x.name.startswith(f"{row.name}.")]
            if mine:
                found[row.name] = mine
        return found

    def _worth(self, row: Row, values: Mapping[str, list[Leaf]]) -> tuple[str, str, str]:
        """Value, meaning with its domain, source."""
        mine = values.get(row.name, [])
        meaning = f"{row.meaning} ({row.domain})" if row.domain else row.meaning
        if row.role != "given":
            return ", ".join(x.text for x in mine), f"{meaning} ({row.role})", ""
        of_network = isinstance(self.subject.description, NetworkOnDevice) and row.name.startswith("net.")
        if of_network and len(mine) > 1:
            text = f"{len(mine)} values, counted from the operators below"
        else:
            text = ", ".join(x.text if x.name == row.name else f"{x.keys[-1]}: {x.text}" for x in mine)
        sources = dict.fromkeys(x.source for x in mine if x.source != NO_SOURCE)
        return text, meaning, "; ".join(sources)

    def formulas(self) -> tuple[Table, ...]:
        """Expressions, part by part."""
        heads = (Column("formula"), Column("unit"), Column("computed as"))
        by_part: dict[tuple[str, str], list[Line]] = {}
        for line in self.lines:
            by_part.setdefault((line.part, line.kind), []).append(line)
        return tuple(
            Table(
                f"{part} ({kind})" if part else kind,
                heads,
                tuple((x.name.removeprefix(f"{part}."), unit_shown(x.unit), x.text) for x in lines),
            )
            for (part, kind), lines in by_part.items()
        )

    def latex(self, *, formulas_only: bool = False) -> str:
        """The formulas for amsmath, and a nomenclature for booktabs and siunitx."""
        blocks = ["% needs amsmath, and booktabs and siunitx for the table"]
        blocks += [align_of(self.lines)] + ([] if formulas_only else [table_of(self.rows)])
        return "\n\n".join(blocks)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        values = self.values()
        return {
            "name": self.subject.name,
            "system": self.subject.system,
            "meaning": self.meaning,
            "givens": [
                {**r._asdict(), "values": [_leaf(x) for x in values.get(r.name, [])]}
                for r in self.rows
                if r.role != "formula"
            ],
            "formulas": [x._asdict() for x in self.lines],
            "repeated": [r._asdict() for r in self.document.repeated],
            **self._network_dict(),
        }

    def _network_dict(self) -> dict[str, Any]:
        """Operators and laws as plain data, of a network on a device."""
        found = {}
        for table in self.network():
            heads = [column.head for column in table.columns]
            found[table.title] = [dict(zip(heads, row, strict=True)) for row in table.rows]
        return {"network": found} if found else {}


def _leaf(leaf: Leaf) -> dict[str, Any]:
    plain = asdict(leaf)
    return {"name": leaf.name, "value": leaf.text, **{k: plain[k] for k in ORIGIN}}


ORIGIN = ("origin", "file", "line", "source", "confidence", "instead")


def origins(subject: Subject) -> Report:
    """Every value and who says it."""
    found = leaves(subject)
    rows = [(x.name, x.text, "; ".join(x.instead), _place(x), x.source, x.confidence.lower()) for x in found]
    heads = [Column(h) for h in ("value of", "is", "instead of", "said by", "source", "confidence")]
    lines = [Said("order", "default < extends < file < --set < axis of a sweep")]
    levels = dict.fromkeys(x.confidence for x in found)
    kept = [k for k in range(6) if not (k == 2 and not any(r[2] for r in rows)) and not (k == 5 and len(levels) == 1)]
    if len(levels) == 1:
        lines.append(Said("confidence", next(iter(levels))))
    folders = dict.fromkeys(str(Path(x.file).parent) for x in found if x.file)
    lines += [Said("folder", folder) for folder in folders]
    table = Table("", tuple(heads[k] for k in kept), tuple(tuple(row[k] for k in kept) for row in rows))
    return Report(f"{subject.name} ({subject.system})", "", (table,), tuple(lines))


def _place(leaf: Leaf) -> str:
    """File and line, or who else says it."""
    return f"{leaf.origin}:{leaf.line}" if leaf.file else leaf.origin


def origins_dict(subject: Subject) -> dict[str, Any]:
    """The same as plain data."""
    found = [_leaf(leaf) for leaf in leaves(subject)]
    return {"name": subject.name, "system": subject.system, "values": found}
