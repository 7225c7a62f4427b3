"""Energy of the CPU packages by RAPL, as Linux shows it: everything the packages did, idle power included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from symppa.calibration.measuring.collectors.collector import ENERGY, Collector

ROOT = Path("/sys/class/powercap")
UPDATED = 0.02  # s: counters step about every millisecond


def packages(root: Path = ROOT) -> list[Path]:
    """The folders of packages: zones named package-N, each once."""
    found = sorted(root.glob("intel-rapl:*")) if root.is_dir() else []
    return [zone for zone in found if zone.name.count(":") == 1 and _text(zone / "name").startswith("package")]


def missing(root: Path = ROOT) -> str:
    """Why no energy can be read."""
    zones = packages(root)
    if not zones:
        return f"{root} shows no packages"
    return "" if all(_text(zone / "energy_uj") for zone in zones) else f"{zones[0] / 'energy_uj'} cannot be read"


def counters(root: Path = ROOT) -> dict[str, int]:
    """The counter of every package, in microjoule."""
    return {str(zone): int(text) for zone in packages(root) if (text := _text(zone / "energy_uj")).isdigit()}


def used(before: Mapping[str, int], root: Path = ROOT) -> float | None:
    """Joules since, each counter having turned over once at most."""
    now, total = counters(root), 0
    for zone, start in before.items():
        range_text = _text(Path(zone) / "max_energy_range_uj")
        if zone not in now or (now[zone] < start and not range_text.isdigit()):
            return None
        total += now[zone] - start + (int(range_text) if now[zone] < start else 0)
    return total * 1e-6 if before else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""


COLLECTOR = Collector("rapl", ENERGY, "cpu", missing, counters, used, UPDATED)
