"""A language model that answers, on a device, as a description of `Serving`.

llama3_8b[prompt=2048,generate=256,batch=16]@h100_sxm_80gb
llama3_70b[batch=8,tp=4,weights=INT8]@h100_sxm_80gb
llama3_70b[draft=llama3_8b,acceptance=0.7,burst=4,tp=8]@h100_sxm_80gb
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from symppa import units
from symppa.descriptions import nodes, structure
from symppa.descriptions.load import Description, Layer, leaves
from symppa.descriptions.nodes import Node
from symppa.errors import DescriptionError, QuestionError, WorkloadError, suggest
from symppa.workloads import configured, on_device, reading, steps
from symppa.workloads.huggingface import Config
from symppa.workloads.on_device import node_of

COUNTS = ("batch", "prompt", "generate", "tp", "burst")
TEXTS = ("weights", "cache", "draft", "acceptance")
KNOWN = (*COUNTS, *TEXTS)
TELLING = frozenset({*KNOWN} - {"batch"})  # one of these makes a question about a model that answers
SIZE = re.compile(r"[\d.]")
SETTLED = frozenset({
    "ranks", "model_width", "scores", "sums", "most", "window", "reading", "writing", "draft_reading", "draft_writing",
})  # fmt: skip
CLOSE = 1.01  # vocabularies of a model and its draft may differ by so much: they are padded


@dataclass(frozen=True)
class Question:
    """How a language model is to answer."""

    batch: int = 1
    prompt: int = 2048
    generate: int = 256
    tp: int = 1
    weights: str = ""
    cache: str = ""
    draft: str = ""
    acceptance: float | None = None
    burst: int = 4

    def __post_init__(self) -> None:
        for name in COUNTS:
            least = 2 if name == "generate" else 1
            if getattr(self, name) < least:
                raise QuestionError(f"{name} = {getattr(self, name)}; at least {least} is expected")
        if bool(self.draft) != (self.acceptance is not None):
            raise QuestionError("a draft and its acceptance go together: draft=MODEL, acceptance=0.7")
        if self.acceptance is not None and not 0 <= self.acceptance <= 1:
            raise QuestionError(f"acceptance = {self.acceptance}; a probability is expected, from 0 to 1")

    @property
    def text(self) -> str:
        """What differs from the usual, as it stands in brackets."""
        usual = {name: field.default for name, field in self.__dataclass_fields__.items()}
        told = {name: getattr(self, name) for name in KNOWN if name != "burst" or self.draft}
        found = {name: value for name, value in told.items() if value != usual[name]}
        return ",".join(f"{name}={value}" for name, value in (found or {"prompt": self.prompt}).items())


@dataclass(frozen=True)
class ModelLayer(Layer):
    """What a language model says of its steps."""

    config: Config
    answers: Question


@dataclass(frozen=True)
class ServedOnDevice(Description):
    """A language model that answers, on a device; the first layer is the model's."""

    question: str
    device: Description

    @property
    def asked(self) -> str:
        return self.question

    @property
    def network(self) -> ModelLayer:
        """What the model says."""
        return next(layer for layer in self.layers if isinstance(layer, ModelLayer))

    def settled(self, name: str) -> str:
        if name.partition(".")[0] not in SETTLED:
            return ""
        how = "[tp=...]@" if name == "ranks" else "a batch, a prompt and an answer may be set"
        return f"{name} follows from {self.network.path.stem} and how it is shared: {how}"


def is_served(text: str) -> bool:
    """Whether a text asks for a model that answers: `llama3_8b[prompt=2048]@h100_sxm_80gb`."""
    found = on_device.PLACED.fullmatch(text)
    words = [piece.partition("=")[0].strip() for piece in ((found and found["sizes"]) or "").split(",")]
    return bool(TELLING.intersection(words))


def described(text: str, beside: Path | None = None) -> ServedOnDevice:
    """The model and the device that a text names.

    >>> described("llama3_8b[prompt=512,tp=2]@h100_sxm_80gb").system
    'Serving'
    """
    found = on_device.PLACED.fullmatch(text)
    if found is None:
        raise DescriptionError(f"{text!r} is no model on a device: write MODEL[prompt=2048]@DEVICE")
    model, device = (on_device.within(found[part], beside) for part in ("net", "device"))
    return served(model, device, question(found["sizes"] or "", text))


def matching(text: str) -> Iterator[ServedOnDevice]:
    """Every model on every device that the patterns of a text match."""
    found = on_device.PLACED.fullmatch(text)
    asked = question((found and found["sizes"]) or "", text)
    for model in on_device.matched(found["net"] if found else text, reading.networks(), "workload"):
        for device in on_device.matched(found["device"] if found else text, on_device.devices(), "hardware"):
            yield served(model, device, asked)


def question(text: str, asked: str) -> Question:
    """What stands in brackets.

    >>> question("prompt=512, tp=2", "").tp
    2
    """
    told: dict[str, Any] = {}
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = (word.strip() for word in piece.partition("="))
        if name not in KNOWN or not value:
            raise DescriptionError(f"{asked}: {piece!r} says nothing about serving{suggest(name, KNOWN)}")
        if name in told:
            raise DescriptionError(f"{asked}: {name} stands twice")
        told[name] = value
    for name in (*COUNTS, "acceptance"):
        if name in told:
            told[name] = _numeric(name, told[name], asked)
    return Question(**told)


def _numeric(name: str, text: str, asked: str) -> float:
    try:
        return float(text) if name == "acceptance" else int(text)
    except ValueError:
        raise DescriptionError(f"{asked}: {name} = {text!r} is no number") from None


def served(network: str | Path, device: Description | str | Path, asked: Question) -> ServedOnDevice:
    """A language model, by name or file, that answers on a device."""
    chip = device if isinstance(device, Description) else on_device.hardware(str(device))
    path = reading.found(str(network))
    root = nodes.read(path)
    _decoder(root, path)
    if asked.tp > 1 and not _has(chip, "link_bandwidth"):
        raise QuestionError(f"{chip.name} states no chip.link_bandwidth: {asked.tp} of it cannot share a layer")
    layers = [_model(root, path, asked, chip)]
    if asked.draft:
        layers.append(_draft(asked, layers[0]))
    name = str(root.at(("workload",)).plain)
    return ServedOnDevice(
        name=f"{name}[{asked.text}]{on_device.AT}{chip.name}",
        system="SpeculativeServing" if asked.draft else "Serving",
        layers=(*layers, *(_inside(layer) for layer in chip.layers), _class(chip)),
        question=f"{on_device.question_of(path, name)}[{asked.text}]{on_device.AT}{chip.asked}",
        device=chip,
    )


def _model(root: Node, path: Path, asked: Question, chip: Description) -> ModelLayer:
    """The layer of a model: its steps, and how it is asked to answer."""
    config, name = _decoder(root, path), path.stem
    mine = steps.split(config, name, asked.tp)
    if asked.prompt + asked.generate > config.places:
        raise QuestionError(
            f"{name} was made for {config.places} tokens; {asked.prompt} of a prompt and {asked.generate} of an answer "
            "are more"
        )
    values: dict[str, Any] = {
        "batch": asked.batch, "prompt": asked.prompt, "generate": asked.generate, "ranks": asked.tp,
        "model_width": config.width, "scores": mine.vocabulary, "sums": steps.sums(config), "most": config.places,
        "reading": steps.counted(mine, name, steps.READING).values(),
        "writing": steps.counted(mine, name, steps.WRITING).values(),
    }  # fmt: skip
    if found := steps.windows(config):
        values["window"] = max(found)
    for what, label in (("weight_size", asked.weights), ("kept_size", asked.cache)):
        if label:
            values[what] = _storage(chip, label)
    return _layer(root, path, config, asked, values)


def _draft(asked: Question, model: ModelLayer) -> ModelLayer:
    """The layer of a model that drafts: whole on every device."""
    path = reading.found(asked.draft)
    root = nodes.read(path)
    config, name = _decoder(root, path), path.stem
    few, many = sorted((config.vocabulary, model.config.vocabulary))
    if many > CLOSE * few:
        raise QuestionError(
            f"{name} has {config.vocabulary} tokens and {model.path.stem} "
            f"{model.config.vocabulary}: a draft is of the same vocabulary"
        )
    values = {
        "burst": asked.burst, "acceptance": {"rate": asked.acceptance},
        "draft_reading": steps.counted(config, name, steps.READING).values(),
        "draft_writing": steps.counted(config, name, steps.WRITING).values(),
    }  # fmt: skip
    return _layer(root, path, config, asked, values)


def _decoder(root: Node, path: Path) -> Config:
    if not configured.is_configured(root):
        raise WorkloadError(
            f"{path.stem} is no language model that answers token by token: it is told by its operators, not by "
            "`config:`; phase, prompt, generate, tp and draft ask of a model that answers"
        )
    config = configured.config_of(root)
    if config.family.encoder:
        raise WorkloadError(f"{path.stem} is an encoder: it answers nothing, token by token")
    return config


def _layer(root: Node, path: Path, config: Config, asked: Question, values: Mapping[str, Any]) -> ModelLayer:
    plain = root.plain
    told = {name: str(plain[name]) for name in ("meaning", "source") if name in plain}
    source = f"workload {path.stem}; {told.get('source') or 'counted from its operators'}"
    file = structure.DescriptionFile(meaning=told.get("meaning", ""), source=source)
    return ModelLayer(path, Node({"values": node_of(values, str(path))}, str(path), 0), file, config, asked)


def _inside(layer: Layer) -> Layer:
    """A layer of a device as one of a part of another system: its chip is on top, the rest under `device`."""
    values = layer.root.at(("values",))
    told: dict[str, Node] = dict(values.value) if values is not layer.root else {}  # type: ignore[arg-type]
    chip = {key: node for key, node in told.items() if key.partition(".")[0] == "chip"}
    rest = {key: node for key, node in told.items() if key.partition(".")[0] not in ("chip", "net")}
    inside = {**chip, **({"device": Node(rest, values.file, values.line)} if rest else {})}
    whole: dict[str, Node] = dict(layer.root.value)  # type: ignore[arg-type]
    root = replace(layer.root, value=whole | {"values": Node(inside, values.file, values.line)})
    parts = {f"device.{name}": what for name, what in layer.file.parts.items()}
    return replace(layer, root=root, file=replace(layer.file, parts=parts, targets={}, ranges={}))


def _class(chip: Description) -> Layer:
    """Which class the device is of."""
    last = chip.layers[-1]
    return replace(
        last, root=Node({}, last.root.file, 0), file=structure.DescriptionFile(parts={"device": chip.system})
    )


def _has(chip: Description, name: str) -> bool:
    """Whether a device states a value other than nothing of its chip."""
    return any(keys == ("chip", name) for layer in chip.layers for keys, _ in leaves(layer))


def _storage(chip: Description, label: str) -> str:
    """The storage of an element: a format that the device knows, or a size with its unit."""
    if SIZE.match(label):
        units.parse(label, "byte", "storage of an element")
        return label
    found: dict[str, str] = {}
    for layer in reversed(chip.layers):
        for keys, node in leaves(layer):
            if keys[:2] == ("chip", "element"):
                plain = node.plain
                found[keys[2]] = str(plain["value"] if isinstance(plain, Mapping) else plain)
    if label.upper() not in found:
        raise QuestionError(
            f"{chip.name} has no number format {label!r}{suggest(label.upper(), found)}, "
            "and it is no size as in 4.25 bit"
        )
    return found[label.upper()]
