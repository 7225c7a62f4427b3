"""Plain data as JSON: the same data gives the same bytes."""

from __future__ import annotations

import json
from typing import Any


def as_json(data: Any) -> str:
    """JSON with two spaces; results have their own `to_json`."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
