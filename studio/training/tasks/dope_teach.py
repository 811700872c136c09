"""What part experts teach the student: boxes with answers, and labels of what nobody labelled.

Source: US 11494932. Experts are frozen; the student's answers in the experts' positive boxes are
drawn towards theirs (classes softly, poses by L1), and their poses stand for missing annotations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from studio.core.errors import StudioError
from studio.perception.dope.kinds import LEGS, UPPER, Kind, find_kind
from studio.perception.dope.network import Branch, DopeNetwork, Poses
from studio.perception.dope.ppi import Part, parts_in
from studio.perception.own import placed, quick_type, unpack
from studio.perception.trunk import fused
from studio.training import checkpoint
from studio.training.task import Batch
from studio.training.tasks.dope_targets import PAD, Parts, match, nearest_anchor, of_boxes

_PROPOSED = {"body": 6, "hand": 8, "face": 6}
_KEPT = {"body": 4, "hand": 6, "face": 4}
_MANY, _FEW = 8, 6
_POSITIVE, _LABEL = 0.5, 0.6


@dataclass(frozen=True, eq=False)
class Taught:
    """What an expert says of a batch: its surest boxes (``boxes_px``; batch, boxes, 4), which of
    them are positive, the probability of each class there and its deltas (see
    :class:`~studio.perception.dope.network.Poses`), and the parts it found, as labels."""

    boxes_px: torch.Tensor
    positive: torch.Tensor
    classes: torch.Tensor
    deltas: torch.Tensor
    pseudo: Parts

    def packed(self, name: str) -> Batch:
        """As entries of a batch, without the labels."""
        return {
            f"{name} taught boxes": self.boxes_px, f"{name} taught positive": self.positive,
            f"{name} taught classes": self.classes, f"{name} taught deltas": self.deltas,
        }  # fmt: skip

    @classmethod
    def unpacked(cls, name: str, batch: Batch, pseudo: Parts) -> Taught:
        """From entries of a batch."""
        told = {key: batch[f"{name} taught {key}"] for key in ("positive", "classes", "deltas")}
        return cls(batch[f"{name} taught boxes"], pseudo=pseudo, **told)


def load_experts(folder: Path, kinds: Sequence[str], device: str) -> dict[str, DopeNetwork]:
    """The experts of a folder of runs (``dope_body`` ...), frozen. Raises StudioError without."""
    found: dict[str, DopeNetwork] = {}
    for name in kinds:
        path = folder / f"dope_{name}" / checkpoint.BEST
        if not path.is_file():
            raise StudioError(
                f"There is no expert of {name} parts in “{folder}”.",
                f"Train one: doppel train dope_{name} --out {folder}/dope_{name}",
            )
        network = fused(unpack(DopeNetwork([find_kind(name)]), path))
        moved = placed(network, device, quick_type(device))
        assert isinstance(moved, DopeNetwork)
        found[name] = moved
    return found


@torch.no_grad()
def teach(experts: Mapping[str, DopeNetwork], rgb: torch.Tensor) -> dict[str, Taught]:
    """What the experts say of pictures (batch, 3, height, width)."""
    out: dict[str, Taught] = {}
    for name, network in experts.items():
        kind = network.kinds[name]
        given = rgb.to(network.dtype).contiguous(memory_format=torch.channels_last)
        found = network(given, _PROPOSED.get(name, _MANY))
        poses = found.poses[name]
        classes = poses.logits.softmax(-1)
        sure, order = (1 - classes[..., -1]).topk(_KEPT.get(name, _FEW), 1)
        pseudo = [labels(kind, parts_in(network, found, k)[name]) for k in range(len(rgb))]
        out[name] = Taught(
            of_boxes(poses.boxes_px, order).float(), sure >= _POSITIVE,
            of_boxes(classes, order), of_boxes(poses.deltas, order),
            stacked(pseudo, kind, _KEPT.get(name, _FEW)),
        )  # fmt: skip
    return out


def labels(kind: Kind, parts: Sequence[Part]) -> list[Part]:
    """The parts that an expert is sure enough of to stand for annotations."""
    return [part for part in parts if part.score >= _LABEL]


def stacked(pictures: Sequence[Sequence[Part]], kind: Kind, most: int) -> Parts:
    """Found parts of each picture of a batch as labels."""
    batch, points = len(pictures), kind.points
    xy, xyz = np.zeros((batch, most, points, 2)), np.zeros((batch, most, points, 3))
    seen, boxes = np.zeros((batch, most, points), bool), np.zeros((batch, most, 4))
    family, there = np.zeros((batch, most), np.int64), np.zeros((batch, most), bool)
    for k, parts in enumerate(pictures):
        for place, part in enumerate(parts[:most]):
            xy[k, place], xyz[k, place] = part.xy_px, part.xyz_m
            seen[k, place], family[k, place] = part.seen > 0.5, part.family
            spanned = part.xy_px[list(UPPER)] if _upper(part) else part.xy_px
            low, high = spanned.min(0), spanned.max(0)
            pad = PAD * (high - low).max()
            boxes[k, place], there[k, place] = np.concatenate([low - pad, high + pad]), True
    weight = np.where(seen, 1.0, 0.5) * there[..., None]
    if kind.name == "body":
        weight[..., list(LEGS)] *= np.where(family == 1, 0.3, 1.0)[..., None]
    return Parts(
        torch.from_numpy(xy).float(), torch.from_numpy(xyz).float(),
        torch.from_numpy(weight).float(), torch.from_numpy(seen), torch.from_numpy(family),
        torch.from_numpy(boxes).float(), torch.from_numpy(there),
        torch.zeros(batch, most, dtype=torch.bool), torch.ones(batch, dtype=torch.bool),
        torch.from_numpy(there.copy()),
    )  # fmt: skip


def _upper(part: Part) -> bool:
    return part.kind == "body" and part.family == 1


def distillation(
    kind: Kind, branch: Branch, poses: Poses, parts: Parts, taught: Taught
) -> tuple[torch.Tensor, torch.Tensor]:
    """How far the student's classes and poses are from the experts', in their positive boxes alone
    (``poses`` is what the student says of the experts' boxes).

    Classes by soft cross-entropy over what the expert itself is unsure of (zero where both agree);
    poses by L1 between both, of the class of the truth, or of the expert's own best class where no
    truth is known.
    """
    positive = taught.positive
    total = positive.sum().clamp_min(1)
    log = poses.logits.log_softmax(-1)
    theirs = taught.classes.clamp_min(1e-6)
    like = (theirs * (theirs.log() - log)).sum(-1)
    matched = match(taught.boxes_px, parts)
    truth, _ = nearest_anchor(
        kind, branch, of_boxes(parts.xyz_m, matched.whose), of_boxes(parts.family, matched.whose)
    )
    known = matched.is_part & of_boxes(parts.deep, matched.whose)
    chosen = torch.where(known, truth, taught.classes[..., :-1].argmax(-1))
    at = chosen[..., None, None, None].expand(-1, -1, 1, *poses.deltas.shape[3:])
    off = poses.deltas.gather(2, at) - taught.deltas.gather(2, at)
    same = off.abs().sum(-1).mean((2, 3))
    return (like * positive).sum() / total, (same * positive).sum() / total
