"""The pose space, retargeting into it, and the density over it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.types import Animation, Armature
from studio.human.prior.network import PosePrior
from studio.human.prior.retarget import retarget
from studio.human.prior.space import ANGLE_NAMES, exp, mirrored, pose_space
from studio.human.rig import BONE_NAMES, BONE_PARENTS


def some_angles(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    low, high = pose_space().limits
    return np.clip(rng.normal(0, 0.25, (count, len(ANGLE_NAMES))), low, high)


def test_mirrored_angles_are_the_mirrored_body() -> None:
    space, angles = pose_space(), some_angles(4)
    swap = {".L": ".R", ".R": ".L"}
    other = [BONE_NAMES.index(n[:-2] + swap.get(n[-2:], n[-2:])) for n in BONE_NAMES]
    joints = space.joints(torch.from_numpy(angles)).numpy()
    twin = space.joints(torch.from_numpy(mirrored(angles))).numpy()
    np.testing.assert_allclose(twin[:, other] * [-1, 1, 1], joints, atol=0.004)


def test_rotations_of_vectors_are_scipys_and_smooth_at_zero() -> None:
    vectors = np.random.default_rng(1).normal(0, 1.5, (20, 3))
    wanted = Rotation.from_rotvec(vectors).as_matrix()
    np.testing.assert_allclose(exp(torch.from_numpy(vectors)).numpy(), wanted, atol=1e-12)
    zero = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(exp(zero)[0, 2, 1], zero)
    assert slope.tolist() == [[1.0, 0.0, 0.0]]


def foreign(angles: np.ndarray) -> tuple[Armature, Animation]:
    """The poses on a skeleton of Mixamo's names, Y up, twice as large, facing +Z, with a bone roll
    of its own in every bone."""
    names = {
        "root": "Hips", "spine01": "Spine2", "neck02": "Neck", "head": "Head",
        "clavicle.L": "LeftShoulder", "upperarm01.L": "LeftArm", "lowerarm01.L": "LeftForeArm",
        "wrist.L": "LeftHand", "upperleg01.L": "LeftUpLeg", "lowerleg01.L": "LeftLeg",
        "foot.L": "LeftFoot", "toe1-1.L": "LeftToeBase",
    }  # fmt: skip
    names |= {k[:-1] + "R": v.replace("Left", "Right") for k, v in names.items() if k[-2:] == ".L"}
    space = pose_space()
    kept = [BONE_NAMES.index(name) for name in names]
    turns = space.turns(torch.from_numpy(angles)).numpy()
    G = [turns[:, 0]]
    for bone in range(1, len(BONE_NAMES)):
        G.append(G[BONE_PARENTS[bone]] @ turns[:, bone])
    axes = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # ours to Y up
    roll = Rotation.from_rotvec(np.random.default_rng(3).normal(0, 1, (len(kept), 3))).as_matrix()
    rest = np.tile(np.eye(4), (len(kept), 1, 1))
    rest[:, :3, 3] = 2 * space.heads_m[kept] @ axes.T
    rest[:, :3, :3] = roll
    world = np.tile(rest, (len(angles), 1, 1, 1))
    world[:, :, :3, :3] = axes @ np.stack(G, 1)[:, kept] @ axes.T @ roll
    parents = []
    for bone in kept:
        above = BONE_PARENTS[bone]
        while above >= 0 and above not in kept:
            above = BONE_PARENTS[above]
        parents.append(kept.index(above) if above >= 0 else -1)
    bones = Armature(
        tuple(f"mixamorig:{n}" for n in names.values()), np.array(parents), rest, rest[:, :3, 3]
    )
    times = np.arange(len(angles)) / 30
    return bones, Animation(times, world, np.zeros((len(angles), 0)))


def test_another_skeletons_motion_is_taken_over() -> None:
    angles = some_angles(5, seed=4)
    found = retarget(pose_space(), *foreign(angles))
    assert found.off_deg.max() < 1.0
    limbs = [k for k, n in enumerate(ANGLE_NAMES) if n.startswith(("knee", "elbow", "hip_flex"))]
    np.testing.assert_allclose(found.angles[:, limbs], angles[:, limbs], atol=np.radians(5))
    np.testing.assert_allclose(found.yaw_rad, 0, atol=0.05)


def test_a_skeleton_of_unknown_names_is_refused() -> None:
    bones, moves = foreign(some_angles(1))
    odd = Armature(
        tuple(f"b{k}" for k in range(len(bones.names))), bones.parents, bones.rest_world,
        bones.tails_m,
    )  # fmt: skip
    with pytest.raises(StudioError, match="names"):
        retarget(pose_space(), odd, moves)


@pytest.fixture
def prior() -> PosePrior:
    torch.manual_seed(2)
    made = PosePrior(angles=6, hidden=8, couplings=3).double().eval()
    with torch.no_grad():
        for value in made.parameters():
            value += 0.2 * torch.randn_like(value)
    return made


def test_encoding_is_undone_by_decoding(prior: PosePrior) -> None:
    x = torch.randn(7, 6, dtype=torch.float64)
    z, _ = prior.encode(x)
    torch.testing.assert_close(prior.decode(z), x)


def test_the_maps_volume_is_that_of_its_jacobian(prior: PosePrior) -> None:
    x = torch.randn(6, dtype=torch.float64)
    J = torch.autograd.functional.jacobian(lambda v: prior.encode(v)[0], x)
    torch.testing.assert_close(prior.encode(x)[1], torch.linalg.slogdet(J)[1])


def test_what_follows_much_later_depends_on_nothing(prior: PosePrior) -> None:
    x, after = torch.randn(2, 5, 6, dtype=torch.float64)
    late = prior.log_following(x, after, torch.full((5,), 1e3, dtype=torch.float64))
    torch.testing.assert_close(late, prior.log_density(after))
    soon = prior.log_following(x, x, torch.full((5,), 1e-3, dtype=torch.float64))
    assert (soon > prior.log_density(x)).all()


def test_the_density_pulls_back_from_far_away(prior: PosePrior) -> None:
    x = torch.full((1, 6), 40.0, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(prior.log_density(x).sum(), x)
    assert torch.isfinite(slope).all()
    assert (slope < 0).all()


def test_hidden_angles_are_completed_and_known_ones_kept(prior: PosePrior) -> None:
    x = prior.decode(torch.randn(3, 6, dtype=torch.float64)).detach()
    known = torch.tensor([1.0, 1, 1, 1, 1, 0], dtype=torch.float64)
    told = x.clone()
    told[:, 5] = 9.0
    found = prior.complete(told, known)
    torch.testing.assert_close(found[:, :5], x[:, :5])
    assert (prior.log_density(found) > prior.log_density(told)).all()
