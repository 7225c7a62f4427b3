"""Columns of a list of designs, as they stand in a file, a DataFrame or a mapping: nothing is converted yet."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from symppa.errors import QuestionError
from symppa.studies.result import Array

SUFFIXES = (".csv", ".parquet", ".json", ".jsonl")
HEAD = re.compile(r"(.*?)\s*\[([^\[\]]*)\]")
FLOAT = re.compile(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?")


class Column(NamedTuple):
    """A name, the unit stated for it, and its cells: an array of numbers, or numbers and texts."""

    name: str
    unit: str | None
    cells: Array | list[Any]


@dataclass(frozen=True)
class Table:
    """Columns of one length. In a file a number says its unit, in Python it counts in the declared one."""

    columns: tuple[Column, ...]
    rows: int
    file: str | None = None

    def error(self, message: str) -> QuestionError:
        """An error about the list, with its file."""
        error = QuestionError(message if self.file else f"points: {message}")
        error.at(self.file, None)
        return error

    def at(self, row: int, name: str, message: str) -> QuestionError:
        """An error about one cell; rows count from 1, below the head."""
        return self.error(f"row {row + 1}, column {name}: {message}")


def table(source: Any) -> Table:
    """The columns of a file, a DataFrame, or a mapping of names to values."""
    if isinstance(source, str | Path):
        found = _file(Path(source).expanduser())
    elif hasattr(source, "columns") and hasattr(source, "attrs"):
        found = _frame(source)
    elif isinstance(source, Mapping):
        found = _table([_told(str(name), values) for name, values in source.items()])
    else:
        raise QuestionError(f"points are a file, a DataFrame or a mapping of columns, not {type(source).__name__}")
    _refuse_twice(found)
    return found


def _table(columns: Sequence[Column], file: str | None = None) -> Table:
    made = Table(tuple(columns), len(columns[0].cells) if columns else 0, file)
    if not made.rows:
        raise made.error("there are no rows: give at least one design, below a head")
    odd = next((c for c in columns if len(c.cells) != made.rows), None)
    if odd is not None:
        raise made.error(f"{odd.name} has {len(odd.cells)} values, {columns[0].name} has {made.rows}")
    return made


def _refuse_twice(found: Table) -> None:
    seen: set[str] = set()
    for column in found.columns:
        if not column.name:
            raise found.error(f"column {found.columns.index(column) + 1} has no name in the head")
        if column.name in seen:
            raise found.error(f"the column {column.name} stands twice")
        seen.add(column.name)


def named(head: str, cells: Array | list[Any], unit: str | None = None) -> Column:
    """A column by its head, which may state the unit: `clock [GHz]`."""
    found = HEAD.fullmatch(head.strip())
    if found is None:
        return Column(head.strip(), unit, cells)
    if unit not in (None, found[2]):
        raise QuestionError(f"points: the column {head} has the unit {unit} in its attributes")
    return Column(found[1], found[2], cells)


def _told(name: str, values: Any) -> Column:
    """A column of a mapping: values, (values, unit), or a Quantity."""
    unit = None
    if isinstance(values, tuple) and len(values) == 2 and isinstance(values[1], str) and np.ndim(values[0]) == 1:
        values, unit = values
    elif hasattr(values, "magnitude") and hasattr(values, "units"):
        values, unit = values.magnitude, str(values.units)
    if isinstance(values, str) or np.ndim(values) != 1:
        raise QuestionError(f"points: {name} is {values!r:.60}; a column is a list or an array of values")
    return named(name, _cells(values), unit)


def _frame(frame: Any) -> Table:
    units = frame.attrs.get("units", {})
    for head in frame.columns:
        if not isinstance(head, str):
            raise QuestionError(f"points: the column {head!r} is named by no text")
    series = [frame.iloc[:, k] for k in range(frame.shape[1])]
    return _table([named(h, _cells(s), units.get(h)) for h, s in zip(frame.columns, series, strict=True)])


def _cells(values: Any) -> Array | list[Any]:
    """An array where all are numbers; what is missing is None or NaN."""
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if kind in "iuf":
        if hasattr(values, "to_numpy"):
            return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
        return np.asarray(values, float)
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    if listed and {*map(type, listed)} <= {int, float}:
        return np.array(listed, float)
    return listed


def _file(path: Path) -> Table:
    readers = {".csv": _csv, ".parquet": _parquet, ".json": _json, ".jsonl": _json}
    if path.suffix not in readers:
        raise QuestionError(f"{path} is no list of points: its suffix is one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise QuestionError(f"there is no file {path}")
    try:
        return _table(readers[path.suffix](path), str(path))
    except UnicodeDecodeError as error:
        raise QuestionError(f"not UTF-8 text: {error.reason} at byte {error.start}", file=str(path)) from None


def _csv(path: Path) -> list[Column]:
    import pyarrow as pa

    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        heads, first = next(lines, []), next(lines, [])
    if not any(heads):
        raise QuestionError("there is no head: the first line names the columns", file=str(path))
    if len(heads) == 1 and re.search(r"[;\t]", heads[0]):
        raise QuestionError(f"the head is {heads[0]!r}: columns are separated by commas", file=str(path))
    likely = [pa.float64() if FLOAT.fullmatch(cell) else pa.string() for cell in first]
    likely += [pa.string()] * (len(heads) - len(likely))
    try:
        found = _read_csv(path, likely[: len(heads)])
    except pa.ArrowInvalid:  # a number that is written otherwise further down, or a row that is uneven
        try:
            found = _read_csv(path, [pa.string()] * len(heads))
        except pa.ArrowInvalid as error:
            raise _uneven(path, len(heads), str(error)) from None
    return [named(head, _numbers(column)) for head, column in zip(heads, found.columns, strict=True)]


def _read_csv(path: Path, types: Sequence[Any]) -> Any:
    from pyarrow import csv as arrow

    columns = {str(k): kind for k, kind in enumerate(types)}
    convert = arrow.ConvertOptions(column_types=columns, null_values=[""], strings_can_be_null=True)
    read, parse = arrow.ReadOptions(skip_rows=1, column_names=[*columns]), arrow.ParseOptions(newlines_in_values=True)
    return arrow.read_csv(path, read, parse, convert)


def _numbers(column: Any) -> Array | list[Any]:
    """An array where all cells are numbers, else texts."""
    import pyarrow as pa
    from pyarrow import compute

    trimmed = compute.utf8_trim_whitespace(column) if pa.types.is_string(column.type) else column
    try:
        return np.array(compute.cast(trimmed, pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        return list(trimmed.to_pylist())


def _uneven(path: Path, width: int, found: str) -> QuestionError:
    """Where a file that cannot be read as a table first goes wrong."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row][1:]
    odd = next((k for k, row in enumerate(rows) if len(row) != width), None)
    if odd is not None:
        found = f"row {odd + 1} has {len(rows[odd])} cells, the head has {width}"
    elif not rows:
        found = "there are no rows: give at least one design, below a head"
    return QuestionError(found, file=str(path))


def _parquet(path: Path) -> list[Column]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        found = parquet.read_table(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise QuestionError(f"no Parquet file: {error}", file=str(path)) from None
    attributes = json.loads((found.schema.metadata or {}).get(b"PANDAS_ATTRS", b"{}"))
    columns = []
    for field, values in zip(found.schema, found.columns, strict=True):
        stated = (field.metadata or {}).get(b"unit")
        unit = stated.decode() if stated else attributes.get("units", {}).get(field.name)
        numeric = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        columns.append(named(field.name, np.asarray(values.to_numpy(), float) if numeric else values.to_pylist(), unit))
    return columns


def _json(path: Path) -> list[Column]:
    text = path.read_text("utf-8-sig")
    try:
        records = json.loads(text, **HOOKS) if path.suffix == ".json" else _lines(text)
    except ValueError as error:
        raise QuestionError(f"not JSON: {error}", file=str(path)) from None
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise QuestionError("points are a list of objects, one for each design: [{...}, {...}]", file=str(path))
    heads = list(records[0]) if records else []
    for k, one in enumerate(records):
        if one.keys() != records[0].keys():
            odd = sorted(one.keys() ^ records[0].keys())
            raise QuestionError(f"row {k + 1} and row 1 disagree on the columns: {', '.join(odd)}", file=str(path))
    return [named(head, _cells([one[head] for one in records])) for head in heads]


def _lines(text: str) -> list[Any]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found += [json.loads(line, **HOOKS)] if line.strip() else []
        except ValueError as error:
            raise ValueError(f"line {number} of the file: {error}") from None
    return found


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} stands twice in one object")
        found[name] = value
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


HOOKS: Mapping[str, Any] = {"object_pairs_hook": _once, "parse_constant": _no_number}
