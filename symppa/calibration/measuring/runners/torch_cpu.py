"""torch on the CPU."""

from __future__ import annotations

from importlib.util import find_spec

from symppa.calibration.measuring import machine
from symppa.calibration.measuring.cases import Case
from symppa.calibration.measuring.runners import torch_graph, torch_operators
from symppa.calibration.measuring.runners.runner import Call, Graphs, Runner, nothing, unknown

FORMATS = {name: told for name, told in torch_operators.FORMATS.items() if name != "tf32"}


def missing() -> str:
    """Why torch does not run here."""
    return "" if find_spec("torch") else "torch is not installed: pip install 'symppa[torch]'"


def _refused(case: Case) -> str:
    if case.op == "network":
        return "" if case.dtype in FORMATS else f"torch on the CPU runs no {case.dtype}"
    return unknown(case, torch_operators.BUILDERS, FORMATS, "torch on the CPU")


def _prepared(case: Case, graphs: Graphs) -> Call:
    if case.op == "network":
        return torch_graph.built(case, graphs(case.network), "cpu")
    return torch_operators.built(case, "cpu")


def _version() -> str:
    import torch

    return f"{torch.__version__}, threads {torch.get_num_threads()}"


RUNNER = Runner("torch-cpu", "cpu", missing, _refused, _prepared, machine.cpu, _version, nothing)
