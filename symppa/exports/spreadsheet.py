"""A spreadsheet with live formulas: givens with their units, formulas in words and in cells, what was asked for.

Every number is computed in base units, as the program does; the declared unit stands beside it. Undefined is #N/A or
another error, never a number.
"""

from __future__ import annotations

from dataclasses import dataclass

from symppa.errors import QuestionError
from symppa.exports.content import Content
from symppa.exports.sheet.book import written
from symppa.exports.sheet.workbook import Workbook


@dataclass(frozen=True)
class Options:
    """How a sheet is made.

    `rows` members have room where a formula, or the user of the sheet, says how many a set has; `protect` locks
    formulas against typing, without a password.
    """

    rows: int = 16
    protect: bool = True


def write(content: Content, options: Options) -> bytes:
    """The bytes of an .xlsx file: the same for the same content."""
    if not 1 <= options.rows <= 1000:
        raise QuestionError(f"rows = {options.rows}: a set has room for 1 to 1000 members")
    return written(Workbook(content, options.rows), options.protect)
