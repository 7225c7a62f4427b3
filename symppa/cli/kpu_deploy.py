"""symppa kpu deploy: a network compiled for a KPU, checked, and left with a report."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from symppa.cli import options, output
from symppa.cli.progress import stoppable
from symppa.errors import AnswerIsNo, QuestionError
from symppa.reports.json import as_json

logger = logging.getLogger("symppa")


@click.command("deploy")
@click.argument("model")
@click.option("--input-shape", "shape", required=True, metavar="SIZES", help="Shape of the input: 1x3x224x224.")
@click.option("--config", "machine", default="swkpu-v1", show_default=True, metavar="NAME|FILE", help="The KPU.")
@click.option("--precision", default="int8", show_default=True, metavar="FORMAT", help="Number format of the arrays.")
@click.option("--calibration", metavar="FOLDER|FILE", help="At least 100 pictures or arrays, for whole numbers.")
@click.option("--calibration-samples", type=click.IntRange(min=1), default=100, show_default=True, help="How many.")
@click.option(
    "--preprocessing", default="imagenet", show_default=True, metavar="NAME", help="Of pictures: imagenet or yolo."
)
@click.option("--test", "tested", metavar="FOLDER|FILE", help="What answers are checked over; else the calibration's.")
@click.option("--samples", type=click.IntRange(min=1), default=100, show_default=True, help="How many are checked.")
@click.option(
    "--accuracy-tolerance", type=float, default=1.0, show_default=True, metavar="PERCENT", help="Of the largest answer."
)
@click.option("--power-budget", metavar="POWER", help="The most that a run may take on average: 5W.")
@click.option(
    "--power-tolerance", type=float, default=20.0, show_default=True, metavar="PERCENT", help="Of the prediction."
)
@click.option("--keep-within", type=float, metavar="SHARE", help="Keep sensitive operators at 16 bits: 0.008.")
@click.option(
    "--out", "folder", default="deployments", show_default=True, metavar="FOLDER", help="Where both files go."
)
@click.option("--name", default="", metavar="NAME", help="The program's name; the file's by default.")
@click.option("--trust-pickle", is_flag=True, help="Read a pickle, which may run any code.")
@options.forms("json", "markdown")
def command(model: str, shape: str, machine: str, form: str | None, **told: Any) -> None:
    """Compile MODEL for a KPU, check answers and power, and write program and report.

    MODEL is an archive of torch.export or an ONNX file. Answers are held against the network's own, power against a
    prediction and a budget. Exits with 1 where something does not hold.
    """
    from symppa.kpu import hardware
    from symppa.kpu.deployment.agent import DeploymentAgent
    from symppa.kpu.deployment.settings import PowerConfig, ValidationConfig
    from symppa.kpu.deployment.target import StillwaterKPUTarget
    from symppa.reports import kpu_deploy
    from symppa.units import parse

    budget = told["power_budget"]
    watts = parse(budget, "W", "--power-budget") if budget else None
    agent = DeploymentAgent(ValidationConfig(power_validation=PowerConfig(
        power_budget_watts=watts, tolerance_percent=told["power_tolerance"],
    )))  # fmt: skip
    config = hardware.config(machine)
    agent.register_target(config.name, StillwaterKPUTarget(config))
    with stoppable("nothing was written"):
        found = agent.execute(
            _order(model, shape, config.name, told), progress=lambda step: logger.info("%s", step)
        ).check()  # fmt: skip
    if form == "json":
        output.write(as_json(found.facts()))
    else:
        output.tell(kpu_deploy.report(found), form)
    output.wrote([one for one in (found.artifact, found.report) if one is not None])
    if found.failures:
        raise AnswerIsNo("; ".join(found.failures))


def _order(model: str, shape: str, target: str, told: dict[str, Any]) -> dict[str, Any]:
    parts = shape.replace(",", "x").split("x")
    if not all(part.strip().isdigit() for part in parts):
        raise QuestionError(f"--input-shape {shape} is no shape; write 1x3x224x224")
    within = told["keep_within"]
    return {
        "model": Path(model), "input_shape": [int(part) for part in parts], "target": target,
        "precision": told["precision"], "calibration_data": told["calibration"],
        "calibration_samples": told["calibration_samples"], "calibration_preprocessing": told["preprocessing"],
        "test_data": told["tested"], "validation_samples": told["samples"],
        "accuracy_tolerance": told["accuracy_tolerance"], "output_dir": told["folder"], "name": told["name"],
        "trust_pickle": told["trust_pickle"], "quantization": {"tolerance": within} if within is not None else None,
    }  # fmt: skip
