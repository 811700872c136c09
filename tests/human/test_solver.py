"""Fast kinematics: the slow twins are the torch person and finite differences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_people import kinematics_of, random_angles
from scipy.spatial.transform import Rotation

from studio.human.keypoints import keypoints, needed_vertices
from studio.human.layouts import layout
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES
from studio.human.solver import Poses
from studio.human.twist import spread_twist
from studio.vision.rotations import left_jacobian, rotation


@pytest.fixture(scope="module", params=["body_25b", "whole_body"])
def random_poses(request):
    kinematics = kinematics_of(request.param, Shape.of({"shin": 1.1}, gender=0.9))
    rng = np.random.default_rng(0)
    angles = random_angles(kinematics, rng, 2)
    poses = Poses(rotation(rng.normal(size=(2, 3))), rng.normal(size=(2, 3)), angles)
    return request.param, kinematics, poses


def test_landmarks_lie_where_the_skinned_person_has_them(random_poses):
    name, kinematics, poses = random_poses
    person = whole().subset(needed_vertices(layout(name)))
    with torch.no_grad():
        rest = person.rest(Shape.of({"shin": 1.1}, gender=0.9))
        posed = person.pose(
            rest,
            torch.tensor(kinematics.rotations(poses)).float(),
            torch.tensor(poses.root_m).float(),
        )
        slow = keypoints(person, rest, posed, layout(name)).numpy()
    np.testing.assert_allclose(kinematics.points(poses), slow, atol=3e-6)


def test_jacobian_is_the_derivative(random_poses):
    name, kinematics, poses = random_poses
    points, J = kinematics.linearise(poses)
    np.testing.assert_allclose(points, kinematics.points(poses), atol=1e-12)
    columns = range(kinematics.unknowns) if name == "body_25b" else range(0, 92, 7)
    for i in columns:
        step = np.zeros((2, kinematics.unknowns))
        step[:, i] = 1e-5
        slow = kinematics.points(poses.moved(step)) - kinematics.points(poses.moved(-step))
        np.testing.assert_allclose(J[..., i], slow / 2e-5, atol=1e-6)


@settings(max_examples=50)
@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_exponential_agrees_with_scipy(vector):
    v = np.array(vector)
    np.testing.assert_allclose(rotation(v), Rotation.from_rotvec(v).as_matrix(), atol=1e-9)
    turn = np.array((1e-6, -2e-6, 1e-6))
    moved = rotation(v + turn) @ rotation(v).T
    np.testing.assert_allclose(
        Rotation.from_matrix(moved).as_rotvec(), left_jacobian(v) @ turn, atol=1e-10
    )


def test_spread_twist_leaves_the_forearm_alone():
    kinematics = kinematics_of("anny_joints", Shape.of())
    rng = np.random.default_rng(1)
    poses = Poses(np.eye(3)[None], np.zeros((1, 3)), random_angles(kinematics, rng, 1))
    D = kinematics.rotations(poses)
    spread = spread_twist(D, kinematics.offsets_m)
    for side in "LR":
        upper, lower = (BONE_NAMES.index(f"upperarm0{k}.{side}") for k in (1, 2))
        np.testing.assert_allclose(
            spread[:, upper] @ spread[:, lower], D[:, upper] @ D[:, lower], atol=1e-9
        )
        assert not np.allclose(spread[:, upper], D[:, upper])
