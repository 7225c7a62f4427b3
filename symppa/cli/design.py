"""symppa design: the best design of a target, proved, or that there is none."""

from __future__ import annotations

from pathlib import Path

import click

from symppa.cli import complete, options, output
from symppa.cli.progress import STOPPED, searching


@click.command("design")
@click.argument("target", required=False, shell_complete=complete.targets)
@options.choices
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="When to stop, all in all, with the best design found and what is proved of it.",
)
@click.option(
    "--gap",
    type=click.FloatRange(min=0, max=1, max_open=True),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="How much better, relative, another design may be; 0 for none.",
)
@click.option("--relax", metavar="LIMIT", help="The trade-off along a limit, told by its output: --relax power.")
@click.option(
    "--steps",
    type=click.IntRange(min=3),
    metavar="N",
    help="Steps along each objective but the first of a front among ranges of reals; without: 17, of three objectives "
    "6, of four 4.",
)
@click.option(
    "--explain/--no-explain",
    default=True,
    show_default=True,
    help="Why nothing fits, or what each limit costs, in what is left of the time limit.",
)
@click.option(
    "--verify",
    "certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CERT.json",
    help="Tell whether an answer that --json wrote holds: all that it says of the target is found out anew.",
)
@options.plot
@options.forms("json", "csv", "markdown")
@click.pass_context
def command(
    ctx: click.Context,
    target: str | None,
    values: dict[str, str],
    parts: dict[str, str],
    time_limit: float,
    gap: float,
    relax: str | None,
    steps: int | None,
    explain: bool,
    certificate: Path | None,
    folder: str | None,
    form: str | None,
) -> None:
    """Find the best design of a target, and prove it, or that there is none.

    TARGET is the name or the file of a target: `symppa list targets`; to --verify an answer, the one that it names
    will do. Ctrl-C stops the search and tells what it found by then; once more leaves at once. Exit code 1: there is
    none, or none was found; 130: interrupted.
    """
    if target is None and certificate is None:
        raise click.UsageError("name a TARGET, or --verify an answer", ctx)
    with searching() as progress:
        from symppa.studies.design import design, verify

        if certificate is not None:
            result = verify(certificate, target, values=values, parts=parts, time_limit=time_limit, progress=progress)
        else:
            result = design(
                target, values=values, parts=parts, time_limit=time_limit, gap=gap, relax=relax, explain=explain,
                steps=steps, progress=progress,
            )  # fmt: skip
    output.figure(result, folder)
    output.answer(result, form)
    told = (result.facts.get(part) or {} for part in ("certificate", "explanation", "trade_off"))
    stopped = any(part.get("interrupted") for part in told)
    ctx.exit(STOPPED if stopped else 0 if result.facts["status"] in ("optimal", "feasible", "confirmed") else 1)
