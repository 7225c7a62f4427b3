"""How far measurements of a CPU cover ViT-B/16, which command closes each gap, and what more rows then change."""

from pathlib import Path
from tempfile import TemporaryDirectory

from symppa.calibration.coverage.coverage import coverage
from symppa.calibration.coverage.gaps import gaps
from symppa.calibration.matching.lookup import Status
from symppa.calibration.measurement import Measurements
from symppa.calibration.profiles.profile import made, save
from symppa.calibration.readers import read
from symppa.descriptions import shipped

DEVICE, NETWORK = "amd_epyc", "vit_b_16"
FILES = sorted((shipped.folder("models") / "measurements" / DEVICE).glob("[!.]*.csv"))
rows = sum((read(file, "tidy") for file in FILES), Measurements(())).where(stack="torch-cpu", dtype="fp32")


def covered(ops, file):
    save(made(DEVICE, rows.where(op=ops), "2026-11-20"), file)
    found = coverage(NETWORK, DEVICE, precision="fp32", profiles=[file])
    counts = ", ".join(f"{count} {status}" for status, count in found.counts.items())
    flops, time = (found.percent(what, Status.CALIBRATED) for what in ("flops", "seconds"))
    print(f"with {', '.join(ops)}: {counts}")
    print(f"  calibrated: {flops:.0f} % of the arithmetic, {time:.0f} % of the predicted time")
    return found


with TemporaryDirectory() as folder:
    before = covered(["stream_copy"], Path(folder) / "few.yaml")
    print("\ngaps, the most predicted time at risk first:")
    for gap in gaps(before):
        print(f"  {gap.type:18}{gap.count:4}  {gap.level:8}{gap.command.partition(' --shape')[0]} ...")
    print()
    after = covered(["stream_copy", "gemm", "attention_prefill", "layernorm"], Path(folder) / "more.yaml")
    for step in (before.steps[9], after.steps[9]):
        print(f"\n{step.pattern}, {step.status}")
        for part in step.parts:
            print(f"  {part.type:10}{part.status:14}{part.match.quality.name:20}{part.match.entry or '-'}")
