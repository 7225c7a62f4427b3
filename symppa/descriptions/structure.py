"""The structure of description files; JSON Schema and checks come from these classes."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from symppa.descriptions.nodes import Node
from symppa.errors import DescriptionError, suggest

Level = Literal["CALIBRATED", "INTERPOLATED", "THEORETICAL"]
VERSION = 1


class Marked(BaseModel):
    """A value with its own source and confidence."""

    model_config = ConfigDict(extra="forbid")

    value: Any = Field(description="the value, with its unit")
    source: str = Field("", description="key of references.bib or a reference in words")
    confidence: Level = Field("THEORETICAL", description="how the value came about")


class DescriptionFile(BaseModel):
    """A description: numbers with units and sources for one system."""

    model_config = ConfigDict(extra="forbid", title="symppa description")

    schema_version: int = Field(
        VERSION, alias="schema", ge=VERSION, le=VERSION, description="version of this format; the newest if not stated"
    )
    system: str | None = Field(None, description="class of the system; inherited with extends")
    extends: str | None = Field(None, description="description this one differs from")
    meaning: str = Field("", description="what is described, one line")
    source: str = Field("", description="source of every value that states none")
    confidence: Level = Field("THEORETICAL", description="confidence of every value that states none")
    parts: dict[str, str] = Field(default_factory=dict, description="class of a replaceable part, by dotted path")
    values: dict[str, Any] = Field(
        default_factory=dict,
        description="values by name; nested names are parts, under a set they are its members",
    )
    targets: dict[str, str] = Field(
        default_factory=dict,
        description="what a comparison asks of an output, as in `power: <= 500 W`; first is foremost",
    )
    ranges: dict[str, str] = Field(
        default_factory=dict,
        description="values worth exploring, as in `clock: 1.5GHz:3GHz:16`, by name of a given",
    )


def checked(root: Node) -> DescriptionFile:
    """The file's structure, or an error at its line."""
    if not isinstance(root.value, dict):
        raise root.error("a description is a mapping: schema, system, values, ...")
    try:
        return DescriptionFile.model_validate(root.plain)
    except ValidationError as error:
        raise _first(root, error) from None


def _first(root: Node, error: ValidationError) -> DescriptionError:
    found = error.errors()[0]
    path = tuple(found["loc"])
    name = ".".join(map(str, path))
    known = [f.alias or n for n, f in DescriptionFile.model_fields.items()]
    if found["type"] == "extra_forbidden":
        return root.at(path).error(f"a description has no {name!r}{suggest(name, known)}")
    if name == "schema":
        return root.at(path).error(f"schema = {root.at(path).plain!r} is another version; this one reads {VERSION}")
    return root.at(path).error(f"{name} = {root.at(path).plain!r}: {found['msg'].lower()}")


def json_schema() -> str:
    """JSON Schema of description files, for editors."""
    schema = DescriptionFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$defs"] = {"Marked": Marked.model_json_schema()}
    return json.dumps(schema, indent=2)
