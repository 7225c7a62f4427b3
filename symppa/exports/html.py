"""A system as one page that stands alone: formulas, sliders and live results, without a server or a network."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from symppa.exports import javascript
from symppa.exports.content import Content
from symppa.exports.page import limits as limited
from symppa.exports.page import sections
from symppa.exports.page.choice import Sliders, sliders
from symppa.exports.page.fields import Field, default_range, fields, spellings
from symppa.language.mathml import MathDocument
from symppa.language.written_units import pretty as unit_shown
from symppa.version import __version__

SCRIPTS = ("numbers.js", "page.js", "chart.js", "start.js")


@dataclass(frozen=True)
class Options:
    """`sliders` names givens, each with a range or without: `clock=1GHz:3GHz`; `target` is a target's name or file."""

    sliders: tuple[str, ...] = ()
    target: str = ""


def write(content: Content, options: Options) -> str:
    """The page."""
    target = limited.named(options.target)
    content = limited.widened(content, target)
    found = fields(content)
    chosen = sliders(content, found, options.sliders, target)
    document = MathDocument(content.subject.model, content.subject.parts)
    symbols = document.marks()
    bounds = limited.limits(content, target)
    program = javascript.write(content, javascript.Options())
    script = harmless(f"{program}\n{{\n{''.join(map(_part, SCRIPTS))}}}\n")  # a block: its names are its own
    style = _part("page.css")
    return Template(_part("page.html")).substitute(
        title=escape(content.title),
        meaning=escape(content.meaning),
        system=escape(content.subject.system),
        version=escape(__version__),
        hash=content.subject.hashes(content.program, {})["program"],
        **_inputs(found, chosen, symbols),
        limits=_limits(bounds, limited.sought(target) if target else ""),
        outputs=sections.outputs(content, symbols),
        equations=sections.equations(document, {d.name for d in content.definitions}),
        tables=sections.tables(content),
        references=sections.references(content),
        data=harmless(json.dumps(_data(content, found, chosen, bounds), ensure_ascii=True, separators=(",", ":"))),
        script=script,
        script_hash=_digest(script),
        style=style,
        style_hash=_digest(style),
    )


def _part(name: str) -> str:
    return files("symppa.exports.page").joinpath(name).read_text("utf-8")


def harmless(text: str) -> str:
    r"""A script that no text inside it can end: in strings and comments a backslash before a mark changes nothing.

    >>> harmless('"</script>"')
    '"<\\/script>"'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as a reader of HTML does, before it takes the hash
    return re.sub(r"</(?=script)", r"<\\/", text, flags=re.IGNORECASE).replace("<!--", r"\u003c!--")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _inputs(found: Sequence[Field], chosen: Sliders, symbols: dict[str, str]) -> dict[str, str]:
    """The pieces of the page about givens."""
    givens = sections.Givens(found, symbols)
    by_name = {f.name: k for k, f in enumerate(found)}
    moved = [by_name[name] for name in chosen.ranges]
    listed = [k for k, f in enumerate(found) if f.labels is not None and not f.place]
    rest = [k for k in range(len(found)) if k not in {*moved, *listed}]
    choices = "".join(map(givens.choice, listed))
    others = givens.table(rest, "Every other given that these results need") if rest else ""
    return {
        "sliders": "".join(map(givens.slider, moved)) or "<p>No number is left to move.</p>",
        "why": escape(chosen.why),
        "choices": f"<fieldset><legend>Chosen from lists</legend>{choices}</fieldset>" if choices else "",
        "others": f"<details id='others'><summary>Other givens: {len(rest)}</summary>{others}</details>"
        if rest
        else "",
        "example": escape(_example([found[k] for k in moved] or found)),
    }


def _example(found: Sequence[Field]) -> str:
    """A value typed in another unit."""
    for field in found:
        unit = field.parameter.unit
        for other, worth in spellings(unit).items() if unit != "1" and field.value else ():
            if worth < 1 <= abs(field.value or 0) / worth < 1e5:
                return f"{(field.value or 0) / worth:.6g} {unit_shown(other)} for {field.name}"
    return "50 % where a share is due"


def _limits(bounds: Sequence[dict[str, Any]], sought: str) -> str:
    if not sought:
        return ""
    head = "".join(f'<th scope="col">{h}</th>' for h in ("output", "limit", "now"))
    caption = f"Limits of a target: {escape(sought)}"
    return (
        f'<table class="limits"><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{sections.limit_rows(bounds)}</tbody></table>"
    )


def _data(
    content: Content, found: Sequence[Field], chosen: Sliders, bounds: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What the page's script reads."""
    known = dict.fromkeys(f.parameter.unit for f in found)
    numbers = {f.name for f in found if f.labels is None}
    return {
        "fields": [_field(f, chosen, f.name in numbers) for f in found],
        "sliders": list(chosen.ranges),
        "leading": chosen.leading,
        "units": {unit: spellings(unit) for unit in known},
        "outputs": [{"name": o.name, "unit": unit_shown(o.unit), "sets": len(o.sets)} for o in content.outputs],
        "limits": list(bounds),
        "pairs": list(_pairs(content)),
    }


def _pairs(content: Content) -> Iterator[dict[str, str]]:
    """Outputs that a chart may show along a given of their own members: workloads on a roofline, say."""
    many = {i.name for i in content.indexes if (i.length or 0) > 1 and not i.sizes}
    for output in content.outputs:
        support = content.program.support(output.step)
        for p in content.parameters:
            alike = len(p.sets) == 1 and p.sets == output.sets and p.sets[0] in many
            if alike and p.name in support and p.kind == "real" and isinstance(p.value, list):
                yield {"output": output.name, "given": p.name}


def _field(field: Field, chosen: Sliders, alone: bool) -> dict[str, Any]:
    p = field.parameter
    span = chosen.ranges.get(field.name)
    if span is None and alone:
        span = default_range(field)
    told = {
        "name": field.name,
        "given": p.name,
        "place": list(field.place),
        "value": field.value,
        "unit": p.unit,
        "shown": unit_shown(p.unit),
        "labels": list(field.labels) if field.labels else None,
        "kind": p.kind,
        "low": p.low,
        "high": p.high,
        "step": p.stride,
        "choices": list(p.choices),
        "range": span.data if span is not None else None,
    }
    return {key: value for key, value in told.items() if value not in (None, [], "")}
