"""symppa cache: what is kept between runs, and clearing it."""

from __future__ import annotations

import re

import click

from symppa.cli import options, output
from symppa.errors import QuestionError
from symppa.reports.json import as_json

SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 604_800.0}


@click.group("cache")
@options.everywhere
def command() -> None:
    """Tell what is kept between runs, or clear it.

    Compiled programs, parsed units and native objects, in SYMPPA_CACHE_DIR or among the user's caches. All of it can
    be removed at any time: it is made anew when it is needed.
    """


@command.command("info")
@options.forms("json", "markdown")
def info(form: str | None) -> None:
    """Tell the folder, its entries by kind, and what is damaged or not trusted."""
    from symppa.reports.cache import facts, report

    told = facts()
    if form == "json":
        output.write(as_json(told))
    else:
        output.tell(report(told), form)


def _age(ctx: click.Context, option: click.Parameter, text: str | None) -> float:
    found = re.fullmatch(r"\s*(\d{1,6})\s*([hdw])\s*", text) if text else None
    if text is not None and found is None:
        raise click.BadParameter(f"{text!r} is no age: write 12h, 90d or 8w", ctx, option)
    return 0.0 if found is None else int(found[1]) * SECONDS[found[2]]


@command.command("clear")
@click.option("--older", metavar="AGE", callback=_age, help="Only what has not served for so long: 12h, 90d, 8w.")
@options.forms("json", "markdown")
def clear(older: float, form: str | None) -> None:
    """Remove symppa's own files from the cache; links and all other files stay."""
    from symppa import store
    from symppa.reports.cache import cleared, cleared_report

    try:
        gone = store.clear(older)
    except PermissionError as error:
        raise QuestionError(f"{error.filename} cannot be removed: {error.strerror}") from None
    if store.trouble() and not gone:
        raise QuestionError(f"{store.folder()}: nothing was removed; {store.trouble()}")
    told = cleared(gone)
    if form == "json":
        output.write(as_json(told))
    else:
        output.tell(cleared_report(told), form)
