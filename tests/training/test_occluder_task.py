"""Training of the occluder: what is seen of items that are moved, and how it is counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.perception.occluder.network import CHANNELS, SIDE_PX, OccluderNetwork
from studio.synth.tryon.pairs import KINDS
from studio.training.feed import batches_once
from studio.training.labels import LabelFolder
from studio.training.task import Batch, Sample
from studio.training.tasks import find_task
from studio.training.tasks.occluder import losses
from studio.training.tasks.occluder_figures import Tally, as_worn, by_depth, mean_maps
from studio.training.tasks.occluder_pictures import Seen, plain, tracked, varied
from studio.training.tryon import FAR, FINE_PX, Painted, with_painted
from studio.training.tryon import SIDE_PX as PACKED_PX


class Halves:
    """Square items before people whose left half is nearer, and red."""

    def __init__(self, count: int = 4) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Sample:
        middle = FINE_PX // 2
        rgb = np.full((PACKED_PX, PACKED_PX, 3), 90, np.uint8)
        rgb[:, : PACKED_PX // 2] = (220, 60, 40)
        hides = np.full((FINE_PX, FINE_PX), 300, np.int16)
        hides[:, :middle] = -300
        depth = np.full((2, FINE_PX, FINE_PX), FAR, np.int16)
        depth[:, middle - 120 : middle + 120, middle - 120 : middle + 120] = 0
        items = np.zeros((2, PACKED_PX, PACKED_PX, 4), np.uint8)
        half = PACKED_PX // 2
        items[:, half - 60 : half + 60, half - 60 : half + 60] = (30, 60, 200, 255)
        box = np.array([half - 60, half - 60, half + 60, half + 60], np.float32)
        return {
            "rgb": rgb, "people": np.full((PACKED_PX, PACKED_PX), 255, np.uint8), "hides": hides,
            "items": items, "item_depths": depth,
            "proxies": np.repeat(hides[None, ::2, ::2], 2, 0),
            "boxes": np.stack([box, box]), "kind": np.array(number % 2, np.int64),
            "px_per_m": np.array(500.0, np.float32), "weight": np.array(1.0, np.float32),
        }  # fmt: skip


def halves(count: int = 4) -> Batch:
    return next(batches_once(Halves(count), count, count))


def as_it_should_be(seen: Seen) -> float:
    """How many pixels of items are hidden left of the middle and seen right of it."""
    right = torch.arange(SIDE_PX)[None, None] > SIDE_PX / 2 - 0.5
    far = (torch.arange(SIDE_PX) - SIDE_PX / 2).abs()[None, None] > 2
    told = (seen.known > 0) & far
    return float(((seen.truth > 0.5) == right)[told.expand_as(seen.truth)].float().mean())


def test_the_truth_is_where_the_picture_hides_the_item():
    seen = plain(halves())
    assert seen.rgb.shape == (8, 3, SIDE_PX, SIDE_PX)
    assert as_it_should_be(seen) == 1
    area = float(seen.known.mean())
    assert area == pytest.approx((1 / 1.35) ** 2, rel=0.03)  # the square is that much larger
    outside = seen.known == 0
    assert torch.isinf(seen.item_m[outside]).float().mean() > 0.97


def test_items_move_and_what_hides_them_stays():
    dice = torch.Generator().manual_seed(5)
    seen, still = tracked(halves(8), dice), plain(halves(8))
    moved = (seen.known != still.known).float().mean((1, 2))
    assert (moved > 0).all()
    assert as_it_should_be(seen) > 0.999


def test_depths_alone_tell_halves_apart():
    dice = torch.Generator().manual_seed(6)
    tally = Tally()
    seen = tracked(halves(8), dice)
    there = torch.isfinite(seen.proxy_m).flatten(1).any(1)  # of some no body is known
    found = by_depth(seen, 0.0)
    tally.add(found[there], Seen(**{k: v[there] for k, v in vars(seen).items()}))
    assert tally.iou > 0.9


@pytest.mark.parametrize("side", [64, SIDE_PX])
def test_varied_pairs_repeat_with_their_dice(side):
    one, two = (
        varied(halves(), torch.Generator().manual_seed(3), None, side).given() for _ in range(2)
    )
    assert one.shape == (8, CHANNELS, side, side)
    assert torch.equal(one, two)
    assert one.isfinite().all()
    assert one.min() >= 0
    assert one.max() <= 1


def test_pieces_hold_some_of_the_item():
    for seed in range(3):
        seen = varied(halves(8), torch.Generator().manual_seed(seed), None, 96)
        assert (seen.known.flatten(1).sum(1) > 0).all()


def test_only_items_count_and_edges_more():
    truth = torch.zeros(1, 32, 32)
    truth[:, :, 16:] = 1
    known = torch.zeros(1, 32, 32)
    known[:, 8:24, 4:28] = 1
    right = torch.stack([truth, truth], 1) * 20 - 10
    wrong_outside = torch.where(known[:, None] > 0, right, -right)
    for logits in (right, wrong_outside):
        assert sum(float(v) for v in losses(logits, truth, known).values()) < 0.01
    at_edge, inside = right.clone(), right.clone()
    at_edge[:, 0, 8:24, 15] *= -1
    inside[:, 0, 8:24, 7] *= -1
    entropy = [float(losses(one, truth, known)["entropy"]) for one in (at_edge, inside)]
    assert entropy[0] > 2.5 * entropy[1]


def seen_of(truth: torch.Tensor, known: torch.Tensor) -> Seen:
    nothing = torch.zeros_like(truth)
    each = nothing[:, None], nothing[:, None], nothing, nothing, nothing
    return Seen(*each, truth, known, torch.full((len(truth),), 500.0))


def test_tallies_count_what_was_said():
    truth, known = torch.zeros(1, 40, 40), torch.ones(1, 40, 40)
    truth[:, :, 20:] = 1
    near, far = torch.zeros_like(truth), torch.zeros_like(truth)
    near[:, :, 22:], far[:, :, 26:] = 1, 1
    told: list[Tally] = []
    for found in (truth, near, far):
        told.append(Tally())
        told[-1].add(found, seen_of(truth, known))
    assert [t.iou for t in told[:1]] == [1.0]
    assert told[1].seen_iou == pytest.approx(18 / 20)
    assert told[1].hidden_iou == pytest.approx(20 / 22)
    assert [t.boundary for t in told] == [1.0, 1.0, 0.0]


def test_rims_are_whole_as_they_are_worn():
    lens = torch.zeros(2, 64, 64)
    lens[:, 20:44, 12:52] = 0.5
    alpha = lens.clone()
    alpha[:, 16:20, 12:52] = 1  # a rim above the lens
    seen = seen_of(torch.ones(2, 64, 64), (alpha > 0).float())
    seen.item = torch.cat([torch.zeros(2, 3, 64, 64), alpha[:, None]], 1)
    found = torch.ones(2, 64, 64)
    found[:, 16:20, 24:36] = 0  # a bite out of it
    worn = as_worn(found, seen, torch.tensor([KINDS.index("glasses"), KINDS.index("hat")]))
    assert float(worn[0, 16:20, 24:36].min()) > 0.9
    assert torch.equal(worn[1], found[1])


def test_the_mean_map_knows_the_halves():
    means = mean_maps(Halves(8), 8)
    middle = SIDE_PX // 2
    assert float(means[0, middle, middle - 60]) < 0.1
    assert float(means[0, middle, middle + 60]) > 0.9
    assert float(means[5].min()) == 1  # no item of that kind was there


def test_it_learns():
    torch.manual_seed(1)
    task = find_task("occluder", side=64)
    network = OccluderNetwork((16, 24, 32, 48), (1, 1, 1)).train()
    optimiser = task.optimiser(network, 0.01)
    for group in optimiser.param_groups:
        group["lr"] = 2e-3
    dice = torch.Generator().manual_seed(1)
    past: list[float] = []
    for _ in range(14):
        with torch.no_grad():
            batch = task.prepare(halves(), dice)
        loss = torch.stack([*task.loss(network, batch).values()]).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        past.append(float(loss.detach()))
    assert np.mean(past[-3:]) < 0.75 * np.mean(past[:3])


def painted(folder) -> LabelFolder:
    made = LabelFolder.create(folder, "my own")
    name = made.add(np.full((200, 300, 3), 120, np.uint8), "one")
    item = np.zeros((200, 300, 4), np.uint8)
    item[60:140, 100:200] = (200, 30, 30, 255)
    made.save_item(name, item)
    hidden = np.zeros((200, 300), np.uint8)
    hidden[:, :150] = 255
    made.save_map(name, "occlusion", hidden)
    made.add(np.full((50, 50, 3), 9, np.uint8), "bare")
    return made


def test_painted_maps_are_learned_from(tmp_path):
    painted(tmp_path / "labels")
    source = Painted(tmp_path / "labels")
    assert len(source) == 1
    seen = plain(next(batches_once(source, 1, 1)))
    assert as_it_should_be(seen) > 0.99
    assert float(seen.known.mean()) == pytest.approx(0.8 / 1.35**2, rel=0.06)
    assert set(source[0]) == set(Halves()[0])
    mixed = with_painted(Halves(4), tmp_path / "labels", 0.5, 1)
    assert len(mixed) == 8


def test_what_cannot_be_learned_from(tmp_path):
    empty = LabelFolder.create(tmp_path / "empty", "mine")
    empty.add(np.zeros((20, 20, 3), np.uint8), "bare")
    with pytest.raises(StudioError, match="item"):
        Painted(tmp_path / "empty")
    painted(tmp_path / "labels")
    with pytest.raises(StudioError, match="share"):
        with_painted(Halves(), tmp_path / "labels", 1.0, 0)
