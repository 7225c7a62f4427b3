"""symppa coverage: how far what was measured covers a network on a device, and what to measure next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symppa.cli import complete, options, output
from symppa.errors import QuestionError
from symppa.reports.json import as_json

if TYPE_CHECKING:
    from symppa.calibration.coverage.against import Against
    from symppa.calibration.coverage.covered import Coverage
    from symppa.calibration.measurement import Measurements

FILE = click.Path(path_type=Path)


@click.command("coverage")
@click.argument("workload", required=False, shell_complete=complete.descriptions)
@click.argument("device", required=False, shell_complete=complete.descriptions)
@click.option("--precision", "precisions", multiple=True, metavar="[KIND=]FORMAT",
              help="Number format, of all operators or of those of a kind: fp16, Softmax=fp32.")  # fmt: skip
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Inputs in a run.")
@click.option("--seq", type=click.IntRange(min=1), metavar="N", help="Tokens of an input.")
@click.option("--power-profile", "mode", default="", metavar="NAME", help="Power profile of the device, as in 30W.")
@click.option("--profile", "profiles", multiple=True, metavar="PROFILE",
              help="Calibration: a file, or DEVICE/NAME; all shipped ones of the device by default.")  # fmt: skip
@click.option(
    "--against", "measured", multiple=True, type=FILE, metavar="FILE", help="Measurements to hold it against."
)
@click.option("--history", type=FILE, metavar="FILE", help="Add a line to FILE; without WORKLOAD tell what is there.")
@click.option("--devices", "registry", is_flag=True, help="Every device of the registry, and which to measure first.")
@options.plot
@options.formats("json", "csv", "markdown", "html")
def command(workload: str | None, device: str | None, form: str | None, folder: str | None, **told: Any) -> None:
    """Tell how far calibration covers WORKLOAD on DEVICE, and what to measure next.

    Every operation is CALIBRATED, APPROXIMATED, MISSING, or FREE where it costs nothing. Gaps are ranked by the share
    of the predicted time that is at risk with them, each with the `symppa benchmark` command that closes it.
    """
    if told["registry"]:
        _registry(workload, device, form, told)
    elif workload is None:
        _history(told, form, folder)
    elif device is None:
        raise click.UsageError(f"name a device too, as in symppa coverage {workload} a100_sxm_80gb")
    else:
        _covered(workload, device, form, folder, told)


def _covered(workload: str, device: str, form: str | None, folder: str | None, told: dict[str, Any]) -> None:
    from symppa.calibration.coverage import history
    from symppa.calibration.coverage.against import against
    from symppa.calibration.coverage.coverage import coverage
    from symppa.reports import coverage_facts

    precision, kinds = _formats(told["precisions"])
    sizes = {name: told[name] for name in ("batch", "seq") if told[name] is not None}
    found = coverage(
        workload, device, precision=precision, formats=kinds, sizes=sizes, power_profile=told["mode"],
        profiles=told["profiles"],
    )  # fmt: skip
    rows = _read(told["measured"], found.hardware)
    held = against(found, rows) if rows is not None else None
    _answer(found, held, form)
    if told["history"] is not None:
        history.append(told["history"], coverage_facts.entry(found, held))
    if folder is not None:
        from symppa.reports.plot import coverage as plot

        place = Path(folder)
        plot.time_by_pattern(found, place / "coverage.png")
        plot.time_at_risk(found, place / "at_risk.png")
        written = [place / "coverage.png", place / "at_risk.png"]
        if told["history"] is not None:
            plot.over_time(history.read(told["history"]), place / "history.png")
            written.append(place / "history.png")
        output.wrote(written)


def _formats(told: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The format of all operators, and those of kinds."""
    every = [text for text in told if "=" not in text]
    if len(every) > 1:
        raise click.UsageError(f"--precision is given {len(every)} times; a second one names a kind: Softmax=fp32")
    kinds = {kind: text for kind, _, text in (part.partition("=") for part in told if "=" in part)}
    return "".join(every), kinds


def _answer(found: Coverage, held: Against | None, form: str | None) -> None:
    from symppa.reports import coverage_facts as facts
    from symppa.reports.coverage import loop, report

    if form == "json":
        output.write(as_json(facts.facts(found, held)))
    elif form == "csv":
        from symppa.reports.csv import written

        output.write(written(facts.ROW, facts.rows(found)))
    elif form == "html":
        from symppa.reports.coverage import page

        output.write(page(found, held))
    else:
        output.tell(report(found, held), form)
        told = loop(found)
        if told:
            output.write("\nWhat closes the gaps, in this order:\n\n" + "\n".join(f"    {one}" for one in told))


def _read(files: tuple[Path, ...], device: str) -> Measurements | None:
    """Measurements of a device, None where no file is told."""
    if not files:
        return None
    from symppa.calibration.measurement import Measurements
    from symppa.calibration.readers import read

    rows = Measurements(())
    for file in files:
        rows = rows + read(file, None, device)
    for finding in rows.findings:
        output.remark(str(finding))
    return rows


def _registry(workload: str | None, device: str | None, form: str | None, told: dict[str, Any]) -> None:
    """The devices of the registry."""
    if workload is not None and device is not None:
        raise click.UsageError("--devices looks at the registry: it takes no network, at most the name of a device")
    from symppa.calibration.coverage.inventory import inventory
    from symppa.reports import coverage_devices as devices

    held = inventory(_read(told["measured"], ""), names=[workload] if workload else ())
    if form == "json":
        output.write(as_json({"devices": devices.facts(held)}))
    elif form == "csv":
        from symppa.reports.csv import written

        output.write(written(devices.ROW, devices.rows(held)))
    elif form == "html":
        from symppa.reports.html import page

        output.write(page(devices.report(held)))
    else:
        output.tell(devices.report(held), form)


def _history(told: dict[str, Any], form: str | None, folder: str | None) -> None:
    """What a history tells."""
    if told["history"] is None:
        raise QuestionError("say symppa coverage WORKLOAD DEVICE, --devices, or --history FILE")
    from dataclasses import asdict

    from symppa.calibration.coverage.history import read
    from symppa.reports.coverage_history import page, report

    entries = read(told["history"])
    if not entries:
        raise QuestionError(
            f"{told['history']} has no run yet: symppa coverage WORKLOAD DEVICE --history FILE adds one"
        )
    if form == "json":
        output.write(as_json({"runs": [asdict(one) for one in entries]}))
    elif form == "html":
        output.write(page(entries))
    else:
        output.tell(report(entries), form)
    if folder is not None:
        from symppa.reports.plot.coverage import over_time

        over_time(entries, Path(folder) / "history.png")
        output.wrote([Path(folder) / "history.png"])
