"""Declarations: what they hold, what they refuse, how they survive copies and sympy."""

from __future__ import annotations

import copy
import pickle
import time

import numpy as np
import pytest
import sympy as sp

from symppa.engine.compile import compile
from symppa.engine.program import Program
from symppa.engine.walk import run
from symppa.errors import (
    DeclarationError,
    DimensionError,
    UnknownNameError,
    UnknownValueError,
    WiringError,
    WrongUnitError,
)
from symppa.language import (
    Model,
    ceil_div,
    choices,
    equal,
    floor_div,
    formula,
    given,
    index,
    integers,
    lambert_w,
    largest,
    lookup,
    member,
    one,
    reals,
    smallest,
    smooth_largest,
    table,
    total,
    where,
)


class Memory(Model):
    """A store seen from its port."""

    traffic = given("byte", "bytes moved")
    bandwidth = given("byte/s", "sustained bandwidth", symbol=r"B_\mathrm{mem}")
    busy_time = formula("s", traffic / bandwidth, "time the port is occupied", source="horowitz2014, table 1")


class Pair(Model):
    """Two stores."""

    traffic = given("byte", "bytes moved")
    near = Memory(traffic=traffic)
    far = Memory(traffic=traffic / 2)
    busy_time = formula("s", largest(near.busy_time, far.busy_time), derived=True)


# symbols


def test_a_declaration_is_a_real_sympy_symbol_with_its_unit():
    assert isinstance(Memory.traffic, sp.Symbol)
    assert Memory.traffic.is_real
    assert Memory.traffic.is_positive is None
    assert str(Memory.bandwidth.unit) == "byte / second"
    assert Memory.traffic.kind == sp.Symbol("x").kind  # a property of sympy that a field of ours must not hide
    model = Memory()
    assert model.expression("busy_time") == model.traffic / model.bandwidth
    pair = Pair()
    assert pair.expression("busy_time") == largest(pair.near.busy_time, pair.far.busy_time)
    flat = largest(pair.traffic / pair.near.bandwidth, pair.traffic / (2 * pair.far.bandwidth))
    assert pair.expression("busy_time", flat=True) == flat


def test_nothing_is_decided_behind_the_author():
    x = given("1", "any number")
    assert largest(0, x).args == (0, x)
    assert where(x > 0, x, 0).args[1:] == (x, 0)
    assert where(x >= 1, 1, 2).func is not sp.Integer
    squared = given("1", "number")
    assert sp.sqrt(squared**2) != squared


def test_two_symbols_of_one_name_stay_apart():
    assert given("s", "time") != given("s", "time")
    assert one("cycle") == one("cycle")
    assert one("cycle") != one("token")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_declarations_expressions_and_models_survive_copies(copied):
    assert copied(Memory.traffic) is Memory.traffic
    assert copied(Memory.busy_time.expr) == Memory.busy_time.expr
    assert copied(Pair.near.busy_time) == Pair.near.busy_time
    assert copied(one("cycle")) == one("cycle")
    again = copied(Pair())
    program = compile(again, "busy_time")
    assert run(program, {"traffic": 8, "near.bandwidth": 4, "far.bandwidth": 1})["busy_time"] == 4


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_programs_survive_copies(copied):
    program = compile(Pair(), "busy_time", ["traffic"])
    again = copied(program)
    assert again == program
    values = {"traffic": np.array([8.0, 16.0]), "near.bandwidth": 4, "far.bandwidth": 1}
    np.testing.assert_array_equal(run(again, values)["busy_time"], [4.0, 8.0])


def test_configured_parts_survive_pickling():
    fast = Memory(bandwidth="2 GB/s")
    again = pickle.loads(pickle.dumps(fast))
    assert run(compile(again, "busy_time"), {"traffic": "1 GB"})["busy_time"] == 0.5


def test_an_undeclared_symbol_cannot_be_pickled():
    with pytest.raises(DeclarationError, match="outside a class has no name"):
        pickle.dumps(given("s", "time"))


# refusals


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: given("s", ""), "the meaning is missing"),
        (lambda: given("1", "x", over=given("1", "y")), "is not a set"),
        (lambda: formula("s", "a + b"), "the expression is a text"),
        (lambda: formula("1", given("1", "a") == 0), "comparisons go into where"),
        (lambda: formula("1", given("1", "a") < 3), "comparisons go into where"),
        (lambda: largest(given("1", "a"), "3 GHz"), "is a text, not an expression"),
        (lambda: largest(), "at least one term"),
        (lambda: largest(1, 2, over=index("set")), "takes one term, not 2"),
        (lambda: smallest(given("1", "a"), over=given("1", "b")), "is not a set"),
        (lambda: total(given("1", "a"), over=3), "is not a set"),
        (lambda: where(given("1", "a") == 0, 1, 2), r"write equal\(a, b\), not a == b"),
        (lambda: where(given("1", "a"), 1, 2), "needs a comparison"),
        (lambda: where(sp.Ne(given("1", "a"), 0), 1, 2), "takes <, <=, >, >= or equal"),
        (lambda: lookup(given("1", "a"), 3), "needs a column of a table"),
        (lambda: lambert_w(given("1", "a"), 1), "real branches 0 and -1"),
        (lambda: smooth_largest(2), "at least one term after its exponent"),
        (lambda: table("key"), "at least one column"),
        (lambda: integers(3, 1), "is empty"),
        (lambda: given("1", "x", domain=reals(3, 1)), "is empty"),
        (lambda: given("s", "x", domain=reals("3 s", "1 ms")), "is empty"),
        (lambda: choices(), "at least one"),
        (lambda: choices(1, 1), "distinct"),
        (lambda: choices(1, "one"), "mixes labels and numbers"),
        (lambda: reals(step=1), "counts its steps from low"),
        (lambda: member(given("1", "x")), "needs a set"),
    ],
)
def test_what_is_not_the_language_is_refused_at_once(made, message):
    with pytest.raises(DeclarationError, match=message):
        made()


def test_a_default_must_fit_its_unit():
    with pytest.raises(WrongUnitError, match=r"default = 3 m does not measure s \(time\)"):
        given("s", "time", default="3 m")


def test_array_and_quantity_defaults_are_data():
    layer = index("layers")
    scale = given("ms", "scale", default=np.array([1.0, 2.0]), over=layer)
    made = type("Made", (Model,), {"layer": layer, "scale": scale, "x": formula("ms", total(scale, over=layer))})
    program = Program.from_json(compile(made(), "x").to_json())
    assert run(program, {})["x"] == 3.0


@pytest.mark.parametrize("name", ["expression", "with_", "_hidden", "reference"])
def test_names_of_the_language_are_taken(name):
    with pytest.raises(DeclarationError, match="the name is taken by the language"):
        type("Made", (Model,), {name: given("1", "x")})


def test_one_declaration_has_one_name():
    x = given("1", "x")
    with pytest.raises(WiringError, match=r"already declared as Made\.a"):
        type("Made", (Model,), {"a": x, "b": x})


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Memory has no 'trafic'; did you mean traffic\?"):
        Memory(trafic=3)
    with pytest.raises(UnknownNameError, match=r"did you mean busy_time\?"):
        Memory().busytime  # noqa: B018
    with pytest.raises(UnknownNameError, match=r"did you mean busy_time\?"):
        type("Made", (Model,), {"m": (m := Memory()), "x": formula("s", m.busy_tim)})
    with pytest.raises(UnknownValueError, match=r"Memory has no quantity 'bandwith'; did you mean bandwidth\?"):
        Memory().expression("bandwith")
    with pytest.raises(UnknownValueError, match=r"Pair has no given 'near.bandwith'; did you mean near.bandwidth"):
        run(compile(Pair(), "busy_time"), {"near.bandwith": 3})


# functions of numbers


def test_numbers_are_rounded_exactly_while_a_model_is_written():
    assert ceil_div(7, 2) == 4
    assert floor_div(-7, 2) == -4
    assert ceil_div(-7, 2) == -3
    assert not ceil_div(0.3, 0.1).is_number or ceil_div(0.3, 0.1).func.__name__ == "CeilDiv"


def test_a_constant_condition_chooses_while_a_model_is_written():
    assert where(sp.true, 1, 2) == 1
    assert where(sp.Integer(3) < 2, 1, 2) == 2


def test_sixty_terms_build_in_no_time():
    """With sympy's own Max this takes 7.6 s."""
    names = {f"g{k}": given("1", "term") for k in range(60)}
    start = time.perf_counter()
    made = type("Made", (Model,), names | {"x": formula("1", largest(*names.values()))})
    program = compile(made(), "x")
    assert time.perf_counter() - start < 0.5
    assert program.operations == 59
    assert run(program, {f"g{k}": float(k * 37 % 60) for k in range(60)})["x"] == 59.0


def test_equal_compares_values_not_symbols():
    a, b = given("1", "a"), given("1", "b")
    made = type("Made", (Model,), {"a": a, "b": b, "x": formula("1", where(equal(a, b), 10, 20))})
    program = compile(made(), "x", ["a"])
    np.testing.assert_array_equal(run(program, {"a": np.array([1.0, 2.0]), "b": 2})["x"], [20.0, 10.0])


def test_an_error_of_a_class_names_the_class():
    with pytest.raises(DimensionError, match=r"^Broken:\n  formula 'x'"):
        type("Broken", (Model,), {"x": formula("s", 1)})
