"""From packed pairs to what the occluder learns from: items moved as trackers err, other
surroundings, things in the way, a camera's ways, and what is then seen of the item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from studio.perception.occluder.network import FAINT, SIDE_PX, UNKNOWN, assembled
from studio.perception.occluder.predictor import LEAST_M, LOOSE
from studio.training import augment
from studio.training.augment import Dice
from studio.training.clutter import pieces
from studio.training.surroundings import Places, behind, put_before
from studio.training.task import Batch
from studio.training.tasks.occluder_changes import dyed, limbs, strands
from studio.training.tryon import FAR, HAT, LIMBS, STEP_M

_TURN_DEG, _SHIFT_PX, _GROW = 5.0, 5.0, 0.03
_AWAY, _DYED, _BEHIND_LIMBS = 0.5, 0.35, 0.15
_LIMB_M = 0.1
_LOCKS, _LOCK_M, _STANDS_OFF = 0.6, 0.03, 0.1
"""So many who wear hats are given locks; what is so far before the head stays before them; they
stand off the head by up to this share of a square."""
_UNTOLD = 0.9
"""So many are not told the map before: what is told is copied, and nothing is learned of sleeves
and hair."""


@dataclass
class Seen:
    """Pairs as the network gets them: ``rgb`` (pairs, 3, side, side), ``item`` (pairs, 4, side,
    side), depths in metres less the anchor's, and the map before; then the truth: how much of the
    item is seen where it is, and where that is known (pairs, side, side); how large a metre is at
    the anchor (pairs; pixels)."""

    rgb: torch.Tensor
    item: torch.Tensor
    item_m: torch.Tensor
    proxy_m: torch.Tensor
    before: torch.Tensor
    truth: torch.Tensor
    known: torch.Tensor
    px_per_m: torch.Tensor

    def given(self) -> torch.Tensor:
        """What the network gets."""
        return assembled(self.rgb, self.item, self.item_m, self.proxy_m, self.before)


def plain(batch: Batch) -> Seen:
    """Pairs as they were made, every item in the middle of its square."""
    many = _Many(batch)
    matrices = many.matrices(many.centres, many.scales)
    return _seen(many, matrices, matrices, matrices, SIDE_PX)


def tracked(batch: Batch, dice: Dice) -> Seen:
    """Pairs as a live tracker would give them: items, bodies and depths a little off."""
    many = _Many(batch)
    base = many.matrices(many.centres, many.scales)
    item, proxy = many.jitters(base, dice, 1.0)
    return _noisy_depths(_seen(many, base, item, proxy, SIDE_PX), dice)


def varied(batch: Batch, dice: Dice, places: Places | None = None, side: int = SIDE_PX) -> Seen:
    """Pairs as they are learned from. With a ``side`` below the network's, pieces of its square
    that hold some of the item."""
    many = _Many(batch)
    count = many.count
    scales = many.scales * torch.exp(augment.uniform(dice, -0.18, 0.25, count))
    centres = many.centres
    if side < SIDE_PX:
        share = side / SIDE_PX
        low, high = many.boxes[:, :2], many.boxes[:, 2:]
        aim = low + (high - low) * augment.uniform(dice, 0.0, 1.0, count, 2)
        room = (scales * (1 - share))[:, None]
        centres, scales = centres + (aim - centres).clamp(-room, room), scales * share
    base, _ = augment.placements(dice, centres, scales, turn_deg=8, shift=0.06)
    item, proxy = many.jitters(base, dice, 1.0)
    seen = _seen(many, base, item, proxy, side, dice)
    _move(many, seen, base, dice, places)
    other = augment.some(dice, _DYED, count)
    if len(other):
        seen.rgb[other] = dyed(dice, seen.rgb[other])
    seen.rgb = augment.photographed(seen.rgb, dice)
    lit = augment.coloured(seen.item[:, :3], dice, 0.5)
    seen.item = torch.cat([lit, seen.item[:, 3:]], 1)
    chosen = augment.some(dice, 0.15, count)
    if len(chosen):
        both = torch.cat([seen.rgb[chosen], seen.item[chosen]], 1)
        both = augment.coarse(both, dice)
        seen.rgb[chosen], seen.item[chosen] = both[:, :3], both[:, 3:]
    seen = _noisy_depths(seen, dice)
    seen.before = _before(seen, dice)
    return seen


class _Many:
    """The pairs of a batch, each item by itself, with the pictures that they share."""

    def __init__(self, batch: Batch) -> None:
        items = batch["items"]
        each = items.shape[1]
        self.count = len(items) * each
        self.each = each
        self.rgb = batch["rgb"].permute(0, 3, 1, 2).float() / 255
        self.people = batch["people"][:, None].float() / 255
        self.hides = batch["hides"]
        self.items = items.flatten(0, 1).permute(0, 3, 1, 2).float() / 255
        self.item_depths = batch["item_depths"].flatten(0, 1)
        self.proxies = batch["proxies"].flatten(0, 1)
        self.boxes = batch["boxes"].flatten(0, 1).float()
        self.kinds = batch["kind"].repeat_interleave(each)
        self.size = items.shape[2]
        self.px_per_m = batch["px_per_m"].repeat_interleave(each)
        around = LOOSE * (self.boxes[:, 2:] - self.boxes[:, :2]).amax(1)
        sides = torch.maximum(around, self.px_per_m * LEAST_M)
        self.scales = sides.clamp(24, self.size) / 2
        self.centres = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2 - 0.5
        empty = (self.boxes[:, 2] <= self.boxes[:, 0])[:, None]
        self.centres = torch.where(
            empty, torch.full_like(self.centres, self.size / 2), self.centres
        )

    def matrices(self, centres: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
        zero = torch.zeros_like(scales)
        rows = torch.stack([scales, zero, centres[:, 0], zero, scales, centres[:, 1]], 1)
        return rows.view(-1, 2, 3)

    def jitters(
        self, base: torch.Tensor, dice: Dice, strength: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Where items and proxies are looked up, as a tracker errs: mostly together."""
        item = self._moved(base, dice, strength)
        start = torch.where(augment.chance(dice, 0.6, self.count)[:, None, None], item, base)
        return item, self._moved(start, dice, 0.5 * strength)

    def _moved(self, base: torch.Tensor, dice: Dice, strength: float) -> torch.Tensor:
        def some(most: float, *shape: int) -> torch.Tensor:
            both = augment.uniform(dice, -most, most, self.count, *shape)
            return both * augment.uniform(dice, 0.0, 1.0, self.count, *shape) * strength

        angle, grow = some(_TURN_DEG * torch.pi / 180), 1 + some(_GROW)
        cos, sin = torch.cos(angle) * grow, torch.sin(angle) * grow
        turn = torch.stack([cos, -sin, sin, cos], 1).view(-1, 2, 2)
        shift = some(_SHIFT_PX, 2) * (2 * self.scales / SIDE_PX)[:, None]
        off = base[:, :, 2] - self.centres
        place = (turn @ off[:, :, None])[:, :, 0] + self.centres + shift
        return torch.cat([turn @ base[:, :, :2], place[:, :, None]], 2)


def _seen(
    many: _Many, base: torch.Tensor, item: torch.Tensor, proxy: torch.Tensor, side: int,
    dice: Dice | None = None,
) -> Seen:  # fmt: skip
    old = (many.size, many.size)
    grid = augment.grid(base, side, side, old)
    rgb = _shared(many, many.rgb, grid, "bilinear")
    fine = augment.grid(base, 2 * side, 2 * side, old)
    hides = _shared(many, many.hides[:, None].float(), fine, "nearest")[:, 0]
    depth = _depths(many.item_depths, augment.grid(item, 2 * side, 2 * side, old))
    rgba = functional.grid_sample(
        many.items, augment.grid(item, side, side, old), "bilinear", "zeros", align_corners=False
    )
    near = _metres(_depths(many.proxies, augment.grid(proxy, side, side, old)))
    if dice is not None:
        rgb = _locks(dice, many, rgb, hides, near, _shared(many, many.people, grid, "bilinear"))
        rgb, hides = _hidden(dice, many, rgb, hides)
    there = (depth < FAR).float()
    seen = there * (depth <= hides)
    present, both = _halved(there, torch.add) / 4, _halved(seen, torch.add) / 4
    truth = both / present.clamp_min(0.25)
    known = (present > 0) & (rgba[:, 3] > FAINT)
    return Seen(
        rgb, rgba, _metres(_coarser(depth)), near,
        torch.full_like(truth, UNKNOWN), truth, known.float(),
        many.px_per_m * side / (2 * base[:, :, 0].norm(dim=1)),
    )  # fmt: skip


def _shared(many: _Many, picture: torch.Tensor, grid: torch.Tensor, mode: str) -> torch.Tensor:
    """The wearers' pictures on the grid of every pair."""
    count, height, width = grid.shape[:3]
    tall = grid.reshape(count // many.each, many.each * height, width, 2)
    found = functional.grid_sample(picture, tall, mode, "reflection", align_corners=False)
    channels = picture.shape[1]
    return found.view(-1, channels, many.each, height, width).transpose(1, 2).flatten(0, 1)


def _depths(steps: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Depths on a grid; nowhere beyond the picture."""
    found = functional.grid_sample(
        FAR - steps[:, None].float(), grid, "nearest", "zeros", align_corners=False
    )
    return FAR - found[:, 0]


def _coarser(depth: torch.Tensor) -> torch.Tensor:
    """The nearest of 2 × 2 depths."""
    return _halved(depth, torch.minimum)


def _halved(
    picture: torch.Tensor, by: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Pictures (count, height, width) at half the size, 2 × 2 pixels joined by a function."""
    rows = by(picture[:, ::2], picture[:, 1::2])
    return by(rows[..., ::2], rows[..., 1::2])


def _metres(steps: torch.Tensor) -> torch.Tensor:
    return torch.where(steps < FAR, steps * STEP_M, torch.inf)


def _locks(
    dice: Dice, many: _Many, rgb: torch.Tensor, hides: torch.Tensor, near_m: torch.Tensor,
    people: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    """Other hair under some hats, or less: a hat lies on what is there, and what is seen of it does
    not change. What is before the head (a hand) stays before the hair."""
    chosen = augment.some(dice, _LOCKS, many.count)
    chosen = chosen[many.kinds[chosen] == HAT]
    if len(chosen) == 0:
        return rgb
    head_m = near_m[chosen]
    free = _metres(_coarser(hides[chosen])) > torch.where(head_m.isfinite(), head_m, 0.1) - _LOCK_M
    reach = 2 * int(_STANDS_OFF * rgb.shape[2] / 2) + 1
    there = functional.max_pool2d((people[chosen] > 0.5).float(), reach, 1, reach // 2)
    place = functional.avg_pool2d(there * free[:, None], 3, 1, 1)
    painted = rgb[chosen]
    for _ in range(2):
        lock, cover = strands(dice, painted)
        painted = torch.lerp(painted, lock, cover * place)
    rgb = rgb.clone()
    rgb[chosen] = painted
    return rgb


def _hidden(
    dice: Dice, many: _Many, rgb: torch.Tensor, hides: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Something comes before some pictures: a painted thing, or somebody else's limb."""
    height, width = rgb.shape[2:]
    hides = hides.clone()

    def put(chosen: torch.Tensor, thing: torch.Tensor, cover: torch.Tensor) -> None:
        rgb[chosen] = torch.lerp(rgb[chosen], thing, cover)
        large = functional.interpolate(cover, scale_factor=2.0, mode="bilinear")[:, 0] > 0.5
        hides[chosen] = torch.where(large, -FAR + 1.0, hides[chosen])

    painted = augment.some(dice, 0.1, len(rgb))
    if len(painted):
        put(painted, *pieces(dice, len(painted), height, width))
    chosen = augment.some(dice, _BEHIND_LIMBS, len(rgb))
    own = torch.isin(many.kinds[:: many.each], many.kinds.new_tensor(LIMBS)).nonzero()[:, 0]
    if len(chosen) and len(own):
        which = own[torch.randint(len(own), (len(chosen),), generator=dice, device=rgb.device)]
        near = (many.hides[which].int().abs() < _LIMB_M / STEP_M).float()[:, None]
        limb = functional.avg_pool2d(near, 2) * (many.people[which] > 0.5)
        centres, scales = (each[:: many.each][which] for each in (many.centres, many.scales))
        put(chosen, *limbs(dice, many.rgb[which], limb, centres, scales, height))
    return rgb, hides


def _move(many: _Many, seen: Seen, base: torch.Tensor, dice: Dice, places: Places | None) -> None:
    """Some wearers before other surroundings."""
    chosen = augment.some(dice, _AWAY, many.count)
    if len(chosen) < 2:
        return
    side = seen.rgb.shape[2]
    grid = augment.grid(base, side, side, (many.size, many.size))
    front = _shared(many, many.people, grid, "bilinear")[chosen]
    rgb = seen.rgb[chosen]
    seen.rgb[chosen] = put_before(dice, rgb, front, behind(dice, rgb, front, places))


def _noisy_depths(seen: Seen, dice: Dice) -> Seen:
    """Depths as far off as a tracker's are: nearer or farther, leaning."""
    for name, spread in (("item_m", 0.008), ("proxy_m", 0.006)):
        depth = getattr(seen, name)
        count, side = len(depth), depth.shape[-1]
        line = torch.linspace(-1, 1, side, device=depth.device)
        amount = torch.randn(3, count, 1, 1, generator=dice, device=depth.device) * spread
        lean = amount[1] * line[None, :, None] + amount[2] * line[None, None]
        setattr(seen, name, depth + amount[0] + 0.5 * lean)
    unknown = augment.chance(dice, 0.08, len(seen.proxy_m))[:, None, None]
    seen.proxy_m = seen.proxy_m.masked_fill(unknown, torch.inf)
    return seen


def _before(seen: Seen, dice: Dice) -> torch.Tensor:
    """The map before: unknown for some; else the truth a little elsewhere, softer, with errors."""
    count, side = seen.truth.shape[0], seen.truth.shape[-1]
    shift = augment.uniform(dice, -1, 1, count, 2)
    shift *= torch.where(augment.chance(dice, 0.3, count), 16.0, 5.0)[:, None] / side
    turn = torch.eye(2, 3, device=shift.device).repeat(count, 1, 1)
    turn[:, :, 2] = shift
    grid = functional.affine_grid(turn, [count, 1, side, side], align_corners=False)
    told = torch.lerp(torch.full_like(seen.truth, UNKNOWN), seen.truth, seen.known)
    moved = functional.grid_sample(told[:, None], grid, "bilinear", "border", align_corners=False)
    moved = functional.avg_pool2d(moved, 3, 1, 1)[:, 0]
    wrong = augment.some(dice, 0.35, count)
    if len(wrong):
        blot = augment.blots(dice, len(wrong), side, side)
        moved[wrong] = torch.where(blot, 1 - moved[wrong], moved[wrong])
    unsure = augment.uniform(dice, 0.6, 1.0, count, 1, 1)
    moved = UNKNOWN + (moved - UNKNOWN) * unsure
    unknown = augment.chance(dice, _UNTOLD, count)[:, None, None]
    return moved.masked_fill(unknown, UNKNOWN)
