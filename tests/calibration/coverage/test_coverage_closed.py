"""The whole way on this machine's CPU: what is covered, the commands that its gaps print, and what is covered then."""

from __future__ import annotations

import math
import shlex
from datetime import date
from importlib.util import find_spec

import pytest

from symppa.calibration.coverage.against import against
from symppa.calibration.coverage.coverage import coverage
from symppa.calibration.coverage.gaps import gaps
from symppa.calibration.matching.lookup import Status
from symppa.calibration.measurement import Measurements
from symppa.calibration.measuring.cases import case
from symppa.calibration.measuring.running import run
from symppa.calibration.profiles.profile import made, save
from symppa.calibration.readers import read
from symppa.workloads import yaml
from tests.cli.asking import ask

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed: its operators are timed")
DEVICE = "this_cpu"
LIMIT = 0.02  # s for a case
LEAST, MOST = 2, 4  # turns: more where others use the machine too
FEW = (2**20, 2**21, 2**22)  # elements of copies: all that is known at first


@pytest.fixture
def alone():
    """One thread: several wait for each other for milliseconds where others use the cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def device(tmp_path, monkeypatch):
    """This machine's CPU as a device: one core of a kind that is known."""
    place = tmp_path / "models" / "hardware" / "cpu" / f"{DEVICE}.yaml"
    place.parent.mkdir(parents=True)
    lines = ["schema: 1", "extends: amd_epyc", "meaning: a core of this machine", "source: none",
             "values:", "  units: {value: 1, source: the thread that runs}"]  # fmt: skip
    place.write_text("\n".join(lines) + "\n", "utf-8")
    monkeypatch.setenv("SYMPPA_PATH", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return DEVICE


def timed(device, shapes, file):
    """Some operations timed by torch, a row each in a file."""
    cases = {one.key: one for one in (case(op, shape, "fp32", "torch-cpu") for op, shape in shapes)}
    assert not run(list(cases.values()), file, yaml.load, device=device, limit=LIMIT).refused
    return file


def rows_of(files):
    """The rows of several files."""
    return sum((read(file, "tidy") for file in files), Measurements(()))


def covered(device, files, place):
    """Coverage by a profile of all rows of some files."""
    save(made(device, rows_of(files), date.today().isoformat(), power_profile="boost"), place)
    return coverage("vit_b_16", device, precision="fp32", profiles=[place])


def asked_for(gap, file):
    """The rows that the command of a gap measures."""
    result = ask(*shlex.split(gap.command)[1:], "--limit", f"{LIMIT}s", "--budget", "8s", "--out", str(file))
    assert result.exit_code == 0, result.output
    return file


def test_running_the_commands_of_the_gaps_betters_coverage_and_error(alone, device, tmp_path):
    few = timed(device, [("stream_copy", {"elements": n}) for n in FEW], tmp_path / "few.csv")
    before = covered(device, [few], tmp_path / "few.yaml")
    told = gaps(before)
    assert {"gemm", "softmax", "layernorm", "attention_prefill"} <= {gap.type for gap in told}
    operators = [(p.primitive.op, p.primitive.shape) for p in before.parts]
    operators += [(one.as_one.op, one.as_one.shape) for _, one, _ in before.operations() if one.as_one]
    files, timings = [few], []
    for turn in range(MOST):  # both in turns, so that what else the machine does slows both
        files += [asked_for(gap, tmp_path / f"gap_{number}_{turn}.csv") for number, gap in enumerate(told)]
        timings.append(timed(device, operators, tmp_path / f"operators_{turn}.csv"))
        if turn + 1 < LEAST:
            continue
        after = covered(device, files, tmp_path / f"all_{turn}.yaml")
        first, then = (against(found, rows_of(timings)) for found in (before, after))
        if then.mape < first.mape:
            break
    assert after.percent("flops", Status.CALIBRATED) > before.percent("flops", Status.CALIBRATED)
    assert after.percent_of_operations > before.percent_of_operations
    assert after.counts[Status.MISSING] < before.counts[Status.MISSING]
    assert first.left == then.left == ()
    assert then.mape < first.mape
    assert abs(math.log(then.total.estimated / then.total.measured)) < abs(
        math.log(first.total.estimated / first.total.measured)
    )


def test_the_runner_that_a_gap_names_is_one_of_this_machine(device):
    found = coverage("resnet18", device, precision="fp32")
    assert found.profiles == ()
    assert {gap.command.split(" --runner ")[1].split()[0] for gap in gaps(found)} == {"torch-cpu"}
