"""A program on a KPU event by event: every tile over two buses and through the arrays, its time, bytes and energy.

`KPUSimulator(program)` goes through it cycle by cycle; `.metrics(mode)` is what an execution in a mode tells. It does
not depend on the numbers that come in, so that a runtime asks once for a program.
"""

from symppa.kpu.simulator.simulator import KPUSimulator

__all__ = ["KPUSimulator"]
