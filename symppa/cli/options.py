"""Options that verbs share, and how their texts are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from symppa.cli import complete
from symppa.errors import QuestionError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]
PLUGINS = "symppa.plugins"


def _louder(ctx: click.Context, option: click.Parameter, count: int) -> None:
    if count:
        logging.getLogger("symppa").setLevel(logging.INFO if count == 1 else logging.DEBUG)


def _quieter(ctx: click.Context, option: click.Parameter, quiet: bool) -> None:
    if quiet:
        logging.getLogger("symppa").setLevel(logging.ERROR)


def _plug_in(ctx: click.Context, option: click.Parameter, packages: tuple[str, ...]) -> None:
    if packages and not ctx.resilient_parsing:
        from symppa.descriptions import systems

        for package in packages:
            systems.plug_in(package)
            ctx.find_root().meta.setdefault(PLUGINS, []).append(package)


def plugins() -> list[str]:
    """The packages of every --plugin on the line."""
    found: list[str] = click.get_current_context().find_root().meta.get(PLUGINS, [])
    return found


# Asked for before or after the verb. What --debug does is decided where errors end, in main.
EVERYWHERE = (
    click.option(
        "--plugin", multiple=True, metavar="PACKAGE", expose_value=False, is_eager=True, callback=_plug_in,
        help="Import a package of models that descriptions may name.",
    ),
    click.option("-v", "--verbose", count=True, expose_value=False, callback=_louder, help="Say more on stderr."),
    click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_quieter, help="Say errors only."),
    click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."),
)  # fmt: skip


def _all(options: Iterable[Decorator[Any]], function: Decorated) -> Decorated:
    for option in reversed(tuple(options)):
        function = option(function)
    return function


def everywhere(function: Decorated) -> Decorated:
    """The options that stand before or after any verb."""
    return _all(EVERYWHERE, function)


def forms(*names: str) -> Decorator[Any]:
    """`--json`, `--csv`, `--markdown` as one argument `form`."""
    helps = {
        "json": "Print everything as JSON, all digits.",
        "csv": "Print one table as CSV, all digits.",
        "markdown": "Print tables as Markdown.",
    }
    flags = [click.option(f"--{n}", "form", flag_value=n, default=None, help=helps[n]) for n in names]
    return lambda function: everywhere(_all(flags, function))


def formats(*names: str) -> Decorator[Any]:
    """`--format NAME` beside the flags of `forms`, as the same argument `form`."""

    def chosen(ctx: click.Context, option: click.Parameter, name: str | None) -> str | None:
        return None if name == "text" else name

    option = click.option(
        "--format", "form", type=click.Choice(["text", *names]), callback=chosen, expose_value=True,
        help="How to print: a page with figures (html), or as the flags say.",
    )  # fmt: skip
    return lambda function: forms(*(n for n in names if n != "html"))(option(function))


def network(function: Decorated) -> Decorated:
    """`--precision`, `--batch` and `--seq`, each as often as it is given."""
    options = (
        click.option("--precision", "precisions", multiple=True, metavar="FORMAT", help="Number format, as in fp16."),
        click.option("--batch", "batches", multiple=True, type=click.IntRange(min=1), metavar="N",
                     help="Inputs in a run."),
        click.option("--seq", type=click.IntRange(min=1), metavar="N", help="Tokens of an input."),
    )  # fmt: skip
    return _all(options, function)


def calibrations(function: Decorated) -> Decorated:
    """`--calibration` and `--borrow`, as `calibration` and `borrow`."""
    options = (
        click.option(
            "--calibration", multiple=True, metavar="PROFILE",
            help="Times by this calibration, a file, DEVICE or DEVICE/NAME; by data sheets alone with none. "
            "By default what is shipped of the very device and number format.",
        ),
        click.option(
            "--borrow", default="", metavar="DONOR",
            help="Times by the calibration of another device of its class, or of the nearest.",
        ),
    )  # fmt: skip
    return _all(options, function)


CHECKS = {"latency": "latency", "power": "power", "memory": "peak_memory"}  # options by what they limit


def checks(function: Decorated) -> Decorated:
    """`--power-profile` and the limits on a run: `profile`, `latency`, `power` and `memory`."""
    options = (
        click.option("--power-profile", "profile", metavar="NAME", help="Power profile of a device, as in 30W."),
        click.option("--check-latency", "latency", metavar="TIME", help="Exit with 1 where a run takes longer: 33ms."),
        click.option("--check-power", "power", metavar="POWER", help="Exit with 1 where it takes more on average: 9W."),
        click.option("--check-memory", "memory", metavar="ROOM", help="Exit with 1 where it needs more room: 8GB."),
    )
    return _all(options, function)


def choices(function: Decorated) -> Decorated:
    """`--set` and `--part`, as mappings `values` and `parts`."""
    options = (
        click.option(
            "--set", "values", multiple=True, metavar="NAME=VALUE", callback=pairs, shell_complete=complete.givens,
            help="Replace one value, or one member of a vector.",
        ),
        click.option(
            "--part", "parts", multiple=True, metavar="PATH=CLASS", callback=pairs,
            help="Choose the class of a replaceable part.",
        ),
    )  # fmt: skip
    return _all(options, function)


def grid(function: Decorated) -> Decorated:
    """`--axis`, `--points`, `--sample`, `--seed` and `--where`: the designs of a sweep."""
    options = (
        click.option(
            "--axis", "axes", multiple=True, metavar="NAME=VALUES", callback=pairs,
            shell_complete=complete.givens,
            help="One axis: 16:64:4 (step), 1.5GHz:3GHz:16 (points), 1:1000:x10 (factor) or a,b,c.",
        ),
        click.option(
            "--points", type=click.Path(path_type=Path), metavar="FILE",
            help="Designs, one a row: .csv, .parquet, .json or .jsonl, a column for each given, as `clock [GHz]`.",
        ),
        click.option(
            "--sample", metavar="WHAT",
            help="Draw designs from axes of two ends, 1GHz:3GHz: sobol:N, lhs:N, halton:N or random:N.",
        ),
        click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of the sample; 0 by default."),
        click.option("--where", multiple=True, metavar="LIMIT", help='Keep designs within, as "power <= 500 W".'),
    )  # fmt: skip
    return _all(options, function)


def output(text: str = "An output, a pattern (by_format.*) or an expression.") -> Decorator[Any]:
    """`--output`, as tuple `outputs`."""
    return click.option(
        "--output", "outputs", multiple=True, metavar="NAME", shell_complete=complete.outputs, help=text
    )  # fmt: skip


def designs(text: str) -> Decorator[Any]:
    """What every question about a grid asks: SYSTEM, its grid, choices and outputs."""
    return lambda function: _all((system, grid, choices, output(text)), function)


def means(function: Decorated) -> Decorated:
    """`--cluster`, `--engine` and `--threads`: how designs are computed, not what they are."""
    options = (
        click.option(
            "--cluster", metavar="ADDRESS", help="Compute on the workers of a Dask scheduler, or on local:N processes."
        ),
        click.option(
            "--engine", type=click.Choice(["auto", "numpy", "native"]), default="auto", show_default=True,
            help="Compiled code where it pays (auto), never (numpy) or always (native): the same numbers.",
        ),
        click.option(
            "--threads", type=click.IntRange(min=1), metavar="N", help="Threads that share the work; as many as pay."
        ),
    )  # fmt: skip
    return _all(options, function)


def told(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was told on the line, as arguments of a study: the rest is as the study has it."""
    return {name: value for name, value in asked.items() if value not in (None, ())}


def plot(function: Decorated) -> Decorated:
    """`--plot DIR`."""
    option = click.option(
        "--plot", "folder", type=click.Path(file_okay=False), metavar="DIR", help="Write figures to a folder."
    )
    return option(function)


def system(function: Decorated) -> Decorated:
    """The argument SYSTEM."""
    return click.argument("system", shell_complete=complete.descriptions)(function)


def pairs(ctx: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE, repeated, as a mapping."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise click.BadParameter(f"{text!r} is not {option.metavar}", ctx, option)
        if name.strip() in found:
            raise QuestionError(f"{option.opts[0]} {name.strip()} is given twice")
        found[name.strip()] = value.strip()
    return found
