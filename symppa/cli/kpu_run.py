"""symppa kpu run: a compiled program on numbers, what it takes, and its traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from symppa.cli import options, output
from symppa.cli.progress import stoppable
from symppa.errors import QuestionError
from symppa.reports.json import as_json

FILE = click.Path(path_type=Path)
RANDOM = "random"
MODES = ("functional", "cycle_accurate", "power_trace")


@click.command("run")
@click.argument("program", type=FILE, metavar="NET.kpu")
@click.option(
    "--input", "given", default=RANDOM, show_default=True, metavar="FILE.npz|random",
    help="Inputs by name, as numpy saves them; random ones are drawn with --seed.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), help="Seed of random inputs; 0 by default.")
@click.option("--mode", type=click.Choice(MODES), default=MODES[1], show_default=True, help="What is told of time.")
@click.option("--no-numbers", is_flag=True, help="Tell what a run takes, without any numbers: no scales are needed.")
@click.option("--out", type=FILE, metavar="OUT.npz", help="Write the outputs.")
@click.option("--trace", type=FILE, metavar="TRACE.json", help="Write what happens when, for Perfetto.")
@click.option("--memory-trace", type=FILE, metavar="FILE.csv", help="Write every transfer.")
@click.option("--power-trace", type=FILE, metavar="FILE.csv", help="Write watts over cycles.")
@options.plot
@options.forms("json", "csv", "markdown")
def run(
    program: Path, given: str, seed: int | None, mode: str, folder: str | None, form: str | None, **told: Any
) -> None:
    """Run NET.kpu on numbers.

    Its outputs, and what the run takes: cycles, bytes, energy, power. Time is that of the simulated KPU.
    """
    from symppa.kpu import KPUExecutionResult, KPUProgram
    from symppa.kpu.interface.kinds import SimulationMode
    from symppa.kpu.simulator import KPUSimulator
    from symppa.reports import kpu_run

    if told["no_numbers"] and (given != RANDOM or seed is not None or told["out"]):
        raise QuestionError("--no-numbers takes no --input, --seed or --out")
    loaded = KPUProgram.load(program)
    with stoppable("nothing was written"):
        simulator, wanted = KPUSimulator(loaded), SimulationMode(mode)
        if told["no_numbers"]:
            done = KPUExecutionResult(True, metrics=simulator.metrics(wanted), mode=wanted)
        else:
            done = _executed(loaded, _inputs(loaded, given, seed), wanted)
        paths = _written(simulator, done.outputs, told)
    found = kpu_run.facts(loaded, done.metrics, wanted, done.outputs, _batch(loaded))
    _tell(found, form)
    if folder is not None:
        from symppa.reports.plot.kpu_run import write

        paths += write(loaded, simulator.timeline, Path(folder))
    output.wrote(paths)
    if not done.success:
        output.remark(str(done.error_message))
        click.get_current_context().exit(1)


def _executed(program: Any, inputs: dict[str, Any], mode: Any) -> Any:
    """What the runtime makes of inputs, and a remark on how long that took here."""
    from symppa.kpu.runtime import KPURuntime

    begun = perf_counter()
    runtime = KPURuntime()
    runtime.load_program(program)
    done = runtime.execute(inputs, mode)
    output.remark(f"executed in {perf_counter() - begun:.1f} s of this machine's time")
    return done


def _inputs(program: Any, given: str, seed: int | None) -> dict[str, Any]:
    from symppa.kpu.samples import read
    from symppa.kpu.simulator.inputs import drawn

    if given == RANDOM:
        return drawn(program, seed or 0)
    if seed is not None:
        raise QuestionError("--seed is for --input random")
    found = next(iter(read(Path(given))))
    if isinstance(found, dict):
        return found
    if len(program.input_ids) != 1:
        raise QuestionError(f"{given} has one array without a name; save {', '.join(program.input_ids)} by name")
    return {program.input_ids[0]: found}


def _batch(program: Any) -> int:
    shape = program.tensors[program.input_ids[0]].shape
    return int(shape[0]) if len(shape) > 1 else 1


def _written(simulator: Any, outputs: Any, told: dict[str, Any]) -> list[Path]:
    """The files that were asked for."""
    paths = []
    if told["out"]:
        import numpy as np

        path = told["out"] if told["out"].suffix else told["out"].with_suffix(".npz")
        np.savez(path, **outputs)
        paths.append(path)
    if told["trace"]:
        from json import dumps

        from symppa.kpu.simulator.trace import trace

        paths.append(_text(told["trace"], dumps(trace(simulator.timeline))))
    if told["memory_trace"]:
        rows = [(one.cycle, one.what, one.address, one.size, one.operator, one.tile) for one in simulator.accesses]
        paths.append(_csv(told["memory_trace"], ["cycle", "what", "address", "bytes", "op", "tile"], rows))
    if told["power_trace"]:
        paths.append(_csv(told["power_trace"], ["cycle", "watts"], simulator.timeline.power(simulator.total_cycles)))
    return paths


def _csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    from symppa.reports.csv import written

    return _text(path, written(head, rows))


def _text(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def _tell(found: dict[str, Any], form: str | None) -> None:
    from symppa.reports import kpu_run

    if form == "json":
        output.write(as_json(found))
    elif form == "csv":
        from symppa.reports.csv import written

        output.write(written(*kpu_run.exactly(found)))
    else:
        output.tell(kpu_run.report(found), form)
