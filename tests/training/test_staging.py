"""People put before other surroundings, dyed and hidden, and the clutter that they stand in."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.core.parts import PartLabel
from studio.training import augment
from studio.training.clutter import clutter, pieces
from studio.training.people import UNKNOWN
from studio.training.staging import Staged
from studio.training.surroundings import Places, behind, pack
from studio.training.tasks.parts import PartsTask, varied

SIDE = 64
PERSON = np.s_[:, 16:56, 24:40]


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def grid(batch: int, scale: float = 1.0) -> torch.Tensor:
    centre = torch.full((batch, 2), (SIDE - 1) / 2)
    scales = torch.full((batch,), scale * SIDE / 2)
    matrices, _ = augment.placements(dice(), centre, scales, turn_deg=0, shift=0, flip=0)
    return augment.grid(matrices, SIDE, SIDE, (SIDE, SIDE))


def staged(batch: int, scale: float = 1.0) -> Staged:
    """A green person with a light above and shade below, before a plain grey."""
    rgb = torch.full((batch, 3, SIDE, SIDE), 0.5)
    light = torch.linspace(0.8, 0.2, 40)[:, None].expand(40, 16)
    rgb[:, :, 16:56, 24:40] = torch.tensor([0.1, 1.0, 0.2])[:, None, None] * light
    parts = torch.zeros(batch, SIDE, SIDE, dtype=torch.uint8)
    parts[PERSON] = PartLabel.TOP
    return Staged.on(grid(batch, scale), rgb, parts)


def test_clutter_differs_from_picture_to_picture_and_follows_the_dice() -> None:
    picture = clutter(dice(1), 12, 48, 64)
    assert picture.shape == (12, 3, 48, 64)
    assert 0 <= float(picture.min()) <= float(picture.max()) <= 1
    assert torch.equal(picture, clutter(dice(1), 12, 48, 64))
    flat = picture.flatten(1)
    assert float(torch.corrcoef(flat).fill_diagonal_(0).abs().mean()) < 0.5
    assert int((flat.std(1) > 0.03).sum()) >= 10
    assert clutter(dice(), 0, 48, 64).shape == (0, 3, 48, 64)


def test_pieces_are_of_many_sizes_and_shapes() -> None:
    colour, cover = pieces(dice(2), 64, 64, 64)
    share = cover.mean((1, 2, 3))
    assert float(share.max()) > 0.2
    assert 0 < float(share[share > 0].min()) < 0.01
    assert int((colour.flatten(2).std(2).amax(1) > 0.02).sum()) > 20


def test_those_who_go_away_keep_their_labels_and_leave_their_surroundings() -> None:
    people = staged(6)
    before, labels = people.rgb.clone(), people.parts.clone()
    away = torch.tensor([True, False, True, True, False, True])
    people.move(dice(3), away, None)
    assert torch.equal(people.parts, labels)
    changed = (people.rgb - before).abs().mean(1)
    outside = people.front[:, 0] == 0
    for index, gone in enumerate(away.tolist()):
        assert (float(changed[index][outside[index]].mean()) > 0.03) >= gone
    # The person is lit anew, but light stays above and shade below.
    core = people.rgb[:, :, 20:52, 28:36].mean((1, 3))
    assert bool((core[:, :8].mean(1) > core[:, -8:].mean(1)).all())


def test_what_the_picture_did_not_show_is_background_once_people_go_away() -> None:
    people = staged(4, scale=2.5)
    mirrored = int((people.parts[0] > 0).sum())
    people.move(dice(), torch.ones(4, dtype=torch.bool), None)
    seen = people.shown[0]
    assert 0 < int(seen.sum()) < SIDE * SIDE / 4
    assert not bool(people.parts[:, ~seen].any())
    assert 0 < int((people.parts[0] > 0).sum()) < mirrored


def test_company_stands_behind_and_nobody_is_nobody() -> None:
    people, everyone = staged(24), torch.ones(24, dtype=torch.bool)
    people.parts[::2] = 0
    people.front[::2] = 0
    people.move(dice(), everyone, None, company=torch.arange(24) % 4 == 1)
    there = people.parts.amax((1, 2)) == PartLabel.TOP
    assert bool(there[1::2].all())
    assert 2 <= int(there[::4].sum()) <= 5
    assert not bool(there[2::4].any())
    people.move(dice(), everyone, None, nobody=1.0)
    assert not bool(people.parts.any())
    assert not bool(people.front.any())


def test_what_hides_people_is_no_part_of_them() -> None:
    people = staged(16)
    before, labels = people.rgb.clone(), people.parts.clone()
    cover = people.hide(dice(4), 0.8)
    hidden = cover[:, 0] > 0.5
    assert 0.01 < float(hidden.float().mean()) < 0.6
    assert not bool(people.parts[hidden].any())
    assert torch.equal(people.parts[~hidden], labels[~hidden])
    free = (cover == 0).expand_as(before)
    assert torch.equal(people.rgb[free], before[free])


def test_dye_changes_clothes_alone_and_keeps_their_folds() -> None:
    people = staged(24)
    before = people.rgb.clone()
    people.dye(dice(5))
    changed = (people.rgb - before).abs().amax((1, 2, 3)) > 0.02
    assert 3 <= int(changed.sum()) <= 20
    far = torch.nn.functional.max_pool2d((people.parts > 0)[:, None].float(), 5, 1, 2) == 0
    far = far.expand_as(before)
    assert torch.equal(people.rgb[far], before[far])
    core = people.rgb[:, :, 20:52, 28:36].mean((1, 3))
    assert float((core[:, :8].mean(1) > core[:, -8:].mean(1)).float().mean()) > 0.9


def test_what_is_taken_off_shows_skin() -> None:
    people = staged(40)
    people.rgb[:, :, 4:16, 26:38] = torch.tensor([0.8, 0.5, 0.4])[:, None, None]
    people.parts[:, 4:16, 26:38] = PartLabel.FACE
    people.dye(dice(6))
    bare = (people.parts == PartLabel.SKIN).flatten(1).any(1)
    assert 1 <= int(bare.sum()) <= 15
    assert not bool((people.parts[bare] == PartLabel.TOP).any())
    skin = people.rgb[bare][:, :, 20:52, 28:36].mean((2, 3))
    skin /= skin.sum(1, keepdim=True)
    torch.testing.assert_close(skin, torch.tensor([[0.8, 0.5, 0.4]]).div(1.7).expand_as(skin),
                               atol=0.05, rtol=0)  # fmt: skip


def test_samples_of_parts_repeat_themselves_and_stay_pictures(tmp_path: Path) -> None:
    picture = np.full((20, 40, 3), 128, np.uint8)
    cv2.imwrite(str(tmp_path / "place.png"), picture)
    pack(tmp_path, tmp_path, count=3)
    batch = {
        "rgb": torch.randint(0, 256, (3, SIDE, SIDE, 3), generator=dice(), dtype=torch.uint8),
        "parts": torch.zeros(3, SIDE, SIDE, dtype=torch.uint8),
        "weight": torch.ones(3),
    }
    batch["parts"][PERSON] = PartLabel.FACE
    batch["parts"][2] = UNKNOWN
    known = []
    for seed in range(12):
        sample, again = (varied(batch, dice(seed), Places(tmp_path)) for _ in range(2))
        assert all(torch.equal(sample[key], again[key]) for key in sample)
        assert sample["rgb"].shape == (3, 3, 128, 128)
        assert sample["parts"].shape == (3, 64, 64)
        assert 0 <= float(sample["rgb"].min()) <= float(sample["rgb"].max()) <= 1
        known.append(bool((sample["parts"][1] == UNKNOWN).any()))
    assert not all(known)


def test_places_are_views_of_pictures(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no pictures"):
        pack(tmp_path, tmp_path)
    assert Places(tmp_path).look(dice(), 2, 32, 24) is None
    assert Places(None).look(dice(), 2, 32, 24) is None
    panorama = np.zeros((100, 200, 3), np.uint8)
    panorama[:50] = (255, 255, 255)
    cv2.imwrite(str(tmp_path / "panorama.png"), panorama)
    other = np.full((60, 90, 3), (0, 0, 200), np.uint8)
    cv2.imwrite(str(tmp_path / "wall.png"), other)
    assert pack(tmp_path, tmp_path / "packs", count=8) == 8
    assert "not named" in Places(tmp_path / "packs").source
    (tmp_path / "SOURCE.txt").write_text("made here, CC0\n", "utf-8")
    pack(tmp_path, tmp_path / "packs", count=8)
    assert "before: made here, CC0" in PartsTask(str(tmp_path / "packs")).facts()["data"]
    assert "before" not in PartsTask().facts()["data"]
    views = np.load(tmp_path / "packs" / "surroundings.npy")
    assert views.shape == (8, 160, 160, 3)
    outdoors = views[::2].astype(float).mean((0, 2, 3))
    assert outdoors[:20].mean() > 200
    assert outdoors[-20:].mean() < 55
    assert (views[1::2] == (200, 0, 0)).all()
    looked = Places(tmp_path / "packs").look(dice(), 5, 32, 24)
    assert looked is not None
    assert looked.shape == (5, 3, 32, 24)
    people = staged(20)
    found = behind(dice(1), people.rgb, people.front, Places(tmp_path / "packs"))
    red = (found[:, 0] > 0.7) & (found[:, 1:].amax(1) < 0.1)
    assert 1 <= int(red.all((1, 2)).sum()) <= 12
