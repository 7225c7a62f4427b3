"""What the source paper of a technology states, and what it leaves open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("paper_extracts.json")


def paper_library_extract(name: str = "science_adi9405_2024") -> dict[str, Any]:
    """Sources, notes, stated values and missing values of a paper."""
    known: dict[str, dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
    if name not in known:
        raise ValueError(f"Unknown paper extract {name!r}. Available: {', '.join(sorted(known))}")
    return known[name]


def paper_library_missing_specs(name: str = "science_adi9405_2024") -> list[str]:
    """Values that a technology needs and the paper does not state, by dotted name."""
    return list(paper_library_extract(name)["missing_specs"])
