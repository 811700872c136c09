"""BVH: exact against bones_world, against a slow twin, and against another library."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_people import motion, tree

from studio.core import frames
from studio.core.errors import StudioError
from studio.media.formats.bvh import joints_motion, read_bvh, write_bvh
from studio.media.formats.bvh.euler import continuous, from_matrix, to_matrix

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import bvhio

ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
orders = st.sampled_from(ORDERS)
ups = st.sampled_from(["x", "y", "z", "-x", "-y", "-z"])


def slow_twin(path: Path) -> dict[str, np.ndarray]:
    """World joint positions (frames, 3) by name, in file axes: recursion over the text."""
    head, _, tail = path.read_text("utf-8").partition("MOTION\n")
    rows = np.array([line.split() for line in tail.splitlines()[2:]], float)
    tokens = iter(head.split()[1:])
    places: dict[str, np.ndarray] = {}
    column = 0

    def joint(turn: np.ndarray, place: np.ndarray) -> None:
        nonlocal column
        name = next(tokens)
        assert [next(tokens), next(tokens)] == ["{", "OFFSET"]
        offset = np.tile([float(next(tokens)) for _ in range(3)], (len(rows), 1))
        channels: list[str] = []
        for token in tokens:
            if token == "CHANNELS":
                channels = [next(tokens) for _ in range(int(next(tokens)))]
                own = turn
                for channel in channels:
                    value = rows[:, column]
                    column += 1
                    axis = "XYZ".index(channel[0])
                    if channel.endswith("position"):
                        offset[:, axis] = value
                    else:
                        own = own @ np.array([spin(axis, v) for v in value])
                places[name] = place + np.einsum("fij,fj->fi", turn, offset)
            elif token == "JOINT":
                joint(own, places[name])
            elif token == "End":
                [next(tokens) for _ in range(7)]
            elif token == "}":
                return

    assert next(tokens) == "ROOT"
    joint(np.tile(np.eye(3), (len(rows), 1, 1)), np.zeros((len(rows), 3)))
    return places


def spin(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {0: np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
            1: np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
            2: np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])}[axis]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(orders, st.lists(st.floats(-3.1, 3.1), min_size=3, max_size=3))
def test_euler_round_trip(order, angles) -> None:
    turn = to_matrix(np.array(angles), order)
    np.testing.assert_allclose(to_matrix(from_matrix(turn, order), order), turn, atol=1e-7)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("middle", [np.pi / 2, -np.pi / 2])
def test_euler_in_gimbal_lock(order, middle: float) -> None:
    turn = to_matrix(np.array([0.4, middle, -1.1]), order)
    np.testing.assert_allclose(to_matrix(from_matrix(turn, order), order), turn, atol=1e-7)


def test_angles_do_not_jump_over_a_whole_turn_through_gimbal_lock() -> None:
    spinning = np.linspace(0, 4 * np.pi, 200)
    turns = to_matrix(np.stack([0 * spinning + 0.3, spinning, 0 * spinning + 0.2], -1), "ZXY")
    raw = from_matrix(turns, "ZXY")
    smooth = continuous(raw)
    assert np.abs(np.diff(raw, axis=0)).max() > 3
    assert np.abs(np.diff(smooth, axis=0)).max() < 0.1
    np.testing.assert_allclose(to_matrix(smooth, "ZXY"), turns, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 14), st.integers(1, 8), st.integers(0, 99), orders, ups,
       st.sampled_from(["m", "cm", "mm"]))  # fmt: skip
def test_joints_are_where_the_bones_are(
    tmp_path_factory: pytest.TempPathFactory, bones, count, seed, order, up, unit
) -> None:
    path = tmp_path_factory.mktemp("bvh") / "take.bvh"
    armature = tree(bones, seed)
    animation = motion(armature, count, 0, seed)
    write_bvh(path, armature, animation, up=up, unit=unit, order=order)
    expected = frames.points_from_world(animation.bones_world[..., :3, 3], up)
    twin = slow_twin(path)
    for k, name in enumerate(armature.names):
        place = twin[name] * frames.to_metres(unit)
        np.testing.assert_allclose(place, expected[:, k], atol=5e-6)

    back, played = read_bvh(path, up, unit)
    at = [back.names.index(name) for name in armature.names]
    np.testing.assert_allclose(
        joints_motion(back, played).xyz_m[:, at], animation.bones_world[..., :3, 3], atol=5e-6
    )
    turned = animation.bones_world[..., :3, :3] @ armature.rest_world[:, :3, :3].swapaxes(-1, -2)
    theirs = played.bones_world[..., :3, :3] @ back.rest_world[:, :3, :3].swapaxes(-1, -2)
    np.testing.assert_allclose(theirs[:, at], turned, atol=1e-6)
    offsets = armature.rest_world[:, :3, 3] - armature.rest_world[0, :3, 3]
    np.testing.assert_allclose(back.rest_world[at, :3, 3], offsets, atol=5e-6)


def test_another_library_agrees(tmp_path: Path) -> None:
    armature = tree(9, 4)
    armature = replace(armature, names=tuple(f"bone{k}" for k in range(9)))
    animation = motion(armature, 6, 0, 4)
    write_bvh(tmp_path / "take.bvh", armature, animation, unit="m")
    root = bvhio.readAsHierarchy(str(tmp_path / "take.bvh"))
    expected = frames.points_from_world(animation.bones_world[..., :3, 3], "y")
    for frame in range(6):
        root.loadPose(frame)
        theirs = {joint.Name: np.array(joint.PositionWorld) for joint, *_ in root.layout()}
        for k, name in enumerate(armature.names):
            np.testing.assert_allclose(theirs[name], expected[frame, k], atol=1e-5)


def test_stretching_bones_and_several_roots_survive(tmp_path: Path) -> None:
    armature = tree(6)
    armature = replace(armature, parents=np.array([-1, 0, -1, 2, 3, 3]))
    animation = motion(tree(6), 5, 0)
    write_bvh(tmp_path / "take.bvh", armature, animation)
    back, played = read_bvh(tmp_path / "take.bvh")
    assert back.names[0] == "Origin"
    at = [back.names.index(name) for name in armature.names]
    np.testing.assert_allclose(
        played.bones_world[..., :3, 3][:, at], animation.bones_world[..., :3, 3], atol=5e-6
    )


def test_rest_pose_alone_and_ends(tmp_path: Path) -> None:
    armature = replace(tree(1), names=("two words",))
    write_bvh(tmp_path / "rest.bvh", armature, None)
    back, played = read_bvh(tmp_path / "rest.bvh")
    assert back.names == ("two_words",)
    np.testing.assert_allclose(played.bones_world[0, 0, :3, 3], armature.rest_world[0, :3, 3],
                               atol=1e-7)  # fmt: skip
    ours = armature.tails_m[0] - armature.rest_world[0, :3, 3]
    np.testing.assert_allclose(back.tails_m[0] - back.rest_world[0, :3, 3], ours, atol=1e-7)


def test_real_clip_reads_as_a_person(footage, tmp_path: Path) -> None:
    lines = (footage("anim_bvh_cmu") / "01_01.bvh").read_text().splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("Frames:"))
    lines = [*lines[:start], "Frames: 150", *lines[start + 1 : start + 152]]
    path = tmp_path / "clip.bvh"
    path.write_text("\n".join(lines))
    armature, animation = read_bvh(path, unit="in")
    twin = slow_twin_free(path)
    np.testing.assert_allclose(
        frames.points_from_world(animation.bones_world[..., :3, 3], "y", "in")[-1],
        twin, atol=1e-3)  # fmt: skip
    write_bvh(tmp_path / "again.bvh", armature, animation, unit="in", order="ZYX")
    back, again = read_bvh(tmp_path / "again.bvh", unit="in")
    assert back.names == armature.names
    np.testing.assert_allclose(again.bones_world, animation.bones_world, atol=1e-5)
    head = armature.names.index("Head")
    assert (animation.bones_world[:, head, 2, 3] > animation.bones_world[:, 0, 2, 3]).all()


def slow_twin_free(path: Path) -> np.ndarray:
    """Joint positions of the last frame, by the other library."""
    root = bvhio.readAsHierarchy(str(path))
    root.loadPose(149)
    return np.array([list(joint.PositionWorld) for joint, *_ in root.layout()])


GOOD = "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\nEnd Site\n{\nOFFSET 0 1 0\n}\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n1 2 3\n"  # noqa: E501


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("HIERARCHY", "hello"), "line 1"),
        (("1 2 3\n", "1 2\n"), "need 3 numbers, 2"),
        (("1 2 3", "1 two 3"), "among the numbers"),
        (("1 2 3", "1 nan 3"), "need 3 numbers, 2"),
        (("Zrotation", "Zorro"), "zorro"),
        (("0.1", "0"), "not positive"),
        (("OFFSET 0 0 0", "OFFSET 0 x 0"), "not a number"),
        (("}\n}\n", "}\n"), "line 10"),
        (("MOTION\n", ""), "stands where"),
        ((GOOD[GOOD.index("Xrot") :], ""), "ends too early"),
    ],
)
def test_bad_files_are_explained(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(GOOD)
    read_bvh(path)
    path.write_text(GOOD.replace(*change))
    with pytest.raises(StudioError, match=says):
        read_bvh(path)


def test_nothing_to_write_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no bones"):
        write_bvh(tmp_path / "a.bvh", tree(0), None)
    animation = motion(tree(2), 2, 0)
    animation.bones_world[0, 0] = np.nan
    with pytest.raises(StudioError, match="missing values"):
        write_bvh(tmp_path / "a.bvh", tree(2), animation)
