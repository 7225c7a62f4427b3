"""Targets that say what cannot be: each refused at its line, with what to write instead."""

from __future__ import annotations

import pytest

from symppa.errors import SymppaError
from symppa.studies.design.check import checked_target

BASE = "base: nexgen_baseline\n"
HEAD = BASE + "maximize: compute_density\n"
FREE = "free:\n  chiplet.sms: [16, 64]\n"
GOOD = HEAD + FREE
CLOCK = HEAD + "free:\n  clock: "

WRITTEN_TWICE = [
    (GOOD + "free:\n  clock: [1 GHz, 2 GHz]\n", 5, "'free' stands twice, first in line 3"),
    (CLOCK + "[1 GHz, 2 GHz]\n  clock: [1 GHz, 3 GHz]\n", 5, "'clock' stands twice, first in line 4"),
    (GOOD + "maximize: area\n", 5, "'maximize' stands twice, first in line 2"),
    (GOOD + "subject_to:\n  power: <= 500 W\n  power: <= 400 W\n", 7, "'power' stands twice, first in line 6"),
    (GOOD + "values: {clock: 2 GHz, clock: 3 GHz}\n", 5, "'clock' stands twice, first in line 5"),
    (GOOD + "slots:\n  chiplet.sm: [A]\n  chiplet.sm: [B]\n", 7, "'chiplet.sm' stands twice, first in line 6"),
]
NO_YAML = [
    (CLOCK + "!!python/tuple [1 GHz, 2 GHz]\n", 4, "the tag tag:yaml.org,2002:python/tuple is refused"),
    (CLOCK + "!range [1 GHz, 2 GHz]\n", 4, "the tag !range is refused: values are plain texts"),
    (CLOCK + "&ends [1 GHz, 2 GHz]\n  chiplet.sms: *ends\n", 4, "anchors and aliases are refused: use extends"),
    (GOOD + "<<: {a: b}\n", 5, "a target has no '<<'"),
    (GOOD + "---\n" + GOOD, 5, "not YAML: but found another document"),
    (HEAD + "free:\n\tclock: [1 GHz, 2 GHz]\n", 4, "not YAML"),
    (GOOD + "subject_to:\n  ? [a, b]\n  : <= 4\n", 6, "a key is a plain text"),
]
OBJECTIVES = [
    (BASE + FREE, 1, "it has no minimize, no maximize and no subject_to"),
    (BASE + "minimize: []\n" + FREE, 1, "it has no minimize, no maximize and no subject_to"),
    (BASE + "minimize:\n" + FREE, 2, "minimize names no output: write one"),
    (BASE + "minimize: {power: 1}\n" + FREE, 2, "is no text: minimize is output of which less is better"),
    (BASE + "minimize: powr\n" + FREE, 2, "did you mean power"),
    (BASE + "minimize: power\nmaximize: power\n" + FREE, 3, "power is an objective twice"),
    (BASE + "minimize: [area, power]\nmaximize: [power]\n" + FREE, 3, "power is an objective twice"),
    (BASE + "minimize: [area, area]\n" + FREE, 2, "area is an objective twice"),
]
LIMITS = [
    (GOOD + "subject_to:\n  powr: <= 500 W\n", 6, "did you mean power"),
    (GOOD + "subject_to:\n  power: <= 500\n", 6, "has no unit; expected"),
    (GOOD + "subject_to:\n  power: <= 500 GHz\n", 6, "does not measure W"),
    (GOOD + "subject_to:\n  power: <= nan W\n", 6, "is not a number with a unit"),
    (GOOD + "subject_to:\n  power: <= inf W\n", 6, "is not a number with a unit"),
    (GOOD + "subject_to:\n  power: 500\n", 6, "is no limit: write OUTPUT <= VALUE"),
    (GOOD + "subject_to:\n  power:\n", 6, "is no limit: write OUTPUT <= VALUE"),
    (GOOD + "subject_to: [power]\n", 5, "is no mapping: subject_to is limits by output"),
    (GOOD + "subject_to:\n  clock: <= 2 GHz\n", 6, "is the same for every design"),
    (GOOD + "subject_to:\n  power: ['<= 500 W', '>= 100 m']\n", 6, "does not measure W"),
]
RANGES = [
    (CLOCK + "[]\n", 4, "clock is empty: there is nothing to choose from"),
    (CLOCK + "{choices: []}\n", 4, "clock is empty: there is nothing to choose from"),
    (CLOCK + "[2 GHz, 1 GHz]\n", 4, "is reversed: the lower end comes first"),
    (CLOCK + "{from: 2 GHz, to: 1 GHz, step: 100 MHz}\n", 4, "is reversed: the lower end comes first"),
    (HEAD + "free:\n  chiplet.sms: {integers: [64, 16]}\n", 4, "is reversed: the lower end comes first"),
    (HEAD + "free:\n  chiplet.sms: [64, 16]\n", 4, "is reversed: the lower end comes first"),
    (CLOCK + "{from: 1 GHz, to: 2 GHz, step: 0 MHz}\n", 4, "a step of 0 GHz does not lead from 1 GHz to 2 GHz"),
    (CLOCK + "{from: 1 GHz, to: 2 GHz, step: -1 MHz}\n", 4, "a step of -0.001 GHz does not lead"),
    (CLOCK + "{from: 1 GHz, step: 1 MHz}\n", 4, "clock says from, step only: write [low, high]"),
    (CLOCK + "{from: 1 GHz, to: 2 GHz, step: 1 V}\n", 4, "clock = 1 V does not measure GHz"),
    (CLOCK + "{from: 1 GHz, to: 2 GHz, step: 1 uHz}\n", 4, "at most 10000000 are taken"),
    (CLOCK + "[1 GHz, 2 V]\n", 4, "clock = 2 V does not measure GHz"),
    (CLOCK + "{choices: [1 GHz, 2 V]}\n", 4, "clock = 2 V does not measure GHz"),
    (CLOCK + "{choices: [1 GHz, 1000 MHz]}\n", 4, "1000 MHz stands twice among its choices"),
    (CLOCK + "[fast, slow]\n", 4, "is not a number with a unit; expected GHz"),
    (CLOCK + "[nan GHz, 2 GHz]\n", 4, "is not a number with a unit; expected GHz"),
    (CLOCK + "[1 GHz, inf GHz]\n", 4, "is not a number with a unit; expected GHz"),
    (CLOCK + "[[1 GHz], 2 GHz]\n", 4, "is not one value"),
    (HEAD + "free:\n  chiplet.sms: [1.5, 4]\n", 4, "1.5 is no whole number"),
    (HEAD + "free: {}\n", 1, "nothing is free: list givens under `free:`"),
    (HEAD + "free:\n", 3, "is no mapping: free is what may be chosen"),
    (HEAD + "free: [clock]\n", 3, "is no mapping: free is what may be chosen"),
]
NAMES = [
    (HEAD + "free:\n  clok: [1 GHz, 2 GHz]\n", 4, "did you mean clock"),
    (HEAD + "free:\n  power: [1 W, 2 W]\n", 4, "has no given 'power'"),
    (HEAD + "free:\n  chiplet: [1, 2]\n", 4, "has no given 'chiplet'; did you mean"),
    (GOOD + "values: {chiplet.sms: 32}\n", 5, "chiplet.sms is fixed at 32 and free: it is one of both"),
    (GOOD + "values: {clok: 2 GHz}\n", 5, "did you mean clock"),
    (GOOD + "values: {clock: 2}\n", 5, "has no unit; expected"),
    (GOOD + "slots:\n  chiplet.sm: [Multiprocessr]\n", 6, "did you mean Multiprocessor"),
    (GOOD + "slots:\n  chiplet.sm: [Chiplet]\n", 6, "no Multiprocessor named 'Chiplet'; there are Multiprocessor"),
    (GOOD + "slots:\n  chiplet.sm: Multiprocessor\n", 6, "is no list: slots is classes to choose from"),
    (GOOD + "slots:\n  chip.sm: [Multiprocessor]\n", 6, "has no 'chip.sm'; there are"),
    (GOOD + "parts: {chiplet.sm: Nothing}\n", 5, "no Multiprocessor named 'Nothing'"),
    (GOOD + "confidence: SURE\n", 5, "'SURE' is none of 'CALIBRATED', 'INTERPOLATED' or 'THEORETICAL'"),
    (GOOD + "schema: two\n", 5, "is another version; this one reads 1"),
    (GOOD + "extends: nothing_here\n", 5, "there is no target 'nothing_here'; there are"),
    ("base: soc_prd\nmaximize: compute_density\n" + FREE, 1, "there is no description 'soc_prd', but a target"),
    ("hello\n", 1, "a target is a mapping: base, minimize"),
]
GROUPS = {
    "twice": WRITTEN_TWICE,
    "yaml": NO_YAML,
    "objective": OBJECTIVES,
    "limit": LIMITS,
    "range": RANGES,
    "name": NAMES,
}
CASES = [pytest.param(*case, id=f"{kind}-{k}") for kind, group in GROUPS.items() for k, case in enumerate(group)]


@pytest.mark.parametrize(("text", "line", "words"), CASES)
def test_what_cannot_be_is_told_with_its_line(tmp_path, text, line, words):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(SymppaError) as caught:
        checked_target(file)
    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"", "the file is empty"), (b"base: \xff\xfe\n", "not UTF-8 text"), (b"base: a\x00b\n", "not YAML")],
)
def test_what_is_no_text_is_told_with_its_file(tmp_path, raw, words):
    file = tmp_path / "mine.yaml"
    file.write_bytes(raw)
    with pytest.raises(SymppaError) as caught:
        checked_target(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert words in str(caught.value)


def test_limits_that_exclude_each_other_are_no_mistake_but_infeasible(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD + "subject_to:\n  power: ['<= 100 W', '>= 200 W']\n")
    (question,) = checked_target(file)
    assert [limit.relation for limit in question.problem().limits] == ["<=", ">="]
