"""How a script prints: headings, columns, a target met or missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

WIDTH = 80


def title(text: str) -> Iterator[str]:
    """The first lines of a page."""
    yield from ("=" * WIDTH, text, "=" * WIDTH)


def section(text: str) -> Iterator[str]:
    """The first lines of a section."""
    yield from ("", *title(text.upper()), "")


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows under a head, the first column to the left, the others to the right."""
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()


def judged(holds: bool) -> str:
    """A target's state."""
    return "met" if holds else "missed"


def plural(number: int, noun: str) -> str:
    """A counted noun.

    >>> plural(1, "chiplet"), plural(7, "chiplet")
    ('1 chiplet', '7 chiplets')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
