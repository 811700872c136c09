"""What is in the way of an item, and what gives way to it.

An item lies on somebody who was not there when it was made: it sinks into a nose or a wrist, or
stands off. So what it lies on counts as a little farther away than it is; what it takes the place
of (hair under a hat, old glasses, old shoes) does not count at all. Cloth that lies over it (a
sleeve over a watch, a wide trouser leg over a shoe) was draped without it, and would rise: it
counts as nearer by what it would rise, so that nothing comes through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import KDTree

from studio.core.items import AnchorPoint, ItemKind
from studio.core.parts import PartLabel
from studio.human.rig import bones_of
from studio.human.wardrobe.fitting import share_of
from studio.render.scene import Drawable, vertex_normals
from studio.render.scene_depths import pushed
from studio.synth.actor import Posed
from studio.synth.tryon.wearers import Wearer

_BODY_M = 0.002
_EAR_M, _REACH_M, _END_M, _SKIN = 0.055, 0.25, 0.012, 13_380
_STEEP = 0.4
_LOOSE = frozenset({"jeans", "wide_trousers"})
"""Trousers whose legs hang over shoes; those of others end in them."""


@dataclass(frozen=True)
class _Gives:
    """By how much (metres) what an item lies on gives way: skin of some bones, the ears, and other
    things by label; ``None`` is not there at all."""

    bones: tuple[str, ...]
    skin_m: float
    ears_m: float = 0.0
    others: tuple[tuple[PartLabel, float | None], ...] = ()
    over: _Over | None = None


@dataclass(frozen=True)
class _Over:
    """Cloth of a label that lies over an item rises by ``by_m`` where it is about ``bones`` and no
    farther than ``near_m`` from the anchor along its frame's z axis; beyond, less and less, over as
    far as it rises. By ``around_m`` it also bulges beyond its outline, but for its end."""

    label: PartLabel
    bones: tuple[str, ...]
    by_m: float
    near_m: float
    around_m: float = 0.0


_HEAD = ("head", "neck03", "neck02")
_GLASSES = _Gives(_HEAD, 0.010, 0.0, ((PartLabel.ITEMS, None), (PartLabel.FACE, 0.012)))
_HAT = _Gives(_HEAD, 0.022, 0.012, ((PartLabel.HAIR, None), (PartLabel.ITEMS, 0.012),
                                    (PartLabel.FACE, 0.016)))  # fmt: skip
_WRIST = _Gives(("lowerarm", "wrist"), 0.012,
                over=_Over(PartLabel.TOP, ("lowerarm", "wrist"), 0.016, 0.03, 0.012))  # fmt: skip
_FOOT = _Gives(("foot", "toe"), 0.03, 0.0, ((PartLabel.SHOES, None), (PartLabel.BOTTOM, 0.010)),
               _Over(PartLabel.BOTTOM, ("lowerleg", "foot", "toe"), 0.012, 0.16))  # fmt: skip
_GIVES: dict[ItemKind, _Gives] = {
    "glasses": _GLASSES, "sunglasses": _GLASSES, "hat": _HAT,
    "ears": replace(_HAT, others=((PartLabel.HAIR, 0.025), (PartLabel.ITEMS, 0.01),
                                  (PartLabel.FACE, 0.016))),
    "earrings": _Gives(("nothing",), 0.0, 0.004),
    "necklace": _Gives(("neck", "spine", "clavicle", "shoulder"), 0.012, 0.0,
                       ((PartLabel.TOP, 0.014),)),
    "watch": _WRIST, "shoes": _FOOT,
}  # fmt: skip


def in_the_way(
    kind: ItemKind, point: AnchorPoint, wearer: Wearer, posed: Posed,
    others: tuple[Drawable, ...], frames: dict[AnchorPoint, np.ndarray], eye_m: np.ndarray,
) -> tuple[Drawable, ...]:  # fmt: skip
    """The scene that hides an item of a kind worn at an anchor point, as an eye sees it."""
    gives = _GIVES[kind]
    body, tongue, *worn = posed.drawables
    by = _skin(gives, wearer, point)
    found = [pushed(_whole(body, wearer, point), eye_m, by), pushed(tongue, eye_m, gives.skin_m)]
    told, over = dict(gives.others), gives.over
    if over is not None and over.label == PartLabel.BOTTOM:
        over = over if wearer.looks.get("bottom") in _LOOSE else None
    for drawable in worn:
        label = drawable.part
        assert isinstance(label, PartLabel)
        amount = told.get(label, 0.0)
        if label == PartLabel.SHOES and amount is None:
            found += _other_shoe(drawable, point, frames)
        elif over is not None and label == over.label:
            found += _raised(drawable, over, point, wearer, posed, frames[point], eye_m)
        elif amount is not None:
            found.append(pushed(drawable, eye_m, amount + _BODY_M))
    return (*found, *others)


def _raised(
    cloth: Drawable, over: _Over, point: AnchorPoint, wearer: Wearer, posed: Posed,
    frame: np.ndarray, eye_m: np.ndarray,
) -> list[Drawable]:  # fmt: skip
    """Cloth over an item, nearer to the eye on the side that is seen, and its bulge."""
    at, faces = cloth.mesh.vertices_m, cloth.mesh.faces
    off = at - frame[:3, 3]
    along = off @ frame[:3, 2]
    share = np.clip(1 - (np.abs(along) - over.near_m) / over.by_m, 0, 1)
    near = np.flatnonzero((share > 0) & (np.linalg.norm(off, axis=1) < _REACH_M))
    own = share_of(wearer.actor.figure.weights, bones_of(over.bones, point[-1]))[:_SKIN] > 0.5
    if len(near):
        near = near[own[KDTree(posed.vertices_m[:_SKIN]).query(at[near])[1]]]
    if not len(near):
        return [pushed(cloth, eye_m, _BODY_M)]
    share, along = share[near], along[near]
    way = eye_m - at[near]
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    facing = (vertex_normals(at, faces)[near] * way).sum(1)
    steep = np.clip(facing / 0.1, 0, 1) / np.maximum(facing, _STEEP)
    by = np.full(len(at), _BODY_M)
    by[near] -= (over.by_m + _BODY_M) * share * steep
    found = [pushed(cloth, eye_m, by)]
    kept = faces[np.isin(faces, near).all(1)]
    if over.around_m and len(kept):
        out = off[near] - along[:, None] * frame[:3, 2]
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
        grown = over.around_m * share * np.clip((along - along.min()) / _END_M, 0, 1)
        wide = at.copy()
        wide[near] += grown[:, None] * out
        mesh = replace(cloth.mesh, vertices_m=wide, faces=kept, uv=None)
        found.append(replace(cloth, mesh=mesh))
    return found


def _whole(body: Drawable, wearer: Wearer, point: AnchorPoint) -> Drawable:
    """The body, with the skin that shoes hid where shoes are tried on."""
    if not point.startswith("foot"):
        return body
    surface = wearer.actor.figure.surface
    legs = share_of(wearer.actor.figure.weights, bones_of(("lowerleg", "foot", "toe"), point[-1]))
    faces = surface.faces["skin"]
    faces = faces[(legs[faces] > 0.5).all(1)]
    part = np.full(len(body.mesh.faces) + len(faces), PartLabel.SKIN, np.uint8)
    both = np.concatenate([body.mesh.faces, faces])
    return replace(body, mesh=replace(body.mesh, faces=both, uv=None), part=part, closed=False)


def _skin(gives: _Gives, wearer: Wearer, point: AnchorPoint) -> np.ndarray:
    figure = wearer.actor.figure
    side = point[-1] if point.startswith(("wrist", "foot")) else ""
    bones = bones_of(gives.bones, side) if side else bones_of(gives.bones)
    on = share_of(figure.weights, bones) if len(bones) else np.zeros(len(figure.vertices_m))
    by = _BODY_M + gives.skin_m * on
    if side and gives is _FOOT:  # the shank fills the shoe's opening
        shank = share_of(figure.weights, bones_of(("lowerleg",), side))
        by = by + 0.006 * shank
    ears = _ears(wearer)
    by[ears] = _BODY_M + gives.ears_m
    return by


def _ears(wearer: Wearer) -> np.ndarray:
    """The vertices of the ears that stand off the head."""
    figure, frames = wearer.actor.figure, wearer.anchors.frames
    skin = figure.vertices_m
    half = 0.5 * wearer.anchors.sizes_m["head"]
    local = skin - frames["head"][:3, 3]
    near = np.zeros(len(skin), bool)
    for lobe in ("ear.L", "ear.R"):
        middle = frames[lobe][:3, 3] + [0, 0.012, 0.03]
        near |= np.linalg.norm(skin - middle, axis=1) < _EAR_M
    near[_SKIN:] = False
    return np.flatnonzero(near & (np.abs(local[:, 0]) > half - 0.001) & (local[:, 1] > -0.004))


def _other_shoe(
    shoes: Drawable, point: AnchorPoint, frames: dict[AnchorPoint, np.ndarray]
) -> list[Drawable]:
    """The old shoe of the other foot."""
    other: AnchorPoint = "foot.R" if point == "foot.L" else "foot.L"
    at = shoes.mesh.vertices_m
    away = [np.linalg.norm(at - frames[name][:3, 3], axis=1) for name in (point, other)]
    kept = (away[1] < away[0])[shoes.mesh.faces].all(1)
    if not kept.any():
        return []
    uv = None if shoes.mesh.uv is None else shoes.mesh.uv[kept]
    return [replace(shoes, mesh=replace(shoes.mesh, faces=shoes.mesh.faces[kept], uv=uv))]
