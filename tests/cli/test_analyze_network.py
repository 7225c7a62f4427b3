"""symppa analyze NETWORK DEVICE, and compare of networks on devices: forms, figures and exit codes."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.cli.asking import ask, data, flat, process, told

ASKED = ("analyze", "resnet50", "a100_sxm_80gb", "--batch", "8", "--precision", "fp16", "--calibration", "none")
COMPARED = ("compare", "--workload", "resnet18", "--hardware", "t4", "--hardware", "google_tpu_v1")


def test_the_answer_fits_one_screen_and_has_what_one_asks_first():
    text = told(*ASKED)
    assert len(text.splitlines()) <= 30
    for words in ("latency", "throughput", "energy", "memory", "utilisation", "bottleneck", "confidence", "fits:"):
        assert words in text
    assert "FP16, power profile boost, batch 8" in text
    assert "matrix unit, FP16, 312 TOPS" in text


def test_subgraphs_are_told_one_by_one():
    text = flat(*ASKED, "--subgraphs")
    assert "72 Unfused LINEAR 32768000 32768 16000 4098000" in text
    assert "72 fc start" in text


def test_subgraphs_as_csv_have_every_column():
    rows = list(csv.DictReader(io.StringIO(told(*ASKED, "--subgraphs", "--csv"))))
    assert len(rows) == 73
    assert list(rows[0]) == [
        "id", "name", "pattern", "operator_types", "ops [op]", "input [byte]", "output [byte]", "weight [byte]",
        "intensity [op/byte]", "bottleneck", "latency [us]", "energy [mJ]", "confidence",
    ]  # fmt: skip


def test_json_has_estimates_and_subgraphs():
    found = data(*ASKED)
    assert found["facts"]["estimates"]["latency"]["confidence"] == "THEORETICAL"
    assert len(found["facts"]["network"]["subgraphs"]) == 73


def test_formats_are_named_or_flagged():
    assert told(*ASKED, "--format", "json") == told(*ASKED, "--json")
    assert told(*ASKED, "--format", "markdown") == told(*ASKED, "--markdown")
    assert told(*ASKED, "--format", "text") == told(*ASKED)


def test_a_page_holds_its_figures_and_nothing_from_outside():
    page = told(*ASKED, "--format", "html")
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 2
    assert not re.search(r'(?:src|href)="https?://', page)
    assert page == told(*ASKED, "--format", "html")


def test_figures_are_written_to_a_folder(tmp_path):
    told(*ASKED, "--plot", str(tmp_path / "figures"))
    assert {p.name for p in (tmp_path / "figures").iterdir()} == {"roofline.png", "memory.png"}


def test_a_check_that_holds_exits_with_0_and_one_that_fails_with_1():
    assert "0.3095 ms" not in told(*ASKED, "--check-latency", "1ms", "--check-memory", "8GB")
    text = flat(*ASKED, "--check-power", "100W", code=1)
    assert re.search(r"power 100 W 161 W 60.96 W too much \(60.96 %\) not met", text)


def test_one_name_says_the_same_as_two():
    assert told("analyze", "resnet50[batch=8]@a100_sxm_80gb", *ASKED[5:]) == told(*ASKED)


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (("resnet50",), "resnet50 is a workload: name a device too"),
        (("a100_sxm_80gb", "--batch", "3"), "--batch is for a network on a device"),
        (("a100_sxm_80gb", "--check-latency", "3 ms"), "--check-latency is for a network on a device"),
        (("a100_sxm_80gb", "--subgraphs"), "--subgraphs is for a network on a device"),
        (("a100_sxm_80gb", "resnet50"), "a100_sxm_80gb is hardware, not a workload"),
        (("resnet50", "a100"), "did you mean a100_sxm_80gb"),
        (("resnet50", "a100_sxm_80gb", "--seq", "3"), "no size 'seq'"),
        (("resnet50", "a100_sxm_80gb", "--batch", "0"), "Invalid value for '--batch'"),
        (("resnet50", "t4", "--precision", "fp16", "--precision", "int8"), "symppa compare takes several"),
        (("resnet50@t4", "--batch", "3"), "says its sizes itself"),
        (("resnet50", "t4", "--check-latency", "-33ms"), "a limit above zero is expected"),
        (("resnet50", "t4", "--tp", "2"), "resnet50 is no language model that answers"),
        (("bert_large", "t4", "--phase", "prefill"), "bert_large is no language model that answers"),
    ],
)
def test_a_wrong_question_exits_with_2_and_says_why(asked, match):
    found = ask("analyze", *asked)
    assert found.exit_code == 2
    assert match in found.output


def test_a_system_is_analyzed_as_before():
    assert told("analyze", "nexgen_baseline", "--format", "csv") == told("analyze", "nexgen_baseline", "--csv")


def test_a_whole_process_answers_without_a_warning():
    found = process("analyze", "resnet18", "a100_sxm_80gb")
    assert found.returncode == 0, found.stderr
    assert found.stderr == ""


def test_networks_are_compared_and_what_is_not_supported_is_said():
    text = flat(*COMPARED, "--precision", "fp16", "--batch", "1", "--batch", "4")
    assert "resnet18 google_tpu_v1 FP16 1 not supported" in text
    assert "4 in all, 2 not supported" in text


def test_a_comparison_recommends_within_limits_or_exits_with_1():
    text = flat(*COMPARED, "--target", "latency <= 10 ms", "--target", "power <= 60 W")
    assert "take for resnet18 t4, FP16, batch 1" in text
    assert "none meets every target" in flat(
        *COMPARED, "--target", "latency <= 1 s", "--target", "power <= 1 W", code=1
    )


def test_a_comparison_checks_and_ranks():
    limits = ("--check-latency", "33ms", "--check-power", "50W", "--check-memory", "1GB")
    text = flat(*COMPARED, *limits, "--rank", "power_limit")
    assert "target power <= 50W" in text
    assert "take for resnet18 t4" in text
    assert "take for resnet18 nothing" in flat(*COMPARED, "--check-latency", "1us", code=1)


def test_a_comparison_is_a_page_with_its_figure():
    page = told(*COMPARED, "--format", "html")
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 1
    assert told(*COMPARED, "--format", "json") == told(*COMPARED, "--json")


def test_power_above_the_limit_of_a_profile_is_told():
    asked = ("analyze", "resnet50", "kpu_t64_32x32_lp5x4_16nm_tsmc_ffp", "--batch", "64")
    for form in ("text", "html"):
        text = " ".join(told(*asked, "--power-profile", "3W", "--format", form).split()).replace("&#x27;", "'")
        assert "ABOVE the profile's limit of 3 W" in text
    assert "ABOVE" not in told(*ASKED)


def test_a_batch_is_swept_by_its_name():
    found = data("sweep", "resnet50@a100_sxm_80gb", "--axis", "batch=1:64:x2", "--output", "throughput")
    assert found["coordinates"]["batch"]["values"] == [1, 2, 4, 8, 16, 32, 64]
    assert "follows from resnet50" in ask("sweep", "resnet50@a100_sxm_80gb", "--axis", "net.batch=1:8:1").output


def test_a_comparison_is_drawn(tmp_path):
    told(*COMPARED, "--plot", str(tmp_path))
    assert (tmp_path / "networks.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (("--workload", "resnet18"), "--hardware is missing"),
        (("--hardware", "t4"), "--workload is missing"),
        (("nexgen_baseline", "--workload", "resnet18", "--hardware", "t4"), "compare one or the other"),
        (("--workload", "resnet18", "--hardware", "t4", "--set", "units=3"), "are for descriptions"),
        ((), "name descriptions to compare"),
        (("nexgen_*", "--rank", "power"), "--rank is for networks on devices"),
        (
            ("--workload", "resnet18", "--hardware", "t4", "--target", "power <= 9 W", "--check-power", "8W"),
            "second limit",
        ),
        (("--workload", "resnet18", "--hardware", "t4", "--check-latency", "-1ms"), "above zero"),
    ],
)
def test_a_comparison_of_nothing_is_refused(asked, match):
    found = ask("compare", *asked)
    assert found.exit_code == 2
    assert match in found.output


def test_show_tells_the_law_of_each_operator_once():
    text = told("show", "resnet18@a100_sxm_80gb")
    assert text.count("law of Convolution") == 1
    assert "operators of resnet18" in text
    assert "latency" in text
    assert "118013952 mac" not in text  # the counts stand with their operators, and nowhere else


def test_a_shown_description_is_read_again(tmp_path):
    path = tmp_path / "whole.yaml"
    path.write_text(told("show", "resnet18@a100_sxm_80gb", "--yaml"), encoding="utf-8")
    whole, made = (
        data("analyze", str(path)),
        data("analyze", "resnet18@a100_sxm_80gb", "--output", "latency", "--calibration", "none"),
    )
    assert whole["outputs"]["latency"]["values"] == pytest.approx(made["outputs"]["latency"]["values"], rel=1e-14)
