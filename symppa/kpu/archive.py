"""The .kpu file: a zip of JSON and safetensors, nothing compressed, nothing that runs when it is read.

Its last bytes tell the version of the format and the SHA-256 of all others, so no byte changes unseen. Weights lie
inside or beside it; those beside are named and checked by their hash, and mapped into memory when they are asked for.
"""

from __future__ import annotations

import hashlib
import io
import json
import mmap
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from symppa.errors import KPUFileError
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import Array, KPUProgram
from symppa.kpu.plain import as_plain, program_of
from symppa.kpu.tensors import tensors
from symppa.version import __version__

FORMAT, VERSION = "symppa.kpu", 1
PROGRAM, WEIGHTS = "program.json", "weights.safetensors"
SEAL = re.compile(rb"symppa\.kpu (\d{6}) sha256 ([0-9a-f]{64})")
BLANK = b"0" * 64
SEALED = len(b"symppa.kpu 000001 sha256 ") + len(BLANK)
BESIDE = re.compile(r"[\w-][\w.-]*\.safetensors")
PICKLE = b"\x80"
TORCH = re.compile(r"(^|/)data\.pkl$")
MOST_JSON = 1 << 28
CHUNK = 1 << 22
WHEN = (1980, 1, 1, 0, 0, 0)  # the same program makes the same bytes


def save(program: KPUProgram, path: Path, *, external_weights: bool = False) -> Path:
    """Write a program; with `external_weights` its weights lie beside the file, named by their hash."""
    if program.weights_blob is None and program.weights_path is None and program.constants:
        raise KPUFileError(
            f"{program.name} has weights that are not packed yet: a program is saved once it is compiled"
        )
    path = path if path.suffix else path.with_suffix(".kpu")
    blob = _blob(program)
    beside = _write_beside(path, blob) if external_weights and blob is not None else None
    inside = None if beside else blob
    plain = as_plain(program)
    program_of(plain)  # what could not be read again is refused now
    told = {"format": FORMAT, "version": VERSION, "symppa": __version__, "program": plain}
    told["weights"] = None if blob is None else {"file": beside or WEIGHTS, "size": len(blob), "sha256": _hash(blob)}
    try:
        _write(path, _sealed(json.dumps(told, allow_nan=False, separators=(",", ":")).encode(), inside))
    except OSError as error:
        raise KPUFileError(f"cannot be written: {error.strerror}", file=str(path)) from error
    return path


def load(path: Path, config: KPUConfig | None = None) -> KPUProgram:
    """The program of a file, for a configuration where one is told; what is damaged, foreign or newer is refused."""
    try:
        return _load(Path(path), config)
    except KPUFileError as error:
        raise error.at(str(path), None) from error.__cause__
    except OSError as error:
        raise KPUFileError(f"cannot be read: {error.strerror}", file=str(path)) from error


def refuse_other(program: KPUProgram, config: KPUConfig) -> None:
    """Refuse a program that was compiled for another configuration, naming what differs."""
    there, asked = _flat(program.target_config.to_dict()), _flat(config.to_dict())
    odd = [f"{name} is {there[name]}, not {asked[name]}" for name in asked if asked[name] != there[name]]
    if odd:
        raise KPUFileError(
            f"compiled for {program.target_config.name}, not for {config.name}: {'; '.join(odd)}; compile it anew"
        )


def weights(program: KPUProgram) -> Mapping[str, Array]:
    """The packed weights by name, none of them copied; those beside a file are mapped into memory."""
    if program.weights_blob is not None:
        return tensors(program.weights_blob)
    if program.weights_path is None:
        return {}
    with Path(program.weights_path).open("rb") as file:
        return tensors(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def is_kpu(path: Path) -> bool:
    """Whether a file ends as every .kpu file does; told by content, not by name."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - SEALED))
            return SEAL.fullmatch(file.read()) is not None
    except OSError:
        return False


def _load(path: Path, config: KPUConfig | None) -> KPUProgram:
    whole = path.read_bytes()
    _check_seal(whole)
    told, inside = _members(whole)
    if told.get("format") != FORMAT or not isinstance(told.get("program"), dict):
        raise KPUFileError("has no program of a KPU inside")
    program = program_of(told["program"])
    found = program.validate()
    if found:
        raise KPUFileError("; ".join(found))
    if config is not None:
        refuse_other(program, config)
    return _weighted(program, told.get("weights"), inside, path)


def _check_seal(whole: bytes) -> None:
    """The whole file is as it was written, and of a version that is known."""
    sealed = SEAL.fullmatch(whole[-SEALED:])
    if sealed is None:
        raise KPUFileError(_foreign(whole))
    version = int(sealed[1])
    if version > VERSION:
        raise KPUFileError(f"is of version {version}; this symppa reads up to {VERSION}: get a newer one")
    if hashlib.sha256(memoryview(whole)[: -len(BLANK)]).hexdigest().encode() != sealed[2]:
        raise KPUFileError("is damaged: its contents are not those that were written")


def _foreign(whole: bytes) -> str:
    """What a file is that is no .kpu."""
    if whole[:1] == PICKLE:
        return "is a pickle, which may run anything when it is read; a .kpu is written by symppa kpu compile"
    try:
        names = zipfile.ZipFile(io.BytesIO(whole)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return "is no .kpu file, or its end is missing or damaged"
    if any(TORCH.search(name) for name in names):
        return "is a pickle of torch, which may run anything when it is read; compile a torch.export archive instead"
    return "is a zip, but no .kpu file, or its end is damaged"


def _members(whole: bytes) -> tuple[dict[str, Any], bytes | None]:
    """The JSON and the weights inside; other names, copies and compression are refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if names not in ([PROGRAM], [PROGRAM, WEIGHTS]):
                raise KPUFileError(f"has to hold {PROGRAM}, and {WEIGHTS} where weights lie inside; not {names[:8]}")
            for entry in entries:
                stored = entry.compress_type == zipfile.ZIP_STORED and entry.compress_size == entry.file_size
                if not stored or entry.flag_bits & 1 or entry.file_size > len(whole):
                    raise KPUFileError(f"holds {entry.filename} compressed or enciphered, which no .kpu does")
            if entries[0].file_size > MOST_JSON:
                raise KPUFileError(
                    f"{PROGRAM} of {entries[0].file_size} bytes is refused; at most {MOST_JSON} are read"
                )
            told = json.loads(archive.read(PROGRAM).decode("utf-8"))
            inside = archive.read(WEIGHTS) if len(entries) > 1 else None
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, RuntimeError, EOFError) as error:
        raise KPUFileError(f"is damaged: {error}") from error
    if not isinstance(told, dict):
        raise KPUFileError("has no program of a KPU inside")
    return told, inside


def _weighted(program: KPUProgram, told: Any, inside: bytes | None, path: Path) -> KPUProgram:
    """A program with its weights, checked by their hash."""
    if told is None:
        if inside is not None:
            raise KPUFileError(f"holds {WEIGHTS}, of which {PROGRAM} says nothing")
        return program
    if not isinstance(told, dict) or not all(isinstance(told.get(key), str) for key in ("file", "sha256")):
        raise KPUFileError("does not say where its weights are")
    if inside is not None:
        if told["file"] != WEIGHTS or _hash(inside) != told["sha256"]:
            raise KPUFileError("is damaged: its weights are not those that were written")
        return replace(program, weights_blob=inside)
    if not BESIDE.fullmatch(told["file"]):
        raise KPUFileError(f"names its weights {told['file']!r}; they have to lie beside it, in a .safetensors file")
    beside = path.parent / told["file"]
    if not beside.is_file():
        raise KPUFileError(f"its weights are not there: {beside} is missing")
    if _hash_of(beside) != told["sha256"]:
        raise KPUFileError(f"its weights {beside} are not those that were written")
    return replace(program, weights_path=str(beside))


def _blob(program: KPUProgram) -> bytes | None:
    if program.weights_blob is not None or program.weights_path is None:
        return program.weights_blob
    return Path(program.weights_path).read_bytes()


def _write_beside(path: Path, blob: bytes) -> str:
    name = f"{re.sub(r'[^A-Za-z0-9_-]', '_', path.stem)}.{_hash(blob)[:16]}.safetensors"
    _write(path.with_name(name), blob)
    return name


def _sealed(told: bytes, inside: bytes | None) -> bytes:
    """The bytes of a file; the comment of the zip, its last bytes, is the seal."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = f"symppa.kpu {VERSION:06d} sha256 ".encode() + BLANK
        for name, content in ((PROGRAM, told), (WEIGHTS, inside)):
            if content is not None:
                archive.writestr(zipfile.ZipInfo(name, WHEN), content)
    whole = buffer.getbuffer()[: -len(BLANK)]
    return bytes(whole) + hashlib.sha256(whole).hexdigest().encode()


def _write(path: Path, content: bytes) -> None:
    """All of a file or nothing of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_bytes(content)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _flat(told: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Values by dotted name."""
    found: dict[str, Any] = {}
    for name, value in told.items():
        found |= _flat(value, f"{path}{name}.") if isinstance(value, Mapping) else {f"{path}{name}": value}
    return found
