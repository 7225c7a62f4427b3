"""How long an export takes and how large it is: every shipped system in every form, and in LaTeX with its numbers."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

from benchmarks._report import Figure
from symppa.descriptions import shipped
from symppa.descriptions.load import load
from symppa.errors import SymppaError
from symppa.exports import FORMS, export

ROUNDS = 3
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    **{form: (form, {}) for form in FORMS},
    "latex_numbers": ("latex", {"numbers": True}),
}


def run() -> list[Figure]:
    """Medians of whole calls, the first one of each left out: it may compile what a cache then keeps."""
    seconds: dict[tuple[str, str], float] = {}
    sizes: dict[tuple[str, str], int] = {}
    names = _systems()
    for to, (form, options) in WAYS.items():
        for system, name in names.items():
            seconds[to, system], sizes[to, system] = _measured(name, form, options)
    figures = [Figure("systems", len(names), "1"), Figure("forms", len(FORMS), "1")]
    figures.append(Figure("slowest_s", max(seconds.values()), "s", "<= 2"))
    for to in WAYS:
        figures.append(Figure(f"{to}_slowest_s", max(s for (form, _), s in seconds.items() if form == to), "s"))
        figures.append(Figure(f"{to}_largest_kB", max(s for (form, _), s in sizes.items() if form == to) / 1e3, "kB"))
    figures += [Figure(f"{to}_{system}_kB", size / 1e3, "kB") for (to, system), size in sizes.items()]
    return figures


def _measured(name: str, form: str, options: dict[str, Any]) -> tuple[float, int]:
    """Seconds of an export and its bytes."""
    taken = []
    for _ in range(ROUNDS + 1):
        start = perf_counter()
        made = export(name, form, **options)
        taken.append(perf_counter() - start)
    return median(taken[1:]), len(made if isinstance(made, bytes) else made.encode())


def _systems() -> dict[str, str]:
    """The first shipped description of every system that has one."""
    found: dict[str, str] = {}
    for name in sorted(shipped.names()):
        try:
            found.setdefault(load(name).system, name)
        except SymppaError:  # a fragment that only extends others
            continue
    return found
