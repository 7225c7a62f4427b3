"""analyze of a language model that answers: time to the first token and for each further one, energy, what fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from symppa.descriptions.load import Description
from symppa.errors import QuestionError, suggest
from symppa.studies import network as networks
from symppa.studies.estimate import estimate
from symppa.studies.evaluate import evaluate
from symppa.studies.result import Result
from symppa.studies.subject import Subject
from symppa.workloads.serving import Question, ServedOnDevice, served

PREFILL, DECODE, SERVE = "prefill", "decode", "serve"
ROOM = ("weight_memory", "kept_memory", "kept_token", "kept_sequence", "activation_memory", "memory", "memory_fill",
        "largest_batch", "largest_context", "room_stated")  # fmt: skip
READ = (
    "ttft",
    "prefill_rate",
    "prefill_energy",
    "device.utilisation",
    "device.memory_utilisation",
    "prompt_exchange.time",
)
WRITTEN = ("tpot", "first_tpot", "last_tpot", "decode_rate", "user_rate", "step_energy", "decode_token_energy",
           "token_exchange.time")  # fmt: skip
PLAIN = ("decode.utilisation", "decode.memory_utilisation")
SPECULATED = (
    "plain_tpot",
    "gain.gain",
    "acceptance.committed",
    "draft.latency",
    "verify_time",
    "draft_prefill.latency",
)
WHOLE = ("answer_time", "rate", "answer_energy", "token_energy", "power")
PHASES: Mapping[str, tuple[str, ...]] = {PREFILL: READ, DECODE: WRITTEN, SERVE: (*READ, *WRITTEN, *WHOLE)}
LATENCY = {PREFILL: "ttft", DECODE: "tpot", SERVE: "answer_time"}  # what a check of latency is of


def serve(
    model: str | Path,
    device: Description | str | Path,
    *,
    phase: str = SERVE,
    precision: str | None = None,
    profile: str | None = None,
    checks: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
    **asked: Any,
) -> Result:
    """What a language model takes to answer on a device; `asked` are fields of `Question`.

    >>> result = serve("llama2_7b", "a100_sxm_80gb", batch=16, prompt=1024, generate=128)
    >>> result["largest_batch"]
    97.0
    """
    return of(served(model, device, Question(**asked)), phase, precision, profile, checks, values, parts)


def of(
    described: ServedOnDevice,
    phase: str = SERVE,
    precision: str | None = None,
    profile: str | None = None,
    checks: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Result:
    """The same for a model that is on its device already."""
    if phase not in PHASES:
        raise QuestionError(f"there is no phase {phase!r}{suggest(phase, PHASES)}")
    subject = networks.chosen(Subject(described, values, parts), precision, profile)
    result = evaluate(subject, outputs=outputs_of(described, phase))
    verdicts = networks.CHECKED | {"latency": LATENCY[phase], "memory": "memory"}
    if checks and "power" in checks and phase != SERVE:
        raise QuestionError(f"the power of {phase} alone is not told; --phase serve has it")
    found = {name: networks.verdict(result, name, limit, verdicts) for name, limit in (checks or {}).items()}
    facts = {"serving": _facts(described, phase, result), "estimates": _estimates(result), "checks": found}
    return replace(result, facts={**result.facts, **facts})


def outputs_of(described: ServedOnDevice, phase: str) -> tuple[str, ...]:
    """What is asked of a model in a phase."""
    drafts = described.network.answers.draft
    more = () if phase == PREFILL else SPECULATED if drafts else PLAIN
    return (*PHASES[phase], *more, *ROOM)


def _facts(described: ServedOnDevice, phase: str, result: Result) -> dict[str, Any]:
    layer, asked = described.network, described.network.answers
    stated = result["memory_fill"] > 0
    return {
        "model": layer.path.stem,
        "meaning": layer.file.meaning,
        "device": described.device.name,
        "device_meaning": described.device.meaning,
        "phase": phase,
        **{name: getattr(asked, name) for name in ("batch", "prompt", "generate", "tp", "weights", "cache", "draft")},
        "acceptance": asked.acceptance,
        "burst": asked.burst if asked.draft else None,
        "contexts": [asked.prompt + 1, asked.prompt + asked.generate - 1],
        "fits": bool(result["memory_fill"] <= 100) if stated else None,
    }


def _estimates(result: Result) -> dict[str, Any]:
    return {name: estimate(output).to_dict() for name, output in result.outputs.items() if output.values.ndim == 0}
