"""Entries of the cache: trusted or ignored, whole or absent, whoever writes at the same time."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from symppa import store
from tests.house.tree import ROOT

NAME = "0" * 64
NAMES = [f"{k:064x}" for k in range(3)]
TEXTS = ["", "a", "ä\r\n" * 50_000, "b" * 300_000]
NATIVE = [b"", b"\x7fELF" + bytes(range(256)) * 1000, b"\n" * 70_000]
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is read-only for root")
posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes are those of POSIX")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """An empty cache of its own."""
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def said(caplog):
    """What is logged, warnings and worse."""
    caplog.set_level(logging.WARNING, "symppa")
    return caplog


def native(content=b"machine code"):
    return store.keep("kernel", ".so", content)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_comes_back_as_it_was(text):
    assert store.read(NAME) is None
    store.write(NAME, text)
    assert store.read(NAME) == text


@pytest.mark.parametrize("content", NATIVE)
def test_a_native_object_comes_back_as_a_file_to_load(content):
    assert store.kept("kernel", ".so") is None
    path = store.keep("kernel", ".so", content)
    assert path == store.kept("kernel", ".so")
    assert path.read_bytes() == content
    assert path.suffix == ".so"


def test_native_objects_of_other_names_and_suffixes_are_others():
    native()
    assert store.kept("kernel2", ".so") is store.kept("kern", ".so") is store.kept("kernel", ".dll") is None
    assert store.kept(".*", ".so") is None


@posix
def test_files_and_folder_are_private(place):
    store.write(NAME, "text")
    modes = {path.stat().st_mode & 0o777 for path in (native(), place / f"{NAME}.json")}
    assert (modes, place.stat().st_mode & 0o777) == ({0o600}, 0o700)


def test_nothing_is_left_of_writing(place):
    store.write(NAME, "text")
    path = native()
    assert {p.name for p in place.iterdir()} == {f"{NAME}.json", path.name}


def test_a_damaged_text_is_ignored_and_said_and_written_anew(place, said):
    store.write(NAME, "text")
    path = place / f"{NAME}.json"
    path.write_bytes(path.read_bytes()[:-1])
    assert store.read(NAME) is None
    assert "damaged cache entry" in said.text
    store.write(NAME, "text")
    assert store.read(NAME) == "text"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no hash\nat all", b"machine codf"])
def test_whatever_a_file_holds_it_is_no_entry(place, said, content):
    place.mkdir(mode=0o700)
    (place / f"{NAME}.json").write_bytes(content)
    assert store.read(NAME) is None
    assert "damaged" in said.text


def test_a_damaged_native_object_is_removed_and_said(said):
    path = native()
    path.write_bytes(b"machine codf")
    assert store.kept("kernel", ".so") is None
    assert "damaged cache entry" in said.text
    assert not path.exists()
    assert native() == path


@posix
@pytest.mark.parametrize("which", ["file", "folder"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_not_trusted(place, said, which, mode):
    store.write(NAME, "text")
    path = native()
    for one in [place / f"{NAME}.json", path] if which == "file" else [place]:
        one.chmod(one.stat().st_mode | mode)
    assert store.read(NAME) is store.kept("kernel", ".so") is None
    assert "others can write it" in said.text


@posix
def test_nothing_is_put_where_others_can_write(place):
    place.mkdir()
    place.chmod(0o777)
    store.write(NAME, "text")
    assert native() is None
    assert not list(place.iterdir())
    assert "others can write it" in store.trouble()


@posix
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_another_user_owns_is_not_trusted(place, said, which):
    store.write(NAME, "text")
    os.chown(place if which == "folder" else place / f"{NAME}.json", 12345, -1)
    assert store.read(NAME) is None
    assert "another user owns it" in said.text
    assert bool(store.trouble()) == (which == "folder")


def test_a_folder_that_cannot_be_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    store.write(NAME, "text")
    assert store.read(NAME) is store.kept("kernel", ".so") is native() is None
    assert store.entries() == store.clear() == []
    assert "cannot be opened" in store.trouble()


@as_root
def test_a_read_only_folder_serves_and_takes_nothing(place):
    store.write(NAME, "text")
    path = native()
    place.chmod(0o500)
    try:
        assert store.read(NAME) == "text"
        assert store.kept("kernel", ".so") == path
        store.write(NAMES[1], "text")
        assert store.read(NAMES[1]) is store.keep("other", ".so", b"") is None
        assert "cannot be written" in store.trouble()
        with pytest.raises(PermissionError):
            store.clear()
    finally:
        place.chmod(0o700)


def test_without_a_home_nothing_is_kept(monkeypatch):
    for name in ("SYMPPA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: Path("~nobody-of-that-name").expanduser())
    store.write(NAME, "text")
    assert store.read(NAME) is native() is None
    assert "SYMPPA_CACHE_DIR" in store.trouble()


def test_the_folder_is_chosen_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SYMPPA_CACHE_DIR", str(tmp_path / "mine"))
    assert store.folder() == tmp_path / "mine"
    monkeypatch.delenv("SYMPPA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.folder() == tmp_path / "symppa"


def filled(place):
    """A cache with an entry of each kind, and much that is not symppa's."""
    store.write(NAME, "text")
    store.write(f"units-{NAME}", "{}")
    native()
    (place / "symppa-abcd1234.tmp").write_bytes(b"half")
    os.utime(place / "symppa-abcd1234.tmp", (1e9, 1e9))
    outside = place.parent / "outside.json"
    outside.write_text("precious")
    others = [place / name for name in ("thesis.json", f"{NAME}.txt", f"{NAME[1:]}.json", "kernel.so", "x.tmp")]
    for path in others:
        path.write_text("precious")
    (place / f"{NAMES[1]}.json").symlink_to(outside)
    (place / f"{NAMES[2]}.json").mkdir()
    (place / "linked").symlink_to(place.parent, target_is_directory=True)
    inner = place / "inner"
    inner.mkdir()
    (inner / f"{NAME}.json").write_text("precious")
    return outside, [*others, place / f"{NAMES[1]}.json", place / f"{NAMES[2]}.json", inner / f"{NAME}.json"]


def test_entries_are_listed_by_kind_and_nothing_else_is_listed(place):
    filled(place)
    assert sorted((e.kind, e.size, e.state) for e in store.entries()) == [
        ("native objects", 12, "good"),
        ("programs", 69, "good"),
        ("unfinished", 4, "good"),
        ("units", 67, "good"),
    ]


def test_clear_removes_its_own_files_only_and_follows_no_link(place):
    outside, others = filled(place)
    gone = store.clear()
    assert (len(gone), sum(e.size for e in gone)) == (4, 152)
    assert outside.read_text() == "precious"
    assert all(path.is_symlink() or path.exists() for path in others)
    assert store.entries() == []


@posix
def test_what_is_damaged_or_not_trusted_is_told_and_cleared(place):
    store.write(NAMES[0], "text")
    store.write(NAMES[1], "text")
    store.write(NAMES[2], "text")
    (place / f"{NAMES[0]}.json").write_text("nonsense")
    (place / f"{NAMES[1]}.json").chmod(0o666)
    assert [e.state for e in store.entries()] == ["damaged", "not trusted", "good"]
    assert len(store.clear()) == 3


def test_only_what_has_not_served_for_long_is_cleared(place):
    store.write(NAMES[0], "old")
    store.write(NAMES[1], "old, but used")
    store.write(NAMES[2], "new")
    long_ago = time.time() - 100 * store.DAY
    for name in NAMES[:2]:
        os.utime(place / f"{name}.json", (long_ago, long_ago))
    assert store.read(NAMES[1]) == "old, but used"
    assert [e.path.stem for e in store.clear(90 * store.DAY)] == [NAMES[0]]
    assert [e.path.stem for e in store.entries()] == NAMES[1:]


def test_all_is_cleared_even_what_claims_to_be_of_tomorrow(place):
    store.write(NAME, "text")
    tomorrow = time.time() + store.DAY
    os.utime(place / f"{NAME}.json", (tomorrow, tomorrow))
    assert len(store.clear()) == 1


WORKER = """
import hashlib, logging, sys, time
from symppa import store

logging.basicConfig(level=logging.WARNING)
me, clears = int(sys.argv[1]), sys.argv[2] == "clears"
names = [f"{k:064x}" for k in range(3)]
texts = [f"{k} " * 40_000 for k in range(4)]
until = time.monotonic() + 3
count = 0
while time.monotonic() < until:
    for name in names:
        store.write(name, texts[(me + count) % 4])
        found = store.read(name)
        if not (found in texts or clears and found is None):
            sys.exit(f"torn: {found and found[:20]!r}")
        path = store.keep(name, ".so", texts[(me + count) % 4].encode())
        kept = store.kept(name, ".so")
        if not path or not (clears or kept):
            sys.exit("not kept")
        store.entries()
        if clears and not count % 7:
            store.clear()
    count += 1
print(count)
"""


@pytest.mark.parametrize("clears", ["clears", "keeps"])
def test_processes_that_write_and_read_the_same_entries_never_meet_a_torn_one(clears):
    command = [sys.executable, "-W", "error", "-c", WORKER]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen([*command, str(k), clears], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for k in range(4)
    ]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in running]
    assert [(err, code) for _, err, code in ended] == [(b"", 0)] * 4
    assert all(int(out) > 0 for out, _, _ in ended)
    assert not [e for e in store.entries() if e.kind == "unfinished"]


def test_threads_that_write_and_read_the_same_entries_never_meet_a_torn_one(said):
    texts = [f"{k} " * 20_000 for k in range(4)]

    def work(me):
        seen = []
        for count in range(40):
            name = NAMES[count % 3]
            store.write(name, texts[(me + count) % 4])
            seen.append(store.read(name))
            path = store.keep(name, ".so", texts[(me + count) % 4].encode())
            seen.append(path.read_text())
            assert store.kept(name, ".so") is not None
        return seen

    with ThreadPoolExecutor(8) as pool:
        found = [text for seen in pool.map(work, range(8)) for text in seen]
    assert set(found) <= set(texts)
    assert not said.records


def test_what_may_still_be_written_is_not_cleared(place):
    place.mkdir(mode=0o700)
    (place / "symppa-abcd1234.tmp").write_bytes(b"half")
    assert store.clear() == []


def test_a_name_carries_the_hash_of_what_it_names():
    assert hashlib.sha256(b"machine code").hexdigest() in native().name
