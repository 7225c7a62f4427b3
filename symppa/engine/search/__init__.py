"""The best design, proved: interval branch and bound on a program."""

from symppa.engine.search.domains import Choices, Domain, Real
from symppa.engine.search.engine import Effort, search
from symppa.engine.search.problem import Outcome, Problem, exact

__all__ = ["Choices", "Domain", "Effort", "Outcome", "Problem", "Real", "exact", "search"]
