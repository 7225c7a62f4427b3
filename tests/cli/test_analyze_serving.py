"""symppa analyze of a language model that answers: forms, exit codes, and what is refused."""

from __future__ import annotations

import re

import pytest

from tests.cli.asking import ask, data, flat, told

ASKED = ("analyze", "llama3_8b", "h100_sxm_80gb", "--prompt", "1024", "--generate", "128", "--batch", "16")


def test_the_answer_says_what_one_asks_first():
    text = flat(*ASKED, "--tp", "2")
    for words in ("TTFT", "TPOT", "J/token, in all", "KV cache", "largest batch", "largest context", "fits:"):
        assert words in text
    assert "the mean over the 127 tokens after the first, which see 1025 to 1151 tokens" in text
    assert "2, which split every layer and sum around a ring" in text


def test_a_phase_has_its_own_lines():
    text = told(*ASKED, "--phase", "prefill")
    assert "TTFT" in text
    assert "TPOT" not in text
    assert "between devices" not in text


def test_one_name_says_the_same_as_two_and_options():
    one = data("analyze", "llama3_8b[prompt=1024,generate=128,batch=16]@h100_sxm_80gb")
    assert one["outputs"] == data(*ASKED)["outputs"]
    assert one["facts"]["serving"]["contexts"] == [1025, 1151]


def test_drafts_are_told_beside_plain_decoding():
    text = flat("analyze", "llama2_70b", "b200_sxm", "--draft", "llama2_7b", "--acceptance", "0.7", "--burst", "3")
    assert "llama2_7b, 3 tokens a burst, accepted with probability 0.7" in text
    assert "TPOT without drafts" in text


def test_outputs_of_any_part_may_be_asked_for():
    assert "decode.latency" in told(*ASKED, "--output", "decode.latency", "--precision", "bf16")


def test_a_failed_check_exits_with_one():
    assert "not met" in told(*ASKED, "--check-latency", "1ms", code=1)
    assert "met" in told(*ASKED, "--check-memory", "80GB", "--weights", "INT8")


def test_every_form_is_printed():
    assert told(*ASKED, "--csv").startswith("output,")
    assert "| TTFT" in told(*ASKED, "--markdown")
    page = told(*ASKED, "--format", "html")
    assert page.startswith("<!doctype html>")
    assert not re.search(r'(?:src|href)="https?://', page)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--seq", "4"), "a model that answers has --prompt and --generate"),
        (("--batch", "4"), "--batch is given 2 times; symppa sweep takes several"),
        (("--subgraphs",), "are for one run of a network"),
        (("--draft", "llama2_7b"), "a draft and its acceptance go together"),
        (("--tp", "5"), "which 5 devices cannot share alike"),
    ],
)
def test_what_makes_no_sense_is_refused(more, message):
    result = ask(*ASKED, *more)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("analyze", "llama3_8b[prompt=64]@h100_sxm_80gb", "--tp", "2"), "says its sizes itself"),
        (("analyze", "nexgen_baseline", "--tp", "2"), "--tp is for a network on a device"),
        (("analyze", "llama3_8b", "--tp", "2"), "name a device too"),
    ],
)
def test_options_need_a_model_and_a_device(line, message):
    result = ask(*line)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
