"""A network on a device in every form: formulas over the set of its subgraphs, with its numbers beside them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile

import numpy as np
import pytest

from symppa.studies.network import analyze
from symppa.studies.sweep import sweep
from tests.cli.asking import told

NAME = "resnet50[batch=8]@a100_sxm_80gb"
OUTPUTS = ("latency", "throughput", "energy", "power", "peak_memory", "utilisation", "work")
RUN = """\
const { compute } = await import(process.argv[2]);
const found = compute(JSON.parse(process.argv[3]));
console.log(JSON.stringify(Object.fromEntries(JSON.parse(process.argv[4]).map((n) => [n, found[n]]))));
"""


@pytest.fixture(scope="module")
def alone():
    return analyze("resnet50", "a100_sxm_80gb", sizes={"batch": 8}, calibration="none")


def by_python(text):
    """The function of a module that knows no symppa."""
    space = {"__name__": "exported"}
    exec(compile(text, "exported", "exec"), space)
    return space[re.search(r"^def (\w+)\(", text, re.MULTILINE)[1]]


def test_a_program_gives_what_analyze_gives_at_its_batch_and_at_others(alone):
    computed = by_python(told("export", NAME, "--to", "python"))
    found, more = computed(), computed(batch=64)
    other = sweep(NAME, axes={"batch": [64]}, outputs=list(OUTPUTS))
    for name in OUTPUTS:
        assert float(found[name]) == pytest.approx(alone[name], rel=1e-12)
        assert float(more[name]) == pytest.approx(other[name][0], rel=1e-12)
    assert np.asarray(found["time"]) == pytest.approx(alone["time"], rel=1e-12)  # a member for each subgraph


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_gives_what_analyze_gives(alone, tmp_path):
    module, run = tmp_path / "net.mjs", tmp_path / "run.mjs"
    told("export", NAME, "--to", "javascript", "--output", str(module))
    run.write_text(RUN)
    command = ["node", str(run), str(module), "{}", json.dumps(OUTPUTS)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for name in OUTPUTS:
        assert found[name] == pytest.approx(alone[name], rel=1e-12)


def test_markdown_has_the_device_the_law_of_each_kind_once_and_the_operators():
    text = told("export", NAME, "--to", "markdown", "--outputs", "latency")
    assert "\\sum_{s}" in text  # over the set of subgraphs, not a term for each
    assert text.count("law of Convolution") == 1
    assert "## Operators" in text
    assert "| layer1.0.1.conv | Conv2d |" in text


@pytest.mark.parametrize(
    ("to", "begins"), [("latex", b"% resnet50"), ("c", b"/*"), ("html", b"<!"), ("spreadsheet", b"PK")]
)
def test_the_other_forms_are_written(to, begins, tmp_path):
    path = tmp_path / "net"
    told("export", NAME, "--to", to, "--output", str(path))
    assert path.read_bytes().lstrip().lower().startswith(begins.lower())
    if to == "spreadsheet":
        assert zipfile.ZipFile(path).testzip() is None
