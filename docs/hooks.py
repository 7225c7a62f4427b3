"""Reference pages written at build time from the declarations themselves, so that they cannot differ from them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files as resources
from typing import Any

import click
from mkdocs.structure.files import File
from model_pages import model_page, slug

import symppa
import symppa.library
from symppa.cli.main import main


def on_config(config: Any) -> Any:
    """Put a page for each model into the navigation, where `reference/models.md` stands."""
    reference = next(part["Reference"] for part in config.nav if "Reference" in part)
    for place, entry in enumerate(reference):
        if "Models" in entry:
            reference[place] = {"Models": [{"All of them": "reference/models.md"}, *_menu()]}
    return config


def _menu() -> Iterator[dict[str, list[dict[str, str]]]]:
    """The models by room of the library, whole systems first, by name."""
    rooms = dict.fromkeys(["systems", *(module.split(".")[2] for module in library())])
    for room in rooms:
        found = [cls for module, classes in library().items() if module.split(".")[2] == room for cls in classes]
        found.sort(key=lambda cls: cls.__name__)
        yield {room.capitalize(): [{cls.__name__: f"reference/models/{slug(cls)}.md"} for cls in found]}


def on_files(files: Any, config: Any) -> Any:
    """Add the reference to what mkdocs found in docs/."""
    pages = {"models": models(), "python": python(), "cli": cli(), "units": units(), "sources": sources()}
    classes = [cls for found in library().values() for cls in found]
    pages |= {f"models/{slug(cls)}": model_page(cls, classes) for cls in classes}
    for name, text in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


@cache
def library() -> Mapping[str, list[type]]:
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
    """Every model by its module, in a line."""
    about = "A page for each: its parts, its formulas, its quantities with their units and sources. Every name there "
    about += "is also the key in a description, the flag `--set` and the axis of a sweep."
    text = ["# Models", about]
    for module, classes in library().items():
        text.append(f"## {module.removeprefix('symppa.library.')}")
        doc = inspect.getdoc(importlib.import_module(module))
        text.extend([doc] if doc else [])
        text.append("\n".join(f"- [{c.__name__}](models/{slug(c)}.md): {_first(c)}" for c in classes))
    return "\n\n".join(text) + "\n"


def _first(cls: type) -> str:
    return " ".join((inspect.getdoc(cls) or "").partition("\n\n")[0].split())


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


def citing() -> Mapping[str, Iterable[str]]:
    """Links to the models that cite each reference."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for cls in (cls for classes in library().values() for cls in classes):
        for declared in cls._declared.values():  # type: ignore[attr-defined]
            for part in filter(None, declared.source.split(";")):
                found[part.split(",")[0].strip()][f"[{cls.__name__}](models/{slug(cls)}.md)"] = None
    return found
