"""Every layout is read, recognised by itself, and what is damaged is told with its rows."""

from __future__ import annotations

import gzip
import os
import pkgutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symppa.calibration import readers as room
from symppa.calibration.measurement import REFUSED, as_csv, digest
from symppa.calibration.readers import read, readers
from symppa.calibration.readers.reader import Reader, device
from symppa.errors import MeasurementError

DATA = Path(os.environ.get("SYMPPA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
SHARED = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements are not there: SYMPPA_DATA names their folder")
# Rows that are measurements, layout and operations of every file of measurements.
FILES = {
    "context_attention_a100_sxm.csv": (399, "attention_table", {"attention_prefill"}),
    "context_attention_h100_sxm.csv": (400, "attention_table", {"attention_prefill"}),
    "generation_attention_a100_sxm.csv": (400, "attention_table", {"attention_decode"}),
    "generation_attention_h100_sxm.csv": (400, "attention_table", {"attention_decode"}),
    "gemm_a100_sxm.csv": (400, "gemm_table", {"gemm"}),
    "gemm_h100_sxm.csv": (400, "gemm_table", {"gemm"}),
    "gemm_h200_sxm.csv": (400, "gemm_table", {"gemm"}),
    "gemm_l40s.csv": (400, "gemm_table", {"gemm"}),
    "i7_12700k_linear.csv": (18, "op_baseline", {"linear"}),
    "i7_12700k_matmul.csv": (18, "op_baseline", {"gemm"}),
    "i7_12700k_vector_add.csv": (6, "op_baseline", {"add"}),
    "jetson_orin_nano_8gb_matmul.csv": (20, "op_baseline", {"gemm"}),
    "i7_12700k_subgraphs_fp32.csv": (657, "subgraphs", {"subgraph"}),
    "neusight_conv.csv": (1500, "operator_table", {"conv2d"}),
    "neusight_gelu.csv": (1500, "operator_table", {"gelu"}),
    "neusight_linear.csv": (1500, "operator_table", {"linear"}),
    "neusight_ln.csv": (1500, "operator_table", {"layernorm"}),
    "neusight_softmax.csv": (1500, "operator_table", {"softmax"}),
    "orin_agx_50w_models.csv": (33, "network_runs", {"network"}),
    "orin_agx_conv2d_sweep_full_cuda_50w.csv": (135, "conv_sweep", {"conv2d"}),
    "orin_agx_gemm_sweep_full_cuda_50w.csv": (102, "gemm_sweep", {"gemm"}),
    "orin_agx_mlp_sweep_full_cuda_maxn.csv": (162, "mlp_sweep", {"mlp"}),
    "llmcompass/matmul_A100.csv": (20, "bare_table", {"gemm"}),
    "llmcompass/softmax_MI210.csv": (22, "bare_table", {"softmax"}),
    "llmcompass/gelu_A100.csv": (20, "bare_table", {"gelu"}),
    "llmcompass/gpt3_layer_a100.json": (
        24, "layer_report", {"gemm", "bmm", "softmax", "layernorm", "gelu", "all_reduce"},
    ),
}  # fmt: skip


def told(table, rule):
    """The rows that a rule names."""
    return [row for finding in table.findings if finding.rule == rule for row in finding.rows]


@SHARED
@pytest.mark.parametrize("name", FILES)
def test_every_file_of_measurements_is_recognised(name):
    count, layout, ops = FILES[name]
    found = read(DATA / name)
    assert (len(found), set(found.ops)) == (count, ops)
    assert found.rows == read(DATA / name, layout).rows
    assert np.all(found.latency > 0)
    assert np.all(np.isfinite(found.work.bytes) | np.array([row.op == "network" for row in found]))


@SHARED
def test_the_stream_and_blas_file_says_which_rows_were_never_measured():
    found = read(DATA / "stream_blas.csv.gz")
    assert len(found) == 9796
    assert len(told(found, "unsupported")) == 7336 + 11
    assert len(found) + 7336 + 11 == 17143
    copy = found.where(op="stream_copy", device="amd_ryzen_7_2700x").rows[0]
    assert copy.shape["elements"] == 8 * 2**20 / 4  # 8 MiB of 4 bytes each
    assert copy.campaign.clock == 3.7e9
    assert {row.campaign.power_mode for row in found.where(device="jetson_orin_nx_16gb_cpu")} == {
        "10W",
        "15W",
        "25W",
        "MAXN",
    }


@SHARED
def test_the_layers_of_an_llm_are_the_products_of_one_device():
    found = read(DATA / "vidur_layers.csv").where(network="internlm/internlm-20b tp4", device="a100_sxm_80gb")
    mine = {row.part: row for row in found if row.row == 2}
    assert mine["attn_pre_proj"].shape == {"m": 192, "n": 3 * 5120 / 4, "k": 5120, "bias": 0}
    assert mine["mlp_up_proj"].shape == {"m": 192, "n": 2 * 13824 / 4, "k": 5120, "bias": 0}
    assert mine["mlp_down_proj"].latency == pytest.approx(47e-6)
    assert mine["input_layernorm"].op == "rmsnorm"


@SHARED
def test_the_layer_of_gpt3_is_whole():
    found = read(DATA / "llmcompass" / "gpt3_layer_a100.json")
    by_phase = Counter(row.network.rpartition(", ")[2] for row in found)
    assert by_phase == {"prefill": 12, "decode": 12}
    times = {phase: sum(r.latency for r in found if r.network.endswith(phase)) for phase in by_phase}
    assert times == pytest.approx({"prefill": 66.747e-3, "decode": 1.1109e-3}, rel=1e-4)
    rates = found.work.ops / found.latency
    assert rates.max() < 312e12


@SHARED
def test_the_subgraphs_have_the_work_the_networks_are_known_for():
    found = read(DATA / "i7_12700k_subgraphs_fp32.csv")
    for network, count, work in (("resnet18", 32, 3.629e9), ("resnet50", 73, 8.184e9), ("mobilenet_v2", 66, 0.602e9)):
        mine = [row for row in found.where(network=network) if row.shape["batch"] == 1]
        assert len(mine) == count
        assert sum(row.shape["ops"] for row in mine) == pytest.approx(work, rel=1e-3)


GEMM = "device,dtype,m,n,k,latency_ms\n"


def file(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_table_is_read_in_any_unit_of_time(tmp_path):
    for unit, value in (("ms", "0.25"), ("us", "250"), ("s", "2.5e-4"), ("ns", "250000")):
        found = read(file(tmp_path, f"device,dtype,m,n,k,latency_{unit}\nNVIDIA L40S,bfloat16,1,2,3,{value}\n"))
        assert found.rows[0].latency == pytest.approx(2.5e-4)
        assert (found.rows[0].device, found.rows[0].dtype, found.rows[0].row) == ("l40s", "bf16", 2)


def test_a_packed_file_is_read(tmp_path):
    assert len(read(file(tmp_path, gzip.compress(f"{GEMM}x,fp16,1,2,3,4\n".encode()), "t.csv.gz"))) == 1


def test_damaged_rows_are_refused_by_number_and_the_rest_is_read(tmp_path):
    rows = ["x,fp16,8,8,8,1.0", "x,fp16,8,8", "x,fp16,8,8,16,oops", "x,fp16,8,8,32,-1", "x,fp16,,8,8,1",
            "x,fp99,8,8,8,1", "x,fp16,8.5,8,8,1", "x,fp16,8,8,8,nan", "", "x,fp16,16,8,8,1.0"]  # fmt: skip
    found = read(file(tmp_path, GEMM + "\n".join(rows)))
    assert [row.row for row in found] == [2, 11]
    assert sorted(told(found, "damaged")) == [3, 4, 5, 6, 7, 8, 9]
    messages = " ".join(finding.message for finding in found.findings)
    for why in ("4 cells, the header 6", "'oops' is no number", "m is empty", "'fp99'", "m = 8.5", "is not finite"):
        assert why in messages
    assert all(finding.state == REFUSED and finding.source == "table.csv" for finding in found.findings)


def test_a_rate_of_zero_is_flagged_and_a_time_of_zero_refused(tmp_path):
    head = (
        "device,file,date,power_mode,framework,device_type,op,size,precision,supported,gops,latency_ms,std_ms,trials\n"
    )
    rows = [f"x,MAXN_306MHz_numpy.json,2026-01-01,MAXN,numpy,cpu,{row}" for row in (
        "blas3_gemm,64,fp32,True,0,1.0,0.1,10", "blas3_gemm,128,fp32,True,4.1,0,0.1,10",
        "stream_scale,8,,True,1.0,7.0,0.1,10", "stream_scale,8,,True,2.0,1.048576,0.1,10",
    )]  # fmt: skip
    found = read(file(tmp_path, head + "\n".join(rows)))
    assert [(f.state, f.rule, f.rows) for f in found.findings] == [
        ("flagged", "zero ops", (2,)), ("refused", "zero ops", (3,)), ("refused", "damaged", (4,)),
    ]  # fmt: skip
    assert [row.row for row in found] == [2, 5]
    assert found.rows[0].campaign.clock == 306e6


def test_a_unit_of_its_own_in_a_column_that_has_one_is_refused(tmp_path):
    found = read(file(tmp_path, f"{GEMM}x,fp16,8,8,8,3 us\nx,fp16,8,8,16,4\n"))
    assert told(found, "damaged") == [2]
    assert "its own unit 'us'" in found.findings[0].message


def test_two_times_that_disagree_are_refused(tmp_path):
    text = "device,dtype,m,n,k,latency_ms,latency_us\nx,fp16,8,8,8,1,1000\nx,fp16,8,8,16,1,2000\n"
    found = read(file(tmp_path, text))
    assert told(found, "damaged") == [3]
    assert "latency_ms and latency_us tell different times" in found.findings[0].message


def test_a_row_twice_is_read_once_and_repetitions_are_flagged(tmp_path):
    found = read(file(tmp_path, f"{GEMM}x,fp16,8,8,8,1\nx,fp16,8,8,8,1\nx,fp16,8,8,8,2\nx,fp16,8,8,16,2\n"))
    assert [row.row for row in found] == [2, 4, 5]
    assert [(f.state, f.rows) for f in found.findings] == [("refused", (3,)), ("flagged", (2, 4))]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the file is empty"),
        ("\n  \n", "the file is empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a,b\n1,\x002\n", "line 2 holds a zero byte"),
        (GEMM, "it has no rows"),
        (f"{GEMM}x,fp16,8,8,8,0\n", "nothing can be read as gemm_table"),
        ("a,b\n1,2\n", "its layout is not known; it begins with a, b"),
        ("M,N,K,analytical_time_ms\n1,2,3,4\n", "analytical_time_ms is computed, not measured"),
    ],
)
def test_a_file_without_measurements_is_refused(tmp_path, text, why):
    with pytest.raises(MeasurementError, match=why):
        read(file(tmp_path, text))


def test_a_layout_that_does_not_fit_is_refused_with_what_it_lacks(tmp_path):
    path = file(tmp_path, f"{GEMM}x,fp16,8,8,8,1\n")
    with pytest.raises(MeasurementError, match="as attention_table it lacks the columns isl"):
        read(path, "attention_table")
    with pytest.raises(MeasurementError, match="there is no layout 'gemm_tabel'; did you mean gemm_table"):
        read(path, "gemm_tabel")


def test_columns_that_stand_twice_are_refused(tmp_path):
    with pytest.raises(MeasurementError, match="columns stand twice: m"):
        read(file(tmp_path, "device,dtype,m,n,k,latency_ms,m\nx,fp16,8,8,8,1,8\n"))


def test_computed_rows_are_refused(tmp_path):
    text = (
        "hardware,op,shape,dtype,latency_s,energy_j,notes\nx,matmul,1x2x3,fp32,1,,simulated\nx,matmul,1x2x4,fp32,1,,\n"
    )
    found = read(file(tmp_path, text))
    assert [row.row for row in found] == [3]
    assert "this was computed, not measured" in found.findings[0].message


def test_energy_that_a_meter_did_not_see_is_absent(tmp_path):
    text = "hardware,op,shape,dtype,latency_s,energy_j\nx,vector_add,64,fp32,1e-6,0.0\nx,vector_add,128,fp32,1e-6,0.5\n"
    assert [row.energy for row in read(file(tmp_path, text))] == [None, 0.5]


def test_work_that_contradicts_the_sizes_is_refused(tmp_path):
    head = "M,N,K,batch_size,precision,device,flops,empirical_time_ms,empirical_time_std_ms\n"
    found = read(
        file(tmp_path, f"{head}2,3,4,5,fp32,cuda,240,1,0.1\n2,3,4,5,fp32,cuda,999,1,0.1\n", "orin_agx_50w.csv")
    )
    assert [(row.shape["m"], row.campaign.power_mode) for row in found] == [(10, "50W")]
    assert "flops = 999, but the sizes give 240" in found.findings[0].message


def test_a_file_that_tells_no_device_asks_for_one(tmp_path):
    path = file(tmp_path, "800, 800, 800, 0.0010ms, 1024.0Tflops\n", "matmul_ZZZ.csv")
    with pytest.raises(MeasurementError, match="name it with --device"):
        read(path)
    assert (
        read(file(tmp_path, "800, 800, 800, 0.0010ms, 1024.0Tflops\n", "matmul_ZZZ.csv"), device="l40s").rows[0].device
        == "l40s"
    )


def test_a_rate_that_contradicts_its_time_is_refused(tmp_path):
    path = file(tmp_path, "8, 8, 8, 1.0000ms, 5.0Tflops\n8, 8, 8, 1.0000us, 5.0Tflops\n", "matmul_A100.csv")
    with pytest.raises(MeasurementError, match=r"contradict each other.*'1.0000us' is not in ms"):
        read(path)


def test_a_device_has_the_name_of_the_registry():
    assert device("NVIDIA A100-SXM4-80GB") == "a100_sxm_80gb"
    assert device("Some New Chip 3") == "some_new_chip_3"


def test_every_file_of_the_room_that_names_a_layout_is_a_reader():
    modules = {found.name for found in pkgutil.iter_modules(room.__path__)} - {"reader", "sweeps"}
    assert modules == set(readers())
    assert all(isinstance(found, Reader) and found.meaning for found in readers().values())


def test_rows_of_other_devices_keep_their_names(tmp_path):
    text = GEMM + "NVIDIA A100-SXM4-80GB,fp16,8,8,8,1\nNVIDIA L40S,fp16,8,8,8,2\nsome board,fp16,8,8,8,3\n"
    found = read(file(tmp_path, text), device="a40")
    assert [row.device for row in found] == ["a100_sxm_80gb", "l40s", "a40"]


def test_a_file_measured_here_is_its_own_source(tmp_path):
    rows = read(file(tmp_path, GEMM + "x,fp16,8,8,8,1\n"), device="l40s")
    bare = [replace(row, campaign=replace(row.campaign, source="", digest="")) for row in rows]
    place = file(tmp_path, as_csv(bare), "mine.csv")
    told = read(place).rows[0].campaign
    assert (told.source, told.digest) == ("mine.csv", digest(place))
