"""Timing: warm-up, samples, rows that survive a kill, budgets, meters, and operations that compute what they say."""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from symppa.calibration.measurement import as_csv
from symppa.calibration.measuring import collectors as meters
from symppa.calibration.measuring import machine, running
from symppa.calibration.measuring.alone import alone
from symppa.calibration.measuring.cases import case, device_name
from symppa.calibration.measuring.collectors import collectors, rapl, resident
from symppa.calibration.measuring.runners import numpy_cpu, runner
from symppa.calibration.measuring.running import Log, measure, mixed, run
from symppa.calibration.measuring.sampling import FEWEST, NARROW, halfwidth, sampled
from symppa.calibration.readers import read
from symppa.calibration.readers.reader import MOST_BYTES
from symppa.cli.main import main
from symppa.errors import MeasurementError
from symppa.workloads import yaml

ROOT = Path(__file__).resolve().parents[2]


class Ticking:
    """A clock that calls move forward by the times they are given, and that each look at it moves a little."""

    def __init__(self, times):
        self.now, self.times, self.calls = 0.0, times, 0

    def __call__(self):
        self.now += 1e-9
        return self.now

    def work(self):
        self.now += self.times(self.calls)
        self.calls += 1


def timed(times, limit=10.0):
    clock = Ticking(times)
    return sampled(clock.work, limit, lambda: None, clock), clock


def test_warm_up_ends_when_times_come_to_rest():
    found, _ = timed(lambda n: 1e-3 * (1 + 10 * 0.5**n))
    assert found.stable
    assert found.narrow
    assert found.median == pytest.approx(1e-3, rel=0.02)


def test_sampling_stops_at_the_time_limit_where_the_interval_stays_wide():
    rng = np.random.default_rng(0)
    found, clock = timed(lambda n: rng.uniform(1e-3, 3e-3), limit=0.05)
    assert not found.narrow
    assert 0.05 <= clock.now < 0.06


def test_short_calls_are_timed_many_at_a_time():
    found, _ = timed(lambda n: 1e-6)
    assert found.runs >= 200
    assert found.median == pytest.approx(1e-6, rel=0.01)


def test_a_long_call_is_sampled_a_few_times_whatever_the_limit():
    found, _ = timed(lambda n: 1.0, limit=0.1)
    assert found.samples == 3


def test_an_interrupted_run_moves_neither_median_nor_spread():
    found, _ = timed(lambda n: 1.0 if n == 25 else 1e-3 * (1 + 0.001 * (n % 3)))
    assert found.median == pytest.approx(1e-3, rel=0.01)
    assert found.deviation < 0.01 * found.median


@settings(max_examples=30)
@given(st.integers(12, 200), st.floats(1e-6, 1e3))
def test_the_interval_of_the_median_does_not_depend_on_the_unit(count, scale):
    times = np.random.default_rng(count).lognormal(0, 0.1, count)
    assert halfwidth(list(times * scale)) == pytest.approx(halfwidth(list(times)))


def test_the_interval_of_the_median_covers_it_95_times_of_100():
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(2000):
        times = np.sort(rng.exponential(1.0, 41))
        reach = 0.98 * np.sqrt(41)
        inside += times[int(np.floor(20.5 - reach))] <= np.log(2) <= times[int(np.ceil(20.5 + reach))]
    assert 0.94 <= inside / 2000 <= 0.99
    assert FEWEST >= 10
    assert NARROW == 0.02


def relu(size, name="numpy"):
    return case("relu", {"elements": size}, "fp32", name)


CASES = [relu(64), relu(4096), case("gemm", {"m": 8, "n": 8, "k": 8}, "fp64", "numpy")]


def test_a_run_writes_a_tidy_row_for_each_case_and_goes_on_where_it_was(tmp_path):
    file = tmp_path / "deep" / "mine.csv"
    first = run(CASES[:2], file, yaml.load, limit=0.02)
    assert (first.measured, first.before, first.left) == (2, 0, ())
    second = run(CASES, file, yaml.load, limit=0.02)
    assert (second.measured, second.before) == (1, 2)
    rows = read(file)
    assert [row.op for row in rows] == ["relu", "relu", "gemm"]
    assert {row.device for row in rows} == {machine.cpu()}
    for row in rows:
        assert row.campaign.stack == "numpy"
        assert row.campaign.version.startswith(np.__version__)
        assert row.campaign.clock == pytest.approx(machine.clock(), rel=1) if machine.clock() else True
        assert row.energy is None or row.energy > 0
        assert row.samples >= 3


def test_a_device_may_be_named(tmp_path):
    run(CASES[:1], tmp_path / "m.csv", yaml.load, device="my_box", limit=0.02)
    assert read(tmp_path / "m.csv").rows[0].device == "my_box"


def test_rows_of_another_device_answer_nothing(tmp_path):
    run(CASES[:1], tmp_path / "m.csv", yaml.load, device="one", limit=0.02)
    assert run(CASES[:1], tmp_path / "m.csv", yaml.load, device="two", limit=0.02).measured == 1


def test_a_torn_line_is_cut_off_and_its_case_timed_again(tmp_path):
    file = tmp_path / "mine.csv"
    run(CASES, file, yaml.load, limit=0.02)
    whole = file.read_bytes()
    file.write_bytes(whole[:-30])
    assert Log(file).torn
    again = run(CASES, file, yaml.load, limit=0.02)
    assert (again.measured, again.before) == (1, 2)
    assert len(read(file)) == 3


@pytest.mark.parametrize("cut", [0, 5, 40])
def test_a_file_cut_within_its_header_is_begun_anew(tmp_path, cut):
    file = tmp_path / "mine.csv"
    file.write_bytes(as_csv([]).encode()[:cut])
    assert run(CASES[:1], file, yaml.load, limit=0.02).measured == 1
    assert len(read(file)) == 1


def test_a_file_of_something_else_is_left_alone(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(MeasurementError, match="is no tidy file of measurements"):
        run(CASES, file, yaml.load)
    assert file.read_text() == "a,b\n1,2\n"


def test_a_killed_run_loses_one_row_at_most(tmp_path):
    file = tmp_path / "mine.csv"
    code = (
        "from pathlib import Path\nfrom symppa.calibration.measuring.cases import case\n"
        "from symppa.calibration.measuring.running import run\n"
        "cases = [case('relu', {'elements': n}, 'fp32', 'numpy') for n in range(1, 500)]\n"
        f"run(cases, Path({str(file)!r}), None, limit=0.01, told=lambda n, count, what: print(n, flush=True))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout:
            if int(line) == 7:
                process.send_signal(signal.SIGKILL)
                break
    assert len(read(file)) >= 7


def test_a_budget_that_is_over_leaves_the_rest_and_says_which(tmp_path):
    found = run(CASES, tmp_path / "m.csv", yaml.load, budget=1e-9)
    assert (found.measured, len(found.left)) == (0, 3)
    assert set(map(str, found.left)) == set(map(str, CASES))


def test_a_budget_sees_something_of_every_operation_first():
    cases = [relu(1), relu(2), relu(3), case("gemm", {"m": 8, "n": 8, "k": 8}, "fp32", "numpy")]
    assert [str(found).split()[0] for found in mixed(cases)] == ["relu", "gemm", "relu", "relu"]
    assert sorted(map(str, mixed(cases))) == sorted(map(str, cases))


def test_what_cannot_run_here_is_told_with_the_reason(tmp_path):
    cases = [CASES[0], case("conv2d", dict.fromkeys(("batch", "channels", "filters", "height", "width", "kernel"), 1),
                            "fp32", "numpy")]  # fmt: skip
    found = run(cases, tmp_path / "m.csv", yaml.load, limit=0.02)
    assert found.measured == 1
    assert [(str(made).split()[0], why) for made, why in found.refused] == [("conv2d", "numpy runs no conv2d")]


def test_progress_tells_what_is_done_and_what_comes_next(tmp_path):
    heard = []
    run(CASES, tmp_path / "m.csv", yaml.load, limit=0.02, told=lambda *what: heard.append(what))
    assert [(done, count) for done, count, _ in heard] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert heard[1][2] == "relu elements=4096 fp32 numpy"


def test_memory_that_a_run_takes_is_seen():
    found = measure(relu(1 << 24), running.Campaign("here", "numpy"), yaml.load, 0.1)
    if resident.missing():
        assert found.memory is None
    else:
        assert found.memory >= 0.9 * 2 * 4 * 2**24  # pages that were there already do not count


def zone(root, name, energy, most=10**6, number=0):
    place = root / f"intel-rapl:{number}"
    place.mkdir(parents=True)
    for file, text in (("name", name), ("energy_uj", energy), ("max_energy_range_uj", most)):
        (place / file).write_text(f"{text}\n")
    return place


def test_rapl_adds_up_packages_and_counts_on_where_a_counter_turned_over(tmp_path):
    first, second = zone(tmp_path, "package-0", 900_000), zone(tmp_path, "package-1", 100, number=1)
    zone(tmp_path, "psys", 5, number=2)
    before = rapl.counters(tmp_path)
    (first / "energy_uj").write_text("100000\n")
    (second / "energy_uj").write_text("300100\n")
    assert rapl.used(before, tmp_path) == pytest.approx(0.2 + 0.3)
    assert rapl.missing(tmp_path) == ""
    assert "shows no packages" in rapl.missing(tmp_path / "none")


def test_energy_is_absent_where_nothing_reads_it(tmp_path):
    assert rapl.used({}, tmp_path) is None
    found = measure(relu(64), running.Campaign("here", "numpy"), yaml.load, 0.02)
    assert (found.energy is None) == bool(rapl.missing())


def test_every_file_of_the_room_that_names_a_meter_is_one():
    modules = {found.name for found in pkgutil.iter_modules(meters.__path__)} - {"collector"}
    assert {made.name for made in collectors()} == modules


def test_the_machine_tells_its_cpu_and_leaves_out_what_it_cannot_read(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("model name\t: AMD EPYC 9654 96-Core Processor\ncpu MHz\t\t: 2400.5\nmodel name\t: x\n")
    assert machine.cpu(info) == "amd_epyc_9654"
    assert machine.clock(info, tmp_path) == 2400.5e6
    assert machine.governor(tmp_path) == ""
    info.write_text("model name : 12th Gen Intel(R) Core(TM) i7-12700K\n")
    assert machine.cpu(info) == "12th_gen_intel_core_i7_12700k"
    assert machine.clock(info, tmp_path) is None
    with pytest.raises(MeasurementError, match="does not tell the CPU's model"):
        machine.cpu(tmp_path / "none")


def result(op, sizes, name="numpy"):
    """What one run of an operation gives."""
    made = case(op, sizes, "fp64", name)
    return np.asarray(runner(name).prepared(made, yaml.load)())


@pytest.mark.parametrize("name", ["numpy", "torch-cpu"])
def test_a_product_and_a_softmax_are_what_they_say(name):
    pytest.importorskip("torch")
    assert result("gemm", {"m": 3, "n": 4, "k": 5}, name).shape == (3, 4)
    made = case("softmax", {"rows": 3, "width": 4}, "fp64", "torch-cpu")
    assert np.asarray(runner("torch-cpu").prepared(made, yaml.load)()).sum(axis=1) == pytest.approx(np.ones(3))


def test_attention_with_a_window_and_shared_heads_runs():
    pytest.importorskip("torch")
    sizes = {"batch": 2, "queries": 3, "context": 8, "heads": 4, "kv_heads": 2, "width": 8, "window": 2}
    assert result("attention_prefill", sizes, "torch-cpu").shape == (2, 4, 3, 8)


@pytest.mark.parametrize("network", ["resnet18", "mobilenet_v3_small", "vit_b_16"])
def test_a_shipped_network_runs_and_gives_what_its_graph_says(network):
    pytest.importorskip("torch")
    made = case("network", {"batch": 2}, "fp32", "torch-cpu", network)
    found = runner("torch-cpu").prepared(made, yaml.load)()
    assert tuple(found[0].shape) == (2, 1000)
    assert bool(found[0].isfinite().all())


def test_a_network_with_a_step_that_torch_does_not_take_is_refused():
    pytest.importorskip("torch")
    made = case("network", {"batch": 1}, "fp32", "torch-cpu", "yolov8n")
    with pytest.raises(MeasurementError, match="no step for"):
        runner("torch-cpu").prepared(made, yaml.load)


def asked(*words):
    return CliRunner().invoke(main, ["benchmark", *words])


def test_the_command_times_one_operation(tmp_path):
    file = tmp_path / "m.csv"
    done = asked("relu", "--shape", "64", "--runner", "numpy", "--limit", "0.02s", "--out", str(file), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["measured"], told["left"], len(told["rows"])) == (1, 0, 1)
    again = asked("relu", "--shape", "64", "--runner", "numpy", "--limit", "0.02s", "--out", str(file))
    assert "0 now, 1 before, 0 left" in again.output


def test_the_command_lists_what_can_be_timed_here():
    told = json.loads(asked("--list", "--json").stdout)
    assert {row["name"] for row in told["suites"]} == {"micro", "llm", "cnn", "quick"}
    assert {row["name"]: row["here"] for row in told["runners and meters"]}["numpy"] == "yes"


def test_ctrl_c_tells_what_is_done_and_the_same_command_goes_on(tmp_path):
    file = tmp_path / "m.csv"
    words = ["--suite", "micro", "--op", "gemm", "--runner", "numpy", "--limit", "0.2s", "--out", str(file)]
    command = [sys.executable, "-m", "symppa", "benchmark", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        while process.poll() is None and not (file.exists() and file.read_text().count("\n") > 2):
            sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"stands in {file}; the same command goes on" in told
    measured = len(read(file))
    assert 2 <= measured < 72
    assert f"{measured} before" in asked(*words, "--budget", "0.3s").output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "say what to time"),
        (("--suite", "quik"), "did you mean quick"),
        (("relu", "--op", "gelu", "--shape", "8"), "one operation"),
        (("relu",), "relu needs --shape"),
        (("--suite", "quick", "--shape", "8"), "a suite has its own"),
        (("relu", "--shape", "8", "--budget", "5"), "write 90s, 5min or 1h"),
    ],
)
def test_a_question_that_is_wrong_is_refused(words, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = asked(*words)
    assert done.exit_code == 2
    assert why in done.output
    assert not list(tmp_path.iterdir())


def test_a_file_is_imported_and_what_was_refused_is_told(tmp_path):
    source = tmp_path / "theirs.csv"
    rows = "NVIDIA L40S,bfloat16,1,2,3,0.5\nNVIDIA L40S,bfloat16,1,2,3,oops\nNVIDIA H200,bfloat16,1,2,3,0.5\n"
    source.write_text(f"device,dtype,m,n,k,latency_ms\n{rows}")
    done = asked("import", str(source), "--out", str(tmp_path / "tidy"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [Path(made["file"]).relative_to(tmp_path).as_posix() for made in told["written"]] == [
        "tidy/l40s/theirs.csv", "tidy/h200_sxm/theirs.csv",
    ]  # fmt: skip
    assert [finding["rows"] for finding in told["findings"]] == [[3]]
    assert read(tmp_path / "tidy" / "l40s" / "theirs.csv").rows[0].campaign.source == "theirs.csv"


def test_lint_says_no_where_rows_are_refused(tmp_path):
    source = tmp_path / "theirs.csv"
    source.write_text("device,dtype,m,n,k,latency_ms\nNVIDIA L40S,bfloat16,4096,4096,4096,0.01\n")
    done = asked("lint", str(source))
    assert done.exit_code == 1
    assert "above peak" in done.output
    source.write_text("device,dtype,m,n,k,latency_ms\nNVIDIA L40S,bfloat16,4096,4096,4096,1\n")
    assert asked("lint", str(source)).exit_code == 0


def test_scaling_by_blas_touches_every_element():
    """By a factor of 1 a library may return at once, and a time would be that of nothing."""
    prepared = [
        numpy_cpu.RUNNER.prepared(case("blas_scal", {"elements": n}, "fp32", "numpy"), yaml.load) for n in (64, 2**22)
    ]
    few, many = (min(_once(call) for _ in range(7)) for call in prepared)
    assert many > 20 * few


def _once(call):
    start = perf_counter()
    call()
    return perf_counter() - start


@pytest.mark.parametrize("name", ["../evil", "a/b", "a\\b", "..", ".hidden", "x.y", ""])
def test_the_name_of_a_device_leads_nowhere_else(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MeasurementError, match="is no name of a device"):
        device_name(name)
    if name:
        done = asked("relu", "--shape", "64", "--runner", "numpy", "--device", name)
        assert (done.exit_code, "is no name of a device" in done.output) == (2, True)
        (tmp_path / "t.csv").write_text("dtype,m,n,k,latency_ms\nbf16,1,2,3,0.5\n")
        done = asked("import", "t.csv", "--as", "gemm_table", "--device", name)
        assert (done.exit_code, "is no name of a device" in done.output) == (2, True)
        assert [path.name for path in tmp_path.rglob("*")] == ["t.csv"]


def test_rows_go_to_a_regular_file_only(tmp_path):
    with pytest.raises(MeasurementError, match="is no regular file"):
        run(CASES[:1], Path(os.devnull), yaml.load, limit=0.02)
    with pytest.raises(MeasurementError, match="is no regular file"):
        read(os.devnull)
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(MeasurementError, match="at most"):
        run(CASES[:1], large, yaml.load, limit=0.02)
    with pytest.raises(MeasurementError, match="no table of measurements"):
        read(large)


def test_one_run_at_a_time_writes_a_file(tmp_path):
    pytest.importorskip("fcntl")
    file = tmp_path / "m.csv"
    with alone(file), pytest.raises(MeasurementError, match=r"another run writes .*m\.csv"):
        run(CASES[:1], file, yaml.load, limit=0.02)
    assert run(CASES[:1], file, yaml.load, limit=0.02).measured == 1


def test_a_power_profile_is_recorded_and_rows_of_another_answer_nothing(tmp_path):
    file = tmp_path / "m.csv"
    words = ("relu", "--shape", "64", "--runner", "numpy", "--limit", "0.02s", "--out", str(file))
    for mode in ("30W", "50W", "50W"):
        done = asked(*words, "--device", "jetson_orin_agx_64gb", "--power-profile", mode)
        assert done.exit_code == 0, done.output
    assert [row.campaign.power_mode for row in read(file)] == ["30W", "50W"]
    done = asked(*words, "--device", "jetson_orin_agx_64gb", "--power-profile", "31W")
    assert (done.exit_code, "states no power profile '31W'" in done.output) == (2, True)


def test_a_case_that_fails_ends_in_exit_code_1(tmp_path):
    file = str(tmp_path / "m.csv")
    huge = "m=1000000000,n=1000000000,k=1000000000"
    done = asked("gemm", "--shape", huge, "--shape", "8x8x8", "--runner", "numpy", "--limit", "0.02s", "--out", file)
    assert (done.exit_code, "1 of 2 cases failed" in done.output) == (1, True)
    assert len(read(file)) == 1


def test_memory_below_what_an_allocator_keeps_is_left_out(tmp_path):
    if resident.missing():
        pytest.skip(resident.missing())
    small, large = relu(4096), relu(1 << 25)
    run([small, large], tmp_path / "m.csv", yaml.load, limit=0.02)
    told = [row.memory for row in read(tmp_path / "m.csv")]
    assert told[0] is None
    assert 2.0**27 <= told[1] <= 2.0**30


def test_a_suite_without_cases_and_an_operation_that_is_none_are_refused(tmp_path):
    (tmp_path / "s.yaml").write_text("suite: mine\nmeaning: none\ncases: []\n")
    done = asked("--suite", str(tmp_path / "s.yaml"))
    assert (done.exit_code, "cases is empty: a suite times one case at least" in done.output) == (2, True)
    done = asked("--suite", "quick", "--op", "sofmax")
    assert (done.exit_code, "there is no operation 'sofmax'; did you mean softmax" in done.output) == (2, True)
