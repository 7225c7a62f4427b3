"""`torch.compile(model, backend="kpu")`: each graph that torch finds becomes a KPU program.

The compiler of torch takes a module apart into graphs and this backend compiles each of them. Where it is called, the
runtime runs the program: its numbers are those of the KPU, in the precision that was asked for, with the weights that
the module had when it was compiled. What is compiled is for inference: the module has to be in `.eval()`, and outputs
carry no gradients. A program of whole numbers answers once it has been compiled with calibration data.
"""

from __future__ import annotations

import logging
import re
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from symppa.errors import CompilationError, KPUError, suggest
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import Array, KPUProgram
from symppa.kpu.versions import needed_torch

if TYPE_CHECKING:
    from symppa.kpu.runtime import KPURuntime

NAME = "kpu"
LOG = logging.getLogger(__name__)
OPTIONS = ("config", "precision", "programs", "name", "calibration_data", "quantization")
MEMBER = re.compile(r"_(?:modules|parameters|buffers)\['([^']+)'\]")


@dataclass(eq=False)
class Backend:
    """What torch.compile calls; the programs that are still in use are kept by name only, so that none is held."""

    made: list[weakref.ref[KPUProgram]] = field(default_factory=list)

    def __call__(
        self, module: Any, inputs: Sequence[Any], *, options: Mapping[str, Any] | None = None
    ) -> Callable[..., Any]:
        """What the program of a graph answers."""
        from symppa.kpu.compiler import compiled

        told = _options(options)
        run, captured = taken(module, list(inputs), told["config"], told["name"])
        program = compiled(
            captured, told["precision"], told["calibration_data"], quantization=told["quantization"]
        )  # fmt: skip
        run.answers_with(program)
        self._keep(program, told["programs"])
        return run.whole

    def programs(self) -> list[KPUProgram]:
        """The programs of every graph that is compiled and in use, in the order in which torch met them."""
        found = [one() for one in self.made]
        return [program for program in found if program is not None]

    def _keep(self, program: KPUProgram, kept: list[KPUProgram] | None) -> None:
        self.made = [one for one in self.made if one() is not None]
        self.made.append(weakref.ref(program))
        if kept is not None:
            kept.append(program)


@dataclass(eq=False)
class Run:
    """What runs in place of a graph: `graph` in calls of ATen, `whole` as torch calls it, and the program of it.

    As long as there is no program the graph runs as it is. `inputs` are the places of what is no weight.
    """

    inputs: Sequence[int] = ()
    graph: Any = None
    whole: Callable[..., Any] = field(default=lambda *_: None)
    runtime: KPURuntime | None = None
    program: KPUProgram | None = None

    def __call__(self, graph: Any, _: Sequence[Any]) -> Callable[[list[Any]], Any]:
        """The compiler that torch hands its graph."""
        self.graph = graph

        def run(arguments: list[Any]) -> Any:
            return self.graph.forward(*arguments) if self.runtime is None else self._answered(arguments)

        run._boxed_call = True  # type: ignore[attr-defined]  # so torch hands over its arguments in one list
        return run

    def answers_with(self, program: KPUProgram) -> None:
        """Run a program from now on."""
        from symppa.kpu.runtime import KPURuntime

        runtime = KPURuntime(program.target_config)
        runtime.load_program(program)
        self.runtime, self.program = runtime, program

    def _answered(self, arguments: list[Any]) -> list[Any]:
        """The outputs of the graph as the KPU has them, in the element types of torch."""
        import torch

        if self.runtime is None:
            return []
        names = [name for name, *_ in self.runtime.get_input_specs()]
        given = [arguments[place] for place in self.inputs]
        found = self.runtime.execute({name: _array(one) for name, one in zip(names, given, strict=True)})
        if not found.success:
            raise KPUError(found.error_message or "the program gave no answer")
        answers = iter(found.outputs.values())
        device = next((one.device for one in given), torch.device("cpu"))
        return [_tensor(node, answers, device) for node in self.graph.graph.output_node().args[0]]


def _array(tensor: Any) -> Array:
    """A tensor of torch as numpy has it; bfloat16, which numpy lacks, as float32 of the same values."""
    import torch

    plain = tensor.detach().cpu()
    found: Array = (plain.float() if plain.dtype is torch.bfloat16 else plain).numpy()
    return found


def _tensor(node: Any, answers: Iterator[Array], device: Any) -> Any:
    """The next answer, where an output of a graph is a tensor; else the output itself."""
    import torch

    if not hasattr(node, "meta"):
        return node
    told = node.meta.get("val")
    return torch.from_numpy(next(answers).copy()).to(device, told.dtype if told is not None else None)


kpu = Backend()


def programs() -> list[KPUProgram]:
    """The programs of every graph that torch.compile has made with this backend and still uses."""
    return kpu.programs()


def register() -> None:
    """Make the backend known to torch.compile by its name; nothing happens where it is known."""
    needed_torch()
    from torch._dynamo import list_backends, register_backend

    if NAME not in list_backends(exclude_tags=None):
        register_backend(kpu, name=NAME)


def _options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options by name, with what holds where one is not told: a KPU as it is by default, 16 bits where it has them."""
    from symppa.kpu.compiler import supported_precision

    told = dict(options or {})
    for name in told:
        if name not in OPTIONS:
            raise CompilationError(f'torch.compile(backend="kpu") has no option {name!r}{suggest(name, OPTIONS)}')
    config = told.get("config") or KPUConfig()
    if not isinstance(config, KPUConfig):
        raise CompilationError(f"the option 'config' is a KPUConfig, not {type(config).__name__}")
    kept = told.get("programs")
    if kept is not None and not isinstance(kept, list):
        raise CompilationError(f"the option 'programs' is a list, to which programs are added, not {kept!r}")
    known = config.check().supported_precisions
    usual = KPUPrecision.FP16 if KPUPrecision.FP16 in known else known[0]
    precision = supported_precision(told.get("precision", usual), config)
    return {
        "config": config, "precision": precision, "programs": kept, "name": told.get("name") or _numbered(),
        "calibration_data": told.get("calibration_data"), "quantization": told.get("quantization"),
    }  # fmt: skip


def _numbered() -> str:
    """A name by the number that torch gives a graph: of which code, and which time."""
    from torch._guards import CompileContext

    found = CompileContext.current_compile_id()
    return "graph" if found is None else f"graph_{found.frame_id}_{found.frame_compile_id}"


def taken(module: Any, inputs: list[Any], config: KPUConfig, name: str) -> tuple[Run, KPUProgram]:
    """A graph of torch.compile, taken apart into ATen by torch: what runs it, and the program before any pass."""
    needed_torch()
    import torch
    from torch._dynamo.backends.common import aot_autograd

    from symppa.kpu.capture.modules import program_of_graph

    placed, said = _placed(module, inputs)
    run = Run([place for place, (_, value, weight) in enumerate(placed) if not weight and not isinstance(value, int)])
    with torch.no_grad():
        run.whole = aot_autograd(fw_compiler=run, inference_compiler=run, decompositions=_apart())(module, inputs)
        made = program_of_graph(run.graph, placed, config, name)
    return run, replace(made, facts={**made.facts, "specialised": said}) if said else made


def _placed(module: Any, inputs: list[Any]) -> tuple[list[tuple[str, Any, bool]], list[str]]:
    """Name, value and whether it is a weight, of everything that the graph will read; and the sizes that were fixed."""
    import torch

    from symppa.workloads.torch.capture import is_weight

    own = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    nodes = [node for node in module.graph.nodes if node.op == "placeholder"]
    found, said = [(name, value, True) for name, value in own], _fixed(nodes, inputs)
    for node, value in zip(nodes, inputs, strict=True):
        if isinstance(value, int | torch.SymInt):
            found.append((str(node.target), int(value), False))
        elif isinstance(value, torch.Tensor):
            found.append((_named(node), value, is_weight(node, value)))
        else:
            raise CompilationError(f"the graph reads {node.target}, a {type(value).__name__}, and no tensor")
    for sentence in said:
        LOG.warning(sentence)
    return found, said


def _fixed(nodes: Sequence[Any], inputs: Sequence[Any]) -> list[str]:
    """Fixes sizes that torch leaves open at those of this call, and says which; for others torch compiles anew."""
    import torch

    found = []
    for node, tensor in zip(nodes, inputs, strict=True):
        if isinstance(tensor, torch.Tensor):
            shape = node.meta.get("example_value", tensor).shape
            opened = [place for place, size in enumerate(shape) if not isinstance(size, int)]
            # A number made of a size tells torch that the graph holds for this one alone.
            found += [f"{_named(node)}: axis {place} is open and became {int(shape[place])}" for place in opened]
    return found


def _named(node: Any) -> str:
    """The name of what torch reads: that of a weight in its module, or that of an argument."""
    source: Any = getattr(node.meta.get("grapharg"), "source", None)
    name = getattr(source, "name", "")
    text = str(name() if callable(name) else name)
    members = MEMBER.findall(text)
    if members:
        return ".".join(members)
    return re.sub(r"^[Ll]_|_$", "", str(node.target))


def _apart() -> dict[Any, Any]:
    """How torch takes apart what has no row."""
    from torch._decomp import core_aten_decompositions

    from symppa.kpu.lower.aten.graph import RULES

    table: Any = core_aten_decompositions()  # type: ignore[no-untyped-call, unused-ignore]
    return {
        target: rule for target, rule in table.items()
        if str(getattr(target, "overloadpacket", target).__name__).rstrip("_") not in RULES
    }  # fmt: skip
