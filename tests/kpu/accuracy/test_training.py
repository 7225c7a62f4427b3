"""Data that need no download, training into the cache, and what is refused without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from symppa.errors import TrainingError, UnknownValueError
from symppa.kpu.accuracy import data, results
from symppa.kpu.accuracy.recipes import RECIPES, recipe
from symppa.kpu.accuracy.study import Question, missing, row, studied, subject, worst
from symppa.kpu.accuracy.training import train, trained
from symppa.kpu.interface.kinds import KPUPrecision


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(folder))
    return folder


def small(name, **more):
    return replace(recipe(name), **({"epochs": 1, "batch": 16} | more))


def test_digits_are_split_and_drawn_by_their_seed():
    pytest.importorskip("sklearn")
    trained_on, held_out = data.digits(16, np.random.default_rng(0))
    assert (len(trained_on), len(held_out)) == (1297, 500)
    assert trained_on.pixels.shape == (1297, 3, 16, 16)
    assert sorted(set(held_out.truth.tolist())) == list(range(10))
    again, _ = data.digits(16, np.random.default_rng(0))
    other, _ = data.digits(16, np.random.default_rng(1))
    assert np.array_equal(again.pixels, trained_on.pixels)
    assert not np.array_equal(other.truth, trained_on.truth)


def test_enlarging_by_two_puts_quarters_between_pixels():
    found = data.enlarged(np.array([[[0.0, 4.0]]], np.float32), 4)
    assert found[0, 0].tolist() == [0.0, 1.0, 3.0, 4.0]


def test_shapes_lie_in_their_boxes_and_boxes_in_the_picture():
    made = data.scenes(40, 32, np.random.default_rng(0))
    boxes = made.truth[made.truth[..., 0] >= 0]
    assert len(boxes) >= 40
    assert boxes[:, 1:].min() >= 0
    assert boxes[:, 1:].max() <= 32
    assert np.all(boxes[:, 3:] > boxes[:, 1:3])
    assert set(boxes[:, 0].astype(int)) == set(range(len(data.SHAPES)))


def test_training_keeps_weights_that_are_found_again_and_repeats_itself(place):
    about = small("yolov8n", pictures=32, side=32)
    assert trained(about, 0) is None
    first = train(about, 0)
    assert trained(about, 0).digest == first.digest
    assert any(place.glob("yolov8n-*.safetensors"))
    assert train(about, 0).digest == first.digest
    assert train(about, 1).digest != first.digest


def test_a_changed_recipe_has_other_weights(place):
    about = small("yolov8n", pictures=32, side=32)
    train(about, 0)
    assert trained(replace(about, rate=0.01), 0) is None


def test_damaged_weights_are_not_used(place):
    about = small("yolov8n", pictures=32, side=32)
    train(about, 0)
    (path,) = place.glob("yolov8n-*.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert trained(about, 0) is None


def test_a_format_of_sixteen_bits_costs_a_trained_network_little(place):
    found = subject(train(small("yolov8n", pictures=64, side=32), 0), 10)
    told = row(found, KPUPrecision.FP16, Question(["yolov8n"]))
    assert told["samples"] == 10
    assert 0 < told["differences"]["all"]["worst"] < 0.01
    assert told["kept"] == []


def test_without_trained_weights_the_way_to_them_is_named(place):
    with pytest.raises(TrainingError, match="resnet18 was not trained here with seed 7: symppa kpu accuracy --train"):
        list(studied(Question(["resnet18"], seeds=[7])))
    assert "--train" in missing("yolov8n", 0)


def test_an_unknown_network_is_refused():
    with pytest.raises(UnknownValueError, match="vit_b_16"):
        recipe("vit_b_16")


def told(network, precision, seed, far):
    return {
        "network": network, "precision": precision, "seed": seed, "weights": "0" * 64, "operators": {}, "kept": [],
        "recipe": RECIPES[network].hash, "differences": {"all": {"worst": far, "relative": far, "softmax": far}},
        "task_before": 1.0, "task_after": 1.0,
    }  # fmt: skip


def test_the_worst_of_all_seeds_is_held_against_what_is_wanted():
    rows = [told("resnet18", "int8", seed, far) for seed, far in ((0, 0.008), (1, 0.012), (2, 0.009))]
    assert worst(rows) == {("resnet18", "int8"): 0.012}
    (one,) = results.goals(rows)
    assert not one["met"]
    assert one["seeds"] == [0, 1, 2]
    assert results.goals(rows[:1])[0]["met"]


def test_a_file_of_results_keeps_other_rows_and_drops_those_of_other_recipes(tmp_path):
    path = tmp_path / "found.json"
    old = {**told("yolov8n", "fp16", 0, 0.1), "recipe": "gone"}
    results.write(path, [told("resnet18", "int8", 0, 0.5), told("resnet18", "fp16", 0, 0.1), old])
    results.write(path, [told("resnet18", "int8", 0, 0.25)])
    read = results.read(path)
    assert [(one["precision"], one["differences"]["all"]["worst"]) for one in read["rows"]] == [
        ("fp16", 0.1), ("int8", 0.25),
    ]  # fmt: skip


def test_a_file_that_is_no_results_is_refused(tmp_path):
    path = tmp_path / "found.json"
    path.write_text('{"schema": 99}')
    with pytest.raises(TrainingError, match="no file of results of schema 1"):
        results.read(path)
