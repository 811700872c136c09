"""Packed pictures of people as the whole-body network sees them, with everybody's points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from studio.core.errors import StudioError
from studio.perception.detector import LENS
from studio.perception.dope.kinds import mirror_of
from studio.training import augment
from studio.training.staging import Staged
from studio.training.surroundings import Places
from studio.training.task import Batch

SIZE_PX = (192, 256)
"""Height and width of what is learned from."""
_AWAY, _EMPTY, _CUT, _HIDDEN, _PHOTOGRAPHED = 0.55, 0.06, 0.02, 0.2, 0.6
_TURNED, _TURNED_DEG = 0.25, 8.0
_LEANING, _LEANING_DEG, _UPRIGHT_DEG = 0.3, 25.0, 5.0


@dataclass(frozen=True, eq=False)
class Pictures:
    """``rgb`` (batch, 3, height, width; 0..1) and dope_139 on up to three people each: ``xy_px``
    (batch, people, 139, 2), ``seen`` (batch, people, 139), ``xyz_m`` (..., 3) before the camera
    (right, down, ahead); NaN for people who are not there. The points of other layouts follow those
    of dope_139 where a kind of part needs them."""

    rgb: torch.Tensor
    xy_px: torch.Tensor
    seen: torch.Tensor
    xyz_m: torch.Tensor


def points(batch: Batch, more: Sequence[str] = ()) -> torch.Tensor:
    """Everybody's points (batch, people, points, 6) in dope_139 and ``more`` layouts in a row.

    Raises StudioError if the pictures were packed without those.
    """
    if missing := [name for name in more if name not in batch]:
        raise StudioError(
            f"These pictures have no points of {', '.join(missing)}.",
            "Pack others: doppel train dope --prepare N --data FOLDER",
        )
    return torch.cat([batch["whole"], *(batch[name] for name in more)], 2)


def plain(batch: Batch, more: Sequence[str] = ()) -> Pictures:
    """As they were taken, filled up below and on the right to sides that 32 divides."""
    rgb = batch["rgb"].permute(0, 3, 1, 2).float() / 255
    height, width = rgb.shape[2:]
    pad = (0, -width % 32, 0, -height % 32)
    whole = points(batch, more)
    rgb = torch.nn.functional.pad(rgb, pad, value=0.5)
    return Pictures(rgb, whole[..., :2], whole[..., 2] > 0, whole[..., 3:])


def elsewhere(batch: Batch, dice: torch.Generator, more: Sequence[str] = ()) -> Pictures:
    """The same people, in the same places, before other surroundings."""
    from studio.training.surroundings import behind, put_before

    rgb = batch["rgb"].permute(0, 3, 1, 2).contiguous().float() / 255
    front = (batch["parts"] > 0)[:, None].float()
    moved = put_before(dice, rgb, front, behind(dice, rgb, front))
    there = plain(batch, more)
    there.rgb[..., : rgb.shape[2], : rgb.shape[3]] = moved
    return there


def varied(
    batch: Batch, dice: torch.Generator, places: Places | None = None,
    size_px: tuple[int, int] = SIZE_PX, more: Sequence[str] = (),
) -> Pictures:  # fmt: skip
    """As they are learned from, ``size_px`` high and wide.

    Some people stay where they were, nearer; most are put before other surroundings, smaller if the
    picture shows the whole of them; a few pictures show nobody. Some lean far, most a little. In
    some the camera is turned aside, and the perspective another. Clothes are dyed, things hide
    people, a camera does the rest.
    """
    rgb = batch["rgb"].permute(0, 3, 1, 2).contiguous().float() / 255
    count, _, height, width = rgb.shape
    new_height, new_width = size_px
    device = rgb.device
    away = augment.chance(dice, _AWAY, count)
    free = away & _uncut(batch["parts"] > 0)
    least = torch.where(away, -0.5, -0.6)
    most = torch.where(free, 0.8, 0.0)
    fits = min(height, width * new_height / new_width) / 2
    scales = fits * torch.exp(least + (most - least) * augment.uniform(dice, 0.0, 1.0, count))
    middle = torch.tensor([width - 1, height - 1], device=device) / 2
    spare = torch.stack([width / 2 - scales * new_width / new_height, height / 2 - scales], 1)
    room = torch.where(free[:, None], spare.abs(), spare.clamp_min(0))
    centre = middle + room * augment.uniform(dice, -1.0, 1.0, count, 2)
    lean = torch.where(augment.chance(dice, _LEANING, count), _LEANING_DEG, _UPRIGHT_DEG)
    matrices, mirrored = augment.placements(dice, centre, scales, turn_deg=lean, shift=0.0)
    grid = augment.grid(matrices, new_height, new_width, (height, width))
    turn = augment.turns(dice, _TURNED, count, _TURNED_DEG)
    aside = ~(turn == torch.eye(3, device=device)).flatten(1).all(1)
    grid[aside] = augment.turned_grid(
        grid[aside], turn[aside], matrices[aside], (height, width), focal(size_px)
    )
    people = Staged.on(grid, rgb, batch["parts"])
    people.dye(dice)
    people.move(dice, away, places)
    covered = people.hide(dice, _HIDDEN)[:, 0] > 0.5
    whole = points(batch, more)
    empty = augment.some(dice, _EMPTY, count)
    if len(empty):
        view = places.look(dice, len(empty), new_height, new_width) if places else None
        if view is not None:
            people.rgb[empty] = view
            whole = whole.clone()
            whole[empty] = torch.nan
    xy, seen, xyz = moved(whole, matrices, mirrored, size_px, more, turn)
    at = torch.nan_to_num(xy, -9.0).round().long()
    x, y = at[..., 0].clamp(0, new_width - 1), at[..., 1].clamp(0, new_height - 1)
    which = torch.arange(count, device=device)[:, None, None]
    seen &= ~covered[which, y, x]
    taken = augment.some(dice, _PHOTOGRAPHED, count)
    if len(taken):
        people.rgb[taken] = augment.photographed(people.rgb[taken], dice)
    return Pictures(people.rgb, xy, seen, xyz)


def moved(
    whole: torch.Tensor, matrices: torch.Tensor, mirrored: torch.Tensor,
    size_px: tuple[int, int] = SIZE_PX, more: Sequence[str] = (),
    turned: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    """Points (batch, people, points, 6) of dope_139 and ``more`` in the new pictures of
    :func:`augment.placements`: pixels, whether they are seen, and metres, turned and mirrored with
    the picture, and ``turned`` (batch, 3, 3) aside with its camera."""
    batch, people, count, _ = whole.shape
    flat = whole.reshape(batch, people * count, 6)
    xy = augment.move_points(flat[..., :2], matrices, *size_px)
    turn = matrices[:, :, :2]
    turn = torch.linalg.inv(turn / torch.linalg.det(turn).abs().sqrt()[:, None, None])
    xyz = torch.cat([flat[..., 3:5] @ turn.transpose(1, 2), flat[..., 5:]], -1)
    if turned is not None:
        xy, xyz = augment.turned_points(xy, turned, *size_px, focal(size_px)), xyz @ turned
    told = torch.cat([xy, flat[..., 2:3], xyz], -1).view(batch, people, count, 6)
    swapped = told[:, :, torch.tensor(mirror_of(more), device=whole.device)]
    told = torch.where(mirrored[:, None, None, None], swapped, told)
    return told[..., :2], told[..., 2] > 0, told[..., 3:]


def focal(size_px: tuple[int, int]) -> float:
    """The focal length of a usual lens in half heights of pictures of a height and width."""
    return LENS * max(size_px) / (size_px[0] / 2)


def _uncut(people: torch.Tensor) -> torch.Tensor:
    """Whether the picture's edge cuts hardly any of the people."""
    edges = (people[:, 0], people[:, -1], people[:, :, 0], people[:, :, -1])
    return torch.cat(edges, 1).float().mean(1) < _CUT
