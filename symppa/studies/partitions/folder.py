"""A folder of partitions: the question beside them, one sweep at a time, every file whole and on the disk."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from symppa.errors import QuestionError

logger = logging.getLogger("symppa")
QUESTION = "_sweep.json"  # readers of Parquet folders leave out names that begin so
BEGUN = "begun"  # the suffix of what is not finished
FORMAT = 1


def key_of(question: Mapping[str, Any]) -> str:
    """What identifies a question."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def settled(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder."""
    if path.is_dir() and os.name == "nt":  # keeps names by itself, and opens no folder
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def written(path: Path, fill: Callable[[Path], None]) -> None:
    """A file that is there as a whole or not at all: filled under another name, on the disk before it is renamed."""
    begun = path.with_name(f".{path.name}.{uuid4().hex}.{BEGUN}")
    try:
        fill(begun)
        settled(begun)
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)
    settled(path.parent)


def text(content: Mapping[str, Any]) -> Callable[[Path], None]:
    """Fills a file with JSON."""
    made = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def fill(path: Path) -> None:
        path.write_text(made, encoding="utf-8")

    return fill


def opened(folder: Path, content: Mapping[str, Any], fill: Callable[[Path], None]) -> dict[str, Any]:
    """What stands in the folder: `content` where it is new, then filled and begun at once; refused if it is another's.

    Only one of several that begin the same folder does; the others find it begun.
    """
    _check_place(folder)
    for left in folder.parent.glob(f".{folder.name}.*.{BEGUN}"):
        with _locked(left) as mine:
            if mine:  # whoever began it has ended
                shutil.rmtree(left)
    if not (folder / QUESTION).exists():
        begun = folder.with_name(f".{folder.name}.{uuid4().hex}.{BEGUN}")
        try:
            begun.mkdir()
        except OSError as error:
            raise QuestionError(f"{folder} cannot be made: {error.strerror or error}") from error
        try:
            with _locked(begun):
                fill(begun)
                written(begun / QUESTION, text(content))
                with suppress(FileExistsError):
                    _renamed(begun, folder)
        finally:
            shutil.rmtree(begun, ignore_errors=True)
    found = _read(folder)
    _refuse_other(folder, found["question"] | {"kind": found["kind"]}, content["question"] | {"kind": content["kind"]})
    return found


def _renamed(begun: Path, folder: Path) -> None:
    try:
        begun.replace(folder)
    except OSError as error:
        if (folder / QUESTION).exists():
            raise FileExistsError(folder) from error
        raise
    settled(folder.parent)


def _check_place(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise QuestionError(f"{folder}: there is no folder {folder.parent}")
    if folder.exists() and not folder.is_dir():
        raise QuestionError(f"{folder} is a file; partitions are written to a folder of their own")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / QUESTION).exists():
        raise QuestionError(f"{folder} holds something else: no {QUESTION} says which sweep; name another folder")


def _read(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / QUESTION).read_text(encoding="utf-8"))
        known = found["format"] == FORMAT and found["question"] and found["kind"] and found["window"]
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise QuestionError(f"{folder / QUESTION} does not say which sweep this is (format {FORMAT}); is it damaged?")
    return found


def _refuse_other(folder: Path, found: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Another question's partitions are not mixed with this one's."""
    for name, there, asked in differences(found, here):
        raise QuestionError(
            f"{folder} holds another sweep: {name} is {_shown(there)} there and {_shown(asked)} here; "
            "name another folder, or delete that one"
        )


def differences(found: Any, here: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two questions differ, and what each has there."""
    if isinstance(found, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys([*found, *here]):
            yield from differences(found.get(key), here.get(key), f"{name}.{key}" if name else key)
    elif found != here:
        yield name, found, here


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    made = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return made if len(made) <= 60 else f"{made[:57]}..."


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder for one sweep alone; given back when the process ends, however it does."""
    with _locked(folder / QUESTION) as mine:
        if mine is False:
            raise QuestionError(f"{folder} is being written by another sweep: wait for it, or stop it")
        yield


@contextmanager
def _locked(path: Path) -> Iterator[bool | None]:
    """Whether a file or folder could be locked; None where the system cannot tell."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield None
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        yield _lock(fcntl, handle, path)
    finally:
        os.close(handle)


def _lock(fcntl: Any, handle: int, path: Path) -> bool | None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        logger.info("%s cannot be locked: %s", path, error)
        return None
    return True


def cleared(folder: Path) -> None:
    """Remove what a killed sweep had not finished."""
    for left in (*folder.rglob(f".*.{BEGUN}"), *folder.rglob("*.partial")):  # ours, and those of zarr
        left.unlink(missing_ok=True)
