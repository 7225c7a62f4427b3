"""What torch.compile sees: a backend that keeps the graphs and runs them as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symppa.errors import WorkloadError
from symppa.workloads.ir import Graph
from symppa.workloads.torch.exporting import load_workload


class Capture:
    """A backend for torch.compile: `torch.compile(module, backend=capture)(x)`, then `capture.workloads()`.

    Each graph that the compiler finds is kept with the inputs that it was first called with.
    """

    def __init__(self) -> None:
        self.graphs: list[tuple[Any, tuple[Any, ...]]] = []

    def __call__(self, module: Any, inputs: Sequence[Any]) -> Callable[..., Any]:
        self.graphs.append((module, tuple(inputs)))
        forward: Callable[..., Any] = module.forward
        return forward

    def workloads(self, name: str = "captured") -> list[Graph]:
        """The workloads of all graphs, in the order in which they were met."""
        if not self.graphs:
            raise WorkloadError("nothing was captured; call the compiled module once")
        several = len(self.graphs) > 1
        return [
            load_workload(bound(module, inputs), free(module, inputs), name=f"{name}{k}" if several else name)
            for k, (module, inputs) in enumerate(self.graphs)
        ]


def is_weight(node: Any, value: Any) -> bool:
    """Whether what a captured graph reads is a parameter or a buffer, and not told anew with each call."""
    import torch

    static = "_dynamo_static_input_type" in node.meta.get("tensor_dict", ())  # so the compiler marks buffers
    return isinstance(value, torch.nn.Parameter) or (static and isinstance(value, torch.Tensor))


def _placed(module: Any, inputs: Sequence[Any]) -> list[tuple[Any, Any]]:
    nodes = [node for node in module.graph.nodes if node.op == "placeholder"]
    return list(zip(nodes, inputs, strict=True))


def free(module: Any, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The inputs that are no weights."""
    return tuple(value for node, value in _placed(module, inputs) if not is_weight(node, value))


def bound(module: Any, inputs: Sequence[Any]) -> Any:
    """The module with its weights inside, as the compiler has taken them out."""
    import torch

    weights = {k: value for k, (node, value) in enumerate(_placed(module, inputs)) if is_weight(node, value)}

    class Bound(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.inner = module
            self.kept = torch.nn.ParameterDict()
            for k, value in weights.items():
                if isinstance(value, torch.nn.Parameter):
                    self.kept[f"weight{k}"] = value
                else:
                    self.register_buffer(f"buffer{k}", value)

        def forward(self, *told: Any) -> Any:
            rest = iter(told)
            every = (self._weight(k) if k in weights else next(rest) for k in range(len(inputs)))
            return self.inner(*every)

        def _weight(self, k: int) -> Any:
            return self.kept[f"weight{k}"] if f"weight{k}" in self.kept else getattr(self, f"buffer{k}")

    return Bound() if weights else module
