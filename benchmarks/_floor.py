"""What the machine allows a program on a grid: its memory traffic alone, and its costly arithmetic alone, both in C.

A value on fewer axes than all is a table, and every point reads the entries that values on all axes use. A run that
reads, writes, reduces and divides as much can be no faster than the slower of the two.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from symppa.engine.layout import Use, nested
from symppa.engine.program import Program

COMPILER = shutil.which("gcc") or shutil.which("cc")
FLAGS = (
    *("-O3", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC"),
    *("-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffinite-math-only", "-fassociative-math"),
)
DIVISIONS = frozenset({"divide", "ceil_div", "floor_div"})
TRANSCENDENTALS = frozenset({"sqrt", "exp", "log", "power"})
LANES = 512
ARITHMETIC = f"""
#include <math.h>
void arithmetic(long divisions, long transcendentals, double *x) {{
  for (long n = 0; n < divisions; n += {LANES})
    for (long k = 0; k < {LANES}; k++) x[k] = 1.5 / x[k];
  for (long n = 0; n < transcendentals; n++) x[n % {LANES}] = exp(x[n % {LANES}] - 1.5);
}}
"""


class Floor:
    """The floor of one program on axes of some lengths; each method is one run, and gets its memory anew."""

    def __init__(self, program: Program, lengths: Sequence[int], folder: Path) -> None:
        self.program, self.lengths = program, lengths
        every = (1 << len(lengths)) - 1
        full = [n for n in program.live if program.masks[n] == every]
        read = dict.fromkeys(a for n in full for a in program.steps[n].arguments)
        self.stored = sum(d.step in full for d in program.outputs.values())
        self._arrange([program.masks[a] for a in read if program.masks[a] not in (0, every)], every)
        self.divisions, self.transcendentals = self._count(DIVISIONS), self._count(TRANSCENDENTALS)
        self.filled = [np.full(self._size(mask), 1.5) for mask in self.tables]
        self.library = _built(self._text(), folder)

    def _arrange(self, tables: Sequence[int], every: int) -> None:
        """Loops that read the tables in long runs, and again while they are in the cache."""
        order = nested(dict(enumerate(self.lengths)), [Use(every, (mask,), 1) for mask in tables])
        self.inner = next(order[k:] for k in range(len(order)) if k == len(order) - 1 or _even(order[k:], tables))
        inner = sum(1 << k for k in self.inner)
        self.streams = [mask for mask in tables if mask & inner]  # with an entry for each point of a run
        self.tables = self.streams + [mask for mask in tables if not mask & inner]
        moved = {k: sum(mask >> k & 1 for mask in self.streams) for k in order if k not in self.inner}
        self.outer = sorted(moved, key=lambda k: -moved[k])
        self.order = [*self.outer, *self.inner]

    def keep(self) -> None:
        """Every entry read, the best one kept."""
        found = np.zeros(len(self.tables))
        self.library.keep(_pointers(self.filled), None, _pointer(found))

    def store(self) -> None:
        """Every entry read, every output written."""
        written = [np.empty(self._size(-1)) for _ in range(self.stored)]
        found = np.zeros(len(self.tables))
        self.library.store(_pointers(self.filled), _pointers(written), _pointer(found))

    def arithmetic(self) -> None:
        """As many divisions and transcendental functions."""
        lanes = np.full(LANES, 1.25)
        long = ctypes.c_long
        self.library.arithmetic(long(self.divisions), long(self.transcendentals), _pointer(lanes))

    def _size(self, mask: int) -> int:
        return prod(n for k, n in enumerate(self.lengths) if mask >> k & 1)

    def _count(self, operations: frozenset[str]) -> int:
        steps, masks = self.program.steps, self.program.masks
        return sum(self._size(masks[n]) for n in self.program.live if steps[n].operation in operations)

    def _place(self, mask: int, axes: Sequence[int]) -> str:
        """Where the entry of a point lies, as far as some axes say it."""
        terms = []
        for k in axes:
            if mask >> k & 1:
                inside = [j for j in self.order[self.order.index(k) + 1 :] if mask >> j & 1]
                terms.append(f"i{k} * {self._size(sum(1 << j for j in inside))}")
        return " + ".join(terms) or "0"

    def _text(self) -> str:
        streams = range(len(self.streams))
        kept = ["const double v = t0 <= 500.0 ? t1 : 0.0; k1 = v > k1 ? v : k1;", *map(_largest, streams[2:])]
        written = [f"o{j}[base + i] = t{j % len(streams)};" for j in range(self.stored)]
        written += map(_largest, streams[self.stored :])
        return ARITHMETIC + self._nest("keep", kept) + self._nest("store", written)

    def _nest(self, name: str, body: Sequence[str]) -> str:
        """A function with a loop per outer axis and one for the rest."""
        outer, every = self.outer, range(len(self.tables))
        places = range(self.stored if name == "store" else 0)
        starts = [f"const double *restrict p{j} = table[{j}] + {self._place(self.tables[j], outer)};" for j in every]
        streams, others = every[: len(self.streams)], every[len(self.streams) :]
        return "\n".join(
            [
                f"void {name}(double **table, double **out, double *found) {{",
                *[f"double k{j} = 0.0;" for j in every],
                *[f"double *restrict o{j} = out[{j}];" for j in places],
                *[f"for (long i{k} = 0; i{k} < {self.lengths[k]}; i{k}++)" for k in outer],
                *("{", f"const long base = {self._place(-1, outer)};", *starts),
                *[f"const double t{j} = p{j}[0]; {_largest(j)}" for j in others],
                f"for (long i = 0; i < {prod(self.lengths[k] for k in self.inner)}; i++) {{",
                *[f"const double t{j} = p{j}[i];" for j in streams],
                *(*body, "}", "}"),
                *[f"found[{j}] = k{j};" for j in every],
                "}\n",
            ]
        )


def floor(program: Program, lengths: Sequence[int], folder: Path) -> Floor | None:
    """The floor, or None without a C compiler that takes the flags."""
    try:
        return Floor(program, lengths, folder) if COMPILER else None
    except subprocess.CalledProcessError:
        return None


def _even(axes: Sequence[int], masks: Sequence[int]) -> bool:
    """Whether each varies along all of the axes or along none."""
    run = sum(1 << k for k in axes)
    return all(mask & run in (0, run) for mask in masks)


def _largest(table: int) -> str:
    """A use of an entry that costs as little as any."""
    return f"k{table} = t{table} > k{table} ? t{table} : k{table};"


def _built(text: str, folder: Path) -> Any:
    source, made = folder / "floor.c", folder / "floor.so"
    source.write_text(text, "utf-8")
    command = [str(COMPILER), *FLAGS, "-o", str(made), str(source), "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    return ctypes.CDLL(str(made))


def _pointer(array: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _pointers(arrays: Sequence[Any]) -> Any:
    return (ctypes.c_void_p * max(1, len(arrays)))(*[a.ctypes.data for a in arrays])
