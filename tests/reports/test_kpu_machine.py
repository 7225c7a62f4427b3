"""Configurations and operators of a KPU as people read them."""

from __future__ import annotations

import pytest

from symppa.errors import QuestionError
from symppa.kpu import ComputeConfig, KPUConfig, KPUPrecision, MemoryConfig, hardware
from symppa.reports import kpu_machine
from symppa.reports.text import as_text


def test_a_configuration_as_yaml_gives_itself_again(tmp_path):
    compute = ComputeConfig(systolic_rows=32, num_arrays=8, clock_mhz=700, tops_int8=5.734, tops_fp16=2.867,
                            tops_posit8=4.301, tdp_watts=8)  # fmt: skip
    own = KPUConfig(name="mine", memory=MemoryConfig(sram_l1_bytes=65536), compute=compute)
    own.supported_precisions = [KPUPrecision.INT8, KPUPrecision.BF16]
    file = tmp_path / "mine.yaml"
    file.write_text(kpu_machine.as_yaml(own.check()), "utf-8")
    back = hardware.config(str(file))
    assert back.memory == own.memory
    assert back.supported_precisions == own.supported_precisions
    assert (back.name, back.compute.systolic_rows, back.compute.clock_mhz) == ("mine", 32, 700)


def test_what_a_description_has_no_room_for_is_not_lost_silently():
    odd = KPUConfig(max_batch_size=4, memory=MemoryConfig(cache_line_bytes=128))
    with pytest.raises(QuestionError, match="no room for max_batch_size, cache_line_bytes of swkpu-v1: --json"):
        kpu_machine.as_yaml(odd)


def test_every_operator_of_a_configuration_is_listed_with_its_place():
    config = KPUConfig(native_ops=["Conv", "Add", "Concat", "Reshape"])
    rows = {row["operator"]: row for row in kpu_machine.operators(config)}
    assert list(rows) == list(config.operators)
    assert [rows[name]["runs_on"].split()[0] for name in ("Conv", "Add", "Concat", "Reshape")] == [
        "arrays", "vector", "buses", "nothing:",
    ]  # fmt: skip
    text = " ".join(as_text(kpu_machine.report(config)).split())
    assert "missing AveragePool, BatchNormalization" in text
    assert "4 that the configuration lists" in text
