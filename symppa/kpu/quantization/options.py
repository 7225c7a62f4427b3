"""What is asked of quantization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from symppa.errors import QuantizationError, suggest
from symppa.kpu.quantization.calibrators import Calibrator, calibrator


@dataclass(frozen=True)
class Options:
    """How numbers are brought into few bits; it needs samples, all but `per_channel` and `keep`.

    Parameters
    ----------
    calibrator
        How ranges of activations are chosen: minmax, mse, entropy, percentile (`percentile:99.99`), or one's own.
    per_channel
        A scale for each output channel of weights, or one for all of them.
    equalise
        Channels of activations are brought to like ranges by powers of two, which the weights that read them undo.
    correct_biases
        The mean error of each channel, over samples, is taken off its bias.
    keep
        Names of operators whose products are of 16 bits.
    tolerance
        The most sensitive operators are kept at 16 bits until the answers differ by less than this share of the
        largest one, over samples.
    """

    calibrator: Calibrator | str = "minmax"
    per_channel: bool = True
    equalise: bool = False
    correct_biases: bool = True
    keep: Sequence[str] = ()
    tolerance: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "calibrator", calibrator(self.calibrator))
        object.__setattr__(self, "keep", (self.keep,) if isinstance(self.keep, str) else tuple(self.keep))
        if self.tolerance is not None and not self.tolerance > 0:
            raise QuantizationError(f"a tolerance of {self.tolerance:g} is never met: it is above 0, as 0.01")

    @property
    def chosen(self) -> Calibrator:
        """The calibrator itself."""
        return calibrator(self.calibrator)

    @classmethod
    def of(cls, told: Options | Mapping[str, Any] | None) -> Options:
        """Options as they are, or from their names."""
        if told is None or isinstance(told, Options):
            return told or cls()
        if not isinstance(told, Mapping):
            raise QuantizationError(f"quantization is told by Options or by their names, not by {told!r}")
        names = [one.name for one in fields(cls)]
        for name in told:
            if name not in names:
                raise QuantizationError(f"quantization has no option {name!r}{suggest(str(name), names)}")
        return cls(**told)
