"""What a shell proposes: shipped names, and the givens and outputs of the system on the line."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from symppa.errors import SymppaError

Items = list[CompletionItem]
KEPT = (
    "all", "argmax:", "argmin:", "best:5:", "count", "histogram:", "pareto:", "quantiles", "quantiles:", "range:",
)  # fmt: skip


def descriptions(ctx: click.Context, option: click.Parameter, begun: str) -> Items:
    """Names of descriptions, or files where a path has been begun."""
    from symppa.descriptions import shipped

    if shipped.is_file(begun):
        return [CompletionItem(begun, type="file")]
    return _begun(shipped.names(), begun)


def targets(ctx: click.Context, option: click.Parameter, begun: str) -> Items:
    """Names of targets, or files where a path has been begun."""
    from symppa.descriptions import shipped

    if shipped.is_file(begun):
        return [CompletionItem(begun, type="file")]
    return _begun(shipped.names("constraints"), begun)


def described(ctx: click.Context, option: click.Parameter, begun: str) -> Items:
    """Names of descriptions, targets and systems."""
    from symppa.descriptions import shipped, systems

    if shipped.is_file(begun):
        return targets(ctx, option, begun)
    names = {*shipped.names(), *shipped.names("constraints"), *systems.SHIPPED}
    return _begun(names, begun)


def givens(ctx: click.Context, option: click.Parameter, begun: str) -> Items:
    """Givens of the system, ready for their value."""
    name = _system(ctx)
    if "=" in begun or not name:
        return []
    from symppa.studies.named import subject

    try:
        known = subject(name).program().known
    except SymppaError:
        return []
    return [CompletionItem(f"{n}=", help=k.meaning) for n, k in known.items() if n.startswith(begun)]


def outputs(ctx: click.Context, option: click.Parameter, begun: str) -> Items:
    """Outputs of the system, and of its parts that list alternatives."""
    name = _system(ctx)
    if not name:
        return []
    from symppa.studies.subject import DEFAULT, Subject

    try:
        found = Subject(name).program(DEFAULT).outputs
    except SymppaError:
        return []
    return [CompletionItem(n, help=d.meaning) for n, d in found.items() if n.startswith(begun)]


def kept(ctx: click.Context, option: click.Parameter, begun: str) -> Items:
    """What a sweep may keep, with the outputs and the axes that it names: `best:5:comp` is begun."""
    along = re.fullmatch(r"(arg(?:max|min):[^:]+:(?:.*,)?)(.*)", begun)
    if along is not None:
        axes = [name for name in ctx.params.get("axes") or {} if name.startswith(along[2])]
        return [CompletionItem(f"{along[1]}{name}") for name in axes]
    one, many = r"best:\d+|argmax|argmin|histogram", "pareto|range|quantiles"
    head = re.fullmatch(rf"((?:{one}):|(?:{many}):(?:[^:]*,)?)([^:]*)", begun)
    if head is None:
        return _begun(KEPT, begun)
    found = outputs(ctx, option, head[2])
    return [CompletionItem(f"{head[1]}{item.value}", help=item.help) for item in found]


def _system(ctx: click.Context) -> str:
    """The system on the line; click leaves it among the rest while an option waits for its value."""
    several = ctx.params.get("systems") or ()
    named = (ctx.params.get(key) for key in ("system", "target", "name"))
    name = next(filter(None, named), None) or next(iter([*several, *ctx.args]), "")
    return name if isinstance(name, str) else ""


def _begun(names: Iterable[str], begun: str) -> Items:
    return [CompletionItem(name) for name in sorted(names) if name.startswith(begun)]
