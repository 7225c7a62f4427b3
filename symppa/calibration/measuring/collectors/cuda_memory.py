"""Memory of a run on CUDA: the peak that torch's allocator saw above what was there."""

from __future__ import annotations

from symppa.calibration.measuring.collectors.collector import MEMORY, Collector
from symppa.calibration.measuring.runners.torch_cuda import missing


def begin() -> int:
    """What is allocated now, the peak lowered to it."""
    import torch

    torch.cuda.reset_peak_memory_stats()
    return int(torch.cuda.memory_allocated())


def end(before: int) -> float | None:
    """Bytes that the peak rose by; None where nothing was seen."""
    import torch

    risen = int(torch.cuda.max_memory_allocated()) - before
    return float(risen) if risen > 0 else None


COLLECTOR = Collector("cuda_memory", MEMORY, "cuda", missing, begin, end)
