"""Files of PyTorch, told apart by what is in them: archives of torch.export, and pickles, which may run code."""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph
from symppa.workloads.torch.exporting import REFUSALS, first_line, load_workload, needed
from symppa.workloads.torch.program import graph_of

PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
MOST_JSON = 512 << 20
# Words that torch writes into the sizes of an archive; anything else there might be a call.
EXPRESSION = re.compile(r"[\w\s+\-*/().,<>=&|~']*")
WORDS = re.compile(r"[A-Za-z_]\w*")
SIZE_WORDS = re.compile(
    r"(?:[suz]\w?f?\d+|u\d+|Max|Min|Mod|FloorDiv|PythonMod|CleanDiv|CeilDiv|Eq|Ne|And|Or|Not|Integer|Symbol|True|False|"
    r"Add|Mul|Pow|Rational|Float|positive|nonnegative|integer|real|precision|int_oo|oo|inf|TruncToInt|ToFloat|IntTrueDiv|Where|floor|ceiling|PowByNatural)"
)


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
    what, title = kind_of(path), name or path.stem
    if what == "torchscript":
        raise WorkloadError("TorchScript is not supported; export the module with torch.export.save", file=str(path))
    if what == "pickle":
        return _unpickled(path, title, trust_pickle, example_inputs)
    if what != "pt2":
        raise WorkloadError("this is no archive of torch.export, nor a pickle of torch.save", file=str(path))
    torch = needed("an archive of torch.export")
    if not trust_pickle:
        _harmless(torch, path)
    try:
        program = (
            torch.export.load(str(path)) if path.suffix == ".pt2" else torch.export.load(io.BytesIO(path.read_bytes()))
        )
    except (*REFUSALS, OSError, EOFError, zipfile.BadZipFile) as error:
        raise WorkloadError(f"the archive cannot be read: {first_line(error)}", file=str(path)) from None
    return graph_of(program, title, source=f"torch.export, {path.name}")


def _unpickled(path: Path, name: str, trusted: bool, inputs: Any) -> Graph:
    if not trusted:
        raise WorkloadError(
            "this is a pickle, which may run any code when it is read; save the module with torch.export.save, "
            "or, if you trust whoever made it, say --trust-pickle (trust_pickle=True)",
            file=str(path),
        )
    torch = needed("a pickle of torch.save")
    try:
        found = torch.load(path, weights_only=False, map_location="cpu")
    except (*REFUSALS, pickle.UnpicklingError, ImportError, EOFError) as error:
        raise WorkloadError(f"the pickle cannot be read: {first_line(error)}", file=str(path)) from None
    if not isinstance(found, torch.nn.Module | torch.export.ExportedProgram):
        raise WorkloadError(
            f"the pickle holds {type(found).__name__}, no module: weights alone are no network", file=str(path)
        )
    try:
        return load_workload(found, inputs, name=name)
    except WorkloadError as error:
        raise error.at(str(path), None) from None


def _harmless(torch: Any, path: Path) -> None:
    """Refuses an archive that would run code when it is read: pickled objects, compiled parts, calls among sizes."""
    file = str(path)
    with zipfile.ZipFile(path) as archive:
        if "serialized_exported_program.json" in archive.namelist():
            raise WorkloadError(
                "an archive of torch.export before 2.9 holds pickles: save it again, or trust it", file=file
            )
        for member in archive.infolist():
            inner = member.filename.partition("/")[2]
            if inner.startswith("data/aotinductor/"):
                raise WorkloadError(f"{inner} is compiled code, which would run; save the program by itself", file=file)
            if inner.endswith(".json"):
                _harmless_json(torch, archive, member, inner, file)
            elif inner.endswith(".pt"):
                _tensors_only(torch, archive.read(member), inner, file)


def _harmless_json(torch: Any, archive: zipfile.ZipFile, member: zipfile.ZipInfo, inner: str, file: str) -> None:
    if member.file_size > MOST_JSON:
        raise WorkloadError(f"{inner} has {member.file_size} bytes; at most {MOST_JSON} are read", file=file)
    try:
        told = json.loads(archive.read(member))
    except (ValueError, RecursionError):
        raise WorkloadError(f"{inner} is no JSON", file=file) from None
    if inner.startswith("models/"):
        _harmless_sizes(told, inner, file)
    folder, root = inner.rpartition("/")[0], member.filename.partition("/")[0]
    entries = told.get("config") if isinstance(told, dict) else None
    for entry in entries.values() if isinstance(entries, dict) else []:
        path = str(entry.get("path_name", ""))
        if entry.get("use_pickle"):
            _tensors_only(torch, archive.read(f"{root}/{folder}/{path}"), path, file)
        elif not path.startswith(("weight_", "tensor_")):
            raise WorkloadError(
                f"{path} is an object, which may run code when it is read; or trust the archive", file=file
            )


def _harmless_sizes(told: Any, inner: str, file: str) -> None:
    stack = [told]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            text = value.get("expr_str")
            words = WORDS.findall(text) if isinstance(text, str) else []
            if isinstance(text, str) and not (EXPRESSION.fullmatch(text) and all(map(SIZE_WORDS.fullmatch, words))):
                raise WorkloadError(f"{inner} has the size {text[:60]!r}, which is no size", file=file)
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _tensors_only(torch: Any, content: bytes, inner: str, file: str) -> None:
    """Refuses a pickle with anything but tensors and plain values in it."""
    try:
        torch.load(io.BytesIO(content), weights_only=True)
    except (*REFUSALS, pickle.UnpicklingError, EOFError):
        raise WorkloadError(
            f"{inner} is a pickle of more than tensors, which may run code; or trust the archive", file=file
        ) from None
