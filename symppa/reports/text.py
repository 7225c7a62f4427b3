"""Reports on a terminal: tables that fit its width, numbers never cut."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from symppa.reports.report import HUES, Column, Line, Report, Table

FILE_WIDTH = 100  # of what is written to a file
HEADS = (40, 16, 10)  # columns of a head before it is broken, the widest that fits
LEAST = 12  # columns of a text before it is folded below that
STYLES = {"good": "green", "fair": "yellow", "bad": "red", "idle": "dim"}


def width_of(stream: TextIO) -> int:
    """COLUMNS, or the terminal's width, or a page's."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return shutil.get_terminal_size().columns if stream.isatty() else FILE_WIDTH


def as_text(report: Report, *, width: int | None = None, styled: bool | None = None) -> str:
    """A report as text; styled only for a terminal that wants it."""
    if styled is None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        styled = sys.stdout.isatty() and not plain
    width = max(width or width_of(sys.stdout), 20)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    made = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    console = Console(
        file=made, width=width, force_terminal=styled, color_system="standard" if styled else None,
        legacy_windows=False, highlight=False, emoji=False, markup=False,
    )  # fmt: skip
    frame = box.SIMPLE_HEAD if encoding.lower().startswith("utf") else box.ASCII2
    _print(report, console, frame)
    made.flush()
    text = made.buffer.getvalue().decode("utf-8")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _print(report: Report, console: Console, frame: box.Box) -> None:
    if report.title:
        console.print(Text(report.title, style="bold"), soft_wrap=False)
    if report.meaning:
        console.print(Text(report.meaning))
    for k, table in enumerate(report.tables):
        if k or report.title:
            console.print()
        if table.title:
            console.print(Text(table.title, style="bold"))
        _print_table(table, console, frame)
    if report.tables and report.lines:
        console.print()
    _print_lines(report.lines, console)


def _print_lines(lines: Sequence[Line], console: Console) -> None:
    if not lines:
        return
    wide = max(len(line.label) for line in lines)
    if wide + 2 + LEAST > console.width:
        for line in lines:
            console.print(Text(f"{line.label}: {line.text}"), overflow="fold")
        return
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim", width=wide)
    grid.add_column(overflow="fold")
    for line in lines:
        grid.add_row(Text(line.label), Text(line.text))
    console.print(grid)


def _print_table(table: Table, console: Console, frame: box.Box) -> None:
    fitting = fitted(table, console.width)
    if fitting is None:
        _print_records(table, console)
    else:
        console.print(_grid(fitting, frame, console.width))
        table = fitting
    if table.more:
        console.print(Padding(Text(table.more, style="dim"), (0, 1)))


def fitted(table: Table, width: int) -> Table | None:
    """The table, turned or shortened, so that it fits; None where nothing helps."""
    if least_width(table) <= width:
        return table
    if table.turns and least_width(turned := table.turned()) <= width:
        return turned
    if table.drops:
        for count in range(len(table.columns) - 1, 2, -1):
            if least_width(shorter := table.first(count)) <= width:
                return shorter
    return None


def least_width(table: Table, room: int = HEADS[-1]) -> int:
    """Columns a table needs when its texts and heads are folded and its numbers are not."""
    return sum(_least(c, [row[k] for row in table.rows], room) + 2 for k, c in enumerate(table.columns)) - 1


def _whole(table: Table, room: int) -> int:
    """Columns a table needs with no text folded."""
    by_column = [[row[k] for row in table.rows] for k in range(len(table.columns))]
    wants = (
        max(_least(column, cells, room), *map(len, cells), 0)
        for column, cells in zip(table.columns, by_column, strict=True)
    )
    return sum(wants) + 2 * len(table.columns) - 1


def _least(column: Column, cells: Sequence[str], room: int) -> int:
    longest = max((len(cell) for cell in cells), default=0)
    head = max(map(len, _broken(column.head, max(longest, room))))
    if column.numeric:
        return max(longest, len(column.unit), head)
    words = [len(word) for cell in cells for word in cell.split()]
    return max(min(longest, LEAST), min(max(words, default=0), 2 * LEAST), len(column.unit), head)


def _widths(table: Table, width: int, room: int) -> list[int]:
    """What each column needs, and what is left shared among the folded ones, the narrowest first."""
    by_column = [[row[k] for row in table.rows] for k in range(len(table.columns))]
    widths = [_least(column, cells, room) for column, cells in zip(table.columns, by_column, strict=True)]
    left = width - sum(widths) - 2 * len(widths) + 1
    wants = [max(map(len, cells), default=0) - had for cells, had in zip(by_column, widths, strict=True)]
    for k in sorted(range(len(widths)), key=lambda k: wants[k]):
        more = max(0, min(wants[k], left))
        widths[k], left = widths[k] + more, left - more
    return widths


def _grid(table: Table, frame: box.Box, width: int) -> Grid:
    fit = next((room for room in HEADS if _whole(table, room) <= width), HEADS[-1])
    widths = _widths(table, width, fit)
    grid = Grid(box=frame, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    headed = any(c.head or c.unit for c in table.columns)
    grid.show_header = headed
    for k, column in enumerate(table.columns):
        cells = [row[k] for row in table.rows]
        room = max(map(len, cells), default=0)
        head = "\n".join(filter(None, [*_broken(column.head, max(room, fit)), column.unit]))
        grid.add_column(
            Text(head),
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric,
            overflow="fold",
            width=widths[k],
        )
    for row in table.rows:
        grid.add_row(*(Text(cell, style=STYLES.get(HUES.get(cell, ""), "")) for cell in row))
    return grid


def _broken(head: str, room: int) -> list[str]:
    """A head on several lines, broken after its underscores, dots and spaces."""
    lines = [""]
    for piece in re.split(r"(?<=[_. ])", head):
        if lines[-1] and len(lines[-1]) + len(piece) > room:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _print_records(table: Table, console: Console) -> None:
    """One row below the other: for a terminal narrower than its table."""
    for row in table.rows:
        console.print(Text(row[0], style="bold"), overflow="fold")
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            if cell:
                label = f"{column.title}: " if column.title else ""
                console.print(Padding(Text(f"{label}{cell}"), (0, 0, 0, 2)), overflow="fold")
