"""One camera's skeleton: placed, its bones fixed, stood upright."""

import numpy as np
import pytest

from studio.human.layouts import layout
from studio.vision.one_view import bone_lengths, hold_lengths, place, towards_rays, upright, walk
from studio.vision.report import rigid_bones

OUT = layout("openpose_137")
PELVIS = OUT.index("pelvis")


@pytest.fixture
def person():
    """Shapes (8 frames, 25 points) about the pelvis, where they are, and their rays."""
    rng = np.random.default_rng(4)
    shape = rng.normal(0, 0.4, (8, 25, 3))
    at = rng.uniform([-1, -1, 2.5], [1, 1, 6], (8, 3))
    there = shape + at[:, None]
    return shape, at, there[..., :2] / there[..., 2:]


def test_what_was_projected_is_placed_where_it_was(person):
    shape, at, rays = person
    assert place(shape, rays, np.ones((8, 25))) == pytest.approx(at, abs=1e-4)


def test_points_that_were_not_seen_do_not_matter(person):
    shape, at, rays = person
    weight = np.ones((8, 25))
    weight[:, 10:], rays[:, 10:] = 0.0, np.nan
    assert place(shape, rays, weight) == pytest.approx(at, abs=1e-4)


def test_nobody_is_placed_by_three_points(person):
    shape, _, rays = person
    weight = np.zeros((8, 25))
    weight[:4, :3] = weight[4:, :4] = 1.0
    known = np.isfinite(place(shape, rays, weight)).all(1)
    assert known.tolist() == [False] * 4 + [True] * 4


def test_noise_moves_a_near_person_less_than_a_far_one():
    rng = np.random.default_rng(1)
    shape = rng.normal(0, 0.4, (200, 25, 3))
    off = {}
    for away in (2.0, 8.0):
        at = np.array([0.0, 0.0, away])
        there = shape + at
        rays = there[..., :2] / there[..., 2:] + rng.normal(0, 0.002, (200, 25, 2))
        off[away] = np.abs(place(shape, rays, np.ones((200, 25))) - at)[:, 2].mean()
    assert off[2.0] < 0.03
    assert off[8.0] > 4 * off[2.0]


def test_the_walk_reaches_body_and_hands_from_the_pelvis():
    steps = walk(OUT, PELVIS)
    reached = {PELVIS}
    for parent, child in steps:
        assert parent in reached
        assert child not in reached
        reached.add(child)
    assert set(range(67)) <= reached


def test_bones_get_one_length_on_both_sides_and_keep_their_directions():
    rng = np.random.default_rng(2)
    bones, steps = rigid_bones(OUT), walk(OUT, PELVIS)
    still = rng.normal(0, 0.4, (137, 3))
    xyz = still + rng.normal(0, 0.01, (50, 137, 3))
    lengths = bone_lengths(xyz, bones, OUT.mirror)
    held = hold_lengths(xyz, steps, bones, lengths)
    index = {frozenset(b): k for k, b in enumerate(bones)}
    thigh = [OUT.index("left_hip"), OUT.index("left_knee")]
    twin = [OUT.mirror[i] for i in thigh]
    for a, b in (thigh, twin):
        long = np.linalg.norm(held[:, a] - held[:, b], axis=-1)
        assert long == pytest.approx(np.full(50, lengths[index[frozenset((a, b))]]))
        way, was = held[:, b] - held[:, a], xyz[:, b] - xyz[:, a]
        same = (way * was).sum(-1) / np.linalg.norm(way, axis=-1) / np.linalg.norm(was, axis=-1)
        assert same == pytest.approx(np.ones(50))
    assert lengths[index[frozenset(thigh)]] == lengths[index[frozenset(twin)]]
    assert held[:, PELVIS] == pytest.approx(xyz[:, PELVIS])


def test_frames_that_are_not_trusted_do_not_decide_a_length():
    bones = ((0, 1),)
    xyz = np.zeros((5, 2, 3))
    xyz[:, 1, 0] = [0.4, 0.4, 0.9, 0.9, 0.9]
    trust = np.array([1, 1, 0.1, 0.1, 0.1])[:, None].repeat(2, 1)
    assert bone_lengths(xyz, bones, (0, 1)) == pytest.approx([0.9])
    assert bone_lengths(xyz, bones, (0, 1), trust) == pytest.approx([0.4])


@pytest.mark.parametrize("up", [(0, -1, 0), (0.1, -0.9, -0.4), (0, 0, 1), (0.3, 0.2, -0.9)])
def test_upright_turns_up_to_z_and_the_camera_towards_y(up):
    R = upright(np.array(up, float))
    assert pytest.approx(np.eye(3)) == R @ R.T
    assert np.linalg.det(R) == pytest.approx(1)
    assert R @ np.array(up) == pytest.approx([0, 0, np.linalg.norm(up)])
    if abs(up[2]) < 0.99:
        ahead = R @ [0, 0, 1]
        assert ahead[0] == pytest.approx(0, abs=1e-9)
        assert ahead[1] > 0


def test_points_are_drawn_to_where_they_were_seen_and_bones_keep_their_lengths():
    rng = np.random.default_rng(5)
    bones, steps = rigid_bones(OUT), walk(OUT, PELVIS)
    true = rng.normal([0, 0, 4.0], 0.3, (6, 137, 3))
    lengths = bone_lengths(true[:1], bones, tuple(range(137)))
    true = hold_lengths(true, steps, bones, lengths)
    rays = true[..., :2] / true[..., 2:]
    start = hold_lengths(true + rng.normal(0, 0.05, true.shape), steps, bones, lengths)
    share = np.zeros((6, 137))
    share[:, :25] = 0.9
    drawn = towards_rays(start, rays, share, steps, bones, lengths)
    a, b = np.array(bones).T
    long = np.linalg.norm(drawn[:, a] - drawn[:, b], axis=-1)
    assert long == pytest.approx(np.broadcast_to(lengths, long.shape))
    before, after = (
        np.linalg.norm(x[..., :2] / x[..., 2:] - rays, axis=-1)[:, :25].mean()
        for x in (start, drawn)
    )
    assert after < 0.4 * before
    nothing = towards_rays(start, rays, 0 * share, steps, bones, lengths)
    assert nothing == pytest.approx(start)


def test_a_hand_that_was_not_seen_goes_with_its_wrist():
    bones, steps = rigid_bones(OUT), walk(OUT, PELVIS)
    xyz = np.random.default_rng(6).normal([0, 0, 4.0], 0.3, (1, 137, 3))
    lengths = bone_lengths(xyz, bones, tuple(range(137)))
    xyz = hold_lengths(xyz, steps, bones, lengths)
    wrist, hand = OUT.index("left_wrist"), OUT.index("left_hand_wrist")
    rays, share = xyz[..., :2] / xyz[..., 2:] + 0.05, np.zeros((1, 137))
    share[:, :25] = 1.0
    drawn = towards_rays(xyz, rays, share, steps, bones, lengths)
    assert np.linalg.norm(drawn[0, wrist] - xyz[0, wrist]) > 0.1
    assert drawn[0, hand] - drawn[0, wrist] == pytest.approx(xyz[0, hand] - xyz[0, wrist])
