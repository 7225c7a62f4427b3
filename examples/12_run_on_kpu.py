"""A small network run on a KPU: its numbers, what they take tile by tile, and where the arrays wait."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from symppa.kpu import KPUCompiler, KPUConfig, KPURuntime, KPUSimulator, SimulationMode

torch.manual_seed(0)
parts = [nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(64, 64, 3, padding=1), nn.SiLU()]
net = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(1024, 1000)).eval()
rng = np.random.default_rng(0)
samples = (rng.normal(size=(1, 3, 64, 64)).astype(np.float32) for _ in range(100))
image = rng.normal(size=(1, 3, 64, 64)).astype(np.float32)
example = torch.from_numpy(image)
program = KPUCompiler().compile(net, KPUConfig(), "int8", samples, example_inputs=(example,), name="small")

runtime = KPURuntime()
runtime.load_program(program)
result = runtime.execute({program.input_ids[0]: image}, SimulationMode.CYCLE_ACCURATE)
found, exact = result.outputs[program.output_ids[0]], net(example).detach().numpy()
print(f"outputs differ from torch by {abs(found - exact).max() / abs(exact).max():.0%} of the largest at most")

told = result.metrics
parts = f"{told.compute_cycles} work, {told.memory_stall_cycles} wait, {told.other_cycles} else"
print(f"{told.total_cycles} cycles: {parts}; at least {program.estimated_total_cycles}")
print(f"{told.total_time_us:.1f} us, {told.total_energy_uj:.1f} uJ, {told.average_power_watts:.2f} W on average")
for name, one in sorted(told.op_metrics.items(), key=lambda pair: -pair[1]["memory_stall_cycles"])[:2]:
    bus = one["dram_cycles"] / one["total_cycles"]
    print(f"  {name}: {one['memory_stall_cycles']} of {one['total_cycles']} cycles wait, memory bus {bus:.0%} busy")

simulator = KPUSimulator(program)
simulator.step(told.total_cycles // 2)
print(f"half-way: {simulator.get_state()['operator']}, {len(simulator.get_memory_trace())} transfers")
simulator.run_until_complete()
energy = sum(watts * (end - start) for (start, watts), (end, _) in pairwise(simulator.get_power_trace())) / 500
print(f"the power trace adds up to {energy:.1f} uJ")
