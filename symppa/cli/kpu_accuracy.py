"""symppa kpu accuracy: what number formats cost trained networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symppa.cli import options, output
from symppa.cli.progress import stoppable
from symppa.errors import AnswerIsNo, QuestionError
from symppa.reports.json import as_json

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("accuracy")
@click.option("--network", "networks", multiple=True, metavar="NAME", help="resnet18, mobilenet_v2, yolov8n; else all.")
@click.option(
    "--precision", "precisions", multiple=True, metavar="FORMAT", help="Number format; else those of interest."
)
@click.option("--seed", "seeds", multiple=True, type=click.IntRange(min=0), help="Of a training; else 0, 1 and 2.")
@click.option("--samples", type=click.IntRange(min=1), help="Held-out pictures; all by default.")
@click.option("--calibrator", metavar="NAME", help="How ranges are chosen: minmax, mse, entropy or percentile.")
@click.option("--train", is_flag=True, help="Train what is not in the cache yet, and write the file of results.")
@click.option("--out", type=FILE, metavar="FILE", help="Write or update a file of results.")
@click.option("--committed", is_flag=True, help="Show the results that came with this installation; nothing is run.")
@options.forms("json", "csv", "markdown")
def command(train: bool, out: Path | None, committed: bool, form: str | None, **told: Any) -> None:
    """Tell what number formats cost trained networks.

    Differences of answers from 32 bits, accuracy before and after, and the operators that lose most. Networks are
    those that --train trained into the cache, on data that need no download. Exits with 1 where a difference is
    larger than wanted.
    """
    from symppa.kpu.accuracy import results
    from symppa.reports import kpu_accuracy

    if committed:
        if train or out or any(told.values()):
            raise QuestionError("--committed shows what is there, and takes nothing beside it")
        found = results.read()
    else:
        rows = _rows(_question(**told), train)
        found = results.document(rows)
        path = out or (results.committed() if train else None)
        if path is not None:
            output.wrote([results.write(path, rows)])
    if form == "json":
        output.write(as_json(found))
    else:
        output.tell(kpu_accuracy.report(found), form)
    missed = [f"{one['network']} {one['precision']}" for one in found["goals"] if not one["met"]]
    if missed:
        raise AnswerIsNo(f"larger differences than wanted: {', '.join(missed)}")


def _question(
    networks: tuple[str, ...], precisions: tuple[str, ...], seeds: tuple[int, ...], samples: int | None,
    calibrator: str | None,
) -> Any:  # fmt: skip
    from symppa.kpu.accuracy.recipes import RECIPES, SEEDS, recipe
    from symppa.kpu.accuracy.study import Question
    from symppa.kpu.compiler import supported_precision
    from symppa.kpu.interface.config import KPUConfig
    from symppa.kpu.interface.kinds import KPUPrecision

    every = KPUConfig(supported_precisions=list(KPUPrecision))
    return Question(
        [recipe(one).network for one in networks] or list(RECIPES),
        [supported_precision(one, every) for one in precisions],
        seeds or SEEDS,
        samples,
        {"calibrator": calibrator} if calibrator else {},
    )


def _rows(asked: Any, train: bool) -> list[dict[str, Any]]:
    from symppa.kpu.accuracy.study import studied, trained_all

    with stoppable("what was trained is kept"):
        if train:
            trained_all(asked, output.remark)
        return list(studied(asked, output.remark))
