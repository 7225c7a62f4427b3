"""Equations in aligned lines: what a paper and a page share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from symppa.exports.layout import continued, lines, width
from symppa.exports.paper import Equation

MOST_LEFT = 0.3  # share of a line by which the left sides of aligned equations may differ
SIGN = 14.0  # room of an equals sign


def blocks(found: Iterable[Equation], room: float, most: float = math.inf) -> Iterator[list[Equation]]:
    """Equations that are aligned with one another: their left sides are about as long, and they are not too many."""
    block: list[Equation] = []
    least = longest = 0.0
    for equation in found:
        wide = width(equation.left)
        if block and (len(block) >= most or max(longest, wide) - min(least, wide) > MOST_LEFT * room):
            yield block
            block = []
        least, longest = (min(least, wide), max(longest, wide)) if block else (wide, wide)
        block.append(equation)
    if block:
        yield block


def rows(equation: Equation, room: float) -> list[str]:
    """One equation in lines, each with its place of alignment: formula, numbers put in, result, where there are any."""
    first, *rest = lines(equation.right, room)
    made = [f"{equation.left} &= {first}", *(rf"&\quad {continued(row)}" for row in rest)]
    told = [equation.right]
    for part in filter(None, (equation.put_in, equation.result)):
        if part in told:
            continue
        told.append(part)
        first, *rest = lines(part, room)
        if not rest and width(made[-1].partition("&")[2]) + SIGN + width(first) <= room:
            made[-1] += f" = {first}"
        else:
            made += [f"&= {first}", *(rf"&\quad {continued(row)}" for row in rest)]
    return made
