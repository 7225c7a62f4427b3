"""A result as it was written: read, and refused where it is none. Nothing in it is interpreted here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from symppa.descriptions.bind import LEVELS
from symppa.errors import QuestionError
from symppa.studies.result import Result
from symppa.version import __version__

Data = Mapping[str, Any]
Source = str | Path | Data | Result
Kind = Callable[[Any], bool]
LARGEST = 1e308


def is_text(value: Any) -> bool:
    """A text."""
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST < value < LARGEST


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def _is_counts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in value)


def _is_sizes(value: Any) -> bool:
    return isinstance(value, dict) and _is_counts(list(value.values()))


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_text, value.values()))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_one(value: Any) -> bool:
    return is_text(value) or _is_number(value)


def _is_list(value: Any) -> bool:
    """One value, or some."""
    return all(map(_is_one, value)) if isinstance(value, list) else _is_one(value)


def _is_array(value: Any) -> bool:
    """One value, or as many in every row."""
    if not isinstance(value, list) or not any(isinstance(row, list) for row in value):
        return _is_list(value)
    return all(map(_is_array, value)) and len({_lengths(row) for row in value}) == 1


def _lengths(row: Any) -> tuple[int, ...]:
    return (len(row), *_lengths(row[0])) if isinstance(row, list) and row else ()


def _is_value(value: Any) -> bool:
    """An array, or values by label, once or twice."""
    return all(map(_is_value, value.values())) if isinstance(value, dict) else _is_array(value)


def _is_values(value: Any) -> bool:
    return isinstance(value, dict) and _is_value(value)


def _is_axes(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_list, value.values()))


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_one, value.values()))


# What a given, a set and a table may have been told.
KINDS: Mapping[str, Kind] = {
    "given": lambda value: _is_array(value) or _is_row(value),
    "set": lambda value: (isinstance(value, int) and not isinstance(value, bool)) or _is_texts(value),
    "table": lambda value: isinstance(value, dict) and all(map(_is_row, value.values())),
}


def _is_input(value: Any) -> bool:
    kinds = {"value": _or_none(_is_value), "unit": is_text, "meaning": is_text, "sources": _is_texts, "origin": is_text}
    return isinstance(value, dict) and _fits(value, kinds) and value.get("confidence") in LEVELS


def _is_inputs(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_input, value.values()))


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and _fits(value, {"unit": is_text, "dims": _is_texts}) and "values" in value


def _is_outputs(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_output, value.values()))


def _is_coordinates(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(v, dict) and _is_output({"dims": [], **v}) for v in value.values()
    )


def _is_facts(value: Any) -> bool:
    return isinstance(value, dict) and _is_named(value.get("targets", {}))


def _is_subjects(value: Any) -> bool:
    kinds = {**SUBJECT, "description": is_text, "meaning": is_text, "inputs": _is_inputs}
    return isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) and _fits(v, kinds) for v in value)


def _is_points(value: Any) -> bool:
    """A file with its hash, or columns."""
    if not isinstance(value, dict) or not isinstance(value.get("columns"), dict):
        return isinstance(value, dict) and _fits(value, {"file": is_text, "sha256": is_text})
    kinds = {"unit": _or_none(is_text), "values": _is_list}
    return all(isinstance(column, dict) and _fits(column, kinds) for column in value["columns"].values())


def _or_none(kind: Kind) -> Kind:
    return lambda value: value is None or kind(value)


def _fits(data: Data, kinds: Mapping[str, Kind]) -> bool:
    return all(name in data and fits(data[name]) for name, fits in kinds.items())


SUBJECT: Mapping[str, Kind] = {
    "system": _or_none(is_text), "class": is_text, "parts": _is_named, "set": _is_values,
}  # fmt: skip
GRID: Mapping[str, Kind] = {
    **SUBJECT, "axes": _is_axes, "points": _or_none(_is_points), "sample": _or_none(is_text),
    "seed": _or_none(_is_number), "uncertain": _or_none(_is_named), "outputs": _or_none(_is_texts), "where": _is_texts,
}  # fmt: skip
QUESTIONS: Mapping[str, Mapping[str, Kind]] = {
    "analyze": {**SUBJECT, "outputs": _is_texts},
    "sweep": {**GRID, "keep": is_text},
    "pareto": {**GRID, "objectives": _is_named},
    "sensitivity": {**SUBJECT, "output": is_text, "ranges": _is_named},
    "break_even": {**SUBJECT, "outputs": _is_texts, "given": is_text, "within": _or_none(is_text)},
    "speculate": {
        **SUBJECT, "network": is_text, "acceptance": _or_none(_is_one), "prompt": is_text, "burst": is_text,
    },
    "compare": {"systems": _is_subjects, "outputs": _is_texts, "targets": _is_named},
    "networks": {
        "workloads": _is_texts, "hardware": _is_texts, "precisions": _or_none(_is_texts), "batches": _is_counts,
        "sizes": _is_sizes, "targets": _is_named, "rank": _or_none(is_text), "profile": _or_none(is_text),
    },
}  # fmt: skip
RESULT: Mapping[str, Kind] = {
    "system": is_text, "description": is_text, "question": _is_mapping, "outputs": _is_outputs,
    "coordinates": _is_coordinates, "inputs": _is_inputs, "counts": _is_mapping, "facts": _is_facts,
    "versions": _is_named, "hashes": _is_named,
}  # fmt: skip


def read(source: Source) -> Data:
    """A result that can be asked again: the data of its JSON."""
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        try:
            return checked(_parsed(path))
        except QuestionError as error:
            raise error.at(str(path), None) from None
    data = source.to_dict() if isinstance(source, Result) else source
    return checked(data)


def _parsed(path: Path) -> Any:
    try:
        if not path.is_file():
            raise QuestionError("there is no such file")
        text = path.read_text(encoding="utf-8")
        return json.loads(text, parse_constant=_refuse)
    except OSError as error:
        raise QuestionError(f"it cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise QuestionError("this is no result of symppa: a result is JSON, in UTF-8") from None
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        words = "it ends in the middle; was it cut off?" if cut and text.strip() else f"this is no JSON: {error.msg}"
        raise QuestionError(words, file=str(path), line=error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"this is no JSON that symppa wrote: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"it holds {constant}")


def checked(data: Any) -> Data:
    """The data, when they are those of a result."""
    if isinstance(data, dict) and isinstance(data.get("error"), dict):
        raise QuestionError(f"this is an error and no result: {data['error'].get('message', '')}")
    if not isinstance(data, dict) or not is_text(data.get("study")):
        raise QuestionError(
            "this is no result of symppa: it has no 'study'; add --json or --out FILE.json to a question"
        )
    _refuse_newer(data)
    study = data["study"]
    if study == "replay":
        raise QuestionError("this is itself a replay: replay the result that it was of")
    if study not in QUESTIONS:
        raise QuestionError(f"a {study} is not replayed; there are {', '.join(QUESTIONS)}")
    if isinstance(data.get("facts"), dict) and "stored" in data["facts"]:
        raise QuestionError(
            "its numbers lie in the partitions that it wrote: replay a result that holds numbers itself"
        )
    if not data.get("question"):
        raise QuestionError("it does not record what was asked; ask again with this version of symppa")
    _check(data, RESULT, "it")
    _check(data["question"], QUESTIONS[study], "its question")
    if data["facts"].get("complete") is False:
        raise QuestionError("this run was stopped before its end: there is nothing whole to compare with")
    return data


def _check(data: Data, kinds: Mapping[str, Kind], what: str) -> None:
    for name, fits in kinds.items():
        if name not in data:
            raise QuestionError(f"{what} has no {name!r}: was it cut off or edited?")
        if not fits(data[name]):
            raise QuestionError(f"{what} has {name!r} not as symppa writes it: was it edited?")


def _refuse_newer(data: Data) -> None:
    written = data.get("versions", {}).get("symppa", "") if isinstance(data.get("versions", {}), dict) else ""
    if _release(str(written)) > _release(__version__):
        raise QuestionError(f"it was written by symppa {written}, and this is {__version__}: upgrade symppa")


def _release(version: str) -> tuple[int, ...]:
    """The numbers a version begins with.

    >>> _release("0.10.2rc1") > _release("0.9")
    True
    """
    found = re.match(r"\d{1,9}(?:\.\d{1,9})*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
