"""sensitivity_analysis: a metric of configurations along one parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from symppa.compat.soc import checks
from symppa.compat.soc.configuration import ChipletConfig, Precision, SMConfig, SoCConfig
from symppa.errors import QuestionError, UnknownValueError

Values = TypeVar("Values", bound=Iterable[Any])
Metric = Callable[[SoCConfig], Any]
PARAMETERS = ("num_sms", "chiplet_area", "clock_mhz", "tensor_cores", "fp16_ops_per_cycle")


def sensitivity_analysis(
    base_soc: SoCConfig,
    param_name: str,
    param_values: Values,
    metric: Metric,
    metric_name: str = "",
    *,
    as_coded: bool = False,
) -> tuple[Values, list[Any]]:
    """The values given and the metric at each, every other field as in the base configuration.

    `as_coded` cuts values to whole numbers (areas excepted) and sets the fields that the original forgets to
    copy back to their defaults: memory bandwidth and the descriptive ones. `metric_name` labels only.

    >>> base = SoCConfig()
    >>> sensitivity_analysis(base, "num_sms", [16, 32], lambda soc: soc.total_sms, "SMs")
    ([16, 32], [64, 128])
    """
    checks.instance("base_soc", base_soc, SoCConfig)
    checks.instance("metric_name", metric_name, str)
    if param_name not in PARAMETERS:
        raise UnknownValueError("sensitivity_analysis", str(param_name), PARAMETERS, "parameter")
    if not callable(metric):
        raise QuestionError(f"metric = {metric!r}; expected a function of a SoCConfig")
    base = _forgetful(base_soc, param_name) if as_coded else base_soc
    return param_values, [metric(_changed(base, param_name, _cut(param_name, v, as_coded))) for v in param_values]


def _cut(name: str, value: Any, as_coded: bool) -> Any:
    checks.positive(name, value)
    if name == "chiplet_area" or (not as_coded and not float(value).is_integer()):
        return value
    return int(value)


def _changed(soc: SoCConfig, name: str, value: Any) -> SoCConfig:
    chiplet = soc.chiplet_config
    sm = chiplet.sm_config
    match name:
        case "num_sms":
            chiplet = replace(chiplet, num_sms=value)
        case "chiplet_area":
            chiplet = replace(chiplet, area_mm2=value)
        case "clock_mhz":
            chiplet = replace(chiplet, sm_config=replace(sm, clock_mhz=value))
        case "tensor_cores":
            chiplet = replace(chiplet, sm_config=replace(sm, tensor_cores=value))
        case _:
            rates = {**sm.tensor_core_ops_per_cycle, Precision.FP16: value}
            chiplet = replace(chiplet, sm_config=replace(sm, tensor_core_ops_per_cycle=rates))
    return replace(soc, chiplet_config=chiplet)


def _forgetful(soc: SoCConfig, name: str) -> SoCConfig:
    """The configuration as the original rebuilds it."""
    chiplet = soc.chiplet_config
    sm = chiplet.sm_config
    if name in ("clock_mhz", "tensor_cores", "fp16_ops_per_cycle"):
        sm = SMConfig(
            cuda_cores=sm.cuda_cores,
            tensor_cores=sm.tensor_cores,
            clock_mhz=sm.clock_mhz,
            tensor_core_ops_per_cycle=sm.tensor_core_ops_per_cycle,
        )
    chiplet = ChipletConfig(
        num_sms=chiplet.num_sms, l2_cache_mb=chiplet.l2_cache_mb, area_mm2=chiplet.area_mm2, sm_config=sm
    )
    return SoCConfig(num_chiplets=soc.num_chiplets, hbm3e_stacks=soc.hbm3e_stacks, chiplet_config=chiplet)
