"""Vision transformer, base, patches of 16 x 16; dosovitskiy2021, table 1 and equations 1 to 4."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-6


class Attention(nn.Module):  # type: ignore[misc, unused-ignore]
    """Heads side by side, their queries, keys and values from one product."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """What each place takes from all places."""
        batch, places, width = x.shape
        parts = self.qkv(x).reshape(batch, places, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        seen = functional.scaled_dot_product_attention(query, key, value)
        found: Tensor = self.out(seen.transpose(1, 2).reshape(batch, places, width))
        return found


class Layer(nn.Module):  # type: ignore[misc, unused-ignore]
    """Attention and a network of two layers, each normed before and added to what goes in."""

    def __init__(self, width: int, heads: int, wide: int) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width, EPSILON), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, EPSILON)
        self.mlp = nn.Sequential(nn.Linear(width, wide), nn.GELU(), nn.Linear(wide, width))

    def forward(self, x: Tensor) -> Tensor:
        """Both, one after the other."""
        x = x + self.attention(self.norm1(x))
        found: Tensor = x + self.mlp(self.norm2(x))
        return found


class VisionTransformer(nn.Module):  # type: ignore[misc, unused-ignore]
    """Patches as words, one word for the class before them, and layers that let them see one another."""

    def __init__(
        self, classes: int, side: int, *, width: int = 768, depth: int = 12, heads: int = 12, wide: int = 3072,
        patch: int = 16,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, (side // patch) ** 2 + 1, width) * 0.02)
        self.layers = nn.Sequential(*(Layer(width, heads, wide) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width, EPSILON), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """A score for each class."""
        words = self.embed(x).flatten(2).transpose(1, 2)
        words = torch.cat([self.token.expand(words.shape[0], -1, -1), words], dim=1) + self.position
        found: Tensor = self.head(self.norm(self.layers(words))[:, 0])
        return found


def vit_b_16(classes: int = 1000, side: int = 224) -> VisionTransformer:
    """ViT-B/16 with random weights."""
    return VisionTransformer(classes, side)
