"""Writes the tables of docs/kpu-simulation.md anew: `python -m benchmarks._kpu_page`."""

from __future__ import annotations

import re
from pathlib import Path

from symppa.kpu import KPUCompiler, KPUConfig
from symppa.kpu.networks import PARAMETERS
from symppa.kpu.simulator.timeline import Timeline
from symppa.kpu.sources import source
from symppa.reports.kpu_closed_form import page_table

PAGE = Path(__file__).parents[1] / "docs" / "kpu-simulation.md"


def table(name: str) -> str:
    """The table of a network in INT8."""
    found, how = source(name)
    return page_table(Timeline(KPUCompiler().compile(found, KPUConfig(), "int8", None, **how)))


def told(page: str, name: str) -> str:
    """What a page has between the marks of a network."""
    found = _between(name).search(page)
    return found[2] if found else ""


def rewritten(page: str) -> str:
    """The page with the tables of today."""
    for name in PARAMETERS:
        fresh = table(name)
        page = _between(name).sub(lambda marks, fresh=fresh: f"{marks[1]}{fresh}{marks[3]}", page)  # type: ignore[misc]
    return page


def _between(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n\n)(.*?)(\n\n<!-- end -->)", re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
