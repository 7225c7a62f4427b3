"""Blocks fit the second-level cache that Linux tells of."""

from __future__ import annotations

import pytest

from symppa.engine.caches import LEAST, MOST, second_level, told


def listing(folder, caches):
    for k, (level, size) in enumerate(caches):
        index = folder / f"index{k}"
        index.mkdir()
        (index / "level").write_text(f"{level}\n")
        (index / "size").write_text(f"{size}\n")
    return folder


@pytest.mark.parametrize(("size", "bytes_"), [("1024K", 1 << 20), ("2M", 1 << 21), ("512", 512), ("some", None)])
def test_the_second_level_is_read(size, bytes_, tmp_path):
    assert told(listing(tmp_path, [(1, "48K"), (1, "32K"), (2, size), (3, "32768K")])) == bytes_


def test_a_system_that_does_not_tell(tmp_path):
    assert told(tmp_path / "none") is None
    (tmp_path / "index0").mkdir()
    assert told(tmp_path) is None


def test_the_size_is_within_reason():
    assert LEAST <= second_level() <= MOST
