"""The convex readings of a problem: handed out as a cvxpy problem, solved, or branched on."""

from __future__ import annotations

from collections.abc import Collection

from symppa.engine import affine, geometric
from symppa.engine.convex import Handed
from symppa.engine.search.problem import Problem
from symppa.errors import UnsupportedError
from symppa.studies.design.convex.branch import branch_geometric
from symppa.studies.design.convex.linear import solve_affine
from symppa.studies.design.convex.posynomials import solve_geometric
from symppa.studies.design.convex.prices import Price, Solution

__all__ = ["Handed", "Price", "Solution", "as_cvxpy", "branch_geometric", "solve_affine", "solve_geometric"]


def as_cvxpy(problem: Problem, *, relax: Collection[str] = ()) -> Handed:
    """The cvxpy problem of the first reading that can express it, with its givens by name, in base units.

    Affine: `problem.solve(solver="HIGHS")`, a quotient with `qcp=True`. Geometric: `problem.solve(gp=True)`. What
    `relax` names, "integers" or "rounding", is relaxed in the geometric reading. Evaluate every answer exactly.
    """
    try:
        return affine.as_cvxpy(affine.affine(problem))
    except UnsupportedError as error:
        refused = error
    try:
        return geometric.as_cvxpy(geometric.geometric(problem, relax))
    except UnsupportedError as error:
        raise UnsupportedError(f"no convex reading: {refused.message}; {error.message}") from None
