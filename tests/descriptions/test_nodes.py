"""Reading YAML: texts with places, hostile files refused quickly."""

import time

import pytest

from symppa.descriptions.nodes import MOST_BYTES, parse, read
from symppa.errors import DescriptionError


def test_every_scalar_stays_the_text_that_was_written():
    root = parse("a: 1e9\nb: no\nc: 12:30\nd: 0x10\ne: '5'\n", "f.yaml")
    assert root.plain == {"a": "1e9", "b": "no", "c": "12:30", "d": "0x10", "e": "5"}


def test_nodes_know_their_line():
    root = parse("a: 1\nb:\n  c: 2\n", "f.yaml")
    assert root.at(("b", "c")).line == 3
    assert root.at(("b", "missing")).line == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", "f.yaml:1: anchors and aliases are refused"),
        ("a: !!python/object/apply:os.system ['true']\n", "f.yaml:1: the tag .* is refused"),
        ("a: 1\na: 2\n", "f.yaml:2: 'a' stands twice, first in line 1"),
        ("? [1, 2]\n: 3\n", "a key is a plain text"),
        ("a: [1, 2\n", "f.yaml:.*not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("", "the file is empty"),
        ("a: \x07\n", "not YAML"),
    ],
)
def test_what_is_no_plain_mapping_is_refused_with_its_place(text, said):
    with pytest.raises(DescriptionError, match=said):
        parse(text, "f.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n",
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 50_000,
        "a: " + "x" * 900_000,
        "\n" * 1000 + "- " * 100_000,
    ],
    ids=["alias bomb", "deep list", "deep mapping", "huge scalar", "deep sequence"],
)
def test_hostile_texts_are_refused_quickly(text):
    start = time.perf_counter()
    with pytest.raises(DescriptionError):
        parse(text, "f.yaml")
    assert time.perf_counter() - start < 2.0


def test_a_file_of_ten_megabytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_text("a: " + "x" * (10 * MOST_BYTES))
    with pytest.raises(DescriptionError, match="at most 1048576 are read"):
        read(path)


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(DescriptionError, match="not UTF-8"):
        read(path)
