r"""Symbols of quantities in LaTeX: what they are made of, and when two are seen as one.

A symbol is one letter, Greek letter or \mathrm{word}, maybe with an accent, one subscript and one superscript.
Everything else would break a document, or print something other than a symbol.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from symppa.errors import DeclarationError

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ",
    "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "hbar": "ℏ", "partial": "∂",
    "infty": "∞", "nabla": "∇",
}  # fmt: skip
SIGNS = {
    "cdot": "⋅", "times": "×", "ast": "∗", "star": "⋆", "prime": "′", "dagger": "†", "perp": "⊥", "parallel": "∥",
    "to": "→", "pm": "±", "circ": "∘",
}  # fmt: skip
FONTS = {
    "mathrm": "mathrm", "text": "mathrm", "textrm": "mathrm", "operatorname": "mathrm", "mathsf": "mathsf",
    "mathbf": "mathbf", "mathit": "mathit", "mathtt": "mathtt", "mathcal": "mathcal",
}  # fmt: skip
ACCENTS = {"hat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "dot": "˙", "ddot": "¨", "vec": "→"}
SPACES = {",", ";", ":", "!", " ", "quad", "qquad"}
BEFORE = ("Delta", "delta", "partial", "nabla")  # a change of something is one symbol with it
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
WORD = re.compile(r"(?:[A-Za-z0-9 .,:;+\-*/'()\[\]=]|\\[,; _&%])*")
RULE = (
    r"a symbol is one letter, Greek letter or \mathrm{word}, with at most one subscript and one superscript, "
    r"such as V_{\mathrm{dd}} or \hat{x}^{*}"
)
MACRO = {letter: name for name, letter in GREEK.items()} | {"µ": "mu", "ε": "varepsilon", "φ": "phi", "Ω": "Omega"}


class Glyph(NamedTuple):
    """A symbol taken apart, each piece in the one way that it is written here."""

    base: str
    below: str
    above: str

    @property
    def text(self) -> str:
        """The whole in its normal form."""
        below = f"_{{{self.below}}}" if self.below else ""
        return self.base + below + (f"^{{{self.above}}}" if self.above else "")


@lru_cache(maxsize=16384)
def glyph(symbol: str) -> Glyph:
    r"""A symbol taken apart; what would be no symbol is refused.

    >>> glyph(r"V_\mathrm t")
    Glyph(base='V', below='\\mathrm{t}', above='')
    >>> glyph("x'") == glyph(r"{x}^{\prime}"), glyph("T_a^2").text == glyph("T^{2}_{a}").text
    (True, True)
    """
    return _Reader(symbol).read()


class _Reader:
    """Reads a symbol from left to right."""

    def __init__(self, symbol: str) -> None:
        self.symbol, self.tokens, self.place = symbol, TOKEN.findall(symbol), 0

    def read(self) -> Glyph:
        if not self._peek():
            raise self._odd("is empty")
        found = self._scripted(alone=True)
        if token := self._peek():
            if token in "_^'":
                raise self._odd(f"has a second {token}")
            whole = re.sub(r"[^A-Za-z0-9]", "", self.symbol)
            word = whole if whole[:1].isalpha() and self.symbol.isalnum() else "word"
            raise self._odd(f"goes on after {found.text} with {token}", rf"a word is written \mathrm{{{word}}}; ")
        return found

    def _odd(self, what: str, hint: str = "") -> DeclarationError:
        return DeclarationError(f"the symbol {self.symbol!r} {what}: {hint}{RULE}")

    def _peek(self) -> str:
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self.place += 1
        return token

    def _scripted(self, alone: bool = False) -> Glyph:
        """A sign with what stands below and above it."""
        base, scripts = self._sign(alone), {"_": "", "^": ""}
        while (mark := self._peek()) and mark in "_^'":
            self._next()
            place = "^" if mark == "'" else mark
            if scripts[place]:
                hint = "write both in one, as in x_{a,b}; " if place == "_" else ""
                raise self._odd(f"has two {'subscripts' if place == '_' else 'superscripts'}", hint)
            scripts[place] = r"\prime" if mark == "'" else self._script()
            while mark == "'" and self._peek() == "'":
                self._next()
                scripts[place] += r"\prime"
        return Glyph(base, scripts["_"], scripts["^"])

    def _script(self) -> str:
        """What stands below or above: a group, or one sign."""
        if self._peek() == "{":
            self._next()
            text = self._group()
            if not text:
                raise self._odd("has an empty script")
            return text
        return self._sign()

    def _group(self) -> str:
        """Signs up to the closing brace."""
        found = ""
        while (token := self._peek()) != "}":
            if not token:
                raise self._odd("has a brace that is not closed")
            if token.startswith("\\") and token[1:] in SPACES:
                found += self._next()
                continue
            piece = self._scripted().text
            found += " " + piece if re.search(r"\\[A-Za-z]+$", found) and piece[0].isalpha() else piece
        self._next()
        return found

    def _sign(self, alone: bool = False) -> str:
        """One sign; `alone` where only a letter can be."""
        token = self._next()
        if token == "{":
            inner = self._group()
            if not inner:
                raise self._odd("has an empty group")
            simple = alone is False or re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+(\{[^{}]*\})?", inner)
            if alone and not simple:
                _Reader(inner).read()
            return inner if simple else f"{{{inner}}}"
        if token.startswith("\\") and len(token) > 1:
            return self._command(token[1:], alone)
        if re.fullmatch(r"[A-Za-z]", token) or (not alone and re.fullmatch(r"[0-9,+\-*/=().:!|\[\]<>]", token)):
            return token
        if token in MACRO:
            raise self._odd(f"has the letter {token}", rf"write it \{MACRO[token]}; ")
        if token.isalpha() or ord(token[:1] or "x") > 127:
            raise self._odd(f"has {token!r}", r"write it in Latin letters, as \mathrm{word}; ")
        raise self._odd(f"has {token!r} where a letter is due" if token else "ends where something is due")

    def _command(self, name: str, alone: bool) -> str:
        if name in GREEK:
            following = self._peek()
            before = alone and name in BEFORE and (following.isalpha() or following[1:] in {*GREEK, *FONTS, *ACCENTS})
            return rf"\{name} {self._sign(alone=True)}" if before else rf"\{name}"
        if name in SIGNS and not alone:
            return r"*" if name == "ast" else rf"\{name}"
        if name in FONTS:
            return self._word(FONTS[name])
        if name in ACCENTS:
            accent = "bar" if name == "overline" else name
            return rf"\{accent}{{{self._inner()}}}"
        if name in ("%", "&", "_") and not alone:
            return rf"\{name}"
        raise self._odd(rf"has \{name}, which is no part of one")

    def _inner(self) -> str:
        """What stands under an accent."""
        if self._peek() == "{":
            self._next()
            return self._group()
        return self._sign(alone=True)

    def _word(self, font: str) -> str:
        """A font and its word."""
        text = self._next()
        if text == "{":
            start = self.place
            while self.place < len(self.tokens) and self.tokens[self.place] not in "{}":
                self.place += 1
            text = "".join(self.tokens[start : self.place]).strip()
            if self._next() != "}":
                raise self._odd(f"has braces that do not match after \\{font}")
        if not text or not WORD.fullmatch(text):
            raise self._odd(f"has {text!r} in \\{font}", "letters, digits and plain marks stand there; ")
        return text if font == "mathit" and len(text) == 1 else rf"\{font}{{{text}}}"


def canonical(symbol: str) -> str:
    r"""A symbol as it is seen: two with one such form cannot be told apart.

    >>> canonical(r"V_\mathrm{t}") == canonical(r"V_{\text t}"), canonical("E_0") == canonical("{E}_{ 0 }")
    (True, True)
    """
    return glyph(symbol).text


def raised(symbol: str) -> bool:
    """Whether a symbol ends above its line, so that a power needs brackets."""
    return bool(glyph(symbol).above)


def subscripted(symbol: str, marks: list[str]) -> str:
    r"""A symbol with more subscripts, after the one it has.

    >>> subscripted("V_0", [r"\mathrm{node}"]), subscripted("K^*", ["i"])
    ('V_{0,\\mathrm{node}}', 'K_{i}^{*}')
    """
    if not marks:
        return symbol
    found = glyph(symbol)
    return found._replace(below=",".join(filter(None, [found.below, *marks]))).text
