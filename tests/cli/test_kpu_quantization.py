"""symppa kpu compile: how numbers are brought into few bits."""

from __future__ import annotations

import pytest

from tests.cli.test_kpu import archive as archive
from tests.cli.test_kpu import ask, data, flat
from tests.cli.test_kpu import samples as samples


@pytest.mark.parametrize("calibrator", ["mse", "entropy", "percentile:99.9", "minmax"])
def test_the_calibrator_is_chosen_and_told(archive, samples, calibrator):
    text = flat("kpu", "compile", archive, "--calibration", str(samples), "--calibrator", calibrator)
    assert f"activations calibrated by {calibrator.partition(':')[0]}" in text


def test_a_tolerance_is_met_and_what_is_kept_is_told(archive, samples):
    told = ("kpu", "compile", archive, "--calibration", str(samples))
    loose = data(*told, "--tolerance", "5")["passes"]
    assert loose["quantization"]["kept"] == []
    tight = data(*told, "--equalise", "--tolerance", str(loose["sensitivity"]["before"] / 2))["passes"]
    assert tight["quantization"]["kept"]
    assert tight["sensitivity"]["after"] <= loose["sensitivity"]["before"] / 2
    assert data(*told, "--keep", tight["quantization"]["kept"][0])["passes"]["quantization"]["kept"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--calibrator", "mse"], "--calibrator works over samples: add --calibration FILE|FOLDER"),
        (["--tolerance", "0.1"], "--tolerance works over samples"), (["--no-correct-biases"], "works over samples"),
        (["--keep", "nothing"], "is called 'nothing'; it has"),
    ],
)  # fmt: skip
def test_a_wrong_question_says_what_is_wrong(archive, arguments, message):
    refused = ask("kpu", "compile", archive, *arguments)
    assert refused.exit_code == 2
    assert message in refused.stderr


def test_a_calibrator_that_is_none_is_refused(archive, samples):
    refused = ask("kpu", "compile", archive, "--calibration", str(samples), "--calibrator", "mean")
    assert refused.exit_code == 2
    assert "there is no calibrator 'mean'" in refused.stderr
