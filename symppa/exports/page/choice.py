"""Which givens get a slider, and how far each goes: as asked, as a target frees them, or as the outputs answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from symppa import units
from symppa.descriptions.free import domain
from symppa.descriptions.target import Target
from symppa.engine.search.domains import Choices
from symppa.errors import QuestionError, UnitError, suggest
from symppa.exports.content import Content
from symppa.exports.heading import brief
from symppa.exports.page.fields import Field, Range, default_range

MOST = 6  # sliders that are chosen where nobody says which
LEADING = 3  # outputs whose answer decides
MOST_MEMBERS = 60  # members of vectors that are tried, each by itself
NUDGE, LEAST = 0.1, 1e-9


class Sliders(NamedTuple):
    """Ranges by the name of their field, in the order of the page, and why these."""

    ranges: Mapping[str, Range]
    why: str
    leading: str = ""  # the output that the chart shows first


def sliders(content: Content, fields: Sequence[Field], asked: Sequence[str], target: Target | None) -> Sliders:
    """The sliders of a page."""
    numbers = {f.name: f for f in fields if f.labels is None}
    found = _chosen(content, numbers, asked, target)
    first = next(iter(found.ranges), "")
    preferred = (*(target.limits if target is not None else ()), found.leading)
    return found._replace(leading=_moved_by(content, numbers[first], preferred)) if first else found


def _chosen(content: Content, numbers: Mapping[str, Field], asked: Sequence[str], target: Target | None) -> Sliders:
    """The sliders, whatever the chart shows."""
    if asked:
        return Sliders(dict(_asked(text, numbers) for text in asked), "")
    freed = _freed(content, numbers, target) if target is not None else {}
    if freed and target is not None:
        return Sliders(freed, f"The sliders move what {target.name} leaves free, in its ranges.")
    leading: list[str] = []
    if content.missing:
        chosen = [f for f in numbers.values() if not f.place][:MOST]
        why = "The sliders move the first givens; not every value is told, so none is known to matter most."
    else:
        chosen, leading = _felt(content, list(numbers.values()))
        answers = "answers" if len(leading) == 1 else "answer"
        why = f"The sliders move the givens that {_listed(leading)} {answers} most to here." if chosen else ""
    fixed = sizing(content)
    ranges = {f.name: default_range(f, capped=f.parameter.step in fixed) for f in chosen}
    return Sliders(ranges, why, *leading[:1])


def _moved_by(content: Content, field: Field, preferred: Sequence[str]) -> str:
    """The first output that answers to a field, or where no value is told, that reads it; the preferred come first."""
    reading = [
        o.name for o in content.outputs if not o.sets and field.parameter.name in content.program.support(o.step)
    ]
    reading.sort(key=lambda name: preferred.index(name) if name in preferred else len(preferred))
    up = field.parameter.step not in sizing(content)
    moved = _moved(field, up=up) if field.value and not content.missing else None
    if moved is None:
        return next(iter(reading), "")
    start = content.program(_told(content))
    known = [name for name in reading if start[name] and np.isfinite(start[name])]
    felt = (name for name in known if _answers(content, [name], [(field, moved)])[field.name] > LEAST)
    return next(felt, next(iter(reading), ""))


def sizing(content: Content) -> set[int]:
    """The steps that sizes of sets depend on: vectors have no members for a larger size."""
    return set(content.program.needed(n for index in content.indexes for n in index.sizes if index.length is not None))


def _asked(text: str, numbers: Mapping[str, Field]) -> tuple[str, Range]:
    """`clock`, or `clock=1GHz:3GHz`, or with a step: `clock=1GHz:3GHz:100MHz`."""
    name, _, span = (part.strip() for part in text.partition("="))
    if name not in numbers:
        raise QuestionError(f"no slider can move {name!r}: it is no number these outputs need{suggest(name, numbers)}")
    if not span:
        return name, default_range(numbers[name])
    p = numbers[name].parameter
    parts = span.split(":")
    if len(parts) not in (2, 3):
        raise QuestionError(f"the slider {text!r} has no range: write {name}=LOW:HIGH or {name}=LOW:HIGH:STEP")
    low, high, *step = (_worth(part, p.unit, text) for part in parts)
    if not low < high or any(s <= 0 for s in step):
        raise QuestionError(f"the slider {text!r} leads nowhere: LOW comes first, and a step is above 0")
    if (p.low is not None and low < p.low) or (p.high is not None and high > p.high):
        ends = f"{'...' if p.low is None else brief(p.low)} to {'...' if p.high is None else brief(p.high)}"
        raise QuestionError(f"the slider {text!r} leaves the domain of {name}, {ends} {p.unit}")
    if p.kind == "choices":
        within = tuple(sorted(c for c in p.choices if low <= c <= high))
        if not within:
            raise QuestionError(f"the slider {text!r} has none of the choices of {name} between its ends")
        return name, Range(within[0], within[-1], choices=within)
    return name, Range(low, high, step[0] if step else p.stride or (1.0 if p.kind == "integers" else 0.0))


def _worth(text: str, unit: str, whole: str) -> float:
    """A written end in the declared unit; a bare number counts in it."""
    split = units.split(text.strip())
    if split is not None and split[1] in ("", unit):
        return split[0]
    try:
        return float(units.parse(text.strip(), unit, f"the slider {whole!r}")) / units.measure(unit).worth
    except UnitError as error:
        raise QuestionError(error.message) from None


def _freed(content: Content, numbers: Mapping[str, Field], target: Target) -> dict[str, Range]:
    """What a target leaves free, as far as these outputs need it."""
    found = {}
    for name, free in target.free.items():
        if name in numbers:
            p = numbers[name].parameter
            with target.says("free", name):
                candidates = domain(free, content.program.givens[p.name], name)
            if isinstance(candidates, Choices):
                found[name] = _even(tuple(float(v / p.scale) for v in candidates.table))
            else:
                found[name] = Range(candidates.low / p.scale, candidates.high / p.scale)
    return found


def _even(values: tuple[float, ...]) -> Range:
    """Candidates in equal steps as ends and a step."""
    steps = np.diff(values)
    if len(values) > 2 and np.all(np.abs(steps - steps[0]) <= 1e-9 * abs(steps[0])):
        return Range(values[0], values[-1], float(f"{steps[0]:.12g}"))
    return Range(values[0], values[-1], choices=values)


def _felt(content: Content, numbers: Sequence[Field]) -> tuple[list[Field], list[str]]:
    """The fields that the first outputs answer most to, by the change that a tenth more or less of each makes."""
    start = content.program({name: value.raw for name, value in content.told.items()})
    leading = _leading(content, start)
    fixed = sizing(content)
    single = [f for f in numbers if f.value and (f.place or not f.parameter.sets)]  # no vector as a whole
    tried = [(f, _moved(f, up=f.parameter.step not in fixed)) for f in single]
    moves = [(f, moved) for f, moved in tried if moved is not None]
    felt = _answers(content, leading, [(f, moved) for f, moved in moves if not f.place])
    members = [(f, moved) for f, moved in moves if f.place]
    if sum(share > LEAST for share in felt.values()) < MOST and len(members) <= MOST_MEMBERS:
        for one in members:
            felt |= _answers(content, leading, [one])
    order = sorted((f for f, _ in moves if felt.get(f.name, 0.0) > LEAST), key=lambda f: -felt[f.name])[:MOST]
    return order, leading


def _leading(content: Content, start: Mapping[str, Any]) -> list[str]:
    """The outputs that decide: the first that were asked for by name, or else those that depend on most givens."""
    single = [o for o in content.outputs if not o.sets and start[o.name] and np.isfinite(start[o.name])]
    if any(content.subject.is_pattern(text) for text in content.asked):
        single.sort(key=lambda o: -len(content.program.support(o.step)))
    return [o.name for o in single[:LEADING]]


def _answers(content: Content, leading: Sequence[str], moves: Sequence[tuple[Field, float]]) -> dict[str, float]:
    """How much the outputs change for a change of each field; singles in one list of designs, a member by itself."""
    if not moves:
        return {}
    told = _told(content)
    start = content.program(told)
    for k, (field, moved) in enumerate(moves):
        if field.place or field.parameter.sets:
            told[field.parameter.name] = _replaced(field.parameter.value, field.place, moved)
            continue
        points = np.full(len(moves), float(field.value or 0.0))
        points[k] = moved
        told[field.parameter.name] = points
    found = content.program(told)
    score = np.zeros(len(moves))
    with np.errstate(all="ignore"):
        for name in leading:
            change = np.abs(np.ravel(found[name]) / float(start[name]) - 1.0)
            score = np.fmax(score, np.where(np.isfinite(change), change, 0.0))
    shares = np.array([abs(moved / (f.value or 1.0) - 1.0) for f, moved in moves])
    return dict(zip((f.name for f, _ in moves), (score / shares).tolist(), strict=True))


def _told(content: Content) -> dict[str, Any]:
    """The values told, and the labels of sets that come along."""
    told: dict[str, Any] = {name: value.raw for name, value in content.told.items()}
    return told | {i.name: list(i.labels) for i in content.indexes if i.labels and i.name not in told}


def _replaced(values: Any, place: Sequence[int], one: float) -> Any:
    """Nested lists with another entry at a place."""
    if not place:
        return one
    return [_replaced(v, place[1:], one) if k == place[0] else v for k, v in enumerate(values)]


def _moved(field: Field, *, up: bool) -> float | None:
    """A neighbour of the value, a tenth away or the next one, inside the domain."""
    p, value = field.parameter, float(field.value or 0.0)
    if p.kind == "choices":
        others = [c for c in p.choices if c not in (value, 0.0) and (up or c < value)]
        return min(others, key=lambda c: abs(c - value), default=None)
    step = p.stride or (1.0 if p.kind == "integers" else 0.0)
    by = max(step, step * round(NUDGE * abs(value) / step)) if step else NUDGE * abs(value)
    for moved in (value + by, value - by) if up else (value - by,):
        if (p.low is None or moved >= p.low) and (p.high is None or moved <= p.high) and moved != 0.0:
            return moved
    return None


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
