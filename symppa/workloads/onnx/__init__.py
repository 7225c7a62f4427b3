"""Networks of ONNX."""

from __future__ import annotations

from symppa.workloads.onnx.model import load_onnx as load_onnx
