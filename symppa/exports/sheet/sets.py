"""The sets of a program in a sheet: how many members have room, and the cell that says how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symppa.engine.border import Border
from symppa.engine.evaluate import Evaluator
from symppa.exports.content import Content, Index
from symppa.exports.sheet.pages import MEMBERS, Spot, fitting, span


class Extent(NamedTuple):
    """A set: room for members; `open` where their number is told or computed in the sheet; its row on the givens."""

    described: Index
    room: int
    open: bool
    row: int

    @property
    def counted(self) -> Spot:
        """The cell with the number of members, not available where there is no room for them."""
        return Spot("givens", self.row, 7)

    def labels(self, page: str) -> str:
        """The range of the labels."""
        return span(self.label(0), self.label(self.room - 1), page)

    def label(self, member: int) -> Spot:
        """The cell of a label."""
        return Spot("givens", self.row, MEMBERS + member)


def extents(content: Content, rows: int) -> dict[int, Extent]:
    """Every set by its axis; rows are given out later."""
    reached = _reached(content)
    found = {}
    for index in content.indexes:
        told = max(index.length or 0, reached.get(index.axis, 0))
        room = index.length if index.length and not index.sizes else max(told, _bound(content, index.sizes) or rows, 1)
        is_open = bool(index.sizes) or index.length is None
        found[index.axis] = Extent(index, fitting(index.name, room), is_open, 0)
    return found


def _reached(content: Content) -> dict[int, int]:
    """Members that the values told lead to."""
    if content.missing:
        return {}
    known = content.program.known
    values = {name: value.raw for name, value in content.told.items() if name in known}
    return dict(enumerate(Evaluator(content.program, Border(content.program, values, merge=False)).lengths))


def _bound(content: Content, sizes: Sequence[int]) -> int | None:
    """The most members that the domains of given sizes allow."""
    steps, givens = content.program.steps, content.program.givens
    ends = []
    for size in sizes:
        given = givens[steps[size].detail] if steps[size].operation == "given" else None
        if given is None or given.domain is None or given.domain[0] != "integers" or given.domain[1][1] is None:
            return None
        ends.append(int(given.domain[1][1]))
    return max(ends) if ends and max(ends) <= 1000 else None
