"""The four networks: as many parameters as published, captured whole, numbers as torch's."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from symppa.errors import UnknownValueError  # noqa: E402
from symppa.kpu.capture import captured  # noqa: E402
from symppa.kpu.interface.config import KPUConfig  # noqa: E402
from symppa.kpu.networks import PARAMETERS, SIDES, network  # noqa: E402
from symppa.kpu.networks.vit_b_16 import VisionTransformer  # noqa: E402
from symppa.kpu.numbers import executed  # noqa: E402
from symppa.kpu.rules.table import verify  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own future


def on_meta(name):
    with torch.device("meta"):
        return network(name)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_network_has_its_published_parameters(name):
    assert sum(one.numel() for one in on_meta(name).parameters()) == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "shape"),
    [("resnet18", (1, 1000)), ("mobilenet_v2", (1, 1000)), ("yolov8n", (1, 84, 8400)), ("vit_b_16", (1, 1000))],
)
def test_a_network_gives_what_it_is_made_for(name, shape):
    side = SIDES[name]
    with torch.device("meta"):
        assert tuple(on_meta(name)(torch.zeros(1, 3, side, side)).shape) == shape


def same(net, x):
    """The program of a network, which gives what the network gives."""
    program = captured(net, KPUConfig(), example_inputs=x)
    verify(program, "lower")
    with torch.no_grad():
        due = net(x).numpy()
    found = executed(program, {program.input_ids[0]: x.numpy()})[program.output_ids[0]]
    np.testing.assert_allclose(found, due, rtol=1e-3, atol=1e-4 * np.abs(due).max())
    return program


def trained(net):
    """Statistics of norms as if something had been seen, so that numbers neither vanish nor explode."""
    generator = torch.Generator().manual_seed(3)
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = None
            part.train()
    with torch.no_grad():
        net(torch.randn(4, 3, 64, 64, generator=generator))
    return net.eval()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "yolov8n"])
def test_a_captured_network_gives_the_numbers_of_torch(name):
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    program = same(trained(network(name, classes=7)), x)
    kinds = {op.op_type for op in program.ops}
    assert "BatchNormalization" in kinds
    assert kinds <= set(KPUConfig().operators)


def test_a_small_vision_transformer_gives_the_numbers_of_torch():
    net = VisionTransformer(5, 32, width=48, depth=2, heads=3, wide=96).eval()
    program = same(net, torch.randn(2, 3, 32, 32))
    assert [op.op_type for op in program.ops].count("Softmax") == 2
    assert [op.op_type for op in program.ops].count("LayerNormalization") == 5


def test_weights_keep_their_names_and_are_met_once():
    program = captured(on_cpu := network("resnet18", classes=3), KPUConfig(), input_shape=(1, 3, 32, 32))
    told = {name for name, _ in on_cpu.named_parameters()}
    assert told <= program.constants.keys()
    statistics = {name for name, _ in on_cpu.named_buffers() if "num_batches" not in name}
    assert program.constants.keys() == told | statistics


def test_boxes_of_the_detector_are_where_its_distances_say():
    net = network("yolov8n", classes=2)
    with torch.no_grad():
        for branch in net.head.boxes:
            branch[-1].weight.zero_()
            branch[-1].bias.zero_()
        found = net(torch.zeros(1, 3, 64, 64))
    # All 16 places of a distance are alike, so each is 7.5 strides: boxes of 15 strides around the middle of a place.
    assert tuple(found.shape) == (1, 6, 8 * 8 + 4 * 4 + 2 * 2)
    np.testing.assert_allclose(found[0, :4, 0], [4, 4, 120, 120], rtol=1e-5)
    np.testing.assert_allclose(found[0, :4, 9], [12, 12, 120, 120], rtol=1e-5)
    np.testing.assert_allclose(found[0, :4, -1], [48, 48, 480, 480], rtol=1e-5)


def test_a_network_that_is_not_there_is_refused():
    with pytest.raises(UnknownValueError, match="no network 'resnet'; did you mean resnet18"):
        network("resnet")
