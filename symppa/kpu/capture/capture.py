"""One door for every network: told by what it is, or by what is in the file, never by the ending of a name."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from symppa.errors import CompilationError, WorkloadError
from symppa.kpu.capture.hashes import hash_of
from symppa.kpu.capture.shapes import Asked
from symppa.kpu.capture.supported import supported
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import KPUProgram

logger = logging.getLogger("symppa")


def captured(
    source: Any, config: KPUConfig, *, input_shape: Asked = None, example_inputs: Any = None,
    trust_pickle: bool = False, name: str = "",
) -> KPUProgram:  # fmt: skip
    """The network as a program in 32 bits, nothing fused, tiled or placed; its weights are in `constants`.

    `source` is a path (an archive of torch.export or an ONNX file, whatever its ending), a torch.nn.Module, an
    ExportedProgram or a GraphModule of torch.fx. A module is taken as at inference, as `.eval()` would have it, and
    left as it was; what was exported in training is refused. Sizes that are open need `input_shape`: a shape, or
    shapes by the names of inputs. `facts["specialised"]` says which became what.
    """
    config.check()
    try:
        if isinstance(source, str | Path):
            made = _from_file(Path(source), config, input_shape, example_inputs, trust_pickle, name)
        else:
            from symppa.kpu.capture import modules

            made = modules.program_of(source, config, input_shape, example_inputs, name)
    except WorkloadError as error:
        raise CompilationError(error.message).at(error.file, error.line) from None
    for sentence in made.facts.get("specialised", ()):
        logger.warning("%s: %s from here on", made.name, sentence)
    return supported(made)


def _from_file(
    path: Path, config: KPUConfig, input_shape: Asked, example_inputs: Any, trust_pickle: bool, name: str
) -> KPUProgram:
    from symppa.workloads.torch.archive import kind_of, load_program

    title = name or path.stem
    try:
        what = kind_of(path)
    except OSError as error:
        raise CompilationError(f"cannot be read: {error.strerror}", file=str(path)) from None
    if not what:
        from symppa.kpu.capture import models

        return models.program_of(path, config, input_shape, title)
    from symppa.kpu.capture import modules

    found = load_program(path, trust_pickle=trust_pickle)
    made = modules.program_of(found, config, input_shape, example_inputs, title, hashed=False)
    return replace(made, source_model=str(path), source_hash=hash_of([path]))
