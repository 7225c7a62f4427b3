"""Every shipped system in all seven forms, as the command writes them, each run alone and set beside the engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from symppa.exports import FORMS
from tests.cli.asking import told
from tests.exports import sheets
from tests.exports.browser import PROGRAM, Browser
from tests.exports.systems import SHIPPED, assert_same, contents, reference
from tests.exports.test_c import MAIN, STRICT, full, runner
from tests.exports.test_c import told as read_by_c
from tests.exports.test_html import shown
from tests.exports.test_javascript import number
from tests.exports.test_latex import assert_clean, compiled

PROGRAMS = {"node": shutil.which("node"), "gcc": shutil.which("gcc"), "pdflatex": shutil.which("pdflatex"),
            "soffice": sheets.SOFFICE, "chromium": PROGRAM}  # fmt: skip
ABSENT = [name for name, found in PROGRAMS.items() if found is None]
PRINT = """\
const plain = (v) => Array.isArray(v) ? v.map(plain) : Number.isFinite(v) ? v : String(v);
const found = {};
for (const name of process.argv.slice(2)) {
  const { compute } = await import(`./${name}.mjs`);
  found[name] = Object.fromEntries(Object.entries(compute()).map(([key, v]) => [key, plain(v)]));
}
console.log(JSON.stringify(found));
"""


def written(folder: Path) -> dict[tuple[str, str], Path]:
    """Every file, by system and form."""
    found = {}
    for name in SHIPPED:
        for to, (_, suffix) in FORMS.items():
            file = folder / f"{name}{suffix}"
            told("export", name, "--to", to, "--output", str(file))
            found[name, to] = file
    return found


def by_python(file: Path) -> dict[str, object]:
    """What a file gives that knows no symppa."""
    space: dict[str, object] = {"__name__": "exported"}
    text = file.read_text("utf-8")
    exec(compile(text, file.name, "exec"), space)
    return space[re.search(r"^def (\w+)\(", text, re.MULTILINE)[1]]()


def by_node(folder: Path) -> dict[str, dict[str, object]]:
    """What the modules compute."""
    (folder / "print.mjs").write_text(PRINT)
    ran = subprocess.run(["node", "print.mjs", *SHIPPED], cwd=folder, capture_output=True, text=True, check=True)
    return {name: {key: number(v) for key, v in values.items()} for name, values in json.loads(ran.stdout).items()}


def by_gcc(folder: Path) -> dict[str, dict[str, object]]:
    """What the headers compute, in one program."""
    text = [*(f'#include "{name}.h"' for name in SHIPPED), MAIN]
    text += [runner(name, contents()[name], 1) for name in SHIPPED]
    text += ["int main(void) {", *(f"  run_{name}();" for name in SHIPPED), "  return 0;", "}", ""]
    (folder / "main.c").write_text("\n".join(text))
    subprocess.run(["gcc", "-std=c99", "-O1", *STRICT, "main.c", "-o", "main", "-lm"], cwd=folder, check=True)
    points = "\n".join(read_by_c(contents()[name], full(contents()[name], {})) for name in SHIPPED)
    ran = subprocess.run(["./main"], cwd=folder, input=points, capture_output=True, text=True, check=True)
    found = {}
    for name, line in zip(SHIPPED, ran.stdout.splitlines(), strict=True):
        code, *numbers = map(float, line.split())
        assert code == 0, name
        want, place, found[name] = reference(contents()[name]), 0, {}
        for output, value in want.items():
            found[name][output] = np.reshape(numbers[place : place + np.size(value)], np.shape(value))
            place += np.size(value)
        assert place == len(numbers)
    return found


def by_chromium(files: dict[tuple[str, str], Path], folder: Path) -> dict[str, dict[str, object]]:
    """What the pages show."""
    browser, found = Browser(folder / "profile"), {}
    try:
        for name in SHIPPED:
            got, want = shown(browser.page(files[name, "html"].as_uri())), reference(contents()[name])
            outputs = (output.name for output in contents()[name].outputs)
            found[name] = {key: np.reshape(got[place], np.shape(want[key])) for place, key in enumerate(outputs)}
    finally:
        browser.close()
    return found


@pytest.mark.skipif(bool(ABSENT), reason=f"not on this machine: {', '.join(ABSENT)}")
def test_every_shipped_system_in_all_seven_forms_gives_the_numbers_of_the_engine(tmp_path):
    files = written(tmp_path)
    node, gcc, chromium = by_node(tmp_path), by_gcc(tmp_path), by_chromium(files, tmp_path)
    books = dict(zip(SHIPPED, sheets.computed([files[n, "spreadsheet"] for n in SHIPPED], tmp_path), strict=True))
    for name in SHIPPED:
        content, want = contents()[name], reference(contents()[name])
        assert_same(by_python(files[name, "python"]), want, f"{name} python")
        assert_same(node[name], want, f"{name} javascript")
        assert_same(gcc[name], want, f"{name} c")
        assert_same(chromium[name], want, f"{name} html")
        sheet = sheets.outputs(books[name], content)
        assert_same({key: np.reshape(v, np.shape(want[key])) for key, v in sheet.items()}, want, f"{name} spreadsheet")
        markdown = files[name, "markdown"].read_text("utf-8")
        assert all(output.meaning in markdown for output in content.outputs), name
        assert_clean(compiled(files[name, "latex"].read_text("utf-8"), tmp_path))
