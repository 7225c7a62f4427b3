"""The documentation runs: Python blocks, commands, programs in C and JavaScript, and the outputs printed below them."""

from __future__ import annotations

import doctest
import json
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from importlib import import_module
from itertools import pairwise

import pytest
import yaml

import symppa.library
from symppa import Model
from symppa.calibration.measuring.suites import suite
from symppa.cli.main import VERBS
from symppa.descriptions.structure import DescriptionFile, TargetFile
from symppa.exports import FORMS, export
from tests.house.pages import PAGES, blocks, is_walked, questions
from tests.house.tree import ROOT, python, shown

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#([^)\s]+))?[^)]*\)")
INLINE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
GENERATED = "reference/"
KINDS = {
    "python",
    "sh",
    "text",
    "yaml",
    "json",
    "toml",
    "bash",
    "diff",
    "c",
    "js",
    "console",
}  # console: machines that a test has not
PLAIN = [page for page in PAGES if not is_walked(page)]
PROGRAMS = {"c": re.compile(r'#include "(\w+)\.h"'), "js": re.compile(r'from "\./(\w+)\.mjs"')}


def run_python(page):
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


@pytest.mark.parametrize("page", [p for p in PLAIN if "python" in {b.kind for b in blocks(p)}], ids=shown)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "torch" in sys.modules:
        sys.modules["torch"].compiler.reset()  # torch compiles one code a few times only, whoever asked
    try:
        run_python(page)
    except doctest.DocTestFailure as failure:
        pytest.fail(
            f"{shown(page)}:{failure.test.lineno + failure.example.lineno + 1}\n{failure.example.source}"
            f"expected:\n{failure.example.want}got:\n{failure.got}"
        )


def answers_of(page, folder):
    """What the commands of a page answer, one after the other in one folder."""
    found = []
    for asked in questions(page):
        done = python("-m", *shlex.split(asked.command), cwd=folder)
        if asked.into:
            (folder / asked.into).write_text(done.stdout, "utf-8")
        found.append((asked, done))
    return found


@pytest.fixture(scope="module")
def answers(request, tmp_path_factory):
    """The answers on the pages that are tested here, a few pages at a time: most of a command is its start."""
    here = [i for i in request.session.items if getattr(i, "module", None) is request.module]
    items = [i for i in here if "answers" in getattr(i, "fixturenames", ())]
    pages = [item.callspec.params["page"] for item in items]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return dict(
            zip(pages, pool.map(answers_of, pages, [tmp_path_factory.mktemp("page") for _ in pages]), strict=True)
        )


@pytest.mark.parametrize("page", [p for p in PLAIN if questions(p)], ids=shown)
def test_the_commands_of_a_page_answer(page, answers):
    for asked, done in answers[page]:
        assert done.returncode in asked.codes, f"{shown(page)}:{asked.line} {asked.command}\n{done.stderr}"
        if asked.printed is not None:
            same = doctest.OutputChecker().check_output(asked.printed, done.stdout, FLAGS)
            assert same, f"{shown(page)}:{asked.line} {asked.command} prints\n{done.stdout}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_block_is_of_a_kind_that_is_run_or_read(page):
    odd = [f"{shown(page)}:{b.line} {b.kind or 'no kind'}" for b in blocks(page) if b.kind not in KINDS]
    odd += [f"{shown(page)}:{b.line} a change outside a page that is followed" for b in blocks(page)
            if b.kind == "diff" and not is_walked(page)]  # fmt: skip
    assert not odd


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_data_on_a_page_can_be_read(page, tmp_path):
    for block in blocks(page):
        if block.kind == "json":
            json.loads(block.text)
        elif block.kind == "toml":
            tomllib.loads(block.text)
        elif block.kind == "yaml":
            told = yaml.safe_load(block.text)
            if "suite" in told:
                (tmp_path / "suite.yaml").write_text(block.text, "utf-8")
                assert suite(str(tmp_path / "suite.yaml")).cases, f"{shown(page)}:{block.line}"
                continue
            kind = TargetFile if {"base", "free", "uncertain", "subject_to"} & set(told) else DescriptionFile
            assert set(told) <= {field.name for field in fields(kind)}, f"{shown(page)}:{block.line}"


@pytest.mark.parametrize("page", [p for p in PAGES if "bash" in {b.kind for b in blocks(p)}], ids=shown)
def test_what_a_shell_evaluates_is_printed(page):
    for block in (b for b in blocks(page) if b.kind == "bash"):
        found = re.findall(r"\$\((symppa [^)]+)\)", block.text)
        assert found, f"{shown(page)}:{block.line}"
        for command in found:
            done = python("-m", *shlex.split(command))
            assert done.returncode == 0, done.stderr
            assert done.stdout


def programs():
    """Blocks in C and JavaScript with the text below them."""
    for page in PAGES:
        for block, after in pairwise(blocks(page)):
            if block.kind in PROGRAMS:
                yield pytest.param(block, after, id=f"{shown(page)}:{block.line}")


@pytest.mark.parametrize(("block", "after"), list(programs()))
def test_a_program_on_a_page_runs_beside_the_export_it_names(block, after, tmp_path):
    assert after.kind == "text"
    (name,) = PROGRAMS[block.kind].findall(block.text)
    form, suffix, source = ("c", "h", "main.c") if block.kind == "c" else ("javascript", "mjs", "main.mjs")
    (tmp_path / f"{name}.{suffix}").write_text(export(name, form), "utf-8")
    (tmp_path / source).write_text(block.text, "utf-8")
    needs = "gcc" if block.kind == "c" else "node"
    if shutil.which(needs) is None:
        pytest.skip(f"there is no {needs} here")
    if block.kind == "c":
        build = ["gcc", "-std=c99", "-Wall", "-Werror", "main.c", "-lm", "-o", "main"]
        subprocess.run(build, cwd=tmp_path, check=True)
    run = ["./main"] if block.kind == "c" else ["node", source]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == after.text


def anchors(page):
    """The anchors of a page's headings, as its generator makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower()) for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_local_link_leads_somewhere(page):
    links = LINK.findall(INLINE.sub("", page.read_text("utf-8")))
    targets = [(target, anchor) for target, anchor in links if "://" not in target and GENERATED not in target]
    made = [page.parent / target for target, _ in targets]
    lost = [str(there) for there in made if not there.exists() and not there.with_suffix(".ipynb").exists()]
    pages = [(page.parent / target, anchor) for target, anchor in targets if anchor and target.endswith(".md")]
    lost += [f"{there.name}#{anchor}" for there, anchor in pages if there.exists() and anchor not in anchors(there)]
    assert not lost


def test_every_verb_has_a_page_that_asks_it():
    table = (ROOT / "docs" / "how-to" / "index.md").read_text("utf-8")
    rows = {m[1]: re.findall(r"\]\(([\w-]+\.md)", m[2]) for m in re.finditer(r"\| `symppa ([\w-]+)` \| (.+) \|", table)}
    assert list(rows.keys() - VERBS) == []
    for verb in VERBS:
        assert verb in rows, f"docs/how-to/index.md does not tell where {verb} is explained"
        texts = [(ROOT / "docs" / "how-to" / name).read_text("utf-8") for name in rows[verb]]
        lines = [line for text in texts for line in text.splitlines() if f"symppa {verb}" in line]
        asked = [line for line in lines if line.startswith(f"symppa {verb}") or f"$(symppa {verb} " in line]
        assert [line for line in asked if "--help" not in line], f"no page asks symppa {verb}"


def test_every_option_of_an_export_is_told():
    page = (ROOT / "docs" / "how-to" / "export.md").read_text("utf-8")
    for form, (module, _) in FORMS.items():
        for field in fields(import_module(f"symppa.exports.{module}").Options):
            flag = rf"`--(no-)?({field.name}|{field.name.removesuffix('s')})[ `]"
            assert re.search(flag, page), f"docs/how-to/export.md does not tell of {form} {field.name}"


def test_the_readme_sets_up_with_two_commands():
    commands = [block.text.strip() for block in blocks(ROOT / "README.md") if block.kind == "sh"]
    assert commands[:2] == [
        "pip install . && symppa analyze nexgen_baseline",
        "pip install '.[test]' && pytest",
    ]


def test_the_readme_and_the_tutorial_have_code_to_run():
    for page in (ROOT / "README.md", ROOT / "docs" / "tutorial.md"):
        assert {"python"} <= {block.kind for block in blocks(page)}


def test_every_model_has_a_page_with_its_formulas_units_and_sources(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    pages = import_module("model_pages")
    modules = (m.name for m in pkgutil.walk_packages(symppa.library.__path__, "symppa.library."))
    things = [thing for name in modules for thing in vars(import_module(name)).values() if isinstance(thing, type)]
    found = dict.fromkeys(t for t in things if issubclass(t, Model) and t.__module__.startswith("symppa.library."))
    assert len({pages.slug(cls) for cls in found}) == len(found) > 100
    for cls in found:
        page = pages.model_page(cls, list(found))
        for d in cls._declared.values():
            assert f"`{d.attr}`" in page, f"{cls.__name__} {d.attr}"
            assert d.role != "formula" or f'aria-label="{d.attr}"' in page
            assert d.unit_text in ("", "1") or f"`{d.unit_text}`" in page
            keys = [part.strip().partition(",")[0] for part in d.source.split(";") if part.strip()]
            assert all(f"sources.md#{key})" in page for key in keys if not d.derived)
