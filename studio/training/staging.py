"""What happens to people between a packed picture and the network: clothes are dyed, surroundings
change, things come before them. The labels follow."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from studio.core.parts import PartLabel
from studio.training import augment
from studio.training.augment import Dice
from studio.training.clutter import axes, colours, pattern, pieces
from studio.training.surroundings import Places, behind, put_before

_DYED = {PartLabel.TOP: 0.35, PartLabel.BOTTOM: 0.35, PartLabel.SHOES: 0.15, PartLabel.HAIR: 0.1}
_BARED = {PartLabel.TOP: 0.12, PartLabel.SHOES: 0.12}
_SKIN, _SHOWS_PX = (PartLabel.FACE, PartLabel.HANDS, PartLabel.SKIN), 40
_FURNISHED, _THINGS, _COMPANY = 0.4, 3, 0.35


@dataclass
class Staged:
    """Pictures of people (batch, 3, height, width; 0..1), how much of each pixel is people (batch,
    1, height, width), their part labels (batch, height, width), and which pixels the picture showed
    before it was placed (batch, height, width). Each step changes them."""

    rgb: torch.Tensor
    front: torch.Tensor
    parts: torch.Tensor
    shown: torch.Tensor

    @classmethod
    def on(cls, grid: torch.Tensor, rgb: torch.Tensor, parts: torch.Tensor) -> Staged:
        """Pictures and labels on a sampling grid. What nobody labelled counts as people."""
        return cls(
            augment.look(rgb, grid),
            augment.look((parts > 0)[:, None].float(), grid),
            augment.look_labels(parts, grid),
            (grid.abs() <= 1).all(-1),
        )

    def dye(self, dice: Dice) -> None:
        """Some clothes, shoes and hair in other colours, plain, patterned or printed; folds and
        light stay. Some tops and shoes are taken off: they get the colour and label of skin."""
        for label, share in _DYED.items():
            chosen = augment.some(dice, share, len(self.rgb))
            if len(chosen):
                cloth = self._soft(chosen, label)
                self.rgb[chosen] = _coloured(self.rgb[chosen], cloth, _cloth(dice, cloth))
        for label, share in _BARED.items():
            chosen = augment.some(dice, share, len(self.rgb))
            skin = torch.stack([self._soft(chosen, part) for part in _SKIN]).sum(0)
            shows = skin.sum((1, 2, 3)) > _SHOWS_PX
            chosen, skin = chosen[shows], skin[shows]
            if len(chosen):
                colour = (self.rgb[chosen] * skin).sum((2, 3), keepdim=True)
                colour /= skin.sum((2, 3), keepdim=True)
                cloth = self._soft(chosen, label)
                self.rgb[chosen] = _coloured(self.rgb[chosen], cloth, colour)
                bare = self.parts[chosen] == label
                self.parts[chosen] = self.parts[chosen].masked_fill(bare, PartLabel.SKIN)

    def _soft(self, chosen: torch.Tensor, label: PartLabel) -> torch.Tensor:
        """Where a label is in some pictures (some, 1, height, width), with soft edges."""
        return functional.avg_pool2d((self.parts[chosen] == label)[:, None].float(), 3, 1, 1)

    def move(
        self, dice: Dice, away: torch.Tensor, places: Places | None, *,
        company: torch.Tensor | None = None, nobody: float = 0.0,
    ) -> None:  # fmt: skip
        """Those who go ``away`` (batch) stand before other surroundings; ``company`` (batch) are
        pictures whose people may stand behind those of the picture before; some people
        (``nobody``) are left out; some of those who stay have a few more things behind them."""
        stay = augment.some(dice, _FURNISHED, len(self.rgb))
        stay = stay[~away[stay]]
        if len(stay):
            self.rgb[stay] = _furnished(dice, self.rgb[stay], self.front[stay])
        chosen = away.nonzero()[:, 0]
        if not len(chosen):
            return
        gone = away[:, None] & ~self.shown.flatten(1)
        gone = gone.view_as(self.shown)
        front = self.front.masked_fill(gone[:, None], 0.0)
        parts = self.parts.masked_fill(gone, 0)
        rgb, count = self.rgb, len(chosen)
        surroundings = behind(dice, rgb[chosen], self.front[chosen], places)
        others = (chosen + 1) % len(rgb)
        joined = augment.chance(dice, _COMPANY, count)
        joined &= torch.zeros_like(joined) if company is None else company[others]
        there = front[others] * joined[:, None, None, None]
        surroundings = torch.lerp(surroundings, rgb[others], there)
        mine = front[chosen] * ~augment.chance(dice, nobody, count)[:, None, None, None]
        labels = torch.where(there[:, 0] > 0.5, parts[others], 0)
        self.parts, self.front = parts, front
        self.parts[chosen] = torch.where(mine[:, 0] > 0.5, parts[chosen], labels)
        self.front[chosen] = torch.maximum(mine, there)
        self.rgb = rgb.index_copy(0, chosen, put_before(dice, rgb[chosen], mine, surroundings))

    def hide(self, dice: Dice, share: float) -> torch.Tensor:
        """Something comes before some pictures; where it is (batch, 1, height, width). It is no
        part of people."""
        batch, _, height, width = self.rgb.shape
        covers = torch.zeros_like(self.front)
        chosen = augment.some(dice, share, batch)
        if not len(chosen):
            return covers
        thing, cover = pieces(dice, len(chosen), height, width)
        blot = augment.blots(dice, len(chosen), height, width)[:, None].float()
        texture = augment.texture(dice, len(chosen), height, width)
        blots = augment.chance(dice, 0.5, len(chosen))[:, None, None, None]
        thing, cover = torch.where(blots, texture, thing), torch.where(blots, blot, cover)
        covers[chosen] = cover
        self.rgb[chosen] = torch.lerp(self.rgb[chosen], thing, cover)
        self.parts[chosen] = self.parts[chosen].masked_fill(cover[:, 0] > 0.5, 0)
        return covers


def _furnished(dice: Dice, rgb: torch.Tensor, front: torch.Tensor) -> torch.Tensor:
    """A few more things between the people and what is behind them."""
    batch, _, height, width = rgb.shape
    back = rgb
    for _ in range(_THINGS):
        back = torch.lerp(back, *pieces(dice, batch, height, width))
    return torch.lerp(back, rgb, ((front - 0.2) / 0.5).clamp(0, 1))


def _cloth(dice: Dice, like: torch.Tensor) -> torch.Tensor:
    """Cloth (batch, 3, height, width): plain, patterned or printed."""
    batch, _, height, width = like.shape
    x, y = axes(dice, height, width)
    lean = augment.uniform(dice, -0.7, 0.7, batch, 1, 1)
    share = pattern(dice, x + lean * y, y - lean * x)[:, None]
    share *= augment.chance(dice, 0.5, batch)[:, None, None, None]
    colour = torch.lerp(colours(dice, batch), colours(dice, batch), share)
    printed = augment.some(dice, 0.25, batch)
    colour[printed] = augment.texture(dice, len(printed), height, width)
    return colour


def _coloured(rgb: torch.Tensor, cloth: torch.Tensor, colour: torch.Tensor) -> torch.Tensor:
    """Another colour where there is cloth (batch, 1, height, width), in the light that lies on
    it."""
    light = rgb.mean(1, keepdim=True)
    mean = (light * cloth).sum((2, 3), keepdim=True) / cloth.sum((2, 3), keepdim=True).clamp_min(1)
    new = (colour * light / mean.clamp_min(0.05)).clamp(0, 1)
    return torch.lerp(rgb, new, cloth)
