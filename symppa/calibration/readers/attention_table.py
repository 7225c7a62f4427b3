"""Attention profiles of serving stacks: prefill where no token is decoded yet (step 0), else decode."""

from collections.abc import Iterable

from symppa.calibration.measurement import measurement
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, numbers, time
from symppa.errors import MeasurementError

NAMES = {"batch": "batch_size", "heads": "num_heads", "kv_heads": "num_key_value_heads", "width": "head_dim"}


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    told, decoded = entry.number("isl"), entry.number("step")
    formats = {entry.text("attn_dtype"), entry.text("kv_cache_dtype")}
    if len(formats) > 1:
        raise MeasurementError(f"attention in {' and '.join(sorted(formats))} at once is not known here")
    if entry.number("beam_width") != 1:
        raise MeasurementError("beams share a cache in a way that is not known here; beam_width must be 1")
    sizes = {"queries": told, "context": told} if decoded == 0 else {"queries": 1.0, "context": told + decoded}
    shape = dict(numbers(entry, NAMES)) | sizes | {"window": entry.maybe("window_size") or 0.0}
    op = "attention_prefill" if decoded == 0 else "attention_decode"
    campaign = source.campaign(entry.text("device"))
    yield measurement(campaign, op, shape, formats.pop(), time(entry, "latency"), row=entry.line)


COLUMNS = ("device", "isl", "step", "beam_width", "attn_dtype", "kv_cache_dtype", *NAMES.values(), "latency_*")
READER = Reader("attention_table", COLUMNS, "attention by batch, input length, heads and step", _rows)
