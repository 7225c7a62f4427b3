"""A workbook as bytes: openpyxl writes it; numbers keep 17 digits, and times are fixed, so that bytes do not vary."""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import BytesIO
from math import ceil
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from symppa.exports.sheet.cells import DIGITS
from symppa.exports.sheet.pages import MEMBERS, Entry, Page, letters
from symppa.exports.sheet.workbook import Workbook
from symppa.version import __version__

INPUT, COMPUTED, HEAD, PALE, BLANK = "FFF9E5", "F2F2F2", "1F3864", "D9E2F3", "F8CBAD"
LOCKED = ("formula", "result", "fixed", "label")
WRAPPED = ("head", "text", "wrapped", "name")
EPOCH = "2000-01-01T00:00:00Z"


def written(workbook: Workbook, protect: bool) -> bytes:
    """The bytes of an .xlsx file."""
    from openpyxl import Workbook as Book
    from openpyxl.workbook.defined_name import DefinedName

    book = Book()
    book.remove(book.active)
    styles = _Styles()
    exact: dict[int, dict[str, str]] = {}
    for number, page in enumerate(workbook.pages, 1):
        sheet = book.create_sheet(page.name)
        exact[number] = _filled(sheet, page, styles)
        _laid_out(sheet, page, protect)
        _checked(sheet, page)
        _marked(sheet, page)
    for name, where in workbook.names.given.items():
        book.defined_names[name] = DefinedName(name, attr_text=where)
    book.calculation.fullCalcOnLoad = True
    book.properties.creator = f"symppa {__version__}"
    book.properties.title = workbook.content.title
    buffer = BytesIO()
    book.save(buffer)
    return _packed(buffer.getvalue(), exact)


class _Styles:
    """Looks by name, made once."""

    def __init__(self) -> None:
        from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side

        def font(**more: Any) -> Any:
            return Font(**({"name": "Calibri", "size": 10} | more))

        def filled(colour: str) -> Any:
            return PatternFill("solid", start_color=colour)

        framed, free = Border(*[Side("thin", color="BF9000")] * 4), Protection(locked=False)
        thin = Border(bottom=Side("hair", color="BFBFBF"))
        top, wrap = Alignment(vertical="top"), Alignment("left", "top", wrap_text=True, indent=1)
        self.looks: dict[str, dict[str, Any]] = {
            "title": {"font": font(bold=True, size=14, color=HEAD)},
            "note": {"font": font(italic=True, color="595959"), "alignment": top},
            "head": {"font": font(bold=True, color="FFFFFF"), "fill": filled(HEAD), "alignment": wrap},
            "text": {"font": font(), "alignment": wrap, "border": thin},
            "wrapped": {"alignment": wrap, "font": font(name="Courier New", size=9)},
            "name": {"font": font(bold=True), "alignment": wrap, "border": thin},
            "label": {"font": font(italic=True), "fill": filled(PALE), "alignment": top},
            "key": {"font": font(bold=True, color="0000C0"), "fill": filled(INPUT), "protection": free},
            "input": {"font": font(color="0000C0"), "fill": filled(INPUT), "border": framed, "alignment": top,
                      "protection": free},
            "formula": {"font": font(), "fill": filled(COMPUTED), "border": thin, "alignment": top},
            "result": {"font": font(bold=True), "fill": filled("E2EFDA"), "border": thin, "alignment": top},
            "fixed": {"font": font(color="7F7F7F"), "border": thin, "alignment": top},
        }  # fmt: skip
        self._arrays: dict[str, Any] = {}

    def dress(self, cell: Any, entry: Entry) -> None:
        """Give a cell its look; cells that look alike share one record."""
        key = entry.style
        if key not in self._arrays:
            for part, value in self.looks[entry.style].items():
                setattr(cell, part, value)
            self._arrays[key] = cell._style
        cell._style = self._arrays[key]


def _filled(sheet: Any, page: Page, styles: _Styles) -> dict[str, str]:
    """Write the cells; numbers of 17 digits by cell."""
    exact = {}
    for (row, column), entry in page.cells.items():
        cell = sheet.cell(row, column)
        styles.dress(cell, entry)
        value = entry.value
        if isinstance(value, str) and not (value.startswith("=") and entry.style in LOCKED):
            cell.value = _legal(value)
            cell.data_type = "s"  # a text that begins with = is none of ours to compute
        else:
            cell.value = value
        if isinstance(value, float) and float(f"{value:.16g}") != value:
            exact[cell.coordinate] = repr(value)
    return exact


def _legal(text: str) -> str:
    """A text without the characters that no sheet holds."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text)[:32767]


def _laid_out(sheet: Any, page: Page, protect: bool) -> None:
    """Widths, rows that stay in sight, paper."""
    from openpyxl.utils import get_column_letter

    for column, width in page.widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = width
    for row, lines in _heights(page).items():
        sheet.row_dimensions[row].height = 13.5 * lines + 1.5
    if page.heads:
        sheet.freeze_panes = sheet.cell(page.heads + 1, 2 if page.name != "about" else 1)
        sheet.print_title_rows = f"{page.heads}:{page.heads}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 8 if MEMBERS - 1 in page.widths else 9  # A3 where there are many columns
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"
    sheet.sheet_view.showGridLines = False
    if protect and page.name != "about":
        sheet.protection.sheet = True
        sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.formatCells = False


def _heights(page: Page) -> dict[int, int]:
    """Lines of text in every row: what is wrapped is seen whole wherever the file is opened."""
    found: dict[int, int] = {}
    for (row, column), entry in page.cells.items():
        if entry.style in WRAPPED and isinstance(entry.value, str):
            width = (0.95 if entry.style == "name" else 1.15) * page.widths.get(column, 13.0)
            lines = sum(max(1, ceil(len(line) / width)) for line in entry.value.split("\n"))
            found[row] = max(found.get(row, 1), min(lines, 30))
    return {row: lines for row, lines in found.items() if lines > 1}


def _checked(sheet: Any, page: Page) -> None:
    """What may be typed."""
    from openpyxl.worksheet.datavalidation import DataValidation

    made: dict[tuple[str, ...], Any] = {}
    for check in page.checks:
        key = check[1:]
        if key not in made:
            made[key] = DataValidation(
                type=check.kind,
                operator=None if check.kind in ("list", "custom") else "between",
                formula1=check.first.removeprefix("=") if check.kind in ("list", "custom") else check.first,
                formula2=check.second or None,
                allow_blank=True,
                showErrorMessage=True,
                showInputMessage=True,
                errorTitle="outside the domain",
                error=check.message[:225],
                promptTitle=check.message.partition(":")[0][:32],
                prompt=(check.message.partition(":")[2].strip() or check.message)[:255],
            )
            sheet.add_data_validation(made[key])
        made[key].add(check.cell)


def _marked(sheet: Any, page: Page) -> None:
    """Inputs that are empty are marked; very large and very small numbers print with powers of ten, others with digits.

    A format with conditions of its own would do, but LibreOffice drops the sign in some of its parts.
    """
    from openpyxl.formatting.rule import FormulaRule, Rule
    from openpyxl.styles import PatternFill
    from openpyxl.styles.differential import DifferentialStyle
    from openpyxl.styles.numbers import NumberFormat

    def printed(formula: str, number: int, code: str) -> Any:
        style = DifferentialStyle(numFmt=NumberFormat(numFmtId=number, formatCode=code))
        return Rule(type="expression", formula=[formula], dxf=style, stopIfTrue=True)

    inputs = [place for place, entry in page.cells.items() if entry.style == "input"]
    for cells in _blocks(inputs):
        fill = PatternFill("solid", bgColor=BLANK)
        rule = FormulaRule(formula=[f"ISBLANK({cells.partition(':')[0]})"], fill=fill)
        sheet.conditional_formatting.add(cells, rule)
    for cells in _blocks(place for place, entry in page.cells.items() if entry.digits == DIGITS):
        x = cells.partition(":")[0]
        far = printed(f"AND({x}<>0,OR(ABS({x})>=100000,ABS({x})<0.01))", 190, "0.0000E+00")
        sheet.conditional_formatting.add(cells, far)
        sheet.conditional_formatting.add(cells, printed(f"{x}<>INT({x})", 191, "0.0####"))


def _blocks(cells: Iterable[tuple[int, int]]) -> list[str]:
    """Rectangles of cells as ranges: LibreOffice reads a condition in one rectangle only."""
    found: list[list[int]] = []  # top, left, bottom, right
    above: dict[tuple[int, int], list[int]] = {}
    rows: dict[int, list[list[int]]] = {}
    for row, column in sorted(cells):
        runs = rows.setdefault(row, [])
        if runs and runs[-1][1] == column - 1:
            runs[-1][1] = column
        else:
            runs.append([column, column])
    for row, runs in rows.items():
        for left, right in runs:
            block = above.get((left, right))
            if block is not None and block[2] == row - 1:
                block[2] = row
            else:
                above[left, right] = block = [row, left, row, right]
                found.append(block)
    return [f"{letters(left)}{top}:{letters(right)}{bottom}" for top, left, bottom, right in found]


def _packed(data: bytes, exact: dict[int, dict[str, str]]) -> bytes:
    """The same archive with fixed times and every digit of its numbers."""
    out = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "docProps/core.xml":
                text = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*(</dcterms)", rb"\g<1>" + EPOCH.encode() + rb"\g<2>", text)
            found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
            if found and exact.get(int(found[1])):
                text = _digits(text.decode(), exact[int(found[1])]).encode()
            info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o600 << 16
            new.writestr(info, text)
    return out.getvalue()


def _digits(text: str, exact: dict[str, str]) -> str:
    def number(found: re.Match[str]) -> str:
        return f"{found[1]}{exact[found[2]]}{found[4]}" if found[2] in exact else found[0]

    return re.sub(r'(<c r="([A-Z]+\d+)"[^>]*><v>)([^<]*)(</v>)', number, text)
