"""The notebooks of the documentation are run again and print what was committed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.house.tree import ROOT, shown

nbformat = pytest.importorskip("nbformat", reason="notebooks need nbformat: pip install '.[test]'")
pytest.importorskip("nbclient", reason="notebooks need nbclient: pip install '.[test]'")
pytest.importorskip("ipykernel", reason="notebooks need ipykernel: pip install '.[test]'")

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


# In a process of its own: a kernel's sockets are files (ipc), and its client leaves some for the end of the process.
RUN = """
import sys, nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
name, folder, out = sys.argv[1:]
manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")
book = nbformat.read(name, as_version=4)
NotebookClient(book, km=manager, timeout=120, resources={"metadata": {"path": folder}}).execute()
nbformat.write(book, out)
"""


def run_again(path, folder):
    """The notebook, run by a new kernel."""
    told = {"PYTHONPATH": str(ROOT), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    told |= {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_RUNTIME_DIR": str(folder), "NO_COLOR": "1"}
    out = folder / "again.ipynb"
    command = [sys.executable, "-c", RUN, str(path), str(folder), str(out)]
    done = subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{shown(path)}\n{done.stderr[-3000:]}"
    return nbformat.read(out, as_version=4)


def printed(cell):
    """The texts that a cell told, in order; what a stream cut in pieces is one text."""
    streams = "".join(o.text for o in cell.outputs if o.output_type == "stream")
    shown_ = [o.data["text/plain"] for o in cell.outputs if o.output_type in ("display_data", "execute_result")]
    return [streams, *(text for text in shown_ if not text.startswith("<Figure"))]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
def test_a_notebook_prints_what_was_committed(path, tmp_path):
    committed = nbformat.read(path, as_version=4)
    nbformat.validate(committed)
    again = run_again(path, tmp_path)
    code = [(old, new) for old, new in zip(committed.cells, again.cells, strict=True) if old.cell_type == "code"]
    assert code
    for old, new in code:
        assert printed(old) == printed(new), f"{shown(path)} {old.id}\n{old.source}"


def test_a_notebook_is_committed_with_its_results():
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        assert any("image/png" in o.get("data", {}) for c in cells for o in c.outputs), f"{shown(path)} has no picture"
        assert not any(o.output_type == "error" for c in cells for o in c.outputs)
