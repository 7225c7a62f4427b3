"""What every kind of read-out has in common."""

from __future__ import annotations

import pytest

from symppa.errors import WiringError
from symppa.library.components.readout import (
    COMPONENTS,
    MODES,
    AnalogCore,
    Area,
    BlockRead,
    BlockReads,
    Read,
    ReadModes,
    Use,
)
from symppa.library.components.readout_serial import SerialCore
from tests.library.analog import CROSSBAR, NET, answer, under

OPEN = {
    Read: ("activations", "lines", "draft_samples", "residual_samples", "energy", "latency"),
    BlockRead: ("reads", "latency", "buffer_energy", "buffer_latency"),
    AnalogCore: ("size", "engine_cells", "qkv_area", "wo_area", "ffn_area"),
}
TOLD = under("net", NET) | under("crossbar", CROSSBAR) | {"reuse": 1}


def test_a_use_by_hand():
    told = {"uses": 5, "waits": 2, "each_energy": "3 pJ", "each_latency": "4 ns"}
    assert answer(Use, told, ["energy", "latency"]) == {"energy": 15, "latency": 8}


def test_an_area_by_hand():
    assert answer(Area, {"units": 5, "each": "2 mm2"}, ["area"])["area"] == 10


@pytest.mark.parametrize("model", OPEN, ids=lambda model: model.__name__)
def test_an_interface_leaves_its_formulas_open(model):
    for name in OPEN[model]:
        with pytest.raises(WiringError, match="subclass"):
            model().expression(name)


@pytest.mark.parametrize("model", [ReadModes, BlockReads])
def test_a_read_out_offers_every_mode(model):
    assert set(MODES) <= set(model._parts)


def test_tiles_and_weights_of_the_network_by_hand():
    # 2 layers of 3 + 1 + 4 crossbars, and of 48 + 16 + 64 weights
    found = answer(SerialCore, TOLD, ["tiles", "weights"], {"net": "PlainTransformer"})
    assert found == {"tiles": 16, "weights": 256}


def test_the_area_is_that_of_its_components():
    names = [f"areas.{name}.area" for name in COMPONENTS]
    found = answer(SerialCore, TOLD, ["area", *names], {"net": "PlainTransformer"})
    assert found["area"] == pytest.approx(sum(found[name] for name in names))
