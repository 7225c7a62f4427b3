"""A stored sweep holds what one in memory holds, however it was cut, stopped, killed, resumed or shared out."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from symppa import Model, formula, given, sweep
from symppa.engine.cluster import workers
from symppa.errors import ClusterError, MissingPackageError, QuestionError
from symppa.reports.contents import report
from symppa.reports.csv import as_csv
from symppa.reports.text import as_text
from symppa.studies import partitions
from symppa.studies.partitions import folder as folders
from symppa.studies.tables import write
from tests.cli.asking import ask, data, told
from tests.clusters import own_addresses_only
from tests.house.tree import ROOT

BASE = "nexgen_baseline"
AXES = {"precision": "FP4,FP16,FP32", "chiplet.sms": "16:64:4", "clock": "1.5GHz:3GHz:16"}
OUTPUTS = ["power", "compute_density"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    own_addresses_only(monkeypatch)


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    monkeypatch.setattr(partitions, "WINDOW", 100)


def frame(result):
    found = result.to_frame()
    found.attrs = {}
    return found


def contents(place):
    """Every file of a folder, by name."""
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def opened(place):
    """A Zarr store in memory."""
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("zarr", reason="symppa[cluster] is not installed")
    with xarray.open_zarr(place) as found:
        return found.load()


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"where": ["power <= 300 W"]},
        {"where": ["power <= 5 W"]},
        {"outputs": ["by_format.peak_compute", "power", "attained"]},
        {"outputs": ["by_format.peak_compute", "power"], "where": ["power <= 300 W"]},
        {"axes": {"chiplet.sm.ops_per_cycle.FP16": [64.0, 128.0], "chiplet.sm.ops_per_cycle.FP8": np.arange(1.0, 90)}},
        {"axes": {"precision": "FP4,FP16"}, "points": {"clock": np.linspace(1, 2, 70), "chiplet.sms": [16.0] * 70}},
    ],
    ids=["all", "limited", "none", "sets", "limited sets", "members", "points"],
)
def test_partitions_hold_the_rows_of_one_table(tmp_path, question):
    asked = {"axes": AXES, "outputs": OUTPUTS} | question
    result = sweep(BASE, **asked, out=tmp_path / "a.parts")
    whole = sweep(BASE, **asked)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parts"), frame(whole), check_dtype=False)
    assert result.counts == whole.counts
    assert result.facts["stored"]["partitions"] == len(list((tmp_path / "a.parts").glob("part-*.parquet"))) > 1


def test_the_partitions_follow_one_another_in_the_order_of_the_designs(tmp_path):
    sweep(BASE, axes=AXES, outputs=OUTPUTS, where=["power <= 500 W"], out=tmp_path / "a.parts")
    paths = sorted((tmp_path / "a.parts").glob("part-*.parquet"))
    numbers = [pq.read_table(path).column("design").to_pylist() for path in paths]
    assert np.concatenate(numbers).tolist() == sorted(n for part in numbers for n in part)
    assert all(len(part) <= 100 for part in numbers)


def test_a_column_says_its_unit(tmp_path):
    sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "a.parts")
    write(sweep(BASE, axes=AXES, outputs=OUTPUTS), tmp_path / "one.parquet")
    one, many = pq.read_schema(tmp_path / "one.parquet"), pq.read_schema(tmp_path / "a.parts" / "part-00000.parquet")
    assert {f.name: f.metadata for f in many} == {f.name: f.metadata for f in one}


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"outputs": ["by_format.peak_compute", "power"]},
        {"axes": {"chiplet.sms": "16:64:4"}, "points": {"clock": np.linspace(1, 2, 70), "utilisation": [0.5] * 70}},
    ],
    ids=["all", "sets", "points"],
)
def test_a_store_holds_the_arrays_of_one_dataset(tmp_path, question):
    asked = {"axes": AXES, "outputs": OUTPUTS} | question
    found = opened_after(tmp_path / "a.zarr", asked)
    whole = sweep(BASE, **asked).to_xarray()
    assert found.equals(whole)
    kinds = ("units", "long_name")
    assert all(found[n].attrs[kind] == whole[n].attrs[kind] for n in whole.variables for kind in kinds)
    assert {n: whole.attrs[n] for n in ("study", "system", "description", "program", "inputs")}.items() <= dict(
        found.attrs
    ).items()


def opened_after(place, asked):
    pytest.importorskip("zarr", reason="symppa[cluster] is not installed")
    sweep(BASE, **asked, out=place)
    return opened(place)


class Ratio(Model):
    a = given("1", "above")
    b = given("1", "below")
    ratio = formula("1", a / b, "ratio", derived=True)


RATIO = {"a": np.arange(30.0), "b": np.arange(10.0)}


@pytest.mark.parametrize("suffix", ["parts", "zarr"])
def test_undefined_designs_are_stored_and_counted(tmp_path, suffix):
    if suffix == "zarr":
        pytest.importorskip("zarr", reason="symppa[cluster] is not installed")
    result = sweep(Ratio(), axes=RATIO, out=tmp_path / f"a.{suffix}")
    assert result.counts == {"designs": 300, "invalid": 30}
    found = pd.read_parquet(tmp_path / "a.parts")["ratio"] if suffix == "parts" else opened(tmp_path / "a.zarr").ratio
    assert np.isinf(np.ravel(found)).sum() == 29  # a/0, but for 0/0
    assert np.isnan(np.ravel(found)).sum() == 1


@pytest.mark.parametrize("suffix", ["parts", "zarr"])
def test_a_window_that_is_undefined_throughout_is_stored_too(tmp_path, suffix, monkeypatch):
    if suffix == "zarr":
        pytest.importorskip("zarr", reason="symppa[cluster] is not installed")
    monkeypatch.setattr(partitions, "WINDOW", 4)
    asked = {"axes": {"a": [0.0], "b": [0.0] * 8 + [1.0]}, "out": tmp_path / f"a.{suffix}"}
    assert sweep(Ratio(), **asked).counts == {"designs": 9, "invalid": 8}
    again = sweep(Ratio(), **asked)
    assert again.facts["stored"] == {"path": str(asked["out"]), "partitions": 3, "finished": 3, "finished before": 3}


@pytest.mark.parametrize("suffix", ["parts", "zarr"])
class TestResuming:
    @pytest.fixture(autouse=True)
    def zarr(self, suffix):
        if suffix == "zarr":
            pytest.importorskip("zarr", reason="symppa[cluster] is not installed")

    @pytest.fixture
    def place(self, tmp_path, suffix):
        return tmp_path / f"a.{suffix}"

    def sweep(self, place, **more):
        return sweep(BASE, axes=AXES, outputs=OUTPUTS, out=place, **more)

    def test_a_finished_one_says_so_and_changes_nothing(self, place):
        first = self.sweep(place)
        before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
        again = self.sweep(place)
        assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
        assert again.notes[-1] == "every partition was finished before: nothing was changed"
        assert again.counts == first.counts
        assert again.facts["stored"]["finished before"] == 9

    def test_ctrl_c_keeps_the_finished_partitions_and_the_next_time_goes_on(self, place, tmp_path, suffix):
        def stop(done, total):
            if done == 4:
                raise KeyboardInterrupt

        stopped = self.sweep(place, progress=stop)
        assert stopped.facts["complete"] is False
        assert stopped.facts["stored"]["finished"] in (3, 4)
        assert stopped.notes[-1] == (
            f"{stopped.facts['stored']['finished']} of 9 partitions are finished; the same question goes on from there"
        )
        steps = []
        rest = self.sweep(place, progress=lambda done, total: steps.append((done, total)))
        assert rest.notes[-1] == f"{steps[0][0] - 1} of 9 partitions were finished before"
        assert steps[-1] == (9, 9)
        whole = tmp_path / f"whole.{suffix}"
        assert rest.counts == self.sweep(whole).counts
        assert contents(place).keys() == contents(whole).keys()

    def test_what_is_lost_or_damaged_is_done_again(self, place):
        self.sweep(place)
        parts = sorted(
            p for p in place.rglob("*") if p.is_file() and (p.suffix == ".parquet" or p.parent.name == "power")
        )
        chosen = [p for p in parts if not p.name.startswith(".")]
        before = contents(place)
        chosen[1].unlink()
        chosen[3].write_bytes(chosen[3].read_bytes()[:-7])
        again = self.sweep(place)
        assert again.facts["stored"]["finished before"] == 7
        assert contents(place).keys() == before.keys()
        assert len(pd.read_parquet(place) if place.suffix == ".parts" else opened(place).power.values.ravel()) == 624

    def test_another_window_does_not_matter_to_what_was_begun(self, place, monkeypatch):
        self.sweep(place)
        monkeypatch.setattr(partitions, "WINDOW", 7)
        assert self.sweep(place).facts["stored"]["finished before"] == 9

    @pytest.mark.parametrize(
        ("question", "said"),
        [
            ({"axes": AXES | {"clock": "1.5GHz:3GHz:17"}}, r"axes\.clock\.values is \[1\.5, 1\.6"),
            ({"axes": {"clock": AXES["clock"]}}, r"order is \[\"precision\", .* and \[\"clock\"\] here"),
            ({"axes": dict(reversed(AXES.items()))}, r"order is \[\"precision\", .* and \[\"clock\", "),
            ({"outputs": ["power"]}, r"outputs is \[\"power\", \"compute_density\"\] there and \[\"power\"\] here"),
            ({"values": {"stacks": 4}}, r"inputs\.stacks is 8\.0 there and 4\.0 here"),
            (
                {"system": "nexgen_high_sm_density"},
                "description is nexgen_baseline there and nexgen_high_sm_density here",
            ),
        ],
    )
    def test_another_question_is_refused(self, place, question, said):
        self.sweep(place)
        before = contents(place)
        with pytest.raises(QuestionError, match=f"holds another sweep: {said}"):
            sweep(**({"system": BASE, "axes": AXES, "outputs": OUTPUTS, "out": place} | question))
        assert contents(place) == before

    def test_only_one_sweep_writes_at_a_time(self, place):
        self.sweep(place)
        with (
            folders.held(place),
            pytest.raises(QuestionError, match="is being written by another sweep: wait for it, or stop it"),
        ):
            self.sweep(place)
        self.sweep(place)

    def test_what_a_killed_sweep_left_behind_is_removed(self, place):
        self.sweep(place)
        before = contents(place)
        (place / f".part-00003.parquet.0123.{folders.BEGUN}").write_bytes(b"half")
        (place.parent / f".{place.name}.4567.{folders.BEGUN}").mkdir()
        self.sweep(place)
        assert contents(place) == before
        assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_the_same_limit_and_value_in_other_words_go_on(tmp_path):
    place = tmp_path / "a.parts"
    sweep(BASE, {"io_power": "10 W"}, axes=AXES, outputs=OUTPUTS, where=["power <= 300 W"], out=place)
    again = sweep(BASE, {"io_power": "10000mW"}, axes=AXES, outputs=OUTPUTS, where=["power<=0.3kW"], out=place)
    assert "every partition was finished before" in " ".join(again.notes)


def test_other_limits_are_refused_in_a_folder_of_rows(tmp_path):
    place = tmp_path / "a.parts"
    sweep(BASE, axes=AXES, outputs=OUTPUTS, where=["power <= 300 W"], out=place)
    with pytest.raises(QuestionError, match=r"where is .*300\.0.* there and .*301\.0.* here"):
        sweep(BASE, axes=AXES, outputs=OUTPUTS, where=["power <= 301 W"], out=place)


def test_a_long_axis_is_told_apart_by_its_hash(tmp_path):
    place, along = tmp_path / "a.parts", np.linspace(1, 2, 1500)
    sweep(BASE, axes={"clock": along}, outputs=["power"], out=place)
    along[700] += 1e-12
    with pytest.raises(QuestionError, match=r"axes\.clock\.sha256 is [0-9a-f]+.* there"):
        sweep(BASE, axes={"clock": along}, outputs=["power"], out=place)


def test_one_of_several_that_begin_a_folder_begins_it(tmp_path):
    content = {"format": folders.FORMAT, "kind": "parts", "key": "k", "window": 1, "question": {"a": 1}}

    def meanwhile(begun):
        folders.opened(tmp_path / "a.parts", content | {"window": 2}, lambda other: None)

    assert folders.opened(tmp_path / "a.parts", content, meanwhile)["window"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parts"]


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path):
    def fail(path):
        path.write_bytes(b"half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        folders.written(tmp_path / "a", fail)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "question", "said"),
    [
        ("a.parts", {"keep": "best:5:power"}, "holds every design: keep all of them, not 'best:5:power'"),
        ("a.zarr", {"where": ["power <= 300 W"]}, r"cannot leave out designs: .*a\.parts holds the rows"),
        ("a.parquet", {}, r"is no place for partitions: its suffix is one of \.parts, \.zarr"),
        ("nowhere/a.parts", {}, "there is no folder .*nowhere"),
        ("file.parts", {}, "is a file; partitions are written to a folder of their own"),
        ("other.parts", {}, r"holds something else: no _sweep\.json says which sweep"),
        ("torn.parts", {}, r"_sweep\.json does not say which sweep this is \(format 1\); is it damaged\?"),
        (
            "a.parts",
            {"axes": {"clock": "1GHz:2GHz:9999999", "utilisation": "0:1:9999999"}, "outputs": ["efficiency"]},
            r"1e\+14 designs are 1e\+12 partitions, 1000000 at most: narrow an axis",
        ),
    ],
)
def test_what_cannot_be_stored_is_refused(tmp_path, name, question, said):
    (tmp_path / "file.parts").write_text("")
    (tmp_path / "other.parts").mkdir()
    (tmp_path / "other.parts" / "notes.txt").write_text("mine")
    (tmp_path / "torn.parts").mkdir()
    (tmp_path / "torn.parts" / folders.QUESTION).write_text('{"format": 1, "ques')
    before = contents(tmp_path)
    with pytest.raises(QuestionError, match=said):
        sweep(**({"system": BASE, "axes": AXES, "outputs": OUTPUTS, "out": tmp_path / name} | question))
    assert contents(tmp_path) == before


def test_a_quotient_cannot_name_an_array(tmp_path):
    pytest.importorskip("zarr", reason="symppa[cluster] is not installed")
    with pytest.raises(QuestionError, match=r"'power / chiplets' cannot name an array .* write NAME\.parts instead"):
        sweep(BASE, axes=AXES, outputs=["power / chiplets"], out=tmp_path / "a.zarr")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_with_what_brings_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingPackageError, match=r"a Zarr store needs zarr, .* pip install 'symppa\[cluster\]'"):
        sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "a.zarr")
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_as_good_as_none(tmp_path):
    (tmp_path / "a.parts").mkdir()
    assert sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "a.parts").counts["designs"] == 624


def test_the_memory_of_a_stored_sweep_is_that_of_a_few_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(partitions, "WINDOW", 5000)
    axes = {"a": np.arange(1000.0), "b": np.arange(1.0, 501.0)}
    tracemalloc.start()
    try:
        sweep(Ratio(), axes=axes, out=tmp_path / "a.parts")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1000 * 500 * 8  # bytes of the one output alone


def test_a_window_holds_fewer_designs_where_each_holds_more(tmp_path, monkeypatch):
    monkeypatch.setattr(partitions, "MEMORY", 8 * 2 * 50)
    result = sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "a.parts")
    assert result.facts["stored"]["partitions"] == 3 * 5  # 13 x 16 designs of each precision, at most 3 x 16 at once


def test_a_stored_sweep_shows_itself(tmp_path):
    result = sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "a.parts")
    text = " ".join(as_text(report(result), width=400).split())
    assert f"stored {tmp_path / 'a.parts'}, 9 partitions designs 624 in the grid, 0 invalid" in text
    assert json.loads(result.to_json())["facts"]["stored"]["partitions"] == 9
    assert json.loads(result.to_json())["outputs"] == {}
    assert as_csv(result) == "count,value\ndesigns,624\ninvalid,0\n"


def test_the_command_writes_resumes_and_refuses(tmp_path):
    line = ["sweep", BASE, "--axis", "clock=1.5GHz:3GHz:151", "--output", "power", "--out", str(tmp_path / "a.parts")]
    assert "2 partitions" in " ".join(told(*line).split())
    assert data(*line)["facts"]["stored"]["finished before"] == 2
    other = ask(*line, "--set", "stacks=4")
    assert other.exit_code == 2
    assert "holds another sweep: inputs.stacks" in other.stderr
    assert ask(*line[:-2], "--out", str(tmp_path / "b.parts"), "--where", "power <= 5 W").exit_code == 1
    wrong = ask(*line[:-1], "a.feather")
    assert wrong.exit_code == 2
    assert ".json, .parts, .zarr" in wrong.stderr
    figure = ask(*line, "--plot", str(tmp_path / "figures"))
    assert figure.exit_code == 2
    assert "a figure shows designs in memory" in figure.stderr


KILLED = """\
import sys
from symppa.studies import partitions
from symppa import sweep
partitions.WINDOW = 39
axes = {"clock": "1.5GHz:3GHz:100", "chiplet.sms": "16:64:4", "precision": "FP4,FP16,FP32"}
sweep("nexgen_baseline", axes=axes, outputs=["power", "compute_density"], out=sys.argv[1])
"""


def started(place):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-W", "error", "-c", KILLED, str(place)], env=environment)


def marks(place):
    return len([*place.glob("part-*.parquet"), *place.glob("_parts/*.json")])


@pytest.mark.parametrize("suffix", ["parts", "zarr"])
def test_a_sweep_killed_at_any_moment_loses_and_doubles_nothing(tmp_path, suffix):
    if suffix == "zarr":
        pytest.importorskip("zarr", reason="symppa[cluster] is not installed")
    place, rng = tmp_path / f"killed.{suffix}", random.Random(20)
    for least in (-1, 0, 0, 0):  # the first is killed when anything at all is there
        process, before = started(place), marks(place)
        while process.poll() is None and not (marks(place) > before + least and any(tmp_path.iterdir())):
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.03) * (least + 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = marks(place)
    assert 3 <= kept < 100
    assert started(place).wait() == 0
    whole = tmp_path / f"whole.{suffix}"
    assert started(whole).wait() == 0
    assert contents(place).keys() == contents(whole).keys()
    if suffix == "parts":
        assert contents(place) == contents(whole)
        assert len(pd.read_parquet(place)) == 3900
    else:
        assert opened(place).identical(opened(whole))


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("distributed", reason="symppa[cluster] is not installed")
    with workers("local:2") as made:
        yield made


class TestCluster:
    @pytest.mark.parametrize("where", [[], ["power <= 300 W"]])
    def test_workers_write_what_one_process_writes(self, tmp_path, client, where):
        asked = {"axes": AXES, "outputs": OUTPUTS, "where": where}
        one = sweep(BASE, **asked, out=tmp_path / "one.parts")
        two = sweep(BASE, **asked, out=tmp_path / "two.parts", cluster=client)
        assert contents(tmp_path / "one.parts") == contents(tmp_path / "two.parts")
        assert one.counts == two.counts

    def test_workers_fill_one_store(self, tmp_path, client):
        pytest.importorskip("zarr", reason="symppa[cluster] is not installed")
        sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "one.zarr")
        sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "two.zarr", cluster=client)
        assert opened(tmp_path / "one.zarr").identical(opened(tmp_path / "two.zarr"))

    def test_a_worker_may_be_killed_and_the_partitions_are_whole(self, tmp_path, client, monkeypatch):
        monkeypatch.setattr(partitions, "WINDOW", 16)
        killed = []

        def kill(done, total):
            if done > 3 and not killed:
                killed.extend(client.run(os.getpid).values())
                os.kill(killed[0], signal.SIGKILL)

        asked = {"axes": AXES, "outputs": OUTPUTS}
        sweep(BASE, **asked, out=tmp_path / "one.parts", cluster=client, progress=kill)
        assert killed
        sweep(BASE, **asked, out=tmp_path / "two.parts")
        assert contents(tmp_path / "one.parts") == contents(tmp_path / "two.parts")

    def test_workers_that_do_not_share_the_folder_are_refused(self, tmp_path, client):
        def gone(done, total):
            (tmp_path / "a.parts" / folders.QUESTION).unlink(missing_ok=True)

        with pytest.raises(ClusterError, match="is not the folder of this sweep where a window is computed"):
            sweep(BASE, axes=AXES, outputs=OUTPUTS, out=tmp_path / "a.parts", cluster=client, progress=gone)

    @pytest.mark.parametrize("keep", ["all", "count", "best:7:compute_density", "pareto:power=min,compute_density=max"])
    def test_a_sweep_on_a_cluster_is_the_sweep_of_one_process(self, client, keep):
        asked = {"axes": AXES, "outputs": OUTPUTS, "keep": keep, "where": ["power <= 500 W"]}
        assert sweep(BASE, **asked, cluster=client).to_json() == sweep(BASE, **asked).to_json()

    def test_everything_may_come_home(self, client):
        asked = {"axes": AXES, "outputs": [*OUTPUTS, "by_format.peak_compute"]}
        assert sweep(BASE, **asked, cluster=client).to_json() == sweep(BASE, **asked).to_json()

    def test_ctrl_c_stops_every_process_and_keeps_what_is_finished(self, tmp_path):
        place = tmp_path / "a.parts"
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", STOPPED, str(place)],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        while process.poll() is None and marks(place) < 3:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers too
        said, complaints = process.communicate(timeout=60)
        assert process.returncode == 130, complaints
        assert complaints == ""
        stored = json.loads(said)["facts"]["stored"]
        assert 3 <= stored["finished"] <= marks(place) < 300
        until(lambda: not lives(process.pid))


def until(true):
    """Wait for it, a while."""
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("in vain")


def lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


STOPPED = """\
import sys
from symppa.studies import partitions
from symppa.cli.main import main
partitions.WINDOW = 13
axes = ["--axis", "clock=1.5GHz:3GHz:300", "--axis", "chiplet.sms=16:64:4"]
main(["sweep", "nexgen_baseline", *axes, "--output", "power", "--out", sys.argv[1], "--cluster", "local:2", "--json"])
"""
