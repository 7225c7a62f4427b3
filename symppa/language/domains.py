"""Domains: the values a given may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symppa import units
from symppa.errors import DeclarationError


@dataclass(frozen=True)
class Domain:
    """`values` are the choices, or (low, high, step) of a range, as written."""

    kind: str
    values: tuple[Any, ...]

    def checked(self, unit: str) -> Domain:
        """The same domain, in base units; labels stay texts."""
        if self.kind == "choices" and all(isinstance(v, str) for v in self.values) and not self._measured():
            return self
        if self.kind == "member":
            return self
        values = tuple(None if v is None else float(units.worth(v, unit, "domain")) for v in self.values)
        low, high = values[0], values[1 % len(values)]
        if self.kind == "reals" and low is not None and high is not None and low > high:
            raise DeclarationError(f"reals({self.values[0]}, {self.values[1]}) is empty: the lower end comes first")
        return Domain(self.kind, values)

    def _measured(self) -> bool:
        return all(units.split(str(v)) is not None for v in self.values)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels, when values are chosen by name; their order is their number."""
        found = self.kind == "choices" and self.values and isinstance(self.values[0], str)
        return self.values if found else None

    def __str__(self) -> str:
        if self.kind == "choices":
            return " | ".join(str(v) for v in self.values)
        if self.kind == "member":
            return f"a member of {self.values[0]}"
        low, high, step = self.values
        ends = f"{'...' if low is None else f'{low:g}'} to {'...' if high is None else f'{high:g}'}"
        whole = "whole numbers " if self.kind == "integers" else ""
        return f"{whole}{ends}{'' if step is None else f' in steps of {step:g}'}"


def integers(low: int | None = None, high: int | None = None) -> Domain:
    """Whole numbers from low to high, both included."""
    if low is not None and high is not None and low > high:
        raise DeclarationError(f"integers({low}, {high}) is empty: the lower end comes first")
    return Domain("integers", (low, high, None))


def choices(*values: Any) -> Domain:
    """One of the values: numbers, texts with units, or labels."""
    if not values or len(set(values)) != len(values):
        raise DeclarationError(f"choices{values} needs distinct values, at least one")
    if len({isinstance(v, str) for v in values}) > 1:
        raise DeclarationError(f"choices{values} mixes labels and numbers")
    return Domain("choices", values)


def reals(low: Any = None, high: Any = None, step: Any = None) -> Domain:
    """Real numbers from low to high, both included, optionally in steps from low."""
    if step is not None and low is None:
        raise DeclarationError("reals(..., step=...) counts its steps from low: give it")
    return Domain("reals", (low, high, step))


def member(index: Any) -> Domain:
    """A label of a set; in expressions its position 0, 1, ..."""
    if getattr(index, "role", None) != "index":
        raise DeclarationError(f"member({index}) needs a set: declare it with index(...)")
    return Domain("member", (index,))
