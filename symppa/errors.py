"""Every exception: each names what was found, where, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known ones, or all of them when few."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=3)
    tails = [n for n in names if n.rsplit(".", 1)[-1] == name.rsplit(".", 1)[-1]]
    found = list(dict.fromkeys([*tails[:3], *near]))
    if found:
        return f"; did you mean {', '.join(found)}?"
    if not names:
        return "; it has none"
    more = f", ... ({len(names)} in all)" if len(names) > 12 else ""
    return f"; there are {', '.join(names[:12])}{more}"


class SymppaError(Exception):
    """Base of everything raised on purpose; the border adds the file and the line."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.file, self.line = message, file, line

    def at(self, file: str | None, line: int | None) -> SymppaError:
        """The same error with its place, unless it already has one."""
        if self.file is None:
            self.file, self.line = file, line
        return self

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self), self.message, self.file, self.line)


def _revive(cls: type[SymppaError], message: str, file: str | None, line: int | None) -> SymppaError:
    error = cls.__new__(cls)
    SymppaError.__init__(error, message, file=file, line=line)
    return error


class UnitError(SymppaError):
    """A text is no unit, or a value has no unit where one is due."""


class WrongUnitError(UnitError):
    """A value measures something else than its given."""

    def __init__(self, name: str, value: object, unit: str, meaning: str = "") -> None:
        what = f" ({meaning})" if meaning else ""
        want = "a pure number" if unit in ("", "1") else unit
        super().__init__(f"{name} = {value} does not measure {want}{what}")


class DimensionError(SymppaError):
    """A class body combines or equates unlike things; lists every violation."""


class WiringError(SymppaError):
    """A wire, a slot or a reference names something that is not there."""


class DeclarationError(SymppaError):
    """A given, formula or expression is not written as the language asks."""


class UnknownValueError(SymppaError):
    """A value is set that the model does not have."""

    def __init__(self, model: str, name: str, known: Iterable[str], what: str = "given") -> None:
        super().__init__(f"{model} has no {what} {name!r}{suggest(name, known)}")


class MissingValueError(SymppaError):
    """A given, a table or a set has no value."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__("no value for " + "; ".join(missing))


class DomainError(SymppaError):
    """A value lies outside the domain of its given."""


class ShapeError(SymppaError):
    """An array does not fit the sets and axes its given stands over."""


class UndefinedResultError(SymppaError):
    """An output has no finite value for these inputs."""


class UnsupportedError(SymppaError):
    """A reading cannot express an operation; names the operation and the formula."""


class NoCompilerError(SymppaError):
    """No native code here: no compiler, one that fails, or no place to keep what it makes."""


class MissingPackageError(SymppaError):
    """An optional package is not installed; names the extra that brings it."""

    def __init__(self, package: str, extra: str, what: str) -> None:
        super().__init__(f"{what} needs {package}, which is not installed: pip install 'symppa[{extra}]'")


class ClusterError(SymppaError):
    """A cluster cannot be reached, differs from this installation, or lost the work."""


class DescriptionError(SymppaError):
    """A description file is malformed, refused or not found."""


class WorkloadError(SymppaError):
    """A workload is malformed, or has operators that are not known; names all of them."""


class MeasurementError(SymppaError):
    """Measurements are damaged, contradictory or of an unknown layout; names the rows."""


class QuestionError(SymppaError):
    """A question (axis, limit, reducer, output) does not fit the model."""


class AnswerIsNo(SymppaError):
    """The question was fine and the answer is no: nothing feasible, or out of tolerance."""


class UnknownNameError(WiringError, AttributeError):
    """A model has no declaration or part of that name."""

    def __init__(self, model: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"{model} has no {name!r}{suggest(name, known)}")


class KPUError(SymppaError):
    """Base of what can go wrong between a network and a KPU."""


class KPUConfigError(KPUError):
    """A configuration of a KPU contradicts itself or has what is not known."""


class KPUFileError(KPUError):
    """A .kpu file is damaged, foreign, newer or for another configuration."""


class InvalidInputError(KPUError):
    """An input has another name, shape or format than the program expects."""


class QuantizationError(KPUError):
    """Numbers cannot be brought into the format: too few samples, or values that are none."""


class DeploymentError(KPUError):
    """What is asked of a deployment is incomplete, unknown or contradicts itself."""


class TrainingError(KPUError):
    """Trained weights are not there, or cannot be kept."""


class CompilationError(KPUError):
    """A network cannot be compiled."""


class UnsupportedOpError(CompilationError):
    """A network has operators that the KPU lacks; names all of them."""

    def __init__(self, ops: Sequence[str]) -> None:
        self.ops = list(ops)
        super().__init__(f"Unsupported operators: {', '.join(self.ops)}")


class MemoryExceededError(KPUError):
    """A network needs more memory than there is; `memory_type` is DRAM, SRAM, or L1 SRAM and L2 SRAM.

    >>> str(MemoryExceededError(512 * 1024, 256 * 1024))
    'SRAM memory exceeded: 512KB required, 256KB available'
    """

    def __init__(self, required: int, available: int, memory_type: str = "SRAM", who: str = "") -> None:
        self.required, self.available, self.memory_type = required, available, memory_type
        level, _, kind = memory_type.rpartition(" ")
        sizes = (_kib(required), _kib(available))
        need, room = sizes if sizes[0] != sizes[1] else (f"{required}B", f"{available}B")
        behind = " ".join(told for told in (level and f"in {level}", who and f"by {who}") if told)
        super().__init__(f"{kind} memory exceeded: {need} required, {room} available" + (behind and f" {behind}"))


def _kib(size: int) -> str:
    """Bytes as the messages of the KPU say them: 1KB is 1024 byte, and a part of one counts as a whole."""
    return f"{-(-size // 1024)}KB"
