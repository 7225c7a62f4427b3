"""The versions of torch that the compiler of the KPU works with."""

from __future__ import annotations

import re
from typing import Any

from symppa.errors import CompilationError
from symppa.workloads.torch.exporting import needed

# torch.export writes its archives without pickles from here on, and its graphs say what they were made of.
LEAST = (2, 9)


def needed_torch() -> Any:
    """The package torch, in a version that is new enough."""
    torch = needed("compiling a network of torch for a KPU")
    told = tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2])
    if told < LEAST:
        raise CompilationError(
            f"torch {torch.__version__} is too old: compiling for a KPU needs {'.'.join(map(str, LEAST))} or newer"
        )
    return torch
