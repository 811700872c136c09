"""What somebody who was filmed has on, for their avatar: garments, and the colours of clothes, skin
and hair.

The fitted body is laid over pictures of the take. The colour of a patch of it is the median of the
lighter half of what all cameras see there: the darker lies in the body's own shadow, and what hides
a patch now and then changes nothing. A limb most of which is nearer to the colour of face or hands
than to that of the clothes beside it is bare; what is bare tells garments apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from studio.core.types import Camera
from studio.human.character import bones_world
from studio.human.design import Colour, Design, Worn
from studio.human.fit import Fit
from studio.human.rig import bones_of
from studio.render.scene import vertex_normals
from studio.synth.designed import body_of, filmed, resting
from studio.synth.figure import make_figure, skin
from studio.vision.camera import project
from studio.vision.triangles import Triangles

_BONES = {
    "chest": ("spine01", "spine02", "spine03"),
    "hands": ("metacarpal1", "metacarpal2", "metacarpal3", "metacarpal4"),
    "feet": ("foot",),
}
"""Patches of the body by the bones that carry them most; left and right are one patch."""
_LIMBS = {
    "upper_arms": ("upperarm01", "lowerarm01", 0.55, 0.9),
    "forearms": ("lowerarm01", "wrist", 0.2, 0.85),
    "thighs": ("upperleg01", "lowerleg01", 0.35, 0.6),
    "shins": ("lowerleg01", "foot", 0.15, 0.5),
}
"""Patches of limbs: from the beginning of a bone to that of another, and the stretch between (of
thighs above the hem of shorts, below that of shirts)."""
_EYES_M = 0.064
"""How far apart the template's eyes are: what the head's patches are measured in."""
_LEAST = 12
"""A patch is looked at where so many of its vertices are seen."""
_FACING, _NEAR_M = 0.35, 0.02
_SHADED = 0.4
"""How much a difference of lightness counts beside one of hue: shadows change lightness."""
_BARE, _BARE_FEET = 11.0, 14.0
"""How far bare chests and heads, and feet, which stand in more light, are from the colour of face
or hands at most."""
_BLUE = -4.0
"""From which b* on trousers are jeans."""
_ALL = 0.8
"""Upper arms that are bare up to here carry no sleeves."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A picture of the person, by a calibrated camera, at a frame of the fit."""

    rgb: UInt8[np.ndarray, "height width 3"]
    camera: Camera
    frame: int


def as_filmed(fit: Fit, sights: Iterable[Sight]) -> Design:
    """The design of a filmed person in clothes like those they were filmed in, in their colours.

    What no picture shows stays as in :func:`studio.synth.designed.filmed`.
    """
    usual = filmed(fit.shape)
    return dressed_as(usual, patches(fit, usual, sights))


def patches(
    fit: Fit, design: Design, sights: Iterable[Sight]
) -> Mapping[str, Float[np.ndarray, "colours 3"]]:
    """Colours of every patch of the body that was seen, over all pictures (CIE L*a*b*)."""
    rest, bones = resting(design, actions=False)
    body_m, figure = body_of(rest, bones), make_figure()
    faces = figure.surface.faces["skin"]
    found: dict[str, list[np.ndarray]] = {}
    home = np.linalg.inv(bones.rest_world)
    for k, taken in groupby(sights, lambda sight: sight.frame):
        world = bones_world(bones, fit.turns_rad[k][None], fit.root_m[k][None])[0]
        posed_m = skin(body_m, figure.weights, world @ home)
        normals, body = vertex_normals(posed_m, faces), Triangles.of(posed_m, faces)
        for sight in taken:
            seen = _seen(sight.camera, posed_m, normals, body)
            xy = np.rint(np.nan_to_num(project(sight.camera, posed_m), nan=-1)).astype(int)
            height, width = sight.rgb.shape[:2]
            seen &= (xy >= 0).all(1) & (xy < (width, height)).all(1)
            for name, ids in _patches().items():
                mine = ids[seen[ids]]
                if len(mine) >= _LEAST:
                    found.setdefault(name, []).append(_lab(sight.rgb[xy[mine, 1], xy[mine, 0]]))
    return {name: np.concatenate(colours) for name, colours in found.items()}


def dressed_as(usual: Design, seen: Mapping[str, Float[np.ndarray, "colours 3"]]) -> Design:
    """The design with garments, skin and hair as the colours of patches (:func:`patches`) tell."""
    told = {name: _lit(colours) for name, colours in seen.items()}
    bare = [seen[name] for name in ("face", "hands") if name in seen]
    worn: dict[str, Worn | None] = {one.item: one for one in usual.worn}

    def off_skin(lab: np.ndarray) -> np.ndarray:
        return np.min([_apart(lab, _lit(one)) for one in bare], axis=0)

    def like_skin(patch: str, most: float) -> bool:
        return bool(bare) and patch in told and bool(off_skin(told[patch]) < most)

    def uncovered(patch: str, cloth: str, share: float = 0.5) -> bool:
        if not bare or patch not in seen or cloth not in told:
            return False
        return bool((off_skin(seen[patch]) < _apart(seen[patch], told[cloth])).mean() > share)

    def instead(old: str, new: str | None, patch: str) -> None:
        if patch in told:
            worn[old] = None if new is None else Worn(item=new, colour=_srgb(told[patch]))

    if like_skin("chest", _BARE):
        worn["tshirt"] = Worn(item="tank_top")
    else:
        sleeves = "tshirt" if uncovered("forearms", "chest") else "long_sleeve"
        sleeves = "tank_top" if uncovered("upper_arms", "chest", _ALL) else sleeves
        instead("tshirt", sleeves, "chest")
    legs = "jeans" if "thighs" in told and told["thighs"][2] < _BLUE else "joggers"
    instead("jeans", "shorts" if uncovered("shins", "thighs") else legs, "thighs")
    instead("trainers", None if like_skin("feet", _BARE_FEET) else "trainers", "feet")
    changes: dict[str, object] = {}
    if bare:
        changes["skin"] = _srgb(_lit(np.concatenate(bare)))
    if "hair" in told and _dyed(told["hair"]):
        worn["hat"] = Worn(item="hat_beanie", colour=_srgb(told["hair"]))
    elif like_skin("hair", _BARE):
        worn["side_part"] = None
    elif "hair" in told:
        instead("side_part", "side_part", "hair")
        changes["hair"] = changes["brows"] = _srgb(told["hair"])
    return usual.but(**changes, worn=tuple(one for one in worn.values() if one is not None))


@cache
def _patches() -> dict[str, Int[np.ndarray, " vertices"]]:
    """The base vertices of each patch."""
    figure = make_figure()
    skin_ids = np.unique(figure.surface.faces["skin"])
    strongest = np.asarray(figure.weights[skin_ids].argmax(1)).ravel()
    found = {patch: skin_ids[np.isin(strongest, bones_of(own))] for patch, own in _BONES.items()}
    rest_m = figure.vertices_m
    for patch, (begins, ends, low, high) in _LIMBS.items():
        both = []
        for side in "LR":
            start, end = figure.head(f"{begins}.{side}"), figure.head(f"{ends}.{side}")
            way = (rest_m[skin_ids] - start) @ (end - start) / ((end - start) @ (end - start))
            half = bones_of((begins.removesuffix("01"),), side)
            mine = np.isin(strongest, half) & (way > low) & (way < high)
            both.append(skin_ids[mine])
        found[patch] = np.concatenate(both)
    left, right = figure.head("eye.L"), figure.head("eye.R")
    grown = np.linalg.norm(left - right) / _EYES_M
    head = skin_ids[np.isin(strongest, bones_of(("head", "neck03", "eye")))]
    x, y, z = ((rest_m[head] - (left + right) / 2) / grown).T
    cheeks = (np.abs(x) > 0.015) & (np.abs(x) < 0.05) & (y < 0.03) & (z < -0.015) & (z > -0.055)
    top = (z > 0.075) | ((y > 0.12) & (z > -0.01))
    return {**found, "face": head[cheeks], "hair": head[top]}


def _seen(camera: Camera, points_m: np.ndarray, normals: np.ndarray, body: Triangles) -> np.ndarray:
    """Which vertices face the camera with nothing of the body before them."""
    ways = points_m - camera.centre_m
    far = np.linalg.norm(ways, axis=1)
    facing = -np.einsum("vi,vi->v", ways, normals) > _FACING * far
    rays = np.hstack([np.broadcast_to(camera.centre_m, ways.shape), ways]).astype(np.float32)
    return facing & (body.hits(rays).far > 1 - _NEAR_M / far)


def _lit(lab: Float[np.ndarray, "colours 3"]) -> Float[np.ndarray, " 3"]:
    """The median of the lighter half: the other lies in the body's own shadow."""
    return np.median(lab[np.argsort(-lab[:, 0])][: -(-len(lab) // 2)], axis=0)


def _dyed(lab: Float[np.ndarray, " 3"]) -> bool:
    """Whether a colour is none that hair grows in, but a cap's."""
    hue = np.degrees(np.arctan2(lab[2], lab[1]))
    return bool(np.hypot(lab[1], lab[2]) > 18 and not 10 < hue < 100)


def _apart(
    lab: Float[np.ndarray, "*colours 3"], other: Float[np.ndarray, " 3"]
) -> Float[np.ndarray, " *colours"]:
    return np.linalg.norm((lab - other) * (_SHADED, 1, 1), axis=-1)


def _lab(rgb: UInt8[np.ndarray, "colours 3"]) -> Float[np.ndarray, "colours 3"]:
    return cv2.cvtColor(rgb[None].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[0].astype(float)


def _srgb(lab: Float[np.ndarray, " 3"]) -> Colour:
    red, green, blue = cv2.cvtColor(lab[None, None].astype(np.float32), cv2.COLOR_Lab2RGB)[0, 0]
    share = [round(float(np.clip(value, 0, 1)), 3) for value in (red, green, blue)]
    return share[0], share[1], share[2]
