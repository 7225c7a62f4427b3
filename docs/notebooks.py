"""Notebooks as pages: what was committed is shown, results included; a test runs them again and compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from mkdocs.structure.files import File
from nbconvert import MarkdownExporter


def on_files(files: Any, config: Any) -> Any:
    """A page for each notebook, and its pictures."""
    for path in sorted(Path(config.docs_dir).glob("notebooks/*.ipynb")):
        text, resources = MarkdownExporter().from_notebook_node(nbformat.read(path, as_version=4))
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        for name, data in resources["outputs"].items():
            files.append(File.generated(config, f"notebooks/{name}", content=data))
    return files
