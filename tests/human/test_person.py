"""The parametric person: agrees with Anny, is differentiable, stretches where told."""

import numpy as np
import pytest
import roma
import torch

from studio.core.errors import StudioError
from studio.human.keypoints import keypoints
from studio.human.layouts import LAYOUTS, layout
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
    for i, twin in enumerate(found.mirror):
        if twin != i:
            apart = np.abs(points[i] - points[twin] * (-1, 1, 1))
            assert apart.max() < 0.012, found.points[i]
            left = found.points[i].startswith("left") or found.points[i].endswith(".L")
            assert not left or points[i, 0] >= 0
