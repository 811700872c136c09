"""Turns told from T-pose reach the right bones the right way, on avatars that rest anyhow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from avatar_people import person, person_in_t, sticks
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from studio.human.rig import ACTIONS
from studio.live.avatar import Puppet
from studio.live.avatar.face import Face
from studio.live.performance import Performance
from studio.media.formats.avatar import Avatar, avatar_of

AVATARS = {
    "A-pose": person,
    "T-pose": person_in_t,
    "sticks in T": lambda: avatar_of(sticks()),
    "sticks in A": lambda: avatar_of(sticks(arms_deg=45.0)),
}
X, Y, Z = np.eye(3)


@pytest.fixture(params=AVATARS)
def avatar(request: pytest.FixtureRequest) -> Avatar:
    return AVATARS[request.param]()


def said(time_s: float = 0.0, **told: object) -> Performance:
    return Performance(time_s, told.pop("weights", np.zeros(52)), **told)  # pyright: ignore


def quaternion(axis: np.ndarray, degrees: float) -> tuple[float, float, float, float]:
    x, y, z, w = Rotation.from_rotvec(np.radians(degrees) * axis).as_quat()
    return float(x), float(y), float(z), float(w)


def way(avatar: Avatar, world: np.ndarray, bone: str, tip: str) -> np.ndarray:
    line = world[avatar.bones[tip], :3, 3] - world[avatar.bones[bone], :3, 3]
    return line / np.linalg.norm(line)


def turned(avatar: Avatar, world: np.ndarray, bone: str) -> np.ndarray:
    """What a bone has turned from its rest, in world axes."""
    k = avatar.bones[bone]
    return world[k, :3, :3] @ avatar.character.armature.rest_world[k, :3, :3].T


def still(avatar: Avatar) -> Puppet:
    return Puppet(avatar, hang=False, breathe=False)


def test_rest_gives_rest(avatar: Avatar) -> None:
    posed = still(avatar).pose(said())
    rest = avatar.character.armature.rest_world
    np.testing.assert_allclose(posed.bones_world, rest, atol=1e-9)
    assert not posed.morphs.any()


def test_no_turn_of_every_bone_is_the_t_pose(avatar: Avatar) -> None:
    turns = dict.fromkeys(avatar.bones, (0.0, 0.0, 0.0, 1.0))
    world = still(avatar).pose(said(turns=turns)).bones_world
    for side, out in (("left", X), ("right", -X)):
        for bone, tip in (("UpperArm", "LowerArm"), ("LowerArm", "Hand")):
            np.testing.assert_allclose(way(avatar, world, f"{side}{bone}", f"{side}{tip}"), out,
                                       atol=0.02)  # fmt: skip
        legs = way(avatar, world, f"{side}UpperLeg", f"{side}LowerLeg")
        np.testing.assert_allclose(legs, -Z, atol=0.02)


def test_arms_go_where_they_are_told(avatar: Avatar) -> None:
    """The left arm hangs down with the forearm to the front; the right one is raised."""
    turns = {
        "leftShoulder": (0.0, 0.0, 0.0, 1.0), "rightShoulder": (0.0, 0.0, 0.0, 1.0),
        "leftUpperArm": quaternion(Y, 90), "leftLowerArm": quaternion(Z, -90),
        "rightUpperArm": quaternion(Y, 90), "rightLowerArm": (0.0, 0.0, 0.0, 1.0),
        "leftHand": (0.0, 0.0, 0.0, 1.0),
    }  # fmt: skip
    world = still(avatar).pose(said(turns=turns)).bones_world
    np.testing.assert_allclose(way(avatar, world, "leftUpperArm", "leftLowerArm"), -Z, atol=0.02)
    np.testing.assert_allclose(way(avatar, world, "leftLowerArm", "leftHand"), -Y, atol=0.02)
    np.testing.assert_allclose(way(avatar, world, "rightUpperArm", "rightLowerArm"), Z, atol=0.02)


@settings(max_examples=30, deadline=None)
@given(st.floats(-60, 60), st.floats(-40, 40), st.floats(-40, 40), st.floats(-40, 40))
def test_the_head_faces_where_it_is_told_whatever_the_trunk_does(
    yaw: float, pitch: float, roll: float, lean: float
) -> None:
    avatar = person()
    one = said(head_deg=(yaw, pitch, roll), turns={"spine": quaternion(Z, lean)})
    world = still(avatar).pose(one).bones_world
    head = turned(avatar, world, "head")
    ahead, crown, left = head @ -Y, head @ Z, head @ X
    a, b = np.radians(yaw), np.radians(pitch)
    expected = (np.sin(a) * np.cos(b), -np.cos(a) * np.cos(b), np.sin(b))
    np.testing.assert_allclose(ahead, expected, atol=1e-6)
    assert np.degrees(np.arcsin(np.clip(left[2], -1, 1))) == pytest.approx(
        -np.degrees(np.arcsin(np.sin(np.radians(roll)) * np.cos(b))), abs=1e-4
    )
    assert crown[2] > 0
    neck = Rotation.from_matrix(
        turned(avatar, world, "upperChest").T @ turned(avatar, world, "neck")
    ).magnitude()
    whole = Rotation.from_matrix(turned(avatar, world, "upperChest").T @ head).magnitude()
    assert neck == pytest.approx(0.4 * whole, abs=1e-6)  # the neck takes its share


def test_eyes_look_aside_by_bones_where_no_shape_moves_them() -> None:
    avatar = avatar_of(sticks())
    one = said(gaze_deg=(20.0, 10.0))
    world = still(avatar).pose(one).bones_world
    ahead = turned(avatar, world, "leftEye") @ -Y
    assert np.degrees(np.arctan2(ahead[0], -ahead[1])) == pytest.approx(20, abs=0.1)
    assert np.degrees(np.arcsin(ahead[2])) == pytest.approx(10, abs=0.1)
    shaped = still(person()).pose(one).bones_world  # its gaze shapes move its eyes already
    np.testing.assert_allclose(turned(person(), shaped, "leftEye"), np.eye(3), atol=1e-6)


def test_weights_move_the_shapes_of_their_names() -> None:
    weights = np.zeros(52)
    weights[ACTIONS.index("jawOpen")] = 0.7
    morphs = still(person()).pose(said(weights=weights)).morphs
    names = person().character.morph_names
    assert {names[k]: morphs[k] for k in np.flatnonzero(morphs)} == {"jawOpen": pytest.approx(0.7)}


def test_arms_that_nobody_tells_of_hang_and_are_eased_in_and_out() -> None:
    avatar = person_in_t()
    puppet = Puppet(avatar)
    hanging = puppet.pose(said()).bones_world
    assert way(avatar, hanging, "leftUpperArm", "leftLowerArm")[2] < -0.9
    out = {"leftUpperArm": (0.0, 0.0, 0.0, 1.0), "leftShoulder": (0.0, 0.0, 0.0, 1.0)}
    heights = []
    for k in range(1, 40):
        told = out if k < 20 else {}
        world = puppet.pose(said(k / 30, turns=told)).bones_world
        heights.append(way(avatar, world, "leftUpperArm", "leftLowerArm")[2])
    assert heights[18] == pytest.approx(0, abs=0.05)
    assert heights[-1] < -0.9
    assert np.abs(np.diff(heights)).max() < 0.25  # nothing jumps


def test_hips_move_by_the_avatars_own_measure() -> None:
    small = avatar_of(sticks())
    puppet = still(small)
    before = puppet.pose(said(hips_m=(0.0, 0.0, 0.0))).bones_world
    after = puppet.pose(said(1.0, hips_m=(0.1, 0.0, -0.2))).bones_world
    moved = after[:, :3, 3] - before[:, :3, 3]
    assert np.ptp(moved, axis=0).max() < 1e-9
    assert moved[0] / np.array((0.1, 1, -0.2)) == pytest.approx((1 / 0.93, 0, 1 / 0.93))


def test_breath_moves_the_chest_a_little_and_never_the_gaze() -> None:
    puppet = Puppet(person())
    heads, chests = [], []
    for k in range(120):
        world = puppet.pose(said(k / 30)).bones_world
        heads.append(turned(person(), world, "head"))
        chests.append(turned(person(), world, "chest"))
    swing = Rotation.from_matrix(np.array(chests)).magnitude()
    assert 0.3 < np.degrees(swing.max()) < 2
    assert np.degrees(Rotation.from_matrix(np.array(heads)).magnitude().max()) < 1e-4


def test_a_face_of_presets_alone_gets_the_nearest_mixture() -> None:
    own = person()
    presets = {name: {f"s{k}": 1.0} for k, name in enumerate(("aa", "ou", "happy", "blink"))}
    shapes = replace(own.character, morph_names=("s0", "s1", "s2", "s3"))
    few = replace(own, actions={}, presets=presets, character=shapes)
    face = Face(few)

    def shown(**weights: float) -> np.ndarray:
        told = np.zeros(52)
        for name, weight in weights.items():
            told[ACTIONS.index(name)] = weight
        return face.shapes(told, (0.0, 0.0))

    both = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "cheekSquintLeft": 0.5,
            "cheekSquintRight": 0.5}  # fmt: skip
    assert shown(jawOpen=0.6).argmax() == 0
    assert shown(mouthPucker=0.8, mouthFunnel=0.3).argmax() == 1
    assert shown(**both).argmax() == 2
    assert shown(**both)[2] > 0.5
    assert shown(eyeBlinkLeft=1.0, eyeBlinkRight=1.0) == pytest.approx([0, 0, 0, 1])
    assert not shown().any()


def test_what_a_rig_lacks_is_done_by_its_neighbours() -> None:
    own = person()
    few = {k: v for k, v in own.bones.items() if k not in ("upperChest", "neck", "leftShoulder")}
    turns = {name: quaternion(Z, 10) for name in ("spine", "chest", "upperChest", "neck", "head")}
    turns |= {"leftShoulder": quaternion(Y, 15), "leftUpperArm": quaternion(Y, 30)}
    worlds = [still(avatar).pose(said(turns=turns)).bones_world
              for avatar in (own, replace(own, bones=few))]  # fmt: skip
    for bone in ("head", "leftUpperArm", "leftLowerArm"):
        k = own.bones[bone]
        np.testing.assert_allclose(worlds[0][k, :3, :3], worlds[1][k, :3, :3], atol=1e-6)
