"""A program and its values as plain data, from which any process makes the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from symppa.engine.grid import Grid
from symppa.engine.program import Program
from symppa.engine.windows import Window
from symppa.errors import ClusterError
from symppa.version import __version__


@dataclass(frozen=True)
class Ground:
    """A program and its values as plain data: what every window is computed from, wherever that is."""

    program: str
    values: Mapping[str, Any]
    version: str = __version__

    @classmethod
    def of(cls, program: Program, values: Mapping[str, Any]) -> Ground:
        """The ground of a grid."""
        return cls(program.to_json(), {name: plain(value) for name, value in values.items()})

    @cached_property
    def whole(self) -> Grid:
        """The grid of all designs."""
        if self.version != __version__:
            raise ClusterError(f"a worker has symppa {__version__}, this is symppa {self.version}: install one of them")
        return Grid(Program.from_json(self.program), self.values)

    def grid(self, window: Window) -> Grid:
        """A part of it."""
        return self.whole.part(window)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


def plain(value: Any) -> Any:
    """A value without types of other packages but numpy's."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        return (value.magnitude, str(value.units))
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value
