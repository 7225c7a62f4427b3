"""A network on a device: what it takes, subgraph by subgraph, and that it is a subject like any other."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from functools import partial

import numpy as np
import pytest

import symppa
from symppa.descriptions.load import load
from symppa.errors import DescriptionError, QuestionError, SymppaError, UnknownValueError, WorkloadError
from symppa.studies.design import design
from symppa.studies.estimate import EstimationResult
from symppa.studies.evaluate import evaluate
from symppa.studies.network import analyze as answered
from symppa.workloads import on_device, reading
from symppa.workloads.yaml import loads

RING = """
workload: ring
inputs: {x: [1000, 100]}
operators:
  - [fc, Linear, {out: 1000}]
  - [sum, AllReduce, {ranks: 4}]
  - [parts, ReduceScatter, {ranks: 4}]
"""
LINEAR = "{workload: one, sizes: {batch: 64}, inputs: {x: [batch, 1024]}, operators: [[fc, Linear, {out: 1024}]]}"
A100 = "a100_sxm_80gb"
analyze = partial(answered, calibration="none")  # the data sheet's numbers; test_calibrated has the others


@pytest.fixture(scope="module")
def resnet():
    return analyze("resnet50", A100, sizes={"batch": 8})


def test_one_product_takes_a_start_and_its_slower_side():
    # 64 x 1024 in, 64 x 1024 out, 1024 x 1024 + 1024 weights, 2 bytes each, at 2039 GB/s: 1.158 us. Tiles of 32 x 32
    # keep 64 of 108 multiprocessors busy: 2 x 64 x 1024 x 1024 op at 312 TFLOPS x 64/108 take 0.726 us.
    found = analyze(loads(LINEAR), A100, precision="fp16")
    moved = (64 * 1024 * 2 + 1024 * 1024 + 1024) * 2
    assert found["compute_time"] == pytest.approx([2 * 64 * 1024**2 / (312e12 * 64 / 108) * 1e6])
    assert found["latency"] == pytest.approx(3.8e-3 + moved / 2039e9 * 1e3)
    assert found.facts["network"]["bottleneck"] == "start"


def test_resnet50_has_its_published_work_in_73_fused_subgraphs(resnet):
    net = resnet.facts["network"]
    assert (net["fused"], len(net["subgraphs"]), net["parameters"]) == (73, 73, 25_557_032)
    assert resnet["work"] == pytest.approx(8 * 8.184, rel=1e-3)


def test_the_subgraphs_add_up_to_the_whole(resnet):
    rows = resnet.facts["network"]["subgraphs"]
    assert sum(row["latency"] for row in rows) == pytest.approx(resnet["latency"] * 1e3)
    assert sum(row["energy"] for row in rows) == pytest.approx(resnet["energy"])
    assert sum(row["ops"] for row in rows) == pytest.approx(resnet["work"] * 1e9)
    ends = sum(row[f"{what}_bytes"] for row in rows for what in ("input", "output", "weight"))
    assert ends == pytest.approx(resnet["moved"] * 1e6)


def test_energy_has_three_parts_and_power_is_what_flows_on_average(resnet):
    parts = resnet["compute_energy"] + resnet["memory_energy"] + resnet["static_energy"]
    assert resnet["energy"] == pytest.approx(parts)
    assert resnet["power"] == pytest.approx(resnet["energy"] / resnet["latency"])


def test_the_timeline_peaks_at_the_memory_that_is_told(resnet):
    timeline = resnet.facts["network"]["timeline"]
    assert timeline["weights"] + max(timeline["activations"]) == pytest.approx(resnet["peak_memory"] * 1e6)
    assert timeline["activations"][timeline["fullest"]] == max(timeline["activations"])


def test_a_view_takes_no_time(resnet):
    flatten = next(row for row in resnet.facts["network"]["subgraphs"] if row["kinds"] == ["Flatten"])
    assert (flatten["latency"], flatten["energy"], flatten["bottleneck"]) == (0, 0, "none")


def test_the_mapping_tells_the_unit_and_its_format():
    there = analyze("resnet18", A100, precision="int8").facts["network"]["mapping"]
    assert (there["matrix products"]["unit"], there["matrix products"]["rate"]) == ("matrix unit", 624)
    assert (there["the rest"]["unit"], there["the rest"]["format"]) == ("other arithmetic", "FP32")
    plain = analyze("resnet18", A100, precision="FP32").facts["network"]["mapping"]
    assert (plain["matrix products"]["unit"], plain["matrix products"]["rate"]) == ("other arithmetic", 19.5)


def test_every_estimate_says_what_it_rests_on(resnet):
    latency = resnet.estimates["latency"]
    assert latency == EstimationResult(resnet["latency"], "ms", "THEORETICAL", None, None)
    told = json.loads(resnet.to_json())["facts"]["estimates"]["latency"]
    assert set(told) == {"value", "unit", "confidence", "calibration_source", "error_bound", "interval"}
    assert EstimationResult(**told) == latency
    with pytest.raises(FrozenInstanceError):
        latency.value = 1.0


@pytest.mark.parametrize("name", ["latency", "energy", "peak_memory"])
def test_a_larger_batch_never_takes_less(name):
    values = [analyze("mobilenet_v2", A100, sizes={"batch": n})[name] for n in (1, 2, 4, 8)]
    assert np.all(np.diff(values) > 0)


def test_a_smaller_power_profile_is_slower():
    times = [analyze("resnet50", "jetson_orin_agx_64gb", profile=p)["latency"] for p in ("MAXN", "50w", "30W", "15W")]
    assert np.all(np.diff(times) > 0)


def test_a_check_tells_by_how_much_it_fails(resnet):
    found = analyze("resnet50", A100, sizes={"batch": 8}, checks={"latency": "0.5 ms", "memory": "1 GB"})
    assert found.facts["checks"]["latency"] == {
        "output": "latency", "limit": pytest.approx(0.5), "value": resnet["latency"], "unit": "ms", "met": False,
    }  # fmt: skip
    assert found.facts["checks"]["memory"]["met"]


class TestSubject:
    """The name of a network on a device stands wherever a description does."""

    def test_a_name_and_two_arguments_are_the_same(self, resnet):
        assert evaluate(f"resnet50[batch=8]@{A100}")["latency"] == resnet["latency"]

    def test_it_is_asked_for_as_it_was_named(self):
        assert load(f"resnet50[batch=8]@{A100}").asked == f"resnet50[batch=8]@{A100}"

    def test_its_values_are_those_of_the_network_with_their_source(self):
        made = evaluate(f"resnet18@{A100}").inputs["net.mac.each"]
        assert made.origin == "workload resnet18"
        assert "he2016, table 1, 18-layer" in made.sources[0]
        assert "product" not in made.value

    @pytest.mark.parametrize("network", ["resnet50", "mixtral_8x7b"])
    def test_its_batch_is_swept_as_single_answers_have_it(self, network):
        names = ["latency", "throughput", "energy", "peak_memory", "work"]
        found = symppa.sweep(f"{network}@{A100}", axes={"batch": "1:64:x4"}, outputs=names)
        for k, batch in enumerate((1, 4, 16, 64)):
            alone = analyze(network, A100, sizes={"batch": batch})
            for name in names:
                assert found[name][k] == pytest.approx(alone[name], rel=1e-12)

    def test_a_network_that_grows_unevenly_keeps_the_batch_it_was_asked_at(self):
        graph = loads(
            "{workload: squares, sizes: {batch: 3}, inputs: {x: [batch*batch, 1024]}, operators: [[act, ReLU]]}"
        )
        made = on_device.placed(graph, A100)
        assert not made.network.any_batch
        assert analyze(graph, A100)["moved"] == pytest.approx(2 * 9 * 1024 * 2e-6)
        with pytest.raises(QuestionError, match="grows unevenly with its batch"):
            symppa.sweep(made, axes={"batch": [1, 2]}, outputs=["latency"])

    @pytest.mark.parametrize("name", ["net.batch", "net.mac.each.fc", "net.resident"])
    def test_what_the_network_says_is_not_set_or_swept(self, name):
        told = {"axes": {name: [1, 2]}}, {"values": {name: 1}, "axes": {"units": [1]}}, {"points": {name: [1.0, 2.0]}}
        for asked in told:
            with pytest.raises(QuestionError, match="follows from resnet50 and its sizes"):
                symppa.sweep(f"resnet50@{A100}", outputs=["latency"], **asked)
        with pytest.raises(QuestionError, match="follows from resnet50"):
            design(system=f"resnet50@{A100}", minimize="latency", free={name: [1, 2]})

    def test_what_a_served_model_says_is_not_swept(self):
        with pytest.raises(QuestionError, match="follows from llama3_8b"):
            symppa.sweep(f"llama3_8b[prompt=64]@{A100}", axes={"ranks": [1, 2]}, outputs=["tpot"])

    def test_sweep_moves_the_data_sheet(self):
        found = symppa.sweep(f"resnet50@{A100}", axes={"chip.profile_bandwidth.boost": ["1 TB/s", "2 TB/s", "4 TB/s"]},
                             outputs=["latency"])  # fmt: skip
        assert np.all(np.diff(found["latency"]) <= 0)

    def test_sensitivity_ranks_lines_of_the_data_sheet_alone(self):
        found = symppa.sensitivity(f"resnet50[batch=8]@{A100}", "latency")
        names = found.coordinates["given"].values.tolist()
        assert not [n for n in names if n == "batch" or n.startswith("net.")]
        assert found.top(1)[0] == "start"
        assert any("net.*" in note for note in found.notes)

    def test_compare_expands_patterns_on_both_sides(self):
        found = symppa.compare("resnet18@h?00_sxm*", outputs=["latency"])
        assert found.coordinates["description"].values.tolist() == ["resnet18@h100_sxm_80gb", "resnet18@h200_sxm"]

    def test_a_result_is_replayed_to_the_last_digit(self, resnet):
        again = symppa.replay(json.loads(resnet.to_json()))
        assert again.facts["agrees"]
        assert again["difference"].max() == 0

    def test_a_file_of_a_network_runs_on_a_file_of_a_device(self, tmp_path):
        (tmp_path / "net.yaml").write_text(LINEAR, encoding="utf-8")
        (tmp_path / "chip.yaml").write_text(f"extends: {A100}\nvalues: {{units: 54}}\n", encoding="utf-8")
        half = evaluate(f"{tmp_path}/net.yaml[batch=64]@{tmp_path}/chip.yaml", outputs=["occupancy"])["occupancy"]
        # 64 tiles of 32 x 32 need two waves of 54; of 64 x 32 there are 32 for one
        assert half == pytest.approx([100 * 32 / 54])

    def test_a_target_stands_on_it_and_its_answer_is_proved(self):
        found = design("resnet50_5ms", explain=False)
        assert found.facts["status"] == "optimal"
        values = {name: found[name] for name in found.facts["design"]}
        assert evaluate("resnet50@int8_arrays", values)["latency"] <= 5


class TestRefusals:
    """What is no network, no device, or not had by one."""

    @pytest.mark.parametrize(
        ("network", "device", "error", "match"),
        [
            ("resnet5", A100, DescriptionError, "no workload 'resnet5'; did you mean resnet50"),
            ("resnet50", "a100", DescriptionError, "no hardware 'a100'; did you mean a100_sxm_80gb"),
            ("resnet50", "h1000_sxm_80gb", DescriptionError, "did you mean h100_sxm_80gb"),
            (A100, "resnet50", WorkloadError, "a100_sxm_80gb is hardware, not a workload"),
            ("resnet50", "resnet18", DescriptionError, "resnet18 is a workload, not hardware"),
            ("resnet50", "nexgen_baseline", DescriptionError, "is a ChipletSoC, which runs no networks"),
            ("toy_transformer", A100, WorkloadError, "a description .system: Transformer., not a workload"),
            ("absent.yaml", A100, DescriptionError, "there is no file absent.yaml"),
        ],
    )
    def test_a_wrong_kind_is_refused_by_name(self, network, device, error, match):
        with pytest.raises(error, match=match):
            analyze(network, device)

    def test_a_network_with_messages_is_refused_on_a_device_without_a_link(self, tmp_path):
        net = tmp_path / "ring.yaml"
        net.write_text(RING, encoding="utf-8")
        with pytest.raises(QuestionError, match=r"ring.*sum, parts send to other devices.*the device states no link"):
            analyze(net, "t4")
        told = {"chip.link_bandwidth": "100 GB/s", "chip.link_latency": "1 us"}
        linked = analyze(net, "t4", values=told)
        # 3/2 of 2 MB and 6 messages for the sum, 3 of 1/4 of it and 3 messages for the parts
        assert linked["link_time"].tolist() == pytest.approx([0, 30 + 6, 15 + 3])
        assert [row["bottleneck"] for row in linked.facts["network"]["subgraphs"]][1:] == ["links", "links"]
        assert linked.facts["network"]["shares"]["links"] > 0.3

    def test_a_format_without_a_rate_is_refused_with_those_that_have_one(self):
        with pytest.raises(QuestionError, match="no rate for FP8; it has FP64, FP32, TF32, FP16, BF16, INT8, INT4"):
            analyze("resnet50", A100, precision="fp8")

    def test_a_format_that_nobody_has_is_refused_with_the_nearest(self):
        with pytest.raises(QuestionError, match="no number format 'fp3'; did you mean FP32"):
            analyze("resnet50", A100, precision="fp3")

    def test_a_profile_that_a_device_lacks_is_refused(self):
        with pytest.raises(QuestionError, match="no power profile '31w'; did you mean 30W"):
            analyze("resnet50", "jetson_orin_agx_64gb", profile="31w")

    def test_a_precision_set_twice_is_refused(self):
        with pytest.raises(QuestionError, match="asked for twice: fp16 and FP32"):
            analyze("resnet50", A100, precision="fp16", values={"chip.precision": "FP32"})

    @pytest.mark.parametrize(
        ("text", "match"),
        [
            (f"resnet50[batch=x]@{A100}", "'batch=x' is no size"),
            (f"resnet50[batch=1,batch=2]@{A100}", "the size batch stands twice"),
            (f"resnet50[bath=2]@{A100}", "no size 'bath' to set; did you mean batch"),
            (f"resnet50[batch=0]@{A100}", "batch = 0 of resnet50 is no size"),
            (f"resnet50]@{A100}", "is no network on a device"),
            (f"@{A100}", "is no network on a device"),
        ],
    )
    def test_a_name_that_is_none_is_refused(self, text, match):
        with pytest.raises(SymppaError, match=match):
            evaluate(text)

    @pytest.mark.parametrize(
        ("checks", "match"),
        [({"latency": "3 W"}, "--check-latency 3 W.*does not measure ms"), ({"colour": "1"}, "no check of 'colour'")],
    )
    def test_a_check_that_measures_nothing_is_refused(self, checks, match):
        with pytest.raises(QuestionError, match=match):
            analyze("resnet18", A100, checks=checks)

    def test_a_value_that_the_device_lacks_is_refused(self):
        with pytest.raises(UnknownValueError, match=r"no given 'chip\.clck'"):
            analyze("resnet18", A100, values={"chip.clck": "1 GHz"})

    def test_a_pattern_that_matches_nothing_is_refused(self):
        with pytest.raises(DescriptionError, match="no hardware matches 'zzz\\*'"):
            list(on_device.matching("resnet18@zzz*"))

    def test_a_file_that_holds_no_network_is_refused(self, tmp_path):
        (tmp_path / "net.onnx").write_bytes(b"nothing")
        with pytest.raises(SymppaError, match=r"net\.onnx"):
            analyze(tmp_path / "net.onnx", A100)


def test_every_shipped_network_is_found_by_its_name():
    assert {"resnet50", "mobilenet_v2", "yolov8n", "bert_large"} <= set(reading.networks())
    assert A100 not in reading.networks()
