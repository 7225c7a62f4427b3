"""Shipped devices: complete, cited, and alive with a small network."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest

from symppa.descriptions.load import leaves, load
from symppa.errors import DomainError, UndefinedResultError
from symppa.studies.evaluate import evaluate
from tests.cli.asking import flat, told
from tests.house.tree import ROOT

HARDWARE = ROOT / "models" / "hardware"
CLASSES = ("cpu", "gpu", "tpu", "npu", "dsp", "kpu", "dla")
DEVICES = sorted(path.stem for kind in CLASSES for path in (HARDWARE / kind).glob("*.yaml"))
NAMED = {
    *("a100_sxm_80gb", "h100_sxm_80gb", "h200_sxm", "l40s", "mi210", "a40", "v100", "t4", "i7_12700k"),
    *("jetson_orin_agx_64gb", "jetson_orin_nano_8gb"),
}
UNTRACED = "no source stated"
# A layer of 64 products each, a matrix-vector product that waits for its weights, and an addition
SMALL = {
    "net.macs": {"conv": "115605504 mac", "fc": "4096000 mac", "add": "0 mac"},
    "net.vector_ops": {"conv": "200704 op", "fc": "1000 op", "add": "200704 op"},
    "net.activations": {"conv": 401408, "fc": 5096, "add": 602112},
    "net.weights": {"conv": 36864, "fc": 4096000, "add": 0},
    "net.unscaled": {"conv": "0 byte", "fc": "0 byte", "add": "0 byte"},
    "net.rows": {"conv": 3136, "fc": 1, "add": 0},
    "net.columns": {"conv": 64, "fc": 1000, "add": 0},
    "net.depth": {"conv": 576, "fc": 4096, "add": 0},
    "net.repeats": {"conv": 1, "fc": 1, "add": 0},
    "net.live": 602112,
    "net.resident": 4132864,
}
OUTPUTS = ("latency", "energy", "power", "throughput", "utilisation", "peak_memory", "chip.op_energy", "occupancy")


@cache
def said(device: str) -> dict[str, tuple[str, str, str]]:
    """Value, source and file of every given that a device states; the nearest file counts."""
    found = {}
    for layer in reversed(load(device).layers):
        for path, node in leaves(layer):
            marks = node.plain if isinstance(node.plain, dict) else {"value": node.plain}
            found[".".join(path)] = (marks["value"], marks.get("source", layer.origin.source), layer.path.parent.name)
    return found


def members(device: str, name: str) -> list[str]:
    return [key.removeprefix(f"{name}.") for key in said(device) if key.startswith(f"{name}.")]


def number(device: str, output: str, **values: str) -> float:
    given = {f"chip.{name}": value for name, value in values.items()}
    return float(evaluate(device, SMALL | given, outputs=[output])[output])


def test_there_are_more_than_45_devices_of_every_class():
    assert len(DEVICES) >= 45
    assert set(DEVICES) >= NAMED
    assert all(any((HARDWARE / kind).glob("*.yaml")) for kind in CLASSES)


@pytest.mark.parametrize("device", DEVICES)
class TestDevice:
    def test_runs_a_small_network(self, device):
        found = evaluate(device, SMALL, outputs=OUTPUTS)
        for name in OUTPUTS:
            values = np.asarray(found[name], float)
            assert np.all(np.isfinite(values)), name
            assert np.all(values > 0), name
        assert np.all(np.asarray(found["occupancy"], float) <= 100 * (1 + 1e-12))
        assert float(found["utilisation"]) <= 100

    def test_every_profile_has_power_clock_and_bandwidth(self, device):
        profiles = members(device, "chip.profile_power")
        assert profiles
        for name in ("chip.profile_clock", "chip.profile_bandwidth"):
            assert members(device, name) == profiles
        for profile in profiles:
            found = evaluate(
                device, SMALL | {"chip.profile": profile},
                outputs=["latency", "chip.power_limit", "chip.running", "chip.bandwidth"],
            )  # fmt: skip
            assert all(float(found[name]) > 0 for name in found.outputs)
            assert float(found["chip.power_limit"]) > number(device, "chip.idle_power")

    def test_every_value_is_cited_or_said_to_be_untraced(self, device):
        bib = re.findall(r"^@\w+\{([^,]+),", (ROOT / "symppa" / "references.bib").read_text("utf-8"), re.MULTILINE)
        for name, (_, source, folder) in said(device).items():
            if folder in CLASSES and source != "taken where nothing else is asked for":
                cited = [part.split(",")[0].strip() for part in source.split(";")]
                assert source == UNTRACED or set(cited) <= set(bib), f"{name}: {source!r}"

    def test_the_ridge_is_where_devices_have_it(self, device):
        ridge = number(device, "chip.matrix_rate") * 1e3 / number(device, "chip.bandwidth")
        assert 1 < ridge < 10_000

    def test_sparsity_doubles_a_rate_at_most(self, device):
        for form in members(device, "chip.sparse_peak"):
            sparse = number(device, "chip.sparse_rate", precision=form) if rated(device, form) else 0
            if sparse:
                dense = number(device, "chip.matrix_rate", precision=form)
                assert sparse == pytest.approx(2 * dense, rel=0.02)

    def test_peaks_in_the_cores_are_no_higher_than_those_of_a_matrix_unit(self, device):
        for form in members(device, "chip.matrix_peak"):
            found = evaluate(
                device, SMALL | {"chip.precision": form}, outputs=["chip.matrix_stated", "chip.vector_stated"]
            )
            matrix, vector = float(found["chip.matrix_stated"]), float(found["chip.vector_stated"])
            assert matrix == 0 or vector <= matrix


def rated(device: str, form: str) -> bool:
    """Whether a device states a rate of products in a format."""
    found = evaluate(device, SMALL | {"chip.precision": form}, outputs=["chip.matrix_rate"])
    return float(found["chip.matrix_rate"]) > 0


def test_a_format_that_a_device_lacks_is_refused():
    with pytest.raises(UndefinedResultError, match="latency is infinite"):
        evaluate("google_tpu_v3", SMALL | {"chip.precision": "INT8"}, outputs=["latency"])


def test_an_unknown_profile_is_refused_with_the_nearest_ones():
    with pytest.raises(DomainError, match="did you mean 50W, 30W"):
        evaluate("jetson_orin_agx_64gb", SMALL | {"chip.profile": "40W"}, outputs=["latency"])


class TestProcessor:
    """Profiles of `Processor` scale rates by clock and by the share of units that they leave on."""

    @pytest.mark.parametrize(
        ("profile", "awake", "megahertz"), [("MAXN", 16, 1300), ("50W", 16, 816), ("30W", 8, 612), ("15W", 6, 408)]
    )
    def test_a_power_mode_switches_multiprocessors_off_and_slows_the_rest(self, profile, awake, megahertz):
        found = evaluate(
            "jetson_orin_agx_64gb", {"chip.profile": profile},
            outputs=["awake", "chip.share", "chip.scale", "chip.running", "chip.matrix_stated", "chip.sparse_rate"],
        )  # fmt: skip
        assert found["awake"] == awake
        assert found["chip.share"] == awake / 16
        assert found["chip.scale"] == pytest.approx(awake / 16 * megahertz / 1300)
        assert found["chip.matrix_stated"] == pytest.approx(awake * 2048 * megahertz * 1e6 / 1e12, rel=1e-3)
        assert found["chip.sparse_rate"] == 0  # of FP16 none is stated

    def test_sparsity_has_its_own_rate(self):
        found = evaluate("a100_sxm_80gb", {"chip.precision": "INT8"}, outputs=["chip.sparse_rate", "chip.matrix_rate"])
        assert (found["chip.sparse_rate"], found["chip.matrix_rate"]) == (1248, 624)

    @pytest.mark.parametrize(
        ("device", "form", "stated", "spare", "rate"),
        [
            ("a100_sxm_80gb", "FP16", 78, 19.5, 78),
            ("a100_sxm_80gb", "INT8", 0, 19.5, 19.5),  # other arithmetic of INT8 runs in FP32
            ("google_tpu_v3", "BF16", 0, 0, 123),  # no rate of it is published: that of products
        ],
    )
    def test_other_arithmetic_falls_back_on_the_spare_format(self, device, form, stated, spare, rate):
        outputs = ["chip.vector_stated", "chip.vector_spare", "chip.vector_rate"]
        found = evaluate(device, {"chip.precision": form}, outputs=outputs)
        assert [float(found[name]) for name in outputs] == [stated, spare, rate]

    def test_a_lower_mode_is_slower(self):
        modes = members("jetson_orin_nano_8gb", "chip.profile_power")
        times = [number("jetson_orin_nano_8gb", "latency", profile=mode) for mode in modes]
        assert times == sorted(times)
        assert times[0] < times[-1]


class TestResident:
    """`Resident`: weight_rate is that of the chip's own memory only where the weights of the network fit, then time."""

    @pytest.mark.parametrize(
        ("resident", "rate"),
        [(4132864, 32), (20e6, 0.5)],  # 4.1 MB fit into 8 MB, 20 MB do not
    )
    def test_weights_stay_where_all_of_them_fit(self, resident, rate):
        found = evaluate(
            "google_coral_edge_tpu", SMALL | {"net.resident": resident},
            outputs=["movement.weight_rate", "movement.rate", "movement.time"],
        )  # fmt: skip
        assert found["movement.weight_rate"] == rate
        assert list(found["movement.rate"]) == [32, 32, 32]
        times = [a / 32e3 + w / (rate * 1e3) for a, w in ((401408, 36864), (5096, 4096000), (602112, 0))]
        assert list(found["movement.time"]) == pytest.approx(times)


def test_activations_stay_on_a_chip_while_weights_come_from_memory():
    """Of `CachedActivations`."""
    found = evaluate("google_tpu_v1", SMALL, outputs=["movement.rate", "movement.time"])
    buffer = 167 * 1.073741824  # GB/s
    assert list(found["movement.rate"]) == pytest.approx([buffer] * 3)
    times = [a / (buffer * 1e3) + w / 34e3 for a, w in ((401408, 36864), (5096, 4096000), (602112, 0))]
    assert list(found["movement.time"]) == pytest.approx(times)


class TestEnergy:
    """The energy of an operation is one figure for a device, whatever its profile."""

    @pytest.mark.parametrize(
        "device", ["jetson_orin_agx_64gb", "jetson_orin_nano_8gb", "kpu_t256_32x32_lp5x16_16nm_tsmc_ffp"]
    )
    def test_a_slower_profile_spends_as_much_on_an_operation(self, device):
        profiles = members(device, "chip.profile_power")
        energies = [number(device, "chip.op_energy", profile=profile) for profile in profiles]
        assert energies == pytest.approx([energies[0]] * len(profiles))

    @pytest.mark.parametrize("device", DEVICES)
    def test_an_operation_takes_at_least_what_arithmetic_takes(self, device):
        outputs = ["chip.op_energy", "chip.least_energy", "chip.budget_energy", "chip.budgeted"]
        found = evaluate(device, SMALL, outputs=outputs)
        op, least, budget, budgeted = (float(found[name]) for name in outputs)
        assert op >= least > 0
        assert budgeted == (budget > least)

    def test_a_limit_that_memory_alone_uses_up_is_above_zero_and_told(self):
        told = {"chip.profile": "3W"}  # its memory alone would take 4.1 W
        outputs = ["chip.op_energy", "chip.budgeted", "power_margin", "throttled", "latency"]
        found = evaluate("kpu_t64_32x32_lp5x4_16nm_tsmc_ffp", told, outputs=outputs)
        assert (found["chip.op_energy"] > 0, found["chip.budgeted"]) == (True, 1)  # of the fastest profile
        assert (found["power_margin"] < 0) == (found["throttled"] > found["latency"])

    def test_the_limit_of_a_processor_leaves_its_memory_modules_out(self):
        whole = number("i7_12700k", "chip.budget")
        assert whole == pytest.approx(190 - 12.5)
        assert number("jetson_orin_agx_cpu", "chip.budget") < 60 - 6


def test_every_class_starts_a_subgraph_in_the_same_time():
    """Only that of a GPU is known: where none is, another one would decide a comparison."""
    assert {number(device, "start") for device in DEVICES} == {3.8}


@pytest.mark.parametrize(("device", "rate"), [("a40", 56.25), ("mi300x", 448), ("a100_sxm_80gb", 300)])
def test_a_link_is_stated_one_way(device, rate):
    assert said(device)["chip.link_bandwidth"][0] == f"{rate} GB/s"


class TestCommands:
    def test_devices_are_listed_by_class(self):
        assert "google_tpu_v4" in told("list", "tpu")
        assert "a100_sxm_80gb" in told("list", "*/a100*")

    def test_every_device_is_good(self):
        answer = told("check", *DEVICES)
        assert answer.count(": good, ") == len(DEVICES)

    def test_a_device_shows_where_its_numbers_come_from(self):
        shown = flat("show", "h100_sxm_80gb", "--origin")
        assert "989.4 TFLOPS" in shown
        assert "nvidia2022" in shown
