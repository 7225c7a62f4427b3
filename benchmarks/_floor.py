"""What the machine allows a program on a grid or a list: its memory traffic alone, and its arithmetic alone, in C.

A value on fewer axes than all is a table, and every point reads the entries that values on all axes use. A run that
reads, writes, reduces and computes as much can be no faster than the slower of the two. Arithmetic are the values on
all axes: independent divisions and roundings from the first-level cache, sums and products in eight chains, and
powers, exponentials and logarithms at the speed of numpy's vector functions.
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
    *("-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffinite-math-only", "-fopenmp-simd"),
    "-ffp-contract=off",
)
DIVISIONS = frozenset({"divide", "ceil_div", "floor_div", "sqrt"})
SIMPLE = frozenset({"add", "subtract", "multiply", "maximum", "minimum"})
TRANSCENDENTALS = {"exp": np.exp, "log": np.log, "power": np.power}
LANES, CHAINS, ARRAYS = 512, 8, 4


class Floor:
    """The floor of one program on axes of some lengths; each method is one run, and gets its memory anew."""

    def __init__(self, program: Program, lengths: Sequence[int], folder: Path) -> None:
        self.program, self.lengths = program, lengths
        every = (1 << len(lengths)) - 1
        self.full = [n for n in program.live if program.masks[n] == every]
        read = dict.fromkeys(a for n in self.full for a in program.steps[n].arguments)
        self.stored = sum(d.step in self.full for d in program.outputs.values())
        tables = [a for a in read if program.masks[a] and (program.masks[a] != every or not program.steps[a].arguments)]
        self._arrange([program.masks[a] for a in tables], every)
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
        """As many operations of each kind."""
        points, x, sums = self._size(-1), np.full((ARRAYS, LANES), 1.25), np.zeros(LANES)
        self.library.arithmetic(ctypes.c_long(points // LANES), _pointer(x), _pointer(sums))
        lanes, out = np.full(16 * LANES, 1.25), np.empty(16 * LANES)
        for function in self._functions():
            for _ in range(points // len(lanes)):
                function(*[lanes] * function.nin, out=out)

    def _size(self, mask: int) -> int:
        return prod(n for k, n in enumerate(self.lengths) if mask >> k & 1)

    def _kinds(self, operations: frozenset[str]) -> list[str]:
        """The operations of a kind that every point needs."""
        return [o for n in self.full if (o := self.program.steps[n].operation) in operations]

    def _functions(self) -> list[np.ufunc]:
        """The vector functions that every point needs; a power of two is cheaper than others."""
        steps = [self.program.steps[n] for n in self.full if self.program.steps[n].operation in TRANSCENDENTALS]
        base = [self.program.steps[step.arguments[0]] for step in steps]
        return [
            np.exp2 if step.operation == "power" and b.detail == 2.0 else TRANSCENDENTALS[step.operation]
            for step, b in zip(steps, base, strict=True)
        ]

    def _arithmetic(self) -> str:
        """A loop over points, as many independent operations in each as the program has."""
        divided = self._kinds(DIVISIONS)
        names = [f"q{j}" for j in range(len(divided))] or ["1.5"]
        lines = [f"const double q{j} = {_quotient(o, j)};" for j, o in enumerate(divided)]
        for j, operation in enumerate(self._kinds(SIMPLE)):
            lines.append(f"a{j % CHAINS} = {_joined(operation, f'a{j % CHAINS}', names[j % len(names)])};")
        chains = range(CHAINS)
        arrays = [f"const double *restrict x{j} = x + {j * LANES};" for j in range(ARRAYS)]
        return "\n".join(
            [
                "#include <math.h>",
                "void arithmetic(long rounds, const double *restrict x, double *restrict sums) {",
                *arrays,
                f"for (long n = 0; n < rounds; n++) for (long k = 0; k < {LANES}; k++) {{",
                "double " + ", ".join(f"a{j} = sums[k] * {j}.5" for j in chains) + ";",
                *lines,
                "sums[k] = " + " + ".join([*(f"a{j}" for j in chains), *names]) + ";",
                "} }\n",
            ]
        )

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
        return self._arithmetic() + self._nest("keep", kept) + self._nest("store", written)

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


def _quotient(operation: str, j: int) -> str:
    """A division, rounded where the program rounds it."""
    plain = f"{j}.25 / x{j % ARRAYS}[k]"
    return {"ceil_div": f"ceil({plain})", "floor_div": f"floor({plain})", "sqrt": f"sqrt(x{j % ARRAYS}[k])"}.get(
        operation, plain
    )


def _joined(operation: str, one: str, other: str) -> str:
    sign = {"add": "+", "subtract": "-", "multiply": "*"}.get(operation)
    return f"{one} {sign} {other}" if sign else f"{one} > {other} ? {one} : {other}"


def _even(axes: Sequence[int], masks: Sequence[int]) -> bool:
    """Whether each varies along all of the axes or along none."""
    run = sum(1 << k for k in axes)
    return all(mask & run in (0, run) for mask in masks)


def _largest(table: int) -> str:
    """A use of an entry that costs as little as any."""
    return f"k{table} = t{table} > k{table} ? t{table} : k{table};"


def _built(text: str, folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    source, made = folder / "floor.c", folder / "floor.so"
    source.write_text(text, "utf-8")
    command = [str(COMPILER), *FLAGS, "-o", str(made), str(source), "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    return ctypes.CDLL(str(made))


def _pointer(array: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _pointers(arrays: Sequence[Any]) -> Any:
    return (ctypes.c_void_p * max(1, len(arrays)))(*[a.ctypes.data for a in arrays])
