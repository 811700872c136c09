"""Moving people as points: the bodies, their movement, and what cameras see of them."""

import numpy as np
import pytest
import torch

from studio.core.types import Motion
from studio.human import compact, compaction
from studio.human.joint_centres import JOINTS, joint_centres
from studio.human.keypoints import table
from studio.human.rig import BONE_NAMES
from studio.synth.factory.motions import MOTIONS, kept_back, motions_of
from studio.synth.moving import keyposes
from studio.synth.moving.bodies import SEEN_BY_MEDIAPIPE, TARGET, Bodies, turn_matrices
from studio.synth.moving.keyposes import MOVING, PHASES, key_poses, make_key_poses
from studio.synth.moving.motions import Movement, between, product, quaternions
from studio.synth.moving.views import Trouble, film

COUNT = 24


@pytest.fixture(scope="module")
def poses():
    return make_key_poses("validation", COUNT)


@pytest.fixture(scope="module")
def bodies():
    return Bodies("validation", 3)


@pytest.fixture(scope="module")
def movement(bodies, poses):
    return Movement(bodies, poses, "validation")


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def test_key_poses_are_made_once_and_kept(poses, tmp_path, monkeypatch):
    monkeypatch.setattr(keyposes, "cache_folder", lambda name: tmp_path / name)
    made = []
    monkeypatch.setattr(keyposes, "make_key_poses", lambda *a: made.append(a) or poses)
    first, second = key_poses("validation", COUNT), key_poses("validation", COUNT)
    assert len(made) == 1
    assert (first.turns == second.turns).all()
    assert second.names == motions_of("validation")
    assert second.strides.shape == (2, PHASES, len(MOVING), 4)
    assert np.linalg.norm(second.turns, axis=-1) == pytest.approx(1.0, abs=1e-5)


def test_only_some_motions(poses):
    name = poses.names[int(poses.motion[0])]
    some = poses.only([name])
    assert 0 < len(some.turns) == (poses.motion == poses.motion[0]).sum()


def test_the_splits_keep_motions_to_themselves():
    assert set(kept_back("test")) <= set(motions_of("test"))
    assert not set(kept_back("test")) & (set(motions_of("train")) | set(motions_of("validation")))
    assert set(kept_back("test")) <= set(MOTIONS)


def test_points_are_those_of_the_whole_person(bodies, poses):
    """The few rows that the bodies keep against the person with all vertices."""
    turns = turn_matrices(torch.from_numpy(poses.turns[:2]))
    face = torch.zeros(1, 2, 52)
    face[..., 24] = 0.5
    mine = bodies.pose(torch.tensor([1]), turns[None], face)[0]
    person = compact.load(compaction.stored())
    all_turns = torch.eye(3).repeat(2, len(BONE_NAMES), 1, 1)
    all_turns[:, [BONE_NAMES.index(n) for n in MOVING]] = turns
    rest = bodies.rest_of(person, 1)
    posed = person.pose(rest, all_turns, None, face[0])
    theirs = torch.cat([table(TARGET).at(posed), table(SEEN_BY_MEDIAPIPE).at(posed)], 1)
    off = (mine - theirs).norm(dim=-1)
    assert off.max() < 0.004
    assert off.mean() < 3e-4


def test_movement_repeats_itself_and_stands_on_the_floor(movement):
    one, other = movement.draw(dice(3), 6, 12), movement.draw(dice(3), 6, 12)
    assert torch.equal(one.xyz_m, other.xyz_m)
    assert one.xyz_m.shape == (6, 12, len(TARGET) + len(SEEN_BY_MEDIAPIPE), 3)
    assert one.xyz_m[:, :, : len(TARGET), 2].amin(2) == pytest.approx(0, abs=1e-5)
    assert (one.step_s > 0).all()


def test_bones_keep_their_lengths_while_people_move(movement):
    moves = movement.draw(dice(5), 8, 20)
    knee, ankle = TARGET.index("left_knee"), TARGET.index("left_ankle")
    long = (moves.xyz_m[:, :, knee] - moves.xyz_m[:, :, ankle]).norm(dim=-1)
    assert (long.std(1) / long.mean(1)).max() < 0.02
    assert (moves.xyz_m[:, 1:] - moves.xyz_m[:, :-1]).abs().max() > 0.01


def test_who_stands_still_stands_still(movement):
    moves = movement.draw(dice(1), 5, 10, still=True)
    assert moves.xyz_m.std(1).max() < 1e-5


def test_quaternions_turn_as_matrices_do():
    a, b = torch.randn(7, 3), torch.randn(7, 3)
    both = turn_matrices(product(quaternions(a), quaternions(b)))
    apart = turn_matrices(quaternions(a)) @ turn_matrices(quaternions(b))
    assert both.numpy() == pytest.approx(apart.numpy(), abs=1e-5)
    half = turn_matrices(between(quaternions(a), -quaternions(a), torch.tensor(0.5)))
    assert half.numpy() == pytest.approx(turn_matrices(quaternions(a)).numpy(), abs=1e-5)


def test_without_trouble_the_rays_are_the_projected_points(movement):
    seen = film(dice(2), movement.draw(dice(2), 12, 6), Trouble(noise=0, gaps=0, swaps=0, lens=0))
    plain = ~seen.mediapipe
    there = seen.xyz_m[plain]
    rays = there[..., :2] / there[..., 2:]
    assert plain.any()
    assert seen.rays[plain].numpy() == pytest.approx(rays.numpy(), abs=1e-5)
    assert seen.valid[plain].all()
    assert seen.xyz_m[..., 2].min() > 0
    assert seen.up.norm(dim=1).numpy() == pytest.approx(np.ones(12), abs=1e-5)


def test_mediapipes_marks_lead_back_to_the_joints(movement):
    """What is seen, carried to joint centres as the studio does, is where the joints are."""
    seen = film(dice(4), movement.draw(dice(4), 16, 4), Trouble(noise=0, gaps=0, swaps=0, lens=0))
    some = seen.mediapipe
    rays, truth = seen.rays[some], seen.xyz_m[some]
    small_toe = TARGET.index("left_small_toe")
    assert not seen.valid[some][..., small_toe].any()
    hip, knee = TARGET.index("left_hip"), TARGET.index("right_hip")
    marked = (rays[..., hip, :] - rays[..., knee, :]).norm(dim=-1)
    true = truth[..., :2] / truth[..., 2:]
    wide = (true[..., hip, :] - true[..., knee, :]).norm(dim=-1)
    assert 0.7 < (marked / wide).median() < 1.6
    assert ((marked - wide).abs() > 1e-4).float().mean() > 0.9


def test_the_way_back_from_joint_centres_is_its_inverse(movement, bodies):
    from studio.synth.moving.views import marked_by_mediapipe

    moves = movement.draw(dice(6), 3, 5)
    centres = moves.xyz_m[:, :, len(TARGET) :].flatten(0, 1).numpy()
    seen = marked_by_mediapipe(centres)
    count = len(seen)
    nil = np.zeros(seen.shape[:2])
    again = joint_centres(
        Motion(SEEN_BY_MEDIAPIPE, np.arange(count) / 30, seen, nil, nil, nil.astype(int), nil > 0)
    ).xyz_m
    rows = [SEEN_BY_MEDIAPIPE.index(f"{s}_{j}") for s in ("left", "right") for j in JOINTS]
    assert np.linalg.norm(again - centres, axis=-1)[:, rows].max() < 0.004
    assert np.linalg.norm(seen - centres, axis=-1)[:, rows].max() > 0.01


def test_trouble_hides_and_moves_points(movement):
    moves = movement.draw(dice(8), 24, 10)
    calm = film(dice(9), moves, Trouble(noise=0.2, gaps=0, swaps=0))
    bad = film(dice(9), moves)
    assert calm.valid.float().mean() > bad.valid.float().mean() > 0.4
    assert (bad.confidence[~bad.valid] == 0).all()
    assert torch.isfinite(bad.rays).all()
    sure = bad.confidence[bad.valid]
    assert sure.min() > 0
    assert sure.max() <= 1
