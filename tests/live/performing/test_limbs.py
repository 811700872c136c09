"""Turns from points: put back by forward kinematics they give the points' directions again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from studio.core.types import Skeleton
from studio.human.layouts import layout
from studio.live.performing.fingers import FINGERS, JOINTS, THUMB, finger_turns, thumb_at_rest
from studio.live.performing.limbs import PARENTS, Parts, limb_turns
from studio.live.performing.resting import resting
from studio.live.turning import (
    about,
    basis,
    head_turn,
    limited,
    matrices,
    part_of,
    quaternions,
    swing,
    twist_of,
)
from studio.perception.faces.solver import angles_of

POINTS = layout("openpose_137")
X, Y, Z = np.eye(3)
SIDES = (("left", 1.0), ("right", -1.0))


def t_pose() -> dict[str, np.ndarray]:
    """The points of somebody in T-pose, in metres."""
    at = {"pelvis": (0, 0, 0.9), "neck": (0, 0, 1.45)}
    for side, out in SIDES:
        at |= {
            f"{side}_hip": (0.1 * out, 0, 0.9), f"{side}_knee": (0.1 * out, 0, 0.5),
            f"{side}_ankle": (0.1 * out, 0, 0.1), f"{side}_heel": (0.1 * out, 0.06, 0.03),
            f"{side}_big_toe": (0.1 * out, -0.16, 0.03), f"{side}_shoulder": (0.17 * out, 0, 1.4),
            f"{side}_elbow": (0.45 * out, 0, 1.4), f"{side}_wrist": (0.7 * out, 0, 1.4),
        }  # fmt: skip
        at |= {f"{side}_{name}": p for name, p in hand(out).items()}
    return {name: np.array(p, float) for name, p in at.items()}


def hand(out: float) -> dict[str, np.ndarray]:
    """A flat hand in T-pose, palm down, its fingers a little apart, its thumb half ahead."""
    wrist = np.array([0.7 * out, 0, 1.4])
    points = {"hand_wrist": wrist}
    for k, finger in enumerate(("index", "middle", "ring", "pinky")):
        knuckle = wrist + np.array([0.09 * out, -0.03 + 0.02 * k, 0])
        for joint, far in zip(("mcp", "pip", "dip", "tip"), (0, 0.04, 0.065, 0.085), strict=True):
            points[f"{finger}_{joint}"] = knuckle + far * out * X
    way = thumb_at_rest("left" if out > 0 else "right")
    for joint, far in zip(("cmc", "mcp", "ip", "tip"), (0.02, 0.06, 0.09, 0.115), strict=True):
        points[f"thumb_{joint}"] = wrist + far * way
    return points


def skeleton(at: dict[str, np.ndarray]) -> Skeleton:
    xyz = np.full((len(POINTS), 3), np.nan)
    for name, p in at.items():
        xyz[POINTS.index(name)] = p
    return Skeleton(0.0, POINTS, xyz, np.full(len(POINTS), np.nan))


def stood(turns: dict[str, np.ndarray], bone: str) -> np.ndarray:
    """How a bone stands in the world."""
    own = turns.get(bone, np.eye(3))
    return own if bone == "hips" else stood(turns, PARENTS[bone]) @ own


def bent(at: dict[str, np.ndarray], joint: str, points: tuple[str, ...], turn: np.ndarray) -> None:
    """Turn some points about a joint."""
    for name in points:
        at[name] = at[joint] + turn @ (at[name] - at[joint])


def random_person(seed: int) -> dict[str, np.ndarray]:
    """Somebody in a pose that bodies can take."""
    rng = np.random.default_rng(seed)
    at = t_pose()
    for side, out in SIDES:
        hand_points = tuple(n for n in at if n.startswith(f"{side}_") and n.split("_")[1] in (
            "hand", "thumb", "index", "middle", "ring", "pinky"))  # fmt: skip
        elbow = about(-out * Z, rng.uniform(0.5, 2.0))
        bent(at, f"{side}_elbow", (f"{side}_wrist", *hand_points), elbow)
        arm = Rotation.from_rotvec(rng.normal(0, 0.7, 3)).as_matrix()
        bent(at, f"{side}_shoulder", (f"{side}_elbow", f"{side}_wrist", *hand_points), arm)
        knee = about(X, rng.uniform(0.4, 1.8))
        feet = tuple(f"{side}_{p}" for p in ("ankle", "heel", "big_toe"))
        bent(at, f"{side}_knee", feet, knee)
        bent(at, f"{side}_hip", (f"{side}_knee", *feet), about(X, -rng.uniform(0, 1.2)))
    whole = Rotation.from_rotvec(rng.normal(0, 0.4, 3)).as_matrix()
    return {name: whole @ p for name, p in at.items()}


LIMBS = {
    "UpperArm": ("shoulder", "elbow", lambda out: out * X),
    "LowerArm": ("elbow", "wrist", lambda out: out * X),
    "UpperLeg": ("hip", "knee", lambda out: -Z),
    "LowerLeg": ("knee", "ankle", lambda out: -Z),
}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_turns_put_back_by_forward_kinematics_give_the_points(seed):
    at = random_person(seed)
    turns = limb_turns(skeleton(at))
    for side, out in SIDES:
        for bone, (start, end, rest) in LIMBS.items():
            way = at[f"{side}_{end}"] - at[f"{side}_{start}"]
            there = stood(turns, f"{side}{bone}") @ rest(out)
            assert there == pytest.approx(way / np.linalg.norm(way), abs=1e-6), (side, bone)
        knuckles = [at[f"{side}_{f}_mcp"] for f in ("index", "middle", "ring", "pinky")]
        palm = np.mean(knuckles, axis=0) - at[f"{side}_hand_wrist"]
        there = stood(turns, f"{side}Hand") @ (out * X)
        assert there == pytest.approx(palm / np.linalg.norm(palm), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_elbows_and_knees_bend_about_their_hinges_only(seed):
    turns = limb_turns(skeleton(random_person(seed)), Parts(left_hand=False, right_hand=False))
    for side, out in SIDES:
        elbow = Rotation.from_matrix(turns[f"{side}LowerArm"]).as_rotvec()
        assert elbow[:2] == pytest.approx([0, 0], abs=1e-6)
        assert -out * elbow[2] > 0
        knee = Rotation.from_matrix(turns[f"{side}LowerLeg"]).as_rotvec()
        assert knee[1:] == pytest.approx([0, 0], abs=1e-6)
        assert knee[0] > 0  # never the wrong way


def test_t_pose_is_no_turn_at_all():
    turns = limb_turns(skeleton(t_pose()))
    for bone, turn in turns.items():
        assert turn == pytest.approx(np.eye(3), abs=0.25 if "Foot" in bone else 1e-6), bone


def test_a_person_who_turns_takes_all_along_and_bones_keep_still():
    at, whole = random_person(5), about(Z, 1.0)
    here = limb_turns(skeleton(at))
    there = limb_turns(skeleton({name: whole @ p for name, p in at.items()}))
    for bone, turn in here.items():
        wanted = whole @ turn if bone == "hips" else turn
        assert there[bone] == pytest.approx(wanted, abs=1e-6), bone


def test_a_straight_arm_does_not_spin():
    """Where the elbow is straight its plane is noise: the twist must not follow it."""
    rng, before = np.random.default_rng(0), None
    for _ in range(30):
        at = t_pose()
        at["left_elbow"] = at["left_elbow"] + rng.normal(0, 0.004, 3)
        turn = limb_turns(skeleton(at), Parts(left_hand=False))["leftUpperArm"]
        if before is not None:
            assert np.degrees(np.linalg.norm(Rotation.from_matrix(turn @ before.T).as_rotvec())) < 8
        before = turn


def test_a_hand_that_turns_over_twists_half_of_its_forearm():
    at = t_pose()
    points = tuple(f"left_{name}" for name in hand(1.0))
    bent(at, "left_hand_wrist", points, about(X, np.radians(80)))
    turns = limb_turns(skeleton(at))
    assert np.degrees(twist_of(turns["leftLowerArm"], X)) == pytest.approx(40, abs=1)
    assert np.degrees(twist_of(turns["leftHand"], X)) == pytest.approx(40, abs=1)


def test_what_is_not_believed_is_left_out():
    turns = limb_turns(skeleton(random_person(1)), Parts(False, False, True, False, False))
    assert not any("Leg" in bone or "Foot" in bone for bone in turns)
    assert not any(bone.startswith("left") for bone in turns)
    assert "rightLowerArm" in turns
    assert "rightHand" not in turns
    ahead = turns["hips"] @ -Y
    assert ahead[2] == pytest.approx(0)  # hips that are not seen are level


@pytest.mark.parametrize(("side", "out"), SIDES)
def test_fingers_curl_and_spread_as_they_are_seen(side, out):
    points = np.array(list(hand(out).values()))
    flat = points[[0, *range(17, 21), *range(1, 17)]]  # the thumb comes first in a layout
    rest = finger_turns(flat, side)
    for finger in FINGERS:
        for joint in JOINTS:
            assert rest[f"{side}{finger}{joint}"] == pytest.approx(np.eye(3), abs=1e-6)
    curled = flat.copy()
    for joint in (6, 7):  # the index finger, 40 degrees at each of two joints
        pivot, turn = curled[joint].copy(), about(out * Y, np.radians(40))
        curled[joint + 1 : 9] = pivot + (curled[joint + 1 : 9] - pivot) @ turn.T
    turns = finger_turns(curled, side)
    assert turns[f"{side}IndexProximal"] == pytest.approx(np.eye(3), abs=1e-6)
    for joint in ("Intermediate", "Distal"):
        wanted = about(out * Y, np.radians(40))
        assert turns[f"{side}Index{joint}"] == pytest.approx(wanted, abs=1e-6)
    whole = Rotation.from_rotvec([0.4, -0.8, 1.1]).as_matrix()
    moved = finger_turns(flat @ whole.T + 3.0, side)
    for bone, turn in rest.items():
        assert moved[bone] == pytest.approx(turn, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_points_break_a_finger(seed):
    """Whatever nonsense is seen: joints stay within what fingers do, and turns are turns."""
    points = np.random.default_rng(seed).normal(0, 0.05, (21, 3))
    for side, _ in SIDES:
        for bone, turn in finger_turns(points, side).items():
            assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-6)
            angle = np.degrees(np.linalg.norm(Rotation.from_matrix(turn).as_rotvec()))
            assert angle < 112, bone
    assert len(finger_turns(points, "left")) == 4 * 3 + len(THUMB)


@given(st.integers(0, 2**32 - 1))
def test_turns_and_angles_go_there_and_back(seed):
    rng = np.random.default_rng(seed)
    yaw, pitch, roll = rng.uniform(-80, 80, 3)
    assert angles_of(head_turn(yaw, pitch, roll)) == pytest.approx((yaw, pitch, roll))
    turn = Rotation.random(rng=rng).as_matrix()
    assert matrices(quaternions({"head": turn}))["head"] == pytest.approx(turn)
    assert limited(turn, 180.0) == pytest.approx(turn)
    small = Rotation.from_matrix(limited(turn, 30.0)).magnitude()
    assert small <= np.radians(30.0) + 1e-9
    a, b = rng.normal(0, 1, (2, 3))
    assert swing(a, b) @ a / np.linalg.norm(a) == pytest.approx(b / np.linalg.norm(b))
    assert np.linalg.det(basis(a, b)) == pytest.approx(1)
    assert part_of(part_of(turn, 0.5), 1.0) @ part_of(turn, 0.5) == pytest.approx(turn, abs=1e-6)


def test_opposite_directions_swing_too():
    assert swing(X, -X) @ X == pytest.approx(-X)
    assert swing(Z, -Z) @ Z == pytest.approx(-Z)


def test_head_angles_mean_what_they_say():
    assert head_turn(30, 0, 0) @ -Y == pytest.approx([0.5, -np.sqrt(0.75), 0])  # to the own left
    assert (head_turn(0, 30, 0) @ -Y)[2] == pytest.approx(0.5)  # up
    assert (head_turn(0, 0, 30) @ Z)[0] == pytest.approx(0.5)  # to the own left shoulder


def test_arms_at_rest_hang():
    turns = resting()
    for side, out in SIDES:
        upper = turns[f"{side}UpperArm"] @ (out * X)
        assert upper[2] < -0.9
        assert out * upper[0] > 0.1  # beside the body, not in it
        lower = turns[f"{side}UpperArm"] @ turns[f"{side}LowerArm"] @ (out * X)
        assert lower[1] < -0.1  # elbows bend ahead
