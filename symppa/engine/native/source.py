"""The C text of a schedule: a function for each part, loops by axis, and a walk over blocks.

Arguments everywhere: by axis the length `N`, the length `n` and start `f` of the block at hand; tables `T` that are
known before, buffers `B` of stored values, bounds of limits `L`, and the sums `S` of a judged block.
Nothing in the text depends on lengths or values, so one library serves every sweep of the same layout.
"""

from __future__ import annotations

from collections.abc import Sequence

from symppa.engine.grid import Grid
from symppa.engine.native.filling import Filling
from symppa.engine.native.rules import PRELUDE, expression, literal, running
from symppa.engine.native.schedule import ONCE, Loop, Part, Schedule, operands
from symppa.engine.native.screen import LANES, Judging
from symppa.language.operations import REDUCING

ARGUMENTS = (
    "const index *restrict N, const index *restrict n, const index *restrict f, const double *const *restrict T, "
    "double *const *restrict B, const double *restrict L, double *restrict S"
)


class Source:
    """Numbers tables and buffers, and writes the text; `text` is a whole C file."""

    def __init__(self, grid: Grid, purpose: Judging | Filling | None = None) -> None:
        self.judging = purpose if isinstance(purpose, Judging) else None
        self.filling = purpose if isinstance(purpose, Filling) else None
        roots = purpose.steps if purpose else [n for n in grid.wanted if n not in grid.small]
        shown = self.filling is None
        self.schedule = schedule = Schedule(grid, roots, judging=self.judging is not None, shown=shown)
        self.grid, self.program = grid, grid.program
        self.tables: dict[int | str, int] = {}
        self.buffers = schedule.buffers
        parts = [self._part(number, part) for number, part in enumerate(schedule.parts)]
        self.text = "\n".join([PRELUDE, *parts, self._entries()])

    def table(self, what: int | str) -> int:
        """The place of a known value, or of a table by `column`, among the tables."""
        return self.tables.setdefault(what, len(self.tables))

    # where things lie

    def _axes(self, mask: int) -> list[int]:
        return [a for a in self.grid.order if mask >> a & 1]

    def _full(self, n: int) -> bool:
        """Whether a value has its whole axes; others have those of a block."""
        return self.schedule.depths.get(n, ONCE) == ONCE

    def _offset(self, n: int, outer: Sequence[int]) -> str:
        """Where a value's entries for the outer indices begin."""
        return self._laid(n, outer, full=self._full(n))

    def _laid(self, n: int, outer: Sequence[int], *, full: bool) -> str:
        """The same in an array over whole axes, or over those of a block."""
        axes, length = self._axes(self.program.masks[n]), "N" if full else "n"
        terms = []
        for place, a in enumerate(axes):
            index = [f"f[{a}]"] if full and a in self.grid.walked else []
            index += [f"i{a}"] if a in outer else []
            if index:
                stride = "".join(f" * {length}[{b}]" for b in axes[place + 1 :])
                terms.append(f"({' + '.join(index)}){stride}")
        return " + ".join(terms) or "0"

    def _pointer(self, n: int) -> str:
        return f"B[{self.buffers[n]}]" if n in self.buffers else f"T[{self.table(n)}]"

    # loops

    def _run(self, loop: Loop, read: Sequence[int]) -> list[int]:
        """The innermost axes that every operand has all of or none of, walked as one."""
        axes = self._axes(loop.mask)
        cleared = {self.program.steps[n].detail for n in loop.steps if self.program.steps[n].operation in REDUCING}
        stored = [n for n in loop.steps if n in self.buffers]
        masks = {self.program.masks[n] for n in [*read, *stored]}
        run: list[int] = []
        for a in reversed(axes):
            tried = [a, *run]
            bits = sum(1 << b for b in tried)
            uneven = any(mask & bits not in (0, bits) for mask in masks)
            if uneven or a in cleared or (run and run[0] in self.grid.walked):
                break
            run = tried
        return run

    def _part(self, number: int, part: Part) -> str:
        lines = [f"static void part{number}({ARGUMENTS}) {{"]
        for loop in part.loops:
            lines += ["{", *self._loop(loop), "}"]
        return "\n".join([*lines, "}"])

    def _loop(self, loop: Loop) -> list[str]:
        judged = self.judging.steps if loop.judging and self.judging else []
        read = operands(loop.steps, loop, self.grid)
        read += [n for n in judged if n not in loop.steps and n not in read]
        run = self._run(loop, read)
        outer = [a for a in self._axes(loop.mask) if a not in run]
        names, opening, inside = self._operands(read, run, outer)
        body = self._body(loop, names, run, outer, opening)
        lines = []
        if loop.judging and self.judging:
            lines += self.judging.start()
            body += self.judging.judge(names)
        lines += [f"for (index i{a} = 0; i{a} < n[{a}]; i{a}++) {{" for a in outer]
        lines += opening
        judging = loop.judging and self.judging
        if run:
            lines.append(f"const index m = {' * '.join(f'n[{a}]' for a in run)};")
        if run and judging:
            lines.append(
                f"for (index j = 0; j < m; j += {LANES}) {{ const index w = m - j < {LANES} ? m - j : {LANES};"
            )
            lines += ["#pragma omp simd", "for (index l = 0; l < w; l++) { const index i = j + l;"]
        elif run:
            lines += ["#pragma omp simd", "for (index i = 0; i < m; i++) {"]
        elif judging:
            lines.append("{ const int l = 0;")
        lines += [*inside, *body, "}" * (len(outer) + bool(run) + bool(judging))]
        if loop.judging and self.judging:
            lines += self.judging.finish()
        return lines

    def _operands(
        self, read: Sequence[int], run: Sequence[int], outer: Sequence[int]
    ) -> tuple[dict[int, str], list[str], list[str]]:
        """Names of what a loop reads; lines before the run, and in it."""
        names, opening, inside = {}, [], []
        along = sum(1 << a for a in run)
        for n in read:
            step = self.program.steps[n]
            if step.operation == "constant":
                names[n] = literal(step.detail)
                continue
            names[n] = f"v{n}"
            where = f"{self._pointer(n)} + {self._offset(n, outer)}"
            if self.program.masks[n] & along:
                opening.append(f"const double *restrict p{n} = {where};")
                inside.append(f"const double v{n} = p{n}[i];")
            else:
                opening.append(f"const double v{n} = *({where});")
        return names, opening, inside

    def _body(
        self, loop: Loop, names: dict[int, str], run: Sequence[int], outer: Sequence[int], opening: list[str]
    ) -> list[str]:
        """The steps of a loop, one statement each; adds their names, and pointers to what they store."""
        lines, place = [], "[i]" if run else "[0]"
        for n in loop.steps:
            step = self.program.steps[n]
            if n in self.buffers:
                mine = [a for a in outer if self.program.masks[n] >> a & 1]
                opening.append(f"double *restrict q{n} = {self._pointer(n)} + {self._offset(n, mine)};")
            if step.operation in REDUCING:
                lines.append(f"q{n}{place} = {self._member(n, names, place, opening)};")
                continue
            arguments = [names[a] for a in step.arguments]
            if step.operation == "lookup":
                table = f"t{self.table(step.detail)}"
                line = f"const double *restrict {table} = T[{self.table(step.detail)}];"
                if line not in opening:
                    opening.append(line)
                arguments = [f"({table} + 1)", f"{table}[0]", *arguments]
            lines.append(f"const double v{n} = {expression(step.operation, arguments)};")
            names[n] = f"v{n}"
            if n in self.buffers:
                lines.append(f"q{n}{place} = v{n};")
            for k in self.filling.places(n) if self.filling else ():
                whole = self._laid(n, outer, full=True)
                opening.append(f"double *restrict d{k} = B[{len(set(self.buffers.values())) + k}] + {whole};")
                lines.append(f"d{k}{place} = v{n} / L[{k}];")
        return lines

    def _member(self, n: int, names: dict[int, str], place: str, opening: list[str]) -> str:
        """A reduction after the member at hand: the first stands for itself."""
        step = self.program.steps[n]
        axis, term = step.detail, names[step.arguments[0]]
        if step.operation == "total" and axis in self.grid.border.times:
            line = f"const double w{axis} = T[{self.table(f'times {axis}')}][i{axis}];"
            if line not in opening:
                opening.append(line)
            term = f"({term} * w{axis})"
        return f"i{axis} == 0 ? {term} : {running(step.operation, f'q{n}{place}', term)}"

    # entries

    def _entries(self) -> str:
        walked, axes = len(self.grid.walked), len(self.program.axes)
        lines = [
            f"static void place(index q, {PLACES}, index *n, index *f, index *at) {{",
            f"for (int a = 0; a < {axes}; a++) {{ n[a] = N[a]; f[a] = 0; }}",
        ]
        for k in reversed(range(walked)):
            a = self.grid.walked[k]
            lines += [
                f"{{ const index cuts = (N[{a}] + piece[{a}] - 1) / piece[{a}];",
                f"at[{k}] = q % cuts; q /= cuts; f[{a}] = at[{k}] * piece[{a}];",
                f"n[{a}] = N[{a}] - f[{a}] < piece[{a}] ? N[{a}] - f[{a}] : piece[{a}]; }}",
            ]
        lines += ["}", *self._one(walked, axes), *self._walk(walked, axes)]
        return "\n".join(lines)

    def _one(self, walked: int, axes: int) -> list[str]:
        """One part, in one block or over everything."""
        calls = [f"case {k}: part{k}(N, n, f, T, B, L, S); break;" for k in range(len(self.schedule.parts))]
        return [
            f"void symppa_part(index which, index q, {PLACES}, {REST}) {{",
            f"index n[{axes + 1}], f[{axes + 1}], at[{walked + 1}];",
            "place(q < 0 ? 0 : q, N, piece, n, f, at);",
            f"if (q < 0) for (int a = 0; a < {axes}; a++) {{ n[a] = N[a]; f[a] = 0; }}",
            "switch (which) {",
            *calls,
            "} }",
        ]

    def _walk(self, walked: int, axes: int) -> list[str]:
        """Blocks in order; what did not move is not computed again."""
        width = self.judging.width if self.judging else 0
        lines = [
            f"void symppa_walk(index first, index last, {PLACES}, {REST}) {{",
            f"index n[{axes + 1}], f[{axes + 1}], at[{walked + 1}], before[{walked + 1}];",
            f"for (int k = 0; k <= {walked}; k++) before[k] = -1;",
            f"for (index q = first; q < last; q++, S += {width}) {{",
            "place(q, N, piece, n, f, at);",
            "int moved = 0;",
            f"while (moved < {walked - 1} && at[moved] == before[moved]) moved++;",
            f"for (int k = 0; k < {walked}; k++) before[k] = at[k];",
        ]
        for k, part in enumerate(self.schedule.parts):
            if part.depth != ONCE:
                lines.append(f"if (moved <= {part.depth}) part{k}(N, n, f, T, B, L, S);")
        return [*lines, "} }"]


PLACES = "const index *restrict N, const index *restrict piece"
REST = "const double *const *restrict T, double *const *restrict B, const double *restrict L, double *restrict S"
