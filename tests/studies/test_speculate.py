"""Speculative against plain decoding of a network on an analog chip."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import symppa
from symppa.errors import DescriptionError, QuestionError, UnknownValueError
from symppa.studies.speculate import speculate
from tests.cli.asking import data, flat, told

STATS = {"k": 5, "histogram": {"0": 2, "1": 2, "2": 1, "5": 9}}


@pytest.fixture
def stats(tmp_path):
    path = tmp_path / "stats.json"
    path.write_text(json.dumps(STATS))
    return path


def test_a_point_is_what_evaluate_says():
    found = speculate("qwen3_0p6b", "analog_soc", prompt="32,64", burst="3", acceptance=0.9)
    for place, prompt in enumerate((32, 64)):
        one = symppa.evaluate("analog_soc", {"prompt": prompt, "burst": 3, "acceptance.rate": 0.9})
        for name in found.outputs:
            assert found[name][place, 0] == pytest.approx(one[name], rel=1e-12), name


def test_a_network_takes_the_place_of_that_of_the_chip():
    small, large = (speculate(n, "analog_soc", prompt="64", burst="3") for n in ("qwen3_0p6b", "qwen3_1p7b"))
    assert large["energy"] > 2 * small["energy"]
    assert any(input.origin == "qwen3_1p7b" for name, input in large.inputs.items() if name.startswith("net."))


def test_a_burst_of_nothing_gains_nothing():
    found = speculate("llama3_2_1b", "analog_soc", prompt="64:256:x2", burst="0:2")
    assert found["speed_up"][:, 0] == pytest.approx(1)
    assert found["energy_gain"][:, 0] == pytest.approx(1)


def test_the_fastest_burst_is_that_of_a_search():
    found = speculate("qwen3_0p6b", "analog_soc", prompt="8:128:x2", burst="1:16", acceptance=0.9)
    for place, best in enumerate(found.facts["best"]):
        assert best["burst"] == 1 + np.argmax(found["speed_up"][place])


def test_a_histogram_counts_for_shorter_bursts_too(stats):
    found = speculate("qwen3_0p6b", "analog_soc", prompt="16", burst="1:5", acceptance=stats)
    whole = [1 + sum(min(int(a), k) * n for a, n in STATS["histogram"].items()) / 14 for k in range(1, 6)]
    rates = [speculate("qwen3_0p6b", "analog_soc", prompt="16", burst=str(k), acceptance=0.5) for k in range(1, 6)]
    for k, rated in enumerate(rates):
        tokens = sum(0.5**i for i in range(k + 2))
        # the time of a burst is the same, its tokens are not
        assert found["latency"][0, k] * whole[k] == pytest.approx(rated["latency"][0, 0] * tokens)


def test_a_longer_burst_than_those_counted_is_refused(stats):
    with pytest.raises(QuestionError, match="longer than those counted"):
        speculate("qwen3_0p6b", "analog_soc", prompt="16", burst="1:6", acceptance=stats)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "states `k`"),
        ('{"k": 2, "histogram": {"3": 1}}', "0 to k = 2"),
        ('{"k": "x", "histogram": {}}', "whole numbers"),
    ],
)
def test_a_wrong_histogram_is_refused(tmp_path, text, message):
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(DescriptionError, match=message):
        speculate("qwen3_0p6b", "analog_soc", acceptance=path)


def test_an_acceptance_that_is_neither_is_refused():
    with pytest.raises(QuestionError, match="neither a rate nor a file"):
        speculate("qwen3_0p6b", "analog_soc", acceptance="often")


def test_a_chip_is_no_network():
    with pytest.raises(DescriptionError, match="a network is a Transformer"):
        speculate("nexgen_baseline", "analog_soc")


def test_an_unknown_value_is_refused():
    with pytest.raises(UnknownValueError, match="did you mean"):
        speculate("qwen3_0p6b", "analog_soc", values={"chip.crossbar.sise": "64"})


class TestVerb:
    ASK = ("speculate", "qwen3_0p6b", "analog_soc", "--prompt", "8:64:x2", "--burst", "1:4", "--acceptance", "0.9")

    def test_tables(self):
        text = flat(*self.ASK)
        assert "qwen3_0p6b on analog_soc" in text
        assert "fastest burst" in text

    def test_csv_has_a_row_for_every_prompt_and_burst(self):
        rows = list(csv.DictReader(io.StringIO(told(*self.ASK, "--csv"))))
        assert [(float(r["prompt"]), float(r["burst"])) for r in rows] == [
            (p, b) for p in (8, 16, 32, 64) for b in (1, 2, 3, 4)
        ]
        found = speculate("qwen3_0p6b", "analog_soc", prompt="8:64:x2", burst="1:4", acceptance=0.9)
        assert [float(r["latency [ns/token]"]) for r in rows] == found["latency"].ravel().tolist()

    def test_json(self):
        assert data(*self.ASK)["facts"]["network"] == "qwen3_0p6b"

    @pytest.mark.parametrize(("bursts", "names"), [("1:4", {"speed_up.png", "break_even.png"}), ("3", {"gains.png"})])
    def test_figures(self, tmp_path, bursts, names):
        told(*self.ASK[:-4], "--burst", bursts, "--plot", str(tmp_path))
        assert {path.name for path in tmp_path.iterdir()} == names

    def test_values_may_be_replaced(self):
        slow, fast = (data(*self.ASK, "--set", f"chip.units.lanes={n}") for n in (64, 4096))
        assert slow["outputs"]["latency"]["values"][0][0] > fast["outputs"]["latency"]["values"][0][0]


@pytest.mark.parametrize("rate", ["nan", "1.5", "-0.1", "inf"])
def test_an_acceptance_is_a_share(rate):
    with pytest.raises(QuestionError, match=f"acceptance = {rate} is no rate"):
        speculate("qwen3_0p6b", "analog_soc", prompt="0:10", burst="0:1", acceptance=rate)
