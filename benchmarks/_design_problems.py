"""Problems to measure the search for the best design with: chips of six to fourteen knobs, networks, tilings.

Their equations have the shape of real ones; their coefficients are round numbers and stand for no device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from symppa.engine.compile import compile
from symppa.engine.reducers.limits import Limit
from symppa.engine.search import Choices, Domain, Problem, Real
from symppa.language import (
    Model,
    ceil_div,
    equal,
    formula,
    given,
    index,
    integers,
    largest,
    lookup,
    sqrt,
    table,
    total,
    where,
)

SIDE = 4096.0  # of the square product that a chip runs
WORK = 2 * SIDE**3 / 1e12
PLACE = 8192.0  # side of the product that a chip of many knobs runs
OPS = 2.0 * PLACE**3
OBJECTIVES: Mapping[str, str] = {"density": "max", "edp": "min", "edap": "min", "energy": "min", "power": "min"}


class Chip(Model):
    """Chiplets of multiprocessors on one large product: six knobs."""

    chiplets = given("1", "chiplets", domain=integers(1, 16))
    processors = given("1", "multiprocessors of a chiplet", domain=integers(1, 64))
    cores = given("1", "tensor cores of a multiprocessor", domain=integers(1, 16))
    sram = given("1", "units of SRAM of a multiprocessor", domain=integers(1, 32))
    clock = given("1", "clock")
    link = given("1", "bandwidth of a chiplet")

    tile = formula("1", (WORK / 1024) / (0.000256 * cores * clock), derived=True)
    waves = formula("1", ceil_div(1024, chiplets * processors), derived=True)
    moving = formula("1", (2 * SIDE**2 * (SIDE / 73.9) * 2 / 1e9) / (sqrt(sram) * chiplets * link), derived=True)
    latency = formula("1", largest(waves * tile, moving), derived=True)
    die = formula("1", 30 + 12 * link + processors * (0.8 + 0.35 * cores + 0.05 * sram), derived=True)
    area = formula("1", chiplets * die, derived=True)
    static = formula("1", 15 + 25 * link + processors * (0.15 + 0.02 * sram), derived=True)
    power = formula("1", chiplets * (static + 0.02 * processors * cores * clock**3), derived=True)
    memory = formula("1", chiplets * processors * 32 * sram, derived=True)
    density = formula("1", 1000 * WORK / (latency * area), derived=True)
    edp = formula("1", power * latency * latency, derived=True)


def chip(objective: str = "density", clock_step: float = 0.05, link_step: float = 0.1, real: bool = False) -> Problem:
    """The chip under four limits; 1.04e9 designs with the usual steps."""
    limits = [
        Limit("power", "<=", 500.0),
        Limit("memory", "<=", 32768.0),
        Limit("die", "<=", 400.0),
        Limit("latency", "<=", 0.6),
    ]
    free: dict[str, Domain] = {
        "chiplets": whole(1, 16),
        "processors": whole(1, 64),
        "cores": whole(1, 16),
        "sram": whole(1, 32),
        "clock": Real(0.5, 3.0) if real else stepped(0.5, 3.0, clock_step),
        "link": Real(0.2, 4.0) if real else stepped(0.2, 4.0, link_step),
    }
    return problem(Chip(), {}, objective, limits, free)


def large_chip() -> Problem:
    """The same chip with finer steps: 2.5e10 designs."""
    return chip("density", 0.01, 0.02)


class Package(Model):
    """A package with two levels of SRAM, a network on chip, memory channels and a table of precisions: 14 knobs."""

    chiplets = given("1", "chiplets", domain=integers(1, 16))
    processors = given("1", "multiprocessors of a chiplet", domain=integers(1, 64))
    cores = given("1", "tensor cores of a multiprocessor", domain=integers(1, 16))
    near = given("1", "SRAM of a multiprocessor")
    clock = given("1", "clock")
    channels = given("1", "memory channels", domain=integers(1, 16))
    far = given("1", "SRAM of a chiplet", domain=integers(1, 64))
    network = given("1", "width of the network on chip")
    bits = given("1", "precision")
    supply = given("1", "supply voltage")
    wide = given("1", "width of a core")
    depth = given("1", "stages of the pipeline", domain=integers(2, 12))
    banks = given("1", "banks of the near SRAM")
    ports = given("1", "ports of a bank", domain=integers(1, 4))
    mac = table("bits", area="1", energy="1")

    lanes = formula("1", cores * wide * 16, derived=True)
    tiles = formula("1", ceil_div(PLACE, 16 * wide) * ceil_div(PLACE, 128), derived=True)
    waves = formula("1", ceil_div(tiles, chiplets * processors), derived=True)
    pace = formula("1", PLACE * 16 * wide * 128 / lanes + 40 * depth, derived=True)
    computing = formula("1", waves * pace / (clock * 1e6), derived=True)
    size = formula("1", bits / 8, derived=True)
    reading = formula("1", (OPS * 1e-9 / 60 * 0.04) * size / (sqrt(far) * channels * 25.6), derived=True)
    meshes = formula("1", processors * chiplets * network * 4.0, derived=True)
    sending = formula("1", (OPS * 1e-9 / 60) * size / (sqrt(near) * meshes) / clock, derived=True)
    fetching = formula("1", (OPS * 1e-9) * size / (chiplets * processors * banks * ports * clock * 3000), derived=True)
    latency = formula("1", largest(computing, reading, sending, fetching), derived=True)
    core_area = formula("1", lanes * lookup(mac.area, bits), derived=True)
    store_area = formula("1", 0.004 * near * (1 + 0.15 * ports) + 0.01 * banks * ports, derived=True)
    rest_area = formula("1", 0.4 + 0.05 * network + 0.002 * depth * wide, derived=True)
    die = formula("1", 12 + 0.9 * far + processors * (rest_area + core_area + store_area), derived=True)
    area = formula("1", chiplets * die + 7 * channels, derived=True)
    compute_energy = formula("1", OPS * 0.5e-12 * lookup(mac.energy, bits) * supply**2, derived=True)
    mesh_energy = formula("1", sending * 0.02 * network * processors * chiplets * supply**2, derived=True)
    fetch_energy = formula("1", fetching * 0.001 * banks * ports * supply**2, derived=True)
    dynamic = formula("1", compute_energy + reading * channels * 3.0 + mesh_energy + fetch_energy, derived=True)
    leakage = formula("1", area * 0.04 * supply**3, derived=True)
    power = formula("1", dynamic / latency * 100.0 + leakage + 2 * channels, derived=True)
    fastest = formula("1", 1.4 * (supply - 0.35) * sqrt(depth) / supply, derived=True)
    strain = formula("1", clock / fastest, derived=True)
    density = formula("1", 1.0 / (latency * area), derived=True)
    energy = formula("1", power * latency, derived=True)
    edp = formula("1", power * latency * latency, derived=True)
    edap = formula("1", power * latency * latency * area, derived=True)


MACS = {4: (0.0009, 0.06), 8: (0.0025, 0.2), 16: (0.0071, 0.7), 32: (0.021, 2.6)}


def package(knobs: int = 14, objective: str = "density", real: bool = False) -> Problem:
    """The package with 10, 12 or 14 of its knobs free."""
    free: dict[str, Domain] = {
        "chiplets": whole(1, 16),
        "processors": whole(1, 64),
        "cores": whole(1, 16),
        "near": Choices([32, 64, 96, 128, 192, 256, 384, 512]),
        "clock": Real(0.5, 3.0) if real else stepped(0.5, 3.0, 0.05),
        "channels": whole(1, 16),
        "far": whole(1, 64),
        "network": Choices([16, 32, 64, 128, 256]),
        "bits": Choices([4, 8, 16, 32]),
        "supply": Real(0.5, 1.1) if real else stepped(0.5, 1.1, 0.025),
        "wide": Choices([1, 2, 4, 8]),
        "depth": whole(2, 12),
        "banks": Choices([4, 8, 16, 32, 64]),
        "ports": whole(1, 4),
    }
    fixed = {"wide": 4, "depth": 6, "banks": 16, "ports": 1}
    kept = list(free)[:knobs]
    values: dict[str, Any] = {name: v for name, v in fixed.items() if name not in kept}
    values["mac"] = {bits: {"area": area, "energy": energy} for bits, (area, energy) in MACS.items()}
    limits = [
        Limit("power", "<=", 100.0),
        Limit("area", "<=", 300.0),
        Limit("latency", "<=", 500.0),
        Limit("strain", "<=", 1.0),
        Limit("size", ">=", 1.0),
    ]
    return problem(Package(), values, objective, limits, {name: free[name] for name in kept})


class Network(Model):
    """One array and its memories for every layer of a network: six knobs."""

    layer = index("layers")
    m = given("1", "rows of a layer", over=layer)
    n = given("1", "columns of a layer", over=layer)
    k = given("1", "depth of a layer", over=layer)
    rows = given("1", "rows of the array", domain=integers(1))
    columns = given("1", "columns of the array", domain=integers(1))
    buffer = given("1", "KiB of the buffer", domain=integers(1))
    clock = given("1", "clock")
    channels = given("1", "memory channels", domain=integers(1))
    tile = given("1", "rows of a tile", domain=integers(1))

    passes = formula("1", ceil_div(m, tile) * ceil_div(n, columns) * ceil_div(k, rows), derived=True)
    cycles = formula("1", passes * (tile + rows + columns - 2), derived=True)
    again = formula("1", ceil_div(n, columns * ceil_div(buffer * 1024, 2 * k * columns)), derived=True)
    words = formula("1", m * k * again + k * n * ceil_div(m, tile) + m * n, derived=True)
    busy = formula("1", largest(cycles / (clock * 1e9), words / (channels * 12.8e9)), derived=True)
    spent = formula("1", m * n * k * 0.4e-12 + words * 60e-12 + cycles * (rows + columns) * 0.1e-12, derived=True)
    latency = formula("1", total(busy, over=layer), derived=True)
    energy = formula("1", total(spent, over=layer), derived=True)
    area = formula("1", rows * columns * 0.0007 + buffer * 0.0012 + 2 * channels + 3, derived=True)
    idle = formula("1", area * 0.02 + 0.15 * channels + rows * columns * clock**2 * 1e-4, derived=True)
    power = formula("1", energy / latency + idle, derived=True)
    held = formula("1", (tile * columns * 4 + 2 * tile * rows) / (buffer * 1024), derived=True)
    edp = formula("1", latency * energy, derived=True)
    edap = formula("1", latency * energy * area, derived=True)


def network(layers: int = 20, objective: str = "latency") -> Problem:
    """The array for so many layers, their shapes drawn once and for all."""
    rng = np.random.default_rng(0)
    shapes = [
        (
            float(rng.choice([49, 196, 197, 784, 3136, 12544])),
            float(rng.choice([64, 96, 128, 256, 512, 768, 1000, 2304])),
            float(rng.choice([64, 147, 256, 576, 1152, 2304, 4608])),
        )
        for _ in range(layers)
    ]
    values = {name: [shape[i] for shape in shapes] for i, name in enumerate(("m", "n", "k"))}
    limits = [Limit("area", "<=", 60.0), Limit("power", "<=", 6.0), Limit("held", "<=", 1.0)]
    free: dict[str, Domain] = {
        "rows": whole(4, 256),
        "columns": whole(4, 256),
        "buffer": whole(16, 4096),
        "clock": stepped(0.2, 2.0, 0.05),
        "channels": whole(1, 16),
        "tile": whole(8, 4096),
    }
    return problem(Network(), values, objective, limits, free)


class Tiling(Model):
    """A product of matrices on an array, tiled for two levels of memory; the order of the outer loops is a choice."""

    rows = given("1", "rows of the array")
    columns = given("1", "columns of the array")
    m = given("1", "rows of the product")
    n = given("1", "columns of the product")
    k = given("1", "depth of the product")
    m2 = given("1", "rows of an outer tile", domain=integers(1))
    n2 = given("1", "columns of an outer tile", domain=integers(1))
    k2 = given("1", "depth of an outer tile", domain=integers(1))
    m1 = given("1", "rows of an inner tile", domain=integers(1))
    n1 = given("1", "columns of an inner tile", domain=integers(1))
    k1 = given("1", "depth of an inner tile", domain=integers(1))
    order = given("1", "which operands stay, outside and inside", domain=integers(0, 5))
    outer_rate = given("1", "bytes a cycle from outside")
    inner_rate = given("1", "bytes a cycle between the levels")

    tm = formula("1", ceil_div(m, m2), derived=True)
    tn = formula("1", ceil_div(n, n2), derived=True)
    tk = formula("1", ceil_div(k, k2), derived=True)
    um = formula("1", ceil_div(m2, m1), derived=True)
    un = formula("1", ceil_div(n2, n1), derived=True)
    uk = formula("1", ceil_div(k2, k1), derived=True)
    outer = formula("1", 2 * (m2 * k2 + k2 * n2) + 4 * m2 * n2, derived=True)
    inner = formula("1", 2 * (m1 * k1 + k1 * n1) + 4 * m1 * n1, derived=True)
    trips = formula("1", tm * tn * tk, derived=True)
    fill = formula("1", k1 + rows + columns - 2, derived=True)
    compute = formula("1", trips * um * un * uk * ceil_div(m1, rows) * ceil_div(n1, columns) * fill, derived=True)
    spill = formula("1", 8 * m * n * (tk - 1) + m * n, derived=True)
    output_stays = formula("1", m * k * tn + k * n * tm + m * n, derived=True)
    left_stays = formula("1", m * k + k * n * tm + spill, derived=True)
    right_stays = formula("1", m * k * tn + k * n + spill, derived=True)
    others = formula("1", where(order < 4, left_stays, right_stays), derived=True)
    moved = formula("1", where(order < 2, output_stays, others), derived=True)
    inside = formula("1", trips * (m2 * k2 * un + k2 * n2 * um), derived=True)
    inside_left = formula("1", trips * (m2 * k2 + k2 * n2 * um + 8 * m2 * n2 * uk), derived=True)
    even = formula("1", equal(order, 0) + equal(order, 2) + equal(order, 4), derived=True)
    moved_inside = formula("1", where(equal(even, 1), inside, inside_left), derived=True)
    cycles = formula("1", largest(compute, moved / outer_rate, moved_inside / inner_rate), derived=True)


def tiling(m: int = 4096, n: int = 4096, k: int = 4096, orders: bool = False) -> Problem:
    """The fewest cycles of a product on a 16 x 16 array with 256 KiB and 2 MiB, in one order or the best of six."""
    values = {"m": m, "n": n, "k": k, "rows": 16, "columns": 16, "outer_rate": 51.2, "inner_rate": 512}
    sides = {"m": m, "n": n, "k": k}
    free: dict[str, Domain] = {f"{name}{level}": whole(1, side) for level in (2, 1) for name, side in sides.items()}
    if orders:
        free["order"] = whole(0, 5)
    limits = [Limit("outer", "<=", 2 * 2**20), Limit("inner", "<=", 256 * 2**10)]
    return problem(Tiling(), values if orders else {**values, "order": 0}, "cycles", limits, free)


def problem(
    model: Model, values: Mapping[str, Any], objective: str, limits: Sequence[Limit], free: Mapping[str, Domain]
) -> Problem:
    """A problem from a model; densities are to be large, all else small."""
    sense = OBJECTIVES.get(objective, "min")
    program = compile(model, list(dict.fromkeys([objective, *(limit.output for limit in limits)])))
    return Problem(program, values, (objective, sense), limits, free)


def whole(low: int, high: int) -> Choices:
    """The whole numbers from one to another."""
    return Choices(range(low, high + 1))


def stepped(low: float, high: float, step: float) -> Choices:
    """Numbers in steps."""
    return Choices(low + step * np.arange(round((high - low) / step) + 1))


def designs(asked: Problem) -> float:
    """How many designs a problem has."""
    return float(np.prod([float(_size(d)) for d in asked.free.values()]))


def _size(domain: Domain) -> float:
    return len(domain.values) if isinstance(domain, Choices) else np.inf


def named(objectives: Iterable[str] = OBJECTIVES) -> list[str]:
    """The objectives of a package."""
    return list(objectives)
