"""How large the processor's second-level cache is: blocks of a walk should stay in it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

USUAL = 1 << 20  # bytes, where the system does not tell
LEAST, MOST = 1 << 18, 1 << 22  # a smaller block costs calls, a larger one shares the last level with others
LISTED = Path("/sys/devices/system/cpu/cpu0/cache")
SIZES = {"K": 1 << 10, "M": 1 << 20, "": 1}


@lru_cache(maxsize=1)
def second_level() -> int:
    """Bytes of one core's second-level cache."""
    return min(max(told(LISTED) or USUAL, LEAST), MOST)


def told(folder: Path) -> int | None:
    """What Linux tells of it, if anything."""
    for index in sorted(folder.glob("index*")):
        try:
            level, size = (index / name for name in ("level", "size"))
            if level.read_text("ascii").strip() == "2":
                found = re.fullmatch(r"(\d+)([KM]?)", size.read_text("ascii").strip())
                return int(found[1]) * SIZES[found[2]] if found else None
        except OSError:
            continue
    return None
