"""What is said of a language model that answers on a device."""

from __future__ import annotations

from collections.abc import Sequence

from symppa.reports import network
from symppa.reports.number import measured, shown
from symppa.reports.report import Column, Line, Report, Table
from symppa.studies.result import Result

HEADS = {
    "ttft": "TTFT",
    "tpot": "TPOT",
    "first_tpot": "  at its first",
    "last_tpot": "  at its last",
    "decode_rate": "tokens/s, decoding",
    "rate": "tokens/s, in all",
    "user_rate": "  of a sequence",
    "prefill_rate": "tokens/s, reading",
    "token_energy": "J/token, in all",
    "decode_token_energy": "J/token, decoding",
    "kept_memory": "KV cache",
    "kept_token": "  of a token",
    "kept_sequence": "  of a sequence",
    "largest_batch": "largest batch",
    "largest_context": "largest context",
    "answer_time": "answer",
    "gain.gain": "gain of drafts",
    "acceptance.committed": "tokens of a burst",
    "plain_tpot": "TPOT without drafts",
    "draft.latency": "  of a drafted token",
    "verify_time": "  of a verification",
    "draft_prefill.latency": "  prompts, by the draft",
    "prompt_exchange.time": "  between devices",
    "token_exchange.time": "  between devices",
    "device.utilisation": "  share of peak, reading",
    "device.memory_utilisation": "  share of bandwidth, reading",
    "decode.utilisation": "  share of peak, decoding",
    "decode.memory_utilisation": "  share of bandwidth, decoding",
    "prefill_energy": "energy of reading",
    "step_energy": "energy of a step",
    "answer_energy": "energy of the answers",
    "weight_memory": "weights",
    "activation_memory": "activations",
    "memory": "memory",
    "memory_fill": "  share",
    "power": "power",
}
LINKS = ("prompt_exchange.time", "token_exchange.time")
FITTING = ("largest_batch", "largest_context", "memory_fill")


def counted(number: int, what: str) -> str:
    """How many of something.

    >>> counted(1, "sequence"), counted(2, "sequence")
    ('1 sequence', '2 sequences')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def report(result: Result, stands_on: Sequence[Line]) -> Report:
    """A model that answers on a device."""
    told = result.facts["serving"]
    left_out = {*(() if told["tp"] > 1 else LINKS), *(FITTING if told["fits"] is None else ())}
    names = [name for name in result.outputs if name in HEADS and name not in left_out]
    rows = tuple((HEADS[n], network.readable(result[n], result.unit(n)), result.output(n).meaning) for n in names)
    tables = [Table("", (Column("estimate"), Column("value", numeric=True), Column("meaning")), rows)]
    if result.facts["checks"]:
        tables.append(network.checks(result))
    return Report(
        result.name, f"{told['meaning']}, on {told['device_meaning']}", tuple(tables), (*_lines(result), *stands_on)
    )


def _lines(result: Result) -> list[Line]:
    told = result.facts["serving"]
    few, many = told["contexts"]
    lines = [
        Line(
            "asked",
            f"{told['phase']}: {counted(told['batch'], 'sequence')}, prompts of {told['prompt']} tokens, "
            f"answers of {told['generate']}",
        )
    ]
    if told["phase"] != "prefill":
        lines.append(
            Line(
                "TPOT",
                f"the mean over the {told['generate'] - 1} tokens after the first, which see {few} to {many} tokens",
            )
        )
    if told["tp"] > 1:
        lines.append(
            Line("devices", f"{told['tp']}, which split every layer and sum around a ring; memory is that of each")
        )
    if told["weights"] or told["cache"]:
        lines.append(
            Line(
                "stored as",
                f"weights {told['weights'] or 'numbers in use'}, keys and values {told['cache'] or 'numbers in use'}",
            )
        )
    if told["draft"]:
        lines.append(
            Line(
                "draft",
                f"{told['draft']}, {told['burst']} tokens a burst, "
                f"accepted with probability {shown(told['acceptance'])}",
            )
        )
    return [*lines, *_room(result)]


def _room(result: Result) -> list[Line]:
    """Whether it fits, and why no batch does."""
    fits = result.facts["serving"]["fits"]
    if fits is None:
        return [Line("memory", "its size is not stated for this device, so what fits is not known")]
    word = "fits" if fits else "DOES NOT FIT"
    lines = [Line("memory", f"{word}: {measured(result['memory_fill'], 'percent')} of the main memory")]
    if "largest_batch" in result and result["largest_batch"] < 1:
        lines.append(Line("largest batch", "none: not one sequence of this length fits beside the weights"))
    return lines
