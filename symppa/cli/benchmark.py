"""symppa benchmark: time operations and networks here, import what others timed, and look for what cannot be."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from symppa.cli import options, output
from symppa.cli.progress import bar as progress_bar
from symppa.cli.progress import stoppable
from symppa.errors import AnswerIsNo, MeasurementError, QuestionError, suggest
from symppa.reports.json import as_json

ONE = "run"


class Benchmark(click.Group):
    """Without the name of another command what follows is what to time."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = [ONE, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in self.commands if name != ONE]


@click.group("benchmark", cls=Benchmark)
@options.everywhere
def command() -> None:
    """Time operations and networks here, import measurements, and lint them."""


@command.command(ONE)
@click.argument("what", nargs=-1, metavar="[DEVICE|OP]")
@click.option("--suite", "suite", metavar="NAME|FILE", help="The cases of a suite: micro, llm, cnn, quick, or a file.")
@click.option("--list", "listing", is_flag=True, help="Tell suites, operations, runners, meters and layouts.")
@click.option("--op", metavar="OP", help="One operation, or of a suite only those.")
@click.option("--shape", "shapes", multiple=True, metavar="SIZES", help="Its sizes, as 12x197x197 or m=8,n=64,k=64.")
@click.option("--dtype", "formats", multiple=True, metavar="FORMAT", help="Number format, as fp32.")
@click.option("--network", default="", metavar="NAME", help="With --op network: which.")
@click.option("--runner", "names", multiple=True, metavar="NAME", help="numpy, torch-cpu or torch-cuda.")
@click.option("--device", "named", metavar="NAME", help="The device's name, as the word DEVICE tells it too.")
@click.option("--budget", metavar="TIME", help="Stop in time, shared fairly: 90s, 5min, 1h.")
@click.option("--limit", metavar="TIME", default="2s", show_default=True, help="Longest time for one case.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where rows go; rows there are not timed again."
)
@click.option("--power-profile", "mode", default="", metavar="NAME", help="The power mode that the device is in.")
@options.forms("json", "csv")
def run(what: tuple[str, ...], form: str | None, listing: bool, **told: Any) -> None:
    """Time operations and networks here, and keep what was measured.

    `symppa benchmark import FILE` reads what others measured, `symppa benchmark lint FILE` tells what cannot be.

    Every row is on the disk once it is measured: after Ctrl-C the same command goes on where it was. A time is the
    median of samples after a warm-up that came to rest; sampling ends when the 95 % interval of the median is within
    2 %, or the limit is reached. A case that fails is told, and the exit code is 1. Operands are
    warm in the caches that hold them. What no meter can read stays empty.
    """
    if listing:
        _list(form)
        return
    device, op = _told((*what, *filter(None, [told["named"]])), told["op"])
    from symppa.calibration.measuring.cases import device_name
    from symppa.calibration.measuring.running import run as start
    from symppa.calibration.measuring.suites import seconds
    from symppa.workloads import yaml

    if device:
        device_name(device)
    suite = _suite(op, told)
    _power_profile(device, told["mode"])
    file = told["out"] or _place(device or _here(suite.cases)) / f"{suite.name}.csv"
    budget = seconds(told["budget"]) if told["budget"] else None
    with stoppable(f"what was measured stands in {file}; the same command goes on"), _bar() as bar:
        done = start(
            suite.cases, file, yaml.load, device=device, budget=budget, limit=seconds(told["limit"]),
            power_mode=told["mode"], told=bar,
        )  # fmt: skip
    _answer(suite, done, form)
    lost = done.failed if told["suite"] else len(done.refused)
    if lost and form != "json":
        raise AnswerIsNo(f"{lost} of {len(suite.cases)} cases failed")
    if lost:
        sys.exit(1)


def _power_profile(device: str, mode: str) -> None:
    """Refuses a power profile that a device of the registry does not have."""
    from symppa.calibration.device import bounds

    known = bounds(device) if mode and device else None
    if known is not None and mode not in known.profiles:
        raise QuestionError(f"{device} states no power profile {mode!r}{suggest(mode, known.profiles)}")


def _told(what: tuple[str, ...], op: str | None) -> tuple[str, str | None]:
    """Device and operation: a word that is an operation's name is one."""
    from symppa.calibration.operations import OPERATIONS

    ops = [word for word in what if word in OPERATIONS] + ([op] if op else [])
    devices = [word for word in what if word not in OPERATIONS]
    if len(ops) > 1 or len(devices) > 1:
        raise QuestionError(f"one device and one operation are asked for at a time, not {', '.join((*devices, *ops))}")
    return "".join(devices), ops[0] if ops else None


def _suite(op: str | None, told: dict[str, Any]) -> Any:
    from symppa.calibration.measuring import suites
    from symppa.calibration.measuring.runners import ready

    names = list(told["names"])
    if told["suite"]:
        found = suites.suite(told["suite"])
        asked = (("op", [op] if op else []), ("runner", names), ("dtype", list(told["formats"])))
        if told["shapes"] or told["network"]:
            raise QuestionError("--shape and --network ask for one operation; a suite has its own")
        return suites.chosen(found, {name: values for name, values in asked if values})
    if op is None:
        raise QuestionError("say what to time: --suite quick, or an operation with --shape; --list tells what there is")
    return suites.told_cases(op, told["shapes"], told["formats"], names or _able(op, ready()), told["network"])


def _able(op: str, ready: list[Any]) -> list[str]:
    """The runners here that run an operation at all."""
    from symppa.calibration.measuring.runners import runs

    found = [made.name for made in ready if runs(made, op)]
    if not found:
        raise MeasurementError(f"no runner here runs {op}: symppa benchmark --list tells why")
    return found


def _here(cases: Any) -> str:
    """The device that the first runner that can run is on."""
    from symppa.calibration.measuring.runners import runner

    names = dict.fromkeys(case.runner for case in cases)
    found = [runner(name).device() for name in names if not runner(name).missing()]
    if not found:
        raise MeasurementError(f"none of {', '.join(names)} can run here: symppa benchmark --list tells why")
    return found[0]


def _place(device: str) -> Path:
    """Where measurements of a device go: in a checkout beside the models, else in a folder here."""
    root = Path("models") if Path("models", "hardware").is_dir() else Path()
    return root / "measurements" / device


def _answer(suite: Any, done: Any, form: str | None) -> None:
    from symppa.calibration.measuring.cases import key_of
    from symppa.calibration.readers import read
    from symppa.reports import measurements

    keys = {case.key for case in suite.cases}
    rows = read(done.file, "tidy") if done.measured or done.before else None
    mine = rows.take([key_of(row) in keys for row in rows]) if rows is not None else None
    refused = [{"case": str(case), "why": why} for case, why in done.refused]
    if form == "json":
        facts = {
            "file": str(done.file), "measured": done.measured, "before": done.before, "left": len(done.left),
            "refused": refused, "wide": done.wide, "rows": measurements.rows_facts(mine or ()),
        }  # fmt: skip
        output.write(as_json(facts))
        return
    output.tell(measurements.ran(suite.name, done, mine), form)


def _list(form: str | None) -> None:
    from symppa.reports import measurements

    told = measurements.offers()
    if form == "json":
        output.write(as_json(told))
    else:
        output.tell(measurements.listing(told), form)


def _reading(function: Any) -> Any:
    """What import and lint ask alike."""
    arguments = (
        click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path)),
        click.option("--as", "layout", metavar="LAYOUT", help="The layout, where it is not recognised."),
        click.option("--device", default="", metavar="NAME", help="The device, where files do not tell it."),
    )
    for each in reversed(arguments):
        function = each(function)
    return function


@command.command("import")
@_reading
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Where tidy files go.")
@options.forms("json")
def import_(files: tuple[Path, ...], layout: str | None, device: str, out: Path | None, form: str | None) -> None:
    """Read measurements of another layout and write them as tidy files, one for each device.

    Rows that are damaged, computed instead of measured, above a peak, in another unit or there already are refused and
    left out; odd ones are flagged and kept. Both are told with their row numbers.
    """
    from symppa.calibration.files import written
    from symppa.calibration.lint import judged
    from symppa.calibration.measuring.cases import device_name
    from symppa.calibration.readers import read
    from symppa.reports import measurements

    if device:
        device_name(device)
    findings: list[Any] = []
    facts: list[dict[str, Any]] = []
    for file in files:
        verdict = judged(read(file, layout, device))
        findings += verdict.findings
        for path, count in written(verdict.kept, file, out or _place("")):
            facts.append({"file": str(path), "rows": count})
            output.remark(f"wrote {path}: {count} rows")
    if form == "json":
        output.write(as_json({"written": facts, "findings": measurements.findings_facts(findings)}))
    else:
        output.tell(measurements.found(findings, "Imported"), form)


@command.command("lint")
@_reading
@options.forms("json")
def lint(files: tuple[Path, ...], layout: str | None, device: str, form: str | None) -> None:
    """Tell what measurements cannot be, or hardly are, with row numbers; exit code 1 where rows are refused."""
    from symppa.calibration import lint as rules
    from symppa.calibration.measurement import REFUSED
    from symppa.calibration.readers import read
    from symppa.reports import measurements

    findings = [finding for file in files for finding in rules.lint(read(file, layout, device))]
    if form == "json":
        output.write(as_json({"findings": measurements.findings_facts(findings)}))
    else:
        output.tell(measurements.found(findings, "Looked for what cannot be"), form)
    refused = [finding for finding in findings if finding.state == REFUSED]
    if refused and form != "json":
        raise AnswerIsNo(f"{sum(len(finding.rows) for finding in refused)} rows are refused")
    if refused:
        sys.exit(1)


@contextmanager
def _bar() -> Iterator[Any]:
    """Hears what comes next, and draws a bar of it where stderr is a terminal that may be talked to."""
    if not (sys.stderr.isatty() and logging.getLogger("symppa").isEnabledFor(logging.WARNING)):
        yield lambda done, count, what: None
        return
    with progress_bar() as drawn:
        task = drawn.add_task("cases", total=None)
        yield lambda done, count, what: drawn.update(task, completed=done, total=count, description=what or "done")
