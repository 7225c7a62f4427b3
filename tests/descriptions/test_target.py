"""Targets: what a file may say, what it inherits, and every kind of bad one with its place."""

from __future__ import annotations

import pytest

from symppa.descriptions.shipped import folder
from symppa.descriptions.target import is_target, load_target
from symppa.descriptions.vary import vary
from symppa.engine.search import Real
from symppa.errors import DescriptionError, QuestionError, SymppaError
from symppa.studies.design.check import checked_target, designs

SHIPPED = sorted(folder("constraints").glob("*.yaml"))
HEAD = "base: nexgen_baseline\nmaximize: compute_density\n"
FREE = "free:\n  chiplet.sms: [16, 64]\n"
GOOD = HEAD + FREE


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine.yaml"):
        file = tmp_path / name
        file.write_text(text)
        return file

    return write


def test_the_agreed_targets_are_shipped():
    names = {path.stem for path in SHIPPED}
    assert names >= {"soc_prd", "soc_500w", "edge_5w", "sram_fit", "tile_gemm", "analog_throughput", "analog_energy"}
    assert names >= {"analog_schedule", "tile_gemm_orders"}
    assert not names & {path.stem for path in folder("models").rglob("*.yaml")}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_target_fits_its_system_and_says_what_it_is(path):
    target = load_target(path.stem)
    assert target.meaning
    assert target.source
    assert load_target(str(path)).files == target.files
    questions = checked_target(target)
    real = any(isinstance(chosen.domain, Real) for question in questions for chosen in question.free.values())
    knobs = max(len(question.free) for question in questions)
    assert designs(questions) is None if real else designs(questions) > (1000 if knobs > 1 else 8)
    assert all(not question.notes for question in questions)


def test_a_target_says_what_is_asked(written):
    target = load_target(
        written(
            "schema: 1\nmeaning: dense\nsource: us\nbase: nexgen_baseline\nvalues: {clock: 2.4 GHz}\n"
            "maximize: compute_density\nminimize: [power]\n"
            "subject_to:\n  power: [<= 500 W, '>= 100 W']\n  area: <= 2000 mm2\n" + FREE
        )
    )
    assert target.objectives == {"power": "min", "compute_density": "max"}
    assert target.limits == {"power": ("<= 500 W", ">= 100 W"), "area": ("<= 2000 mm2",)}
    assert {name: str(one) for name, one in target.free.items()} == {"chiplet.sms": "16 to 64"}
    assert (target.meaning, target.source, target.base, target.fixed) == ("dense", "us", "nexgen_baseline", ("clock",))
    assert repr(target) == "<target mine on nexgen_baseline>"
    assert target.asked.endswith("mine.yaml")


def test_a_target_says_only_what_differs(written):
    first = (
        HEAD
        + FREE
        + "  clock: [1 GHz, 2 GHz]\nsubject_to: {power: <= 500 W, area: <= 2000 mm2}\nvalues: {chiplet.l2: 7 MB}\n"
    )
    written(first, "first.yaml")
    second = "extends: ./first.yaml\nvalues: {clock: 2 GHz}\nsubject_to: {area: [], power: <= 300 W}\n"
    target = load_target(written(second + "free: {chiplet.l2: [6 MB, 8 MB]}\n", "second.yaml"))
    assert target.limits == {"power": ("<= 300 W",)}
    assert set(target.free) == {"chiplet.sms", "chiplet.l2"}  # the clock is fixed, the cache freed
    assert target.fixed == ("clock",)
    assert target.objectives == {"compute_density": "max"}
    assert set(target.files) == {"first.yaml", "second.yaml", "nexgen_baseline.yaml"}


def test_a_nearer_objective_stands_in_place_of_the_farther_ones(written):
    written(GOOD, "first.yaml")
    assert load_target(written("extends: ./first.yaml\nminimize: power\n")).objectives == {"power": "min"}


def test_a_target_may_name_a_system_alone(written):
    target = load_target(written("system: TiledGemm\nminimize: cycles\nfree: {rows: [1, 4]}\n"))
    assert (target.base, target.description.system) == ("TiledGemm", "TiledGemm")


def test_a_target_is_told_from_a_description(written):
    assert is_target("soc_prd")
    assert is_target(str(written(GOOD)))
    assert not is_target("nexgen_baseline")
    assert not is_target(str(written("extends: nexgen_baseline\n", "other.yaml")))
    assert not is_target("nothing_of_the_kind")
    assert not is_target(str(written("a: [\n", "broken.yaml")))


def test_ones_own_targets_are_found_by_name(written, monkeypatch):
    monkeypatch.setenv("SYMPPA_PATH", str(written(GOOD, "own_goal.yaml").parent))
    assert is_target("own_goal")
    assert load_target("own_goal").asked == "own_goal"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD + "minimise: power\n", 5, "a target has no 'minimise'; did you mean minimize"),
        (GOOD + "schema: 2\n", 5, "schema = '2' is another version"),
        ("- a\n", 1, "a target is a mapping: base, minimize"),
        (HEAD, 1, "nothing is free"),
        ("base: nexgen_baseline\n" + FREE, 1, "the target asks for nothing"),
        ("maximize: compute_density\n" + FREE, 1, "no `base:` and no `system:` is named"),
        ("base: nexgen_basline\nmaximize: compute_density\n" + FREE, 1, "did you mean nexgen_baseline"),
        ("system: ChipletSC\nmaximize: compute_density\n" + FREE, 1, "did you mean ChipletSoC"),
        (GOOD + "system: ChipletSoC\n", 5, "name one of both"),
        (GOOD + "extends: soc_prt\n", 5, "did you mean soc_prd"),
        (GOOD + "minimize: compute_density\n", 2, "compute_density is an objective twice"),
        (GOOD + "subject_to:\n  power: 500 W\n", 6, "is no limit"),
        (GOOD + "subject_to:\n  power: {a: b}\n", 6, "subject_to.power"),
        (HEAD + "free:\n  clock: [1 GHz, 2 GHz, 3 GHz]\n", 4, "candidates are {choices: [...]}"),
        (HEAD + "free:\n  clock: {choises: [1 GHz]}\n", 4, "did you mean choices"),
        (HEAD + "free:\n  clock: 2 GHz\n", 4, "nothing to choose from"),
        (GOOD + "values:\n  chiplet:\n    sms: 32\n", 7, "chiplet.sms is fixed at 32 and free"),
        (GOOD + "slots:\n  chiplet.sm: []\n", 6, "needs one or more classes"),
        (GOOD + "slots:\n  chiplet.sm: [A, A]\n", 6, "each once"),
        (GOOD + "parts: {chiplet.sm: A}\nslots:\n  chiplet.sm: [A, B]\n", 7, "is fixed at A and has a choice"),
        (GOOD + "uncertain:\n  chiplet.sms: [1, 2]\n", 6, "is free and uncertain"),
        (GOOD + "uncertain:\n  clock: normal(2 GHz, 1 MHz)\n", 6, "not how often limits hold"),
        (GOOD + "values: &a {}\n", 5, "anchors and aliases are refused"),
        (GOOD + "source: !!python/object:os.system ls\n", 5, "the tag"),
    ],
)
def test_a_bad_file_is_told_with_its_line(written, text, line, words):
    file = written(text)
    with pytest.raises(SymppaError) as caught:
        load_target(file)
    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "free:\n  chiplet.sm: [1, 2]\n", 4, "chiplet.sms"),
        (HEAD + "free:\n  clok: [1 GHz, 2 GHz]\n", 4, "did you mean clock"),
        (HEAD + "free:\n  chiplet.sm.ops_per_cycle: [1 op/cycle, 2 op/cycle]\n", 4, "a vector over formats"),
        (HEAD + "free:\n  chiplet.sm.ops_per_cycle.FP17: [1 op/cycle, 2 op/cycle]\n", 4, "no member 'FP17'"),
        (HEAD + "free:\n  formats: [1, 2]\n", 4, "is a set"),
        (HEAD + "free:\n  clock: [1 V, 2 V]\n", 4, "does not measure GHz"),
        (HEAD + "free:\n  clock: [1, 2]\n", 4, "has no unit"),
        (HEAD + "free:\n  chiplet.sms: [0, 8]\n", 4, "may not be 0: its domain is whole numbers 1 to 4096"),
        (HEAD + "free:\n  clock: [2 GHz, 1 GHz]\n", 4, "reversed"),
        (HEAD + "free:\n  precision: [1, 2]\n", 4, "chosen by label"),
        (HEAD + "free:\n  precision: {choices: [FP61]}\n", 4, "did you mean FP16"),
        ("base: nexgen_baseline\nmaximize: compute_densty\n" + FREE, 2, "did you mean compute_density"),
        ("base: nexgen_baseline\nmaximize: attained\n" + FREE, 2, "many numbers, over loads (workloads)"),
        ("base: nexgen_baseline\nmaximize: by_format.*\n" + FREE, 2, "is a pattern"),
        (GOOD + "subject_to:\n  pwoer: <= 500 W\n", 6, "did you mean power"),
        (GOOD + "subject_to:\n  power: <= 500 V\n", 6, "does not measure W"),
        (GOOD + "subject_to:\n  attained: <= 5 TFLOPS\n", 6, "many numbers"),
        (GOOD + "subject_to:\n  memory_bandwidth: <= 5 TB/s\n", 6, "is the same for every design: it follows"),
        ("base: nexgen_baseline\nmaximize: memory_bandwidth\n" + FREE, 2, "and none of that is free"),
        (GOOD + "values:\n  clock: 2 V\n", 6, "does not measure GHz"),
        (GOOD + "values:\n  chiplet.sm.tensor_cores: 0\n", 6, "outside its domain"),
        (GOOD + "slots:\n  chiplet.xy: [Multiprocessor]\n", 6, "chiplet has no 'xy'"),
        (GOOD + "slots:\n  chiplet.sm: [Multiprocesor]\n", 6, "did you mean Multiprocessor"),
        (GOOD + "uncertain:\n  clock: [1 V, 2 V]\n", 6, "does not measure GHz"),
        (GOOD + "uncertain:\n  clok: [1 GHz, 2 GHz]\n", 6, "did you mean clock"),
        (GOOD + "uncertain:\n  clock: [2 GHz, 1 GHz]\n", 6, "empty or reversed"),
        ("system: TiledGemm\nminimize: cycles\nfree: {rows: [1, 4]}\n", None, "no value for"),
    ],
)
def test_what_does_not_fit_the_system_is_told_with_its_line(written, text, line, words):
    file = written(text)
    with pytest.raises(SymppaError) as caught:
        checked_target(file)
    assert words in str(caught.value)
    assert line is None or str(caught.value).startswith(f"{file}:{line}: ")


def test_targets_that_extend_each_other_are_refused(written):
    first = written("extends: ./second.yaml\n", "first.yaml")
    written("extends: ./first.yaml\n", "second.yaml")
    with pytest.raises(DescriptionError, match="extends itself: first -> second -> first"):
        load_target(first)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (["1 GHz", "2 GHz"], "from 1 GHz to 2 GHz, limits hold always"),
        ({"within": ["1 GHz", "2 GHz"], "hold": "always"}, "from 1 GHz to 2 GHz, limits hold always"),
        (
            {"distribution": "normal(2 GHz, 0.1 GHz)", "hold": "0.95"},
            "normal(2 GHz, 0.1 GHz), limits hold with probability 0.95",
        ),
    ],
)
def test_how_a_given_varies_is_said(raw, text):
    assert str(vary("clock", raw)) == text


def test_what_varies_is_measured():
    assert vary("clock", ["1 GHz", "2000 MHz"]).measured("GHz", "clock") == (1e9, 2e9)
    made = vary("clock", {"distribution": "uniform(1 GHz, 2 GHz)", "hold": "always"})
    assert made.measured("GHz", "clock").numbers == (1e9, 2e9)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (["1 GHz"], "no range of two ends"),
        ({"within": ["1 GHz", "2 GHz"], "hold": "0.9"}, "two ends have no probability"),
        ({"distribution": "uniform(1 GHz, 2 GHz)"}, "hold = '' is neither"),
        ({"distribution": "uniform(1 GHz, 2 GHz)", "hold": "1.5"}, "neither `always` nor a probability"),
        ({"distribution": "uniform(1 GHz, 2 GHz)", "hodl": "0.9"}, "did you mean hold"),
        ({"hold": "0.9"}, "says hold"),
    ],
)
def test_what_does_not_say_how_a_given_varies_is_refused(raw, words):
    with pytest.raises(DescriptionError, match=words):
        vary("clock", raw)


def test_a_distribution_without_ends_cannot_hold_always():
    with pytest.raises((DescriptionError, QuestionError), match="has no ends"):
        vary("clock", {"distribution": "normal(2 GHz, 1 MHz)", "hold": "always"}).measured("GHz", "clock")
