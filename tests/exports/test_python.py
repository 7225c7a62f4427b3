"""The exported file needs numpy only, is clean, and gives the engine's numbers, one design or many."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from symppa import units
from symppa.exports.content import Content
from symppa.exports.names import identifiers
from symppa.exports.python import Options, write
from symppa.language import Model, formula, index, total
from symppa.language import given as given_
from tests.engine.models import cases, values
from tests.exports.systems import Everything, asked, assert_same, contents, exported, points, reference, same

__all__ = ["exported"]


def made(content):
    """The function of an exported file, which knows no symppa."""
    text = write(content, Options())
    space = {"__name__": "exported"}
    exec(compile(text, content.title, "exec"), space)
    return space[re.search(r"^def (\w+)\(", text, re.MULTILINE)[1]], text


def keywords(content, function):
    """The keyword of every given, in order: they come before tables and sets."""
    code = function.__wrapped__.__code__
    names = code.co_varnames[: code.co_kwonlyargcount]
    return dict(zip([p.name for p in content.parameters], names, strict=False))


def test_every_system_gives_the_numbers_of_the_engine(exported):
    name, content = exported
    function, _ = made(content)
    words = keywords(content, function)
    for point, want in asked()[name]:
        assert_same(function(**{words[key]: value for key, value in point.items()}), want, name)


def test_many_designs_at_once_are_each_alone(exported):
    name, content = exported
    function, _ = made(content)
    words = keywords(content, function)
    many = points(content, 11, 4)
    moved = [p.name for p in content.parameters if p.value is not None and p.kind == "real"]
    bunch = {words[key]: np.array([{**many[0], key: point[key]}[key] for point in many]) for key in moved}
    rest = {words[key]: value for key, value in many[0].items() if key not in moved}
    found = function(**bunch, **rest)
    for k, point in enumerate(many):
        want = reference(content, {**many[0], **{key: point[key] for key in moved}})
        for output, value in want.items():
            lined = (
                np.broadcast_to(found[output], (4, *np.shape(value)))
                if np.ndim(found[output]) == np.ndim(value)
                else found[output]
            )
            assert same(lined[k], value), f"{name} {output}"


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(case=cases(), told=values())
def test_random_models_give_the_numbers_of_the_engine(case, told):
    content = Content(case.model, tuple(case.outputs), told, parts=case.choose)
    function, _ = made(content)
    want = content.program({name: value for name, value in told.items() if name in content.program.known})
    assert_same(function(), want)


def test_a_file_runs_alone_and_prints_its_outputs_with_units(tmp_path):
    (tmp_path / "gemm.py").write_text(write(contents()["gemm_tiler"], Options()))
    command = [sys.executable, "-I", "-W", "error", "gemm.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"^latency = \S+ ms$", ran.stdout, re.MULTILINE)
    assert len(ran.stdout.splitlines()) == len(contents()["gemm_tiler"].outputs)


def test_a_file_imports_numpy_and_nothing_else_of_others(exported):
    _, text = made(exported[1])
    found = {
        n.module if isinstance(n, ast.ImportFrom) else n.names[0].name
        for n in ast.walk(ast.parse(text))
        if isinstance(n, ast.Import | ast.ImportFrom)
    }
    assert found <= {"__future__", "collections.abc", "typing", "numpy"}


def test_every_file_is_clean(tmp_path):
    ruff = pytest.importorskip("ruff")
    assert ruff
    for name, content in contents().items():
        (tmp_path / f"{name}.py").write_text(write(content, Options()), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--line-length",
        "120",
        "--select",
        "E,F,W,I,B,C4,UP",
    ]
    ran = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[:3000]


def test_what_nobody_tells_is_asked_for_by_name(tmp_path):
    content = Content(Everything, ("energy", "inspected"))
    function, text = made(content)
    with pytest.raises(TypeError, match=r"missing .* required keyword-only arguments: 'chosen', 'macs', and 'adc'"):
        function()
    (tmp_path / "bare.py").write_text(text)
    ran = subprocess.run([sys.executable, "bare.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "macs [kmac] (products of a layer); the table adc" in ran.stderr


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"clock": 9.0}, "clock = 9 is outside its domain"),
        ({"clock": "1 GHz"}, "clock = '1 GHz' is no number"),
        ({"tile": 5}, "tile = 5 is outside"),
        ({"burst": [1, 1.5]}, "burst = 1.5 is outside"),
        ({"mode": "quick"}, "mode: quick is no choice; choose slow, fast, off"),
        ({"chosen": "conv two"}, "chosen: conv two is no choice"),
        ({"chosen": 3}, "chosen = 3 is outside"),
        ({"macs": (1.0, 2.0)}, "macs has 2 values along layer, which has 3"),
        ({"macs": {"conv one": 1, "fc": 2, "tail": 3}}, "macs is told for conv one, fc, tail; layer has"),
        ({"reads": (1.0,), "grid": 1.0}, "step has 1 members, 3 are needed"),
        ({"adc": {6: {"energy": 1.0}}}, "the table adc has no area at 6"),
        ({"layer": 0}, "the set layer has no members"),
        ({"adc": {}}, "the table adc has no rows"),
    ],
)
def test_what_cannot_be_is_refused_in_words(told, said):
    function, _ = made(contents()["everything"])
    with pytest.raises((ValueError, TypeError), match=re.escape(said)):
        function(**told)


def test_labels_mappings_and_other_sets_are_understood():
    function, _ = made(contents()["everything"])
    found = function(layer=("a", "b"), macs={"b": 7.0, "a": 5.0}, grid=0.5, chosen="b", mode=["off", "slow"])
    assert found["members"] == 2
    assert found["inspected"] == found["time"][1]
    assert found["working"].tolist() == [0.0, 1.0]


def test_a_million_designs_go_through_at_once():
    function, _ = made(contents()["nexgen_baseline"])
    clocks = np.linspace(1.0, 3.0, 1_000_000)
    found = function(clock=clocks)
    last = reference(contents()["nexgen_baseline"], {"clock": 3.0})
    assert found["peak_compute"].shape == (1_000_000,)
    assert same(found["peak_compute"][-1], last["peak_compute"])


class Long(Model):
    """A set with many members."""

    item = index("items")
    weight = given_("ms", "time of an item", over=item)

    share = formula("percent", weight / total(weight, over=item), "share of an item", derived=True)


def test_a_long_set_goes_in_and_out():
    content = Content(Long, values={"weight": np.arange(1.0, 20_001.0)})
    function, _ = made(content)
    assert_same(function(), reference(content))
    assert function()["share"].shape == (20_000,)


def test_vectors_and_designs_broadcast():
    function, _ = made(contents()["everything"])
    found = function(clock=np.linspace(1, 2, 5)[:, None], burst=np.arange(7))
    assert found["whole"].shape == (5, 1)
    assert found["time"].shape == (5, 1, 3)
    assert found["moved"].shape == (7,)
    assert found["moved"][0] == 0


def test_values_keep_their_worth_in_another_unit():
    for name, content in contents().items():
        single = {p.name: p for p in content.parameters if isinstance(p.value, float) and p.kind != "label"}
        for key, p in single.items():
            raw = content.told[key].raw if key in content.told else p.value
            assert p.value * p.scale == pytest.approx(units.worth(raw, p.unit, key), rel=1e-15), name


def test_names_are_those_of_the_model():
    _, text = made(contents()["hostile"])
    assert "class_: Number" in text
    assert "lambda_: Number" in text
    assert set(identifiers("python", ["Speed", "speed", "SPEED"]).values()) == {"Speed", "speed", "SPEED"}


def test_a_backslash_is_read_back_as_it_was_written():
    class Slashed(Model):
        r"""Costs \alpha per \mu."""

        side = given_("1", r"side \in R", default=2, source=r"by hand \cite{x}")
        area = formula("1", side * side, r"area \times", derived=True)

    function, text = made(Content(Slashed))
    assert function.__doc__.startswith(r"Costs \alpha per \mu.")
    assert r"1, side \in R (by hand \cite{x})" in function.__doc__
    assert "\\\\" not in text
    assert "\\alpha" in ast.get_docstring(ast.parse(text))


def test_a_backslash_beside_three_quotes_is_read_back_too():
    function, _ = made(contents()["hostile"])
    assert 'Odd """names"""' in function.__doc__
    assert r"\ {x} $_#" in function.__doc__
    assert r"\\" not in function.__doc__
