"""A cluster gives what one process gives, bit for bit, whatever the windows, the workers and their ends."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np
import pytest

from symppa import units
from symppa.engine import cluster
from symppa.engine.cluster import Ground, connect, tasks, workers
from symppa.engine.cluster.ground import plain
from symppa.engine.compile import compile
from symppa.engine.grid import Grid
from symppa.engine.reducers import (
    ArgBest,
    Best,
    Count,
    Feasible,
    Histogram,
    Limit,
    Pareto,
    Quantiles,
    Range,
    Store,
)
from symppa.engine.walk import reduce
from symppa.engine.windows import Windows
from symppa.errors import ClusterError, MissingPackageError, QuestionError
from symppa.language import Model, ceil_div, formula, given, index, sqrt, total
from tests.clusters import own_addresses_only

distributed = pytest.importorskip("distributed", reason="symppa[cluster] is not installed")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    own_addresses_only(monkeypatch)


@pytest.fixture(scope="module")
def client():
    with workers("local:2") as made:
        yield made


class Chip(Model):
    """Coarse on purpose, so that ties are many; undefined where columns exceed rows."""

    parts = index("parts")
    weight = given("1", "weight", over=parts)
    rows = given("1", "rows")
    cols = given("1", "columns")
    clock = given("GHz", "clock")
    speed = formula("1", ceil_div(rows * cols, 4), derived=True)
    area = formula("1", rows + cols / 3, derived=True)
    root = formula("1", sqrt(rows - cols) * total(weight, over=parts), derived=True)
    power = formula("GHz", rows * clock / 7 + cols * clock / 3, derived=True)


OUTPUTS = ["speed", "area", "root", "power"]
AXES = {"rows": np.arange(1.0, 14.0), "cols": np.arange(1.0, 12.0), "clock": np.linspace(1, 2, 9)}
VALUES = {"weight": [0.1, 0.2, 0.7], **AXES}
LIMITS = [Limit("area", "<=", 9.0)]
REDUCERS = {
    "count": lambda: Count(["root"]),
    "best": lambda: Best(20, "speed", LIMITS),
    "least": lambda: Best(9, "root", largest=False),
    "front": lambda: Pareto({"speed": "max", "power": "min"}, LIMITS),
    "range": lambda: Range(["power", "root"]),
    "argbest": lambda: ArgBest("speed", ["clock", "rows"], LIMITS),
    "histogram": lambda: Histogram("power", 7),
    "quantiles": lambda: Quantiles(["power"], [0.05, 0.5, 0.95]),
    "feasible": lambda: Feasible(["root"], LIMITS),
    "store": lambda: Store(OUTPUTS),
}


def program():
    return compile(Chip(), OUTPUTS, list(AXES))


def alone(reducer):
    """What one process finds."""
    reduce(Grid(program(), VALUES), [reducer])
    return reducer


def together(reducer, client, most, **more):
    """What the workers find."""
    cluster.reduce(Grid(program(), VALUES), [reducer], client=client, most=most, **more)
    return reducer


def same(one, other):
    """Equal to the last bit, undefined values included."""
    np.testing.assert_equal(one.result(), other.result())
    if hasattr(one, "counts"):
        assert one.counts() == other.counts()


@pytest.mark.parametrize("most", [40, 313, 5000])
@pytest.mark.parametrize("name", REDUCERS)
def test_a_cluster_finds_what_one_process_finds(client, name, most):
    same(alone(REDUCERS[name]()), together(REDUCERS[name](), client, most))


def test_several_reducers_may_look_at_once(client):
    ours = [Best(3, "speed"), Quantiles(["power"], [0.5]), Count([])]
    cluster.reduce(Grid(program(), VALUES), ours, client=client, most=100)
    for reducer, lone in zip(ours, [Best(3, "speed"), Quantiles(["power"], [0.5]), Count([])], strict=True):
        same(alone(lone), reducer)


def test_progress_is_told_window_by_window(client):
    told = []
    together(Count([]), client, 99, progress=lambda done, whole: told.append((done, whole)))
    assert told[-1] == (13, 13)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_ctrl_c_leaves_the_windows_that_were_finished(client):
    def stop(done, whole):
        if done == 5:
            raise KeyboardInterrupt

    best = Best(2000, "speed")
    with pytest.raises(KeyboardInterrupt):
        cluster.reduce(Grid(program(), VALUES), [best], stop, client=client, most=99)
    flat, _ = best.result()
    numbers = np.arange(13 * 11 * 9).reshape(13, 11, 9)
    windows = [numbers[tuple(slice(*ends) for ends in window)].ravel() for window in Windows((13, 11, 9), 99)]
    whole = [window.tolist() for window in windows if np.isin(window, flat).any()]
    assert len(whole) == 5
    assert sorted(flat) == [number for window in whole for number in window]
    assert best.counts()["designs"] == 5 * 99


def test_a_worker_may_be_killed(client):
    killed = []

    def kill(done, whole):
        if not killed and done > 2:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    found = together(Best(20, "speed"), client, 20, progress=kill)
    assert killed
    same(alone(Best(20, "speed")), found)


def _end(common, number):
    os._exit(1)


def test_a_window_that_ends_every_worker_is_said(monkeypatch):
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), workers("local:1") as lonely:
        common = cluster.hand(lonely, None)
        with pytest.raises(ClusterError, match=r"every worker .* the last of 1 at tcp.* memory may be too"):
            list(cluster.finished(lonely, _end, common, [0], None))


def test_an_engine_that_there_is_not_is_refused(client):
    with pytest.raises(QuestionError, match="there is no engine 'abacus'"):
        together(Count([]), client, 100, engine="abacus")


def _object(common, number):
    raise QuestionError(f"window {number} is not wanted", file="mine.yaml", line=3)


def test_an_error_of_a_window_is_raised_as_it_is(client):
    with pytest.raises(QuestionError, match=r"mine\.yaml:3: window 7 is not wanted"):
        list(cluster.finished(client, _object, cluster.hand(client, None), [7], None))


def test_a_local_cluster_leaves_no_process():
    with workers("local:1") as made:
        (pid,) = made.run(os.getpid).values()
        os.kill(pid, 0)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there")


def own_cluster(count):
    """A cluster that does not care for its workers."""
    quiet = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    return distributed.LocalCluster(n_workers=count, host="127.0.0.1", scheduler_kwargs=quiet, silence_logs=60)


def test_where_no_workers_come_back_the_wait_ends(monkeypatch):
    monkeypatch.setattr(tasks, "LONELY", 0.5)
    with own_cluster(1) as lonely, workers(lonely) as made:
        lonely.scale(0)
        while made.nthreads():
            time.sleep(0.01)
        with pytest.raises(ClusterError, match=r"there have been no workers for 1 s: what was finished is kept"):
            together(Count([]), made, 100)


def test_a_client_that_is_given_stays_open(client):
    with workers(client) as made:
        assert made is client
    assert client.status == "running"


def test_the_address_of_a_scheduler_is_enough(client):
    with workers(client.scheduler.address) as made:
        assert made is not client
        same(alone(Count(["root"])), together(Count(["root"]), made, 100))
    assert client.status == "running"


def test_another_version_is_refused_before_any_work(client, monkeypatch):
    monkeypatch.setattr(connect, "__version__", "9.9")
    with pytest.raises(ClusterError, match=r"the worker tcp.* has symppa .*, this is symppa 9\.9: install it there"):
        workers(client).__enter__()


def _whole(ground, number):
    return ground.whole.size


def test_a_worker_that_comes_later_is_refused_for_its_version(client):
    common = cluster.hand(client, Ground(program().to_json(), VALUES, "9.9"))
    with pytest.raises(ClusterError, match=r"a worker has symppa .*, this is symppa 9\.9"):
        list(cluster.finished(client, _whole, common, [0], None))


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(connect, "PATIENCE", 0.3)
    with (
        own_cluster(0) as empty,
        pytest.raises(ClusterError, match="has no workers: start some with `dask worker`"),
    ):
        workers(empty).__enter__()


def test_an_address_nobody_answers_at_is_refused(monkeypatch):
    monkeypatch.setattr(connect, "PATIENCE", 0.3)
    with pytest.raises(ClusterError, match=r"no scheduler answers at 127\.0\.0\.1:9 .*or ask for local"):
        workers("127.0.0.1:9").__enter__()


@pytest.mark.parametrize("told", ["lokal", "local:", "local:two", "here and there"])
def test_a_text_that_is_no_cluster_is_refused(told):
    with pytest.raises(QuestionError, match="is not understood; it is local, local:4 or the address HOST:PORT"):
        workers(told).__enter__()


def test_no_workers_are_no_cluster():
    with pytest.raises(QuestionError, match="local:0 has no workers"):
        workers("local:0").__enter__()


def test_a_missing_package_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=r"a cluster needs distributed, .* pip install 'symppa\[cluster\]'"):
        workers("local").__enter__()


def test_values_travel_as_plain_data():
    told = {"a": units.quantity(3.0, "GHz"), "b": [units.quantity(1.0, "s"), "2 s"], "c": {"x": (np.ones(2), "m")}}
    assert plain(told["a"]) == (3.0, "gigahertz")
    assert plain(told["b"])[1] == "2 s"
    assert plain(told)["c"]["x"][1] == "m"
    assert units.worth(plain(told["a"]), "Hz") == units.worth(told["a"], "Hz")
