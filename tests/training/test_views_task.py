"""Training of learnable triangulation: what it is given, what it gains, what its tables compare."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.perception.views.crop import loose_crop
from studio.perception.views.geometry import triangulated
from studio.perception.views.seen import JOINTS, LAYOUT, MIRROR
from studio.perception.views.volumetric import VolumetricNetwork
from studio.synth.rig import camera_at
from studio.training.feed import batches_once
from studio.training.multiview import LAYOUTS, SIDE_PX, place_of
from studio.training.task import Batch, Sample
from studio.training.tasks import find_task, views_figures, views_methods
from studio.training.tasks.views import plain, varied


class Toy:
    """Scenes of coloured noise with a person's points in true rigs."""

    def __init__(self, views: int = 4) -> None:
        self.views = views

    def __len__(self) -> int:
        return 8

    def __getitem__(self, number: int) -> Sample:
        dice = np.random.default_rng(number)
        middle = dice.normal((0, 0, 1), 0.2)
        points = middle + dice.uniform(-1, 1, (176, 3)) * (0.35, 0.35, 0.8)
        projections = []
        for view in range(self.views):
            a = 2 * np.pi * view / self.views + number
            place = (3.0 * np.sin(a), -3.0 * np.cos(a), 1.5)
            x, y, z = middle
            camera = camera_at("c", place, (x, y, z), (256, 256), 320.0, (-0.1, 0.03, 0, 0, 0))
            projections.append(loose_crop(camera, (78, 30, 178, 226), SIDE_PX).projection)
        shape = (self.views, SIDE_PX, SIDE_PX)
        return {
            "rgb": dice.integers(0, 255, (*shape, 3), np.uint8),
            "parts": dice.integers(0, 2, shape, np.uint8),
            "projections": np.stack(projections).astype(np.float32),
            "points": points.astype(np.float32),
            "visible": dice.random((self.views, 176)) < 0.8,
            "weight": np.array(1.0, np.float32),
        }


def batch_of(count: int = 4, views: int = 4) -> Batch:
    return next(batches_once(Toy(views), count, count))


def exact(made: Batch) -> torch.Tensor:
    """How far the joints lie from where their pixels are triangulated to, metres."""
    weights = made["there"][..., None].float().expand(-1, -1, JOINTS)
    found = triangulated(made["projections"].double(), made["xy_px"].double(), weights.double())
    return (found - made["points"]).norm(dim=-1)


def test_points_and_matrices_of_plain_crops_belong_together() -> None:
    made = plain(batch_of())
    assert exact(made).max() < 1e-3
    assert made["points"].abs().max() < 1.6
    two = plain(batch_of(), [0, 3])
    assert two["rgb"].shape[1] == 2
    assert torch.equal(two["rgb"][:, 1], made["rgb"][:, 3])


def test_points_and_matrices_stay_together_however_crops_are_varied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.training.tasks.views._WRONG", 0.0)
    seen: set[bool] = set()
    for seed in range(4):
        made = varied(batch_of(), torch.Generator().manual_seed(seed), None)
        enough = made["there"].sum(1) > 2
        assert exact(made)[enough].max() < 1e-3
        seen |= {bool(x) for x in (made["there"].sum(1) < 4)}
        assert (torch.linalg.det(made["projections"][..., :3]) > 0).all()
        assert not (made["visible"] & ~made["inside"]).any()
    assert seen == {True, False}


def test_mirrored_people_have_their_sides_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.training.tasks.views._WRONG", 0.0)
    raw = batch_of(8)
    made = varied(raw, torch.Generator().manual_seed(0), None)
    joints = raw["points"][:, place_of(LAYOUT)].double()
    turned = joints[:, list(MIRROR)] * torch.tensor([-1.0, 1, 1])
    off = [((x - made["origin"][:, None]) - made["points"]).abs().amax((1, 2)) for x in
           (joints, turned)]  # fmt: skip
    kept, flipped = (x < 1e-4 for x in off)
    assert torch.equal(kept, ~flipped)
    assert 0 < flipped.sum() < 8


def test_the_layouts_of_a_sample_follow_one_another() -> None:
    assert [place_of(name).start for name in LAYOUTS] == [0, 133, 159]
    assert place_of(LAYOUTS[-1]).stop == 176


@pytest.mark.parametrize("name", ["algebraic", "volumetric"])
def test_a_step_of_training_makes_the_same_batch_easier(name: str) -> None:
    torch.manual_seed(0)
    task = find_task(name)
    network = task.network().train()
    made = task.prepare(batch_of(1), torch.Generator().manual_seed(1))
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses: list[float] = []
    for _ in range(3):
        total = torch.stack(list(task.loss(network, made).values())).sum()
        losses.append(total.item())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    assert losses[-1] < losses[0]
    parts = dict(network.named_parameters())
    told = [n for n, p in parts.items() if p.grad is not None and bool((p.grad != 0).any())]
    assert any("trust." in n for n in told)
    assert any("trunk.stem" in n for n in told)


def test_frozen_the_views_network_stays_as_it_is() -> None:
    task = find_task("volumetric", frozen=True)
    network = task.network().train()
    made = task.prepare(batch_of(2), torch.Generator().manual_seed(1))
    before = {n: v.clone() for n, v in network.state_dict().items() if "algebraic." in n}
    torch.stack(list(task.loss(network, made).values())).sum().backward()
    after = network.state_dict()
    assert all(torch.equal(v, after[n]) for n, v in before.items())
    learned = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert learned == {"latent", "voxels", "shares", "refiner"}


def test_every_method_is_measured_on_the_same_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_figures, "TESTED", 2)
    torch.manual_seed(0)
    network = VolumetricNetwork().eval()
    (told,) = views_methods.found(network, Toy(8), 2, [views_figures.spread(4)])
    mean = told.mpjpes_mm()
    assert set(mean) == {
        "RANSAC", "without confidences", "algebraic", "oracle weights", "volumetric",
    }  # fmt: skip
    assert mean["oracle weights"] < mean["without confidences"]
    assert told.cameras == 4
    assert np.isfinite(list(told.hiddens_mm().values())).all()
    rows = views_figures.table(network, "cpu", Toy(8), None)  # pyright: ignore[reportArgumentType]
    assert rows[0].what == "held-out rigs: MPJPE"
    assert rows[0].value == pytest.approx(mean["volumetric"], rel=0.02)
    assert {row.what for row in rows if "cameras" in row.what} >= {
        f"held-out rigs: MPJPE with {count} cameras" for count in (2, 3, 5, 6, 7, 8)
    }


def test_scenes_are_drawn_under_what_was_found() -> None:
    torch.manual_seed(0)
    picture = views_figures.drawn(VolumetricNetwork().eval(), Toy(), "cpu")
    assert picture.shape == (3 * 256, 4 * 192, 3)
    assert (picture == (60, 255, 90)).all(-1).any()
    assert (picture == 255).all(-1).any()


def test_some_cameras_of_a_ring_are_spread_evenly() -> None:
    assert views_figures.spread(2) == [0, 4]
    assert views_figures.spread(4) == [0, 2, 4, 6]
    assert views_figures.spread(8) == list(range(8))
