"""compare: the published variants side by side, and what is asked of them."""

import pytest

from symppa import compare, load
from symppa.errors import QuestionError, SymppaError
from symppa.studies.targets import goals

PUBLISHED = {  # peak TFLOPS, TFLOPS/mm2, W, TFLOPS/W: published table of the five variants
    "nexgen_aggressive_optimized": (983.04, 0.8192, 459.6, 2.138903),
    "nexgen_baseline": (65.536, 0.04096, 267.2, 0.245269),
    "nexgen_high_sm_density": (225.28, 0.176, 411.6, 0.547328),
    "nexgen_power_optimized": (88.4736, 0.0582063, 315.2, 0.280690),
    "nexgen_realistic_optimized": (339.1488, 0.2422491, 363.4, 0.933266),
}


def test_the_variants_are_as_published():
    result = compare("nexgen_*")
    names = result.coordinates["description"].values.tolist()
    assert names == sorted(PUBLISHED)
    for place, name in enumerate(names):
        found = [result[o][place] for o in ("peak_compute", "compute_density", "power", "efficiency")]
        assert found == pytest.approx(PUBLISHED[name], rel=2e-6)


def test_targets_are_met_or_not_and_one_is_recommended():
    facts = compare("nexgen_*").facts
    assert not any(facts["met"]["compute_density"].values())
    assert all(facts["met"]["power"].values())
    assert facts["recommended"] == "nexgen_aggressive_optimized"


def test_other_targets_change_the_answer():
    facts = compare("nexgen_*", targets={"power": "<= 300 W", "compute_density": ">= 0.04 TFLOPS/mm2"}).facts
    assert facts["met"]["power"] == {n: PUBLISHED[n][2] <= 300 for n in sorted(PUBLISHED)}
    assert facts["recommended"] == "nexgen_baseline"


def test_what_breaks_another_target_is_not_recommended():
    # Aggressive is the densest, and needs 459.6 W; of the three below 400 W, Realistic is the densest.
    targets = {"compute_density": ">= 0.5 TFLOPS/mm2", "power": "<= 400 W"}
    assert compare("nexgen_*", targets=targets).facts["recommended"] == "nexgen_realistic_optimized"


@pytest.mark.parametrize(
    ("goal", "name"),
    [
        ({"power": "<= 1 W"}, "nexgen_baseline"),  # the first target need not be met: the least power
        ({"power": ">= 1 W"}, "nexgen_aggressive_optimized"),
        ({"power": "== 0.4 kW"}, "nexgen_high_sm_density"),  # 411.6 W is the nearest
        ({"power": "<= 500 W", "peak_compute": ">= 1 PFLOPS"}, None),
        ({}, None),
    ],
)
def test_the_best_by_the_first_target_is_recommended(goal, name):
    assert compare("nexgen_*", targets=goal).facts["recommended"] == name


def test_a_value_set_is_set_everywhere():
    result = compare(["nexgen_baseline", "nexgen_power_optimized"], {"utilisation": 0})
    assert result["power"].tolist() == [50.0, 50.0]


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        ("nexgen_baseline", "at least two"),
        ("nxgen_*", "no description matches"),
        (["nexgen_baseline", "nexgen_baseline"], "named twice"),
    ],
)
def test_what_cannot_be_compared_is_refused(systems, said):
    with pytest.raises(SymppaError, match=said):
        compare(systems)


def test_a_wrong_target_is_told_where_it_stands(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("extends: nexgen_baseline\ntargets:\n  pwoer: <= 500 W\n")
    with pytest.raises(SymppaError, match=r"mine.yaml:3: the target pwoer <= 500 W is on no output here"):
        compare([load(file), load("nexgen_baseline")])


def test_an_output_has_one_target():
    with pytest.raises(QuestionError, match="power has two targets"):
        goals(["power <= 500 W", "power >= 100 W"])


def test_a_target_on_no_output_is_refused():
    with pytest.raises(QuestionError, match="did you mean power"):
        compare([load("nexgen_baseline"), load("nexgen_power_optimized")], targets={"pwoer": "<= 5 W"})
