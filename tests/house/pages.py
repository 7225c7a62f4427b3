"""The fenced blocks of a page, and what they ask."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from tests.house.tree import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<kind>\w*)(?P<more>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
COMMAND = re.compile(r"(?P<told>(?:[A-Z_]+=\S+ )*)(?P<rest>(?:symppa|python) .*)")


class Block(NamedTuple):
    """A fenced block: its kind, its text, the line it starts on, and the file it is."""

    kind: str
    text: str
    line: int
    title: str


class Question(NamedTuple):
    """A command, what is told to it, and what it is to print."""

    line: int
    command: str
    told: dict[str, str]
    printed: str | None
    into: str = ""  # the file that takes the answer
    codes: tuple[int, ...] = (0,)


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    found = []
    for m in FENCE.finditer(text):
        title = TITLE.search(m["more"])
        found.append(Block(m["kind"], m["text"], text.count("\n", 0, m.start("text")) + 1, title[1] if title else ""))
    return found


def is_walked(page: Path) -> bool:
    """Whether a page makes files and uses them: it is run as a whole."""
    return any(block.title for block in blocks(page))


def asked(block: Block, after: Block | None) -> list[Question]:
    """The commands of a shell block; a text below a single one is what it prints."""
    lines = [line.rpartition("&& ")[2] for line in block.text.splitlines()]
    found = [(m, *m["rest"].partition(" > ")[::2]) for line in lines if (m := COMMAND.fullmatch(line))]
    told = after.text if after and after.kind == "text" and len(found) == len(lines) == 1 else None
    codes = (0,) if block.kind == "sh" else (0, 1)
    return [
        Question(block.line, command, dict(part.split("=", 1) for part in m["told"].split()), told, into, codes)
        for m, command, into in found
    ]


def is_asked(block: Block) -> bool:
    """Whether a block holds commands; the answer to those in a text may be no."""
    return block.kind == "sh" or (block.kind == "text" and all(map(COMMAND.fullmatch, block.text.splitlines())))


def questions(page: Path) -> list[Question]:
    """Every command of a page, in order."""
    here = blocks(page)
    return [q for block, after in zip_longest(here, here[1:]) if is_asked(block) for q in asked(block, after)]
