"""The catalogue of keypoint layouts, and conversion by names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.human.layouts import LAYOUTS, convert, layout, layout_of, make, match

SIZES = {
    "body_25": 25, "body_25b": 25, "halpe_26": 26, "coco_17": 17, "coco_133": 133,
    "openpose_137": 137, "mediapipe_33": 33, "mediapipe_478": 478, "hand_21": 21,
    "whole_body": 553, "dope_13": 13, "h36m_17": 17, "anny_joints": 104, "face_68": 68,
    "face_70": 70, "dope_hand_21": 21, "dope_right_hand_21": 21, "dope_84": 84, "dope_139": 139,
}  # fmt: skip
_SIDED = ["Hip", "Knee", "Ankle", "BigToe", "SmallToe", "Heel", "Shoulder", "Elbow", "Wrist"]
POSE2SIM = [*(f"{side}{point}" for side in "RL" for point in _SIDED), "Neck", "Head", "Nose"]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_well_formed(name):
    found = layout(name)
    assert len(found) == SIZES.get(name, len(found))
    assert len(set(found.points)) == len(found)
    assert sorted(i for part in found.parts.values() for i in part) == list(range(len(found)))
    for parent, child in found.bones:
        assert 0 <= parent < len(found)
        assert 0 <= child < len(found)
        assert parent != child


@pytest.mark.parametrize(
    "name", [n for n in LAYOUTS if not n.endswith("hand_21") and n != "hand_21"]
)
def test_mirroring_twice_is_nothing_and_keeps_the_bones(name):
    found = layout(name)
    mirror = np.array(found.mirror)
    assert (mirror[mirror] == np.arange(len(found))).all()
    bones = {frozenset(bone) for bone in found.bones}
    assert {frozenset(int(mirror[i]) for i in bone) for bone in found.bones} == bones


def test_official_orders():
    assert layout("coco_17").index("left_hip") == 11
    assert layout("body_25").points[8] == "pelvis"
    assert layout("body_25").points[19:] == tuple(
        f"{side}_{p}" for side in ("left", "right") for p in ("big_toe", "small_toe", "heel")
    )
    assert layout("body_25b").points[17:19] == ("upper_neck", "head_top")
    assert layout("halpe_26").points[20:] == (
        "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe",
        "left_heel", "right_heel",
    )  # fmt: skip
    assert layout("mediapipe_33").points[27:29] == ("left_ankle", "right_ankle")
    assert layout("whole_body").points[33:55:21] == ("left_hand_wrist", "right_hand_wrist")
    assert layout("whole_body").points[75] == "mesh_0"


def test_dopes_orders():
    hand = layout("dope_hand_21").points
    assert hand[0] == "left_hand_wrist"
    bases = ("thumb_cmc", "index_mcp", "middle_mcp", "ring_mcp", "pinky_mcp")
    assert hand[1:6] == tuple(f"left_{p}" for p in bases)
    assert hand[6:9] == ("left_thumb_mcp", "left_thumb_ip", "left_thumb_tip")
    assert hand[18:] == ("left_pinky_pip", "left_pinky_dip", "left_pinky_tip")
    face = layout("dope_84").points
    assert face[:33:2] == tuple(f"face_{i}" for i in range(17))
    assert face[33:] == tuple(f"face_{i}" for i in range(17, 68))
    whole = layout("dope_139").points
    assert whole[:13] == layout("dope_13").points
    assert whole[13:34] == hand
    assert whole[34:55] == layout("dope_right_hand_21").points
    assert whole[55:] == face


@pytest.mark.parametrize("source", LAYOUTS)
def test_points_that_two_layouts_share_go_over_and_come_back(source):
    points = np.random.default_rng(1).normal(size=(len(layout(source)), 3))
    for target in LAYOUTS:
        there = convert(points, source, target)
        shared = set(layout(source).points) & set(layout(target).points)
        for name in shared:
            moved = there[layout(target).index(name)]
            np.testing.assert_array_equal(moved, points[layout(source).index(name)])
        # What comes back is either what was there, or was lost on the way.
        back = convert(there, target, source)
        at = [layout(source).index(name) for name in shared]
        np.testing.assert_array_equal(back[at], points[at])


@pytest.mark.parametrize("source", LAYOUTS)
def test_a_mirrored_motion_converts_to_the_mirrored_result(source):
    if source.endswith("hand_21"):
        return
    mirror = np.array(layout(source).mirror)
    points = np.random.default_rng(2).normal(size=(len(mirror), 3))
    for target in LAYOUTS:
        if target.endswith("hand_21"):
            continue
        twins = np.array(layout(target).mirror)
        there = convert(points, source, target)
        np.testing.assert_allclose(convert(points[mirror], source, target), there[twins])


def test_the_face_mesh_mirrors_eye_corners_and_lips():
    mirror = layout("mediapipe_478").mirror
    assert (mirror[33], mirror[61], mirror[1], mirror[468]) == (263, 291, 1, 473)


def test_unknown_layout_names_the_known_ones():
    with pytest.raises(StudioError, match="body_25b"):
        layout("body_26")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_known_by_its_own_names(name):
    if name not in ("left_hand_21", "dope_hand_21", "dope_right_hand_21"):
        assert layout_of(layout(name).points).name == name


def test_markers_in_other_spellings():
    found = layout_of(POSE2SIM)
    assert found.name == "body_25b"
    at = match(POSE2SIM, found)
    assert POSE2SIM[at[found.index("right_big_toe")]] == "RBigToe"
    assert POSE2SIM[at[found.index("upper_neck")]] == "Neck"
    assert at[found.index("left_eye")] is None


def test_strange_markers_are_refused():
    with pytest.raises(StudioError, match="markers"):
        layout_of(["C7", "T10", "LASI", "RASI", "STRN", "CLAV", "LPSI"])


@given(st.integers(0, 16), st.integers(0, 2**32 - 1))
def test_converting_keeps_values_and_gaps(gone, seed):
    points = np.random.default_rng(seed).normal(size=(2, 17, 3))
    points[1, gone] = np.nan
    found = convert(points, "coco_17", "halpe_26")
    source, target = layout("coco_17"), layout("halpe_26")
    for name in source.points:
        np.testing.assert_array_equal(found[:, target.index(name)], points[:, source.index(name)])
    pelvis = points[:, [source.index("left_hip"), source.index("right_hip")]].mean(1)
    np.testing.assert_allclose(found[:, target.index("pelvis")], pelvis)
    assert np.isnan(found[:, target.index("left_heel")]).all()


def test_whole_body_to_openpose():
    points = np.arange(553 * 2, dtype=float).reshape(553, 2)
    found = convert(points, "whole_body", "openpose_137")
    source, target = layout("whole_body"), layout("openpose_137")
    assert (found[target.index("face_30")] == points[source.index("mesh_4")]).all()
    assert (found[target.index("left_pupil")] == points[source.index("mesh_473")]).all()
    assert np.isnan(found[target.index("left_small_toe")]).all()
    assert np.isfinite(found[target.index("neck")]).all()


def test_bones_without_ends_are_left_out():
    assert make("few", ("nose", "left_eye"), (("nose", "left_eye"), ("nose", "neck"))).bones == (
        (0, 1),
    )
