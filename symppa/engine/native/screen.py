"""Judging in C: a block's designs counted and summed up while they are computed, none of them stored.

Every lane of a vector has sums of its own, so nothing is reordered; they are joined when the block is done. A total
is a sum and what its roundings left out (Knuth's exact addition), two numbers that reducers add without rounding.
"""

from __future__ import annotations

from collections.abc import Mapping

from symppa.engine.program import Program
from symppa.engine.reducers import Screen

LANES = 64
RELATIONS = {
    "<=": "{0} <= L[{1}]",
    ">=": "{0} >= L[{1}]",
    "<": "{0} < L[{1}]",
    ">": "{0} > L[{1}]",
    "==": "fabs({0} - L[{1}]) <= L[{2}]",
}
BEGIN = {"low": "INFINITY", "high": "-INFINITY", "total": "0.0"}  # also what an unfit design adds
JOIN = {  # how a value {1} joins lane {2} of the sum {0}
    "low": "{0}[{2}] = {1} < {0}[{2}] ? {1} : {0}[{2}];",
    "high": "{0}[{2}] = {1} > {0}[{2}] ? {1} : {0}[{2}];",
    "total": "{{ const double a = {0}[{2}], t = a + {1}, b = t - a;"
    " {0}r[{2}] += (a - (t - b)) + ({1} - b); {0}[{2}] = t; }}",
}


class Judging:
    """The text that judges a design; a block's sums are valid, feasible, then one or two for each (kind, output)."""

    def __init__(self, program: Program, screen: Screen) -> None:
        self.program, self.needs = program, screen.needs
        self.relations = [(limit.output, limit.relation) for limit in screen.limits]
        self.bounds = [number for limit in screen.limits for number in limit.ends]
        self.sums = screen.sums
        outputs = dict.fromkeys([*self.needs, *[n for n, _ in self.relations], *[n for _, n in self.sums]])
        self.step_of = {name: program.output(name).step for name in outputs}
        self.steps = list(dict.fromkeys(self.step_of.values()))

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Kind and output of each sum but the counts, as they follow one another."""
        return [sum_ for sum_ in self.sums for _ in range(2 if sum_[0] == "total" else 1)]

    @property
    def width(self) -> int:
        """Numbers of a block."""
        return 2 + len(self.columns)

    def start(self) -> list[str]:
        """Before the first design."""
        lines = [f"index valid[{LANES}] = {{0}}, feasible[{LANES}] = {{0}};"]
        for k, (kind, _) in enumerate(self.sums):
            lines.append(f"double s{k}[{LANES}], s{k}r[{LANES}];")
            lines.append(f"for (int l = 0; l < {LANES}; l++) {{ s{k}[l] = {BEGIN[kind]}; s{k}r[l] = 0.0; }}")
        return lines

    def judge(self, names: Mapping[int, str]) -> list[str]:
        """One design in lane `l`, by the names of its values."""
        name = {output: names[step] for output, step in self.step_of.items()}
        finite = " & ".join(f"symppa_finite({name[n]})" for n in self.needs) or "1"
        held = [
            f"({RELATIONS[relation].format(name[n], 2 * k, 2 * k + 1)})"
            for k, (n, relation) in enumerate(self.relations)
        ]
        lines = [f"const int fine = {finite};", f"const int good = {' & '.join(['fine', *held])};"]
        lines += ["valid[l] += fine;", "feasible[l] += good;"]
        for k, (kind, output) in enumerate(self.sums):
            lines.append(f"const double g{k} = good ? {name[output]} : {BEGIN[kind]};")
            lines.append(JOIN[kind].format(f"s{k}", f"g{k}", "l"))
        return lines

    def finish(self) -> list[str]:
        """After the last design."""
        lines = [f"for (int l = 1; l < {LANES}; l++) {{", "valid[0] += valid[l]; feasible[0] += feasible[l];"]
        ends, place = [], 2
        for k, (kind, _) in enumerate(self.sums):
            lines.append(JOIN[kind].format(f"s{k}", f"s{k}[l]", "0"))
            ends.append(f"S[{place}] = s{k}[0];")
            place += 1
            if kind == "total":
                lines.append(f"s{k}r[0] += s{k}r[l];")
                ends.append(f"S[{place}] = s{k}r[0];")
                place += 1
        return [*lines, "}", "S[0] = valid[0]; S[1] = feasible[0];", *ends]
