"""Steps on numpy arrays: one dimension per axis, length one where a value does not vary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from symppa.engine.border import Array, Border
from symppa.engine.numpy_rules import RULES
from symppa.engine.program import Program, Step
from symppa.errors import ShapeError, UnsupportedError
from symppa.language.operations import MARK, REDUCING


class Evaluator:
    """Computes steps of one program from a border; `places[axis]` is where an axis lies in the arrays."""

    def __init__(self, program: Program, border: Border) -> None:
        self.program, self.border = program, border
        self.places = list(range(len(program.axes)))
        self.lengths = self._lengths()

    def _lengths(self) -> list[int]:
        """Members walked along every axis; sized sets reach their largest size."""
        program, border = self.program, self.border
        lengths = [1] * len(program.axes)
        for k in range(len(lengths)):
            found = [a.shape[k] for a in border.arrays.values()]
            lengths[k] = max(found, default=1) if k < program.swept else border.inner(k) or 1
        self.lengths = lengths
        for k, axis in enumerate(program.axes):
            if axis.sizes:
                lengths[k] = self._extent(k, axis.name, axis.sizes)
        for k in range(program.swept, len(lengths)):
            self._check_known(k)
        return lengths

    def _extent(self, k: int, name: str, sizes: Sequence[int]) -> int:
        largest = self._largest_size(sizes)
        if not 0 <= largest < 2**31 or largest % 1:
            raise ShapeError(f"{name} would have {largest:g} members; a size is a whole number")
        given = self.border.lengths.get(k)
        if given is not None and given < largest:
            raise ShapeError(f"{name} has {given} members, {largest:g} are needed")
        return max(int(largest) if given is None else given, 1)

    def _largest_size(self, sizes: Sequence[int]) -> float:
        """Of all designs; the first that is no size, if one is not."""
        known = self.compute(self.program.needed(sizes), {}, keep=sizes)
        found = np.concatenate([np.ravel(known[s]) for s in sizes])
        found = found[~np.isnan(found)]
        odd = found[(found < 0) | (found % 1 != 0)]
        return float(odd[0] if len(odd) else np.max(found, initial=0.0))

    def _check_known(self, k: int) -> None:
        axis = self.program.axes[k]
        used = any(self.program.masks[n] >> k & 1 or self._counts(n, k) for n in self.program.live)
        if used and not axis.sizes and k not in self.border.lengths:
            raise ShapeError(f"the set {axis.name} ({axis.meaning}) has no members: give it labels or a size")

    def _counts(self, n: int, k: int) -> bool:
        return self.program.steps[n].operation == "count" and self.program.steps[n].detail == k

    def compute(self, wanted: Iterable[int], known: dict[int, Any], keep: Iterable[int] = ()) -> dict[int, Any]:
        """Values of steps, added to `known`; those no later step and no `keep` needs are dropped on the way."""
        wanted, kept, last = list(wanted), set(keep), {}
        for n in wanted:
            for a in self.program.steps[n].arguments:
                last[a] = n
        with np.errstate(all="ignore"):
            for n in wanted:
                if n not in known:
                    known[n] = self.one(n, known)
                for a in set(self.program.steps[n].arguments):
                    if last[a] == n and a not in kept:
                        known.pop(a, None)
        return known

    def one(self, n: int, known: Mapping[int, Any]) -> Any:
        """The value of one step from known ones."""
        step = self.program.steps[n]
        if not step.arguments:
            return self._leaf(n, step)
        return self.apply(step, None, [known[a] for a in step.arguments])

    def _leaf(self, n: int, step: Step) -> Any:
        if step.operation == "constant":
            return float(step.detail)
        if step.operation == "given":
            return self._spread(self.border.arrays[n], self.program.givens[step.detail].over)
        if step.operation == "count":
            return float(self.border.lengths[step.detail])
        shape = [1] * len(self.program.axes)
        shape[self.places[step.detail]] = self.lengths[step.detail]
        return np.arange(self.lengths[step.detail], dtype=float).reshape(shape)

    def _spread(self, array: Array, over: Sequence[int]) -> Array:
        """One value given for a vector stands for every member."""
        shape = list(array.shape)
        for a in over:
            shape[a] = self.lengths[a]
        return np.broadcast_to(array, shape).transpose(np.argsort(self.places))

    def apply(self, step: Step, out: Any, arguments: list[Any]) -> Any:
        """The numpy rule of a step."""
        operation, detail = step.operation, step.detail
        if operation == MARK:
            if out is None:
                return arguments[0]
            np.copyto(out, arguments[0])
            return out
        if operation == "lookup":
            return RULES[operation](out, arguments[0], *self.border.tables[detail])
        if operation == "lambert_w":
            return RULES[operation](out, arguments[0], detail)
        if operation in REDUCING:
            term = arguments[0]
            if operation == "total" and detail in self.border.times:
                term = term * self.border.times[detail].transpose(np.argsort(self.places))
            return RULES[operation](out, term, self.places[detail])
        if operation not in RULES:
            raise UnsupportedError(f"{operation} is no value but a bound: only the interval reading reads it")
        return RULES[operation](out, *arguments)
