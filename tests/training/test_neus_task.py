"""Multi-NeuS learns several heads at once, from pictures and from points about their surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
import torch

from studio.core.errors import StudioError
from studio.core.types import Mesh
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.photographs import FREE, HEAD
from studio.perception.neural_heads.space import HIGH_M, LOW_M, asked, places
from studio.perception.neural_heads.volume import Rays, rays_of
from studio.perception.own import pack
from studio.training.heads import STEP_M
from studio.training.small import steps
from studio.training.task import Sample
from studio.training.tasks import neus
from studio.training.tasks.neus import NeusTask, points_drawn, rays_drawn
from studio.training.tasks.neus_figures import drawn, measured

_SIDE_PX, _RADII_M = 48, (0.11, 0.13)


class Balls:
    """Heads that are balls, larger than what their fits take them for."""

    def __len__(self) -> int:
        return len(_RADII_M)

    def __getitem__(self, number: int) -> Sample:
        dice, radius = np.random.default_rng(number), _RADII_M[number]
        middle = (LOW_M + HIGH_M) / 2
        grid, size = places(0.02)
        outside = np.linalg.norm(grid - middle, axis=1) - 0.1
        ways = dice.normal(0, 1, (500, 3))
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        points = middle + ways * (radius + dice.normal(0, 0.01, (500, 1)))
        far = np.linalg.norm(points - middle, axis=1)
        rows, columns = np.mgrid[:_SIDE_PX, :_SIDE_PX]
        off = np.hypot(columns - 23.5, rows - 23.5) / 72.0
        labels = np.where(off < np.tan(np.arcsin(radius / 0.6)), HEAD, FREE).astype(np.uint8)
        rotation = np.array([(1, 0, 0), (0, 0, -1), (0, 1, 0)], float)
        pose = np.column_stack([rotation, np.array([0, 0, 0.6]) - rotation @ middle])
        return {
            "rgb": np.full((1, _SIDE_PX, _SIDE_PX, 3), 90, np.uint8), "labels": labels[None],
            "lens": np.array([[72.0, 72.0, 23.5, 23.5]], np.float32),
            "poses": pose[None].astype(np.float32), "points": steps(points, STEP_M),
            "inside": (radius - far).astype(np.float16), "bare": (0.1 - far).astype(np.float16),
            "facing": np.round(127 * ways).astype(np.int8),
            "outside": outside.reshape(size).astype(np.float16),
            "moved": np.zeros((3, *places(0.06)[1]), np.float16),
        }  # fmt: skip


def test_rays_fall_mostly_on_the_head_and_points_keep_their_truth() -> None:
    part = neus.Part(Balls(), 1)
    dice = torch.Generator().manual_seed(0)
    rays = rays_drawn(part, dice, 40)
    assert 0.5 < float((rays["labels"] == HEAD).float().mean()) < 0.7
    wanted = part["labels"][0][rays["pixels"][:, 1].long(), rays["pixels"][:, 0].long()]
    assert (rays["labels"].numpy() == wanted).all()
    told = points_drawn(part, dice, 50)
    far = np.linalg.norm(told["points"].numpy() - (LOW_M + HIGH_M) / 2, axis=1)
    np.testing.assert_allclose(0.1 * told["truth"].numpy(), far - _RADII_M[1], atol=2e-3)
    assert np.abs(told["points"].numpy()).max() < 32767 * STEP_M


def test_a_mirror_shows_the_other_side() -> None:
    """What a pixel meets of a head, the pixel across meets of its mirror image."""
    whole = dict(Balls()[1])
    dice = np.random.default_rng(0)
    whole["poses"] = whole["poses"] + np.array([[[0, 0, 0, 0.03], [0, 0, 0, 0.01], [0, 0, 0, 0]]])
    whole["rgb"] = dice.integers(0, 255, whole["rgb"].shape).astype(np.uint8)
    for key in ("outside", "moved"):
        whole[key] = dice.normal(0, 1, whole[key].shape).astype(np.float16)
    head = neus.Part([whole], 0)
    other = neus.Mirrored(head)
    across = torch.tensor([-1.0, 1.0, 1.0])
    one, two = neus.fields_of(head), neus.fields_of(other)
    points = torch.from_numpy(dice.uniform(LOW_M, HIGH_M, (1, 40, 3))).float()
    near, far = asked(one.outside, points), asked(two.outside, points * across)
    torch.testing.assert_close(near[..., 0], far[..., 0])
    torch.testing.assert_close(near[..., 1:] * across, far[..., 1:], atol=1e-3, rtol=0)
    near, far = asked(one.moved, points), asked(two.moved, points * across)
    torch.testing.assert_close(near[..., :3] * across, far[..., :3])

    def ray(part: neus.Part | neus.Mirrored, column: int) -> Rays:
        lens, pose = (torch.from_numpy(np.array(part[k], np.float32)) for k in ("lens", "poses"))
        return rays_of(torch.tensor([[[float(column), 9.0]]]), lens[None], pose[None])

    near, far = ray(head, 5), ray(other, _SIDE_PX - 1 - 5)
    torch.testing.assert_close(near.way * across, far.way)
    torch.testing.assert_close(near.eye_m * across, far.eye_m)
    assert (head["rgb"][0, 9, 5] == other["rgb"][0, 9, _SIDE_PX - 1 - 5]).all()
    assert (head["points"][:, 0] == -other["points"][:, 0]).all()
    assert (head["facing"][:, 0] == -other["facing"][:, 0]).all()


def test_heads_seen_in_a_mirror_are_not_drawn() -> None:
    balls = Balls()
    kept = {len(balls): neus.fields_of(neus.Mirrored(neus.Part(balls, 0)))}
    assert not drawn(HeadNetwork(2 * len(balls)), balls, kept).any()


def test_heads_of_different_sizes_are_learned_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neus, "heads", lambda *_: Balls())
    monkeypatch.setattr(neus, "RAYS", 12)
    monkeypatch.setattr(neus, "POINTS", 128)
    torch.manual_seed(0)
    task, network = NeusTask("packs"), HeadNetwork(4, rank=4)
    assert len(task.data("train", 0)) == 4  # all that are packed, and as a mirror shows them
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    off: list[float] = []
    for step in range(24):
        dice = torch.Generator().manual_seed(step)
        batch = task.prepare({"head": torch.tensor([0, 3])}, dice)
        losses = task.loss(network, batch)
        assert all(bool(torch.isfinite(value)) for value in losses.values())
        off.append(float(losses["distance"].detach()))
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimiser.step()
    assert np.mean(off[-4:]) < 0.6 * np.mean(off[:2])


def sphere(radius_m: float, middle: np.ndarray) -> Mesh:
    """A ball's mesh."""
    found = pv.Sphere(
        radius=radius_m, center=middle.tolist(), theta_resolution=60, phi_resolution=60
    )
    return Mesh(np.asarray(found.points, float), found.faces.reshape(-1, 4)[:, 1:].astype(int))


def test_a_head_is_measured_both_ways() -> None:
    radius, dice = 0.1, np.random.default_rng(0)
    middle = (LOW_M + HIGH_M) / 2
    ways = dice.normal(0, 1, (4000, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    marks = ways[:478].copy()
    marks[152], marks[10] = (0.0, -0.6, -0.8), (0.0, -0.6, 0.8)
    found = {
        "surface": steps(middle + radius * ways, STEP_M),
        "normals": np.round(127 * ways).astype(np.int8),
        "marks": middle + radius * marks,
    }  # fmt: skip
    part = neus.Part([found], 0)
    for larger_m in (0.0, 0.004):
        ball = sphere(radius + larger_m, middle)
        off = measured(ball, part)
        assert abs(off.head - 1000 * larger_m) < 0.8
        assert off.face <= off.head + 0.3


def test_without_heads_to_learn_from_weights_are_still_measured(tmp_path: Path) -> None:
    task = NeusTask(str(tmp_path))
    assert isinstance(task.network(), HeadNetwork)
    with pytest.raises(StudioError, match="no samples"):
        task.data("train", 0)


def _begun(folder: Path, heads: int) -> tuple[HeadNetwork, HeadNetwork]:
    """A network that learned three heads, and one of so many that begins with its weights."""
    torch.manual_seed(0)
    learned = HeadNetwork(3)
    path = folder / "weights.safetensors"
    path.write_bytes(pack(learned, {}))
    task = NeusTask(trunk=str(path))
    task.__dict__["_count"] = heads
    begun = task.network()
    assert isinstance(begun, HeadNetwork)
    return learned, begun


def test_a_network_begins_with_what_another_learned_of_other_heads(tmp_path: Path) -> None:
    learned, begun = _begun(tmp_path, 5)
    assert begun.heads == 5
    points = torch.from_numpy(np.random.default_rng(0).uniform(LOW_M, HIGH_M, (1, 50, 3))).float()
    fields = neus.fields_of(neus.Part(Balls(), 0))
    mean = learned.tell(points, fields, learned.average_own(), ways=False).outside
    for head in (0, 4):
        own = begun.own(torch.tensor([head]))
        torch.testing.assert_close(
            begun.tell(points, fields, own, ways=False).outside, mean, atol=2e-3, rtol=0
        )
    assert all(value.requires_grad for value in begun.parameters())


def test_weights_of_as_many_heads_are_gone_on_from(tmp_path: Path) -> None:
    learned, begun = _begun(tmp_path, 3)
    for mine, theirs in zip(begun.own_sets(), learned.own_sets(), strict=True):
        if theirs is not None:
            torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=0)


def test_other_heads_find_what_is_theirs_beside_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neus, "heads", lambda *_: Balls())
    torch.manual_seed(0)
    monkeypatch.setattr(neus, "RAYS", 12)
    monkeypatch.setattr(neus, "POINTS", 64)
    learned = HeadNetwork(2, rank=4)  # a head, and as a mirror shows it
    for name in ("surface4", "colour2"):
        for values in learned.layer(name).parameters():
            torch.nn.init.normal_(values, 0, 0.1)
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(learned, {}))
    task = NeusTask("packs", rank=4, trunk=str(path), known=1)
    new = [int(task.data("train", 0)[k]["head"]) for k in range(len(task.data("train", 0)))]
    assert new == [1, 3]
    begun = task.network()
    assert isinstance(begun, HeadNetwork)
    before = {name: value.clone() for name, value in begun.named_parameters()}
    optimiser = task.optimiser(begun, 0.5)
    for group in optimiser.param_groups:
        group["lr"] = 1e-2
    for step in range(2):
        batch = task.prepare({"head": torch.tensor(new)}, torch.Generator().manual_seed(step))
        torch.stack(list(task.loss(begun, batch).values())).sum().backward()
        optimiser.step()
    moved = 0
    for name, value in begun.named_parameters():
        if not name.endswith(".sets"):
            assert torch.equal(value, before[name])
            continue
        theirs = learned.get_parameter(name)
        torch.testing.assert_close(value[[0, 2]], theirs, atol=1e-3, rtol=0)
        assert torch.equal(value[[0, 2]], before[name][[0, 2]])
        moved += int(not torch.equal(value[[1, 3]], before[name][[1, 3]]))
    assert moved > 3


def test_known_heads_that_weights_do_not_hold_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neus, "heads", lambda *_: Balls())
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(HeadNetwork(3), {}))
    with pytest.raises(StudioError, match="holds 1 heads, not 1"):
        NeusTask("packs", trunk=str(path), known=1).network()
    with pytest.raises(StudioError, match="No weights tell"):
        NeusTask("packs", known=1).network()
    with pytest.raises(StudioError, match="All heads that are packed are known"):
        NeusTask("packs", trunk=str(path), known=2).data("train", 0)


def test_layers_are_those_asked_for_or_the_trunks(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(HeadNetwork(3, rank=4, placement="last"), {}))
    for options in ({}, {"rank": "4", "placement": "last"}):
        task = NeusTask(trunk=str(path), **options)
        task.__dict__["_count"] = 6
        begun = task.network()
        assert isinstance(begun, HeadNetwork)
        assert (begun.heads, begun.told()) == (6, "low-rank of rank 4, own: last")
        assert begun.own_sets()[4] is not None
        assert len(begun.own(torch.arange(6))[4]) == 6
    task = NeusTask(rank=5, kind="low-rank", placement="colour")
    assert isinstance(network := task.network(), HeadNetwork)
    assert network.told() == "low-rank of rank 5, own: colour"
    with pytest.raises(StudioError, match="low-rank of rank 4, own: last, not low-rank of rank 8"):
        NeusTask(trunk=str(path), rank=8, placement="last").network()
    with pytest.raises(StudioError, match="no layers of rank 0"):
        NeusTask(rank=0)
