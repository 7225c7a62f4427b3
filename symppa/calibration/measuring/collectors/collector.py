"""What a meter is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ENERGY, MEMORY = "energy", "memory"


@dataclass(frozen=True)
class Collector:
    """A meter of `quantity` where runners of `place` run.

    `missing` says why it cannot read here, empty where it can. `begin` returns what `end` needs; `end` returns what
    was used since, in J or bytes, or None where it could not tell. `shortest` are the seconds below which its reading
    says nothing.
    """

    name: str
    quantity: str
    place: str
    missing: Callable[[], str]
    begin: Callable[[], Any]
    end: Callable[[Any], float | None]
    shortest: float = 0.0
