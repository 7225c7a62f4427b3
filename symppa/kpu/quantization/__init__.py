"""Numbers in few bits: ranges of activations from samples, scales, and what brings the answers nearer to the network's.

The whole is asked for by `Options`; `prepared` carries it out between the passes `layout` and `quantize`.
"""

from __future__ import annotations

from symppa.kpu.quantization.calibrators import CALIBRATORS as CALIBRATORS
from symppa.kpu.quantization.calibrators import MSE as MSE
from symppa.kpu.quantization.calibrators import Calibrator as Calibrator
from symppa.kpu.quantization.calibrators import Entropy as Entropy
from symppa.kpu.quantization.calibrators import MinMax as MinMax
from symppa.kpu.quantization.calibrators import Percentile as Percentile
from symppa.kpu.quantization.calibrators import calibrator as calibrator
from symppa.kpu.quantization.options import Options as Options
from symppa.kpu.quantization.provider import CalibrationDataProvider as CalibrationDataProvider
