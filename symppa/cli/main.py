"""The command `symppa`: finds its verbs, and turns every end into an exit code."""

from __future__ import annotations

import gc
import io
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import click

from symppa.cli.options import everywhere
from symppa.errors import AnswerIsNo, SymppaError, suggest
from symppa.version import __version__

ANSWERED, NO, WRONG, BUG, STOPPED = 0, 1, 2, 3, 130
# What each verb does, so that `symppa --help` need not load them.
VERBS = {
    "list": "List descriptions, targets and systems.",
    "show": "Show what a system computes, the values of a description, or what a target asks.",
    "check": "Check descriptions and targets: load, bind, evaluate.",
    "schema": "Print the JSON Schema of descriptions or of targets, for editors.",
    "analyze": "Evaluate a system at its values, or a network on a device.",
    "sweep": "Evaluate a system over many designs.",
    "pareto": "Find the designs that no other beats in every objective.",
    "design": "Find the best design of a target, and prove it, or that there is none.",
    "sensitivity": "Tell how much OUTPUT moves with each given.",
    "break-even": "Find where two outputs are equal along a given.",
    "speculate": "Compare speculative with plain decoding of a network on an analog chip.",
    "compare": "Set descriptions side by side, or networks on devices, with targets and a recommendation.",
    "export": "Write the formulas of a system as a paper, a program, a sheet or a page; values and sources with them.",
    "import": "Read a network from FILE and write it as NET.yaml.",
    "benchmark": "Time operations and networks here, import measurements, and lint them.",
    "calibrate": "Fit the laws of the library to measurements of DEVICE, and write a profile that `analyze` uses.",
    "validate": "Set measurements against what a profile, or the data sheet, estimates for them.",
    "coverage": "Tell how far calibration covers WORKLOAD on DEVICE, and what to measure next.",
    "kpu": "Compile networks for a KPU, look into what came out, and run it.",
    "replay": "Repeat a run from its result, and tell whether the numbers agree.",
    "cache": "Tell what is kept between runs, or clear it.",
    "info": "Print versions, folders, the cache and what is installed.",
    "cite": "Print BibTeX of what a description or a system stands on.",
    "completion": "Print the completion script of a shell.",
}


class Symppa(click.Group):
    """Verbs are loaded when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"symppa.cli.{_module(cmd_name)}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not ctx.resilient_parsing and not args[0].startswith("-"):
            raise click.UsageError(f"there is no verb {args[0]!r}{suggest(args[0], VERBS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            found = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _close_stdout()
            return ANSWERED
        return found

    def main(self, args: Sequence[str] | None = None, *others: Any, **extra: Any) -> Any:
        """Run, and leave with the exit code of the answer."""
        told = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        with _rarely_collected(), _logs():
            sys.exit(_outcome(lambda: super(Symppa, self).main(told, *others, **extra), told))


def _module(verb: str) -> str:
    """The module of a verb: its name, unless that is a word of Python."""
    return "import_" if verb == "import" else verb.replace("-", "_")


def _outcome(run: Any, told: Sequence[str]) -> int:
    """The exit code of a run; every error is said once, where and as it was asked for."""
    try:
        code = run()
        return code if isinstance(code, int) else ANSWERED
    except AnswerIsNo as error:
        return _say(error, error.file, error.line, told, NO)
    except SymppaError as error:
        return _say(error, error.file, error.line, told, WRONG)
    except click.ClickException as error:
        return _usage(error, told)
    except (click.Abort, KeyboardInterrupt):
        return STOPPED
    except OSError as error:
        return _unwritten(error, told)
    except Exception as error:  # noqa: BLE001 - whatever else comes out is our own bug
        return _say(error, None, None, told, BUG)


def _unwritten(error: OSError, told: Sequence[str]) -> int:
    """A file or folder that cannot be read or written, or a stdout that takes no more: the user's to mend."""
    if error.filename is not None:
        return _say(error, None, None, told, WRONG)
    with suppress(io.UnsupportedOperation):
        _close_stdout()
    if _asked(told, "--debug"):
        traceback.print_exception(error, file=sys.stderr)
    click.echo(f"{type(error).__name__}: the answer cannot be written: {error.strerror or error}", err=True)
    return WRONG


def _asked(told: Sequence[str], flag: str) -> bool:
    return flag in told[: told.index("--") if "--" in told else len(told)]


def _usage(error: click.ClickException, told: Sequence[str]) -> int:
    if _asked(told, "--json"):
        return _say(error, None, None, told, WRONG, error.format_message())
    error.show()
    return WRONG


def _say(
    error: BaseException, file: str | None, line: int | None, told: Sequence[str], code: int, text: str = ""
) -> int:
    """An error in one line on stderr, as JSON on stdout, or with its traceback."""
    message = text or getattr(error, "message", "") or str(error)
    if _asked(told, "--debug"):
        traceback.print_exception(error, file=sys.stderr)
    if _asked(told, "--json"):
        from symppa.reports.json import as_json

        facts = {"type": type(error).__name__, "message": message, "file": file, "line": line}
        click.echo(as_json({"error": facts}))
    elif code == BUG:
        head = f"{type(error).__name__}: {message}".splitlines()[0]
        click.echo(f"symppa has a bug: {head}; add --debug for the traceback", err=True)
    elif not _asked(told, "--debug"):
        click.echo(str(error) if code == NO else f"{type(error).__name__}: {error}", err=True)
    return code


def _close_stdout() -> None:
    """The reader is gone: what is left goes nowhere, quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Imports make many objects and no garbage: looking for it in vain costs a tenth of a first answer."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _logs() -> Iterator[None]:
    """The logger `symppa` on stderr, for this run."""
    logger, handler = logging.getLogger("symppa"), logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    before, logger.propagate = (logger.level, logger.propagate), False
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


@click.group(cls=Symppa, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symppa")
@everywhere
def main() -> None:
    """Symbolic power, performance and area models of AI hardware.

    Ask `symppa list` what there is, then `symppa analyze nexgen_baseline`. Answers go to stdout, all else to
    stderr. Exit codes: 0 answered, 1 the answer is no, 2 the question is wrong, 3 a bug, 130 stopped.
    """
