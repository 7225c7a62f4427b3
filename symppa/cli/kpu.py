"""symppa kpu: networks compiled for a KPU, what came out, and its runs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from symppa.cli import kpu_accuracy, kpu_deploy, kpu_quantization, kpu_run, options, output
from symppa.cli.progress import bar as progress_bar
from symppa.cli.progress import stoppable
from symppa.errors import QuestionError
from symppa.reports.json import as_json

FILE = click.Path(path_type=Path)
CONFIG = click.option(
    "--config", "machine", default="swkpu-v1", show_default=True, metavar="NAME|FILE",
    help="The KPU: a shipped name, a description, or a .json file with a configuration.",
)  # fmt: skip


@click.group("kpu")
@options.everywhere
def command() -> None:
    """Compile networks for a KPU, look into what came out, and run it."""


command.add_command(kpu_run.run)
command.add_command(kpu_accuracy.command)
command.add_command(kpu_deploy.command)


@command.command("compile")
@click.argument("model")
@CONFIG
@click.option("--precision", default="int8", show_default=True, metavar="FORMAT", help="Number format of the arrays.")
@click.option("--out", type=FILE, metavar="NET.kpu", help="Write the program to a file.")
@click.option("--input-shape", "shapes", multiple=True, metavar="[NAME=]SIZES", help="Shape of an input: 1x3x224x224.")
@click.option(
    "--calibration", type=FILE, metavar="FILE|FOLDER", help="At least 100 samples as .npz or .npy, for whole numbers."
)
@kpu_quantization.asked
@click.option("--layout", metavar="NAME", help="NCHW or NHWC for all images; the better one by default.")
@click.option("--l1", "sizes", multiple=True, metavar="SIZE", help="Tiles for another size of L1 too, as 64KiB.")
@click.option("--name", default="", metavar="NAME", help="The program's name; the file's by default.")
@click.option("--external-weights", is_flag=True, help="Write the weights beside the program, named by their hash.")
@click.option("--trust-pickle", is_flag=True, help="Read a pickle, which may run any code.")
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
@options.forms("json", "csv", "markdown")
def compile_(model: str, machine: str, precision: str, form: str | None, **told: Any) -> None:
    """Compile MODEL, and write it as NET.kpu.

    What a run takes is told, and what each pass did. MODEL is an archive of torch.export or an ONNX file, or resnet18,
    mobilenet_v2, yolov8n or vit_b_16, which have random weights. Without --out nothing is written.
    """
    from symppa.kpu import hardware
    from symppa.kpu.sources import is_published, source

    out = _free(told["out"], told["force"])
    if told["external_weights"] and out is None:
        raise QuestionError("--external-weights says where weights go once there is a file: add --out NET.kpu")
    config = hardware.config(machine)
    found, how = source(model)
    how = {**how, **_shapes(told["shapes"]), "trust_pickle": told["trust_pickle"]}
    how |= {"name": told["name"]} if told["name"] else {}
    if is_published(model):
        output.remark(f"{model} has random weights: its costs are right, its answers are not")
    begun = perf_counter()
    with stoppable(f"{out} was not written" if out else "nothing was written"):
        program = _compiled(found, config, precision, how, told)
        output.remark(f"compiled in {perf_counter() - begun:.1f} s")
        path = program.save(out, external_weights=told["external_weights"]) if out else None
    _tell(program, path, form)


def _free(out: Path | None, force: bool) -> Path | None:
    """Where the program goes; what is there already stays unless it may go."""
    if out is None:
        return None
    out = out if out.suffix else out.with_suffix(".kpu")
    if out.exists() and not force:
        raise QuestionError(f"{out} is there already; write to another file, or over it with --force")
    return out


def _shapes(texts: tuple[str, ...]) -> dict[str, Any]:
    """Shapes as they are told to the compiler: one, or several by the names of inputs."""
    if not texts:
        return {}
    named = [(text.rpartition("=")[0].strip(), _sizes(text.rpartition("=")[2], text)) for text in texts]
    if named[0][0] == "" and len(named) == 1:
        return {"input_shape": named[0][1]}
    if not all(name for name, _ in named) or len(dict(named)) < len(named):
        raise QuestionError("several shapes need the name of an input each: --input-shape ids=1x16 --input-shape x=1x8")
    return {"input_shape": dict(named)}


def _sizes(text: str, whole: str) -> tuple[int, ...]:
    parts = text.replace(",", "x").split("x")
    if not all(part.strip().isdigit() for part in parts):
        raise QuestionError(f"--input-shape {whole} is no shape; write 1x3x224x224")
    return tuple(int(part) for part in parts)


def _compiled(found: Any, config: Any, precision: str, how: dict[str, Any], told: dict[str, Any]) -> Any:
    from symppa.kpu import KPUCompiler
    from symppa.kpu.network import with_l1_sizes
    from symppa.kpu.passes import PASSES
    from symppa.kpu.samples import read
    from symppa.units import parse

    sizes = [round(parse(text, "byte", "--l1")) for text in told["sizes"]]
    data = read(told["calibration"]) if told["calibration"] else None
    asked = kpu_quantization.taken(told)
    steps = 1 + (data is not None) + len(PASSES) + len(sizes)
    with _bar(steps) as progress:
        program = KPUCompiler().compile(
            found, config, precision, data, layout=told["layout"], quantization=asked, progress=progress, **how
        )  # fmt: skip
        for size, text in zip(sizes, told["sizes"], strict=True):
            progress(f"tiles for {text}")
            program = with_l1_sizes(program, [size])
    return program


def _tell(program: Any, path: Path | None, form: str | None) -> None:
    from symppa.reports import kpu

    found = kpu.facts(program)
    if form == "json":
        output.write(as_json({"file": str(path) if path else None, **found}))
        return
    output.tell(kpu.report(found), form)
    if path:
        output.wrote([path])


@command.command("inspect")
@click.argument("program", type=FILE, metavar="NET.kpu")
@click.option("--ops", is_flag=True, help="Every operator: time, traffic, energy, what it waits for.")
@click.option("--tiles", is_flag=True, help="Tiles of every operator, and what is proved of them.")
@click.option("--memory", is_flag=True, help="Addresses in L2 and outside, and while which operators run.")
@options.plot
@options.formats("json", "csv", "markdown", "html")
def inspect(program: Path, folder: str | None, form: str | None, **told: bool) -> None:
    """Tell what is in NET.kpu.

    Totals and what each pass did; operators, tiles and places in memory where they are asked for. JSON and a page
    (--format html) have all of it, CSV one table: that of --ops, --tiles or --memory, or the totals.
    """
    from symppa.kpu import KPUProgram
    from symppa.reports import kpu

    parts = [part for part in kpu.PARTS if told[part]]
    found = kpu.facts(KPUProgram.load(program))
    if form == "json":
        output.write(as_json(found))
    elif form == "csv":
        _csv(found, parts)
    elif form == "html":
        from symppa.reports.html import page
        from symppa.reports.plot import kpu as figures
        from symppa.reports.plot.style import svg

        drawn = {name.replace("_", " "): svg(figure) for name, figure in figures.drawn(found).items()}
        output.write(page(kpu.report(found, kpu.PARTS), drawn))
    else:
        output.tell(kpu.report(found, parts), form)
    if folder is not None:
        from symppa.reports.plot.kpu import write

        output.wrote(write(found, Path(folder)))


def _csv(found: dict[str, Any], parts: list[str]) -> None:
    from symppa.reports import kpu
    from symppa.reports.csv import written

    if len(parts) > 1:
        raise QuestionError(f"CSV is one table: choose one of {', '.join(f'--{part}' for part in parts)}")
    output.write(written(*(kpu.exactly(found, parts[0]) if parts else kpu.totals_exactly(found))))


@command.command("ops")
@CONFIG
@options.forms("json", "csv", "markdown")
def ops(machine: str, form: str | None) -> None:
    """List the operators that compile.

    By their names in ONNX, with what runs them.
    """
    from symppa.kpu import hardware
    from symppa.reports import kpu_machine

    config = hardware.config(machine)
    if form == "json":
        output.write(as_json({"config": config.name, "operators": kpu_machine.operators(config)}))
    else:
        output.tell(kpu_machine.report(config), form)


@command.command("config")
@click.argument("name", default="swkpu-v1", metavar="[NAME|FILE]")
@options.forms("json")
def config(name: str, form: str | None) -> None:
    """Print a configuration, to edit and to use with --config.

    It is checked first. As YAML it is a description, with --json what KPUConfig has: more than a description has
    room for.
    """
    from symppa.kpu import hardware
    from symppa.reports import kpu_machine

    found = hardware.config(name)
    output.write(as_json(found.to_dict()) if form == "json" else kpu_machine.as_yaml(found))


@contextmanager
def _bar(steps: int) -> Iterator[Callable[[str], None]]:
    """Hears which step begins, and draws a bar of it where stderr is a terminal that may be talked to."""
    logger = logging.getLogger("symppa")
    if not (sys.stderr.isatty() and logger.isEnabledFor(logging.WARNING)):
        yield lambda what: logger.info("%s", what)
        return
    with progress_bar() as drawn:
        task, done = drawn.add_task("capture", total=steps), iter(range(steps))
        yield lambda what: drawn.update(task, completed=next(done, steps), description=what)
