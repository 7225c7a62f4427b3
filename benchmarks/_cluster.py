"""How much faster two workers of a cluster are than one, start of the cluster left out."""

from __future__ import annotations

import json
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks._analog_model import GRID, LIMIT
from benchmarks._contest import program
from symppa.engine.cluster import reduce, workers
from symppa.engine.grid import Grid
from symppa.engine.reducers import Best, Limit

HUGE = GRID | {"array.clock": np.linspace(0.2, 2.0, 4000)}  # 2e9 designs
ROUNDS = 5


def seconds(count: int, engine: str) -> tuple[float, int]:
    """The median time of a reduction on so many workers, and the design it finds."""
    made, taken = program(), []
    with workers(f"local:{count}") as client:
        for _ in range(ROUNDS + 1):
            reducer = Best(1, "density", [Limit("power", "<=", LIMIT)])
            start = perf_counter()
            reduce(Grid(made, HUGE), [reducer], client=client, engine=engine)
            taken.append(perf_counter() - start)
    return median(taken[1:]), int(reducer.result()[0][0])


def main(engine: str) -> None:
    """Print both times as JSON."""
    one, two = seconds(1, engine), seconds(2, engine)
    if one[1] != two[1]:
        raise RuntimeError(f"one worker finds design {one[1]}, two find {two[1]}")
    print(json.dumps({"cluster_1_s": one[0], "cluster_2_s": two[0]}))
