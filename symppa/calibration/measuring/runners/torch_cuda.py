"""torch on the first CUDA device."""

from __future__ import annotations

from symppa.calibration.measuring.cases import Case
from symppa.calibration.measuring.runners import torch_cpu, torch_graph, torch_operators
from symppa.calibration.measuring.runners.runner import Call, Graphs, Runner, unknown
from symppa.calibration.readers.reader import device


def missing() -> str:
    """Why torch does not run on CUDA here."""
    if absent := torch_cpu.missing():
        return absent
    import torch

    return "" if torch.cuda.is_available() else "torch sees no CUDA device"


def _refused(case: Case) -> str:
    if case.op == "network":
        return "" if case.dtype in torch_operators.FORMATS else f"torch on CUDA runs no {case.dtype}"
    return unknown(case, torch_operators.BUILDERS, torch_operators.FORMATS, "torch on CUDA")


def _prepared(case: Case, graphs: Graphs) -> Call:
    import torch

    torch.backends.cuda.matmul.allow_tf32 = case.dtype == "tf32"
    torch.backends.cudnn.allow_tf32 = case.dtype == "tf32"
    if case.op == "network":
        return torch_graph.built(case, graphs(case.network), "cuda")
    return torch_operators.built(case, "cuda")


def _device() -> str:
    import torch

    return device(torch.cuda.get_device_name(0))


def _version() -> str:
    import torch

    return f"{torch.__version__}, CUDA {torch.version.cuda}"


def _wait() -> None:
    import torch

    torch.cuda.synchronize()


RUNNER = Runner("torch-cuda", "cuda", missing, _refused, _prepared, _device, _version, _wait)
