"""Every step of a program as a cell, or as part of the one cell that uses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import product
from math import exp, isinf, prod

from symppa.errors import UnsupportedError
from symppa.exports.content import Content
from symppa.exports.sheet.absent import ABSENT, SENSES, Absent, extreme, last
from symppa.exports.sheet.pages import MEMBERS, Entry, Page, Spot, literal, span
from symppa.exports.sheet.sets import Extent
from symppa.language.operations import BY_NAME, MARK, REDUCING
from symppa.language.sheet_cells import LOWEST, POWER, TINY

LONG = 120  # characters of an operand that stays inside the formula that uses it
ARGUMENTS = 250  # of a function
CHAIN = 60  # members that are added one by one where a rounding sees their sum
SIGNS = {"add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2)}
LISTED = ("maximum", "minimum", "sqrt", "exp", "log")  # operands between commas need no brackets
INLINE = (*SIGNS, *LISTED)
ROUNDING = ("ceil_div", "floor_div", "less", "at_most", "equal", "lookup")
WHOLE = ("add", "subtract", "multiply", "maximum", "minimum", "total", "largest_over", "smallest_over", MARK)
COMPARED = {"less": "IF({0}<{1},1,0)", "at_most": "IF({0}<={1},1,0)", "equal": "IF({0}={1},1,0)"}
ATOM = 3
Where = Mapping[int, int]  # members by axis


class Cells:
    """Places and formulas of steps; `columns` are ranges of (entries, keys, one unit) by column of a table."""

    def __init__(
        self,
        content: Content,
        sets: Mapping[int, Extent],
        columns: Mapping[str, tuple[Spot, Spot, Spot, int]],
        page: Page,
    ) -> None:
        self.content, self.program, self.sets, self.columns, self.page = content, content.program, sets, columns, page
        self.homes: dict[int, Spot] = {}
        self.live = content.program.live
        uses = Counter(a for n in self.live for a in self.program.steps[n].arguments)
        uses.update(d.step for d in (*content.definitions, *self.program.outputs.values()))
        uses.update(s for axis in self.program.axes for s in axis.sizes)
        self.uses = uses
        self.users: dict[int, list[int]] = {}
        for n in self.live:
            for a in self.program.steps[n].arguments:
                self.users.setdefault(a, []).append(n)
        self.absent = Absent(self.program, self.users)
        self.kept: dict[int, Spot] = {}  # the first cell of a step that may be an extreme of nothing
        self._whole: dict[int, bool] = {}
        self._inline: dict[int, bool] = {}

    @cached_property
    def rounded(self) -> set[int]:
        """Steps whose last bit a rounding or a comparison may show."""
        steps = self.program.steps
        return set(
            self.program.needed(a for n in self.live for a in steps[n].arguments if steps[n].operation in ROUNDING)
        )

    def readers(self, n: int) -> set[str]:
        """The operations that use a step."""
        return {self.program.steps[m].operation for m in self.users.get(n, [])}

    def whole(self, n: int) -> bool:
        """Whether a step is surely a whole number."""
        if n not in self._whole:
            step = self.program.steps[n]
            known = step.operation in ("coordinate", "count", "ceil_div", "floor_div", *COMPARED)
            if step.operation == "constant":
                known = float(step.detail) % 1 == 0 and abs(step.detail) < 1e15
            elif step.operation == "given":
                p = next(p for p in self.content.parameters if p.step == n)
                known = p.kind == "label" or (p.kind == "integers" and p.scale == 1.0)
            elif step.operation in WHOLE or step.operation == "where":
                known = all(self.whole(a) for a in step.arguments[step.operation == "where" :])
            self._whole[n] = known
        return self._whole[n]

    # where steps are

    def members(self, n: int) -> list[dict[int, int]]:
        """Every member that a step has a value for."""
        axes = self.program.sets(n)
        return [dict(zip(axes, place, strict=True)) for place in product(*(range(self.sets[k].room) for k in axes))]

    def spot(self, n: int, where: Where) -> Spot:
        """The cell of a step for a member."""
        return self.homes[n].moved(*self.offset(n, where))

    def offset(self, n: int, where: Where) -> tuple[int, int]:
        """Rows down and columns right: the last set lies across, the others below one another."""
        *down, across = (*self.program.sets(n), None)[:-1] or (None,)
        row = 0
        for axis in down:
            row = row * self.sets[axis].room + where[axis]  # type: ignore[index]
        return row, 0 if across is None else where[across]

    def rows(self, n: int) -> int:
        """Rows that a step takes."""
        return prod(self.sets[k].room for k in self.program.sets(n)[:-1])

    def inline(self, n: int) -> bool:
        """Whether a step is written into the formula that uses it."""
        if n not in self._inline:
            step = self.program.steps[n]
            if step.operation in ("constant", "coordinate", "count"):
                self._inline[n] = self._leaf(n, {}) is not None
            else:
                operand = n not in self.homes and step.operation in INLINE and self.uses[n] == 1
                self._inline[n] = operand and not self.absent.sense(n) and self._short(n)
        return self._inline[n]

    def _short(self, n: int) -> bool:
        user = self.users[n][0] if n in self.users else None
        if user is None or self.program.masks[user] != self.program.masks[n]:
            return False
        if self.template(n).count("|") or len(self.template(n)) > 12:
            return False
        if self.program.steps[user].operation not in INLINE or len(self.template(user)) > 12:
            return False
        return sum(len(f"{a}") + 8 for a in self._leaves(n)) < LONG

    def _leaves(self, n: int) -> list[int]:
        return [b for a in self.program.steps[n].arguments for b in (self._leaves(a) if self.inline(a) else [a])]

    # what they say

    def _leaf(self, n: int, where: Where) -> str | None:
        """A constant, or the place of a member; None where a cell has to hold it."""
        step = self.program.steps[n]
        if step.operation == "coordinate":
            return str(where.get(step.detail, 0))
        if step.operation == "count":
            extent = self.sets[step.detail]
            return extent.counted.seen_from(self.page.name) if extent.open else str(extent.room)
        if isinf(step.detail):
            absent = {"largest_over"} if step.detail < 0 else {"smallest_over"}
            chosen = self.readers(n) == {"where"}
            return '""' if chosen and all(self.readers(m) == absent for m in self.users[n]) else "NA()"
        return literal(step.detail)

    def template(self, n: int) -> str:
        """How the operation of a step is written here."""
        step = self.program.steps[n]
        name, arguments = step.operation, step.arguments
        if name == MARK:
            return "{0}"
        plain = all(self.whole(a) for a in arguments)
        if name in COMPARED and plain:
            return COMPARED[name]
        if name == "subtract" and plain:
            return "{0}-{1}"
        if name == "power":
            return self._power(n)
        if name == "lambert_w":
            return BY_NAME[name].sheet.split(";")[0 if step.detail == 0 else 1]
        return BY_NAME[name].sheet

    def _power(self, n: int) -> str:
        """A power without the cases that cannot be."""
        base, exponent = (self.program.steps[a] for a in self.program.steps[n].arguments)
        if base.operation == "constant" and base.detail > 0:
            return TINY
        if exponent.operation != "constant" or exponent.detail == 0:
            return POWER
        beyond = literal(float(f"{exp(LOWEST / exponent.detail):.15g}")) if abs(exponent.detail) > 1 else None
        made = f"IF(ABS({{0}}){'<' if exponent.detail > 0 else '>'}{beyond},0,{{0}}^{{1}})" if beyond else "{0}^{1}"
        return made if exponent.detail % 1 == 0 else f"IF({{0}}<0,NA(),{made})"

    def text(self, n: int, where: Where, page: str) -> tuple[str, int]:
        """A step in a formula of a page, and how it binds."""
        if not self.inline(n):
            return self.spot(n, where).seen_from(page), ATOM
        leaf = self._leaf(n, where) if not self.program.steps[n].arguments else None
        if leaf is not None:
            return leaf if page == self.page.name or "!" in leaf else self._counted(n, leaf, page), ATOM
        sign = SIGNS.get(self.program.steps[n].operation, ("", ATOM))
        return self.formula(n, where, page)[-1], sign[1]

    def everywhere(self, n: int, page: str) -> str:
        """A step in a formula that gathers all of its members."""
        axes = self.program.sets(n)
        if not axes:
            return self.text(n, {}, page)[0]
        return span(self.homes[n], self.homes[n].moved(self.rows(n) - 1, self.sets[axes[-1]].room - 1), page)

    def _operand(self, n: int, a: int, where: Where, page: str) -> tuple[str, int]:
        """An operand in a formula; where the operation passes over what is nothing, the cell that says so."""
        if not self.absent.passes(n, a):
            return self.text(a, where, page)
        return self.kept[self.absent.origin(a)].moved(*self.offset(a, where)).seen_from(page), ATOM

    def _counted(self, n: int, leaf: str, page: str) -> str:
        step = self.program.steps[n]
        is_cell = step.operation == "count" and self.sets[step.detail].open
        return self.sets[step.detail].counted.seen_from(page) if is_cell else leaf

    def formula(self, n: int, where: Where, page: str, spot: Spot | None = None) -> list[str]:
        """The formula of a step, after those of cells on the way; `spot` is the first of them."""
        step = self.program.steps[n]
        if step.operation == "constant":
            return ["NA()" if isinf(step.detail) else repr(step.detail)]
        if self.absent.kept(n):
            return [self._extreme(n, where, page, ABSENT), last(self._before(["", ""], where, n, page, spot)[0])]
        if step.operation in SENSES and step.operation not in REDUCING and self.absent.sense(n):
            return [self._extreme(n, where, page, "NA()")]
        if step.operation in REDUCING:
            return [self._reduction(n, where, page)]
        if step.operation == "smooth_largest":
            return self._smooth(n, where, page, spot or self.homes[n])
        sign = SIGNS.get(step.operation)
        template = self.template(n)
        if sign and len(template) <= 12:
            left, right = (self.text(a, where, page) for a in step.arguments)
            return [f"{_at(left, sign[1])}{sign[0]}{_at(right, sign[1] + 1)}"]
        listed = step.operation in LISTED
        operands = [_at(self._operand(n, a, where, page), 0 if listed else ATOM) for a in step.arguments]
        lines = template.split("|")
        more = self._column(step.detail, page) if step.operation == "lookup" else {}
        before = self._before(lines, where, n, page, spot)
        return [line.format(*operands, h=before, **more) for line in lines]

    def _before(self, lines: Sequence[str], where: Where, n: int, page: str, spot: Spot | None) -> list[str]:
        """Addresses of the cells on the way: blocks of rows, one after the other."""
        if spot is None:
            return []
        down, right = self.offset(n, where)
        home = Spot(self.page.name, spot.row, MEMBERS if self.program.sets(n) else 2)
        cells = (home.moved(k * self.rows(n) + down, right) for k in range(len(lines) - 1))
        return [cell.seen_from(page) for cell in cells]

    def _column(self, name: str, page: str) -> dict[str, str]:
        entries, keys, unit, rows = self.columns[name]
        return {
            "k": span(entries, entries.moved(rows - 1, 0), page),
            "n": span(keys, keys.moved(rows - 1, 0), page),
            "u": unit.seen_from(page),
        }

    def _smooth(self, n: int, where: Where, page: str, spot: Spot) -> list[str]:
        """The largest term; each of them in parts of it, raised; the root of their sum."""
        p, *terms = (_at(self.text(a, where, page), ATOM) for a in self.program.steps[n].arguments)
        lines = BY_NAME["smooth_largest"].sheet.split("|")
        count = self.lines(n)
        own, seen = (self._before([""] * count, where, n, seen, spot) for seen in (self.page.name, page))
        parts = [f"{term}/{own[0]}" for term in terms]
        powers = [POWER.format(own[2 * k + 1], p) for k in range(len(terms))]
        pairs = [text for pair in zip(parts, powers, strict=True) for text in pair]
        filled = {"terms": ",".join(terms), "powers": ",".join(own[2 : 2 * len(terms) + 1 : 2]), "p": p}
        first, *rest = (line.format(h=[seen[0], *seen[-2:]], **filled) for line in lines)
        return [first, *pairs, *rest]

    def _extreme(self, n: int, where: Where, page: str, absent: str) -> str:
        """An extreme that may be one of nothing."""
        step = self.program.steps[n]
        if step.operation in REDUCING:
            return self._reduction(n, where, page, absent)
        cells = ",".join(self._operand(n, a, where, page)[0] for a in step.arguments)
        return extreme(SENSES[step.operation], cells, absent)

    def _reduction(self, n: int, where: Where, page: str, absent: str = "NA()") -> str:
        step = self.program.steps[n]
        (argument,), axis, extent = step.arguments, step.detail, self.sets[step.detail]
        texts = [self._operand(n, argument, {**where, axis: m}, page)[0] for m in range(extent.room)]
        count = extent.counted.seen_from(page)
        sized = bool(extent.described.sizes)
        cells = self._range(n, where, axis, page)
        if not cells:
            cells = self._listed(step.operation, texts, extent, count)
        elif extent.open and not sized:
            first = cells.partition(":")[0]
            cells = f"{first}:INDEX({cells},{count})"
        if step.operation == "total" and n in self.rounded and len(texts) <= CHAIN and (sized or not extent.open):
            made = "+".join(texts)
        elif step.operation == "total":
            made = f"SUM({cells})"
        else:
            name = SENSES[step.operation]
            made = extreme(name, cells, absent) if self.absent.sense(n) else f"{name}({cells})"
        return f"IF(ISNUMBER({count}),{made},NA())" if extent.open else made

    def _range(self, n: int, where: Where, axis: int, page: str) -> str:
        """The members that a step gathers along a set as a range; nothing where they do not lie in one."""
        (a,) = self.program.steps[n].arguments
        axes = self.program.sets(a)
        if self.inline(a) or axis not in axes or (axis != axes[-1] and len(axes) > 2):
            return ""
        home = self.kept[self.absent.origin(a)] if self.absent.passes(n, a) else self.homes[a]
        start, end = (home.moved(*self.offset(a, {**where, axis: m})) for m in (0, self.sets[axis].room - 1))
        return span(start, end, page)

    def _listed(self, operation: str, texts: Sequence[str], extent: Extent, count: str) -> str:
        """Members that lie in no range, one by one; of a set whose members are typed, those that there are."""
        if len(texts) > ARGUMENTS:
            name = extent.described.name
            raise UnsupportedError(
                f"a sheet gathers {operation} over {name} one by one, {ARGUMENTS} at most: {len(texts)}"
            )
        if not extent.open or extent.described.sizes:
            return ",".join(texts)
        other = "0" if operation == "total" else texts[0]
        return ",".join(f"IF({count}>{m},{text},{other})" for m, text in enumerate(texts))

    # onto the page

    def place(self, n: int, what: str, note: str = "") -> None:
        """A step on the page of steps, cells on the way before it."""
        spot = Spot(self.page.name, self.page.row, MEMBERS if self.program.sets(n) else 2)
        lines = self.lines(n)
        self.homes[n] = spot.moved((lines - 1) * self.rows(n), 0)
        self.fill(n, spot, what, note, lines)

    def lines(self, n: int) -> int:
        """Cells that a step takes for each member."""
        step = self.program.steps[n]
        if step.operation == "smooth_largest":
            return 2 * len(step.arguments) + 2  # two for each term, and the template's
        if self.absent.kept(n):
            return 2
        computed = step.arguments and step.operation not in REDUCING
        return self.template(n).count("|") + 1 if computed else 1

    def fill(self, n: int, spot: Spot, what: str, note: str, lines: int) -> list[str]:
        """Write the first `lines` cells of a step from a row of the page on; the formulas of the last member."""
        digits = COUNTS if self.whole(n) else DIGITS
        if self.absent.kept(n):
            self.kept[n] = spot
        found: list[str] = []
        for where in self.members(n):
            found = self.formula(n, where, self.page.name, spot)
            down, right = self.offset(n, where)
            for k, text in enumerate(found[:lines]):
                is_last = k == len(found) - 1
                constant = self.program.steps[n].operation == "constant" and text != "NA()"
                cell = Entry(float(text) if constant else f"={text}", "formula", digits if is_last else DIGITS)
                self.page.put(spot.row + k * self.rows(n) + down, spot.column + right, cell)
        for k in range(lines):
            name = what if k == len(found) - 1 else f"{what}: on the way {k + 1}"
            self.page.put(spot.row + k * self.rows(n), 1, Entry(name, "name"))
            self.page.put(spot.row + k * self.rows(n), 4, Entry(note, "text"))
        self.page.row = spot.row + lines * self.rows(n)
        return found


DIGITS, COUNTS = "number", "count"  # how a value prints: a count with every digit


def _at(text: tuple[str, int], level: int) -> str:
    return text[0] if text[1] >= level else f"({text[0]})"
