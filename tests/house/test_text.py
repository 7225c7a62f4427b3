"""The project runs anywhere: no path of one machine, no address of one registry."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import texts

# Written in pieces, so that this file does not contain what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w.~-])/" + r"(?:work|root|home|Users)/",
            r"https?://" + r"(?:localhost|127\.0\.0\.1|\[::1\])",
            r"--(?:extra-)?" + r"index-url",
            r"PIP_" + r"(?:EXTRA_)?INDEX_URL",
            r"pypi\." + r"(?:org|python\.org)/simple",
        ]
    )
)


def test_no_file_names_a_machine_or_a_registry():
    found = [
        f"{name}:{number} {match[0]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := FORBIDDEN.search(line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["cd /" + "work/main", "http:" + "//localhost:8080", "pip --" + "index-url x"])
def test_a_forbidden_word_is_seen(text):
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize("text", ["docs/work/", "the square /root", "https://doi.org/10.1000/homework/1"])
def test_an_innocent_word_is_left_alone(text):
    assert not FORBIDDEN.search(text)


def test_every_kind_of_file_is_read():
    names = {name for name, _ in texts()}
    assert {"README.md", "pyproject.toml", ".ci/run", "symppa/units.txt", "tests/house/test_text.py"} <= names
