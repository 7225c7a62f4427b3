"""Entries of the bibliography as a paper prints them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from symppa.descriptions.bind import NO_SOURCE
from symppa.studies.references import entries


def fields(entry: str) -> dict[str, str]:
    """The fields of a BibTeX entry.

    >>> fields("@misc{a, title = {A {B}}, year = 2020}")
    {'title': 'A {B}', 'year': '2020'}
    """
    body = entry[entry.index(",") + 1 : entry.rindex("}")]
    return {name.lower(): value for name, value in _pairs(body)}


def _pairs(body: str) -> Iterator[tuple[str, str]]:
    place = 0
    while match := re.compile(r"[\s,]*([A-Za-z]+)\s*=\s*").match(body, place):
        place = match.end()
        end = _closed(body, place)
        yield match[1], " ".join(body[place:end].strip().removeprefix("{").removesuffix("}").strip('"').split())
        place = end


def _closed(body: str, start: int) -> int:
    """Where the value that starts here ends: at the comma outside of its braces."""
    depth = 0
    for place in range(start, len(body)):
        depth += (body[place] == "{") - (body[place] == "}")
        if body[place] == "," and depth == 0:
            return place
    return len(body)


def printed(entry: str) -> str:
    """One entry in the words of a list of references, in LaTeX.

    >>> printed("@misc{a, author = {Doe, Jane and Roe, R.}, title = {Chips}, year = {2020}}")
    'Jane Doe and R. Roe. Chips. 2020.'
    """
    told = fields(entry)
    where = told.get("journal") or told.get("booktitle") or told.get("howpublished") or told.get("institution")
    volume = told.get("volume", "") + (f"({told['number']})" if "number" in told else "")
    pages = f"pages {told['pages']}" if "pages" in told else ""
    place = ", ".join(filter(None, (where, volume, pages, told.get("publisher", ""), told.get("note", ""))))
    link = (
        rf"\url{{https://doi.org/{told['doi']}}}"
        if "doi" in told
        else f"\\url{{{told['url']}}}"
        if "url" in told
        else ""
    )
    said = (_people(told.get("author") or told.get("editor", "")), told.get("title", ""), place, told.get("year", ""))
    return " ".join(f"{part}." for part in (*said, link) if part)


def _people(text: str) -> str:
    """Names in reading order, a long list cut as is usual."""
    names = (
        [" ".join(reversed([p.strip() for p in name.split(",", 1)])) for name in text.split(" and ")] if text else []
    )
    if len(names) > 4:
        return f"{names[0]} et al"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1] if names else "")))


def listed(bibliography: Mapping[str, str]) -> str:
    """The list of references, self-contained."""
    rows = "\n".join(rf"\bibitem{{{key}}} {printed(entry)}" for key, entry in bibliography.items())
    return f"\\begin{{thebibliography}}{{99}}\n{rows}\n\\end{{thebibliography}}" if bibliography else ""


def used(texts: Iterable[str]) -> dict[str, str]:
    """The entries that some LaTeX cites, by key."""
    keys = {key for text in texts for key in re.findall(r"\\cite(?:\[(?:\{[^{}]*\}|[^\]])*\])?\{([^{}]+)\}", text)}
    known = entries()
    return {key: known[key] for key in sorted(keys) if key in known}


def cited(source: str, known: Iterable[str], escape: Callable[[str], str]) -> str:
    r"""A source with its keys as citations.

    >>> cited("leviathan2023, equation 1; by hand", ["leviathan2023"], str)
    '\\cite[equation 1]{leviathan2023}; by hand'
    """
    keys = set(known)
    made = []
    for part in (p.strip() for p in source.split(";") if p.strip() != NO_SOURCE):
        key, _, place = part.partition(",")
        where = (
            f"[{{{escape(place.strip())}}}]"
            if set("[]") & set(place)
            else f"[{escape(place.strip())}]"
            if place
            else ""
        )
        made.append(rf"\cite{where}{{{key.strip()}}}" if key.strip() in keys else escape(part))
    return "; ".join(filter(None, made))
