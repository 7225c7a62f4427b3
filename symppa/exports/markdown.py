"""A system's formulas as Markdown that GitHub renders: math blocks, a table of quantities, references."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from symppa.descriptions.bind import NO_SOURCE
from symppa.errors import MissingValueError, QuestionError
from symppa.exports.aligned import SIGN, blocks, rows
from symppa.exports.bibliography import printed
from symppa.exports.content import Content
from symppa.exports.latex import patterns
from symppa.exports.layout import width
from symppa.exports.paper import Paper, Setting, Term
from symppa.language.written_units import upright
from symppa.version import __version__

MOST = 25  # equations of one block of math
LINE = 430.0  # points of a line of a page, in type of ten
MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$])")
ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "c": "\u0327", "v": "\u030c"}


@dataclass(frozen=True)
class Options:
    """How the page is written."""

    numbers: bool = False  # every equation with its numbers put in and its result
    inline: bool = False  # small definitions written into their users
    substitute: bool = False  # what is told as numbers in place of symbols
    digits: int = 4  # significant digits of results
    told: tuple[str, ...] | str = ()  # patterns of definitions that are left out, their values in their place


def write(content: Content, options: Options) -> str:
    """The page."""
    if not 1 <= options.digits <= 15:
        raise QuestionError(f"{options.digits} significant digits are not between 1 and 15")
    if options.numbers and content.missing:
        raise MissingValueError(content.missing)
    told = patterns(options.told)
    setting = Setting(measured, options.numbers, options.inline, options.substitute, options.digits, told)
    paper = Paper(content, setting)
    hashes = content.subject.hashes(content.program, {})
    made = [f"# {plain(content.title)}", plain(content.meaning), "## Formulas", *_equations(paper)]
    made += ["## Quantities", "\n".join(_table(paper)), *_references(content)]
    made.append(f"<!-- symppa {__version__}, program {hashes['program'][:16]} -->")
    return "\n\n".join(part for part in made if part) + "\n"


def measured(digits: str, unit: str) -> str:
    r"""A number with its unit, in what every renderer knows.

    >>> measured("1.5e-12", "J"), measured("3", "1")
    ('1.5 \\times 10^{-12}\\,\\mathrm{J}', '3')
    """
    mantissa, sign, power = digits.partition("e")
    number = rf"{mantissa} \times 10^{{{int(power)}}}" if sign else mantissa
    said = upright(unit)
    return rf"{number}\,{said}" if said else number


def _equations(paper: Paper) -> Iterator[str]:
    found = list(paper.equations())
    sections = paper.sections(found)
    for section in sections:
        if len(sections) > 1:
            name = f"Part `{section.part}`" if section.part else "The whole"
            yield f"### {name}{', continued' if section.again and section.part else ''}"
            yield plain(section.meaning) if not section.again else ""
        number = len(section.equations)
        for block in blocks(section.equations, LINE, math.ceil(number / math.ceil(number / MOST)) if number else MOST):
            left = max(width(e.left) for e in block)
            text = " \\\\\n".join(row for equation in block for row in rows(equation, LINE - left - SIGN))
            yield f"```math\n\\begin{{aligned}}\n{text}\n\\end{{aligned}}\n```"
    for copy in paper.told_copies():
        wires = ", ".join(inline(f"{left} = {right}") for left, right in copy.wires)
        yield f"Part `{copy.path}` has the equations of part `{copy.like}`, with {wires}."
    for note in paper.notes(found):
        yield re.sub(r"\$([^$]+)\$", lambda m: inline(m[1]), note)


def inline(text: str) -> str:
    """Inline math, kept from what Markdown reads: bars would end a cell."""
    return f"$`{text}`$".replace("|", r"\vert ")


def _table(paper: Paper) -> Iterator[str]:
    yield "| symbol | quantity | meaning | unit | value | source |\n| --- | --- | --- | --- | --- | --- |"
    for term in paper.terms():
        cells = (
            inline(term.symbol),
            f"`{term.name}`",
            plain(term.meaning),
            "" if term.unit in ("", "1") else inline(upright(term.unit)),
            plain(", ".join(term.values)),
            _source(term),
        )
        yield f"| {' | '.join(cells)} |"


def _source(term: Term) -> str:
    parts = (part.strip() for part in term.source.split(";"))
    return plain("; ".join(part for part in parts if part not in ("", NO_SOURCE)))


def _references(content: Content) -> Iterator[str]:
    if content.bibliography:
        yield "## References"
        yield "\n".join(f"- **{key}**: {plain(unaccented(printed(e)))}" for key, e in content.bibliography.items())


def plain(text: str) -> str:
    """Text that Markdown prints as it is, in one line."""
    return MARKS.sub(r"\\\1", " ".join(text.split()))


def unaccented(text: str) -> str:
    r"""LaTeX of a reference as plain text.

    >>> unaccented(r"Lebr{\'o}n, {GQA}, 1--9, \url{https://a.b}")
    'Lebrón, GQA, 1–9, https://a.b'
    """
    text = re.sub(r"\\url\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\([`'\"^~]|[cv](?=[\s{]))\s*\{?\\?([A-Za-z])\}?", _accented, text)
    text = re.sub(r"\\([&%$#_])", r"\1", text)
    return re.sub(r"[{}]|(?<=[a-z.])~", "", text.replace("--", "–"))


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match[2] + ACCENTS[match[1]])
