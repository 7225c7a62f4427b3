"""The border: values come in once, checked and converted to base units; inside there are only floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symppa import units
from symppa.engine.program import Given, Program
from symppa.errors import DomainError, MissingValueError, ShapeError, UnknownValueError, suggest

Values = Mapping[str, Any]
Array = np.ndarray[Any, Any]


class Border:
    """Arrays of a program's givens, each dimension on its axis; lengths and labels of its sets."""

    def __init__(self, program: Program, values: Values, *, merge: bool = True) -> None:
        self.program, self.values = program, values
        self.labels: dict[int, list[str]] = {}
        self.lengths: dict[int, int] = {}
        self.times: dict[int, Array] = {}
        self.back: dict[int, Array] = {}
        for name in values:
            if name not in program.known:
                raise UnknownValueError(program.model, name, program.known)
        for k in range(program.swept, len(program.axes)):
            self._size(k)
        self.arrays = self._givens()
        self._refuse_empty()
        self.tables = self._tables()
        if merge:
            self._merge()

    def _size(self, axis: int) -> None:
        """A set's members, when the values state them."""
        given = self.values.get(self.program.axes[axis].name)
        if given is None:
            return
        if isinstance(given, int | np.integer) and not isinstance(given, bool):
            self.lengths[axis] = int(given)
        elif isinstance(given, Sequence) and not isinstance(given, str):
            self.labels[axis], self.lengths[axis] = [str(v) for v in given], len(given)
        else:
            raise ShapeError(f"{self.program.axes[axis].name} is a set: give its labels or its size, not {given!r}")

    def _refuse_empty(self) -> None:
        """Only a set with a size of its own may be empty."""
        for k, axis in enumerate(self.program.axes):
            if self.lengths.get(k, 1) < 1 and not axis.sizes:
                what = f"{axis.name} ({axis.meaning})" if axis.meaning else axis.name
                raise ShapeError(
                    f"{what} needs at least one member; a set that may be empty has a size: index(size=...)"
                )

    def _givens(self) -> dict[int, Array]:
        program, missing, arrays = self.program, [], {}
        live = [n for n in program.live if program.steps[n].operation == "given"]
        later = []
        for n in live:
            given = program.givens[program.steps[n].detail]
            if self.values.get(given.name, given.default) is None:
                missing.append(f"{given.name} [{given.unit}] ({given.meaning})")
            elif given.domain is not None and given.domain[0] == "member":
                later.append((n, given))
            else:
                arrays[n] = self._place(given, self._worth(given))
        if missing:
            raise MissingValueError(missing)
        for n, given in later:  # labels of their sets are known by now
            arrays[n] = self._place(given, self._member(given))
        return arrays

    def _worth(self, given: Given) -> Any:
        value = self.values.get(given.name, given.default)
        if isinstance(value, Mapping):
            value = self._labelled(given, value)
        if given.labels is not None:
            places = {label: float(k) for k, label in enumerate(given.labels)}
            value = self._placed(given, value, places)
        if isinstance(value, list | tuple) and not _is_pair(value):
            entries = [
                units.worth(v, given.unit, given.name, given.meaning) if isinstance(v, str | tuple) else None
                for v in value
            ]
            if any(e is not None for e in entries):
                value = np.array([units.worth(v, given.unit, given.name, given.meaning) for v in value], float)
            else:
                value = units.worth(np.asarray(value, float), given.unit, given.name, given.meaning)
        else:
            value = units.worth(value, given.unit, given.name, given.meaning)
        value = np.asarray(value, float)
        check_domain(given, value)
        return value

    def _labelled(self, given: Given, value: Mapping[str, Any]) -> list[Any]:
        """A mapping by label, in the order of its set."""
        axis_names = [self.program.axes[a].name for a in given.over]
        if len(given.over) != 1:
            raise ShapeError(f"{given.name} stands over {axis_names or 'no set'}: a mapping by label needs exactly one")
        labels = self.labels.setdefault(given.over[0], [str(k) for k in value])
        written = {str(k): v for k, v in value.items()}
        if set(labels) != set(written):
            odd = sorted(set(labels) ^ set(written))
            raise ShapeError(
                f"{given.name} and other values disagree on the members of {axis_names[0]}: {', '.join(odd)}"
            )
        self.lengths.setdefault(given.over[0], len(labels))
        return [written[label] for label in labels]

    def _member(self, given: Given) -> Any:
        axis = given.domain[1][0] if given.domain else 0
        labels = self.labels.get(axis, [])
        places = {label: float(k) for k, label in enumerate(labels)}
        if len(places) < len(labels):
            raise ShapeError(f"{given.name} is a member of {self.program.axes[axis].name}, which has a label twice")
        value = self.values.get(given.name, given.default)
        value = self._labelled(given, value) if isinstance(value, Mapping) else value
        return np.asarray(self._placed(given, value, places, self.lengths.get(axis)), float)

    def _placed(self, given: Given, value: Any, places: Mapping[str, float], length: int | None = None) -> Any:
        """Labels as positions; positions pass."""
        if isinstance(value, str):
            if value not in places:
                raise DomainError(f"{given.name} = {value!r} is no choice{suggest(value, places)}")
            return places[value]
        if isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.ndim:
            return self._all_placed(given, value, places, length)
        if isinstance(value, list | tuple | np.ndarray):
            return [self._placed(given, v, places, length) for v in value]
        if not isinstance(value, int | float | np.number):
            raise DomainError(f"{given.name} = {value!r} is no choice{suggest(str(value), places)}")
        if not 0 <= float(value) < (length if length is not None else len(places)) or float(value) % 1:
            raise DomainError(f"{given.name} = {value} is no choice; choose {', '.join(places)}")
        return float(value)

    def _all_placed(self, given: Given, value: Array, places: Mapping[str, float], length: int | None) -> Array:
        """An array of positions, looked at as a whole: a list of designs has millions."""
        odd = ~((value >= 0) & (value < (length if length is not None else len(places)))) | (value % 1 != 0)
        if odd.any():
            self._placed(given, float(value[odd][0]), places, length)
        return value

    def _place(self, given: Given, value: Any) -> Array:
        """Each dimension on its axis, equally long wherever the axis is met."""
        array, axes = placed(self.program, given, value)
        for axis in axes:
            length = array.shape[axis]
            if self.lengths.setdefault(axis, length) != length:
                known = self.lengths[axis]
                raise ShapeError(
                    f"{given.name} has {length} values along {self.program.axes[axis].name}, which has {known}"
                )
        if not array.size:  # an empty set is walked as one member that nothing reads
            array = np.full([max(n, 1) for n in array.shape], np.nan)
        return array

    def _tables(self) -> dict[str, tuple[Array, Array]]:
        """Sorted keys and entries of every column."""
        tables = {}
        for column, (unit, meaning) in self.program.columns.items():
            name, _, short = column.rpartition(".")
            rows = self.values.get(name)
            if rows is None:
                raise MissingValueError([f"the table {name} ({meaning})"])
            by_key = {_key(name, k): row for k, row in rows.items()}
            if len(by_key) < max(len(rows), 1):
                raise DomainError(f"the table {name} has {'a key twice' if rows else 'no rows'}")
            keys = np.array(sorted(by_key))
            absent = [f"{k:g}" for k in keys if short not in by_key[k]]
            if absent:
                raise MissingValueError([f"{column} [{unit}] at {', '.join(absent)}"])
            entries = [units.worth(by_key[k][short], unit, f"{column}[{k:g}]", meaning) for k in keys]
            tables[column] = keys, np.array(entries, float)
        return tables

    def _merge(self) -> None:
        """Equal members of an unsized set whose positions nobody uses become one, counted."""
        program = self.program
        told = {program.steps[n].detail for n in program.live if program.steps[n].operation == "coordinate"}
        for axis in range(program.swept, len(program.axes)):
            if axis in self.lengths and axis not in told and not program.axes[axis].sizes:
                self._merge_axis(axis)

    def _merge_axis(self, axis: int) -> None:
        over = [n for n, a in self.arrays.items() if a.shape[axis] > 1]
        if any(self.arrays[n].size != self.arrays[n].shape[axis] for n in over):
            return
        length = self.lengths[axis]
        rows = np.stack([self.arrays[n].ravel() for n in over], 1) if over else np.zeros((length, 1))
        _, first, back, times = np.unique(rows, axis=0, return_index=True, return_inverse=True, return_counts=True)
        if len(first) == length:
            return
        for n in over:
            self.arrays[n] = np.take(self.arrays[n], first, axis=axis)
        shape = [1] * len(self.program.axes)
        shape[axis] = len(first)
        self.times[axis], self.back[axis] = times.reshape(shape).astype(float), np.ravel(back)

    def members(self, axis: int) -> list[str]:
        """Labels of a set, or its positions."""
        return self.labels.get(axis) or [str(k) for k in range(self.lengths.get(axis, 1))]

    def inner(self, axis: int) -> int | None:
        """Members of a set that are walked, equal ones merged."""
        return len(self.back[axis]) and int(self.times[axis].size) if axis in self.back else self.lengths.get(axis)


def _key(table: str, key: Any) -> float:
    try:
        number = float(key)
    except (TypeError, ValueError):
        number = 0.5
    if number % 1:
        raise DomainError(f"the table {table} has the key {key!r}; keys are whole numbers")
    return number


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str) and not isinstance(value[0], str)


def placed(program: Program, given: Given, value: Any) -> tuple[Array, list[int]]:
    """Each dimension on its axis: sets in the order of `over`, then the sweep; with the axes met."""
    value = np.asarray(value, float)
    swept = [k for k in range(program.swept) if given.name in program.axes[k].swept]
    axes = list(given.over) if value.ndim >= len(given.over) else []
    if value.ndim == len(axes) + len(swept):
        axes += swept
    if value.ndim != len(axes):
        over = ", ".join(program.axes[a].name for a in given.over) or "no set"
        hint = "" if given.over else "; several values of it are an axis of a sweep"
        raise ShapeError(f"{given.name} has {value.ndim} dimensions {value.shape}, but stands over {over}{hint}")
    shape = [1] * len(program.axes)
    for axis, length in zip(axes, value.shape, strict=True):
        shape[axis] = length
    return value.transpose(np.argsort(axes)).reshape(shape), axes


def outside(given: Given, value: Array) -> Array:
    """Where values, in base units, lie outside a given's domain; nowhere for labels and for what is undefined."""
    none: Array = np.zeros(value.shape, bool)
    if given.domain is None or given.labels is not None or given.domain[0] == "member":
        return none
    kind, ends = given.domain
    if kind == "choices":
        return ~np.isin(value, ends) & ~np.isnan(value)
    low, high, step = ends
    bad = none
    if low is not None:
        bad |= value < low
    if high is not None:
        bad |= value > high
    if kind == "integers":
        bad |= (np.rint(value) != value) & ~np.isnan(value)  # a remainder takes ten times as long
    elif step is not None:
        bad |= np.abs((value - low) / step - np.round((value - low) / step)) > 1e-9
    return bad


def check_domain(given: Given, value: Array) -> None:
    """Refuse values outside a given's domain; NaN passes, designs with it are counted invalid."""
    bad = outside(given, value)
    if bad.any():
        first = float(value[bad].ravel()[0] if value.ndim else value) / units.measure(given.unit).worth
        raise DomainError(
            f"{given.name} = {first:g} {given.unit} is outside its domain, {domain_text(given)}".replace(" 1 is", " is")
        )


def domain_text(given: Given) -> str:
    """A domain in the given's unit, for people."""
    if given.domain is None:
        return ""
    kind, values = given.domain
    if given.labels is not None:
        return " | ".join(values)
    if kind == "member":
        return "a member of its set"
    scale, unit = units.measure(given.unit).worth, "" if given.unit == "1" else f" {given.unit}"
    shown = ["..." if v is None else f"{v / scale:.6g}" for v in values]
    if kind == "choices":
        return " | ".join(shown) + unit
    steps = f" in steps of {shown[2]}" if values[2] is not None else ""
    return f"{'whole numbers ' if kind == 'integers' else ''}{shown[0]} to {shown[1]}{steps}{unit}"
