"""Networks as they come: archives of torch.export, ONNX files, live modules, graphs of torch."""

from __future__ import annotations

from symppa.kpu.capture.capture import captured as captured
