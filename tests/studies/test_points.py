"""Points: lists of designs from files, frames and columns, against the designs evaluated one by one."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from symppa import Model, choices, evaluate, formula, given, index, integers, pareto, reals, sweep, total
from symppa.errors import QuestionError, SymppaError
from symppa.studies.tables import write

SYSTEM = "nexgen_baseline"
OUTPUTS = ["power", "peak_compute", "junction_temperature"]
# Three designs, each in the units a person would write.
COLUMNS = {"clock": ["2 GHz", "2500 MHz", "3 GHz"], "chiplet.sms": [16, 32, 48], "precision": ["FP8", "FP16", "FP8"]}


class Chip(Model):
    """A chip with one given that no output follows."""

    width = given("mm", "width", domain=reals(0, 10))
    ways = given("1", "ways", domain=integers(1, 8), default=2)
    node = given("nm", "node", domain=choices("7 nm", "16 nm"), default="7 nm")
    kind = given("1", "kind", domain=choices("fast", "small"), default="fast")
    ambient = given("K", "temperature around", default="25 degC")
    idle = given("W", "power when idle", domain=reals(0, None), default=0)

    area = formula("mm2", width * width * ways, "area", derived=True)
    warm = formula("K", ambient * 1, "temperature", derived=True)


def one_by_one(columns, outputs=OUTPUTS):
    """The outputs of each design by itself."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    found = [evaluate(SYSTEM, row, outputs=outputs) for row in rows]
    return {name: [result[name] for result in found] for name in outputs}


def test_every_point_is_that_design_evaluated():
    result = sweep(SYSTEM, points=COLUMNS, outputs=OUTPUTS)
    for name, values in one_by_one(COLUMNS).items():
        np.testing.assert_allclose(result[name], values, rtol=1e-14)
    assert result["clock"].tolist() == [2.0, 2.5, 3.0]
    assert result.unit("clock") == "GHz"
    assert result["precision"].tolist() == ["FP8", "FP16", "FP8"]
    assert result.coordinates["point"].values.tolist() == [0, 1, 2]
    assert result.counts == {"designs": 3, "invalid": 0}


def test_the_frame_of_points_has_their_columns_and_comes_back_as_points():
    result = sweep(SYSTEM, points=COLUMNS, outputs=["power"])
    frame = result.to_frame()
    assert list(frame.columns) == ["point", *COLUMNS, "power"]
    again = sweep(SYSTEM, points=frame, outputs=["power"])
    assert again["power"].tolist() == result["power"].tolist()
    assert again.notes[-1] == "columns that are no givens, left out: point, power"


def test_points_are_a_dataset():
    data = sweep(SYSTEM, points=COLUMNS, outputs=["power"]).to_xarray()
    assert data["clock"].dims == ("point",)
    assert data["power"].attrs["units"] == "W"


def test_members_of_one_vector_move_together_and_one_of_them_along_an_axis():
    name = "chiplet.sm.ops_per_cycle"
    result = sweep(
        SYSTEM,
        points={f"{name}.FP16": [64, 128], f"{name}.FP8": [100, 300]},
        axes={f"{name}.FP4": [1.0, 2.0, 3.0]},
        outputs=["by_format.peak_compute"],
    )
    got = dict(
        zip(result.coordinates["formats"].values, np.moveaxis(result["by_format.peak_compute"], 2, 0), strict=True)
    )
    rate = 4 * 16 * 4 * 2e9 / 1e12  # chiplets, multiprocessors, tensor cores, Hz; in TFLOPS
    np.testing.assert_allclose(got["FP16"], rate * np.array([[64] * 3, [128] * 3]))
    np.testing.assert_allclose(got["FP8"], rate * np.array([[100] * 3, [300] * 3]))
    np.testing.assert_allclose(got["FP4"], rate * np.array([[1, 2, 3]] * 2))
    assert result[f"{name}.FP8"].tolist() == [100, 300]


def test_each_point_meets_each_value_of_an_axis():
    result = sweep(SYSTEM, points=COLUMNS, axes={"chiplets": "2:4"}, outputs=["power"])
    for k, chiplets in enumerate((2, 3, 4)):
        wanted = one_by_one({**COLUMNS, "chiplets": [chiplets] * 3}, ["power"])["power"]
        np.testing.assert_allclose(result["power"][:, k], wanted, rtol=1e-14)


def test_the_best_points_below_a_limit_bring_their_columns():
    result = sweep(SYSTEM, points=COLUMNS, keep="best:1:peak_compute", where=["power <= 400 W"])
    assert result.counts == {"designs": 3, "feasible": 2, "invalid": 0}
    assert result["point"].tolist() == [1]  # 163.84 TFLOPS in FP16 at 32 multiprocessors; FP8 at 16 has 131.07
    assert result["precision"].tolist() == ["FP16"]
    assert result["clock"].tolist() == [2.5]


def test_the_points_within_a_limit_keep_their_numbers():
    result = sweep(SYSTEM, points=COLUMNS, where=["power >= 300 W"], outputs=["power"])
    assert result["point"].tolist() == [1, 2]
    assert result["chiplet.sms"].tolist() == [32, 48]


def test_a_front_over_points():
    front = pareto(SYSTEM, points=COLUMNS, objectives={"power": "min", "peak_compute": "max"})
    assert front["point"].tolist() == [0, 1, 2]


def test_what_is_set_holds_for_every_point():
    result = sweep(SYSTEM, {"chiplets": 2}, points={"chiplet.sms": [16, 32]}, outputs=["sms"])
    assert result["sms"].tolist() == [32, 64]


def test_undefined_points_are_counted():
    result = sweep(SYSTEM, points={"stack_bandwidth": [0.0, 100.0]}, outputs=["ridge_point"])
    assert result.counts == {"designs": 2, "invalid": 1}


def test_a_column_that_no_output_follows_is_listed_and_must_lie_in_its_domain():
    result = sweep(Chip(), points={"width": [1, 2], "idle": ["1 W", "3000 mW"]}, outputs=["area"])
    assert result["idle"].tolist() == [1, 3]
    alone = sweep(Chip(), {"width": 2}, points={"idle": [1, 2, 3]}, outputs=["area"])
    assert alone["area"].tolist() == [8, 8, 8]
    with pytest.raises(QuestionError, match=r"row 2, column idle: -1 is outside the domain of idle, 0 to \.\.\. W"):
        sweep(Chip(), points={"width": [1, 2], "idle": [1.0, -1.0]}, outputs=["area"])


@pytest.mark.parametrize(
    "clock",
    [
        [2.0, 2.5, 3.0],
        np.array([2.0, 2.5, 3.0], np.float32),
        (np.array([2e9, 2.5e9, 3e9]), "Hz"),
        ["2 GHz", 2.5, "3 GHz"],
        pd.Series([2.0, 2.5, 3.0], index=[7, 8, 9]),
        pd.Series([2.0, 2.5, 3.0], dtype="Float64"),
        pd.Series([2000, 2500, 3000], name="x").map("{} MHz".format),
    ],
    ids=["numbers", "array", "with unit", "mixed", "series", "nullable", "texts"],
)
def test_a_column_may_be_said_in_many_ways(clock):
    assert sweep(SYSTEM, points={"clock": clock}, outputs=["power"])["clock"].tolist() == [2.0, 2.5, 3.0]


def test_a_quantity_is_a_column():
    import pint

    clocks = pint.UnitRegistry().Quantity([2000.0, 2500.0], "MHz")
    assert sweep(SYSTEM, points={"clock": clocks}, outputs=["power"])["clock"].tolist() == [2.0, 2.5]


def test_units_stand_in_the_head_or_in_the_attributes_of_a_frame():
    head = pd.DataFrame({"clock [MHz]": [2000.0]})
    attributes = pd.DataFrame({"clock": [2000.0]})
    attributes.attrs = {"units": {"clock": "MHz"}}
    for frame in (head, attributes):
        assert sweep(SYSTEM, points=frame, outputs=["power"])["clock"].tolist() == [2.0]


def test_temperatures_are_told_in_degrees_too():
    celsius = sweep(Chip(), {"width": 1}, points={"ambient [degC]": [25.0, 85.0]}, outputs=["warm"])
    assert celsius["warm"].tolist() == [298.15, 358.15]


def test_categories_and_choices_are_labels():
    frame = pd.DataFrame({"kind": pd.Categorical(["small", "fast", "small"]), "node": ["16 nm", "7 nm", "7 nm"]})
    result = sweep(Chip(), {"width": 1}, points=frame, outputs=["area"])
    assert result["kind"].tolist() == ["small", "fast", "small"]
    assert result["node"].tolist() == pytest.approx([16, 7, 7])


FILE = "clock [GHz],chiplet.sms,precision\n2,16,FP8\n2.5,32,FP16\n3,48,FP8\n"
RECORDS = [
    {"clock [GHz]": 2, "chiplet.sms": 16, "precision": "FP8"},
    {"clock [GHz]": 2.5, "chiplet.sms": 32, "precision": "FP16"},
    {"clock [GHz]": 3, "chiplet.sms": 48, "precision": "FP8"},
]


@pytest.fixture(params=["csv", "texts", "bom", "spaced", "parquet", "attributes", "categories", "json", "jsonl"])
def file(request, tmp_path):
    """The same three points in every form of file."""
    frame = pd.DataFrame({"clock": [2.0, 2.5, 3.0], "chiplet.sms": [16, 32, 48], "precision": ["FP8", "FP16", "FP8"]})
    suffix = {"json": ".json", "jsonl": ".jsonl"}.get(
        request.param, ".csv" if request.param in ("csv", "texts", "bom", "spaced") else ".parquet"
    )
    path = tmp_path / f"points{suffix}"
    match request.param:
        case "csv":
            path.write_text(FILE, "utf-8")
        case "texts":
            path.write_text("clock,chiplet.sms,precision\n2 GHz,16,FP8\n2500 MHz,32,FP16\n3e9 Hz,48,FP8\n", "utf-8")
        case "bom":
            path.write_text("\ufeff" + FILE.replace("\n", "\r\n"), "utf-8")
        case "spaced":
            path.write_text(
                'clock [GHz], chiplet.sms ,"precision"\n 2 , 16,"FP8"\n+2.5,32, FP16\n\n3,48,FP8\n', "utf-8"
            )
        case "parquet":
            write(sweep(SYSTEM, points=COLUMNS, outputs=["power"]), path)  # what our own sweep writes
        case "attributes":
            frame.attrs = {"units": {"clock": "GHz"}}
            frame[frame["clock"] > 0].set_index(pd.Index([5, 6, 7])).to_parquet(path)
        case "categories":
            frame.astype({"precision": "category", "chiplet.sms": "int16"}).rename(
                columns={"clock": "clock [GHz]"}
            ).to_parquet(path, index=False)
        case "json":
            path.write_text(json.dumps(RECORDS), "utf-8")
        case "jsonl":
            path.write_text("\n".join(map(json.dumps, RECORDS)) + "\n", "utf-8")
    return path


def test_a_file_holds_the_points(file):
    result = sweep(SYSTEM, points=file, outputs=OUTPUTS)
    assert result["clock"].tolist() == [2.0, 2.5, 3.0]
    for name, values in one_by_one(COLUMNS).items():
        np.testing.assert_allclose(result[name], values, rtol=1e-14)
    assert result.facts["points"]["file"] == str(file)
    assert len(result.facts["points"]["sha256"]) == 64


def test_what_a_sweep_writes_is_read_again_with_all_its_digits(tmp_path):
    clocks = np.random.default_rng(1).uniform(1, 3, 1000)
    first = sweep(SYSTEM, axes={"clock": clocks}, outputs=["peak_compute"])
    for suffix in ("csv", "parquet"):
        write(first, tmp_path / f"grid.{suffix}")
        again = sweep(SYSTEM, points=tmp_path / f"grid.{suffix}", outputs=["peak_compute"])
        assert again["clock"].tolist() == pytest.approx(clocks.tolist(), rel=4e-16)
        assert again["peak_compute"].tolist() == pytest.approx(first["peak_compute"].tolist(), rel=4e-16)
        assert again.notes[-1] == "columns that are no givens, left out: peak_compute"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clok [GHz]\n2\n", "points.csv: ChipletSoC has no given 'clok'; did you mean clock"),
        ("clock\n2\n", r"clock has no unit; write it in the head, as in `clock \[GHz\]`, or in the cells"),
        ("clock\n2 GHz\n3\n", "row 2, column clock: clock = 3 has no unit"),
        ("clock\n2 GHz\n3 V\n", "row 2, column clock: clock = 3 V does not measure GHz"),
        ("clock [V]\n2\n", "clock = a value in V does not measure GHz"),
        ("clock [GHzz]\n2\n", "'GHzz' is not a unit"),
        ("clock [GHz]\n2\n3 GHz\n", "row 2, column clock: '3 GHz' is not a plain number, as the unit in the head asks"),
        ("clock [GHz]\n2\nfast\n", "row 2, column clock: 'fast' is not a plain number"),
        ("clock [GHz]\n2\ninf\n", "row 2, column clock: inf GHz is not a finite number"),
        ("clock [GHz],chiplet.sms\n2,16\n,32\n", "row 2, column clock: the cell holds no value"),
        ("clock [GHz],chiplet.sms\n2,16\n3,nan\n", "row 2, column chiplet.sms: the cell holds no value"),
        ("precision,clock [GHz]\nFP8,2\n,2\n", "row 2, column precision: the cell holds no value"),
        ("precision\nFP8\nFP9\n", "row 2, column precision: 'FP9' is no choice; did you mean FP"),
        ("chiplet.sms\n16\n1.5\n", "row 2, column chiplet.sms: 1.5 is outside the domain of chiplet.sms"),
        ("chiplet.sms\n16\nmany\n", "row 2, column chiplet.sms: chiplet.sms = 'many' is not a number"),
        ("clock [GHz],clock [MHz]\n2,2\n", "the column clock stands twice"),
        ("clock [GHz],\n2,2\n", "column 2 has no name"),
        ("clock [GHz]\n", "there are no rows"),
        ("", "there is no head"),
        ("\n2\n", "there is no head"),
        ("clock [GHz];chiplet.sms\n2;3\n", "columns are separated by commas"),
        ("clock [GHz],chiplet.sms\n2,16\n3\n", "row 2 has 1 cells, the head has 2"),
        ("clock [GHz]\n2\n3,4\n", "row 2 has 2 cells, the head has 1"),
        ("power [W]\n2\n", "no column is a given of ChipletSoC: power"),
        ("formats\n2\n", "formats is a set, no given"),
        ("chiplet.sm.ops_per_cycle [op/cycle]\n2\n", "is a vector over formats: a column is one member of it"),
        ("chiplet.sm.ops_per_cycle.FP17 [op/cycle]\n2\n", "'FP17' is no member of chiplet.sm.ops_per_cycle"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_where_and_why(tmp_path, text, said):
    path = tmp_path / "points.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(SymppaError, match=said):
        sweep(SYSTEM, points=path, outputs=["power", "by_format.peak_compute"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("points.xls", b"", "no list of points: its suffix is one of .csv, .parquet, .json, .jsonl"),
        ("points.csv", b"clock [GHz]\n2\n\xff\n", "not UTF-8 text|invalid UTF8"),
        ("points.parquet", b"PAR", "no Parquet file"),
        ("points.json", b"[{", "not JSON"),
        ("points.json", b"[]", "there are no rows"),
        ("points.json", b'{"study": "sweep"}', "a list of objects"),
        ("points.json", b'[{"clock": NaN}]', "NaN is no number"),
        ("points.json", b'[{"clock": "2 GHz", "clock": "3 GHz"}]', "'clock' stands twice"),
        ("points.json", b'[{"clock": "2 GHz"}, {"chiplets": 2}]', "row 2 and row 1 disagree on the columns"),
        ("points.json", b'[{"clock": "2 GHz"}, {"clock": null}]', "row 2, column clock: the cell holds no value"),
        ("points.json", b'[{"chiplets": 2}, {"chiplets": true}]', "row 2, column chiplets: True is neither a number"),
        ("points.json", b'[{"chiplets": [2]}]', "neither a number nor a text"),
        ("points.json", b'[{"clock": 2}]', "clock has no unit"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(QuestionError, match=said):
        sweep(SYSTEM, points=path, outputs=["power"])


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ({}, "there are no rows"),
        ({"clock": []}, "there are no rows"),
        ({"clock": 2.0}, "a column is a list or an array"),
        ({"clock": "2 GHz"}, "a column is a list or an array"),
        ({"clock": np.ones((2, 2))}, "a column is a list or an array"),
        ({"clock": [1.0, 2.0], "chiplets": [1]}, "chiplets has 1 values, clock has 2"),
        ({"clock": [1.0, None]}, "points: row 2, column clock: the cell holds no value"),
        ({"clock": [1.0, np.nan]}, "points: row 2, column clock: the cell holds no value"),
        ({"chiplets": [True, False]}, "neither a number nor a text"),
        ({"clock [GHz]": [1.0], "clock": [1.0]}, "the column clock stands twice"),
        (pd.DataFrame({0: [1.0]}), "the column 0 is named by no text"),
        (pd.DataFrame({"clock": pd.to_datetime(["2020-01-01"])}), "neither a number nor a text"),
        (pd.DataFrame([[1.0, 2.0]], columns=["clock", "clock"]), "the column clock stands twice"),
        (pd.DataFrame({"chiplets": pd.Series([1, None], dtype="Int64")}), "row 2, column chiplets: the cell holds no"),
        (7, "points are a file, a DataFrame or a mapping of columns, not int"),
        ("nowhere.csv", "there is no file nowhere.csv"),
    ],
)
def test_wrong_columns_are_refused(points, said):
    with pytest.raises(SymppaError, match=said):
        sweep(SYSTEM, points=points, outputs=["power"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"axes": {"clock": "1GHz:2GHz:3"}}, "clock moves along an axis and along the points"),
        ({"sample": "sobol:4", "axes": {"chiplets": "1:4"}}, "points are designs already"),
        ({"seed": 1}, "nothing is drawn here"),
    ],
)
def test_a_question_that_says_too_much_is_refused(arguments, said):
    with pytest.raises(QuestionError, match=said):
        sweep(SYSTEM, points={"clock": [1.0]}, **arguments)


def test_a_given_called_like_the_axis_of_a_list_is_told():
    class Odd(Model):
        point = given("1", "a point")
        twice = formula("1", 2 * point, "twice", derived=True)

    with pytest.raises(QuestionError, match="has a given 'point'"):
        sweep(Odd(), points={"point": [1, 2]})


def test_a_million_points_cost_little_beside_their_evaluation():
    """Loops over rows would take seconds; the bound is generous for a busy machine."""
    import time

    rng = np.random.default_rng(0)
    columns = {"clock": rng.uniform(1, 3, 1_000_000), "chiplet.sms": rng.integers(16, 65, 1_000_000)}
    sweep(SYSTEM, points={n: v[:10] for n, v in columns.items()}, outputs=["power", "efficiency"])
    begun = time.perf_counter()
    result = sweep(SYSTEM, points=columns, outputs=["power", "efficiency"], keep="best:5:efficiency")
    assert time.perf_counter() - begun < 2
    assert result.counts["designs"] == 1_000_000


def test_what_was_told_is_not_changed_by_changing_the_array_later():
    clocks = np.array([1.0, 2.0])
    result = sweep(SYSTEM, points={"clock": clocks}, outputs=["power"])
    before = result.to_json()
    clocks[:] = 5
    assert result.to_json() == before


def test_labels_that_no_output_follows_are_listed_and_swept():
    points = sweep(SYSTEM, points={"precision": ["FP8", "FP16"]}, outputs=["power"])
    axis = sweep(SYSTEM, axes={"precision": "FP8,FP16"}, outputs=["power"])
    assert points["precision"].tolist() == axis.coordinates["precision"].values.tolist() == ["FP8", "FP16"]
    with pytest.raises(SymppaError, match="'FP9' is no choice"):
        sweep(SYSTEM, axes={"precision": "FP8,FP9"}, outputs=["power"])


def test_a_set_as_long_as_a_given_says_is_as_long_at_every_point():
    class Burst(Model):
        burst = given("1", "length of a burst", domain=integers(0, 9))
        rate = given("1", "ratio of two steps")
        step = index("steps", size=burst)
        sum = formula("1", total(rate**step, over=step), "geometric sum", derived=True)

    result = sweep(Burst(), points={"burst": [0, 3, 5, 2], "rate": [2, 2, 3, 0.5]})
    assert result["sum"].tolist() == [0, 7, 121, 1.5]  # (r^n - 1) / (r - 1)
