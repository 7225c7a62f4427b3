"""Shape propagation: from the inputs and the rows of operators to a graph with all its tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from symppa.errors import WorkloadError, suggest
from symppa.workloads.ir import Graph, Operator, Shape, Size, Tensor, sized
from symppa.workloads.kinds import Kind, kind
from symppa.workloads.kinds.attributes import whole

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Row(NamedTuple):
    """An operator as it is written: the first input follows from the row before where none is told.

    `shared` names the operator whose weights it uses once more.
    """

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = NOTHING
    shared: str = ""


def built(
    name: str,
    inputs: Mapping[str, Tensor],
    rows: Iterable[Row],
    *,
    outputs: Sequence[str] = (),
    symbols: Mapping[str, int] | None = None,
    meaning: str = "",
    source: str = "",
) -> Graph:
    """The graph of some rows; without `outputs`, what nobody reads.

    >>> graph = built("two", {"x": Tensor("x", ("batch", 8))}, [Row("fc", "Linear", ("x",), {"out": 4})],
    ...               symbols={"batch": 1})
    >>> graph.tensors["fc"].shape, graph.parameters
    (('batch', 4), 36)
    """
    building = Building(inputs)
    for row in rows:
        building.add(row)
    return building.graph(name, outputs, symbols or {}, meaning, source)


class Building:
    """A graph that grows row by row; `last` is the tensor that the last row has written first."""

    def __init__(self, inputs: Mapping[str, Tensor]) -> None:
        self.inputs = tuple(inputs)
        self.tensors: dict[str, Tensor] = dict(inputs)
        self.operators: list[Operator] = []
        self.read: set[str] = set()
        self.last = next(iter(inputs), "")

    def add(self, row: Row) -> None:
        """One more operator, its outputs and its weights."""
        what = kind(row.kind)
        told = row.inputs or ((self.last,) if what.inputs[0] else ())
        tensors = [self._tensor(row, name) for name in told]
        least, most = what.inputs
        if not least <= len(told) <= most:
            raise WorkloadError(f"{row.name}: {what.name} reads {least} to {most} tensors, not {len(told)}")
        attributes = what.complete(row.attributes, row.name)
        shapes = [tensor.shape for tensor in tensors]
        try:
            made = what.shapes(shapes, attributes)
            weights = what.weights(shapes, attributes) if what.weights else {}
        except WorkloadError as error:
            raise WorkloadError(f"{row.name}: {error.message}") from None
        except (TypeError, ValueError, IndexError, ZeroDivisionError) as error:
            read = ", ".join(str(list(shape)) for shape in shapes)
            raise WorkloadError(f"{row.name}: {what.name} of {read} cannot have {attributes}: {error}") from None
        dtype = _written(what, attributes, tensors)
        outputs = self._outputs(row, made, dtype)
        names = self._weights(row, weights, "float32" if tensors else dtype)
        self.operators.append(Operator(row.name, what.name, tuple(told), outputs, attributes, names))
        self.read.update(told)
        self.last = outputs[0]

    def graph(
        self, name: str, outputs: Sequence[str] = (), symbols: Mapping[str, int] = NOTHING, meaning: str = "",
        source: str = "",
    ) -> Graph:  # fmt: skip
        """The graph of all rows so far; without `outputs`, what nobody reads comes out."""
        ends = tuple(outputs) or tuple(n for o in self.operators for n in o.outputs if n not in self.read)
        unknown = [n for n in ends if n not in self.tensors]
        if unknown:
            raise WorkloadError(f"{name}: the output {unknown[0]!r} is no tensor{suggest(unknown[0], self.tensors)}")
        _known(symbols, self.tensors.values())
        return Graph(
            name, tuple(self.operators), dict(self.tensors), self.inputs, ends, dict(symbols), meaning, source
        )  # fmt: skip

    def _tensor(self, row: Row, name: str) -> Tensor:
        tensor = self.tensors.get(name)
        if tensor is None or tensor.weight:
            known = [known.name for known in self.tensors.values() if not known.weight]
            raise WorkloadError(f"{row.name} reads {name!r}, which no operator before it writes{suggest(name, known)}")
        return tensor

    def _outputs(self, row: Row, shapes: Sequence[Shape], dtype: str) -> tuple[str, ...]:
        names = (row.name,) if len(shapes) == 1 else tuple(f"{row.name}.{k}" for k in range(len(shapes)))
        for name, shape in zip(names, shapes, strict=True):
            if name in self.tensors:
                raise WorkloadError(f"{name} is written twice; names of operators differ")
            self.tensors[name] = Tensor(name, shape, dtype)
        return names

    def _weights(self, row: Row, shapes: Mapping[str, Shape], dtype: str) -> tuple[str, ...]:
        """Names of the weights, new ones or those of another operator."""
        names = tuple(f"{row.shared or row.name}.{suffix}" for suffix in shapes)
        for name, shape in zip(names, shapes.values(), strict=True):
            if row.shared:
                if name not in self.tensors or self.tensors[name].shape != shape:
                    raise WorkloadError(f"{row.name} shares {name} of {list(shape)}, which {row.shared} does not have")
            else:
                self.tensors[name] = Tensor(name, shape, dtype, weight=True)
        return names


def _known(symbols: Mapping[str, int], tensors: Iterable[Tensor]) -> None:
    """Refuses a size that is neither a number nor a product of symbols with defaults."""
    good: set[Size] = set()
    for tensor in tensors:
        for size in tensor.shape:
            if size in good:
                continue
            if isinstance(size, str):
                sized(size, symbols)
            elif not whole(size) or size < 0:
                raise WorkloadError(f"{tensor.name} has the size {size!r}; a size is a whole number")
            good.add(size)


def _written(what: Kind, attributes: Mapping[str, Any], tensors: Sequence[Tensor]) -> str:
    """Element type of the outputs: what is told, what the kind always writes, or that of the first numbers it reads."""
    told = attributes.get("dtype") or what.dtype
    return str(told) if told else next((t.dtype for t in tensors if t.scaled), tensors[0].dtype)


def of(operator: Operator) -> Kind:
    """The kind of an operator."""
    return kind(operator.kind)
