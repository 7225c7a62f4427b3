"""Symbols of quantities: those their authors gave, sound defaults for the others, and no two alike in one class."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations, combinations_with_replacement
from typing import TYPE_CHECKING, Any

import sympy as sp

from symppa import units
from symppa.errors import DeclarationError
from symppa.language.declarations import CONSTANT, FORMULA, INDEX, Name
from symppa.language.functions import LambertW
from symppa.language.glyphs import canonical, subscripted
from symppa.language.latex import words

if TYPE_CHECKING:
    from symppa.language.model import Model

GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Upsilon",
    "Phi",
    "Psi",
    "Omega",
]
LOOKS = re.compile(rf"({'|'.join(GREEK)}|[A-Za-z])(?:_([A-Za-z0-9]{{1,4}}))?")
# What a unit measures: its letter, and the words of a name that the letter already says.
LETTERS = {
    "s": (r"t", "time latency duration period delay"),
    "J": (r"E", "energy"),
    "W": (r"P", "power"),
    "m": (r"\ell", "length distance"),
    "m2": (r"A", "area"),
    "1/m2": (r"D", "density"),
    "V": (r"V", "voltage"),
    "A": (r"I", "current"),
    "F": (r"C", "capacitance"),
    "ohm": (r"R", "resistance"),
    "C": (r"Q", "charge"),
    "kg": (r"m", "mass"),
    "K": (r"T", "temperature"),
    "K/W": (r"\theta", "resistance"),
    "1/K": (r"\lambda", "growth"),
    "1/V": (r"\lambda", "growth"),
    "byte": (r"S", "size capacity storage bytes"),
    "byte/s": (r"B", "bandwidth"),
    "byte/cycle": (r"B", "bandwidth"),
    "op": (r"W", "work operations macs ops"),
    "op/s": (r"R", "rate performance throughput compute"),
    "op/cycle": (r"R", "rate performance throughput"),
    "op/byte": (r"I", "intensity"),
    "op/J": (r"\eta", "efficiency"),
    "token/J": (r"\eta", "efficiency"),
    "inference/J": (r"\eta", "efficiency"),
    "op/s/m2": (r"\rho", "density"),
    "byte/m2": (r"\rho", "density"),
    "W/m2": (r"\varphi", "density"),
    "USD": (r"c", "cost price"),
    "Hz": (r"f", "frequency clock rate"),
    "cycle": (r"n", "cycles"),
    "1/cycle": (r"\nu", "activity"),
    "1/s": (r"R", "rate throughput"),
    "token/s": (r"R", "rate throughput"),
    "inference/s": (r"R", "rate throughput"),
}
PER = ("byte", "op", "op/s", "cycle", "token", "inference", "conversion", "m2", "m", "s", "J")
PURE = {
    "efficiency": r"\eta",
    "utilization": "u",
    "utilisation": "u",
    "probability": "p",
    "yield": "Y",
    "share": "r",
    "ratio": "r",
    "fraction": "r",
    "bits": "b",
    "resolution": "b",
    "count": "N",
    "number": "N",
    "gain": "g",
    "width": "w",
    # ratios of like quantities
    "area": "A",
    "energy": "E",
    "power": "P",
    "delay": "t",
    "latency": "t",
    "voltage": "V",
    "volts": "V",
    "capacitance": "C",
    "cost": "c",
    "length": r"\ell",
}
COUNT, LABEL, OTHER = "N", r"\kappa", "x"


# Signs of formulas that a quantity beside them must not have.
SIGNS = {
    "the number pi": (r"\pi",),
    "the number e": ("e", r"\mathrm{e}"),
    "the Lambert function": ("W", "W_0", "W_{-1}"),
}


def constants_of(cls: type[Model]) -> dict[str, str]:
    """Normal forms of the signs that the formulas of a class use, each with what it means."""
    waiting: list[Any] = [d.expr for d in cls._declared.values() if d.role == FORMULA and d.expr is not ...]
    waiting += [w for part in cls._parts.values() for w in part._wires.values() if isinstance(w, sp.Basic)]
    used: dict[str, None] = {}
    while waiting:
        expr = waiting.pop()
        waiting += expr.args
        if isinstance(expr, LambertW):
            used["the Lambert function"] = None
        elif expr is sp.pi or expr is sp.E:
            used["the number pi" if expr is sp.pi else "the number e"] = None
    return {canonical(sign): said for said in used for sign in SIGNS[said]}


def no_symbols(declared: Mapping[str, Name]) -> Iterator[tuple[str, str]]:
    """Names whose authors gave them what is no symbol, each with the reason."""
    for name, one in declared.items():
        if one.symbol and one.role != CONSTANT:
            try:
                canonical(one.symbol)
            except DeclarationError as error:
                yield name, error.message


def clashes(declared: Mapping[str, Name], signs: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Names of one class, or signs of its formulas, that have the same declared symbol: first, second, symbol."""
    seen: dict[str, str] = dict(signs)
    for name, one in declared.items():
        if one.symbol and one.role != CONSTANT:
            first = seen.setdefault(canonical(one.symbol), name)
            if first != name:
                yield first, name, one.symbol


def spelled(name: str) -> str:
    r"""A name that already looks like a symbol, as one; else nothing.

    >>> spelled("V_dd"), spelled("alpha"), spelled("t_0"), spelled("busy_time")
    ('V_{\\mathrm{dd}}', '\\alpha', 't_{0}', '')
    """
    found = LOOKS.fullmatch(name)
    if not found:
        return ""
    base = f"\\{found[1]}" if found[1] in GREEK else found[1]
    mark = found[2]
    if not mark:
        return base
    return f"{base}_{{{mark}}}" if mark.isdigit() or len(mark) == 1 else rf"{base}_{{\mathrm{{{mark}}}}}"


def letter(declared: Name) -> tuple[str, frozenset[str]]:
    """The letter that the field has for what a quantity measures, and the words it makes redundant."""
    if declared.dimension == units.PURE:
        return _pure(declared)
    found = _letters().get(declared.dimension)
    if found is not None:
        return found
    for length in (1, 2):
        for each in combinations_with_replacement(PER, length):
            found = _letters().get(declared.dimension * units.dimension("*".join(each)))
            if found is not None:
                return found
    return OTHER, frozenset()


@lru_cache(maxsize=1)
def _letters() -> dict[units.Dimension, tuple[str, frozenset[str]]]:
    return {units.dimension(unit): (symbol, frozenset(said.split())) for unit, (symbol, said) in LETTERS.items()}


def _pure(declared: Name) -> tuple[str, frozenset[str]]:
    """Of a pure number the name says what it is, or the domain."""
    kind = declared.domain.kind if declared.domain is not None else ""
    if kind == "member" or (declared.domain is not None and declared.domain.labels):
        return LABEL, frozenset()
    pieces = re.split(r"[._]", declared.attr)
    for word in (pieces[-1], pieces[0]):
        if word in PURE:
            return PURE[word], frozenset({word})
    if declared.unit_text == "percent":
        return "r", frozenset()
    plural = re.search(r"[^su]s$|ers$", pieces[-1]) is not None
    return (COUNT if kind == "integers" or plural else OTHER), frozenset()


def candidates(declared: Name) -> tuple[str, ...]:
    r"""Defaults for a quantity, the best first.

    >>> from symppa.language import given
    >>> busy = given("s", "time the port is occupied")
    >>> busy.attr = "busy_time"
    >>> candidates(busy)[0]
    't_{\\mathrm{busy}}'
    """
    looks = spelled(declared.attr)
    base, said = letter(declared)
    pieces = re.split(r"[._]", declared.attr)
    kept = pieces[:-1] if pieces[-1] in said else pieces[1:] if pieces[0] in said else pieces
    short = subscripted(base, [words(" ".join(kept))]) if kept else base
    full = subscripted(base, [words(declared.attr.replace(".", " "))])
    return tuple(dict.fromkeys(filter(None, (looks, short, full, words(declared.attr.replace(".", " "))))))


def symbols_of(cls: type[Model]) -> dict[str, str]:
    """The symbol of every quantity of a class, those of the authors first; sets have letters instead."""
    made = {name: d.symbol for name, d in cls._declared.items() if d.symbol and d.role != INDEX}
    taken = {canonical(d.symbol) for d in cls._declared.values() if d.symbol} | set(constants_of(cls))
    open_ = {name: candidates(d) for name, d in cls._declared.items() if name not in made and d.role != INDEX}
    for level in range(4):
        tried = {name: found[min(level, len(found) - 1)] for name, found in open_.items()}
        for name in [*_alone(tried, taken)]:
            made[name] = tried[name]
            taken.add(canonical(tried[name]))
            del open_[name]
    for name, found in open_.items():  # two names that differ in nothing a symbol shows
        made[name] = numbered(found[-1], taken)
    return made


def _alone(tried: Mapping[str, str], taken: Iterable[str]) -> Iterator[str]:
    """Names whose symbol no other name has."""
    seen = [canonical(symbol) for symbol in tried.values()]
    used = set(taken)
    return (name for name, key in zip(tried, seen, strict=True) if seen.count(key) == 1 and key not in used)


def numbered(symbol: str, taken: set[str]) -> str:
    """A symbol with the first number that nobody has."""
    count = 2
    while canonical(made := subscripted(symbol, [str(count)])) in taken:
        count += 1
    taken.add(canonical(made))
    return made


class Place:
    """One quantity that needs a symbol: its symbol in its class, its path, and what else it may be called."""

    def __init__(self, name: str, symbol: str, path: tuple[str, ...], other: str) -> None:
        self.name, self.symbol, self.path, self.other = name, symbol, path, other

    def at(self, hops: tuple[int, ...]) -> str:
        """Its symbol with some parts of its path, counted from the last."""
        return subscripted(self.symbol, [words(self.path[-1 - k]) for k in hops if k < len(self.path)])

    def ended(self, hops: tuple[int, ...]) -> bool:
        """Whether nothing of its path is left."""
        return set(range(len(self.path))) <= set(hops)


def _levels(deepest: int) -> Iterator[tuple[int, ...]]:
    """Which parts of a path to try: none, the last, the last and another, and so on."""
    yield ()
    for length in range(deepest):
        for others in combinations(range(1, deepest), length):
            yield (*reversed(others), 0)


def placed(places: Iterable[Place], signs: Iterable[str] = ()) -> dict[str, str]:
    """A symbol for every name of a document: with as much of its path as tells it from the others and from signs."""
    waiting, made, taken = list(places), dict[str, str](), set(signs)
    for hops in _levels(max((len(p.path) for p in waiting), default=0)):
        groups: dict[str, list[Place]] = {}
        for place in waiting:
            groups.setdefault(canonical(place.at(hops)), []).append(place)
        for key, group in groups.items():
            ended = [p for p in group if p.ended(hops)]
            chosen = group[0] if len(group) == 1 else ended[0] if len(ended) == 1 else None
            if chosen is not None and key not in taken:
                made[chosen.name] = chosen.at(hops)
                taken.add(key)
        waiting = [p for p in waiting if p.name not in made]
    for place in waiting:
        full = subscripted(place.other, [words(hop) for hop in place.path])
        made[place.name] = full if canonical(full) not in taken else numbered(full, taken)
        taken.add(canonical(made[place.name]))
    return made
