"""The compiler: a network in, a program for a KPU out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symppa.errors import CompilationError, MemoryExceededError, SymppaError, suggest
from symppa.kpu.interface.config import KPUConfig
from symppa.kpu.interface.interfaces import KPUCompilerInterface
from symppa.kpu.interface.kinds import KPUPrecision
from symppa.kpu.interface.program import Array, KPUProgram
from symppa.kpu.wiring import Pass

if TYPE_CHECKING:
    from symppa.kpu.quantization.options import Options


class KPUCompiler(KPUCompilerInterface):
    """From a network to a program, by the passes of `kpu.passes`.

    A network is the path of a torch.export archive or an ONNX file, or a live module of torch with `example_inputs`.
    """

    def compile(
        self,
        model_path: Any,
        config: KPUConfig,
        precision: KPUPrecision | str,
        calibration_data: Iterator[Array] | Iterable[Any] | None = None,
        *,
        layout: str | None = None,
        quantization: Options | Mapping[str, Any] | None = None,
        progress: Callable[[str], None] | None = None,
        **how: Any,
    ) -> KPUProgram:
        """The program of a network for a configuration, in a format.

        With `calibration_data`, at least 100 samples, activations of whole numbers have their scales; without, the
        program is complete but for them, and its facts say so. `quantization` says how they are found, and what else is
        done for near answers (`kpu.quantization.Options`). `layout` is NCHW or NHWC where one is wanted. How the
        network is read (`input_shape`, `example_inputs`, `trust_pickle`, `name`) is told to `kpu.capture.captured`.
        `progress` hears of each step before it begins: "capture", "calibrate" where there are data, and the passes.
        """
        from symppa.kpu.quantization.options import Options

        wanted, quantization = supported_precision(precision, config), Options.of(quantization)
        if progress is not None:
            progress("capture")
        program = _captured(model_path, config, how)
        return compiled(
            program, wanted, calibration_data, layout=layout, quantization=quantization, progress=progress
        )  # fmt: skip

    def validate_model(self, model_path: Any, config: KPUConfig, **how: Any) -> list[str]:
        """What stands in the way of compiling, a sentence each; empty where nothing does. Nothing is compiled."""
        found = config.validate()
        if found:
            return found
        try:
            program = _captured(model_path, config, how)
        except SymppaError as error:
            return [str(error)]
        bits = min(one.bits for one in config.supported_precisions)
        least = sum(one.elements for one in program.tensors.values() if one.is_weight) * bits // 8
        room = config.memory.dram_bytes
        return [str(MemoryExceededError(least, room, "DRAM"))] if least > room else []

    def estimate_memory(
        self, model_path: Any, config: KPUConfig, precision: KPUPrecision | str, **how: Any
    ) -> dict[str, int]:
        """Bytes by what they are of: weights, activations, peak_sram, peak_dram; those of the compiled program.

        Activations are all that operators read and write between themselves, each once; what is alive at a time is in
        the peaks. The weights are not written out.
        """
        wanted = supported_precision(precision, config)
        program = compiled(_captured(model_path, config, how), wanted, last="prefetch")
        return {
            "weights": program.weight_bytes, "activations": program.activation_bytes,
            "peak_sram": program.peak_sram_bytes, "peak_dram": program.peak_dram_bytes,
        }  # fmt: skip

    def get_supported_ops(self, config: KPUConfig | None = None) -> list[str]:
        """The operators that compile for a configuration, by their names in ONNX."""
        return list((config or KPUConfig()).operators)


def compiled(
    program: KPUProgram,
    precision: KPUPrecision | str,
    calibration_data: Iterable[Any] | None = None,
    *,
    layout: str | None = None,
    quantization: Options | Mapping[str, Any] | None = None,
    last: str = "pack",
    progress: Callable[[str], None] | None = None,
) -> KPUProgram:
    """A captured network after all passes, or those up to the last one that is wanted."""
    from symppa.kpu.passes import PASSES, applied
    from symppa.kpu.passes.layout import layout as laid_out
    from symppa.kpu.quantization.options import Options
    from symppa.kpu.quantization.prepare import prepared

    wanted = supported_precision(precision, program.target_config)
    begin, end = PASSES.index("layout") + 1, PASSES.index(last) + 1
    steps: dict[str, Pass] = {"layout": partial(laid_out, wanted=layout)}
    program = applied(replace(program, precision=wanted), PASSES[:begin], steps, progress)
    if "quantize" in PASSES[begin:end]:
        told = Options.of(quantization)
        program, steps["quantize"] = prepared(program, calibration_data, told, progress or (lambda _: None))
    return applied(program, PASSES[begin:end], steps, progress)


def supported_precision(precision: KPUPrecision | str, config: KPUConfig) -> KPUPrecision:
    """A precision that a configuration has; another one is refused."""
    try:
        wanted = KPUPrecision(precision)
    except ValueError:
        near = suggest(str(precision), [one.value for one in KPUPrecision])
        raise CompilationError(f"there is no precision {precision!r}{near}") from None
    known = config.check().supported_precisions
    if wanted not in known:
        raise CompilationError(
            f"{config.name} has no {wanted.value}; it has {', '.join(one.value for one in known)} "
            "(supported_precisions)"
        )
    return wanted


def _captured(model: Any, config: KPUConfig, how: Mapping[str, Any]) -> KPUProgram:
    from symppa.kpu.capture import captured

    return captured(Path(model) if isinstance(model, str) else model, config, **how)
