"""symppa import: what it says and writes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from symppa.cli.main import main
from symppa.workloads.yaml import load

CONFIG = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
          "intermediate_size": 96, "vocab_size": 100}  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG))
    return path


def test_a_configuration_becomes_a_network_that_can_be_asked(tmp_path, config):
    done = run(config, "--out", tmp_path / "net.yaml", "--name", "small", "--batch", 2, "--seq", 10)
    assert done.exit_code == 0
    assert "small: " in done.stdout
    assert "operators" in done.stdout
    assert "batch = 2, seq = 10" in done.stdout
    graph = load(tmp_path / "net.yaml")
    assert graph.symbols == {"batch": 2, "seq": 10}
    assert f"({graph.at().parameters})" in done.stdout


def test_json_has_all_digits(config):
    facts = json.loads(run(config, "--json", "--phase", "decode", "--size", "context=64").stdout)
    assert facts["sizes"] == {"batch": 1, "context": 64}
    assert facts["operations"] > 2 * facts["macs"] > 0


def test_the_phase_that_was_asked_for_is_written(tmp_path, config):
    done = run(config, "--out", tmp_path / "net.yaml", "--phase", "decode", "--size", "context=64")
    assert done.exit_code == 0
    graph = load(tmp_path / "net.yaml")
    assert graph.symbols == {"batch": 1, "context": 64}
    assert f"({graph.at().parameters})" in done.stdout
    assert load(tmp_path / "net.yaml", "prefill").symbols == {"batch": 1, "seq": 2048}


def test_a_file_that_is_there_is_not_written_over_unless_told(tmp_path, config):
    out = tmp_path / "net.yaml"
    out.write_text("precious")
    refused = run(config, "--out", out)
    assert refused.exit_code == 2
    assert "net.yaml is there already" in refused.stderr
    assert out.read_text() == "precious"
    assert run(config, "--out", out, "--force").exit_code == 0
    assert load(out).symbols["batch"] == 1


def test_a_module_of_torch_becomes_a_network(tmp_path):
    torch = pytest.importorskip("torch")
    torch.export.save(torch.export.export(torch.nn.Linear(4, 2), (torch.zeros(2, 4),)), tmp_path / "net.pt2")
    done = run(tmp_path / "net.pt2", "--out", tmp_path / "net.yaml")
    assert done.exit_code == 0
    assert load(tmp_path / "net.yaml").parameters == 10


def test_a_pickle_is_refused_unless_trusted(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.Linear(4, 2), tmp_path / "net.onnx")
    refused = run(tmp_path / "net.onnx")
    assert refused.exit_code == 2
    assert "--trust-pickle" in refused.stderr
    done = run(tmp_path / "net.onnx", "--trust-pickle", "--input", "2,4", "--json")
    assert json.loads(done.stdout)["parameters"] == 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"GGUF\3\0\0\0", "give the model's config.json"),
        (b"\x10\0\0\0\0\0\0\0{}", "safetensors are weights"),
        (b"\x89HDF\r\n\x1a\n", "Keras"),
        (b"hello world", "the format is not known; expected is a .pt2"),
        (b'{"model_type": "mamba"}', "type 'mamba' are not supported"),
    ],
)
def test_a_file_that_is_no_network_is_refused(tmp_path, content, message):
    (tmp_path / "file.bin").write_bytes(content)
    done = run(tmp_path / "file.bin")
    assert done.exit_code == 2
    assert f"file.bin: {message}" in done.stderr or message in done.stderr


def test_a_missing_file_is_said(tmp_path):
    done = run(tmp_path / "none.onnx")
    assert done.exit_code == 2
    assert "cannot be read: No such file" in done.stderr


@pytest.mark.parametrize(("option", "value"), [("--size", "seq=0"), ("--size", "seq=many"), ("--input", "2xx")])
def test_a_size_that_is_none_is_refused(config, option, value):
    assert run(config, option, value).exit_code == 2


def test_a_size_that_the_network_does_not_have_is_refused(config):
    done = run(config, "--size", "height=3")
    assert done.exit_code == 2
    assert "no size 'height'" in done.stderr


MISSING = """
import sys
for name in ("torch", "onnx", "tflite"):
    sys.modules[name] = None
from pathlib import Path
from symppa.workloads.load import load_file
load_file(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("name", "content", "extra"), [("x.onnx", b"\x08\x07", "onnx"), ("x.tflite", b"\0\0\0\0TFL3", "tflite")]
)
def test_a_missing_package_is_named_with_what_brings_it(tmp_path, name, content, extra):
    (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", MISSING, str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    assert f"pip install 'symppa[{extra}]'" in done.stderr
