"""arch_exploration: the five variants side by side, each in detail, and which one to take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from symppa.compat.soc import figures
from symppa.compat.soc.exploration import ArchitectureVariant, variants
from symppa.compat.soc.scripts.page import columns, judged, section, title
from symppa.compat.soc.targets import target

Row = dict[str, Any]
DRAWN = {
    "compute_density": "fp16_density_tflops_per_mm2",
    "power": "total_power_w",
    "efficiency": "efficiency_tflops_per_w",
    "area": "total_area_mm2",
    "peak_compute": "fp16_tflops",
}


def page(out: Path, as_coded: bool) -> Iterator[str]:
    """Every line; the figure is drawn on the way. The original has no slip in these numbers."""
    candidates = variants()
    found = [variant.evaluate() for variant in candidates]
    yield from title("NexGen-AI SoC architecture exploration")
    yield from _comparison(found)
    yield from section("Figure")
    drawn = {output: [row[key] for row in found] for output, key in DRAWN.items()}
    figures.comparison([row["name"] for row in found], drawn, out / "architecture_comparison.png")
    yield str(out / "architecture_comparison.png")
    yield from _details(candidates, found)
    yield from _recommendation(found)


def _comparison(found: Sequence[Row]) -> Iterator[str]:
    yield from section("Comparison of the variants (FP16, fully used)")
    rows = [
        [
            r["name"],
            f"{r['fp16_tflops']:.1f}",
            f"{r['fp16_density_tflops_per_mm2']:.3f}",
            f"{r['total_power_w']:.1f}",
            f"{r['efficiency_tflops_per_w']:.2f}",
            judged(r["meets_density_target"]),
            judged(r["meets_power_target"]),
        ]
        for r in found
    ]
    goals = (f"{target('compute_density', 'TFLOPS/mm2'):g} TFLOPS/mm2", f"{target('power', 'W'):g} W")
    yield from columns(["variant", "TFLOPS", "TFLOPS/mm2", "W", "TFLOPS/W", *goals], rows)


def _details(candidates: Sequence[ArchitectureVariant], found: Sequence[Row]) -> Iterator[str]:
    yield from section("Detailed analysis")
    density_goal, power_goal = target("compute_density", "TFLOPS/mm2"), target("power", "W")
    for variant, r in zip(candidates, found, strict=True):
        density, power = r["fp16_density_tflops_per_mm2"], r["total_power_w"]
        yield f"{r['name']}: {variant.description}"
        yield f"  {r['total_sms']} SMs on {r['total_area_mm2']:g} mm2 in {r['num_chiplets']} chiplets"
        yield f"  {r['fp16_tflops']:.1f} TFLOPS at {r['efficiency_tflops_per_w']:.2f} TFLOPS/W"
        yield f"  density {judged(r['meets_density_target'])}: {density:.3f} of {density_goal:g} TFLOPS/mm2"
        yield f"  power {judged(r['meets_power_target'])}: {power:.1f} of {power_goal:g} W"
        yield ""


def _recommendation(found: Sequence[Row]) -> Iterator[str]:
    yield from title("RECOMMENDATION")
    yield ""
    goal = target("compute_density", "TFLOPS/mm2")
    fitting = [r for r in found if r["meets_power_target"]]
    if not fitting:
        yield f"No variant keeps to {target('power', 'W'):g} W."
        return
    best = max(fitting, key=lambda r: r["fp16_density_tflops_per_mm2"])
    density = best["fp16_density_tflops_per_mm2"]
    yield f"The densest variant within {target('power', 'W'):g} W: {best['name']}, {density:.3f} TFLOPS/mm2 at"
    yield f"{best['total_power_w']:.1f} W, {best['efficiency_tflops_per_w']:.2f} TFLOPS/W."
    if not any(r["meets_density_target"] for r in found):
        yield f"No variant reaches {goal:g} TFLOPS/mm2; this one would have to be {goal / density:.2f} times as dense."
    yield ""
    yield "Mind what this model leaves out: power follows multiprocessors, cache and stacks, not clock, tensor"
    yield "cores or their width, and areas are inputs. Its TFLOPS/W and densities flatter the variants that push"
    yield "those. `symppa analyze physical_nexgen` asks the model in which they cost power and area."
