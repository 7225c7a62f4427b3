"""Workbooks of the tests: givens changed, LibreOffice asked for the values, outputs read back."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from symppa.exports.content import Content, Parameter

SOFFICE = shutil.which("soffice")
MEMBERS = 10


def changed(data: bytes, content: Content, point: dict[str, Any], where: Path) -> Path:
    """The workbook with other givens, as a user would type them, in a file."""
    book = openpyxl.load_workbook(BytesIO(data))
    sheet = book["givens"]
    rows = {str(sheet.cell(r, 1).value): r for r in range(1, sheet.max_row + 1)}
    for p in content.parameters:
        if p.name in point:
            _typed(sheet, rows, p, point[p.name])
    book.save(where)
    return where


def _typed(sheet: Any, rows: dict[str, int], p: Parameter, value: Any) -> None:
    if not p.sets:
        sheet.cell(rows[p.name], 2).value = _shown(p, value)
        return
    first = next(r for name, r in rows.items() if name == p.name or name.startswith(f"{p.name}["))
    values = np.asarray(value, object)
    if not values.ndim:  # one value for every member
        values = np.full(sum(sheet.cell(first, c).value is not None for c in range(MEMBERS, MEMBERS + 99)), value)
    for place in np.ndindex(values.shape):
        down = int(np.ravel_multi_index(place[:-1], values.shape[:-1])) if len(place) > 1 else 0
        sheet.cell(first + down, MEMBERS + place[-1]).value = _shown(p, values[place])


def _shown(p: Parameter, value: Any) -> Any:
    return value if p.kind != "label" or isinstance(value, str) else (p.labels or [str(int(value))])[int(value)]


def computed(files: list[Path], folder: Path) -> list[Any]:
    """Every workbook with its values, by one start of LibreOffice."""
    out = folder / "computed"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [SOFFICE or "soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out)]
    subprocess.run([*command, *map(str, files)], check=True, capture_output=True, timeout=600)
    return [openpyxl.load_workbook(out / f.name, data_only=True) for f in files]


def outputs(book: Any, content: Content) -> dict[str, Any]:
    """What the page of outputs says, undefined as NaN, in the shape of numpy's."""
    sheet, found, row = book["outputs"], {}, 5
    names = {output.name for output in content.outputs}
    for output in content.outputs:
        assert sheet.cell(row, 1).value == output.name
        row += 1
        if not output.sets:
            found[output.name] = _number(sheet.cell(row - 1, 2).value)
            continue
        values = []
        while row <= sheet.max_row and sheet.cell(row, 1).value not in names:
            if sheet.cell(row, 2).value not in (None, ""):
                values.append(_number(sheet.cell(row, 2).value))
            row += 1
        found[output.name] = np.array(values)
    return found


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def short(value: Any) -> Any:
    """Numbers of 15 digits: what openpyxl and a person type."""
    if isinstance(value, list):
        return [short(one) for one in value]
    return float(f"{value:.15g}") if isinstance(value, float) else value
