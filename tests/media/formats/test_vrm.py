"""VRM 1.0: a T, on the floor, with every bone, expression and permission in its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from anny_people import anny_person
from gltf_twin import Glb, validate
from scipy.spatial.transform import Rotation
from synthetic_people import person

from studio.core.errors import StudioError
from studio.human.humanoid import HUMANOID
from studio.media.formats.rights import Rights
from studio.media.formats.vrm import Permissions, write_vrm, write_vrma
from studio.media.formats.vrm.expressions import PRESETS
from studio.media.formats.vrm.humanoid import REQUIRED, bone_names, humanoid_bones


@pytest.fixture(scope="module")
def avatar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vrm") / "anny.vrm"
    write_vrm(path, anny_person(), rights=Rights(("Zoë",)), permissions=Permissions("everyone"))
    return path


def places(glb: Glb) -> dict[str, np.ndarray]:
    """Where VRM's bones are at rest."""
    up = {child: k for k, node in enumerate(glb.nodes) for child in node.get("children", [])}
    human = glb.json["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"]
    found: dict[str, np.ndarray] = {}
    for bone, entry in human.items():
        node, place = entry["node"], np.zeros(3)
        while node is not None:
            assert glb.nodes[node].get("rotation", [0, 0, 0, 1]) == [0, 0, 0, 1]
            place += glb.nodes[node].get("translation", (0, 0, 0))
            node = up.get(node)
        found[bone] = place
    return found


def test_it_is_valid_and_complete(avatar: Path) -> None:
    assert validate(avatar) == []
    vrm = Glb(avatar).json["extensions"]["VRMC_vrm"]
    assert vrm["specVersion"] == "1.0"
    assert set(REQUIRED) <= set(vrm["humanoid"]["humanBones"]) == set(HUMANOID)
    assert vrm["meta"]["authors"] == ["Zoë"]
    assert vrm["meta"]["licenseUrl"] == "https://vrm.dev/licenses/1.0/"
    assert vrm["meta"]["avatarPermission"] == "everyone"
    assert set(vrm["expressions"]["preset"]) == set(PRESETS)
    assert not set(vrm["expressions"]["preset"]) & set(vrm["expressions"]["custom"])
    assert len(vrm["expressions"]["custom"]) >= 50
    assert "animations" not in Glb(avatar).json


def test_it_stands_in_a_t(avatar: Path) -> None:
    at = places(Glb(avatar))
    for side, out in (("left", 1), ("right", -1)):
        for first, second in (("UpperArm", "LowerArm"), ("LowerArm", "Hand"),
                              ("IndexProximal", "IndexDistal"),
                              ("LittleProximal", "LittleIntermediate")):  # fmt: skip
            way = at[f"{side}{second}"] - at[f"{side}{first}"]
            np.testing.assert_allclose(way / np.linalg.norm(way), (out, 0, 0), atol=1e-3)
        thumb = at[f"{side}ThumbDistal"] - at[f"{side}ThumbProximal"]
        aslant = (out * 0.7071, 0, 0.7071)
        np.testing.assert_allclose(thumb / np.linalg.norm(thumb), aslant, atol=1e-3)
        index, little = at[f"{side}IndexProximal"], at[f"{side}LittleProximal"]
        assert index[2] > little[2] + 0.03
        assert abs(index[1] - little[1]) < 0.005
        leg = at[f"{side}UpperLeg"] - at[f"{side}Foot"]
        np.testing.assert_allclose(leg / np.linalg.norm(leg), (0, 1, 0), atol=1e-3)
    np.testing.assert_allclose(at["hips"][[0, 2]], 0, atol=1e-9)
    shape = np.concatenate([s.reshape(-1, 3) for s in Glb(avatar).posed()])
    assert abs(shape[:, 1].min()) < 1e-6
    assert 1.4 < shape[:, 1].max() < 2.1
    assert np.ptp(shape[:, 0]) > 1.3
    face = at["leftEye"] - at["head"]
    assert face[2] > 0.03


def test_expressions_move_the_right_vertices(avatar: Path) -> None:
    glb = Glb(avatar)
    vrm = glb.json["extensions"]["VRMC_vrm"]
    (bind,) = vrm["expressions"]["preset"]["blinkLeft"]["morphTargetBinds"]
    mesh = glb.json["meshes"][glb.nodes[bind["node"]]["mesh"]]
    assert mesh["extras"]["targetNames"][bind["index"]] == "eyeBlinkLeft"
    target = mesh["primitives"][0]["targets"][bind["index"]]["POSITION"]
    offset = glb.accessor(target)
    points = glb.accessor(mesh["primitives"][0]["attributes"]["POSITION"])
    moved = points[np.abs(offset).max(-1) > 1e-3]
    at = places(glb)
    assert len(moved) > 10
    assert np.linalg.norm(moved - at["leftEye"], axis=-1).max() < 0.08


def test_the_motion_plays_on_the_humanoid(tmp_path: Path) -> None:
    """World directions of the limbs, composed from the file, are those of the animation."""
    character = anny_person()
    write_vrma(tmp_path / "sway.vrma", character)
    assert validate(tmp_path / "sway.vrma") == []
    glb = Glb(tmp_path / "sway.vrma")
    extension = glb.json["extensions"]["VRMC_vrm_animation"]
    assert set(REQUIRED) <= set(extension["humanoid"]["humanBones"])
    jaw = extension["expressions"]["custom"]["jawOpen"]["node"]
    tracks = {(c["target"]["node"], c["target"]["path"]): glb.accessor(
        glb.json["animations"][0]["samplers"][c["sampler"]]["output"])
        for c in glb.json["animations"][0]["channels"]}  # fmt: skip
    assert character.animation is not None
    wanted = character.animation.morphs[:, character.morph_names.index("jawOpen")]
    np.testing.assert_allclose(tracks[jaw, "translation"][:, 0], wanted, atol=1e-6)

    human = extension["humanoid"]["humanBones"]
    up = {child: k for k, node in enumerate(glb.nodes) for child in node.get("children", [])}

    def world(node: int, frame: int) -> np.ndarray:
        own = Rotation.from_quat(tracks[node, "rotation"][frame]).as_matrix()
        return world(up[node], frame) @ own if node in up else own

    bones = humanoid_bones(character.armature)
    for frame in (0, 11, 29):
        turn = world(human["leftUpperArm"]["node"], frame)
        a, b = bones["leftUpperArm"], bones["leftLowerArm"]
        heads = character.animation.bones_world[frame, :, :3, 3]
        way = heads[b] - heads[a]
        way = np.array([way[0], way[2], -way[1]]) / np.linalg.norm(way)
        np.testing.assert_allclose(turn @ (1, 0, 0), way, atol=1e-3)


def test_a_rig_without_legs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="hips"):
        write_vrm(tmp_path / "p.vrm", person())
    with pytest.raises(StudioError, match="does not move"):
        write_vrma(tmp_path / "p.vrma", replace(person(), animation=None))


def test_names_for_unity_and_unreal() -> None:
    unity, unreal = bone_names("humanoid"), bone_names("unreal")
    assert unity["upperarm01.L"] == "LeftUpperArm"
    assert unreal["finger5-2.R"] == "pinky_02_r"
    assert unreal["upperleg01.R"] == "thigh_r"
    for table in (unity, unreal):
        assert len(set(table.values())) == len(table) == len(HUMANOID)
