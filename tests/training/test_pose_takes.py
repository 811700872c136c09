"""Poses to learn from: splits that do not meet, samples, a short training, the published card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.card import read_card, shipped_models
from studio.core.errors import StudioError
from studio.human.prior.space import ANGLE_NAMES
from studio.training import takes
from studio.training.publish import best_network
from studio.training.tasks import find_task
from studio.training.tasks.pose_prior import density
from studio.training.tasks.pose_prior_figures import Gaussian, both


def some(rng: np.random.Generator, count: int) -> np.ndarray:
    """A swing of all joints, as a take is one."""
    ways = rng.normal(0, 0.3, (2, len(ANGLE_NAMES)))
    t = np.arange(count)[:, None] / 30
    return ways[0] + ways[1] * np.sin(2 * t)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    found = [("take", np.arange(200) / 30, some(rng, 200))]
    found += [("single", np.zeros(1), some(rng, 1)) for _ in range(5)]
    found += [("tracked", np.arange(40) / 30, some(rng, 40))]
    found += [(f"authored/{split}", np.zeros(6), some(rng, 6)) for split in ("train", "test")]
    takes.gathered(found).save(tmp_path)
    return tmp_path


def test_no_pose_is_in_two_splits(pack: Path) -> None:
    found = takes.load(pack)
    of = {s: found.of(s) for s in ("train", "validation", "test")}
    assert sum(map(len, of.values())) == len(found)
    first, last = (found.time_s[found.of(s, "take")] for s in ("train", "test"))
    assert last.min() - first.max() > 1.0
    assert [len(found.of(s, "single")) for s in of] == [3, 1, 1]
    assert len(found.of("train", "tracked")) == 0


def test_pairs_are_moments_of_one_take(pack: Path) -> None:
    pairs = takes.Pairs(takes.load(pack), "train", 3)
    again = takes.Pairs(takes.load(pack), "train", 3)
    drawn = [pairs[k] for k in range(60)]
    assert all((a["x"] == again[k]["x"]).all() for k, a in enumerate(drawn))
    apart = [float(d["seconds"]) for d in drawn]
    assert min(apart) == 0.0
    assert 0.09 < max(apart) <= 1.0
    for one in drawn:
        assert (one["seconds"] > 0) == (one["x"] != one["after"]).any()


def test_a_folder_without_poses_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no poses"):
        find_task("pose_prior", data=str(tmp_path)).data("train", 0)


def test_a_gaussian_completes_what_it_knows() -> None:
    x = np.random.default_rng(0).normal(0, 1, (400, 2)) @ np.array([[1.0, 0.9], [0.0, 0.1]])
    found = Gaussian.of(x).completed(x, np.array([True, False]))
    assert np.abs(found[:, 1] - x[:, 1]).mean() < 0.3 * np.abs(x[:, 1]).mean()


def test_training_raises_the_density_of_what_was_held_out(pack: Path, tmp_path: Path) -> None:
    from studio.jobs import Context, run
    from studio.training.loop import train
    from studio.training.plan import Plan

    task = find_task("pose_prior", data=str(pack))
    torch.manual_seed(1)
    fresh = density(task.network().eval(), task.takes, "validation", "take", "cpu")
    plan = Plan(steps=60, batch=32, learning_rate=5e-3)
    done = run(train(task, plan, tmp_path / "run", Context(), device="cpu"))
    assert done.figures["take"] > fresh + 20
    picture = task.sample_pictures(best_network(task, tmp_path / "run"), "cpu")
    assert picture.dtype == np.uint8
    assert picture.std() > 5


def test_the_published_prior_beats_simpler_densities() -> None:
    card = read_card(shipped_models() / "pose_prior")
    assert "CC0" in card.facts["data"]
    first = card.figures[0]
    assert first["value"] > max(first["baselines"].values())
    assert card.weights.stat().st_size < 200_000


def test_mirror_twins_are_twins() -> None:
    angles = np.random.default_rng(0).normal(0, 1, (3, len(ANGLE_NAMES)))
    twice = both(both(angles)[3:])[3:]
    np.testing.assert_allclose(twice, angles)
