"""Asking for help loads nothing heavy."""

from __future__ import annotations

import pytest

from tests.house.tree import python

HEAVY = {
    "cvxpy",
    "torch",
    "matplotlib",
    "xarray",
    "pandas",
    "sympy",
    "scipy",
    "pyarrow",
    "pint",
    "pydantic",
    "yaml",
}


def loaded(*arguments):
    """Every package a process loads, as its own import log tells."""
    done = python("-X", "importtime", *arguments)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", [("-m", "symppa", "--help"), ("-c", "import symppa")], ids=["help", "import"])
def test_nothing_heavy_is_loaded(arguments):
    packages = loaded(*arguments)
    assert "symppa" in packages
    assert not packages & HEAVY


def test_a_second_answer_does_not_load_sympy(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path))
    question = ("-m", "symppa", "analyze", "nexgen_baseline")
    assert "sympy" in loaded(*question)
    assert not loaded(*question) & {"sympy", "pint", "pydantic", "pandas", "xarray", "matplotlib", "cvxpy"}


def test_the_import_log_sees_a_heavy_package():
    assert "numpy" in loaded("-c", "import numpy")
