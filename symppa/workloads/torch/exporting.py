"""From a live module to a graph, by torch.export: operators of ATen as the module calls them, nothing decomposed."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from symppa.errors import MissingPackageError, WorkloadError
from symppa.workloads.ir import Graph
from symppa.workloads.torch.program import graph_of
from symppa.workloads.torch.refusals import refusals

logger = logging.getLogger("symppa")
BATCH = "batch"


def load_workload(
    module: Any, example_inputs: Any = None, *, name: str = "", example_kwargs: Mapping[str, Any] | None = None
) -> Graph:
    """The workload of a PyTorch module, called with example inputs; nothing is trained, changed or run on a device.

    `module` is a live module, a GraphModule of torch.fx or torch.compile, or an exported program. The first axis of
    the inputs becomes the size `batch` where torch.export can leave it open; else it is fixed, and a warning says so.
    """
    torch = needed("a PyTorch module")
    if isinstance(module, torch.export.ExportedProgram):
        return graph_of(module, name or "network", source="torch.export")
    if not isinstance(module, torch.nn.Module):
        raise WorkloadError(f"{type(module).__name__} is no PyTorch module, GraphModule or exported program")
    told = _inputs(torch, module, example_inputs)
    title = name or type(module).__name__
    with evaluating(module), quiet():
        return _exported(torch, module, told, dict(example_kwargs or {}), title)


def needed(what: str) -> Any:
    """The package torch."""
    try:
        import torch
        import torch.export
    except ImportError:
        raise MissingPackageError("torch", "torch", what) from None
    return torch


def zeros(shape: Sequence[int]) -> Any:
    """A tensor of zeros, as an example input."""
    return needed("an example input").zeros(tuple(shape))


def _inputs(torch: Any, module: Any, told: Any) -> tuple[Any, ...]:
    """The example inputs as a tuple; those of a captured graph are known already."""
    if told is None:
        found = placeholders(torch, module)
        if not found:
            raise WorkloadError(f"{type(module).__name__} needs example inputs: load_workload(module, (tensor, ...))")
        return found
    return tuple(told) if isinstance(told, list | tuple) else (told,)


def placeholders(torch: Any, module: Any) -> tuple[Any, ...]:
    """Empty tensors shaped as the inputs that a traced graph knows of."""
    if not isinstance(module, torch.fx.GraphModule):
        return ()
    found = []
    for node in module.graph.nodes:
        if node.op == "placeholder":
            value = node.meta.get("val", node.meta.get("example_value"))
            if not isinstance(value, torch.Tensor) or not all(isinstance(size, int) for size in value.shape):
                return ()
            found.append(torch.zeros(value.shape, dtype=value.dtype, device=value.device))
    return tuple(found)


def _exported(torch: Any, module: Any, told: tuple[Any, ...], others: dict[str, Any], name: str) -> Graph:
    """The graph with an open batch where that works, else with the one told."""
    size = _batch(torch, told, others)
    if size:
        try:
            grown, more = (_at_least_two(torch, values, size) for values in (told, others))
            program = torch.export.export(module, grown, more, dynamic_shapes=_open(torch, grown, more, max(size, 2)))
            found = graph_of(program, name, source="torch.export", sizes={BATCH: size}, must=True)
        except refusals(WorkloadError) as error:
            logger.info("%s: the batch stays fixed: %s", name, first_line(error))
        else:
            return found
    try:
        program = torch.export.export(module, told, others)
    except refusals() as error:
        raise WorkloadError(f"torch.export refuses {name}: {first_line(error)}") from None
    if size:
        logger.warning("%s: torch.export fixes the first axis; the batch stays %s", name, size)
    return graph_of(program, name, meaning=f"batch fixed at {size}" if size else "", source="torch.export")


def _batch(torch: Any, told: Any, others: Any) -> int:
    """The first axis of the first input that has one."""
    every = torch.utils._pytree.tree_leaves((told, others))
    return next((int(x.shape[0]) for x in every if isinstance(x, torch.Tensor) and x.dim() > 1), 0)


def _at_least_two(torch: Any, values: Any, size: int) -> Any:
    """Inputs with a batch of two where it is one: torch.export takes a size of one for a constant."""
    if size != 1:
        return values

    def grown(x: Any) -> Any:
        return torch.cat([x, x]) if isinstance(x, torch.Tensor) and x.dim() > 1 and x.shape[0] == 1 else x

    return torch.utils._pytree.tree_map(grown, values)


def _open(torch: Any, told: Any, others: Any, size: int) -> Any:
    """Which axes are open: the first of every tensor that has the batch there."""
    found = torch.export.ShapesCollection()
    for x in torch.utils._pytree.tree_leaves((told, others)):
        if isinstance(x, torch.Tensor) and x.dim() > 1 and x.shape[0] == size:
            found[x] = {0: torch.export.Dim.AUTO}
    return found


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """The module as it is at inference; afterwards each part is as it was."""
    before: Sequence[tuple[Any, bool]] = [(part, part.training) for part in module.modules()]
    for part, _ in before:
        part.training = False
    try:
        yield
    finally:
        for part, training in before:
            part.training = training


@contextmanager
def quiet() -> Iterator[None]:
    """torch.export warns of its own future; that is none of the user's."""
    loggers = [logging.getLogger(name) for name in ("torch.export", "torch._export", "torch.fx", "torch._dynamo")]
    before = [log.level for log in loggers]
    for log in loggers:
        log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(loggers, before, strict=True):
            log.setLevel(level)


def first_line(error: BaseException) -> str:
    """What an error says first."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
