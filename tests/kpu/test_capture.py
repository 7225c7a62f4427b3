"""Networks of torch as programs: each operator over shapes and attributes gives what torch gives, and compiles."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as f  # noqa: E402

from symppa.errors import CompilationError, InvalidInputError, KPUConfigError, UnsupportedOpError  # noqa: E402
from symppa.kpu.capture import captured  # noqa: E402
from symppa.kpu.compiler import compiled  # noqa: E402
from symppa.kpu.interface.config import ComputeConfig, KPUConfig  # noqa: E402
from symppa.kpu.numbers import executed  # noqa: E402
from symppa.kpu.rules.table import verify  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own future


class Called(nn.Module):
    """A function as a module."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *told):
        return self.function(*told)


def module(what):
    return what if isinstance(what, nn.Module) else Called(what)


def drawn(*shapes):
    generator = torch.Generator().manual_seed(7)
    return tuple(torch.randn(shape, generator=generator) for shape in shapes)


def kinds(program):
    return [op.op_type for op in program.ops]


def normed(norm):
    """A norm with statistics that say something."""
    with torch.no_grad():
        for told in (norm.weight, norm.bias, norm.running_mean):
            if told is not None:
                told.normal_()
        norm.running_var.uniform_(0.5, 2)
    return norm


def compare(what, inputs, expected=None):
    """The program of a module gives what the module gives."""
    net = module(what).eval()
    program = captured(net, KPUConfig(), example_inputs=inputs)
    assert verify(program, "lower") is program
    assert compiled(program, "fp16").weights_blob is not None
    with torch.no_grad():
        due = net(*inputs)
    due = due if isinstance(due, list | tuple) else [due]
    told = {name: one.numpy() for name, one in zip(program.input_ids, inputs, strict=True)}
    found = executed(program, told)
    for name, one in zip(program.output_ids, due, strict=True):
        assert tuple(found[name].shape) == tuple(one.shape) == program.tensors[name].shape
        np.testing.assert_allclose(found[name], one.numpy(), rtol=1e-4, atol=1e-5)
    if expected is not None:
        assert kinds(program) == expected
    return program


CONVOLUTIONS = {
    "plain": nn.Conv2d(3, 4, 3), "padded": nn.Conv2d(3, 4, 3, padding=1), "strided": nn.Conv2d(3, 6, 3, 2, 1),
    "uneven": nn.Conv2d(3, 4, (3, 5), (2, 1), (0, 2)), "dilated": nn.Conv2d(3, 4, 3, dilation=2),
    "grouped": nn.Conv2d(3, 6, 3, groups=3), "no bias": nn.Conv2d(3, 4, 1, bias=False),
    "same": nn.Conv2d(3, 4, 4, padding="same"), "valid": nn.Conv2d(3, 4, 3, padding="valid"),
}  # fmt: skip


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_is_one_operator(name, batch):
    program = compare(CONVOLUTIONS[name], drawn((batch, 3, 9, 11)), ["Conv"])
    assert "weight" in program.ops[0].input_ids


@pytest.mark.parametrize(
    ("what", "shape", "expected"),
    [
        (nn.Conv1d(3, 4, 3, padding=1), (2, 3, 9), ["Conv"]),
        (nn.Conv3d(2, 3, 3), (1, 2, 5, 6, 7), ["Conv"]),
        (nn.Conv2d(3, 4, 3), (3, 8, 8), ["Reshape", "Conv", "Reshape"]),
        (nn.Linear(5, 7), (3, 5), ["Gemm"]),
        (nn.Linear(5, 7, bias=False), (3, 5), ["Gemm"]),
        (nn.Linear(5, 7), (2, 3, 5), ["MatMul", "Add"]),
        (nn.Linear(5, 7, bias=False), (1, 2, 3, 5), ["MatMul"]),
        (nn.Linear(5, 7), (5,), None),
        (normed(nn.BatchNorm2d(3)), (2, 3, 4, 4), ["BatchNormalization"]),
        (normed(nn.BatchNorm1d(3)), (2, 3), ["BatchNormalization"]),
        (normed(nn.BatchNorm2d(3, affine=False, eps=0.1)), (2, 3, 4, 4), ["BatchNormalization"]),
        (nn.LayerNorm(6), (2, 5, 6), ["LayerNormalization"]),
        (nn.LayerNorm((5, 6), eps=0.1), (2, 5, 6), ["LayerNormalization"]),
        (nn.LayerNorm(6, elementwise_affine=False), (2, 6), ["LayerNormalization"]),
        (nn.LayerNorm(6, bias=False), (2, 6), ["LayerNormalization"]),
    ],
)
def test_what_has_weights(what, shape, expected):
    compare(what, drawn(shape), expected)


@pytest.mark.parametrize("shape", [(2, 3), (1, 3, 4, 5), (2, 3, 4, 4, 2)])
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (f.relu, "Relu"), (f.relu6, "Relu6"), (f.silu, "SiLU"), (f.hardswish, "HardSwish"), (f.gelu, "Gelu"),
        (f.hardsigmoid, "HardSigmoid"), (f.hardtanh, "HardTanh"), (torch.sigmoid, "Sigmoid"), (torch.tanh, "Tanh"),
        (torch.erf, "Erf"), (lambda x: f.gelu(x, approximate="tanh"), "Gelu"),
        (lambda x: f.hardtanh(x, -2, 0.5), "HardTanh"),
        (lambda x: x.clamp(-0.5, 0.7), "Clip"), (lambda x: x.clamp(min=0.1), "Clip"),
        (lambda x: x.clamp(0, 6), "Relu6"),
        (lambda x: x.clamp_max(0.3), "Clip"), (lambda x: f.softmax(x, 1), "Softmax"),
        (lambda x: x.softmax(-1), "Softmax"),
        (lambda x: torch.maximum(x, torch.tensor(0.2)), "Clip"),
        (lambda x: x + 1, "Add"), (lambda x: 2 - x, "Sub"), (lambda x: x * x, "Mul"), (lambda x: x / 3, "Div"),
        (lambda x: 1 / x, "Div"), (lambda x: -x, "Mul"), (lambda x: x**2, "Mul"), (torch.square, "Mul"),
    ],
)  # fmt: skip
def test_what_works_on_each_element(what, expected, shape):
    compare(what, drawn(shape), [expected])


@pytest.mark.parametrize("other", [(2, 3, 4), (4,), (3, 1), (1, 3, 4), (1,)])
@pytest.mark.parametrize("what", [torch.add, torch.sub, torch.mul, torch.div], ids=lambda one: one.__name__)
def test_arithmetic_broadcasts(what, other):
    compare(what, drawn((2, 3, 4), other), [what.__name__.title()])


@pytest.mark.parametrize(
    ("what", "shapes"),
    [
        (lambda x, y: torch.add(x, y, alpha=0.5), [(2, 3), (3,)]),
        (lambda x, y: torch.sub(x, y, alpha=2), [(2, 3), (3,)]),
        (lambda x: torch.rsub(x, 2), [(2, 3)]), (lambda x: x**3 + x**4, [(2, 3)]),
        (lambda x, y, z: torch.addcmul(x, y, z, value=0.3), [(2, 3)] * 3),
        (lambda x: f.glu(x, 1), [(2, 6)]), (lambda x: x + torch.arange(3), [(2, 3)]),
        (lambda x: x * torch.arange(3).float(), [(2, 3)]), (lambda x: (x, x + 1, x), [(2, 3)]),
        (lambda x: {"a": x * 2, "b": [x]}["b"][0] + 1, [(2, 3)]),
    ],
)  # fmt: skip
def test_other_arithmetic(what, shapes):
    compare(what, drawn(*shapes))


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (lambda x: f.max_pool2d(x, 2), "MaxPool"), (lambda x: f.max_pool2d(x, 3, 2, 1), "MaxPool"),
        (lambda x: f.max_pool2d(x, 3, 2, 1, ceil_mode=True), "MaxPool"),
        (lambda x: f.max_pool2d(x, 2, 1, dilation=3), "MaxPool"),
        (lambda x: f.max_pool2d(x, (3, 2), (1, 2)), "MaxPool"),
        (lambda x: f.avg_pool2d(x, 2), "AveragePool"), (lambda x: f.avg_pool2d(x, 3, 2, 1), "AveragePool"),
        (lambda x: f.avg_pool2d(x, 3, 2, 1, count_include_pad=False), "AveragePool"),
        (lambda x: f.avg_pool2d(x, 2, 2, ceil_mode=True), "AveragePool"),
        (lambda x: f.adaptive_avg_pool2d(x, 1), "GlobalAveragePool"),
        (lambda x: f.adaptive_max_pool2d(x, 1), "MaxPool"),
        (lambda x: x.mean((2, 3), keepdim=True), "GlobalAveragePool"), (lambda x: x.mean((2, 3)), "ReduceMean"),
        (lambda x: x.sum(1), "ReduceSum"), (lambda x: x.sum(), "ReduceSum"),
        (lambda x: x.mean(-1, keepdim=True), "ReduceMean"),
    ],
)  # fmt: skip
def test_pools_and_reductions(what, expected, size):
    compare(what, drawn((2, 3, size, size)), [expected])


@pytest.mark.parametrize(
    ("what", "shape", "expected"),
    [
        (lambda x: f.avg_pool1d(x, 3, 2), (2, 3, 9), ["AveragePool"]),
        (lambda x: f.max_pool3d(x, 2), (1, 2, 4, 4, 6), ["MaxPool"]),
        (lambda x: f.adaptive_avg_pool2d(x, (2, 4)), (2, 3, 8, 8), ["AveragePool"]),
        (lambda x: f.max_pool2d(x, 2), (3, 8, 8), ["Reshape", "MaxPool", "Reshape"]),
    ],
)
def test_pools_of_other_kinds(what, shape, expected):
    compare(what, drawn(shape), expected)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (lambda x: x.reshape(2, 60), ["Reshape"]), (lambda x: x.view(2, 3, -1), ["Reshape"]),
        (lambda x: torch.flatten(x, 1), ["Flatten"]), (lambda x: x.flatten(2), ["Reshape"]),
        (lambda x: x[:, :1].squeeze(1), ["Slice", "Squeeze"]), (lambda x: x.unsqueeze(-1), ["Unsqueeze"]),
        (lambda x: x.transpose(1, 3), ["Transpose"]), (lambda x: x.permute(0, 2, 3, 1), ["Transpose"]),
        (lambda x: x.movedim(1, -1), ["Transpose"]), (lambda x: x.mT, ["Transpose"]),
        (lambda x: x[:, 1:, ::2], ["Slice", "Slice"]), (lambda x: x[:, -1], ["Slice", "Reshape"]),
        (lambda x: x.narrow(2, 1, 2), ["Slice"]), (lambda x: x.flip(1), ["Gather"]),
        (lambda x: x.roll(1, 2), ["Gather"]),
        (lambda x: torch.cat([x, x * 2], 1), ["Mul", "Concat"]), (lambda x: torch.stack([x, x], 2), None),
        (lambda x: x.chunk(2, 3), ["Split"]), (lambda x: x.split([1, 2], 1), ["Split"]), (lambda x: x.unbind(1), None),
        (lambda x: f.pad(x, (1, 2, 0, 1)), ["Pad"]), (lambda x: f.pad(x, (1, 0), value=-1.5), ["Pad"]),
        (lambda x: f.pad(x, (-1, 1)), ["Slice", "Pad"]), (lambda x: x.repeat(1, 2, 1, 1), ["Gather"]),
        (lambda x: x[:, :1].expand(-1, 4, -1, -1), ["Slice", "Gather"]), (lambda x: x.tile(2), ["Gather"]),
        (lambda x: x.repeat_interleave(2, 1), ["Gather"]), (lambda x: x[:, [2, 0]], ["Gather"]),
        (lambda x: x.index_select(1, torch.tensor([0, 2])), ["Slice"]),
        (lambda x: f.interpolate(x, scale_factor=2), ["Resize"]), (lambda x: f.interpolate(x, size=(8, 7)), ["Resize"]),
        (lambda x: f.interpolate(x, size=(3, 9), mode="nearest-exact"), None),
        (lambda x: f.interpolate(x, scale_factor=3, mode="nearest-exact"), ["Resize"]),
        (lambda x: f.pixel_shuffle(x.repeat(1, 4, 1, 1), 2), None),
        (lambda x: f.pixel_unshuffle(x[:, :, :, :4], 2), None),
        (lambda x: f.channel_shuffle(x.repeat(1, 2, 1, 1), 2), None), (lambda x: x.swapaxes(1, 2), ["Transpose"]),
    ],
)  # fmt: skip
def test_what_moves_numbers(what, expected):
    compare(what, drawn((2, 3, 4, 5)), expected)


@pytest.mark.parametrize(
    ("what", "shapes"),
    [
        (torch.matmul, [(3, 4), (4, 5)]), (torch.matmul, [(2, 1, 3, 4), (5, 4, 6)]), (torch.matmul, [(4,), (4, 5)]),
        (torch.matmul, [(3, 4), (4,)]), (torch.bmm, [(2, 3, 4), (2, 4, 5)]), (torch.mm, [(3, 4), (4, 5)]),
        (torch.addmm, [(5,), (3, 4), (4, 5)]), (torch.dot, [(4,), (4,)]),
        (lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2), [(3, 5), (3, 4), (4, 5)]),
        (lambda c, a, b: torch.baddbmm(c, a, b, beta=0.5, alpha=2), [(2, 3, 5), (2, 3, 4), (2, 4, 5)]),
        (lambda a, b: torch.einsum("bij,bkj->bik", a, b), [(2, 3, 4), (2, 5, 4)]),
    ],
)  # fmt: skip
def test_products(what, shapes):
    compare(what, drawn(*shapes))


def _masked(x):
    return f.scaled_dot_product_attention(x, x, x, attn_mask=torch.ones(4, 4, dtype=torch.bool).tril())


@pytest.mark.parametrize(
    "what",
    [
        lambda x: f.scaled_dot_product_attention(x, x, x),
        lambda x: f.scaled_dot_product_attention(x, x, x, is_causal=True),
        lambda x: f.scaled_dot_product_attention(x, x, x, scale=0.5),
        lambda x: f.scaled_dot_product_attention(x, x[:, :2], x[:, :2], enable_gqa=True),
        _masked,
    ],
)
def test_attention_is_taken_apart(what):
    program = compare(what, drawn((2, 4, 4, 6)))
    assert kinds(program).count("MatMul") == 2
    assert "Softmax" in kinds(program)
    assert "Transpose" in kinds(program)


def test_attention_of_torch_itself_is_followed():
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    compare(Called(lambda x: attention(x, x, x, need_weights=False)[0], inner=attention), drawn((2, 5, 8)))


def test_numbers_that_need_no_run_are_there_before_it():
    class Grid(nn.Module):
        def forward(self, x):
            rows = torch.arange(x.shape[2]).view(-1, 1).expand(x.shape[2], x.shape[3])
            return x + torch.stack([rows, rows + 1]).float().unsqueeze(0)

    program = compare(Grid(), drawn((1, 2, 3, 4)), ["Add"])
    assert len(program.constants) == 1


def test_a_run_of_whole_numbers():
    table = nn.Embedding(9, 4)
    program = captured(table, KPUConfig(), example_inputs=torch.tensor([[1, 2, 8]]))
    assert kinds(program) == ["Gather"]
    assert program.tensors[program.input_ids[0]].dtype == "int64"
    found = executed(program, {program.input_ids[0]: np.array([[1, 2, 8]])})
    np.testing.assert_array_equal(found[program.output_ids[0]], table(torch.tensor([[1, 2, 8]])).detach().numpy())


def test_dropout_and_identities_are_removed_and_norms_are_left():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(), nn.Identity(), nn.ReLU(inplace=True))
    program = captured(net, KPUConfig(), example_inputs=drawn((1, 3, 4, 4)))
    assert kinds(program) == ["Conv", "BatchNormalization", "Relu"]
    assert {"1.running_mean", "1.running_var"} <= program.constants.keys()


def test_a_module_in_training_is_taken_as_at_inference_and_left_as_it_was():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    net[1].eval()
    program = captured(net.train(False).train(), KPUConfig(), example_inputs=drawn((2, 3)))
    assert kinds(program) == ["BatchNormalization"]
    assert net.training


def test_weights_are_copies_that_further_training_leaves_alone():
    net = nn.Linear(2, 2)
    program = captured(net, KPUConfig(), example_inputs=drawn((1, 2)))
    before = program.constants["weight"].copy()
    with torch.no_grad():
        net.weight.zero_()
    np.testing.assert_array_equal(program.constants["weight"], before)


def test_what_is_changed_in_place_is_what_later_readers_see():
    def changed(x):
        y = x * 2
        z = y.view(-1)
        y.add_(1)
        return z.relu_() + y.reshape(-1)

    compare(changed, drawn((2, 3)))


def test_half_precision_is_captured_in_32_bits():
    program = captured(nn.Linear(3, 2).bfloat16(), KPUConfig(), example_inputs=drawn((1, 3))[0].bfloat16())
    assert {tensor.dtype for tensor in program.tensors.values()} == {"fp32"}


# What is refused


def test_every_unsupported_operator_is_named_at_once():
    def strange(x):
        return f.group_norm(f.instance_norm(x), 3).cumsum(1) + f.mish(x)

    with pytest.raises(UnsupportedOpError, match=r"^Unsupported operators: InstanceNorm, GroupNorm, ") as caught:
        captured(Called(strange), KPUConfig(), example_inputs=drawn((2, 3, 4, 4)))
    assert caught.value.ops[:2] == ["InstanceNorm", "GroupNorm"]
    assert "Cumsum" in caught.value.ops


def test_an_operator_that_the_configuration_lacks_is_unsupported():
    config = KPUConfig(native_ops=["Conv", "Add"])
    with pytest.raises(UnsupportedOpError, match="Unsupported operators: Sigmoid, Softmax"):
        captured(Called(lambda x: x.sigmoid().softmax(1)), config, example_inputs=drawn((2, 3)))


def test_a_softmax_spelled_out_is_no_unsupported_operator_beside_one():
    def strange(x):
        e = (x - x.amax(-1, keepdim=True)).exp()
        return f.mish(e / e.sum(-1, keepdim=True))

    with pytest.raises(UnsupportedOpError) as caught:
        captured(Called(strange), KPUConfig(), example_inputs=drawn((2, 3)))
    assert caught.value.ops == ["Mish"]


def test_a_lone_exponential_has_no_operator():
    with pytest.raises(UnsupportedOpError, match="Unsupported operators: Exp, Sqrt"):
        captured(Called(lambda x: x.exp().sqrt()), KPUConfig(), example_inputs=drawn((2, 3)))


@pytest.mark.parametrize(
    ("what", "error"),
    [
        (lambda x: f.interpolate(x, scale_factor=2, mode="bilinear"), "UpsampleBilinear2d"),
        (lambda x: f.pad(x, (1, 1, 1, 1), mode="reflect"), "aten.pad"),
        (lambda x: f.conv_transpose2d(x, torch.ones(3, 2, 2, 2)), "ConvTranspose2d"),
        (lambda x: f.conv2d(x, x), "Conv2d"),
        (lambda x: x.argmax(1), "Argmax"),
        (lambda x: x.gather(1, torch.zeros(3, 1, 4, 4, dtype=torch.int64)), "aten.gather"),
    ],
)
def test_variants_without_an_operator_are_refused(what, error):
    with pytest.raises(UnsupportedOpError, match=f"Unsupported operators: {error}"):
        captured(Called(what), KPUConfig(), example_inputs=drawn((3, 3, 4, 4)))


def test_numbers_drawn_in_a_run_are_refused():
    with pytest.raises(CompilationError, match="draws numbers in every run"):
        captured(Called(lambda x: x + torch.randn(3)), KPUConfig(), example_inputs=drawn((2, 3)))


def test_what_was_exported_in_training_is_refused():
    program = torch.export.export(nn.Dropout(0.5).train(), drawn((2, 3)))
    with pytest.raises(CompilationError, match=r"call \.eval\(\)"):
        captured(program, KPUConfig())
    program = torch.export.export(nn.BatchNorm1d(3).train(), drawn((2, 3)))
    with pytest.raises(CompilationError, match=r"\.eval\(\)"):
        captured(program, KPUConfig())


def test_a_network_that_remembers_is_refused():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("runs", torch.zeros(3))

        def forward(self, x):
            self.runs += 1
            return x + self.runs

    with pytest.raises(CompilationError, match="keeps nothing between runs"):
        captured(Counting(), KPUConfig(), example_inputs=drawn((2, 3)))


def test_limits_of_the_configuration_are_kept():
    with pytest.raises(CompilationError, match=r"a batch of 17; swkpu-v1 takes 16 \(max_batch_size\)"):
        captured(nn.ReLU(), KPUConfig(), example_inputs=drawn((17, 3)))
    with pytest.raises(CompilationError, match=r"7 axes; swkpu-v1 takes 6 \(max_tensor_dims\)"):
        captured(Called(lambda x: x.reshape((1,) * 6 + (6,))), KPUConfig(), example_inputs=drawn((2, 3)))


def test_a_configuration_that_contradicts_itself_is_refused():
    config = KPUConfig(compute=ComputeConfig(num_arrays=1))
    with pytest.raises(KPUConfigError, match="tops_int8"):
        captured(nn.ReLU(), config, example_inputs=drawn((1, 3)))


def test_a_module_says_not_what_it_reads():
    with pytest.raises(CompilationError, match="example_inputs"):
        captured(nn.ReLU(), KPUConfig())
    assert captured(nn.ReLU(), KPUConfig(), input_shape=(1, 3)).tensors["input"].shape == (1, 3)


def test_what_is_no_network_is_refused():
    with pytest.raises(CompilationError, match="int is no path"):
        captured(3, KPUConfig())


# Archives


@pytest.fixture
def small():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()).eval()


def saved(net, inputs, path, **more):
    torch.export.save(torch.export.export(net, inputs, **more), str(path))
    return path


@pytest.mark.parametrize("name", ["net.pt2", "yolov8n.pt", "net"])
def test_an_archive_is_told_by_its_content(small, tmp_path, name):
    path = saved(small, drawn((1, 3, 6, 6)), tmp_path / "made.pt2").rename(tmp_path / name)
    program = captured(path, KPUConfig())
    assert kinds(program) == ["Conv", "BatchNormalization", "Relu", "Flatten"]
    assert program.source_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert program.source_model == str(path)
    assert program.name == path.stem
    x = drawn((1, 3, 6, 6))[0]
    found = executed(program, {program.input_ids[0]: x.numpy()})
    np.testing.assert_allclose(found[program.output_ids[0]], small(x).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_a_pickle_is_refused_unless_it_is_trusted(small, tmp_path):
    path = tmp_path / "net.pt"
    torch.save(small, path)
    with pytest.raises(
        CompilationError, match=r"pickle, which may run any code .* torch\.export\.save.*trust_pickle=True"
    ):
        captured(path, KPUConfig())
    program = captured(path, KPUConfig(), trust_pickle=True, input_shape=(1, 3, 6, 6))
    assert kinds(program)[0] == "Conv"


def test_a_bare_pickle_is_refused(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(CompilationError, match="pickle"):
        captured(path, KPUConfig())


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CompilationError, match="cannot be read"):
        captured(tmp_path / "none.pt2", KPUConfig())


def test_another_shape_than_the_network_has_is_refused(small, tmp_path):
    path = saved(small, drawn((1, 3, 6, 6)), tmp_path / "net.pt2")
    with pytest.raises(InvalidInputError, match=r"Input shape mismatch: expected \(1,3,6,6\), got \(1,3,8,8\)"):
        captured(path, KPUConfig(), input_shape=[1, 3, 8, 8])
    with pytest.raises(InvalidInputError, match="has no input 'y'; there are input"):
        captured(path, KPUConfig(), input_shape={"y": (1, 3, 6, 6)})


def test_open_sizes_are_refused_or_specialised(small, tmp_path, caplog):
    open_ = {"dynamic_shapes": ({0: torch.export.Dim("batch", min=1, max=9)},)}
    path = saved(small, drawn((2, 3, 6, 6)), tmp_path / "net.pt2", **open_)
    with pytest.raises(CompilationError, match=r"axis 0 of input is open.*input_shape=.*\(\?,3,6,6\)"):
        captured(path, KPUConfig())
    program = captured(path, KPUConfig(), input_shape=(3, 3, 6, 6))
    assert program.facts["specialised"] == ["axis 0 of input is 3"]
    assert "axis 0 of input is 3 from here on" in caplog.text
    assert program.tensors[program.output_ids[0]].shape == (3, 64)
    with pytest.raises(InvalidInputError, match=r"expected \(\?,3,6,6\), got \(1,3,7,6\)"):
        captured(path, KPUConfig(), input_shape=(1, 3, 7, 6))
    assert captured(path, KPUConfig(), input_shape=(1, 3, 6, 6)).tensors["input"].shape[0] == 1


def test_the_hash_of_a_module_is_that_of_its_weights_and_graph():
    torch.manual_seed(1)
    net, inputs = nn.Linear(3, 2), drawn((1, 3))
    first = captured(net, KPUConfig(), example_inputs=inputs).source_hash
    assert first == captured(net, KPUConfig(), example_inputs=inputs).source_hash
    with torch.no_grad():
        net.weight += 1
    assert first != captured(net, KPUConfig(), example_inputs=inputs).source_hash


def test_a_graph_of_fx_is_captured():
    program = captured(
        torch.fx.symbolic_trace(nn.Sequential(nn.Linear(3, 2), nn.ReLU())), KPUConfig(), input_shape=(1, 3)
    )
    assert kinds(program) == ["Gemm", "Relu"]
