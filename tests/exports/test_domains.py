"""What a given may be is judged alike by the engine and by every exported program, to the last bit of an end."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from symppa.errors import DomainError
from symppa.exports import c, javascript, python
from symppa.exports.content import Content, told_as
from tests.exports.systems import Ends

NODE, GCC = shutil.which("node"), shutil.which("gcc")


POINTS = [
    *(("third", x) for x in (0.0, 1 / 3, np.nextafter(1 / 3, 1), 0.333333333333333, -1e-300)),
    *(("clock", x) for x in (0.1, 1.1, 1.1000000001, 0.0999999999)),
    *(("rate", x) for x in (307.2, 614.4, 614.3)),
    *(("many", x) for x in (0.0, 2.0**52 + 1, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, 3.0000000004, 0.5)),
    *(("offset", x) for x in (-5.0, -6.0, 2.0**60, 0.9999999999, 1e300)),
    *(("grid", x) for x in (0.1, 0.3, 1.7, 2.0, 0.35, 2.1)),
]


def verdicts() -> list[bool]:
    """What the engine takes."""
    found, program = [], Content(Ends).program
    for name, value in POINTS:
        try:
            program({name: value})
            found.append(True)
        except DomainError:
            found.append(False)
    return found


def test_both_verdicts_are_asked_for():
    assert 10 < sum(verdicts()) < len(POINTS) - 10


def test_the_python_function_judges_as_the_engine():
    space: dict = {"__name__": "ends"}
    exec(python.write(Content(Ends), python.Options()), space)
    found = []
    for name, value in POINTS:
        try:
            space["ends"](**{name: value})
            found.append(True)
        except ValueError:
            found.append(False)
    assert found == verdicts()
    assert space["ends"]()["all"] == Content(Ends).program({})["all"]


@pytest.mark.skipif(NODE is None, reason="no node here")
def test_the_module_judges_as_the_engine(tmp_path):
    (tmp_path / "ends.mjs").write_text(javascript.write(Content(Ends), javascript.Options()))
    ask = f"""import {{ compute }} from "./ends.mjs";
    compute();
    const judged = ([name, value]) => {{
      try {{ compute({{ [name]: value }}); return true; }} catch {{ return false; }}
    }};
    console.log(JSON.stringify({json.dumps(POINTS)}.map(judged)));"""
    (tmp_path / "ask.mjs").write_text(ask)
    ran = subprocess.run(["node", "ask.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == verdicts()


@pytest.mark.skipif(GCC is None, reason="no gcc here")
def test_the_header_judges_as_the_engine(tmp_path):
    (tmp_path / "ends.h").write_text(c.write(Content(Ends), c.Options()))
    lines = ['#include "ends.h"', "#include <stdio.h>", "int main(void) {"]
    lines += ["  ends_model_givens g = ends_model_defaults();", '  printf("%d ", ends_model_check(&g, NULL) == 0);']
    for name, value in POINTS:
        lines += [
            "  g = ends_model_defaults();",
            f"  g.{name} = {value!r};".replace("np.float64(", "").replace(")", ""),
        ]
        lines.append('  printf("%d ", ends_model_check(&g, NULL) == 0);')
    (tmp_path / "main.c").write_text("\n".join([*lines, "  return 0;", "}", ""]))
    subprocess.run(["gcc", "-O1", "main.c", "-o", "main", "-lm"], cwd=tmp_path, check=True)
    ran = subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [bool(int(one)) for one in ran.stdout.split()] == [True, *verdicts()]


def test_an_end_has_the_fewest_digits_that_are_worth_the_same():
    assert told_as(1.1 * 1e9, 1e9) == 1.1
    assert told_as(1 / 3, 1.0) == 1 / 3
    assert all(told_as(x * 1e-12, 1e-12) == x for x in (0.1, 2.3, 6.28, 1e-3))


def test_a_reader_sees_a_whole_end_in_full():
    text = python.write(Content(Ends), python.Options())
    assert "0 to 9007199254740992" in re.sub(r"\s+", " ", text)
