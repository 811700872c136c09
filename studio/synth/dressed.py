"""The fitted person, dressed: shirt, trousers, shoes, hair and a painted face over their own body.

Garments are cut on the person's own resting vertices, carry their skin weights, and take the place
of the body beneath them.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import cache
from threading import Lock

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.human.character import TOUCHED_M, armature, character, moving, rest_of
from studio.human.fit import Fit
from studio.human.person import Rest, Shape, whole
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.synth.atlas import skin_atlas
from studio.synth.dye import Seen, dyed, kept, unwrapped
from studio.synth.figure import Figure, base_surface, make_figure
from studio.synth.hair import Hairstyle, hairline, make_hair
from studio.synth.looks import Head, Looks, skin_texture
from studio.synth.wardrobe import Garment, Outfit, average_noise, covered, dress

KEPT = 4
"""How many dressed people are kept."""
LOOKS = Looks(skin=(0.79, 0.60, 0.49), brows=(0.31, 0.23, 0.17), iris=(0.36, 0.26, 0.16))
OUTFIT = Outfit(
    shirt=(0.36, 0.45, 0.52), trousers=(0.20, 0.215, 0.25), shoes=(0.80, 0.79, 0.77),
    sole=(0.93, 0.92, 0.90), shirt_end_m=0.012,
)  # fmt: skip
HAIR = Hairstyle(top_m=0.030, side_m=0.010, layers=5)
LAYERS = 4
"""The outermost layer of hair is too thin for a screen without ordered transparency."""
CLOTH: dict[str, tuple[Seen, int, float, float]] = {
    "shirt": ("front", 512, 0.035, 0.022), "trousers": ("front", 512, 0.035, 0.022),
    "shoes": ("above", 256, 0.015, 0.01), "soles": ("above", 128, 0.015, 0.0),
}  # fmt: skip
"""Each garment's picture: seen from where, its size, and how much weave and creases darken it."""
STEP_M, SOLE_M = 0.05, 0.022
"""Below ``STEP_M`` shoes are pressed flat, by the ``SOLE_M`` that their soles reach underground."""

_people: OrderedDict[bytes, Character] = OrderedDict()
_lock = Lock()


def dressed(shape: Shape, name: str = "Avatar") -> Character:
    """The person of a shape, clothed, at rest in an A-pose, soles on z = 0; kept by shape."""
    key = shape.phenotypes.numpy().tobytes() + shape.scales.numpy().tobytes()
    with _lock:
        found = _people.pop(key, None) or _dress(rest_of(shape))
        _people[key] = found
        while len(_people) > KEPT:
            _people.popitem(last=False)
    return replace(found, name=name)


def person(shape: Shape, name: str = "Avatar", clothed: bool = True) -> Character:
    """The person of a shape at rest, clothed or in painted-on sportswear."""
    return dressed(shape, name) if clothed else character(shape, name)


def avatar_of(fit: Fit, name: str = "Avatar", clothed: bool = True) -> Character:
    """The fitted person with its whole animation, clothed or in painted-on sportswear."""
    return moving(person(fit.shape, name, clothed), fit)


def figure_of(rest: Rest, bones: Armature) -> Figure:
    """A fitted person at rest as one who can be dressed, soles on z = 0."""
    up = bones.rest_world[0, :3, 3] - rest.heads_m[0].numpy()
    return Figure(
        rest.vertices_m.double().numpy() + up,
        make_figure().template_m,
        bones.rest_world,
        _weights(),
        {},
        base_surface(),
    )


@cache
def _weights() -> csr_matrix:
    person = whole()
    count, influences = person.weights.shape
    rows = np.repeat(np.arange(count), influences)
    spread = person.weights.double().numpy().ravel()
    columns = person.bones.numpy().ravel()
    return csr_matrix((spread, (rows, columns)), shape=(count, len(BONE_NAMES)))


@cache
def _head() -> Head:
    return Head(make_figure(), LOOKS, covered(OUTFIT), texture_px=8)


def _dress(rest: Rest) -> Character:
    bones = armature(rest)
    figure = figure_of(rest, bones)
    actions = rest.actions_m.numpy()
    parts = [
        _of_body(
            drawn.mesh,
            figure,
            actions,
            _skin() if drawn.material.name == "skin" else drawn.material,
        )
        for drawn in _head().posed(figure.vertices_m)
    ]
    parts += [_of_garment(garment) for garment in dress(figure, OUTFIT)]
    parts += [_of_hair(k, layer) for k, layer in enumerate(make_hair(figure, HAIR)[:LAYERS])]
    return Character("Avatar", bones, tuple(parts), ACTIONS)


def strongest(weights: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """The four strongest bones of each row and their shares, which sum to one."""
    dense = weights.toarray()
    joints = np.argsort(-dense, axis=1, kind="stable")[:, :4]
    share = np.take_along_axis(dense, joints, 1)
    return joints, share / share.sum(axis=1, keepdims=True)


@cache
def _skin() -> Material:
    picture = kept("skin", (LOOKS, HAIR), lambda: _rooted(skin_texture(LOOKS)))
    return Material("skin", roughness=0.58, texture=picture)


def _rooted(skin: np.ndarray) -> np.ndarray:
    """Skin with hair that is cut short around the hairline, so that it does not end at once."""
    places = skin_atlas(len(skin)).xyz_m
    p = places.reshape(-1, 3)
    temple = (np.abs(p[:, 0]) > 0.06) & (p[:, 1] > -0.07) & (p[:, 1] < -0.012)
    depth = np.where(p[:, 1] < -0.085, 0.007, np.where(temple, 0.03, 0.014))
    pinna = (np.abs(p[:, 0]) > 0.0735) & (p[:, 1] < -0.02) & (p[:, 2] < 0.705)
    scalp = (p[:, 2] > 0.6) & ~pinna
    share = np.clip(1 + hairline(p) / depth, 0, 1) ** 1.2 * scalp
    share = np.clip(share * (0.85 + 0.2 * average_noise(p, 9, 0.003)), 0, 0.92)
    share = cv2.GaussianBlur(share.reshape(places.shape[:2]), (0, 0), 0.8)[..., None]
    return (skin + share * (255 * np.array(HAIR.colour) - skin)).astype(np.uint8)


def _of_body(mesh: Mesh, figure: Figure, actions: np.ndarray, material: Material) -> Part:
    ids, faces = np.unique(mesh.faces, return_inverse=True)
    joints, weights = strongest(figure.weights[ids])
    moves = actions[:, ids]
    morphs = {
        action: moves[k].astype(np.float32)
        for k, action in enumerate(ACTIONS)
        if np.abs(moves[k]).max() > TOUCHED_M
    }
    own = Mesh(mesh.vertices_m[ids], faces.reshape(-1, 3), mesh.uv)
    name = "body" if material.name == "skin" else material.name
    return Part(name, own, material, joints, weights, morphs)


_dyes: dict[str, tuple[np.ndarray, Material]] = {}


def _dyed(garment: Garment) -> tuple[np.ndarray, Material]:
    """A garment's texture coordinates and material, which are the same for everybody."""
    name = garment.name
    if name not in _dyes:
        seen, side_px, weave, crease = CLOTH[name]
        picture = kept(name, OUTFIT, lambda: dyed(garment, seen, side_px, weave, crease))
        _dyes[name] = unwrapped(garment, seen), replace(garment.material, texture=picture)
    return _dyes[name]


def _of_garment(garment: Garment) -> Part:
    joints, weights = strongest(garment.weights)
    uv, material = _dyed(garment)
    vertices = garment.vertices_m.copy()
    if garment.name in ("shoes", "soles"):
        low = vertices[:, 2] < STEP_M
        vertices[low, 2] = (vertices[low, 2] + SOLE_M) * STEP_M / (STEP_M + SOLE_M)
    mesh = Mesh(vertices, garment.faces, uv)
    return Part(garment.name, mesh, material, joints, weights)


_strands: dict[int, Material] = {}


def _of_hair(layer: int, hair: Garment) -> Part:
    joints, weights = strongest(hair.weights)
    sheet = hair.material.texture
    if layer not in _strands and sheet is not None:
        _strands[layer] = replace(hair.material, roughness=0.8, texture=sheet[::2, ::2].copy())
    mesh = Mesh(hair.vertices_m, hair.faces, hair.uv)
    return Part(f"hair {layer + 1}", mesh, _strands[layer], joints, weights)
