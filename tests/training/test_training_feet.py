"""Feet as samples: looked at, varied, learned from, and measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.parts import PartLabel
from studio.human.feet import MARKS, marks_m
from studio.jobs import run
from studio.perception.feet.finder import FeetFinder
from studio.perception.feet.network import POINTS, SIDE_PX, STRIDE_PX, FeetNetwork, marks
from studio.training.feed import batches_once
from studio.training.feet import behind_middle
from studio.training.loop import train
from studio.training.people import SHARD, Pack, fill
from studio.training.plan import Plan
from studio.training.task import Bench
from studio.training.tasks import feet as feet_task
from studio.training.tasks import feet_figures
from studio.training.tasks.feet import FeetTask, looks, predict
from studio.training.tasks.feet_figures import errors

SIDE, FOCAL, LONG_M = 256, 300.0, 0.26


class Soles:
    """Two feet, seen from above: a red left one, a green right one, on a plain floor."""

    def __len__(self) -> int:
        return SHARD

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        dice = np.random.default_rng(number)
        rgb = np.full((SIDE, SIDE, 3), dice.integers(90, 160), np.uint8)
        parts = np.zeros((SIDE, SIDE), np.uint8)
        frames, points = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1)), np.zeros((2, 9, 3))
        for k, (side, x) in enumerate((("L", 0.12), ("R", -0.12))):
            # Toes up in the picture, the sole away from the camera: x is mirrored.
            frames[k, :3, :3] = [[-1, 0, 0], [0, 1, 0], [0, 0, -1]]
            frames[k, :3, 3] = (-x + dice.uniform(-0.03, 0.03), dice.uniform(-0.1, 0.1), 0.8)
            at = marks_m(side, LONG_M) @ frames[k, :3, :3].T + frames[k, :3, 3]
            xy = FOCAL * at[:, :2] / at[:, 2:] + (SIDE - 1) / 2
            points[k] = np.column_stack([xy, behind_middle(frames[k], LONG_M, side)])
            colour = (220, 40, 40) if side == "L" else (40, 220, 40)
            low, high = np.rint(xy.min(0)).astype(int), np.rint(xy.max(0)).astype(int)
            rgb[low[1] : high[1], low[0] : high[0]] = colour
            parts[low[1] : high[1], low[0] : high[0]] = PartLabel.SHOES
        return {
            "rgb": rgb, "parts": parts, "points": points.astype(np.float32),
            "shows": np.array([True, number % 4 != 0]), "frames": frames,
            "foot_m": np.array(LONG_M, np.float32),
            "lens": np.array([FOCAL, (SIDE - 1) / 2, (SIDE - 1) / 2], np.float32),
            "weight": np.array(1.0, np.float32),
        }  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feet")
    for split in ("train", "validation", "test"):
        fill(folder / split, Soles(), SHARD)
    return folder


def test_plain_looks_are_the_picture(data: Path) -> None:
    batch = next(batches_once(Pack(data / "train"), 8, 8))
    seen = looks(batch, torch.Generator().manual_seed(1), varied=False)
    scale = SIDE_PX / SIDE
    wanted = (batch["points"][..., :2].flatten(1, 2) + 0.5) * scale - 0.5
    torch.testing.assert_close(seen["xy_px"], wanted, atol=1e-3, rtol=0)
    torch.testing.assert_close(seen["deep"], batch["points"][..., 2].flatten(1))
    assert seen["inside"].view(8, 2, -1).all(2).tolist() == batch["shows"].tolist()
    assert seen["foot_px"].mean().item() == pytest.approx(FOCAL * LONG_M / 0.8 * scale, rel=0.02)


def test_varied_looks_keep_marks_on_their_feet(data: Path) -> None:
    batch = next(batches_once(Pack(data / "train"), 32, 32))
    batch["shows"][:] = True
    seen = looks(batch, torch.Generator().manual_seed(3), varied=True)
    mirrored = torch.linalg.det(seen["matrices"][:, :, :2]) < 0
    assert 0 < int(mirrored.sum()) < 32
    red, right = 0, 0
    for k in range(32):
        for side in range(2):
            points = slice(9 * side, 9 * side + 9)
            if not bool(seen["inside"][k, points].all()):
                continue
            x, y = seen["xy_px"][k, points].mean(0).round().long().tolist()
            r, g, _ = seen["rgb"][k, :, y, x].tolist()
            red += 1
            right += (r > g) == ((side == 0) != bool(mirrored[k]))
    assert red > 12
    assert right > 0.75 * red  # the others are dyed or hidden


def test_a_short_run_learns_and_is_measured(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in ((feet_task, "_VALIDATED", 4), (feet_task, "_TESTED", 4),
                                (feet_figures, "_bodies", lambda: None)):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    task = FeetTask(str(data))
    plan = Plan(steps=1, batch=4)
    outcome = run(train(task, plan, tmp_path / "run"))
    assert outcome.step == 1
    assert 0 <= outcome.figures[task.score] <= 1
    network = FeetNetwork().eval()
    found = errors(network, Pack(data / "validation"), 4, "cpu")
    assert 0 <= found.within <= 1
    assert 0 <= found.turned_deg <= 180
    rows = {row.what: row for row in task.evaluate(network, "cpu", Bench())}
    assert rows["real: photographs of a bare foot in which a foot is found"].value is None
    assert all(row.value is None or np.isfinite(row.value) or "near" in what
               for what, row in rows.items())  # fmt: skip
    assert task.sample_pictures(network, "cpu").shape == (SIDE_PX, 8 * SIDE_PX, 3)


class Blob(torch.nn.Module):
    """In place of the network: the marks of both feet lie in a column about what is red."""

    def forward(self, rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        small = torch.nn.functional.avg_pool2d(rgb, STRIDE_PX)
        one = 40 * (small[:, :1] - small[:, 1:2]) - 10
        rows = [number % len(MARKS) - len(MARKS) // 2 for number in range(POINTS)]
        maps = torch.cat([one.roll(down, 2) for down in rows], 1)
        return maps, 0 * maps, maps.amax((2, 3))


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (400, 400)])
def test_what_is_marked_is_where_it_is_in_the_picture(size: tuple[int, int]) -> None:
    finder = FeetFinder(Blob())
    rgb = np.full((*size, 3), 100, np.uint8)
    rgb[200:280, 150:190] = (230, 30, 30)
    for _ in range(2):
        (foot,) = finder.find(rgb)  # no two are in one place
        assert foot.middle_px == pytest.approx([169.5, 239.5], abs=4)
    rgb[:] = 100
    rgb[100:180, 250:290] = (230, 30, 30)
    (foot,) = finder.find(rgb)  # far from where it was
    assert foot.middle_px == pytest.approx([269.5, 139.5], abs=4)
    finder.forget()
    assert finder.find(np.full_like(rgb, 100)) == ()


def test_a_mirrored_picture_has_the_other_foot() -> None:
    torch.manual_seed(0)
    network = FeetNetwork().eval()
    rgb = torch.rand(2, 3, SIDE_PX, SIDE_PX)
    plain, mirrored = marks(network, rgb), marks(network, rgb.flip(-1))
    half = POINTS // 2
    cells = SIDE_PX / STRIDE_PX
    torch.testing.assert_close(
        mirrored.xy[:, :half, 0], cells - 1 - plain.xy[:, half:, 0], atol=1e-2, rtol=0
    )
    torch.testing.assert_close(mirrored.deep[:, :half], plain.deep[:, half:], atol=1e-4, rtol=0)
    xy, deep, sure = predict(network, rgb, "cpu")
    assert xy.shape == (2, POINTS, 2)
    assert deep.shape == sure.shape == (2, len(MARKS) * 2)
