"""Which calibrated operations an operator is made of."""

import pytest

from symppa.calibration.matching.primitive import primitives
from symppa.calibration.operations import operation
from symppa.workloads import reading
from symppa.workloads.kinds import KINDS, kind
from symppa.workloads.yaml import loads

NET = """
workload: parts
sizes: {batch: 2}
inputs: {x: [batch, 64, 56, 56], t: [batch, 197, 768], q: [batch, 12, 197, 64], k: [batch, 12, 64, 197]}
operators:
  - [conv, Conv2d, [x], {out: 128, kernel: 3, padding: 1, stride: 2}]
  - [norm, BatchNorm2d, [conv]]
  - [bend, ReLU, [norm]]
  - [deep, Conv2d, [bend], {out: 128, kernel: 3, padding: 1, groups: 128}]
  - [long, Conv2d, [deep], {out: 64, kernel: [1, 3]}]
  - [flat, Flatten, [long]]
  - [fc, Linear, [flat], {out: 10}]
  - [soft, Softmax, [fc]]
  - [heads, MultiheadAttention, [t], {heads: 12}]
  - [alone, ReLU, [t]]
  - [scores, MatMul, [q, k]]
"""


@pytest.fixture(scope="module")
def graph():
    return loads(NET)


def of(graph, name, **more):
    operator = next(one for one in graph.operators if one.name == name)
    return primitives(graph, operator, {"batch": 2}, **more)


def test_a_convolution_is_itself_and_by_proxy_an_implicit_product(graph):
    (found,) = of(graph, "conv", dtype="fp16")
    assert (found.op, found.direct, found.count) == ("conv2d", True, 1)
    assert found.shape == {
        "batch": 2, "channels": 64, "filters": 128, "height": 56, "width": 56, "kernel": 3, "stride": 2, "padding": 1,
        "groups": 1,
    }  # fmt: skip
    implicit = found.proxies[0]
    assert (implicit.op, implicit.direct, implicit.shape) == ("gemm", False, {"m": 2 * 28 * 28, "n": 128, "k": 576})
    assert found.ops == implicit.ops == 2 * (2 * 28 * 28) * 128 * 576
    assert found.bytes == 2 * (2 * 64 * 56 * 56 + 2 * 128 * 28 * 28 + 128 * 576)


def test_a_channel_with_itself_is_a_stream_and_an_odd_window_a_product_alone(graph):
    (deep,) = of(graph, "deep")
    assert deep.proxies[0].op == "stream_scale"
    (long,) = of(graph, "long")
    assert (long.op, long.direct, long.shape["k"]) == ("gemm", False, 3 * 128)


def test_what_rides_along_and_views_cost_nothing_but_an_activation_alone_does(graph):
    assert of(graph, "norm") == of(graph, "bend") == of(graph, "flat") == ()
    (alone,) = of(graph, "alone")
    assert (alone.op, alone.shape) == ("relu", {"elements": 2 * 197 * 768})


def test_a_linear_layer_is_a_product_under_either_name(graph):
    (found,) = of(graph, "fc")
    assert (found.op, found.shape["m"], found.shape["n"]) == ("gemm", 2, 10)
    assert [(one.op, one.direct) for one in found.proxies] == [("linear", True)]


def test_attention_is_four_products_and_a_softmax_unless_it_is_known_as_one(graph):
    found = of(graph, "heads")
    assert [(one.name, one.op) for one in found] == [
        ("qkv_projection", "gemm"), ("scores", "bmm"), ("softmax", "softmax"), ("values", "bmm"),
        ("output_projection", "gemm"),
    ]  # fmt: skip
    assert found[0].shape == {"m": 394, "n": 2304, "k": 768}
    assert found[1].shape == {"batch": 24, "m": 197, "n": 197, "k": 64}
    assert found[2].shape == {"rows": 24 * 197, "width": 197}
    whole = of(graph, "heads", known={"attention_prefill"})
    assert [one.name for one in whole] == ["qkv_projection", "attention", "output_projection"]
    assert whole[1].shape["queries"] == whole[1].shape["context"] == 197


def test_products_of_activations_have_a_batch_of_their_own(graph):
    (found,) = of(graph, "scores")
    assert (found.op, found.shape) == ("bmm", {"batch": 24, "m": 197, "n": 197, "k": 64})


@pytest.mark.parametrize("network", ["resnet50", "vit_b_16", "mobilenet_v3_large", "mixtral_8x7b", "yolov8n"])
def test_primitives_do_the_work_of_their_operators_and_have_sizes_that_can_be_timed(network):
    graph = reading.network(reading.found(network))
    for operator in graph.operators:
        for one in primitives(graph, operator, {}):
            for by in (one, *one.proxies):
                assert operation(by.op).complete(by.shape)
        if kind(operator.kind).free:
            assert primitives(graph, operator, {}) == ()


def test_every_kind_that_computes_or_moves_has_its_entry():
    from symppa.calibration.matching.mapping import MAPPING

    assert {name for name, row in KINDS.items() if not row.free} == set(MAPPING)
