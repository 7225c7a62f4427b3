"""Files of ONNX, with the weights that lie beside them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from symppa.errors import CompilationError, UnsupportedOpError
from symppa.kpu.capture.hashes import hash_of
from symppa.kpu.capture.shapes import Asked, agreed, specialised
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.lower.building import Building
from symppa.kpu.lower.onnx.model import Model, open_shapes, weights_of
from symppa.workloads.onnx.model import needed, opset_of, read


def program_of(path: Path, config: KPUConfig, input_shape: Asked, name: str) -> KPUProgram:
    """The program of an ONNX file."""
    onnx = needed()
    model = read(onnx, path)
    files = [path, *_beside(onnx, model, path)]
    known = open_shapes(model)
    shapes = agreed(input_shape, known, name)
    to = Building(name, config)
    if said := specialised(known, shapes):
        to.facts["specialised"] = said
    to.facts["opset"] = opset_of(model)
    try:
        outputs = Model(onnx, model, opset_of(model), to, shapes).outputs()
        return to.program(outputs, str(path), hash_of(files))
    except UnsupportedOpError:
        raise  # its message is all that is said
    except CompilationError as error:
        raise error.at(str(path), None) from None


def _beside(onnx: Any, model: Any, path: Path) -> list[Path]:
    """The files of the weights that lie beside a model, which are read into it; none may lie anywhere else."""
    from google.protobuf.message import DecodeError

    found: dict[Path, None] = {}
    for tensor in weights_of(onnx, model):
        told = {entry.key: entry.value for entry in tensor.external_data}.get("location", "")
        place, folder = PurePosixPath(told), path.resolve().parent
        file = (folder / told).resolve()
        if not told or place.is_absolute() or ".." in place.parts or not file.is_relative_to(folder):
            raise CompilationError(f"{tensor.name} lies in {told!r}, outside of the model's folder", file=str(path))
        try:
            onnx.external_data_helper.load_external_data_for_tensor(tensor, str(folder))
        except (OSError, ValueError, DecodeError, onnx.checker.ValidationError) as error:
            raise CompilationError(f"the numbers of {tensor.name} cannot be read: {error}", file=str(path)) from None
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]
        found[file] = None
    return list(found)
