"""The lifting network in the training room: it learns, and its table names its baselines."""

import numpy as np
import pytest
import torch

from studio.perception.lifting.network import METHODS
from studio.perception.own import size_mb
from studio.synth.moving.keyposes import make_key_poses
from studio.synth.moving.views import Trouble
from studio.training.loop import train
from studio.training.plan import Plan
from studio.training.task import Bench
from studio.training.tasks import find_task, lift, lift_figures, lift_sigma
from studio.training.tasks.lift import LiftTask


@pytest.fixture(scope="module", autouse=True)
def few():
    """A few key poses in place of thousands, and small test sets."""
    poses = make_key_poses("test", 40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lift, "key_poses", lambda split, count: poses)
        patch.setattr(lift, "FRAMES", (8,))
        patch.setattr(lift, "SHOWN", 8)
        for name, value in (("_BATCH", 4), ("_TESTED", 2), ("_LEARNED", 2), ("_VALIDATED", 1)):
            patch.setattr(lift_figures, name, value)
        yield


@pytest.fixture(scope="module")
def task():
    return LiftTask(people=4)


@pytest.fixture(scope="module")
def network(task):
    torch.manual_seed(0)
    return task.network().eval()


def steps(task, network, count):
    """The sums of the losses of so many steps on one batch."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    made = task.prepare({"number": torch.arange(6)}, torch.Generator().manual_seed(2))
    out = []
    for _ in range(count):
        torch.manual_seed(0)
        total = torch.stack(list(task.loss(network, made).values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        out.append(float(total.detach()))
    return out


def test_it_learns_all_its_terms(task):
    torch.manual_seed(1)
    fresh = task.network()
    terms = task.loss(fresh, task.prepare({"number": torch.arange(4)}, torch.Generator()))
    assert {"body", "hands", "face", "bones", "up", "sigma", "steady", "window", "frame"} == set(
        terms
    )
    losses = steps(task, fresh, 10)
    assert min(losses[-2:]) < 0.8 * losses[0]
    assert all(p.grad is not None for p in fresh.parameters())


def test_a_critic_sees_through_people_of_the_mean_and_knows_what_is_hidden(task):
    """The adversarial loss: it learns to tell people apart, and what pleases it is like the
    truth; points that nobody knows tell it nothing."""
    torch.manual_seed(0)
    dice = torch.Generator().manual_seed(1)
    seen = task.world("train").seen(dice, 6, 8)
    truth = lift.in_virtual_camera(lift.normal_of(seen), seen)
    body, hands, _ = lift.parts_of(truth)
    body = body.clone()
    body[:2, :, 4] = torch.nan
    mean = [part.nanmean((0, 1), keepdim=True).expand_as(part) for part in (body, hands)]
    judging = lift.Judging()
    first = float(judging(*mean, body, hands))
    for _ in range(50):
        off = judging(*mean, body, hands)
    known = torch.isfinite(body).all(-1)
    known = torch.cat([known, torch.isfinite(hands).all(-1).flatten(-2)], -1)
    judged = [judging._critic(b.nan_to_num(), h, known).mean() for b, h in ((body, hands), mean)]
    assert float(off) > 1.3 * first
    assert float(judged[0]) > float(judged[1]) + 0.4
    made = [part.clone().requires_grad_(True) for part in mean]
    judging(*made, body, hands).backward()
    slope = made[0].grad.abs().sum((-1, 1))
    assert (slope[:2, 4] == 0).all()
    assert (slope[2:, 4] > 0).all()
    assert made[1].grad.abs().sum() > 0


def test_the_critic_is_a_term_where_it_is_wanted(task):
    judged = LiftTask(people=4, critic=0.1)
    judged._worlds = task._worlds
    terms = judged.loss(
        judged.network(), task.prepare({"number": torch.arange(2)}, torch.Generator())
    )
    assert terms["critic"].requires_grad
    assert 0 < float(terms["critic"].detach()) < 0.3


def test_frames_alone_teach_what_needs_no_memory(task, monkeypatch):
    monkeypatch.setattr(lift, "FRAMES", (1,))
    made = task.prepare({"number": torch.arange(2)}, torch.Generator().manual_seed(0))
    assert made["rays"].shape == (16, 1, 137, 2)
    assert torch.equal(made["step_s"][:8], made["step_s"][8:])  # two cameras see each movement
    assert not torch.allclose(made["rays"][:8], made["rays"][8:], atol=1e-2)
    fresh = task.network()
    terms = task.loss(fresh, made)
    assert set(terms) == {"body", "hands", "face", "bones", "up", "sigma"}
    torch.stack(list(terms.values())).sum().backward()
    assert fresh.recurrent.into.weight.grad is None


def test_predicted_errors_are_made_honest(task):
    torch.manual_seed(4)
    fresh = task.network().eval()
    ones = list(lift_figures.scenes(task.world("validation"), 2))
    before = lift_sigma.scaled_errors(fresh, "cpu", iter(ones))
    factors = lift_sigma.calibrate(fresh, "cpu", iter(ones))
    after = lift_sigma.scaled_errors(fresh, "cpu", iter(ones))
    for group, values in after.items():
        assert (values < 1).mean() == pytest.approx(0.683, abs=0.01), group
        assert values.mean() == pytest.approx(before[group].mean() / factors[group], rel=0.01)


def test_a_batch_depends_on_its_dice_alone(task):
    one, two, other = (
        task.prepare({"number": torch.arange(4)}, torch.Generator().manual_seed(seed))
        for seed in (5, 5, 6)
    )
    assert torch.equal(one["rays"], two["rays"])
    assert not torch.equal(one["rays"][0, 0], other["rays"][0, 0])


def test_it_goes_through_the_loop(task, tmp_path):
    plan = Plan(steps=2, batch=2, log_every=1, precision="float32")
    run = train(task, plan, tmp_path, device="cpu")
    seen = list(run)
    assert {"MPJPE", "hands", "still", "MPJPE window", "MPJPE frame"} <= set(seen[-1].figures)
    assert any(p.picture is not None and p.picture.shape == (320, 640, 3) for p in seen)


def test_the_table_names_its_baselines(task, network):
    rows = task.evaluate(network, "cpu", Bench())
    first = rows[0]
    assert set(first.baselines) == {"window of 9 frames (MLP)", "per-frame MLP",
                                    "linear regression", "mean pose"}  # fmt: skip
    assert all(row.value is not None and np.isfinite(row.value) for row in rows)
    assert first.baselines["linear regression"] < first.baselines["mean pose"]
    assert {row.unit for row in rows} == {"mm", "ms", ""}
    assert size_mb(network) < 16


def test_errors_of_the_truth_are_none(task, network):
    """What is measured against is what the network is asked for."""
    world = task.world("test")

    def perfect(seen):
        told, normal = lift.lifted(network, seen, "recurrent", "cpu")
        truth = lift.in_virtual_camera(normal, seen)
        _, hands, face = lift_figures.parts_of(truth)
        right = {**vars(told), "xyz_m": truth, "hand_m": hands, "face_m": face}
        return type(told)(**right), normal

    found = lift_figures.errors(perfect, lift_figures.scenes(world, 1)).mean()
    assert all(value == pytest.approx(0, abs=1e-2) for value in found.values())


def test_scenes_repeat_and_people_in_them_may_stand_still(task):
    world = task.world("test")
    one, two = (next(lift_figures.scenes(world, 1, 8)) for _ in range(2))
    assert torch.equal(one.rays, two.rays)
    still = next(lift_figures.scenes(world, 1, 8, still=True, trouble=Trouble(noise=0)))
    assert still.xyz_m.std(1).max() < 1e-5


@pytest.mark.parametrize("method", METHODS)
def test_tremble_is_measured(task, network, method):
    assert 0 < lift_figures.jitter_mm(network, task.world("test"), method, "cpu", 1) < 500


def test_it_is_found_by_name():
    assert find_task("lift", people=3).score == "MPJPE"
