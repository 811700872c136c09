"""Wearers made into others: what is dyed, and whose limbs come before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.synth.tryon.pairs import KINDS
from studio.training.feed import batches_once
from studio.training.task import Batch, Sample
from studio.training.tasks import occluder_pictures
from studio.training.tasks.occluder_changes import dyed, limbs, strands
from studio.training.tasks.occluder_pictures import Seen, varied
from studio.training.tryon import FAR, FINE_PX, HAT, LIMBS, SIDE_PX


def test_a_colour_is_dyed_its_shade_stays_and_another_is_left_alone():
    shade = torch.linspace(0.6, 1.0, 64)[:, None]
    rgb = torch.empty(6, 3, 64, 64)
    rgb[:, :, :, :32] = torch.tensor([0.8, 0.3, 0.2]).view(3, 1, 1) * shade
    rgb[:, :, :, 32:] = torch.tensor([0.2, 0.3, 0.8]).view(3, 1, 1) * shade
    other = dyed(torch.Generator().manual_seed(2), rgb)
    off = (other - rgb).abs().amax(1)
    left, right = off[:, 8:56, 4:28].amax((1, 2)), off[:, 8:56, 36:60].amax((1, 2))
    assert (torch.minimum(left, right) < 1e-4).all()  # never both
    assert (torch.maximum(left, right) > 0.05).any()
    for one, is_left in zip(other, left > right, strict=True):
        half = one[:, :, 16] if is_left else one[:, :, 48]
        told = half[:, 40] / half[:, 30]
        clipped = half[:, [30, 40]].amax(1) >= 1
        shades = shade[40, 0] / shade[30, 0]
        assert told[~clipped] == pytest.approx(float(shades), rel=0.02)


def test_a_limb_comes_with_its_own_pixels():
    rgb = torch.zeros(4, 3, 96, 96)
    limb = torch.zeros(4, 1, 96, 96)
    rgb[:, 0, :, 30:60], limb[:, :, :, 30:60] = 1.0, 1.0
    middle, half = torch.full((4, 2), 48.0), torch.full((4,), 48.0)
    seen, cover = limbs(torch.Generator().manual_seed(1), rgb, limb, middle, half, 64)
    assert seen.shape == (4, 3, 64, 64)
    there = cover[:, 0] > 0.99
    assert 0.05 < there.float().mean() < 0.95
    assert (seen[:, 0][there] > 0.85).all()


def things(kind: int) -> Batch:
    """Items 3 cm before people who fill the picture."""

    class Before:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, number: int) -> Sample:
            half = SIDE_PX // 2
            items = np.zeros((2, SIDE_PX, SIDE_PX, 4), np.uint8)
            items[:, half - 60 : half + 60, half - 60 : half + 60] = 255
            depth = np.full((2, FINE_PX, FINE_PX), FAR, np.int16)
            depth[:, 2 * half - 120 : 2 * half + 120, 2 * half - 120 : 2 * half + 120] = -300
            box = np.array([half - 60, half - 60, half + 60, half + 60], np.float32)
            return {
                "rgb": np.full((SIDE_PX, SIDE_PX, 3), 90, np.uint8),
                "people": np.full((SIDE_PX, SIDE_PX), 255, np.uint8),
                "hides": np.zeros((FINE_PX, FINE_PX), np.int16),
                "items": items, "item_depths": depth,
                "proxies": np.zeros((2, SIDE_PX, SIDE_PX), np.int16),
                "boxes": np.stack([box, box]), "kind": np.array(kind, np.int64),
                "px_per_m": np.array(500.0, np.float32), "weight": np.array(1.0, np.float32),
            }  # fmt: skip

    return next(batches_once(Before(), 4, 4))


def test_limbs_of_wrists_and_feet_hide_items(monkeypatch):
    assert [KINDS[kind] for kind in LIMBS] == ["watch", "shoes"]
    monkeypatch.setattr(occluder_pictures, "_BEHIND_LIMBS", 1.0)

    def seen(kind: int) -> float:
        pairs = varied(things(kind), torch.Generator().manual_seed(4), None, 96)
        return float((pairs.truth * pairs.known).sum() / pairs.known.sum())

    assert seen(KINDS.index("watch")) == 0
    assert seen(KINDS.index("hat")) > 0.8


def test_locks_are_all_kinds_of_and_leave_gaps():
    rgb = torch.rand(8, 3, 1, 1).expand(8, 3, 64, 64).contiguous()
    lock, cover = strands(torch.Generator().manual_seed(1), rgb)
    assert lock.shape == rgb.shape
    assert cover.shape == (8, 1, 64, 64)
    assert 0.1 < float((cover > 0.9).float().mean()) < 0.9
    assert float(lock.std((2, 3)).amax()) > 0.1  # some are rough,
    assert float(lock.std((2, 3)).amin()) < 0.05  # some are smooth as skin


def test_locks_lie_under_hats_alone_and_behind_hands(monkeypatch):
    assert KINDS[HAT] == "hat"
    for name in ("_AWAY", "_DYED", "_BEHIND_LIMBS"):
        monkeypatch.setattr(occluder_pictures, name, 0.0)
    monkeypatch.setattr(occluder_pictures.augment, "photographed", lambda rgb, dice: rgb)
    monkeypatch.setattr(occluder_pictures, "pieces", lambda dice, many, height, width: (
        torch.zeros(many, 3, height, width), torch.zeros(many, 1, height, width)))  # fmt: skip

    def pairs(kind: int, share: float) -> Seen:
        monkeypatch.setattr(occluder_pictures, "_LOCKS", share)
        batch = things(kind)
        batch["hides"][:, : FINE_PX // 2] = -900  # a hand, 9 cm before the head
        return varied(batch, torch.Generator().manual_seed(4), None, 96)

    bare, hairy = pairs(HAT, 0.0), pairs(HAT, 1.0)
    grey = torch.tensor(90 / 255)
    painted = ((hairy.rgb - grey).abs() > 0.02).any(1)
    assert 0.1 < float(painted[hairy.truth > 0.5].float().mean()) < 0.9
    hand = hairy.known * (hairy.truth < 0.5)
    assert float(painted[hand > 0].float().mean()) < 0.06  # but for the hand's edge
    assert float(bare.truth.sum()) == pytest.approx(float(hairy.truth.sum()), rel=0.1)
    watch = pairs(KINDS.index("watch"), 1.0)
    assert float(((watch.rgb - grey).abs() > 0.02).float().mean()) < 0.02
