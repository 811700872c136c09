"""Pictures of things that are no people, painted by dice: what people stand before and behind.

Walls, floors, noise of many scales and pieces like furniture, frames, cables, shelves and print,
some in the colours of skin and wood. Only torch is used; pictures are floats in 0..1 (batch, 3,
height, width). Lengths are in halves of a picture's height.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from studio.training.augment import Dice, blurred, chance, some, uniform

_PIECES = 6
_DARK_SKIN, _LIGHT_SKIN = (0.2, 0.12, 0.08), (0.96, 0.8, 0.68)


def clutter(dice: Dice, batch: int, height: int, width: int) -> torch.Tensor:
    """A room, a yard or a heap of things: grounds, noise and pieces, some out of focus."""
    picture = _grounds(dice, batch, height, width)
    rough = some(dice, 0.7, batch)
    picture[rough] += noise(dice, len(rough), height, width)
    full = some(dice, 0.8, batch)
    painted = picture[full]
    for _ in range(_PIECES):
        painted = torch.lerp(painted, *pieces(dice, len(full), height, width))
    picture[full] = painted
    picture *= 1 + _slope(dice, batch, height, width, 0.35)
    soft = some(dice, 0.3, batch)
    if len(soft):
        picture[soft] = blurred(picture[soft], dice)
    return picture.clamp_(0, 1)


def colours(dice: Dice, batch: int) -> torch.Tensor:
    """Colours (batch, 3, 1, 1), from grey to gaudy; a quarter are those of skin and wood."""
    device = dice.device
    plain = uniform(dice, 0.02, 1.0, batch, 3)
    grey = plain.mean(1, keepdim=True)
    plain = torch.lerp(grey, plain, uniform(dice, 0.0, 1.0, batch, 1))
    dark, light = (torch.tensor(c, device=device) for c in (_DARK_SKIN, _LIGHT_SKIN))
    warm = torch.lerp(dark, light, uniform(dice, 0.0, 1.0, batch, 1))
    warm = warm + uniform(dice, -0.06, 0.06, batch, 3)
    chosen = torch.where(chance(dice, 0.25, batch)[:, None], warm, plain)
    return chosen.clamp(0, 1)[:, :, None, None]


def noise(dice: Dice, batch: int, height: int, width: int) -> torch.Tensor:
    """Fractal noise around zero (batch, 3, height, width), coarse in colour and fine in light."""
    steepness = uniform(dice, 0.2, 1.1, batch, 1, 1, 1)
    strength = uniform(dice, 0.05, 0.5, batch, 1, 1, 1)
    total = torch.zeros(batch, 3, height, width, device=dice.device)
    for cells, channels in ((3, 3), (9, 3), (27, 1), (64, 1)):
        field = torch.rand(batch, channels, cells, cells, generator=dice, device=dice.device) - 0.5
        field *= strength * (cells / 3) ** -steepness
        total += functional.interpolate(field, (height, width), mode="bilinear")
    return total


def pieces(dice: Dice, batch: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """One thing for each picture: its colours, and where it is (batch, 1, height, width; 0..1).

    A rounded, turned, tapering box: a table, a pole, a cushion; shaded; plain, striped, chequered
    or full of little patches like books, windows and print; filled, or only its frame.
    """
    x, y = axes(dice, height, width)
    # Most stand upright; some lean.
    angle = uniform(dice, -math.pi, math.pi, batch, 1, 1)
    angle = torch.where(chance(dice, 0.5, batch)[:, None, None], angle, 0.06 * angle)
    along, across = uniform(dice, 0.0, 1.0, 2, batch, 1, 1)
    half_x, half_y = (0.03 * 25 ** (along**1.3)), (0.03 * 25 ** (across**1.3))
    middle = uniform(dice, -1.0, 1.0, 2, batch, 1, 1) * torch.tensor(
        [width / height, 1.0], device=dice.device
    ).view(2, 1, 1, 1)
    dx, dy = x - middle[0], y - middle[1]
    u = dx * torch.cos(angle) + dy * torch.sin(angle)
    v = dy * torch.cos(angle) - dx * torch.sin(angle)
    taper = uniform(dice, -0.5, 0.5, batch, 1, 1) * chance(dice, 0.3, batch)[:, None, None]
    u = u * (1 + taper * v / half_y)
    rounding = uniform(dice, 0.0, 1.0, batch, 1, 1) * chance(dice, 0.6, batch)[:, None, None]
    radius = torch.minimum(half_x, half_y) * rounding
    beside, above = u.abs() - half_x + radius, v.abs() - half_y + radius
    corner = (beside.clamp_min(0).square() + above.clamp_min_(0).square()).sqrt_()
    distance = torch.where(corner > 0, corner, beside).sub_(radius)
    frame = chance(dice, 0.15, batch)[:, None, None] * uniform(dice, 0.015, 0.05, batch, 1, 1)
    distance = torch.where(frame > 0, (distance + frame).abs_() - frame, distance)
    cover = (0.5 - distance * (height / 2)).clamp_(0, 1)[:, None]
    shading = 1 - uniform(dice, 0.0, 0.5, batch, 1, 1) * (u / half_x).square().clamp_(max=1.2)
    painted = colours(dice, batch).expand(batch, 3, height, width) * shading[:, None]
    fancy = some(dice, 0.4, batch)
    if len(fancy):
        share = pattern(dice, u[fancy], v[fancy])[:, None]
        painted[fancy] = torch.lerp(painted[fancy], colours(dice, len(fancy)), share)
    return painted, cover


def pattern(dice: Dice, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """How much of a second colour (batch, height, width) is at coordinates of a surface: stripes,
    checks, or patches by a hash."""
    batch = len(u)
    often = 4 * 8 ** uniform(dice, 0.0, 1.0, 2, batch, 1, 1)
    stripes = torch.sin(u * often[0] * math.pi)
    checks = stripes * torch.sin(v * often[1] * math.pi)
    seed = uniform(dice, 0.0, 7.0, batch, 1, 1)
    hashed = torch.sin((u * often[0]).floor() * 12.99 + (v * often[1]).floor() * 78.23 + seed)
    patches = torch.frac((hashed * 437.585).abs()) - 0.5
    kind = torch.randint(3, (batch, 1, 1), generator=dice, device=dice.device)
    chosen = torch.where(kind == 0, stripes, torch.where(kind == 1, checks, patches))
    sharp = chosen.mul_(6).add_(0.5).clamp_(0, 1)
    return sharp * uniform(dice, 0.2, 1.0, batch, 1, 1)


def axes(dice: Dice, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Coordinates of pixels, x (1, 1, width) and y (1, height, 1), around the middle."""
    y = (torch.arange(height, device=dice.device) + 0.5) * 2 / height - 1
    x = ((torch.arange(width, device=dice.device) + 0.5) * 2 - width) / height
    return x[None, None], y[None, :, None]


def _slope(dice: Dice, batch: int, height: int, width: int, most: float) -> torch.Tensor:
    """Light that grows across the picture (batch, 1, height, width), around zero."""
    x, y = axes(dice, height, width)
    along = uniform(dice, -most, most, 2, batch, 1, 1)
    return (x * along[0] + y * along[1])[:, None]


def _grounds(dice: Dice, batch: int, height: int, width: int) -> torch.Tensor:
    """A wall, mostly with a floor or another wall beside it."""
    x, y = axes(dice, height, width)
    lean = uniform(dice, -0.5, 0.5, batch, 1, 1)
    level = uniform(dice, -0.4, 1.3, batch, 1, 1)
    sideways = chance(dice, 0.3, batch)[:, None, None]
    far = torch.where(sideways, x + lean * y, y + lean * x) - level
    below = (far * height / 2 + 0.5).clamp(0, 1)[:, None]
    return torch.lerp(colours(dice, batch), colours(dice, batch), below)
