"""What the whole-body network is to find in pictures: the parts that are there, and their boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch.nn import functional

from studio.perception.dope.boxes import giou, iou
from studio.perception.dope.kinds import HEAD, LEGS, SHOULDERS, UPPER, Kind
from studio.perception.dope.network import COARSE_PX, STRETCH, Branch, Poses, Regions

PAD = 0.12
"""The room around a part in its box, by its longer side."""
_SMALLEST_PX = 6.0
_MARKED = 0.6
"""The share of a part's points that a picture without 3D must have marked."""
_HIDDEN, _OUTSIDE = 0.5, 0.15
_NEAR_M = {"body": 0.06, "hand": 0.012, "face": 0.012}
_NEAR_FLAT = 0.05
_FOREGROUND, _BACKGROUND, _UNSURE = 0.5, 0.4, 0.3
_MIDDLE = 0.45
_BELL = 0.8
"""Cells that a point's bell is wide."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of one kind in a batch of pictures, real ones and pseudo-labels alike.

    ``xy_px`` (batch, parts, points, 2), ``xyz_m`` (…, 3; from the kind's origin), ``weight``
    (batch, parts, points): how much a point counts in 2D, ``seen`` (batch, parts, points),
    ``family`` (batch, parts), ``box_px`` (batch, parts, 4). ``there`` (batch, parts) are those to
    be found; ``unsure`` those that may be found or not. ``told`` (batch) says of which pictures
    all parts are known: of others, what is not there is no background. ``deep`` (batch, parts) are
    those whose 3D is known.
    """

    xy_px: torch.Tensor
    xyz_m: torch.Tensor
    weight: torch.Tensor
    seen: torch.Tensor
    family: torch.Tensor
    box_px: torch.Tensor
    there: torch.Tensor
    unsure: torch.Tensor
    told: torch.Tensor
    deep: torch.Tensor

    def joined(self, other: Parts) -> Parts:
        """These, and others of the same pictures."""
        keys = [key for key in vars(self) if key != "told"]
        both = {key: torch.cat([getattr(self, key), getattr(other, key)], 1) for key in keys}
        return Parts(**both, told=self.told | other.told)

    def only(self, which: torch.Tensor) -> Parts:
        """Those of some pictures (batch; bool): nothing is known of the others."""
        keep = which[:, None]
        return replace(self, there=self.there & keep, unsure=self.unsure & keep,
                       told=self.told & which)  # fmt: skip

    def packed(self, name: str) -> dict[str, torch.Tensor]:
        """As entries of a batch."""
        return {f"{name} {key}": value for key, value in vars(self).items()}

    @classmethod
    def unpacked(cls, name: str, batch: Mapping[str, torch.Tensor]) -> Parts:
        """From entries of a batch."""
        return cls(**{key: batch[f"{name} {key}"] for key in cls.__dataclass_fields__})


def parts_of(
    kind: Kind, xy: torch.Tensor, seen: torch.Tensor, xyz: torch.Tensor, height: int, width: int
) -> Parts:
    """The parts of a kind on people (batch, people, 139, ...) in pictures of a size."""
    batch = len(xy)
    slots = torch.tensor(kind.slots, device=xy.device)
    marked = torch.isfinite(xy).all(-1) & ~torch.isfinite(xyz).all(-1)
    told = ~marked.flatten(1).any(1)  # of pictures that were marked, others may be in them
    points = slots.shape[1]

    def of(values: torch.Tensor) -> torch.Tensor:
        return values[:, :, slots].reshape(batch, -1, points, *values.shape[3:])

    xy, seen, xyz = of(xy), of(seen), of(xyz)
    known = torch.isfinite(xy).all(-1)
    deep = torch.isfinite(xyz).all(-1).all(2)
    xy, xyz = torch.nan_to_num(xy), torch.nan_to_num(xyz)
    origin = xyz[:, :, list(kind.origin)].mean(2, keepdim=True)
    size = torch.tensor([width, height], device=xy.device)
    inside = known & (xy > -0.5).all(-1) & (xy < size - 0.5).all(-1)
    seen = seen & inside
    whole = known.all(2) | (~deep & (known.sum(2) >= _MARKED * points))
    family = torch.arange(len(kind.slots), device=xy.device).repeat(xy.shape[1] // len(kind.slots))
    family = family.expand(batch, -1)
    boxed = inside
    if kind.name == "body":
        legs = inside[..., list(LEGS)].sum(-1) >= 3
        family = torch.where(legs, 0, 1)
        upper = torch.zeros(points, dtype=torch.bool, device=xy.device)
        upper[list(UPPER)] = True
        boxed = torch.where(legs[..., None], inside, inside & upper)
        head = inside[..., HEAD] | inside[..., list(SHOULDERS)].all(-1)
        many = (inside & upper).sum(-1) >= 5
        there = head & many & ((seen & upper).sum(-1) >= 4)
        unsure = inside.sum(-1) >= 2
    else:
        there = (inside.sum(-1) >= 0.7 * points) & (seen.sum(-1) >= 0.4 * points)
        unsure = (inside.sum(-1) >= 0.25 * points) & (seen.sum(-1) >= 0.1 * points)
    low = torch.where(boxed[..., None], xy, torch.inf).amin(2)
    high = torch.where(boxed[..., None], xy, -torch.inf).amax(2)
    there, unsure = there & whole, unsure & known.any(2) & boxed.any(2)
    low, high = torch.nan_to_num(low, posinf=0.0), torch.nan_to_num(high, neginf=0.0)
    extent = (high - low).amax(-1, keepdim=True)
    there = there & (extent[..., 0] >= _SMALLEST_PX)
    pad = PAD * extent
    box = torch.cat([low - pad, high + pad], -1)
    weight = torch.where(seen, 1.0, torch.where(inside, _HIDDEN, _OUTSIDE)) * known
    return Parts(xy, xyz - origin, weight, seen, family, box, there, unsure & ~there, told, deep)


def in_box(xy_px: torch.Tensor, box_px: torch.Tensor) -> torch.Tensor:
    """Points (..., points, 2) as parts of boxes (..., 4), from their left top."""
    extent = (box_px[..., 2:] - box_px[..., :2]).clamp_min(1.0)
    return (xy_px - box_px[..., None, :2]) / extent[..., None, :]


def jittered(parts: Parts, dice: torch.Generator, count: int) -> torch.Tensor:
    """Boxes (batch, count, 4) about where some of the parts are that are there, if any are."""
    likely = torch.where(parts.there, 1.0, 1e-6)
    chosen = torch.multinomial(likely, count, replacement=True, generator=dice)
    box = of_boxes(parts.box_px, chosen)
    extent = (box[..., 2:] - box[..., :2]).clamp_min(4.0)
    shift = 0.1 * torch.randn(box[..., :2].shape, generator=dice, device=box.device)
    grow = torch.exp(0.12 * torch.randn(extent.shape, generator=dice, device=box.device))
    middle = (box[..., :2] + box[..., 2:]) / 2 + shift * extent
    return torch.cat([middle - extent * grow / 2, middle + extent * grow / 2], -1)


def region_losses(regions: Regions, parts: Parts) -> tuple[torch.Tensor, torch.Tensor]:
    """How wrong the middles (focal, Zhou et al. 2019) and their boxes (1 - GIoU) are."""
    centre, device = regions.centre, regions.centre.device
    rows, columns = centre.shape[1:]
    y = (torch.arange(rows, device=device) + 0.5) * COARSE_PX - 0.5
    x = (torch.arange(columns, device=device) + 0.5) * COARSE_PX - 0.5
    box = parts.box_px
    middle, extent = (box[..., :2] + box[..., 2:]) / 2, (box[..., 2:] - box[..., :2])
    spread = (0.1 * extent).clamp_min(0.55 * COARSE_PX)
    bell = torch.exp(-0.5 * ((x - middle[..., :1]) / spread[..., :1]) ** 2)[..., None, :]
    bell = bell * torch.exp(-0.5 * ((y - middle[..., 1:]) / spread[..., 1:]) ** 2)[..., None]
    bell = bell * parts.there[..., None, None]
    best, whose = bell.max(1)
    flat = bell.flatten(2)
    peak = torch.zeros_like(flat).scatter_(2, flat.argmax(2, keepdim=True), 1.0)
    peak = (peak * parts.there[..., None]).amax(1).view_as(best) > 0
    left, top, right, bottom = (side[..., None, None] for side in box.unbind(-1))
    inside = (x >= left) & (x <= right) & (y[:, None] >= top) & (y[:, None] <= bottom)
    dim = (inside & parts.unsure[..., None, None]).any(1)
    log, other = functional.logsigmoid(centre), functional.logsigmoid(-centre)
    share = torch.sigmoid(centre)
    wrong = torch.where(peak, -log * (1 - share) ** 2, -other * share**2 * (1 - best) ** 4)
    counts = parts.told[:, None, None] & ~(dim & ~peak) | peak
    count = peak.sum().clamp_min(1)
    entropy = (wrong * counts).sum() / count
    chosen = best > _MIDDLE
    target = box.gather(1, whose.flatten(1)[..., None].expand(-1, -1, 4)).view(*whose.shape, 4)
    off = 1 - giou(regions.box_px, target)
    return entropy, (off * chosen).sum() / chosen.sum().clamp_min(1)


@dataclass(frozen=True, eq=False)
class Matched:
    """Which part each box shows: ``whose`` (batch, boxes) by number, ``is_part`` those that show
    one, ``is_none`` those that show none; of the rest nothing is known."""

    whose: torch.Tensor
    is_part: torch.Tensor
    is_none: torch.Tensor


def match(boxes_px: torch.Tensor, parts: Parts) -> Matched:
    """Boxes (batch, boxes, 4) and the parts they show."""
    overlap = iou(boxes_px, parts.box_px)
    near = (overlap * parts.there[:, None]).max(2)
    unsure = (overlap * parts.unsure[:, None]).amax(2)
    is_part = near.values >= _FOREGROUND
    is_none = (near.values < _BACKGROUND) & (unsure < _UNSURE) & parts.told[:, None]
    return Matched(near.indices, is_part, is_none & ~is_part)


def of_boxes(values: torch.Tensor, whose: torch.Tensor) -> torch.Tensor:
    """Values of parts (batch, parts, ...) for each box (batch, boxes, ...)."""
    rest = values.shape[2:]
    index = whose.view(*whose.shape, *(1 for _ in rest)).expand(*whose.shape, *rest)
    return values.gather(1, index)


def nearest_anchor(kind: Kind, branch: Branch, xyz_m: torch.Tensor, family: torch.Tensor) -> tuple[
    torch.Tensor, torch.Tensor
]:  # fmt: skip
    """The nearest anchor pose of the part's family, and the share of each class (..., classes) in
    its regression: the nearest most, others by how near they are."""
    off = (xyz_m[..., None, :, :] - branch.deep).norm(dim=-1).mean(-1)
    of = torch.arange(kind.classes, device=off.device) // kind.clusters
    off = torch.where(of == family[..., None], off, torch.inf)
    least = off.amin(-1, keepdim=True)
    share = torch.exp(-(off - least) / _NEAR_M.get(kind.name, 0.05))
    return off.argmin(-1), share / share.sum(-1, keepdim=True)


def nearest_flat(
    kind: Kind, branch: Branch, xy: torch.Tensor, weight: torch.Tensor, family: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by 2D (batch, boxes, points, 2; in the box), where no 3D is known."""
    off = (xy[..., None, :, :] - branch.flat).norm(dim=-1) * weight[..., None, :]
    off = off.sum(-1) / weight.sum(-1)[..., None].clamp_min(1e-3)
    of = torch.arange(kind.classes, device=off.device) // kind.clusters
    off = torch.where(of == family[..., None], off, torch.inf)
    share = torch.exp(-(off - off.amin(-1, keepdim=True)) / _NEAR_FLAT)
    return off.argmin(-1), share / share.sum(-1, keepdim=True)


def head_losses(kind: Kind, branch: Branch, poses: Poses, parts: Parts) -> dict[str, torch.Tensor]:
    """The losses of a head: ``class`` (cross-entropy, all boxes of which it is known what they
    show), and of boxes that show a part ``pose`` (L1 of 2D and 3D), ``marks`` and ``seen``."""
    matched = match(poses.boxes_px, parts)
    is_part, whose = matched.is_part, matched.whose
    xyz, family = of_boxes(parts.xyz_m, whose), of_boxes(parts.family, whose)
    target, share = nearest_anchor(kind, branch, xyz, family)
    xy = in_box(of_boxes(parts.xy_px, whose), poses.boxes_px)
    weight = of_boxes(parts.weight, whose)
    deep = of_boxes(parts.deep, whose)
    if not bool(deep.all()):
        seen_as, seen_share = nearest_flat(kind, branch, xy, weight, family)
        target = torch.where(deep, target, seen_as)
        share = torch.where(deep[..., None], share, seen_share)
    target = torch.where(is_part, target, kind.classes)
    known = is_part | matched.is_none
    logits = poses.logits
    each = functional.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none")
    each = each.view_as(target) * known
    entropy = each.sum() / known.sum().clamp_min(1)
    off = pose_off(branch, poses.deltas, xy, xyz, weight, deep)
    off = (off * share).sum(-1) * is_part
    seen = functional.binary_cross_entropy_with_logits(
        poses.seen, of_boxes(parts.seen, whose).float(), reduction="none"
    ).mean(-1)
    missed = marks_off(poses.marks, xy, weight, family) * is_part
    count = is_part.sum().clamp_min(1)
    return {
        "class": entropy, "pose": off.sum() / count, "marks": missed.sum() / count,
        "seen": (seen * is_part).sum() / count,
    }  # fmt: skip


def marks_off(
    marks: torch.Tensor, xy: torch.Tensor, weight: torch.Tensor, family: torch.Tensor
) -> torch.Tensor:
    """How far (batch, boxes; Kullback-Leibler) the marks of a part's ``family`` (batch, boxes) are
    from bells about its points ``xy`` (batch, boxes, points, 2; in the box), for a mean place may
    be right between two wrong ones. ``weight`` of the points; those out of the box do not count.

    Source: Nibali et al. 2018, "Numerical coordinate regression" (regularised heatmaps).
    """
    rows, columns = marks.shape[-2:]
    index = family[..., None, None, None, None].expand(-1, -1, 1, *marks.shape[3:])
    log = marks.float().gather(2, index)[:, :, 0].flatten(3).log_softmax(3)
    x = torch.arange(columns, device=xy.device) + 0.5 - xy[..., :1] * columns
    y = torch.arange(rows, device=xy.device) + 0.5 - xy[..., 1:] * rows
    bell = -0.5 * (x[..., None, :].square() + y[..., None].square()) / _BELL**2
    bell = bell.flatten(3).log_softmax(3)
    weight = weight * (xy >= 0).all(-1) * (xy <= 1).all(-1)
    off = (bell.exp() * (bell - log)).sum(-1)
    return (off * weight).sum(-1) / weight.sum(-1).clamp_min(1e-3)


def pose_off(
    branch: Branch, deltas: torch.Tensor, xy: torch.Tensor, xyz_m: torch.Tensor,
    weight: torch.Tensor, known: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    """Mean distance (L1, stretched) of every class's pose (batch, boxes, classes) from one pose a
    box: ``xy`` in the box, ``xyz_m`` from the origin; ``weight`` of the points in 2D; ``known``
    (batch, boxes) those whose 3D counts."""
    flat = (xy[..., None, :, :] - branch.flat) * STRETCH - deltas[..., :2]
    deep = (xyz_m[..., None, :, :] - branch.deep) * STRETCH - deltas[..., 2:]
    weight = weight[..., None, :]
    two = (flat.abs().sum(-1) * weight).sum(-1) / weight.sum(-1).clamp_min(1e-3)
    scale = _SPAN / branch.deep.abs().mean().clamp_min(1e-3)
    return two + deep.abs().sum(-1).mean(-1) * scale * known[..., None]


_SPAN = 0.25
"""Metres of a body: smaller parts count as if they were as large."""
