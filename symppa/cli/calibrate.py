"""symppa calibrate: laws fitted to measurements, and what to measure next."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symppa.cli import complete, options, output
from symppa.errors import QuestionError
from symppa.reports.json import as_json

if TYPE_CHECKING:
    from symppa.calibration.measurement import Measurements
    from symppa.calibration.profiles.profile import Profile


@click.command("calibrate")
@click.argument("device", required=False, shell_complete=complete.descriptions)
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Measurements: a file of any layout, or a shipped set as DEVICE/NAME.",
)
@click.option("--as", "layout", metavar="LAYOUT", help="The layout of the files, where it is not recognised.")
@click.option("--op", "ops", multiple=True, metavar="OP", help="Only this operation.")
@click.option("--stack", metavar="NAME", help="Only rows of this software, as torch-cpu.")
@click.option("--dtype", metavar="FORMAT", help="With --plan: the number format.  [default: fp16]")
@click.option("--power-profile", "mode", default="", metavar="NAME", help="Power profile of the registry.")
@click.option("--out", type=click.Path(path_type=Path), metavar="PROFILE.yaml", help="Where the profile goes.")
@click.option("--borrow", "donor", metavar="DONOR", help="Take the fits of DONOR, a device or a profile, or `nearest`.")
@click.option("--plan", "planned", metavar="DEVICE", help="Tell what to measure next on DEVICE instead.")
@click.option("--points", type=click.IntRange(1, 500), default=40, show_default=True, help="With --plan: how many.")
@options.forms("json", "csv", "markdown")
def command(device: str | None, planned: str | None, form: str | None, **told: Any) -> None:
    """Fit the laws of the library to measurements of DEVICE, and write a profile that `analyze` uses.

    Rows are set apart before anything is looked at, by weights, networks or whole shapes: the errors and intervals
    that are told are those of rows that took no part. Rows that `symppa benchmark lint` refuses are left
    out, with those of other devices; both are told with their numbers. `--plan` chooses the sizes that shrink the
    predicted error most.
    `--borrow` takes the fits of a similar device at the peaks of DEVICE, with intervals as wide as leaving a device out
    showed; with it, `--from` are rows of several devices that show it anew.
    """
    if planned is not None:
        if device is not None or told["out"] is not None:
            raise QuestionError("--plan DEVICE stands alone: it takes --points, --op, --dtype and --from")
        _plan(planned, form, told)
        return
    if device is None or not (told["files"] or told["donor"]) or told["out"] is None:
        raise QuestionError(
            "say symppa calibrate DEVICE --from FILE --out PROFILE.yaml, --borrow DONOR for --from, or --plan DEVICE"
        )
    from symppa.calibration.profiles.profile import save, summary
    from symppa.reports.calibration import report

    profile = _made(device, told)
    save(profile, told["out"])
    output.wrote([told["out"]])
    if form == "json":
        output.write(as_json({"device": device, "fits": summary(profile)}))
    else:
        output.tell(report(profile), form)


def _made(device: str, told: dict[str, Any]) -> Profile:
    """The profile by measurements, or by what another device lends."""
    day = date.today().isoformat()
    if told["donor"]:
        from symppa.calibration.profiles.borrow import lent

        return lent(device, told["donor"], day, _judged(told, "") if told["files"] else None)
    from symppa.calibration.profiles.profile import made

    rows = _read(told["files"], told["layout"], device)
    if told["stack"]:
        stacks = ", ".join(sorted(set(rows.of("stack"))))
        rows = rows.where(stack=told["stack"])
        if not len(rows):
            raise QuestionError(f"there are no rows of the stack {told['stack']!r}; there are rows of {stacks}")
    profile = made(device, rows, day, told["ops"], told["mode"])
    for finding in profile.findings:
        output.remark(str(finding))
    return profile


def _read(files: tuple[Path, ...], layout: str | None, device: str) -> Measurements:
    """The rows of some files: of a device, or of all where none is told."""
    from symppa.calibration.files import rows_of, shipped_file
    from symppa.calibration.measurement import Measurements
    from symppa.calibration.readers import read

    rows = Measurements(())
    for file in files:
        rows = rows + (rows_of(device, file, layout) if device else read(shipped_file(file), layout))
    return rows


def _judged(told: dict[str, Any], device: str) -> Measurements:
    """The rows that nothing refuses; what was refused and flagged is told."""
    from symppa.calibration.lint import judged

    verdict = judged(_read(told["files"], told["layout"], device))
    for finding in verdict.findings:
        output.remark(str(finding))
    return verdict.kept


def _plan(device: str, form: str | None, told: dict[str, Any]) -> None:
    from symppa.calibration.fitting.plan import plans
    from symppa.reports.calibration import planned

    rows = _judged(told, device) if told["files"] else None
    found = plans(device, told["ops"] or ("gemm",), told["dtype"] or "fp16", told["points"], rows, told["mode"])
    if form == "json":
        output.write(as_json({"device": device, "points": [one.as_json() for one in found]}))
    else:
        output.tell(planned(device, found), form)
