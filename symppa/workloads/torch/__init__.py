"""Networks of PyTorch: modules, graphs of torch.fx, exported programs and their archives."""

from __future__ import annotations

from symppa.workloads.torch.archive import load_archive as load_archive
from symppa.workloads.torch.capture import Capture as Capture
from symppa.workloads.torch.exporting import load_workload as load_workload
from symppa.workloads.torch.exporting import zeros as zeros
