"""symppa export: the formulas of a system as a paper, a program, a sheet or a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symppa.cli import complete, options, output
from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.studies.subject import Subject

FORMS = ("latex", "markdown", "python", "c", "javascript", "spreadsheet", "html")


def _option(*names: str, **more: Any) -> options.Decorator[Any]:
    """An option of some forms: what is not told is not passed on, and a form refuses what it does not know."""
    return click.option(*names, default=None, **more)


FORM_OPTIONS = (
    _option("--fragment", is_flag=True, help="latex: pieces to \\input, without a preamble."),
    _option("--numbers", is_flag=True, help="latex, markdown: each equation with its numbers put in."),
    _option("--inline", is_flag=True, help="latex, markdown: small definitions written into their users."),
    _option("--substitute", is_flag=True, help="latex, markdown: told values in place of symbols."),
    _option("--digits", type=click.IntRange(1, 15), metavar="N", help="latex, markdown: digits of results."),
    _option("--told", multiple=True, metavar="PATTERN", help="latex, markdown: values in place of these definitions."),
    _option("--width", metavar="LENGTH", help="latex: width of the text, as 170mm."),
    _option("--points", type=click.IntRange(6, 17), metavar="N", help="latex: size of the type."),
    _option("--quantities", type=click.Choice(["all", "told", "none"]), help="latex: what the table lists."),
    _option("--names/--no-names", help="latex: the names of symppa beside the meanings."),
    _option("--rows", type=click.IntRange(1, 1000), metavar="N", help="spreadsheet: room for members of a set."),
    _option("--protect/--no-protect", help="spreadsheet: lock formulas against typing."),
    _option("--slider", "sliders", multiple=True, metavar="NAME[=RANGE]", help="html: a given as a slider."),
    _option("--target", metavar="TARGET", shell_complete=complete.targets, help="html: limits shown as met or broken."),
)


def _form_options(function: options.Decorated) -> options.Decorated:
    for option in reversed(FORM_OPTIONS):
        function = option(function)
    return function


@click.command("export")
@click.argument("model", shell_complete=complete.described)
@click.option("--to", type=click.Choice(FORMS), required=True, help="What to write.")
@click.option(
    "--outputs",
    multiple=True,
    metavar="NAME",
    help="An output, a pattern or an expression; its own outputs by default.",
)
@click.option(
    "--values", "described", metavar="DESCRIPTION", shell_complete=complete.described,
    help="The description whose values go along, where MODEL is a system.",
)  # fmt: skip
@click.option(
    "--output", "file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where to write it."
)
@_form_options
@options.choices
@options.everywhere
def command(
    model: str, to: str, outputs: tuple[str, ...], described: str | None, file: Path | None,
    values: dict[str, str], parts: dict[str, str], **chosen: Any,
) -> None:  # fmt: skip
    """Write the formulas of a system as a paper, a program, a sheet or a page; values and sources with them.

    MODEL is a description, the file of one, or a system: nexgen_baseline or ChipletSoC.
    """
    from symppa.exports import export

    subject = _subject(model, described, values, parts)
    made = export(subject, to, outputs or ("*",), **options.told(chosen))
    if to == "markdown" and isinstance(made, str):
        made += _operators(subject)
    if file is not None:
        file.write_bytes(made.encode() if isinstance(made, str) else made)
        output.wrote([file])
    elif isinstance(made, str):
        output.write(made)
    elif sys.stdout.isatty():
        raise QuestionError(f"a {to} is no text for a terminal: name a file, --output {Path(model).stem}.xlsx")
    else:
        sys.stdout.buffer.write(made)


def _operators(subject: Subject) -> str:
    """The operators of a network and the law of each kind, once; nothing for what is no network on a device."""
    from symppa.workloads.on_device import NetworkOnDevice

    if not isinstance(subject.description, NetworkOnDevice):
        return ""
    from symppa.reports.markdown import as_markdown
    from symppa.reports.operators import tables
    from symppa.reports.report import Report

    return "\n" + as_markdown(Report("Operators", "", tables(subject.description.network), ()))


def _subject(model: str, described: str | None, values: dict[str, str], parts: dict[str, str]) -> Subject:
    """What MODEL names, with the values of the description that --values names."""
    from symppa.studies.named import subject

    made = subject(model, values, parts)
    if described is None:
        return made
    if made.description is not None:
        raise QuestionError(f"{model} is a description and has values of its own; --values goes with a system")
    told = subject(described, values, parts)
    if told.description is None or told.system != made.system:
        raise QuestionError(f"--values {described} describes {told.system}, not {made.system}")
    return told
