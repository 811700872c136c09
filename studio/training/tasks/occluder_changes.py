"""Wearers made into others: what has one colour is dyed, strands fall over foreheads, and others'
limbs come before items.

Wearers are dear to make and soon known by heart. Only torch is used; pictures are floats in 0..1
(batch, 3, height, width).
"""

from __future__ import annotations

import torch
from torch.nn import functional

from studio.training import augment
from studio.training.augment import Dice
from studio.training.clutter import colours

_LUMA = (0.299, 0.587, 0.114)
_SAME_TINT, _SAME_LUMA, _DARKEST = 0.07, 0.3, 0.12


def dyed(dice: Dice, rgb: torch.Tensor) -> torch.Tensor:
    """What looks like one place of a picture, by the dice, in another colour, its light and shade
    as they were: that of a place of the next picture (skin, hair, cloth), or any."""
    batch, _, height, width = rgb.shape
    device = rgb.device
    smooth = functional.avg_pool2d(rgb, 4)
    at = augment.uniform(dice, 0.1, 0.9, 2, batch)
    at = (at * torch.tensor([[height // 4], [width // 4]], device=device)).long()
    place = smooth[torch.arange(batch, device=device), :, at[0], at[1]][:, :, None, None]
    weights = torch.tensor(_LUMA, device=device).view(1, 3, 1, 1)

    def told(colour: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        luma = (colour * weights).sum(1, keepdim=True)
        return luma, colour / (luma + _DARKEST)

    (luma, tint), (own, like) = told(rgb), told(place)
    off = ((tint - like) / (3 * _SAME_TINT)).square().sum(1, keepdim=True)
    off = off + ((luma - own) / _SAME_LUMA).square()
    share = functional.avg_pool2d((2 - 2 * off).clamp(0, 1), 3, 1, 1)
    other = torch.where(
        augment.chance(dice, 0.5, batch)[:, None, None, None], place.roll(1, 0),
        colours(dice, batch),
    )  # fmt: skip
    shaded = other * luma / own.clamp_min(_DARKEST)
    return torch.lerp(rgb, shaded, share).clamp(0, 1)


def limbs(
    dice: Dice, rgb: torch.Tensor, limb: torch.Tensor, centres: torch.Tensor, scales: torch.Tensor,
    side: int,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Somebody's limbs somewhere in a square: its picture (batch, 3, side, side), and where they
    are (batch, 1, side, side; 0..1). ``rgb`` (batch, 3, size, size) and ``limb`` (batch, 1, size,
    size) are those of a square around ``centres`` (batch, 2) of half sides ``scales`` (batch)."""
    scales = scales * augment.uniform(dice, 0.35, 1.0, len(rgb))
    matrices, _ = augment.placements(dice, centres, scales, turn_deg=70, shift=0.9)
    size = rgb.shape[2]
    grid = augment.grid(matrices, side, side, (size, size))
    both = torch.cat([rgb, limb], 1)
    found = functional.grid_sample(both, grid, "bilinear", "reflection", align_corners=False)
    # The outermost pixels of limbs still show where they came from.
    return found[:, :3], ((found[:, 3:] - 0.4) / 0.5).clamp(0, 1)


def strands(dice: Dice, rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Locks of hair or bare skin somewhere in squares (batch, 3, side, side) and where they are
    (batch, 1, side, side; 0..1), in a colour of the square or of the next one, or in any."""
    batch, _, side, _ = rgb.shape
    device = rgb.device

    def each(low: float, high: float) -> torch.Tensor:
        return augment.uniform(dice, low, high, batch, 1, 1)

    def field(down: int, across: int) -> torch.Tensor:
        return torch.rand(batch, 1, down, across, generator=dice, device=device)

    line = torch.linspace(-1, 1, side, device=device)
    x, y = line[None, None, :], line[None, :, None]
    angle = each(-1.2, 1.2)
    along = y * torch.cos(angle) - x * torch.sin(angle)
    wave = functional.interpolate(field(4, 4) - 0.5, (side, side), mode="bilinear")[:, 0]
    across = x * torch.cos(angle) + y * torch.sin(angle) + each(-0.5, 0.5) * along**2 + 0.3 * wave
    grid = torch.stack([across, along], -1)

    def drawn(noise: torch.Tensor) -> torch.Tensor:
        return functional.grid_sample(noise, grid, "bilinear", "reflection", align_corners=False)

    fine = (drawn(field(5, 80)) + drawn(field(3, 24))) / 2
    lock = drawn(field(3, 6)) - each(0.3, 0.6)[:, None]
    cover = lock * each(3, 10)[:, None] + (fine - 0.5) * each(0, 3)[:, None]
    at = (augment.uniform(dice, 0.1, 0.9, 2, batch) * side).long()
    own = functional.avg_pool2d(rgb, 5, 1, 2)[torch.arange(batch, device=device), :, at[0], at[1]]
    own = own[:, :, None, None]
    which = augment.uniform(dice, 0.0, 1.0, batch, 1, 1, 1)
    other = torch.where(which < 0.8, own.roll(1, 0), colours(dice, batch))
    colour = torch.where(which < 0.55, own, other)
    rough = torch.where(each(0, 1) < 0.4, each(0, 0.15), each(0.3, 1.2))[:, None]
    light = 1 + rough * (fine - 0.5) * 2 + each(-0.3, 0.3)[:, None] * along[:, None]
    return (colour * light).clamp(0, 1), cover.clamp(0, 1)
