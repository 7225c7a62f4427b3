"""Progress on stderr, and a Ctrl-C that stops between two blocks."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

STOPPED = 130


class Walk:
    """Called after every block: draws the bar, stops where Ctrl-C was pressed."""

    def __init__(self, bar: Any = None) -> None:
        self.bar, self.task, self.stopped = bar, None, False

    def __call__(self, done: int, blocks: int) -> None:
        if self.bar is not None:
            if self.task is None:
                self.task = self.bar.add_task("designs", total=blocks)
            self.bar.update(self.task, completed=done)
        if self.stopped and done < blocks:
            raise KeyboardInterrupt

    def stop(self, *_: Any) -> None:
        """Ctrl-C: once after the block at hand, twice at once."""
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True


@contextmanager
def walk() -> Iterator[Walk]:
    """A walk with a bar where stderr is a terminal that may be talked to."""
    shown = sys.stderr.isatty() and logging.getLogger("symppa").isEnabledFor(logging.WARNING)
    with bar() if shown else _no_bar() as drawn:
        made = Walk(drawn)
        if threading.current_thread() is not threading.main_thread():
            yield made
            return
        before = signal.signal(signal.SIGINT, made.stop)
        try:
            yield made
        except KeyboardInterrupt:
            click.echo("stopped: nothing is finished that could be told", err=True)
            raise
        finally:
            signal.signal(signal.SIGINT, before)


class Bounds:
    """Called by a search as it goes on: shows what is proved and what is found."""

    def __init__(self, status: Any = None) -> None:
        self.status = status

    def __call__(self, bound: float | None, incumbent: float | None, nodes: int) -> None:
        if self.status is not None:
            told = ["none" if value is None else f"{value:.6g}" for value in (incumbent, bound)]
            self.status.update(f"best {told[0]}, bound {told[1]}, {nodes} boxes")


@contextmanager
def bounds() -> Iterator[Bounds]:
    """What a search tells of itself, on a line of stderr where that is a terminal that may be talked to."""
    if not (sys.stderr.isatty() and logging.getLogger("symppa").isEnabledFor(logging.WARNING)):
        yield Bounds()
        return
    from rich.console import Console

    with Console(stderr=True).status("searching") as status:
        yield Bounds(status)


@contextmanager
def searching() -> Iterator[Bounds]:
    """A search that a first Ctrl-C stops where it is, with what it found; a second one leaves at once."""
    if threading.current_thread() is not threading.main_thread():
        with bounds() as shown:
            yield shown
        return
    pressed = False

    def stop(*_: Any) -> None:
        nonlocal pressed
        if pressed:
            os._exit(STOPPED)
        pressed = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        with bounds() as shown:
            yield shown
    except KeyboardInterrupt:
        click.echo("stopped: nothing was found yet that could be told", err=True)
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def stoppable(told: str) -> Iterator[None]:
    """A Ctrl-C that tidies up, and says what was not done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"stopped: {told}", err=True)
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _no_bar() -> Iterator[None]:
    yield None


def bar() -> Any:
    """A bar on stderr that is gone once it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
