"""Networks on devices side by side: one program for each class gives what each alone would."""

from __future__ import annotations

import json

import numpy as np
import pytest

import symppa
from symppa.errors import DescriptionError, QuestionError, WorkloadError
from symppa.studies.network import analyze
from symppa.studies.networks.comparing import compare_networks
from symppa.workloads import on_device

DEVICES = ["a100_sxm_80gb", "t4", "i7_12700k", "google_tpu_v1", "hailo8", "jetson_orin_agx_64gb"]


@pytest.fixture(scope="module")
def found():
    return compare_networks(
        ["resnet18", "mobilenet_v2"], DEVICES, precisions=["fp32", "int8"], batches=[1, 8], targets={}
    )


@pytest.mark.parametrize("name", ["latency", "energy", "power", "utilisation", "peak_memory", "throughput"])
def test_all_at_once_is_each_one_alone(found, name):
    for place in np.ndindex(found[name].shape):
        workload, device, precision, batch = (
            c.values[k] for c, k in zip(found.coordinates.values(), place, strict=True)
        )
        if np.isnan(found["latency"][place]):
            with pytest.raises(QuestionError, match="has no rate for"):
                analyze(str(workload), str(device), precision=str(precision))
        else:
            alone = analyze(str(workload), str(device), precision=str(precision), sizes={"batch": int(batch)})
            assert found[name][place] == pytest.approx(alone[name], rel=1e-12)


def test_every_shipped_device_is_compared_in_its_own_format():
    every = compare_networks("resnet18", "*")
    names = every.coordinates["device"].values.tolist()
    assert names == on_device.devices()
    assert every.counts["not supported"] == 0
    assert every.facts["formats"]["google_tpu_v1"] == "INT8"
    assert np.isfinite(every["latency"]).all()


def test_a_format_that_a_device_lacks_is_counted_and_never_a_number(found):
    # of FP32 the Tensor Processing Unit and the Hailo have none, of INT8 the CPU may have some
    undefined = np.isnan(found["latency"])
    assert undefined[:, [DEVICES.index("google_tpu_v1"), DEVICES.index("hailo8")], 0].all()
    assert found.counts["not supported"] == undefined.sum()
    for name in found:
        assert np.array_equal(np.isnan(found[name]), undefined)


THREE = ["a100_sxm_80gb", "t4", "i7_12700k"]


def test_recommended_is_the_best_by_the_first_target_of_those_that_meet_all():
    targets = {"energy": "<= 15 mJ", "latency": "<= 1 ms"}
    found = compare_networks("resnet50", THREE, batches=[1, 8], targets=targets)
    energy, latency = found["energy"][0], found["latency"][0]
    meet = (latency <= 1) & (energy <= 15)
    told = found.facts["recommended"]["resnet50"]
    assert found.facts["meet"] == meet.sum()
    assert (told is None) == (not meet.any())


def test_the_first_target_is_a_limit_as_the_others_are():
    # every device takes more than a microjoule for a run: none is taken, though one comes nearest
    found = compare_networks("resnet50", THREE, targets={"energy": "<= 1 uJ", "latency": "<= 1 s"})
    assert found.facts["recommended"] == {"resnet50": None}


@pytest.mark.parametrize(("rank", "sign"), [("energy", 1), ("power", 1), ("throughput", -1), ("utilisation", -1)])
def test_a_rank_chooses_among_those_that_meet_the_limits(rank, sign):
    found = compare_networks("resnet50", THREE, batches=[1, 8], targets={"latency": "<= 5 ms"}, rank=rank)
    values = np.where(found["latency"][0] <= 5, sign * found[rank][0], np.inf)
    best = np.unravel_index(np.argmin(values), values.shape)
    told = found.facts["recommended"]["resnet50"]
    assert (told["device"], told["batch"]) == (THREE[best[0]], (1, 8)[best[2]])


def test_the_limit_of_power_stands_for_a_price():
    found = compare_networks("resnet50", THREE, targets={"latency": "<= 5 ms"}, rank="power_limit")
    assert found.facts["recommended"]["resnet50"]["device"] == "t4"  # 70 W; the others have 400 and 125
    assert "chip.power_limit" not in found


def test_a_rank_by_nothing_known_is_refused():
    with pytest.raises(QuestionError, match="nothing 'enrgy' to rank by; did you mean energy"):
        compare_networks("resnet50", "t4", rank="enrgy")


def test_a_power_profile_counts_where_a_device_has_it():
    found = compare_networks("resnet50", ["jetson_orin_agx_64gb", "t4"], profile="30w")
    alone = analyze("resnet50", "jetson_orin_agx_64gb", profile="30W")
    assert found["latency"][0, 0, 0, 0] == pytest.approx(alone["latency"], rel=1e-12)
    assert found["latency"][0, 1, 0, 0] == pytest.approx(analyze("resnet50", "t4")["latency"], rel=1e-12)
    assert "no power profile 30w, so their own: t4" in found.notes
    with pytest.raises(QuestionError, match="no device here has a power profile '31W'; did you mean 30W"):
        compare_networks("resnet50", ["jetson_orin_agx_64gb", "t4"], profile="31W")


def test_what_is_not_known_of_a_device_is_disclosed():
    notes = compare_networks("resnet50", ["qualcomm_cloud_ai_100", "t4"], precisions="int8").notes
    assert any("runs at the rate of matrix products: qualcomm_cloud_ai_100" in note for note in notes)
    assert any("no source tells the start of a subgraph: qualcomm_cloud_ai_100" in note for note in notes)
    assert not compare_networks("resnet50", "t4").notes


def test_an_estimate_is_one_that_a_device_supports(found):
    assert found.counts["estimates"] == np.isfinite(found["latency"]).sum()
    assert found.counts["asked"] == found.counts["estimates"] + found.counts["not supported"]


def test_what_is_larger_than_the_memory_is_never_recommended():
    found = compare_networks("vgg16", ["google_coral_edge_tpu", "t4"], batches=[4096], targets={"energy": "<= 1 kJ"})
    fits = ~(found["memory_fill"][0, :, 0, 0] > 100)
    assert found.counts["larger than the memory"] == (~fits).sum()
    chosen = found.facts["recommended"]["vgg16"]
    assert chosen is None or fits[found.coordinates["device"].values.tolist().index(chosen["device"])]


def test_the_front_is_what_no_other_beats(found):
    for row in found.facts["front"]:
        place = tuple(found.coordinates[d].values.tolist().index(row[d]) for d in found.coordinates)
        others = (place[0], slice(None), slice(None), place[3])
        faster = found["latency"][others] < found["latency"][place]
        assert not (faster & (found["energy"][others] < found["energy"][place])).any()


def test_a_comparison_is_replayed(found):
    again = symppa.replay(json.loads(found.to_json()))
    assert again.facts["agrees"]


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({"workloads": "resnet5", "hardware": "t4"}, DescriptionError, "no workload 'resnet5'"),
        ({"workloads": "zz*", "hardware": "t4"}, DescriptionError, "no workload matches 'zz\\*'"),
        ({"workloads": "resnet50", "hardware": "resnet18"}, DescriptionError, "is a workload, not hardware"),
        ({"workloads": "t4", "hardware": "t4"}, WorkloadError, "t4 is hardware, not a workload"),
        ({"workloads": [], "hardware": "t4"}, QuestionError, "at least one workload"),
        ({"workloads": "resnet50", "hardware": "t4", "precisions": "fp3"}, QuestionError, "number format 'fp3'"),
        ({"workloads": "resnet50", "hardware": "t4", "sizes": {"seq": 8}}, WorkloadError, "no size 'seq'"),
        ({"workloads": "resnet50", "hardware": "t4", "targets": {"colour": "<= 1"}}, QuestionError, "on no output"),
    ],
)
def test_a_question_that_fits_nothing_is_refused(asked, error, match):
    with pytest.raises(error, match=match):
        compare_networks(**asked)
