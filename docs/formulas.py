"""Formulas of a page as MathML, made when the site is built: a reader needs no network and no script."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from latex2mathml.converter import convert

BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Every formula that the page has in LaTeX."""
    html = BLOCK.sub(lambda m: f'<div class="formula">{_math(m[1], "block")}</div>', html)
    return INLINE.sub(lambda m: _math(m[1], "inline"), html)


def _math(latex: str, display: str) -> str:
    return convert(unescape(latex).strip(), display=display)
