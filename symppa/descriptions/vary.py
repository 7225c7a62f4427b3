"""How a given of a target may vary, and for how much of it the limits must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symppa import units
from symppa.descriptions.uncertain import Distribution, distribution
from symppa.errors import DescriptionError, QuestionError, suggest

ALWAYS = "always"
GRAMMAR = "[low, high], {within: [low, high], hold: always} or {distribution: 'normal(...)', hold: 0.95}"


@dataclass(frozen=True)
class Vary:
    """Two ends or a distribution, as written; `share` of what may happen for which every limit holds, 1 for all."""

    ends: tuple[str, str] | None
    distribution: str
    share: float

    def __str__(self) -> str:
        what = f"from {self.ends[0]} to {self.ends[1]}" if self.ends else self.distribution
        return f"{what}, limits hold {'always' if self.share == 1 else f'with probability {self.share:g}'}"

    def measured(self, unit: str, name: str, meaning: str = "") -> tuple[float, float] | Distribution:
        """The two ends, or the distribution, in base units."""
        if self.ends is None:
            found = distribution(self.distribution, unit, name, meaning)
            if self.share == 1 and (found.kind == "lognormal" or (found.kind == "normal" and len(found.numbers) == 2)):
                raise DescriptionError(
                    f"{name}: {self.distribution} has no ends: no limit holds always; state ends or a probability"
                )
            return found
        low, high = (units.parse(end, unit, name, meaning) for end in self.ends)
        if not low < high:
            raise QuestionError(f"{name}: {self.ends[0]} to {self.ends[1]} is empty or reversed")
        return low, high


def vary(name: str, raw: Any) -> Vary:
    """How a given varies; `raw` is as it stands in a file.

    >>> str(vary("clock", {"distribution": "normal(2 GHz, 0.1 GHz)", "hold": "0.95"}))
    'normal(2 GHz, 0.1 GHz), limits hold with probability 0.95'
    """
    if isinstance(raw, str):
        raise DescriptionError(f"{name}: {raw} says how it varies, not how often limits hold: write {GRAMMAR}")
    if not isinstance(raw, Mapping):
        return Vary(_ends(name, raw), "", 1.0)
    odd = sorted(set(raw) - {"within", "distribution", "hold"})
    if odd or len({"within", "distribution"} & set(raw)) != 1:
        hint = f"{odd[0]!r}{suggest(odd[0], ('within', 'distribution', 'hold'))}" if odd else ", ".join(raw)
        raise DescriptionError(f"{name} says {hint}: write {GRAMMAR}")
    share = _share(name, str(raw.get("hold", ALWAYS if "within" in raw else "")))
    if "within" in raw and share != 1:
        raise DescriptionError(f"{name}: two ends have no probability: for that write {{distribution: 'uniform(...)'}}")
    if "within" in raw:
        return Vary(_ends(name, raw["within"]), "", 1.0)
    return Vary(None, str(raw["distribution"]), share)


def _ends(name: str, raw: Any) -> tuple[str, str]:
    if isinstance(raw, list | tuple) and len(raw) == 2:
        return str(raw[0]), str(raw[1])
    raise DescriptionError(f"{name}: {raw!r} is no range of two ends: write {GRAMMAR}")


def _share(name: str, text: str) -> float:
    if text == ALWAYS:
        return 1.0
    split = units.split(text)
    if split is None or split[1] or not 0 < split[0] < 1:
        raise DescriptionError(f"{name}: hold = {text!r} is neither `always` nor a probability between 0 and 1")
    return split[0]
