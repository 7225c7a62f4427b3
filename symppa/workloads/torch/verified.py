"""An archive of torch.export written anew from what was looked at: readers of archives do not agree on damaged ones."""

from __future__ import annotations

import io
import json
import pickle
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.torch.refusals import refusals

ROOT = "verified"  # the folder that all members lie in
OLD = "serialized_exported_program.json"
KNOWN = re.compile(
    r"version|byteorder|archive_format|archive_version|\.data/[\w.]+|models/[\w.-]+\.json|"
    r"(?:data|extra)/[\w./ -]+|\.format_version|\.storage_alignment"
)
MOST_MEMBERS = 1_000_000
MOST_JSON, MOST_TENSORS = 512 << 20, 1 << 30  # bytes of a member that is looked at as a whole
PREFIXES = ("weight_", "tensor_")
# Words that torch writes into the sizes of an archive; anything else there might be a call.
EXPRESSION = re.compile(r"[\w\s+\-*/().,<>=&|~']*")
WORDS = re.compile(r"[A-Za-z_]\w*")
SIZE_WORDS = re.compile(
    r"(?:[suz]\w?f?\d+|u\d+|Max|Min|Mod|FloorDiv|PythonMod|CleanDiv|CeilDiv|Eq|Ne|And|Or|Not|Integer|Symbol|True|False|"
    r"Add|Mul|Pow|Rational|Float|positive|nonnegative|integer|real|precision|int_oo|oo|inf|TruncToInt|ToFloat|IntTrueDiv|Where|floor|ceiling|PowByNatural)"
)


def rebuilt(torch: Any, path: Path, target: Path) -> Path:
    """A new archive with the members of another one, each looked at; refused where reading it would run code."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as new:
        for inner, member in _members(archive, path).items():
            place = zipfile.ZipInfo(f"{ROOT}/{inner}")
            if inner.endswith((".json", ".pt")):
                new.writestr(place, _looked_at(torch, archive, member, inner, str(path)))
                continue
            with archive.open(member) as source, new.open(place, "w", force_zip64=True) as copy:
                shutil.copyfileobj(source, copy)
    return target


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The members by their names inside the archive's folder, each name once, large and small letters alike."""
    file, told = str(path), archive.infolist()
    if any(member.filename == OLD for member in told):
        raise WorkloadError(
            "an archive of torch.export before 2.9 holds pickles: save it again, or trust it", file=file
        )
    if len(told) > MOST_MEMBERS:
        raise WorkloadError(f"{len(told)} members; at most {MOST_MEMBERS} are read", file=file)
    found: dict[str, zipfile.ZipInfo] = {}
    met: set[str] = set()
    for member in told:
        root, _, inner = member.filename.partition("/")
        _plain(member, inner, file)
        if member.filename.lower() in met:
            raise WorkloadError(f"{member.filename} is in the archive twice: which one counts is open", file=file)
        if root != told[0].filename.partition("/")[0]:
            raise WorkloadError(f"{member.filename} lies outside of the archive's folder", file=file)
        met.add(member.filename.lower())
        found[inner] = member
    if (total := sum(member.file_size for member in told)) > (size := path.stat().st_size):
        raise WorkloadError(f"its members have {total} bytes together and the file has {size}", file=file)
    return found


def _plain(member: zipfile.ZipInfo, inner: str, file: str) -> None:
    """Refuses a member that torch.export.save does not write, or of which it is not clear how it is read."""
    if inner.lower().startswith("data/aotinductor/"):
        raise WorkloadError(f"{inner} is compiled code, which would run; save the program by itself", file=file)
    ending = inner.lower().rpartition(".")[2]
    odd = ending in ("json", "pt") and not inner.endswith(ending)
    if not KNOWN.fullmatch(inner) or odd or ".." in inner or member.orig_filename != member.filename:
        raise WorkloadError(f"{member.filename!r} is no member that torch.export.save writes", file=file)
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
        raise WorkloadError(
            f"{inner} is compressed or encrypted; torch.export.save writes plain members: save the program again",
            file=file,
        )


def _looked_at(torch: Any, archive: zipfile.ZipFile, member: zipfile.ZipInfo, inner: str, file: str) -> bytes:
    """The content of a member that may only tell a graph, or hold tensors."""
    most = MOST_JSON if inner.endswith(".json") else MOST_TENSORS
    if member.file_size > most:
        raise WorkloadError(f"{inner} has {member.file_size} bytes; at most {most} are read", file=file)
    content = archive.read(member)
    if inner.endswith(".pt"):
        _tensors_only(torch, content, inner, file)
    else:
        _harmless_json(content, inner, file)
    return content


def _harmless_json(content: bytes, inner: str, file: str) -> None:
    try:
        told = json.loads(content.decode())
    except (ValueError, RecursionError):
        raise WorkloadError(f"{inner} is no JSON", file=file) from None
    if inner.startswith("models/"):
        _harmless_sizes(told, inner, file)
    entries = told.get("config") if isinstance(told, dict) else None
    for entry in entries.values() if isinstance(entries, dict) else ():
        if not isinstance(entry, dict):
            raise WorkloadError(f"{inner} tells {entry!r:.60} where a weight is due", file=file)
        path = str(entry.get("path_name", ""))
        if entry.get("use_pickle") or not path.startswith(PREFIXES):
            raise WorkloadError(
                f"{path} is an object or a pickle, which may run code when it is read; or trust the archive", file=file
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
    except refusals(pickle.UnpicklingError, EOFError):
        raise WorkloadError(
            f"{inner} is a pickle of more than tensors, which may run code; or trust the archive", file=file
        ) from None
