"""NET.yaml: what is written is read back, and what is wrong is refused at its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from symppa.errors import DescriptionError, SymppaError, WorkloadError
from symppa.workloads import yaml
from symppa.workloads.encoding import decoded, dumps, encoded
from symppa.workloads.features import features
from symppa.workloads.ir import Graph, Tensor
from symppa.workloads.shapes import Row, built
from symppa.workloads.yaml import load, loads
from tests.house.tree import ROOT
from tests.workloads.builders import NETWORKS
from tests.workloads.graphs import graphs

HEAD = "workload: net\nsizes: {batch: 1}\ninputs: {x: [batch, 8]}\noperators:\n"
SHIPPED = ROOT / "models" / "workloads"


def net(rows: str) -> Graph:
    return loads(HEAD + rows, "net.yaml")


@given(graphs())
def test_what_is_written_is_read_back(graph):
    assert loads(dumps(graph)) == graph
    assert decoded(encoded(graph)) == graph


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shipped_network_is_that_of_its_paper(name):
    assert load(SHIPPED / f"{name}.yaml") == NETWORKS[name]()


@pytest.mark.parametrize("name", ["vit_b_16", "bert_large", "gpt2"])
def test_a_network_with_repeated_blocks_is_read_back_row_by_row(name):
    graph = load(SHIPPED / f"{name}.yaml")
    assert loads(dumps(graph)) == graph


def test_words_that_yaml_would_take_for_values_are_quoted():
    inputs = {"yes": Tensor("yes", (2, 8), "float16"), "a b": Tensor("a b", (2, 8))}
    rows = [
        Row("1.5", "add", ("yes", "a b")),
        Row("no: really", "Upsample", ("image",), {"mode": "bilinear", "scale": 2}),
    ]
    graph = built("null", inputs | {"image": Tensor("image", (1, 3, 2, 2))}, rows, meaning='says "so", # 1', source="x")
    assert loads(dumps(graph)) == graph


def test_a_row_says_only_what_does_not_follow():
    graph = net(
        "- [a, Linear, {out: 8, bias: false}]\n- [b, Linear, {out: 8, weights: a, bias: false}]\n- [s, add, [a, b]]"
    )
    assert dumps(graph).splitlines()[5:] == [
        "operators:",
        "  - [a, Linear, {out: 8, bias: false}]",
        "  - [b, Linear, {out: 8, bias: false, weights: a}]",
        "  - [s, add, [a, b]]",
    ]
    assert graph.parameters == 64


def test_a_repeated_block_carries_its_last_result():
    graph = net(
        "- [first, Linear, {out: 8}]\n"
        "- repeat: 2\n  name: block\n  carry: h\n  operators:\n"
        "  - [a, Linear, [h], {out: 8}]\n  - [s, Split, {axis: 1, sizes: [4, 4]}]\n"
        "  - [c, Concat, [s.1, s.0], {axis: 1}]\n  - [sum, add, [c, h]]\n"
        "- [last, ReLU]\n"
    )
    assert [(o.name, o.inputs) for o in graph.operators][5:] == [
        ("block.1.a", ("block.0.sum",)),
        ("block.1.s", ("block.1.a",)),
        ("block.1.c", ("block.1.s.1", "block.1.s.0")),
        ("block.1.sum", ("block.1.c", "block.0.sum")),
        ("last", ("block.1.sum",)),
    ]


def test_blocks_within_blocks_see_the_names_around_them():
    graph = net(
        "- repeat: 2\n  name: outer\n  carry: h\n  operators:\n"
        "  - [a, Linear, [h], {out: 8}]\n"
        "  - repeat: 2\n    name: inner\n    carry: g\n    operators:\n"
        "    - [s, add, [g, a]]\n"
    )
    assert graph.operators[-1].name == "outer.1.inner.1.s"
    assert graph.operators[-1].inputs == ("outer.1.inner.0.s", "outer.1.a")


def test_numbers_truth_and_nothing_are_read_as_such():
    graph = net("- [c, Clip, {low: -1.5, high: null}]\n- [m, Mean, {axes: [-1], keep: true}]\n")
    assert dict(graph.operators[0].attributes) == {"low": -1.5, "high": None}
    assert dict(graph.operators[1].attributes) == {"axes": (-1,), "keep": True}


@pytest.mark.parametrize(
    ("rows", "line", "match"),
    [
        ("- [a, Linear, {out: 8}]\n- [b, Lineal, {out: 8}]", 6, "no kind of operator 'Lineal'; did you mean Linear"),
        ("- [a, ReLU]\n\n- [b, add, [a, c]]", 7, "b reads 'c', which no operator before it writes"),
        ("- [a, Linear]", 5, "a: Linear needs out"),
        ("- [a]", 5, "a row is "),
        ("- [a, ReLU, [x], {}, {}]", 5, "a row is "),
        ("- [a, ReLU, x]", 5, "a row is "),
        ("- a", 5, "here stands 'a'; expected is a list"),
        ("- [[a], ReLU]", 5, "expected is a text"),
        ("- [a, Linear, {out: {b: 1}}]", 5, "expected is a number, a text or a list"),
        ("- repeat: 0\n  name: b\n  operators: []", 5, "repeat is '0'; expected is a number of at least 1"),
        ("- repeat: 2\n  operators: []", 5, "a repeated block needs name"),
        ("- repeat: 2\n  name: b\n  times: 3\n  operators: []", 7, "a repeated block has no 'times'"),
        ("- repeat: 2\n  name: b\n  carry: h\n  operators:\n  - [a, Linear, [h], {out: 4}]", 5, "keeps the shape"),
        ("- [a, Linear, {out: 4, weights: b}]", 5, "which b does not have"),
    ],
)
def test_a_wrong_row_is_refused_at_its_line(rows, line, match):
    with pytest.raises(WorkloadError, match=match) as caught:
        net(rows)
    assert (caught.value.file, caught.value.line) == ("net.yaml", line)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("workload: net\ninputs: {}\noperators: []", "at least one input"),
        ("workload: net\noperators: []", "a workload needs inputs"),
        ("workload: net\ninputs: {x: [2]}\noperators: []\ninput: 3", "a workload has no 'input'; did you mean inputs"),
        ("schema: 2\nworkload: net\ninputs: {x: [2]}\noperators: []", "schema 2 is not known"),
        ("workload: net\ninputs: {x: [batch]}\noperators: []", "no size 'batch' stands under `sizes`"),
        ("workload: net\ninputs: {x: [0]}\noperators: []", "x has the size 0"),
        ("workload: net\ninputs: {x: [1.5]}\noperators: []", "x has the size 1.5"),
        (
            "workload: net\ninputs: {x: {shape: [1], dtype: int9}}\noperators: []",
            "elements of 'int9'.*did you mean int8",
        ),
        ("workload: net\nsizes: {batch: -1}\ninputs: {x: [1]}\noperators: []", "batch is '-1'"),
        ("workload: net\ninputs: {x: [2]}\noutputs: [y]\noperators: [[a, ReLU]]", "the output 'y' is no tensor"),
        ("workload: net\ninputs: [x]\noperators: []", "expected are names with values"),
    ],
)
def test_a_wrong_file_is_refused(text, match):
    with pytest.raises(WorkloadError, match=match) as caught:
        loads(text, "net.yaml")
    assert caught.value.file == "net.yaml"


@pytest.mark.parametrize("text", ["workload: !!python/object:os.system {}", "a: &b 1\nc: *b", "workload: [", ""])
def test_hostile_and_broken_texts_are_refused(text):
    with pytest.raises(DescriptionError):
        loads(text)


def test_a_graph_whose_names_are_not_those_of_rows_is_not_written():
    graph = built("net", {"x": Tensor("x", (2, 8))}, [Row("a", "ReLU", ("x",))])
    renamed = Graph("net", graph.operators, graph.tensors | {"z": Tensor("z", (1,))}, graph.inputs, graph.outputs)
    with pytest.raises(WorkloadError, match="cannot be written as rows"):
        dumps(renamed)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path / "kept"))
    file = tmp_path / "net.yaml"
    file.write_text(HEAD + "- [a, Linear, {out: 4}]\n")
    return file


def kept(place: Path) -> list[Path]:
    return list((place.parent / "kept").glob("workload-*"))


def test_a_network_is_kept_and_read_anew_once_its_file_changes(place, monkeypatch):
    first = load(place)
    assert len(kept(place)) == 1
    with monkeypatch.context() as patched:
        patched.setattr(yaml, "graph_of", lambda root: pytest.fail("it was kept"))
        assert load(place) == first
    place.write_text(HEAD + "- [a, Linear, {out: 5}]\n")
    assert load(place).tensors["a"].shape == ("batch", 5)


def test_a_damaged_copy_is_not_used(place):
    first = load(place)
    [copy] = kept(place)
    copy.write_bytes(copy.read_bytes().replace(b"Linear", b"Lineal"))
    os.chmod(copy, 0o600)  # noqa: PTH101
    assert load(place) == first


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(SymppaError, match=r"there is no file .*gone\.yaml"):
        load(tmp_path / "gone.yaml")


def test_a_folder_is_no_network(tmp_path):
    (tmp_path / "net.yaml").mkdir()
    with pytest.raises(SymppaError, match="there is no file"):
        load(tmp_path / "net.yaml")


def test_a_name_finds_what_is_shipped_and_what_is_no_network_is_refused():
    assert load("resnet18").name == "resnet18"
    with pytest.raises(DescriptionError, match=r"no description 'resnet19'; did you mean resnet18"):
        load("resnet19")
    with pytest.raises(WorkloadError, match=r"toy_transformer\.yaml:1: this describes a system, not a network"):
        load("toy_transformer")


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20)
@given(graphs())
def test_sizes_of_a_graph_are_kept_as_symbols(graph):
    assert loads(dumps(graph)).at(batch=3).tensors == graph.at(batch=3).tensors


def test_a_workload_without_operators_is_refused():
    with pytest.raises(WorkloadError, match=r"net:1: a workload has at least one operator"):
        loads("{workload: x, inputs: {x: [2, 8]}, operators: []}", "net")


def test_a_size_that_cannot_be_counted_with_is_refused():
    graph = loads("{workload: n, sizes: {batch: 1}, inputs: {x: [batch, 64]}, operators: [[f, Linear, {out: 64}]]}")
    with pytest.raises(WorkloadError, match=r"elements at batch = 1000000000000000; at most 9007199254740992"):
        features(graph, [{"batch": 10**15}])
    with pytest.raises(WorkloadError, match="is too large to count with"):
        features(graph, [{"batch": 10**30}])
