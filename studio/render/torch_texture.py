"""Pictures on surfaces in torch: many textures in one table, with mipmaps, sampled in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_LEVELS = 12


@dataclass(frozen=True, eq=False)
class Texels:
    """Textures, each with ever smaller copies: ``values`` (texels, 4), row 0 of a picture first.

    ``first``, ``width`` and ``height`` (textures, levels) say where a level lies in the table; a
    texture that has fewer levels than others repeats its last.
    """

    values: Tensor
    first: Tensor
    width: Tensor
    height: Tensor

    @staticmethod
    def of(images: Sequence[Any], colour: bool, device: torch.device | str = "cpu") -> Texels:
        """From 8-bit images (height, width, 1 to 4 channels); ``colour`` makes sRGB linear."""
        values: list[Tensor] = []
        places: list[list[tuple[int, int, int]]] = []
        start = 0
        for image in images:
            level = _four(torch.as_tensor(image), colour)
            own: list[tuple[int, int, int]] = []
            while len(own) < _LEVELS:
                height, width = level.shape[1:]
                values.append(level.permute(1, 2, 0).reshape(-1, 4))
                own.append((start, width, height))
                start += width * height
                if width == height == 1:
                    break
                smaller = (max(height // 2, 1), max(width // 2, 1))
                level = functional.adaptive_avg_pool2d(level, smaller)
            places.append(own + [own[-1]] * (_LEVELS - len(own)))
        table = torch.tensor(places, device=device).reshape(-1, _LEVELS, 3)
        flat = torch.cat(values) if values else torch.zeros(1, 4)
        return Texels(flat.to(device), *table.unbind(-1))

    def sample(self, texture: Tensor, uv: Tensor, footprint: Tensor) -> Tensor:
        """Values (P, 4) of textures (P,) at ``uv`` (P, 2; origin bottom left, repeating).

        ``footprint`` (P,) is the area in uv that a pixel covers: it chooses between the levels.
        White where ``texture`` is negative. Gradients reach uv and ``values``.
        """
        own = texture.clamp(min=0)
        if not len(self.first):
            return torch.ones(len(uv), 4, dtype=uv.dtype, device=uv.device)
        area = (self.width[own, 0] * self.height[own, 0]).to(uv.dtype)
        level = 0.5 * torch.log2((footprint.detach() * area).clamp(min=1))
        level = level.clamp(max=_LEVELS - 1.0)
        base = level.floor()
        low = base.long()
        fine = self._bilinear(own, uv, low)
        coarse = self._bilinear(own, uv, (low + 1).clamp(max=_LEVELS - 1))
        found = fine + (level - base)[:, None] * (coarse - fine)
        return torch.where((texture >= 0)[:, None], found, torch.ones_like(found))

    def _bilinear(self, texture: Tensor, uv: Tensor, level: Tensor) -> Tensor:
        width, height = self.width[texture, level], self.height[texture, level]
        x = uv[:, 0] * width - 0.5
        y = (1 - uv[:, 1]) * height - 0.5
        left, top = x.detach().floor(), y.detach().floor()
        fx, fy = (x - left)[:, None], (y - top)[:, None]
        columns = [(left.long() + k) % width for k in (0, 1)]
        rows = [self.first[texture, level] + (top.long() + k) % height * width for k in (0, 1)]
        (a, b), (c, d) = ([self.values[row + column] for column in columns] for row in rows)
        return (1 - fy) * ((1 - fx) * a + fx * b) + fy * ((1 - fx) * c + fx * d)


def linear(srgb: Tensor) -> Tensor:
    """Linear light of sRGB values, 0 to 1."""
    return torch.where(srgb > 0.04045, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92)


def _four(image: Tensor, colour: bool) -> Tensor:
    """An image as (4, height, width), 0 to 1, alpha 1 where it has none."""
    image = image if image.dim() == 3 else image[..., None]
    values = image.float().permute(2, 0, 1) / 255
    if len(values) < 3:
        values = values[:1].expand(3, -1, -1)
    shown = linear(values[:3]) if colour else values[:3]
    alpha = values[3:] if len(values) == 4 else torch.ones_like(values[:1])
    return torch.cat([shown, alpha])
