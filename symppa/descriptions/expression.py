"""Expressions a user types, over the names of a model: parsed here, never evaluated as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from symppa.errors import QuestionError

if TYPE_CHECKING:
    from symppa.language.model import Model

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
FUNCTIONS = ("ceil_div", "floor_div", "largest", "smallest", "sqrt", "exp", "log")
MOST = 500


def parse(text: str, model: Model) -> Any:
    """A sympy expression over a model's quantities: names, numbers, + - * / **, and a few functions."""
    if len(text) > MOST:
        raise QuestionError(f"an expression of {len(text)} characters is refused; at most {MOST} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise QuestionError(f"{text!r} is not an expression") from None
    return _Reader(text, model).read(tree)


class _Reader:
    def __init__(self, text: str, model: Model) -> None:
        self.text, self.model = text, model

    def read(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            if abs(node.value) > 1e300:
                raise self.refused("a number too large")
            return node.value
        if isinstance(node, ast.Name | ast.Attribute):
            return self.model.reference(self.dotted(node))
        if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            return self.binary(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.read(node.operand)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self.call(node.func.id, node.args)
        raise self.refused(f"{type(node).__name__.lower()}")

    def binary(self, node: ast.BinOp) -> Any:
        left, right = self.read(node.left), self.read(node.right)
        if isinstance(node.op, ast.Pow) and (not isinstance(right, int | float) or abs(right) > 16):
            raise self.refused("an exponent that is no small number")
        if isinstance(node.op, ast.Div) and isinstance(right, int | float) and right == 0:
            raise self.refused("a division by zero")
        return BINARY[type(node.op)](left, right)

    def call(self, name: str, arguments: list[ast.expr]) -> Any:
        from symppa.language import functions

        if name not in FUNCTIONS:
            raise self.refused(f"the function {name}; there are {', '.join(FUNCTIONS)}")
        return getattr(functions, name)(*map(self.read, arguments))

    def dotted(self, node: ast.AST) -> str:
        if isinstance(node, ast.Attribute):
            return f"{self.dotted(node.value)}.{node.attr}"
        if isinstance(node, ast.Name):
            return node.id
        raise self.refused("a name that is not plain")

    def refused(self, what: str) -> QuestionError:
        return QuestionError(
            f"{self.text!r} has {what}, which an expression may not: names, numbers, + - * / ** and functions"
        )
