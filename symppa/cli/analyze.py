"""symppa analyze: outputs of a system at its values, or a network on a device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symppa.cli import complete, options, output, serving
from symppa.studies.evaluate import evaluate
from symppa.studies.result import Result


@click.command("analyze")
@click.argument("system", shell_complete=complete.descriptions)
@click.argument("hardware", required=False, shell_complete=complete.descriptions)
@options.network
@options.checks
@options.calibrations
@serving.options
@click.option("--subgraphs", is_flag=True, help="Every fused subgraph of the network, a row each.")
@options.choices
@options.output("An output, a pattern (by_format.*) or an expression; all of the system's by default.")
@options.plot
@options.formats("json", "csv", "markdown", "html")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    system: str,
    hardware: str | None,
    values: dict[str, str],
    parts: dict[str, str],
    outputs: tuple[str, ...],
    folder: str | None,
    form: str | None,
    subgraphs: bool,
    **network: Any,
) -> None:
    """Evaluate a system at its values, or a network on a device.

    `symppa analyze resnet50 a100_sxm_80gb --batch 8`.

    SYSTEM is the name or the file of a description. With HARDWARE it is that of a network; both are also one name,
    resnet50[batch=8]@a100_sxm_80gb. Exit code 1: a check failed.
    """
    from symppa.workloads.on_device import is_placed

    answers = serving.asked(system, network)
    on_device = hardware is not None or is_placed(system)
    if not on_device:
        _refuse_alone(ctx, system, {**network, **dict.fromkeys(answers or {}, True), "subgraphs": subgraphs})
        result = evaluate(system, values, outputs=outputs or None, parts=parts)
    elif answers is not None:
        if folder is not None or subgraphs:
            raise click.UsageError("--plot and --subgraphs are for one run of a network, not for a model that answers")
        result = _answering(system, hardware, values, parts, outputs, answers, network)
    elif outputs:
        result = _evaluated(system, hardware, values, parts, outputs, network)
    else:
        result = _analyzed(system, hardware, values, parts, network)
    _draw(result, folder)
    output.answer(result, form, every=bool(outputs) or (subgraphs and on_device))
    ctx.exit(0 if all(found["met"] for found in result.facts.get("checks", {}).values()) else 1)


def _draw(result: Result, folder: str | None) -> None:
    """The figures of an answer, where a folder for them is named."""
    if folder is None:
        return
    from symppa.reports.figures import write_figure, write_network

    is_network = "network" in result.facts
    output.wrote(write_network(result, Path(folder)) if is_network else [write_figure(result, Path(folder))])


def _answering(
    system: str,
    hardware: str | None,
    values: dict[str, str],
    parts: dict[str, str],
    outputs: tuple[str, ...],
    answers: dict[str, Any],
    network: dict[str, Any],
) -> Any:
    """What a language model takes to answer."""
    if network["calibration"] or network["borrow"]:
        raise click.UsageError("--calibration and --borrow are for one run of a network, not for a model that answers")
    precision = _one(network["precisions"], "--precision")
    if outputs:
        made = serving.placed(system, hardware, network, answers)
        return evaluate(made, _told(network, values), outputs=outputs, parts=parts)
    checks = {name: network[name] for name in options.CHECKS if network[name] is not None}
    return serving.analyzed(
        system, hardware, network, answers, precision=precision, profile=network["profile"], checks=checks,
        values=values, parts=parts,
    )  # fmt: skip


def _analyzed(
    system: str, hardware: str | None, values: dict[str, str], parts: dict[str, str], network: dict[str, Any]
) -> Any:
    from symppa.studies.network import of

    checks = {name: network[name] for name in options.CHECKS if network[name] is not None}
    return of(
        _described(system, hardware, network), _one(network["precisions"], "--precision"), network["profile"], checks,
        values, parts, network["calibration"] or None, network["borrow"],
    )  # fmt: skip


def _evaluated(
    system: str,
    hardware: str | None,
    values: dict[str, str],
    parts: dict[str, str],
    outputs: tuple[str, ...],
    network: dict[str, Any],
) -> Result:
    """Some outputs of a network on a device."""
    from symppa.studies import network as networks
    from symppa.studies.subject import Subject

    described = _described(system, hardware, network)
    subject = Subject(described, _told(network, values), parts)
    return networks.outputs_of(described, subject, outputs, network["calibration"] or None, network["borrow"])


def _described(system: str, hardware: str | None, network: dict[str, Any]) -> Any:
    from symppa.workloads.on_device import described, placed

    sizes = {"batch": _one(network["batches"], "--batch"), "seq": network["seq"]}
    sizes = {name: size for name, size in sizes.items() if size is not None}
    if hardware is not None:
        return placed(system, hardware, sizes)
    if sizes:
        raise click.UsageError(f"{system} says its sizes itself: write them there, as in [batch=8]@")
    return described(system)


def _told(network: dict[str, Any], values: dict[str, str]) -> dict[str, str]:
    """The values set, with the number format and the profile asked for."""
    precision = _one(network["precisions"], "--precision")
    asked = {"chip.precision": precision and precision.upper(), "chip.profile": network["profile"]}
    return {name: value for name, value in asked.items() if value is not None} | values


def _one(found: tuple[Any, ...], option: str) -> Any:
    """What an option says, where one is enough."""
    if len(found) > 1:
        raise click.UsageError(f"{option} is given {len(found)} times; symppa compare takes several")
    return found[0] if found else None


def _refuse_alone(ctx: click.Context, system: str, told: dict[str, Any]) -> None:
    """A network needs a device, and what is asked of one needs both."""
    from symppa.workloads import reading

    network = reading.named(system)
    asked = [name for name, value in told.items() if value]
    if network:
        raise click.UsageError(
            f"{system} is a workload: name a device too, as in symppa analyze {system} a100_sxm_80gb"
        )
    if asked:
        names = {p.name: p.opts[0] for p in ctx.command.params}
        raise click.UsageError(f"{names[asked[0]]} is for a network on a device: symppa analyze NETWORK {system}")
