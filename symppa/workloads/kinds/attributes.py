"""What the value of an attribute may be, by the attribute's name: the same name means the same for every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from symppa.workloads.ir import FLOATS, SIZES, STORED


class Rule(NamedTuple):
    """What a value must be, and how to say it."""

    holds: Callable[[Any], bool]
    expected: str


def whole(value: Any) -> bool:
    """Whether a value is a whole number; a truth value is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return whole(value) and value >= 1


def _size(value: Any) -> bool:
    return isinstance(value, str) or _count(value)


def _each(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(map(rule, value))


def _or_each(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: rule(value) or (_each(rule)(value) and len(value) > 0)


COUNT = Rule(_count, "a whole number of at least 1")
COUNTS = Rule(_or_each(_count), "a whole number of at least 1, or one for each direction")
WHOLE = Rule(whole, "a whole number")
WHOLES = Rule(_or_each(whole), "a whole number, or several")
LIST = Rule(_each(whole), "a list of whole numbers")
PARTS = Rule(lambda value: _each(_count)(value) and len(value) > 0, "a list of sizes, each at least 1")
TYPE = Rule(lambda value: value in FLOATS or value in STORED, f"one of {', '.join(sorted({*FLOATS, *STORED}))}")
FLAG = Rule(lambda value: isinstance(value, bool) or value in (0, 1), "true or false")
SIZE = Rule(_size, "a number of at least 1, or a product with symbols")
SHAPE = Rule(_each(lambda value: _size(value) or value == -1), "a list of sizes")
NUMBERS = Rule(_or_each(lambda value: isinstance(value, int | float) and value > 0), "a number above 0, or several")

RULES: Mapping[str, Rule] = MappingProxyType({
    **dict.fromkeys(("out", "groups", "rows", "width", "value_width", "hidden"), COUNT),
    **dict.fromkeys(("heads", "kv_heads", "experts", "active", "ranks"), COUNT),
    **dict.fromkeys(("kernel", "stride", "dilation", "size"), COUNTS),
    **dict.fromkeys(("padding", "output_padding", "axes"), WHOLES),
    **dict.fromkeys(("axis", "take", "start", "end", "step"), WHOLE),
    "order": LIST,
    "sizes": PARTS,
    "dtype": TYPE,
    **dict.fromkeys(("bias", "affine", "causal", "gated", "keep", "ceil", "transposed", "trained"), FLAG),
    **dict.fromkeys(SIZES, SIZE),
    "shape": SHAPE,
    "scale": NUMBERS,
})  # fmt: skip


def wrong(attribute: str, value: Any, default: Any) -> str:
    """What is expected of an attribute whose value is something else; nothing where it fits or is left out."""
    rule = RULES.get(attribute)
    if rule is None or (value is None and default is None) or rule.holds(value):
        return ""
    return rule.expected
