"""The structure of description files; JSON Schema and checks come from these classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from symppa.descriptions.nodes import Node
from symppa.errors import DescriptionError, suggest

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Level = Literal["CALIBRATED", "INTERPOLATED", "THEORETICAL"]
Texts = dict[str, str]
Several = str | list[str]
VERSION = 1


@dataclass(frozen=True)
class Marked:
    """A value with its own source, confidence and distribution."""

    value: Annotated[Any, "the value, with its unit"]
    source: Annotated[str, "key of references.bib or a reference in words"] = ""
    confidence: Annotated[Level, "how the value came about"] = "THEORETICAL"
    uncertain: Annotated[str, "how the value may vary, as in `normal(2 GHz, 0.1 GHz)`"] = ""


@dataclass(frozen=True)
class DescriptionFile:
    """A description: numbers with units and sources for one system."""

    schema: Annotated[int, "version of this format; the newest if not stated"] = VERSION
    system: Annotated[str | None, "class of the system; inherited with extends"] = None
    extends: Annotated[str | None, "description this one differs from"] = None
    meaning: Annotated[str, "what is described, one line"] = ""
    source: Annotated[str, "source of every value that states none"] = ""
    confidence: Annotated[Level, "confidence of every value that states none"] = "THEORETICAL"
    parts: Annotated[Texts, "class of a replaceable part, by dotted path"] = field(default_factory=dict)
    values: Annotated[
        dict[str, Any], "values by name; nested names are parts, under a set they are its members"
    ] = field(default_factory=dict)  # fmt: skip
    targets: Annotated[
        Texts, "what a comparison asks of an output, as in `power: <= 500 W`; first is foremost"
    ] = field(default_factory=dict)  # fmt: skip
    ranges: Annotated[
        Texts, "values worth exploring, as in `clock: 1.5GHz:3GHz:16`, by name of a given"
    ] = field(default_factory=dict)  # fmt: skip


@dataclass(frozen=True)
class TargetFile:
    """A target: what a design is to be, and what may be chosen for it."""

    schema: Annotated[int, "version of this format; the newest if not stated"] = VERSION
    extends: Annotated[str | None, "target this one differs from"] = None
    base: Annotated[str | None, "description whose values hold unless they are free; inherited with extends"] = None
    system: Annotated[str | None, "class of the system, where no description is the base"] = None
    meaning: Annotated[str, "what is looked for, one line"] = ""
    source: Annotated[str, "source of the target and of every value that states none"] = ""
    confidence: Annotated[Level, "confidence of every value that states none"] = "THEORETICAL"
    parts: Annotated[Texts, "class of a replaceable part, by dotted path"] = field(default_factory=dict)
    values: Annotated[dict[str, Any], "values by name that stay as they are"] = field(default_factory=dict)
    minimize: Annotated[Several, "output of which less is better; several make a front"] = field(default_factory=list)
    maximize: Annotated[Several, "output of which more is better; several make a front"] = field(default_factory=list)
    subject_to: Annotated[
        dict[str, Several], "limits by output, as in `power: <= 500 W`; an empty list lifts an inherited one"
    ] = field(default_factory=dict)  # fmt: skip
    free: Annotated[
        dict[str, Any], "what may be chosen, by given: `[8, 512]`, `{choices: ...}`, `{from: ..., to: ..., step: ...}`"
    ] = field(default_factory=dict)  # fmt: skip
    slots: Annotated[
        dict[str, list[str]], "classes to choose from for a replaceable part, by dotted path"
    ] = field(default_factory=dict)  # fmt: skip
    uncertain: Annotated[
        dict[str, Any], "givens that vary, by name: `[1.9 GHz, 2.1 GHz]` or `{distribution: ..., hold: 0.95}`"
    ] = field(default_factory=dict)  # fmt: skip


File = TypeVar("File", DescriptionFile, TargetFile)
CALLED: Mapping[type[Any], str] = {DescriptionFile: "description", TargetFile: "target"}
DUE: Mapping[str, str] = {
    "dict_type": "no mapping",
    "list_type": "no list",
    "string_type": "no text",
}  # in pydantic's words
LIMITS: Mapping[str, dict[str, Any]] = {"schema": {"ge": VERSION, "le": VERSION}}
# What needs no second look, by type; anything else is pydantic's to judge, whose import takes long.
PLAINLY: Mapping[Any, Callable[[Any], bool]] = {
    int: lambda value: value == str(VERSION),
    str: lambda value: isinstance(value, str),
    str | None: lambda value: isinstance(value, str),
    Level: lambda value: value in get_args(Level),
    dict[str, Any]: lambda value: isinstance(value, dict),
    Texts: lambda value: isinstance(value, dict) and all(isinstance(v, str) for v in value.values()),
    Several: lambda value: isinstance(value, str) or _texts(value),
    dict[str, Several]: lambda value: (
        isinstance(value, dict) and all(isinstance(v, str) or _texts(v) for v in value.values())
    ),
    dict[str, list[str]]: lambda value: isinstance(value, dict) and all(map(_texts, value.values())),
}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _types(cls: type[Any]) -> dict[str, tuple[Any, str]]:
    """Type and meaning of every field."""
    return {name: get_args(hint) for name, hint in get_type_hints(cls, include_extras=True).items()}


def checked(root: Node) -> DescriptionFile:
    """The structure of a description, or an error at its line."""
    return _checked(root, DescriptionFile)


def checked_target(root: Node) -> TargetFile:
    """The structure of a target, or an error at its line."""
    return _checked(root, TargetFile)


def is_target(root: Node) -> bool:
    """Whether a file is a target rather than a description: it says what only a target says."""
    own = {f.name for f in fields(TargetFile)} - {f.name for f in fields(DescriptionFile)}
    return isinstance(root.value, dict) and not own.isdisjoint(root.value)


def is_workload(root: Node) -> bool:
    """Whether a file is a network rather than a description."""
    return isinstance(root.value, dict) and "workload" in root.value


def _checked(root: Node, cls: type[File]) -> File:
    called = CALLED[cls]
    if not isinstance(root.value, dict):
        what = "system, values" if cls is DescriptionFile else "base, minimize, subject_to, free"
        raise root.error(f"a {called} is a mapping: {what}, ...")
    told = root.plain
    types = _types(cls)
    if not all(name in types and PLAINLY[types[name][0]](value) for name, value in told.items()):
        from pydantic import ValidationError

        try:
            judge: Any = _judge
            judge(cls).model_validate(told)
        except ValidationError as error:
            raise _first(root, error, cls) from None
    return cls(**{**told, "schema": VERSION})


@lru_cache(maxsize=4)
def _judge(cls: type[Any]) -> type[BaseModel]:
    """The same fields as a pydantic model: it tells what is wrong, and the JSON Schema."""
    from pydantic import ConfigDict, Field, create_model

    made: dict[str, Any] = {}
    for one in fields(cls):
        kind, meaning = _types(cls)[one.name]
        facts = Field(alias=one.name, title=one.name, description=meaning, **_default(one), **LIMITS.get(one.name, {}))
        made[f"{one.name}_"] = (kind, facts)
    model: type[BaseModel] = create_model(
        cls.__name__, __config__=ConfigDict(extra="forbid"), __doc__=cls.__doc__, **made
    )
    return model


def _default(one: Any) -> dict[str, Any]:
    told = {"default": one.default, "default_factory": one.default_factory}
    return {key: value for key, value in told.items() if value is not MISSING}


def _first(root: Node, error: ValidationError, cls: type[Any]) -> DescriptionError:
    found = error.errors()[0]
    path = tuple(found["loc"])
    while len(path) > 1 and root.at(path) is root.at(path[:-1]):  # pydantic names the kinds of a union too
        path = path[:-1]
    name = ".".join(map(str, path))
    if found["type"] == "extra_forbidden":
        others = [f.name for other in CALLED if other is not cls for f in fields(other)]
        hint = suggest(name, [f.name for f in fields(cls)])
        if cls is DescriptionFile and name in others:
            hint = "; this file is a target: ask `symppa design` for it"
        return root.at(path).error(f"a {CALLED[cls]} has no {name!r}{hint}")
    if name == "schema":
        return root.at(path).error(f"schema = {root.at(path).plain!r} is another version; this one reads {VERSION}")
    due = DUE.get(found["type"]) or f"none of {found.get('ctx', {}).get('expected', found['msg'])}"
    return root.at(path).error(
        f"{name} = {root.at(path).plain!r} is {due}: {path[0]} is {_types(cls)[str(path[0])][1]}"
    )


def json_schema(cls: type[Any] = DescriptionFile) -> str:
    """JSON Schema of description files, or of targets, for editors."""
    title = f"symppa {CALLED[cls]}"
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    judge: Any = _judge
    schema |= {k: v for k, v in judge(cls).model_json_schema().items() if k != "title"}
    schema["$defs"] = {"Marked": judge(Marked).model_json_schema()}
    return json.dumps(schema, indent=2)
