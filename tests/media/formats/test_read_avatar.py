"""Avatars of any maker: what was written comes back, and names are understood in any spelling."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_people import person, sticks
from gltf_twin import Glb
from synthetic_people import person as random_person

from studio.core.errors import StudioError
from studio.human.rig import ACTIONS
from studio.media.formats.avatar import avatar_of, read_avatar
from studio.media.formats.avatar.faces import arkit_names, drives_of, preset_name
from studio.media.formats.gltf import write_glb
from studio.media.formats.gltf.binary import Binary
from studio.media.formats.gltf.read import read_gltf
from studio.media.formats.vrm import write_vrm

CORE = ("hips", "spine", "head", "leftUpperArm", "rightLowerArm", "leftHand", "rightUpperLeg",
        "leftLowerLeg", "rightFoot")  # fmt: skip


def test_our_own_glb_comes_back_as_it_was(tmp_path: Path) -> None:
    own = person().character
    write_glb(tmp_path / "own.glb", own)
    back = read_avatar(tmp_path / "own.glb")
    armature = back.character.armature
    assert armature.names == own.armature.names
    np.testing.assert_allclose(armature.rest_world, own.armature.rest_world, atol=1e-5)
    assert back.bones == person().bones
    assert set(back.actions) == set(ACTIONS)
    assert back.notes == ()
    for mine, theirs in zip(own.parts, back.character.parts, strict=True):
        np.testing.assert_allclose(
            theirs.mesh.vertices_m[theirs.mesh.faces], mine.mesh.vertices_m[mine.mesh.faces],
            atol=1e-5,
        )  # fmt: skip
        assert theirs.mesh.uv == pytest.approx(mine.mesh.uv, abs=1e-5)
        # seams of the texture are no seams of the skin
        assert len(theirs.mesh.vertices_m) <= len(mine.mesh.vertices_m)
        for name in mine.morphs:
            np.testing.assert_allclose(
                theirs.morphs[name][theirs.mesh.faces], mine.morphs[name][mine.mesh.faces],
                atol=2e-5,
            )  # fmt: skip


def test_our_own_vrm_comes_back_with_bones_and_expressions(tmp_path: Path) -> None:
    write_vrm(tmp_path / "own.vrm", person().character)
    back = read_avatar(tmp_path / "own.vrm")
    assert set(back.bones) == set(person().bones) - {"leftToes", "rightToes"}
    assert {"aa", "blink", "happy"} <= set(back.presets)
    assert set(back.actions) == set(ACTIONS)
    left = back.character.armature.rest_world[back.bones["leftHand"], :3, 3]
    assert left[0] > 0.5  # the left hand is at +X, arms out, facing -Y


@pytest.mark.parametrize("seed", range(4))
def test_skins_of_any_tree_come_back(tmp_path: Path, seed: int) -> None:
    own = random_person(9, 0, seed=seed)
    write_glb(tmp_path / "p.glb", own)
    back = read_gltf(tmp_path / "p.glb").character
    order = [back.armature.names.index(name) for name in own.armature.names]
    np.testing.assert_allclose(back.armature.rest_world[order], own.armature.rest_world, atol=1e-5)
    for mine, theirs in zip(own.parts, back.parts, strict=True):
        shares = np.zeros((2, len(mine.mesh.faces) * 3, 9))
        for k, part in enumerate((mine, theirs)):
            corner = part.mesh.faces.ravel()
            for joint, weight in zip(part.joints[corner].T, part.weights[corner].T, strict=True):
                to = joint if k == 0 else np.argsort(order)[joint]
                np.add.at(shares[k], (np.arange(len(corner)), to), weight)
        np.testing.assert_allclose(shares[0], shares[1], atol=1e-5)


def _unreal(name: str) -> str:
    side = "_l" if name.startswith("Left") else "_r" if name.startswith("Right") else ""
    bare = name.removeprefix("Left").removeprefix("Right")
    table = {"Hips": "pelvis", "Spine": "spine_01", "Spine1": "spine_02", "Spine2": "spine_03",
             "Neck": "neck_01", "Head": "head", "Eye": "eye", "Shoulder": "clavicle",
             "Arm": "upperarm", "ForeArm": "lowerarm", "Hand": "hand", "UpLeg": "thigh",
             "Leg": "calf", "Foot": "foot", "ToeBase": "ball"}  # fmt: skip
    if bare.startswith("HandIndex"):
        return f"index_0{bare[-1]}{side}"
    if bare.startswith("HandPinky"):
        return f"pinky_0{bare[-1]}{side}"
    return f"{table[bare]}{side}"


def _vroid(name: str) -> str:
    side = "L" if name.startswith("Left") else "R" if name.startswith("Right") else "C"
    bare = name.removeprefix("Left").removeprefix("Right")
    table = {"Spine1": "Chest", "Spine2": "UpperChest", "Eye": "FaceEye", "Arm": "UpperArm",
             "ForeArm": "LowerArm", "UpLeg": "UpperLeg", "Leg": "LowerLeg"}  # fmt: skip
    bare = bare.replace("HandIndex", "Index").replace("HandPinky", "Little")
    return f"J_Bip_{side}_{table.get(bare, bare)}"


def _blender(name: str) -> str:
    side = ".L" if name.startswith("Left") else ".R" if name.startswith("Right") else ""
    bare = name.removeprefix("Left").removeprefix("Right")
    table = {"Arm": "upper_arm", "ForeArm": "forearm", "UpLeg": "thigh", "Leg": "shin",
             "Spine1": "spine.001", "Spine2": "spine.002", "ToeBase": "toe"}  # fmt: skip
    if bare.startswith(("HandIndex", "HandPinky")):
        return f"f_{bare[4:-1].lower()}.0{bare[-1]}{side}"
    return f"{table.get(bare, bare.lower())}{side}"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "Mixamo": lambda name: f"mixamorig:{name}", "Ready Player Me": str, "Unreal": _unreal,
    "VRoid": _vroid, "Blender": _blender,
}  # fmt: skip


@pytest.mark.parametrize("maker", SPELLINGS)
def test_bones_are_known_by_the_names_of_many_makers(maker: str) -> None:
    bones = avatar_of(sticks(SPELLINGS[maker])).bones
    reference = avatar_of(sticks(str)).bones
    assert bones == reference
    assert set(CORE) <= set(bones)
    assert {"chest", "upperChest", "neck", "leftEye", "rightToes", "leftIndexProximal",
            "rightIndexDistal", "leftLittleProximal"} <= set(bones)  # fmt: skip


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("eyeBlinkLeft", ("eyeBlinkLeft",)), ("eyeBlink_L", ("eyeBlinkLeft",)),
        ("EyeBlink_Left", ("eyeBlinkLeft",)), ("eye_blink_left", ("eyeBlinkLeft",)),
        ("Head.eyeBlink_R", ("eyeBlinkRight",)), ("blendShape1.jawOpen", ("jawOpen",)),
        ("JawOpen", ("jawOpen",)), ("mouthLeft", ("mouthLeft",)),
        ("mouthSmile_R", ("mouthSmileRight",)), ("browInnerUp", ("browInnerUp",)),
        ("mouthSmile", ("mouthSmileLeft", "mouthSmileRight")), ("Fcl_MTH_A", ()),
        ("hat", ()), ("Left_EyeBlink", ("eyeBlinkLeft",)),
    ],
)  # fmt: skip
def test_shapes_are_known_in_any_spelling(spelled: str, meant: tuple[str, ...]) -> None:
    assert arkit_names(spelled) == meant


@pytest.mark.parametrize(
    ("spelled", "preset"),
    [
        ("Fcl_MTH_A", "aa"), ("viseme_aa", "aa"), ("あ", "aa"), ("A", "aa"), ("viseme_E", "ee"),
        ("Fcl_EYE_Close_L", "blinkLeft"), ("Blink_R", "blinkRight"), ("まばたき", "blink"),
        ("Joy", "happy"), ("Fcl_ALL_Sorrow", "sad"), ("hat", ""), ("Fcl_BRW_Fun", ""),
    ],
)  # fmt: skip
def test_presets_are_known_in_any_spelling(spelled: str, preset: str) -> None:
    assert preset_name(spelled) == preset


def test_a_shape_by_its_right_name_goes_before_one_that_means_the_same() -> None:
    actions, _ = drives_of(["mouthOpen", "jawOpen", "mouthSmile", "mouthSmileLeft"])
    assert actions["jawOpen"] == {"jawOpen": 1.0}
    assert actions["mouthSmileLeft"] == {"mouthSmileLeft": 1.0}
    assert actions["mouthSmileRight"] == {"mouthSmile": 0.5}


def figure(path: Path, joints: int = 8, scale: float = 1.0, **more: Any) -> Path:
    """A small figure written by hand: a strip on three bones, eight of them a vertex."""
    file = Binary()
    y = np.linspace(0, 1.7 * scale, 12)
    points = np.concatenate([np.stack([x + 0 * y, y, 0 * y], 1) for x in (0.0, 0.1 * scale)])
    faces = np.array([[k, k + 1, k + 12] for k in range(11)], "<u2")
    shares = np.zeros((24, 8), "<f4")
    shares[:, 0], shares[:, 5] = 0.25, 0.75
    own = np.zeros((24, 8), "u1")
    own[:, 5] = 2
    attributes = {"POSITION": file.accessor(points.astype("<f4"), "VEC3", bounds=True)}
    for k in range(joints // 4):
        attributes[f"JOINTS_{k}"] = file.accessor(own[:, 4 * k : 4 * k + 4], "VEC4")
        attributes[f"WEIGHTS_{k}"] = file.accessor(shares[:, 4 * k : 4 * k + 4], "VEC4")
    primitive = {"attributes": attributes, "indices": file.accessor(faces, "SCALAR")}
    file.add("meshes", {"primitives": [primitive], **more})
    inverse = np.tile(np.eye(4, dtype="<f4"), (3, 1, 1))
    for k in range(3):
        inverse[k, 3, 1] = -0.5 * k * scale
    nodes: list[dict[str, Any]] = [
        {"name": "Hips", "children": [1]},
        {"name": "Spine", "children": [2], "translation": [0, 0.5 * scale, 0]},
        {"name": "Head", "translation": [0, 0.5 * scale, 0]},
        {"name": "Body", "mesh": 0, "skin": 0},
    ]
    for node in nodes:
        file.add("nodes", node)
    file.add("skins", {"joints": [0, 1, 2], "inverseBindMatrices": file.accessor(inverse, "MAT4")})
    file.add("scenes", {"nodes": [0, 3]})
    file.write(path)
    return path


def test_more_than_four_joints_a_vertex_keep_the_strongest(tmp_path: Path) -> None:
    (part,) = read_gltf(figure(tmp_path / "f.glb")).character.parts
    strongest = part.joints[np.arange(len(part.joints)), part.weights.argmax(1)]
    assert (strongest == 2).all()
    assert part.weights.max(1) == pytest.approx(0.75)
    assert part.weights.sum(1) == pytest.approx(1.0)


def test_other_units_are_told_by_the_size(tmp_path: Path) -> None:
    avatar = read_avatar(figure(tmp_path / "f.glb", scale=100.0))
    heights = avatar.character.parts[0].mesh.vertices_m[:, 2]
    assert np.ptp(heights) == pytest.approx(1.7)
    assert avatar.character.armature.rest_world[2, 2, 3] == pytest.approx(1.0)
    assert any("scaled" in note for note in avatar.notes)


def test_files_beside_and_inside_are_read_alike(tmp_path: Path) -> None:
    glb = Glb(figure(tmp_path / "f.glb"))
    document = {**glb.json, "buffers": [{"byteLength": len(glb.bin), "uri": "my%20data.bin"}]}
    (tmp_path / "my data.bin").write_bytes(glb.bin)
    (tmp_path / "f.gltf").write_text(json.dumps(document))
    inside = {
        **document,
        "buffers": [
            {
                "byteLength": len(glb.bin),
                "uri": "data:application/octet-stream;base64," + base64.b64encode(glb.bin).decode(),
            }
        ],
    }
    (tmp_path / "i.gltf").write_text(json.dumps(inside))
    shapes = [
        read_gltf(tmp_path / name).character.parts[0].mesh.vertices_m
        for name in ("f.glb", "f.gltf", "i.gltf")
    ]
    np.testing.assert_array_equal(shapes[0], shapes[1])
    np.testing.assert_array_equal(shapes[0], shapes[2])
    (tmp_path / "my data.bin").unlink()
    with pytest.raises(StudioError, match="not beside it"):
        read_gltf(tmp_path / "f.gltf")


def test_without_a_skeleton_or_shapes_it_is_still_an_avatar_with_notes(tmp_path: Path) -> None:
    file = Binary()
    points = np.array([[0, 0, 0], [0.2, 0, 0], [0, 0.3, 0]], "<f4")
    attributes = {"POSITION": file.accessor(points, "VEC3", bounds=True)}
    file.add("meshes", {"primitives": [{"attributes": attributes}]})
    file.add("nodes", {"mesh": 0})
    file.write(tmp_path / "bust.glb")
    avatar = read_avatar(tmp_path / "bust.glb")
    assert avatar.bones == {"head": 0}
    assert any("skeleton" in note for note in avatar.notes)
    assert any("face" in note for note in avatar.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"not a figure", "cannot be read"),
        (b'{"asset":{"version":"1.0"}}', "1.0"),
        (b'{"asset":{"version":"2.0"}}', "no mesh"),
        (b'{"asset":{"version":"2.0"},"extensionsRequired":["KHR_draco_mesh_compression"]}',
         "Draco"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.gltf").write_bytes(content)
    with pytest.raises(StudioError, match=words):
        read_avatar(tmp_path / "a.gltf")


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    path = figure(tmp_path / "f.glb")
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(StudioError, match=r"f\.glb” is cut off: 900 bytes"):
        read_avatar(path)


def test_old_vrm_names_bones_and_expressions(tmp_path: Path) -> None:
    path = figure(tmp_path / "old.glb")
    raw = Glb(path)
    extension = {
        "humanoid": {"humanBones": [
            {"bone": name, "node": k} for k, name in enumerate(("hips", "spine", "head"))]},
        "blendShapeMaster": {"blendShapeGroups": [
            {"name": "A", "presetName": "a", "binds": [{"mesh": 0, "index": 1, "weight": 50}]},
            {"name": "BrowInnerUp", "presetName": "unknown",
             "binds": [{"mesh": 0, "index": 0, "weight": 100}]}]},
    }  # fmt: skip
    document = raw.json
    document["extensions"] = {"VRM": extension}
    targets = [{"POSITION": document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]}] * 2
    document["meshes"][0]["primitives"][0]["targets"] = targets
    document["meshes"][0]["extras"] = {"targetNames": ["one", "two"]}
    document["buffers"] = [{"byteLength": len(raw.bin), "uri": "b.bin"}]
    (tmp_path / "b.bin").write_bytes(raw.bin)
    (tmp_path / "old.gltf").write_text(json.dumps(document))
    avatar = read_avatar(tmp_path / "old.gltf")
    assert set(avatar.bones) == {"hips", "spine", "head"}
    assert avatar.presets == {"aa": {"two": 0.5}}
    assert avatar.actions == {"browInnerUp": {"one": 1.0}}
