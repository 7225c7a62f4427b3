"""Live modules, exported programs and graphs of torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symppa.errors import CompilationError
from symppa.kpu.capture.hashes import digest
from symppa.kpu.capture.shapes import Asked, agreed, specialised
from symppa.kpu.capture.supported import supported
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.program import KPUProgram
from symppa.kpu.lower.aten.graph import Lowering, array_of, known, title_of
from symppa.kpu.lower.aten.program import input_shapes, lowered, open_sizes
from symppa.kpu.lower.building import Building, Const, format_of
from symppa.kpu.shapes import Shape
from symppa.kpu.versions import needed_torch
from symppa.workloads.torch.exporting import evaluating, first_line, placeholders, quiet
from symppa.workloads.torch.refusals import refusals


def program_of(
    source: Any, config: KPUConfig, input_shape: Asked, example_inputs: Any, name: str, *, hashed: bool = True
) -> KPUProgram:
    """The program of a module, a graph or an exported program."""
    torch = needed_torch()
    with quiet(), torch.no_grad():
        if isinstance(source, torch.export.ExportedProgram):
            title = name or "network"
            program, facts = _fixed(torch, source, _asked(torch, source, input_shape, example_inputs), title)
        elif isinstance(source, torch.nn.Module):
            title = name or type(source).__name__
            program, facts = _exported(torch, source, _examples(torch, source, input_shape, example_inputs)), {}
        else:
            raise CompilationError(
                f"{type(source).__name__} is no path, no torch.nn.Module, no exported program and no GraphModule"
            )
        to = Building(title, config)
        to.facts.update(facts)
        outputs = lowered(program, to)
    return to.program(outputs, title, digest(program.graph, sorted(program.state_dict.items())) if hashed else "")


def program_of_graph(graph: Any, placed: Sequence[tuple[str, Any, bool]], config: KPUConfig, name: str) -> KPUProgram:
    """The program of a graph of ATen calls: `placed` are name, value and whether it is a weight, of all it reads."""
    places = [node for node in graph.graph.nodes if node.op == "placeholder"]
    if len(places) != len(placed):
        raise CompilationError(f"{name}: torch reads {len(places)} tensors and not the {len(placed)} that were told")
    to, values = Building(name, config), dict[Any, Any]()
    for node, (whose, tensor, weight) in zip(places, placed, strict=True):
        if weight:
            values[node] = Const(array_of(tensor, whose), whose)
        elif isinstance(tensor, int):  # a size that torch left open, fixed
            values[node] = tensor
        else:
            shape = tuple(int(size) for size in tensor.shape)
            values[node] = to.input(whose, shape, format_of(tensor.dtype, f"the input {whose}"))
    outputs = Lowering(graph.graph, to, values, _originals(graph.graph)).run()
    return supported(
        to.program(outputs, name, digest(graph.graph, [(one, value) for one, value, weight in placed if weight]))
    )


def _originals(graph: Any) -> dict[str, str]:
    """What has no row, by the name of the operator that torch took apart."""
    return {
        node.name: title_of(node.meta["original_aten"]) for node in graph.nodes
        if node.op == "call_function" and not known(node) and node.meta.get("original_aten") is not None
    }  # fmt: skip


def _examples(torch: Any, module: Any, input_shape: Asked, told: Any) -> tuple[Any, ...]:
    """The inputs to export with: those told, or zeros of the shape that is asked for."""
    if told is not None:
        return tuple(told) if isinstance(told, list | tuple) else (told,)
    if isinstance(input_shape, Mapping):
        raise CompilationError("a live module has no names of inputs yet: say example_inputs=(tensor, ...)")
    if input_shape is not None:
        return (torch.zeros(tuple(int(size) for size in input_shape)),)
    found: tuple[Any, ...] = placeholders(torch, module)
    if not found:
        raise CompilationError(
            f"{type(module).__name__} needs example_inputs=(tensor, ...) or input_shape=(...): "
            "a module does not say what it reads"
        )
    return found


def _exported(torch: Any, module: Any, inputs: tuple[Any, ...]) -> Any:
    """The module as at inference; each part of it is afterwards as it was."""
    try:
        with evaluating(module):
            return torch.export.export(module, inputs)
    except refusals() as error:
        raise CompilationError(f"torch.export refuses {type(module).__name__}: {first_line(error)}") from None


def _asked(torch: Any, program: Any, input_shape: Asked, told: Any) -> Asked:
    """Shapes by name, from example inputs where those are told."""
    if told is None or input_shape is not None:
        return input_shape
    several = told if isinstance(told, list | tuple) else (told,)
    return dict(zip(input_shapes(program), (tuple(one.shape) for one in several), strict=True))


def _fixed(torch: Any, program: Any, asked: Asked, name: str) -> tuple[Any, dict[str, Any]]:
    """The program with numbers for the sizes that it leaves open, and what was said of them."""
    told = input_shapes(program)
    known = {one: shape for one, (shape, _) in told.items()}
    shapes = agreed(asked, known, name)
    if not open_sizes(program):
        return program, {}
    return _again(torch, program, shapes, told), {"specialised": specialised(known, shapes)}


def _again(torch: Any, program: Any, shapes: Mapping[str, Shape], told: Mapping[str, Any]) -> Any:
    """The same program, exported with inputs of fixed sizes."""
    inputs = tuple(torch.zeros(shapes[one], dtype=dtype) for one, (_, dtype) in told.items())
    try:
        return torch.export.export(program.module(check_guards=False), inputs)
    except refusals() as error:
        raise CompilationError(f"torch.export refuses inputs of {dict(shapes)}: {first_line(error)}") from None
