"""Rules of what operators read and write, and of what the configuration takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from symppa.errors import KPUFileError, UnsupportedOpError, suggest
from symppa.kpu.interface.kinds import BITS
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.shapes import PRIMITIVES, mistakes


def references(program: KPUProgram) -> Iterator[str]:
    """Names of tensors that are not there."""
    yield from program.validate()


def names(program: KPUProgram) -> Iterator[str]:
    """Names that two share, and ends that are not marked as such."""
    for name, count in Counter(op.id for op in program.ops).items():
        if count > 1:
            yield f"{count} operators are called {name}"
    for name, tensor in program.tensors.items():
        if tensor.id != name:
            yield f"the tensor {name} calls itself {tensor.id}"
    for what, told in (("input", program.input_ids), ("output", program.output_ids)):
        if len(set(told)) < len(told):
            yield f"an {what} is listed twice"
        marked = {name for name, tensor in program.tensors.items() if getattr(tensor, f"is_{what}")}
        for name in sorted(marked ^ set(told)):
            yield f"{name} is {'marked' if name in marked else 'listed'} as an {what}, but not both"


def written_once(program: KPUProgram) -> Iterator[str]:
    """Tensors that are written twice, or are there before."""
    counts = Counter(name for op in program.ops for name in op.output_ids)
    for name, count in counts.items():
        if count > 1:
            yield f"{name} is written {count} times"
        if name in program.input_ids or program.tensors[name].is_weight:
            yield f"{name} is there before the run, and written"
    for op in program.ops:
        if not op.output_ids:
            yield f"Op {op.id} writes nothing"


def produced(program: KPUProgram) -> Iterator[str]:
    """Tensors that are read before they are written."""
    there = {*program.input_ids, *(name for name, tensor in program.tensors.items() if tensor.is_weight)}
    for op in program.ops:
        for name in op.input_ids:
            if name not in there:
                yield f"Op {op.id} reads {name} before it is written"
        there.update(op.output_ids)
    for name in program.output_ids:
        if name not in there:
            yield f"the output {name} is never written"


def shapes(program: KPUProgram) -> Iterator[str]:
    """Shapes that do not follow from what is read."""
    for name, tensor in program.tensors.items():
        if not all(isinstance(size, int) and size > 0 for size in tensor.shape):
            yield f"{name} has the shape {tensor.shape}; sizes are whole numbers from 1 on"
    yield from mistakes(program)


def formats(program: KPUProgram) -> Iterator[str]:
    """Formats that are not known."""
    for name, tensor in program.tensors.items():
        if tensor.dtype not in BITS:
            yield f"{name} has the format {tensor.dtype!r}{suggest(tensor.dtype, BITS)}"


def limits(program: KPUProgram) -> Iterator[str]:
    """Axes, batches and precisions that the configuration does not take."""
    config = program.target_config
    if program.precision not in config.supported_precisions:
        yield f"{config.name} does not take {program.precision.value}"
    for name, tensor in program.tensors.items():
        if len(tensor.shape) > config.max_tensor_dims:
            yield f"{name} has {len(tensor.shape)} axes; {config.name} takes {config.max_tensor_dims}"
    for name in program.input_ids:
        shape = program.tensors[name].shape
        if len(shape) > 1 and shape[0] > config.max_batch_size:
            yield f"the input {name} has a batch of {shape[0]}; {config.name} takes {config.max_batch_size}"


def primitives(program: KPUProgram) -> Iterator[str]:
    """Operators that nobody knows."""
    known = {*program.target_config.operators, *PRIMITIVES}
    yield from _unknown(program, known)


def supported(program: KPUProgram) -> Iterator[str]:
    """Operators that the configuration lacks."""
    yield from _unknown(program, set(program.target_config.operators))


def _unknown(program: KPUProgram, known: set[str]) -> Iterator[str]:
    types = (one for op in program.ops for one in (op.op_type, *(part["op_type"] for part in op.epilogue)))
    odd = list(dict.fromkeys(one for one in types if one not in known))
    if odd:
        yield UnsupportedOpError(odd).message


def epilogues(program: KPUProgram) -> Iterator[str]:
    """Epilogues whose tensors are not the last inputs."""
    for op in program.ops:
        behind = [name for one in op.epilogue for name in one.get("inputs", ())]
        if behind and op.input_ids[-len(behind) :] != behind:
            yield f"Op {op.id} has an epilogue that reads {', '.join(behind)}; its inputs have to end so"
        for one in op.epilogue:
            if not {"op_type", "inputs", "attributes"} <= set(one):
                yield f"Op {op.id} has an epilogue without op_type, inputs or attributes"


def weights(program: KPUProgram) -> Iterator[str]:
    """Numbers for every weight: beside the program until they are packed, in the blob then."""
    held: dict[str, tuple[int, ...] | None]
    is_packed = program.weights_blob is not None or program.weights_path is not None
    if is_packed:
        from symppa.kpu.passes.pack import unpacked

        try:
            held = {name: numbers.shape for name, numbers in unpacked(program).items()}
        except KPUFileError as error:
            yield error.message
            return
    else:
        held = {name: numbers.shape for name, numbers in program.constants.items()}
    for name in {name: None for op in program.ops for name in op.input_ids}:
        tensor = program.tensors[name]
        if tensor.is_weight and tensor.elements and held.get(name) != tensor.shape:
            yield f"the weight {name} of {tensor.shape} has numbers of {held.get(name) or 'nothing'}"


def order(program: KPUProgram) -> Iterator[str]:
    """Operators that stand elsewhere than they are to run."""
    for place, op in enumerate(program.ops):
        if op.schedule_order != place:
            yield f"Op {op.id} is to run as number {op.schedule_order}, and stands at {place}"
