"""A module fits in a head, a function on a screen, an example on a slide."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.tree import parsed, shown, sources

MODULE, FUNCTION, EXAMPLE = 400, 40, 40


def lengths(tree: ast.Module) -> Iterator[tuple[str, int, int]]:
    """Name, first line and body length of every function; a docstring does not count."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield node.name, node.lineno, body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_no_module_is_long():
    code = (*sources("symppa"), *sources("benchmarks"))
    long = [f"{shown(p)}: {count} lines" for p in code if (count := len(p.read_text("utf-8").splitlines())) > MODULE]
    assert not long, "\n".join(long)


def test_no_function_is_long():
    long = [
        f"{shown(path)}:{line} {name}: {count} lines"
        for path in (*sources("symppa"), *sources("benchmarks"))
        for name, line, count in lengths(parsed(path))
        if count > FUNCTION
    ]
    assert not long, "\n".join(long)


def test_no_example_is_long():
    examples = sources("examples")
    long = [shown(p) for p in examples if len(p.read_text("utf-8").splitlines()) > EXAMPLE]
    assert examples
    assert not long, "\n".join(long)


def test_a_docstring_does_not_count():
    tree = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n')
    assert list(lengths(tree)) == [("f", 1, 2)]
