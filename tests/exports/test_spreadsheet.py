from __future__ import annotations

import re
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import openpyxl
import pytest

from symppa.errors import QuestionError
from symppa.exports import export
from symppa.exports.content import Content
from symppa.exports.sheet.pages import Names, literal
from symppa.exports.spreadsheet import Options, write
from symppa.language import (
    Model,
    ceil_div,
    exp,
    floor_div,
    formula,
    geometric_sum,
    given,
    index,
    integers,
    lambert_w,
    largest,
    log,
    lookup,
    member,
    power,
    reals,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    where,
)
from symppa.language.operations import BY_NAME
from tests.exports.sheets import SOFFICE, changed, computed, outputs, short
from tests.exports.systems import Ends, contents, points, reference, same

needs_soffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
ULP = 2.0**-52
KNOWN = """
    ABS AND COLUMN COUNT EXACT EXP IF INDEX INT ISERROR ISNUMBER LN MATCH MAX MIN NA OR ROUND ROW SIGN SQRT SUM
    SUMPRODUCT
"""  # functions of every spreadsheet since 2007


class Pairs(Model):
    """What two numbers make, pair by pair."""

    pair = index("pairs")
    a = given("1", "first", over=pair)
    b = given("1", "second", over=pair)
    up = formula("1", ceil_div(a, b), "rounded up", derived=True)
    down = formula("1", floor_div(a, b), "rounded down", derived=True)
    below = formula("1", where(a < b, 1, 0), "below", derived=True)
    up_to = formula("1", where(a <= b, 1, 0), "at most", derived=True)
    level = formula("1", where(1 - where(a < b, 1, 0) - where(b < a, 1, 0) > 0, 1, 0), "alike", derived=True)
    apart = formula("1", a - b, "difference", derived=True)
    raised = formula("1", power(a, b), "power", derived=True)
    series = formula("1", geometric_sum(a, b), "series", derived=True)
    upper = formula("1", lambert_w(a), "branch 0", derived=True)
    lower = formula("1", lambert_w(a, -1), "branch -1", derived=True)
    soft = formula("1", smooth_largest(b, a, 2 * a, 3), "softened", derived=True)
    top = formula("1", largest(a, b), "larger", derived=True)
    low = formula("1", smallest(a, b), "smaller", derived=True)
    root = formula("1", sqrt(a), "root", derived=True)
    natural = formula("1", log(a), "logarithm", derived=True)
    grown = formula("1", exp(a), "exponential", derived=True)


class Cube(Model):
    """Three sets at once, one of them sized, gathered each way."""

    x = index("first")
    y = index("second")
    size = given("1", "size of the third", domain=integers(0), default=2)
    z = index("third", size=size)
    label = given("1", "one of the first", domain=member(x))
    v = given("1", "values", over=(x, y, z))
    u = given("m", "lengths", over=y, domain=reals("0 m", "5 m"))
    grades = table("grades", worth="USD")
    key = given("1", "key", default=2)
    by_x = formula("1", total(v, over=x), "over x", derived=True)
    by_y = formula("1", largest(v, over=y), "over y", derived=True)
    by_z = formula("1", total(v, over=z), "over z", derived=True)
    most = formula("1", largest(by_z, over=y), "most", derived=True)
    whole = formula("1", total(total(by_z, over=y), over=x), "all", derived=True)
    steps = formula("1", ceil_div(total(u, over=y), u), "steps", derived=True)
    price = formula("USD", lookup(grades.worth, key), "price", derived=True)
    place = formula("1", label + 0, "place", derived=True)


class Sparse(Model):
    """Extremes over sets that may be empty, and powers too small for a sheet."""

    row = index("rows")
    many = given("1", "members of a row", over=row, domain=integers(0))
    size = given("1", "members", domain=integers(0), default=0)
    some = index("some", size=size)
    each = index("each", size=many)
    v = given("1", "values", over=some, default=[1.5, 0.5, 3.0])
    w = given("1", "more values", over=each, default=[-7.0, -9.0])
    tiny = given("1", "small", default=1e-60)

    most = formula("1", largest(v, over=some), "most, or nothing", derived=True)
    least = formula("1", smallest(v, over=some), "least, or nothing", derived=True)
    floor = formula("1", largest(-1, most), "at least -1", derived=True)
    ceiling = formula("1", smallest(least, 20), "at most 20", derived=True)
    other = formula("1", largest(2 * v, over=some), "twice", derived=True)
    both = formula("1", largest(most, other), "nothing, or the larger", derived=True)
    three = formula("1", largest(largest(most, other), -3), "at least -3", derived=True)
    apart = formula("1", smallest(most, 4), "nothing is below 4", derived=True)
    by_row = formula("1", largest(w + 0 * many, over=each), "most of a row", derived=True)
    top = formula("1", largest(by_row, over=row), "most of all rows", derived=True)
    sixth = formula("1", tiny**6, "sixth power", derived=True)
    square = formula("1", (tiny * tiny) ** 2, "fourth power", derived=True)
    inverse = formula("1", (1 / tiny) ** -6, "inverse", derived=True)
    raised = formula("1", power(2, -1 / (tiny * 1e56)), "small", derived=True)
    half = formula("1", power(tiny, 5.5), "root", derived=True)


SPARSE: dict[str, Any] = {"row": ["a", "b", "c"], "many": [0.0, 2.0, 1.0]}

CUBE: dict[str, Any] = {
    "x": ["p", "P"],
    "y": ["q*", "r", "s t"],
    "v": np.arange(12.0).reshape(2, 3, 2) + 0.1,
    "u": [0.1, 0.2, 0.3],
    "label": "P",
    "grades": {0: {"worth": "1.5 USD"}, 2: {"worth": "2.25 USD"}},
}


def _pairs() -> tuple[list[float], list[float]]:
    """Quotients a last bit beside whole ones, ends of functions, and random numbers."""
    near = [n * (1 + k * ULP / 2) for n in (1, 2, 3, 4, 7, 64, 2**31, 2**32 + 1, 2**40 + 3) for k in (-2, -1, 0, 1, 2)]
    near += [2.9999999999999996, 3.0000000000000004, 4503599627370497.5, -4503599627370496.5, 1e17, 1e-17, -1e-17]
    pairs = [(x, 1.0) for x in (*near, *(-x for x in near))]
    pairs += [(0.3, 0.1), (0.1 + 0.2, 0.3), (0.3, 0.1 + 0.2), (-0.3, -(0.1 + 0.2)), (0.0, 0.0), (1.0, 0.0), (0.0, -1.0)]
    pairs += [(-8.0, 1 / 3), (-8.0, 3.0), (-8.0, 3 * (1 + ULP)), (0.0, 0.5), (2.0, 0.5), (1 + 1e-9, 50.0), (1.4, 9.0)]
    pairs += [(1 + ULP, 1000.0), (1 - 1e-4, 200.0), (0.51, 3.0), (1.6, 4.0), (1.0, 12.0), (3.0, 0.0), (-0.5, 3.0)]
    pairs += [(-np.exp(-1), 2.0), (np.nextafter(-np.exp(-1), 0), 2.0), (-0.36, 2.0), (-0.3, 2.0), (-0.01, 2.0)]
    pairs += [(-1e-9, 2.0), (-0.5, 2.0), (1e-12, 2.0), (5.0, 2.0), (1e5, 2.0), (np.e, 3.0), (710.0, 2.0)]
    rng = np.random.default_rng(4)
    pairs += [
        (float(p), float(q))
        for p, q in zip(rng.integers(1, 9999, 40) * 0.1, rng.integers(1, 99, 40) * 0.1, strict=True)
    ]
    return [p for p, _ in pairs], [q for _, q in pairs]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Content, dict[str, Any]]]:
    """Every workbook of the tests with its values, by one start of LibreOffice."""
    folder: Path = tmp_path_factory.mktemp("sheets")
    made: dict[str, tuple[Content, dict[str, Any]]] = {}
    files = []

    def add(name: str, content: Content, point: dict[str, Any]) -> None:
        files.append(folder / f"{name}.xlsx")
        data = write(content, Options())
        if point:
            changed(data, content, point, files[-1])
        else:
            files[-1].write_bytes(data)
        made[name] = content, point

    for name, content in contents().items():
        add(name, content, {p: short(v) for p, v in points(content, 5, 1)[0].items()})
    everything = contents()["everything"]
    for burst in (0, 1, 6):
        add(f"everything_{burst}", everything, {"burst": float(burst)})
    a, b = _pairs()
    add("pairs", Content(Pairs, values={"a": a, "b": b}), {})
    cube = Content(Cube, values=CUBE)
    add("cube", cube, {})
    add("cube_wrong", cube, {"size": 17.0, "key": 1.0, "label": "absent", "u": [0.1, 6.0, 0.3]})
    sparse = Content(Sparse, values=SPARSE)
    add("sparse_0", sparse, {})
    add("sparse_2", sparse, {"size": 2.0, "tiny": 0.5, "many": [0.0, 0.0, 1.0]})
    add("sparse_none", sparse, {"tiny": 1e-300, "many": [0.0, 0.0, 0.0]})
    add("ends", Content(Ends), {})
    add("untold", Content(Pairs), {})
    add("everything_told", everything, {})
    return dict(
        zip(
            made,
            ((book, *told) for book, told in zip(computed(files, folder), made.values(), strict=True)),
            strict=True,
        )
    )


def _defined(value: Any) -> Any:
    """What a sheet can hold: nothing is infinite there."""
    values = np.asarray(value, float)
    return np.where(np.isinf(values), np.nan, values)


@needs_soffice
def test_a_sheet_computes_what_numpy_does_with_other_givens(books: Any) -> None:
    for name in [*contents(), "everything_0", "everything_1", "everything_6", "everything_told", "cube", "ends"]:
        book, content, point = books[name]
        want, got = reference(content, point), outputs(book, content)
        assert list(got) == list(want)
        for output, value in want.items():
            value = _defined(value)
            found = np.reshape(got[output], value.shape)
            assert same(found, value), f"{name} {output}: {found}, numpy {value}"


@needs_soffice
@pytest.mark.parametrize("name", ["up", "down", "below", "up_to", "level"])
def test_roundings_and_comparisons_see_the_last_bit(books: Any, name: str) -> None:
    book, content, _ = books["pairs"]
    got, want = outputs(book, content)[name], _defined(reference(content)[name])
    a, b = _pairs()
    wrong = [
        (x, y, g, w) for x, y, g, w in zip(a, b, got, want, strict=True) if g != w and not (np.isnan(g) and np.isnan(w))
    ]
    assert not [w for w in wrong if abs(w[3]) < 1e15]  # beyond, LibreOffice writes 15 digits into its file
    assert all(abs(g - w) <= 1e-14 * abs(w) for _, _, g, w in wrong)


@needs_soffice
@pytest.mark.parametrize(
    "name", ["apart", "raised", "series", "upper", "lower", "soft", "top", "low", "root", "natural", "grown"]
)
def test_functions_are_right_at_their_ends_and_undefined_beyond_them(books: Any, name: str) -> None:
    book, content, _ = books["pairs"]
    got, want = outputs(book, content)[name], _defined(reference(content)[name])
    a, b = _pairs()
    wrong = [
        (x, y, g, w)
        for x, y, g, w in zip(a, b, got, want, strict=True)
        if not np.isclose(g, w, rtol=1e-12, atol=0, equal_nan=True)
    ]
    if name == "soft":  # an exponent of 1 cancels to noise; one below 0 passes through infinity
        wrong = [case for case in wrong if case[1] > 1]
    assert not wrong


@needs_soffice
@pytest.mark.parametrize("name", ["sparse_0", "sparse_2", "sparse_none"])
def test_what_is_over_no_member_is_passed_over_and_tiny_powers_are_0(books: Any, name: str) -> None:
    book, content, point = books[name]
    want, got = reference(content, point), outputs(book, content)
    assert want["floor"] == (1.5 if name == "sparse_2" else -1)
    for output, value in want.items():
        values = np.ravel(_defined(value))
        tiny = np.abs(values) < 1e-300
        assert same(np.where(tiny, 0, np.ravel(got[output])), np.where(tiny, 0, values)), output
        assert same(np.ravel(got[output])[tiny], np.zeros(tiny.sum())), output


@needs_soffice
def test_a_size_beyond_the_room_a_key_a_label_and_a_value_outside_make_errors_not_numbers(books: Any) -> None:
    book, content, _ = books["cube_wrong"]
    got = outputs(book, content)
    for name in ("most", "whole", "price", "place"):
        assert np.isnan(got[name]).all(), name
    assert np.isnan(got["steps"]).all()
    assert np.isfinite(outputs(*books["cube"][:2])["whole"])


@needs_soffice
def test_a_system_without_values_says_what_is_missing_and_computes_nothing(books: Any) -> None:
    book, content, _ = books["untold"]
    assert all(np.isnan(value).all() for value in outputs(book, content).values())
    about = [row[1].value for row in book["about"].iter_rows()]
    assert any("a [1] (first)" in str(text) for text in about)
    assert book["outputs"]["B3"].value == 1  # the number of pairs
    assert books["cube"][0]["outputs"]["B3"].value == 0
    assert books["everything_told"][0]["outputs"]["B3"].value == 0
    assert (
        books["cube_wrong"][0]["outputs"]["B3"].value == 3
    )  # the label, a length, and how many of the third there are


@needs_soffice
def test_members_that_nobody_told_are_typed_and_counted(tmp_path: Path) -> None:
    content = Content(Cube, values={"size": 1, "v": 2.0, "grades": CUBE["grades"]})
    data = write(content, Options(rows=4))
    book = openpyxl.load_workbook(BytesIO(data))
    sheet = book["givens"]
    rows = {str(sheet.cell(r, 1).value): r for r in range(1, sheet.max_row + 1)}
    for name, labels in (("x", "ab"), ("y", "cde")):
        sheet.cell(rows[f"set {name}"], 2).value = len(labels)
        for k, label in enumerate(labels):
            sheet.cell(rows[f"set {name}"], 10 + k).value = label
    for k, length in enumerate((1.0, 2.0, 3.0)):
        sheet.cell(rows["u"], 10 + k).value = length
    sheet.cell(rows["label"], 2).value = "b"
    book.save(tmp_path / "typed.xlsx")
    (typed,) = computed([tmp_path / "typed.xlsx"], tmp_path)
    got = outputs(typed, content)
    assert got["place"] == 1
    assert list(got["steps"]) == [6, 3, 2]


def test_every_operation_is_in_a_workbook_of_these_tests() -> None:
    programs = [contents()["everything"].program, Content(Pairs).program, Content(Cube).program]
    assert {p.steps[n].operation for p in programs for n in p.live} >= set(BY_NAME)


def test_the_same_content_gives_the_same_bytes() -> None:
    first = export("gemm_tiler", "spreadsheet")
    assert isinstance(first, bytes)
    assert first == export("gemm_tiler", "spreadsheet")
    with ZipFile(BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in archive.namelist() if "external" in name.lower()]


def test_numbers_keep_all_of_their_digits() -> None:
    content = Content(Pairs, values={"a": [2.9999999999999996, 0.1 + 0.2], "b": 1.0})
    with ZipFile(BytesIO(write(content, Options()))) as archive:
        givens = archive.read("xl/worksheets/sheet2.xml").decode()
    assert "<v>2.9999999999999996</v>" in givens
    assert "<v>0.30000000000000004</v>" in givens


def test_a_reader_finds_units_meanings_sources_words_and_versions() -> None:
    content = Content("physical_nexgen")
    book = openpyxl.load_workbook(BytesIO(write(content, Options())))
    assert book.sheetnames == ["outputs", "givens", "formulas", "steps", "about"]
    formulas = {row[0].value: row for row in book["formulas"].iter_rows()}
    row = formulas["chiplet.sm.storage_area"]
    assert [cell.value for cell in row[2:6]] == [
        "mm2",
        "memories of a multiprocessor",
        (
            "node.sram_cell*(chiplet.sm.registers*chiplet.sm.register_overhead + "
            "chiplet.sm.local_memory*chiplet.sm.local_overhead)"
        ),
        "derived",
    ]
    assert formulas["chiplet.crossbar_area"][5].value == "zhang2024"
    about = "\n".join(str(cell.value) for row in book["about"].iter_rows() for cell in row)
    assert "@" in about
    assert "zhang2024" in about
    assert re.search(r"[0-9a-f]{64}", about)


def test_inputs_are_open_checked_and_named_and_formulas_are_locked() -> None:
    book = openpyxl.load_workbook(BytesIO(write(Content(Cube, values=CUBE), Options())))
    sheet = book["givens"]
    rows = {str(sheet.cell(r, 1).value): r for r in range(1, sheet.max_row + 1)}
    label = sheet.cell(rows["label"], 2)
    assert label.value == "P"
    assert not label.protection.locked
    assert sheet.protection.sheet
    assert sheet.cell(rows["label"], 7).protection.locked
    kinds = {str(cells): check for check in sheet.data_validations.dataValidation for cells in check.sqref.ranges}
    assert kinds[f"B{rows['label']}"].type == "list"
    lengths = next(check for cells, check in kinds.items() if cells.startswith(f"J{rows['u']}"))
    assert (lengths.type, lengths.formula1, lengths.formula2) == ("decimal", "0", "5")
    assert "at least 0, at most 5" in lengths.error
    assert book.defined_names["label"].attr_text == f"givens!$B${rows['label']}"
    assert not openpyxl.load_workbook(BytesIO(write(Content(Cube, values=CUBE), Options(protect=False))))[
        "givens"
    ].protection.sheet


def test_names_that_look_like_cells_or_differ_in_case_alone_are_told_apart() -> None:
    names = Names()
    told = ["bit8", "R1C1", "r", "C", "A1", "Speed", "speed", "net.width", "2nd", "a b", "TRUE", "xfd1048576"]
    made = [names.add(name, "x!$A$1") for name in told]
    assert len({name.lower() for name in made}) == len(made)
    assert made[0] == "_bit8"
    assert made[7] == "net.width"
    assert not [n for n in made if re.fullmatch(r"[A-Za-z]{1,3}\d+|[rRcC]|R1C1|TRUE", n)]


@pytest.mark.parametrize(
    "number", [sign * m * 10.0**e for sign, m, e in product((1, -1), (1.0, 1.5, 2.75), (-300, -9, 0, 20))]
)
def test_a_number_in_a_formula_is_the_number_itself(number: float) -> None:
    text = literal(number)
    assert text is None or float(text.strip("()")) == number


def test_a_number_of_more_than_15_digits_stands_in_no_formula() -> None:
    assert literal(0.1 + 0.2) is None
    assert literal(float("inf")) is None


@pytest.mark.parametrize("rows", [0, 1001])
def test_room_for_no_member_or_too_many_is_refused(rows: int) -> None:
    with pytest.raises(QuestionError, match=rf"rows = {rows}: a set has room for 1 to 1000"):
        export(Cube, "spreadsheet", values=CUBE, rows=rows)


def test_formulas_are_short_enough_for_every_spreadsheet_and_refer_to_no_other_file() -> None:
    for content in (*contents().values(), Content(Pairs, values={"a": _pairs()[0], "b": _pairs()[1]})):
        book = openpyxl.load_workbook(BytesIO(write(content, Options())))
        cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
        formulas = [value for value in cells if isinstance(value, str) and value.startswith("=")]
        assert max(map(len, formulas)) <= 2000
        assert not [text for text in formulas if "[" in text or "http" in text]
        names = {name for text in formulas for name in re.findall(r"([A-Z.]+)\(", text)}
        assert names <= set(KNOWN.split())
