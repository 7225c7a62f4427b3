"""sweep and pareto against values worked out one by one."""

import itertools

import numpy as np
import pytest

from symppa import Model, evaluate, formula, given, pareto, sweep
from symppa.errors import QuestionError, SymppaError
from symppa.studies.tables import write

SMS, CLOCKS = range(16, 65, 4), np.linspace(1.5, 3.0, 16)


def by_hand(sms: int, clock: float) -> tuple[float, float]:
    """Power [W] and density [TFLOPS/mm2] of the baseline, worked from its constants."""
    power = 4 * sms * 1.5 + 4 * 6 * 0.05 + 8 * 15 + 4 * 5 + 30
    return power, 128 * 4 * sms * clock * 1e-3 / 400


def test_the_grid_is_every_combination_in_the_order_of_the_axes():
    result = sweep(
        "nexgen_baseline",
        axes={"chiplet.sms": "16:64:4", "clock": "1.5GHz:3GHz:16"},
        outputs=["power", "compute_density"],
    )
    assert result["power"].shape == (13, 16)
    expected = np.array([[by_hand(s, c) for c in CLOCKS] for s in SMS])
    np.testing.assert_allclose(result["power"], expected[..., 0], rtol=1e-13)
    np.testing.assert_allclose(result["compute_density"], expected[..., 1], rtol=1e-13)


def test_the_best_five_under_a_limit():
    result = sweep(
        "nexgen_baseline",
        axes={"chiplet.sms": "16:64:4", "clock": "1.5GHz:3GHz:16"},
        keep="best:5:compute_density",
        where=["power <= 500 W"],
    )
    designs = [(by_hand(s, c), s, c) for s, c in itertools.product(SMS, CLOCKS)]
    feasible = sorted((d for d in designs if d[0][0] <= 500), key=lambda d: -d[0][1])
    np.testing.assert_allclose(result["chiplet.sms"], [d[1] for d in feasible[:5]])
    np.testing.assert_allclose(result["clock"], [d[2] for d in feasible[:5]])
    np.testing.assert_allclose(result["compute_density"], [d[0][1] for d in feasible[:5]], rtol=1e-13)
    assert result.counts == {"designs": 208, "feasible": len(feasible), "invalid": 0}


def test_a_limit_met_exactly_is_met():
    axes = {"chiplet.sms": [16, 20, 24]}
    assert sweep("nexgen_baseline", axes=axes, keep="count", where=["power <= 267.2 W"]).counts["feasible"] == 1
    assert sweep("nexgen_baseline", axes=axes, keep="count", where=["power < 267.2 W"]).counts["feasible"] == 0


def test_labels_are_an_axis():
    result = sweep("nexgen_baseline", axes={"precision": "FP4,FP16,FP32"}, outputs=["peak_compute"])
    assert result["peak_compute"].tolist() == [262.144, 65.536, 32.768]
    assert result.coordinates["precision"].values.tolist() == ["FP4", "FP16", "FP32"]


def test_an_output_that_does_not_vary_keeps_the_shape_of_the_grid():
    result = sweep(
        "nexgen_baseline", axes={"clock": [1.0, 2.0], "chiplet.sms": [16]}, outputs=["power", "area", "ridge_point"]
    )
    assert result["area"].shape == (2, 1)


def test_an_output_that_follows_no_axis_is_broadcast():
    result = sweep("nexgen_baseline", axes={"clock": "1.5GHz:3GHz:4"}, outputs=["power"])
    assert result["power"].tolist() == [267.2] * 4
    assert result.counts == {"designs": 4, "invalid": 0}


def test_a_member_of_a_vector_is_an_axis():
    axes = {
        "chiplet.sm.ops_per_cycle.FP16": "64 op/cycle:304 op/cycle:16 op/cycle",
        "chiplet.sm.ops_per_cycle.FP8": [1.0, 2.0],
    }
    result = sweep("nexgen_baseline", axes=axes, outputs=["compute_density", "by_format.peak_compute"])
    ops = np.arange(64, 305, 16)
    np.testing.assert_allclose(result["compute_density"][:, 1], 0.04096 * ops / 128, rtol=1e-13)
    np.testing.assert_allclose(result["by_format.peak_compute"][3, :, 1], [0.512, 1.024], rtol=1e-13)
    assert result.coordinates["chiplet.sm.ops_per_cycle.FP16"].unit == "op/cycle"
    best = sweep("nexgen_baseline", axes=axes, keep="best:1:compute_density", outputs=["power"])
    assert best["chiplet.sm.ops_per_cycle.FP16"].tolist() == [304.0]


def test_undefined_designs_of_a_stored_sweep_are_counted():
    axes = {"stack_bandwidth": ["0 GB/s", "100 GB/s"], "clock": [1.0, 2.0, 3.0]}
    result = sweep("nexgen_baseline", axes=axes, outputs=["ridge_point", "power"])
    assert result.counts == {"designs": 6, "invalid": 3}


def test_an_expression_is_an_output():
    result = sweep(
        "nexgen_baseline",
        axes={"chiplets": "2:4"},
        outputs=["power / chiplets"],
        where=["power / chiplets <= 75 W"],
    )
    power = {n: 30 + 8 * 15 + n * (16 * 1.5 + 6 * 0.05 + 5) for n in (2, 3, 4)}  # 104.3, 79.3, 66.8 W a chiplet
    assert result["power / chiplets"].tolist() == pytest.approx([power[4] / 4])


def test_the_front_is_what_no_design_beats():
    axes = {"chiplet.sms": "16:64:4", "clock": "1.5GHz:3GHz:16"}
    result = pareto("nexgen_baseline", objectives={"power": "min", "compute_density": "max"}, axes=axes)
    designs = [by_hand(s, c) for s, c in itertools.product(SMS, CLOCKS)]
    beaten = [any(p <= a and d >= b and (p, d) != (a, b) for p, d in designs) for a, b in designs]
    assert len(result["power"]) == beaten.count(False)
    assert np.all(np.diff(result["power"]) > 0)


def test_undefined_designs_are_counted_not_kept():
    class Ratio(Model):
        a = given("1", "above")
        b = given("1", "below")
        ratio = formula("1", a / b, "ratio", derived=True)

    result = sweep(Ratio(), axes={"a": [0.0, 1.0, 2.0], "b": [0.0, 1.0]}, keep="best:9:ratio")
    assert result.counts == {"designs": 6, "feasible": 3, "invalid": 3}
    assert result["ratio"].tolist() == [2.0, 1.0, 0.0]


def test_ctrl_c_leaves_what_was_finished(monkeypatch):
    import symppa.engine.grid as grid

    monkeypatch.setattr(grid, "BLOCK", 1)

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    class Big(Model):
        a = given("1", "a")
        b = given("1", "b")
        c = formula("1", a * b, "c", derived=True)

    axes = {"a": np.arange(1100.0), "b": np.arange(1100.0)}
    result = sweep(Big(), axes=axes, keep="count", progress=stop)
    assert result.facts["complete"] is False
    assert 0 < result.counts["designs"] < 1100 * 1100
    stored = sweep(Big(), axes=axes, progress=stop)
    assert len(stored["c"]) == stored.counts["designs"] < 1100 * 1100
    np.testing.assert_array_equal(stored["c"], stored["a"] * stored["b"])


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".nc", ".json"])
def test_files_hold_the_numbers_and_their_units(tmp_path, suffix):
    result = sweep("nexgen_baseline", axes={"chiplet.sms": "16:32:16"}, outputs=["power"])
    path = tmp_path / f"sweep{suffix}"
    write(result, path)
    assert path.stat().st_size > 20
    if suffix == ".csv":
        assert path.read_text().splitlines() == ["chiplet.sms,power [W]", "16.0,267.2", "32.0,363.2"]
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        assert table.column("power").to_pylist() == [267.2, 363.2]
        assert table.schema.field("power").metadata == {b"unit": b"W"}
    if suffix == ".nc":
        import xarray as xr

        with xr.open_dataset(path, engine="h5netcdf") as read:
            assert read["power"].values.tolist() == [267.2, 363.2]
            assert read["power"].attrs["units"] == "W"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"axes": {}}, "at least one axis"),
        ({"axes": {"clok": "1 GHz:2 GHz:3"}}, "did you mean clock"),
        ({"axes": {"chiplet.sm.ops_per_cycle": [1.0]}}, "a vector over a set"),
        ({"axes": {"clock": []}}, "is empty"),
        ({"axes": {"clock": "1 GHz:2 GHz:3"}, "keep": "bset:5:power"}, "is not understood"),
        ({"axes": {"clock": "1 GHz:2 GHz:3"}, "keep": "best:0:power"}, "at least 1"),
        ({"axes": {"clock": "1 GHz:2 GHz:3"}, "keep": "best:5:attained"}, "stands over loads"),
        ({"axes": {"clock": "1 GHz:2 GHz:3"}, "keep": "best:5:pwoer"}, "did you mean power"),
        ({"axes": {"clock": "1 GHz:2 GHz:3"}, "where": ["power <= 5 GB"]}, "does not measure W"),
        ({"axes": {"clock": "1 GHz:2 GHz:3"}, "where": ["power <= 5"]}, "has no unit"),
        ({"axes": {"chiplet.sm.ops_per_cycle.FP17": [1.0]}}, "'FP17' is no member"),
        ({"axes": {"chiplet.sms": [1.5]}}, "outside its domain"),
        ({"axes": {"clock": "1GHz:2GHz:9999999", "utilisation": "0:1:9999999"}, "outputs": ["efficiency"]}, "GiB"),
    ],
)
def test_a_bad_question_is_refused(arguments, said):
    with pytest.raises(SymppaError, match=said):
        sweep("nexgen_baseline", **arguments)


def test_a_front_needs_senses():
    with pytest.raises(QuestionError, match="'min' or 'max'"):
        pareto("nexgen_baseline", objectives={"power": "low", "area": "min"}, axes={"chiplets": "1:3"})
    with pytest.raises(QuestionError, match="2 to 4 objectives"):
        pareto("nexgen_baseline", objectives={"power": "min"}, axes={"chiplets": "1:3"})


def test_one_point_of_a_sweep_equals_the_evaluation():
    swept = sweep("nexgen_baseline", axes={"clock": ["2.2 GHz"]})
    point = evaluate("nexgen_baseline", {"clock": "2.2 GHz"})
    assert all(swept[name].ravel().tolist() == np.ravel(point[name]).tolist() for name in swept.outputs)


def test_designs_without_a_value_are_counted_and_one_is_explained():
    axes = {"chiplet.sms": "60:107", "clock": "1GHz:3.5GHz:6"}
    found = sweep("physical_nexgen", {"chiplets": 8}, axes=axes, outputs=["power"], keep="count")
    (note,) = [text for text in found.notes if "no value" in text]
    assert note.startswith(f"{found.counts['invalid']} designs have no value, for example at chiplet.sms = ")
    assert "power is undefined: lambert_w has no real value" in note
    assert "in consumption.leakage.power" in note
    stored = sweep("physical_nexgen", {"chiplets": 8}, axes=axes, outputs=["power"])
    assert note in stored.notes
    assert stored.counts["invalid"] == found.counts["invalid"] == np.count_nonzero(np.isnan(stored["power"]))


def test_a_value_that_an_axis_replaces_is_told():
    found = sweep("nexgen_baseline", {"clock": "3 GHz"}, axes={"clock": "1GHz,2GHz"}, outputs=["peak_compute"])
    assert "clock is set, but moves along an axis: the value set is not used" in found.notes
    assert (
        found["peak_compute"].tolist() == sweep("nexgen_baseline", axes={"clock": "1GHz,2GHz"})["peak_compute"].tolist()
    )


def test_one_point_cannot_be_at_two_ends():
    with pytest.raises(QuestionError, match="one point cannot be at two ends; write 1GHz alone"):
        sweep("nexgen_baseline", axes={"clock": "1GHz:2GHz:1"})
