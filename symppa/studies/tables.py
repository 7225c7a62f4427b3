"""Results as tables of other libraries: pandas, xarray, and files of rows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.studies.result import Result

SUFFIXES = (".parquet", ".csv", ".nc", ".json")


def to_xarray(result: Result) -> Any:
    """A Dataset: one variable per output, units and meanings in attrs."""
    import xarray as xr

    variables = {
        name: (
            o.dims,
            np.asarray(o.values),
            {"units": o.unit, "long_name": o.meaning, "confidence": o.confidence},
        )
        for name, o in result.outputs.items()
    }
    coordinates = {
        name: ((name,), c.values, {"units": c.unit, "long_name": c.meaning}) for name, c in result.coordinates.items()
    }
    used = {d for o in result.outputs.values() for d in o.dims}
    attrs = {"study": result.study, "system": result.system, "description": result.name, **result.hashes}
    return xr.Dataset(variables, {n: c for n, c in coordinates.items() if n in used}, attrs)


def to_frame(result: Result) -> Any:
    """Rows over all dimensions; outputs over fewer repeat. An analysis: one row per output and member."""
    import pandas as pd

    dims = list(dict.fromkeys(d for o in result.outputs.values() for d in o.dims))
    if result.study == "analyze":
        return _listing(result)
    shape = [len(result.coordinates[d].values) for d in dims]
    columns: dict[str, Any] = {}
    for place, dim in enumerate(dims):
        along = result.coordinates[dim].values.reshape([-1 if k == place else 1 for k in range(len(dims))])
        columns[dim] = np.broadcast_to(along, shape).ravel()
    for name, output in result.outputs.items():
        order = [output.dims.index(d) for d in dims if d in output.dims]
        view = np.asarray(output.values).transpose(order) if order else np.asarray(output.values)
        view = view.reshape([n if d in output.dims else 1 for d, n in zip(dims, shape, strict=True)])
        columns[name] = np.broadcast_to(view, shape).ravel()
    frame = pd.DataFrame(columns)
    frame.attrs = {"units": units_of(result)}
    return frame


LISTED = ("value", "unit", "meaning", "confidence")
BOUNDED = ("low", "high")  # ends of intervals, where an output has one


def listing(result: Result) -> tuple[list[str], list[list[Any]]]:
    """Head and rows of an analysis: output, a column per set, value, unit, meaning, confidence."""
    dims = list(dict.fromkeys(d for o in result.outputs.values() for d in o.dims))
    bounded = any(o.interval is not None for o in result.outputs.values())
    rows = []
    for name, o in result.outputs.items():
        for place in np.ndindex(o.values.shape):
            members = dict(zip(o.dims, place, strict=True))
            labels = [str(result.coordinates[d].values[members[d]]) if d in members else "" for d in dims]
            ends = [] if not bounded else ["", ""] if o.interval is None else [float(end[place]) for end in o.interval]
            rows.append([name, *labels, _cell(o.values[place]), o.unit, o.meaning, o.confidence, *ends])
    return ["output", *dims, *LISTED, *(BOUNDED if bounded else ())], rows


def _cell(value: Any) -> float | str:
    """A number, or a label."""
    return str(value) if isinstance(value, str) else float(value)


def _listing(result: Result) -> Any:
    import pandas as pd

    head, rows = listing(result)
    frame = pd.DataFrame(rows, columns=head).set_index("output")
    frame.attrs = {"units": units_of(result)}
    return frame


def units_of(result: Result) -> dict[str, str]:
    """The unit of every column."""
    coordinates = {n: c.unit for n, c in result.coordinates.items()}
    return coordinates | {n: o.unit for n, o in result.outputs.items()}


def rows_of(result: Result) -> Any:
    """The frame with a plain index: what a file of rows holds."""
    return to_frame(result).reset_index(drop=result.study != "analyze")


def check_suffix(path: Path, others: Iterable[str] = ()) -> None:
    """Refuse a file whose suffix names no format, before any work is done; `others` would be fine too."""
    if path.suffix not in SUFFIXES:
        raise QuestionError(f"{path} has no format: its suffix is one of {', '.join((*SUFFIXES, *others))}")
    if not path.parent.is_dir():
        raise QuestionError(f"{path}: there is no folder {path.parent}")


def write(result: Result, path: Path) -> None:
    """Parquet, CSV, NetCDF or JSON by suffix; units go with it. The whole file, or none."""
    check_suffix(path)
    whole = path.resolve()
    begun = whole.with_name(f".{whole.stem}.{os.getpid()}{whole.suffix}")
    try:
        _write(result, begun)
        begun.replace(whole)
    except OSError as error:
        raise QuestionError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        begun.unlink(missing_ok=True)


def _write(result: Result, path: Path) -> None:
    if path.suffix == ".json":
        path.write_text(result.to_json() + "\n", encoding="utf-8")
    elif path.suffix == ".nc":
        to_xarray(result).to_netcdf(path, engine="h5netcdf")
    elif path.suffix == ".csv":
        path.write_text(csv_text(result), encoding="utf-8")
    else:
        _write_parquet(result, path)


def csv_text(result: Result) -> str:
    """Rows as CSV, all digits, units in the head."""
    frame, unit = rows_of(result), units_of(result)
    heads = [n if unit.get(n, "1") == "1" else f"{n} [{unit[n]}]" for n in frame.columns]
    text: str = frame.to_csv(index=False, header=heads, lineterminator="\n")
    return text


def _write_parquet(result: Result, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame, unit = rows_of(result), units_of(result)
    frame.attrs = {}
    made = pa.Table.from_pandas(frame, preserve_index=False)
    fields = [f.with_metadata({"unit": unit.get(f.name, "1")}) for f in made.schema]
    facts = {"study": result.study, "system": result.system, "description": result.name, **result.hashes}
    pq.write_table(made.cast(pa.schema(fields, metadata=facts)), path)
