"""The parametric person: agrees with Anny, is differentiable, stretches where told."""

from functools import cache

import numpy as np
import pytest
import roma
import torch

from studio.core.errors import StudioError
from studio.human.keypoints import keypoints, needed_vertices
from studio.human.layouts import LAYOUTS, convert, layout
from studio.human.names import CONTOUR_33, FACE_68, MESH_478, face_vertices, twin
from studio.human.person import Shape, whole
from studio.human.rig import ACTIONS, BONE_NAMES, BONE_PARENTS


def test_the_rig_is_annys():
    model = whole().model
    assert tuple(model.bone_labels) == BONE_NAMES
    assert [int(p) for p in model.bone_parents] == list(BONE_PARENTS)
    assert tuple(model.facial_action_labels) == ACTIONS
    assert len(ACTIONS) == 52


@torch.no_grad()
def test_poses_agree_with_annys_own():
    torch.manual_seed(0)
    turns = roma.rotvec_to_rotmat(0.4 * torch.randn(1, len(BONE_NAMES), 3))
    pose = torch.eye(4).repeat(1, len(BONE_NAMES), 1, 1)
    pose[:, :, :3, :3] = turns
    pose[0, 0, :3, 3] = torch.tensor([1.0, 2.0, 3.0])
    slow = whole().model(
        pose_parameters=pose,
        phenotype_kwargs={"age": 0.66, "gender": 0.9},
        facial_actions={"jawOpen": 0.7},
    )
    actions = torch.zeros(1, 52)
    actions[0, ACTIONS.index("jawOpen")] = 0.7
    rest = whole().rest(Shape.of(gender=0.9))
    fast = whole().pose(rest, turns, pose[:, 0, :3, 3], actions)
    assert (fast.bones_world - slow["bone_poses"]).abs().max() < 1e-5
    # Anny blends rest-to-pose matrices once; here the reference pose comes in between.
    apart = (fast.vertices_m - slow["vertices"]).norm(dim=-1)
    assert apart.mean() < 5e-4
    assert apart.max() < 0.01


@torch.no_grad()
def test_a_scaled_segment_is_that_much_longer_and_others_keep_their_length():
    person = whole().subset([0])
    plain, longer = person.rest(Shape.of()), person.rest(Shape.of({"forearm": 1.2}))
    length = longer.offsets_m.norm(dim=1) / plain.offsets_m.norm(dim=1).clamp(min=1e-9)
    # The bone's own direction is stretched: from the elbow to the next bone's head.
    assert length[BONE_NAMES.index("lowerarm02.L")] == pytest.approx(1.2, abs=1e-4)
    assert length[BONE_NAMES.index("lowerarm01.L")] == pytest.approx(1.0, abs=1e-4)
    assert length[BONE_NAMES.index("foot.R")] == pytest.approx(1.0, abs=1e-4)


def test_the_shape_has_gradients():
    shape = Shape.of()
    shape.phenotypes.requires_grad_()
    shape.scales.requires_grad_()
    person = whole().subset([294, 881])
    person.rest(shape).vertices_m.sum().backward()
    assert shape.phenotypes.grad is not None
    assert shape.scales.grad is not None
    assert shape.phenotypes.grad.abs().max() > 0
    assert shape.scales.grad.abs().max() > 0


def test_a_wrong_shape_parameter_is_named():
    with pytest.raises(StudioError, match="wight"):
        Shape.of(wight=0.5)


@pytest.mark.parametrize("name", LAYOUTS)
@torch.no_grad()
def test_every_layout_lies_on_the_person(name):
    person, found = whole(), layout(name)
    rest = person.rest(Shape.of())
    posed = person.pose(rest, torch.eye(3).expand(1, 104, 3, 3), torch.zeros(1, 3))
    points = keypoints(person, rest, posed, found)[0].numpy()
    low, high = rest.vertices_m.amin(0).numpy(), rest.vertices_m.amax(0).numpy()
    assert ((points > low - 0.01) & (points < high + 0.01)).all()
    for i, other in enumerate(found.mirror):
        if other != i:
            apart = np.abs(points[i] - points[other] * (-1, 1, 1))
            assert apart.max() < 0.012, found.points[i]
            left = found.points[i].startswith("left") or found.points[i].endswith(".L")
            assert not left or points[i, 0] >= 0


@cache
@torch.no_grad()
def on_the_person(name):
    person = whole().subset(needed_vertices(layout(name)))
    rest = person.rest(Shape.of())
    posed = person.pose(rest, torch.eye(3).expand(1, 104, 3, 3), torch.zeros(1, 3))
    return keypoints(person, rest, posed, layout(name))[0].numpy()


LOOSE_M = {"neck": 0.11, "upper_neck": 0.09, "spine": 0.09, "head": 0.14}
"""What layouts mean differently by the same word, or know only from the nose."""


@pytest.mark.parametrize("source", LAYOUTS)
def test_converted_points_lie_where_the_layout_has_them(source):
    points = on_the_person(source)
    for target in LAYOUTS:
        apart = np.linalg.norm(convert(points, source, target) - on_the_person(target), axis=1)
        for name, distance in zip(layout(target).points, apart, strict=True):
            face = name.startswith(("face", "contour"))
            assert not distance > (0.02 if face else LOOSE_M.get(name, 0.05)), (target, name)


def test_face_points_are_mirrored_vertex_by_vertex():
    template = whole().template_m.numpy()
    for name in (*CONTOUR_33, *FACE_68, *MESH_478):
        mine, other = face_vertices(name), face_vertices(twin(name))
        assert len(mine) == len(other)
        here = template[list(mine)].mean(0) * (-1, 1, 1)
        np.testing.assert_allclose(here, template[list(other)].mean(0), atol=1e-6)


@pytest.mark.parametrize("gender", [0.0, 1.0])
@torch.no_grad()
def test_pupils_are_where_eyes_that_look_ahead_are_painted(gender):
    rest = whole().rest(Shape.of(gender=gender))
    skin, heads = rest.vertices_m.numpy(), rest.heads_m.numpy()
    for side, point in (("L", "mesh_473"), ("R", "mesh_468")):
        off = skin[list(face_vertices(point))].mean(0) - heads[BONE_NAMES.index(f"eye.{side}")]
        assert np.abs(off[[0, 2]]).max() < 0.0005
        assert -0.019 < off[1] < -0.014


@pytest.mark.parametrize("gender", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("weight", [0.2, 0.8])
@torch.no_grad()
def test_the_contour_is_even_and_runs_down_the_jaw_from_the_ear_to_the_chin(gender, weight):
    skin = whole().rest(Shape.of(gender=gender, weight=weight)).vertices_m.numpy()
    line = np.array([skin[list(face_vertices(name))].mean(0) for name in CONTOUR_33])
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    assert steps.max() < 1.5 * steps.min()
    right = line[:17]
    assert (np.diff(right[:, 0]) > -0.001).all() or right[:, 0].argmin() < 4
    assert (np.diff(right[:, 2]) < 0).all()
    assert (np.diff(right[4:, 1]) < 0).all()
    eye, ear = skin[14724], skin[list(face_vertices("mesh_127"))].mean(0)
    assert abs(right[0, 2] - eye[2]) < 0.02
    assert np.linalg.norm(right[0] - ear) < 0.012
    # Its edge is the face's outline from the front: no skin between the eyes' and the mouth's
    # height, before the ears, is further out.
    for point in line[2:7]:
        level = np.abs(skin[:13380, 2] - point[2]) < 0.004
        cheek = skin[:13380][level & (skin[:13380, 1] < point[1])]
        assert cheek[:, 0].min() > point[0] - 0.004
