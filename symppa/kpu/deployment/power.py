"""Whether a program takes the power that was predicted, and stays within a budget and the device's limit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any

from symppa.engine import cache
from symppa.engine.program import Program
from symppa.kpu.deployment.settings import PowerConfig
from symppa.kpu.hardware import costs
from symppa.kpu.interface.interfaces import KPURuntimeInterface
from symppa.kpu.interface.kinds import SimulationMode
from symppa.kpu.interface.program import Array, KPUProgram
from symppa.kpu.interface.results import KPUPerformanceMetrics

LAW = "symppa.library.laws.load_power:LoadPower"


@dataclass(frozen=True)
class PowerReport:
    """Average power in W as measured on the runtime, as the compiler predicts it and as the load does.

    `failures` say what does not hold, a sentence each. The prediction by load knows only how busy the arrays are: it is
    told, and nothing is held against it.
    """

    measured: float
    predicted: float
    by_load: float
    limit: float
    budget: float | None
    tolerance: float
    iterations: int
    failures: tuple[str, ...]

    @property
    def deviation(self) -> float:
        """Of what was measured from what was predicted, in percent of that."""
        return 100 * (self.measured - self.predicted) / self.predicted

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return not self.failures


def power_report(
    program: KPUProgram, runtime: KPURuntimeInterface, inputs: dict[str, Array], settings: PowerConfig
) -> PowerReport:
    """Measure a loaded program's average power, and compare."""
    measured, metrics, count = measure(runtime, inputs, settings)
    compute = program.target_config.compute
    predicted = predicted_power(program)
    failures = []
    if measured > compute.tdp_watts:
        failures.append(f"{measured:.3g} W is above the thermal design power of {compute.tdp_watts:g} W")
    budget = settings.power_budget_watts
    if budget is not None and measured > budget:
        failures.append(f"{measured:.3g} W is above the budget of {budget:g} W")
    if abs(measured - predicted) > settings.tolerance_percent / 100 * predicted:
        failures.append(
            f"{measured:.3g} W is not within {settings.tolerance_percent:g} % of the {predicted:.3g} W predicted"
        )
    by_load = power_at_load(program, metrics.compute_utilization)
    return PowerReport(
        measured, predicted, by_load, compute.tdp_watts, budget, settings.tolerance_percent, count, tuple(failures)
    )


def measure(
    runtime: KPURuntimeInterface, inputs: dict[str, Array], settings: PowerConfig
) -> tuple[float, KPUPerformanceMetrics, int]:
    """Average power in W over runs, the last run's metrics, and how many runs were measured.

    Runs end with the number or the time that the settings tell, or as soon as two of them say exactly the same: a
    simulation repeats itself, and has nothing to warm up.
    """
    found: list[KPUPerformanceMetrics] = []
    begun = perf_counter()
    warm = settings.warmup_iterations
    for number in range(warm + max(1, settings.measurement_iterations)):
        result = runtime.execute(inputs, SimulationMode.POWER_TRACE)
        found.append(_checked(result))
        same = len(found) > 1 and found[-1].average_power_watts == found[-2].average_power_watts
        if same or (number >= warm and perf_counter() - begun >= settings.measurement_duration_sec):
            break
    kept = found[warm:] or found[-1:]
    return sum(one.average_power_watts for one in kept) / len(kept), found[-1], len(kept)


def predicted_power(program: KPUProgram) -> float:
    """Average power in W by the compiler's estimates: energy over time."""
    seconds = program.estimated_total_cycles / (program.target_config.compute.clock_mhz * 1e6)
    return program.estimated_total_energy_uj * 1e-6 / seconds if seconds else program.target_config.compute.idle_watts


def power_at_load(program: KPUProgram, load: float) -> float:
    """Average power in W where the arrays use a share of their peak rate, by the library's law of load."""
    config = program.target_config
    told = {"idle": config.compute.idle_watts, "full": costs(config, program.precision).full_power, "load": load}
    return float(_law()(told)["power"])


@lru_cache(maxsize=1)
def _law() -> Program:
    name = cache.key(tuple(LAW.split(":")), ("power",))
    found = cache.fetch(name)
    if found is None:
        from symppa.engine.compile import compile
        from symppa.library.laws.load_power import LoadPower

        found = compile(LoadPower(), ["power"])
        cache.store(name, found)
    return found


def _checked(result: Any) -> KPUPerformanceMetrics:
    from symppa.errors import DeploymentError

    if not result.success:
        raise DeploymentError(f"the runtime failed: {result.error_message}")
    found: KPUPerformanceMetrics = result.metrics
    return found
