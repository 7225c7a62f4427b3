"""How numbers are brought into few bits, as options of `symppa kpu compile`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from symppa.errors import QuestionError

TOLD = {"calibrator": "--calibrator", "equalise": "--equalise", "correct_biases": "--correct-biases",
        "tolerance": "--tolerance"}  # fmt: skip

OPTIONS = (
    click.option(
        "--calibrator", metavar="NAME",
        help="How ranges of activations are chosen: minmax (default), mse, entropy, percentile or percentile:99.99.",
    ),
    click.option("--per-channel/--per-tensor", default=None, help="A scale to each channel of weights, or only one."),
    click.option("--equalise/--no-equalise", default=None, help="Bring channels to like ranges, by powers of two."),
    click.option("--correct-biases/--no-correct-biases", default=None, help="Take mean errors off biases."),
    click.option("--keep", multiple=True, metavar="OP", help="An operator whose products stay at 16 bits."),
    click.option(
        "--tolerance", type=float, metavar="SHARE",
        help="Keep the most sensitive operators at 16 bits until answers differ by less than this, as 0.01.",
    ),
)  # fmt: skip


def asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command with these options."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def taken(told: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of it, by the names that the compiler knows; samples are needed where they are used."""
    said = {name: told[name] for name in (*TOLD, "per_channel") if told[name] is not None}
    needing = [TOLD[name] for name in said if name in TOLD]
    if needing and not told["calibration"]:
        raise QuestionError(f"{needing[0]} works over samples: add --calibration FILE|FOLDER")
    return {**said, "keep": told["keep"]} if told["keep"] else said
