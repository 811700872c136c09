"""Training of the refiner alone: on what a frozen network told, and on people who were made up."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.core.errors import StudioError
from studio.perception.own import pack
from studio.perception.views.geometry import projected
from studio.perception.views.seen import JOINTS
from studio.perception.views.volumetric import VolumetricNetwork
from studio.training.feed import batches_once
from studio.training.task import Batch
from studio.training.tasks import find_task, views_told
from studio.training.tasks.lift import World
from studio.training.tasks.views_made_up import made_up
from tests.training.test_views_task import Toy

SCENES = 4


class Few(Toy):
    def __len__(self) -> int:
        return SCENES


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """What an untrained network tells of a few scenes, packed and read again."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views_told, "_SHARD", SCENES)
        source = views_told.told(folder, VolumetricNetwork(), Few(), None, {}, rounds=1)
    return next(batches_once(source, SCENES, SCENES))


def test_what_a_network_told_is_kept_as_it_was(told: Batch) -> None:
    first = views_told.first_of(told)
    assert first.fine_m.shape == (SCENES, JOINTS, 3)
    assert first.there.any(1).all()
    assert torch.isfinite(first.fine_m).all()
    at, _ = projected(first.projections, told["points"])
    right = (at - told["truth_px"]).norm(dim=-1).amax(-1) < 0.01
    assert right.float().mean() > 0.7  # a few cameras are said to be where they are not


def test_people_who_are_made_up_have_the_errors_of_scenes(told: Batch) -> None:
    world = World.of("train", people=3, poses=40)
    told = {**told, "xy_px": told["truth_px"] + 1.5}
    made = made_up(told, world, torch.Generator().manual_seed(2), 16)
    at, depth = projected(made["projections"], made["points"])
    assert depth.min() > 1
    off = made["xy_px"] - at
    assert (off - 1.5).abs().max() < 1e-3
    assert (made["there"].sum(1) >= 2).all()
    known = made["known"].float().mean().item()
    assert known == pytest.approx((JOINTS - 1) / JOINTS)
    near = (made["points_m"] - made["points"]).norm(dim=-1)
    assert near.median() < 0.1


def test_only_the_refiner_learns_and_it_does(tmp_path: Path, told: Batch) -> None:
    torch.manual_seed(0)
    (tmp_path / "before.safetensors").write_bytes(pack(VolumetricNetwork(), {}))
    task = find_task("volumetric_refiner", trunk=str(tmp_path / "before.safetensors"), made_up=0.0)
    assert task.name == "volumetric"
    network = task.network().train()
    learned = [p for p in network.parameters() if p.requires_grad]
    assert sum(p.numel() for p in learned) == sum(
        p.numel() for p in network.get_submodule("refiner").parameters()
    )
    told = {**told, "fine_m": told["points"] + torch.tensor([0.0, 0.0, 0.08])}
    batch = task.prepare(told, torch.Generator().manual_seed(1))
    optimiser = torch.optim.Adam(learned, 3e-3)
    losses: list[float] = []
    for _ in range(40):
        loss = torch.stack(list(task.loss(network, batch).values())).sum()
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < 0.3 * losses[0]


def test_without_packed_scenes_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "before.safetensors").write_bytes(pack(VolumetricNetwork(), {}))
    task = find_task("volumetric_refiner", trunk=str(tmp_path / "before.safetensors"))
    with pytest.raises(StudioError, match="no packed scenes") as caught:
        task.data("train", 0)
    assert "--prepare" in (caught.value.hint or "")
