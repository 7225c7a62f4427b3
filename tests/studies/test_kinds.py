"""The words of --keep, and what is kept of a sweep, against sweeps that store everything."""

from __future__ import annotations

import json

import numpy as np
import pytest

from symppa import Model, formula, given, index, replay, sweep, total
from symppa.errors import SymppaError
from symppa.studies import tables
from symppa.studies.kinds import GRAMMAR, KINDS, Leading, Shares, read

SOC = "nexgen_baseline"
AXES = {"chiplet.sms": "16:64:8", "clock": "1.5GHz:3GHz:5", "precision": "FP8,FP16"}
WHERE = ["power <= 400 W"]


def every(*outputs):
    """Each output of every design, in order."""
    found = sweep(SOC, axes=AXES, outputs=outputs)
    return [np.broadcast_to(found[name], (7, 5, 2)) for name in outputs]


def kept(keep, outputs=("power",), where=(), axes=AXES):
    return sweep(SOC, axes=axes, keep=keep, outputs=outputs, where=where)


@pytest.mark.parametrize(
    ("keep", "outputs"),
    [
        ("all", ()),
        ("count", ()),
        ("best:5:power", ("power",)),
        ("best:5:power / chiplets:min", ("power / chiplets",)),
        ("pareto:power=min,largest(area, 1 mm**2)=max", ("power", "largest(area, 1 mm**2)")),
        ("range:power, area", ("power", "area")),
        ("argmax:power:clock,chiplet.sms", ("power",)),
        ("argmin:smallest(power, 5 W):clock", ("smallest(power, 5 W)",)),
        ("histogram:power", ("power",)),
        ("histogram:power:7:0 W:5 kW", ("power",)),
        ("quantiles", ()),
        ("quantiles::0.1", ()),
        ("quantiles:power,area:0.1,0.9", ("power", "area")),
    ],
)
def test_a_keep_names_outputs_which_may_be_expressions(keep, outputs):
    assert read(keep).judged == outputs


def test_a_keep_says_how_many_and_which_way():
    assert read("best:3:power:min") == Leading(("power",), 3, False)
    assert read("quantiles:power:0.25").probabilities == (0.25,)
    assert Shares.of("quantiles").probabilities == (0.05, 0.5, 0.95)


@pytest.mark.parametrize(
    "keep",
    ["", "bset:5:power", "all:1", "count:power", "best", "best:power", "best:5:", "best:5:power:most", "pareto:power",
     "pareto:power=min,power=max", "range:", "range:power,,area", "argmax:power", "argmax:power:", "argmin::clock",
     "argmax:power:clock:sms", "histogram", "histogram:power:", "histogram:power:2.5", "histogram:power:5:0 W",
     "histogram:power:5:0 W:"],
)  # fmt: skip
def test_what_is_malformed_is_told_with_what_may_be_written(keep):
    with pytest.raises(SymppaError, match="is not understood; it is") as told:
        kept(keep) if keep else read(keep)
    known = KINDS.get(keep.partition(":")[0])
    assert str(told.value).endswith(known.form if known else GRAMMAR)


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("argmax:power:sms", "sms is no axis of this sweep; did you mean chiplet.sms?"),
        ("argmax:power:clock,clock", "name axes, once"),
        ("argmax:attained:clock", "attained stands over loads"),
        ("argmax:pwoer:clock", "did you mean power"),
        ("histogram:power:5:0:500", "has no unit"),
        ("histogram:power:5:0 mm:500 W", "does not measure W"),
        ("histogram:power:5:500 W:100 W", "from a smaller to a larger end"),
        ("histogram:power:0", "1 to 1000000 bins"),
        ("quantiles:power:half", "half are no probabilities"),
        ("quantiles:power:1.5", "between 0 and 1, not at 1.5"),
        ("pareto:power=low,area=min", "'min' or 'max', not 'low'"),
    ],
)
def test_what_makes_no_sense_is_refused(keep, message):
    with pytest.raises(SymppaError, match=message):
        kept(keep)


def test_shares_are_asked_of_quantiles_only():
    with pytest.raises(SymppaError, match="asks for no quantiles"):
        Shares.of("count")


def test_the_best_for_each_value_of_an_axis():
    power, density = every("power", "compute_density")
    result = kept("argmax:compute_density:chiplet.sms", ["power"], WHERE)
    ranked = np.where(power <= 400, density, -np.inf).reshape(7, -1)
    first = ranked.argmax(1)
    some = np.isfinite(ranked.max(1))
    assert 0 < some.sum() < 7
    clocks, precisions = sweep(SOC, axes=AXES, outputs=["power"]).coordinates["clock"].values, np.array(["FP8", "FP16"])
    np.testing.assert_array_equal(result["clock"], np.where(some, clocks[first // 2], np.nan))
    assert result["precision"].tolist() == np.where(some, precisions[first % 2], "").tolist()
    np.testing.assert_array_equal(result["compute_density"], np.where(some, ranked.max(1), np.nan))
    np.testing.assert_array_equal(result["power"], np.where(some, power.reshape(7, -1)[range(7), first], np.nan))
    assert result["design"].tolist() == np.where(some, np.arange(7) * 10 + first, -1).tolist()
    assert result.output("power").dims == result.output("design").dims == ("chiplet.sms",)
    assert list(result.coordinates) == ["chiplet.sms"]
    assert result.counts == {
        "designs": 70, "feasible": np.count_nonzero(power <= 400), "invalid": 0, "empty": 7 - some.sum()
    }  # fmt: skip


def test_the_least_for_each_combination_stands_in_the_order_asked():
    (power,) = every("power")
    result = kept("argmin:power:precision,chiplet.sms")
    assert result.output("power").dims == ("precision", "chiplet.sms")
    np.testing.assert_array_equal(result["power"], power.min(1).T)
    assert (result["clock"] == 1.5).all()  # power does not follow the clock: the first wins


class Mixed(Model):
    """An output over a set."""

    formats = index("formats")
    rate = given("1", "rate", over=formats)
    clock = given("GHz", "clock")
    volts = given("V", "voltage")
    peaks = formula("GHz", rate * clock, derived=True)
    heat = formula("GHz*V", total(peaks, over=formats) * volts, derived=True)


def test_outputs_over_sets_keep_their_sets():
    values = {"rate": {"fast": 3.0, "slow": 1.0}}
    axes = {"clock": [1.0, 2.0], "volts": [3.0, 1.0, 2.0]}
    result = sweep(Mixed(), values, axes=axes, outputs=["peaks"], keep="argmin:heat:clock")
    assert result.output("peaks").dims == ("clock", "formats")
    assert result["peaks"].tolist() == [[3, 1], [6, 2]]
    assert result["volts"].tolist() == [1, 1]
    assert result.to_frame().columns.tolist() == ["clock", "formats", "volts", "peaks", "heat", "design"]


def test_a_histogram_is_that_of_numpy():
    (power,) = every("power")
    result = kept("histogram:power:6", where=WHERE)
    counts, edges = np.histogram(power[power <= 400], 6)
    assert result["count"].tolist() == counts.tolist()
    assert [*result["low"], result["high"][-1]] == edges.tolist()
    assert result["low"][1:].tolist() == result["high"][:-1].tolist()
    assert result.unit("low") == "W"
    assert result.counts["below"] == result.counts["above"] == 0


@pytest.mark.parametrize("ends", ["300 W:450 W", "0.3 kW:0.45 kW"])
def test_the_ends_of_bins_have_a_unit(ends):
    (power,) = every("power")
    result = kept(f"histogram:power:3:{ends}")
    assert result["low"].tolist() == [300, 350, 400]
    assert result["count"].tolist() == np.histogram(power, 3, (300, 450))[0].tolist()
    assert (result.counts["below"], result.counts["above"]) == (np.sum(power < 300), np.sum(power > 450))


def test_quantiles_are_those_of_numpy():
    power, density = every("power", "compute_density")
    good = power <= 400
    result = kept("quantiles:power,compute_density:0.1,0.5,0.99", where=WHERE)
    for name, values in (("power", power), ("compute_density", density)):
        assert result[name].tolist() == np.quantile(values[good], [0.1, 0.5, 0.99]).tolist()
        assert result[f"{name}.mean"] == pytest.approx(values[good].mean(), rel=1e-14)
        assert result[f"{name}.std"] == pytest.approx(values[good].std(), rel=1e-13)
        assert result.unit(f"{name}.std") == result.unit(name)
    assert result.coordinates["probability"].values.tolist() == [0.1, 0.5, 0.99]


def test_plain_quantiles_are_of_every_output_asked_for():
    assert list(kept("quantiles", ["power", "area"])) == [
        "power", "power.mean", "power.std", "area", "area.mean", "area.std"
    ]  # fmt: skip


def test_a_range_is_three_numbers():
    (power,) = every("power")
    result = kept("range:power", where=WHERE)
    assert result["power.min"] == power.min()
    assert result["power.max"] == power[power <= 400].max()
    assert result["power.mean"] == pytest.approx(power[power <= 400].mean(), rel=1e-14)
    assert result.to_frame().to_dict("list") == {n: [result[n]] for n in ("power.min", "power.mean", "power.max")}


KEEPS = [
    "argmax:compute_density:chiplet.sms", "argmin:power:clock,precision", "histogram:power:4", "quantiles:power",
    "range:power", "histogram:power:4:300 W:350 W",
]  # fmt: skip


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("where", [(), WHERE, ["power <= 1 W"]])
class TestEveryKind:
    def test_is_plain_data_without_what_json_has_not(self, keep, where):
        result = kept(keep, where=where)
        data = json.loads(result.to_json(), parse_constant=pytest.fail)
        assert data["counts"]["designs"] == 70
        assert all(set(o["dims"]) <= set(data["coordinates"]) for o in data["outputs"].values())

    def test_is_a_dataset_and_a_frame_with_units(self, keep, where):
        result = kept(keep, where=where)
        data, frame = result.to_xarray(), result.to_frame()
        for name, output in result.outputs.items():
            assert data[name].attrs["units"] == output.unit
            assert data[name].dims == output.dims
            assert frame.attrs["units"][name] == output.unit
            assert np.isin(frame[name].dropna(), output.values).all()

    def test_is_written_to_files_that_are_read_again(self, keep, where, tmp_path):
        import pandas as pd

        result = kept(keep, where=where)
        for suffix in (".csv", ".parquet", ".json", ".nc"):
            tables.write(result, tmp_path / f"found{suffix}")
        assert len(pd.read_csv(tmp_path / "found.csv")) == len(pd.read_parquet(tmp_path / "found.parquet"))

    def test_is_the_same_again(self, keep, where):
        result = kept(keep, where=where)
        assert replay(result.to_dict()).facts["agrees"]


def test_points_of_a_list_are_kept_like_a_grid():
    points = {"clock": [1.0, 2.0, 3.0], "chiplet.sms": [64, 32, 16]}
    result = sweep(
        SOC, points=points, axes={"chiplets": [2, 4]}, keep="argmax:compute_density:point", outputs=["power"]
    )
    assert result["clock"].tolist() == [1, 2, 3]
    assert result["chiplets"].tolist() == [2, 2, 2]  # as dense as 4 of them: the first wins
    quantiles = sweep(SOC, points=points, keep="quantiles:power:0.5", outputs=["power"])
    assert quantiles["power"].tolist() == [sweep(SOC, {"chiplet.sms": 32}, axes={"clock": [2.0]})["power"].item()]


def test_a_walk_that_is_stopped_keeps_what_was_finished(monkeypatch):
    import symppa.engine.grid as grid

    monkeypatch.setattr(grid, "BLOCK", 1)

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    class Big(Model):
        a = given("1", "a")
        b = given("1", "b")
        c = formula("1", a * b, "c", derived=True)

    axes = {"a": np.arange(1.0, 1101.0), "b": np.arange(1.0, 1101.0)}
    for keep in ("argmax:c:a", "histogram:c:5", "histogram:c:5:0:2e6", "quantiles:c", "range:c"):
        result = sweep(Big(), axes=axes, keep=keep, progress=stop, engine="numpy", threads=1)
        assert result.facts["complete"] is False
        assert 0 < result.counts["designs"] < 1100 * 1100
        json.loads(result.to_json(), parse_constant=pytest.fail)
