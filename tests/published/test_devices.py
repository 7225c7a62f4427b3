"""Peak rates of shipped devices, put together again from what their data sheets say of units, widths and clocks."""

from __future__ import annotations

import pytest

from symppa.studies.evaluate import evaluate

CLOSE = 0.02  # data sheets round
# Operations per cycle of a multiprocessor, compute unit, array or core; the rest follows from units and clock
MATRIX = {
    "a100_sxm_80gb": {"FP64": 128, "TF32": 1024, "FP16": 2048, "BF16": 2048, "INT8": 4096, "INT4": 8192},
    "h100_sxm_80gb": {"TF32": 2048, "FP16": 4096, "BF16": 4096, "FP8": 8192, "INT8": 8192},
    "h200_sxm": {"TF32": 2048, "FP16": 4096, "BF16": 4096, "FP8": 8192, "INT8": 8192},
    "l40s": {"TF32": 512, "FP16": 1024, "BF16": 1024, "FP8": 2048, "INT8": 2048},
    "rtx_4090": {"TF32": 256, "FP16": 512, "BF16": 512, "FP8": 1024, "INT8": 2048, "INT4": 4096},
    "a40": {"TF32": 512, "FP16": 1024, "BF16": 1024, "INT8": 2048, "INT4": 4096},
    "v100": {"FP16": 1024, "INT8": 512},
    "v100_sxm3_32gb": {"FP16": 1024, "INT8": 512},
    "t4": {"FP16": 1024, "INT8": 2048, "INT4": 4096},
    "gtx_1070": {"INT8": 1024},
    "jetson_orin_agx_64gb": {"TF32": 1024, "FP16": 2048, "BF16": 2048, "INT8": 4096},
    "jetson_orin_nano_8gb": {"TF32": 1024, "FP16": 2048, "BF16": 2048, "INT8": 4096},
    "jetson_orin_nx_16gb": {"TF32": 1024, "FP16": 2048, "BF16": 2048, "INT8": 4096},
    "jetson_thor_128gb": {"FP16": 8192, "BF16": 8192, "FP8": 16384, "FP4": 32768},
    "mi210": {"FP64": 256, "FP32": 256, "FP16": 1024, "BF16": 1024, "INT8": 1024, "INT4": 1024},
    "mi300x": {"FP64": 256, "FP32": 256, "TF32": 1024, "FP16": 2048, "BF16": 2048, "FP8": 4096, "INT8": 4096},
    "amd_radeon_780m": {"FP16": 512, "BF16": 512, "INT8": 512, "INT4": 1024},
    "arm_mali_g78_mp20": {"INT8": 256},
    "google_tpu_v1": {"INT8": 2 * 256 * 256},
    "google_tpu_v3": {"BF16": 2 * 128 * 128},
    "google_tpu_v4": {"BF16": 2 * 128 * 128, "INT8": 2 * 128 * 128},
    "google_tpu_v5e": {"BF16": 2 * 128 * 128, "INT8": 4 * 128 * 128},
    "google_tpu_v5p": {"BF16": 2 * 128 * 128, "INT8": 4 * 128 * 128},
    "google_tpu_v6e": {"BF16": 2 * 256 * 256, "INT8": 4 * 256 * 256},
    "amd_xdna_npu": {"INT8": 512, "BF16": 256},
    "qualcomm_cloud_ai_100": {"INT8": 16384, "FP16": 8192},
    "nvidia_dla_orin": {"INT8": 16384},
    "intel_xeon_6980p": {"FP16": 1024, "BF16": 1024, "INT8": 2048},
    "intel_xeon_platinum_8490h": {"BF16": 1024, "INT8": 2048},
    "intel_xeon_platinum_8592plus": {"BF16": 1024, "INT8": 2048},
    "amd_epyc_9654": {"BF16": 64, "INT8": 128},
    "amd_epyc_9754": {"BF16": 64, "INT8": 128},
    "amd_epyc_9965": {"BF16": 128, "INT8": 256},
    "amd_epyc": {"BF16": 128, "INT8": 256},
    "amd_ryzen_7_8845hs": {"BF16": 64, "INT8": 128},
    "amd_ryzen_9_8945hs": {"BF16": 64, "INT8": 128},
    "aws_graviton3": {"BF16": 128, "INT8": 256},
}
VECTOR = {
    "a100_sxm_80gb": {"FP64": 64, "FP32": 128, "FP16": 512, "BF16": 256},
    "l40s": {"FP32": 256, "FP16": 256},
    "rtx_4090": {"FP64": 4, "FP32": 256, "FP16": 256, "BF16": 256},
    "a40": {"FP32": 256, "FP16": 256, "BF16": 256},
    "v100": {"FP64": 64, "FP32": 128, "FP16": 256},
    "t4": {"FP64": 4, "FP32": 128, "FP16": 256},
    "gtx_1070": {"FP64": 8, "FP32": 256},
    "jetson_orin_agx_64gb": {"FP32": 256, "FP16": 512},
    "jetson_orin_nano_8gb": {"FP32": 256, "FP16": 512},
    "jetson_orin_nx_16gb": {"FP32": 256, "FP16": 512},
    "jetson_thor_128gb": {"FP32": 256},
    "mi210": {"FP64": 128, "FP32": 128},
    "mi300x": {"FP64": 128, "FP32": 256},
    "amd_radeon_780m": {"FP32": 256, "FP16": 512},
    "arm_mali_g78_mp20": {"FP32": 64, "FP16": 128},
    "intel_xeon_6980p": {"FP64": 32, "FP32": 64, "FP16": 128},
    "intel_xeon_platinum_8490h": {"FP64": 32, "FP32": 64, "FP16": 128},
    "intel_xeon_platinum_8592plus": {"FP64": 32, "FP32": 64, "FP16": 128},
    "amd_epyc_9654": {"FP64": 16, "FP32": 32},
    "amd_epyc_9754": {"FP64": 16, "FP32": 32},
    "amd_epyc_9965": {"FP64": 32, "FP32": 64},
    "amd_epyc": {"FP64": 32, "FP32": 64},
    "amd_ryzen_7_8845hs": {"FP64": 16, "FP32": 32},
    "amd_ryzen_9_8945hs": {"FP64": 16, "FP32": 32},
    "amd_ryzen_7_2700x": {"FP64": 8, "FP32": 16},
    "aws_graviton3": {"FP64": 16, "FP32": 32, "FP16": 64},
    "ampere_altra_max": {"FP64": 8, "FP32": 16, "FP16": 32},
    "ampereone_192": {"FP64": 8, "FP32": 16, "FP16": 32},
    "ampereone_128": {"FP64": 8, "FP32": 16, "FP16": 32},
    "jetson_orin_agx_cpu": {"FP64": 8, "FP32": 16, "FP16": 32},
    "jetson_orin_nano_cpu": {"FP64": 8, "FP32": 16, "FP16": 32},
    "jetson_orin_nx_16gb_cpu": {"FP64": 8, "FP32": 16, "FP16": 32},
    "qualcomm_sa8775p_cpu": {"FP64": 8, "FP32": 16, "FP16": 32},
}
CASES = [
    (kind, device, form, per_cycle)
    for kind, table in (("matrix", MATRIX), ("vector", VECTOR))
    for device, forms in table.items()
    for form, per_cycle in forms.items()
]
HOPPER = ("h100_sxm_80gb", "h200_sxm")


def stated(device: str, kind: str, form: str) -> float:
    """A peak rate at the clock in use, in TOPS."""
    return float(evaluate(device, {"chip.precision": form}, outputs=[f"chip.{kind}_stated"])[f"chip.{kind}_stated"])


@pytest.mark.parametrize(("kind", "device", "form", "per_cycle"), CASES)
def test_a_peak_is_units_times_operations_per_cycle_times_clock(kind, device, form, per_cycle):
    parts = evaluate(device, outputs=["awake", "chip.running"])
    gigahertz, units = float(parts["chip.running"]), float(parts["awake"])
    assert stated(device, kind, form) == pytest.approx(units * per_cycle * gigahertz / 1e3, rel=CLOSE)


@pytest.mark.parametrize("device", HOPPER)
def test_lanes_of_hopper_run_at_a_higher_clock_than_its_tensor_cores(device):
    for kind, form, per_cycle in (("matrix", "FP64", 256), ("vector", "FP32", 256), ("vector", "FP64", 128)):
        assert stated(device, kind, form) == pytest.approx(132 * per_cycle * 1.98 / 1e3, rel=CLOSE)


def test_two_kinds_of_cores_add_up():
    base = {"chip.profile": "base", "chip.precision": "FP32"}
    intel = evaluate("i7_12700k", base, outputs=["chip.vector_stated"])["chip.vector_stated"]
    assert float(intel) == pytest.approx((8 * 32 * 3.6 + 4 * 16 * 2.7) / 1e3, rel=1e-3)
    assert stated("qualcomm_qcs6490_cpu", "vector", "FP32") == pytest.approx(
        ((2.7 + 3 * 2.4) * 16 + 4 * 1.9 * 8) / 1e3, rel=1e-3
    )


@pytest.mark.parametrize(
    ("device", "form", "cycle"),
    [
        ("kpu_t64_32x32_lp5x4_16nm_tsmc_ffp", "INT8", 44 * 512 + 7 * 8192),
        ("kpu_t256_32x32_lp5x16_16nm_tsmc_ffp", "INT8", 179 * 512 + 26 * 8192),
        ("kpu_t256_32x32_lp5x16_16nm_tsmc_ffp", "BF16", 51 * 256 + 26 * 4096),
        ("kpu_t768_16x8_hbm3x16_7nm_tsmc_hpc", "INT8", 537 * 512 + 77 * 8192),
        ("kpu_t768_16x8_hbm3x16_7nm_tsmc_hpc", "BF16", 154 * 256 + 77 * 4096),
    ],
)
def test_several_kinds_of_tiles_add_up(device, form, cycle):
    clock = float(evaluate(device, outputs=["chip.running"])["chip.running"])
    assert stated(device, "matrix", form) == pytest.approx(cycle * clock / 1e3, rel=CLOSE)


@pytest.mark.parametrize(
    ("device", "kind", "form", "tops"),
    [
        ("h100_sxm_80gb", "matrix", "FP16", 989.4),  # 1979 is with sparsity
        ("a100_sxm_80gb", "matrix", "FP16", 312),  # and 312 is without
        ("a100_sxm_80gb", "matrix", "FP64", 19.5),
        ("a100_sxm_80gb", "vector", "FP64", 9.7),
        ("jetson_orin_agx_64gb", "vector", "FP32", 5.325),
        ("v100", "vector", "FP64", 7.8),  # not 15.7
        ("v100", "matrix", "INT8", 62.7),  # in its lanes
        ("b100_sxm_192gb", "vector", "FP64", 30),  # not 71
        ("google_tpu_v3", "matrix", "INT8", 0),
        ("google_tpu_v4", "matrix", "FP16", 0),
        ("hailo8", "matrix", "INT4", 0),
        ("jetson_thor_128gb", "matrix", "FP8", 517),
    ],
)
def test_what_is_often_told_wrong(device, kind, form, tops):
    assert stated(device, kind, form) == pytest.approx(tops, rel=1e-3)


@pytest.mark.parametrize(
    ("device", "gigabytes"),
    [
        ("ampere_altra_max", 8 * 3.2 * 8),  # eight channels of DDR4-3200
        ("intel_xeon_platinum_8592plus", 8 * 5.6 * 8),
        ("intel_xeon_6980p", 12 * 6.4 * 8),
        ("amd_epyc_9654", 12 * 4.8 * 8),
        ("i7_12700k", 2 * 4.8 * 8),
        ("google_tpu_v1", 34),
        ("jetson_thor_128gb", 273),
        ("google_coral_edge_tpu", 0.5),
    ],
)
def test_bandwidth_is_that_of_the_memory_beside_the_chip(device, gigabytes):
    found = float(evaluate(device, outputs=["chip.bandwidth"])["chip.bandwidth"])
    assert found == pytest.approx(gigabytes, rel=5e-3)


@pytest.mark.parametrize(
    ("device", "watts"), [("google_tpu_v1", 75), ("google_tpu_v3", 450), ("b100_sxm_192gb", 700), ("mi300x", 750)]
)
def test_power_is_the_most_a_device_may_take_and_not_what_it_usually_takes(device, watts):
    assert float(evaluate(device, outputs=["chip.power_limit"])["chip.power_limit"]) == watts
