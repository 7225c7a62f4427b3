"""A system's formulas as LaTeX: an article that compiles as it comes, or fragments for one that exists."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from symppa import units
from symppa.errors import MissingValueError, QuestionError
from symppa.exports.aligned import SIGN, blocks, rows
from symppa.exports.bibliography import cited, listed, used
from symppa.exports.content import Content
from symppa.exports.layout import width
from symppa.exports.paper import Equation, Paper, Section, Setting, Term
from symppa.language.latex import escaped
from symppa.language.written_units import macros
from symppa.version import __version__

PACKAGES = ("amsmath", "array", "booktabs", "longtable", "siunitx", "url")
SETUP = r"\sisetup{per-mode = symbol, group-minimum-digits = 5}"
ARTICLE = (10, 11, 12)  # sizes of type
POINT = 0.3514598  # one in millimetres
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?")
QUANTITIES = ("all", "told", "none")
NUMBERING = 32.0  # room of an equation's number


@dataclass(frozen=True)
class Options:
    """How the paper is written."""

    fragment: bool = False  # no preamble: pieces for \input
    numbers: bool = False  # every equation with its numbers put in and its result
    inline: bool = False  # small definitions written into their users
    substitute: bool = False  # what is told as numbers in place of symbols
    digits: int = 4  # significant digits of results
    width: str = "170 mm"  # of the text
    points: int = 10  # size of the type
    quantities: str = "all"  # in the table: all, told (none that the equations compute), none
    names: bool = True  # the names of symppa beside the meanings
    told: tuple[str, ...] | str = ()  # patterns of definitions that are left out, their values in their place


def write(content: Content, options: Options) -> str:
    """The article, or its fragments."""
    return _Writer(content, options).text()


class _Writer:
    """Writes one paper, and notes the units it uses."""

    def __init__(self, content: Content, options: Options) -> None:
        if not 1 <= options.digits <= 15:
            raise QuestionError(f"{options.digits} significant digits are not between 1 and 15")
        if options.numbers and content.missing:
            raise MissingValueError(content.missing)
        if options.quantities not in QUANTITIES:
            raise QuestionError(f"quantities {options.quantities!r}: there are {', '.join(QUANTITIES)}")
        if options.points not in ((6, 7, 8, 9, *ARTICLE, 13, 14, 15, 16, 17) if options.fragment else ARTICLE):
            sizes = (
                "a fragment has type of 6 to 17 points"
                if options.fragment
                else "an article has type of 10, 11 or 12 points"
            )
            raise QuestionError(f"{sizes}, not {options.points}")
        self.content, self.options = content, options
        self.wide = units.parse(options.width, "mm", "width") * 1e3  # in millimetres
        if not 0 < self.wide < math.inf:
            raise QuestionError(f"a text is not {options.width} wide: say for example 170 mm")
        self.room = self.wide / POINT
        self.line = self.room * 10 / options.points  # in points of a type of ten
        self.own: dict[str, None] = {}
        setting = Setting(
            self.measured, options.numbers, options.inline, options.substitute, options.digits, patterns(options.told)
        )
        self.paper = Paper(content, setting)

    def measured(self, digits: str, unit: str) -> str:
        """A number with its unit, by siunitx."""
        text = self.unit(unit)
        if text:
            return rf"\qty{{{digits}}}{{{text}}}"
        return digits if re.fullmatch(r"-?[\d.]{1,5}", digits) else rf"\num{{{digits}}}"

    def unit(self, unit: str) -> str:
        """A unit in macros; those that siunitx lacks are noted."""
        text, own = macros(unit)
        self.own.update(dict.fromkeys(own))
        return text

    def label(self, name: str) -> str:
        """The label of an equation; two systems in one paper have different ones."""
        return "eq:" + re.sub(r"[^A-Za-z0-9.:]", "-", f"{self.content.title}:{name}")

    def text(self) -> str:
        """The whole."""
        body = [*self.equations(), *self.nomenclature()]
        return "\n".join([*self.fragment(body)] if self.options.fragment else [*self.article(body)]) + "\n"

    # equations

    def equations(self) -> Iterator[str]:
        """Aligned equations, what copies of parts share, and what the signs mean."""
        found = list(self.paper.equations())
        yield r"\begingroup\allowdisplaybreaks"
        sections = self.paper.sections(found)
        for section in sections:
            if len(sections) > 1:
                yield self._heading(section)
            for block in blocks(section.equations, self.line):
                left = max(width(e.left) for e in block)
                yield r"\begin{align}"
                yield "\n".join(self._ended(block, left))
                yield r"\end{align}"
        yield r"\endgroup"
        for copy in self.paper.told_copies():
            wires = ", ".join(f"${left} = {right}$" for left, right in copy.wires)
            yield (
                rf"{{\raggedright\noindent Part \texttt{{{broken(copy.path)}}} has the equations of part "
                rf"\texttt{{{broken(copy.like)}}}, with {wires}.\par}}"
            )
        yield from (rf"\noindent {note}\par" for note in self.paper.notes(found))

    def _heading(self, section: Section) -> str:
        """What the equations below are of."""
        name = rf"Part \texttt{{{broken(section.part)}}}" if section.part else "The whole"
        said = "continued" if section.again else printable(section.meaning)
        return rf"\par\medskip{{\raggedright\noindent\textbf{{{name}}}{': ' if said else ''}{said}\par}}\nopagebreak"

    def _ended(self, block: list[Equation], left: float) -> Iterator[str]:
        for k, equation in enumerate(block):
            end = r" \\" if k < len(block) - 1 else ""
            yield f"% {_comment(equation)}"
            yield self._equation(equation, left) + end

    def _equation(self, equation: Equation, left: float) -> str:
        """One equation in lines; the last carries the number."""
        made = rows(equation, self.line - left - SIGN - NUMBERING)
        made[-1] += rf" \label{{{self.label(equation.name)}}}"
        return " \\notag \\\\*\n".join(made)

    # quantities

    def nomenclature(self) -> Iterator[str]:
        """Every quantity that is printed, in a table that may run over pages."""
        terms = list(self.paper.terms()) if self.options.quantities != "none" else []
        if not terms:
            return
        told = [t for t in terms if t.role != "formula"]
        computed = [t for t in terms if t.role == "formula" and self.options.quantities == "all"]
        terms = [*told, *computed]
        worth = any(t.values for t in terms)
        yield r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}"
        yield rf"\begin{{longtable}}{{{self._columns(terms, worth)}}}"
        head = ["symbol", "meaning", "unit", *(["value"] if worth else []), "source"]
        yield "\\toprule\n" + " & ".join(head) + " \\\\\n\\midrule\n\\endhead\n\\bottomrule\n\\endlastfoot"
        yield from (self._row(t, worth) for t in told)
        if told and computed:
            yield r"\midrule"
        yield from (self._row(t, worth) for t in computed)
        yield "\\end{longtable}\n\\endgroup"

    def _columns(self, terms: list[Term], worth: bool) -> str:
        """Widths that share what the symbols and units leave."""
        size = 0.85 * max(self.options.points, 10) / 10  # of the type of the table
        symbol = max((width(t.symbol) for t in terms), default=20) * size + 6
        symbol = max(symbol, 34)
        unit = max((width(rf"\unit{{{self.unit(t.unit)}}}") for t in terms), default=10) * size + 6
        rest = self.room - symbol - max(unit, 22) - (4 + worth) * 8
        value = max((width(_value(v)) * size + 6 for t in terms for v in t.values if NUMBER.search(v)), default=0.0)
        value = min(max(value, 0.22 * rest), 0.4 * rest)
        shares = (0.65 * (rest - value), value, 0.35 * (rest - value)) if worth else (0.65 * rest, 0.35 * rest)
        ragged = [rf">{{\raggedright\arraybackslash}}p{{{share:.0f}pt}}" for share in shares]
        return f"@{{}}l{ragged[0]}l{ragged[1]}{ragged[2] if worth else ''}@{{}}"

    def _row(self, term: Term, worth: bool) -> str:
        unit = self.unit(term.unit)
        equation = (
            rf"\eqref{{{self.label(term.name)}}}" if term.role == "formula" and term.name in self.numbered else ""
        )
        source = "" if term.source == "derived" else cited(term.source, self.content.bibliography, printable)
        cells = [
            f"${term.symbol}$",
            printable(term.meaning)
            + (rf" {{\scriptsize\texttt{{{broken(term.name)}}}}}" if self.options.names else ""),
            rf"\unit{{{unit}}}" if unit else "",
            *([", ".join(map(_value, term.values))] if worth else []),
            " ".join(filter(None, (source, equation))),
        ]
        return " & ".join(cells) + r" \\"

    @cached_property
    def numbered(self) -> set[str]:
        """Names that have an equation."""
        return {self.paper._label(*found) for found in self.paper.order} - self.paper.opened

    # around them

    def _said(self) -> Iterator[str]:
        subject, program = self.content.subject, self.content.program
        hashes = subject.hashes(program, {})
        yield f"% {_plain(self.content.title)}: {_plain(self.content.meaning)}"
        yield f"% symppa {__version__}, program {hashes['program'][:16]}"

    def _declared(self) -> list[str]:
        return [rf"\DeclareSIUnit{{\{name}}}{{{name}}}" for name in sorted(self.own)]

    def article(self, body: list[str]) -> Iterator[str]:
        """A document of its own."""
        entries = used(body)
        yield from self._said()
        if entries:
            yield f"\\begin{{filecontents*}}[noheader]{{{_file(self.content.title)}.bib}}"
            yield "\n\n".join(entries.values())
            yield r"\end{filecontents*}"
        yield rf"\documentclass[{self.options.points}pt,a4paper]{{article}}"
        yield rf"\usepackage[textwidth={self.wide:.6g}mm,vmargin=20mm]{{geometry}}"
        yield "\\usepackage[T1]{fontenc}\n\\usepackage{lmodern}"
        yield rf"\usepackage{{{','.join(PACKAGES)}}}"
        yield "\n".join([SETUP, *self._declared(), r"\setlength{\parindent}{0pt}", r"\begin{document}"])
        yield rf"\section*{{{printable(self.content.title)}}}"
        yield printable(self.content.meaning)
        yield from body
        yield listed(entries)
        yield r"\end{document}"

    def fragment(self, body: list[str]) -> Iterator[str]:
        r"""Pieces for \input, and in comments what they need."""
        yield from self._said()
        yield f"% needs in the preamble: \\usepackage{{{','.join(PACKAGES)}}}"
        yield f"% and this: {SETUP}"
        if entries := used(body):
            yield "% cites these entries of BibTeX:"
            yield from (f"% {line}" for entry in entries.values() for line in entry.splitlines())
        yield from self._declared()
        yield from body


def patterns(told: tuple[str, ...] | str) -> tuple[str, ...]:
    """Patterns, as they are or in one text with commas between."""
    return tuple(p.strip() for p in told.split(",") if p.strip()) if isinstance(told, str) else tuple(told)


def _file(title: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", title).strip("-") or "sources"


def _plain(text: str) -> str:
    """Text for a comment: one line."""
    return " ".join(text.split())


def _comment(equation: Equation) -> str:
    unit = "" if equation.unit in ("", "1") else f" [{equation.unit}]"
    source = f"; {equation.source}" if equation.source else ""
    return _plain(f"{equation.name}{unit}: {equation.meaning}{source}")


def _value(text: str) -> str:
    """A value of the table: a number, a key with a number, or a label."""
    key, sign, rest = text.rpartition(": ")
    if NUMBER.fullmatch(rest):
        return f"{printable(key)}{sign}\\num{{{rest}}}"
    return printable(text)


def broken(name: str) -> str:
    """A dotted name that may be broken after its dots and underscores."""
    return printable(name).replace(r"\_", r"\_\allowbreak{}").replace(".", r".\allowbreak{}")


CHARACTERS = {
    "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "×": r"$\times$", "·": r"$\cdot$",
    "±": r"$\pm$", "≤": r"$\le$", "≥": r"$\ge$", "≈": r"$\approx$", "→": r"$\to$", "∞": r"$\infty$", "°": r"$^\circ$",
    "²": r"$^2$", "³": r"$^3$", "µ": r"$\mu$", "μ": r"$\mu$", "Ω": r"$\Omega$", "α": r"$\alpha$", "β": r"$\beta$",
    "λ": r"$\lambda$", "η": r"$\eta$", "\u00a0": "~", "\u202f": r"\,", "−": r"$-$", "√": r"$\surd$",
}  # fmt: skip


def printable(text: str) -> str:
    r"""Text that every LaTeX prints: reserved marks escaped, rare characters by macro or by code point.

    >>> printable("50 % of a_b → c"), printable("漢")
    ('50 \\% of a\\_b $\\to$ c', '[U+6F22]')
    """
    made = []
    for character in escaped(" ".join(text.split())):
        if ord(character) < 128 or 0xC0 <= ord(character) <= 0x17F:
            made.append(character)
        else:
            made.append(CHARACTERS.get(character, f"[U+{ord(character):04X}]"))
    return "".join(made)
