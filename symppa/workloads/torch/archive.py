"""Files of PyTorch, told apart by what is in them: archives of torch.export, and pickles, which may run code."""

from __future__ import annotations

import io
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph
from symppa.workloads.torch.exporting import first_line, load_workload, needed, quiet
from symppa.workloads.torch.program import graph_of
from symppa.workloads.torch.refusals import refusals
from symppa.workloads.torch.verified import rebuilt

PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def kind_of(path: Path) -> str:
    """What a file is by its content: `pt2`, `torchscript`, `pickle` or nothing of these."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in PICKLE_STARTS:
        return "pickle"
    if start != b"PK\x03\x04":
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
            flat = set(archive.namelist())
    except zipfile.BadZipFile:
        return ""
    if "archive_format" in names or "serialized_exported_program.json" in flat:
        return "pt2"
    if "constants.pkl" in names and any(name.startswith("code/") for name in names):
        return "torchscript"
    return "pickle" if "data.pkl" in names else ""


def load_archive(path: Path, *, name: str = "", trust_pickle: bool = False, example_inputs: Any = None) -> Graph:
    """The workload of a file of PyTorch. A pickle runs code when it is read: it is refused unless trusted."""
    found, title = load_program(path, trust_pickle=trust_pickle), name or path.stem
    try:
        if kind_of(path) == "pickle":
            return load_workload(found, example_inputs, name=title)
        return graph_of(found, title, source=f"torch.export, {path.name}")
    except WorkloadError as error:
        raise error.at(str(path), None) from None


def load_program(path: Path, *, trust_pickle: bool = False) -> Any:
    """The exported program of a file of PyTorch; of a pickle that is trusted, the module or program in it."""
    what = kind_of(path)
    if what == "torchscript":
        raise WorkloadError("TorchScript is not supported; export the module with torch.export.save", file=str(path))
    if what == "pickle":
        return _unpickled(path, trust_pickle)
    if what != "pt2":
        raise WorkloadError("this is no archive of torch.export, nor a pickle of torch.save", file=str(path))
    torch = needed("an archive of torch.export")
    try:
        with quiet():
            return _trusted(torch, path) if trust_pickle else _verified(torch, path)
    except WorkloadError:
        raise
    except refusals(OSError, EOFError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise WorkloadError(f"the archive cannot be read: {first_line(error)}", file=str(path)) from None


def _trusted(torch: Any, path: Path) -> Any:
    """The program of an archive as it is."""
    return torch.export.load(str(path) if path.suffix == ".pt2" else io.BytesIO(path.read_bytes()))


def _verified(torch: Any, path: Path) -> Any:
    """The program of an archive that is written anew from the bytes that were looked at, and from no others."""
    with tempfile.TemporaryDirectory(prefix="symppa") as folder:
        return torch.export.load(str(rebuilt(torch, path, Path(folder) / "verified.pt2")))


def _unpickled(path: Path, trusted: bool) -> Any:
    if not trusted:
        raise WorkloadError(
            "this is a pickle, which may run any code when it is read; save the module with torch.export.save, "
            "or, if you trust whoever made it, say --trust-pickle (trust_pickle=True)",
            file=str(path),
        )
    torch = needed("a pickle of torch.save")
    try:
        found = torch.load(path, weights_only=False, map_location="cpu")
    except refusals(pickle.UnpicklingError, ImportError, EOFError) as error:
        raise WorkloadError(f"the pickle cannot be read: {first_line(error)}", file=str(path)) from None
    if not isinstance(found, torch.nn.Module | torch.export.ExportedProgram):
        raise WorkloadError(
            f"the pickle holds {type(found).__name__}, no module: weights alone are no network", file=str(path)
        )
    return found
