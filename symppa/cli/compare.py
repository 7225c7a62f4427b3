"""symppa compare: descriptions, or networks on devices, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symppa import units
from symppa.cli import complete, options, output
from symppa.studies.compare import compare


@click.command("compare")
@click.argument("systems", nargs=-1, shell_complete=complete.descriptions)
@click.option("--workload", "workloads", multiple=True, metavar="NET", help="A network, or a pattern: 'resnet*'.")
@click.option("--hardware", multiple=True, metavar="DEVICE", help="A device to run it on, or a pattern: 'h*'.")
@options.network
@options.checks
@options.calibrations
@options.choices
@options.output("An output, a pattern or an expression.")
@click.option(
    "--target", "targets", multiple=True, metavar="LIMIT",
    help='Ask this instead of what the descriptions ask, as "power <= 300 W". Of descriptions the first is foremost: '
    "it ranks, and the others are limits; of networks on devices every one is a limit.",
)  # fmt: skip
@click.option(
    "--rank", metavar="OUTPUT",
    help="Of networks on devices: the best in this among those that meet every limit; power_limit and matrix_rate "
    "stand for a price.",
)  # fmt: skip
@options.plot
@options.formats("json", "csv", "markdown", "html")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    systems: tuple[str, ...],
    values: dict[str, str],
    parts: dict[str, str],
    outputs: tuple[str, ...],
    targets: tuple[str, ...],
    folder: str | None,
    form: str | None,
    **network: Any,
) -> None:
    """Set descriptions side by side, or networks on devices, with targets and a recommendation.

    SYSTEMS are names or files of descriptions; names may be patterns: 'nexgen_*'. Instead of them: every --workload on
    every --hardware in every --precision at every --batch.

    Recommended of descriptions is the best by the first target's output among those that meet every other target; of
    networks on devices the best by --rank, or by the first target's output, among those that meet every target, the
    checks included, and fit into the memory. Exit code 1 where there is none.
    """
    from symppa.studies.targets import goals

    if network["workloads"] or network["hardware"]:
        _refuse_both(systems, values, parts, outputs)
        _networks(ctx, network, goals(targets), folder, form)
        return
    _refuse_of_networks(ctx, network)
    if not systems:
        raise click.UsageError("name descriptions to compare, or --workload and --hardware")
    result = compare(
        systems, values, outputs=outputs or ("*",), targets=goals(targets) if targets else None, parts=parts
    )
    if folder is not None:
        from symppa.reports.figures import write_comparison

        output.wrote(write_comparison(result, systems, Path(folder), values, parts))
    output.answer(result, form)
    ctx.exit(1 if result.facts["targets"] and result.facts["recommended"] is None else 0)


def _refuse_both(systems: tuple[str, ...], *others: Any) -> None:
    if systems:
        raise click.UsageError(
            f"{systems[0]} is a description beside --workload and --hardware: compare one or the other"
        )
    if any(others):
        raise click.UsageError("--set, --part and --output are for descriptions: networks on devices have their own")


def _refuse_of_networks(ctx: click.Context, network: dict[str, Any]) -> None:
    names = {parameter.name: parameter.opts[0] for parameter in ctx.command.params}
    for name, told in network.items():
        if told:
            raise click.UsageError(f"{names[name]} is for networks on devices: --workload and --hardware")


def _limits(network: dict[str, Any], goals: dict[str, str]) -> dict[str, str]:
    """Targets, and after them what is checked."""
    found = dict(goals)
    for option, name in options.CHECKS.items():
        if (limit := network[option]) is not None:
            number = units.split(limit)
            if number is not None and not number[0] > 0:
                raise click.UsageError(f"--check-{option} {limit}: a limit above zero is expected")
            if name in found:
                raise click.UsageError(f"--check-{option} {limit} is a second limit on {name}, beside {found[name]}")
            found[name] = f"<= {limit}"
    return found


def _networks(
    ctx: click.Context, network: dict[str, Any], goals: dict[str, str], folder: str | None, form: str | None
) -> None:
    from symppa.studies.networks.comparing import compare_networks

    absent = [name for name in ("workload", "hardware") if not network[f"{name}s" if name == "workload" else name]]
    if absent:
        raise click.UsageError(f"--{absent[0]} is missing: networks are compared on devices")
    result = compare_networks(
        network["workloads"], network["hardware"], precisions=network["precisions"] or None,
        batches=network["batches"] or None, sizes={"seq": network["seq"]} if network["seq"] else None,
        targets=_limits(network, goals), rank=network["rank"], profile=network["profile"],
        calibration=network["calibration"] or None, borrow=network["borrow"],
    )  # fmt: skip
    if folder is not None:
        from symppa.reports.figures import write_figure

        output.wrote([write_figure(result, Path(folder))])
    output.answer(result, form)
    found = result.facts["recommended"]
    ctx.exit(1 if found is not None and None in found.values() else 0)
