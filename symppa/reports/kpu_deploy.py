"""What came of a deployment, as people read it."""

from __future__ import annotations

from collections.abc import Iterator

from symppa.kpu.deployment.agent import DeploymentResult
from symppa.reports.number import shown
from symppa.reports.report import Column, Line, Report, Table

HEADS = (
    Column("output"), Column("max d / max ref", "percent", True), Column("relative L2", "", True),
    Column("softmax, 99th", "", True),
)  # fmt: skip


def report(found: DeploymentResult) -> Report:
    """The program, its costs on the device, its answers and its power, and what does not hold."""
    tables = []
    if found.accuracy is not None:
        rows = tuple(
            (name, f"{100 * far.worst:.3g}", f"{far.relative:.3g}", f"{far.softmax:.3g}")
            for name, far in found.accuracy.differences.items()
        )
        tables.append(Table(f"answers over {found.accuracy.samples} samples of {found.accuracy.source}", HEADS, rows))
    program = found.program
    title = f"deployment of {program.name} in {program.precision.value}" if program else "deployment"
    meaning = "everything holds" if found.success else "not everything holds"
    return Report(title, meaning, tuple(tables), tuple(_lines(found)))


def _lines(found: DeploymentResult) -> Iterator[Line]:
    metrics, accuracy, power = found.metrics, found.accuracy, found.power
    if metrics is not None:
        yield Line("time on the KPU", f"{shown(metrics.total_time_us, 'us')}, {metrics.total_cycles} cycles, simulated")
    if accuracy is not None:
        yield Line(
            "time of the network here", f"{shown(accuracy.baseline_seconds * 1e3, 'ms')} with {accuracy.baseline}"
        )
        if accuracy.same_choice is not None:
            yield Line("same first choice", f"{100 * accuracy.same_choice:.4g} % of samples")
    if power is not None:
        yield Line("average power", f"{shown(power.measured, 'W')} simulated, {shown(power.predicted, 'W')} predicted")
        yield Line("power by load alone", shown(power.by_load, "W"))
        limits = f"{power.limit:g} W" + (f", budget {power.budget:g} W" if power.budget is not None else "")
        yield Line("limit", limits)
    for text in found.remarks:
        yield Line("remark", text)
    for text in found.failures:
        yield Line("does not hold", text)
