"""A character as VRM 1.0: glTF with a humanoid, expressions, gaze and a licence.

VRM Public License terms are the file's ``meta``; what is not allowed explicitly is forbidden.
VRM files carry no motion: that goes into a .vrma beside them. Source: VRMC_vrm 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from studio.core import frames
from studio.core.types import Character
from studio.media.formats.gltf import build
from studio.media.formats.rights import Rights
from studio.media.formats.trs import check
from studio.media.formats.vrm.expressions import expressions
from studio.media.formats.vrm.humanoid import humanoid_bones
from studio.media.formats.vrm.tpose import t_posed

LICENCE_URL = "https://vrm.dev/licenses/1.0/"


@dataclass(frozen=True)
class Permissions:
    """What others may do with the avatar, in the words of the VRM Public License 1.0."""

    avatar: Literal["onlyAuthor", "onlySeparatelyLicensedPerson", "everyone"] = "onlyAuthor"
    commercial: Literal["personalNonProfit", "personalProfit", "corporation"] = "personalNonProfit"
    credit: Literal["required", "unnecessary"] = "required"
    modification: Literal["prohibited", "allowModification", "allowModificationRedistribution"] = (
        "prohibited"
    )
    redistribution: bool = False


def write_vrm(
    path: Path,
    character: Character,
    *,
    rights: Rights | None = None,
    permissions: Permissions | None = None,
) -> None:
    """Write a character as VRM 1.0, re-posed to a T, soles on the floor, facing +Z.

    Raises StudioError if a bone that VRM requires is missing.
    """
    rights = rights or Rights()
    check(character)
    bones = humanoid_bones(character.armature)
    posed = t_posed(character, bones)
    built = build(posed, animation=False, rights=rights)
    nodes = [built.bones[name] for name in posed.armature.names]
    human = {bone: {"node": nodes[k]} for bone, k in bones.items()}
    built.file.document["extensionsUsed"] = ["VRMC_vrm"]
    built.file.document["extensions"] = {
        "VRMC_vrm": {
            "specVersion": "1.0",
            "meta": _meta(character.name, rights, permissions or Permissions()),
            "humanoid": {"humanBones": human},
            "firstPerson": {
                "meshAnnotations": [{"node": node, "type": "auto"} for node in built.targets]
            },
            "lookAt": _look_at(posed, bones),
            "expressions": expressions(built.targets),
        }
    }
    built.file.write(path)


def _meta(name: str, rights: Rights, permissions: Permissions) -> dict[str, Any]:
    return {
        "name": name or "Person",
        "version": "1",
        "authors": [a for a in rights.authors if a.strip()] or ["Unknown author"],
        "copyrightInformation": rights.copyright,
        "thirdPartyLicenses": "\n".join(rights.sources),
        "licenseUrl": LICENCE_URL,
        "avatarPermission": permissions.avatar,
        "allowExcessivelyViolentUsage": False,
        "allowExcessivelySexualUsage": False,
        "commercialUsage": permissions.commercial,
        "allowPoliticalOrReligiousUsage": False,
        "allowAntisocialOrHateUsage": False,
        "creditNotation": permissions.credit,
        "allowRedistribution": permissions.redistribution,
        "modification": permissions.modification,
    }


def _look_at(posed: Character, bones: dict[str, int]) -> dict[str, Any]:
    """Gaze by the eyes' bones where there are two, else by expressions."""
    heads = posed.armature.rest_world[:, :3, 3]
    eyes = [bones[name] for name in ("leftEye", "rightEye") if name in bones]
    by_bone = len(eyes) == 2
    offset = np.array([0.0, 0.0, 0.06])
    if by_bone:
        offset = heads[eyes].mean(0) - heads[bones["head"]]
    reach = {"HorizontalInner": 20.0, "HorizontalOuter": 25.0,
             "VerticalDown": 15.0, "VerticalUp": 15.0}  # fmt: skip
    return {
        "type": "bone" if by_bone else "expression",
        "offsetFromHeadBone": frames.points_from_world(offset, "y").tolist(),
        **{
            f"rangeMap{way}": {"inputMaxValue": 60.0, "outputScale": turn if by_bone else 1.0}
            for way, turn in reach.items()
        },
    }
