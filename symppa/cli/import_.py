"""symppa import: a network of PyTorch, ONNX, TFLite or Hugging Face as NET.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symppa.cli import options, output
from symppa.errors import QuestionError, WorkloadError


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="NET.yaml", help="Write the network to a file."
)
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
@click.option("--name", default="", metavar="NAME", help="The network's name; the file's by default.")
@click.option(
    "--batch", type=click.IntRange(min=1), metavar="N", help="Inputs of a run, where the file leaves it open."
)
@click.option(
    "--seq", type=click.IntRange(min=1), metavar="N", help="Tokens of a sequence, where the file leaves it open."
)
@click.option(
    "--size", "sizes", multiple=True, metavar="NAME=N", callback=options.pairs, help="Another size that is open."
)
@click.option("--phase", type=click.Choice(["prefill", "decode"]), help="The phase of a language model to count.")
@click.option("--trust-pickle", is_flag=True, help="Read a pickle, which may run any code.")
@click.option(
    "--input", "shapes", multiple=True, metavar="SIZES", help="Shape of an input of a pickled module: 1,3,224,224."
)
@options.forms("json")
def command(
    file: Path, out: Path | None, name: str, trust_pickle: bool, force: bool, form: str | None, **told: Any
) -> None:
    """Read a network from FILE and write it as NET.yaml.

    FILE is a .pt2 of torch.export, an .onnx, a .tflite or a config.json of Hugging Face; its content decides. No
    weights are read, nothing is fetched. A pickle of torch.save is refused unless trusted.
    """
    from symppa.workloads.load import load_file

    if out is not None and out.exists() and not force:
        raise QuestionError(f"{out} is there already; write to another file, or over it with --force")
    sizes = _sizes(told)
    inputs = _inputs(told["shapes"])
    phase = told["phase"] or ""
    graph = load_file(file, name=name, sizes=sizes, phase=phase, trust_pickle=trust_pickle, example_inputs=inputs)
    if out is not None:
        _write(out, _text(file, graph, sizes, phase))
    _tell(graph, out, form)


def _sizes(told: dict[str, Any]) -> dict[str, int]:
    found = {name: told[name] for name in ("batch", "seq") if told[name] is not None}
    for name, text in told["sizes"].items():
        if not text.isdigit() or not int(text):
            raise QuestionError(f"--size {name}={text} is no size; a size is a whole number of at least 1")
        found[name] = int(text)
    return found


def _inputs(shapes: tuple[str, ...]) -> Any:
    """Tensors shaped as told, for a module that is no program yet."""
    if not shapes:
        return None
    from symppa.workloads.torch import zeros

    wrong = [shape for shape in shapes if not all(part.strip().isdigit() for part in shape.split(","))]
    if wrong:
        raise QuestionError(f"--input {wrong[0]} is no shape; write 1,3,224,224")
    return tuple(zeros([int(part) for part in shape.split(",")]) for shape in shapes)


def _text(file: Path, graph: Any, sizes: dict[str, int], phase: str) -> str:
    """The network as YAML: a language model by its sizes, any other row by row."""
    from symppa.workloads import configured, encoding, huggingface
    from symppa.workloads.load import kind_of

    if kind_of(file) == "json":
        return configured.dumps(huggingface.read(file), graph.name, source=graph.source, phase=phase, sizes=sizes)
    return encoding.dumps(graph)


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkloadError(f"cannot be written: {error.strerror}", file=str(out)) from None


def _tell(graph: Any, out: Path | None, form: str | None) -> None:
    from symppa.workloads.features import features

    found = features(graph)
    facts = {
        "workload": graph.name,
        "operators": len(graph.operators),
        "macs": int(found.macs.sum()),
        "operations": int(found.ops.sum()),
        "parameters": graph.at().parameters,
        "sizes": dict(graph.symbols),
        "file": str(out) if out else None,
    }
    if form == "json":
        from symppa.reports.json import as_json

        output.write(as_json(facts))
        return
    open_ = ", ".join(f"{size} = {value}" for size, value in graph.symbols.items()) or "all fixed"
    click.echo(f"{graph.name}: {facts['operators']} operators")
    click.echo(f"  macs        {_short(facts['macs'])}")
    click.echo(f"  operations  {_short(facts['operations'])}")
    click.echo(f"  parameters  {_short(facts['parameters'])}")
    click.echo(f"  sizes       {open_}")
    if out:
        click.echo(f"  written to  {out}")


def _short(count: int) -> str:
    """A count with its order of magnitude, and all its digits.

    >>> _short(25_557_032)
    '25.56 M (25557032)'
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.4g} {letter} ({count})"
    return str(count)
