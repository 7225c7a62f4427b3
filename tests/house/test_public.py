"""The public names are the agreed ones; every study is shown at work and has a verb."""

from __future__ import annotations

import inspect
import subprocess
import sys

import click
import pytest

import symppa
from symppa.cli.main import main

AGREED = {
    "Model", "given", "formula", "table", "index", "parts", "part", "total",
    "integers", "choices", "reals",
    "ceil_div", "floor_div", "largest", "smallest", "lookup", "where",
    "load", "load_workload", "evaluate", "sweep", "pareto", "sensitivity", "compare", "design", "replay", "export",
    "Result", "SymppaError",
}  # fmt: skip
MOST = 30
VERBS = {"evaluate": "analyze", "break_even": "break-even"}


def studies():
    """The public functions that live in symppa.studies."""
    named = {name: getattr(symppa, name) for name in symppa.__all__}
    return {
        name: thing
        for name, thing in named.items()
        if inspect.isfunction(thing) and thing.__module__.startswith("symppa.studies.")
    }


def test_the_public_names_are_the_agreed_ones():
    assert sorted(symppa.__all__) == sorted(AGREED)
    assert len(symppa.__all__) <= MOST


@pytest.mark.parametrize("before", ["", "import symppa.exports.c", "from symppa.exports import FORMS", "symppa.export"])
def test_export_is_the_function_whatever_is_imported_first(before):
    lines = ["import symppa", before, "print(callable(symppa.export), symppa.export.__module__)"]
    command = [sys.executable, "-c", "\n".join([*lines, "from symppa import export", "print(export is symppa.export)"])]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "symppa.exports", "True"]


def test_dir_tells_the_public_names_before_they_are_used():
    assert set(dir(symppa)) >= AGREED


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = symppa.nonsense


@pytest.mark.parametrize("name", sorted(AGREED))
def test_a_public_name_is_documented(name):
    assert inspect.getdoc(getattr(symppa, name))


def test_the_studies_are_found():
    assert {"evaluate", "sweep", "pareto", "sensitivity", "compare"} <= set(studies())


@pytest.mark.parametrize("name", sorted(studies()))
def test_a_study_has_a_doctest_and_a_verb(name):
    assert ">>>" in (inspect.getdoc(studies()[name]) or "")
    assert VERBS.get(name, name) in main.list_commands(click.Context(main))


@pytest.mark.parametrize("name", sorted(studies()))
def test_a_study_is_fully_typed(name):
    signature = inspect.signature(studies()[name])
    untyped = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert not untyped
    assert signature.return_annotation is not signature.empty
