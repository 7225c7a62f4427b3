"""ResNet-18; he2016, table 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512)
BLOCKS = (2, 2, 2, 2)


class Block(nn.Module):  # type: ignore[misc, unused-ignore]
    """Two convolutions of 3 x 3, added to what goes in; he2016, figure 2."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways, rectified."""
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y = y + (x if self.downsample is None else self.downsample(x))
        found: Tensor = self.relu(y)
        return found


class ResNet(nn.Module):  # type: ignore[misc, unused-ignore]
    """A stem, four stages of blocks that halve the sides and double the channels, and a classifier."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 7, 2, 3, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(WIDTHS[0]), nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        stages, channels = [], WIDTHS[0]
        for width, count in zip(WIDTHS, BLOCKS, strict=True):
            first = Block(channels, width, 1 if width == WIDTHS[0] else 2)
            stages.append(nn.Sequential(first, *(Block(width, width, 1) for _ in range(count - 1))))
            channels = width
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """A score for each class."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        found: Tensor = self.fc(torch.flatten(self.avgpool(x), 1))
        return found


def resnet18(classes: int = 1000) -> ResNet:
    """ResNet-18 with random weights."""
    return ResNet(classes)
