"""analyze and compare with calibrated times: closer to what was measured, and never where they do not hold."""

import csv
import json
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from symppa.errors import MeasurementError, QuestionError
from symppa.studies.network import analyze
from symppa.studies.networks.comparing import compare_networks
from symppa.studies.replay import replay
from symppa.workloads import reading
from tests.cli.asking import ask, data, flat, told

DATA = Path(os.environ.get("SYMPPA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
I7, AGX, A100 = "i7_12700k", "jetson_orin_agx_64gb", "a100_sxm_80gb"
PLAIN = partial(analyze, calibration="none")
here = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not here")


@pytest.fixture(scope="module")
def resnet():
    return analyze("resnet50", I7)


def test_what_was_calibrated_is_used_and_says_so(resnet):
    found = resnet.estimates["latency"]
    assert found.confidence == "CALIBRATED"
    assert "i7_12700k/operators" in found.calibration_source
    low, high = found.interval
    assert low < found.value < high
    assert found.error_bound == pytest.approx(100 * (high - low) / 2 / found.value)
    assert found.value > 3 * PLAIN("resnet50", I7)["latency"]
    told = json.loads(resnet.to_json())
    assert told["outputs"]["latency"]["interval"] == [low, high]
    assert told["facts"]["estimates"]["latency"]["confidence"] == "CALIBRATED"


def test_everything_follows_from_the_calibrated_times(resnet):
    rows = resnet.facts["network"]["subgraphs"]
    assert sum(row["latency"] for row in rows) == pytest.approx(1e3 * resnet["latency"])
    assert sum(row["energy"] for row in rows) == pytest.approx(resnet["energy"])
    assert resnet["throughput"] == pytest.approx(1e3 / resnet["latency"])
    assert resnet["power"] == pytest.approx(resnet["energy"] / resnet["latency"])
    assert resnet["work"] == PLAIN("resnet50", I7)["work"]


def test_energy_is_by_fitted_coefficients_where_there_are_some(resnet):
    assert resnet.output("energy").confidence == "INTERPOLATED"
    assert resnet.output("peak_memory").confidence == "THEORETICAL"
    assert 60 < resnet["power"] < 190  # package power under load, within the limit; by the data sheet more than that
    assert analyze("resnet50", A100).output("energy").confidence == "THEORETICAL"


def test_every_subgraph_says_what_it_rests_on(resnet):
    row = resnet.facts["network"]["subgraphs"][0]
    assert (row["confidence"], row["calibration"]["status"]) == ("CALIBRATED", "CALIBRATED")
    assert row["calibration"]["entries"][0].startswith("subgraph_batch=1")
    assert row["interval"][0] < row["latency"] < row["interval"][1]
    view = next(row for row in resnet.facts["network"]["subgraphs"] if row["kinds"] == ["Flatten"])
    assert view["calibration"] == {"status": "FREE"}


def test_a_device_without_profiles_and_one_told_none_are_as_by_the_data_sheet():
    plain = PLAIN("resnet50", I7)
    assert plain.facts["network"]["calibration"] is None
    assert plain.estimates["latency"].error_bound is None
    assert analyze("resnet50", "t4").facts["network"]["calibration"] is None


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"values": {"chip.clock": "3 GHz"}}, "chip.clock is set"),
        ({"values": {"chip.profile_bandwidth.boost": "50 GB/s"}}, "chip.profile_bandwidth.boost is set"),
        ({"values": {"batch": 8}}, "batch is set"),
        ({"values": {"compute_share": 0.5, "memory_share": 0.5}}, "compute_share, memory_share are set"),
        ({"parts": {"movement": "CachedActivations"}}, "movement is set"),
        ({"precision": "fp64"}, "not of FP64 in power profile boost; --calibration i7_12700k"),
        ({"profile": "base"}, "not of FP32 in power profile base"),
    ],
)
def test_what_calibrated_times_depend_on_leaves_them_out_in_words(asked, why):
    found = analyze("resnet50", I7, **asked)
    plain = PLAIN("resnet50", I7, **asked)
    assert found["latency"] == plain["latency"]
    assert found.output("latency").confidence == "THEORETICAL"
    assert any(why in note for note in found.notes if note.startswith("calibration left out: "))


def test_what_times_do_not_depend_on_keeps_them(resnet):
    found = analyze("resnet50", I7, values={"chip.idle_power": "20 W"})
    assert found["latency"] == resnet["latency"]


def test_another_power_mode_is_used_when_it_is_asked_for_and_approximated():
    assert analyze("resnet50", AGX, precision="fp32")["latency"] == PLAIN("resnet50", AGX, precision="fp32")["latency"]
    found = analyze("resnet50", AGX, precision="fp32", calibration=AGX)
    assert found.facts["network"]["calibration"]["used"]
    assert "measured in power mode 50W" in found.facts["network"]["subgraphs"][0]["calibration"]["why"]


def test_a_donor_lends_when_it_is_named_and_only_then():
    lent = analyze("resnet50", "t4", borrow=A100)
    assert lent["latency"] > PLAIN("resnet50", "t4")["latency"]
    assert lent.facts["network"]["calibration"]["confidence"] != "CALIBRATED"
    assert analyze("resnet50", "t4")["latency"] == PLAIN("resnet50", "t4")["latency"]
    with pytest.raises(QuestionError, match="a profile and a donor are asked for"):
        analyze("resnet50", "t4", borrow=A100, calibration="none")
    with pytest.raises(MeasurementError, match="is a calibration of i7_12700k, not of t4"):
        analyze("resnet50", "t4", calibration="i7_12700k/operators")


def test_a_recorded_answer_is_given_again(resnet):
    again = replay(resnet)
    assert again.facts["agrees"]


@pytest.mark.parametrize(("name", "precision"), [(A100, "fp16"), ("mi210", "fp16"), ("jetson_orin_nano_8gb", "fp16")])
def test_devices_with_products_alone_give_nothing_absurd(name, precision):
    for network in ("resnet50", "vit_b_16", "mobilenet_v2"):
        found, plain = (analyze(network, name, precision=precision, calibration=c) for c in (None, "none"))
        assert plain["latency"] < found["latency"] < 150 * plain["latency"]
        assert found.facts["network"]["calibration"]["confidence"] != "CALIBRATED"
        assert found["utilisation"] <= 100


def test_side_by_side_is_each_one_alone():
    devices = [I7, A100, "t4"]
    found = compare_networks(["resnet50", "mobilenet_v2"], devices, batches=[1, 4])
    told = found.facts["calibration"]
    for w, network in enumerate(("resnet50", "mobilenet_v2")):
        for d, device in enumerate(devices):
            for b, batch in enumerate((1, 4)):
                alone = analyze(network, device, sizes={"batch": batch})
                for name in ("latency", "energy", "power", "utilisation"):
                    assert found[name][w, d, 0, b] == pytest.approx(alone[name], rel=1e-12)
                estimate = alone.estimates["latency"]
                assert told["confidence"][w][d][0][b] == estimate.confidence
                if estimate.interval:
                    ends = [end[w, d, 0, b] for end in found.output("latency").interval]
                    assert ends == pytest.approx(estimate.interval)
                else:
                    assert told["error_bound"][w][d][0][b] is None


def test_a_comparison_without_calibration_has_none():
    found = compare_networks("resnet50", [I7, A100], calibration="none")
    assert "calibration" not in found.facts
    assert found.output("latency").interval is None
    with pytest.raises(QuestionError, match="is a calibration of i7_12700k, which is not compared"):
        compare_networks("resnet50", "t4", calibration=I7)


class TestReports:
    """Confidence and intervals in every form."""

    def test_text_markdown_and_a_page(self):
        text = flat("analyze", "resnet50", I7)
        assert "9 in 10 within" in text
        assert "CALIBRATED" in text
        assert "by i7_12700k/operators" in text
        for form in ("markdown", "html"):
            assert "9 in 10 within" in told("analyze", "resnet50", I7, "--format", form)

    def test_csv_has_the_ends_of_intervals(self):
        rows = list(csv.DictReader(told("analyze", "resnet50", I7, "--csv").splitlines()))
        latency = next(row for row in rows if row["output"] == "latency")
        assert float(latency["low"]) < float(latency["value"]) < float(latency["high"])
        rows = list(csv.DictReader(told("analyze", "resnet50", I7, "--subgraphs", "--csv").splitlines()))
        assert rows[0]["quality"] in ("exact", "size_interpolated")
        assert float(rows[0]["low [us]"]) < float(rows[0]["latency [us]"]) < float(rows[0]["high [us]"])

    def test_single_outputs_are_calibrated_too(self):
        found = data("analyze", "resnet50", I7, "--output", "latency")["outputs"]["latency"]
        assert found["confidence"] == "CALIBRATED"
        assert found["values"] == pytest.approx(analyze("resnet50", I7)["latency"])

    def test_a_comparison_shows_both(self):
        text = flat("compare", "--workload", "resnet50", "--hardware", I7, "--hardware", "t4")
        assert "CALIBRATED" in text
        assert "+- is where 9 in 10 are; by i7_12700k/operators" in text
        assert "CALIBRATED" not in told(
            "compare", "--workload", "resnet50", "--hardware", I7, "--calibration", "none"
        )  # fmt: skip

    def test_a_model_that_answers_refuses_them(self):
        found = ask("analyze", "llama2_7b", A100, "--phase", "decode", "--calibration", "none")
        assert found.exit_code == 2
        assert "for one run of a network" in found.output


@here
@pytest.mark.parametrize(("batch", "sheet", "calibrated"), [(1, 60, 15), (4, 60, 15), (16, 60, 15)])
def test_cnns_on_a_processor_are_far_closer_than_by_its_data_sheet(batch, sheet, calibrated):
    totals = {}
    with (DATA / "i7_12700k_subgraphs_fp32.csv").open() as file:
        for row in csv.DictReader(file):
            if int(row["batch"]) == batch:
                totals[row["model"]] = totals.get(row["model"], 0.0) + float(row["lat_mean_ms"])
    errors = {
        name: [abs(analyze(n, I7, sizes={"batch": batch}, calibration=c)["latency"] / totals[n] - 1) for n in totals]
        for name, c in (("sheet", "none"), ("calibrated", None))
    }
    assert 100 * np.mean(errors["sheet"]) > sheet
    assert 100 * np.mean(errors["calibrated"]) < calibrated


@here
def test_networks_on_a_board_are_far_closer_than_by_its_data_sheet():
    errors = {"none": [], None: []}
    with (DATA / "orin_agx_50w_models.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["model"] in reading.networks()]
    for row in rows:
        measured = np.median([float(row[f"measured_ms_run{k}"]) for k in (1, 2, 3)])
        for calibration, found in errors.items():
            told = analyze(row["model"], AGX, precision="fp32", profile="50W", calibration=calibration)
            found.append(abs(told["latency"] / measured - 1))
    assert np.mean(errors["none"]) > 0.6
    assert np.mean(errors[None]) < 0.1
