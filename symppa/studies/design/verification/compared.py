"""What a record says beside what is found out anew, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from symppa.studies.design.verification.recorded import NEAR, differs

MARGIN = "margin"


def differences(recorded: Any, found: Any, path: str, near: float = NEAR, size: float = 0.0) -> Iterator[str]:
    """Fields that are not what they should be; a margin may be off by a share of what it is the difference of."""
    if isinstance(found, Mapping | list) and not isinstance(recorded, Mapping if isinstance(found, Mapping) else list):
        yield f"{path} is {recorded!r}, and not {found!r}"
    elif isinstance(found, Mapping):
        told = recorded
        size = max(size, *(abs(found[k]) for k in ("bound", "value") if _is_number(found.get(k))), 0.0)
        for name in dict.fromkeys([*found, *told]):
            here = f"{path}.{name}".lstrip(".")
            if name not in found:
                yield f"{here} is not of this target"
            elif name not in told:
                yield f"{here} is missing"
            else:
                yield from differences(told[name], found[name], here, near, size if name == MARGIN else 0.0)
    elif isinstance(found, list):
        if len(recorded) != len(found):
            yield f"{path} has {len(recorded)} entries, and not {len(found)}"
            return
        for k, (one, other) in enumerate(zip(recorded, found, strict=True)):
            yield from differences(one, other, f"{path}[{k}]", near)
    elif not _same(recorded, found, near, size):
        yield f"{path} is {recorded!r}, and not {found!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(recorded: Any, found: Any, near: float, size: float) -> bool:
    if _is_number(recorded) and _is_number(found):
        return not differs(float(recorded), float(found), near) or abs(recorded - found) <= near * size
    return type(recorded) is type(found) and bool(recorded == found)
