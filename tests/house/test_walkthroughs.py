"""Pages that build something are followed from an empty folder, step by step."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.house.pages import PAGES, Question, asked, blocks, is_asked, is_walked
from tests.house.tree import ROOT, shown

WALKED = [page for page in PAGES if is_walked(page)]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FILE = re.compile(r"^--- (\S+)\n", re.MULTILINE)


class Walk:
    """One page in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tree = folder / "here", ROOT
        self.copy = folder / "tree"
        self.folder.mkdir()

    def write(self, name: str, text: str) -> None:
        """A file of the page; a pyproject.toml stands for the package installed."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        if name == "pyproject.toml":
            self.install(tomllib.loads(text)["project"])

    def install(self, project: dict) -> None:
        """What an installer leaves beside a package."""
        home = self.folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        home.mkdir()
        lines = []
        for group, entries in project["entry-points"].items():
            lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
        (home / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")
        facts = {"Metadata-Version": "2.1", "Name": project["name"], "Version": project["version"]}
        (home / "METADATA").write_text("".join(f"{k}: {v}\n" for k, v in facts.items()), "utf-8")

    def change(self, text: str) -> None:
        """A change of symppa itself, made to a copy."""
        if self.tree == ROOT:
            for name in ("symppa", "models", "constraints"):
                shutil.copytree(ROOT / name, self.copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            self.tree = self.copy
        _, *parts = FILE.split(text)
        for name, hunks in zip(parts[::2], parts[1::2], strict=True):
            path = self.tree / name
            for hunk in hunks.split("@@\n"):
                path.write_text(changed(path.read_text("utf-8"), hunk, name), "utf-8")

    def ask(self, question: Question) -> subprocess.CompletedProcess[str]:
        """What a command of the page answers here."""
        program, *arguments = shlex.split(question.command)
        command = [sys.executable, "-W", "error", *(["-m", "symppa"] if program == "symppa" else []), *arguments]
        path = os.pathsep.join(map(str, (self.tree, self.folder)))
        told = os.environ | {"PYTHONPATH": path, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"} | question.told
        done = subprocess.run(
            command, cwd=self.folder, env=told, capture_output=True, text=True, check=False, timeout=300
        )
        if question.into:
            (self.folder / question.into).write_text(done.stdout, "utf-8")
        return done


def changed(text: str, hunk: str, name: str) -> str:
    """A text with one hunk of a diff applied: what it keeps and takes away stands there once."""
    lines = hunk.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    before, after = (part if part.startswith("\n") else f"\n{part}" for part in (before, after))
    assert text.count(before) == 1, f"{name} has this {text.count(before)} times:{before}"
    return text.replace(before, after)


def agrees(told: str, printed: str) -> bool:
    return doctest.OutputChecker().check_output(told, printed, FLAGS)


@pytest.mark.parametrize("page", WALKED, ids=shown)
def test_a_page_that_builds_something_can_be_followed(page, tmp_path):
    walk = Walk(tmp_path)
    here = blocks(page)
    for block, after in zip_longest(here, here[1:]):
        if block.title:
            walk.write(block.title, block.text)
        elif block.kind == "diff":
            walk.change(block.text)
        elif block.kind == "python":
            exec(compile(block.text, str(page), "exec", dont_inherit=True), {"__name__": page.stem})
        for question in asked(block, after) if is_asked(block) else []:
            done = walk.ask(question)
            where = f"{shown(page)}:{question.line} {question.command}\n{done.stdout}{done.stderr}"
            if question.printed is not None and done.returncode:
                assert "Error" in question.printed.partition("\n")[0], where
                assert agrees(question.printed, done.stderr), where
                continue
            assert done.returncode in question.codes, where
            assert question.printed is None or agrees(question.printed, done.stdout), where


def test_pages_that_build_something_are_found():
    assert {"docs/how-to/plug-in.md", "docs/how-to/extend.md"} <= {shown(page) for page in WALKED}


def test_a_hunk_whose_place_is_gone_is_refused():
    with pytest.raises(AssertionError, match="0 times"):
        changed("\na\nb\n", " c\n+d\n", "file.py")
    assert changed("\na\nb\n", " a\n+d\n", "file.py") == "\na\nd\nb\n"
