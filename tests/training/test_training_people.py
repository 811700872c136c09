"""Pictures of people as samples: packed, labelled by users, varied, and learned from."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.core.parts import PartLabel
from studio.human.catalogue import layout
from studio.jobs import run
from studio.perception.heatmaps.network import MIRROR, PARTS, marked, points_of
from studio.perception.own import pack, size_mb
from studio.perception.trunk import fused
from studio.training import augment
from studio.training.labelled import Labelled, with_labels
from studio.training.labels import LabelFolder, LabelledPerson
from studio.training.loop import train
from studio.training.people import POINTS, SHARD, SIDE_PX, UNKNOWN, Pack, fill
from studio.training.plan import Plan
from studio.training.task import Bench
from studio.training.tasks import parts as parts_task
from studio.training.tasks.heatmaps import HeatmapsTask, crops
from studio.training.tasks.heatmaps_figures import Errors, head_sizes, pckh
from studio.training.tasks.parts import PartsTask, ious, person_iou

SKIN, SHIRT = (224, 172, 105), (40, 60, 160)


class Figures:
    """Matchstick people: a coloured body under a head, of a known place."""

    def __init__(self, count: int = SHARD) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        dice = np.random.default_rng(number)
        rgb = np.full((SIDE_PX, SIDE_PX, 3), dice.integers(60, 200, 3), np.uint8)
        parts = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
        x, y = dice.integers(80, 176), dice.integers(60, 100)
        for top, bottom, half, colour, label in (
            (y - 30, y, 18, SKIN, PartLabel.FACE), (y, y + 120, 36, SHIRT, PartLabel.TOP)
        ):  # fmt: skip
            rgb[top:bottom, x - half : x + half] = colour
            parts[top:bottom, x - half : x + half] = label
        points = np.full((3, POINTS, 3), np.nan, np.float32)
        spread = dice.uniform(-1, 1, (POINTS, 2)) * (30, 55) + (x, y + 60)
        spread[list(PARTS["face"])] = dice.uniform(-1, 1, (68, 2)) * (16, 14) + (x, y - 15)
        points[0] = np.column_stack([spread, np.ones(POINTS)])
        return {"rgb": rgb, "parts": parts, "instances": (parts > 0).astype(np.uint8),
                "points": points, "weight": np.array(1.0, np.float32)}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    for split in ("train", "validation", "test"):
        assert fill(folder / split, Figures(), 10, facts={"split": split}) == SHARD
    return folder


def test_packed_samples_are_those_that_were_made(data: Path) -> None:
    pack = Pack(data / "train")
    assert len(pack) == SHARD
    for key, value in Figures()[37].items():
        np.testing.assert_array_equal(pack[37][key], value)
    told: list[int] = []
    before = (data / "train" / "00000_rgb.npy").stat().st_mtime_ns
    fill(data / "train", Figures(), 10, told.append)
    assert told == [SHARD]
    assert (data / "train" / "00000_rgb.npy").stat().st_mtime_ns == before
    assert json.loads((data / "test" / "pack.json").read_text("utf-8"))["split"] == "test"
    with pytest.raises(StudioError, match="no samples"):
        Pack(data / "nothing")


def test_the_mirror_is_that_of_the_layout() -> None:
    there = layout("coco_133")
    assert tuple(there.mirror) == MIRROR
    for part, points in PARTS.items():
        assert tuple(there.parts[part]) == tuple(points)


def test_points_go_where_the_picture_goes() -> None:
    dice = torch.Generator().manual_seed(3)
    rgb = torch.zeros(8, 3, 100, 120)
    spot = torch.tensor([[[70.0, 40.0]]]).expand(8, 1, 2)
    rgb[:, :, 39:42, 69:72] = 1.0
    centre, scale = torch.tensor([[60.0, 50.0]]).expand(8, 2), torch.full((8,), 50.0)
    matrices, mirrored = augment.placements(dice, centre, scale, turn_deg=20, shift=0.1)
    assert mirrored.any()
    assert not mirrored.all()
    new = augment.look(rgb, augment.grid(matrices, 128, 96, (100, 120)))
    moved = augment.move_points(spot, matrices, 128, 96)[:, 0]
    ys, xs = torch.meshgrid(torch.arange(128.0), torch.arange(96.0), indexing="ij")
    light = new[:, 0] / new[:, 0].sum((1, 2), keepdim=True)
    found = torch.stack([(light * xs).sum((1, 2)), (light * ys).sum((1, 2))], 1)
    assert (found - moved).abs().max() < 0.1
    labels = augment.look_labels(
        (rgb[:, 0] > 0.5).byte() * 7, augment.grid(matrices, 128, 96, (100, 120))
    )
    assert set(labels.unique().tolist()) == {0, 7}
    assert ((labels == 7) == (new[:, 0] > 0.5)).float().mean() > 0.998


def test_variations_stay_pictures_and_follow_the_dice() -> None:
    rgb = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(rgb, 5, 1, 2)
    once, again, other = (
        augment.photographed(smooth.clone(), torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert 0 <= float(once.min()) <= float(once.max()) <= 1
    packed = augment.compressed(smooth, torch.Generator().manual_seed(0))
    assert 0.001 < float((packed - smooth).abs().mean()) < 0.05
    assert float((augment.blurred(rgb, torch.Generator().manual_seed(0))).std()) < float(rgb.std())


def test_labels_of_users_become_samples(tmp_path: Path, data: Path) -> None:
    folder = LabelFolder.create(tmp_path / "mine")
    picture = np.full((100, 200, 3), 90, np.uint8)
    parts = np.zeros((100, 200), np.uint8)
    parts[20:60, 50:90] = PartLabel.HAIR
    xy = np.full((17, 2), np.nan)
    xy[0] = (100.0, 50.0)
    one, two = folder.add(picture, "one"), folder.add(picture, "two")
    folder.add(picture, "without")
    folder.save_map(one, "parts", parts)
    folder.save_keypoints(one, [LabelledPerson("coco_17", xy)])
    folder.save_map(two, "mask", np.where(parts > 0, 255, 0).astype(np.uint8))
    source = Labelled(folder.path)
    assert len(source) == 2
    sample = source[0]
    assert sample["rgb"].shape == (256, 256, 3)
    assert (sample["parts"][:60] == UNKNOWN).all()
    assert sample["parts"][64 + 50, 90] == PartLabel.HAIR
    np.testing.assert_allclose(sample["points"][0, 0], (128.14, 128.14, 1), atol=0.1)
    assert (sample["points"][0, 1:, 2] == 0).all()
    masked = source[1]["parts"]
    assert masked[64 + 50, 90] == UNKNOWN
    assert masked[64 + 120, 90] == 0
    mixed = with_labels(Pack(data / "train"), folder.path, 0.25, 0)
    share = np.mean([(mixed[n]["parts"] == UNKNOWN).any() for n in range(80)])
    assert 0.1 < share < 0.4
    with pytest.raises(StudioError, match="not possible"):
        with_labels(Pack(data / "train"), folder.path, 1.5, 0)
    empty = LabelFolder.create(tmp_path / "empty")
    empty.add(picture, "one")
    with pytest.raises(StudioError, match="has parts, a mask or keypoints"):
        Labelled(empty.path)


def test_the_parts_network_learns_and_is_measured(data: Path, tmp_path: Path) -> None:
    task = PartsTask(str(data))
    plan = Plan(steps=10, batch=8, learning_rate=4e-3, average=0.5, log_every=2)
    seen = []
    outcome = run(train(task, plan, tmp_path), seen.append)
    losses = [p.losses["loss"] for p in seen if p.losses]
    assert np.mean(losses[-2:]) < 0.9 * losses[0]
    told = outcome.figures
    assert told[task.score] == np.mean([told["mean IoU at home"], told["mean IoU away"]])
    assert next(p.picture for p in seen if p.picture is not None).shape == (1024, 768, 3)
    assert size_mb(task.network()) < 4.0
    table = parts_task.confusion(task.network().eval(), task.data("test", 0), 8, "cpu")
    assert table.sum() == 8 * 256 * 256


def test_the_heatmap_network_learns_where_points_are(data: Path, tmp_path: Path) -> None:
    task = HeatmapsTask(str(data))
    batch = {k: torch.from_numpy(np.stack([Figures()[n][k] for n in range(4)]))
             for k in Figures()[0]}  # fmt: skip
    cut = crops(batch, torch.Generator().manual_seed(0), varied=False)
    assert cut["rgb"].shape == (4, 3, 128, 96)
    assert bool(cut["inside"].all())
    away = crops(batch, torch.Generator().manual_seed(0), varied=False, away=True)
    torch.testing.assert_close(away["xy_px"], cut["xy_px"])
    assert float((away["rgb"] - cut["rgb"]).abs().mean()) > 0.1
    varied = crops(batch, torch.Generator().manual_seed(0), varied=True)
    assert not bool(varied["visible"].all())
    again = crops(batch, torch.Generator().manual_seed(0), varied=True)
    assert all(torch.equal(varied[key], again[key]) for key in varied)
    plan = Plan(steps=8, batch=8, learning_rate=4e-3, average=0.5, log_every=2)
    seen = []
    outcome = run(train(task, plan, tmp_path), seen.append)
    losses = [p.losses["loss"] for p in seen if p.losses]
    assert losses[-1] < losses[0] - 0.2
    assert {"PCKh of both", "PCKh away", "PCKh hands"} <= outcome.figures.keys()
    rows = task.evaluate(task.network().eval(), "cpu", Bench())
    assert {row.what.partition(":")[0] for row in rows} == {"synthetic", "real"}
    assert all(row.value is not None for row in rows if row.what.startswith("synthetic"))
    assert all("not here" in row.note for row in rows if row.what.startswith("real"))


def test_norms_are_folded_away_and_a_trunk_is_handed_on(tmp_path: Path) -> None:
    torch.manual_seed(0)
    parts = PartsTask().network()
    for module in parts.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
    parts.eval()
    rgb = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(fused(deepcopy(parts))(rgb), parts(rgb), rtol=1e-3, atol=1e-4)
    path = tmp_path / "parts.safetensors"
    path.write_bytes(pack(parts, {}))
    heatmaps = HeatmapsTask(trunk=str(path)).network()
    torch.testing.assert_close(
        heatmaps.trunk.stem[0].weight, parts.trunk.stem[0].weight, rtol=1e-3, atol=1e-4
    )
    back = tmp_path / "heatmaps.safetensors"
    back.write_bytes(pack(heatmaps, {}))
    again = PartsTask(trunk=str(back)).network()
    torch.testing.assert_close(
        again.trunk.stem[0].weight, parts.trunk.stem[0].weight, rtol=1e-3, atol=1e-4
    )


def test_weights_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(pack(torch.nn.Linear(3, 2), {}))
    with pytest.raises(StudioError, match="another network"):
        HeatmapsTask(trunk=str(path)).network()
    with pytest.raises(StudioError, match="another network"):
        PartsTask(trunk=str(path)).network()


def test_a_soft_map_is_not_drawn_to_the_middle() -> None:
    xs, ys = torch.arange(24.0), torch.arange(32.0)
    bell = -((xs - 3.4) ** 2 + (ys[:, None] - 27.7) ** 2) / (2 * 4.0**2)
    found = marked(bell[None, None])[0, 0]
    assert (found - torch.tensor([3.4, 27.7])).abs().max() < 0.8
    assert (points_of(bell[None, None])[0, 0] - torch.tensor([3.4, 27.7])).abs().max() > 1


def test_figures_are_what_they_say() -> None:
    table = np.array([[80, 10], [5, 5]])
    np.testing.assert_allclose(ious(table), (80 / 95, 5 / 20))
    assert person_iou(table) == 5 / 20
    heads = np.full((1, POINTS), np.nan)
    heads[0, :4] = (0.1, 0.4, 0.6, 2.0)
    found = Errors(heads, np.ones((1, POINTS)), np.isfinite(heads))
    assert pckh(found, "body") == 0.5
    assert pckh(found, "body", within=0.2) == 0.25
    xy = np.zeros((1, POINTS, 2))
    xy[0, list(PARTS["face"])] = np.linspace((0, 0), (30, 40), 68)
    assert head_sizes(xy, np.ones((1, POINTS), bool))[0] == pytest.approx(60)
    assert np.isnan(head_sizes(xy, np.zeros((1, POINTS), bool))[0])
