"""Shapes of inputs that are asked for, against those that a network has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symppa.errors import CompilationError, InvalidInputError, suggest
from symppa.kpu.shapes import Shape

Asked = Sequence[int] | Mapping[str, Sequence[int]] | None
Open = tuple[int | None, ...]


def told(shape: Sequence[Any]) -> str:
    """A shape as the messages of the KPU write it; a size that is open is a question mark."""
    return f"({','.join('?' if size is None else str(size) for size in shape)})"


def agreed(asked: Asked, known: Mapping[str, Open], name: str) -> dict[str, Shape]:
    """The shape of each input, as it is asked for; what differs from a size that the network fixes is refused."""
    wanted = _named(asked, known, name)
    for one, shape in wanted.items():
        own = known[one]
        fits = len(own) == len(shape) and all(a in (None, b) for a, b in zip(own, shape, strict=True))
        if not fits:
            raise InvalidInputError(f"Input shape mismatch: expected {told(own)}, got {told(shape)}")
        if any(size < 1 for size in shape):
            raise InvalidInputError(f"the input {one} cannot have the shape {told(shape)}; no size is below 1")
    left = [
        f"axis {k} of {one}" for one, own in known.items() if one not in wanted
        for k, size in enumerate(own) if size is None
    ]  # fmt: skip
    if left:
        example = {one: told(shape) for one, shape in known.items()}
        raise CompilationError(
            f"{name}: {', '.join(left)} {'is' if len(left) == 1 else 'are'} open, and a KPU program has fixed sizes; "
            f"say input_shape=... (inputs: {', '.join(f'{one} {shape}' for one, shape in example.items())})"
        )
    return {one: wanted.get(one, tuple(int(size or 0) for size in own)) for one, own in known.items()}


def specialised(known: Mapping[str, Open], shapes: Mapping[str, Shape]) -> list[str]:
    """Which open sizes have become which numbers, a sentence each."""
    return [
        f"axis {k} of {one} is {shapes[one][k]}" for one, own in known.items() for k, size in enumerate(own)
        if size is None
    ]  # fmt: skip


def _named(asked: Asked, known: Mapping[str, Open], name: str) -> dict[str, Shape]:
    if asked is None:
        return {}
    if isinstance(asked, Mapping):
        for one in asked:
            if one not in known:
                raise InvalidInputError(f"{name} has no input {one!r}{suggest(one, known)}")
        return {one: tuple(int(size) for size in shape) for one, shape in asked.items()}
    if len(known) != 1:
        raise InvalidInputError(
            f"{name} has {len(known)} inputs ({', '.join(known)}): say their shapes by name, "
            "input_shape={'name': (...)}"
        )
    return {next(iter(known)): tuple(int(size) for size in asked)}
