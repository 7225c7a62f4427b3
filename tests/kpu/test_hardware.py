"""A KPU's configuration and its description say the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from symppa.descriptions.load import load
from symppa.errors import DescriptionError, KPUConfigError
from symppa.kpu import KPUConfig, KPUPrecision
from symppa.kpu.hardware import BASE, config, costs, described_config, description
from symppa.kpu.interface.config import FACTORS
from symppa.studies.evaluate import evaluate

OTHER = KPUConfig(
    name="swkpu-v2",
    memory=replace(KPUConfig().memory, sram_l1_bytes=98304, sram_l2_bytes=3_000_000, dram_bandwidth_gbps=51.2),
    compute=replace(KPUConfig().compute, num_arrays=32, systolic_cols=8, clock_mhz=733.5, tops_int8=6.0, tops_fp16=3.0,
                    tops_posit8=4.5, idle_watts=0.25),
    supported_precisions=[KPUPrecision.INT8, KPUPrecision.BF16],
)  # fmt: skip


def written(tmp_path, text, name="mine.yaml"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_description_is_the_default_configuration():
    assert config("swkpu-v1") == config("swkpu_v1") == KPUConfig()


def test_a_configuration_comes_back_from_its_description():
    there = described_config(description(OTHER))
    assert there == replace(OTHER, compute=replace(OTHER.compute, **{
        field: getattr(there.compute, field) for field in ("tops_int8", "tops_fp16", "tops_posit8")
    }))  # fmt: skip
    assert there.validate() == []
    assert there.compute.tops_int8 == pytest.approx(OTHER.compute.derived_tops(KPUPrecision.INT8), rel=0.05)


def test_a_file_that_differs_in_a_few_values_is_a_configuration(tmp_path):
    found = config(written(tmp_path, f"extends: {BASE}\nvalues: {{chip: {{l1: 128 KiB, arrays: 8}}}}\n"))
    assert found.name == "mine"
    assert (found.memory.sram_l1_bytes, found.compute.num_arrays) == (131072, 8)
    assert found.compute.tops_int8 == pytest.approx(2.048)
    assert found.validate() == []


def test_a_configuration_comes_back_from_json(tmp_path):
    assert config(written(tmp_path, json.dumps(OTHER.to_dict()), "mine.json")) == OTHER


def test_a_description_that_contradicts_itself_is_refused(tmp_path):
    path = written(tmp_path, f"extends: {BASE}\nvalues: {{chip: {{l1: 4 MiB}}}}\n")
    with pytest.raises(KPUConfigError, match="L2 SRAM must be at least as large as L1 SRAM"):
        config(path)


def test_energies_of_its_own_are_refused_rather_than_lost(tmp_path):
    path = written(tmp_path, f"extends: {BASE}\nvalues:\n  chip: {{lane_energy: 3 pJ/op}}\n")
    with pytest.raises(KPUConfigError, match=r"mine.yaml:3: chip.lane_energy differs from that of swkpu_v1"):
        config(path)


def test_what_is_no_kpu_is_refused(tmp_path):
    with pytest.raises(KPUConfigError, match="is a Gpu, not a Kpu"):
        config("a100_sxm_80gb")
    with pytest.raises(DescriptionError, match="swkpu_v7"):
        config("swkpu-v7")
    with pytest.raises(KPUConfigError, match=r"part.json: cannot be read as JSON"):
        config(written(tmp_path, "{", "part.json"))
    with pytest.raises(KPUConfigError, match="there is no 'clocks'"):
        config(written(tmp_path, '{"clocks": 1}', "odd.json"))
    with pytest.raises(KPUConfigError, match="a configuration is an object"):
        config(written(tmp_path, "[]", "list.json"))


def test_costs_are_those_of_the_description():
    found = costs(KPUConfig(), KPUPrecision.FP16)
    told = evaluate(load(BASE), {"chip.precision": "FP16"}, outputs=["chip.mac_energy", "chip.dram_energy"])
    assert found.mac_energy == told["chip.mac_energy"] == 0.72
    assert found.dram_energy == told["chip.dram_energy"]


def test_bytes_farther_away_cost_more():
    for precision in KPUPrecision:
        found = costs(KPUConfig(), precision)
        assert 0 < found.l1_energy < found.l2_energy < found.dram_energy


def test_a_larger_buffer_costs_more_a_byte():
    small, large = (replace(KPUConfig().memory, sram_l1_bytes=size) for size in (65536, 1048576))
    energies = [costs(KPUConfig(memory=one), KPUPrecision.INT8).l1_energy for one in (small, large)]
    assert energies[0] < energies[1] == pytest.approx(1.75)


@pytest.mark.parametrize("precision", KPUPrecision)
def test_full_load_draws_between_idle_and_the_thermal_design_power(precision):
    compute = KPUConfig().compute
    assert compute.idle_watts < costs(KPUConfig(), precision).full_power < compute.tdp_watts


def test_the_description_has_the_rates_of_the_configuration():
    told = evaluate(load(BASE), outputs=["chip.peak"])
    assert told["chip.peak"] == pytest.approx(KPUConfig().compute.derived_tops(KPUPrecision.INT8))
    for precision, factor in FACTORS.items():
        values = {"chip.precision": precision.name, f"chip.supported.{precision.name}": "1"}
        assert evaluate(load(BASE), values, outputs=["chip.speed"])["chip.speed"] == factor
