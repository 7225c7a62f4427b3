"""symppa validate: measured against estimated, and whether it is good enough."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symppa.cli import complete, options, output
from symppa.errors import AnswerIsNo, MeasurementError, QuestionError
from symppa.reports.json import as_json

if TYPE_CHECKING:
    from symppa.calibration.measurement import Measurements
    from symppa.calibration.validation.record import Run
    from symppa.calibration.validation.validate import Validation

UNTOLD = "no device is told"  # by a file, which then is taken to be of the device asked about


@click.command("validate")
@click.argument("device", shell_complete=complete.descriptions)
@click.option(
    "--profile", "profiles", multiple=True, metavar="P", help="A file, a shipped one, or none: the data sheet."
)
@click.option(
    "--against", "files", multiple=True, required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Measurements, any layout; a shipped set as device/name.",
)  # fmt: skip
@click.option("--as", "layout", metavar="LAYOUT", help="The layout of the files, where it is not recognised.")
@click.option("--op", "ops", multiple=True, metavar="OP", help="Only this operation.")
@click.option("--dtype", "dtypes", multiple=True, metavar="FORMAT", help="Only this number format.")
@click.option("--power-profile", "mode", default="", metavar="NAME", help="Only this power mode, and rows of none.")
@click.option("--held-out", is_flag=True, help="Leave out rows whose size took part in the fit.")
@click.option("--max-mape", type=click.FloatRange(min=0), metavar="PERCENT", help="Exit with 1 above this mean error.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE",
              help="Exit with 1 where accuracy is worse than that of the recorded run.")  # fmt: skip
@click.option("--tolerance", type=click.FloatRange(min=0), default=1.0, show_default=True, metavar="POINTS",
              help="How much the mean error may exceed the baseline's, over all and for each operation.")  # fmt: skip
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Append this run to a file.")
@click.option("--history", type=click.Path(path_type=Path), metavar="FILE", help="The same, and tell the runs before.")
@options.plot
@options.formats("json", "csv", "markdown", "html")
def command(device: str, form: str | None, folder: str | None, **told: Any) -> None:
    """Set measurements against what a profile, or the data sheet, estimates for them.

    `symppa validate a100_sxm_80gb --profile mine.yaml --against gemm.csv --held-out --max-mape 10`

    Errors are percent of the measured time, of rows that the profile estimates; the others are listed with the reason.
    Rows that took part in the fit are told apart: theirs is no accuracy for other sizes. Without --profile all shipped
    profiles of DEVICE count. Exit code 1: a limit is missed, accuracy got worse, or no row can be estimated.
    """
    from symppa.calibration.validation import record
    from symppa.calibration.validation.validate import NONE, calibration, validate
    from symppa.studies.whole import composed

    if told["history"] and told["record"]:
        raise QuestionError("--history FILE records the run too: one of --record and --history is enough")
    rows = _kept(_read(told["files"], told["layout"], device), op=told["ops"], dtype=told["dtypes"])
    profiles = told["profiles"] or (device,)
    known = calibration(None if profiles == (NONE,) else profiles, device)
    made = validate(
        known, rows, device=device, power_profile=told["mode"], held_out=told["held_out"],
        compose=composed(device, profiles),
    )  # fmt: skip
    run = record.run_of(made, datetime.now(UTC).isoformat(timespec="seconds"))
    refused = _refused(made, run, told)
    place = told["record"] or told["history"]
    if place:
        record.appended(place, replace(run, accepted=not refused))
    before = tuple(one for one in record.runs(place) if record.alike(one, run)) if told["history"] else ()
    _answer(made, before, refused, form, folder)
    if refused and form != "json":
        raise AnswerIsNo("; ".join(refused))
    if refused:
        sys.exit(1)


def _read(files: tuple[Path, ...], layout: str | None, device: str) -> Measurements:
    """All files; one that does not tell its device is taken for the one asked about, and that is said."""
    from symppa.calibration.files import shipped_file
    from symppa.calibration.measurement import Measurements
    from symppa.calibration.readers import read

    rows = Measurements(())
    for file in map(shipped_file, files):
        try:
            found = read(file, layout)
        except MeasurementError as error:
            if UNTOLD not in error.message:
                raise
            found = read(file, layout, device)
            output.remark(f"{file} does not tell its device: taken for {device}")
        rows = rows + found
    return rows


def _kept(rows: Measurements, **wanted: tuple[str, ...]) -> Measurements:
    """Rows of the operations and formats asked for; none of them is refused."""
    for name, values in wanted.items():
        if values:
            kept = rows.where(**{name: values})
            if not len(kept):
                there = ", ".join(sorted(set(rows.of(name))))
                raise MeasurementError(f"there are no rows of {name} {', '.join(values)}; there are rows of {there}")
            rows = kept
    return rows


def _refused(made: Validation, run: Run, told: dict[str, Any]) -> list[str]:
    """What the answer no is about."""
    from symppa.calibration.validation import record

    found = [] if made.scores.n else [f"none of {sum(one.count for one in made.missing)} rows can be compared"]
    if told["max_mape"] is not None and made.scores.mape > told["max_mape"]:
        found.append(f"the mean error is {made.scores.mape:.2f} %, above {told['max_mape']:g} %")
    if told["baseline"] is not None:
        before = record.baseline(told["baseline"], run)
        since = f"worse than on {before.time} by more than {told['tolerance']:g} points"
        found += [f"{text} ({since})" for text in record.worse(run, before, told["tolerance"])]
    return found


def _answer(made: Validation, known: tuple[Run, ...], refused: list[str], form: str | None, folder: str | None) -> None:
    from symppa.reports import validation

    for finding in made.findings:
        output.remark(str(finding))
    if folder is not None:
        from symppa.reports.plot.validation import write

        output.wrote(write(made, Path(folder), known))
    if form == "json":
        output.write(as_json(validation.facts(made, known) | {"refused": refused}))
    elif form == "csv":
        output.write(validation.csv_text(made))
    elif form == "html":
        from symppa.reports.html import page
        from symppa.reports.plot.validation import svgs

        output.write(page(validation.report(made, known), svgs(made, known)))
    else:
        output.tell(validation.report(made, known), form)
    if made.in_sample.n and form is not None:
        output.remark(validation.claim(made))
