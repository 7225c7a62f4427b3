"""What an answer says beside its design: why nothing fits, what would repair it, and what each limit costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symppa import units
from symppa.engine.search import Problem
from symppa.studies.design.explain.conflict import Repair, limit_repair, repair_of
from symppa.studies.design.explain.explained import nearest, of_end, of_limit, of_uncertain, standing
from symppa.studies.design.explain.loose import Found, Loose, Member
from symppa.studies.design.explain.shadow import STEP, better, moved_limits, slack_of
from symppa.studies.design.problem import Question
from symppa.studies.design.robust.held import Held
from symppa.studies.design.robust.robust import nominally
from symppa.studies.design.verification.compared import differences
from symppa.studies.design.verification.proofs import Nothing
from symppa.studies.design.verification.recorded import Data, chosen, differs, outside, point_of

NEAR, HELD = 1e-5, 1e-4  # relative, between what two searches among reals found; where something is uncertain
LATTICE = 1e-8  # the same among finitely many designs


class Explanation:
    """What excludes each other, found out anew; `open` is what was not settled in time."""

    def __init__(self, data: Data, every: Sequence[Question], left: float) -> None:
        self.facts, self.every = data["facts"], every
        self.open: list[str] = []
        held = bool(every[0].asking.uncertain) and nominally(every, left)
        self.held = held
        self.loose = Held(every, left, 1.0) if held else Loose([one.problem() for one in every], left, 1.0)
        finite = all(one.is_finite for one in every)
        self.near = HELD if held else LATTICE if finite else NEAR
        self.texts = {self._text(member): member for member in self.loose.members}

    def _text(self, member: Member) -> tuple[str, str]:
        if member.kind == "limit":
            return "limit", self.every[0].asking.limits[member.place]
        words = "varies" if member.kind == "uncertain" else f", {member.kind} end"
        return member.kind, f"{member.name} {words}".replace(" ,", ",")

    def reasons(self) -> list[str]:
        """What of it is wrong."""
        said = self.facts.get("conflict")
        if said is None:
            odd = [name for name in ("repairs", "nearest") if self.facts.get(name)]
            return [f"facts.{name} is told with no conflict" for name in odd]
        members = [self.texts.get((row["kind"], row["text"])) for row in said["members"]]
        if any(one is None for one in members):
            return ["facts.conflict.members are not limits and ends of this target"]
        if said["held"] != self.held or said["standing"] != standing(self.every):
            return ["facts.conflict says otherwise of what is held or stands"]
        known = [one for one in members if one is not None]
        found = list(self._exclude(known, minimal=said["minimal"]))
        for row, member in zip(said["members"], known, strict=True):
            found += self._member(row, member, known)
        return found + list(self._repairs()) + list(self._nearest())

    def _exclude(self, members: Sequence[Member], *, minimal: bool) -> Iterator[str]:
        """All of them have no design together, and each is needed for that where that is said."""
        verdict = self.loose.any_design(members).verdict
        if verdict == "found":
            yield "facts.conflict.members do not exclude each other: a design keeps them all"
        if verdict == "open":
            self.open.append("that these exclude each other")
        for member in members if minimal else ():
            verdict = self.loose.any_design([one for one in members if one != member]).verdict
            if verdict == "none":
                yield f"facts.conflict is not minimal: nothing fits without {self._text(member)[1]} either"
            if verdict == "open":
                self.open.append(f"that {self._text(member)[1]} is needed")

    def _member(self, row: Mapping[str, Any], member: Member, kept: Sequence[Member]) -> Iterator[str]:
        """What one member is, and what it alone would have to be."""
        path = f"facts.conflict.members, {self._text(member)[1]}"
        if member.kind == "uncertain" and isinstance(self.loose, Held):
            outer = [one for one in self.loose.limits if one not in kept]
            broken = [m for m in self.loose.members if not (row["breaks"] and m in outer)]
            repair = repair_of(self.loose.nearest_end(broken, member))
            told = of_uncertain(self.every, repair, member, self.loose)
            names = ("asked", "unit", "tried", "reached")
            yield from differences({n: row[n] for n in names}, {n: told[n] for n in names}, path, self.near)
            return
        shared = of_limit(self.every, member) if member.kind == "limit" else of_end(self.every, member)
        yield from differences({name: row[name] for name in shared}, shared, path)
        outer = [one for one in self.loose.limits if one not in kept]
        texts = {self._text(one)[1] for one in outer}
        if not set(row["breaks"]) <= texts:
            yield f"{path}.breaks names what is no limit outside the conflict"
            return
        held = [m for m in self.loose.members if not (row["breaks"] and m in outer)]
        yield from self._reached(row, shared["unit"], self._anew(member, held), path)

    def _anew(self, member: Member, kept: Sequence[Member]) -> Repair:
        if member.kind == "limit":
            return limit_repair(self.loose, member, kept)
        return repair_of(self.loose.nearest_end(kept, member))

    def _reached(self, row: Mapping[str, Any], unit: str, repair: Repair, path: str) -> Iterator[str]:
        """The nearest that another search finds is what is recorded: it fits, and a hair less does not."""
        if not repair.proved:
            self.open.append(f"{path}.reached")
            return
        found = None if repair.reached is None else repair.reached / units.measure(unit).worth
        if row["reached"] is None:
            if row["proved"] and found is not None:
                yield f"{path}.reached is none, and {found:.9g} {unit} is enough"
        elif found is None or (row["proved"] and differs(float(row["reached"]), found, self.near)):
            yield f"{path}.reached is {row['reached']!r}, and another search finds {found!r}"
        elif not row["proved"] and abs(row["reached"] - self._asked(row)) < abs(found - self._asked(row)) * (1 - 1e-6):
            yield f"{path}.reached is {row['reached']!r}, and nothing nearer than {found!r} would do"

    @staticmethod
    def _asked(row: Mapping[str, Any]) -> float:
        return float(row.get("asked", row.get("bound")))

    def _repairs(self) -> Iterator[str]:
        rows = self.facts.get("repairs") or []
        if [row["limit"] for row in rows] != list(self.every[0].asking.limits):
            yield "facts.repairs are not of the limits of the target"
            return
        for row, member in zip(rows, self.loose.limits, strict=True):
            shared, path = of_limit(self.every, member), f"facts.repairs, {row['limit']}"
            told = {"bound": row["bound"], "unit": row["unit"]}
            yield from differences(told, {"bound": shared["asked"], "unit": shared["unit"]}, path)
            yield from self._reached(row, shared["unit"], limit_repair(self.loose, member, self.loose.members), path)

    def _nearest(self) -> Iterator[str]:
        """The nearest design as it is on the model, and that none breaks a limit by less."""
        said = self.facts.get("nearest")
        if said is None:
            return
        question = self.every[chosen(self.every, said["slots"])]
        outputs = {name: {"values": one["value"], "unit": one["unit"]} for name, one in said["design"].items()}
        point = point_of(question, outputs)
        odd = outside(question, point, outputs)
        if odd:
            yield from (f"facts.nearest: {text}" for text in odd)
            return
        found = Found("found", True, self.every.index(question), point)
        worst = None
        if isinstance(self.loose, Held):
            held = self.loose.worst(found)
            if any(value is None for value in held):
                self.open.append("facts.nearest")
                return
            worst = [value for value in held if value is not None]
        told = json.loads(json.dumps(nearest(self.every, found, worst)))
        yield from differences({**said, "proved": True}, told, "facts.nearest", max(self.near, 1e-9))
        misses = [abs(row["margin"] / row["bound"]) for row in told["limits"] if not row["met"] and row["bound"]]
        alone = [
            abs(row["reached"] - row["bound"]) / (abs(row["bound"]) or 1.0)
            for row in self.facts.get("repairs") or []
            if row["reached"] is not None
        ]
        if said["proved"] and len(misses) == 1 and alone and misses[0] > min(alone) * (1 + 1e-5) + 1e-9:
            yield f"facts.nearest misses a limit by {misses[0]:.6g}, and a design misses one by {min(alone):.6g}"


class Priced:
    """What each limit costs, found out anew by searches for what is better and for what is as good."""

    def __init__(self, data: Data, every: Sequence[Question], nothing: Nothing) -> None:
        self.facts, self.every, self.nothing = data["facts"], every, nothing
        self.problems = [one.problem() for one in every]
        self.output, self.sense = self.problems[0].objective or ("", "min")
        self.slack = max(slack_of(one) for one in self.problems)
        self.open: list[str] = []
        unit = every[0].program.output(self.output).unit if self.output else "1"
        self.worth = units.measure(unit).worth

    def reasons(self) -> Iterator[str]:
        """What of it is wrong."""
        base = self.facts.get("objective", {}).get("value")
        rows = [row for row in self.facts.get("limits") or [] if row.get("price")]
        if base is None or not rows:
            return
        priced = self.facts.get("priced")
        if priced is not None:
            base = priced["value"]
            yield from self._settled(self.problems, base, "facts.priced", exact=priced["proved"])
        for k, row in enumerate(self.facts["limits"]):
            for side in ("looser", "tighter") if row.get("price") else ():
                yield from self._side(k, row, side, base)

    def _side(self, k: int, row: Mapping[str, Any], side: str, base: float) -> Iterator[str]:
        path, said = f"facts.limits, {row['limit']}, price.{side}", row["price"][side]
        moved = [replace(one, limits=moved_limits(one, k, side)) for one in self.problems]
        limit = moved[0].limits[k]
        bound = limit.bound / units.measure(self.every[0].program.output(limit.output).unit).worth
        if row["price"]["step"] != STEP or limit == self.problems[0].limits[k] or differs(said["bound"], bound):
            yield f"{path} is not of a limit moved by {100 * STEP:g} %"
        elif said["verdict"] not in ("found", "none", "open") or (said["verdict"] == "open") == said["proved"]:
            yield f"{path} says {said['verdict']}, {'' if said['proved'] else 'not '}proved"
        elif said["verdict"] == "none":
            yield from self._none(moved, f"{path}: it says that nothing fits, and a design does")
        elif not said["proved"]:
            for text in self._between(moved, said["between"] or [], base):
                yield f"{path}: {text}"
        elif said["value"] is None or (said["change"] is None and base):
            yield f"{path} says proved and has no number"
        else:
            change = (said["value"] - base) / abs(base) if base else None
            if change is not None and abs(change - (said["change"] or 0.0)) > 1e-9:
                yield f"{path}.change is {said['change']!r}, and {change!r} by its value"
            yield from self._settled(moved, said["value"], path, exact=True)

    def _between(self, moved: Sequence[Problem], ends: Sequence[float | None], base: float) -> Iterator[str]:
        """A design is as good as the one end, none better than the other."""
        found, beyond = (*ends, None, None)[:2]
        if found is not None and self._any(moved, base + found * abs(base), as_good=True) == "none":
            yield "no design is as good as it says was found"
        if beyond is not None and self._any(moved, base + beyond * abs(base), as_good=False) == "found":
            yield "a design is better than it says one can be"

    def _settled(self, moved: Sequence[Problem], value: float, path: str, *, exact: bool) -> Iterator[str]:
        verdict = self._any(moved, value, as_good=False) if exact else "none"
        if verdict == "found":
            yield f"{path}.value is {value!r}, and a design is better"
            return
        there = self._any(moved, value, as_good=True)
        if there == "none":
            yield f"{path}.value is {value!r}, and no design is as good"
        if "open" in (verdict, there):
            self.open.append(path)

    def _none(self, moved: Sequence[Problem], text: str) -> Iterator[str]:
        verdict = self._loose(moved).verdict
        if verdict == "found":
            yield text
        if verdict == "open":
            self.open.append(text.split(":")[0])

    def _any(self, moved: Sequence[Problem], value: float, *, as_good: bool) -> str:
        """Whether some design is better than a value, or as good."""
        base = value * self.worth
        if as_good:
            base = better(self.output, "max" if self.sense == "min" else "min", base, self.slack).bound
        limit = better(self.output, self.sense, base, 0.0 if as_good else self.slack)
        return self._loose([replace(one, limits=(*one.limits, limit)) for one in moved]).verdict

    def _loose(self, problems: Sequence[Problem]) -> Found:
        loose = Loose(problems, self.nothing.left, share=1.0)
        return loose.of([replace(one, objective=None) for one in problems], "min")
