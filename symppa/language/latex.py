"""Names and text as LaTeX has them."""

from __future__ import annotations

import re
import unicodedata


def words(name: str) -> str:
    r"""A name of several words as an upright symbol.

    >>> words("peak_compute")
    '\\mathrm{peak\\,compute}'
    """
    ascii_ = unicodedata.normalize("NFKD", name.replace("_", " ")).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^\w ]", "", ascii_).strip() or "x"
    return rf"\mathrm{{{safe.replace(' ', chr(92) + ',')}}}"


def scripted(letter: str) -> str:
    r"""The name of a set whose letter is known.

    >>> scripted("i"), scripted("i_{2}"), scripted(r"\ell")
    ('\\mathcal{I}', '\\mathcal{I}_{2}', '\\mathcal{S}_{\\ell}')
    """
    head, mark, rest = letter.partition("_")
    plain = head.isalpha() and head.isascii() and len(head) == 1
    return rf"\mathcal{{{head.upper()}}}{mark}{rest}" if plain else rf"\mathcal{{S}}_{{{letter}}}"


MARKS = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "<": r"$<$",
    ">": r"$>$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def escaped(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    >>> escaped("peak_compute < 5 %")
    'peak\\_compute $<$ 5 \\%'
    """
    return "".join(MARKS.get(character, character) for character in text)
