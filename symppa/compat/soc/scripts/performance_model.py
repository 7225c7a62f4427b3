"""performance_model: rates, workloads, power and growth of the baseline, against the targets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from symppa.compat.soc.configuration import Precision, SoCConfig
from symppa.compat.soc.performance import PerformanceModel
from symppa.compat.soc.power import PowerModel
from symppa.compat.soc.scaling import ScalingModel
from symppa.compat.soc.scripts.page import columns, judged, plural, section, title
from symppa.compat.soc.targets import meets, target

WORKLOADS = {"GEMM (Optimized)": 100, "Attention (FlashAttention)": 50, "Elementwise Ops": 0.5}
UTILIZATIONS = [1.0, 0.75, 0.5]
CHIPLETS = [2, 4, 6, 8]
MOST_CHIPLETS = 64
DENSITY, POWER = ("compute_density", "TFLOPS/mm2"), ("power", "W")


def page(out: Path, as_coded: bool) -> Iterator[str]:
    """Every line; the figures are drawn on the way."""
    soc = SoCConfig()
    performance, power = PerformanceModel(soc, as_coded), PowerModel(soc, as_coded)
    scaling = ScalingModel(soc.chiplet_config, as_coded)
    yield from title("NexGen-AI SoC performance model")
    yield from _configuration(soc)
    yield from _rates(performance)
    yield from _workloads(performance)
    yield from _power(power)
    yield from _scaling(scaling)
    yield from section("Figures")
    performance.plot_roofline(Precision.FP16, out / "roofline_fp16.png")
    scaling.plot_scaling(CHIPLETS, Precision.FP16, out / "chiplet_scaling.png")
    yield from (str(out / "roofline_fp16.png"), str(out / "chiplet_scaling.png"))
    if as_coded:
        yield "The figures show corrected values."
    yield from _validation(performance, power, scaling)


def _configuration(soc: SoCConfig) -> Iterator[str]:
    yield from section("Configuration")
    bandwidth = PerformanceModel(soc).memory_bandwidth_tbps()
    yield f"Chiplets:         {soc.num_chiplets}"
    yield f"Total SMs:        {soc.total_sms}"
    yield f"Total area:       {soc.total_area_mm2:.1f} mm2"
    yield f"HBM stacks:       {soc.hbm3e_stacks}"
    yield f"HBM bandwidth:    {soc.total_hbm_bandwidth_gbps} GB/s ({bandwidth:.2f} TB/s)"


def _rates(model: PerformanceModel) -> Iterator[str]:
    yield from section("Performance by precision")
    rows = []
    for precision in Precision:
        density = model.compute_density(precision)
        rows.append(
            [
                precision.value,
                f"{model.peak_compute(precision):.1f}",
                f"{density:.3f}",
                f"{model.arithmetic_intensity_roof(precision):.1f}",
                judged(meets(DENSITY[0], density, DENSITY[1])),
            ]
        )
    goal = f"{target(*DENSITY):g} TFLOPS/mm2"
    yield from columns(["precision", "peak TFLOPS", "TFLOPS/mm2", "ridge FLOP/byte", goal], rows)
    if model.as_coded:
        yield from ("", "As coded: the ridge points take GB/s for Gbit/s, so they are 8 times too high.")


def _workloads(model: PerformanceModel) -> Iterator[str]:
    yield from section("Workload analysis (FP16)")
    rows = []
    for name, intensity in WORKLOADS.items():
        found = model.analyze_workload(Precision.FP16, intensity)
        rows.append(
            [
                name,
                f"{intensity:.1f}",
                f"{found['achieved_tflops']:.1f}",
                f"{found['efficiency_percent']:.1f} %",
                found["bottleneck"],
            ]
        )
    yield from columns(["workload", "FLOP/byte", "TFLOPS", "of peak", "bottleneck"], rows)
    yield ""
    if model.as_coded:
        yield "As coded: bottlenecks are judged by the ridge point that is too high, and whole-number"
        yield "intensities cut the fraction off the peak rate."
    else:
        yield f"The ridge point is {model.arithmetic_intensity_roof(Precision.FP16):.1f} FLOP/byte."
        for kind in ("Compute", "Memory"):
            yield f"{kind}-bound: {', '.join(row[0] for row in rows if row[-1] == kind) or 'none'}."


def _power(model: PowerModel) -> Iterator[str]:
    yield from section("Power analysis")
    total = model.total_power(UTILIZATIONS)
    efficiency = model.power_efficiency(Precision.FP16, UTILIZATIONS)
    junction = model.thermal_estimate(UTILIZATIONS)
    rows = [
        [f"{use:.0%}", f"{w:.1f}", f"{e:.2f}", f"{t:.1f}", judged(meets(POWER[0], w, POWER[1]))]
        for use, w, e, t in zip(UTILIZATIONS, total, efficiency, junction, strict=True)
    ]
    yield from columns(["utilization", "power W", "FP16 TFLOPS/W", "junction degC", f"{target(*POWER):g} W"], rows)


def _scaling(model: ScalingModel) -> Iterator[str]:
    yield from section("Chiplet scaling (FP16, 2 memory stacks a chiplet)")
    found = model.efficiency_analysis(CHIPLETS, Precision.FP16)
    rows = [
        [
            str(n),
            f"{a['compute_tflops']:.1f}",
            f"{a['memory_tbps']:.2f}",
            f"{a['power_watts']:.1f}",
            f"{a['tflops_per_watt']:.2f}",
            judged(meets(POWER[0], a["power_watts"], POWER[1])),
        ]
        for n, a in found.items()
    ]
    yield from columns(["chiplets", "TFLOPS", "TB/s", "power W", "TFLOPS/W", f"{target(*POWER):g} W"], rows)


def _validation(performance: PerformanceModel, power: PowerModel, scaling: ScalingModel) -> Iterator[str]:
    yield from section("Validation against the product targets")
    density, total = performance.compute_density(Precision.FP16), power.total_power()
    goal, budget = target(*DENSITY), target(*POWER)
    yield f"Compute density {judged(meets(DENSITY[0], density, DENSITY[1]))}: {density:.3f} of {goal:g} TFLOPS/mm2."
    if not meets(DENSITY[0], density, DENSITY[1]):
        yield f"  It would have to be {goal / density:.1f} times as high."
    yield f"Power {judged(meets(POWER[0], total, POWER[1]))}: {total:.1f} of {budget:g} W."
    by_count = scaling.power_scaling(range(1, MOST_CHIPLETS + 1))
    fitting = [n for n, watts in by_count.items() if meets(POWER[0], watts, POWER[1])]
    if fitting:
        most = max(fitting)
        yield f"  {plural(most, 'chiplet')} fit into {budget:g} W ({by_count[most]:.1f} W), {most + 1} do not."
    yield "Scaling: peak rate and bandwidth grow in proportion to the chiplets because this model has no"
    yield "  cost of links between them; it assumes linear scaling and cannot confirm it."
