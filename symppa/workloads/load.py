"""A network from a file of any format that is known, told apart by what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph

HEAD = 16
# How files begin that hold no network, or one that cannot be read.
REFUSED = (
    (b"GGUF", "GGUF holds weights for one program; give the model's config.json instead"),
    (b"\x89HDF\r\n\x1a\n", "HDF5 (Keras) is not supported; export to ONNX or TFLite"),
)
KNOWN = "a .pt2 of torch.export, .onnx, .tflite, a config.json of Hugging Face, or a NET.yaml"


def kind_of(path: Path) -> str:
    """The format of a file: `torch`, `json`, `tflite`, `yaml` or `onnx`."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise WorkloadError(f"cannot be read: {error.strerror}", file=str(path)) from None
    for start, why in REFUSED:
        if head.startswith(start):
            raise WorkloadError(why, file=str(path))
    if not head:
        raise WorkloadError(f"the file is empty; expected is {KNOWN}", file=str(path))
    if head[8:9] == b"{" and head[3:8] == b"\0\0\0\0\0":
        raise WorkloadError("safetensors are weights without a network; give the model's config.json", file=str(path))
    if head[4:8] == b"TFL3":
        return "tflite"
    if head.startswith(b"PK\x03\x04") or (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"):
        return "torch"
    if path.suffix in (".yaml", ".yml"):
        return "yaml"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "json"
    if path.suffix == ".onnx" or head[:1] == b"\x08":
        return "onnx"
    raise WorkloadError(f"the format is not known; expected is {KNOWN}", file=str(path))


def load_file(
    path: Path, *, name: str = "", sizes: Mapping[str, int] | None = None, phase: str = "", trust_pickle: bool = False,
    example_inputs: Any = None,
) -> Graph:  # fmt: skip
    """The workload of a file. `sizes` are values of its open sizes; `phase` is one of a language model's."""
    what, told = kind_of(path), dict(sizes or {})
    if phase and what not in ("json", "yaml"):
        raise WorkloadError(f"only language models told by their sizes have phases, not {what}", file=str(path))
    if what == "torch":
        from symppa.workloads.torch import load_archive

        found = load_archive(path, name=name, trust_pickle=trust_pickle, example_inputs=example_inputs)
    elif what == "onnx":
        from symppa.workloads.onnx import load_onnx

        found = load_onnx(path, name=name, sizes=told)
        told = {size: value for size, value in told.items() if size in found.symbols}
    elif what == "tflite":
        from symppa.workloads.tflite import load_tflite

        found = load_tflite(path, name=name)
    elif what == "json":
        from symppa.workloads.huggingface import load_config

        found = load_config(path, name=name, phase=phase or "prefill")
    else:
        from symppa.workloads.yaml import load

        found = load(path, phase)
    return sized(found, told, path)


def sized(graph: Graph, sizes: Mapping[str, int], path: Path) -> Graph:
    """The graph with other values of its open sizes."""
    from dataclasses import replace

    try:
        return replace(graph, symbols=graph.sizes(**sizes))
    except WorkloadError as error:
        raise error.at(str(path), None) from None
