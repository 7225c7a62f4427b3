"""Samples from a folder: pictures as a network wants to see them, or arrays as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from symppa.errors import DeploymentError, suggest
from symppa.kpu import samples as numpy_files
from symppa.kpu.interface.program import Array

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm")
# Mean and deviation of the pictures of ImageNet, red, green and blue; he2016 and whoever trains as they do.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CROPPED = 224 / 256  # of the shorter side
GREY = 114  # around a picture that has other proportions


def imagenet(picture: Any, height: int, width: int) -> Array:
    """The middle of a picture, its channels less their mean over their deviation, (3, height, width)."""
    from PIL import Image

    scale = max(height / picture.height, width / picture.width) / CROPPED
    sizes = (max(width, round(picture.width * scale)), max(height, round(picture.height * scale)))
    large = picture.resize(sizes, Image.Resampling.BILINEAR)
    left, top = (sizes[0] - width) // 2, (sizes[1] - height) // 2
    shares = _shares(large.crop((left, top, left + width, top + height)))
    mean, deviation = (np.asarray(one, np.float32).reshape(3, 1, 1) for one in (MEAN, DEVIATION))
    return np.asarray((shares - mean) / deviation)


def yolo(picture: Any, height: int, width: int) -> Array:
    """The whole picture in its proportions, grey around it, from 0 to 1, (3, height, width)."""
    from PIL import Image

    scale = min(height / picture.height, width / picture.width)
    sizes = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    around = Image.new("RGB", (width, height), (GREY, GREY, GREY))
    around.paste(picture.resize(sizes, Image.Resampling.BILINEAR), ((width - sizes[0]) // 2, (height - sizes[1]) // 2))
    return _shares(around)


def _shares(picture: Any) -> Array:
    return np.ascontiguousarray(np.asarray(picture, np.float32).transpose(2, 0, 1) / np.float32(255))


PREPROCESSING: Mapping[str, Callable[[Any, int, int], Array]] = MappingProxyType({"imagenet": imagenet, "yolo": yolo})


def samples(told: Any, shape: Sequence[int], preprocessing: str, most: int, what: str) -> list[Array]:
    """At most so many samples, each without the axis of the batch: of a folder or file, or of arrays."""
    if isinstance(told, str | Path):
        found = _of_path(Path(told), shape, preprocessing, what)
    else:
        found = _of_arrays([told] if isinstance(told, np.ndarray) else told, shape, what)
    return list(islice(found, most))


def _of_path(path: Path, shape: Sequence[int], preprocessing: str, what: str) -> Iterator[Array]:
    if not path.exists():
        raise DeploymentError(f"{what}: there is no file or folder {path}")
    if path.is_file() and path.suffix.lower() not in ENDINGS:
        return _of_arrays(numpy_files.read(path), shape, what)
    files = [path] if path.is_file() else sorted(one for one in path.iterdir() if one.suffix.lower() in ENDINGS)
    arrays = path.is_dir() and any(one.suffix in numpy_files.ENDINGS for one in path.iterdir())
    if arrays and files:
        raise DeploymentError(f"{what}: {path} has pictures and files of numpy; give each a folder of its own")
    if arrays:
        return _of_arrays(numpy_files.read(path), shape, what)
    if not files:
        raise DeploymentError(f"{what}: {path} has no pictures ({', '.join(ENDINGS)}) and no files of numpy")
    return _pictures(files, shape, preprocessing)


def _pictures(files: Sequence[Path], shape: Sequence[int], preprocessing: str) -> Iterator[Array]:
    """Pictures in the order of their names."""
    if preprocessing not in PREPROCESSING:
        raise DeploymentError(f"there is no preprocessing {preprocessing!r}{suggest(preprocessing, PREPROCESSING)}")
    if len(shape) != 4 or shape[1] != 3:
        raise DeploymentError(f"pictures have shape (batch, 3, height, width), not ({','.join(map(str, shape))})")
    from PIL import Image, UnidentifiedImageError

    for file in files:
        try:
            with Image.open(file) as opened:
                picture = opened.convert("RGB")
        except (OSError, UnidentifiedImageError) as error:
            raise DeploymentError(f"is no picture that can be read: {error}", file=str(file)) from None
        yield PREPROCESSING[preprocessing](picture, *shape[2:])


def _of_arrays(told: Any, shape: Sequence[int], what: str) -> Iterator[Array]:
    """Arrays of one sample or of several, of the shape of the input but for the batch."""
    for item in told:
        if isinstance(item, Mapping):
            if len(item) != 1:
                raise DeploymentError(
                    f"{what} names {len(item)} inputs, {', '.join(item)}; networks of one are deployed"
                )
            item = next(iter(item.values()))
        array = np.asarray(item)
        if array.shape == tuple(shape[1:]):
            array = array[None]
        if array.shape[1:] != tuple(shape[1:]):
            due, got = (",".join(map(str, one)) for one in (shape, array.shape))
            raise DeploymentError(f"{what}: Input shape mismatch: expected ({due}), got ({got})")
        yield from array


def batches(found: Sequence[Array], size: int) -> Iterator[tuple[Array, int]]:
    """Full runs and how many samples of each are new: the last one is filled with its last sample."""
    for begin in range(0, len(found), size):
        part = list(found[begin : begin + size])
        yield np.stack(part + [part[-1]] * (size - len(part))), len(part)
