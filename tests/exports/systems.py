"""What is exported in the tests: every shipped system, and two models that have everything and are called anything.

`contents()` are (name, Content); `points(content, seed, count)` are values by name in declared units, drawn within the
domains; `reference(content, point)` is what numpy gives for one, in declared units.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from symppa.errors import SymppaError
from symppa.exports.content import Content, Parameter
from symppa.language import (
    Model,
    ceil_div,
    choices,
    equal,
    exp,
    floor_div,
    formula,
    geometric_sum,
    given,
    index,
    integers,
    lambert_w,
    largest,
    log,
    lookup,
    member,
    one,
    power,
    reals,
    smallest,
    smooth_largest,
    sqrt,
    table,
    total,
    where,
)
from symppa.language.functions import count
from symppa.library.systems.digital_speculation import DigitalSpeculation
from tests.library.analog import under
from tests.library.systems.test_digital_speculation import MACHINE, VICUNA_7B

SHIPPED = (
    "nexgen_baseline",
    "physical_nexgen",
    "chiplet_scaling",
    "gemm_tiler",
    "analog_soc",
    "analog_soc_simulated",
    "puma_like_v1",
    "science_adi9405_v1_neurosim_packed",
    "qwen3_0p6b",
    "cmos_scaling",
)
DRAFTED = under("target", VICUNA_7B) | under("draft", VICUNA_7B | {"layers": {"layer": 4}}) | under("machine", MACHINE)
DRAFTED |= {"burst": 3, "prompt": 128, "acceptance.rate": 0.7}


class Everything(Model):
    """Every operation of the language, sets with and without a size, a table, labels."""

    layer = index("layers of a network")
    burst = given("1", "steps of a burst", default=3, domain=integers(0, 6), symbol="K")
    step = index("steps of the burst", size=burst)
    clock = given(
        "GHz", "clock of the array, 50 % of it at least", default="1.05 GHz", domain=reals("0.1 GHz", "4 GHz")
    )
    macs = given("kmac", "products of a layer", over=layer)
    reads = given("byte", "reads of a step", over=step, default=[1.5, 2.0, 2.5, 3.0, 4.0, 8.0])
    grid = given("1", "weight of a step in a layer", over=(layer, step))
    tile = given("1", "tile", default=16, domain=choices(4, 8, 16, 32), symbol="T")
    mode = given("1", "what the array does", default="fast", domain=choices("slow", "fast", "off"))
    chosen = given("1", "layer that is looked at", domain=member(layer))
    signed = given("1", "number of either sign", default=-0.75)
    adc = table("converters by resolution", energy="pJ", area="um**2")
    bits = given("1", "resolution", default=6, domain=integers(1, 12))

    tiles = formula("1", ceil_div(macs / one("mac"), 1000 * tile), "tiles of a layer", derived=True)
    left = formula("1", floor_div(macs / one("mac"), 1000 * tile), "full tiles of a layer", derived=True)
    time = formula("us", tiles * tile / clock * one("cycle"), "time of a layer", source="williams2009")
    whole = formula("us", total(time, over=layer), "time of all layers", derived=True)
    slowest = formula("us", largest(time, over=layer), "time of the slowest layer", derived=True)
    quickest = formula("us", smallest(time, over=layer), "time of the quickest layer", derived=True)
    share = formula("percent", time / whole, "share of a layer", derived=True)
    members = formula("1", count(layer), "layers", derived=True)
    inspected = formula("us", total(where(equal(layer, chosen), time, 0 * time), over=layer), "its time", derived=True)
    moved = formula("byte", total(reads * (step + 1), over=step), "bytes of the burst", derived=True)
    most = formula("byte", largest(reads, over=step), "most of a step, minus infinity where none is", derived=True)
    weighed = formula(
        "kbyte", total(total(reads * grid, over=step) * macs / one("kmac"), over=layer), "both", derived=True
    )
    by_step = formula("1", total(grid, over=layer), "weights of a step", derived=True)
    energy = formula("pJ", lookup(adc.energy, bits), "energy of a conversion", source="horowitz2014")
    room = formula("mm**2", lookup(adc.area, bits) * tile, "area of the converters", derived=True)
    bends = formula(
        "1",
        where(signed < 0, power(2, signed) + exp(signed), log(1 + signed**2) + sqrt(largest(signed, 0)))
        + where(signed <= 0.5, smallest(signed, 1, tile / 8), power(abs(signed), 1.5)),
        "kinks and curves",
        derived=True,
    )
    leaks = formula("1", lambert_w(-exp(-1 - signed**2)) + lambert_w(-exp(-1 - signed**2), -1), "lambert", derived=True)
    grows = formula("1", lambert_w(tile) + geometric_sum(1 + signed / 10, burst) + geometric_sum(3, burst), "sums",
                    derived=True)  # fmt: skip
    softly = formula("us", smooth_largest(4, whole, slowest, 2 * quickest), "softened maximum", derived=True)
    working = formula("1", where(equal(mode, 2), 0, where(equal(mode, 1), 2, 1)), "speed", derived=True)


class Ends(Model):
    """Values at the ends of their domains."""

    third = given("1", "a third at most", default=1 / 3, domain=reals(0, 1 / 3))
    clock = given("GHz", "clock", default="1.1 GHz", domain=reals("0.1 GHz", "1.1 GHz"))
    rate = given("GB/s", "rate", default="614.4 GB/s", domain=choices("307.2 GB/s", "614.4 GB/s"))
    many = given("1", "many", default=2**53, domain=integers(0, 2**53))
    offset = given("1", "of either sign", default=-3, domain=integers(-5))
    grid = given("mm", "on a grid", default="0.3 mm", domain=reals("0.1 mm", "2 mm", "0.1 mm"))

    all = formula("1", third + many + offset, "pure numbers", derived=True)
    work = formula("byte/cycle", rate / clock, "a cycle of traffic", derived=True)
    length = formula("mm", 2 * grid, "twice the grid", derived=True)


def _hostile() -> type[Model]:
    """A model whose names every language would rather keep to itself."""
    odd = ["class", "int", "lambda", "NaN", "double", "new", "values", "Math", "symppa", "np", "main", "R1C1", "A1"]
    odd += [
        "self",
        "print",
        "exp",
        "gamma",
        "null",
        "undefined",
        "Speed",
        "speed",
        "SPEED",
        "port_rate",
        "i",
        "n",
        "sum",
    ]
    meaning = 'worth "100 %" of <b>it</b> */ </script> \\ {x} $_# | `y` ??/ é'
    space: dict[str, Any] = {name: given("1", meaning, default=k + 1.5) for k, name in enumerate(odd)}
    inner = type("Inner", (Model,), {"__module__": __name__, "rate": given("1", "rate", default=0.25)})
    space["port"] = inner()
    space["return"] = formula("1", sum(space[name] for name in odd), meaning, derived=True)
    space["inner_sum"] = formula("1", space["return"] * space["port"].rate, meaning, derived=True)
    return type("Hostile", (Model,), space | {"__module__": __name__, "__doc__": 'Odd """names""" */ --> here.'})


HOSTILE = _hostile()
ADC = {b: {"energy": f"{2.0**b / 10} pJ", "area": f"{30 * b} um**2"} for b in (2, 4, 6, 8, 10)}
FULL: dict[str, Any] = {
    "layer": ["conv one", "fc", "head"],
    "macs": {"conv one": "3.3 Mmac", "fc": "768 kmac", "head": "96.1 kmac"},
    "grid": np.arange(18.0).reshape(3, 6) / 8,
    "chosen": "fc",
    "adc": ADC,
}


@cache
def contents() -> dict[str, Content]:
    """Every system of the tests by name."""
    made = {name: Content(name) for name in SHIPPED}
    made["digital_speculation"] = Content(DigitalSpeculation, values=DRAFTED)
    made["everything"] = Content(Everything, values=FULL)
    made["hostile"] = Content(HOSTILE)
    return made


def told(content: Content) -> dict[str, Any]:
    """The values an export starts with, as the engine takes them."""
    return {name: value.raw for name, value in content.told.items() if name in content.program.known}


def reference(content: Content, point: dict[str, Any] | None = None) -> dict[str, Any]:
    """Outputs in declared units from numpy, members merged nowhere."""
    return content.program(told(content) | (point or {}))


def points(content: Content, seed: int, number: int) -> list[dict[str, Any]]:
    """Random values in declared units, of parameters that have values: labels count from 0, vectors are lists."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(40 * number):
        point = {p.name: _drawn(p, content, rng) for p in content.parameters if p.value is not None}
        try:
            values = reference(content, point)
        except SymppaError:  # a size beyond what its vectors have, say
            continue
        if sum(np.isfinite(v).all() for v in values.values()) >= len(values) / 2:
            found.append(point)
        if len(found) == number:
            return found
    raise AssertionError(f"{content.title}: {len(found)} points of {number} have values")


EDGES = {"everything": [{"burst": 0.0}, {"bits": 5.0}, {"signed": 0.0}, {"tile": 32.0, "burst": 6.0}]}


@cache
def asked() -> dict[str, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """Points of every system with what numpy gives: as it comes, at its edges, at random."""
    found = {}
    for name, content in contents().items():
        many = [{}, *EDGES.get(name, []), *points(content, 5, 3)]
        found[name] = [(point, reference(content, point)) for point in many]
    return found


def same(got: Any, want: Any) -> bool:
    """1e-12, exactly for whole numbers; undefined where numpy is, and in the same shape."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    if got.shape != want.shape:
        return False
    whole = (want == np.round(want)) & (np.abs(want) < 2**52)
    near = np.isclose(got, want, rtol=1e-12, atol=0, equal_nan=True)
    return bool(np.all(near & (~whole | (got == want) | (np.abs(want) == 0))))


def assert_same(got: dict[str, Any], want: dict[str, Any], where: str = "") -> None:
    """Every output alike."""
    assert list(got) == list(want), where
    for name in want:
        assert same(got[name], want[name]), f"{where} {name}: {got[name]!r}, numpy {want[name]!r}"


def _drawn(p: Parameter, content: Content, rng: Any) -> Any:
    if isinstance(p.value, list):
        return [_drawn_like(p, one, content, rng) for one in p.value]
    return _drawn_like(p, p.value, content, rng)


def _drawn_like(p: Parameter, value: Any, content: Content, rng: Any) -> Any:
    if isinstance(value, list):
        return [_drawn_like(p, one, content, rng) for one in value]
    keys = _keys(p, content)
    if (keys or p.kind in ("label", "choices", "integers")) and rng.random() < 0.6:
        return value
    if keys:
        return float(rng.choice(keys))
    if p.kind == "label":
        return float(rng.integers(len(p.labels or "x")))
    if p.kind == "choices":
        return float(rng.choice(p.choices))
    low = -np.inf if p.low is None else p.low
    high = np.inf if p.high is None else p.high
    if p.kind == "integers":
        return float(np.clip(value + rng.integers(-2, 3), low, high))
    if p.stride is not None:
        return float(low + p.stride * np.round((np.clip(value * rng.uniform(0.7, 1.4), low, high) - low) / p.stride))
    return float(np.clip(value * rng.uniform(0.7, 1.4), low, high))


def _keys(p: Parameter, content: Content) -> tuple[float, ...]:
    """Keys of a table that a parameter is itself looked up in."""
    steps = [content.program.steps[n] for n in content.program.live]
    read = {step.detail for step in steps if step.operation == "lookup" and step.arguments == (p.step,)}
    return next((column.keys for column in content.columns if column.name in read), ())


@pytest.fixture(params=sorted([*SHIPPED, "digital_speculation", "everything", "hostile"]))
def exported(request: pytest.FixtureRequest) -> tuple[str, Content]:
    """One system after the other, with its name."""
    return request.param, contents()[request.param]
