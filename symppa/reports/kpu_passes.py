"""What each pass of the KPU's compiler did, a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from symppa.reports.network import readable
from symppa.reports.number import shown

Facts = Mapping[str, Any]


def told(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Passes in the order in which they were run, with what they did."""
    capture = [("capture", "; ".join(facts["specialised"]))] if facts.get("specialised") else []
    return (*capture, *((name, SAID[name](facts) if name in SAID else "") for name in facts.get("passes", ())))


def _size(number: Any) -> str:
    return readable(float(number), "byte")


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.items())


def _some(count: int, what: str) -> str:
    """A count with its noun.

    >>> _some(1, "operator"), _some(3, "search")
    ('1 operator', '3 searches')
    """
    many = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{count} {what if count == 1 else many}"


def _fold(facts: Facts) -> str:
    return f"{_some(facts['folded'], 'operator')} computed beforehand, {facts['left_out']} left out"


def _fuse(facts: Facts) -> str:
    found = [
        f"recognised {_counts(facts['recognised'])}" if facts.get("recognised") else "",
        f"into weights {_counts(facts['into_weights'])}" if facts.get("into_weights") else "",
        f"fused {_counts(facts['fused'])}" if facts.get("fused") else "",
    ]
    return "; ".join(filter(None, found)) or "nothing to fuse"


def _layout(facts: Facts) -> str:
    one = facts["layout"]
    formats = _counts(one["formats"]) or "no images"
    moved = f", {_size(one['transform_bytes'])}" if one["transforms"] else ""
    return f"images: {formats}; {_some(one['transforms'], 'transform')}{moved}"


def _quantize(facts: Facts) -> str:
    one = facts["quantization"]
    kept = f", {one['wide']} kept in a wider format" if one["wide"] else ""
    per = f", {one['per_channel']} of them channel by channel" if one["per_channel"] else ""
    narrow = f"{one['narrow']} in the format asked for{kept}"
    how = f" by {one['calibrator']}" if one.get("calibrator") else ""
    products = f"; {_some(len(one['kept']), 'product')} of 16 bits" if one.get("kept") else ""
    return f"activations {one['activations']}{how}: {narrow}; {_some(one['weights'], 'weight')}{per}{products}"


def _schedule(facts: Facts) -> str:
    one = facts["schedule"]
    proof = "proved the least" if one["proved"] else f"no order is below {_size(one['bound'])}"
    return f"activations alive at once: {_size(one['peak'])}, {proof}"


def _residency(facts: Facts) -> str:
    one = facts["residency"]
    saved = f"{_size(one['saved_bytes'])} of {_size(one['of_bytes'])} to and from the memory are saved"
    return f"{one['tensors']} of {one['of']} activations stay in L2; {saved}"


def _tile(facts: Facts) -> str:
    one = facts["tile"]
    return f"{_some(one['searches'], 'search')}, {one['proved']} of them with a proof"


def _allocate(facts: Facts) -> str:
    one = facts["memory"]
    over = f"{shown(100 * (one['over_bound'] - 1), 'percent')} % above" if one["over_bound"] > 1 else "no more than"
    return (
        f"activations outside take {_size(one['dram_activations'])}, {over} what is alive at once; "
        f"those in L2 {_size(one['l2_resident'])}"
    )


def _prefetch(facts: Facts) -> str:
    one = facts["prefetch"]
    if not one["operators"]:
        return "no weights come early"
    return (
        f"{_size(one['bytes'])} of weights come early for {_some(one['operators'], 'operator')}: "
        f"{_some(one['cycles_saved'], 'cycle')} saved"
    )


def _pack(facts: Facts) -> str:
    return "weights as one piece of bytes"


SAID: Mapping[str, Callable[[Facts], str]] = MappingProxyType({
    "fold": _fold, "fuse": _fuse, "layout": _layout, "quantize": _quantize, "schedule": _schedule,
    "residency": _residency, "tile": _tile, "allocate": _allocate, "prefetch": _prefetch, "pack": _pack,
})  # fmt: skip
