"""How far off it is to let one thing stand in for another, as seen where both were measured.

Half widths that 90 % of rows stay in, as logarithms: a fit of the one set against rows of the other. Campaigns: Jetson
AGX Orin sweeps at 50 W (convolution by product; formats), LLMCompass on A100 and MI210 and Vidur on A100 and H100 (rows
and elements), STREAM and BLAS profiles of the same board (power modes), products and attention of A100, H100, H200 and
L40S (devices, the nearest other one lending).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from symppa.calibration.operations import OPERATIONS

FORMAT = 1.1  # of another number format: products 0.34, convolutions 1.1, another campaign besides 1.1 to 1.6
MODE = 1.0  # of another power mode: streams 0.1 to 0.75, products 0.6 to 1.4
COMPOSITION = 0.165  # of adding parts up to a network: 8 % in the mean, 90 % of a normal spread within 2.06 of that
PATTERN = 1.4  # of other subgraphs: i7-12700K, one pattern left out at a time, 0.1 to 1.9, 1.4 of single operators
WORST = 1.6  # where nobody measured both: as far as the worst that somebody did
SEEN: Mapping[tuple[str, str], float] = MappingProxyType({
    ("conv2d", "gemm"): 1.15,
    ("gemm", "gemm"): 0.5,
    ("layernorm", "layernorm"): 0.65,  # root mean square for mean and spread, and back
    ("softmax", "layernorm"): 1.3,
    ("layernorm", "softmax"): 1.3,
    ("layernorm", "elementwise"): 1.15,
    ("softmax", "elementwise"): 1.2,
    ("elementwise", "elementwise"): 0.9,
    ("elementwise", "stream"): 0.9,
    ("stream", "elementwise"): 0.9,
    ("stream", "stream"): 0.75,
})  # fmt: skip

# Half widths, as logarithms, that 90 % of rows stay within of what a data sheet promises: for each family the median
# over the campaigns that the calibrations are made from (GPUs, Jetsons, one CPU; 44 tables).
UNCALIBRATED: Mapping[str, float] = MappingProxyType({
    "gemm": 2.3, "conv2d": 4.1, "attention_prefill": 3.9, "attention_decode": 5.7, "elementwise": 1.0, "stream": 1.0,
    "layernorm": 2.0, "softmax": 3.4, "subgraph": 2.4,
})  # fmt: skip
ANYTHING = 2.4  # the same over all families


def uncalibrated(op: str) -> float:
    """How far off the data sheet is of an operation, by its family.

    >>> uncalibrated("linear"), uncalibrated("")
    (2.3, 2.4)
    """
    return UNCALIBRATED.get(_family(op), ANYTHING)


def half_of(op: str, proxy: str) -> float:
    """What it adds to let an operation stand in for another, by the families of both.

    >>> half_of("conv2d", "linear"), half_of("maxpool2d", "stream_copy")
    (1.15, 1.6)
    """
    return SEEN.get((_family(op), _family(proxy)), WORST)


def _family(op: str) -> str:
    return OPERATIONS[op].family if op in OPERATIONS else ""
