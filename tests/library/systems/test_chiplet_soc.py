"""The chiplet package: the calculator's variants, its golden outputs, its laws."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symppa.engine.compile import compile
from symppa.engine.walk import run
from symppa.errors import DomainError, SymppaError, UnknownValueError
from symppa.library.systems.chiplet_soc import (
    Chiplet,
    ChipletPackage,
    ChipletSoC,
    ChipletWithArea,
    Multiprocessor,
    ScaledChipletSoC,
    Throughput,
)
from symppa.studies.evaluate import evaluate

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden" / "soc" / "soc_golden.json"
FORMATS = ("FP4", "FP8", "INT8", "FP16", "BF16", "FP32")
# SMs, cores an SM, MHz, FP16 ops, FP32 ops, MB, mm2; TFLOPS, TFLOPS/mm2, W, TFLOPS/W
VARIANTS = {
    "nexgen_baseline": (16, 4, 2000, 128, 64, 6, 400, 65.536, 0.04096, 267.2, 0.245269),
    "nexgen_realistic_optimized": (32, 6, 2300, 192, 96, 7, 350, 339.1488, 0.2422491, 363.4, 0.933266),
    "nexgen_high_sm_density": (40, 4, 2200, 160, 80, 8, 320, 225.28, 0.176, 411.6, 0.547328),
    "nexgen_aggressive_optimized": (48, 8, 2500, 256, 128, 8, 300, 983.04, 0.8192, 459.6, 2.138903),
    "nexgen_power_optimized": (24, 4, 1800, 128, 64, 6, 380, 88.4736, 0.0582063, 315.2, 0.280690),
}
OUTPUTS = [
    "peak_compute", "compute_density", "memory_bandwidth", "ridge_point", "attained", "roof_share",
    "dynamic_power", "static_power", "power", "efficiency", "junction_temperature", "area", "sms", "tensor_cores",
    "ops_per_cycle", "by_format.peak_compute", "by_format.compute_density", "by_format.ridge_point",
    "by_format.attained", "by_format.roof_share", "by_format.efficiency",
]  # fmt: skip


@cache
def program(system=ChipletSoC, axes=("precision", "utilisation")):
    return compile(system(), OUTPUTS, axes=axes)


def values(sms=16, cores=4, mhz=2000, fp16=128, fp32=64, l2=6, area=400, **more):
    ops = dict(zip(FORMATS, (512, 256, 256, fp16, fp16, fp32), strict=True))
    return {
        "clock": f"{mhz} MHz",
        "chiplets": 4,
        "stacks": 8,
        "stack_bandwidth": "128 GB/s",
        "intensity": {"GEMM": "100 FLOP/byte", "attention": "50 FLOP/byte", "elementwise": "0.5 FLOP/byte"},
        "chiplet.sms": sms,
        "chiplet.l2": f"{l2} MB",
        "chiplet.area": f"{area} mm2",
        "chiplet.sm.tensor_cores": cores,
        "chiplet.sm.ops_per_cycle": {name: f"{n} op/cycle" for name, n in ops.items()},
    } | more


def answer(system=ChipletSoC, **told):
    told = {"precision": ["FP16"], "utilisation": np.array([1.0])} | told
    return {name: np.asarray(v) for name, v in run(program(system), told).items()}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_what_its_table_says(name):
    *built, peak, density, power, efficiency = VARIANTS[name]
    found = answer(**values(*built))
    assert found["peak_compute"] == pytest.approx(peak)
    assert found["compute_density"] == pytest.approx(density, rel=5e-7)
    assert found["power"] == pytest.approx(power)
    assert found["efficiency"] == pytest.approx(efficiency, rel=2e-6)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_shipped_variant_is_what_its_table_says(name):
    found = evaluate(name)
    assert [found[n] for n in ("peak_compute", "compute_density", "power")] == pytest.approx(
        VARIANTS[name][7:10], rel=5e-7
    )


def test_the_baseline_by_hand():
    found = answer(**values())
    assert found["ops_per_cycle"] == 128
    assert found["sms"] == 4 * 16
    assert found["tensor_cores"] == 4 * 16 * 4
    assert found["peak_compute"] == pytest.approx(256 * 128 * 2e9 / 1e12)
    assert found["area"] == pytest.approx(1600)
    assert found["memory_bandwidth"] == pytest.approx(1.024)
    assert found["ridge_point"] == pytest.approx(64)  # 65.536 TFLOPS over 1.024 TB/s
    assert found["dynamic_power"] == pytest.approx(64 * 1.5 + 4 * 6 * 0.05 + 8 * 15)
    assert found["static_power"] == pytest.approx(20)
    assert found["junction_temperature"] == pytest.approx(273.15 + 25 + 26.72)


def test_compute_bound_work_reaches_the_whole_peak():
    found = answer(**values())
    assert np.squeeze(found["attained"]) == pytest.approx([65.536, 51.2, 0.512])
    assert np.squeeze(found["roof_share"]) == pytest.approx([100, 78.125, 0.78125])


@pytest.mark.parametrize("name", ["peak_compute", "compute_density", "ridge_point", "attained", "efficiency"])
def test_a_format_in_use_is_one_of_the_formats(name):
    beside = compile(ChipletSoC(), f"by_format.{name}")
    every = np.asarray(run(beside, values())[f"by_format.{name}"])
    for k, precision in enumerate(FORMATS):
        alone = run(compile(ChipletSoC(), name), values(precision=precision))[name]
        assert np.asarray(alone) == pytest.approx(every[k])


@pytest.mark.parametrize(
    ("chiplets", "compute", "memory", "watts", "efficiency"),
    [
        (2, 32.768, 0.512, 148.6, 0.2205),
        (4, 65.536, 1.024, 267.2, 0.2453),
        (6, 98.304, 1.536, 385.8, 0.2548),
        (7, 114.688, 1.792, 445.1, 0.2577),
        (8, 131.072, 2.048, 504.4, 0.2599),
    ],
)
def test_chiplets_scale_with_their_memory(chiplets, compute, memory, watts, efficiency):
    told = values(chiplets=chiplets)
    del told["stacks"]
    found = answer(ScaledChipletSoC, **told)
    assert found["power"] == pytest.approx(30 + 59.3 * chiplets) == pytest.approx(watts)
    assert found["peak_compute"] == pytest.approx(compute)
    assert found["memory_bandwidth"] == pytest.approx(memory)
    assert found["efficiency"] == pytest.approx(efficiency, abs=5e-5)


def test_stacks_of_a_scaled_package_follow_its_chiplets():
    assert evaluate("chiplet_scaling", {"chiplets": 7}, outputs=["stacks", "power"])["stacks"] == 14
    assert evaluate("chiplet_scaling", {"chiplets": 7}, outputs=["power"])["power"] == pytest.approx(445.1)


@given(st.floats(0.5, 4), st.integers(1, 64), st.integers(1, 16), st.floats(50, 800))
def test_density_is_a_monomial(ghz, sms, cores, area):
    once = answer(**values(sms, cores, 1000 * ghz, area=area))["compute_density"]
    twice = answer(**values(2 * sms, cores, 2000 * ghz, area=area / 2))["compute_density"]
    assert twice == pytest.approx(8 * once)


def test_busier_packages_use_more_power_and_reach_more():
    found = answer(**values(utilisation=np.linspace(0, 1, 11)))
    assert np.all(np.diff(np.squeeze(found["power"])) > 0)
    assert np.all(np.diff(np.squeeze(found["efficiency"])) > 0)


@cache
def golden():
    return json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the golden outputs are not beside this checkout")
class TestGolden:
    @staticmethod
    def told(config):
        ops = config["ops_per_cycle"]
        keys = ("num_sms", "tensor_cores", "clock_mhz")
        made = values(*(config[k] for k in keys), l2=config["l2_cache_mb"], area=config["area_mm2"])
        made["chiplets"], made["stacks"] = config["num_chiplets"], config["hbm3e_stacks"]
        made["stack_bandwidth"] = f"{config['hbm3e_bandwidth_gbps_per_stack']} GB/s"
        return made | {"chiplet.sm.ops_per_cycle": {name: f"{n} op/cycle" for name, n in ops.items()}}

    def test_every_rate(self):
        for variant in golden()["variants"].values():
            for precision, told in variant["precision"].items():
                work = {k: f"{k} FLOP/byte" for k in told["roofline_float"]}
                found = answer(**self.told(variant["config"]) | {"precision": [precision], "intensity": work})
                wanted = list(told["roofline_float"].values())
                assert np.squeeze(found["attained"]) == pytest.approx(wanted, rel=1e-12)
                assert found["peak_compute"] == pytest.approx(told["peak_tflops"], rel=1e-12)
                assert found["compute_density"] == pytest.approx(told["density_tflops_per_mm2"], rel=1e-12)
                assert found["ridge_point"] == pytest.approx(told["ridge_as_coded"] / 8, rel=1e-12)

    def test_every_power(self):
        for variant in golden()["variants"].values():
            use = np.array([float(u) for u in variant["power"]])
            found = answer(**self.told(variant["config"]) | {"utilisation": use})
            names = {"dynamic_power": "dynamic_w", "static_power": "static_w", "power": "total_w"}
            for mine, theirs in (names | {"efficiency": "fp16_tflops_per_w"}).items():
                wanted = [row[theirs] for row in variant["power"].values()]
                got = np.broadcast_to(np.squeeze(found[mine]), len(wanted))
                assert got == pytest.approx(wanted, rel=1e-12)
            celsius = np.squeeze(found["junction_temperature"]) - 273.15
            assert celsius == pytest.approx([row["junction_c"] for row in variant["power"].values()])

    def test_every_package_size(self):
        names = {"peak_compute": "compute_tflops", "memory_bandwidth": "memory_tbps", "power": "power_watts"}
        names |= {"efficiency": "tflops_per_watt", "compute_density": "compute_per_area"}
        for chiplets, wanted in golden()["scaling_fp16"].items():
            told = values(chiplets=int(chiplets))
            del told["stacks"]
            found = answer(ScaledChipletSoC, **told)
            for mine, theirs in names.items():
                assert found[mine] == pytest.approx(wanted[theirs], rel=1e-12)


def test_an_open_formula_names_who_fills_it():
    with pytest.raises(SymppaError, match="ChipletSoC"):
        compile(ChipletPackage(), "power")
    with pytest.raises(SymppaError, match="ChipletWithArea"):
        compile(Chiplet(), "area")


def test_a_format_that_is_not_there_is_refused():
    with pytest.raises(DomainError, match="FP8"):
        answer(**values(precision=["FP7"]))


def test_half_a_chiplet_is_refused():
    with pytest.raises(DomainError, match="chiplets"):
        answer(**values(chiplets=2.5))


def test_a_misspelt_value_is_refused_with_the_right_one():
    with pytest.raises(UnknownValueError, match=r"chiplet\.sms"):
        answer(**values(**{"chiplet.sm_count": 4}))


def test_parts_stand_alone():
    assert compile(Throughput(), ["peak_compute", "roof_share"]).operations > 0
    assert {"tensor_cores", "ops_per_cycle"} <= set(Multiprocessor._declared)
    assert ChipletWithArea._declared["area"].role == "given"
