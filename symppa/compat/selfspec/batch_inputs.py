"""ppa-batch-inputs: a sweep over burst lengths for every result of the acceptance simulator, and a summary."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from symppa.compat.selfspec import commands
from symppa.compat.selfspec.configuration import HardwareConfig, ModelConfig, SpeculationStats
from symppa.compat.selfspec.documents import Document, read
from symppa.compat.selfspec.evaluation import Case
from symppa.compat.selfspec.fields import Flag, Keyed, Real, Section, Text, Whole
from symppa.compat.selfspec.k_sweep import KSweepInput, checked, report
from symppa.compat.selfspec.libraries import written
from symppa.errors import DescriptionError

LABELS = {
    "Qwen3-0.6B": ("qwen3_0p6b", ("qwen3-0.6b", "qwen0p6b")),
    "Qwen3-1.7B": ("qwen3_1p7b", ("qwen3-1.7b", "qwen3_1p7b")),
    "Llama-3.2-1B": ("llama3_2_1b", ("llama-3.2-1b", "llama3p2_1b")),
}
SHAPE = {
    "n_layers": "layers.layer",
    "d_model": "width",
    "n_heads": "heads",
    "d_ff": "hidden",
    "activation_bits": "activation_bits",
}
DELTAS = ("draft", "verify")
RESULT = Section(
    ...,
    {
        "model": Section(..., {"checkpoint_path": Text()}, loose=True),
        "dataset": Section(..., {"prompt_length": Whole()}, loose=True),
        "knobs": Section(
            ...,
            {
                "draft_adc_bits": Whole(least=1),
                "verify_adc_bits": Whole(least=1),
                **{f"{phase}_delta_readout": Flag(False) for phase in DELTAS},
                **{f"{phase}_delta_dac_bits": Whole(None, 1) for phase in DELTAS},
            },
            loose=True,
        ),
        "results_by_k": Keyed(..., Section(..., {"mean_accepted": Real()}, loose=True)),
    },
    loose=True,
)
COLUMNS = "| model | adc bits | K value | acceptance rate | final PPA |\n|---|---:|---:|---:|---|\n"


@dataclass(frozen=True)
class Row:
    """One burst length of one input."""

    input_file: str
    model: str
    adc_bits: str
    k: int
    acceptance_rate: float
    final_ppa: str
    output_file: str

    @property
    def markdown(self) -> str:
        """The row of a table."""
        rate = f"{self.acceptance_rate:.4f}"
        return f"| {self.model} | {self.adc_bits} | {self.k} | {rate} | {self.final_ppa} |\n"


@dataclass(frozen=True)
class Batch:
    """The hardware that every input varies."""

    template: Path
    version: str = "H"
    verify_bits: int | None = None

    def hardware(self, knobs: Mapping[str, Any]) -> HardwareConfig:
        """The template at the resolutions of an input."""
        bits = {"draft_bits": knobs["draft_adc_bits"], "residual_bits": self.verify_bits or knobs["verify_adc_bits"]}
        analog: dict[str, Any] = {"adc": bits}
        if self.version == "H":
            analog["delta_readout"] = {
                phase: {
                    "enabled": knobs.get(f"{phase}_delta_readout", False),
                    "dac_bits": knobs.get(f"{phase}_delta_dac_bits"),
                }
                for phase in DELTAS
            }
        return HardwareConfig.from_yaml(self.template, self.version, {"analog": analog})

    def run(self, path: Path, folder: Path) -> tuple[list[Row], Row]:
        """Write the sweep of an input; its rows, and that with the most tokens in a second."""
        document = read(path, "simulator sweep input")
        told = RESULT.read(document, (), document.content)
        model, label = shipped_model(document, told["model"]["checkpoint_path"])
        hardware, prompts = self.hardware(told["knobs"]), [told["dataset"]["prompt_length"]]
        means = {k: result["mean_accepted"] for k, result in told["results_by_k"].items()}
        sweep = KSweepInput(checked(document, means, ("results_by_k",)), str(path))
        made = report(model, hardware, sweep, prompts)
        target = folder / f"{path.stem}.json"
        write(target, made)
        alone = Case(model, hardware, SpeculationStats(0, {0: 1.0}))
        area = float(alone.evaluate(("spec.area", "base.energy"), prompts)["spec.area"].ravel()[0])
        adc = hardware.stated["analog"]["adc"]

        def row(point: Mapping[str, Any]) -> Row:
            k = point["k"]
            rate = point["expected_accepted_tokens"] / k if k else 0.0
            adc_bits = f"{adc['draft_bits']}/{adc['residual_bits']}"
            return Row(path.name, label, adc_bits, k, rate, final_ppa(point["speculative"], area), target.name)

        best = made["best_by_prompt_length"][0]["best_throughput"]
        return [row(point) for point in made["points"]], row(best)


def final_ppa(numbers: Mapping[str, float | None], area: float) -> str:
    """The four numbers of a summary."""
    told = {name: value or 0.0 for name, value in numbers.items()}
    return (
        f"lat={told['latency_ns_per_token'] / 1000:.2f}us/tok; thr={told['throughput_tokens_per_s']:.2f} tok/s; "
        f"tok/J={told['tokens_per_joule']:.2f}; area={area:.2f}mm^2"
    )


def shipped_model(document: Document, checkpoint: str) -> tuple[ModelConfig, str]:
    """The shipped network that a checkpoint is of, as plain as the original has it, and its label."""
    for label, (name, signs) in LABELS.items():
        if any(sign in checkpoint.lower() for sign in signs):
            values = written(name)
            stated = {key: int(values[path]) for key, path in SHAPE.items()}
            return ModelConfig(name, {**stated, "ffn_type": values["feed_forward"]}), label
    message = f"Cannot infer model from checkpoint path: {checkpoint}; known are {', '.join(LABELS)}"
    raise document.error(("model", "checkpoint_path"), message)


def write(path: Path, content: Any) -> None:
    """A JSON file."""
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def summarise(folder: Path, name: str, rows: Sequence[Row]) -> None:
    """A summary as JSON and as a table."""
    write(folder / f"{name}.json", {"rows": [asdict(row) for row in rows]})
    (folder / f"{name}.md").write_text(COLUMNS + "".join(row.markdown for row in rows), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="ppa-batch-inputs", description=__doc__)
    given = "(default: %(default)s)"
    made.add_argument("--inputs-dir", type=commands.existing, default="inputs", help=f"folder of results {given}")
    made.add_argument("--output-dir", type=Path, default=Path("out/batch_inputs"), help=f"folder of reports {given}")
    template = "examples/hardware_soc_area.yaml"
    made.add_argument("--hardware-template", type=commands.existing, default=template, help=f"hardware.yaml {given}")
    made.add_argument("--force-verify-adc-bits", type=int, metavar="BITS", help="instead of what the results say")
    commands.version_option(made, "H")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer a command line; what comes back is the exit code."""
    told = parser().parse_args(arguments)
    return commands.answered(lambda: _answer(told))


def _answer(told: argparse.Namespace) -> None:
    template = HardwareConfig.from_yaml(told.hardware_template, told.version)
    if template.legacy:
        raise DescriptionError(f"{told.hardware_template}: a batch varies analog.* knobs; legacy costs.* have none")
    commands.remark(template.remarks)
    batch, folder = Batch(told.hardware_template, told.version, told.force_verify_adc_bits), told.output_dir
    folder.mkdir(parents=True, exist_ok=True)
    made = [batch.run(path, folder) for path in sorted(told.inputs_dir.glob("*.json"))]
    summarise(folder, "summary", [row for rows, _ in made for row in rows])
    summarise(folder, "summary_best", [best for _, best in made])
    for line in _told(len(made), folder):
        print(line)


def _told(count: int, folder: Path) -> Iterator[str]:
    yield f"processed {count} input files"
    yield f"wrote outputs to {folder}"
    yield f"summary table: {folder / 'summary.md'}"


if __name__ == "__main__":
    raise SystemExit(main())
