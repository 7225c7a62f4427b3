"""References: what a result stands on, as entries of references.bib."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from symppa.descriptions.bind import NO_SOURCE
from symppa.studies.subject import Subject

BIBLIOGRAPHY = Path(__file__).resolve().parent.parent / "references.bib"


def entries() -> dict[str, str]:
    """Every entry of the bibliography by key.

    >>> entries()["williams2009"].startswith("@article{williams2009,")
    True
    """
    parts = re.split(r"^(?=@)", BIBLIOGRAPHY.read_text("utf-8"), flags=re.MULTILINE)
    return {re.split(r"[{,]", e)[1].strip(): e.strip() for e in parts if e.startswith("@")}


def parts_of(sources: Iterable[str]) -> list[str]:
    """Single references: `horowitz2014, table 1; rogers2009` has two."""
    found = (part.strip() for text in sources if text not in ("", NO_SOURCE) for part in text.split(";"))
    return list(dict.fromkeys(part for part in found if part))


def sources_of(subject: Subject) -> list[str]:
    """Sources of every formula and default of a system, and of a description's values."""
    found = [d.source for scope in subject.root.walk() for d in scope.cls._declared.values()]
    found += [s for value in subject.bound(subject.program()).values() for s in value.sources]
    return parts_of(found)


def cited(subject: Subject) -> tuple[dict[str, str], list[str]]:
    """Entries a subject stands on, by key, and references in words that no entry has."""
    known, found, others = entries(), {}, []
    for part in sources_of(subject):
        key = part.partition(",")[0].strip()
        if key in known:
            found[key] = known[key]
        else:
            others.append(part)
    return dict(sorted(found.items())), others
