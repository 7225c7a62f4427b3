"""Pages written at build time from the declarations themselves, so that they cannot differ from them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files as resources
from typing import Any

import click
from latex2mathml.converter import convert
from mkdocs.structure.files import File

import symppa
import symppa.library
from symppa.cli.main import main

Rows = Iterable[Iterable[str]]


def on_files(files: Any, config: Any) -> Any:
    """Add the reference to what mkdocs found in docs/."""
    pages = {"models": models(), "python": python(), "cli": cli(), "units": units(), "sources": sources()}
    for name, text in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def library() -> dict[str, list[type]]:
    """The model classes of each module of the library, in the order of their declaration."""
    found: dict[str, list[type]] = {}
    for module in pkgutil.walk_packages(symppa.library.__path__, "symppa.library."):
        things = vars(importlib.import_module(module.name)).values()
        classes = [t for t in things if isinstance(t, type) and issubclass(t, symppa.Model)]
        own = [cls for cls in classes if cls.__module__ == module.name]
        if own:
            found[module.name] = own
    return found


def models() -> str:
    """Every model: its parts, givens and formulas."""
    text = [
        "# Models",
        "Every name below is also the key in a description, the flag `--set` and the axis of a sweep.",
    ]
    for module, classes in library().items():
        text.append(f"## {module.removeprefix('symppa.library.')}")
        doc = inspect.getdoc(importlib.import_module(module))
        text.extend([doc] if doc else [])
        for cls in classes:
            text.extend(_model(cls))
    return "\n\n".join(text) + "\n"


def _model(cls: Any) -> Iterator[str]:
    yield f"### {cls.__name__} {{#{cls.__name__}}}"
    base = cls.__mro__[1]
    if base is not symppa.Model:
        yield f"A {_link(base)}."
    yield inspect.getdoc(cls) or ""
    if cls._parts:
        rows = ([f"`{name}`", _link(type(made)), "slot" if made._slot else ""] for name, made in cls._parts.items())
        yield _table(["part", "model", ""], rows)
    declared = cls._declared.values()
    inputs = [d for d in declared if d.role != "formula"]
    outputs = [d for d in declared if d.role == "formula"]
    if inputs:
        yield _table(["symbol", "given", "unit", "meaning", "domain", "source"], map(_input, inputs))
    if outputs:
        yield _table(["symbol", "formula", "unit", "meaning", "expression", "source"], map(_output, outputs))


def _input(declared: Any) -> list[str]:
    notes = [] if declared.domain is None else [str(declared.domain)]
    notes += [f"over {', '.join(o.attr for o in declared.over)}"] if declared.over else []
    notes += ["set"] if declared.role == "index" else ["table column"] if declared.role == "column" else []
    notes += [f"default {declared.default}"] if declared.default is not None else []
    return [*_common(declared), "; ".join(notes), _cite(declared.source)]


def _output(declared: Any) -> list[str]:
    expression = "left to subclasses" if declared.expr is ... else f"`{declared.expr}`"
    return [*_common(declared), expression, "derived" if declared.derived else _cite(declared.source)]


def _common(declared: Any) -> list[str]:
    symbol = convert(declared.symbol) if declared.symbol else ""
    unit = "" if declared.unit_text == "1" else f"`{declared.unit_text}`"
    return [symbol, f"`{declared.attr}`", unit, declared.meaning]


def _cite(source: str) -> str:
    found = [part.strip().partition(",") for part in source.split(";") if part.strip()]
    return "; ".join(f"[{key}](sources.md#{key}){comma}{place}" for key, comma, place in found)


def _link(cls: type) -> str:
    known = any(cls in classes for classes in library().values())
    return f"[{cls.__name__}](models.md#{cls.__name__})" if known else f"`{cls.__name__}`"


def _table(head: list[str], rows: Rows) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def python() -> str:
    """The public names, their signatures and their examples."""
    text = ["# Python", "All public names come from `symppa` itself: `from symppa import load, evaluate`."]
    for name in symppa.__all__:
        thing = getattr(symppa, name)
        shown = f"{name}{inspect.signature(thing)}" if inspect.isfunction(thing) else f"class {name}"
        text += [f"## {name}", f"```python\n{shown}\n```", _examples(inspect.getdoc(thing) or "")]
    return "\n\n".join(text) + "\n"


def _examples(doc: str) -> str:
    """A docstring with its doctests fenced."""
    blocks = [b for b in doc.split("\n\n") if b.strip()]
    return "\n\n".join(f"```pycon\n{b}\n```" if b.lstrip().startswith(">>>") else b for b in blocks)


def cli() -> str:
    """The help of every verb."""
    text = ["# Command line", _help(main, click.Context(main, info_name="symppa"))]
    context = click.Context(main, info_name="symppa")
    for verb in main.list_commands(context):
        command: Any = main.get_command(context, verb)
        here = click.Context(command, info_name=verb, parent=context)
        text += [f"## {verb}", _help(command, here)]
        for name, inner in getattr(command, "commands", {}).items():
            text += [f"### {verb} {name}", _help(inner, click.Context(inner, info_name=name, parent=here))]
    return "\n\n".join(text) + "\n"


def _help(command: click.Command, context: click.Context) -> str:
    context.max_content_width = 90
    return f"```text\n{click.unstyle(command.get_help(context))}\n```"


def units() -> str:
    """The file that the registry reads."""
    text = resources("symppa").joinpath("units.txt").read_text("utf-8")
    return f"# Units\n\nOnly these parse, with the prefixes that head the list.\n\n```text\n{text}```\n"


def sources() -> str:
    """Every reference, with the formulas that cite it."""
    users = citing()
    text = ["# Sources"]
    for key, entry in references().items():
        text += [f"## {key} {{#{key}}}", f"```bibtex\n{entry}\n```"]
        text += [f"Cited by {', '.join(users[key])}."] if key in users else []
    return "\n\n".join(text) + "\n"


def references() -> dict[str, str]:
    """The entries of the bibliography by key."""
    bib = resources("symppa").joinpath("references.bib").read_text("utf-8")
    entries = [e.strip() for e in re.split(r"^(?=@)", bib, flags=re.MULTILINE) if e.startswith("@")]
    return {re.split(r"[{,]", entry)[1].strip(): entry for entry in entries}


def citing() -> Mapping[str, list[str]]:
    """Links to the models that cite each reference."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for cls in (cls for classes in library().values() for cls in classes):
        for declared in cls._declared.values():  # type: ignore[attr-defined]
            for part in filter(None, declared.source.split(";")):
                found[part.split(",")[0].strip()][_link(cls)] = None
    return {key: list(links) for key, links in found.items()}
