"""An avatar of any origin, ready to be moved: metres, Z up, facing -Y."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.types import Armature, Character
from studio.media.formats.avatar.bones import humanoid_of, up_and_left
from studio.media.formats.avatar.faces import Drives, arkit_names, drives_of, merged, preset_name
from studio.media.formats.gltf.read import Read, read_gltf

LEAST_M, MOST_M = 0.25, 4.0
"""How tall a figure may be; others were written in another unit."""
_UNITS = (0.01, 100.0, 0.001, 1000.0, 0.0254, 39.37)
_USUAL_M = (1.0, 2.3)
GAZE_DEG = 30.0
"""How far an eye looks when a gaze shape is fully on, where the avatar does not say."""


@dataclass(frozen=True, eq=False)
class Avatar:
    """A character that can play a performance.

    ``bones`` are VRM's humanoid bones that it has, ``actions`` what ARKit's names move and
    ``presets`` what VRM's do (see :mod:`studio.media.formats.avatar.faces`). ``gaze_deg`` is how
    far its eyes look (sideways, up) when a gaze shape is fully on. ``notes`` say what it cannot do.
    """

    character: Character
    bones: Mapping[str, int]
    actions: Drives = field(default_factory=dict)
    presets: Drives = field(default_factory=dict)
    gaze_deg: tuple[float, float] = (GAZE_DEG, GAZE_DEG)
    notes: tuple[str, ...] = ()

    @property
    def face(self) -> str:
        """What its face can do, in words."""
        if self.actions:
            return f"{len(self.actions)} of the 52 facial shapes"
        return f"{len(self.presets)} expressions" if self.presets else "no facial shapes"


def avatar_of(character: Character, notes: tuple[str, ...] = ()) -> Avatar:
    """A character of the project, or of a file that says nothing of itself, by its names."""
    actions, presets = drives_of(character.morph_names)
    return _told(Avatar(character, humanoid_of(character.armature), actions, presets), notes)


def read_avatar(path: Path) -> Avatar:
    """Read a .glb, .gltf or .vrm (0.x and 1.0).

    A file without skeleton or facial shapes is still an avatar, with a note. Raises StudioError if
    it is no glTF 2.0, or shows nothing.
    """
    read = read_gltf(path)
    by_name = humanoid_of(read.character.armature)
    bones = _told_bones(read) or by_name
    character, notes = _upright(read.character, bones)
    if not read.bone_of:
        character, bones = _as_head(character), {"head": 0}
    own, own_presets = drives_of(character.morph_names)
    actions, presets, gaze = _told_faces(read)
    return _told(
        Avatar(character, bones, merged(actions, own), merged(presets, own_presets), gaze), notes
    )


def _told(avatar: Avatar, notes: tuple[str, ...]) -> Avatar:
    """The avatar with notes of what it lacks."""
    told = [*notes]
    bones = avatar.bones
    if len(avatar.character.armature.names) <= 1:
        told.append("It has no skeleton: it turns as a whole.")
    elif "head" not in bones:
        told.append("No bone of it is known as its head, so it does not turn.")
    elif "leftUpperArm" not in bones or "leftUpperLeg" not in bones:
        told.append("Some of its limbs are not known by name and rest.")
    if not avatar.actions and not avatar.presets:
        told.append("Its face has no shapes: it does not move.")
    elif len(avatar.actions) < 20 and not avatar.presets:
        told.append(f"Its face has {len(avatar.actions)} of the 52 shapes.")
    return replace(avatar, notes=tuple(told))


def _told_bones(read: Read) -> dict[str, int]:
    """The humanoid bones that a VRM names; VRM 0.x calls the thumb's joints otherwise."""
    new = (read.document.extension("VRMC_vrm") or {}).get("humanoid", {}).get("humanBones") or {}
    if isinstance(new, dict) and new:
        told: list[tuple[str, Any]] = [(name, bone) for name, bone in new.items()]
    else:
        old = (read.document.extension("VRM") or {}).get("humanoid", {}).get("humanBones") or []
        told = [(_modern(str(bone.get("bone", ""))), bone) for bone in old]
    return {
        name: read.bone_of[int(bone["node"])]
        for name, bone in told
        if isinstance(bone, dict) and int(bone.get("node", -1)) in read.bone_of
    }


def _modern(bone: str) -> str:
    for side in ("left", "right"):
        for old, new in (("Proximal", "Metacarpal"), ("Intermediate", "Proximal")):
            if bone == f"{side}Thumb{old}":
                return f"{side}Thumb{new}"
    return bone


def _told_faces(read: Read) -> tuple[Drives, Drives, tuple[float, float]]:
    """What a VRM's expressions move, by ARKit's names and by presets, and how far its eyes look."""
    actions: Drives = {}
    presets: Drives = {}
    new, old = read.document.extension("VRMC_vrm"), read.document.extension("VRM")
    entries: list[tuple[str, dict[str, float]]] = []
    gaze = (GAZE_DEG, GAZE_DEG)
    if new is not None:
        said = new.get("expressions") or {}
        for name, entry in {**(said.get("custom") or {}), **(said.get("preset") or {})}.items():
            binds = [
                (
                    read.meshes.get(int(b.get("node", -1)), -1),
                    b.get("index", -1),
                    b.get("weight", 1),
                )
                for b in entry.get("morphTargetBinds") or ()
            ]
            entries.append((name, _shapes(read, binds)))
        gaze = _reach(new.get("lookAt") or {})
    elif old is not None:
        for group in (old.get("blendShapeMaster") or {}).get("blendShapeGroups") or ():
            binds = [(b.get("mesh", -1), b.get("index", -1), float(b.get("weight", 100)) / 100)
                     for b in group.get("binds") or ()]  # fmt: skip
            called = str(group.get("presetName") or "")
            name = str(group.get("name") or "") if called in ("", "unknown") else called
            entries.append((name, _shapes(read, binds)))
    for name, shapes in entries:
        if not shapes:
            continue
        meant, preset = arkit_names(name), preset_name(name)
        if preset and not (meant and meant[0] == name):
            presets.setdefault(preset, shapes)
        elif len(meant) == 1:
            actions.setdefault(meant[0], shapes)
    return actions, presets, gaze


def _shapes(read: Read, binds: list[tuple[int, int, float]]) -> dict[str, float]:
    out: dict[str, float] = {}
    for mesh, index, weight in binds:
        names = read.targets.get(mesh, ())
        if 0 <= index < len(names) and weight:
            out[names[index]] = float(weight)
    return out


def _reach(look: dict[str, Any]) -> tuple[float, float]:
    if look.get("type") != "expression":
        return GAZE_DEG, GAZE_DEG
    out: list[float] = []
    for way in ("HorizontalOuter", "VerticalUp"):
        told = look.get(f"rangeMap{way}") or {}
        scale = float(told.get("outputScale", 1.0)) or 1.0
        out.append(float(told.get("inputMaxValue", GAZE_DEG)) / scale)
    return out[0], out[1]


def _upright(
    character: Character, bones: Mapping[str, int]
) -> tuple[Character, tuple[str, ...]]:  # fmt: skip
    """The character standing upright, facing -Y, of a person's size, and what was changed."""
    notes: list[str] = []
    turn = np.eye(3)
    up, left = up_and_left(character.armature, bones)
    if up.any() and left.any():
        turn = _nearest_turn(up, left)
        if not np.allclose(turn @ (0, 0, 1), (0, 0, 1)):
            notes.append("It lay on its side, and was stood up.")
    places = np.concatenate(
        [part.mesh.vertices_m[part.mesh.faces.ravel()] for part in character.parts]
    )
    tall = float(np.ptp((places @ turn.T)[:, 2]))
    scale = 1.0
    if not LEAST_M <= tall <= MOST_M and tall > 0:
        low, high = _USUAL_M
        scale = next((unit for unit in _UNITS if low <= tall * unit <= high), 1.7 / tall)
        notes.append(f"It was {tall:.3g} m tall, and was scaled to {tall * scale:.2f} m.")
    if scale == 1.0 and np.array_equal(turn, np.eye(3)):
        return character, tuple(notes)
    return _moved(character, turn, scale), tuple(notes)


def _nearest_turn(up: np.ndarray, left: np.ndarray) -> np.ndarray:
    """The turn by quarters that brings these nearest to +Z and +X."""
    best, most = np.eye(3), -np.inf
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            turn = np.zeros((3, 3))
            turn[np.arange(3), order] = signs
            if np.linalg.det(turn) > 0:
                fit = (turn @ up)[2] + (turn @ left)[0]
                if fit > most + 1e-9:
                    best, most = turn, fit
    return best


def _moved(character: Character, turn: np.ndarray, scale: float) -> Character:
    armature = character.armature
    rest = armature.rest_world.copy()
    rest[:, :3, :3] = turn @ rest[:, :3, :3]
    rest[:, :3, 3] = scale * rest[:, :3, 3] @ turn.T
    tails = scale * armature.tails_m @ turn.T
    parts = tuple(
        replace(
            part,
            mesh=replace(part.mesh, vertices_m=scale * part.mesh.vertices_m @ turn.T),
            morphs={name: (scale * offset @ turn.T).astype(np.float32)
                    for name, offset in part.morphs.items()},
        )
        for part in character.parts
    )  # fmt: skip
    return replace(
        character, parts=parts, armature=Armature(armature.names, armature.parents, rest, tails)
    )


def _as_head(character: Character) -> Character:
    """One without a skeleton turns about the middle of its lower half, like a head."""
    places = np.concatenate([part.mesh.vertices_m for part in character.parts])
    low, high = places.min(0), places.max(0)
    rest = np.eye(4)[None].copy()
    rest[0, :3, 3] = (*((low + high) / 2)[:2], low[2] + 0.25 * (high[2] - low[2]))
    tail = np.array([[rest[0, 0, 3], rest[0, 1, 3], high[2]]])
    return replace(character, armature=Armature(("head",), np.array([-1]), rest, tail))
