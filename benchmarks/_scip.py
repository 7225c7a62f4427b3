"""The six-knob chip in SCIP, written by hand: a ceiling is a whole variable, each row is divided by its limit."""

from __future__ import annotations

from time import perf_counter

from benchmarks._design_problems import SIDE, WORK

PATIENCE = 60.0  # seconds
CLOCK_STEP, LINK_STEP = 0.05, 0.1


def densest() -> tuple[float, float, bool] | None:
    """Seconds, the density it finds, and whether it calls that optimal; None where SCIP is not installed."""
    try:
        from pyscipopt import Model
    except ImportError:
        return None
    start = perf_counter()
    model = Model()
    model.hideOutput()
    model.setParam("limits/time", PATIENCE)
    whole = {"chiplets": 16, "processors": 64, "cores": 16, "sram": 32, "waves": 1024}
    chiplets, processors, cores, sram, waves = (model.addVar(n, "I", 1, high) for n, high in whole.items())
    clock = CLOCK_STEP * model.addVar("clock", "I", 10, 60)
    link = LINK_STEP * model.addVar("link", "I", 2, 40)
    latency, area = model.addVar("latency", "C", 1e-4, 0.6), model.addVar("area", "C", 1, 2e5)
    product = model.addVar("product", "C", 1e-9, 1e6)
    die = 30 + 12 * link + processors * (0.8 + 0.35 * cores + 0.05 * sram)
    static = 15 + 25 * link + processors * (0.15 + 0.02 * sram)
    model.addCons(waves * chiplets * processors >= 1024)
    model.addCons(latency * cores * clock >= waves * (WORK / 1024) / 0.000256)
    model.addCons(latency * chiplets * link * sram**0.5 >= 2 * SIDE**2 * (SIDE / 73.9) * 2 / 1e9)
    model.addCons(area >= chiplets * die)
    model.addCons(chiplets * (static + 0.02 * processors * cores * clock**3) / 500 <= 1)
    model.addCons(chiplets * processors * sram / 1024 <= 1)
    model.addCons(die / 400 <= 1)
    model.addCons(product >= latency * area)
    model.setObjective(product)
    model.optimize()
    if not model.getNSols():
        return perf_counter() - start, float("nan"), False
    return perf_counter() - start, 1000 * WORK / model.getObjVal(), model.getStatus() == "optimal"
