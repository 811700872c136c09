"""Recorded takes beside synthetic people: truth where there is some, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.perception.lifting.normalise import BODY, PELVIS, POINTS
from studio.synth.moving.keyposes import make_key_poses
from studio.training.pose_dataset import About, PoseDataset, Recording
from studio.training.recorded import Recorded
from studio.training.tasks import lift
from studio.training.tasks.lift import LiftTask
from studio.training.tasks.lift_figures import aligned, recorded_rows

FRAMES = 40


def recording(seed: int = 0, *, held_out: bool = False) -> Recording:
    """Points that drift before two cameras which see them without error; frame 20 is lost."""
    rng = np.random.default_rng(seed)
    xyz = rng.normal(0, 0.4, (1, 137, 3)) + 0.01 * rng.normal(size=(FRAMES, 137, 3)).cumsum(0)
    xyz[20] = np.nan
    xyz[:, 75] = np.nan
    rotation = np.stack([[[1, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]])
    translation = np.tile([0.0, 0.0, 4.0], (2, 1))
    local = np.einsum("vij,fpj->fvpi", rotation, xyz) + translation[:, None]
    rays = local[..., :2] / local[..., 2:]
    sure = np.isfinite(rays[..., 0]) * 0.9
    about = About("Ada", held_out, False, ("a", "b"), FRAMES - 1, 2 * FRAMES - 2, 1.0, 5.0)
    views = np.isfinite(xyz[..., 0]).astype(int) * 2
    times = np.arange(FRAMES) / 30
    return Recording(about, times, rays, sure, rotation.astype(float), translation, xyz, views)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    kept = PoseDataset.create(tmp_path / "poses", "Ada agreed.")
    assert kept.add("walk: 1", recording()) == "walk_ 1"
    assert kept.add("walk: 1", recording(1, held_out=True)) == "walk_ 1 2"
    return kept.path


def test_a_take_comes_back_as_it_was(dataset: Path) -> None:
    kept = PoseDataset.open(dataset)
    assert kept.names() == ("walk_ 1", "walk_ 1 2")
    back, was = kept.read("walk_ 1"), recording()
    assert back.about == was.about
    for name in ("times_s", "rays", "confidence", "rotation", "translation_m", "xyz_m", "views"):
        np.testing.assert_allclose(getattr(back, name), getattr(was, name), atol=1e-6)


def test_what_is_no_dataset_is_refused(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no pose dataset"):
        PoseDataset.open(tmp_path)
    with pytest.raises(StudioError, match="holds no poses"):
        PoseDataset.create(tmp_path)
    (dataset / "walk_ 1" / "poses.npz").write_bytes(b"nothing")
    with pytest.raises(StudioError, match="damaged"):
        PoseDataset.open(dataset).read("walk_ 1")
    (dataset / "poses.json").write_text('{"format": 99}', "utf-8")
    with pytest.raises(StudioError, match="newer Doppel"):
        PoseDataset.open(dataset)


def test_sequences_project_onto_their_rays(dataset: Path) -> None:
    """Whatever was mirrored and resized: truth and picture still belong together."""
    seen = Recorded.of(dataset).seen(torch.Generator().manual_seed(3), 12, 30)
    assert seen.rays.shape == (12, 30, 137, 2)
    known = torch.isfinite(seen.xyz_m).all(-1)
    place = seen.xyz_m[..., :2] / seen.xyz_m[..., 2:]
    torch.testing.assert_close(seen.rays[known], place[known], atol=1e-4, rtol=1e-4)
    assert not known[..., 75].any()
    assert not seen.valid[..., 75].any()
    assert 0.1 < float(known.all(-1).float().mean() + known[..., PELVIS].float().mean()) / 2 < 0.95
    assert len({round(float(step), 4) for step in seen.step_s}) > 1
    again = Recorded.of(dataset).seen(torch.Generator().manual_seed(3), 12, 30)
    torch.testing.assert_close(again.rays, seen.rays)


def test_left_and_right_are_mirrored_with_their_names(dataset: Path) -> None:
    """A mirrored left wrist is where the right one was, on the other side."""
    seen = Recorded.of(dataset).seen(torch.Generator().manual_seed(0), 40, 2)
    left, right = POINTS.index("left_wrist"), POINTS.index("right_wrist")
    truth = recording()
    local = np.einsum("vij,fpj->fvpi", truth.rotation, truth.xyz_m)
    local[..., 2] += 4.0
    rays = local[..., :2] / local[..., 2:]
    plain = {tuple(np.round(row, 4)) for row in rays[:, :, left].reshape(-1, 2)}
    turned = {tuple(np.round(row * [-1, 1], 4)) for row in rays[:, :, right].reshape(-1, 2)}
    rows = [tuple(np.round(row.numpy(), 4)) for row in seen.rays[:, 0, left]]
    kinds = [any(np.allclose(row, one, atol=2e-4) for one in plain) for row in rows]
    others = [any(np.allclose(row, one, atol=2e-4) for one in turned) for row in rows]
    assert all(a or b for a, b in zip(kinds, others, strict=True))
    assert 5 < sum(kinds) < 35


def test_whole_tracks_break_where_the_person_was_lost(dataset: Path) -> None:
    parts = Recorded.of(dataset).whole(60)
    assert sorted(part.rays.shape[1] for part in parts) == [19, 19, 20, 20]


def test_the_network_learns_from_known_points_alone(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poses = make_key_poses("test", 20)
    monkeypatch.setattr(lift, "key_poses", lambda split, count: poses)
    monkeypatch.setattr(lift, "FRAMES", (8,))
    monkeypatch.setattr(lift, "SHOWN", 8)
    task = LiftTask(people=2, labels=str(dataset), share=0.5)
    task.data("train", 0)
    batch = task.prepare({"number": torch.arange(4)}, torch.Generator().manual_seed(1))
    assert torch.isnan(batch["xyz_m"][:2]).sum() == 0
    assert torch.isnan(batch["xyz_m"][2:, :, 75]).all()
    torch.manual_seed(0)
    network = task.network()
    loss = torch.stack(list(task.loss(network, batch).values())).sum()
    loss.backward()
    assert torch.isfinite(loss)
    given = [p.grad for p in network.parameters() if p.grad is not None]
    assert all(torch.isfinite(grad).all() for grad in given)
    with pytest.raises(StudioError, match="no pose dataset"):
        LiftTask(labels=str(dataset.parent)).data("train", 0)


def test_kept_takes_are_measured(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    rows = recorded_rows(LiftTask().network().eval(), "cpu", dataset)
    assert [row.unit for row in rows] == ["mm", "mm"]
    assert rows[1].value is not None
    assert rows[0].value is not None
    assert 0 < rows[1].value < rows[0].value
    assert "78 pictures" in rows[0].note


def test_alignment_ignores_what_is_unknown() -> None:
    rng = np.random.default_rng(0)
    b = torch.from_numpy(rng.normal(size=(3, BODY, 3)))
    turn = torch.linalg.qr(torch.from_numpy(rng.normal(size=(3, 3))))[0]
    turn = turn * torch.linalg.det(turn)
    a = 1.7 * b @ turn + 0.4
    known = torch.from_numpy(rng.random((3, BODY)) < 0.6)
    a[~known] = 50.0
    back = aligned(a, torch.where(known[..., None], b, 0.0), known)
    torch.testing.assert_close(back[known], b[known], atol=1e-6, rtol=1e-6)
