"""symppa cache: what it tells, what it removes, and that a second question needs no sympy."""

from __future__ import annotations

import json
import os
import time

import pytest

from symppa import store
from tests.cli.asking import ask, data, flat, process, told
from tests.house.tree import python

NAME = "0" * 64


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """An empty cache of its own."""
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def filled(place):
    """Two programs, one of them damaged and long unused, a native object, and a file that is not symppa's."""
    store.write(NAME, "text")
    store.write("1" * 64, "text")
    store.keep("kernel", ".so", b"machine code")
    old = place / f"{'1' * 64}.json"
    old.write_text("nonsense")
    os.utime(old, (time.time() - 100 * store.DAY,) * 2)
    (place / "thesis.json").write_text("precious")
    return place


def test_info_counts_entries_by_kind_and_names_what_is_not_sound(filled):
    found = data("cache", "info")
    assert found["folder"] == str(filled)
    assert {kind: (e["files"], e["bytes"]) for kind, e in found["entries"].items()} == {
        "programs": (2, 77), "native objects": (1, 12)
    }  # fmt: skip
    assert found["entries"]["programs"]["oldest_days"] == 100
    assert found["unsound"] == {f"{'1' * 64}.json": "damaged"}
    text = flat("cache", "info")
    assert "programs 2 77 today to 100 days ago" in text
    assert "total 3 89" in text
    assert "damaged" in text


def test_info_tells_of_an_empty_cache_that_there_is_nothing(place):
    assert flat("cache", "info") == f"folder {place} entries none"
    assert not place.exists()


def test_clear_removes_only_what_is_symppas(filled):
    assert data("cache", "clear") == {"folder": str(filled), "removed": 3, "bytes": 89, "left": 0}
    assert [path.name for path in filled.iterdir()] == ["thesis.json"]


def test_clear_removes_what_is_older(filled):
    assert "removed 1 file, 8 bytes" in flat("cache", "clear", "--older", "90d")
    assert data("cache", "clear", "--older", "12h")["removed"] == 0
    assert data("cache", "info")["unsound"] == {}


@pytest.mark.parametrize("age", ["90", "d", "-1d", "1 year", "1.5d"])
def test_an_age_is_a_number_and_a_unit(age):
    result = ask("cache", "clear", "--older", age)
    assert result.exit_code == 2
    assert "is no age: write 12h, 90d or 8w" in result.stderr


def test_a_place_that_is_no_folder_is_told(place):
    place.write_text("a file")
    assert "trouble this is no folder" in flat("cache", "info")
    result = ask("cache", "clear")
    assert result.exit_code == 2
    assert f"{place}: nothing was removed; this is no folder" in result.stderr
    assert place.read_text() == "a file"


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_folder_that_others_can_write_is_told_and_may_be_cleared(filled):
    filled.chmod(0o777)
    assert "others can write it" in data("cache", "info")["trouble"]
    assert data("cache", "clear")["removed"] == 3


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_told_and_stays_as_it_is(filled):
    filled.chmod(0o500)
    try:
        assert "cannot be written" in data("cache", "info")["trouble"]
        result = ask("cache", "clear")
        assert result.exit_code == 2
        assert "cannot be removed: Permission denied" in result.stderr
    finally:
        filled.chmod(0o700)


def test_info_of_symppa_tells_the_same_of_the_cache(filled):
    assert data("info")["cache"] == {"programs": 2, "native objects": 1, "bytes": 89}


def test_help_tells_what_there_is():
    text = told("cache", "--help")
    assert "info " in text
    assert "clear " in text


GRID = ("sweep", "nexgen_baseline", "--axis", "chiplet.sms=16:64:4", "--axis", "clock=1.5GHz:3GHz:16")
SECOND = """
import json, sys
from symppa.cli.main import main
for question in json.loads(sys.argv[1]):
    try:
        main(question)
    except SystemExit as end:
        assert end.code == 0, question
    heavy = {"sympy", "pint", "pydantic"} & set(sys.modules)
    if heavy:
        sys.exit(f"{question} imports {heavy}")
"""


QUESTIONS = [
    [*GRID],
    [*GRID, "--where", "power <= 500 W", "--keep", "best:5:compute_density"],
    [*GRID, "--where", "power / chiplets <= 125 W", "--output", "area", "--keep", "range:power"],
    [*GRID, "--keep", "count"],
    [*GRID[:2], "--axis", "precision=FP8,FP16", "--set", "chiplets=6", "--keep", "pareto:power=min,peak_compute=max"],
    ["pareto", *GRID[1:], "--minimize", "power", "--maximize", "compute_density"],
    ["analyze", "nexgen_baseline"],
]


def test_what_was_asked_before_imports_no_sympy():
    for question in QUESTIONS:
        assert process(*question, "--json").returncode == 0
    again = python("-c", SECOND, json.dumps(QUESTIONS))
    assert again.returncode == 0, again.stderr


def test_a_replay_imports_no_sympy_either(tmp_path):
    file = tmp_path / "sweep.json"
    assert process(*GRID, "--where", "power <= 500 W", "--out", str(file)).returncode == 0
    python("-c", SECOND, json.dumps([["replay", str(file)]]))  # looks at the whole description, for the first time
    again = python("-c", SECOND, json.dumps([["replay", str(file)]]))
    assert again.returncode == 0, again.stderr
