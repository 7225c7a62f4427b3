"""Imports go downwards, and each package from outside is met only where it lives."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.tree import ROOT, parsed, shown, sources

# Lowest first. Rooms of one layer do not know each other.
LAYERS = (
    ("errors", "version", "store"),
    ("units",),
    ("language",),
    ("engine",),
    ("library",),
    ("descriptions",),
    ("workloads",),
    ("calibration",),
    ("studies",),
    ("exports", "kpu"),
    ("reports",),
    ("compat", "cli"),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
FRONT = ("__init__", "__main__")
# A result and a model show themselves in a notebook: their methods open the reports, once called.
# A description may be a network on a device, or a compiled program: who reads those is opened once one is met.
SHOWING = {
    "studies.result": ("reports",), "language.model": ("reports",), "descriptions.load": ("workloads", "kpu"),
}  # fmt: skip


class Home(NamedTuple):
    """Patterns of modules that may import a package: while loading, or only inside a function."""

    loading: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


EVERYWHERE = ("*",)
PACKAGES = {
    "numpy": Home(loading=EVERYWHERE),
    "sympy": Home(loading=("language.*", "library.*", "engine.compile", "engine.lowering", "engine.needs")),
    "pint": Home(inside=("units", "language.*", "descriptions.*")),
    "yaml": Home(loading=("descriptions.*",)),
    "pydantic": Home(loading=("descriptions.*", "workloads.*", "calibration.*")),
    "click": Home(loading=("cli.*", "compat.*")),
    "rich": Home(loading=("reports.*",), inside=("cli.*", "compat.*")),
    "scipy": Home(inside=("engine.*", "studies.*", "calibration.*", "kpu.numbers")),
    "clarabel": Home(inside=("studies.design.convex.cones",)),
    "cvxpy": Home(inside=("engine.geometric", "engine.affine", "studies.design.*", "studies.design")),
    "pandas": Home(inside=("studies.*", "calibration.*", "reports.*")),
    "xarray": Home(inside=("studies.*", "calibration.*", "reports.*")),
    "pyarrow": Home(inside=("studies.*", "reports.*")),
    "openpyxl": Home(inside=("exports.*",)),
    "matplotlib": Home(inside=("reports.plot*",)),
    "torch": Home(
        loading=("kpu.networks.*",),
        inside=("workloads.torch*", "kpu.*", "calibration.measuring.*"),
    ),
    "PIL": Home(inside=("kpu.deployment.images",)),
    "sklearn": Home(inside=("kpu.accuracy.data",)),
    "safetensors": Home(inside=("workloads.torch*", "kpu.*")),
    "onnx": Home(inside=("workloads.onnx*", "kpu.lower.onnx.*")),
    "google": Home(inside=("workloads.onnx*", "kpu.capture.models")),
    "tflite": Home(inside=("workloads.tflite",)),
    "dask": Home(inside=("engine.*", "studies.*")),
    "distributed": Home(inside=("engine.*", "studies.*")),
    "zarr": Home(inside=("studies.*",)),
}


class Import(NamedTuple):
    """What a statement brings in, where, and when it runs."""

    module: str
    line: int
    deferred: bool
    typing_only: bool


def imports(tree: ast.Module) -> Iterator[Import]:
    return _imports(tree, deferred=False, typing_only=False)


def _imports(node: ast.AST, deferred: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for module in _imported(child):
            yield Import(module, child.lineno, deferred, typing_only)  # type: ignore[attr-defined]
        inner = deferred or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        guarded = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        yield from _imports(child, inner, typing_only or guarded)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}:{alias.name}" for alias in node.names]
    is_call = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")
    if is_call and node.args and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
        return [str(node.args[0].value)]  # type: ignore[attr-defined]
    return []


def dotted(path: Path) -> str:
    """`engine.grid` for symppa/engine/grid.py; a package is known by its `__init__`."""
    return ".".join(path.relative_to(ROOT / "symppa").with_suffix("").parts)


def room_of(imported: str) -> str:
    """The room of symppa an import enters; `__init__` when it goes through the front door."""
    parts = imported.replace(":", ".").split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LEVEL else "__init__"


def upward(module: str, tree: ast.Module) -> list[str]:
    room = module.split(".")[0]
    if room in FRONT:
        return []
    found = []
    for item in imports(tree):
        if item.module.startswith("."):
            found.append(f"{module}:{item.line} imports relatively: {item.module}")
        elif item.module.split(":")[0].split(".")[0] == "symppa":
            other = room_of(item.module)
            if item.deferred and other in SHOWING.get(module, ()):
                continue
            if other == "__init__" and room in LAYERS[-1]:  # the top asks its questions through the front door
                continue
            if other != room and LEVEL.get(other, len(LAYERS)) >= LEVEL[room]:
                found.append(f"{module}:{item.line} imports {other}, which is not below {room}")
    return found


def misplaced(module: str, tree: ast.Module) -> list[str]:
    found = []
    for item in imports(tree):
        package = item.module.split(":")[0].split(".")[0]
        if item.typing_only or package in {"symppa", ""} or package in sys.stdlib_module_names:
            continue
        home = PACKAGES.get(package, Home())
        allowed = home.loading + (home.inside if item.deferred else ())
        if not any(fnmatchcase(module, pattern) for pattern in allowed):
            moved = ", or inside a function only" if not item.deferred else ""
            found.append(f"{module}:{item.line} imports {package}, which does not live here{moved}")
    return found


def test_every_module_stands_in_a_layer():
    rooms = {dotted(path).split(".")[0] for path in sources("symppa")}
    assert rooms
    assert rooms <= {*LEVEL, *FRONT}


def test_no_layer_imports_one_above_it():
    found = [text for path in sources("symppa") for text in upward(dotted(path), parsed(path))]
    assert not found, "\n".join(found)


def test_each_package_is_imported_only_where_it_lives():
    found = [text for path in sources("symppa") for text in misplaced(dotted(path), parsed(path))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("engine.grid", "from symppa.studies import sweep"),
        ("engine.grid", "from symppa import evaluate"),
        ("engine.grid", "def f():\n    import symppa.studies.sweep"),
        ("units", "from symppa import language"),
        ("compat.soc", "from symppa.cli import main"),
        ("studies.sweep", "import symppa"),
        ("engine.grid", "from .program import compile"),
        ("language.model", "importlib.import_module('symppa.engine.grid')"),
    ],
)
def test_an_upward_import_is_seen(module, code):
    assert len(upward(module, ast.parse(code))) == 1


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("reports.plot", "import matplotlib.pyplot as plt"),
        ("engine.grid", "from scipy.special import lambertw"),
        ("studies.sweep", "def f():\n    import sympy"),
        ("cli.main", "class A:\n    import pandas"),
        ("engine.grid", "import polars"),
    ],
)
def test_a_misplaced_package_is_seen(module, code):
    assert len(misplaced(module, ast.parse(code))) == 1


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("reports.plot", "def f():\n    import matplotlib.pyplot as plt"),
        ("studies.result", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import xarray"),
        ("engine.grid", "import math\nfrom symppa import errors\nfrom symppa.language import model"),
    ],
)
def test_a_fitting_import_is_left_alone(module, code):
    assert upward(module, ast.parse(code)) == misplaced(module, ast.parse(code)) == []


def test_every_file_is_read():
    assert "symppa/errors.py" in {shown(path) for path in sources("symppa")}
