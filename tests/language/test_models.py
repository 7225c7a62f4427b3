"""Models inside models: wires, parts, slots, sets, tables."""

from __future__ import annotations

import numpy as np
import pytest

from symppa.engine.compile import compile
from symppa.engine.walk import dims, run
from symppa.errors import (
    DomainError,
    MissingValueError,
    QuestionError,
    ShapeError,
    UnknownNameError,
    UnknownValueError,
    WiringError,
    WrongUnitError,
)
from symppa.language import (
    Model,
    choices,
    count,
    equal,
    formula,
    given,
    index,
    integers,
    largest,
    lookup,
    member,
    part,
    parts,
    reals,
    smallest,
    table,
    total,
    total_of,
    where,
)


def answer(model, output, values=None, axes=(), choose=None):
    """One output, at values that the program knows."""
    return run(compile(model, output, axes, choose=choose), values or {})[output]


class Readout(Model):
    """Conversions of one stage."""

    bits = given("1", "resolution")
    cost = given("pJ", "energy of one bit")
    energy = formula("pJ", bits * cost, derived=True)


# wires and parts


class Stages(Model):
    """Two stages of one width."""

    width = given("1", "width")
    stages = parts(first=Readout(bits=width), second=Readout(bits=2 * width))
    energy = formula("pJ", total_of(stages, "energy"), derived=True)


def test_unwired_givens_surface_by_path():
    assert answer(Stages(), "energy", {"width": 2, "stages.first.cost": 1, "stages.second.cost": 10}) == 42
    with pytest.raises(MissingValueError, match=r"no value for stages.second.cost \[pJ\] \(energy of one bit\)"):
        answer(Stages(), "energy", {"width": 2, "stages.first.cost": 1})


def test_patterns_name_the_parts_of_a_group():
    program = compile(Stages(), "stages.*.energy")
    assert list(program.outputs) == ["stages.first.energy", "stages.second.energy"]
    with pytest.raises(QuestionError, match=r"has no output that matches 'stages.\*.power'"):
        compile(Stages(), "stages.*.power")


def test_a_group_refuses_names_none_of_its_parts_has():
    with pytest.raises(UnknownNameError, match="Readout has no 'enery'; did you mean energy"):
        type("Made", (Model,), {"s": (s := parts(a=Readout())), "x": formula("pJ", total_of(s, "enery"))})


def test_a_wire_may_be_a_value():
    assert answer(Readout(cost="3 pJ"), "energy", {"bits": 2}) == 6
    assert answer(Readout(cost=3), "energy", {"bits": 2}) == 6
    with pytest.raises(WrongUnitError, match="cost = 3 s does not measure pJ"):
        answer(Readout(cost="3 s"), "energy", {"bits": 2})
    with pytest.raises(WiringError, match="the outermost model takes values, not expressions"):
        answer(Readout(cost=Readout.cost), "energy", {"bits": 2})


class Baseline(Model):
    """A system beside itself without a burst."""

    readout = Readout()
    plain = readout.with_(bits=0)
    gain = formula("pJ", readout.energy - plain.energy, derived=True)


def test_with_shares_the_unwired_givens():
    program = compile(Baseline(), "gain")
    assert set(program.givens) == {"readout.bits", "readout.cost"}
    assert run(program, {"readout.bits": 3, "readout.cost": 2})["gain"] == 6


class Loop(Model):
    """Two formulas; a kind closes them into a circle."""

    a = formula("1", ..., "first")
    b = formula("1", a + 1, "second")


class Circle(Loop):
    """It does."""

    a = formula("1", Loop.b * 2)


def test_a_circle_is_named():
    with pytest.raises(WiringError, match=r"depends on itself: (a -> b -> a|b -> a -> b)"):
        compile(Circle(), "a")


class Doubled(Readout):
    """A kind that builds on what it replaces."""

    energy = formula("pJ", Readout.energy * 2)


def test_a_kind_may_build_on_what_it_replaces():
    assert answer(Doubled(), "energy", {"bits": 3, "cost": 2}) == 12


# slots


class Law(Model):
    """What a slot holds."""

    x = given("1", "quantity")
    y = formula("1", ..., "result")


class Twice(Law):
    """Two times."""

    y = formula("1", Law.x * 2)


class Times(Law):
    """Some times."""

    factor = given("1", "factor")
    y = formula("1", Law.x * factor)


class Slots(Model):
    """A slot with a default and one without."""

    q = given("1", "quantity")
    filled = part(Law, default=Twice, x=q)
    open = part(Law, x=q + 1)
    out = formula("1", filled.y + open.y)


@pytest.mark.parametrize(
    ("model", "choose"),
    [(Slots(), {"open": "Times"}), (Slots(), {"open": Times}), (Slots(open=Times), None)],
)
def test_a_slot_takes_a_name_or_a_class(model, choose):
    assert answer(model, "out", {"q": 1, "open.factor": 10}, choose=choose) == 22


def test_a_slot_takes_a_configured_part():
    assert answer(Slots(open=Times(factor=3)), "out", {"q": 1}) == 8


def test_an_open_slot_names_its_kinds():
    with pytest.raises(WiringError, match=r"open.y: Law leaves it to a subclass; choose one of .*Twice.*Times"):
        compile(Slots(), "out")


@pytest.mark.parametrize(
    ("choose", "error", "message"),
    [
        ({"open": "Thrice"}, WiringError, "open: no Law named 'Thrice'; did you mean Twice"),
        ({"opn": "Times"}, UnknownNameError, "Slots has no 'opn'; did you mean open"),
        ({"open": Readout}, WiringError, "open must be a Law"),
    ],
)
def test_other_choices_are_refused(choose, error, message):
    with pytest.raises(error, match=message):
        compile(Slots(), "out", choose=choose)


def test_a_kind_defined_again_is_the_newest():
    kinds = [type("Again", (Law,), {"y": formula("1", Law.x * k), "__module__": "notebook"}) for k in (3, 4)]
    assert answer(Slots(), "out", {"q": 1}, choose={"open": "Again"}) == 2 + 8
    assert answer(Slots(), "out", {"q": 1}, choose={"open": kinds[0]}) == 2 + 6


def test_a_kind_of_two_modules_is_not_guessed():
    made = [type("Same", (Law,), {"y": formula("1", Law.x), "__module__": m}) for m in ("one", "two")]
    with pytest.raises(WiringError, match=r"'Same' names one.Same and two.Same: pass the class itself"):
        compile(Slots(), "out", choose={"open": "Same"})
    assert answer(Slots(), "out", {"q": 1}, choose={"open": made[0]}) == 4


def test_a_part_uses_what_its_interface_has():
    with pytest.raises(UnknownNameError, match="Law has no 'factor'"):
        type("Made", (Model,), {"p": (p := part(Law, default=Times)), "x": formula("1", p.factor)})


class Reader(Model):
    """It reads what another part computes."""

    law = part(Law)
    out = formula("1", law.y)


class Sharing(Model):
    """One part passed on to another."""

    law = Times()
    reader = Reader(law=law)
    out = formula("1", law.y + reader.out)


def test_a_part_may_be_passed_on():
    program = compile(Sharing(), "out")
    assert set(program.givens) == {"law.x", "law.factor"}
    assert run(program, {"law.x": 2, "law.factor": 3})["out"] == 12


# sets


class Network(Model):
    """Layers, and devices that run them."""

    layer = index("layers")
    device = index("devices")
    work = given("op", "work of a layer", over=layer)
    speed = given("op/s", "speed of a device", over=device)
    overhead = given("s", "time between layers")

    time = formula("s", work / speed, "time of a layer on a device")
    slowest = formula("s", largest(total(time, over=layer), over=device))
    pause = formula("s", total(overhead, over=layer))
    both = formula("op**2/s", total(total(work * speed, over=layer), over=device))
    layers = formula("1", count(layer))
    place = formula("1", total(layer, over=layer))


VALUES = {"work": [1.0, 2.0, 3.0], "speed": [1.0, 2.0, 4.0], "overhead": 5}


def test_two_sets_of_one_length_are_not_paired():
    program = compile(Network(), ["time", "both"])
    got = run(program, {k: VALUES[k] for k in ("work", "speed")})
    assert dims(program, "time") == ("device", "layer")
    np.testing.assert_allclose(got["time"], np.array([1.0, 2, 3]) / np.array([1.0, 2, 4])[:, None])
    assert got["both"] == 6 * 7


def test_a_total_of_what_does_not_vary_counts_every_member():
    got = run(compile(Network(), ["pause", "layers", "place"]), {"overhead": 5, "layer": 3})
    assert got == {"pause": 15, "layers": 3, "place": 3}


def test_reductions_over_sets():
    assert answer(Network(), "slowest", {k: VALUES[k] for k in ("work", "speed")}) == 6


def test_members_have_labels():
    got = answer(Network(), "place", {"layer": ["a", "b"]})
    assert got == 1
    values = {"work": {"b": 2.0, "a": 1.0}, "layer": ["a", "b"], "speed": [1.0]}
    np.testing.assert_array_equal(answer(Network(), "time", values), [[1.0, 2.0]])
    with pytest.raises(ShapeError, match="disagree on the members of layer: b, c"):
        answer(Network(), "time", {"work": {"a": 1, "c": 2}, "layer": ["a", "b"], "speed": [1.0]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"overhead": 1}, r"the set layer \(layers\) has no members: give it labels or a size"),
        ({"overhead": 1, "layer": 0}, r"layer \(layers\) needs at least one member"),
        ({"overhead": 1, "layer": -3}, r"layer \(layers\) needs at least one member"),
        ({"overhead": 1, "layer": []}, r"layer \(layers\) needs at least one member"),
        ({"overhead": 1, "layer": "abc"}, "layer is a set: give its labels or its size, not 'abc'"),
        ({"overhead": [1, 2], "layer": 2}, "overhead has 1 dimensions"),
    ],
)
def test_a_set_needs_members(values, message):
    with pytest.raises(ShapeError, match=message):
        answer(Network(), "pause", values)


def test_lengths_must_agree():
    with pytest.raises(ShapeError, match="work has 3 values along layer, which has 4"):
        answer(Network(), "time", {"work": [1, 2, 3], "layer": 4, "speed": [1]})


def test_one_value_stands_for_every_member():
    np.testing.assert_array_equal(answer(Network(), "time", {"work": 6, "layer": 2, "speed": [1, 2]}), [[6, 6], [3, 3]])


class Inner(Model):
    """A part with a set of its own."""

    member = index("members")
    a = given("1", "vector", over=member)
    b = given("1", "number")
    sum = formula("1", total(a, over=member))
    double = formula("1", b * 2)


class WiredSet(Model):
    """Its members are ours."""

    ours = index("our members")
    v = given("1", "vector", over=ours)
    inner = Inner(a=v, member=ours, b=v)
    sum = formula("1", inner.sum)
    doubled = formula("1", total(inner.double, over=ours))


def test_sets_are_wired_and_brought():
    assert answer(WiredSet(), "sum", {"v": [1, 2, 4]}) == 7
    assert answer(WiredSet(), "doubled", {"v": [1, 2, 4]}) == 14


def test_a_wire_that_misses_its_set_is_refused():
    ours = index("our members")
    v = given("1", "vector", over=ours)
    made = type("Made", (Model,), {"ours": ours, "v": v, "inner": (i := Inner(a=v)), "x": formula("1", i.sum)})
    with pytest.raises(WiringError, match=r"inner\.a stands over .*, its wire over ours: wire the set as well"):
        compile(made(), "x")


class Burst(Model):
    """A set with a size that is a value."""

    burst = given("1", "drafted tokens", domain=integers(0, 8))
    step = index("steps of a burst", size=burst)
    chance = given("1", "acceptance", over=step)
    expected = formula("1", total(chance * (step + 1), over=step))
    best = formula("1", largest(chance, over=step))
    worst = formula("1", smallest(chance, over=step))
    fixed = formula("1", total(burst, over=step))
    flat = formula("1", largest(burst, over=step))


@pytest.mark.parametrize(
    ("burst", "expected", "best", "worst", "fixed", "flat"),
    [
        (0, 0.0, -np.inf, np.inf, 0, -np.inf),  # nothing is drafted
        (1, 0.9, 0.9, 0.9, 1, 1),
        (2, 0.9 + 2 * 0.5, 0.9, 0.5, 4, 2),
        (3, 0.9 + 1.0 + 3 * 0.7, 0.9, 0.5, 9, 3),
    ],
)
def test_reductions_stop_at_the_size(burst, expected, best, worst, fixed, flat):
    got = run(compile(Burst()), {"burst": burst, "chance": [0.9, 0.5, 0.7]})
    want = {"expected": expected, "best": best, "worst": worst, "fixed": fixed, "flat": flat}
    assert {k: float(v) for k, v in got.items()} == pytest.approx(want, rel=1e-15)


def test_an_empty_burst_needs_no_values():
    assert answer(Burst(), "expected", {"burst": 0, "chance": []}) == 0
    assert answer(Burst(), "best", {"burst": 0, "chance": []}) == -np.inf
    with pytest.raises(ShapeError, match="step has 0 members, 1 are needed"):
        answer(Burst(), "expected", {"burst": 1, "chance": []})


def test_a_size_may_be_swept():
    values = {"burst": np.array([0.0, 2.0, 1.0]), "chance": [0.9, 0.5, 0.7]}
    np.testing.assert_allclose(answer(Burst(), "expected", values, ["burst"]), [0.0, 1.9, 0.9])


def test_a_size_is_a_whole_number_with_values_for_all():
    with pytest.raises(ShapeError, match="step has 3 members, 4 are needed"):
        answer(Burst(), "expected", {"burst": 4, "chance": [0.9, 0.5, 0.7]})
    half = type("Half", (Burst,), {"burst": given("1", "drafted tokens")})
    for burst in (1.5, np.array([1.5, 3.0])):
        with pytest.raises(ShapeError, match=r"would have 1\.5 members; a size is a whole number"):
            answer(half(), "expected", {"burst": burst, "chance": [0.9, 0.5, 0.7]}, ["burst"])


# tables, labels, domains


class Converter(Model):
    """Costs by resolution."""

    adc = table("bits", energy="pJ", area="um2")
    bits = given("1", "resolution")
    energy = formula("J", lookup(adc.energy, bits))
    area = formula("um2", lookup(adc.area, bits))


ROWS = {8: {"energy": "5 pJ", "area": 3}, 4: {"energy": 1, "area": "2 um2"}, 6: {"energy": 2, "area": 9}}


def test_a_table_has_columns_and_sparse_keys():
    got = run(compile(Converter(), ["energy", "area"], ["bits"]), {"bits": np.array([4.0, 5, 6, 8]), "adc": ROWS})
    np.testing.assert_allclose(got["energy"], [1e-12, np.nan, 2e-12, 5e-12])
    np.testing.assert_allclose(got["area"], [2, np.nan, 9, 3])


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (None, MissingValueError, r"no value for the table adc \(energy by bits\)"),
        ({}, DomainError, "the table adc has no rows"),
        ({4: {"area": 1}}, MissingValueError, r"adc.energy \[pJ\] at 4"),
        ({4: {"energy": "1 s"}}, WrongUnitError, r"adc.energy\[4\] = 1 s does not measure pJ"),
        ({"four": {"energy": 1}}, DomainError, "the table adc has the key 'four'; keys are whole numbers"),
        ({4.5: {"energy": 1}}, DomainError, "keys are whole numbers"),
        ({4: {"energy": 1}, "4": {"energy": 2}}, DomainError, "the table adc has a key twice"),
    ],
)
def test_a_table_is_complete(rows, error, message):
    with pytest.raises(error, match=message):
        answer(Converter(), "energy", {"bits": 4} | ({} if rows is None else {"adc": rows}))


def test_a_table_is_passed_on_whole():
    adc = table("bits", energy="pJ", area="um2")
    bits = given("1", "resolution")
    made = type(
        "Made",
        (Model,),
        {"adc": adc, "b": bits, "c": (c := Converter(adc=adc, bits=bits)), "x": formula("pJ", c.energy)},
    )
    assert answer(made(), "x", {"b": 6, "adc": ROWS}) == pytest.approx(2.0, rel=1e-15)


class Choices(Model):
    """Values from domains."""

    formats = index("number formats")
    used = given("1", "format in use", default="int8", domain=member(formats))
    rate = given("1", "rate", over=formats)
    mode = given("1", "mode", default="slow", domain=choices("slow", "fast"))
    clock = given("GHz", "clock", default="1 GHz", domain=choices("1 GHz", "2 GHz"))
    rows = given("1", "rows", default=4, domain=integers(1, 8))
    share = given("1", "share", default=0.5, domain=reals(0, 1, 0.25))

    chosen = formula("1", total(where(equal(formats, used), rate, 0), over=formats))
    speed = formula("1", where(equal(mode, 1), 10, 1))
    plain = formula("GHz", clock * rows * share)


def test_labels_are_positions():
    values = {"formats": ["fp16", "int8"], "rate": [3, 7]}
    assert answer(Choices(), "chosen", values) == 7
    assert answer(Choices(), "chosen", values | {"used": "fp16"}) == 3
    np.testing.assert_array_equal(
        answer(Choices(), "chosen", values | {"used": ["fp16", "int8", "fp16"]}, ["used"]), [3, 7, 3]
    )
    np.testing.assert_array_equal(answer(Choices(), "speed", {"mode": ["slow", "fast"]}, ["mode"]), [1, 10])


@pytest.mark.parametrize(
    ("output", "values", "message"),
    [
        ("plain", {"rows": 9}, "rows = 9 is outside its domain, whole numbers 1 to 8"),
        ("plain", {"rows": 2.5}, "rows = 2.5 is outside its domain"),
        ("plain", {"clock": "1.5 GHz"}, r"clock = 1.5 GHz is outside its domain, 1 \| 2 GHz"),
        ("plain", {"share": 0.3}, "share = 0.3 is outside its domain, 0 to 1 in steps of 0.25"),
        ("plain", {"share": -0.25}, "outside its domain"),
        ("speed", {"mode": "medium"}, "mode = 'medium' is no choice; there are fast, slow"),
        ("speed", {"mode": 2}, "mode = 2 is no choice; choose slow, fast"),
        (
            "chosen",
            {"used": "fp8", "formats": ["fp16", "int8"], "rate": [1, 2]},
            "used = 'fp8' is no choice; there are fp16, int8",
        ),
        ("chosen", {"used": "int8", "rate": [1, 2]}, "used = 'int8' is no choice; it has none"),
    ],
)
def test_other_values_are_refused(output, values, message):
    with pytest.raises(DomainError, match=message):
        answer(Choices(), output, values)


def test_a_label_that_names_two_members_is_refused():
    with pytest.raises(ShapeError, match="used is a member of formats, which has a label twice"):
        answer(Choices(), "chosen", {"formats": ["int8", "int8"], "rate": [1, 2]})


def test_unknown_values_and_axes_are_refused():
    with pytest.raises(UnknownValueError, match="Choices has no given 'row'; did you mean rows"):
        answer(Choices(), "plain", {"row": 2})
    with pytest.raises(UnknownValueError, match="Choices has no given 'row'"):
        answer(Choices(), "plain", axes=["row"])


def test_an_axis_that_no_output_follows_keeps_its_length():
    np.testing.assert_array_equal(answer(Choices(), "speed", {"rows": [1, 2]}, ["rows"]), [1, 1])
