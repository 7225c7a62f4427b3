"""The options of `symppa analyze` for a language model that answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from symppa.cli import complete
from symppa.cli.options import Decorated

NAMES = ("phase", "prompt", "generate", "tp", "weights", "cache", "draft", "acceptance", "burst")
COUNT = click.IntRange(min=1)


def options(function: Decorated) -> Decorated:
    """`--phase`, `--prompt`, `--generate`, `--tp`, and those of quantisation and drafts."""
    for option in reversed((
        click.option("--phase", type=click.Choice(["prefill", "decode", "serve"]),
                     help="A language model that answers: reading prompts, adding tokens, or all of it."),
        click.option("--prompt", type=COUNT, metavar="N", help="Tokens of a prompt; 2048 by default."),
        click.option("--generate", type=click.IntRange(min=2), metavar="N", help="Tokens of an answer; 256 usually."),
        click.option("--tp", type=COUNT, metavar="N", help="Devices that share every layer."),
        click.option("--weights", metavar="FORMAT", help="Format of weights, or their size: INT4 or 4.25bit."),
        click.option("--cache", metavar="FORMAT", help="Format of kept keys and values, or their size."),
        click.option("--draft", metavar="MODEL", shell_complete=complete.descriptions,
                     help="A smaller model that drafts."),
        click.option("--acceptance", type=click.FloatRange(0, 1), metavar="P",
                     help="Probability that a drafted token is accepted."),
        click.option("--burst", type=COUNT, metavar="K", help="Drafted tokens of a burst; 4 by default."),
    )):  # fmt: skip
        function = option(function)
    return function


def asked(system: str, told: dict[str, Any]) -> dict[str, Any] | None:
    """What the line asks of a model that answers, taken out of `told`; None where it asks nothing of the kind."""
    from symppa.workloads.on_device import AT
    from symppa.workloads.serving import is_served

    found = {name: value for name in NAMES if (value := told.pop(name)) is not None}
    return found if found or (AT in system and is_served(system)) else None


def placed(system: str, hardware: str | None, told: Mapping[str, Any], asked: Mapping[str, Any]) -> Any:
    """A model that answers on a device, by two names or by one that says all."""
    from symppa.workloads.serving import Question, described, served

    if told["seq"] is not None:
        raise click.UsageError("--seq is for one run of a network; a model that answers has --prompt and --generate")
    fields = {name: value for name, value in asked.items() if name != "phase"}
    batches = told["batches"]
    if len(batches) > 1:
        raise click.UsageError(f"--batch is given {len(batches)} times; symppa sweep takes several")
    fields |= {"batch": batches[0]} if batches else {}
    if hardware is None and fields:
        raise click.UsageError(f"{system} says its sizes itself: write them there, as in [{next(iter(fields))}=...]@")
    return described(system) if hardware is None else served(system, hardware, Question(**fields))


def analyzed(
    system: str, hardware: str | None, told: Mapping[str, Any], asked: Mapping[str, Any], **choices: Any
) -> Any:
    """What it takes to answer."""
    from symppa.studies.serving import SERVE, of

    return of(placed(system, hardware, told, asked), asked.get("phase", SERVE), **choices)
