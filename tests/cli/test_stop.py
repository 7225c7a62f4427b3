"""Ctrl-C while a design is searched: what was found is told, with what is proved of it; once more leaves at once."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from tests.house.tree import ROOT

pty = pytest.importorskip("pty")  # where there are no terminals, there is no progress to wait for

MODEL = '''
from symppa import Model, formula, given, reals


class Long(Model):
    """Stages that load each other: an interval search bounds it for minutes."""

    a = given("1", "first", domain=reals(0.1, 100))
    b = given("1", "second", domain=reals(0.1, 100))
    c = given("1", "third", domain=reals(0.1, 100))
    d = given("1", "fourth", domain=reals(0.1, 100))
    e = given("1", "fifth", domain=reals(0.1, 100))
    f = given("1", "sixth", domain=reals(0.1, 100))
    g = given("1", "seventh", domain=reals(0.1, 100))
    h = given("1", "eighth", domain=reals(0.1, 100))
    size = formula("1", a + b + c + d + e + f + g + h, "size", derived=True)
    cost = formula("1", a + b / a + c / b + d / c + e / d + f / e + g / f + h / g + 1000 / h, "cost", derived=True)
'''
TARGET = "system: Long\nminimize: cost\nsubject_to: {size: <= 60}\nfree:\n" + "".join(
    f"  {name}: [0.1, 100]\n" for name in "abcdefgh"
)
FOUND = re.compile(rb"best -?\d")


@pytest.fixture
def searching(tmp_path):
    """A search in a process of its own, once it has told of a design."""
    (tmp_path / "long_model.py").write_text(MODEL)
    (tmp_path / "long.yaml").write_text(TARGET)
    started = []

    def start(*arguments):
        terminal, stderr = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "symppa", "design", "long.yaml", "--plugin", "long_model", *arguments],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=stderr, text=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "TERM": "xterm", "COLUMNS": "200"},
        )  # fmt: skip
        os.close(stderr)
        started.append((process, terminal))
        seen, until = b"", time.monotonic() + 60
        while not FOUND.search(seen) and time.monotonic() < until:
            if select.select([terminal], [], [], 1.0)[0]:
                seen += os.read(terminal, 4096)
        assert FOUND.search(seen), seen[-300:]
        return process

    yield start
    for process, terminal in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        os.close(terminal)


def test_a_search_that_is_interrupted_tells_its_design_and_the_gap(searching):
    process = searching("--json")
    process.send_signal(signal.SIGINT)
    told = json.loads(process.communicate(timeout=30)[0])
    assert process.returncode == 130
    assert told["facts"]["status"] == "feasible"
    assert told["facts"]["certificate"]["interrupted"]
    assert told["facts"]["certificate"]["gap"] > 0
    assert told["outputs"]["cost"]["values"] > told["facts"]["certificate"]["bound"]


def test_an_interrupted_search_is_told_in_words(searching):
    process = searching()
    process.send_signal(signal.SIGINT)
    words = process.communicate(timeout=30)[0]
    assert process.returncode == 130
    assert "so far; nothing beats" in " ".join(words.split())
    assert "interrupted" in words


def test_an_interrupt_before_anything_is_found_says_so(tmp_path):
    from symppa.cli.progress import searching as scope

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), scope():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interrupt_leaves_at_once(tmp_path):
    code = (
        "import signal\n"
        "from symppa.cli.progress import searching\n"
        "with searching():\n"
        "    try:\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "    except KeyboardInterrupt:\n"
        "        print('kept', flush=True)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    print('not reached')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, "kept\n")
