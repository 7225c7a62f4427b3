"""Every example prints what stands beside it; run this file to write the outputs anew."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT, python

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def test_the_examples_are_numbered_without_a_gap():
    numbers = [re.match(r"(\d\d)_[a-z0-9_]+\.py$", path.name) for path in EXAMPLES]
    assert all(numbers), [path.name for path in EXAMPLES]
    assert [int(found[1]) for found in numbers] == list(range(1, len(EXAMPLES) + 1)) != []


def test_every_output_belongs_to_an_example():
    outputs = {path.stem for path in (ROOT / "examples").glob("*.txt")}
    assert outputs == {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_its_committed_output(path, tmp_path):
    done = python(str(path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == path.with_suffix(".txt").read_text("utf-8")


if __name__ == "__main__":
    for example in EXAMPLES:
        example.with_suffix(".txt").write_text(python(str(example)).stdout, "utf-8")
