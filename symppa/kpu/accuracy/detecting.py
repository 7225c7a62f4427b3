"""Learning to detect: which places answer for which box, and the loss of boxes and scores."""

from __future__ import annotations

import math
from typing import Any

from symppa.kpu.accuracy.recipes import Recipe

NEAR = 0.6  # of half a box: places this near to its middle answer for it
REACH = (3.0, 6.0)  # strides: boxes of the longest side from 3 to 6 strides belong to a map, the outer maps to the ends
BACKGROUND = 0.1  # weight of distances at places that answer for no box
BOX, SCORE = 2.0, 1.0  # weights of the two losses
RARE = 0.01  # of all places hold something, as a new network is told


def prepare(module: Any) -> None:
    """Let a new detector begin with few places that hold something."""
    import torch

    for branch in module.head.scores:
        torch.nn.init.constant_(branch[-1].bias, math.log(RARE / (1 - RARE)))


def detection_loss(module: Any, pixels: Any, truth: Any, recipe: Recipe) -> Any:
    """Cross entropy of scores at every place, and of the shares of distances.

    Every place learns distances to the sides of the nearest box, those that answer for none with a small weight: so
    what it says is never arbitrary.
    """
    import torch
    from torch.nn import functional

    told, scores, places, strides = raw(module, pixels)
    owner, answers = owners(truth, places, strides)
    rows = torch.arange(len(truth))[:, None]
    boxes, kinds = truth[rows, owner, 1:], truth[rows, owner, 0].long()
    wanted = functional.one_hot(kinds.clamp(min=0), recipe.classes).float() * answers[..., None]
    count = answers.sum().clamp(min=1)
    soft = wanted * (1 - recipe.smoothing / 2) + recipe.smoothing / 40
    found = functional.binary_cross_entropy_with_logits(scores.transpose(1, 2), soft, reduction="sum")
    sides = torch.cat([places[None] - boxes[..., :2], boxes[..., 2:] - places[None]], 2) / strides[None, :, None]
    weight = answers.float() + BACKGROUND * (~answers).float()
    return SCORE * found / count + BOX * (shares_loss(told, sides) * weight).sum() / weight.sum()


def raw(module: Any, pixels: Any) -> tuple[Any, Any, Any, Any]:
    """Shares of distances and scores before their curves, and the middle and stride in pixels of each place."""
    import torch

    kept: list[Any] = []
    hook = module.head.register_forward_pre_hook(lambda _, given: kept.extend(given[0]))
    try:
        module(pixels)
    finally:
        hook.remove()
    head = module.head
    told = torch.cat([one(at).flatten(2) for one, at in zip(head.boxes, kept, strict=True)], 2)
    scores = torch.cat([one(at).flatten(2) for one, at in zip(head.scores, kept, strict=True)], 2)
    places, strides = head._places(kept)
    return told, scores, (places * strides).T, strides[0]


def owners(truth: Any, places: Any, strides: Any) -> tuple[Any, Any]:
    """The box that each place of each picture looks at, and whether it answers for it."""
    import torch

    middle, size = (truth[..., 1:3] + truth[..., 3:5]) / 2, (truth[..., 3:5] - truth[..., 1:3]).clamp(min=1)
    far = ((places[None, :, None] - middle[:, None]).abs() / (size[:, None] / 2)).amax(-1)
    far = far.masked_fill(truth[:, None, :, 0] < 0, torch.inf)
    least, owner = far.min(-1)
    longest = size.amax(-1).gather(1, owner) / strides[None]
    above = strides[None] == strides.max()
    below = strides[None] == strides.min()
    fits = ((longest >= REACH[0]) | below) & ((longest < REACH[1]) | above)
    return owner, (least < NEAR) & fits


def shares_loss(told: Any, sides: Any) -> Any:
    """Cross entropy of the shares with the two bins beside each distance, the mean over the four sides."""
    import torch
    from torch.nn import functional

    batch, channels, count = told.shape
    bins = channels // 4
    logs = functional.log_softmax(told.view(batch, 4, bins, count), 2)
    at = sides.transpose(1, 2).clamp(0, bins - 1.01)
    low = at.floor().long()
    share = at - low
    first, second = (logs.gather(2, (low + k)[:, :, None]).squeeze(2) for k in (0, 1))
    loss: torch.Tensor = -(first * (1 - share) + second * share)
    return loss.mean(1)
