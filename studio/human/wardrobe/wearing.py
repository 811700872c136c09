"""Dressing: assets on one person, in their order, ready to be posed with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix, diags
from scipy.spatial import KDTree

from studio.core.parts import PartLabel
from studio.human.rig import HAND, bones_of
from studio.human.wardrobe.asset import Asset, Colour
from studio.human.wardrobe.fitting import base_weights, fit, hidden, share_of, weights_of
from studio.human.wardrobe.layers import (
    Below,
    Contact,
    covered,
    laid_over,
    linings,
    looks_out,
    push_out,
    pushed_by,
    spread_matrix,
    vertex_normals,
)

CLOTHES = ("bottom", "top", "dress", "suit", "jacket")
"""Kinds that are kept outside of the skin and of one another; others sit where they are bound."""
UNDER_HAIR = ("top", "dress", "suit", "jacket")
"""Kinds that long hair falls over."""
OVER_SKIN_M, OVER_CLOTH_M = 0.0025, 0.003
CLING_M, LEG_M = 0.02, 0.20
"""What is nearer to the skin than the first moves with it; legs reach as far as the second."""
SKIN_HEMS_M = ((0.04, 0.016), (0.012, 0.007))
"""Skin as near below a garment as the first is hidden from the second on inside its edge: where a
collar lies close, it would come through it when the arms rise."""
ON_SKIN_M, ON_CLOTH_M = (0.010, 0.020), (0.030, 0.050)
"""What rests on skin, or on cloth, takes over how that moves: wholly when it is nearer than the
first, not at all when further than the second."""
UNDER_HAT_M, LOOSENS = 0.004, 0.7
"""Hair under a hat is no higher than the first above the skin; below its edge it may rise by the
second a metre."""
_NOTHING = np.zeros(0, np.int64)
_BARE = (*HAND, "neck02", "neck03", "head", "eye", "foot", "toe")
_PARTS = {
    "hair": PartLabel.HAIR, "brows": PartLabel.FACE, "lashes": PartLabel.FACE,
    "eyes": PartLabel.FACE, "teeth": PartLabel.FACE, "tongue": PartLabel.FACE,
    "top": PartLabel.TOP, "dress": PartLabel.TOP, "suit": PartLabel.TOP,
    "jacket": PartLabel.TOP,
    "bottom": PartLabel.BOTTOM, "shoes": PartLabel.SHOES,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Item:
    """Something to be put on; ``colour`` (sRGB) dyes it, None leaves it as it is, ``material`` is
    the number of the asset's material."""

    asset: Asset
    colour: Colour | None = None
    material: int = 0

    @property
    def base(self) -> tuple[float, float, float, float]:
        """Its colour (sRGB) and opacity, which its pictures tint."""
        made = self.asset.materials[self.material]
        red, green, blue = made.diffuse if self.colour is None else self.colour
        return red, green, blue, made.opacity


@dataclass(frozen=True, eq=False)
class Worn:
    """One thing on one person at rest: only the faces that can be seen, skinned to Anny's bones.

    ``contacts`` are with the skin (place -1) or with things worn below (their place in the outfit);
    ``loose`` are vertices that hang away from the skin, which legs may reach. ``surface`` is what
    others are worn over, whole.
    """

    item: Item
    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]
    uv: Float[np.ndarray, "faces 3 2"] | None
    weights: csr_matrix
    contacts: tuple[tuple[int, Contact], ...]
    loose: Int[np.ndarray, " loose"]
    spread: csr_matrix
    surface: Below

    @property
    def asset(self) -> Asset:
        return self.item.asset

    @property
    def kind(self) -> str:
        return self.asset.kind

    @property
    def part(self) -> PartLabel:
        """What its pixels are called in label pictures; what is no clothing is an item."""
        return _PARTS.get(self.kind, PartLabel.ITEMS)


Memory = dict[tuple[Asset, ...], tuple[Worn, np.ndarray]]
"""What was put on one person: by the thing and what is below it, as it lies, and the skin that it
hides."""


@dataclass(frozen=True, eq=False)
class Dressed:
    """Everything that one person wears, innermost first, and the base vertices that it hides.

    ``colours`` are the things without a mesh (skins, irises), by kind.
    """

    worn: tuple[Worn, ...]
    deletes: Int[np.ndarray, " hidden"]
    colours: dict[str, Item]
    skin_faces: Int[np.ndarray, "faces 3"]

    def seen(self, faces: Int[np.ndarray, "faces corners"]) -> Int[np.ndarray, "seen corners"]:
        """The base mesh's faces that are not hidden under something worn."""
        return faces[~hidden(faces, self.deletes)]

    def lift_m(self, skin_m: Float[np.ndarray, "base 3"]) -> float:
        """How much higher than barefoot the person at rest stands: the thickness of soles."""
        floor = skin_m[np.unique(self.skin_faces), 2].min()
        lowest = [one.vertices_m[:, 2].min() for one in self.worn if one.kind == "shoes"]
        return max(0.0, float(floor - min(lowest, default=floor)))

    def posed(
        self,
        skin_m: Float[np.ndarray, "base 3"],
        carried: Float[np.ndarray, "bones 4 4"],
    ) -> tuple[Float[np.ndarray, "vertices 3"], ...]:
        """Where everything lies in a pose, in the order of ``worn``.

        ``skin_m`` are the person's base vertices in that pose, ``carried`` the matrices that take
        each bone's surroundings from rest to there.
        """
        found: list[np.ndarray] = []
        for one in self.worn:
            vertices = _skinned(one.vertices_m, one.weights, carried)
            for place, touching in one.contacts:
                below = skin_m if place < 0 else found[place]
                vertices = push_out(vertices, below, touching, one.spread)
            if len(one.loose):
                legs, out = self._legs(skin_m)
                vertices = pushed_by(vertices, one.loose, legs, out, one.spread, 3 * OVER_SKIN_M)
            found.append(vertices)
        return tuple(found)

    def _legs(self, skin_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The legs' vertices and normals in a pose."""
        ids, faces = _leg_faces(self.skin_faces)
        return skin_m[ids], vertex_normals(skin_m[ids], faces)


def _leg_faces(skin_faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vertices of the legs and their triangles."""
    share = share_of(base_weights(), bones_of(("upperleg", "lowerleg")))
    faces = skin_faces[(share[skin_faces] > 0.5).all(axis=1)]
    ids, own = np.unique(faces, return_inverse=True)
    return ids, own.reshape(-1, 3)


def _skinned(points_m: np.ndarray, weights: csr_matrix, carried: np.ndarray) -> np.ndarray:
    blend = (weights @ carried[:, :3].reshape(len(carried), 12)).reshape(-1, 3, 4)
    return np.einsum("vij,vj->vi", blend[:, :, :3], points_m) + blend[:, :, 3]


def wear(
    items: Sequence[Item],
    vertices_m: Float[np.ndarray, "base 3"],
    skin_faces: Int[np.ndarray, "faces 3"],
    before: Memory | None = None,
) -> Dressed:
    """Put things on a person at rest: their 19,158 base vertices, and the triangles of the skin.

    What lies further out (``z_depth``) is pushed out of what lies below, long hair out of all
    clothes, and what is wholly under something else is left out. ``before`` remembers what was put
    on this very person, so that only what is new, and what lies over it, is fitted.
    """
    ordered = sorted(items, key=lambda item: (item.asset.kind == "hair", item.asset.z_depth))
    worn: list[Worn] = []
    under: list[np.ndarray] = []
    colours: dict[str, Item] = {}
    known: Memory = {} if before is None else before
    skin: Below | None = None
    for item in ordered:
        if item.asset.mesh is None:
            colours[item.asset.kind] = item
            continue
        clothes = item.asset.kind in CLOTHES
        over = (*CLOTHES, "shoes") if clothes else UNDER_HAIR if _hangs(item.asset) else ()
        solid = [k for k, one in enumerate(worn) if one.kind in over]
        key = (item.asset, *(worn[k].asset for k in solid))
        if key not in known:
            skin = Below(vertices_m, skin_faces) if skin is None else skin
            put = _put_on(item, [worn[k] for k in solid], skin)
            known[key] = put, _skin_under(put, skin) if clothes else _NOTHING
        put, covers = known[key]
        contacts = tuple((k if k < 0 else solid[k], touching) for k, touching in put.contacts)
        worn.append(replace(put, item=item, contacts=contacts))
        under.append(covers)
    hats = [one.asset.deletes for one in worn if one.kind == "hat" and len(one.asset.deletes)]
    if hats:
        below_hat = np.unique(np.concatenate(hats))
        worn = [_pressed(w, below_hat, vertices_m) if w.kind == "hair" else w for w in worn]
    deletes = [one.asset.deletes for one in worn] + under
    gone = np.unique(np.concatenate(deletes)) if deletes else _NOTHING
    return Dressed(tuple(_without_covered(worn)), gone, colours, skin_faces)


def _pressed(hair: Worn, under: np.ndarray, skin_m: np.ndarray) -> Worn:
    """Hair as a hat leaves it that hides the base vertices ``under``: what is bound to them alone
    is left out, the rest is pressed to the head, the closer to the hat the more."""
    binding = hair.asset.binding
    assert binding is not None
    gone = np.zeros(len(skin_m), bool)
    gone[under] = True
    kept = ~np.all(gone[binding.base[hair.faces]], axis=(1, 2))
    root = np.einsum("vk,vkd->vd", binding.shares, skin_m[binding.base])
    away, _ = KDTree(skin_m[under]).query(root)
    out = hair.vertices_m - root
    most = UNDER_HAT_M + LOOSENS * np.maximum(away - UNDER_HAT_M, 0)
    share = np.minimum(1, most / np.maximum(np.linalg.norm(out, axis=1), 1e-9))
    uv = None if hair.uv is None else hair.uv[kept]
    return replace(hair, vertices_m=root + share[:, None] * out, faces=hair.faces[kept], uv=uv)


def _skin_under(one: Worn, skin: Below) -> np.ndarray:
    """The skin that a garment hides by lying closely over it; never hands, head or feet."""
    bare = share_of(base_weights(), bones_of(_BARE)) > 0.3
    ids = np.setdiff1d(np.unique(skin.faces), np.flatnonzero(bare))
    points = skin.vertices_m[ids]
    hides = [covered(points, one.surface, near, 0.015, hem) for near, hem in SKIN_HEMS_M]
    return ids[np.logical_or(*hides)]


def _put_on(item: Item, below: Sequence[Worn], skin: Below) -> Worn:
    """A thing over the skin and, if it is a garment, over others (whose places are theirs here)."""
    asset, skin_m = item.asset, skin.vertices_m
    faces, uv, spread = _cut(asset)
    vertices = fit(asset, skin_m)
    contacts: list[tuple[int, Contact]] = []
    loose, weights = _NOTHING, weights_of(asset)
    if asset.kind in CLOTHES:
        surfaces = [(-1, skin, OVER_SKIN_M)]
        surfaces += [(place, one.surface, OVER_CLOTH_M) for place, one in enumerate(below)]
        for place, surface, gap_m in surfaces:
            lining = linings(Below(vertices, faces), skin) if place < 0 else None
            vertices, touching = laid_over(vertices, faces, surface, gap_m, spread, lining)
            if place < 0 and asset.kind not in ("top", "jacket"):
                legs, _ = _leg_faces(skin.faces)
                loose = np.flatnonzero(KDTree(skin_m[legs]).query(vertices)[0] < LEG_M)
                loose = np.setdiff1d(loose, touching.own[_close(touching, vertices, skin_m)])
            if len(touching.own):
                contacts.append((place, touching))
                if place < 0:
                    base, within_m = base_weights(), ON_SKIN_M
                elif below[place].kind in CLOTHES:
                    base, within_m = below[place].weights, ON_CLOTH_M
                else:
                    continue
                weights = _moving_with(
                    weights, touching, vertices, surface.vertices_m, base, within_m
                )
    else:
        for place, one in enumerate(below):
            right = one.surface.faces[looks_out(one.surface, skin)]
            surface = Below(one.surface.vertices_m, right)
            vertices, touching = laid_over(vertices, faces, surface, OVER_CLOTH_M, spread)
            contacts.append((place, touching))
    return Worn(
        item, vertices, faces, uv, weights, tuple(contacts), loose, spread,
        Below(vertices, faces),
    )  # fmt: skip


@lru_cache(maxsize=32)
def _hangs(asset: Asset) -> bool:
    """Whether it is hair that reaches the shoulders, and moves with them."""
    if asset.kind != "hair":
        return False
    return bool((share_of(weights_of(asset), bones_of(("head", "neck"))) < 0.5).any())


@lru_cache(maxsize=96)
def _cut(asset: Asset) -> tuple[np.ndarray, np.ndarray | None, csr_matrix]:
    """What of an asset is the same on everybody: triangles, their uv, what neighbours share."""
    mesh = asset.mesh
    assert mesh is not None
    faces = mesh.triangles
    return faces, mesh.triangle_uv, spread_matrix(faces, len(mesh.vertices_m))


def _moving_with(
    weights: csr_matrix,
    touching: Contact,
    cloth_m: np.ndarray,
    below_m: np.ndarray,
    of_below: csr_matrix,
    within_m: tuple[float, float],
) -> csr_matrix:
    """Skin weights of a garment that goes with what it lies on, wholly where it is nearer than the
    first of ``within_m``, not at all where it is further than the second."""
    deep, _ = touching.depth(cloth_m, below_m)
    near, far = within_m
    share = np.clip((far - (touching.gap_m - deep)) / (far - near), 0, 1)
    rows = np.repeat(touching.own, 3)
    spots = (share[:, None] * touching.shares).ravel(), (rows, touching.corners.ravel())
    taken = csr_matrix(spots, shape=(len(cloth_m), len(below_m)))
    own = np.ones(len(cloth_m))
    own[touching.own] -= share
    return csr_matrix(diags(own) @ weights + taken @ of_below)


def _close(touching: Contact, cloth_m: np.ndarray, below_m: np.ndarray) -> np.ndarray:
    """Which vertices of a contact cling to the surface below, and so move with it."""
    deep, _ = touching.depth(cloth_m, below_m)
    return deep > touching.gap_m - CLING_M


def _without_covered(worn: Sequence[Worn]) -> list[Worn]:
    """Things worn without the faces that are wholly under what is worn over them."""
    found: list[Worn] = []
    for place, one in enumerate(worn):
        if one.kind not in (*CLOTHES, "shoes"):
            found.append(one)
            continue
        gone = np.zeros(len(one.vertices_m), bool)
        for outer in worn[place + 1 :]:
            if outer.kind in (*CLOTHES, "shoes"):
                gone |= covered(one.vertices_m, outer.surface, out_m=0.01)
        if not gone.any():
            found.append(one)
            continue
        kept = ~gone[one.faces].all(axis=1)
        uv = None if one.uv is None else one.uv[kept]
        found.append(replace(one, faces=one.faces[kept], uv=uv))
    return found
