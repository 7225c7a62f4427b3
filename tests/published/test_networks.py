"""Shipped networks against what is published of them: parameters, multiplications, fused subgraphs.

Parameters are those of the published weights (their model cards); multiplications are those of the papers, to the
digits given there; `rel` says how many these are.
"""

from __future__ import annotations

import csv
from itertools import groupby

import pytest

from symppa.workloads.fuse import fused
from symppa.workloads.table import table
from symppa.workloads.yaml import load
from tests.house.tree import ROOT

PARAMETERS = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "mobilenet_v2": 3_504_872,
    "mobilenet_v3_large": 5_483_032,
    "mobilenet_v3_small": 2_542_856,
    "efficientnet_b0": 5_288_548,
    "vgg16": 138_357_544,
    "vit_b_16": 86_567_656,
    "yolov8n": 3_157_200,
    "bert_large": 335_141_888,
    "gpt2": 124_439_808,
}
GMACS = {  # and how near
    "resnet18": (1.8, 0.02),  # he2016, table 1: 1.8e9
    "resnet34": (3.6, 0.02),  # he2016, table 1: 3.6e9
    # he2016, table 1: 3.8e9 with the stride in the first convolution of a block; in the second it is 4.09e9
    "resnet50": (4.09, 0.002),
    "mobilenet_v2": (0.300, 0.005),  # sandler2018, table 4: 300 M
    "mobilenet_v3_large": (0.219, 0.015),  # howard2019, table 3: 219 M
    "mobilenet_v3_small": (0.056, 0.015),  # howard2019, table 3: 56 M
    "efficientnet_b0": (0.39, 0.015),  # tan2019, table 2: 0.39 B
    "vgg16": (15.5, 0.003),  # the sum of simonyan2015, table 1, column D at 224
    "vit_b_16": (17.56, 0.001),  # 12 (4 d^2 t + 8 d^2 t + 2 d t^2) with d 768 and t 197, patches and the head
    "yolov8n": (8.7 / 2, 0.01),  # ultralytics2023: 8.7 GFLOP at 640
}
SUBGRAPHS = {"resnet18": (32, 3.629), "resnet50": (73, 8.184), "mobilenet_v2": (66, 0.602)}


def network(name):
    return load(ROOT / "models" / "workloads" / f"{name}.yaml")


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name):
    assert network(name).at().parameters == PARAMETERS[name]


@pytest.mark.parametrize("name", GMACS)
def test_multiplications(name):
    published, near = GMACS[name]
    assert table(network(name)).macs.sum() / 1e9 == pytest.approx(published, rel=near)


@pytest.mark.parametrize(
    ("name", "layers", "width", "scored"), [("bert_large", 24, 1024, 0), ("gpt2", 12, 768, 50257 * 768)]
)
@pytest.mark.parametrize("tokens", [128, 512])
def test_multiplications_of_a_transformer_follow_from_its_sizes(name, layers, width, scored, tokens):
    # vaswani2017: 4 d^2 around attention and 8 d^2 behind it for each token, 2 d for each pair that is seen
    pairs = tokens * (tokens + 1) / 2 if name == "gpt2" else tokens**2
    pooler = width**2 if name == "bert_large" else 0
    expected = layers * (12 * width**2 * tokens + 2 * width * pairs) + scored * tokens + pooler
    assert table(network(name), [{"seq": tokens}]).macs.sum() == expected


@pytest.mark.parametrize("name", SUBGRAPHS)
def test_fused_subgraphs_and_work(name):
    found = table(network(name))
    assert (len(found.subgraphs), round(found.ops.sum() / 1e9, 3)) == SUBGRAPHS[name]


def test_patterns_of_a_vision_transformer():
    patterns = [subgraph.pattern for subgraph in fused(network("vit_b_16"))]
    assert patterns.count("LayerNorm_Linear_GELU_+1more") == 12
    assert patterns.count("Linear_Dropout") == 24


MEASURED = ROOT.parent / "shared" / "data" / "i7_12700k_subgraphs_fp32.csv"
MEANS = {"AVGPOOL", "ADAPTIVEAVGPOOL"}  # whose additions the other tool leaves out


@pytest.mark.skipif(not MEASURED.exists(), reason="the measured subgraphs lie in shared/data beside a checkout")
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "mobilenet_v2", "vgg16"])
def test_subgraphs_are_those_that_were_measured_elsewhere(name):
    rows = [row for row in csv.DictReader(MEASURED.read_text("utf-8").splitlines()) if row["model"] == name]
    batches = {batch: list(found) for batch, found in groupby(rows, lambda row: int(row["batch"]))}
    found = table(network(name), [{"batch": batch} for batch in batches])
    for k, told in enumerate(batches.values()):
        assert [row["fusion_pattern"] for row in told] == list(found.patterns)
        counted = [n for n, types in enumerate(found.types) if not MEANS & set(types)]
        assert [float(told[n]["flops"]) for n in counted] == found.ops[counted, k].tolist()
        moving = [n for n, subgraph in enumerate(found.subgraphs) if not subgraph.free]  # it moves what only looks on
        moved = 4 * (found.activations + found.weights)[moving, k]
        assert [float(told[n]["total_bytes"]) for n in moving] == moved.tolist()
