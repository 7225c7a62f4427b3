"""The Python names of the original chiplet SoC calculator; every number comes from the chiplet SoC models.

>>> soc = SoCConfig(num_chiplets=4, hbm3e_stacks=8, chiplet_config=ChipletConfig(num_sms=16))
>>> PerformanceModel(soc).peak_compute(Precision.FP16)
65.536
>>> PowerModel(soc).total_power(utilization=1.0)
267.2
"""

from symppa.compat.soc.configuration import ChipletConfig, Precision, SMConfig, SoCConfig
from symppa.compat.soc.exploration import ArchitectureVariant
from symppa.compat.soc.performance import PerformanceModel
from symppa.compat.soc.power import PowerModel
from symppa.compat.soc.scaling import ScalingModel
from symppa.compat.soc.variation import sensitivity_analysis

__all__ = [
    "ArchitectureVariant",
    "ChipletConfig",
    "PerformanceModel",
    "PowerModel",
    "Precision",
    "SMConfig",
    "ScalingModel",
    "SoCConfig",
    "sensitivity_analysis",
]
