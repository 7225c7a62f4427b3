"""Every model of the library says what it computes, from where, and is tested."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

import pytest

import symppa.library
from symppa import Model
from tests.house.tree import ROOT, sources

ROLES = {"given", "formula", "index", "column"}


@cache
def library():
    """Every model class that the library declares."""
    for module in pkgutil.walk_packages(symppa.library.__path__, "symppa.library."):
        importlib.import_module(module.name)
    found = {cls for cls in _descendants(Model) if cls.__module__.startswith("symppa.library.")}
    return sorted(found, key=lambda cls: (cls.__module__, cls.__name__))


def _descendants(cls):
    return [c for sub in cls.__subclasses__() for c in (sub, *_descendants(sub))]


@cache
def references():
    bib = (ROOT / "symppa" / "references.bib").read_text("utf-8")
    return re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", bib, re.MULTILINE)


@cache
def written_tests():
    return tuple(path.read_text("utf-8") for path in sources("tests") if "house" not in path.parts)


def own(cls):
    return {name: declared for name, declared in cls._declared.items() if declared.owner is cls}


def keys(source):
    """The cited keys: `horowitz2014, table 1; rogers2009` cites two."""
    return [part.split(",")[0].strip() for part in source.split(";") if part.strip()]


def test_the_library_has_models():
    assert library()


@pytest.mark.parametrize("cls", library(), ids=lambda cls: cls.__name__)
class TestModel:
    def test_says_what_it_is(self, cls):
        assert cls.__doc__ or any(base.__doc__ for base in cls.__mro__[1:-2]), f"{cls.__name__} has no docstring"

    def test_every_declaration_has_a_meaning(self, cls):
        for name, declared in own(cls).items():
            assert declared.role in ROLES
            assert declared.meaning.strip() == declared.meaning != "", f"{cls.__name__}.{name} has no meaning"

    def test_every_meaning_is_a_noun_phrase(self, cls):
        for name, declared in own(cls).items():
            where = f"{cls.__name__}.{name}: {declared.meaning!r}"
            assert not declared.meaning.endswith((".", ":", ";", ",")), f"{where} ends with a stop"
            assert not re.search(r"[.!?] [A-Z]", declared.meaning), f"{where} is more than one sentence"
            assert "\n" not in declared.meaning, f"{where} has several lines"

    def test_every_formula_has_a_source_or_is_derived(self, cls):
        for name, declared in own(cls).items():
            if declared.role == "formula" and declared.expr is not ...:
                assert bool(keys(declared.source)) != declared.derived, (
                    f"{cls.__name__}.{name} needs a source, or derived=True, and not both"
                )

    def test_every_source_is_in_the_references(self, cls):
        for name, declared in own(cls).items():
            unknown = [key for key in keys(declared.source) if key not in references()]
            assert not unknown, f"{cls.__name__}.{name} cites {unknown}, absent from references.bib"

    def test_every_formula_is_named_in_a_test_of_its_model(self, cls):
        naming = [text for text in written_tests() if re.search(rf"\b{cls.__name__}\b", text)]
        assert naming, f"no test names {cls.__name__}"
        formulas = [name for name, declared in own(cls).items() if declared.role == "formula"]
        missing = [n for n in formulas if not any(re.search(rf"\b{re.escape(n)}\b", t) for t in naming)]
        assert not missing, f"no test of {cls.__name__} names {', '.join(missing)}"


def test_no_reference_is_listed_twice():
    assert len(references()) == len(set(references())) > 0
