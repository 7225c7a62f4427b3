"""Asking the command line, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from click.testing import CliRunner

from symppa.cli.main import main
from tests.house.tree import ROOT

SOC = """\
schema: 1
extends: nexgen_baseline
values:
  clock: 2.4 GHz
"""


def ask(*arguments, **environment):
    """The result of a command line, run in this process."""
    return CliRunner().invoke(main, list(arguments), env=environment or None)


def told(*arguments, code=0, **environment):
    """Its stdout, when it ends as expected."""
    result = ask(*arguments, **environment)
    assert result.exit_code == code, result.output
    return result.stdout


def flat(*arguments, code=0, **environment):
    """Its stdout with single spaces, so that columns may move."""
    return " ".join(told(*arguments, code=code, **environment).split())


def data(*arguments, code=0):
    """Its JSON."""
    return json.loads(told(*arguments, "--json", code=code))


def process(*arguments, **environment):
    """A whole process, warnings as errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "symppa", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
