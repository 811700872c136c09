"""How the lifting network sees people: alike wherever they stand, and from the past alone."""

import numpy as np
import pytest
import torch

from studio.human.layouts import layout
from studio.perception.lifting.bones import HAND
from studio.perception.lifting.lifter import Lifter, Seen, seen_of
from studio.perception.lifting.network import METHODS, LiftingNetwork
from studio.perception.lifting.normalise import (
    BODY,
    FACE,
    LEFT,
    POINTS,
    RIGHT,
    TREE,
    normalise,
    virtual_turn,
)


def rays(frames=4, seed=0, away=4.0, aside=(0.0, 0.0)):
    """Somebody as points in space before a camera, and their rays (1, frames, 137, 2)."""
    rng = np.random.default_rng(seed)
    body = rng.normal(0, [0.25, 0.5, 0.15], (137, 3))
    body[LEFT] = body[7] + rng.normal(0, 0.05, (21, 3))
    body[RIGHT] = body[4] + rng.normal(0, 0.05, (21, 3))
    body[FACE] = body[0] + rng.normal(0, 0.05, (70, 3))
    path = body + rng.normal(0, 0.01, (frames, 137, 3)).cumsum(0) + [*aside, away]
    return torch.from_numpy(path[None, ..., :2] / path[None, ..., 2:]).float()


def looked_at(xy, valid=None):
    valid = torch.ones(xy.shape[:-1], dtype=torch.bool) if valid is None else valid
    return normalise(xy, valid, valid.float(), torch.tensor([1 / 30]), torch.tensor([False]))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    made = LiftingNetwork().eval()
    with torch.no_grad():  # stand-ins begin at 0, norms at 1: what is folded must show
        for tokens in (made.body_tokens, made.hand_tokens, made.face_tokens):
            tokens.token.normal_()
        for norm in made.modules():
            if isinstance(norm, torch.nn.LayerNorm):
                norm.weight.uniform_(0.5, 1.5)
                norm.bias.normal_(std=0.3)
    return made


def test_the_virtual_camera_looks_at_the_person():
    towards = torch.tensor([[0.0, 0.0], [0.4, -0.3], [-0.7, 0.1]])
    R = virtual_turn(towards)
    ray = torch.cat([towards, torch.ones(3, 1)], 1)
    ahead = (R @ ray[..., None])[..., 0]
    assert ahead[:, :2].abs().max() < 1e-6
    assert (ahead[:, 2] > 0).all()
    assert (R @ R.transpose(1, 2)).numpy() == pytest.approx(np.eye(3)[None].repeat(3, 0), abs=1e-6)
    assert torch.linalg.det(R).numpy() == pytest.approx(np.ones(3), abs=1e-5)


def test_a_person_turned_about_the_camera_looks_the_same():
    """Turning the camera moves the person through the picture; the network sees no difference but
    in where the virtual camera points."""
    xy = rays()
    turn = virtual_turn(torch.tensor([0.3, -0.2])).T
    moved = torch.cat([xy, torch.ones_like(xy[..., :1])], -1) @ turn.T
    other = looked_at(moved[..., :2] / moved[..., 2:])
    same = looked_at(xy)
    for part in ("hands", "face", "sizes", "scale"):
        a, b = getattr(same, part), getattr(other, part)
        assert torch.allclose(a.square().sum(-1), b.square().sum(-1), rtol=0.02), part
    assert not torch.allclose(same.centre, other.centre, atol=0.1)


def test_parts_have_their_own_size_and_origin():
    seen = looked_at(rays())
    for hand in seen.hands.unbind(2):
        assert hand[:, :, 0].abs().max() < 1e-6
        assert hand.square().sum(-1).mean(-1).sqrt().numpy() == pytest.approx(1.0, abs=1e-4)
    near, far = looked_at(rays(away=3.0)), looked_at(rays(away=9.0))
    assert near.scale.mean() > 2.5 * far.scale.mean()
    assert near.body.square().sum(-1).mean().item() == pytest.approx(1, abs=1e-4)
    assert far.body.square().sum(-1).mean().item() == pytest.approx(1, abs=1e-4)


def test_what_is_not_valid_is_not_looked_at(network):
    xy, valid = rays(), torch.ones(1, 4, 137, dtype=torch.bool)
    valid[:, :, [3, 4, 30, 90]] = False
    wild = torch.where(valid[..., None], xy, torch.tensor(77.0))
    one, other = (network(looked_at(p, valid))[0] for p in (xy, wild))
    assert torch.equal(one.xyz_m, other.xyz_m)
    whole = network(looked_at(xy))[0]
    assert not torch.allclose(one.xyz_m, whole.xyz_m, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_it_looks_back_and_never_ahead(network, method):
    xy = rays(12)
    first = network(looked_at(xy), None, method)[0].xyz_m
    changed = xy.clone()
    changed[:, 8:] += 0.05
    second = network(looked_at(changed), None, method)[0].xyz_m
    assert torch.equal(first[:, :8], second[:, :8])
    before = xy.clone()
    before[:, :4] += 0.05 * torch.randn(1, 4, 137, 2)
    third = network(looked_at(before), None, method)[0].xyz_m
    assert torch.allclose(first[:, 6:], third[:, 6:], atol=1e-6) == (method == "frame")


@pytest.mark.parametrize("method", METHODS)
def test_frame_by_frame_is_the_same_as_all_at_once(network, method):
    lifter = Lifter(network, method)
    whole = Seen(rays(11)[0].double().numpy(), np.ones((11, 137)), 1 / 30, True)
    together = lifter.lift(whole)
    alone = lifter.another(method)
    parts = [
        alone.lift(Seen(whole.rays[k : k + 1], whole.confidence[k : k + 1], 1 / 30, True))
        for k in range(11)
    ]
    xyz = np.concatenate([part.xyz_m for part in parts])
    assert xyz == pytest.approx(together.xyz_m, abs=1e-4)
    alone.forget()
    again = alone.lift(Seen(whole.rays[:1], whole.confidence[:1], 1 / 30, True))
    assert again.xyz_m == pytest.approx(together.xyz_m[:1], abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_the_runtime_tells_the_same_as_the_network_that_learned(network, method):
    """With gaps of all kinds: single points, hands, faces, the whole body."""
    xy = rays(24, seed=5)
    dice = torch.Generator().manual_seed(1)
    sure = torch.rand(1, 24, 137, generator=dice) * (torch.rand(1, 24, 137, generator=dice) > 0.1)
    sure[:, 4:8] = 0.0
    sure[:, 9:12, :BODY] = 0.0
    sure[:, 14:18, LEFT] = 0.0
    sure[:, 16:20, FACE] = 0.0
    sure[:, 18:, [1, 2, 5, 8, 9, 12]] = 0.0
    seen = normalise(xy, sure > 0, sure, torch.tensor([0.04]), torch.tensor([True]))
    with torch.inference_mode():
        told, _ = network(seen, None, method)
    whole = Seen(xy[0].double().numpy(), sure[0].double().numpy(), 0.04, True)
    ours = Lifter(network, method).lift(whole)
    assert ours.xyz_m == pytest.approx((told.xyz_m @ seen.turn)[0].numpy(), abs=1e-4)
    assert ours.error_m == pytest.approx(told.sigma_m[0].numpy(), abs=1e-4)
    up = (told.up[..., None, :] @ seen.turn)[0, :, 0]
    assert ours.up == pytest.approx(up.numpy(), abs=1e-4)


@pytest.mark.parametrize("tree", [TREE, HAND], ids=["body", "hand"])
def test_bones_that_look_short_may_lie_in_depth(tree):
    """Somebody whose bones have their usual lengths, seen from far away: depths come back."""
    rng = np.random.default_rng(2)
    count = len(tree.parents)
    way = rng.normal(size=(50, count, 3))
    way *= tree.usual_m.numpy()[:, None] / np.linalg.norm(way, axis=-1, keepdims=True)
    xyz = np.zeros((50, count + 1, 3))
    for k, (parent, child) in enumerate(zip(tree.parents, tree.children, strict=True)):
        xyz[:, child] = xyz[:, parent] + way[:, k]
    points = torch.from_numpy(xyz).float()
    valid = torch.ones(points.shape[:2], dtype=torch.bool)
    bones = tree.seen(points[..., :2], valid)
    assert np.corrcoef(bones[..., 3].ravel(), np.abs(way[..., 2]).ravel())[0, 1] > 0.4
    signs = torch.from_numpy(np.sign(way[..., 2])).float()
    deep = np.abs(way[..., 2]) / tree.usual_m.numpy()
    exact = torch.cat([bones[..., :3], torch.from_numpy(deep).float()[..., None]], -1)
    depths = tree.depths(exact, torch.stack([torch.zeros_like(signs), signs], -2))
    assert depths.numpy() == pytest.approx(xyz[..., 2], abs=1e-5)
    valid[:, 1] = False
    lost = [k for k, pair in enumerate(zip(tree.parents, tree.children, strict=True)) if 1 in pair]
    assert (tree.seen(points[..., :2], valid)[:, lost][..., [0, 1, 3]] == 0).all()


def test_errors_are_positive_and_the_pelvis_is_the_origin(network):
    made = Lifter(network).lift(Seen(rays(3)[0].numpy(), np.ones((3, 137)), 1 / 30, False))
    assert (made.error_m > 0).all()
    assert made.xyz_m[:, POINTS.index("pelvis")] == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(made.up, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("whole_body", {"left_small_toe", "right_small_toe"}),
        ("coco_133", set()),
        ("openpose_137", set()),
        ("dope_139", {"left_ear", "left_heel", "left_big_toe"}),
        ("body_25b", {"face_30", "left_thumb_tip"}),
    ],
)
def test_every_layout_tells_what_it_can(name, missing):
    of = layout(name)
    rng = np.random.default_rng(1)
    xy = rng.normal(0, 0.3, (2, len(of), 2))
    sure = np.full((2, len(of)), 0.9)
    seen = seen_of(name, xy, sure, 1 / 30)
    lost = {p for p, c in zip(POINTS.points, seen.confidence[0], strict=True) if c == 0}
    assert missing <= lost
    assert not lost & {"left_knee", "right_wrist", "left_shoulder"}
    knee = POINTS.index("left_knee")
    assert seen.rays[:, knee] == pytest.approx(xy[:, of.index("left_knee")])
    neck = POINTS.index("neck")
    assert seen.rays[:, neck] == pytest.approx(
        xy[:, of.index("neck")] if "neck" in of.points
        else (xy[:, of.index("left_shoulder")] + xy[:, of.index("right_shoulder")]) / 2
    )  # fmt: skip
    assert seen.mediapipe == (name == "whole_body")


def test_unsure_points_are_missing_and_so_is_what_is_made_of_them():
    of = layout("coco_17")
    xy, sure = np.zeros((1, 17, 2)), np.full((1, 17), 0.9)
    sure[0, of.index("left_shoulder")] = 0.2
    seen = seen_of("coco_17", xy, sure, 1 / 30, min_confidence=0.3)
    assert seen.confidence[0, POINTS.index("left_shoulder")] == 0
    assert seen.confidence[0, POINTS.index("neck")] == 0
    assert seen.confidence[0, POINTS.index("right_shoulder")] == pytest.approx(0.9)
    assert (seen.confidence[0, BODY:] == 0).all()
