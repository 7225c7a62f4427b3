"""One run at a time on a file of measurements."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from symppa.calibration.readers.reader import MOST_BYTES
from symppa.errors import MeasurementError


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Holds a file for as long as one run writes it; where the system has no such locks nothing is held.

    What is no regular file is refused before it is opened, and so is one that is too large to be read.
    """
    if file.exists():
        told = file.stat()
        if not stat.S_ISREG(told.st_mode):
            raise MeasurementError(f"{file} is no regular file: name one that rows can be added to")
        if told.st_size > MOST_BYTES:
            raise MeasurementError(
                f"{file} has {told.st_size} bytes, at most {MOST_BYTES} are read: begin another file"
            )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise MeasurementError(f"{file} cannot be written: {error.strerror}") from None
    try:
        _lock(handle, file)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, file: Path) -> None:
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise MeasurementError(f"another run writes {file}: wait until it is done, or name another file") from None
    except OSError:  # a file system without locks
        return
