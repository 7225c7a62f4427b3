"""What the commands share: arguments, where answers go, and one line for every refusal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from symppa.errors import SymppaError

ANSWERED, WRONG, STOPPED = 0, 2, 130


def existing(text: str) -> Path:
    """A path where there is something."""
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"File not found: {text}")
    return path


def version_option(parser: argparse.ArgumentParser, default: str) -> None:
    """Which of the original's versions answers."""
    help_text = "version of the original that answers: S, the published one, or H, the later one (default: %(default)s)"
    parser.add_argument("--version", choices=("S", "H"), default=default, help=help_text)


def sweep_options(parser: argparse.ArgumentParser) -> None:
    """The files of a sweep, its prompt lengths, and where its report goes."""
    parser.add_argument("--model", required=True, type=existing, help="model.yaml: the network")
    parser.add_argument("--hardware", required=True, type=existing, help="hardware.yaml: knobs or legacy costs")
    parser.add_argument("--prompt-lengths", required=True, nargs="+", type=int, metavar="N", help="prompt lengths")
    parser.add_argument("--output", type=Path, help="file of the JSON report (default: stdout)")


def remark(remarks: Iterable[str]) -> None:
    """What was ignored, on stderr."""
    for text in remarks:
        print(f"warning: {text}", file=sys.stderr)


@contextmanager
def opened(path: Path | None) -> Iterator[TextIO]:
    """The file of an answer, its folders made, or stdout."""
    if path is None:
        yield sys.stdout
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        yield file


def answered(run: Callable[[], None]) -> int:
    """The exit code of a run; a refusal is one line on stderr."""
    try:
        run()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (SymppaError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        return STOPPED
    return ANSWERED
