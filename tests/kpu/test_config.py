"""Configurations: what contradicts itself is told, with what to do."""

from __future__ import annotations

import importlib
import inspect

import pytest

import symppa.kpu
from symppa.errors import KPUConfigError, KPUError, MemoryExceededError
from symppa.kpu import ComputeConfig, KPUConfig, KPUPrecision, KPUTensor, MemoryConfig


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (KPUConfig(supported_precisions=["int8"]), "'int8' is no KPUPrecision"),
        (KPUConfig(memory=MemoryConfig(sram_l1_bytes=262144.5)), "sram_l1_bytes = 262144.5: a whole number"),
        (KPUConfig(memory=MemoryConfig(dram_bandwidth_gbps=float("inf"))), "a finite number is expected"),
        (KPUConfig(compute=ComputeConfig(clock_mhz="500")), "clock_mhz = '500'"),
        (KPUConfig(compute=ComputeConfig(clock_mhz=1000)), "state 8.192, or take ComputeConfig.derived"),
        (KPUConfig(memory=MemoryConfig(sram_l1_bytes=0)), "L1 SRAM must be positive"),
        (KPUConfig(compute=ComputeConfig(clock_mhz=0)), "Clock frequency must be positive"),
        (KPUConfig(supported_precisions=[]), "At least one precision must be supported"),
    ],
)  # fmt: skip
def test_a_configuration_that_contradicts_itself_says_so(config, said):
    assert any(said in sentence for sentence in config.validate())
    with pytest.raises(KPUConfigError):
        config.check()


def test_rates_can_be_derived():
    # 32 x 32 cells of 16 arrays, 2 op, 500 MHz: 16.384 TOPS
    made = ComputeConfig.derived(systolic_rows=32, systolic_cols=32)
    assert (made.tops_int8, made.tops_fp16, made.tops_posit8) == pytest.approx((16.384, 8.192, 12.288))
    assert KPUConfig(compute=made).validate() == []


def test_a_configuration_is_read_again_as_it_was():
    config = KPUConfig(name="other", supported_precisions=[KPUPrecision.BF16], max_batch_size=3)
    assert KPUConfig.from_dict(config.to_dict()) == config
    with pytest.raises(KPUConfigError, match="no 'clock'; did you mean clock_mhz"):
        KPUConfig.from_dict({"compute": {"clock": 3}})


def test_an_unknown_format_of_a_tensor_is_told():
    with pytest.raises(KPUError, match="tensor a: there is no format 'float32'"):
        _ = KPUTensor("a", "a", (1,), "float32").size_bytes
    assert KPUTensor("a", "a", (3,), "int4").size_bytes == 2


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((512 * 1024, 256 * 1024), "SRAM memory exceeded: 512KB required, 256KB available"),
        ((200, 100, "DRAM"), "DRAM memory exceeded: 200B required, 100B available"),
        (
            (9000, 1024, "L1 SRAM", "operator c"),
            "SRAM memory exceeded: 9KB required, 1KB available in L1 by operator c",
        ),
    ],
)
def test_memory_that_is_exceeded_is_told(told, said):
    assert str(MemoryExceededError(*told)) == said


def test_every_public_name_is_what_it_says_whatever_is_imported_first():
    importlib.import_module("symppa.kpu.rules.table")
    for name in symppa.kpu.__all__:
        assert not inspect.ismodule(getattr(symppa.kpu, name)), name
