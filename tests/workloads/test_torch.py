"""Networks of PyTorch: published counts, views and weights as torch has them, and what is refused."""

from __future__ import annotations

import logging
import pickle

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from symppa.errors import WorkloadError  # noqa: E402
from symppa.workloads.encoding import dumps  # noqa: E402
from symppa.workloads.features import features  # noqa: E402
from symppa.workloads.fuse import fused  # noqa: E402
from symppa.workloads.torch import Capture, load_archive, load_workload  # noqa: E402
from symppa.workloads.yaml import load, loads  # noqa: E402
from tests.workloads.networks import NETWORKS  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own future


class Called(nn.Module):
    """A function as a module."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *told, **named):
        return self.function(self, *told, **named)


def kinds(graph):
    return [operator.kind for operator in graph]


def imported(name):
    make, side, _ = NETWORKS[name]
    with torch.device("meta"):
        module = make()
    return load_workload(module, torch.zeros(1, 3, side, side, device="meta"), name=name)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_published_network_has_its_published_parameters_and_the_work_of_the_shipped_one(name):
    graph, shipped = imported(name), load(name)
    assert graph.parameters == NETWORKS[name][2]
    assert graph.symbols == {"batch": 1}
    here, there = (features(one, [{"batch": 1}, {"batch": 8}]) for one in (graph, shipped))
    assert here.macs.sum(axis=0) == pytest.approx(there.macs.sum(axis=0))
    assert here.ops.sum(axis=0) == pytest.approx(there.ops.sum(axis=0))


@pytest.mark.parametrize(
    ("name", "count", "giga"), [("resnet18", 32, 3.629), ("resnet50", 73, 8.184), ("mobilenet_v2", 66, 0.602)]
)
def test_an_imported_network_fuses_as_the_characterisation_says(name, count, giga):
    graph = imported(name)
    assert len(fused(graph)) == count
    assert features(graph).ops.sum() / 1e9 == pytest.approx(giga, abs=0.0005)


def test_what_is_written_is_read_back_as_it_was():
    graph = imported("resnet18")
    assert loads(dumps(graph)) == graph


def test_rows_are_named_after_modules():
    graph = load_workload(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), torch.zeros(1, 3, 8, 8), name="net")
    assert [operator.name for operator in graph] == ["0", "1"]


def test_attention_of_a_module_becomes_its_matrices_and_attention():
    def forward(self, x):
        return self.inner(x, x, x, need_weights=False)[0]

    module = Called(forward, inner=nn.MultiheadAttention(16, 4, batch_first=True))
    graph = load_workload(module, torch.zeros(2, 5, 16))
    assert kinds(graph).count("Linear") == 2
    assert kinds(graph).count("Attention") == 1
    assert graph.parameters == 4 * 16 * 16 + 4 * 16
    # 4 matrices of 16 x 16 for each of 10 tokens, and 2 x 25 pairs of 16 numbers for each of 2 sequences
    assert features(graph).macs.sum() == 4 * 16 * 16 * 10 + 2 * 25 * 16 * 2


def test_attention_to_another_sequence_takes_its_weights_apart():
    module = Called(lambda self, x, y: self.inner(x, y, y)[0], inner=nn.MultiheadAttention(8, 2, batch_first=True))
    graph = load_workload(module, (torch.zeros(1, 3, 8), torch.zeros(1, 4, 8)))
    assert graph.parameters == sum(p.numel() for p in module.parameters())


def test_weights_that_two_modules_share_count_once():
    table, matrix = nn.Embedding(50, 8), nn.Linear(8, 50, bias=False)
    matrix.weight = table.weight
    module = Called(lambda self, x: self.matrix(self.table(x)), table=table, matrix=matrix)
    graph = load_workload(module, torch.zeros(2, 3, dtype=torch.long))
    assert graph.parameters == 400
    assert graph.operators[1].weights == graph.operators[0].weights
    assert graph.tensors[graph.inputs[0]].dtype == "int64"


def test_a_module_used_twice_counts_its_weights_once_and_its_work_twice():
    module = Called(lambda self, x: self.inner(self.inner(x)), inner=nn.Linear(8, 8))
    graph = load_workload(module, torch.zeros(1, 8))
    assert graph.parameters == 72
    assert features(graph).macs.sum() == 2 * 64


def test_a_weight_that_is_added_is_a_weight():
    module = Called(lambda self, x: x + self.places, places=nn.Parameter(torch.zeros(1, 4, 8)))
    assert load_workload(module, torch.zeros(1, 4, 8)).parameters == 32


def test_what_is_changed_in_place_is_what_is_read_afterwards():
    def forward(self, x):
        y = self.inner(x)
        functional.relu_(y)
        return y + x

    graph = load_workload(Called(forward, inner=nn.Linear(8, 8)), torch.zeros(1, 8))
    assert kinds(graph) == ["Linear", "ReLU", "add"]
    assert graph.operators[2].inputs == (graph.operators[1].name, graph.inputs[0])


def test_inputs_and_outputs_may_be_nested():
    def forward(self, told, scale=None):
        return {"sum": told["a"] + told["b"][0], "scaled": (told["a"] * scale,)}

    told = {"a": torch.zeros(2, 3), "b": [torch.zeros(2, 3)]}
    graph = load_workload(Called(forward), (told,), example_kwargs={"scale": torch.zeros(2, 3)})
    assert kinds(graph) == ["add", "mul"]
    assert len(graph.inputs) == 3
    assert len(graph.outputs) == 2


def test_half_precision_is_an_element_type_of_the_inputs():
    graph = load_workload(nn.Linear(8, 4).half(), torch.zeros(2, 8).half())
    assert graph.tensors[graph.inputs[0]].dtype == "float16"


def test_operators_that_no_rule_knows_are_taken_apart():
    graph = load_workload(
        Called(lambda self, x, y: torch.einsum("bij,bkj->bik", x, y)), (torch.zeros(2, 3, 8), torch.zeros(2, 5, 8))
    )
    assert features(graph).macs.sum() == 2 * 3 * 5 * 8


def test_a_recurrent_module_is_unrolled_and_its_weights_count_once():
    module = Called(lambda self, x: self.inner(x)[0], inner=nn.LSTM(8, 4, batch_first=True))
    graph = load_workload(module, torch.zeros(1, 3, 8))
    assert graph.parameters == sum(p.numel() for p in module.parameters())
    assert features(graph).macs.sum() == 3 * (8 * 16 + 4 * 16)


def test_rows_of_a_table_looked_up_by_place_keep_the_whole_table():
    module = Called(lambda self, x: x + self.inner(torch.arange(x.shape[1])), inner=nn.Embedding(20, 4))
    graph = load_workload(module, torch.zeros(2, 7, 4))
    assert graph.parameters == 80
    assert graph.symbols == {"batch": 2}


LAYERS = {
    "transposed convolution": (nn.ConvTranspose2d(8, 4, 3, 2, 1, 1), (4, 31, 31), 8 * 4 * 9 * 256),
    "convolution along one axis": (nn.Sequential(nn.Flatten(2), nn.Conv1d(8, 4, 3, padding=1)), (4, 256), 256 * 4 * 24),
    "groups": (nn.GroupNorm(2, 8), (8, 16, 16), 0),
    "instances": (nn.InstanceNorm2d(8, affine=True), (8, 16, 16), 0),
    "slopes": (nn.PReLU(8), (8, 16, 16), 0),
    "halves": (nn.GLU(1), (4, 16, 16), 0),
    "pixels": (nn.PixelShuffle(2), (2, 32, 32), 0),
    "edges": (nn.ReflectionPad2d((1, 2, 3, 4)), (8, 23, 19), 0),
    "neighbours": (nn.Upsample(scale_factor=2, mode="bilinear"), (8, 32, 32), 0),
    "adaptive": (nn.AdaptiveMaxPool2d(3), (8, 3, 3), 0),
    "average": (nn.AvgPool2d(3, 2, 1, ceil_mode=True), (8, 9, 9), 0),
}


@pytest.mark.parametrize("what", LAYERS)
def test_a_layer_has_the_shape_weights_and_work_that_torch_gives_it(what):
    layer, shape, macs = LAYERS[what]
    if what == "transposed convolution":
        shape = tuple(layer(torch.zeros(1, 8, 16, 16)).shape[1:])
    graph = load_workload(nn.Sequential(layer, nn.ReLU()), torch.zeros(2, 8, 16, 16))
    assert graph.tensors[graph.outputs[0]].shape == ("batch", *shape)
    assert graph.parameters == sum(p.numel() for p in layer.parameters())
    assert features(graph).macs.sum() == 2 * macs


def test_a_module_stays_as_it_was():
    module = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout()).train()
    module[1].eval()
    load_workload(module, torch.zeros(2, 4))
    assert [part.training for part in module.modules()] == [True, True, False]


def test_a_batch_that_cannot_be_left_open_is_fixed_and_said(caplog):
    module = Called(lambda self, x: x.reshape(4, 6).sum(0))
    with caplog.at_level(logging.WARNING, "symppa"):
        graph = load_workload(module, torch.zeros(3, 8), name="stubborn")
    assert graph.symbols == {}
    assert graph.tensors[graph.inputs[0]].shape == (3, 8)
    assert "batch stays 3" in caplog.text


def test_every_operator_that_is_not_supported_is_named_at_once():
    def forward(self, x):
        return torch.fft.fft(x).real + torch.cumsum(x, 1) + torch.cumsum(x, 0)

    with pytest.raises(WorkloadError, match=r"net has 3 kinds .*fft.*cumsum \(2\)|cumsum \(2\).*fft"):
        load_workload(Called(forward), torch.zeros(2, 4), name="net")


def test_a_traced_graph_is_read():
    traced = torch.fx.symbolic_trace(nn.Sequential(nn.Linear(8, 4), nn.ReLU()))
    assert kinds(load_workload(traced, torch.zeros(1, 8))) == ["Linear", "ReLU"]


def test_what_torch_compile_sees_is_captured():
    torch.compiler.reset()  # torch compiles one code a few times only, whoever asked
    capture, module = Capture(), nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    torch.compile(module, backend=capture)(torch.zeros(2, 3, 8, 8))
    (graph,) = capture.workloads("net")
    assert kinds(graph) == ["Conv2d", "BatchNorm2d", "ReLU"]
    assert graph.parameters == sum(p.numel() for p in module.parameters())


def test_nothing_captured_is_said():
    with pytest.raises(WorkloadError, match="call the compiled module once"):
        Capture().workloads()


def test_an_exported_program_and_its_archive_give_the_same_graph(tmp_path):
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.BatchNorm2d(4), nn.ReLU6()).eval()
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(module, (torch.zeros(2, 3, 8, 8),), dynamic_shapes=({0: batch},))
    torch.export.save(program, tmp_path / "net.pt2")
    live, stored = load_workload(program, name="net"), load_archive(tmp_path / "net.pt2")
    assert live.operators == stored.operators
    assert live.symbols.keys() == {"batch"}


def test_an_archive_is_told_by_its_content(tmp_path):
    program = torch.export.export(nn.Linear(4, 2), (torch.zeros(2, 4),))
    torch.export.save(program, tmp_path / "net.pt2")
    (tmp_path / "net.pt2").rename(tmp_path / "net.bin")
    assert kinds(load_archive(tmp_path / "net.bin")) == ["Linear"]


@pytest.mark.parametrize("suffix", ["pt", "pt2", "onnx"])
def test_a_pickle_is_refused_whatever_it_is_called(tmp_path, suffix):
    torch.save(nn.Linear(4, 2), tmp_path / f"net.{suffix}")
    with pytest.raises(WorkloadError, match="pickle, which may run any code"):
        load_archive(tmp_path / f"net.{suffix}")


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_refused_pickle_runs_nothing(tmp_path):
    mark = tmp_path / "ran"
    (tmp_path / "net.pt").write_bytes(pickle.dumps(Trap(mark)))
    with pytest.raises(WorkloadError, match="--trust-pickle"):
        load_archive(tmp_path / "net.pt")
    assert not mark.exists()


def test_a_trusted_pickle_is_read(tmp_path):
    torch.save(nn.Linear(4, 2), tmp_path / "net.pt")
    graph = load_archive(tmp_path / "net.pt", trust_pickle=True, example_inputs=torch.zeros(2, 4))
    assert graph.parameters == 10


def test_weights_alone_are_no_network(tmp_path):
    torch.save(nn.Linear(4, 2).state_dict(), tmp_path / "net.pt")
    with pytest.raises(WorkloadError, match="weights alone are no network"):
        load_archive(tmp_path / "net.pt", trust_pickle=True)


def rewritten(source, target, changes):
    """An archive with other members."""
    import zipfile

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            change = next((c for ending, c in changes.items() if member.endswith(ending)), None)
            new.writestr(member, old.read(member) if change is None else change(old.read(member)))


@pytest.mark.parametrize(
    ("member", "change", "message"),
    [
        ("sample_inputs/model.pt", lambda _: None, "more than tensors"),
        ("models/model.json", lambda b: b.replace(b'"graph_module"', b'"expr_str": "exec(chr(1))", "graph_module"'),
        "is no size"),
    ],
    ids=["pickle", "size"],
)  # fmt: skip
def test_an_archive_that_would_run_code_is_refused(tmp_path, member, change, message):
    program = torch.export.export(nn.Linear(4, 2), (torch.zeros(2, 4),))
    torch.export.save(program, tmp_path / "net.pt2")
    mark = tmp_path / "ran"
    trap = pickle.dumps(Trap(mark))
    rewritten(tmp_path / "net.pt2", tmp_path / "bad.pt2", {member: lambda b: change(b) or trap})
    with pytest.raises(WorkloadError, match=message):
        load_archive(tmp_path / "bad.pt2")
    assert not mark.exists()


def test_a_module_needs_example_inputs():
    with pytest.raises(WorkloadError, match="needs example inputs"):
        load_workload(nn.Linear(4, 2))


def test_what_is_no_module_is_refused():
    with pytest.raises(WorkloadError, match="str is no PyTorch module"):
        load_workload("resnet50")


def test_what_no_grad_and_autocast_wrap_is_read_in_their_place():
    def forward(self, x):
        with torch.no_grad():
            y = self.first(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z = self.second(y)
        return self.third(z.float())

    parts = {name: nn.Linear(8, 8) for name in ("first", "second", "third")}
    graph = load_workload(Called(forward, **parts), torch.zeros(2, 8))
    assert kinds(graph).count("Linear") == 3
    assert graph.parameters == 3 * 72
    assert features(graph).macs.sum() == 3 * 2 * 64


def test_what_a_wrapped_graph_changes_in_place_is_changed_outside():
    def forward(self, x):
        y = self.inner(x)
        with torch.no_grad():
            y.relu_()
        return y * 2

    graph = load_workload(Called(forward, inner=nn.Linear(8, 8)), torch.zeros(2, 8))
    assert kinds(graph) == ["Linear", "ReLU", "mul"]


def test_branches_and_loops_of_a_run_are_named():
    def forward(self, x):
        y = torch.cond(x.sum() > 0, lambda y: torch.relu(self.inner(y)), lambda y: y + 1, (self.outer(x),))
        return self.last(y)

    parts = {name: nn.Linear(8, 8) for name in ("inner", "outer", "last")}
    with pytest.raises(WorkloadError, match=r"not supported: cond \(1\)"):
        load_workload(Called(forward, **parts), torch.zeros(2, 8))


def test_a_parameter_that_a_run_never_reads_is_said(caplog):
    module = Called(lambda self, x: self.used(x), used=nn.Linear(8, 8), idle=nn.Linear(8, 4))
    with caplog.at_level(logging.WARNING, "symppa"):
        graph = load_workload(module, torch.zeros(2, 8))
    assert graph.parameters == 72
    assert "2 trained parameters, 36 numbers, are not used in a run and not counted: idle.bias (4)" in caplog.text


def test_a_program_whose_parameters_get_lost_is_refused(monkeypatch):
    from symppa.workloads.torch import program, views

    monkeypatch.setitem(program.RULES, "mul", views.same)  # a rule that forgets what it multiplies with
    module = Called(
        lambda self, x: self.inner(x) * self.scale, inner=nn.Linear(8, 8), scale=nn.Parameter(torch.ones(8))
    )
    with pytest.raises(
        WorkloadError, match=r"1 of its 3 trained parameters, 8 numbers, reach no operator: scale \(8\)"
    ):
        load_workload(module, torch.zeros(2, 8))


def saved(folder):
    program = torch.export.export(nn.Linear(4, 2), (torch.zeros(2, 4),))
    torch.export.save(program, folder / "net.pt2")
    return folder / "net.pt2"


def trapped(folder, mark):
    """A pickle of torch.save that writes a file when it is read."""
    torch.save(Trap(mark), folder / "trap.pt")
    return (folder / "trap.pt").read_bytes()


@pytest.mark.parametrize("trap_first", [True, False])
@pytest.mark.parametrize("again", [str, lambda name: name.replace("weight_0", "WEIGHT_0")], ids=["same", "large"])
def test_a_member_that_stands_twice_is_refused_and_runs_nothing(tmp_path, trap_first, again):
    import zipfile

    mark, source = tmp_path / "ran", saved(tmp_path)
    trap = trapped(tmp_path, mark)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / "bad.pt2", "w") as new:
        for name in old.namelist():
            contents = [old.read(name)]
            if name.endswith("weights/weight_0"):
                contents.insert(0 if trap_first else 1, trap)
            for place, content in enumerate(contents):
                new.writestr(again(name) if place else name, content)
    with pytest.raises(WorkloadError, match=r"(?i)weights/weight_0 is in the archive twice"):
        load_archive(tmp_path / "bad.pt2")
    assert not mark.exists()


def told_as_pickle(content):
    return content.replace(b'"use_pickle": false', b'"use_pickle": true')


def test_weights_as_pickles_are_refused_even_where_they_hold_tensors(tmp_path):
    changes = {"model_weights_config.json": told_as_pickle}
    rewritten(saved(tmp_path), tmp_path / "bad.pt2", changes)
    with pytest.raises(WorkloadError, match="weight_0 is an object or a pickle"):
        load_archive(tmp_path / "bad.pt2")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("net/data/weights/model_weights_config.JSON", "is no member that torch.export.save writes|twice"),
        ("net/models/other.txt", "is no member that"),
        ("net/data/../models/x.json", "is no member that"),
        ("other/data/weights/weight_9", "outside of the archive's folder"),
        ("net/data/aotinductor/model/run.so", "compiled code"),
    ],
)
def test_a_member_that_does_not_belong_there_is_refused(tmp_path, extra, message):
    import zipfile

    path = saved(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(extra, b"{}")
    with pytest.raises(WorkloadError, match=message):
        load_archive(path)


def test_members_that_would_grow_are_refused(tmp_path):
    import zipfile

    path = saved(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("net/data/weights/weight_7", bytes(1 << 20), zipfile.ZIP_DEFLATED)
    with pytest.raises(WorkloadError, match="weight_7 is compressed"):
        load_archive(path)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("torch.ops.aten.nothing.default", "cannot be read"),
        ("torch.load", "cannot be read: .*is not an allowed operator"),
        ("math.floor", "not supported: floor"),
    ],
)
def test_a_graph_that_torch_refuses_is_told(tmp_path, target, message):
    changes = {"models/model.json": lambda told: told.replace(b"torch.ops.aten.linear.default", target.encode())}
    rewritten(saved(tmp_path), tmp_path / "bad.pt2", changes)
    with pytest.raises(WorkloadError, match=message) as caught:
        load_archive(tmp_path / "bad.pt2")
    assert str(caught.value).startswith(str(tmp_path / "bad.pt2"))
