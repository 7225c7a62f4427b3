"""symppa design: the best design of a target, proved, or that there is none."""

from __future__ import annotations

from pathlib import Path

import click

from symppa.cli import complete, options, output
from symppa.cli.progress import bounds


@click.command("design")
@click.argument("target", required=False, shell_complete=complete.targets)
@options.choices
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="When to stop with the best design found and what is proved of it.",
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
    "--explain/--no-explain",
    default=True,
    show_default=True,
    help="Why nothing fits, or what each limit costs; it may take as long as the answer.",
)
@click.option(
    "--verify",
    "certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CERT.json",
    help="Tell whether an answer that --json wrote holds: evaluate its design, and search for a better one.",
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
    explain: bool,
    certificate: Path | None,
    folder: str | None,
    form: str | None,
) -> None:
    """Find the best design of a target, and prove it, or that there is none.

    TARGET is the name or the file of a target: `symppa list targets`; to --verify an answer, the one that it names
    will do. Exit code 1: there is none, or none was found.
    """
    from symppa.studies.design import design, verify

    if target is None and certificate is None:
        raise click.UsageError("name a TARGET, or --verify an answer", ctx)
    with bounds() as progress:
        if certificate is not None:
            result = verify(certificate, target, values=values, parts=parts, time_limit=time_limit, progress=progress)
        else:
            result = design(
                target, values=values, parts=parts, time_limit=time_limit, gap=gap, relax=relax, explain=explain,
                progress=progress,
            )  # fmt: skip
    output.figure(result, folder)
    output.answer(result, form)
    stopped = result.facts["certificate"]["interrupted"]
    ctx.exit(130 if stopped else 0 if result.facts["status"] in ("optimal", "feasible", "confirmed") else 1)
