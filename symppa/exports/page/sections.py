"""The sections of a page as HTML that is complete before any script runs; every text is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby, product
from typing import Any

from symppa.exports.content import Content
from symppa.exports.heading import brief
from symppa.exports.page.fields import Field, domain_shown
from symppa.language.mathml import Equation, MathDocument
from symppa.language.written_units import pretty as unit_shown

LONG = 500  # characters of markup from which on an equation may be broken before its right side and its terms


def math(markup: str) -> str:
    """Markup as a formula in a line of text, sums and fractions at full size."""
    return f'<math displaystyle="true">{markup}</math>'


class Givens:
    """The fields: sliders first, the others in tables."""

    def __init__(self, fields: Sequence[Field], symbols: Mapping[str, str]) -> None:
        self.fields, self.symbols = fields, symbols

    def slider(self, k: int) -> str:
        """A field with a slider."""
        f = self.fields[k]
        about = f"unit-{k} domain-{k} error-{k}"
        return (
            f'<div class="given slider"><label for="field-{k}">{self._named(f)}</label>'
            f'<p class="meaning">{escape(f.parameter.meaning)}</p>'
            f'<input type="range" id="slider-{k}" data-slider="{k}" aria-label="{escape(f.name)}" '
            f'aria-describedby="domain-{k}">{self._entry(k, about)}</div>'
        )

    def choice(self, k: int) -> str:
        """A drop-down."""
        f = self.fields[k]
        return (
            f'<div class="given choice"><label for="field-{k}">{self._named(f)}</label>'
            f'<p class="meaning">{escape(f.parameter.meaning)}</p>{self._select(k)}</div>'
        )

    def table(self, numbers: Sequence[int], caption: str) -> str:
        """The fields that have no slider, one row each."""
        head = "".join(f'<th scope="col">{h}</th>' for h in ("given", "value", "meaning and source"))
        rows = "".join(self._line(k) for k in numbers)
        return (
            f'<table class="givens"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )

    def _line(self, k: int) -> str:
        f = self.fields[k]
        p = f.parameter
        entry = self._select(k) if f.labels is not None else self._entry(k, f"unit-{k} domain-{k} error-{k}")
        source = f' <span class="source">{escape(p.source)}</span>' if p.source else ""
        return (
            f'<tr><th scope="row"><label for="field-{k}">{self._named(f)}</label></th><td>{entry}</td>'
            f"<td>{escape(p.meaning)}{source}</td></tr>"
        )

    def _named(self, f: Field) -> str:
        symbol = self.symbols.get(f.parameter.name, "") if not f.place else ""
        return f'{math(symbol) + " " if symbol else ""}<span class="name">{broken(f.name)}</span>'

    def _entry(self, k: int, about: str) -> str:
        p = self.fields[k].parameter
        domain = domain_shown(p)
        return (
            f'<span class="entry"><input id="field-{k}" data-field="{k}" type="text" inputmode="decimal" '
            f'autocomplete="off" spellcheck="false" size="11" aria-describedby="{about}"> '
            f'<span class="unit" id="unit-{k}">{escape(unit_shown(p.unit))}</span></span>'
            f'<span class="domain" id="domain-{k}">{escape(domain)}</span>'
            f'<p class="error" id="error-{k}" hidden></p>'
        )

    def _select(self, k: int) -> str:
        f = self.fields[k]
        labels = f.labels or ()
        empty = "" if f.value is not None else '<option value="">choose</option>'
        options = "".join(f'<option value="{n}">{escape(label)}</option>' for n, label in enumerate(labels))
        return f'<select id="field-{k}" data-field="{k}">{empty}{options}</select>'


def outputs(content: Content, symbols: Mapping[str, str]) -> str:
    """A row for every number that comes out; the script fills them."""
    members = {i.name: i.labels or tuple(str(k) for k in range(i.length or 0)) for i in content.indexes}
    rows = []
    for n, o in enumerate(content.outputs):
        symbol = math(symbols[o.name]) + " " if o.name in symbols else ""
        named = f'{symbol}<span class="name">{broken(o.name)}</span>'
        meaning = f'<span class="meaning">{escape(o.meaning)}</span>'
        if not all(members[s] for s in o.sets):  # as many members as the values of the moment make
            rows.append(_output(f"{named}{meaning}", n, "all", o.unit))
            continue
        for place in product(*(range(len(members[s])) for s in o.sets)):
            which = ", ".join(members[s][k] for s, k in zip(o.sets, place, strict=True))
            member = f" <i>{escape(which)}</i>" if which else ""
            rows.append(_output(f"{named}{member}{meaning}", n, ",".join(map(str, place)), o.unit))
    return "".join(rows)


def _output(head: str, number: int, place: str, unit: str) -> str:
    return (
        f'<tr><th scope="row">{head}</th>'
        f'<td class="number"><data data-output="{number}" data-place="{place}" value="">&#x2014;</data> '
        f'<span class="unit">{escape(unit_shown(unit))}</span></td></tr>'
    )


def limit_rows(limits: Iterable[Mapping[str, Any]]) -> str:
    """A row for every limit; the script says whether it is met."""
    return "".join(
        f'<tr><th scope="row">{broken(one["output"])}</th><td>{escape(one["words"])}</td>'
        f'<td data-limit="{k}"><span class="verdict">&#x2014;</span></td></tr>'
        for k, one in enumerate(limits)
    )


def equations(document: MathDocument, wanted: set[str]) -> str:
    """The formulas that the outputs need, part by part; parts that repeat another are told in a sentence."""
    groups = [
        (place, list(found)) for place, found in groupby(document.equations(wanted), key=lambda e: (e.part, e.kind))
    ]
    made = [_group(part, kind, found, opened=n == 0) for n, ((part, kind), found) in enumerate(groups)]
    for repeat in (r for r in document.repeated if any(name.startswith(f"{r.path}.") for name in wanted)):
        wires = ", ".join(f"{name} = {text}" for name, text in repeat.wires)
        made.append(
            f"<p><code>{escape(repeat.path)}</code> is {escape(repeat.like)} once more, with {escape(wires)}.</p>"
        )
    return "".join(made)


def _group(part: str, kind: str, found: Sequence[Equation], *, opened: bool) -> str:
    title = f"{broken(part)} ({escape(kind)})" if part else escape(kind)
    count = f"{len(found)} formula{'s' if len(found) > 1 else ''}"
    body = "".join(_equation(e) for e in found)
    return f"<details{' open' if opened else ''}><summary>{title}: {count}</summary>{body}</details>"


def _equation(e: Equation) -> str:
    whole = len("".join((e.left, *e.right))) < LONG
    left = f'{e.left}<mo form="infix">=</mo>'
    pieces = map(math, [left + "".join(e.right)] if whole else [left, *e.right])
    unit = f" [{escape(unit_shown(e.unit))}]" if unit_shown(e.unit) else ""
    source = f' <span class="source">{escape(e.source)}</span>' if e.source else ""
    return (
        f'<div class="equation"><div class="formula" role="group" aria-label="{escape(e.name)}">'
        f"{'<wbr>'.join(pieces)}</div>"
        f"<p><code>{broken(e.name)}</code>{unit}: {escape(e.meaning)}{source}</p></div>"
    )


def tables(content: Content) -> str:
    """The tables that are looked up, as they are told; they cannot be changed on the page."""
    made = []
    for name, columns in groupby(content.columns, key=lambda c: c.name.rpartition(".")[0]):
        known = list(columns)
        heads = "".join(
            f'<th scope="col">{escape(c.name.rpartition(".")[2])} {escape(unit_shown(c.unit))}</th>' for c in known
        )
        rows = "".join(
            f'<tr><th scope="row">{brief(key)}</th>{"".join(f"<td>{brief(c.entries[k])}</td>" for c in known)}</tr>'
            for k, key in enumerate(known[0].keys)
        )
        caption = f"table {name}" + (f" ({known[0].source})" if known[0].source else "")
        made.append(
            f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr><th scope="col">key</th>'
            f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    return "".join(made)


def references(content: Content) -> str:
    """What the formulas and values stand on."""
    keys = content.bibliography
    items = [f"<li><b>{escape(key)}</b>: {_reference(entry)}</li>" for key, entry in keys.items()]
    others = [part for part in content.sources if part.partition(",")[0].strip() not in keys and part != "derived"]
    items += [f"<li>{escape(part)}</li>" for part in others]
    return f"<ul>{''.join(items)}</ul>" if items else "<p>None is named.</p>"


ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    '"': "\u0308",
    "^": "\u0302",
    "~": "\u0303",
    "u": "\u0306",
    "c": "\u0327",
    "v": "\u030c",
}
LETTERS = {r"\i": "ı", r"\l": "ł", r"\L": "Ł", r"\o": "ø", r"\O": "Ø", r"\ss": "ß", r"\ae": "æ"}
FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$", re.MULTILINE)


def _reference(entry: str) -> str:
    """A BibTeX entry as one line of text."""
    told = {key.lower(): plain_bibtex(text) for key, text in FIELD.findall(entry)}
    authors = told.get("author", "").replace(" and ", "; ")
    where = told.get("journal") or told.get("booktitle") or told.get("institution") or told.get("howpublished")
    volume = ", ".join(f"{key} {told[key]}" for key in ("volume", "number", "pages") if key in told)
    doi = f"doi:{told['doi']}" if "doi" in told else told.get("eprint", "")
    parts = [authors, told.get("title"), where, volume, told.get("year"), doi, told.get("note")]
    return ". ".join(escape(part) for part in parts if part) + "."


def plain_bibtex(text: str) -> str:
    r"""A BibTeX value as plain text.

    >>> plain_bibtex(r"Lebr{\'o}n and {GQA} at 80\%")
    'Lebrón and GQA at 80%'
    """
    from unicodedata import normalize

    text = re.sub(r"\\url\{([^{}]*)\}", r"\1", text)
    for written, letter in LETTERS.items():
        text = re.sub(re.escape(written) + r"(?![A-Za-z])\s?", letter, text)
    text = re.sub(
        r"\\([ucv]) ?\{?(\w)\}?|\\(['`\"^~])\{?(\w)\}?", lambda m: (m[2] or m[4]) + ACCENTS[m[1] or m[3]], text
    )
    text = re.sub(r"\\([%&_#$])", r"\1", text).replace("--", "–")
    return normalize("NFC", text.replace("{", "").replace("}", ""))


def broken(name: str) -> str:
    """A dotted name that a narrow page may break at its dots and underscores."""
    return re.sub(r"([._])", r"\1<wbr>", escape(name))
