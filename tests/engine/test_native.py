"""Compiled code gives the numbers of numpy, bit for bit; where nothing can be compiled, numpy answers and says so."""

from __future__ import annotations

import logging
import shutil
import sys

import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from symppa.engine import grid as grids
from symppa.engine import walk
from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.native import choice, compiler, reading, schedule
from symppa.engine.native.source import Source
from symppa.engine.points import over_points
from symppa.engine.reducers import Best, Count, Limit, Pareto, Range
from symppa.engine.walk import NumpyReading, reading_of, reduce, run
from symppa.errors import QuestionError
from symppa.language import Model, ceil_div, exp, formula, given, index, largest, log, lookup, one, sqrt, table, total
from tests.engine.models import cases, values
from tests.engine.test_conformance import MORE, SWEPT, known, program_of

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, compiler.NAMES)), reason="no C compiler: native code cannot be tried"
)


class Machine(Model):
    """Ceilings, powers, a set, a table, and values that are undefined."""

    layer = index("layers")
    work = given("1", "work of a layer", over=layer)
    width = given("1", "lanes")
    clock = given("GHz", "clock")
    bits = given("1", "key of the price")
    prices = table("bits", price="USD")
    steps = formula("1", ceil_div(work, width * 0.7), derived=True)
    time = formula("ns", total(steps, over=layer) * one("cycle") / clock, derived=True)
    worst = formula("1", largest(steps, over=layer), derived=True)
    root = formula("1", sqrt(width - 3), derived=True)
    level = formula("1", log(width - 2) * width**1.5, derived=True)
    price = formula("USD", lookup(prices.price, bits) * width, derived=True)


OUTPUTS = ["time", "worst", "root", "level", "price"]
TOLD = {"work": {"a": 100.0, "b": 55, "c": 7}, "prices": {2: {"price": "1 USD"}, 5: {"price": "3 USD"}}}
GRID = {
    "width": np.arange(1.0, 41.0),
    "clock": np.linspace(0.5, 2.0, 30),
    "bits": np.array([2.0, 3.0, 5.0, np.nan]),
}


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """An empty cache, and small blocks that walk even a small grid."""
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(grids, "SMALL", 50)
    monkeypatch.setattr(schedule, "TINY", 10)
    monkeypatch.setattr(walk, "NATIVE_BLOCK", 128)
    return tmp_path / "cache"


def machine(outputs=OUTPUTS, axes=tuple(GRID)):
    return compile(Machine(), outputs, axes)


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def close(one, other):
    """Equal to the last bit, NaN like NaN."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            close(one[key], other[key])
    elif isinstance(one, tuple):
        for mine, theirs in zip(one, other, strict=True):
            close(mine, theirs)
    elif isinstance(one, float):
        assert one == other or (np.isnan(one) and np.isnan(other))
    else:
        np.testing.assert_array_equal(one, other)


@needs_compiler
@settings(max_examples=40 * MORE)
@drawn(case=cases(), data=st.data())
def test_every_operation_gives_the_bits_of_numpy(case, data):
    full = program_of(case)
    used = [name for name in SWEPT if name in full.givens]
    assume(used)
    axes = data.draw(st.lists(st.sampled_from(used), min_size=1, max_size=3, unique=True))
    told = data.draw(values(axes, 3))
    program = program_of(case, axes)
    whole = run(program, known(program, told), engine="numpy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "SMALL", data.draw(st.sampled_from([2, 100])))
        patch.setattr(schedule, "TINY", data.draw(st.sampled_from([0, 4])))
        patch.setattr(walk, "NATIVE_BLOCK", data.draw(st.sampled_from([1, 3, 8])))
        same(run(program, known(program, told), engine="native"), whole)


@needs_compiler
@settings(max_examples=40 * MORE)
@drawn(case=cases(), data=st.data())
def test_every_reducer_finds_what_numpy_finds(case, data):
    names = [name for name in case.outputs if not case.sets[name]]
    full = program_of(case)
    used = [name for name in SWEPT if name in full.givens]
    assume(used and names)
    axes = data.draw(st.lists(st.sampled_from(used), min_size=1, max_size=3, unique=True))
    told = data.draw(values(axes, 4))
    program = compile(case.model, names, axes, choose=case.choose)
    bound = data.draw(st.sampled_from([0.0, 1.0, 3.0]))
    limits = data.draw(st.sampled_from([[], [Limit(names[-1], "<=", bound)], [Limit(names[-1], "==", bound)]]))
    makers = [
        lambda: Count(names, limits),
        lambda: Best(2, names[0], limits),
        lambda: Best(1, names[0], limits, largest=False),
        lambda: Range(names, limits),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "SMALL", data.draw(st.sampled_from([1, 4])))
        patch.setattr(schedule, "TINY", data.draw(st.sampled_from([0, 2])))
        patch.setattr(walk, "NATIVE_BLOCK", data.draw(st.sampled_from([1, 3, 8])))
        for make in makers:
            found = []
            for engine in ("numpy", "native"):
                reducer = make()
                reduce(Grid(program, known(program, told), block=2), [reducer], engine=engine)
                found.append((reducer.result(), reducer.counts()))
            close(*found)


class Judged(Model):
    """Outputs whose last step is a sum over a set, a power, an exponential."""

    layer = index("layers")
    work = given("1", "work of a layer", over=layer)
    width = given("1", "lanes")
    rate = given("1", "rate")
    steps = formula("1", total(ceil_div(work, width * rate), over=layer), derived=True)
    grown = formula("1", exp(width * rate / 50), derived=True)
    raised = formula("1", (1 + rate) ** (width / 20), derived=True)


@needs_compiler
@pytest.mark.parametrize("output", ["steps", "grown", "raised"])
def test_what_is_judged_is_computed_before(output, own_cache):
    told = {"work": [100.0, 55, 7], "width": np.linspace(1.0, 40.0, 60), "rate": np.linspace(0.1, 2.0, 70)}
    program = compile(Judged(), output, ["width", "rate"])
    whole = run(program, told, engine="numpy")[output].ravel()
    limit = Limit(output, "<=", float(np.median(whole)))
    for reducer in (Range([output], [limit]), Best(1, output, [limit]), Count([], [limit])):
        reduce(Grid(program, told, block=100), [reducer], engine="native", threads=2)
        assert reducer.counts()["feasible"] == np.count_nonzero(whole <= limit.ends[0])
        if isinstance(reducer, Range):
            assert reducer.result()[output]["min"] == whole.min()
        if isinstance(reducer, Best):
            assert reducer.result()[0][0] == np.argmax(np.where(whole <= limit.ends[0], whole, -np.inf))


@needs_compiler
def test_a_key_close_to_one_of_the_table_is_none(own_cache):
    told = TOLD | GRID | {"prices": {-2: {"price": "1 USD"}, 0: {"price": "3 USD"}, 3: {"price": "4 USD"}}}
    told["bits"] = np.array([0.0, 0.1 + 0.2 - 0.3, -2.0, 2.9999999999999996, 1.0])
    native = run(machine(), told, engine="native")
    same(native, run(machine(), told, engine="numpy"))
    assert np.isnan(native["price"]).all((0, 1)).tolist() == [False, True, False, True, True]


@needs_compiler
def test_memory_does_not_grow_with_the_blocks(own_cache, monkeypatch):
    monkeypatch.setattr(reading, "ROWS", 3)
    grid = Grid(machine(), TOLD | GRID, block=100)
    counts = []
    for engine in ("numpy", "native"):
        reducer = Count(OUTPUTS)
        reduce(grid, [reducer], engine=engine)
        counts.append(reducer.counts())
    assert counts[0] == counts[1]


@needs_compiler
def test_a_compiler_may_be_a_command_with_options(own_cache, monkeypatch):
    monkeypatch.setenv("CC", f"{compiler.find()[0][0]} -DUNUSED=1")
    assert compiler.find()[0][1:] == ("-DUNUSED=1",)
    same(run(machine(), TOLD | GRID, engine="native"), run(machine(), TOLD | GRID, engine="numpy"))


@needs_compiler
def test_a_grid_with_a_set_a_table_and_undefined_values(own_cache):
    told = TOLD | GRID
    native = run(machine(), told, engine="native")
    same(native, run(machine(), told, engine="numpy"))
    assert np.isnan(native["price"][0, 0, [1, 3]]).all()
    assert np.isnan(native["root"][0]).all()
    assert native["price"][1, 0, 2] == 6.0
    assert len(list(own_cache.glob("native-*"))) == 1


@needs_compiler
def test_a_list_of_designs(own_cache):
    rng = np.random.default_rng(0)
    points = TOLD | {name: rng.choice(values, 5000) for name, values in GRID.items()}
    program = over_points(machine(axes=()), list(GRID))
    same(run(program, points, engine="native"), run(program, points, engine="numpy"))


@needs_compiler
def test_a_table_with_keys_far_apart(own_cache):
    told = TOLD | GRID | {"prices": {2: {"price": "1 USD"}, 10**9: {"price": "3 USD"}}}
    told["bits"] = np.array([2.0, 4.0, 1e9])
    same(run(machine(), told, engine="native"), run(machine(), told, engine="numpy"))


REDUCERS = {
    "count": lambda: Count(OUTPUTS),
    "best": lambda: Best(3, "time", [Limit("price", "<=", 40.0)], largest=False),
    "at least": lambda: Best(3, "time", [Limit("price", ">=", 40.0)]),
    "equal": lambda: Count([], [Limit("worst", "==", 4.0)]),
    "within": lambda: Count(["root"], [Limit("level", "<", 40.0), Limit("worst", ">", 3.0)]),
    "range": lambda: Range(["time", "level"], [Limit("worst", "<=", 9.0)]),
    "front": lambda: Pareto({"time": "min", "price": "min"}),
}


@needs_compiler
@pytest.mark.parametrize("kind", REDUCERS)
@pytest.mark.parametrize("threads", [1, 3])
def test_reducers_find_the_same(kind, threads, own_cache):
    found = []
    for engine in ("numpy", "native"):
        reducer = REDUCERS[kind]()
        reduce(Grid(machine(), TOLD | GRID, block=100), [reducer], engine=engine, threads=threads)
        found.append((reducer.result(), reducer.counts()))
    close(*[one[0] for one in found])
    assert found[0][1] == found[1][1]
    assert found[0][1]["feasible"] > 0
    assert kind not in ("count", "best") or found[0][1]["invalid"] > 0


@needs_compiler
def test_one_library_serves_all_lengths(own_cache):
    for clocks in (30, 31):
        run(machine(), TOLD | GRID | {"clock": np.linspace(0.5, 2.0, clocks)}, engine="native")
    assert len(list(own_cache.glob("native-*"))) == 1


@needs_compiler
def test_loading_a_library_leaves_tiny_numbers_alone(own_cache):
    run(machine(), TOLD | GRID, engine="native")
    assert np.float64(sys.float_info.min) / 2 > 0
    assert (np.full(8, 5e-324) * 1.0 > 0).all()


@needs_compiler
def test_a_damaged_library_is_compiled_anew(own_cache, caplog):
    before = run(machine(), TOLD | GRID, engine="native")
    (library,) = own_cache.glob("native-*")
    library.unlink()
    library.write_bytes(b"nothing to load")
    library.chmod(0o600)
    compiler._loaded.cache_clear()
    with caplog.at_level(logging.WARNING, logger="symppa"):
        same(run(machine(), TOLD | GRID, engine="native"), before)
    assert "damaged" in caplog.text
    assert len(list(own_cache.glob("native-*"))) == 1


@pytest.mark.parametrize("how", ["no compiler", "a compiler that fails", "no place to keep the library"])
def test_without_native_code_numpy_answers_and_one_line_says_so(how, own_cache, monkeypatch, caplog, tmp_path):
    if how == "no compiler":
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CC", raising=False)
    elif how == "a compiler that fails":
        broken = tmp_path / "broken"
        broken.write_text("#!/bin/sh\necho 'error: out of sorts' >&2\nexit 1\n")
        broken.chmod(0o700)
        monkeypatch.setenv("CC", str(broken))
    else:
        if not any(map(shutil.which, compiler.NAMES)):
            pytest.skip("no C compiler: there is no library to keep")
        own_cache.write_text("a file, no folder")
    with caplog.at_level(logging.WARNING, logger="symppa"):
        got = run(machine(), TOLD | GRID, engine="native")
    same(got, run(machine(), TOLD | GRID, engine="numpy"))
    (line,) = [record.getMessage() for record in caplog.records]
    assert "numpy computes" in line
    assert {"no compiler": "no C compiler", "a compiler that fails": "out of sorts"}.get(how, "cannot be kept") in line


def test_auto_compiles_only_what_pays(own_cache, monkeypatch):
    small = Grid(machine(), TOLD | GRID, block=100)
    assert isinstance(reading_of(small, [Count(OUTPUTS)], "auto"), NumpyReading)
    monkeypatch.setattr(choice, "NUMPY_VALUE", 1.0)  # every value takes a second
    monkeypatch.setenv("CC", str(own_cache / "none"))
    assert isinstance(reading_of(small, [Count(OUTPUTS)], "auto"), NumpyReading)
    if any(map(shutil.which, compiler.NAMES)):
        monkeypatch.delenv("CC")
        assert not isinstance(reading_of(small, [Count(OUTPUTS)], "auto"), NumpyReading)


def test_an_unknown_engine_is_refused():
    with pytest.raises(QuestionError, match="no engine 'fast'; it is one of auto, numpy, native"):
        reduce(Grid(machine(), TOLD | GRID), [Count(OUTPUTS)], engine="fast")


def test_the_text_depends_on_no_length_and_no_value():
    texts = {
        Source(Grid(machine(), TOLD | GRID | {"clock": clock}, block=50)).text
        for clock in (np.linspace(1.0, 2.0, 30), np.linspace(3.0, 4.0, 31))
    }
    assert len(texts) == 1
