"""The tidy file that symppa writes itself."""

from collections.abc import Iterable

from symppa.calibration.measurement import TIDY, Campaign, measurement, sizes
from symppa.calibration.readers.reader import Entry, Item, Reader, Source, measured

TEXTS = ("stack", "version", "power_mode", "date", "source", "digest")


def _rows(source: Source, entry: Entry) -> Iterable[Item]:
    measured(source, entry)
    texts = {name: entry.cells[name].strip() for name in TEXTS}
    if not texts["source"]:  # measured here: this very file is the source
        texts |= {"source": source.name, "digest": source.digest}
    where = Campaign(source.named(entry.text("device")), clock=entry.maybe("clock [Hz]"), **texts)
    samples = entry.maybe("samples")
    yield measurement(
        where, entry.text("op"), sizes(entry.text("shape")), entry.text("dtype"), entry.number("latency [s]"),
        energy=entry.maybe("energy [J]"), memory=entry.maybe("memory [byte]"), spread=_spread(entry),
        samples=None if samples is None else int(samples), network=entry.cells["network"], part=entry.cells["part"],
        pattern=entry.cells["pattern"], peak=entry.maybe("peak [op/s]"), notes=entry.cells["notes"], row=entry.line,
    )  # fmt: skip


def _spread(entry: Entry) -> float | None:
    return entry.number("spread") if entry.cells["spread"].strip() else None


READER = Reader("tidy", TIDY, "symppa's own tidy file", _rows)
