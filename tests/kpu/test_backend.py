"""torch.compile(backend="kpu"): graphs become programs, and their numbers are those of the KPU."""

from __future__ import annotations

import gc
import re
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as f  # noqa: E402

import symppa.kpu.backend as backend  # noqa: E402
from symppa.errors import CompilationError, QuantizationError, UnsupportedOpError  # noqa: E402
from symppa.kpu.interface.config import KPUConfig  # noqa: E402
from symppa.kpu.interface.kinds import KPUPrecision  # noqa: E402
from symppa.kpu.networks import network  # noqa: E402
from symppa.kpu.numbers import executed  # noqa: E402
from symppa.kpu.rules.table import verify  # noqa: E402
from symppa.kpu.runtime import KPURuntime  # noqa: E402
from symppa.kpu.versions import LEAST, needed_torch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own future
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _fresh():
    backend.register()
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def small():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 5)).eval()


def refusal(net, x, **more):
    """What the backend raises, inside of what torch makes of it."""
    with pytest.raises(torch._dynamo.exc.BackendCompilerFailed) as caught:
        torch.compile(net, backend="kpu", **more)(x)
    return caught.value.inner_exception


def test_the_backend_is_known_by_its_name_and_by_its_entry_point():
    assert "kpu" in torch._dynamo.list_backends(exclude_tags=None)
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert re.search(r'"torch_dynamo_backends"\]\nkpu = "symppa.kpu.backend:kpu"', text)
    for found in entry_points(group="torch_dynamo_backends", name="kpu"):
        assert found.load() is backend.kpu


def test_a_compiled_module_gives_the_numbers_of_its_program():
    net, x, kept = small(), torch.randn(2, 3, 6, 6), []
    made = torch.compile(net, backend="kpu", fullgraph=True, options={"programs": kept})
    with torch.no_grad():
        found, due = made(x).numpy(), net(x).numpy()
    [program] = kept
    assert 0 < np.abs(found - due).max() < 2e-3 * np.abs(due).max()  # 16 bits
    runtime = KPURuntime()
    runtime.load_program(program)
    answers = runtime.execute({program.input_ids[0]: x.numpy()}).outputs
    np.testing.assert_array_equal(found, answers[program.output_ids[0]])
    assert any(one is program for one in backend.programs())
    assert program.precision is KPUPrecision.FP16
    assert program.tensors[program.input_ids[0]].shape == (2, 3, 6, 6)
    assert program.facts["passes"][-1] == "pack"
    assert not made(x).requires_grad


def test_options_tell_the_configuration_the_precision_and_the_name():
    kept, config = [], KPUConfig(name="other")
    options = {"config": config, "precision": "int8", "programs": kept, "name": "mine"}
    with pytest.raises(QuantizationError, match="int8 without a scale: compile with calibration data"):
        torch.compile(small(), backend="kpu", options=options)(torch.randn(1, 3, 6, 6))
    assert (kept[0].target_config, kept[0].precision, kept[0].name) == (config, KPUPrecision.INT8, "mine")


def test_answers_have_the_element_types_and_the_order_of_the_module():
    def several(x, y):
        return (x + y).half(), y.reshape(-1), {"kept": torch.relu(x), "rounded": x.bfloat16()}

    x, y = torch.randn(2, 3).bfloat16().float(), torch.randn(2, 3).bfloat16()
    made = torch.compile(several, backend="kpu", fullgraph=True)(x, y)
    due = several(x, y)
    for here, there in zip([*made[:2], *made[2].values()], [*due[:2], *due[2].values()], strict=True):
        assert (here.dtype, here.shape) == (there.dtype, there.shape)
        torch.testing.assert_close(here.float(), there.float(), rtol=1e-2, atol=1e-2)


def test_programs_are_forgotten_with_the_graphs_that_they_belong_to():
    made = torch.compile(small(), backend="kpu")
    made(torch.randn(1, 3, 6, 6))
    before = len(backend.programs())
    del made
    torch._dynamo.reset()
    gc.collect()
    assert len(backend.programs()) < before


def test_names_are_those_of_the_module():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softmax(1))

        def forward(self, image):
            return self.body(image)

    found = []

    def kept(module, inputs):
        run, program = backend.taken(module, list(inputs), KPUConfig(), "net")
        found.append(program)
        return run.whole

    torch.compile(Net().eval(), backend=kept)(torch.randn(1, 3, 6, 6))
    assert found[0].input_ids == ["image"]
    assert found[0].constants.keys() == {"body.0.weight", "body.0.bias"}
    assert [op.id for op in found[0].ops] == ["body.0", "body.1"]


def test_each_graph_of_a_broken_module_is_a_program():
    def broken(x):
        y = x * 2
        torch._dynamo.graph_break()
        return y.relu()

    kept = []
    torch.compile(broken, backend="kpu", options={"programs": kept})(torch.randn(2, 3))
    assert [[op.op_type for op in one.ops] for one in kept] == [["Mul"], ["Relu"]]


def test_resnet18_is_one_graph():
    net, x, kept = network("resnet18", classes=10), torch.randn(1, 3, 32, 32), []
    made = torch.compile(net, backend="kpu", fullgraph=True, options={"programs": kept})
    with torch.no_grad():
        found, due = made(x).numpy(), net(x).numpy()
    assert np.abs(found - due).max() < 5e-3 * np.abs(due).max()
    assert len(kept) == 1
    assert sum(op.op_type == "Conv" for op in kept[0].ops) == 20


@pytest.mark.parametrize("name", ["mobilenet_v2", "yolov8n", "vit_b_16"])
def test_the_other_networks_are_one_graph_that_has_an_operator_for_each_call(name):
    side, found = {"vit_b_16": 32}.get(name, 64), []

    def kept(module, inputs):
        run, program = backend.taken(module, list(inputs), KPUConfig(), name)
        found.append(program)
        return run.whole

    net = network(name, **({"side": side} if name == "vit_b_16" else {}))
    x = torch.randn(1, 3, side, side)
    with torch.no_grad():
        due, made = net(x), torch.compile(net, backend=kept, fullgraph=True)(x)
    np.testing.assert_allclose(made.numpy(), due.numpy(), rtol=1e-4, atol=1e-4)
    [program] = found
    assert verify(program, "lower") is program
    assert {told for told, _ in net.named_parameters() if told.endswith("bias")} <= program.constants.keys()
    there = executed(program, {program.input_ids[0]: x.numpy()})[program.output_ids[0]]
    np.testing.assert_allclose(there, due.numpy(), rtol=1e-3, atol=1e-3)


def test_unsupported_operators_are_named_through_torch():
    def strange(x):
        return f.group_norm(f.instance_norm(x), 3) + f.mish(x)

    error = refusal(strange, torch.randn(2, 3, 4, 4))
    assert isinstance(error, UnsupportedOpError)
    assert {"InstanceNorm", "GroupNorm"} <= set(error.ops)


def test_a_module_in_training_is_refused():
    error = refusal(small().train(), torch.randn(2, 3, 6, 6))
    assert ".eval()" in str(error)
    error = refusal(nn.Dropout(0.5).train(), torch.randn(2, 3))
    assert isinstance(error, CompilationError)


@pytest.mark.parametrize("dynamic", [None, True])
def test_open_sizes_are_fixed_and_told_and_others_compiled_anew(dynamic):
    module, kept = small().eval(), []
    run = torch.compile(module, backend="kpu", dynamic=dynamic, options={"programs": kept})
    with torch.no_grad():
        for batch in (2, 3, 4):
            x = torch.randn(batch, 3, 6, 6)
            assert torch.allclose(run(x), module(x), atol=1e-2)
    assert [one.tensors[one.input_ids[0]].shape for one in kept] == [(2, 3, 6, 6), (3, 3, 6, 6), (4, 3, 6, 6)]
    assert any("axis 0 is open and became 3" in told for told in kept[1].facts["specialised"])
    assert len({one.name for one in kept}) == 3


def test_two_networks_of_other_shapes_compile_in_one_process():
    for module, x in ((small(), torch.randn(2, 3, 6, 6)), (nn.Linear(5, 6), torch.randn(7, 5))):
        with torch.no_grad():
            found = torch.compile(module.eval(), backend="kpu")(x)
            assert torch.allclose(found, module(x), atol=1e-2)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"preciscion": "int8"}, "no option 'preciscion'; did you mean precision"),
        ({"precision": "int9"}, "there is no precision 'int9'"),
        ({"precision": "posit8"}, "swkpu-v1 has no posit8"),
        ({"config": "swkpu"}, "is a KPUConfig, not str"),
        ({"programs": ()}, "is a list"),
    ],
)
def test_odd_options_are_refused(options, error):
    assert error in str(refusal(nn.ReLU(), torch.zeros(1, 3), options=options))


def test_a_torch_that_is_too_old_is_refused(monkeypatch):
    assert needed_torch() is torch
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'"torch>={LEAST[0]}.{LEAST[1]}"' in text
    monkeypatch.setattr(torch, "__version__", "2.6.1")
    with pytest.raises(CompilationError, match=r"torch 2\.6\.1 is too old: compiling for a KPU needs 2\.9 or newer"):
        needed_torch()
