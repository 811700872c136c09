"""A motion as .vrma, which plays on every VRM 1.0 avatar: glTF with VRMC_vrm_animation 1.0.

Only humanoid bones are in it, in T-pose at rest; the hips alone move, the others turn. An
expression's weight is the x of a node's translation; a node's rotation says where the eyes look.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.types import Character
from studio.media.formats.gltf.binary import Binary
from studio.media.formats.gltf.tracks import Tracks
from studio.media.formats.rights import GENERATOR, Rights
from studio.media.formats.trs import check, continuous, in_frame, local_matrices, split
from studio.media.formats.vrm.expressions import PRESETS
from studio.media.formats.vrm.humanoid import humanoid_bones, reduced
from studio.media.formats.vrm.tpose import t_posed

_NO_EYES = ("leftEye", "rightEye")  # gaze is not a bone of an animation


def write_vrma(
    path: Path,
    character: Character,
    *,
    presets: Mapping[str, np.ndarray] | None = None,
    gaze_deg: np.ndarray | None = None,
    rights: Rights | None = None,
) -> None:
    """Write the character's animation. Raises StudioError if it has none.

    Its morph targets become custom expressions; ``presets`` are weights (frames,) of VRM's own
    besides, and ``gaze_deg`` (frames, 2) how far the eyes look to the own left and up.
    """
    if character.animation is None or not len(character.animation):
        raise StudioError(
            f"“{character.name}” does not move: there is no animation to write.",
            "Fit the person to a motion first, or export VRM.",
        )
    rights = rights or Rights()
    check(character)
    bones = humanoid_bones(character.armature)
    posed = t_posed(character, bones)
    keep = {bone: k for bone, k in bones.items() if bone not in _NO_EYES}
    armature, animation = reduced(posed.armature, posed.animation, keep)
    rest, world = in_frame(armature, animation, "y")
    assert animation is not None
    assert world is not None

    file = Binary()
    file.document["asset"] |= {"generator": GENERATOR, "copyright": rights.copyright,
                               "extras": {"rights": rights.note()}}  # fmt: skip
    moves, _, _ = split(local_matrices(armature.parents, rest))
    for name, parent, move in zip(armature.names, armature.parents, moves, strict=True):
        node = file.add("nodes", {"name": name, "translation": move.tolist()})
        if parent >= 0:
            file.document["nodes"][parent].setdefault("children", []).append(node)
    shapes = [(k, name) for k, name in enumerate(character.morph_names)
              if k < animation.morphs.shape[1]]  # fmt: skip
    weights = {name: animation.morphs[:, k] for k, name in shapes} | dict(presets or {})
    faces = {name: file.add("nodes", {"name": name}) for name in weights}

    tracks = Tracks(file, animation.times_s)
    places, turns, _ = split(local_matrices(armature.parents, world))
    turns = continuous(turns)
    hips = armature.names.index("hips")
    tracks.add(hips, "translation", places[:, hips])
    for node in range(len(armature.names)):
        tracks.add(node, "rotation", turns[:, node])
    for name, values in weights.items():
        weight = np.zeros((len(animation), 3))
        weight[:, 0] = np.clip(values, 0, 1)
        tracks.add(faces[name], "translation", weight)
    look = [] if gaze_deg is None else [file.add("nodes", {"name": "lookAt"})]
    for node in look:
        tracks.add(node, "rotation", _looking(np.asarray(gaze_deg)))
    tracks.finish(character.name)

    roots = [k for k, parent in enumerate(armature.parents) if parent < 0]
    file.add("scenes", {"nodes": [*roots, *faces.values(), *look]})
    file.document["scene"] = 0
    human = {name: {"node": k} for k, name in enumerate(armature.names)}
    custom = {name: {"node": node} for name, node in faces.items() if name not in PRESETS}
    preset = {name: {"node": node} for name, node in faces.items() if name in (presets or {})}
    extension: dict[str, Any] = {"specVersion": "1.0", "humanoid": {"humanBones": human}}
    said = {"custom": custom, "preset": preset}
    if custom or preset:
        extension["expressions"] = {kind: nodes for kind, nodes in said.items() if nodes}
    if look:
        extension["lookAt"] = {"node": look[0], "offsetFromHeadBone": [0.0, 0.0, 0.0]}
    file.document["extensionsUsed"] = ["VRMC_vrm_animation"]
    file.document["extensions"] = {"VRMC_vrm_animation": extension}
    file.write(path)


def _looking(gaze_deg: np.ndarray) -> np.ndarray:
    """Rotations (frames, 4) in the file's axes: about x up, then about y to the own left."""
    angles = gaze_deg[:, ::-1] * (-1.0, 1.0)
    return Rotation.from_euler("xy", angles, degrees=True).as_quat()
