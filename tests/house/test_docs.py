"""The documentation runs: Python blocks, shell lines that ask symppa, and the outputs printed below them."""

from __future__ import annotations

import doctest
import re
import shlex
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.tree import ROOT, python, shown

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<kind>\w*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)[^)]*\)")
GENERATED = "reference/"


class Block(NamedTuple):
    """A fenced block and the line it starts on."""

    kind: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [Block(m["kind"], m["text"], text.count("\n", 0, m.start("text")) + 1) for m in FENCE.finditer(text)]


def questions(page: Path) -> list[tuple[int, str, str | None]]:
    """Line, command and expected output of every shell line that asks symppa."""
    found = []
    here = blocks(page)
    for block, after in zip_longest(here, here[1:]):
        if block.kind == "sh":
            lines = [line.rpartition("&& ")[2] for line in block.text.splitlines()]
            asked = [line for line in lines if line.startswith("symppa ")]
            told = after.text if after and after.kind == "text" and len(asked) == len(lines) == 1 else None
            found += [(block.line, command, told) for command in asked]
    return found


def run_python(page: Path) -> None:
    """Every Python block in one namespace, those with prompts as doctests."""
    names: dict[str, object] = {"__name__": page.stem}
    for block in (b for b in blocks(page) if b.kind == "python"):
        if ">>>" in block.text:
            parsed = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line - 1)
            parsed.globs = names
            doctest.DebugRunner(optionflags=FLAGS).run(parsed, clear_globs=False)
        else:
            code = "\n" * (block.line - 1) + block.text
            exec(compile(code, str(page), "exec", dont_inherit=True), names)


@pytest.mark.parametrize("page", [p for p in PAGES if "python" in {b.kind for b in blocks(p)}], ids=shown)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        run_python(page)
    except doctest.DocTestFailure as failure:
        pytest.fail(
            f"{shown(page)}:{failure.test.lineno + failure.example.lineno + 1}\n{failure.example.source}"
            f"expected:\n{failure.example.want}got:\n{failure.got}"
        )


@pytest.mark.parametrize("page", [p for p in PAGES if questions(p)], ids=shown)
def test_the_commands_of_a_page_answer(page, tmp_path):
    for line, command, told in questions(page):
        done = python("-m", *shlex.split(command), cwd=tmp_path)
        assert done.returncode == 0, f"{shown(page)}:{line} {command}\n{done.stderr}"
        if told is not None:
            same = doctest.OutputChecker().check_output(told, done.stdout, FLAGS)
            assert same, f"{shown(page)}:{line} {command} prints\n{done.stdout}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_local_link_leads_somewhere(page):
    targets = [target for target in LINK.findall(page.read_text("utf-8")) if "://" not in target]
    lost = [t for t in targets if not (page.parent / t).exists() and GENERATED not in t]
    assert not lost


def test_the_readme_sets_up_with_two_commands():
    commands = [block.text.strip() for block in blocks(ROOT / "README.md") if block.kind == "sh"]
    assert commands[:2] == [
        "pip install . && symppa analyze nexgen_baseline",
        "pip install '.[test]' && pytest",
    ]


def test_the_readme_and_the_tutorial_have_code_to_run():
    for page in (ROOT / "README.md", ROOT / "docs" / "tutorial.md"):
        assert {"python"} <= {block.kind for block in blocks(page)}
