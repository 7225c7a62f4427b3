"""Suites as files, and one operation told on the command line."""

from __future__ import annotations

import pkgutil

import pytest

from symppa.calibration.measuring import runners as room
from symppa.calibration.measuring.cases import case, shape_of
from symppa.calibration.measuring.runners import ready, runners, runs
from symppa.calibration.measuring.suites import chosen, seconds, shipped_suites, suite, told_cases
from symppa.descriptions import shipped
from symppa.errors import DescriptionError, MeasurementError

STREAM = {f"stream_{name}" for name in ("copy", "scale", "add", "triad")}
BLAS = {f"blas_{name}" for name in ("dot", "axpy", "scal", "gemv", "ger")}


def test_the_suites_are_shipped_and_are_no_descriptions():
    assert set(shipped_suites()) == {"micro", "llm", "cnn", "quick"}
    assert not set(shipped_suites()) & set(shipped.names())


@pytest.mark.parametrize("name", ["micro", "llm", "cnn", "quick"])
def test_every_case_of_a_shipped_suite_can_run_where_its_runner_runs(name):
    found = suite(name)
    assert found.name == name
    refused = {str(case): why for case in found.cases if (why := runners()[case.runner].refused(case))}
    assert not refused


def test_the_suites_time_everything_that_is_promised():
    ops = {case.op for name in shipped_suites() for case in suite(name).cases}
    others = {
        "gemm",
        "conv2d",
        "layernorm",
        "softmax",
        "attention_prefill",
        "attention_decode",
        "add",
        "gelu",
        "network",
    }
    assert STREAM | BLAS | others <= ops
    assert {case.runner for name in shipped_suites() for case in suite(name).cases} == {
        "numpy",
        "torch-cpu",
        "torch-cuda",
    }


def test_networks_of_suites_are_shipped():
    names = {case.network for name in shipped_suites() for case in suite(name).cases if case.network}
    assert names <= set(shipped.names())


def write(tmp_path, cases):
    path = tmp_path / "mine.yaml"
    path.write_text(f"suite: mine\nmeaning: some\ncases:\n{cases}")
    return str(path)


def test_lists_are_every_combination_and_sizes_are_those_listed(tmp_path):
    text = "  - {op: gemm, dtype: [fp32, fp64], runner: numpy, m: [1, 2], sizes: [n=3 k=4, n=5 k=6]}\n"
    found = suite(write(tmp_path, text)).cases
    assert len(found) == 8
    assert {(c.shape["m"], c.shape["n"], c.shape["k"]) for c in found} == {(1, 3, 4), (1, 5, 6), (2, 3, 4), (2, 5, 6)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("  - {op: gem, runner: numpy}\n", "mine.yaml:4: there is no operation 'gem'"),
        ("  - {op: gemm, runner: numpi, sizes: [1x2x3]}\n", "there is no runner 'numpi'; did you mean numpy"),
        ("  - {op: gemm, runner: numpy, m: 1}\n", "gemm needs n, k"),
        ("  - {op: gemm, sizes: [1x2x3]}\n", "a case names its runner"),
        ("  - {op: gemm, runner: numpy, sizes: [1x2]}\n", "'1x2' has 2 sizes, gemm is mxkxn"),
        ("  - {op: relu, runner: numpy, elements: many}\n", "'many' is no number"),
        ("  - {op: relu, runner: numpy, elements: 4, colour: 3}\n", "relu has no 'colour'"),
        ("  - {op: relu, runner: numpy, elements: [4, 4]}\n", "relu elements=4 fp32 numpy stands 2 times"),
        ("  - {op: network, runner: torch-cpu, batch: 1}\n", "a network is timed as op network with its name"),
        ("  - [relu]\n", "a case names its op"),
    ],
)
def test_a_suite_that_is_wrong_is_refused_where_it_is(tmp_path, text, why):
    with pytest.raises((MeasurementError, DescriptionError), match=why):
        suite(write(tmp_path, text))


def test_an_unknown_suite_is_refused_with_the_nearest():
    with pytest.raises(MeasurementError, match="there is no suite 'quik'; did you mean quick"):
        suite("quik")


@pytest.mark.parametrize(
    ("op", "text", "shape"),
    [
        ("gemm", "2x3x4", {"m": 2, "k": 3, "n": 4}),
        ("gemm", "n=4,m=2 k=3", {"m": 2, "k": 3, "n": 4}),
        ("softmax", "12x197x197", {"rows": 12 * 197, "width": 197}),
        ("gelu", "2x3x4", {"elements": 24}),
        ("blas_gemv", "8x9", {"m": 8, "n": 9}),
    ],
)
def test_a_shape_is_written_as_people_write_it(op, text, shape):
    assert shape_of(op, text) == shape


@pytest.mark.parametrize("text", ["axb", "1x2", "", "5"])
def test_a_text_that_is_no_shape_is_refused(text):
    with pytest.raises(MeasurementError, match=r"is no shape|sizes, gemm is"):
        shape_of("gemm", text)


def test_one_operation_needs_a_shape_and_has_every_format_and_runner_asked_for():
    found = told_cases("relu", ["8", "9"], ["fp32", "fp64"], ["numpy", "torch-cpu"], "")
    assert len(found.cases) == 8
    with pytest.raises(MeasurementError, match="relu needs --shape, as elements"):
        told_cases("relu", [], [], ["numpy"], "")


def test_some_cases_of_a_suite_are_chosen():
    found = chosen(suite("quick"), {"op": ["softmax"], "runner": ["numpy"]})
    assert {(c.op, c.runner) for c in found.cases} == {("softmax", "numpy")}
    with pytest.raises(MeasurementError, match="has no case with op rope"):
        chosen(suite("quick"), {"op": ["rope"]})


@pytest.mark.parametrize(("text", "span"), [("90s", 90), ("5min", 300), ("1 h", 3600), ("0.5s", 0.5)])
def test_a_span_of_time_has_a_unit(text, span):
    assert seconds(text) == span


@pytest.mark.parametrize("text", ["5", "min", "5 minutes", "-3s"])
def test_a_span_without_one_is_refused(text):
    with pytest.raises(MeasurementError, match="write 90s, 5min or 1h"):
        seconds(text)


def test_every_file_of_the_room_that_names_a_runner_is_one():
    modules = {found.name for found in pkgutil.iter_modules(room.__path__)} - {
        "runner",
        "torch_operators",
        "torch_graph",
    }
    assert {name.replace("-", "_") for name in runners()} | {"numpy_cpu"} == modules | {"numpy"}


def test_a_runner_that_cannot_run_says_why():
    for made in runners().values():
        assert made in ready() or made.missing()
        assert runs(made, "gemm")
        assert not runs(made, "subgraph")
        assert made.refused(case("gemm", {"m": 1, "n": 1, "k": 1}, "fp4", made.name))
