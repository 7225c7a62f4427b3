"""A small residual network compiled for a KPU: what a run takes, where it waits, and how small L1 may be."""

import torch
from torch import nn

import symppa
from symppa.kpu import KPUCompiler, KPUConfig
from symppa.kpu.network import described, with_l1_sizes


class Block(nn.Module):
    """Two convolutions, and what came in added to what comes out."""

    def __init__(self, width):
        super().__init__()
        parts = [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        self.path = nn.Sequential(*parts, nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width))

    def forward(self, x):
        return torch.relu(x + self.path(x))


stem = [nn.Conv2d(3, 64, 7, stride=2, padding=3), nn.BatchNorm2d(64), nn.SiLU()]
net = nn.Sequential(*stem, Block(64), Block(64), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
image = torch.zeros(1, 3, 64, 64)
program = KPUCompiler().compile(net, KPUConfig(), "int8", example_inputs=(image,), name="small")

print(f"{len(program.ops)} operators, {program.facts['fused']}, {program.weight_bytes} bytes of weights")
for op in sorted(program.ops, key=lambda op: -op.estimated_cycles)[:3]:
    tiles = " ".join(f"{side}{size}" for side, size in op.tiling.tile_sizes.items())
    print(f"  {op.id:12}{op.estimated_cycles:6} cycles, tiles {tiles}, {op.tiling.certificate['status']}")
run = symppa.evaluate(described(program))
print(f"{run['latency']:.4g} ms, {run['throughput']:.0f} images a second, {run['power']:.3g} W")

sizes = {f"{kib} KiB": 1024 * kib for kib in (4, 8, 16, 32, 64)}
limits = {"latency": f"<= {1.1 * float(run['latency']):.4f} ms"}
many = described(with_l1_sizes(program, sizes.values()))
found = symppa.design(system=many, minimize="buffer", subject_to=limits, free={"chip.l1": {"choices": [*sizes]}})
print(f"{found.facts['status']}: {found['buffer']:g} KiB of L1 keep it within a tenth of that")
