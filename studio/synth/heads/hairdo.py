"""The hair of a photographed head, or what else covers it, as a thing of the user's wardrobe."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from scipy.spatial import KDTree

from studio.core.errors import StudioError
from studio.human.design import Colour
from studio.human.heads import model
from studio.human.heads.fit import View
from studio.human.rig import bones_of
from studio.human.wardrobe.asset import Asset, AssetMaterial, AssetMesh, Binding, Card, Picture
from studio.human.wardrobe.fitting import HEAD_SCALES, base_weights, bind, share_of
from studio.human.wardrobe.writing import write_asset
from studio.perception.portraits import Looked
from studio.synth import closet, designed
from studio.synth.atlas import Texels, texels_above
from studio.synth.figure import make_figure
from studio.synth.heads import shell
from studio.synth.heads.seen import SeenHead
from studio.synth.heads.shell import Shell
from studio.synth.heads.shots import Shot

LEAST = 0.05
"""A head with less hair than this share of its face's height, squared, is bald."""
_BROW, _CHIN = 9, 152
_LIGHT = 98
"""What a hair's colour is taken to be: lighter than so many of a hundred of its texels."""
_NEAR_M, _COARSE = 0.02, 512
_SHADE = 1.2
"""How softly hair's colour fades on the skin, in cells of the surface."""
_HIDDEN = 8


def covered(
    head: SeenHead, looked: Sequence[Looked], main: int = 0, shade: float = 1.0
) -> Shell | None:
    """The surface of what covers the head in photographs, of which ``main`` is the most frontal and
    ``shade`` times too dark; None where next to nothing does."""
    order = [main, *(k for k in range(len(looked)) if k != main)]
    enough = [k for k in order if looked[k].hair.sum() >= LEAST * _tall(looked[k]) ** 2]
    if main not in enough:
        return None
    faces = make_figure().surface.faces["skin"]
    shots = [
        Shot(head.views[k], head.skin(head.views[k]), looked[k].rgb, looked[k].hair,
                   looked[k].bare)
        for k in enough
    ]  # fmt: skip
    skin_m = shots[0].skin_m
    ids, means = model.marks()
    brow, chin = (means @ skin_m[ids])[[_BROW, _CHIN], 2].tolist()
    used = np.unique(faces)
    beside = used[(skin_m[used, 2] > chin) & (skin_m[used, 2] < brow + 0.02)]
    ear = skin_m[beside[np.argmax(skin_m[beside, 0])]]
    return shell.around(shots, faces, brow, ear, shade)


def _tall(looked: Looked) -> float:
    return float(np.ptp(looked.xyz_px[:, 1]))


def slug_of(name: str) -> str:
    """A name as it stands in the names of files."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "face"


def keep(name: str, slug: str, head: SeenHead, made: Shell) -> tuple[str, Colour]:
    """Keep the surface in the user's wardrobe: its name there, and the colour that dyes it as the
    photograph shows it. Raises StudioError if it cannot be written."""
    colour = np.percentile(made.rgba[made.rgba[..., 3] > 128][:, :3], _LIGHT, axis=0)
    colour = np.fmax(colour, 12.0)
    light = np.clip(made.rgba[..., :3] * (255 / colour), 0, 255).astype(np.uint8)
    rgba = np.dstack([light[..., ::-1], made.rgba[..., 3]])
    done, data = cv2.imencode(".webp", rgba, [cv2.IMWRITE_WEBP_QUALITY, 90])
    if not done:
        raise StudioError("The hair's picture cannot be written.", "Leave the hair out.")
    item = f"hair_{slug}_{hashlib.sha256(data.tobytes() + made.xyz_m.tobytes()).hexdigest()[:8]}"
    picture = Picture(f"{item}_diffuse.webp", data.tobytes())
    material = AssetMaterial(item, specular=(0.2, 0.2, 0.2), roughness=0.8, transparent=True,
                             backface_cull=False, pictures={"diffuse": picture})  # fmt: skip
    r, g, b = np.rint(colour).astype(int).tolist()
    card = Card(f"Hair of {name}", "hair", source="photographs",
                colours={"main": f"#{r:02x}{g:02x}{b:02x}"})  # fmt: skip
    mesh, binding = _bound(head, made)
    asset = Asset(item, card, (material,), mesh, binding, z_depth=60)
    write_asset(asset, closet.own_folder() / "hair" / item)
    closet.forget()
    return item, (r / 255, g / 255, b / 255)


def _bound(head: SeenHead, made: Shell) -> tuple[AssetMesh, Binding]:
    """The seen cells of the surface as a mesh, bound to the head at rest."""
    rows, columns = made.xyz_m.shape[:2]
    number = np.arange(rows * columns).reshape(rows, columns)
    corners = [number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]]
    quads = np.stack(corners, -1)[_shown(made)]
    used, quads = np.unique(quads, return_inverse=True)
    quads = quads.reshape(-1, 4)
    down, across = np.divmod(used, columns)
    uv = np.column_stack([across / (columns - 1), 1 - down / (rows - 1)])
    places = made.xyz_m.reshape(-1, 3)[used]
    rest, _ = designed.resting(head.design, actions=False)
    base = rest.vertices_m.double().numpy()
    at = rest.heads_m[model.HEAD].double().numpy()
    binding = bind(places + at, base, _scalp(), HEAD_SCALES)
    usual = np.einsum("vk,vkd->vd", binding.shares, make_figure().vertices_m[binding.base])
    return AssetMesh(usual + binding.offsets_m, quads, uv, quads), binding


def _shown(made: Shell) -> np.ndarray:
    """The cells in which anything is there."""
    rows, columns = made.xyz_m.shape[:2]
    alpha = made.rgba[..., 3]
    most = cv2.dilate((alpha > _HIDDEN).astype(np.uint8), np.ones((3, 3), np.uint8))
    size = (columns - 1, rows - 1)
    return cv2.resize(most.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0


@cache
def _scalp() -> np.ndarray:
    """The faces of head and neck, on which hair hangs."""
    faces = make_figure().surface.faces["skin"]
    share = share_of(base_weights(), bones_of(("head", "neck")))
    return faces[(share[faces] > 0.5).all(1)]


def painted(
    skin: UInt8[np.ndarray, "size size 3"], head: SeenHead, view: View, made: Shell
) -> UInt8[np.ndarray, "size size 3"]:
    """A skin with the hair's colours under the hair, so that no bald skin shines through where it
    begins."""
    near = texels_above(_COARSE, make_figure().head("neck01")[2])
    faces = make_figure().surface.faces["skin"]
    at: Float[np.ndarray, "texels 3"] = np.einsum(
        "tc,tcd->td", near.share, head.skin(view)[faces[near.face]]
    )
    grid = made.xyz_m.shape[:2]
    small = cv2.resize(made.rgba, grid[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    small[..., 3] = cv2.GaussianBlur(small[..., 3], (0, 0), _SHADE)
    off, which = KDTree(made.xyz_m.reshape(-1, 3)).query(at, k=3)
    weight = 1 / np.fmax(off, 1e-4)
    weight /= weight.sum(1, keepdims=True)
    rgba = np.einsum("tk,tkc->tc", weight, small.reshape(-1, 4)[which])
    under = np.zeros((_COARSE, _COARSE, 4), np.float32)
    under[near.at] = rgba
    under[(*near.at, np.full(len(at), 3))] *= np.clip(2 - off[:, 0] / _NEAR_M, 0, 1) / 255
    under = _grown(under, near)
    under = cv2.resize(under, skin.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    out = skin + under[..., 3:] * (under[..., :3] - skin)
    return out.clip(0, 255).astype(np.uint8)


def _grown(under: np.ndarray, near: Texels) -> np.ndarray:
    """A picture of texels, carried a few texels beyond the islands' edges."""
    there = np.zeros(under.shape[:2], np.float32)
    there[near.at] = 1
    mean = (
        cv2.GaussianBlur(under, (0, 0), 1.5)
        / np.fmax(cv2.GaussianBlur(there, (0, 0), 1.5), 1e-3)[..., None]
    )
    return np.where(there[..., None] > 0, under, mean)
