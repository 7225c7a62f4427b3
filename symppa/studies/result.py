"""What every study gives back: values with units, confidence and sources, and how they came about."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from symppa.errors import QuestionError, suggest

if TYPE_CHECKING:
    from symppa.studies.estimate import EstimationResult

Array = np.ndarray[Any, Any]
PINT = {"dimensionless": "", "degree_Celsius": "degC"}  # how pint writes what units.txt does not


@dataclass(frozen=True)
class Input:
    """A value that went in, as it was written: a text, a number, or these by label or in a list."""

    value: Any
    unit: str
    meaning: str
    sources: tuple[str, ...]
    confidence: str
    origin: str

    @property
    def text(self) -> str:
        """The value on one line."""
        return as_text(self.value)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "value": self.value,
            "unit": self.unit,
            "meaning": self.meaning,
            "confidence": self.confidence,
            "sources": list(self.sources),
            "origin": self.origin,
        }


@dataclass(frozen=True)
class Coordinate:
    """Values along one dimension: numbers in a unit, or labels."""

    values: Array
    unit: str = "1"
    meaning: str = ""


@dataclass(frozen=True)
class Output:
    """A value that came out, in its declared unit; `dims` name its dimensions.

    `calibration` names what its confidence rests on, `interval` holds the ends of its interval, each like the values.
    """

    values: Array
    dims: tuple[str, ...]
    unit: str
    meaning: str = ""
    sources: tuple[str, ...] = ()
    confidence: str = "THEORETICAL"
    calibration: str = ""
    interval: tuple[Array, Array] | None = None


@dataclass(frozen=True)
class Result:
    """The answer of a study. `result["energy"]` is an array, or a float where there is one value.

    >>> from symppa.studies.evaluate import evaluate
    >>> result = evaluate("nexgen_baseline")
    >>> result["power"]
    267.2
    >>> result.unit("power")
    'W'
    """

    study: str
    system: str
    name: str
    outputs: Mapping[str, Output]
    coordinates: Mapping[str, Coordinate] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    question: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for output in self.outputs.values():
            output.values.flags.writeable = False
        for coordinate in self.coordinates.values():
            coordinate.values.flags.writeable = False
        for name in ("outputs", "coordinates", "inputs", "counts", "facts", "hashes", "question"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> Any:
        values = (getattr(self, f.name) for f in fields(self))
        return Result, tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)

    def output(self, name: str) -> Output:
        """One output with its unit and sources."""
        if name not in self.outputs:
            raise QuestionError(f"the result has no {name!r}{suggest(name, self.outputs)}")
        return self.outputs[name]

    def __getitem__(self, name: str) -> Any:
        values = self.output(name).values
        return values.item() if values.ndim == 0 else values

    def __contains__(self, name: object) -> bool:
        return name in self.outputs

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def unit(self, name: str) -> str:
        """The unit an output is in."""
        return self.output(name).unit

    def quantity(self, name: str) -> Any:
        """An output as a pint Quantity."""
        from symppa import units

        return units.quantity(self[name], self.unit(name))

    def top(self, n: int = 1) -> Any:
        """The first n rows of a ranking: (name, value), or a list of them."""
        if self.study != "sensitivity":
            raise QuestionError(f"top() ranks sensitivities; this is a {self.study}")
        names, values = self.coordinates["given"].values, self["elasticity"]
        rows = [(str(a), float(b)) for a, b in zip(names[:n], values[:n], strict=True)]
        return rows[0] if n == 1 else rows

    @property
    def estimates(self) -> dict[str, EstimationResult]:
        """Every output that is one number, as an estimate."""
        from symppa.studies.estimate import estimate

        return {n: estimate(o) for n, o in self.outputs.items() if o.values.ndim == 0 and o.values.dtype.kind == "f"}

    @property
    def confidence(self) -> str:
        """The weakest confidence of any output."""
        from symppa.descriptions.bind import weakest

        return weakest([o.confidence for o in self.outputs.values()])

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source of a formula or value used."""
        found = [s for o in self.outputs.values() for s in o.sources]
        found += [s for i in self.inputs.values() for s in i.sources]
        return tuple(dict.fromkeys(s for s in found if s))

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, in a fixed order."""
        return {
            "study": self.study,
            "system": self.system,
            "description": self.name,
            "question": as_data(self.question),
            "confidence": self.confidence,
            "outputs": {n: _output(o) for n, o in self.outputs.items()},
            "coordinates": {n: _coordinate(c) for n, c in self.coordinates.items()},
            "inputs": {n: i.to_dict() for n, i in self.inputs.items()},
            "counts": dict(self.counts),
            "facts": dict(self.facts),
            "notes": list(self.notes),
            "sources": list(self.sources),
            "versions": versions(),
            "hashes": dict(self.hashes),
        }

    def to_json(self) -> str:
        """The result as JSON; the same question gives the same bytes."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> Any:
        """A pandas DataFrame, one row per member of the dimensions, units in `attrs`."""
        from symppa.studies import tables

        return tables.to_frame(self)

    def to_xarray(self) -> Any:
        """An xarray Dataset with units in attrs."""
        from symppa.studies import tables

        return tables.to_xarray(self)

    def plot(self, path: Any = None) -> Any:
        """A matplotlib figure of the result; written to `path` when given."""
        from importlib import import_module

        return import_module("symppa.reports.plot").plot(self, path)

    def _repr_html_(self) -> str:
        from importlib import import_module

        html: str = import_module("symppa.reports.html").as_html(self)
        return html

    def _repr_latex_(self) -> str:
        from importlib import import_module

        latex: str = import_module("symppa.reports.latex").as_latex(self)
        return latex

    def __repr__(self) -> str:
        shown = ", ".join(list(self.outputs)[:6])
        return f"<{self.study} of {self.name}: {shown}{', ...' if len(self.outputs) > 6 else ''}>"


def as_text(value: Any) -> str:
    """A value on one line; a long list by its ends."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {as_text(v)}" for k, v in value.items())
    if isinstance(value, list) and len(value) > 8:
        return f"{len(value)} values, {as_text(value[0])} to {as_text(value[-1])}"
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return str(value)


def as_data(raw: Any) -> Any:
    """What a caller passed, as JSON holds it without loss; what has a unit, or is not finite, as a text.

    >>> as_data({"clock": (np.array([1.0, 2.5]), "GHz"), "gap": float("nan")})
    {'clock': ['1.0 GHz', '2.5 GHz'], 'gap': 'nan'}
    """
    if isinstance(raw, Mapping):
        return {str(k): as_data(v) for k, v in raw.items()}
    if isinstance(raw, tuple) and len(raw) == 2 and isinstance(raw[1], str) and not isinstance(raw[0], str):
        numbers = np.asarray(raw[0])
        exact = numbers.astype(float) if numbers.dtype.kind == "f" else numbers
        return _with_unit(exact.tolist(), PINT.get(raw[1], raw[1]))
    if hasattr(raw, "magnitude") and hasattr(raw, "units"):
        return as_data((raw.magnitude, str(raw.units)))
    if isinstance(raw, np.ndarray) and raw.dtype.kind in "iuf" and np.isfinite(raw).all():
        return raw.tolist()  # points come by the million
    if hasattr(raw, "tolist"):
        whole = isinstance(raw, np.ndarray) and raw.dtype.kind in "iuf" and bool(np.isfinite(raw).all())
        return raw.tolist() if whole else as_data(raw.tolist())
    if isinstance(raw, list | tuple):
        return [as_data(v) for v in raw]
    if isinstance(raw, float) and not math.isfinite(raw):
        return str(raw)
    return raw if isinstance(raw, int | float) or raw is None else str(raw)


def _with_unit(numbers: Any, unit: str) -> Any:
    if isinstance(numbers, list):
        return [_with_unit(v, unit) for v in numbers]
    return f"{numbers!r} {unit}".rstrip()


def _number(value: Any) -> Any:
    """A JSON number; what is not finite is null."""
    if isinstance(value, str | np.str_):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return None
    return number


def plain(values: Array) -> Any:
    """Nested lists of JSON values."""
    return [plain(v) for v in values] if np.ndim(values) else _number(np.asarray(values)[()])


def _output(o: Output) -> dict[str, Any]:
    return {
        "unit": o.unit,
        "dims": list(o.dims),
        "values": plain(o.values),
        "meaning": o.meaning,
        "confidence": o.confidence,
        **({} if o.interval is None else {"interval": [plain(end) for end in o.interval]}),
        **({"calibration": o.calibration} if o.calibration else {}),
        "sources": list(o.sources),
    }


def _coordinate(c: Coordinate) -> dict[str, Any]:
    return {"unit": c.unit, "values": plain(c.values), "meaning": c.meaning}


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions that a result depends on."""
    from symppa.version import __version__

    return {"symppa": __version__, "python": platform.python_version(), "numpy": np.__version__}
