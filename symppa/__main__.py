"""`python -m symppa` is `symppa`."""

import os
import signal
from types import FrameType

STOPPED = 130


def run() -> None:
    """The command. Ctrl-C ends it quietly from its first import on; a verb that has to tidy up says so itself."""
    signal.signal(signal.SIGINT, _leave)
    from symppa.cli.main import main

    main(prog_name="symppa")


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(STOPPED)


if __name__ == "__main__":
    run()
