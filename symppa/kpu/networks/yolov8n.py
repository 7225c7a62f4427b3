"""YOLOv8, nano: layers, widths and head as the documentation of the released models tells them; ultralytics2023."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-3  # of the norms
BINS = 16  # places of a distance: the shares of each tell how far a side of a box is
STRIDES = (8, 16, 32)


class Conv(nn.Module):  # type: ignore[misc, unused-ignore]
    """Convolution that keeps the sides at stride 1, norm, SiLU."""

    def __init__(self, channels: int, out: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
        self.norm, self.act = nn.BatchNorm2d(out, EPSILON), nn.SiLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """All three."""
        found: Tensor = self.act(self.norm(self.conv(x)))
        return found


class Bottleneck(nn.Module):  # type: ignore[misc, unused-ignore]
    """Two convolutions of 3 x 3, added to what goes in where that is wanted."""

    def __init__(self, channels: int, adds: bool) -> None:
        super().__init__()
        self.first, self.second, self.adds = Conv(channels, channels, 3), Conv(channels, channels, 3), adds

    def forward(self, x: Tensor) -> Tensor:
        """Both, one after the other."""
        y: Tensor = self.second(self.first(x))
        return x + y if self.adds else y


class Split(nn.Module):  # type: ignore[misc, unused-ignore]
    """Half goes on as it is, half through bottlenecks; everything on the way is joined (C2f)."""

    def __init__(self, channels: int, out: int, count: int, adds: bool = False) -> None:
        super().__init__()
        half = out // 2
        self.enter, self.leave = Conv(channels, out), Conv((2 + count) * half, out)
        self.blocks = nn.ModuleList(Bottleneck(half, adds) for _ in range(count))

    def forward(self, x: Tensor) -> Tensor:
        """The joined parts, mixed."""
        parts = list(self.enter(x).chunk(2, 1))
        for block in self.blocks:
            parts.append(block(parts[-1]))
        found: Tensor = self.leave(torch.cat(parts, 1))
        return found


class Pyramid(nn.Module):  # type: ignore[misc, unused-ignore]
    """Maxima over 5, 9 and 13 places, by one pool of 5 again and again (SPPF)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.enter, self.leave = Conv(channels, half), Conv(4 * half, channels)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """The joined parts, mixed."""
        parts = [self.enter(x)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        found: Tensor = self.leave(torch.cat(parts, 1))
        return found


class Detect(nn.Module):  # type: ignore[misc, unused-ignore]
    """Boxes and scores at every place of three maps."""

    def __init__(self, classes: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        box, score = max(16, channels[0] // 4, 4 * BINS), max(channels[0], min(classes, 100))
        self.classes = classes
        self.boxes = nn.ModuleList(_branch(one, box, 4 * BINS) for one in channels)
        self.scores = nn.ModuleList(_branch(one, score, classes) for one in channels)
        self.expect = nn.Conv2d(BINS, 1, 1, bias=False)  # the mean place: its weights are 0, 1, 2, ...
        self.expect.weight.data = torch.arange(float(BINS)).reshape(1, BINS, 1, 1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Centre, width and height of each box in pixels, then a score for each class: (batch, 4 + classes, places)."""
        pairs = zip(self.boxes, self.scores, maps, strict=True)
        both = [torch.cat([box(one), score(one)], 1).flatten(2) for box, score, one in pairs]
        told, scores = torch.split(torch.cat(both, 2), [4 * BINS, self.classes], 1)
        places, strides = self._places(maps)
        batch, _, count = told.shape
        shares = told.view(batch, 4, BINS, count).transpose(1, 2).softmax(1)
        before, after = self.expect(shares).view(batch, 4, count).chunk(2, 1)
        least, most = places - before, places + after
        boxes = torch.cat([(least + most) / 2, most - least], 1) * strides
        return torch.cat([boxes, scores.sigmoid()], 1)

    @staticmethod
    def _places(maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The middle of each place in units of its stride, and that stride."""
        places, strides = [], []
        for one, stride in zip(maps, STRIDES, strict=True):
            height, width = one.shape[2:]
            rows = (torch.arange(height, dtype=one.dtype) + 0.5).view(-1, 1).expand(height, width)
            columns = (torch.arange(width, dtype=one.dtype) + 0.5).view(1, -1).expand(height, width)
            places.append(torch.stack([columns, rows]).flatten(1))
            strides.append(torch.full((1, height * width), float(stride), dtype=one.dtype))
        return torch.cat(places, 1), torch.cat(strides, 1)


def _branch(channels: int, width: int, out: int) -> nn.Sequential:
    return nn.Sequential(Conv(channels, width, 3), Conv(width, width, 3), nn.Conv2d(width, out, 1))


class YOLOv8(nn.Module):  # type: ignore[misc, unused-ignore]
    """A backbone, maps mixed upwards and downwards again, and a head on three of them."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv(3, 16, 3, 2), Conv(16, 32, 3, 2), Split(32, 32, 1, True))
        self.third = nn.Sequential(Conv(32, 64, 3, 2), Split(64, 64, 2, True))
        self.fourth = nn.Sequential(Conv(64, 128, 3, 2), Split(128, 128, 2, True))
        self.fifth = nn.Sequential(Conv(128, 256, 3, 2), Split(256, 256, 1, True), Pyramid(256))
        self.up4, self.up3 = Split(256 + 128, 128, 1), Split(128 + 64, 64, 1)
        self.half3, self.down4 = Conv(64, 64, 3, 2), Split(64 + 128, 128, 1)
        self.half4, self.down5 = Conv(128, 128, 3, 2), Split(128 + 256, 256, 1)
        self.head = Detect(classes, (64, 128, 256))

    def forward(self, x: Tensor) -> Tensor:
        """Boxes and scores, as `Detect` gives them."""
        third = self.third(self.stem(x))
        fourth = self.fourth(third)
        fifth = self.fifth(fourth)
        middle = self.up4(torch.cat([_twice(fifth), fourth], 1))
        small = self.up3(torch.cat([_twice(middle), third], 1))
        middle = self.down4(torch.cat([self.half3(small), middle], 1))
        large = self.down5(torch.cat([self.half4(middle), fifth], 1))
        found: Tensor = self.head([small, middle, large])
        return found


def _twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def yolov8n(classes: int = 80) -> YOLOv8:
    """YOLOv8n with random weights."""
    return YOLOv8(classes)
