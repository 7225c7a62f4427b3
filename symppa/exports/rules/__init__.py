"""The functions that exported programs bring along: texts in C, JavaScript and Python, and which of them one needs."""

from __future__ import annotations

import re
from importlib.resources import files

FILES = {"c": "rules.h", "javascript": "rules.mjs", "python": "rules.txt"}
NAMED = {
    "c": re.compile(r"^static inline [\w ]+?\*?(\w+)\(", re.MULTILINE),
    "javascript": re.compile(r"^(?:export )?function (\w+)\(|^const (\w+) =", re.MULTILINE),
    "python": re.compile(r"^def (\w+)\(|^([A-Z_]+) =", re.MULTILINE),
}


def functions(language: str) -> dict[str, str]:
    """Every function by name, in the order in which they may refer to each other."""
    text = files("symppa.exports.rules").joinpath(FILES[language]).read_text("utf-8")
    found = {}
    for block in re.split(r"\n{3,}", text.strip()):
        name = NAMED[language].search(block)
        if name is not None:
            found[next(word for word in name.groups() if word)] = block
    return found


def needed(language: str, text: str) -> dict[str, str]:
    """The functions that a text calls, and those that they call."""
    known, found = functions(language), set[str]()
    fresh = {name for name in known if re.search(rf"(?<![\w.]){name}\b", text)}
    while fresh:
        found |= fresh
        inside = "\n".join(known[name] for name in fresh)
        fresh = {name for name in known if re.search(rf"(?<![\w.]){name}\b", inside)} - found
    return {name: block for name, block in known.items() if name in found}
