"""Exit codes, errors, streams, colours, widths, pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from symppa.cli.main import VERBS, main
from tests.cli.asking import ask, process, told
from tests.house.tree import ROOT

ESCAPE = "\x1b"
VALUE = re.compile(r"\d+\.\d+")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_that_begins_like_its_line_in_the_list(verb):
    command = main.get_command(click.Context(main), verb)
    assert command.help.splitlines()[0] == VERBS[verb]
    assert told(verb, "--help").startswith(f"Usage: main {verb}")


def test_help_lists_every_verb_with_what_it_does():
    text = " ".join(told("--help").split())
    assert all(f"{verb} {words}" in text for verb, words in VERBS.items())


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("analyze", "nexgen_baselin"), "DescriptionError", "did you mean nexgen_baseline"),
        (("analyze", "nexgen_baseline", "--set", "clok=2 GHz"), "UnknownValueError", "did you mean clock?"),
        (("analyze", "nexgen_baseline", "--set", "clock=2"), "UnitError", "clock = 2 has no unit"),
        (("analyze", "nexgen_baseline", "--set", "clock=2 V"), "WrongUnitError", "does not measure GHz"),
        (("analyze", "nexgen_baseline", "--set", "chiplet.sms=0.5"), "DomainError", "outside its domain"),
        (("analyze", "nexgen_baseline", "--output", "nonsense"), "UnknownValueError", "nonsense"),
        (("sensitivity", "nexgen_baseline", "attained"), "QuestionError", "stands over loads"),
        (("analyze", "no/such.yaml"), "DescriptionError", "there is no file"),
        (("analyze",), "MissingParameter", "Missing argument"),
        (("analise", "x"), "UsageError", "did you mean analyze?"),
        (("analyze", "x", "--nonsense"), "NoSuchOption", "--nonsense"),
        (("compare", "nothing_*"), "QuestionError", "no description matches"),
        (("compare", "nexgen_baseline"), "QuestionError", "at least two"),
        (("show", "nonsense"), "DescriptionError", "no description and no system"),
    ],
)
def test_a_wrong_question_exits_2_with_its_reason_in_text_and_in_json(arguments, kind, words):
    result = ask(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not result.stdout
    found = ask(*arguments, "--json")
    assert found.exit_code == 2
    error = json.loads(found.stdout)["error"]
    assert list(error) == ["type", "message", "file", "line"]
    assert error["type"] == kind
    assert words in error["message"]
    assert not found.stderr


def test_an_error_in_a_file_names_file_and_line_in_both_forms(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("schema: 1\nextends: nexgen_baseline\nvalues:\n  clock: 2 V\n")
    assert f"{file}:4: clock = 2 V does not measure GHz" in ask("analyze", str(file)).stderr
    error = json.loads(ask("analyze", str(file), "--json").stdout)["error"]
    assert (error["file"], error["line"]) == (str(file), 4)


def test_our_own_bug_exits_3_in_one_line(monkeypatch):
    monkeypatch.setattr("symppa.reports.listing.found", lambda *_: 1 / 0)
    result = ask("list")
    assert result.exit_code == 3
    assert result.stderr == "symppa has a bug: ZeroDivisionError: division by zero; add --debug for the traceback\n"
    error = json.loads(ask("list", "--json").stdout)["error"]
    assert error["type"] == "ZeroDivisionError"


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_the_traceback(monkeypatch, place):
    monkeypatch.setattr("symppa.reports.listing.found", lambda *_: 1 / 0)
    result = ask(*(("--debug", "list") if place == "before" else ("list", "--debug")))
    assert result.exit_code == 3
    assert "Traceback" in result.stderr
    assert "<lambda>" in result.stderr


def test_debug_shows_the_traceback_of_a_wrong_question_too():
    result = ask("analyze", "nonsense", "--debug")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("question", ["analyze nexgen_baseline", "analyze nexgen_baseline --json", "--help", "info"])
def test_a_full_disk_is_no_bug_and_told_in_one_line(question):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m symppa {question} > /dev/full"], capture_output=True, text=True,
        check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "OSError: the answer cannot be written: No space left on device\n"


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_ctrl_c_is_quiet_from_the_first_import(after):
    # -X importtime tells when our own code begins; what is before that is Python's.
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "symppa", "sweep", "nexgen_baseline", "--axis",
         "clock=1GHz:3GHz:40000", "--axis", "chiplet.area=200mm2:500mm2:40000", "--keep", "count"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as running:  # fmt: skip
        begun = iter(running.stderr)
        assert any(line.endswith("| symppa\n") for line in begun)
        time.sleep(0.03 + after)
        running.send_signal(signal.SIGINT)
        rest = "".join(begun)
        assert running.wait(60) == 130
    assert not [line for line in rest.splitlines() if line.strip() and not line.startswith("import time:")]


def test_ctrl_c_while_a_file_is_written_leaves_what_was_there(tmp_path, monkeypatch):
    def stop(result):
        raise KeyboardInterrupt

    file = tmp_path / "sweep.csv"
    file.write_text("before")
    monkeypatch.setattr("symppa.studies.tables.csv_text", stop)
    result = ask("sweep", "nexgen_baseline", "--axis", "chiplet.sms=16,32", "--out", str(file))
    assert result.exit_code == 130
    assert f"stopped: {file} was not written" in result.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_ctrl_c_exits_130(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("symppa.reports.listing.found", stop)
    assert ask("list").exit_code == 130


def test_a_plug_in_is_imported_before_or_after_the_verb(tmp_path, monkeypatch):
    (tmp_path / "acme_models.py").write_text(
        "from symppa import Model, formula, given\n"
        "class AcmeUnit(Model):\n"
        "    '''A unit.'''\n"
        "    work = given('op', 'work')\n"
        "    rate = given('op/s', 'rate')\n"
        "    time = formula('us', work / rate, 'time', derived=True)\n"
    )
    file = tmp_path / "acme.yaml"
    file.write_text("schema: 1\nsystem: AcmeUnit\nsource: acme\nvalues: {work: 1 MFLOP, rate: 1 TFLOPS}\n")
    plain = process("analyze", str(file), PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}")
    assert plain.returncode == 2
    assert "--plugin PACKAGE" in plain.stderr
    for arguments in (
        ("--plugin", "acme_models", "analyze", str(file)),
        ("analyze", str(file), "--plugin", "acme_models"),
    ):
        done = process(*arguments, PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}")
        assert done.returncode == 0, done.stderr
        assert re.search(r"time\s+1  us", done.stdout)


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """Write a module of a name of its own, and ask a process that finds it."""

    def asked(code, *arguments):
        (tmp_path / "my_plug.py").write_text(code)
        return process(*arguments, "--plugin", "my_plug", PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}")

    return asked


SYSTEM = (
    "from symppa import Model, formula, given\n"
    "class MyUnit(Model):\n"
    "    'A unit of mine.'\n"
    "    work = given('op', 'work')\n"
    "    rate = given('op/s', 'rate')\n"
    "    time = formula('us', work / rate, 'time', derived=True)\n"
)


def test_the_systems_of_a_plug_in_are_listed_and_shown_as_people_write_them(plug_in):
    assert re.search(r"MyUnit\s+Model\s+A unit of mine\.", plug_in(SYSTEM, "list", "systems").stdout)
    for name in ("MyUnit", "my_unit", "my_plug.MyUnit"):
        assert "MyUnit" in plug_in(SYSTEM, "show", name).stdout


def test_what_a_plug_in_prints_is_no_answer(plug_in):
    done = plug_in(f"print('hello')\n{SYSTEM}", "list", "systems", "--json")
    assert done.stderr == "hello\n"
    assert [row["name"] for row in json.loads(done.stdout)["systems"]][-1] == "MyUnit"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 / 0\n", "--plugin my_plug fails when it is imported: ZeroDivisionError: division by zero"),
        ("import no_such_thing\n", "--plugin my_plug: No module named 'no_such_thing', which it imports"),
        ("def f(:\n", "--plugin my_plug fails when it is imported: SyntaxError"),
        ("raise SystemExit(0)\n", "--plugin my_plug fails when it is imported: SystemExit"),
    ],
)
def test_a_plug_in_that_fails_is_named(plug_in, code, words):
    done = plug_in(code, "list")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in plug_in(code, "list", "--debug").stderr


def test_a_plug_in_that_is_not_there_is_told():
    result = ask("--plugin", "no_such_package", "list")
    assert result.exit_code == 2
    assert "is it installed, or on PYTHONPATH?" in result.stderr


def test_a_folder_of_ones_own_comes_first_and_shadowing_is_reported(tmp_path):
    (tmp_path / "nexgen_baseline.yaml").write_text(
        (ROOT / "models/hardware/nexgen_baseline.yaml").read_text("utf-8").replace("clock: 2 GHz", "clock: 4 GHz")
    )
    result = ask("analyze", "nexgen_baseline", "--json", SYMPPA_PATH=str(tmp_path))
    assert json.loads(result.stdout)["outputs"]["peak_compute"]["values"] == 131.072
    assert "shadows the shipped description" in result.stderr
    quiet = ask("analyze", "nexgen_baseline", "-q", SYMPPA_PATH=str(tmp_path))
    assert not quiet.stderr
    assert "nexgen_baseline" in told("list", "own", SYMPPA_PATH=str(tmp_path))


def test_what_is_written_to_a_file_or_a_pipe_has_no_colours():
    assert ESCAPE not in process("analyze", "nexgen_baseline").stdout


def on_a_terminal(*arguments, **environment):
    """What a process prints on a terminal of its own."""
    pty = pytest.importorskip("pty")
    parent, child = pty.openpty()
    base = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    running = subprocess.Popen(
        [sys.executable, "-m", "symppa", *arguments], stdout=child, stderr=child, stdin=child,
        env={**base, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment},
    )  # fmt: skip
    os.close(child)
    found = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    os.close(parent)
    assert running.wait(60) == 0
    return found.decode()


def test_a_terminal_has_colours_unless_it_does_not_want_them():
    assert ESCAPE in on_a_terminal("analyze", "nexgen_baseline")
    assert ESCAPE not in on_a_terminal("analyze", "nexgen_baseline", NO_COLOR="1")
    assert ESCAPE not in on_a_terminal("analyze", "nexgen_baseline", TERM="dumb")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize(
    "question", [("analyze", "nexgen_baseline"), ("compare", "nexgen_*"), ("show", "nexgen_baseline")]
)
def test_a_narrow_terminal_cuts_no_number_and_no_line(question, width):
    text = told(*question, COLUMNS=str(width))
    assert max(map(len, text.splitlines())) <= width
    whole = set(VALUE.findall(told(*question, COLUMNS="250")))
    assert whole <= set(VALUE.findall(text))
    assert "…" not in text


def test_a_closed_pipe_ends_quietly():
    line = f"{sys.executable} -m symppa show nexgen_baseline --json | head -c 10"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout == '{\n  "name"'
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_terminal_without_unicode_gets_ascii():
    done = process("analyze", "nexgen_baseline", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "267.2" in done.stdout


def test_a_folder_one_may_not_write_is_the_users_to_mend(tmp_path):
    (tmp_path / "file").write_text("")
    result = ask("pareto", "nexgen_baseline", "--axis", "chiplet.sms=16,32", "--minimize", "power",
                 "--maximize", "compute_density", "--plot", str(tmp_path / "file" / "x"))  # fmt: skip
    assert result.exit_code == 2
    assert "Error" in result.stderr


def test_version():
    assert told("--version").startswith("symppa, version 0.1")


def test_no_file_of_ours_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told("analyze", "nexgen_baseline")
    assert not list(Path(tmp_path).iterdir())
