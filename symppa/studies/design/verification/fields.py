"""The form of a recorded answer: what stands where, so that what does not is refused by the name of its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, NamedTuple

from symppa.errors import QuestionError


class One(NamedTuple):
    """A plain value, and whether it may be left open."""

    kind: str
    maybe: bool = False


class Many(NamedTuple):
    """A list, or a mapping of any names, of values of one form."""

    form: Any
    named: bool = False
    maybe: bool = False


TEXT, NUMBER, FLAG = One("a text"), One("a number"), One("true or false")
COUNT, VALUE = One("a whole number from 0 on"), One("a number or a text", maybe=True)
PART = One("a number from 0 on")
NUMBER_OR_NONE, TEXT_OR_NONE = NUMBER._replace(maybe=True), TEXT._replace(maybe=True)
COUNT_OR_NONE, PART_OR_NONE = COUNT._replace(maybe=True), PART._replace(maybe=True)
EXTENT = One("a number or two", maybe=True)
SIDE = {
    "bound": NUMBER, "verdict": TEXT, "proved": FLAG, "change": NUMBER_OR_NONE, "value": NUMBER_OR_NONE,
    "between": Many(NUMBER_OR_NONE, maybe=True),
}  # fmt: skip
PRICE = {"step": NUMBER, "looser": SIDE, "tighter": SIDE, "dual?": NUMBER_OR_NONE}
PLACED = {
    "limit": TEXT, "output": TEXT, "relation": TEXT, "bound": NUMBER, "value": NUMBER_OR_NONE,
    "margin": NUMBER_OR_NONE, "unit": TEXT,
}  # fmt: skip
ASKED = {"objectives": Many(TEXT, named=True), "limits": Many(TEXT)}
MEMBER = {
    "kind": TEXT, "text": TEXT, "asked": EXTENT, "unit": TEXT, "tried": NUMBER_OR_NONE, "reached": EXTENT,
    "breaks": Many(TEXT), "proved": FLAG,
}  # fmt: skip
REPAIR = {"limit": TEXT, "bound": NUMBER, "reached": NUMBER_OR_NONE, "unit": TEXT, "proved": FLAG}
NEAREST = {
    "design": Many({"value": VALUE, "unit": TEXT}, named=True), "at_end": Many(TEXT, named=True),
    "slots": Many(TEXT, named=True), "limits": Many({**PLACED, "met": FLAG}), "proved": FLAG,
}  # fmt: skip
CERTIFICATE = {
    "bound": NUMBER_OR_NONE, "unit": TEXT_OR_NONE, "gap": PART_OR_NONE, "absolute_gap?": PART_OR_NONE,
    "asked_gap?": PART, "method": TEXT, "nodes": COUNT, "seconds": PART, "designs": COUNT_OR_NONE,
    "boxes_left": COUNT, "interrupted": FLAG,
    "choices": Many({"slots": Many(TEXT, named=True), "status": TEXT, "value": NUMBER_OR_NONE}),
}  # fmt: skip
SHARED = {"status": TEXT, "asked": ASKED, "free": Many(TEXT, named=True)}
DESIGN = {
    **SHARED, "certificate": CERTIFICATE, "design?": Many(TEXT), "slots?": Many(TEXT, named=True),
    "objective?": {"output": TEXT, "sense": TEXT, "value": NUMBER, "unit": TEXT},
    "limits?": Many({**PLACED, "binds": FLAG, "price?": One("a price", maybe=True)}),
    "at_end?": Many(TEXT, named=True), "steepness?": Many(NUMBER, named=True),
    "priced?": {"value": NUMBER, "proved": FLAG}, "repairs?": Many(REPAIR), "nearest?": NEAREST,
    "conflict?": {"members": Many(MEMBER), "minimal": FLAG, "standing": Many(TEXT), "held": FLAG},
    "robust?": {"uncertain": Many(TEXT, named=True)},
}  # fmt: skip
FRONT = {
    **SHARED, "objectives": Many(TEXT, named=True),
    "certificate": {
        "whole": FLAG, "proved": FLAG, "method": TEXT, "searches": COUNT, "seconds": PART, "designs": COUNT_OR_NONE,
        "asked": COUNT_OR_NONE, "empty": COUNT, "gap": PART, "over": FLAG, "interrupted": FLAG,
    },
}  # fmt: skip
RECORD = {
    "question?": {
        "target?": TEXT_OR_NONE, "set?": One("a mapping", maybe=True), "parts?": Many(TEXT, named=True, maybe=True)
    },
    "hashes?": Many(TEXT, named=True), "versions?": Many(TEXT, named=True),
}  # fmt: skip
FORMS = {
    "design": {**RECORD, "facts": DESIGN, "outputs": Many({"unit": TEXT, "values": VALUE}, named=True)},
    "front": {**RECORD, "facts": FRONT, "outputs": Many({"unit": TEXT, "values": Many(VALUE)}, named=True)},
}


def check(value: Any, form: Any, path: str = "") -> None:
    """Refuse what does not have its form; names beside those of the form are left alone."""
    if isinstance(form, One):
        _check_one(value, form, path)
    elif isinstance(form, Many):
        _check_many(value, form, path)
    else:
        if not isinstance(value, dict):
            raise _odd(path, value, "named fields")
        for name, inner in form.items():
            plain = name.removesuffix("?")
            here = f"{path}.{plain}".lstrip(".")
            if plain in value:
                check(value[plain], inner, here)
            elif not name.endswith("?"):
                raise QuestionError(f"the answer has no {here}: an answer of `symppa design --json` has one")


def _check_many(value: Any, form: Many, path: str) -> None:
    if value is None and form.maybe:
        return
    if not isinstance(value, dict if form.named else list):
        raise _odd(path, value, "named fields" if form.named else "a list")
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        check(one, form.form, f"{path}.{key}" if form.named else f"{path}[{key}]")


def _check_one(value: Any, form: One, path: str) -> None:
    if value is None and form.maybe:
        return
    if form.kind == "a price" and isinstance(value, Mapping):
        check(value, PRICE, path)
        return
    if not KINDS[form.kind](value):
        raise _odd(path, value, form.kind)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


KINDS: Mapping[str, Callable[[Any], bool]] = {
    "a text": lambda v: isinstance(v, str),
    "a number": _is_number,
    "true or false": lambda v: isinstance(v, bool),
    "a whole number from 0 on": lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
    "a number from 0 on": lambda v: _is_number(v) and v >= 0,
    "a number or a text": lambda v: isinstance(v, str) or _is_number(v),
    "a number or two": lambda v: _is_number(v) or (isinstance(v, list) and len(v) == 2 and all(map(_is_number, v))),
    "a mapping": lambda v: isinstance(v, dict),
    "a price": lambda v: False,
}


def _odd(path: str, value: Any, expected: str) -> QuestionError:
    text = repr(value)
    return QuestionError(f"{path} is {text if len(text) <= 60 else text[:57] + '...'}, where {expected} should be")
